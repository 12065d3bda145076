package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// fixOptions are the flags and arguments of the root command.
type fixOptions struct {
	io        *streams
	engine    engineFunc
	args      []string
	dryRun    bool
	config    string
	facts     []string
	selected  []string
	ignored   []string
	safeOnly  bool
	unsafe    bool
	format    string
	output    string
	patchDir  string
	ownersDir string
	quiet     bool
	verbose   bool
	explain   bool
	asks      bool // --interactive
	color     string
	failOn    string
	failLevel fixes.Severity // of failOn
	exitZero  bool
	jobs      int
	redact    bool
	stdinName string
	only      string // the id of the one rule to run; "" for all that are chosen
}

// newRoot is the command line of cfgfix. The root command is the fixer itself.
func newRoot(io *streams, engine engineFunc) *cobra.Command {
	o := &fixOptions{io: io, engine: engine}
	c := &cobra.Command{
		Use:   "cfgfix [PATH...]",
		Short: "Find insecure patterns in CircleCI configs and fix them",
		Long: `cfgfix finds insecure patterns in CircleCI configs and fixes them in place. The patch of what it changed goes
to standard output, findings and what is left to do to standard error.

PATH is a config, a directory (a repo, or a tree of repos: every .circleci below it), or - for a config on
standard input. It is . when there is none. A PATH that has the name of a command is written ./NAME.

Exit codes: 0 all files were handled, 1 something is left (--fail-on) or would change (--dry-run), 2 wrong usage
or settings, 3 some file could not be handled and is as it was, 130 interrupted.`,
		Example: `  cfgfix --dry-run                 # show what would change in this repo
  cfgfix                           # change it
  cfgfix -n | git apply            # the patch is all there is on standard output
  cfgfix ~/clones                  # all repos below a directory
  cfgfix --set aws.role_arn=arn:aws:iam::123456789012:role/ci`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       buildVersion(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { // that of all commands
			return emptyFlag(c)
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.args = args
			if err := o.mistyped(c); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return o.run(c)
		},
	}
	o.addFlags(c)
	c.SetFlagErrorFunc(flagError)
	c.AddCommand(newInit(io), newPR(io, engine), newRules(io), newSetup(io, engine), newVersion(io))
	c.SetOut(io.out) // before the command completion keeps it
	wordCompletion(c)
	checkHelp(c)
	return c
}

func (o *fixOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.dryRun, "dry-run", "n", false, "write nothing; standard output is exactly a patch")
	f.BoolVarP(&o.asks, "interactive", "i", false, "ask about each fix before anything is written; takes a terminal")
	f.StringVarP(&o.config, "config", "c", "", "settings `FILE`, instead of the .cfgfix.yml beside or above each config")
	f.StringArrayVar(&o.facts, "set", nil, "a fact that the configs do not say, as `KEY=VALUE`; repeatable")
	f.StringSliceVar(&o.selected, "select", nil, "run only these rules: comma-separated `IDS` or groups")
	f.StringSliceVar(&o.ignored, "ignore", nil, "do not run these rules: comma-separated `IDS` or groups")
	f.BoolVar(&o.safeOnly, "safe-only", false, "apply only fixes whose safety is safe")
	f.BoolVar(&o.unsafe, "unsafe", false, "also apply fixes whose safety is unsafe")
	f.StringVarP(&o.format, "format", "f", "text", "`NAME` of the report's format: "+strings.Join(formatNames(), ", "))
	f.StringVarP(&o.output, "output", "o", "", "write the patch or report to `FILE` instead of standard output")
	f.StringVar(&o.ownersDir, "owners-dir", "", "also write one report for each code owner into `DIR`, as the repos' CODEOWNERS say")
	f.StringVar(&o.patchDir, "patch-dir", "", "write one patch for each repo into `DIR`, and none to standard output")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "errors only: no patch, no findings, no summary")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "also tell what was looked at and skipped")
	f.BoolVar(&o.explain, "explain", false, "tell for each job what was looked at and why something was done or not")
	f.StringVar(&o.color, "color", "auto", "`WHEN` to use colours: "+strings.Join(colorWords[:], ", "))
	f.StringVar(&o.failOn, "fail-on", "", "exit 1 when a finding of this `LEVEL` or above is left: "+strings.Join(levels(), ", "))
	f.BoolVar(&o.exitZero, "exit-zero", false, "never exit 1")
	f.IntVarP(&o.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "`N` files at once")
	f.BoolVar(&o.redact, "redact", false, "mask keys and other secrets in the patch, which then does not apply")
	f.StringVar(&o.stdinName, "stdin-filename", ".circleci/config.yml", "the `NAME` of a config on standard input")
	completeFlag(c, "format", formats)
	completeFlag(c, "color", oneOf(colorWords[:]...))
	completeFlag(c, "fail-on", oneOf(levels()...))
	completeFlag(c, "select", ruleLists)
	completeFlag(c, "ignore", ruleLists)
	completeFlag(c, "set", factSettings)
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

var colorWords = [...]string{"auto", "always", "never"}

func levels() []string {
	return []string{fixes.Low.String(), fixes.Medium.String(), fixes.High.String(), fixes.Critical.String()}
}

func ruleNames() []string { return append(fixes.RuleIDs(), fixes.RuleGroups()...) }

// check refuses flags and arguments that make no sense, alone or together.
func (o *fixOptions) check() error {
	if err := o.checkWords(); err != nil {
		return err
	}
	inPlace := o.stdin() && !o.dryRun
	switch {
	case o.safeOnly && o.unsafe:
		return errors.New("--safe-only and --unsafe exclude each other")
	case o.quiet && o.verbose:
		return errors.New("--quiet and --verbose exclude each other")
	case o.quiet && o.explain:
		return errors.New("--quiet and --explain exclude each other")
	case o.patchDir != "" && o.redact:
		return errors.New("--patch-dir and --redact exclude each other: a masked patch does not apply")
	case o.patchDir != "" && o.stdin():
		return errors.New("--patch-dir: a config on standard input is in no repo; add --dry-run for its patch")
	case o.ownersDir != "" && o.stdin():
		return errors.New("--owners-dir: a config on standard input is in no repo, and has no owner")
	case o.jobs < 1:
		return fmt.Errorf("--jobs %d: must be 1 or more", o.jobs)
	case o.stdin() && slices.ContainsFunc(o.args, func(a string) bool { return a != "-" }):
		return errors.New("- stands for standard input and cannot be mixed with other PATHs")
	case slices.Contains(o.args, ""):
		return errors.New("a PATH is empty; name a file, a directory or -")
	case inPlace && o.format != "text" && (o.output == "" || o.output == "-"):
		return fmt.Errorf("--format %s: standard output has the fixed config; add --output FILE or --dry-run", o.format)
	case o.format == "html" && o.io.outTTY && (o.output == "" || o.output == "-"):
		return errors.New("--format html: standard output is a terminal; add --output FILE and open it in a browser")
	}
	if err := o.checkInteractive(); err != nil {
		return err
	}
	if len(o.args) == 0 {
		o.args = []string{"."}
	}
	return nil
}

// mistyped is the error for a first PATH that is not there, and looks like the name of a command.
func (o *fixOptions) mistyped(c *cobra.Command) error {
	if len(o.args) == 0 || strings.ContainsAny(o.args[0], `/\.-`) || exists(filepath.Join(o.io.dir, o.args[0])) {
		return nil
	}
	if near := nearest(o.args[0], commandNames(c)); near != "" {
		return fmt.Errorf("%s: is neither a command nor a file; did you mean cfgfix %s?", o.args[0], near)
	}
	return nil
}

// checkHelp gives cobra's command help an error for a command that does not exist. The root command, which takes any words,
// would answer for it.
func checkHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	command(root, "help").Args = func(_ *cobra.Command, args []string) error {
		found, rest, err := root.Find(args)
		if err != nil || len(rest) == 0 {
			return err
		}
		return knownWord("help", rest[0], commandNames(found))
	}
}

// command is that of a name below another.
func command(c *cobra.Command, name string) *cobra.Command {
	all := c.Commands()
	return all[slices.IndexFunc(all, func(c *cobra.Command) bool { return c.Name() == name })]
}

// commandNames are the names of the commands below another.
func commandNames(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return names
}

// checkInteractive refuses --interactive where nobody can answer, and beside flags that leave nothing to ask or to see.
func (o *fixOptions) checkInteractive() error {
	switch {
	case !o.asks:
		return nil
	case o.quiet:
		return errors.New("--interactive and --quiet exclude each other")
	case o.explain:
		return errors.New("--interactive and --explain exclude each other")
	case o.format != "text":
		return fmt.Errorf("--interactive and --format %s exclude each other", o.format)
	case o.patchDir != "":
		return errors.New("--interactive and --patch-dir exclude each other")
	case o.stdin():
		return errors.New("--interactive takes its answers from standard input, which cannot be the config as well; name a file")
	case !o.io.inTTY:
		return errors.New("--interactive needs a terminal, and standard input is none; choose with --select, --ignore and --set instead")
	case !o.io.errTTY:
		return errors.New("--interactive needs a terminal, and standard error, which has the questions, is none")
	}
	return nil
}

func (o *fixOptions) checkWords() error {
	if err := knownWord("--format", o.format, formatNames()); err != nil {
		return err
	}
	if err := knownWord("--color", o.color, colorWords[:]); err != nil {
		return err
	}
	if o.failOn == "" {
		return nil
	}
	if err := knownWord("--fail-on", o.failOn, levels()); err != nil {
		return err
	}
	var err error
	o.failLevel, err = fixes.ParseSeverity(o.failOn)
	return err
}

func (o *fixOptions) stdin() bool { return slices.Contains(o.args, "-") }

func (o *fixOptions) run(c *cobra.Command) error {
	r, err := newFixRun(o)
	if err != nil {
		return err
	}
	switch {
	case o.stdin():
		return r.stdin(c.Context())
	case o.asks:
		return r.interactive(c.Context())
	}
	return r.paths(c.Context())
}

// flagError words the errors of flags in terms of users and names the nearest flag there is.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return unknownFlag(c, "--"+unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown flag -%s; see %s --help", unknown.GetSpecifiedName(), c.CommandPath())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "int":
		return fmt.Errorf("--%s %s: must be a number", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "duration":
		return fmt.Errorf("--%s %s: is no time, such as 90s or 70m", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("--%s=%s: must be true or false, or left out", invalid.GetFlag().Name, invalid.GetValue())
	default:
		return err
	}
}

// emptyFlag is the error for a flag that is given an empty value, as by a script whose variable is not set. Taken for one
// that was left out, it would switch off in silence what it stands for, such as --fail-on.
func emptyFlag(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if len(values) == 0 || slices.Contains(values, "") {
			err = fmt.Errorf("--%s has an empty value; give it one or leave the flag out", f.Name)
		}
	})
	return err
}

func unknownFlag(c *cobra.Command, name string) error {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("unknown flag %s; did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown flag %s; see %s --help", name, c.CommandPath())
}

// Root is the command line as a tree of commands, for what is generated from it. It cannot be run.
func Root() *cobra.Command { return newRoot(&streams{}, nil) }
