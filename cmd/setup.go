package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cfgfix/cmd/internal/report"
	"cfgfix/cmd/internal/setup"
	"cfgfix/fixes"
)

// setupOptions are the flags and arguments of cfgfix setup.
type setupOptions struct {
	fix    fixOptions // what it has in common with the root command
	branch string
	format string
	try    bool
	after  bool
}

// setupFormats are the forms that a plan can be printed in.
var setupFormats = [...]string{"terraform", "shell", "markdown"}

func newSetup(io *streams, engine engineFunc) *cobra.Command {
	o := &setupOptions{fix: fixOptions{io: io, engine: engine, dryRun: true, format: "json", color: "never"}}
	c := &cobra.Command{
		Use:   "setup [PATH...]",
		Short: "Print what must exist outside of the repos for the fixes to work",
		Long: `setup looks at configs, works out their fixes as --dry-run does, and prints what these rely on, each thing once: roles
in AWS with whom they trust and what they may do, workload identity in Google Cloud, roles in Vault, credentials in
Azure, contexts with their restrictions, and resource classes of runners. It changes nothing.

What no config says, such as ids of the organisation and its projects, is a variable with a description. What a job
needs beyond what the config shows is marked as a gap.`,
		Example: `  cfgfix setup >circleci.tf                  # Terraform for this repo
  cfgfix setup --format shell ~/clones       # commands for all repos below a directory
  cfgfix setup --branch main                 # roles that only the branch main gets at
  cfgfix setup --after                       # what to delete once the fixes are merged
  cfgfix setup --try >try.yml && mv try.yml .circleci/config.yml   # on a branch: jobs that try the roles`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			o.fix.args = args
			if err := o.check(); err != nil {
				return err
			}
			if (o.try || o.after) && c.Flags().Changed("format") {
				return errors.New("setup: --try is a config and --after a script: neither takes --format")
			}
			return o.run(c.Context())
		},
	}
	o.addFlags(c)
	c.SetFlagErrorFunc(flagError)
	return c
}

func (o *setupOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.StringVarP(&o.format, "format", "f", setupFormats[0], "`NAME` of the form: "+strings.Join(setupFormats[:], ", "))
	f.StringVar(&o.branch, "branch", "", "let only jobs on the branch `NAME` get at the roles and new contexts")
	f.BoolVar(&o.try, "try", false, "print a config for a branch whose jobs try the logins")
	f.BoolVar(&o.after, "after", false, "print the commands that delete the old variables and deactivate the old keys")
	f.StringVarP(&o.fix.config, "config", "c", "", "settings `FILE`, instead of the .cfgfix.yml beside or above each config")
	f.StringArrayVar(&o.fix.facts, "set", nil, "a fact that the configs do not say, as `KEY=VALUE`; repeatable")
	f.StringSliceVar(&o.fix.selected, "select", nil, "only what the fixes of these rules need: comma-separated `IDS` or groups")
	f.StringSliceVar(&o.fix.ignored, "ignore", nil, "not what the fixes of these rules need: comma-separated `IDS` or groups")
	f.BoolVar(&o.fix.unsafe, "unsafe", false, "also what fixes need whose safety is unsafe")
	f.StringVarP(&o.fix.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVarP(&o.fix.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "`N` files at once")
	completeFlag(c, "format", oneOf(setupFormats[:]...))
	completeFlag(c, "select", ruleLists)
	completeFlag(c, "ignore", ruleLists)
	completeFlag(c, "set", factSettings)
}

func (o *setupOptions) check() error {
	if err := knownWord("--format", o.format, setupFormats[:]); err != nil {
		return err
	}
	switch {
	case o.try && o.after:
		return errors.New("setup: --try and --after exclude each other")
	case o.fix.jobs < 1:
		return fmt.Errorf("setup: --jobs %d: must be 1 or more", o.fix.jobs)
	case !validBranch(o.branch):
		return fmt.Errorf("setup: --branch %q: is no name of a branch", o.branch)
	case slices.Contains(o.fix.args, "-"):
		return errors.New("setup: standard input is in no repo; name a file or a directory")
	case slices.Contains(o.fix.args, ""):
		return errors.New("setup: a PATH is empty; name a file or a directory")
	case len(o.fix.args) == 0:
		o.fix.args = []string{"."}
	}
	return nil
}

// validBranch reports whether git takes the name for a branch. Policies would take * and ? for patterns.
func validBranch(name string) bool {
	return !strings.ContainsAny(name, " ~^:?*[\\\"'$`<>{}\x7f") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) &&
		!strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "/") && !strings.HasSuffix(name, "/") && !strings.Contains(name, "..")
}

// errNothingToTry keeps an empty output from being taken for a config. It comes for a config that the shell has emptied,
// too.
var errNothingToTry = errors.New("--try: found nothing to try; a shell empties the file that > names before it can be read, so name another file and move it")

// run prints the plan for the configs that could be handled.
func (o *setupOptions) run(ctx context.Context) error {
	r, err := newFixRun(&o.fix)
	if err != nil {
		return err
	}
	d, sources, err := r.sources(ctx)
	if err != nil {
		return err
	}
	out, err := r.openOutput(sources)
	if err != nil {
		return err
	}
	repos := &repoResources{finder: r.finder, index: map[string]int{}}
	failed := false
	err = inOrder(ctx, o.fix.jobs, slices.Values(sources), r.handle, func(x outcome) error {
		if x.file.Result.Err != nil {
			failed = true
			fmt.Fprintln(o.fix.io.err, report.Fault(x.file.Name, x.file.Result.Err))
		}
		repos.add(x)
		return nil
	})
	if ctx.Err() != nil {
		return codeError(exitInterrupted)
	}
	if len(sources) == 0 {
		d.noteNone()
	}
	plan := setup.New(o.branch, repos.list)
	switch text := o.text(plan); {
	case len(text) > 0:
		_, failed := out.Write(text)
		err = errors.Join(err, failed)
	case o.try:
		err = errors.Join(err, errNothingToTry)
	case !plan.Empty():
		r.note("no command deletes what the fixes of these configs leave: the report of cfgfix -n lists it")
	case len(sources) > 0 && !failed:
		r.note("the fixes of these configs rely on nothing outside of them")
	}
	if err = errors.Join(err, out.close()); err != nil {
		return &fileError{fmt.Errorf("setup: %w", err)}
	}
	if failed {
		return codeError(exitFile)
	}
	return nil
}

// text is what the flags ask for, empty where there is nothing of it.
func (o *setupOptions) text(p *setup.Plan) []byte {
	switch {
	case p.Empty():
		return nil
	case o.try:
		return p.Try()
	case o.after:
		return p.After()
	case o.format == "shell":
		return p.Shell()
	case o.format == "markdown":
		return p.Markdown()
	default:
		return p.Terraform()
	}
}

// repoResources collects by repo what the fixes of its configs rely on.
type repoResources struct {
	finder *settingsFinder
	list   []setup.Repo
	index  map[string]int // by the directory of the repo
}

// add takes what the fixes of a file rely on that were made, or that only wait for a fact.
func (c *repoResources) add(x outcome) {
	var found []fixes.Resource
	for _, res := range x.file.Result.Results {
		if res.Fix != nil && (res.Status == fixes.Pending || res.Status == fixes.NeedsFacts) {
			found = append(found, res.Fix.Relies...)
		}
	}
	if len(found) == 0 {
		return
	}
	root := c.finder.repos.base(x.path)
	if root == "" {
		root = x.path
	}
	i, known := c.index[root]
	if !known {
		i = len(c.list)
		c.index[root] = i
		name := c.finder.repos.name(x.path)
		host := c.finder.repos.host(x.path)
		if name == "" {
			name = strings.TrimSuffix(filepath.Base(root), filepath.Ext(root))
		}
		c.list = append(c.list, setup.Repo{Host: host, Name: name})
	}
	c.list[i].Resources = append(c.list[i].Resources, found...)
}
