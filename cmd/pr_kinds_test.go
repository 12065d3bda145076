package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cfgfix/cmd/internal/fakeforge"
	"cfgfix/fixes"
)

// TestPRClones makes a pull request from every kind of clone.
func TestPRClones(t *testing.T) {
	t.Parallel()
	long(t)
	tests := map[string]func(t *testing.T, w *prWorld){
		"detached head": func(t *testing.T, w *prWorld) {
			fakeforge.Git(t, w.clone, "checkout", "--quiet", "--detach")
		},
		"a commit that is not pushed": func(t *testing.T, w *prWorld) {
			writeTestFile(t, filepath.Join(w.clone, "local"), "text\n")
			fakeforge.Git(t, w.clone, "add", "local")
			fakeforge.Git(t, w.clone, "commit", "--quiet", "--message", "local")
		},
		"behind its remote": func(t *testing.T, w *prWorld) {
			w.Commit(t, "acme/app", "main", "new", map[string]string{"new": "text\n"})
		},
		"shallow, and behind its remote": func(t *testing.T, w *prWorld) {
			w.reclone(t, "--depth", "1", "file://"+w.Bare("acme/app"))
			w.Commit(t, "acme/app", "main", "new", map[string]string{"new": "text\n"})
		},
		"partial": func(t *testing.T, w *prWorld) {
			fakeforge.Git(t, w.Bare("acme/app"), "config", "uploadpack.allowFilter", "true")
			w.reclone(t, "--filter=blob:none", "--no-checkout", "file://"+w.Bare("acme/app"))
		},
		"bare": func(t *testing.T, w *prWorld) { w.reclone(t, "--bare", w.Bare("acme/app")) },
		"a worktree of a clone": func(t *testing.T, w *prWorld) {
			fakeforge.Git(t, w.clone, "worktree", "add", "--quiet", "-b", "side", "../side")
			w.clone = filepath.Join(w.dir, "side")
		},
		"a directory inside of the clone": func(t *testing.T, w *prWorld) { w.clone = filepath.Join(w.clone, ".circleci") },
		"packed refs":                     func(t *testing.T, w *prWorld) { fakeforge.Git(t, w.clone, "pack-refs", "--all") },
		"run by a hook of git": func(_ *testing.T, w *prWorld) {
			w.vars["GIT_DIR"], w.vars["GIT_INDEX_FILE"] = filepath.Join(w.clone, ".git"), filepath.Join(w.clone, ".git/index")
		},
		"a password in the remote's URL": func(t *testing.T, w *prWorld) {
			fakeforge.Git(t, w.clone, "remote", "set-url", "origin", strings.Replace(w.URL, "//", "//bot:old-token@", 1)+"/acme/app.git")
		},
		"a short name for the server in the user's configuration": func(t *testing.T, w *prWorld) {
			config := filepath.Join(w.dir, "gitconfig")
			writeTestFile(t, config, fmt.Sprintf("[url %q]\n\tinsteadOf = forge:\n", w.URL+"/"))
			w.vars["GIT_CONFIG_GLOBAL"] = config
			fakeforge.Git(t, w.clone, "remote", "set-url", "origin", "forge:acme/app")
		},
		"another name of the remote": func(t *testing.T, w *prWorld) {
			fakeforge.Git(t, w.clone, "remote", "rename", "origin", "upstream")
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			change(t, w)
			var args []string
			if strings.Contains(name, "another name") {
				args = []string{"--remote", "upstream"}
			}
			before := w.cloneState(t)
			got := w.run(t, args...)
			checkText(t, "stdout", got.out, "acme/app: opened "+w.URL+"/acme/app/pull/1\n")
			if got.code != exitOK || got.errOut != "" {
				t.Errorf("exit code %d\n%s", got.code, got.errOut)
			}
			checkText(t, "clone", w.cloneState(t), before)
			main := fakeforge.Git(t, w.Bare("acme/app"), "rev-parse", "main")
			checkText(t, "parent", fakeforge.Git(t, w.Bare("acme/app"), "rev-parse", "cfgfix/fixes^"), main)
			if got := w.run(t, args...); !strings.Contains(got.out, ": unchanged ") {
				t.Errorf("again: %s%s", got.out, got.errOut)
			}
		})
	}
}

// reclone makes the clone anew.
func (w *prWorld) reclone(t *testing.T, args ...string) {
	t.Helper()
	if err := os.RemoveAll(w.clone); err != nil {
		t.Fatal(err)
	}
	fakeforge.Git(t, w.dir, append(append([]string{"clone", "--quiet"}, args...), w.clone)...)
	fakeforge.Git(t, w.clone, "remote", "set-url", "origin", w.URL+"/acme/app.git")
}

// TestPRTwice has a directory with two clones of a repo and a worktree of one: they do not meet on the server.
func TestPRTwice(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	w.Clone(t, "acme/app", filepath.Join(w.dir, "second"))
	fakeforge.Git(t, w.clone, "worktree", "add", "--quiet", "-b", "side", "../side")
	w.clone = w.dir
	got := w.run(t)
	if got.code != exitOK || got.errOut != "3 repos: 1 opened, 2 skipped\n" || len(w.Of("acme/app")) != 1 {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
}

func TestPRSettings(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	settings := filepath.Join(w.clone, ".cfgfix.yml")
	const role = "arn:aws:iam::123456789012:role/ci"
	writeTestFile(t, settings, "version: 1\naws.role_arn: "+role+"\n")
	if got := w.run(t, "-n"); got.code != exitLeft || !strings.Contains(got.errOut, ".cfgfix.yml is not on main") {
		t.Errorf("not pushed: exit code %d\n%s", got.code, got.errOut)
	}
	if got := w.run(t, "--config", ".cfgfix.yml"); got.code != exitOK || got.errOut != "" {
		t.Errorf("given: exit code %d\n%s", got.code, got.errOut)
	}
	if text := w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml"); !strings.Contains(text, role) {
		t.Errorf("the settings were not used:\n%s", text)
	}
	w.Commit(t, "acme/app", "main", "settings", map[string]string{".cfgfix.yml": "version: 1\nrepos:\n  acme/app:\n    aws.role_arn: " + role + "2\n"})
	if got := w.run(t); got.code != exitOK || !strings.Contains(got.out, ": updated ") {
		t.Errorf("pushed: exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
	if text := w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml"); !strings.Contains(text, role+"2") {
		t.Errorf("the repo's own settings were not used:\n%s", text)
	}
}

// TestClonesInAStream finds the first of many clones before it looks at the others.
func TestClonesInAStream(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 300 {
		git := fmt.Sprintf("org%d/r%03d/.git/", i%3, i)
		files[git+"HEAD"], files[git+"objects/x"], files[git+"modules/m/HEAD"] = "x", "x", "x"
	}
	files["org0/notes/a"], files["org1/node_modules/p/.git/HEAD"] = "x", "x"
	dir := newTree(t, files)
	n := 0
	for f := range clonesBelow(t.Context(), dir, []string{"org0", "."}) {
		if f.err != nil {
			t.Fatal(f.err)
		}
		if n++; n == 1 {
			if err := os.RemoveAll(filepath.Join(dir, "org1")); err != nil { // what is not looked at yet can go
				t.Fatal(err)
			}
		}
	}
	if n != 300 {
		t.Errorf("%d clones, want those of org0 twice and those of org2", n)
	}
}

func TestPRNothingToFix(t *testing.T) {
	t.Parallel()
	long(t)
	tests := map[string]map[string]string{
		"no configs":        {"README.md": "text\n"},
		"a config in order": {".circleci/config.yml": "version: 2.1\njobs: {}\n"},
		"no config":         {".circleci/notes.yml": "a: b\n"},
		"no branch":         {"README.md": "text\n"},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, files)
			if name == "no branch" {
				fakeforge.Git(t, w.Bare("acme/app"), "update-ref", "-d", "refs/heads/main")
			}
			w.Log()
			got := w.run(t)
			checkText(t, "stdout", got.out, "acme/app: nothing to fix\n")
			if changes := w.Changes(); got.code != exitOK || len(changes) > 0 {
				t.Errorf("exit code %d, %q\n%s", got.code, changes, got.errOut)
			}
		})
	}
}

// manyConfig is found by two rules.
const manyConfig = keysConfig + `  image:
    docker:
      - image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/ci:3
        aws_auth:
          aws_access_key_id: $AWS_ACCESS_KEY_ID
          aws_secret_access_key: $AWS_SECRET_ACCESS_KEY
    steps:
      - run: make
`

func TestPRSplit(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": manyConfig})
	args := []string{"--split", "--set", "ecr.role_arn=arn:aws:iam::123456789012:role/ecr"}
	if got := w.run(t, args...); got.code != exitOK {
		t.Fatalf("exit code %d\n%s", got.code, got.errOut)
	}
	bare := w.Bare("acme/app")
	subjects := fakeforge.Git(t, bare, "log", "--reverse", "--format=%s", "main..cfgfix/fixes")
	checkText(t, "commits", subjects,
		"CircleCI: fix aws-static-keys: long-lived AWS keys in a job\nCircleCI: fix ecr-image-auth: image in ECR pulled with long-lived keys")
	for i, rule := range []string{"aws-static-keys", "ecr-image-auth"} {
		text := w.branchFile(t, "cfgfix/fixes~"+fmt.Sprint(1-i), ".circleci/config.yml")
		engine := fixes.Engine{Rules: fixes.All()}
		facts := &fixes.Facts{}
		if err := facts.Set("ecr.role_arn", "arn:aws:iam::123456789012:role/ecr"); err != nil {
			t.Fatal(err)
		}
		result := engine.Run([]byte(text), facts)
		if result.Err != nil || result.Status == fixes.Skipped {
			t.Errorf("commit %d is no valid config: %v", i+1, result.Err)
		}
		for _, r := range result.Results {
			if r.Rule.ID == rule {
				t.Errorf("commit %d leaves %s", i+1, r.Message)
			}
		}
	}
	if got := w.run(t, args...); !strings.Contains(got.out, ": unchanged ") {
		t.Errorf("again: %s%s", got.out, got.errOut)
	}
	if got := w.run(t, args[1:]...); !strings.Contains(got.out, ": updated ") {
		t.Errorf("in one commit: %s%s", got.out, got.errOut)
	}
	one := w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml")
	if got := w.run(t, args...); !strings.Contains(got.out, ": updated ") {
		t.Errorf("split again: %s%s", got.out, got.errOut)
	}
	checkText(t, "the same in one commit and in several", w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml"), one)
}

func TestPRDryRun(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	before := w.state(t)
	w.Log()
	got := w.run(t, "--dry-run", "--label", "security", "--draft")
	if changes := w.Changes(); got.code != exitLeft || got.errOut != "" || len(changes) > 0 {
		t.Errorf("exit code %d, %q\n%s", got.code, changes, got.errOut)
	}
	for _, want := range []string{
		"acme/app: would open a pull request\n", "from cfgfix/fixes to main\n", "title: CircleCI: fix long-lived AWS keys in a job\n",
		"label: security\n", "draft\n", "### Before you merge\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("nothing says %q:\n%s", want, got.out)
		}
	}
	if regexp.MustCompile(`AKIA\w|q9Wv3`).MatchString(got.out) {
		t.Errorf("a key is shown:\n%s", got.out)
	}
	checkText(t, "state", w.state(t), before)
	if got := w.run(t); got.code != exitOK {
		t.Fatal(got.errOut)
	}
	if got := w.run(t, "-n"); got.code != exitOK || !strings.Contains(got.out, ": unchanged ") {
		t.Errorf("afterwards: exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
}

func TestPRGitLab(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{"README.md": "text\n"})
	w.Add(t, "acme/tools/deploy", map[string]string{".circleci/config.yml": keysConfig})
	w.clone = filepath.Join(w.dir, "deploy")
	w.Clone(t, "acme/tools/deploy", w.clone)
	w.onGitLab()
	args := []string{"--label", "security", "--label", "ci", "--reviewer", "octocat", "--draft"}
	got := w.run(t, args...)
	checkText(t, "stdout", got.out, "acme/tools/deploy: opened "+w.URL+"/acme/tools/deploy/-/merge_requests/1\n")
	list := w.Of("acme/tools/deploy")
	if got.code != exitOK || len(list) != 1 || !list[0].Draft || strings.Join(list[0].Labels, " ") != "security ci" || len(list[0].Reviewers) != 1 {
		t.Fatalf("exit code %d, %+v\n%s", got.code, list, got.errOut)
	}
	steps := []struct {
		name string
		do   func()
		args []string
		want string
	}{
		{"again", func() {}, args, ": unchanged "},
		{"another title", func() {}, append(args, "--title", "No more keys"), ": updated "},
		{"closed", func() { w.Requests["acme/tools/deploy"][0].State = "closed" }, args, ": left alone: the pull request was closed"},
		{"opened anew", func() {}, append(args, "--reopen"), ": opened "},
		{"no such reviewer", func() { w.Requests["acme/tools/deploy"][1].Reviewers = nil }, []string{"--reviewer", "nobody"}, "there is no user nobody"},
	}
	for _, step := range steps {
		step.do()
		if got := w.run(t, step.args...); !strings.Contains(got.out+got.errOut, step.want) {
			t.Errorf("%s: %s%s", step.name, got.out, got.errOut)
		}
	}
	if title := w.Of("acme/tools/deploy")[0].Title; title != "No more keys" {
		t.Errorf("title %q", title)
	}
}

func TestPRTree(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes many repositories")
	}
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	for _, name := range []string{"clean", "broken", "more"} {
		text := map[string]string{"clean": "version: 2.1\njobs: {}\n", "broken": "a: [\n", "more": manyConfig}[name]
		w.Add(t, "acme/"+name, map[string]string{".circleci/config.yml": text})
		w.Clone(t, "acme/"+name, filepath.Join(w.dir, name))
	}
	w.clone = w.dir
	ledger := filepath.Join(w.dir, "ledger.jsonl")
	got := w.run(t, "--ledger", ledger)
	want := "acme/app: opened URL/app/pull/1\nacme/broken: not fixed\nacme/clean: nothing to fix\nacme/more: opened URL/more/pull/1\n"
	checkText(t, "stdout", strings.ReplaceAll(got.out, w.URL+"/acme", "URL"), want)
	if got.code != exitFile || !strings.Contains(got.errOut, "acme/broken: .circleci/config.yml:1:") ||
		!strings.HasSuffix(got.errOut, "\n4 repos: 2 opened, 1 with nothing to fix, 1 failed\n") {
		t.Errorf("exit code %d\n%s", got.code, got.errOut)
	}

	// The second run asks only for the tips of branches, but for the repo that has a fault.
	w.Log()
	got = w.run(t, "--ledger", ledger, "-j", "1")
	want = "acme/app: skipped: unchanged since the last run\nacme/broken: not fixed\n" +
		"acme/clean: skipped: unchanged since the last run\nacme/more: skipped: unchanged since the last run\n"
	checkText(t, "stdout of the second run", got.out, want)
	for _, line := range w.Log() {
		if strings.Contains(line, "/api/") {
			t.Errorf("the second run asks for %s", line)
		}
	}

	// A line that was cut off is forgotten, and what changed is looked at again.
	data, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, ledger, string(data[:len(data)-9]))
	w.Commit(t, "acme/clean", "main", "worse", map[string]string{".circleci/config.yml": keysConfig})
	got = w.run(t, "--ledger", ledger)
	if !strings.Contains(got.out, "acme/clean: opened ") || !strings.Contains(got.out, "acme/app: skipped") {
		t.Errorf("third run:\n%s%s", got.out, got.errOut)
	}
	if data, err := os.ReadFile(ledger); err != nil || strings.Contains(string(data), fakeforge.Token) {
		t.Errorf("ledger: %v\n%s", err, data)
	}
}

// TestPRMoved has a clone that knows its repo by an old name.
func TestPRMoved(t *testing.T) {
	t.Parallel()
	long(t)
	moved := func(t *testing.T) *prWorld {
		w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
		w.Moved = map[string]string{"old/name": "acme/app"}
		fakeforge.Git(t, w.clone, "remote", "set-url", "origin", w.URL+"/old/name.git")
		return w
	}
	t.Run("GitHub", func(t *testing.T) {
		t.Parallel()
		w := moved(t)
		for _, want := range []string{": opened ", ": unchanged "} {
			if got := w.run(t); got.code != exitOK || !strings.Contains(got.out, want+w.URL+"/acme/app/pull/1\n") {
				t.Errorf("exit code %d, want %s\n%s%s", got.code, want, got.out, got.errOut)
			}
		}
	})
	t.Run("GitLab", func(t *testing.T) {
		t.Parallel()
		w := moved(t)
		w.onGitLab()
		before := w.state(t)
		if got := w.run(t); got.code != exitFile || !strings.Contains(got.errOut, "405") || !strings.Contains(got.errOut, "set the remote's URL to its new place") {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
		}
		checkText(t, "state", w.state(t), before)
	})
}
