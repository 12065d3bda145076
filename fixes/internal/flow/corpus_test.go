package flow

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// corpus is a folder of real configs that is not part of the repository.
const corpus = "../../../../shared/corpus"

// TestNothingChanged compares every real config with itself.
func TestNothingChanged(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, folder := range []string{"configs", "expected", "tricky"} {
		found, err := filepath.Glob(filepath.Join(corpus, folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Skip("no corpus of real configs beside the repository")
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			checkUnchanged(t, src)
		})
	}
}

// TestNothingChangedInGoldens does the same with what the golden cases fix, and with what that becomes.
func TestNothingChangedInGoldens(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../../golden/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if filepath.Ext(f.Name) == ".yml" {
				checkUnchanged(t, f.Data)
			}
		}
	}
}

// checkUnchanged analyzes a source twice and compares the reports. A source that does not parse is none of ours.
func checkUnchanged(t *testing.T, src []byte) {
	t.Helper()
	f, err := rewrite.Parse(src)
	if err != nil {
		return
	}
	for _, doc := range f.Documents() {
		before, after := Analyze(circle.New(doc), shell.Cache{}), Analyze(circle.New(doc), shell.Cache{})
		for _, v := range Compare(before, after) {
			t.Errorf("nothing changed, but %s", v)
		}
	}
}
