package fixes

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestTriggers shows that leaving out rules whose words a source lacks changes no result: over the golden cases, and
// the corpus where it is there.
func TestTriggers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs all rules on thousands of sources")
	}
	sources := map[string][]byte{}
	cases, err := filepath.Glob("../golden/*/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, path := range cases {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			sources[path+"/"+f.Name] = f.Data
		}
	}
	configs, _ := filepath.Glob("../../shared/corpus/configs/*")
	for _, path := range configs {
		if sources[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	facts := &Facts{Contexts: []ContextFact{{Name: "all", Provides: []string{"*"}}}, Runner: RunnerFacts{ResourceClass: "acme/linux"}}
	routed := *facts
	routed.Network.Internal = []string{"*.acme.example"}
	left := 0
	for name, src := range sources {
		for _, facts := range []*Facts{facts, &routed} {
			with, without := Engine{Rules: All()}, Engine{Rules: All(), untriggered: true}
			left += len(All()) - len(with.triggered(src, facts))
			if diff := cmp.Diff(summaryOf(without.Run(src, facts)), summaryOf(with.Run(src, facts))); diff != "" {
				t.Errorf("%s: with triggers (+) another result than without (-):\n%s", name, diff)
			}
		}
	}
	t.Logf("%d sources: on average %.1f of %d rules were left out", len(sources), float64(left)/float64(2*len(sources)), len(All()))
	if left == 0 {
		t.Error("no source lacks the words of any rule: the test shows nothing")
	}
}

func summaryOf(r *FileResult) []string {
	out := []string{string(r.Status), string(r.Output)}
	for _, x := range r.Results {
		out = append(out, x.Key()+" "+string(x.Status)+" "+x.Why)
	}
	return out
}
