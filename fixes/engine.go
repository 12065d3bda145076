package fixes

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/flow"
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
	configs []*circle.Config // of each document, nil for one that is no config
}

func viewOf(f *rewrite.File) *fileView {
	v := &fileView{File: f}
	for _, doc := range f.Documents() {
		var c *circle.Config
		if circle.IsConfig(doc) {
			c = circle.New(doc)
		}
		v.configs = append(v.configs, c)
	}
	return v
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
		shared := newPass(f.File, c, facts, scripts)
		shared.Repo, shared.report, shared.rules, shared.untriggered = e.Repo, report, e.Rules, e.untriggered
		shared.wanted = func(x *Finding) bool { return e.wants(f.File, shared.Config, x) }
		configs = append(configs, shared.Config)
		for _, rule := range triggered {
			p := *shared
			p.Rule = rule
			if err := rule.Run(&p); err != nil {
				return nil, true, fmt.Errorf("rule %s: %w", rule.ID, err)
			}
		}
		if err := shared.Config.Err(); err != nil {
			return nil, true, err
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

// fixRun is the state of the rounds over one file.
type fixRun struct {
	engine  *Engine
	facts   *Facts
	scripts shell.Cache
	file    *fileView
	fate    map[string]Result // by finding key
	barred  map[string]string // findings whose fix was rolled back, with the reason
	gone    map[string][]int  // the numbers of findings that fixes have taken away, by what they say
	made    map[string]*Fix   // by finding key
}

// outcome is a file after a round, and what is found in it.
type outcome struct {
	file  *fileView
	found []Finding
}

// round applies as many of the fixes as go together and hold.
func (run *fixRun) round(found []Finding) (*rewrite.Change, outcome, []Finding, error) {
	chosen := run.choose(found)
	for len(chosen) > 0 {
		change, next, culprits, err := run.try(found, chosen)
		if err != nil {
			return nil, outcome{}, nil, err
		}
		if len(culprits) == 0 {
			for _, f := range chosen {
				run.settleChosen(f)
			}
			return change, next, chosen, nil
		}
		chosen = slices.DeleteFunc(chosen, func(f Finding) bool {
			x, out := culprits[f.Key()]
			if out {
				run.settle(f, Refused, x.why)
			}
			if out && !x.later {
				run.barred[f.Key()] = x.why
			}
			return out
		})
	}
	return nil, outcome{}, nil, nil
}

func (e *Engine) done() Status {
	if e.DryRun {
		return Pending
	}
	return Applied
}

func (run *fixRun) settle(f Finding, s Status, why string) {
	old, ok := run.fate[f.Key()]
	if ok && (old.Status == Applied || old.Status == Pending || old.Status == s) {
		return // the words of the first round speak of the file as it was given
	}
	run.fate[f.Key()] = Result{Status: s, Why: why}
}

// choose settles the findings whose fixes cannot be applied and returns the others, as many as can be planned together.
func (run *fixRun) choose(found []Finding) []Finding {
	var chosen []Finding
	for _, f := range found {
		if s, why := run.obstacle(f); s != "" {
			run.settle(f, s, why)
			continue
		}
		chosen = append(chosen, f)
	}
	return run.together(nil, chosen)
}

// together are the fixes of kept, which go together, with those more that can be planned beside them. The first wins.
func (run *fixRun) together(kept, more []Finding) []Finding {
	_, err := run.file.Plan(run.allOps(slices.Concat(kept, more)))
	switch half := len(more) / 2; {
	case err == nil || len(more) == 0:
		return append(kept, more...)
	case len(more) == 1:
		run.settle(more[0], Conflict, "it meets another change of this run: "+err.Error())
		return kept
	default:
		return run.together(run.together(kept, more[:half]), more[half:])
	}
}

// obstacle is why a finding's fix is not applied; the status is "" when nothing is in the way.
func (run *fixRun) obstacle(f Finding) (Status, string) {
	least := run.engine.least()
	if run.engine.SafeOnly {
		least = Safe
	}
	choice := run.engine.choice(&f)
	switch x := f.Fix; {
	case f.suppressed != "":
		return Suppressed, f.suppressed
	case choice.Ignore != "" && run.barred[f.Key()] == "":
		return run.ignoreObstacle(f)
	case x == nil:
		return NoFix, f.NoFix
	case run.barred[f.Key()] != "":
		return Refused, run.barred[f.Key()]
	case x.Safety == Manual:
		return NoFix, x.Reason
	case len(x.Needs) > 0:
		return NeedsFacts, ""
	case x.Safety < least:
		return HeldBack, x.Reason
	case choice.Skip:
		return NotChosen, ""
	}
	if _, err := run.file.Plan(f.Fix.Ops); err != nil {
		return Refused, err.Error()
	}
	return "", ""
}

func (run *fixRun) allOps(found []Finding) []rewrite.Op {
	var ops []rewrite.Op
	for _, f := range found {
		ops = append(ops, run.ops(f)...)
	}
	return ops
}

// with is the file as some fixes leave it.
func (run *fixRun) with(chosen []Finding) (*fileView, error) {
	if len(chosen) == 0 {
		return run.file, nil
	}
	change, err := run.file.Plan(run.allOps(chosen))
	if err != nil {
		return nil, err
	}
	file, err := change.Prove()
	if err != nil {
		return nil, err
	}
	return viewOf(file), nil
}

// apply makes the change of some fixes and checks the result with all rules.
func (run *fixRun) apply(found, chosen []Finding) (*rewrite.Change, outcome, error) {
	change, err := run.file.Plan(run.allOps(chosen))
	if err != nil {
		return nil, outcome{}, err
	}
	proved, err := change.Prove()
	if err != nil {
		return nil, outcome{}, err
	}
	file := viewOf(proved)
	if err := run.credentialFlow(chosen, file); err != nil {
		return nil, outcome{}, err
	}
	after, _, err := run.engine.check(file, run.facts, run.scripts)
	if err != nil {
		return nil, outcome{}, err
	}
	if err := run.checkFindings(found, chosen, after); err != nil {
		return nil, outcome{}, err
	}
	return change, outcome{file, after}, nil
}

// checkFindings is an error for what is found after a change and should not be: what the chosen fixes are about, and what
// was not there before. A finding that only says other words of the same owner, and is no worse, is no new one.
func (run *fixRun) checkFindings(found, chosen, after []Finding) error {
	expected := map[string]int{}
	for _, f := range found {
		expected[f.says()]++
	}
	for _, f := range chosen {
		expected[f.says()]--
		if ignored := run.ignored(f); ignored.suppressed != "" {
			expected[ignored.says()]++
		}
	}
	var fresh []Finding
	for _, f := range after {
		if expected[f.says()]--; expected[f.says()] < 0 {
			fresh = append(fresh, f)
		}
	}
	about := map[string]bool{}
	for _, f := range chosen {
		about[f.says()] = true
	}
	olds := map[string][]Finding{} // by rule and owner
	for _, f := range found {
		olds[f.topic()] = append(olds[f.topic()], f)
	}
	wrong := unexpected{}
	for _, f := range fresh {
		if about[f.says()] {
			wrong.add(f.Owner, "the finding is still there after the fix")
			continue
		}
		if f.Rule.Off {
			continue // advice for those who ask for it, which a fix may well give occasion for
		}
		if f.Rule == suppression && f.Fix != nil && f.Fix.Safety == Safe {
			continue // a comment whose finding went with the change: the next round takes it away
		}
		i := slices.IndexFunc(olds[f.topic()], func(old Finding) bool { return expected[old.says()] > 0 && f.rewords(old) })
		if i < 0 {
			wrong.add(f.Owner, fmt.Sprintf("the fix would bring a new finding: %s: %s", f.Rule.ID, f.Message))
			continue
		}
		expected[olds[f.topic()][i].says()]--
	}
	return wrong.err()
}

// topic is what a finding is about, in whatever words.
func (f *Finding) topic() string { return f.Rule.ID + "\x00" + f.Owner }

// rewords reports whether a finding may be an old one on the same topic in other words, as when a stored secret is no
// literal any more.
func (f *Finding) rewords(old Finding) bool {
	return f.Severity <= old.Severity && f.suppressed == old.suppressed
}

// aboutCredentials are the beginnings of the ids of rules whose fixes change where steps get their credentials from.
var aboutCredentials = []string{"aws-", "ecr-", "gcp-", "azure-", "vault-", "publish-"}

// credentialFlow checks what fixes of credentials do to every step: none may lose its credentials, or get others. They are
// held against the file as the other fixes leave it, such as those that move a literal secret into a context.
func (run *fixRun) credentialFlow(chosen []Finding, after *fileView) error {
	others := slices.DeleteFunc(slices.Clone(chosen), func(f Finding) bool {
		return slices.ContainsFunc(aboutCredentials, func(prefix string) bool { return strings.HasPrefix(f.Rule.ID, prefix) })
	})
	if len(others) == len(chosen) {
		return nil
	}
	before, err := run.with(others)
	if err != nil {
		return err
	}
	given := run.facts.AWS.certain()
	found := unexpected{}
	for i, c := range before.configs {
		if c == nil {
			continue
		}
		now := after.configs[i]
		if now == nil { // no config any more: whatever used credentials is gone
			now = circle.New(after.Documents()[i])
		}
		was, is := flow.AnalyzeChange(c, now, run.scripts)
		for _, v := range flow.Compare(was, is, given...) {
			found.addAt(v.Where, "credential flow: "+v.String())
		}
	}
	return found.err()
}
