package fixes

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// Engine runs rules over files. It is immutable while in use and safe for concurrent use.
type Engine struct {
	Rules      []*Rule               // in the order of the table; the selected ones
	Severities map[string]Severity   // by rule id, in place of the rule's own
	SafeOnly   bool                  // apply only fixes whose safety is Safe
	Unsafe     bool                  // also apply fixes whose safety is Unsafe
	Explain    bool                  // tell what was looked at, in Notes
	Apart      bool                  // work out the edits of each fix by itself, in Result.Edits
	DryRun     bool                  // nothing will be written: fixes that would be applied are Pending
	Choose     func(*Finding) Choice // what somebody wants to be done about a finding, by its Key; nil: whatever can be done
	Repo       fs.FS                 // the repo that the files are part of; its files are read to hold fixes back; may be nil

	untriggered bool // run rules on sources without their words too, which finds no more
}

// FileStatus is what became of a file.
type FileStatus string

// The states of a file. Skipped is a file that is no CircleCI config, or is empty.
const (
	Unchanged FileStatus = "unchanged"
	Changed   FileStatus = "changed"
	Skipped   FileStatus = "skipped"
	Failed    FileStatus = "failed"
)

// FileResult is what a run over one file found and would write.
type FileResult struct {
	Status  FileStatus
	Source  []byte         // as it was given
	Output  []byte         // what should be written; equal to Source unless Status is Changed
	Edits   []rewrite.Edit // sorted, not overlapping, the sum of all rounds: applied to Source they give Output
	Results []Result       // in (offset, rule id) order; spans are of Source
	Notes   []Note         // when the engine is to explain: what was seen, by owner
	Err     error          // of a Failed file: *rewrite.ParseError, *rewrite.LimitError or *ProofError
	file    *rewrite.File
	after   *rewrite.File // Output, of a Changed file
}

// Position is where an offset of Source is, for people.
func (r *FileResult) Position(offset int) rewrite.Position {
	if r.file == nil {
		return rewrite.Position{Line: 1, Column: 1}
	}
	return r.file.Position(offset)
}

// ProofError says that a change did not do what it meant. It is a bug of cfgfix; nothing is written.
type ProofError struct {
	Rule string
	Err  error
}

func (e *ProofError) Error() string {
	return e.Rule + ": the change could not be proved: " + e.Err.Error() + "; please report this"
}

func (e *ProofError) Unwrap() error { return e.Err }

// maxRounds bounds how often fixes may make room for one another. Rounds go on until nothing is left to apply, so that
// a second run finds the same.
const maxRounds = 10

// Run checks one file and plans its fixes. facts may be nil. It never writes. A rule that panics fails the file alone.
func (e *Engine) Run(src []byte, facts *Facts) (r *FileResult) {
	defer func() {
		if p := recover(); p != nil {
			r = &FileResult{Status: Failed, Source: src, Output: src, Err: &ProofError{"engine", fmt.Errorf("panic: %v", p)}}
		}
	}()
	r = &FileResult{Status: Unchanged, Source: src, Output: src}
	f, err := rewrite.Parse(src)
	if err != nil {
		r.Status, r.Err = Failed, err
		return r
	}
	r.file = f
	if facts == nil {
		facts = &Facts{}
	}
	scripts, view := shell.Cache{}, viewOf(f)
	found, isConfig, err := e.check(view, facts, scripts)
	switch {
	case err != nil:
		r.Status, r.Err = Failed, err
	case !isConfig:
		r.Status = Skipped
	default:
		e.fix(r, view, found, facts, scripts)
		if e.Explain {
			r.Notes = e.explain(view, facts, scripts)
		}
	}
	return r
}

// fileView is a file with what its documents are to CircleCI. It is worked out once for all that look at the file.
type fileView struct {
	*rewrite.File
	configs  []*circle.Config // of each document, nil for one that is no config
	mentions map[string]bool  // what mention was asked for
}

func viewOf(f *rewrite.File) *fileView {
	v := &fileView{File: f, mentions: map[string]bool{}}
	for _, doc := range f.Documents() {
		var c *circle.Config
		if circle.IsConfig(doc) {
			c = circle.New(doc)
		}
		v.configs = append(v.configs, c)
	}
	return v
}

// mention reports whether a text stands anywhere in the file, comments included. It looks once: each of the documents asks,
// and each of the findings.
func (v *fileView) mention(text string) bool {
	has, known := v.mentions[text]
	if !known {
		has = bytes.Contains(v.Source(), []byte(text))
		v.mentions[text] = has
	}
	return has
}

// check runs all rules over all documents of a file. isConfig is false when none of them is a CircleCI config.
func (e *Engine) check(f *fileView, facts *Facts, scripts shell.Cache) (found []Finding, isConfig bool, err error) {
	var configs []*circle.Config
	triggered := e.triggered(f.Source(), facts)
	report := func(x Finding) { found = append(found, x) }
	for _, c := range f.configs {
		if c == nil {
			continue
		}
		shared := newPass(f, c, facts, scripts)
		shared.Repo, shared.report, shared.rules, shared.untriggered = e.Repo, report, e.Rules, e.untriggered
		wanted := map[fixPlace]bool{} // each literal secret of a fix asks
		shared.wanted = func(x *Finding) bool {
			at := fixPlace{x.Fix, x.Span}
			known, ok := wanted[at]
			if !ok {
				known = e.wants(f.File, shared.Config, x)
				wanted[at] = known
			}
			return known
		}
		configs = append(configs, shared.Config)
		for _, rule := range triggered {
			p := *shared
			p.Rule = rule
			if err := rule.Run(&p); err != nil {
				return nil, true, fmt.Errorf("rule %s: %w", rule.ID, err)
			}
			if err := shared.Config.Err(); err != nil {
				return nil, true, err
			}
		}
	}
	about, err := e.suppress(f.File, configs, found)
	if err != nil {
		return nil, true, fmt.Errorf("rule %s: %w", suppression.ID, err)
	}
	found = append(found, about...)
	for i := range found {
		e.complete(&found[i])
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		return strings.Compare(a.Rule.ID, b.Rule.ID)
	})
	return found, len(configs) > 0, nil
}

// fixPlace is a fix with the place of the finding that it is for.
type fixPlace struct {
	*Fix
	at rewrite.Span
}

// least is the least safety of the fixes that are applied, but for SafeOnly, which leaves all rules' findings as they are.
func (e *Engine) least() Safety {
	if e.Unsafe {
		return Unsafe
	}
	return Setup
}

// wants reports whether the fix of a finding, which needs no more facts, is one to apply: it is safe enough, nobody
// suppresses the finding, and the file's layout takes it.
func (e *Engine) wants(f *rewrite.File, c *circle.Config, x *Finding) bool {
	if x.Fix.Safety < e.least() || e.choice(x).Ignore != "" || suppressedIn(f, c, x) {
		return false
	}
	_, err := f.Plan(x.Fix.Ops)
	return err == nil
}

// complete fills in what a finding leaves to its rule.
func (e *Engine) complete(f *Finding) {
	if f.Severity == None {
		f.Severity = f.Rule.Severity
	}
	if s, ok := e.Severities[f.Rule.ID]; ok {
		f.Severity = s
	}
	if f.Confidence == 0 {
		f.Confidence = f.Rule.Confidence
	}
}

// fix applies what can be applied, in rounds: a fix that met another one gets its chance in the next round.
func (e *Engine) fix(r *FileResult, view *fileView, found []Finding, facts *Facts, scripts shell.Cache) {
	run := &fixRun{engine: e, facts: facts, scripts: scripts, file: view, fate: map[string]Result{}, barred: map[string]string{}, gone: map[string][]int{}, made: map[string]*Fix{}}
	run.number(found)
	now := found
	for range maxRounds {
		change, next, applied, err := run.round(now)
		if err != nil {
			r.Status, r.Err = Failed, err
			break
		}
		if len(applied) == 0 {
			break
		}
		if r.Edits, err = rewrite.Compose(r.Edits, change.Edits); err != nil {
			r.Status, r.Err = Failed, &ProofError{"engine", err}
			break
		}
		for _, f := range applied {
			run.gone[f.says()] = append(run.gone[f.says()], f.nth)
			run.made[f.Key()] = f.Fix
		}
		run.file, now = next.file, next.found
		run.number(now)
	}
	for _, f := range found {
		fate := run.fate[f.Key()]
		if made := run.made[f.Key()]; made != nil {
			f.Fix, f.NoFix = f.Fix.as(made), ""
		}
		r.Results = append(r.Results, Result{Finding: f, Status: fate.Status, Why: fate.Why})
	}
	if r.Status == Failed {
		e.discard(r)
		return
	}
	requireOnRunners(r.Results)
	if len(r.Edits) > 0 {
		r.Edits = rewrite.Trim(r.Source, r.Edits)
		r.Status, r.Output, r.after = Changed, run.file.Source(), run.file.File
	}
	if e.Apart {
		e.setApart(r, view, found, facts, scripts)
	}
}

// as is the fix as it was made, perhaps by a later round: it may use and ask for what the file as it was given let nobody
// see. The operations are those on that file, if it takes any.
func (f *Fix) as(made *Fix) *Fix {
	if made == f {
		return f
	}
	out := *made
	out.Ops = nil
	if f != nil && len(f.Needs) == 0 {
		out.Ops = f.Ops
	}
	return &out
}

// requireOnRunners adds what a fix needs only because another one of the run moves its job to a runner.
func requireOnRunners(results []Result) {
	results = slices.DeleteFunc(slices.Clone(results), func(r Result) bool {
		return r.Fix == nil || r.Status != Applied && r.Status != Pending
	})
	moved := map[string]bool{}
	for _, r := range results {
		for _, x := range r.Fix.Relies {
			if class, ok := x.(*RunnerClass); ok {
				for _, job := range class.Jobs {
					moved["job "+job] = true
				}
			}
		}
	}
	for _, r := range results {
		for _, p := range r.Fix.onRunner {
			if moved[p.Where] && !slices.Contains(r.Fix.Requires, p) {
				r.Fix.Requires = append(r.Fix.Requires, p)
			}
		}
	}
}

// discard takes back what a failed file would have got.
func (e *Engine) discard(r *FileResult) {
	r.Edits = nil
	for i := range r.Results {
		if s := r.Results[i].Status; s == Applied || s == Pending {
			r.Results[i].Status, r.Results[i].Why = Refused, "another change of this file failed its proof"
		}
	}
}

func (e *Engine) done() Status {
	if e.DryRun {
		return Pending
	}
	return Applied
}
