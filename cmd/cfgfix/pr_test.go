package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"cfgfix/cmd/internal/fakeforge"
)

const (
	badConfig = `version: 2.1
jobs:
  deploy:
    docker: [{image: cimg/aws:2025.01}]
    environment:
      AWS_ACCESS_KEY_ID: AKIA4ZT7QPLM2XVHRC5D
      AWS_SECRET_ACCESS_KEY: q9Wv3LmZ0tYx7RbK2sHd5NfJ8uGa1PcE6iOyTkBv
    steps:
      - checkout
      - run: aws s3 sync ./public s3://acme-site
`
	goodConfig = "version: 2.1\njobs:\n  test:\n    docker: [{image: cimg/go:1.26}]\n    steps: [checkout]\n"
)

// environment is what cfgfix and scripts run with against a server.
func environment(s *fakeforge.Server, more ...string) []string {
	return append(append(os.Environ(), "GITHUB_TOKEN="+fakeforge.Token, "GITHUB_SERVER_URL="+s.URL,
		"GITHUB_API_URL="+s.URL+"/api/v3", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull), more...)
}

// execIn runs a program and returns its exit code and what it printed.
func execIn(t *testing.T, dir string, env []string, name string, args ...string) (code int, out string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, env
	text, err := c.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return code, string(text)
}

// readmeCode is the block of code in a region of the README.
func readmeCode(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, begins := strings.Cut(string(readme), "<!-- begin "+name+" -->\n```")
	text, _, ends := strings.Cut(text, "\n```\n<!-- end "+name+" -->")
	_, text, _ = strings.Cut(text, "\n")
	if !begins || !ends {
		t.Fatalf("the README has no region %s", name)
	}
	return text + "\n"
}

// fleet is a server with 50 repos, and a clone of each.
type fleet struct {
	*fakeforge.Server
	dir  string
	list []string // the clones
	bad  []string // the repos that need a fix
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{Server: fakeforge.New(t), dir: t.TempDir()}
	for i := range 50 {
		repo := fmt.Sprintf("acme/r%02d", i)
		files := map[string]string{".circleci/config.yml": badConfig}
		switch i % 5 {
		case 3:
			files = map[string]string{"README.md": "text\n"}
		case 4:
			files = map[string]string{".circleci/config.yml": goodConfig}
		default:
			f.bad = append(f.bad, repo)
		}
		f.Add(t, repo, files)
		clone := filepath.Join(f.dir, fmt.Sprintf("r%02d", i))
		f.Clone(t, repo, clone)
		f.list = append(f.list, clone)
	}
	return f
}

// opened are the repos with a pull request; each must have one only.
func (f *fleet) opened(t *testing.T) []string {
	t.Helper()
	var repos []string
	for repo, list := range f.Requests {
		if len(list) != 1 {
			t.Errorf("%s has %d pull requests", repo, len(list))
		}
		repos = append(repos, repo)
	}
	slices.Sort(repos)
	return repos
}

// TestReadmeFleet runs the README's script over 50 repos: first, again, and after some of them changed.
func TestReadmeFleet(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: 50 repos take long")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("skipped: there is no bash")
	}
	script := readmeCode(t, "fleet")
	if lines := strings.Count(script, "\n"); lines > 10 {
		t.Errorf("the script has %d lines", lines)
	}
	f := newFleet(t)
	writeText(t, filepath.Join(f.dir, "fix-prs"), script)
	writeText(t, filepath.Join(f.dir, "list"), strings.Join(f.list[:7], "\n")+"\n\n"+strings.Join(f.list[7:], "\n")) // as editors leave it
	writeText(t, filepath.Join(f.list[0], ".circleci", "config.yml"), "dirty\n")
	run := func() string {
		code, out := execIn(t, f.dir, environment(f.Server), bash, "fix-prs", "list")
		if code != 0 {
			t.Errorf("exit code %d\n%s", code, out)
		}
		return out
	}

	f.Log()
	first := run()
	if got := f.opened(t); !slices.Equal(got, f.bad) {
		t.Fatalf("pull requests for %q, want %q\n%s", got, f.bad, first)
	}
	f.Log()
	run()
	if changes := f.Changes(); len(changes) > 0 {
		t.Errorf("the second run changed something: %q", changes)
	}

	f.Commit(t, "acme/r04", "main", "keys", map[string]string{".circleci/config.yml": badConfig})
	f.Commit(t, "acme/r00", "cfgfix/fixes", "mine", map[string]string{"a": "b"})
	third := run()
	if got := f.opened(t); !slices.Equal(got, slices.Sorted(slices.Values(append([]string{"acme/r04"}, f.bad...)))) {
		t.Errorf("after the changes: pull requests for %q", got)
	}
	if want := "acme/r00: left alone: somebody else pushed to the branch"; !strings.Contains(third, want) {
		t.Errorf("nothing says %q:\n%s", want, third)
	}
	if text, err := os.ReadFile(filepath.Join(f.list[0], ".circleci", "config.yml")); err != nil || string(text) != "dirty\n" {
		t.Errorf("a checkout was touched: %v, %q", err, text)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// killWorld is a repo on a server, a clone of it, and how cfgfix pr is run there.
type killWorld struct {
	*fakeforge.Server
	clone string
	env   []string
}

// forges are the environments that make the server one of each kind.
var forges = map[string]func(s *fakeforge.Server, more ...string) []string{
	"GitHub": environment,
	"GitLab": func(s *fakeforge.Server, more ...string) []string {
		return environment(s, append(more, "GITHUB_SERVER_URL=", "GITHUB_API_URL=", "GITHUB_TOKEN=", "GITLAB_TOKEN="+fakeforge.Token,
			"CI_SERVER_URL="+s.URL, "CI_API_V4_URL="+s.URL+"/api/v4")...)
	},
}

func newKillWorld(t *testing.T, forge string) *killWorld {
	t.Helper()
	s := fakeforge.New(t)
	s.Add(t, "acme/app", map[string]string{".circleci/config.yml": badConfig})
	w := &killWorld{Server: s, clone: filepath.Join(t.TempDir(), "app")}
	s.Clone(t, "acme/app", w.clone)
	writeText(t, filepath.Join(w.clone, "untracked"), "text\n")
	w.env = forges[forge](s)
	return w
}

func (w *killWorld) start(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command("cfgfix", "pr", "--label", "security")
	c.Dir, c.Env = w.clone, append(w.env, more...)
	return c
}

// files is every file of the clone, with its size and time.
func (w *killWorld) files(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(w.clone, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// recovers checks that after a kill the clone is as it was, that the next run does the rest with one pull request, and
// that there is nothing left to do after it.
func (w *killWorld) recovers(t *testing.T, before string) {
	t.Helper()
	if got := w.files(t); got != before {
		t.Errorf("the clone was\n%s\nand is\n%s", before, got)
	}
	if out, err := w.start(t).CombinedOutput(); err != nil {
		t.Errorf("the next run: %v\n%s", err, out)
	}
	list := w.Of("acme/app")
	if len(list) != 1 || list[0].State != "open" || len(list[0].Labels) != 1 {
		t.Errorf("pull requests: %+v", list)
	}
	w.Log()
	if out, err := w.start(t).CombinedOutput(); err != nil || !strings.Contains(string(out), ": unchanged ") || len(w.Changes()) > 0 {
		t.Errorf("a third run: %v\n%s", err, out)
	}
}

// TestPRKilled kills the program at each request that it makes.
func TestPRKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: it takes long")
	}
	for forge := range forges {
		t.Run(forge, func(t *testing.T) {
			t.Parallel()
			for step, done := 1, false; !done; step++ {
				t.Run(fmt.Sprint(step), func(t *testing.T) { done = killAtRequest(t, forge, step) })
			}
		})
	}
}

// killAtRequest reports whether the run was over before that.
func killAtRequest(t *testing.T, forge string, step int) (done bool) {
	w := newKillWorld(t, forge)
	before := w.files(t)
	c := w.start(t, "TMPDIR="+t.TempDir())
	var met atomic.Int32
	started := make(chan struct{})
	w.Intercept = func(http.ResponseWriter, *http.Request) bool {
		if int(met.Add(1)) == step {
			<-started
			_ = c.Process.Kill()
		}
		return false
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	done = c.Wait() == nil
	w.Lock()
	w.Intercept = nil
	w.Unlock()
	if done && step < 5 {
		t.Errorf("done after %d requests", step)
	}
	w.recovers(t, before)
	return done
}

// killer is a git that kills the program that started it at its call number $KILL_AT, before or after it did its work.
const killer = `#!/bin/sh
echo "$*" >>"$KILL_LOG"
n=$(wc -l <"$KILL_LOG")
[ "$n" = "$KILL_AT" ] && [ "$KILL_WHEN" = before ] && kill -9 "$PPID" && exit 1
"$KILL_GIT" "$@"
code=$?
[ "$n" = "$KILL_AT" ] && kill -9 "$PPID"
exit $code
`

// TestPRKilledAtGit kills the program before and after each call of git: when there is a worktree, a commit, a branch on
// the server, and no pull request yet.
func TestPRKilledAtGit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: it takes long")
	}
	git, err := exec.LookPath("git")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("skipped: it needs git and a shell")
	}
	for forge := range forges {
		for _, when := range []string{"before", "after"} {
			t.Run(forge+"/"+when, func(t *testing.T) {
				t.Parallel()
				var steps []string
				for done := false; !done; {
					t.Run(fmt.Sprint(len(steps)+1), func(t *testing.T) {
						steps, done = killAtGit(t, forge, git, when, len(steps)+1)
					})
				}
				for _, want := range []string{"init", "ls-remote", "checkout-index", "commit-tree", "push"} {
					if !slices.ContainsFunc(steps, func(s string) bool { return strings.Contains(s, want) }) {
						t.Errorf("no kill at %s: %q", want, steps)
					}
				}
			})
		}
	}
}

// killAtGit returns the calls of git, and whether the run was over before that one.
func killAtGit(t *testing.T, forge, git, when string, step int) (calls []string, done bool) {
	w := newKillWorld(t, forge)
	before := w.files(t)
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(killer), 0o755); err != nil {
		t.Fatal(err)
	}
	c := w.start(t, "TMPDIR="+t.TempDir(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"KILL_AT="+fmt.Sprint(step), "KILL_WHEN="+when, "KILL_LOG="+log, "KILL_GIT="+git)
	err := c.Run()
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	calls = strings.Split(strings.TrimSpace(string(text)), "\n")
	if done = err == nil; done && len(calls) >= step {
		t.Errorf("call %d was not the end", step)
	}
	w.recovers(t, before)
	return calls, done
}

// TestLedgerKilled kills runs over a tree of repos, each at a later pull request. The last run does what is left: each repo
// is in the ledger, has one pull request, and is not looked at again.
func TestLedgerKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: it takes long")
	}
	const repos = 12
	s := fakeforge.New(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "clones"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range repos {
		name := fmt.Sprintf("r%02d", i)
		s.Add(t, "acme/"+name, map[string]string{".circleci/config.yml": badConfig})
		s.Clone(t, "acme/"+name, filepath.Join(dir, "clones", name))
	}
	run := func(killAt int32) string {
		c := exec.Command("cfgfix", "pr", "-j", "3", "--ledger", "ledger", "clones")
		c.Dir, c.Env = dir, environment(s, "TMPDIR="+t.TempDir())
		var out bytes.Buffer
		c.Stdout = &out
		started := make(chan struct{})
		var met atomic.Int32
		s.Lock()
		s.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/pulls") && met.Add(1) == killAt {
				<-started
				_ = c.Process.Kill()
			}
			return false
		}
		s.Unlock()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		if err := c.Wait(); (err == nil) != (killAt == 0) {
			t.Fatalf("killed at pull request %d: %v\n%s", killAt, err, &out)
		}
		return out.String()
	}
	for range 3 {
		run(3)
	}
	last := run(0)
	if skipped := strings.Count(last, ": skipped: "); skipped == 0 || skipped == repos || strings.Count(last, "\n") != repos {
		t.Errorf("the last run:\n%s", last)
	}
	if again := run(0); strings.Count(again, ": skipped: ") != repos {
		t.Errorf("once more:\n%s", again)
	}
	for i := range repos {
		if list := s.Of(fmt.Sprintf("acme/r%02d", i)); len(list) != 1 {
			t.Errorf("repo %d: %+v", i, list)
		}
	}
}

// TestPRProxy reaches a server that only a proxy can reach, with a certificate of its own.
func TestPRProxy(t *testing.T) {
	t.Parallel()
	s, proxy, certificate := fakeforge.NewProxied(t)
	s.Add(t, "acme/app", map[string]string{".circleci/config.yml": badConfig})
	clone := filepath.Join(t.TempDir(), "app")
	s.Clone(t, "acme/app", clone)
	env := slices.DeleteFunc(environment(s, "GH_HOST=example.com", "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "no_proxy=",
		"NO_PROXY=", "SSL_CERT_FILE="+certificate, "GIT_SSL_CAINFO="+certificate), func(v string) bool {
		return strings.HasPrefix(v, "GITHUB_SERVER_URL=") || strings.HasPrefix(v, "GITHUB_API_URL=")
	})
	code, out := execIn(t, clone, env, "cfgfix", "pr")
	if want := "acme/app: opened https://example.com/acme/app/pull/1\n"; code != 0 || out != want {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if log := s.Log(); !slices.Contains(log, "CONNECT example.com:443") {
		t.Errorf("the proxy was not asked: %q", log)
	}
}
