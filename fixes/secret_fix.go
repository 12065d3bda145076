package fixes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// secretFix builds the fix of one secret.
type secretFix struct {
	view     *secretView
	site     *secretSite
	entries  []*circle.WorkflowJob // that run it
	variable string                // that holds the value from now on
	contexts []string              // that provide it
	fix      *Fix
	clash    bool
	refusal  string // why there is no fix
}

// build fills in the fix, or says why there is none.
func (b *secretFix) build() (refusal string) {
	s := b.site
	if s.blocker != "" {
		return s.blocker
	}
	if s.parameter != nil && !s.parameter.readsOnly(b.view.p) {
		return "the parameter " + s.parameter.name + " is used where no variable is expanded"
	}
	if b.entries = b.entriesOf(); len(b.entries) == 0 {
		return "no workflow of this file runs it, so that there is no entry to attach a context to: store it as a variable of the project"
	}
	if name := b.foreignShell(); name != "" && s.parameter != nil {
		return notPOSIX(name)
	}
	if refusal := b.choose(); refusal != "" {
		return refusal
	}
	a := &attachment{p: b.view.p, fix: b.fix, variable: b.variable}
	if refusal := a.to(b.entries); refusal != "" {
		return refusal
	}
	b.contexts = a.contexts
	if refusal := b.remove(); refusal != "" {
		return refusal
	}
	if says := generated(b.view.p.File); says != "" {
		b.fix.Safety, b.fix.Reason = Manual, says
	}
	b.view.promised[b.variable] = append(b.view.promised[b.variable], b)
	b.view.names[s.value] = cmp.Or(b.view.names[s.value], b.variable)
	a.require(b.variable)
	b.require(a)
	return ""
}

// entriesOf are the workflow entries that run the secret: those that pass its step, or whose job it belongs to.
func (b *secretFix) entriesOf() []*circle.WorkflowJob {
	s := b.site
	switch {
	case s.use != nil:
		return []*circle.WorkflowJob{s.use}
	case s.step != nil:
		return b.view.running(s.step)
	}
	var out []*circle.WorkflowJob
	for _, j := range b.view.p.Config.UsersOf(s.node) {
		for _, use := range j.Uses() {
			if !slices.ContainsFunc(out, func(o *circle.WorkflowJob) bool { return o.Entry == use.Entry && o.Workflow == use.Workflow }) && b.reaches(use) {
				out = append(out, use)
			}
		}
	}
	return out
}

// reaches reports whether an entry of a job that has the secret may get to it: it may rule out the calls of the command
// whose parameter holds it.
func (b *secretFix) reaches(use *circle.WorkflowJob) bool {
	called, may := false, false
	for _, x := range use.Flow() {
		if cmd := x.Step.Callee(); cmd != nil && b.site.parameter != nil && cmd.Node.Same(b.site.parameter.body) {
			called, may = true, may || !x.Never
		}
	}
	return may || !called
}

// running are the workflow entries that pass a step.
func (v *secretView) running(s *circle.Step) []*circle.WorkflowJob {
	if v.passing == nil {
		v.passing = map[rewrite.Node][]*circle.WorkflowJob{}
		for _, use := range allEntries(v.p.Config) {
			for _, x := range use.Flow() {
				if x.Never {
					continue
				}
				list := v.passing[x.Step.Node]
				if len(list) == 0 || list[len(list)-1] != use {
					v.passing[x.Step.Node] = append(list, use)
				}
			}
		}
	}
	return v.passing[s.Node]
}

// choose decides which variable holds the value: the first of those that are usual which a context provides and which is
// free, or one with a number.
func (b *secretFix) choose() (refusal string) {
	taken := ""
	for _, name := range b.candidates() {
		if why := b.takenBy(name); why != "" {
			taken = cmp.Or(taken, why)
			continue
		}
		b.variable = cmp.Or(b.variable, name)
		if len(b.view.p.Facts.providers(name)) > 0 {
			b.variable = name
			break
		}
	}
	if b.variable == "" {
		return cmp.Or(taken, "which variable should hold it is not shown")
	}
	return ""
}

// maxNumbered bounds the names with a number.
const maxNumbered = 9

// candidates are the names for the variable, the best first. What an environment sets is read by that name and no other.
func (b *secretFix) candidates() []string {
	names := b.site.variables
	if b.site.setting != nil || len(names) == 0 {
		return names
	}
	out := slices.Clone(names)
	if known := b.view.names[b.site.value]; known != "" {
		out = append([]string{known}, out...) // one value, one variable
	}
	if b.takenBy(names[0]) == "" {
		return out
	}
	for i := 2; i <= maxNumbered; i++ {
		out = append(out, fmt.Sprintf("%s_%d", names[0], i))
	}
	return out
}

// takenBy says what else has the variable, "" for nothing.
func (b *secretFix) takenBy(name string) string {
	if place := b.setElsewhere(name); place != "" {
		return fmt.Sprintf("%s sets %s as well, which would take the place of the context's", place, name)
	}
	if b.unsets(name) {
		return "the script unsets " + name
	}
	if b.site.setting != nil {
		return ""
	}
	contexts := b.contextsFor(name)
	for _, o := range b.view.promised[name] {
		if o.site.value != b.site.value && slices.ContainsFunc(o.contexts, func(c string) bool { return slices.Contains(contexts, c) }) {
			return "another value is to be stored as " + name
		}
	}
	if b.sets(name) || b.view.names[b.site.value] == name {
		return ""
	}
	for _, use := range allEntries(b.view.p.Config) {
		gets := slices.Contains(b.entries, use) || slices.ContainsFunc(contexts, func(c string) bool { return hasContext(use, c) })
		if gets && b.view.reads(use, name) {
			return use.Name() + " reads " + name + " already, which may have another value"
		}
	}
	return ""
}

// unsets reports whether the script may have unset the variable when it comes to the literal.
func (b *secretFix) unsets(name string) bool {
	x := b.site.script
	return x != nil && slices.ContainsFunc(x.script.Calls(), func(c *shell.Call) bool {
		before := c.Span.Start < x.span.Start || c.Conditional || c.Function != ""
		return before && c.Name() == "unset" && slices.Contains(unsetNames(c), name)
	})
}

// contextsFor are the contexts that would provide a variable to the entries.
func (b *secretFix) contextsFor(name string) []string {
	a := &attachment{p: b.view.p, fix: &Fix{}, variable: name}
	a.to(b.entries)
	return a.contexts
}

// reads reports whether a workflow entry's job shows a use of a variable.
func (v *secretView) reads(use *circle.WorkflowJob, name string) bool {
	inStep := func(x circle.Visit) bool {
		script := v.p.scripts.Parse(x.Step.Command().Value())
		return x.Step.Kind == circle.RunStep && script != nil && slices.ContainsFunc(script.Mentions(name), func(m shell.Mention) bool { return m.Kind == shell.Expanded })
	}
	inLogin := func(d *circle.DockerItem) bool {
		return uses(d.Auth(), func(text string) bool { return text == "$"+name || text == "${"+name+"}" })
	}
	at := reading{use, name}
	known, looked := v.reading[at]
	if !looked {
		j := use.Job()
		known = v.mentioned(name)[shell.Expanded] && slices.ContainsFunc(use.Flow(), inStep) || j != nil && slices.ContainsFunc(j.DockerItems(), inLogin)
		v.reading[at] = known
	}
	return known
}

// reading is a workflow entry and a variable that its job may read.
type reading struct {
	use  *circle.WorkflowJob
	name string
}

// mentioned are the ways in which any script of the config mentions a variable.
func (v *secretView) mentioned(name string) map[shell.MentionKind]bool {
	kinds, known := v.mentions[name]
	if !known {
		kinds = map[shell.MentionKind]bool{}
		for s := range v.p.Config.Walk {
			if text := s.Command().Value(); strings.Contains(text, name) {
				if script := v.p.scripts.Parse(text); script != nil {
					for _, m := range script.Mentions(name) {
						kinds[m.Kind] = true
					}
				}
			}
		}
		v.mentions[name] = kinds
	}
	return kinds
}

// setElsewhere is a place where the jobs get the variable from, beside the secret itself; "" for none.
func (b *secretFix) setElsewhere(name string) string {
	looked := map[rewrite.Node]bool{}
	for _, use := range b.entries {
		if j := use.Job(); j != nil && !looked[j.Node] {
			looked[j.Node] = true
			if e := b.setIn(j.EffectiveEnvironments(), name); e != nil {
				return "the environment of " + b.view.p.Config.Owner(e.Node)
			}
		}
		if !b.view.mentioned(name)[shell.Assigned] {
			continue
		}
		for _, x := range use.Flow() {
			if !looked[x.Step.Node] && b.assigns(x.Step, name) {
				return "a script of " + x.Step.Owner()
			}
			looked[x.Step.Node] = true
		}
	}
	return ""
}

// setIn is the environment that sets the variable to something else than the secret, nil for none.
func (b *secretFix) setIn(envs circle.Environments, name string) *circle.Environment {
	for _, e := range envs {
		if slices.ContainsFunc(e.Named(name), func(x circle.Var) bool {
			return !x.Value.Same(b.site.node) && x.Text != b.site.value
		}) {
			return e
		}
	}
	return nil
}

// assigns reports whether a step's script assigns the variable, beside the assignment that goes.
func (b *secretFix) assigns(s *circle.Step, name string) bool {
	script := b.view.p.scripts.Parse(s.Command().Value())
	if s.Kind != circle.RunStep || script == nil || b.site.setting != nil {
		return false
	}
	own := b.site.script
	return slices.ContainsFunc(script.Mentions(name), func(m shell.Mention) bool {
		return m.Kind == shell.Assigned && !(own != nil && own.step.Node == s.Node && goes(m.Span, own.parts))
	})
}

// remove adds the operations that take the literal out of the file.
func (b *secretFix) remove() (refusal string) {
	s := b.site
	switch {
	case s.script != nil:
		return b.removeFromScript()
	case s.parameter != nil:
		b.fix.Ops = append(b.fix.Ops, shared(s.node, rewrite.Replace(s.node, rewrite.String("${"+b.variable+"}")))...)
	case s.setting != nil:
		for _, e := range append(s.repeats, s.setting.Entry) {
			b.fix.Ops = append(b.fix.Ops, removeVariable(b.view.p.Config, e)...)
		}
	case s.auth:
		b.fix.Ops = append(b.fix.Ops, shared(s.node, rewrite.Replace(s.node, rewrite.String("$"+b.variable)))...)
	}
	return ""
}

// removeFromScript takes out the assignment, with the step when nothing else is in it; where that does not go, and for all
// other literals, a reference takes the place of the literal.
func (b *secretFix) removeFromScript() (refusal string) {
	x := b.site.script
	if b.view.proved[x.script] += len(x.script.Text()); b.view.proved[x.script] > maxProved {
		return "the script holds more secrets than can be proved one by one: put them into a file, or into several scripts"
	}
	if b.sets(b.variable) && !x.isolated {
		if x.sometimes {
			b.fix.Safety, b.fix.Reason = Unsafe, "the script sets "+b.variable+" under a condition, and the context sets it in any case"
		}
		ops, emptied, refusal := takeOut(b.site.node, x.script, x.parts)
		if refusal == "" && emptied {
			ops, refusal = removeStep(x.step)
		}
		if refusal == "" {
			b.fix.Ops = append(b.fix.Ops, ops...)
			return ""
		}
	}
	e, err := x.script.Reference(x.span, b.variable)
	if err != nil {
		return "a variable cannot take its place: " + reasonOf(err)
	}
	b.fix.Ops = append(b.fix.Ops, shared(b.site.node, rewrite.ReplaceText(b.site.node, e.Start, e.End, e.New))...)
	return ""
}

// maxProved bounds, in bytes of text, how often one script is read anew for the secrets in it: once for each.
const maxProved = 16 << 20

// reasonOf is what the shell's refusal says, without the place.
func reasonOf(err error) string {
	if refused := (*shell.RefusedError)(nil); errors.As(err, &refused) {
		return string(refused.Reason)
	}
	return err.Error()
}

// withoutArticle is a thing as one says "a new" in front of it.
func withoutArticle(what string) string {
	for _, article := range []string{"a literal ", "an ", "a "} {
		if rest, ok := strings.CutPrefix(what, article); ok {
			return rest
		}
	}
	return what
}

// require says how the value is stored from now on, and what becomes of the one in the file.
func (b *secretFix) require(a *attachment) {
	add := b.fix.requiref
	what, shown := withoutArticle(b.site.what), ""
	if b.site.what == passwordAddress && b.site.setting == nil {
		what = "password" // the rest of the address stays
	}
	if text := b.site.shown(); text != "…" {
		shown = " (" + text + ")"
	}
	for _, name := range b.contexts {
		add(Before, "variable", "context "+name, "store a new %s in place of the one in the file%s as %s: `circleci context secret set %s --org gh/ORG --name %s`, which asks for it",
			what, shown, b.variable, shellWord(name), b.variable)
	}
	add(Before, "fork", "", forksGetNothing)
	owner := "where it was issued"
	if b.site.format != nil {
		owner = "at " + b.site.format.Provider
	}
	add(After, "secret", "", "revoke the old %s%s %s: it stays readable in the history of the repository", what, shown, owner)
}
