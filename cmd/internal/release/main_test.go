package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"completions/cfgfix.bash": "__start_cfgfix",
		"completions/_cfgfix":     "#compdef cfgfix",
		"completions/cfgfix.fish": "complete -c cfgfix",
		"completions/cfgfix.ps1":  "Register-ArgumentCompleter",
		"man/cfgfix.1":            "--dry-run",
		"man/cfgfix-pr.1":         "--reopen",
	} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !strings.Contains(strings.ReplaceAll(string(text), `\-`, "-"), want) {
			t.Errorf("%s: %v, or it does not hold %q", name, err, want)
		}
	}
}
