package report

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// goldenFiles are the golden cases as a run over them reports them: all fixes that can be made are, or would be in a
// dry run. They are made once and not changed.
func goldenFiles(t *testing.T, dryRun bool) []*File {
	t.Helper()
	goldenRuns.Lock()
	defer goldenRuns.Unlock()
	if goldenRuns.files[dryRun] == nil {
		goldenRuns.files[dryRun] = runGolden(t, dryRun)
	}
	return goldenRuns.files[dryRun]
}

var goldenRuns = struct {
	sync.Mutex
	files map[bool][]*File
}{files: map[bool][]*File{}}

func runGolden(t *testing.T, dryRun bool) []*File {
	t.Helper()
	paths, err := filepath.Glob("../../../golden/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	engine := fixes.Engine{Unsafe: true, DryRun: dryRun, Apart: true}
	for _, r := range fixes.All() {
		if !r.Off {
			engine.Rules = append(engine.Rules, r)
		}
	}
	var out []*File
	for i, path := range paths {
		if testing.Short() && i%8 != 0 {
			continue
		}
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "../../../golden/"), ".txtar") + "/.circleci/config.yml"
		f := &File{Name: name, Result: engine.Run(section(archive, "config.yml"), goldenFacts(t, archive))}
		if f.Patch, err = rewrite.Unified(name, f.Result.Source, f.Result.Edits); err != nil {
			t.Fatal(err)
		}
		if f.Result.Status != fixes.Skipped { // such a file is not reported
			out = append(out, f)
		}
	}
	return out
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func goldenFacts(t *testing.T, a *txtar.Archive) *fixes.Facts {
	t.Helper()
	facts := &fixes.Facts{}
	if text := section(a, "settings.yml"); text != nil {
		settings, err := fixes.ParseSettings("settings.yml", text)
		if err != nil {
			t.Fatal(err)
		}
		facts = &settings.Facts
	}
	for line := range strings.Lines(string(section(a, "facts"))) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if err := facts.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return facts
}

// What a secret looks like in the cases: the value of a variable with a telling name, or the id of a key. The patterns
// know nothing of those that redact.
var (
	namedSecret = regexp.MustCompile(`(?i)[A-Z_]*(?:SECRET|TOKEN|PASSW|ACCESS_KEY)[A-Z_]*["']?\s*[:=]\s*["']?([A-Za-z0-9/+_.!=-]{12,})`)
	keyID       = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}`)
)

// secretsOf are the secrets of a config, as far as the patterns show them.
func secretsOf(config []byte) []string {
	var out []string
	for _, m := range namedSecret.FindAllSubmatch(config, -1) {
		if value := string(m[1]); strings.ContainsAny(value, "0123456789") && !variableName.MatchString(value) {
			out = append(out, value)
		}
	}
	for _, id := range keyID.FindAll(config, -1) {
		out = append(out, string(id))
	}
	return out
}

// foundSecrets are the secrets that the findings of a file are about, in lines.
func foundSecrets(f *File) []string {
	var out []string
	for _, s := range f.Result.Secrets() {
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); len(line) > 4 {
				out = append(out, line)
			}
		}
	}
	return out
}

var variableName = regexp.MustCompile(`^[A-Z_0-9]+$|^[a-z-]+/`)

// TestNoSecrets looks in the reports of all golden cases, in every format, for the secrets of their configs. Only the
// patch may show them, when nobody asked to mask them.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	for _, dryRun := range []bool{true, false} {
		files := goldenFiles(t, dryRun)
		looked := 0
		for _, f := range files {
			secrets := append(secretsOf(f.Result.Source), foundSecrets(f)...)
			looked += len(secrets)
			for _, format := range Formats() {
				out, errOut := write(t, Options{Format: format.Name, DryRun: dryRun, Verbose: true, Redact: true}, []*File{f})
				for _, secret := range secrets {
					if strings.Contains(out+errOut, secret) {
						t.Errorf("%s: the %s report shows the secret that begins with %q", f.Name, format.Name, secret[:4])
					}
				}
			}
		}
		if looked < 20 {
			t.Errorf("only %d secrets are in the cases", looked)
		}
	}
}

// TestGoldenSecretsAreSeen makes sure that the test above would find a secret that is there.
func TestGoldenSecretsAreSeen(t *testing.T) {
	t.Parallel()
	for _, f := range goldenFiles(t, true) {
		for _, secret := range secretsOf(f.Result.Source) {
			if !bytes.Contains(f.Result.Source, []byte(secret)) || len(secret) < 12 {
				t.Errorf("%s: %q is no secret of the case", f.Name, secret)
			}
		}
	}
}
