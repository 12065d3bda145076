package cmd

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/cmd/internal/fakeforge"
	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// secretCase is a golden case with literal secrets, as the files of a repo.
type secretCase struct {
	name    string
	files   map[string]string
	secrets []string // line by line
}

// secretCases are all golden cases with a secret: one that a finding is about, or the id of a key.
func secretCases(t *testing.T) []secretCase {
	t.Helper()
	paths, err := filepath.Glob("../golden/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var out []secretCase
	for _, name := range paths {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sections := map[string]string{"settings.yml": "version: 1\n"}
		for _, f := range archive.Files {
			sections[f.Name] = string(f.Data)
		}
		settings := sections["settings.yml"]
		for line := range strings.Lines(sections["facts"]) {
			settings += strings.Replace(line, "=", ": ", 1)
		}
		c := secretCase{
			name:    strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(name, "../golden/")), ".txtar"),
			files:   map[string]string{".circleci/config.yml": sections["config.yml"], ".cfgfix.yml": settings},
			secrets: secretsIn(sections["config.yml"]),
		}
		if len(c.secrets) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// secretsIn are the secrets of a config.
func secretsIn(config string) []string {
	out := keyID.FindAllString(config, -1)
	for _, s := range (&fixes.Engine{Rules: fixes.All(), DryRun: true}).Run([]byte(config), nil).Secrets() {
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); len(line) > 4 && !strings.HasPrefix(line, "-----") {
				out = append(out, line)
			}
		}
	}
	return out
}

// TestNoOutputShowsSecrets runs every command over every golden case with a secret, with each form of output that it has:
// what may show a secret is the patch alone, unless it is to be masked.
func TestNoOutputShowsSecrets(t *testing.T) {
	t.Parallel()
	cases := secretCases(t)
	dir := realTempDir(t)
	secrets := map[string]bool{}
	for _, c := range cases {
		for name, text := range c.files {
			writeTestFile(t, filepath.Join(dir, strings.ReplaceAll(c.name, "/", "-"), name), text)
		}
		for _, s := range c.secrets {
			secrets[s] = true
		}
	}
	for _, c := range cases { // what is a secret in one case may be none in another
		maps.DeleteFunc(secrets, func(s string, _ bool) bool {
			return strings.Contains(c.files[".circleci/config.yml"], s) && !slices.Contains(c.secrets, s)
		})
	}
	if len(cases) < 100 || len(secrets) < 50 {
		t.Errorf("only %d cases with %d secrets", len(cases), len(secrets))
	}
	look := func(t *testing.T, what, text string) {
		t.Helper()
		for s := range secrets {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("%s shows the secret that begins with %q:\n%s", what, s[:4], text[max(0, i-300):i])
			}
		}
	}
	files := t.TempDir()
	runs := [][]string{
		{"-n", "--unsafe", "--redact", "--verbose", "--explain"},
		{"-n", "--unsafe", "-f", "html", "-o", filepath.Join(files, "all.html"), "--owners-dir", filepath.Join(files, "owners")},
		{"setup", "--unsafe", "--try"},
		{"setup", "--unsafe", "--after"},
		{"init"},
	}
	for _, f := range report.Formats() {
		runs = append(runs, []string{"-n", "--unsafe", "--redact", "--verbose", "--format", f.Name})
	}
	for _, f := range setupFormats {
		runs = append(runs, []string{"setup", "--unsafe", "--format", f})
	}
	for _, args := range runs {
		got := runReal(t, dir, args...)
		if got.code == exitUsage || len(got.out)+len(got.errOut) == 0 {
			t.Errorf("%q: exit code %d\n%s", args, got.code, got.errOut)
		}
		look(t, strings.Join(args, " "), got.out+got.errOut)
	}
	written := 0
	err := fs.WalkDir(os.DirFS(files), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		written++
		text, err := os.ReadFile(filepath.Join(files, name))
		look(t, path.Base(name), string(text))
		return err
	})
	if err != nil || written < 2 {
		t.Errorf("%d files are written (%v)", written, err)
	}
}

// TestPRShowsNoSecrets opens pull requests for golden cases with many kinds of secrets.
func TestPRShowsNoSecrets(t *testing.T) {
	t.Parallel()
	long(t)
	opened := 0
	for _, c := range secretCases(t) {
		switch c.name {
		case "inline-secret/gcp_keys", "inline-secret/several_values_numbered", "inline-secret/environment_private_key", "publish-token/npm_literal",
			"vault-static-token/approle_in_environment", "azure-static-secret/environment", "aws-static-keys/env_literal_job", "gcp-image-auth/literal":
		default:
			continue
		}
		w := newPRWorld(t, c.files)
		got := w.run(t)
		text := got.out + got.errOut + fakeforge.Git(t, w.Bare("acme/app"), "log", "--all", "--format=%B")
		for _, pull := range w.Of("acme/app") {
			opened++
			text += pull.Title + pull.Body
		}
		for _, s := range c.secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s: the pull request shows the secret that begins with %q", c.name, s[:4])
			}
		}
	}
	if opened < 6 {
		t.Error("only " + strconv.Itoa(opened) + " pull requests are opened")
	}
}
