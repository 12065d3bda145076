package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// awsStaticKeys wants no long-lived AWS keys in jobs: a role that CircleCI's OIDC token opens takes their place. See
// doc/aws-static-keys.md.
var awsStaticKeys = &Rule{
	ID:         "aws-static-keys",
	Title:      "long-lived AWS keys in a job",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the role has to exist first
	Since:      "0.1.0",
	CWE:        []string{"CWE-798", "CWE-522"},
	Run:        runAWSStaticKeys,
}

func runAWSStaticKeys(p *Pass) error {
	v := p.aws()
	for _, group := range v.groups() {
		if !implicit(group) {
			p.Report(v.finding(group))
		}
	}
	return nil
}

// implicit reports whether nothing in a group shows a key or a login: such an owner is another rule's.
func implicit(group []*keyForm) bool {
	return !slices.ContainsFunc(group, func(f *keyForm) bool { return f.kind != implicitForm })
}

// groups are the forms by owner, in the order of the file; where keys are shown, the first of them leads.
func (v *awsView) groups() [][]*keyForm {
	var out [][]*keyForm
	forms := slices.Clone(v.forms)
	forms = slices.DeleteFunc(forms, func(f *keyForm) bool { return len(v.unitsOf(f)) == 0 })
	slices.SortStableFunc(forms, func(a, b *keyForm) int {
		if (a.kind == implicitForm) != (b.kind == implicitForm) {
			return int(a.kind) - int(b.kind)
		}
		return a.span.Start - b.span.Start
	})
	for _, f := range forms {
		i := slices.IndexFunc(out, func(g []*keyForm) bool { return g[0].owner == f.owner })
		if i < 0 {
			out = append(out, []*keyForm{f})
			continue
		}
		out[i] = append(out[i], f)
	}
	return out
}

// finding is what is said of one owner's forms, with the fix that takes all of them away.
func (v *awsView) finding(group []*keyForm) Finding {
	first := group[0]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	for _, f := range group {
		if f.literal {
			out.Severity = Critical
		}
		if f != first {
			out.Related = append(out.Related, Related{f.span, f.message})
		}
	}
	b := &keysFix{view: v, group: group, fix: &Fix{Title: "assume a role with CircleCI's OIDC token", Safety: Setup}}
	if refusal := b.build(); refusal != "" {
		out.NoFix = refusal
		return out
	}
	out.Fix = b.fix
	return out
}

// keysFix builds the fix of one owner's forms.
type keysFix struct {
	view    *awsView
	group   []*keyForm
	units   []*awsUnit
	removed map[rewrite.Node][]shell.Span // parts of scripts that go away
	region  string
	doubts  []doubt // found while building
	fix     *Fix
}

// build fills in the fix, or says why there is none.
func (b *keysFix) build() (refusal string) {
	for _, f := range b.group {
		if f.blocker != "" {
			return f.blocker
		}
		for _, u := range b.view.unitsOf(f) {
			if !slices.Contains(b.units, u) {
				b.units = append(b.units, u)
			}
		}
	}
	for _, u := range b.units {
		if u.mixed != "" {
			return u.mixed
		}
	}
	for _, part := range []func() string{b.remove, b.setUp, b.complete} {
		if refusal := part(); refusal != "" {
			return refusal
		}
	}
	b.judge()
	b.require()
	return ""
}

// remove adds the operations that take the keys away, but for setup steps, which are converted by setUp.
func (b *keysFix) remove() (refusal string) {
	b.removed = map[rewrite.Node][]shell.Span{}
	var steps []*circle.Step
	for _, f := range b.group {
		b.fix.Ops = append(b.fix.Ops, f.element.removeKeys()...)
		b.region = orElse(b.region, f.region)
		for _, e := range f.remove {
			b.fix.Ops = append(b.fix.Ops, shared(e.Parent(), rewrite.Prune(e))...)
		}
		if len(f.parts) > 0 {
			b.removed[f.node] = append(b.removed[f.node], f.parts...)
			if !slices.Contains(steps, f.step) {
				steps = append(steps, f.step)
			}
		}
	}
	for _, s := range steps {
		if refusal := b.removeFrom(s); refusal != "" {
			return refusal
		}
	}
	return ""
}

// removeFrom takes the keys out of a script, and the step away when nothing is left that does something.
func (b *keysFix) removeFrom(s *circle.Step) (refusal string) {
	facts := b.view.factsOf(s)
	parts := append(b.removed[facts.text], printsOnly(facts.script, b.sources())...)
	b.removed[facts.text] = parts
	edits, err := facts.script.Remove(parts...)
	if err != nil {
		return "the keys cannot be taken out of the script: " + err.Error()
	}
	if region, settings := regionSettings(facts.script, parts); len(settings) > 0 {
		if all, err := facts.script.Remove(append(slices.Clone(parts), settings...)...); err == nil {
			if left, err := facts.script.Leftover(all); err == nil && left != shell.LeftCode {
				b.region = region
				return b.removeStep(s)
			}
		}
	}
	switch left, err := facts.script.Leftover(edits); {
	case err != nil:
		return "the keys cannot be taken out of the script: " + err.Error()
	case left != shell.LeftCode:
		return b.removeStep(s)
	}
	for _, e := range edits {
		b.fix.Ops = append(b.fix.Ops, shared(facts.text, rewrite.ReplaceText(facts.text, e.Start, e.End, e.New))...)
	}
	return ""
}

// sources are the variables that hold the keys: the standard ones and those they are copied from.
func (b *keysFix) sources() []string {
	out := slices.Clone(keyVars)
	for _, f := range b.group {
		out = append(out, f.keys.id, f.keys.secret)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// printsOnly are the statements of a script that do nothing but print the given variables.
func printsOnly(script *shell.Script, names []string) []shell.Span {
	var out []shell.Span
	for _, c := range script.Calls() {
		if c.Name() != "echo" && c.Name() != "printf" || c.Stdout().To != shell.ToLog || c.Substitution {
			continue
		}
		_, printed := c.Prints()
		if len(printed) > 0 && !slices.ContainsFunc(printed, func(n string) bool { return !slices.Contains(names, n) }) {
			out = append(out, c.Stmt)
		}
	}
	return out
}

// regionSettings are the statements beside the removed ones that set a region with aws configure set, when all set
// the same one: with nothing else in the script they move into the setup step.
func regionSettings(script *shell.Script, removed []shell.Span) (region string, settings []shell.Span) {
	for _, c := range script.Calls() {
		if slices.Contains(removed, c.Stmt) || !c.Is("aws", "configure", "set") || len(c.Args()) < 4 {
			continue
		}
		_, name := profileOf(c)
		value := c.Args()[3]
		text := value.Value
		if len(value.Vars) == 1 && value.IsVar(value.Vars[0]) {
			text = "${" + value.Vars[0] + "}"
		} else if !value.Static {
			return "", nil
		}
		if name != "region" || region != "" && region != text {
			return "", nil
		}
		region = text
		settings = append(settings, c.Stmt)
	}
	return region, settings
}

func (b *keysFix) removeStep(s *circle.Step) (refusal string) {
	if s.Item.Kind() == rewrite.Alias || s.Node.Anchor() != "" || s.List == nil || s.List.Node.Kind() != rewrite.Sequence {
		return "nothing would be left of the script, and its step is shared by an anchor"
	}
	b.fix.Ops = append(b.fix.Ops, shared(s.Entry.Parent(), rewrite.Remove(s.Entry))...)
	return ""
}

// setUp adds the operations that give every unit its setup, once.
func (b *keysFix) setUp() (refusal string) {
	var given []credentials
	for _, u := range b.units {
		role := b.role(u)
		if role.need != nil {
			if !slices.Contains(b.fix.Needs, *role.need) {
				b.fix.Needs = append(b.fix.Needs, *role.need)
			}
			continue
		}
		if role.fact != "" && !slices.Contains(b.fix.Facts, role.fact) {
			b.fix.Facts = append(b.fix.Facts, role.fact)
		}
		c := b.credentials(u, role.credentials)
		if m := roleARN.FindStringSubmatch(c.role); m != nil && m[1] != "aws" && !u.showsRegion(c) {
			b.fix.Needs = append(b.fix.Needs, Need{"aws.region", "--set aws.region=REGION: a role of the partition " + m[1] + " needs one of its own regions"})
			continue
		}
		if slices.ContainsFunc(given, func(o credentials) bool { return o != c }) && b.sharesSite(u) {
			return "the same steps are used with several roles: give each user a setup step of its own"
		}
		given = append(given, c)
		for _, s := range u.sites {
			if refusal := b.place(s, c); refusal != "" {
				return refusal
			}
		}
	}
	if len(b.fix.Needs) > 0 {
		return ""
	}
	for _, f := range b.group {
		if f.setup == nil && !f.element.inPlace() {
			continue
		}
		if slices.ContainsFunc(given, func(c credentials) bool { return c.role != given[0].role }) {
			return "the step is used with several roles: give each user a setup step of its own"
		}
		ops, refusal := b.convert(f, given[0])
		if refusal != "" {
			return refusal
		}
		b.fix.Ops = append(b.fix.Ops, ops...)
	}
	return ""
}

// sharesSite reports whether another unit of the fix has its setup at the same place.
func (b *keysFix) sharesSite(u *awsUnit) bool {
	for _, o := range b.units {
		for _, s := range o.sites {
			if o != u && slices.ContainsFunc(u.sites, func(t site) bool { return s.step != nil && t.step != nil && s.step.Entry == t.step.Entry }) {
				return true
			}
		}
	}
	return false
}

// showsRegion reports whether the setup gets a region, or finds one in the unit's environment.
func (u *awsUnit) showsRegion(c credentials) bool {
	if c.region != "" || u.job == nil {
		return c.region != ""
	}
	_, ok := u.job.EffectiveEnvironments().Lookup("AWS_DEFAULT_REGION")
	return ok
}

// role is the role of the unit. A setup step that has one beside its keys keeps it.
func (b *keysFix) role(u *awsUnit) roleChoice {
	if x := b.group[0].setup; x != nil && x.role != "" {
		return roleChoice{credentials: credentials{role: x.role}}
	}
	return b.view.roleFor(b.group[0].keys, u)
}

// convert turns a step that takes keys into one that takes the role.
func (b *keysFix) convert(f *keyForm, c credentials) (ops []rewrite.Op, refusal string) {
	if f.setup != nil {
		return b.view.convert(f.setup, c)
	}
	ops, d, refusal := b.view.convertElement(f.element, c)
	if d != nil {
		b.doubts = append(b.doubts, *d)
	}
	return ops, refusal
}

// credentials completes what a unit's setup is given by what the unit's environment says.
func (b *keysFix) credentials(u *awsUnit, c credentials) credentials {
	c.region = orElse(b.region, c.region)
	if u.job == nil {
		return c
	}
	env := u.job.EffectiveEnvironments()
	_, regional := env.Lookup("AWS_DEFAULT_REGION")
	if _, ok := env.Lookup("AWS_REGION"); ok && !regional && c.region == "" {
		c.region = "${AWS_REGION}"
	}
	if x, ok := env.Lookup("AWS_PROFILE"); ok && c.profile == "" {
		if text, known := x.Known(); known && text != "default" {
			c.profile = text
		}
	}
	return c
}

// place adds the operation that puts a setup step at a site.
func (b *keysFix) place(s site, c credentials) (refusal string) {
	if s.form != nil {
		return ""
	}
	if s.use != nil {
		return b.placeBefore(s.use, c)
	}
	step := s.step
	for i := len(s.calls) - 1; i >= 0 && step.Config().Orb != nil; i-- {
		step = s.calls[i] // an inline orb cannot call an orb of the config around it
	}
	if step.Config().Orb != nil {
		return "the step stands in an inline orb, which has orbs of its own"
	}
	if step == s.step && len(s.calls) > 0 && !b.view.agree(s) {
		step = s.calls[0]
	}
	if step.List == nil || step.List.Node.Kind() != rewrite.Sequence {
		return "there is no list of steps to put the setup into"
	}
	if other := b.bystander(step); other != "" {
		return "the steps are shared through an anchor with " + other + ", which does not use these keys"
	}
	value, ops, refusal := b.view.newStep(c)
	if refusal != "" {
		return refusal
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	b.fix.Ops = append(b.fix.Ops, shared(step.Entry.Parent(), rewrite.InsertBefore(step.Entry, rewrite.Item(value)))...)
	return ""
}

// bystander is a job that runs the list of a step through an anchor without being one of the fix's units.
func (b *keysFix) bystander(step *circle.Step) string {
	if len(step.Entry.Parent().Users()) == 0 {
		return ""
	}
	for _, j := range b.view.config.UsersOf(step.Item) {
		if !slices.ContainsFunc(b.units, func(u *awsUnit) bool { return u.job != nil && u.job.Node == j.Node }) {
			return "job " + j.Name
		}
	}
	return ""
}

// placeBefore gives a workflow entry that runs an orb's job the setup as a pre-step.
func (b *keysFix) placeBefore(use *circle.WorkflowJob, c credentials) (refusal string) {
	value, ops, refusal := b.view.newStep(c)
	if refusal != "" {
		return refusal
	}
	pair := rewrite.Pair{Key: "pre-steps", Value: rewrite.List(value)}
	switch list := use.PreSteps(); {
	case list != nil && list.Node.Kind() == rewrite.Sequence && list.Node.Len() > 0:
		ops = append(ops, shared(list.Node, rewrite.InsertBefore(list.Node.Entries()[0], rewrite.Item(value)))...)
	case list != nil:
		return "the entry's pre-steps are no list of steps"
	case use.Bare:
		ops = append(ops, shared(use.Node, rewrite.Wrap(use.Node, rewrite.Map(pair)))...)
	case use.Args.Len() > 0:
		ops = append(ops, shared(use.Args, rewrite.InsertBefore(use.Args.Entries()[0], pair))...)
	default:
		ops = append(ops, shared(use.Node, rewrite.Append(use.Key.Entry().Value(), pair))...)
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	return ""
}

// agree reports whether all units that run a step of a command need their setup right there.
func (v *awsView) agree(s site) bool {
	for _, u := range v.units {
		visited := slices.ContainsFunc(u.visits, func(x awsVisit) bool { return x.Step.Node == s.step.Node })
		if visited && !slices.ContainsFunc(u.sites, func(o site) bool { return o.step != nil && o.step.Node == s.step.Node }) {
			return false
		}
	}
	return true
}

// newStep is a setup step by the method that the facts or the config's version choose.
func (v *awsView) newStep(c credentials) (value rewrite.Value, ops []rewrite.Op, refusal string) {
	if v.webIdentity() {
		if c.profile != "" {
			return value, nil, "the keys are used by the profile " + c.profile + ", and web identity without an orb sets up no profile"
		}
		return c.webIdentityStep(), nil, ""
	}
	choice, refusal := v.orbFor(c.role)
	return c.orbStep(choice), choice.ops, refusal
}

// webIdentity reports whether the setup does without an orb: by the facts, or because the config cannot use orbs.
func (v *awsView) webIdentity() bool {
	method := v.p.Facts.AWS.Method
	return method == "web-identity" || method == "" && !v.config.Is21()
}

// complete hands the session token on wherever a step hands the keys to a container.
func (b *keysFix) complete() (refusal string) {
	for _, u := range b.units {
		for _, x := range u.visits {
			if x.facts.script == nil || b.view.webIdentity() {
				continue
			}
			for _, c := range keyCopies(x.facts.script) {
				if c.insert != "" {
					b.fix.Ops = append(b.fix.Ops, shared(x.facts.text, rewrite.ReplaceText(x.facts.text, c.span.End, c.span.End, c.insert))...)
				}
			}
		}
	}
	return ""
}

// judge lowers the fix's safety for what it might break.
func (b *keysFix) judge() {
	lower := func(d doubt) {
		if d.safety < b.fix.Safety {
			b.fix.Safety, b.fix.Reason = d.safety, d.reason
		}
	}
	for _, d := range b.doubts {
		lower(d)
	}
	for _, u := range b.units {
		for _, d := range b.view.guard(u, b.removed) {
			lower(d)
		}
	}
	for _, f := range b.group {
		if f.setup != nil && f.setup.release != nil && f.setup.release.Swap != "" {
			lower(doubt{Unsafe, f.setup.orb.Ref() + ": " + f.setup.release.Swap})
		}
	}
	if b.fix.Safety == Setup && b.swapsCLI() {
		lower(doubt{Unsafe, "a step calls `aws ecr get-login`, which only version 1 of the CLI has, and nothing shows that it stays in front"})
	}
}

// swapsCLI reports whether the setup step may put version 2 of the CLI in front of a version 1 that a step needs.
func (b *keysFix) swapsCLI() bool {
	for _, u := range b.units {
		for _, f := range b.group {
			if f.setup == nil || f.setup.release == nil || f.setup.release.OIDC || f.setup.release.Raise != "" {
				continue
			}
			if slices.ContainsFunc(u.visits, func(x awsVisit) bool { return x.facts.v1Only }) {
				return true
			}
		}
	}
	return false
}

// require says what has to be done outside the file.
func (b *keysFix) require() {
	add := func(when When, kind, where, format string, args ...any) {
		p := Prerequisite{when, kind, fmt.Sprintf(format, args...), where}
		if !slices.Contains(b.fix.Requires, p) {
			b.fix.Requires = append(b.fix.Requires, p)
		}
	}
	d := b.group[0].keys
	add(Before, "role", "", "create an IAM role that trusts CircleCI's OIDC provider for this organisation and project, with the permissions of the user behind %s", d)
	for _, u := range b.units {
		if role := b.role(u); isVariable(role.role) {
			name := strings.TrimSuffix(strings.TrimPrefix(role.role, "${"), "}")
			add(Before, "variable", u.place(), "define %s with the ARN of that role", name)
		}
		if t := longest(u); t != "" {
			add(Before, "session", u.name, "allow the role sessions of more than one hour and set aws.session_duration: a step may run for %s", t)
		}
		if u.job != nil && onRunner(u.job) {
			add(Before, "runner", u.name, "make sure that the `circleci` command is on the runner: the aws-cli orb calls it")
		}
	}
	for _, f := range b.group {
		if f.element.inPlace() {
			add(Before, "role", f.element.orb.Ref(), "limit the role by audience and project-id, not by branch: the orb sends the first version of the token")
		}
	}
	add(Before, "check", "", "try it on a branch first: a job with the setup step and `aws sts get-caller-identity`; builds of forked pull requests get no token unless secrets are passed to them")
	if d.isLiteral() {
		add(After, "key", "", "deactivate %s in IAM now and delete it then: it stays readable in the history of the repository", d)
		return
	}
	for _, u := range b.units {
		add(After, "variable", u.place(), "delete %s", d)
	}
	add(After, "key", "", "deactivate, then delete, the access key behind %s in IAM: until then nothing is safer than before", d)
}

// place is where the variables of the unit are stored, as far as the file tells.
func (u *awsUnit) place() string {
	switch len(u.contexts) {
	case 0:
		return "the project"
	case 1:
		return "context " + u.contexts[0]
	default:
		return "one of the contexts " + strings.Join(u.contexts, ", ")
	}
}

func (d identity) isLiteral() bool { return d.literal != "" }

// longest is the longest no_output_timeout of the unit that asks for a session of an hour or nearly so.
func longest(u *awsUnit) string {
	for _, x := range u.visits {
		text := x.Step.NoOutputTimeout().Value()
		if minutes, ok := strings.CutSuffix(text, "m"); ok && len(minutes) >= 2 && (len(minutes) > 2 || minutes >= "45") || strings.HasSuffix(text, "h") {
			return text
		}
	}
	return ""
}

// onRunner reports whether the job runs on a self-hosted runner: its resource class has a namespace.
func onRunner(j *circle.Job) bool {
	text, known := circle.Known(j.ResourceClass())
	return known && strings.Contains(text, "/")
}
