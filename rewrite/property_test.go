package rewrite

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var full = flag.Bool("full", false, "run the corpus properties at every node instead of at a seeded sample")

// places are the entries of a file's collections, all of them or a seeded sample.
func places(f *File, limit int) []Entry {
	var out []Entry
	var walk func(n *node)
	walk = func(n *node) {
		for i := range n.items {
			out = append(out, Entry{f, n, i})
			if n.items[i].key != nil {
				walk(n.items[i].key)
			}
			walk(n.items[i].value)
		}
	}
	for _, r := range f.roots {
		walk(r)
	}
	if *full || len(out) <= limit {
		return out
	}
	rng := rand.New(rand.NewPCG(uint64(len(f.src)), 7))
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:limit]
}

// operations are the edits tried at one entry.
func operations(e Entry) map[string]Op {
	pair := Pair{"zz-new", String("ZZ: #")}
	if !e.Key().Exists() {
		pair.Key = ""
	}
	ops := map[string]Op{
		"remove": Remove(e), "prune": Prune(e),
		"before": InsertBefore(e, pair), "after": InsertAfter(e, pair),
		"nested": InsertAfter(e, Pair{pair.Key, Map(Pair{"run", Map(Pair{"command", LiteralText("a\n\nb\n")})})}),
		"value":  Replace(e.Value(), String("ZZ: #")),
	}
	if v := e.Value(); v.Kind() == Scalar && v.Value() != "" {
		at := strings.IndexByte(v.Value(), '\n') + 1
		_, n := utf8.DecodeRuneInString(v.Value()[at:])
		ops["text"] = ReplaceText(v, at, at+n, "é")
		ops["lines"] = ReplaceText(v, 0, at, "")
	}
	return ops
}

// forms are the layouts of line ends and marks that a source is tried in.
func forms(src []byte) map[string][]byte {
	out := map[string][]byte{"as it is": src}
	if !bytes.Contains(src, []byte("\r")) {
		out["CRLF"] = bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n"))
	}
	if !bytes.HasPrefix(src, []byte(bom)) {
		out["BOM"] = append([]byte(bom), src...)
	}
	return out
}

// TestCorpusOperations tries every kind of edit at many places of real files: each is either refused for a reason or
// proved, and never a wrong result.
func TestCorpusOperations(t *testing.T) {
	t.Parallel()
	limit := 3
	done, refused := 0, map[Reason]int{}
	for name, source := range corpusFiles(t, "configs", "tricky") {
		for form, src := range forms(source) {
			f, err := Parse(src)
			if err != nil {
				continue
			}
			for _, e := range places(f, limit) {
				for kind, op := range operations(e) {
					op = op.Shared()
					err := tryOp(f, op)
					var r *RefusedError
					switch {
					case err == nil:
						done++
					case errors.As(err, &r):
						refused[r.Reason]++
					default:
						t.Errorf("%s (%s): %s at %s: %v", name, form, kind, e.Value().Path(), err)
					}
				}
			}
		}
	}
	t.Logf("%d operations proved", done)
	for r, n := range refused {
		t.Logf("%6d refused: %s", n, r)
	}
}

func tryOp(f *File, op Op) error {
	c, err := f.Plan([]Op{op})
	if err != nil {
		return err
	}
	next, err := c.Prove()
	if err != nil {
		return err
	}
	if bytes.Contains(f.src, []byte("\r\n")) && !slices.ContainsFunc(bytes.SplitAfter(f.src, []byte("\n")), func(l []byte) bool {
		return bytes.HasSuffix(l, []byte("\n")) && !bytes.HasSuffix(l, []byte("\r\n"))
	}) {
		if bytes.Count(next.src, []byte("\n")) != bytes.Count(next.src, []byte("\r\n")) {
			return errors.New("a lone LF came into a CRLF file")
		}
	}
	return nil
}
