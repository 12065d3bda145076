package fixes

import (
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// Pass is one rule on one document of a file.
type Pass struct {
	Rule   *Rule
	File   *rewrite.File
	Config *circle.Config
	Facts  *Facts
	Repo   fs.FS // the files of the config's repo, to be read only; nil when there are none
	report func(Finding)
	note   func(Note) // nil unless the engine is to explain

	fileMentions func(text string) bool // mention, of the file

	// Worked out once for all rules, when the first of them asks.
	units     func() []*unit                          // the runs of steps in the config
	everyUnit func() []*unit                          // and those that nothing comes to
	byContext func() map[string][]*circle.WorkflowJob // entriesByContext
	aws       func() *awsView
	network   func() *networkView
	vault     func() []Finding // of the rules about stored credentials
	azure     func() []Finding
	publish   func() []Finding
	gcp       func() []Finding
	gcpImages func() []Finding

	rules    []*Rule             // that run along with this one
	wanted   func(*Finding) bool // whether a finding's complete fix is of those that the engine applies
	scripts  shell.Cache
	comments []*suppressionComment // for the rule suppression

	untriggered bool // see Engine
}

// newPass is what all rules share on one document.
func newPass(f *fileView, c *circle.Config, facts *Facts, scripts shell.Cache) *Pass {
	p := &Pass{File: f.File, Config: c, Facts: facts, scripts: scripts, fileMentions: f.mention}
	p.units = sync.OnceValue(func() []*unit { return unitsOf(c) })
	p.everyUnit = sync.OnceValue(func() []*unit { return withUnreached(c, slices.Clip(p.units())) })
	p.byContext = sync.OnceValue(func() map[string][]*circle.WorkflowJob { return entriesByContext(c) })
	p.aws = sync.OnceValue(func() *awsView { return newAWSView(p) })
	p.network = sync.OnceValue(func() *networkView { return newNetworkView(p) })
	p.vault = sync.OnceValue(func() []Finding { return vaultFindings(p) })
	p.azure = sync.OnceValue(func() []Finding { return azureFindings(p) })
	p.gcp = sync.OnceValue(func() []Finding { return gcpFindings(p) })
	p.gcpImages = sync.OnceValue(func() []Finding { return gcpImageFindings(p) })
	p.publish = sync.OnceValue(func() []Finding { return publishFindings(p) })
	return p
}

// Report adds a finding.
func (p *Pass) Report(f Finding) {
	f.Rule = p.Rule
	p.report(f)
}

// Note tells people what was seen of an owner, such as job:deploy. Nothing happens unless they asked.
func (p *Pass) Note(owner, format string, args ...any) {
	if p.note != nil {
		p.note(Note{owner, fmt.Sprintf(format, args...)})
	}
}

// Finding is one place that breaks one rule.
type Finding struct {
	Rule       *Rule
	Span       rewrite.Span // the smallest place that names the fault
	Path       string       // of that place, such as jobs.deploy.steps[2].run
	Owner      string       // whose text it is, such as job:deploy, executor:py, command:login, anchor:defaults
	Message    string       // states the fact; never holds a secret
	Severity   Severity     // None: the rule's
	Confidence Confidence   // 0: the rule's
	Related    []Related
	Fix        *Fix
	NoFix      string   // why a rule that fixes offers no fix here
	Secrets    []string // the literal secrets that it is about, for those who mask them; never to be shown

	suppressed string // the reason that a comment gives, "" for none
	nth        int    // of those that say the same, from 0
}

// Related is a further place that belongs to a finding.
type Related struct {
	Span    rewrite.Span
	Message string
}

// Fix is a change to the file. It is applied whole or not at all.
type Fix struct {
	Title    string // a verb phrase
	Safety   Safety
	Reason   string         // why the safety is no better, or why the change has the form it has
	Ops      []rewrite.Op   // what it means
	Facts    []string       // the facts it used, as KEY=VALUE
	Needs    []Need         // the facts that are missing; a fix that needs any is not applied
	Requires []Prerequisite // what must exist outside the file, before or after the change is merged
	Relies   []Resource     // the same as data, as far as cfgfix setup can make it

	onRunner []Prerequisite // more of them, for jobs that a fix beside this one moves to a runner: Where is the job
	noted    map[any]bool   // Facts, Needs and Requires that were noted
}

// note reports whether a fact, a need or a prerequisite is the fix's first of its kind.
func (f *Fix) note(v any) bool {
	if f.noted[v] {
		return false
	}
	if f.noted == nil {
		f.noted = map[any]bool{}
	}
	f.noted[v] = true
	return true
}

// use notes a fact, KEY=VALUE, that the fix writes.
func (f *Fix) use(fact string) {
	if f.note(fact) {
		f.Facts = append(f.Facts, fact)
	}
}

// need notes a fact that is missing.
func (f *Fix) need(n Need) {
	if f.note(n) {
		f.Needs = append(f.Needs, n)
	}
}

// require notes a prerequisite.
func (f *Fix) require(p Prerequisite) {
	if f.note(p) {
		f.Requires = append(f.Requires, p)
	}
}

// requireIn notes a prerequisite of every place among some.
func (f *Fix) requireIn(places []string, when When, kind, text string) {
	for _, where := range places {
		f.require(Prerequisite{when, kind, text, where})
	}
}

// requiref notes a prerequisite whose text is a format.
func (f *Fix) requiref(when When, kind, where, format string, args ...any) {
	f.require(Prerequisite{when, kind, fmt.Sprintf(format, args...), where})
}

// Need is a fact that a fix is missing.
type Need struct {
	Key  string // such as aws.role_arn
	Hint string // the --set or the settings that give it
}

// When tells the two kinds of work for people apart.
type When string

// Work to do before the change is merged, and after.
const (
	Before When = "before"
	After  When = "after"
)

// Prerequisite is something outside the file that a fix relies on, or that is left to do once it is merged.
// Two prerequisites with the same When and Text are one.
type Prerequisite struct {
	When  When
	Kind  string // role, variable, context, runner, plan, network, key, session, fork, check
	Text  string // an imperative sentence, without the period
	Where string // the context, project or account it belongs to; "" when the text says it
}

// Result is a finding and what became of it.
type Result struct {
	Finding
	Status Status
	Why    string // for a finding that is left: the reason, in words

	// Edits are the fix by itself, against Source: spliced in without any other, they are proved as a change of the file
	// is. Two fixes may have overlapping or equal edits. There are none unless Engine.Apart asks for them, for a fix that
	// lacks facts, is refused or suppressed, and for one that holds only together with others; in a file of megabytes only
	// the first have them.
	Edits []rewrite.Edit
}
