package cmd

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cfgfix/cmd/internal/fakeforge"
)

// answerWith makes the server answer calls of a method whose path ends so with a status, the first n times. /pulls is what
// the server calls pull requests.
func answerWith(n int, method, suffix string, status int, header map[string]string) func(*prWorld) {
	return func(w *prWorld) {
		var met atomic.Int32
		suffix := strings.Replace(suffix, "/pulls", w.pulls(), 1)
		w.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method != method || !strings.HasSuffix(r.URL.Path, suffix) || int(met.Add(1)) > n {
				return false
			}
			for k, v := range header {
				rw.Header().Set(k, v)
			}
			rw.WriteHeader(status)
			fmt.Fprintf(rw, `{"message": "status %d"}`, status)
			return true
		}
	}
}

const always = 1000

// closedPort is the URL of a server that is gone.
func closedPort() string {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	return s.URL
}

// failure is a step of cfgfix pr that fails.
type failure struct {
	change func(t *testing.T, w *prWorld)
	args   []string
	want   []string // in what is said
	slept  bool
	stays  bool // healing the world does not help
}

// failures are the same for all forges; what they say is that of GitHub.
func failures() map[string]failure {
	remote := func(url string) func(t *testing.T, w *prWorld) {
		return func(t *testing.T, w *prWorld) { fakeforge.Git(t, w.clone, "remote", "set-url", "origin", url) }
	}
	server := func(f func(*prWorld)) func(*testing.T, *prWorld) { return func(_ *testing.T, w *prWorld) { f(w) } }
	api := func(url string) func(*testing.T, *prWorld) {
		return func(_ *testing.T, w *prWorld) {
			w.vars["GITHUB_API_URL"], w.vars["CI_API_V4_URL"] = url+"/api/v3", url+"/api/v4"
		}
	}
	const push, look = "/acme/app.git/git-receive-pack", "/acme/app.git/info/refs"
	return map[string]failure{
		"no network for git": {
			change: func(t *testing.T, w *prWorld) {
				gone := closedPort()
				w.vars["GITHUB_SERVER_URL"], w.vars["CI_SERVER_URL"] = gone, gone
				remote(gone+"/acme/app.git")(t, w)
			},
			want: []string{"cannot reach the remote origin", "check the network and the proxy"},
		},
		"no network for the API": {
			change: api(strings.Replace(closedPort(), "127.0.0.1", "localhost", 1)),
			want:   []string{"cannot look for a pull request", "check the network and the proxy"}, slept: true,
		},
		"a hook of the server rejects the push": {
			change: func(t *testing.T, w *prWorld) {
				hook := filepath.Join(w.Bare("acme/app"), "hooks", "pre-receive")
				writeTestFile(t, hook, "#!/bin/sh\necho no pushes on Fridays\nexit 1\n")
				makeRunnable(t, hook)
			},
			want: []string{"no pushes on Fridays", "the push was rejected: pre-receive hook declined", "the server's rules refuse the branch"},
		},
		"a branch stands in the way": {
			change: func(t *testing.T, w *prWorld) {
				fakeforge.Git(t, w.Bare("acme/app"), "branch", "cfgfix", "main")
			},
			want: []string{"cannot push to", "stands in the way of cfgfix/fixes: name another one with --branch"},
		},
		"403 for git": {
			change: server(answerWith(always, http.MethodGet, look, 403, nil)),
			want:   []string{"cannot reach the remote", "403", "the token may not"},
		},
		"404 for git, and a password in the remote's URL": {
			change: func(t *testing.T, w *prWorld) {
				remote(strings.Replace(w.URL, "//", "//bot:old-password@", 1)+"/acme/app.git?private_token=old-password")(t, w)
				answerWith(always, http.MethodGet, look, 404, nil)(w)
			},
			want: []string{"cannot reach the remote", "not found"},
		},
		"404 for git": {
			change: server(answerWith(always, http.MethodGet, look, 404, nil)),
			want:   []string{"cannot reach the remote", "not found", "check the remote's URL"},
		},
		"500 for git": {
			change: server(answerWith(always, http.MethodGet, look, 500, nil)),
			want:   []string{"cannot reach the remote", "500", "run cfgfix pr again"}, slept: true,
		},
		"403 for the push": {
			change: server(answerWith(always, http.MethodPost, push, 403, nil)),
			want:   []string{"cannot push to", "ask for write access"},
		},
		"503 for the push": {
			change: server(answerWith(always, http.MethodPost, push, 503, nil)),
			want:   []string{"cannot push to", "503"}, slept: true,
		},
		"a token that is not valid": {
			change: func(_ *testing.T, w *prWorld) {
				w.vars["GITHUB_TOKEN"], w.vars["GITLAB_TOKEN"] = "outdated", "outdated"
			},
			want: []string{"cannot reach the remote", "set GITHUB_TOKEN or GH_TOKEN"},
		},
		"no token": {
			change: func(_ *testing.T, w *prWorld) { w.vars["GITHUB_TOKEN"], w.vars["GITLAB_TOKEN"] = "", "" },
			want:   []string{"no token in the environment: set GITHUB_TOKEN or GH_TOKEN"},
		},
		"500 for the look at pull requests": {
			change: server(answerWith(always, http.MethodGet, "/pulls", 500, nil)),
			want:   []string{"cannot look for a pull request: 500", "run cfgfix pr again later"}, slept: true,
		},
		"403 for the pull request": {
			change: server(answerWith(always, http.MethodPost, "/pulls", 403, nil)),
			want:   []string{"cannot open a pull request: 403", "give it write access"},
		},
		"422 for the pull request": {
			change: server(answerWith(always, http.MethodPost, "/pulls", 422, nil)),
			want:   []string{"cannot open a pull request: 422 status 422", "mend what the server says"},
		},
		"500 for the pull request": {
			change: server(answerWith(always, http.MethodPost, "/pulls", 500, nil)),
			want:   []string{"cannot open a pull request: 500", "run cfgfix pr again later"}, slept: true,
		},
		"a rate limit that ends in an hour": {
			change: server(answerWith(always, http.MethodGet, "/pulls", 403, map[string]string{
				"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(time.Now().Add(time.Hour).Unix()),
			})),
			want: []string{"rate limit is used up until", "--wait"},
		},
		"a rate limit after the push": {
			change: server(answerWith(always, http.MethodPost, "/pulls", 429, map[string]string{"Retry-After": "3600"})),
			want:   []string{"rate limit is used up until"},
		},
		"an answer from elsewhere": {
			change: server(answerWith(always, http.MethodGet, "/pulls", 302, map[string]string{"Location": "http://elsewhere.example/pulls"})),
			want:   []string{"the server sent us on to elsewhere.example"},
		},
		"a server that repeats the token": {
			change: func(_ *testing.T, w *prWorld) {
				w.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
					if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, w.pulls()) {
						rw.WriteHeader(422)
						fmt.Fprintf(rw, `{"message": "no: %s"}`, r.Header.Get("Authorization"))
						return true
					}
					return false
				}
			},
			want: []string{"422 no: Bearer ***"},
		},
		"no remote": {
			change: func(t *testing.T, w *prWorld) { fakeforge.Git(t, w.clone, "remote", "remove", "origin") },
			want:   []string{"has no remote origin", "git remote add"},
		},
		"a remote that is a directory": {change: remote("../elsewhere"), want: []string{"the remote is a directory"}},
		"a remote that runs a command": {change: remote("ext::sh -c id"), want: []string{"the remote"}},
		"a remote that leads a call of the API elsewhere": {
			change: func(t *testing.T, w *prWorld) { remote(w.URL+"/acme/other/issues%3F/../../../acme/app.git")(t, w) },
			want:   []string{"is no name of an owner or a repo"},
		},
		"a remote on an unknown server": {
			change: remote("https://git.evil.example/acme/app.git"),
			want:   []string{"git.evil.example is not a server that cfgfix knows", "--api-url"},
		},
		"an API of another server": {
			change: remote("https://git.evil.example/acme/app.git"), args: []string{"--api-url", "https://github.acme.example/api/v3"},
			want: []string{"git.evil.example is not a server that cfgfix knows"}, stays: true,
		},
		"no default branch on the server": {
			change: func(t *testing.T, w *prWorld) {
				fakeforge.Git(t, w.Bare("acme/app"), "symbolic-ref", "HEAD", "refs/heads/none")
			},
			want: []string{"the remote does not say which branch is its default: name it with --base"},
		},
		"a commit for a default branch": {
			change: func(t *testing.T, w *prWorld) {
				id := fakeforge.Git(t, w.Bare("acme/app"), "rev-parse", "main")
				writeTestFile(t, filepath.Join(w.Bare("acme/app"), "HEAD"), id+"\n")
			},
			want: []string{"the remote does not say which branch is its default: name it with --base"},
		},
		"no such base": {args: []string{"--base", "trunk"}, want: []string{"the remote has no branch trunk"}, stays: true},
		"settings that do not hold": {
			change: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "main", "settings", map[string]string{".cfgfix.yml": "version: 1\nwrong: 1\n"})
			},
			want: []string{".cfgfix.yml:2:1", "correct the settings on main"}, stays: true,
		},
		"a signature that cannot be made": {
			change: func(t *testing.T, w *prWorld) {
				w.userConfig(t, "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n")
			},
			want: []string{"cannot make a commit", "gpg failed to sign", "commit.gpgSign"},
		},
		"no repo": {
			change: func(t *testing.T, w *prWorld) {
				if err := os.RemoveAll(filepath.Join(w.clone, ".git")); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"is in no git repo"}, stays: true,
		},
	}
}

// TestPRFails runs cfgfix pr where each step can fail. The clone and the server are as they were, what to do is said, and
// once that is done a second run succeeds.
func TestPRFails(t *testing.T) {
	t.Parallel()
	long(t)
	for forge, words := range map[string]*strings.Replacer{
		"GitHub": strings.NewReplacer(), "GitLab": strings.NewReplacer("pull request", "merge request", "GITHUB_TOKEN or GH_TOKEN", "GITLAB_TOKEN"),
	} {
		for name, tt := range failures() {
			t.Run(forge+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
				if forge == "GitLab" {
					w.onGitLab()
				}
				tt.check(t, w, words)
			})
		}
	}
}

func (f *failure) check(t *testing.T, w *prWorld, words *strings.Replacer) {
	t.Helper()
	vars := maps.Clone(w.vars)
	writeTestFile(t, filepath.Join(w.clone, "untracked"), "text\n")
	if f.change != nil {
		f.change(t, w)
	}
	before := w.state(t)
	ledger := filepath.Join(t.TempDir(), "ledger")
	args := append([]string{"--ledger", ledger}, f.args...)
	got := w.run(t, args...)
	if got.code != exitFile || got.out != "" {
		t.Errorf("exit code %d, want %d; stdout:\n%s", got.code, exitFile, got.out)
	}
	for _, want := range f.want {
		if !strings.Contains(got.errOut, words.Replace(want)) {
			t.Errorf("nothing says %q:\n%s", words.Replace(want), got.errOut)
		}
	}
	if n := strings.Count(got.errOut, "\n"); n != 1 {
		t.Errorf("%d lines, want 1:\n%s", n, got.errOut)
	}
	written, err := os.ReadFile(ledger)
	if err != nil {
		t.Error(err)
	}
	for _, secret := range []string{fakeforge.Token, "old-password"} {
		if strings.Contains(got.errOut+string(written), secret) {
			t.Errorf("a secret is shown or written:\n%s%s", got.errOut, written)
		}
	}
	if slept := w.slept.Load() > 0; slept != f.slept {
		t.Errorf("tried again: %v, want %v", slept, f.slept)
	}
	checkText(t, "state", w.state(t), before)
	if list := w.Of("acme/app"); len(list) > 0 {
		t.Errorf("pull requests: %+v", list)
	}
	if f.stays {
		return
	}
	w.vars = vars
	w.heal(t)
	if got := w.run(t, args...); got.code != exitOK || !strings.Contains(got.out, ": opened ") {
		t.Errorf("healed: exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
}

// heal takes back what failures change, but for the environment.
func (w *prWorld) heal(t *testing.T) {
	t.Helper()
	w.Intercept = nil
	_ = exec.Command("git", "-C", w.clone, "remote", "remove", "origin").Run()
	fakeforge.Git(t, w.clone, "remote", "add", "origin", w.URL+"/acme/app.git")
	writeTestFile(t, filepath.Join(w.Bare("acme/app"), "HEAD"), "ref: refs/heads/main\n")
	_ = exec.Command("git", "-C", w.Bare("acme/app"), "branch", "-D", "cfgfix").Run()
	if err := os.RemoveAll(filepath.Join(w.Bare("acme/app"), "hooks")); err != nil {
		t.Fatal(err)
	}
}

// TestPRRaces has people who push while cfgfix pr runs: what they push stays, and the next run takes it in.
func TestPRRaces(t *testing.T) {
	t.Parallel()
	long(t)
	tests := map[string]struct {
		behind bool   // the clone, so that there is something to fetch
		at     string // the request before which it happens: its method and the end of its path
		nth    int32
		ref    string // that is moved to a commit of somebody else
		want   string
		then   string // of the next run
	}{
		"the base, before it is fetched":  {true, "POST /git-upload-pack", 2, "refs/heads/main", "branch main changed on the remote meanwhile", ": opened "},
		"the base, before the push":       {false, "GET /pulls", 1, "refs/heads/main", "", ": updated "},
		"the branch, before the push":     {false, "GET /pulls", 1, "refs/heads/cfgfix/fixes", "somebody pushed at the same time", ": left alone: somebody else pushed"},
		"the branch, before the request":  {false, "POST /pulls", 1, "refs/heads/cfgfix/fixes", "", ": left alone: somebody else pushed"},
		"the branch, before it was fixed": {true, "POST /git-upload-pack", 2, "refs/heads/cfgfix/fixes", "somebody pushed at the same time", ": left alone: somebody else pushed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			if tt.behind {
				w.Commit(t, "acme/app", "main", "new", map[string]string{"new": "text\n"})
			}
			w.Commit(t, "acme/app", "side", "side", map[string]string{".circleci/config.yml": keysConfig + "# theirs\n"})
			theirs := fakeforge.Git(t, w.Bare("acme/app"), "commit-tree", "-m", "theirs", "side^{tree}") // with another history
			method, path, _ := strings.Cut(tt.at, " ")
			var met atomic.Int32
			w.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == method && strings.HasSuffix(r.URL.Path, path) && met.Add(1) == tt.nth {
					fakeforge.Git(t, w.Bare("acme/app"), "update-ref", tt.ref, theirs)
				}
				return false
			}
			got := w.run(t)
			if (got.code == exitFile) != (tt.want != "") || !strings.Contains(got.errOut, tt.want) {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
			}
			checkText(t, "their commit", fakeforge.Git(t, w.Bare("acme/app"), "rev-parse", tt.ref), theirs)
			if got := w.run(t); got.code != exitOK || !strings.Contains(got.out, tt.then) {
				t.Errorf("again: exit code %d, want %s\n%s%s", got.code, tt.then, got.out, got.errOut)
			}
			checkText(t, "their commit, again", fakeforge.Git(t, w.Bare("acme/app"), "rev-parse", tt.ref), theirs)
		})
	}
}

// TestPRSideBySide has a second run do all of the work while the first one is at it: the branch and the pull request are
// taken, as they are when git goes on with the push of a run that was killed.
func TestPRSideBySide(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	second := &prWorld{Server: w.Server, dir: w.dir, clone: w.clone, vars: maps.Clone(w.vars)}
	second.vars["GIT_COMMITTER_DATE"] = "2026-01-01T00:00:00Z" // its commits have other names
	var met atomic.Int32
	w.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("service") == "git-receive-pack" && met.Add(1) == 1 {
			if got := second.run(t); got.code != exitOK || !strings.Contains(got.out, ": opened ") {
				t.Errorf("the second run: exit code %d\n%s%s", got.code, got.out, got.errOut)
			}
		}
		return false
	}
	if got := w.run(t); got.code != exitOK || !strings.Contains(got.out, ": opened ") {
		t.Errorf("the first run: exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
	if list := w.Of("acme/app"); len(list) != 1 {
		t.Errorf("pull requests: %+v", list)
	}
}

// TestPRStays cannot take back a push that no pull request came of: it says so, and the next run goes on from there.
func TestPRStays(t *testing.T) {
	t.Parallel()
	w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	var pushes atomic.Int32
	w.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method != http.MethodPost:
			return false
		case strings.HasSuffix(r.URL.Path, "/pulls"):
			rw.WriteHeader(422)
			return true
		case strings.HasSuffix(r.URL.Path, "/git-receive-pack") && pushes.Add(1) > 1:
			rw.WriteHeader(403)
			return true
		}
		return false
	}
	if got := w.run(t); got.code != exitFile || !strings.Contains(got.errOut, "the branch cfgfix/fixes stays on the remote: run cfgfix pr again to open its pull request") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
	w.Intercept = nil
	if got := w.run(t); got.code != exitOK || !strings.Contains(got.out, ": opened ") {
		t.Errorf("again: exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
}

// state is all that a failure must leave as it was: the server's refs, and every file of the clone.
func (w *prWorld) state(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(w.refs(t) + "\n")
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %d %d\n", relativeTo(w.dir, path), info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPRRecovers runs cfgfix pr where a step fails for the moment.
func TestPRRecovers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*prWorld)
		note   string // on stderr
	}{
		"502 twice": {change: answerWith(2, http.MethodPost, "/pulls", 502, nil)},
		"503 for git": {
			change: answerWith(1, http.MethodPost, "/git-receive-pack", 503, nil),
		},
		"a short rate limit": {
			change: answerWith(1, http.MethodGet, "/pulls", 429, map[string]string{"Retry-After": "20"}),
			note:   "waiting until",
		},
		"a lost answer": {
			change: func(w *prWorld) {
				var met atomic.Bool
				w.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/pulls") || met.Swap(true) {
						return false
					}
					w.ServeHTTP(httptest.NewRecorder(), r)
					panic(http.ErrAbortHandler)
				}
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			tt.change(w)
			got := w.run(t)
			checkText(t, "stdout", got.out, "acme/app: opened "+w.URL+"/acme/app/pull/1\n")
			if got.code != exitOK || !strings.Contains(got.errOut, tt.note) || tt.note == "" && got.errOut != "" {
				t.Errorf("exit code %d\n%s", got.code, got.errOut)
			}
			if len(w.Of("acme/app")) != 1 {
				t.Errorf("pull requests: %+v", w.Of("acme/app"))
			}
		})
	}
}

// TestPRPartly has a pull request whose label or reviewer is refused: it stays, and a later run makes up for it.
func TestPRPartly(t *testing.T) {
	t.Parallel()
	long(t)
	for suffix, want := range map[string]string{"/labels": "cannot label the pull request", "/requested_reviewers": "cannot request reviews"} {
		t.Run(suffix, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			answerWith(1, http.MethodPost, suffix, 422, nil)(w)
			got := w.run(t, "--label", "security", "--reviewer", "octocat")
			if got.code != exitFile || !strings.Contains(got.errOut, want) || !strings.Contains(got.out, ": opened ") {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
			}
			if got := w.run(t, "--label", "security", "--reviewer", "octocat"); got.code != exitOK {
				t.Errorf("again: exit code %d\n%s", got.code, got.errOut)
			}
			if r := w.Of("acme/app")[0]; len(r.Labels) != 1 || len(r.Reviewers) != 1 {
				t.Errorf("pull request: %+v", r)
			}
		})
	}
}

// TestPRInterrupted ends the run at each request that it makes. The clone is as it was, and the next run does the rest.
func TestPRInterrupted(t *testing.T) {
	t.Parallel()
	long(t)
	whole := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
	whole.Log()
	if got := whole.run(t, "--label", "security"); got.code != exitOK {
		t.Fatal(got.errOut)
	}
	steps := len(whole.Log())
	if steps < 5 {
		t.Fatalf("%d requests", steps)
	}
	for step := range steps {
		t.Run(fmt.Sprint(step+1), func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var met atomic.Int32
			w.Intercept = func(http.ResponseWriter, *http.Request) bool {
				if int(met.Add(1)) == step+1 {
					cancel()
				}
				return false
			}
			clone := w.cloneState(t)
			if got := w.runContext(ctx, "--label", "security"); got.code != exitInterrupted {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, exitInterrupted, got.out, got.errOut)
			}
			checkText(t, "clone", w.cloneState(t), clone)
			if got := w.run(t, "--label", "security"); got.code != exitOK {
				t.Errorf("again: exit code %d\n%s", got.code, got.errOut)
			}
			list := w.Of("acme/app")
			if len(list) != 1 || list[0].State != "open" || len(list[0].Labels) != 1 {
				t.Errorf("pull requests: %+v", list)
			}
		})
	}
}

func (w *prWorld) cloneState(t *testing.T) string {
	t.Helper()
	_, files, _ := strings.Cut(w.state(t), "app/")
	return files
}

// TestPRThisMachine fails for what is missing on this machine: the message says what.
func TestPRThisMachine(t *testing.T) { // not parallel: it sets the PATH and TMPDIR
	if runtime.GOOS == "windows" {
		t.Skip("skipped: it needs programs that are scripts")
	}
	real := gitPath(t)
	old := filepath.Join(realTempDir(t), "git") // one that knows no configuration in the environment
	writeTestFile(t, old, "#!/bin/sh\nunset GIT_CONFIG_COUNT\nexec "+real+" \"$@\"\n")
	makeRunnable(t, old)
	empty := realTempDir(t)
	tests := map[string]struct{ name, value, want string }{
		"no git":           {"PATH", empty, "git is not installed, or not on the PATH"},
		"an old git":       {"PATH", filepath.Dir(old), "git is older than 2.31: update it"},
		"no space to work": {"TMPDIR", filepath.Join(empty, "none"), "cannot work in the directory for temporary files"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			before := w.state(t)
			t.Setenv(tt.name, tt.value)
			got := w.run(t)
			t.Setenv(tt.name, w.vars[tt.name])
			if got.code != exitFile || got.out != "" || !strings.Contains(got.errOut, tt.want) {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
			}
			t.Setenv("PATH", w.vars["PATH"])
			checkText(t, "state", w.state(t), before)
		})
	}
}
