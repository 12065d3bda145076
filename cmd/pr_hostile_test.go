package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cfgfix/cmd/internal/fakeforge"
)

// hostileConfig names a command wherever git's configuration can. %[1]s is the command.
const hostileConfig = `
[core]
	hooksPath = %[2]s/hooks
	fsmonitor = %[1]s
	sshCommand = %[1]s
	askPass = %[1]s
	editor = %[1]s
	pager = %[1]s
	gitProxy = %[1]s
	alternateRefsCommand = %[1]s
	attributesFile = %[2]s/attributes
[pager]
	ls-remote = %[1]s
	for-each-ref = %[1]s
[alias]
	push = !%[1]s
	fetch = !%[1]s
	ls-remote = !%[1]s
	commit-tree = !%[1]s
[credential]
	helper = !%[1]s
[filter "evil"]
	clean = %[1]s
	smudge = %[1]s
	process = %[1]s
	required = true
[diff]
	external = %[1]s
[diff "evil"]
	command = %[1]s
	textconv = %[1]s
[merge "evil"]
	driver = %[1]s
[gpg]
	program = %[1]s
[gpg "ssh"]
	program = %[1]s
[commit]
	gpgSign = true
[push]
	gpgSign = true
[uploadpack]
	packObjectsHook = %[1]s
[protocol "ext"]
	allow = always
[url "ext::%[1]s "]
	insteadOf = http
	pushInsteadOf = http
[remote "origin"]
	uploadpack = %[1]s
	receivepack = %[1]s
	vcs = ext
	proxy = ext::%[1]s
	pushurl = %[3]s
[http]
	sslVerify = false
	proxy = http://127.0.0.1:1
[include]
	path = %[2]s/more
[trace2]
	eventTarget = %[2]s/trace
`

// TestPRHostile makes a pull request for a repo whose configuration, hooks and attributes name commands wherever they
// can. None of them runs, and the answer is as for any repo.
func TestPRHostile(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{
		".circleci/config.yml": keysConfig,
		".gitattributes":       "* filter=evil diff=evil merge=evil ident text eol=crlf\n",
		"run.sh":               "#!/bin/sh\n",
	})
	evil := realTempDir(t)
	canary := filepath.Join(evil, "ran")
	command := filepath.Join(evil, "command")
	writeTestFile(t, command, "#!/bin/sh\necho \"$0 $*\" >>"+canary+"\n")
	makeRunnable(t, command)
	hooks := []string{
		"post-checkout", "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push", "post-rewrite",
		"reference-transaction", "post-index-change", "fsmonitor-watchman", "post-update", "pre-receive", "update",
	}
	for _, hook := range hooks {
		for _, dir := range []string{filepath.Join(evil, "hooks"), filepath.Join(w.clone, ".git", "hooks")} {
			writeTestFile(t, filepath.Join(dir, hook), "#!/bin/sh\nexec "+command+" "+hook+"\n")
			makeRunnable(t, filepath.Join(dir, hook))
		}
	}
	writeTestFile(t, filepath.Join(w.clone, ".git", "info", "attributes"), "* filter=evil diff=evil\n")
	config := filepath.Join(w.clone, ".git", "config")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	remote := w.URL + "/acme/app.git"
	writeTestFile(t, config, string(text)+fmt.Sprintf(hostileConfig, command, evil, remote))
	for _, name := range []string{"git", "sh", "ssh", "git-remote-http"} { // were the clone on the PATH
		writeTestFile(t, filepath.Join(w.clone, name), "#!/bin/sh\nexec "+command+"\n")
		makeRunnable(t, filepath.Join(w.clone, name))
	}
	w.vars["PATH"] = os.Getenv("PATH")

	w.Commit(t, "acme/app", "main", "so that there is something to fetch", map[string]string{"new": "text\n"})
	got := w.run(t)
	checkText(t, "stdout", got.out, "acme/app: opened "+w.URL+"/acme/app/pull/1\n")
	w.Commit(t, "acme/app", "main", "so that there is something to update", map[string]string{".circleci/more.yml": keysConfig})
	if got := w.run(t, "--split"); !strings.Contains(got.out, ": updated ") {
		t.Errorf("again: %s%s", got.out, got.errOut)
	}
	if ran, err := os.ReadFile(canary); err == nil {
		t.Errorf("the repo ran:\n%s", ran)
	}
	if entries, _ := filepath.Glob(filepath.Join(evil, "trace*")); len(entries) > 0 {
		t.Errorf("the repo made git write %q", entries)
	}
	fixed := w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml")
	if strings.Contains(fixed, "\r") || !strings.Contains(fixed, "# kept\n") {
		t.Errorf("an attribute changed the bytes:\n%q", fixed)
	}
	changed := fakeforge.Git(t, w.Bare("acme/app"), "diff", "--name-only", "main", "cfgfix/fixes")
	checkText(t, "changed files", changed, ".circleci/config.yml\n.circleci/more.yml")

	// The trap is a real one: git in the clone runs into it.
	_ = exec.Command("git", "-C", w.clone, "status").Run()
	if _, err := os.Stat(canary); err != nil {
		t.Errorf("nothing runs even with git in the clone: %v", err)
	}
}

func makeRunnable(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestPRLinks has configs that are links: what is outside of the repo is not touched.
func TestPRLinks(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{"ci/config.yml": keysConfig})
	outside := filepath.Join(realTempDir(t), ".circleci", "config.yml")
	writeTestFile(t, outside, keysConfig)
	tree := filepath.Join(w.dir, "tree")
	fakeforge.Git(t, w.dir, "clone", "--quiet", w.Bare("acme/app"), tree)
	writeTestFile(t, filepath.Join(tree, ".circleci", "readme"), "links\n")
	for name, target := range map[string]string{"config.yml": "../ci/config.yml", "out.yml": outside} {
		if err := os.Symlink(target, filepath.Join(tree, ".circleci", name)); err != nil {
			t.Skip("skipped: no links here")
		}
	}
	fakeforge.Git(t, tree, "add", "--all")
	fakeforge.Git(t, tree, "commit", "--quiet", "--message", "links")
	fakeforge.Git(t, tree, "push", "--quiet", "origin", "main")
	if got := w.run(t); !strings.Contains(got.out, ": opened ") {
		t.Errorf("%s%s", got.out, got.errOut)
	}
	checkFile(t, outside, keysConfig)
	changed := fakeforge.Git(t, w.Bare("acme/app"), "diff", "--name-only", "main", "cfgfix/fixes")
	checkText(t, "changed files", changed, "ci/config.yml")
}

// TestPRToken looks for the token in everything that a run leaves behind or shows to other programs.
func TestPRToken(t *testing.T) { // not parallel: it sets the PATH
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	real, err := filepath.Abs(gitPath(t))
	if err != nil {
		t.Fatal(err)
	}
	// A git that writes down how it is called, before it does what git does.
	bin := realTempDir(t)
	calls := filepath.Join(bin, "calls")
	writeTestFile(t, filepath.Join(bin, "git"), "#!/bin/sh\necho \"$*\" >>"+calls+"\ncat \"$GIT_DIR/config\" >>"+calls+" 2>/dev/null\nexec "+real+" \"$@\"\n")
	makeRunnable(t, filepath.Join(bin, "git"))
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	got := w.run(t, "--ledger", filepath.Join(w.dir, "ledger"))
	if got.code != exitOK {
		t.Fatal(got.errOut)
	}
	data, err := os.ReadFile(calls)
	if err != nil || !strings.Contains(string(data), "push") {
		t.Fatalf("calls of git: %v\n%s", err, data)
	}
	ledger, err := os.ReadFile(filepath.Join(w.dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	log := fakeforge.Git(t, w.Bare("acme/app"), "log", "--all", "--format=fuller", "-p")
	for what, text := range map[string]string{
		"git's arguments and configuration": string(data), "the output": got.out + got.errOut, "the ledger": string(ledger),
		"the clone": w.cloneState(t), "the commits": log, "the pull request": fmt.Sprint(w.Of("acme/app")),
	} {
		if strings.Contains(text, fakeforge.Token) {
			t.Errorf("the token is in %s", what)
		}
	}
}

// gitPath is where git is.
func gitPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("skipped: there is no git")
	}
	return path
}
