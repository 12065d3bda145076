package setup

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes"
)

// forms are the texts of a plan by the names that they have in the cases.
var forms = []struct {
	file string
	text func(*Plan) []byte
}{
	{"setup.tf", (*Plan).Terraform},
	{"setup.sh", (*Plan).Shell},
	{"setup.md", (*Plan).Markdown},
	{"try.yml", (*Plan).Try},
	{"after.sh", (*Plan).After},
}

// TestGolden plans for the configs of each case in testdata: a config.yml in a directory called HOST/OWNER/NAME is that
// of a repo. The file flags has the facts and the branch, settings.yml facts that are lists. UPDATE=1 writes what is made of them.
func TestGolden(t *testing.T) {
	t.Parallel()
	eachArchive(t, func(t *testing.T, file string, a *txtar.Archive) {
		plan := planOf(t, a)
		if os.Getenv("UPDATE") != "" {
			update(t, file, a, plan)
			return
		}
		for _, f := range forms {
			if diff := cmp.Diff(section(a, f.file), string(f.text(plan))); diff != "" {
				t.Errorf("%s (-want +got); UPDATE=1 writes it:\n%s", f.file, diff)
			}
		}
	})
}

// eachArchive runs a test on each case in testdata.
func eachArchive(t *testing.T, test func(t *testing.T, file string, a *txtar.Archive)) {
	t.Helper()
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			test(t, file, a)
		})
	}
}

func update(t *testing.T, file string, a *txtar.Archive, plan *Plan) {
	t.Helper()
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool {
		return path.Base(f.Name) != "config.yml" && f.Name != "flags" && f.Name != "settings.yml"
	})
	for _, f := range forms {
		a.Files = append(a.Files, txtar.File{Name: f.file, Data: f.text(plan)})
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// planOf is the plan for the configs of a case.
func planOf(t *testing.T, a *txtar.Archive) *Plan {
	t.Helper()
	return New(reposOf(t, a))
}

// reposOf are the branch and the repos of a case.
func reposOf(t *testing.T, a *txtar.Archive) (branch string, repos []Repo) {
	t.Helper()
	facts := &fixes.Facts{}
	for line := range strings.Lines(section(a, "flags")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "branch" {
			branch = value
		} else if err := facts.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if text := section(a, "settings.yml"); text != "" {
		s, err := fixes.ParseSettings("settings.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		facts = &s.Facts
	}
	for _, f := range a.Files {
		if path.Base(f.Name) == "config.yml" {
			host, name, _ := strings.Cut(path.Dir(f.Name), "/")
			repos = append(repos, Repo{host, name, relies(t, f.Data, facts)})
		}
	}
	return branch, repos
}

// relies is what the fixes of a config rely on.
func relies(t *testing.T, src []byte, facts *fixes.Facts) []fixes.Resource {
	t.Helper()
	engine := fixes.Engine{Rules: defaultRules(), DryRun: true}
	var out []fixes.Resource
	for _, r := range engine.Run(src, facts).Results {
		if r.Fix != nil && (r.Status == fixes.Pending || r.Status == fixes.NeedsFacts) {
			out = append(out, r.Fix.Relies...)
		}
	}
	return out
}

func defaultRules() []*fixes.Rule {
	return slices.DeleteFunc(slices.Clone(fixes.All()), func(r *fixes.Rule) bool { return r.Off })
}
