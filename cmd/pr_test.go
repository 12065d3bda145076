package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cfgfix/cmd/internal/fakeforge"
	"cfgfix/cmd/internal/forge"
	"cfgfix/fixes"
)

const keysConfig = `version: 2.1
jobs:
  deploy:
    docker:
      - image: cimg/aws:2025.01
    environment:
      AWS_ACCESS_KEY_ID: AKIA4ZT7QPLM2XVHRC5D
      AWS_SECRET_ACCESS_KEY: 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
    steps:
      - checkout
      - run: aws s3 sync ./public s3://acme-site # kept
`

// prWorld is a server, a clone of its repo acme/app, and what cfgfix pr is run with.
type prWorld struct {
	*fakeforge.Server
	dir   string // of the clones
	clone string
	vars  map[string]string
	lab   bool         // the server is used as GitLab
	slept atomic.Int64 // time.Duration
}

// onGitLab makes the server one of GitLab.
func (w *prWorld) onGitLab() {
	w.lab = true
	for _, name := range []string{"GITHUB_TOKEN", "GITHUB_SERVER_URL", "GITHUB_API_URL"} {
		delete(w.vars, name)
	}
	w.vars["GITLAB_TOKEN"], w.vars["CI_SERVER_URL"], w.vars["CI_API_V4_URL"] = fakeforge.Token, w.URL, w.URL+"/api/v4"
}

// pulls is the end of the path that lists and opens pull requests.
func (w *prWorld) pulls() string {
	if w.lab {
		return "/merge_requests"
	}
	return "/pulls"
}

func newPRWorld(t *testing.T, files map[string]string) *prWorld {
	t.Helper()
	s := fakeforge.New(t)
	s.Add(t, "acme/app", files)
	dir := realTempDir(t)
	w := &prWorld{Server: s, dir: dir, clone: filepath.Join(dir, "app"), vars: map[string]string{
		"GITHUB_TOKEN": fakeforge.Token, "GITHUB_SERVER_URL": s.URL, "GITHUB_API_URL": s.URL + "/api/v3",
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull, "HOME": dir, "PATH": os.Getenv("PATH"),
	}}
	s.Clone(t, "acme/app", w.clone)
	return w
}

// run runs cfgfix pr with the real engine in the clone.
func (w *prWorld) run(t *testing.T, args ...string) ran {
	t.Helper()
	return w.runContext(t.Context(), args...)
}

func (w *prWorld) runContext(ctx context.Context, args ...string) ran {
	var out, errOut bytes.Buffer
	var env []string
	for k, v := range w.vars {
		env = append(env, k+"="+v)
	}
	clock := forge.Clock{Now: time.Now, Sleep: func(ctx context.Context, d time.Duration) error {
		w.slept.Add(int64(d))
		return ctx.Err()
	}}
	code := run(ctx, append([]string{"pr"}, args...), &streams{
		in: strings.NewReader(""), out: &out, err: &errOut, dir: w.clone, env: env, clock: clock,
		environ: func(name string) string { return w.vars[name] },
	}, func(e fixes.Engine) runner { return &e })
	return ran{code, out.String(), errOut.String()}
}

// long skips a test that starts git many times.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: it takes long")
	}
}

func (w *prWorld) branchFile(t *testing.T, branch, name string) string {
	t.Helper()
	return fakeforge.Git(t, w.Bare("acme/app"), "show", branch+":"+name) + "\n"
}

func TestPROpens(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig, "README.md": "text\n"})
	writeTestFile(t, filepath.Join(w.clone, ".circleci/config.yml"), "dirty\n")
	got := w.run(t, "--label", "security", "--reviewer", "octocat", "--reviewer", "acme/platform", "--draft")
	if got.code != exitOK {
		t.Fatalf("exit code %d\n%s", got.code, got.errOut)
	}
	checkText(t, "stdout", got.out, "acme/app: opened "+w.URL+"/acme/app/pull/1\n")
	checkFile(t, filepath.Join(w.clone, ".circleci/config.yml"), "dirty\n")
	list := w.Of("acme/app")
	if len(list) != 1 || !list[0].Draft || strings.Join(list[0].Labels, " ") != "security" || strings.Join(list[0].Reviewers, " ") != "octocat platform" {
		t.Errorf("pull requests: %+v", list)
	}
	if text := w.branchFile(t, "cfgfix/fixes", ".circleci/config.yml"); strings.Contains(text, "AKIA") || !strings.Contains(text, "# kept\n") {
		t.Errorf("the branch has:\n%s", text)
	}
}

func TestPRAgain(t *testing.T) {
	t.Parallel()
	long(t)
	changed := strings.ReplaceAll(keysConfig, "acme-site", "acme-pages")
	tests := map[string]struct {
		meanwhile func(t *testing.T, w *prWorld)
		args      []string
		want      string // on stdout
		changes   int    // requests that may change something
	}{
		"nothing changed": {want: "unchanged URL/pull/1\n"},
		"the base moved elsewhere": {
			meanwhile: func(t *testing.T, w *prWorld) { w.Commit(t, "acme/app", "main", "other", map[string]string{"a": "b"}) },
			want:      "unchanged URL/pull/1\n",
		},
		"the config changed": {
			meanwhile: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "main", "other", map[string]string{".circleci/config.yml": changed})
			},
			want: "updated URL/pull/1\n", changes: 1,
		},
		"a second config came": {
			meanwhile: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "main", "other", map[string]string{".circleci/more.yml": keysConfig})
			},
			want: "updated URL/pull/1\n", changes: 2, // the push and the text
		},
		"a person pushed to the branch": {
			meanwhile: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "cfgfix/fixes", "mine", map[string]string{"a": "b"})
			},
			want: "left alone: somebody else pushed to the branch URL/pull/1\n",
		},
		"a person amended the commit": {
			meanwhile: func(t *testing.T, w *prWorld) { amend(t, w, "a") },
			want:      "left alone: somebody else pushed to the branch URL/pull/1\n",
		},
		"the branch went": {
			meanwhile: func(t *testing.T, w *prWorld) {
				fakeforge.Git(t, w.Bare("acme/app"), "branch", "-D", "cfgfix/fixes")
			},
			want: "updated URL/pull/1\n", changes: 1,
		},
		"closed": {
			meanwhile: func(_ *testing.T, w *prWorld) { w.set(func(r *fakeforge.Request) { r.State = "closed" }) },
			want:      "left alone: the pull request was closed; --reopen opens a new one URL/pull/1\n",
		},
		"closed, and to be opened anew": {
			meanwhile: func(_ *testing.T, w *prWorld) { w.set(func(r *fakeforge.Request) { r.State = "closed" }) },
			args:      []string{"--reopen"}, want: "opened URL/pull/2\n", changes: 1,
		},
		"merged": {
			meanwhile: func(t *testing.T, w *prWorld) {
				w.set(func(r *fakeforge.Request) { r.State, r.Merged = "closed", true })
				fakeforge.Git(t, w.Bare("acme/app"), "update-ref", "refs/heads/main", "cfgfix/fixes")
			},
			want: "nothing to fix\n",
		},
		"merged and reverted": {
			meanwhile: func(_ *testing.T, w *prWorld) {
				w.set(func(r *fakeforge.Request) { r.State, r.Merged = "closed", true })
			},
			want: "opened URL/pull/2\n", changes: 1,
		},
		"another title is asked for": {args: []string{"--title", "No more keys"}, want: "updated URL/pull/1\n", changes: 2},
		"another label is asked for": {args: []string{"--label", "new"}, want: "updated URL/pull/1\n", changes: 1},
		"a person changed the title": {
			meanwhile: func(_ *testing.T, w *prWorld) { w.set(func(r *fakeforge.Request) { r.Title = "ours" }) },
			want:      "unchanged URL/pull/1\n",
		},
		"a person changed the text, and the server its line ends": {
			meanwhile: func(_ *testing.T, w *prWorld) {
				w.set(func(r *fakeforge.Request) { r.Body = strings.ReplaceAll("Mine\n"+r.Body, "\n", "\r\n") })
			},
			want: "unchanged URL/pull/1\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			if got := w.run(t); got.code != exitOK {
				t.Fatalf("first run: exit code %d\n%s", got.code, got.errOut)
			}
			if tt.meanwhile != nil {
				tt.meanwhile(t, w)
			}
			before := w.refs(t)
			w.Log()
			got := w.run(t, tt.args...)
			if got.code != exitOK || got.errOut != "" {
				t.Fatalf("exit code %d\n%s", got.code, got.errOut)
			}
			checkText(t, "stdout", strings.ReplaceAll(got.out, w.URL+"/acme/app", "URL"), "acme/app: "+tt.want)
			if changes := w.Changes(); len(changes) != tt.changes {
				t.Errorf("%d requests changed something, want %d: %q", len(changes), tt.changes, changes)
			}
			if tt.changes == 0 {
				checkText(t, "refs", w.refs(t), before)
			}
			again := w.run(t, tt.args...)
			if tt.changes > 0 && !strings.Contains(again.out, ": unchanged ") && len(tt.args) == 0 {
				t.Errorf("a third run: %s%s", again.out, again.errOut)
			}
		})
	}
}

// set changes all pull requests as people would.
func (w *prWorld) set(change func(*fakeforge.Request)) {
	w.Lock()
	defer w.Unlock()
	for _, r := range w.Requests["acme/app"] {
		change(r)
	}
}

func (w *prWorld) refs(t *testing.T) string {
	t.Helper()
	return fakeforge.Git(t, w.Bare("acme/app"), "for-each-ref")
}

// amend changes the one commit of the branch, and keeps its message.
func amend(t *testing.T, w *prWorld, name string) {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	fakeforge.Git(t, w.dir, "clone", "--quiet", "--branch", "cfgfix/fixes", w.Bare("acme/app"), tree)
	writeTestFile(t, filepath.Join(tree, name), "text\n")
	fakeforge.Git(t, tree, "add", name)
	fakeforge.Git(t, tree, "commit", "--quiet", "--amend", "--no-edit")
	fakeforge.Git(t, tree, "push", "--quiet", "--force", "origin", "HEAD")
}
