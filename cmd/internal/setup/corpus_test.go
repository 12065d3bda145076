package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cfgfix/fixes"
)

// TestCorpus plans for all configs of the corpus: the Terraform resolves, the scripts parse, and a trial is a config in
// which nothing is found.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../../../shared/corpus/configs/*.yml")
	if len(files) == 0 || testing.Short() {
		t.Skip("there is no corpus, or the tests are to be short")
	}
	var repos []Repo
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		repos = append(repos, Repo{"github.com", "corpus/" + strings.TrimSuffix(filepath.Base(file), ".yml"), relies(t, src, &fixes.Facts{})})
	}
	p := New("main", repos)
	if len(p.roles) < 10 || len(p.gcp) < 5 {
		t.Fatalf("%d roles and %d service accounts are few", len(p.roles), len(p.gcp))
	}
	for _, fault := range unresolved(p.Terraform()) {
		t.Error(fault)
	}
	for _, script := range [][]byte{p.Shell(), p.After()} {
		cmd := exec.Command("bash", "-n")
		cmd.Stdin = strings.NewReader(string(script))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	engine := fixes.Engine{Rules: defaultRules()}
	for i, doc := range strings.Split(string(p.Try()), "\n---\n") {
		r := engine.Run([]byte(doc+"\n"), nil)
		if r.Status != fixes.Unchanged || len(r.Results) > 0 {
			t.Errorf("trial %d: %s %v\n%s", i, r.Status, r.Results, doc)
		}
	}
}
