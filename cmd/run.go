package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// runner finds and fixes in one file; it is a *fixes.Engine.
type runner interface {
	Run(src []byte, facts *fixes.Facts) *fixes.FileResult
}

// engineFunc makes the runner that does what the engine is set to do.
type engineFunc func(fixes.Engine) runner

// fixRun is one run of the root command.
type fixRun struct {
	*fixOptions
	choice   *choice
	finder   *settingsFinder
	replacer replacer
	shape    report.Format // of the report
	links    bool          // it has hyperlinks to files
	summary  report.Summary
}

func newFixRun(o *fixOptions) (*fixRun, error) {
	c, err := newChoice(o.selected, o.ignored, o.facts)
	if err != nil {
		return nil, err
	}
	r := &fixRun{fixOptions: o, choice: c, finder: newSettingsFinder(newRepos(o.io.dir)), shape: report.FormatByName(o.format)}
	r.summary.DryRun = o.dryRun
	r.finder.nameRepos = r.shape.Repos
	r.links = r.shape.Name == "text" && r.hasLinks()
	if o.config == "" {
		return r, nil
	}
	config := o.config
	if !filepath.IsAbs(config) {
		config = filepath.Join(o.io.dir, config)
	}
	if err := r.finder.use(config); err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return r, nil
}

// newRunner is the engine set as the command line and the settings of a file say.
func (r *fixRun) newRunner(s *fixes.Settings, root string, choose chooser) (runner, error) {
	rules, err := r.choice.rules(fixes.All(), s)
	if err != nil {
		return nil, err
	}
	if r.only != "" {
		rules = slices.DeleteFunc(rules, func(rule *fixes.Rule) bool { return rule.ID != r.only })
	}
	e := fixes.Engine{
		Rules: rules, Severities: s.Severity,
		SafeOnly: r.safeOnly, Unsafe: r.unsafe, DryRun: r.dryRun, Explain: r.explain, Apart: r.shape.Apart, Choose: choose,
	}
	if root != "" {
		e.Repo = repoFS(root)
	}
	return r.engine(e), nil
}

// sources are the files that the PATHs of the command line mean, with their settings.
func (r *fixRun) sources(ctx context.Context) (*discovery, []source, error) {
	d := &discovery{dir: r.io.dir, repos: r.finder.repos, note: r.note, verbose: r.detail}
	sources, err := r.finder.prepare(d.discover(ctx, r.args), r.detail)
	return d, sources, err
}

// paths handles the PATHs of the command line.
func (r *fixRun) paths(ctx context.Context) error {
	progress := r.startProgress()
	defer progress.stop()
	d, sources, err := r.sources(ctx)
	if err != nil {
		return err
	}
	out, err := r.openOutput(sources)
	if err != nil {
		return err
	}
	patches, err := r.openPatchDir()
	if err != nil {
		return errors.Join(err, out.close())
	}
	owners, err := r.openOwnersDir()
	if err != nil {
		return errors.Join(err, out.close())
	}
	rep := r.newReport(out)
	progress.found(len(sources))
	seen := map[directory]bool{}
	err = inOrder(ctx, r.jobs, slices.Values(sources), r.handle, func(o outcome) error {
		progress.step()
		if o.file.Result.Status == fixes.Skipped {
			r.detail("%s: skipped: no config", o.file.Name)
			return nil
		}
		for _, dir := range d.dirs {
			if _, ok := below(dir.path, o.path); ok {
				seen[dir] = true
			}
		}
		r.detail("%s: %s", o.file.Name, o.file.Result.Status)
		return errors.Join(patches.add(o.source, o.file.Result), owners.add(o.source, o.file), r.tell(rep, o.file))
	})
	err = errors.Join(err, owners.close())
	for _, dir := range d.dirs {
		if !seen[dir] && ctx.Err() == nil && err == nil {
			r.note("no CircleCI config below %s", dir.name)
		}
	}
	return r.finish(ctx, rep, out, err)
}

// tell reports a handled file.
func (r *fixRun) tell(rep report.Writer, f *report.File) error {
	r.summary.Add(f)
	if err := rep.File(f); err != nil || !r.explain {
		return err
	}
	return report.Explain(r.io.err, f)
}

// outcome is a handled file with the place of its bytes.
type outcome struct {
	path   string
	source *source
	file   *report.File
}

// handle reads, fixes and writes one file. It is called from many goroutines.
func (r *fixRun) handle(src source) outcome { return outcome{src.path, &src, r.handleFile(&src)} }

func (r *fixRun) handleFile(src *source) *report.File {
	if src.err != nil {
		return failedFile(src.name, src.err)
	}
	old, err := readFile(src.path)
	if err != nil {
		return failedFile(src.name, err)
	}
	f := r.fix(src, old.data, r.choice.facts, nil)
	if f.Result.Status == fixes.Changed && !r.dryRun {
		if err := r.replacer.replace(old, f.Result.Output); err != nil {
			return &report.File{Name: src.name, Result: withdrawn(f.Result, err)}
		}
	}
	return f
}

var errNoConfig = errors.New("holds no CircleCI config: it has no jobs, orbs, workflows, executors, commands or steps")

// chooser says what is to be done about a finding; nil for whatever can be done.
type chooser func(*fixes.Finding) fixes.Choice

// fix runs the engine over one config, and makes the patch when it is to be shown. given are the facts that beat those
// of the settings.
func (r *fixRun) fix(src *source, data []byte, given fixes.Facts, choose chooser) *report.File {
	effective := src.settings.For(src.repo, src.settings.relative(src))
	engine, err := r.newRunner(effective, src.root, choose)
	if err != nil {
		return failedFile(src.name, err)
	}
	facts := effective.Facts.Merge(given)
	f := &report.File{Name: src.name, Result: engine.Run(data, &facts)}
	if r.links {
		f.Link = fileURL(src.path)
	}
	if r.shape.Repos {
		f.Repo, f.Path = r.inRepo(src)
	}
	switch {
	case f.Result.Status == fixes.Skipped && src.named:
		return failedFile(src.name, errNoConfig)
	case f.Result.Status == fixes.Changed && r.showsPatch():
		if f.Patch, err = rewrite.Unified(src.patch, data, f.Result.Edits); err != nil {
			return &report.File{Name: src.name, Result: withdrawn(f.Result, err)}
		}
	}
	return f
}

// showsPatch reports whether the report has the patch of each file.
func (r *fixRun) showsPatch() bool {
	return r.shape.Patch && !(r.format == "text" && (r.quiet || r.patchDir != ""))
}

// inRepo is the repo that a config is in, as owner/name or else its directory, and the config's path inside of it.
func (r *fixRun) inRepo(src *source) (repo, path string) {
	if src.root == "" {
		return "", ""
	}
	repo = src.repo
	if repo == "" {
		repo = r.finder.shown(src.root)
	}
	if repo == "." {
		repo = filepath.Base(src.root)
	}
	rel, _ := below(src.root, src.path)
	return repo, filepath.ToSlash(rel)
}

func failedFile(name string, err error) *report.File {
	return &report.File{Name: name, Result: &fixes.FileResult{Status: fixes.Failed, Err: err}}
}

// withdrawn is the result of a file whose changes could not be brought to it: they did not happen.
func withdrawn(r *fixes.FileResult, err error) *fixes.FileResult {
	failed := *r
	failed.Status, failed.Err = fixes.Failed, err
	failed.Output, failed.Edits = failed.Source, nil
	failed.Results = make([]fixes.Result, len(r.Results))
	for i, res := range r.Results {
		if res.Status == fixes.Applied || res.Status == fixes.Pending {
			res.Status, res.Why = fixes.Refused, err.Error()
		}
		failed.Results[i] = res
	}
	return &failed
}

// finish ends the report and turns what happened into the exit code.
func (r *fixRun) finish(ctx context.Context, rep report.Writer, out output, err error) error {
	if err == nil {
		err = rep.Close(&r.summary)
	}
	if err = errors.Join(err, out.close()); err != nil {
		return &fileError{fmt.Errorf("the report could not be written: %w", err)}
	}
	if ctx.Err() != nil {
		r.note("interrupted: not all files were handled; each is whole")
		return codeError(exitInterrupted)
	}
	if code := r.exitCode(); code != exitOK {
		return codeError(code)
	}
	return nil
}

func (r *fixRun) exitCode() int {
	s := &r.summary
	left := r.failLevel != fixes.None && s.Worst() >= r.failLevel || r.dryRun && s.Changed > 0
	switch {
	case s.Failed > 0:
		return exitFile
	case left && !r.exitZero:
		return exitLeft
	default:
		return exitOK
	}
}

// note tells people what they should know.
func (r *fixRun) note(format string, args ...any) {
	if !r.quiet {
		fmt.Fprintln(r.io.err, "cfgfix: note:", report.Visible(fmt.Sprintf(format, args...)))
	}
}

// detail tells people what they asked for with --verbose.
func (r *fixRun) detail(format string, args ...any) {
	if r.verbose {
		r.note(format, args...)
	}
}

// output is where the report goes.
type output struct {
	io.Writer
	close func() error
}

// openOutput opens the file of --output before anything else is written. It must not be one of the configs.
func (r *fixRun) openOutput(sources []source) (output, error) {
	if r.output == "" || r.output == "-" {
		return output{r.io.out, func() error { return nil }}, nil
	}
	path := r.output
	if !filepath.IsAbs(path) && path != os.DevNull { // which is NUL, and in no directory, on Windows
		path = filepath.Join(r.io.dir, path)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if r.isInput(path, sources) {
		return output{}, fmt.Errorf("--output %s: is one of the configs; name another file", r.output)
	}
	f, err := os.Create(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // in the same words on all systems
		return output{}, fmt.Errorf("--output %s: %w", r.output, errMissing)
	case err != nil:
		return output{}, fmt.Errorf("--output %s: %w", r.output, errors.Unwrap(err))
	}
	return output{f, f.Close}, nil
}

// isInput reports whether a path is one of the configs, by whatever name it has: a hard link, or the file that standard
// input reads.
func (r *fixRun) isInput(path string, sources []source) bool {
	info, err := os.Stat(path)
	there := err == nil && info.Mode().IsRegular()
	for i := range sources {
		if sources[i].path == path {
			return true
		}
		if !there {
			continue
		}
		if config, err := os.Stat(sources[i].path); err == nil && os.SameFile(info, config) {
			return true
		}
	}
	in, isFile := r.io.in.(*os.File)
	if !there || !isFile || !r.fixOptions.stdin() {
		return false
	}
	config, err := in.Stat()
	return err == nil && os.SameFile(info, config)
}

func (r *fixRun) newReport(out output) report.Writer {
	terminal := r.io.outTTY && out.Writer == r.io.out
	return report.New(out, r.io.err, report.Options{
		Format: r.format, Version: moduleVersion(), DryRun: r.dryRun,
		Quiet: r.quiet, Verbose: r.verbose, Redact: r.redact,
		Terminal: terminal,
		OutColor: r.colored(terminal), ErrColor: r.colored(r.io.errTTY),
		Width: r.wrapWidth(), Links: r.links,
	})
}

// colored reports whether a stream gets colours.
func (r *fixRun) colored(terminal bool) bool {
	switch r.color {
	case "always":
		return true
	case "never":
		return false
	default:
		return terminal && r.io.environ("NO_COLOR") == "" && r.io.environ("TERM") != "dumb"
	}
}
