package fixes

import (
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
	variable string   // that holds the value from now on
	contexts []string // that provide it
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
	uses, refusal := b.uses()
	if refusal != "" {
		return refusal
	}
	if refusal := b.choose(); refusal != "" {
		return refusal
	}
	a := &attachment{p: b.view.p, fix: b.fix, variable: b.variable}
	if refusal := a.to(uses); refusal != "" {
		return refusal
	}
	b.contexts = a.contexts
	if refusal := b.remove(); refusal != "" {
		return refusal
	}
	if says := generated(b.view.p.File); says != "" {
		b.fix.Safety, b.fix.Reason = Manual, says
	}
	b.view.names[s.value] = orElse(b.view.names[s.value], b.variable)
	a.require(b.variable)
	b.require(a)
	return ""
}

// uses are the workflow entries that run the secret.
func (b *secretFix) uses() (uses []*circle.WorkflowJob, refusal string) {
	if b.site.use != nil {
		return []*circle.WorkflowJob{b.site.use}, ""
	}
	jobs := b.jobs()
	if len(jobs) == 0 {
		return nil, "no job of this file uses it, so that there is nothing to attach a context to"
	}
	for _, j := range jobs {
		for _, use := range j.Uses() {
			if !slices.ContainsFunc(uses, func(o *circle.WorkflowJob) bool { return o.Entry == use.Entry }) {
				uses = append(uses, use)
			}
		}
	}
	if len(uses) == 0 {
		return nil, "no workflow of this file runs it, so that there is no entry to attach a context to: store it as a variable of the project"
	}
	return uses, ""
}

func (b *secretFix) jobs() []*circle.Job { return b.view.p.Config.UsersOf(b.site.node) }

// choose decides which variable holds the value: the first of those that are usual which a context provides and the file
// does not use for something else.
func (b *secretFix) choose() (refusal string) {
	var taken string
	names := b.site.variables
	if known := b.view.names[b.site.value]; known != "" && b.site.setting == nil && len(names) > 0 {
		names = append([]string{known}, names...) // one value, one variable
	}
	for _, name := range names {
		if place := b.setElsewhere(name); place != "" {
			taken = orElse(taken, fmt.Sprintf("%s sets %s as well, which would take the place of the context's", place, name))
			continue
		}
		b.variable = orElse(b.variable, name)
		if len(b.view.p.Facts.providers(name)) > 0 {
			b.variable = name
			break
		}
	}
	if b.variable == "" {
		return orElse(taken, "which variable should hold it is not shown")
	}
	return ""
}

// setElsewhere is a place where the jobs get the variable from, beside the secret itself; "" for none.
func (b *secretFix) setElsewhere(name string) string {
	for _, j := range b.jobs() {
		for _, e := range j.EffectiveEnvironments() {
			for _, x := range e.Vars() {
				if x.Name == name && !x.Value.Same(b.site.node) && x.Text != b.site.value {
					return "the environment of " + b.view.p.Config.Owner(e.Node)
				}
			}
		}
		for _, visit := range j.Flow() {
			if b.assigns(visit.Step, name) {
				return "a script of " + visit.Step.Owner()
			}
		}
	}
	return ""
}

// assigns reports whether a step's script assigns the variable, beside the assignment that goes.
func (b *secretFix) assigns(s *circle.Step, name string) bool {
	script := b.view.p.scripts.parse(s.Command().Value())
	if s.Kind != circle.RunStep || script == nil || b.site.setting != nil {
		return false
	}
	own := b.site.script
	return slices.ContainsFunc(script.Mentions(name), func(m shell.Mention) bool {
		return m.Kind == shell.Assigned && !(own != nil && own.step.Node == s.Node && slices.ContainsFunc(own.parts, func(part shell.Span) bool { return part.Contains(m.Span) }))
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
		b.fix.Ops = append(b.fix.Ops, shared(s.setting.Entry.Parent(), rewrite.Prune(s.setting.Entry))...)
	case s.auth:
		b.fix.Ops = append(b.fix.Ops, shared(s.node, rewrite.Replace(s.node, rewrite.String("$"+b.variable)))...)
	}
	return ""
}

// removeFromScript takes out the assignment, with the step when nothing else is in it; where that does not go, and for all
// other literals, a reference takes the place of the literal.
func (b *secretFix) removeFromScript() (refusal string) {
	x := b.site.script
	if x.sometimes {
		b.fix.Safety, b.fix.Reason = Unsafe, "the script sets "+b.variable+" under a condition, and the context sets it in any case"
	}
	if len(x.parts) > 0 {
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
	add := func(when When, kind, where, format string, args ...any) {
		p := Prerequisite{when, kind, fmt.Sprintf(format, args...), where}
		if !slices.Contains(b.fix.Requires, p) {
			b.fix.Requires = append(b.fix.Requires, p)
		}
	}
	what, shown := withoutArticle(b.site.what), ""
	if text := b.site.shown(); text != "…" {
		shown = " (" + text + ")"
	}
	for _, name := range b.contexts {
		add(Before, "variable", "context "+name, "store a new %s in place of the one in the file%s as %s: `circleci context secret set %s --org gh/ORG --name %s`, which asks for it",
			what, shown, b.variable, shellWord(name), b.variable)
	}
	add(Before, "fork", "", "know that builds of forked pull requests get no contexts unless the project passes secrets to them")
	owner := "where it was issued"
	if b.site.format != nil {
		owner = "at " + b.site.format.Provider
	}
	add(After, "key", "", "revoke the old %s%s %s: it stays readable in the history of the repository", what, shown, owner)
}
