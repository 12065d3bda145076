package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// storedFix builds the fix of one owner's forms.
type storedFix struct {
	view     *storedView
	group    []*storedForm
	grouped  map[*storedForm]bool
	units    []*storedUnit
	fix      *Fix
	emptied  []*circle.Step // steps of which nothing is left
	replaced map[rewrite.Node]bool
	gone     []string // variables that scripts give to later steps, and that the forms are about
}

func (v *storedView) newFix(group []*storedForm, title string) *storedFix {
	b := &storedFix{view: v, group: group, units: v.unitsOfAll(group), fix: &Fix{Title: title, Safety: Setup}, replaced: map[rewrite.Node]bool{}}
	b.grouped = map[*storedForm]bool{}
	for _, f := range group {
		b.grouped[f] = true
	}
	for _, u := range b.units {
		if !v.p.Config.Look(len(u.steps)) {
			b.units = nil // the file is refused, whatever is said of it
			break
		}
	}
	return b
}

// finding is what is said of the group. refusal is why there is no fix.
func (b *storedFix) finding(refusal string) Finding {
	first := b.group[max(0, slices.IndexFunc(b.group, func(f *storedForm) bool { return f.message != "" }))]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	met := map[*string]bool{} // where lists of values begin: many calls may be given the same one
	for _, f := range b.group {
		if f.literal {
			out.Severity = Critical
		}
		if f.literal && len(f.values) > 0 && !met[&f.values[0]] {
			met[&f.values[0]] = true
			out.Secrets = append(out.Secrets, f.values...)
		}
		if f != first && f.message != "" {
			out.Related = append(out.Related, Related{f.span, f.message})
		}
	}
	if refusal != "" {
		out.NoFix = refusal
		return out
	}
	out.Fix = b.fix
	return out
}

// blocked is why the group has no edit, "" for nothing.
func (b *storedFix) blocked() string {
	for _, f := range b.group {
		if f.blocker != "" {
			return f.blocker
		}
	}
	for _, f := range b.group {
		if f.advice != "" {
			return f.advice
		}
	}
	return ""
}

// requireDeleted asks for the secret in a variable to be deleted where a unit has it from. It is false when that is the
// environment that the fix takes it out of.
func (b *storedFix) requireDeleted(u *storedUnit, name, text string) bool {
	if env := u.setBy(name); env != nil {
		goes := func(x circle.Var) bool {
			return x.Name == name && slices.ContainsFunc(b.group, func(f *storedForm) bool { return slices.Contains(f.remove, x.Entry) })
		}
		if slices.ContainsFunc(env.Vars(), goes) {
			return false
		}
	}
	b.fix.requireIn(u.placesOf(b.view.p.Config, name), After, "variable", text)
	return true
}

// lower makes the fix's safety no better than that of a doubt.
func (b *storedFix) lower(d *doubt) {
	if d != nil {
		b.fix.lower(*d)
	}
}

// judge lowers the fix's safety for what holds for every fix that uses CircleCI's token in scripts.
func (b *storedFix) judge() {
	b.fix.lower(b.view.p.tokenDoubts()...)
	for _, u := range b.units {
		if onWindows(u.unit) {
			b.lower(&doubt{Manual, "the job runs on Windows, where steps are no bash scripts by default"})
		}
	}
}

// edits reports whether the fix edits a script that something holds for. The forms of a script stand together.
func (b *storedFix) edits(holds func(*shell.Script) bool) bool {
	var last *circle.Step
	for _, f := range b.group {
		if f.step == nil || f.step == last || len(f.edits) == 0 {
			continue
		}
		last = f.step
		if script := b.view.script(f.step); script != nil && holds(script) {
			return true
		}
	}
	return false
}

// apply adds the operations that the forms ask for.
func (b *storedFix) apply() (refusal string) {
	done := map[rewrite.Node]bool{}
	byStep := map[rewrite.Node][]*storedForm{}
	for _, f := range b.group {
		if f.step != nil {
			byStep[f.step.Node] = append(byStep[f.step.Node], f)
		}
	}
	for _, f := range b.group {
		for _, e := range f.remove {
			b.fix.Ops = append(b.fix.Ops, removeVariable(b.view.p.Config, e)...)
		}
		switch {
		case f.orb != nil:
			b.fix.Ops = append(b.fix.Ops, shared(f.node, rewrite.Replace(f.node, rewrite.Map(f.orb...)))...)
		case f.step != nil && len(f.parts)+len(f.edits) > 0 && !done[f.node]:
			done[f.node] = true
			if refusal := b.applyScript(f.step, byStep[f.step.Node]); refusal != "" {
				return refusal
			}
		}
	}
	return ""
}

// applyScript makes the edits of all forms in one script.
func (b *storedFix) applyScript(s *circle.Step, forms []*storedForm) (refusal string) {
	var parts []shell.Span
	var edits []shell.Edit
	for _, f := range forms {
		parts, edits = append(parts, f.parts...), append(edits, f.edits...)
	}
	script := b.view.script(s)
	var ops []rewrite.Op
	if len(parts) > 0 {
		if refusal := setsBeside(script, parts, b.gone...); refusal != "" {
			return refusal
		}
		removals, emptied, refusal := takeOut(s.Command(), script, parts)
		if refusal != "" {
			return refusal
		}
		if emptied && len(edits) == 0 {
			b.emptied = append(b.emptied, s)
			_, refusal := removeStep(s)
			return refusal
		}
		ops = removals
	}
	for _, e := range edits {
		ops = append(ops, shared(s.Command(), rewrite.ReplaceText(s.Command(), e.Start, e.End, e.New))...)
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	return ""
}

func (b *storedFix) agreed(s site) bool { return s.agreed(placements(b.view.running(s.step))) }

// insert puts a step in front of a site, in the place of the site's own step when nothing is left of that.
func (b *storedFix) insert(s site, step rewrite.Value) (refusal string) {
	at, refusal := s.target(b.agreed, false)
	if refusal != "" {
		return refusal
	}
	if other := bystander(b.view.p.Config, at, placements(b.units)); other != "" {
		return "the steps are shared through an anchor with " + other + ", which does not use this secret"
	}
	op := rewrite.InsertBefore(at.Entry, rewrite.Item(step))
	if slices.ContainsFunc(b.emptied, func(e *circle.Step) bool { return e.Node == at.Node }) {
		b.replaced[at.Node] = true
		op = rewrite.Replace(at.Item, step)
		b.fix.Ops = append(b.fix.Ops, removeDefinitions(at)...)
	}
	b.fix.Ops = append(b.fix.Ops, shared(at.Entry.Parent(), op)...)
	return ""
}

// clear removes the steps of which nothing is left and whose place nothing has taken.
func (b *storedFix) clear() {
	for _, s := range b.emptied {
		if !b.replaced[s.Node] {
			ops, _ := removeStep(s)
			b.fix.Ops = append(b.fix.Ops, ops...)
		}
	}
}

// forksGetNothing is in the same words for all fixes, so that it is said once.
const forksGetNothing = "know that builds of forked pull requests get no token and no contexts unless the project passes secrets to them"

// requireUsual adds what every fix relies on that uses CircleCI's token: forks get none, and a try before the merge.
func (b *storedFix) requireUsual(try string) {
	b.fix.require(Prerequisite{Before, "fork", forksGetNothing, ""})
	b.fix.require(Prerequisite{Before, "check", try, ""})
}
