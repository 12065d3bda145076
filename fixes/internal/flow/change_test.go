package flow

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// TestAnalyzeChange takes entries out of configs, which often leaves steps without credentials, and compares the result
// with the config in both ways: to leave out what is written alike makes no difference.
func TestAnalyzeChange(t *testing.T) {
	t.Parallel()
	var sources [][]byte
	goldens, _ := filepath.Glob("../../../golden/*/*.txtar")
	for _, path := range goldens {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if filepath.Ext(f.Name) == ".yml" {
				sources = append(sources, f.Data)
			}
		}
	}
	configs, _ := filepath.Glob(filepath.Join(corpus, "configs", "*"))
	for _, path := range configs {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, src)
	}
	compared, worse, left := 0, 0, 0
	for i, src := range sources {
		if testing.Short() && i%5 != 0 {
			continue
		}
		f, err := rewrite.Parse(src)
		if err != nil || len(f.Documents()) != 1 {
			continue
		}
		for _, after := range without(f, 4) {
			before, after := circle.New(f.Documents()[0]), circle.New(after.Documents()[0])
			all, allAfter := Analyze(before, shell.Cache{}), Analyze(after, shell.Cache{})
			was, is := AnalyzeChange(before, after, shell.Cache{})
			want := Compare(all, allAfter)
			if diff := cmp.Diff(want, Compare(was, is)); diff != "" {
				t.Errorf("units left out (-want +got):\n%s\nof\n%s", diff, after.Node.File().Source())
			}
			compared++
			if len(want) > 0 {
				worse++
			}
			left += len(all.units) - len(was.units)
		}
	}
	if worse == 0 || left == 0 {
		t.Errorf("of %d changes %d were for the worse, and %d units were left out: the test shows nothing", compared, worse, left)
	}
	t.Logf("%d changes, %d for the worse, %d units left out", compared, worse, left)
}

// without are the file without one of its entries, for some of them.
func without(f *rewrite.File, count int) (out []*rewrite.File) {
	var entries []rewrite.Entry
	var walk func(n rewrite.Node)
	walk = func(n rewrite.Node) {
		for _, e := range n.Entries() {
			entries = append(entries, e)
			walk(e.Value())
		}
	}
	walk(f.Documents()[0])
	h := fnv.New64a()
	h.Write(f.Source())
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	for range 10 * count {
		if len(entries) == 0 || len(out) == count {
			break
		}
		change, err := f.Plan([]rewrite.Op{rewrite.Remove(entries[random.IntN(len(entries))])})
		if err != nil {
			continue
		}
		if after, err := change.Prove(); err == nil && len(after.Documents()) == 1 {
			out = append(out, after)
		}
	}
	return out
}
