package fixes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/rewrite"
)

// FuzzFix runs all rules over any text: nothing fails for a reason of our own, the edits make the output, and a second
// run changes nothing.
func FuzzFix(f *testing.F) {
	seeds, _ := filepath.Glob(filepath.Join("..", "golden", "*", "*.txtar"))
	for _, name := range seeds {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name == "config.yml" {
				f.Add(file.Data)
			}
		}
	}
	corpus, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "configs", "*"))
	for _, name := range corpus {
		if src, err := os.ReadFile(name); err == nil && len(src) < 4096 {
			f.Add(src)
		}
	}
	engine := &Engine{Rules: All(), Explain: true}
	facts := &Facts{}
	for key, value := range map[string]string{
		"ecr.role_arn": "$ECR_ROLE_ARN", "runner.resource_class": "acme/internal",
	} {
		if err := facts.Set(key, value); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 16<<10 {
			t.Skip("long inputs find nothing more")
		}
		r := engine.Run(src, facts)
		var proof *ProofError
		if errors.As(r.Err, &proof) {
			t.Fatal(r.Err)
		}
		if r.Status != Changed {
			return
		}
		if out, err := rewrite.Apply(src, r.Edits); err != nil || !bytes.Equal(out, r.Output) {
			t.Fatalf("the edits do not make the output: %v", err)
		}
		if again := engine.Run(r.Output, facts); again.Status != Unchanged {
			t.Fatalf("a second run is %s: %v", again.Status, again.Err)
		}
	})
}
