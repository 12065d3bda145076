package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v87/github"

	"cfgfix/cmd/internal/fakeforge"
)

// multiGitter is a version of the program that the example is for.
const multiGitter = "github.com/lindell/multi-gitter@v0.53.1"

// findMultiGitter is the program: the one on the PATH, else with INSTALL=1 one that go install gets. The test is skipped
// where it cannot be had.
func findMultiGitter(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("multi-gitter"); err == nil {
		return path
	}
	if os.Getenv("INSTALL") == "" {
		t.Skip("skipped: there is no multi-gitter on the PATH; INSTALL=1 gets " + multiGitter)
	}
	bin := t.TempDir()
	c := exec.Command("go", "install", multiGitter)
	c.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go install %s: %v\n%s", multiGitter, err, out)
	}
	return filepath.Join(bin, "multi-gitter")
}

// TestExampleMultiGitter runs the real multi-gitter over 50 repos: first, and again after somebody pushed to a branch.
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
		args = append(args, "--repo", "acme/"+filepath.Base(f.list[i]))
	}
	env := append(environment(f.Server), "PATH="+filepath.Dir(path)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	run := func() {
		if code, out := execIn(t, t.TempDir(), env, script, args...); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		f.checkOpened(t)
	}
	run()
	f.Commit(t, f.bad[0], "cfgfix/fixes", "mine", map[string]string{"mine": "text\n"})
	run()
	fakeforge.Git(t, f.Bare(f.bad[0]), "cat-file", "-e", "cfgfix/fixes:mine")
}

// checkOpened holds the pull requests to what the example asks for: one for each repo that needs a fix, with a label, from
// a branch that has the fix.
func (f *fleet) checkOpened(t *testing.T) {
	t.Helper()
	if got := f.opened(t); !slices.Equal(got, f.bad) {
		t.Fatalf("pull requests for %q, want %q", got, f.bad)
	}
	for _, repo := range f.bad {
		if r := f.Of(repo)[0]; r.Title != "CircleCI: fix insecure patterns" || !slices.Equal(r.Labels, []string{"security"}) {
			t.Errorf("%s: %+v", repo, r)
		}
		if text := fakeforge.Git(t, f.Bare(repo), "show", "cfgfix/fixes:.circleci/config.yml"); strings.Contains(text, "AKIA") {
			t.Errorf("%s: the branch has:\n%s", repo, text)
		}
	}
}

// TestExampleEngine does with 50 repos what engines such as multi-gitter document: it lists and clones them by the API,
// runs the example's program in each with the name in REPOSITORY, takes an exit code of 0 and changed files for a fix,
// and pushes and opens what is not there yet. All but the engine itself is what the example runs with.
func TestExampleEngine(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: 50 repos take long")
	}
	e := &engine{fleet: newFleet(t), program: exampleProgram(t)}
	var err error
	e.api, err = github.NewClient(github.WithAuthToken(fakeforge.Token), github.WithEnterpriseURLs(e.URL+"/api/v3/", e.URL))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		repos, _, err := e.api.Repositories.ListByOrg(t.Context(), "acme", &github.RepositoryListByOrgOptions{
			ListOptions: github.ListOptions{Page: 1, PerPage: 100},
		})
		if err != nil || len(repos) != 50 {
			t.Fatalf("%d repos: %v", len(repos), err)
		}
		for _, repo := range repos {
			e.handle(t, repo)
		}
		e.checkOpened(t)
	}
}

// exampleProgram is what the example has multi-gitter run.
func exampleProgram(t *testing.T) []string {
	t.Helper()
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
	return words
}

// engine makes a pull request of what a program changes in a repo.
type engine struct {
	*fleet
	api     *github.Client
	program []string
}

func (e *engine) handle(t *testing.T, repo *github.Repository) {
	t.Helper()
	const branch = "cfgfix/fixes"
	from, err := url.Parse(repo.GetCloneURL())
	if err != nil {
		t.Fatal(err)
	}
	from.User = url.UserPassword("oauth2", fakeforge.Token)
	tree := filepath.Join(t.TempDir(), "tree")
	fakeforge.Git(t, filepath.Dir(tree), "clone", "--quiet", "--depth", "1", from.String(), tree)
	code, out := execIn(t, tree, append(os.Environ(), "REPOSITORY="+repo.GetFullName()), e.program[0], e.program[1:]...)
	if code != 0 || out != "" {
		t.Errorf("%s: exit code %d\n%s", repo.GetFullName(), code, out)
	}
	status := fakeforge.Git(t, tree, "status", "--porcelain", "--untracked-files=all")
	if changed := status != ""; changed != slices.Contains(e.bad, repo.GetFullName()) || changed && status != " M .circleci/config.yml" {
		t.Errorf("%s: changed files: %q", repo.GetFullName(), status)
	}
	if status == "" || fakeforge.Git(t, tree, "ls-remote", "--heads", "origin", branch) != "" {
		return
	}
	fakeforge.Git(t, tree, "checkout", "--quiet", "-b", branch)
	fakeforge.Git(t, tree, "commit", "--quiet", "--all", "--message", "CircleCI: fix insecure patterns")
	fakeforge.Git(t, tree, "push", "--quiet", "origin", branch)
	if err := e.open(t.Context(), repo, branch); err != nil {
		t.Error(err)
	}
}

func (e *engine) open(ctx context.Context, repo *github.Repository, branch string) error {
	owner, name, head, title := repo.GetOwner().GetLogin(), repo.GetName(), repo.GetOwner().GetLogin()+":"+branch, "CircleCI: fix insecure patterns"
	list, _, err := e.api.PullRequests.List(ctx, owner, name, &github.PullRequestListOptions{Head: head})
	if err != nil || len(list) > 0 {
		return err
	}
	base := repo.GetDefaultBranch()
	pr, _, err := e.api.PullRequests.Create(ctx, owner, name, &github.NewPullRequest{Title: &title, Head: &head, Base: &base})
	if err == nil {
		_, _, err = e.api.Issues.AddLabelsToIssue(ctx, owner, name, pr.GetNumber(), []string{"security"})
	}
	return err
}
