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

// person is a checkout of the server's repo to commit from, as a person would.
func (w *prWorld) person(t *testing.T, args ...string) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	fakeforge.Git(t, w.dir, append(append([]string{"clone", "--quiet"}, args...), w.Bare("acme/app"), tree)...)
	return tree
}

// publish commits all that is in a checkout and pushes it.
func publish(t *testing.T, tree string) {
	t.Helper()
	fakeforge.Git(t, tree, "add", "--all")
	fakeforge.Git(t, tree, "commit", "--quiet", "--allow-empty", "--message", "odd")
	fakeforge.Git(t, tree, "push", "--quiet", "origin", "HEAD")
}

func (w *prWorld) userConfig(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(w.dir, "gitconfig")
	writeTestFile(t, path, text)
	w.vars["GIT_CONFIG_GLOBAL"] = path
}

// TestPROdd makes pull requests for repos that are unlike others.
func TestPROdd(t *testing.T) {
	t.Parallel()
	long(t)
	tests := map[string]struct {
		change func(t *testing.T, w *prWorld)
		args   []string
		fixed  []string // the files that the branch changes
	}{
		"names with spaces, quotes and line ends": {
			change: func(t *testing.T, w *prWorld) {
				tree := w.person(t)
				for _, name := range []string{"a b.yml", "a\"b.yml", "line\nend.yml", "-n.yml", "ü.yml", "tab\t.yml"} {
					writeTestFile(t, filepath.Join(tree, ".circleci", name), keysConfig)
				}
				publish(t, tree)
			},
			fixed: []string{".circleci/-n.yml", ".circleci/a b.yml", ".circleci/a\"b.yml", ".circleci/config.yml", ".circleci/line\nend.yml", ".circleci/tab\t.yml", ".circleci/ü.yml"},
		},
		"a submodule": {
			change: func(t *testing.T, w *prWorld) {
				w.Add(t, "acme/sub", map[string]string{".circleci/config.yml": keysConfig})
				tree := w.person(t)
				fakeforge.Git(t, tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", w.Bare("acme/sub"), "sub")
				publish(t, tree)
			},
			fixed: []string{".circleci/config.yml"},
		},
		"files in LFS": {
			change: func(t *testing.T, w *prWorld) {
				w.userConfig(t, "[filter \"lfs\"]\n\tclean = false\n\tsmudge = false\n\tprocess = false\n\trequired = true\n")
				w.Commit(t, "acme/app", "main", "lfs", map[string]string{
					".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n*.yml filter=lfs\n",
					"a.bin":          "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
				})
			},
			fixed: []string{".circleci/config.yml"},
		},
		"line ends that the user's git converts": {
			change: func(t *testing.T, w *prWorld) {
				w.userConfig(t, "[core]\n\tautocrlf = true\n\teol = crlf\n\tsafecrlf = true\n")
				w.Commit(t, "acme/app", "main", "crlf", map[string]string{".circleci/crlf.yml": strings.ReplaceAll(keysConfig, "\n", "\r\n")})
			},
			fixed: []string{".circleci/config.yml", ".circleci/crlf.yml"},
		},
		"a sparse checkout": {
			change: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "main", "docs", map[string]string{"docs/a": "text\n"})
				fakeforge.Git(t, w.clone, "pull", "--quiet", w.Bare("acme/app"), "main")
				fakeforge.Git(t, w.clone, "sparse-checkout", "set", "docs")
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a sparse index and worktree configuration": {
			change: func(t *testing.T, w *prWorld) {
				w.Commit(t, "acme/app", "main", "docs", map[string]string{"docs/a": "text\n"})
				fakeforge.Git(t, w.clone, "pull", "--quiet", w.Bare("acme/app"), "main")
				fakeforge.Git(t, w.clone, "config", "extensions.worktreeConfig", "true")
				fakeforge.Git(t, w.clone, "sparse-checkout", "set", "--cone", "--sparse-index", "docs")
			},
			fixed: []string{".circleci/config.yml"},
		},
		"another default branch": {
			change: func(t *testing.T, w *prWorld) {
				fakeforge.Git(t, w.Bare("acme/app"), "branch", "-m", "main", "trunk/der-zukunft")
				fakeforge.Git(t, w.Bare("acme/app"), "symbolic-ref", "HEAD", "refs/heads/trunk/der-zukunft")
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a default branch with an odd name": {
			change: func(t *testing.T, w *prWorld) {
				const name = "+$(touch${IFS}hacked);'ü`"
				fakeforge.Git(t, w.Bare("acme/app"), "update-ref", "refs/heads/"+name, "main")
				fakeforge.Git(t, w.Bare("acme/app"), "symbolic-ref", "HEAD", "refs/heads/"+name)
				fakeforge.Git(t, w.Bare("acme/app"), "update-ref", "-d", "refs/heads/main")
			},
			fixed: []string{".circleci/config.yml"},
		},
		"branches that end like others": {
			change: func(t *testing.T, w *prWorld) {
				for _, name := range []string{"refs/heads/main", "HEAD", "x/HEAD", "x/cfgfix/fixes"} {
					fakeforge.Git(t, w.Bare("acme/app"), "update-ref", "refs/heads/"+name, "main")
				}
			},
			fixed: []string{".circleci/config.yml"},
		},
		"ids of the longer kind": {
			change: func(t *testing.T, w *prWorld) {
				for _, dir := range []string{w.clone, w.Bare("acme/app")} {
					if err := os.RemoveAll(dir); err != nil {
						t.Fatal(err)
					}
				}
				fakeforge.Git(t, w.dir, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main", w.Bare("acme/app"))
				fakeforge.Git(t, w.Bare("acme/app"), "config", "http.receivepack", "true")
				tree := filepath.Join(t.TempDir(), "tree")
				fakeforge.Git(t, w.dir, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", tree)
				fakeforge.Git(t, tree, "remote", "add", "origin", w.Bare("acme/app"))
				writeTestFile(t, filepath.Join(tree, ".circleci", "config.yml"), keysConfig)
				publish(t, tree)
				w.Clone(t, "acme/app", w.clone)
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a clone of somebody else": {
			change: func(t *testing.T, w *prWorld) {
				if os.Getuid() != 0 {
					t.Skip("skipped: only root can give files away")
				}
				err := filepath.WalkDir(w.clone, func(path string, _ os.DirEntry, err error) error {
					if err != nil {
						return err
					}
					return os.Lchown(path, 12345, 12345)
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a clone whose path has a line end": {
			change: func(t *testing.T, w *prWorld) {
				dir := filepath.Join(w.dir, "\"a\nb\"")
				if err := os.Rename(w.clone, dir); err != nil {
					t.Fatal(err)
				}
				w.clone = dir
				fakeforge.Git(t, w.Bare("acme/app"), "config", "uploadpack.allowAnySHA1InWant", "true")
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a clone that borrows objects": {
			change: func(t *testing.T, w *prWorld) {
				w.reclone(t, "--reference", w.Bare("acme/app"), w.Bare("acme/app"))
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a user whose git colours all it says": {
			change: func(t *testing.T, w *prWorld) { w.userConfig(t, "[color]\n\tui = always\n") },
			fixed:  []string{".circleci/config.yml"},
		},
		"a user with templates, hooks and odd configuration": {
			change: func(t *testing.T, w *prWorld) {
				hook := filepath.Join(w.dir, "template", "hooks", "pre-push")
				writeTestFile(t, hook, "#!/bin/sh\nexit 1\n")
				makeRunnable(t, hook)
				w.userConfig(t, fmt.Sprintf("[init]\n\ttemplateDir = %s\n\tdefaultObjectFormat = sha1\n[core]\n\thooksPath = %s\n[safe]\n\tbareRepository = explicit\n"+
					"[submodule]\n\trecurse = true\n[i18n]\n\tcommitEncoding = ISO-8859-1\n[push]\n\tdefault = nothing\n\tgpgSign = if-asked\n[diff]\n\torderFile = %s\n\tmnemonicPrefix = true\n"+
					"[fetch]\n\tprune = true\n\tfsckObjects = true\n[core]\n\tsparseCheckout = true\n[index]\n\tsparse = true\n\tskipHash = true\n",
					filepath.Join(w.dir, "template"), filepath.Dir(hook), os.DevNull))
			},
			fixed: []string{".circleci/config.yml"},
		},
		"a user who signs commits": {
			change: func(t *testing.T, w *prWorld) {
				keygen, err := exec.LookPath("ssh-keygen")
				if err != nil {
					t.Skip("skipped: there is no ssh-keygen")
				}
				key := filepath.Join(w.dir, "key")
				if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				w.userConfig(t, fmt.Sprintf("[commit]\n\tgpgSign = yes\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = %s\n", key))
			},
			fixed: []string{".circleci/config.yml"},
		},
		"comments and quotes in the configuration": {
			change: func(t *testing.T, w *prWorld) {
				path := filepath.Join(w.clone, ".git", "config")
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				url := w.URL + "/acme/app.git"
				writeTestFile(t, path, strings.Replace(string(text), url, strings.Replace(url, "/acme", "\"/acme\"", 1)+" ; the one # we use", 1))
			},
			fixed: []string{".circleci/config.yml"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newPRWorld(t, map[string]string{".circleci/config.yml": keysConfig})
			tt.change(t, w)
			before := w.cloneState(t)
			got := w.run(t, tt.args...)
			if want := "acme/app: opened " + w.URL + "/acme/app/pull/1\n"; got.out != want || got.errOut != "" {
				t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.errOut)
			}
			checkText(t, "clone", w.cloneState(t), before)
			changed := fakeforge.Git(t, w.Bare("acme/app"), "diff", "--name-only", "-z", "cfgfix/fixes^", "cfgfix/fixes")
			checkText(t, "changed files", strings.TrimRight(changed, "\x00"), strings.Join(tt.fixed, "\x00"))
			for _, name := range tt.fixed {
				text := fakeforge.Git(t, w.Bare("acme/app"), "show", "cfgfix/fixes:"+name)
				crlf := strings.Contains(name, "crlf")
				if strings.Contains(text, "AKIA") || strings.Contains(text, "\r\n") != crlf || crlf && strings.Count(text, "\n") != strings.Count(text, "\r\n") {
					t.Errorf("%q:\n%q", name, text)
				}
			}
			raw := fakeforge.Git(t, w.Bare("acme/app"), "cat-file", "commit", "cfgfix/fixes")
			if signed := strings.Contains(raw, "gpgsig"); signed != strings.Contains(name, "signs") {
				t.Errorf("signed: %v\n%s", signed, raw)
			}
			if got := w.run(t, tt.args...); !strings.Contains(got.out, ": unchanged ") {
				t.Errorf("again: %s%s", got.out, got.errOut)
			}
		})
	}
}
