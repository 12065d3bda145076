package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// multiGitter is a version of the program that the example is for.
const multiGitter = "github.com/lindell/multi-gitter@v0.53.1"

// findMultiGitter is the program: the one on the PATH, else one that is built from the module cache. The test is skipped
// where it cannot be had.
func findMultiGitter(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("multi-gitter"); err == nil {
		return path
	}
	bin := t.TempDir()
	c := exec.Command("go", "install", multiGitter)
	c.Env = append(os.Environ(), "GOBIN="+bin, "GOPROXY=off", "GOFLAGS=-mod=mod")
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("skipped: there is no multi-gitter on the PATH, and %s is not in the module cache: %s", multiGitter, out)
	}
	return filepath.Join(bin, "multi-gitter")
}

// TestExampleMultiGitter runs the real multi-gitter over 50 repos, twice.
func TestExampleMultiGitter(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: 50 repos take long")
	}
	path := findMultiGitter(t)
	f := newFleet(t)
	script, err := filepath.Abs(filepath.Join(top, ".examples", "multi-gitter.sh"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--base-url", f.URL + "/api/v3/", "--author-name", "Pat", "--author-email", "pat@acme.example"}
	for i := range 50 {
		args = append(args, "--repo", filepath.ToSlash(filepath.Join("acme", filepath.Base(f.list[i]))))
	}
	env := append(environment(f.Server), "PATH="+filepath.Dir(path)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for range 2 {
		if code, out := execIn(t, t.TempDir(), env, script, args...); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		if got := f.opened(t); !slices.Equal(got, f.bad) {
			t.Fatalf("pull requests for %q, want %q", got, f.bad)
		}
	}
}

// TestExampleContract does what multi-gitter's script is run for, without it: in each clone the program runs, and a
// repo counts when the exit code is 0 and files changed.
func TestExampleContract(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join(top, ".examples", "multi-gitter.sh"))
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := strings.Cut(string(script), `multi-gitter run "`)
	command, _, _ = strings.Cut(command, `"`)
	words := strings.Fields(command)
	if !ok || len(words) == 0 || words[0] != "cfgfix" {
		t.Fatalf("the script runs %q", command)
	}
	for config, want := range map[string]bool{badConfig: true, goodConfig: false} {
		dir := repoWith(t, config)
		code, out := execIn(t, dir, os.Environ(), words[0], words[1:]...)
		text, err := os.ReadFile(filepath.Join(dir, ".circleci", "config.yml"))
		if code != 0 || out != "" || err != nil || (string(text) != config) != want {
			t.Errorf("exit code %d, changed %v, want %v\n%s", code, string(text) != config, want, out)
		}
		if entries, err := os.ReadDir(filepath.Join(dir, ".circleci")); err != nil || len(entries) != 1 {
			t.Errorf("files were left behind: %v", entries)
		}
	}
}
