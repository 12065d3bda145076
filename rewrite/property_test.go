package rewrite

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

var full = flag.Bool("full", false, "run the corpus properties at every node instead of at a seeded sample")

// With the flag, the four operations by which the editor is measured are tried at every entry of files up to smallFile
// bytes and at largeSample ones of larger files, and the others at otherSample ones.
const (
	smallFile   = 12 << 10
	largeSample = 200
	otherSample = 20
)

// everyEntry are the entries of a file's collections; without the flag, and of a large file, a seeded sample of them.
func everyEntry(f *File, sample int) []Entry {
	switch {
	case *full && len(f.src) <= smallFile:
		return someEntries(f, len(f.src))
	case *full:
		return someEntries(f, largeSample)
	default:
		return someEntries(f, sample)
	}
}

// someEntries are a seeded sample of the entries of a file's collections.
func someEntries(f *File, limit int) []Entry {
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
	rng := seeded(f)
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(limit, len(out))]
}

func seeded(f *File) *rand.Rand { return rand.New(rand.NewPCG(uint64(len(f.src)), 7)) }

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

// eachForm parses every file of the corpus in every form.
func eachForm(t *testing.T, visit func(name string, f *File)) {
	t.Helper()
	for name, source := range corpusFiles(t, "configs", "tricky") {
		for form, src := range forms(source) {
			if testing.Short() && form != "as it is" {
				continue // the race detector gains nothing from more layouts
			}
			if f, err := Parse(src); err == nil {
				visit(name+" ("+form+")", f)
			}
		}
	}
}

// proved plans and proves operations. A lone LF must not come into a CRLF file.
func proved(f *File, ops ...Op) (*File, error) {
	c, err := f.Plan(ops)
	if err != nil {
		return nil, err
	}
	next, err := c.Prove()
	if err != nil {
		return nil, err
	}
	lone := func(src []byte) int { return bytes.Count(src, []byte("\n")) - bytes.Count(src, []byte("\r\n")) }
	if bytes.Contains(f.src, []byte("\r\n")) && lone(f.src) == 0 && lone(next.src) > 0 {
		return nil, errors.New("a lone LF came into a CRLF file")
	}
	return next, nil
}

// tally counts operations and why some were refused, with the last place. Any other error fails the test.
type tally struct {
	done    int
	refused map[Reason]int
	place   map[Reason]string
}

func newTally() *tally { return &tally{refused: map[Reason]int{}, place: map[Reason]string{}} }

func (c *tally) count(t *testing.T, where string, err error) {
	t.Helper()
	switch r := reasonOf(err); {
	case err == nil:
		c.done++
	case r != 0:
		c.refused[r]++
		c.place[r] = where
	default:
		t.Errorf("%s: %v", where, err)
	}
}

// share is the part that was refused.
func (c *tally) share() float64 {
	refused := 0
	for _, n := range c.refused {
		refused += n
	}
	return float64(refused) / float64(c.done+refused)
}

func (c *tally) log(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %d done", what, c.done)
	for r, n := range c.refused {
		t.Logf("%s: %6d refused: %s, such as %s", what, n, r, c.place[r])
	}
}

// TestFourOperations holds that extracting, replacing, deleting and inserting is done at nearly every node of real
// files, and never wrongly.
func TestFourOperations(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("edits the corpus")
	}
	all, chosen := newTally(), map[Reason]int{}
	eachForm(t, func(name string, f *File) {
		for _, e := range everyEntry(f, 2) {
			for _, n := range []Node{e.Key(), e.Value()} {
				switch {
				case n.Kind() != Scalar:
				case extracts(n):
					all.done++
				default:
					t.Errorf("%s: %s alone does not decode to its value", name, n.Path())
				}
			}
			for kind, op := range fourOperations(e) {
				choice, err := choose(f, e, op)
				all.count(t, name+": "+kind+" at "+e.Value().Path(), err)
				if choice != 0 && err == nil {
					chosen[choice]++
				}
			}
		}
	})
	all.log(t, "extract, replace, delete, insert")
	for r, n := range chosen {
		t.Logf("%6d of them done by the caller's choice: %s", n, r)
	}
	if share := all.share(); share > 0.001 {
		t.Errorf("%.3f %% of the operations refused", 100*share)
	}
}

// extracts reports whether the scalar's bytes alone, in a place like its own, decode to its value.
func extracts(n Node) bool {
	if n.n.body().Len() == 0 {
		return n.Value() == ""
	}
	if strings.HasSuffix(n.Value(), ":") && inFlow(n.n) {
		return true // it is text only before a comma or bracket
	}
	p := &planner{f: n.file}
	docs, err := decode(p.context(n.n, n.file.src[n.n.body().Start:n.n.body().End], true))
	if err != nil || len(docs) != 1 {
		return n.n.isKey || n.n.style == Plain // which may be read in some places only
	}
	y := docs[0].Content[0]
	if len(y.Content) > 0 {
		y = y.Content[min(len(y.Content)-1, 1)]
	}
	return y.Kind == yaml.ScalarNode && y.Value == n.Value()
}

// TestOtherOperations holds that every other operation is refused for a reason or proved, at many places of real files.
func TestOtherOperations(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("edits the corpus")
	}
	all := newTally()
	eachForm(t, func(name string, f *File) {
		sample := 1
		if *full {
			sample = otherSample
		}
		for _, e := range someEntries(f, sample) {
			for kind, op := range otherOperations(e) {
				_, err := proved(f, op.Shared())
				all.count(t, name+": "+kind+" at "+e.Value().Path(), err)
			}
		}
		for _, c := range f.comments[:min(2, len(f.comments))] {
			_, err := proved(f, RemoveComment(c))
			all.count(t, name+": comment", err)
		}
	})
	all.log(t, "other operations")
}

// TestInsertDelete holds that an entry that is inserted and removed again leaves every byte as it was.
func TestInsertDelete(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("edits the corpus")
	}
	undone := 0
	eachForm(t, func(name string, f *File) {
		for _, e := range everyEntry(f, 2) {
			ops := fourOperations(e)
			ops["before"] = InsertBefore(e, ops["insert"].new).Shared()
			for kind, shift := range map[string]int{"insert": 1, "before": 0} {
				next, err := proved(f, ops[kind])
				if err != nil || e.parent.implicit(f.src) || f.openEnd(f.afterEntry(e.parent, e.raw())) && e.raw().tail() != nil {
					continue // the braces, and the chomping of a block scalar without a break behind it, stay
				}
				back, err := proved(next, Remove(Entry{next, next.twin(e.parent), e.index + shift}).Shared())
				if err != nil {
					t.Errorf("%s: %s at %s: %v", name, kind, e.Value().Path(), err)
					continue
				}
				if !bytes.Equal(back.src, f.src) {
					t.Errorf("%s: %s at %s and its removal leave a trace", name, kind, e.Value().Path())
				}
				undone++
			}
		}
	})
	t.Logf("%d insertions undone", undone)
}

// TestForms holds that an edit of the same file with CRLF, or behind a byte order mark, gives the same file in that form.
func TestForms(t *testing.T) {
	t.Parallel()
	same := 0
	eachForm(t, func(name string, f *File) {
		form, known := map[string]func([]byte) []byte{" (CRLF)": toLF, " (BOM)": withoutMark}[name[strings.LastIndex(name, " "):]]
		if !known || len(f.src) > smallFile && !*full {
			return
		}
		plain, err := Parse(form(f.src))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range someEntries(f, 1) {
			ops := fourOperations(e)
			for kind, op := range otherOperations(e) {
				ops[kind] = op.Shared()
			}
			for kind, op := range ops {
				got, err := proved(f, op)
				want, wantErr := proved(plain, op.in(plain))
				switch {
				case (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error():
					t.Errorf("%s: %s at %s: %v, in the plain form %v", name, kind, e.Value().Path(), err, wantErr)
				case err == nil && !bytes.Equal(form(got.src), want.src):
					t.Errorf("%s: %s at %s gives another file than in the plain form", name, kind, e.Value().Path())
				}
				same++
			}
		}
	})
	t.Logf("%d operations alike in two forms", same)
}

func toLF(src []byte) []byte { return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")) }

func withoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte(bom)) }

// in is the operation at the same place of another file.
func (o Op) in(f *File) Op {
	if o.node.Exists() {
		o.node = Node{f, f.twin(o.node.n)}
	}
	if o.entry.Exists() {
		o.entry = Entry{f, f.twin(o.entry.parent), o.entry.index}
	}
	return o
}

// twin is the node at the same indices as one of another file.
func (f *File) twin(n *node) *node {
	if n.parent == nil {
		return f.roots[n.index]
	}
	e := &f.twin(n.parent).items[n.index]
	if n.isKey {
		return e.key
	}
	return e.value
}

// TestOwnText holds that replacing a scalar, or a part of it, by its own text changes nothing.
func TestOwnText(t *testing.T) {
	t.Parallel()
	kept := 0
	eachForm(t, func(name string, f *File) {
		for _, e := range everyEntry(f, 10) {
			v := e.Value()
			if v.Kind() != Scalar || v.Tag() != "!!str" {
				continue
			}
			half := len(v.Value()) / 2
			for half > 0 && !utf8.RuneStart(v.Value()[half]) {
				half--
			}
			for _, op := range []Op{Replace(v, String(v.Value())), ReplaceText(v, 0, len(v.Value()), v.Value()), ReplaceText(v, half, len(v.Value()), v.Value()[half:])} {
				c, err := f.Plan([]Op{op.Shared()})
				switch {
				case err != nil:
					t.Errorf("%s: %s: %v", name, v.Path(), err)
				case len(c.Edits) > 0:
					t.Errorf("%s: %s: edits %v", name, v.Path(), c.Edits)
				}
				kept++
			}
		}
	})
	t.Logf("%d texts replaced by themselves", kept)
}

// TestOrder holds that the order of operations at different places does not matter, and that all at once give what one
// after the other gives.
func TestOrder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("edits the corpus")
	}
	sets := 0
	eachForm(t, func(name string, f *File) {
		var ops, replaces []Op
		for _, e := range someEntries(f, 6) {
			op := fourOperations(e)
			ops = append(ops, op["insert"])
			if e.Value().Kind() == Scalar {
				ops, replaces = append(ops, op["replace value"]), append(replaces, op["replace value"])
			}
		}
		ops = ops[:min(40, len(ops))]
		all, err := proved(f, ops...)
		if err != nil {
			return
		}
		sets++
		rng := seeded(f)
		rng.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
		shuffled, err := proved(f, ops...)
		if err != nil || !bytes.Equal(all.src, shuffled.src) {
			t.Errorf("%s: the order matters: %v", name, err)
		}
		replaces = replaces[:min(4, len(replaces))]
		together, err := proved(f, replaces...)
		one := f
		for _, op := range replaces {
			if err == nil {
				one, err = proved(one, Replace(Node{one, one.twin(op.node.n)}, op.new.Value).Shared())
			}
		}
		if err != nil || !bytes.Equal(together.src, one.src) {
			t.Errorf("%s: together is not one after the other: %v", name, err)
		}
	})
	t.Logf("%d sets of operations", sets)
}
