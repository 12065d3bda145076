package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// prPlan is what a pull request should hold.
type prPlan struct {
	commits []plannedCommit
	title   string
	body    string
}

// plannedCommit is a commit that is made, but on no branch yet.
type plannedCommit struct{ id, message string }

func (p *prPlan) tip() string { return p.commits[len(p.commits)-1].id }

// plan fixes the base in the worktree and makes the commits.
func (p *prRepo) plan(ctx context.Context) (*prPlan, error) {
	if err := p.patiently(ctx, func() error { return p.scratch.Need(ctx, p.base, p.baseTip) }); err != nil {
		return nil, p.gitFailure("fetch from", err)
	}
	plan := &prPlan{}
	if has, err := p.scratch.HasDir(ctx, p.baseTip, ".circleci"); err != nil || !has {
		return plan, err
	}
	if err := p.scratch.Checkout(ctx, p.baseTip); err != nil {
		return nil, localFailure("check out the base", err)
	}
	fixed, err := p.fixTree(ctx, "")
	if err != nil {
		return nil, err
	}
	p.out.faults = append(p.out.faults, fixed.faults()...)
	if len(fixed.changed()) == 0 {
		return plan, nil
	}
	p.noteSettings()
	plan.title = fixed.title()
	if p.title != "" {
		plan.title = p.title
	}
	if plan.body, err = fixed.body(plan.title); err != nil {
		return nil, err
	}
	if p.split {
		return plan, p.splitCommits(ctx, plan, fixed)
	}
	return plan, p.commit(ctx, plan, fixed, plan.title)
}

// noteSettings tells of settings that are in the clone and not on the base: they have no effect here.
func (p *prRepo) noteSettings() {
	for _, name := range settingsNames {
		if p.fix.config == "" && exists(filepath.Join(p.clone.Root, name)) && !exists(filepath.Join(p.scratch.Tree, name)) {
			p.note("%s is not on %s, and is not used: push it first, or give it with --config", name, p.base)
		}
	}
}

// commit adds a commit of what was fixed in the worktree; none when nothing was.
func (p *prRepo) commit(ctx context.Context, plan *prPlan, fixed *fixedTree, subject string) error {
	changed := fixed.changed()
	if len(changed) == 0 {
		return nil
	}
	if err := p.scratch.Stage(ctx, changed); err != nil {
		return localFailure("make a commit", err)
	}
	parent := p.baseTip
	if len(plan.commits) > 0 {
		parent = plan.tip()
	}
	message := fixed.message(subject)
	id, err := p.scratch.Commit(ctx, parent, p.baseTip, message)
	if err != nil {
		return localFailure("make a commit", err)
	}
	plan.commits = append(plan.commits, plannedCommit{id, message})
	return nil
}

// splitCommits makes a commit a rule: each rule runs by itself on what those before it left. What only several rules
// can do together comes last.
func (p *prRepo) splitCommits(ctx context.Context, plan *prPlan, all *fixedTree) error {
	if err := p.scratch.Checkout(ctx, p.baseTip); err != nil {
		return localFailure("check out the base", err)
	}
	for _, id := range append(all.rules(), "") {
		fixed, err := p.fixTree(ctx, id)
		if err != nil {
			return err
		}
		subject := "CircleCI: fix what several rules found"
		if rule := fixes.ByID(id); rule != nil {
			subject = "CircleCI: fix " + rule.ID + ": " + rule.Title
		}
		if err := p.commit(ctx, plan, fixed, subject); err != nil {
			return err
		}
	}
	return nil
}

// fixedTree is what a run over the worktree did.
type fixedTree struct{ files []*report.File }

// fixTree fixes the configs in the worktree, by one rule when only names it.
func (p *prRepo) fixTree(ctx context.Context, only string) (*fixedTree, error) {
	tree, err := filepath.EvalSymlinks(p.scratch.Tree)
	if err != nil {
		return nil, err
	}
	world := &streams{dir: tree, environ: p.io.environ, in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	o := p.fix
	o.io, o.args, o.only, o.quiet, o.format = world, []string{"."}, only, true, "text"
	r, err := newFixRun(&o)
	if err != nil {
		return nil, err
	}
	r.finder.repos.adopt(tree, p.remote.Host+"/"+p.remote.Path)
	silent := func(string, ...any) {}
	d := &discovery{dir: tree, repos: r.finder.repos, note: silent, verbose: silent}
	sources, err := r.finder.prepare(d.discover(ctx, o.args), silent)
	if err != nil {
		return nil, fmt.Errorf("%w; correct the settings on %s, or give others with --config", err, p.base)
	}
	fixed := &fixedTree{}
	for _, src := range sources {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if done := r.handle(src); done.file.Result.Status != fixes.Skipped {
			done.file.Name = relativeTo(tree, done.path)
			fixed.files = append(fixed.files, done.file)
		}
	}
	return fixed, nil
}

func relativeTo(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// changed are the paths of the files that were written.
func (t *fixedTree) changed() []string {
	var paths []string
	for _, f := range t.files {
		if f.Result.Status == fixes.Changed {
			paths = append(paths, f.Name)
		}
	}
	return paths
}

// faults are the files that could not be handled.
func (t *fixedTree) faults() []string {
	var list []string
	for _, f := range t.files {
		if f.Result.Err != nil {
			list = append(list, report.Fault(f.Name, f.Result.Err))
		}
	}
	return list
}

// fixed calls do with each finding that was fixed.
func (t *fixedTree) fixed(do func(f *report.File, r *fixes.Result)) {
	for _, f := range t.files {
		for i := range f.Result.Results {
			if r := &f.Result.Results[i]; r.Status == fixes.Applied {
				do(f, r)
			}
		}
	}
}

// rules are the ids of the rules whose findings were fixed, in the order of the table.
func (t *fixedTree) rules() []string {
	met := map[string]bool{}
	t.fixed(func(_ *report.File, r *fixes.Result) { met[r.Rule.ID] = true })
	var ids []string
	for _, rule := range fixes.All() {
		if met[rule.ID] {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

func (t *fixedTree) title() string {
	n := 0
	t.fixed(func(*report.File, *fixes.Result) { n++ })
	if ids := t.rules(); len(ids) == 1 {
		return "CircleCI: fix " + fixes.ByID(ids[0]).Title
	}
	return fmt.Sprintf("CircleCI: fix %d insecure patterns", n)
}

// maxLines bounds the list in a commit's message.
const maxLines = 40

// message is the message of a commit: what was done where.
func (t *fixedTree) message(subject string) string {
	var lines []string
	t.fixed(func(f *report.File, r *fixes.Result) {
		line := fmt.Sprintf("- %s: %s: %s", f.Name, r.Rule.ID, r.Fix.Title)
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	})
	if more := len(lines) - maxLines; more > 0 {
		lines = append(lines[:maxLines], fmt.Sprintf("- and %d more", more))
	}
	for i := range lines {
		lines[i] = report.Visible(lines[i])
	}
	return subject + "\n\n" + strings.Join(lines, "\n")
}

// body is the text of the pull request, with the marker that tells it from people's changes.
func (t *fixedTree) body(title string) (string, error) {
	var out bytes.Buffer
	w := report.New(&out, io.Discard, report.Options{Format: "markdown", Version: moduleVersion(), Redact: true})
	var sum report.Summary
	for _, f := range t.files {
		sum.Add(f)
		if err := w.File(f); err != nil {
			return "", err
		}
	}
	if err := w.Close(&sum); err != nil {
		return "", errors.Join(errors.New("the text of the pull request could not be made"), err)
	}
	return finishBody(title, out.String()), nil
}
