//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"cfgfix/cmd/internal/fakeforge"
)

// BenchmarkTree runs the program over trees of 1,000 and of 10,000 repos and tells the most memory that it had. pr asks the
// server for the branches of each repo, and finds in the ledger that nothing changed:
//
//	go test -run '^$' -bench Tree -benchtime 1x -timeout 1h ./cmd/cfgfix
func BenchmarkTree(b *testing.B) {
	s := fakeforge.New(b)
	s.Add(b, "acme/app", map[string]string{".circleci/config.yml": badConfig})
	first := filepath.Join(b.TempDir(), "app")
	s.Clone(b, "acme/app", first)
	ledger := filepath.Join(b.TempDir(), "ledger")
	if out, err := inTree(s, first, "pr", "--ledger", ledger).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, n := range []int{1000, 10000} {
		dir := b.TempDir()
		copyRepos(b, s, first, ledger, dir, n)
		b.Run(fmt.Sprintf("fix/%d", n), func(b *testing.B) {
			for range b.N {
				measure(b, inTree(s, dir, "--dry-run"), n, "\n--- a/")
			}
		})
		b.Run(fmt.Sprintf("pr/%d", n), func(b *testing.B) {
			for range b.N {
				measure(b, inTree(s, dir, "pr", "--ledger", filepath.Join(dir, "ledger")), n, ": skipped: unchanged")
			}
		})
	}
}

// copyRepos makes a directory of clones of n repos that are like the first one, and a ledger with all of them.
func copyRepos(b *testing.B, s *fakeforge.Server, first, ledger, dir string, n int) {
	b.Helper()
	line, err := os.ReadFile(ledger)
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	check(err)
	config, err := os.ReadFile(filepath.Join(first, ".git", "config"))
	check(err)
	var lines strings.Builder
	for i := range n {
		name := fmt.Sprintf("acme/n%d-%d", n, i)
		check(os.Symlink(s.Bare("acme/app"), s.Bare(name)))
		rename := func(text []byte) string { return strings.ReplaceAll(string(text), "acme/app.git", name+".git") }
		repo := filepath.Join(dir, fmt.Sprintf("org%02d", i%50), fmt.Sprintf("repo%05d", i))
		check(os.CopyFS(repo, os.DirFS(first)))
		check(os.WriteFile(filepath.Join(repo, ".git", "config"), []byte(rename(config)), 0o644))
		lines.WriteString(rename(line))
	}
	check(os.WriteFile(filepath.Join(dir, "ledger"), []byte(lines.String()), 0o644))
}

func inTree(s *fakeforge.Server, dir string, args ...string) *exec.Cmd {
	c := exec.Command("cfgfix", args...)
	c.Dir, c.Env = dir, environment(s)
	return c
}

// measure runs a program, which has to say a text n times.
func measure(b *testing.B, c *exec.Cmd, n int, text string) {
	b.Helper()
	out, err := c.Output()
	if got := strings.Count("\n"+string(out), text); got != n {
		b.Fatalf("%d times %q, want %d: %v", got, text, n, err)
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		peak /= 1024 // bytes there
	}
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
}
