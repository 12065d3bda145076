package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"cfgfix/cmd/internal/forge"
	"cfgfix/cmd/internal/git"
)

// prOptions are the flags and arguments of cfgfix pr.
type prOptions struct {
	io     *streams
	engine engineFunc
	clock  forge.Clock
	args   []string
	fix    fixOptions // what the fixer is told; its world is the worktree of each repo

	remote    string
	base      string
	branch    string
	title     string
	labels    []string
	reviewers []string
	draft     bool
	split     bool
	dryRun    bool
	reopen    bool
	given     forge.Given
	wait      time.Duration
	jobs      int
	ledger    string
}

func newPR(io *streams, engine engineFunc) *cobra.Command {
	o := &prOptions{io: io, engine: engine, clock: io.clock}
	if o.clock.Now == nil {
		o.clock = forge.SystemClock()
	}
	c := &cobra.Command{
		Use:   "pr [PATH...]",
		Short: "Open or update a pull request with the fixes",
		Long: `pr fixes the configs of a repo on a branch of its own and opens a pull request, on GitHub or GitLab. PATH is a clone
of the repo, or a directory of clones. The fix starts from the remote's default branch, in a temporary worktree: the
clone, with whatever is checked out or changed in it, stays as it is.

Run it again to bring the branch and the pull request up to date. It does nothing when nothing changed, when somebody
else pushed to the branch, and when the pull request was closed.

The token comes from the environment: GITHUB_TOKEN or GH_TOKEN, or GITLAB_TOKEN. Servers of your own are known from
GH_HOST or GITLAB_HOST, or named with --api-url.

Exit codes: 0 all repos were handled, 1 something would be done (--dry-run), 2 wrong usage or settings, 3 some repo
could not be handled and is as it was, 130 interrupted.`,
		Example: `  cfgfix pr --dry-run                  # show the pull request for this repo
  cfgfix pr --split --draft            # one commit a rule, in a draft
  cfgfix pr --label security --reviewer octocat --reviewer acme/platform
  cfgfix pr --ledger done.jsonl ~/clones`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			o.args = args
			if err := o.check(); err != nil {
				return err
			}
			return o.run(c.Context())
		},
	}
	o.addFlags(c)
	c.SetFlagErrorFunc(flagError)
	return c
}

func (o *prOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "push and open nothing; print what would be done")
	f.BoolVar(&o.split, "split", false, "one commit a rule, each with configs that are valid by themselves")
	f.BoolVar(&o.draft, "draft", false, "open the pull request as a draft")
	f.StringVar(&o.title, "title", "", "`TITLE` of the pull request and of its commit; default: what is fixed")
	f.StringArrayVar(&o.labels, "label", nil, "`LABEL` of the pull request; repeatable")
	f.StringArrayVar(&o.reviewers, "reviewer", nil, "`USER`, or ORG/TEAM on GitHub, to ask for a review; repeatable")
	f.StringVar(&o.branch, "branch", "cfgfix/fixes", "`NAME` of the branch to push")
	f.StringVar(&o.base, "base", "", "`BRANCH` to start from and to merge into; default: that of the remote")
	f.StringVar(&o.remote, "remote", "origin", "`NAME` of the remote to push to")
	f.BoolVar(&o.reopen, "reopen", false, "open a new pull request where the last one was closed without a merge")
	f.StringVar(&o.given.Kind, "forge", "", "`NAME` of the kind of server: "+strings.Join(forge.Kinds(), ", "))
	f.StringVar(&o.given.API, "api-url", "", "base `URL` of the server's API, such as https://github.example.com/api/v3")
	f.DurationVar(&o.wait, "wait", time.Minute, "the longest `TIME` to wait for a rate limit to end, such as 70m")
	f.StringVar(&o.ledger, "ledger", "", "keep in `FILE` what was done for each repo, and skip those that did not change since")
	f.IntVarP(&o.jobs, "jobs", "j", 4, "`N` repos at once")
	f.StringVarP(&o.fix.config, "config", "c", "", "settings `FILE`, instead of the .cfgfix.yml of each repo")
	f.StringArrayVar(&o.fix.facts, "set", nil, "a fact that the configs do not say, as `KEY=VALUE`; repeatable")
	f.StringSliceVar(&o.fix.selected, "select", nil, "run only these rules: comma-separated `IDS` or groups")
	f.StringSliceVar(&o.fix.ignored, "ignore", nil, "do not run these rules: comma-separated `IDS` or groups")
	f.BoolVar(&o.fix.safeOnly, "safe-only", false, "apply only fixes whose safety is safe")
	f.BoolVar(&o.fix.unsafe, "unsafe", false, "also apply fixes whose safety is unsafe")
	completeFlag(c, "forge", oneOf(forge.Kinds()...))
	completeFlag(c, "select", ruleLists)
	completeFlag(c, "ignore", ruleLists)
	completeFlag(c, "set", factSettings)
}

// check refuses flags and arguments that make no sense, alone or together.
func (o *prOptions) check() error {
	if o.given.Kind != "" {
		if err := knownWord("--forge", o.given.Kind, forge.Kinds()); err != nil {
			return err
		}
	}
	if err := o.given.Check(); err != nil {
		return err
	}
	switch {
	case o.fix.safeOnly && o.fix.unsafe:
		return errors.New("pr: --safe-only and --unsafe exclude each other")
	case o.jobs < 1:
		return fmt.Errorf("pr: --jobs %d: must be 1 or more", o.jobs)
	case o.wait < 0:
		return fmt.Errorf("pr: --wait %s: must not be negative", o.wait)
	case slices.Contains(o.args, "-"):
		return errors.New("pr: standard input has no repo; name the directory of a clone")
	case slices.Contains(o.args, ""):
		return errors.New("pr: a PATH is empty; name the directory of a clone")
	case strings.ContainsAny(o.title, "\r\n"):
		return errors.New("pr: --title has more than one line")
	case o.base == o.branch:
		return fmt.Errorf("pr: --branch and --base are both %s; the branch is cfgfix's own", o.base)
	}
	if !git.ValidBranch(o.branch) {
		return fmt.Errorf("pr: --branch %q: is no name of a branch", o.branch)
	}
	if o.base != "" && !git.ValidBranch(o.base) {
		return fmt.Errorf("pr: --base %q: is no name of a branch", o.base)
	}
	if len(o.args) == 0 {
		o.args = []string{"."}
	}
	if o.fix.config != "" && !filepath.IsAbs(o.fix.config) {
		o.fix.config = filepath.Join(o.io.dir, o.fix.config)
	}
	// What is wrong for every repo is told before any is looked at.
	world := *o.io
	o.fix.io, o.fix.engine = &world, o.engine
	_, err := newFixRun(&o.fix)
	return err
}

// prRun is one run of cfgfix pr.
type prRun struct {
	*prOptions
	done *ledger

	mu  sync.Mutex
	met map[[16]byte]bool // the repos, by what first names
}

// first reports whether no other clone of a repo was met before. Two at once would meet on the server.
func (r *prRun) first(remote *git.Remote) bool {
	name := shortDigest(strings.ToLower(remote.Host + "/" + remote.Path))
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.met[name]
	r.met[name] = true
	return !known
}

func (o *prOptions) run(ctx context.Context) error {
	l, err := openLedger(o.io.dir, o.ledger)
	if err != nil {
		return err
	}
	r := &prRun{prOptions: o, done: l, met: map[[16]byte]bool{}}
	tally := &prTally{of: map[string]int{}}
	err = inOrder(ctx, o.jobs, clonesBelow(ctx, o.io.dir, o.args), func(f foundClone) *prOutcome {
		return r.handle(ctx, f)
	}, func(out *prOutcome) error {
		tally.add(out)
		return errors.Join(r.tell(out), l.add(out))
	})
	if err = errors.Join(err, l.close()); err != nil {
		return &fileError{err}
	}
	if tally.repos > 1 {
		fmt.Fprintln(o.io.err, tally)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(o.io.err, "cfgfix: note: interrupted: not all repos were handled; run cfgfix pr again to go on")
		return codeError(exitInterrupted)
	case tally.failed > 0:
		return codeError(exitFile)
	case tally.pending > 0:
		return codeError(exitLeft)
	}
	return nil
}

// tell says what became of a repo.
func (r *prRun) tell(out *prOutcome) error {
	name := out.visible(out.name)
	for _, f := range out.faults {
		fmt.Fprintf(r.io.err, "cfgfix: %s: %s\n", name, out.visible(f))
	}
	if out.err != nil {
		if !errors.Is(out.err, context.Canceled) {
			fmt.Fprintf(r.io.err, "cfgfix: %s: %s\n", name, out.visible(out.err.Error()))
		}
		return nil
	}
	line := name + ": " + out.status.words()
	if out.url != "" {
		line += " " + out.visible(out.url)
	}
	if _, err := fmt.Fprintln(r.io.out, line); err != nil {
		return err
	}
	for _, d := range out.details {
		if _, err := fmt.Fprintln(r.io.out, "    "+out.visible(d)); err != nil {
			return err
		}
	}
	return nil
}
