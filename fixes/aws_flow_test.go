package fixes

import (
	"os"
	"path/filepath"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/flow"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// TestCorpusCredentials fixes real configs, unsafe fixes included, and compares where every step has its credentials
// from before and after: the engine asks the same of each fix, this test of all of them together.
func TestCorpusCredentials(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it reads some hundred configs")
	}
	paths, err := filepath.Glob("../../shared/corpus/configs/*")
	if err != nil || len(paths) == 0 {
		t.Skip("no corpus of real configs beside the repository")
	}
	changed := 0
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := (&Engine{Rules: awsRules, Unsafe: true}).Run(src, plantedFacts)
		if r.Err != nil || r.Status != Changed {
			continue
		}
		changed++
		was, is := flowReports(t, src), flowReports(t, r.Output)
		for i := range was {
			for _, v := range flow.Compare(was[i], is[i]) {
				t.Errorf("%s: %s", filepath.Base(path), v)
			}
		}
	}
	if changed == 0 {
		t.Error("no config was changed")
	}
}

// flowReports are the reports on all configs of a file, which has to parse.
func flowReports(t *testing.T, src []byte) []*flow.Report {
	t.Helper()
	f, err := rewrite.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var out []*flow.Report
	for _, doc := range f.Documents() {
		out = append(out, flow.Analyze(circle.New(doc), shell.Cache{}))
	}
	return out
}
