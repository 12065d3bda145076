package fixes

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/rewrite"
)

// addConfigs gives a fuzz target the golden cases and the small configs of the corpus to begin with.
func addConfigs(f *testing.F, add func(src []byte)) {
	seeds, _ := filepath.Glob(filepath.Join("..", "golden", "*", "*.txtar"))
	for _, name := range seeds {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name == "config.yml" {
				add(file.Data)
			}
		}
	}
	corpus, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "configs", "*"))
	for _, name := range corpus {
		if src, err := os.ReadFile(name); err == nil && len(src) < 4096 {
			add(src)
		}
	}
}

// fuzzRun runs all rules with what they need to fix much.
func fuzzRun(f *testing.F) func([]byte) *FileResult {
	engine, facts := &Engine{Rules: All(), Explain: true}, &Facts{}
	for key, value := range map[string]string{
		"ecr.role_arn": "$ECR_ROLE_ARN", "runner.resource_class": "acme/internal",
	} {
		if err := facts.Set(key, value); err != nil {
			f.Fatal(err)
		}
	}
	return func(src []byte) *FileResult { return engine.Run(src, facts) }
}

// checkLaws holds a run to what is true of every run: nothing fails for a reason of our own, the status says what was
// done, the edits make the output, and a second run changes nothing.
func checkLaws(t *testing.T, run func([]byte) *FileResult, src []byte) {
	t.Helper()
	r := run(src)
	var proof *ProofError
	if errors.As(r.Err, &proof) {
		t.Fatalf("%v\n%s", r.Err, src)
	}
	applied := slices.ContainsFunc(r.Results, func(x Result) bool { return x.Status == Applied })
	if (r.Err != nil) != (r.Status == Failed) || applied != (r.Status == Changed) || bytes.Equal(r.Output, src) == applied {
		t.Fatalf("status %s (%v), fixes applied: %v\n%s", r.Status, r.Err, applied, src)
	}
	if r.Status != Changed {
		return
	}
	if out, err := rewrite.Apply(src, r.Edits); err != nil || !bytes.Equal(out, r.Output) {
		t.Fatalf("the edits do not make the output: %v\n%s", err, src)
	}
	if again := run(r.Output); again.Status != Unchanged {
		t.Fatalf("a second run is %s: %v\n%s", again.Status, again.Err, src)
	}
}

// maxFuzzed is the size of inputs in bytes above which nothing more is found.
const maxFuzzed = 16 << 10

// FuzzFix runs all rules over any text.
func FuzzFix(f *testing.F) {
	addConfigs(f, func(src []byte) { f.Add(src) })
	run := fuzzRun(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > maxFuzzed {
			t.Skip("long inputs find nothing more")
		}
		checkLaws(t, run, src)
	})
}

// FuzzStructure changes what a config says by its tree, so that nearly all inputs are YAML: values change places or
// meet in one, entries go, and values stand behind anchors.
func FuzzStructure(f *testing.F) {
	seed := uint64(0)
	addConfigs(f, func(src []byte) {
		f.Add(src, seed)
		seed++
	})
	run := fuzzRun(f)
	f.Fuzz(func(t *testing.T, src []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		for range 1 + random.IntN(4) {
			src = mutated(src, random)
		}
		if len(src) > maxFuzzed {
			t.Skip("long inputs find nothing more")
		}
		checkLaws(t, run, src)
	})
}

// mutated is a source with one change of its tree, or itself where the change is none that YAML allows.
func mutated(src []byte, random *rand.Rand) []byte {
	f, err := rewrite.Parse(src)
	if err != nil {
		return src
	}
	var nodes []rewrite.Node
	for _, doc := range f.Documents() {
		eachNode(doc, func(n rewrite.Node) {
			if n.Parent().Exists() && n.Span().Start < n.Span().End {
				nodes = append(nodes, n)
			}
		})
	}
	if len(nodes) < 2 {
		return src
	}
	a, b := nodes[random.IntN(len(nodes))], nodes[random.IntN(len(nodes))]
	if a.Span().Start > b.Span().Start {
		a, b = b, a
	}
	if next, err := rewrite.Apply(src, change(f, a, b, random.IntN(4))); err == nil {
		if _, err := rewrite.Parse(next); err == nil {
			return next
		}
	}
	return src
}

// change is one of the ways to change two nodes, of which a begins first.
func change(f *rewrite.File, a, b rewrite.Node, way int) []rewrite.Edit {
	from, to := a.Span(), b.Span()
	switch way {
	case 0: // they change places
		return []rewrite.Edit{{Span: from, New: f.Text(to)}, {Span: to, New: f.Text(from)}}
	case 1: // one stands in both places
		return []rewrite.Edit{{Span: to, New: f.Text(from)}}
	case 2: // one means the other
		return []rewrite.Edit{{Span: rewrite.Span{Start: from.Start, End: from.Start}, New: "&fuzzed "}, {Span: to, New: "*fuzzed"}}
	default: // one goes
		if plan, err := f.Plan([]rewrite.Op{rewrite.Prune(b.Entry()).Shared()}); err == nil {
			return plan.Edits
		}
		return nil
	}
}

// FuzzSuppression puts a comment behind any line of a config: it is read or not, and the laws hold.
func FuzzSuppression(f *testing.F) {
	n := uint16(0)
	addConfigs(f, func(src []byte) {
		n++
		f.Add(src, []string{"cfgfix: ignore[aws-static-keys] old", "cfgfix: ignore[internal-network, aws-static-keys]: why"}[n%2], n%40)
	})
	run := fuzzRun(f)
	f.Fuzz(func(t *testing.T, src []byte, text string, at uint16) {
		if len(src) > maxFuzzed || strings.ContainsAny(text, lineBreaks) {
			t.Skip("a long input, or more than one line")
		}
		if s := parseSuppression("# " + text); s.fault == "" && s.ids != nil && s.reason == "" {
			t.Fatalf("a suppression without a reason: %q", text)
		}
		lines := strings.SplitAfter(string(src), "\n")
		i := int(at) % len(lines)
		end := lines[i][len(strings.TrimRight(lines[i], "\r\n")):]
		lines[i] = strings.TrimSuffix(lines[i], end) + " # " + text + end
		checkLaws(t, run, []byte(strings.Join(lines, "")))
	})
}
