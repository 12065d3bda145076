package fixes

import (
	"cmp"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// remove adds the operations that take the keys away, but for setup steps, which are converted by setUp.
func (b *awsFix) remove() (refusal string) {
	b.removed, b.swapped = map[rewrite.Node][]shell.Span{}, map[rewrite.Node]bool{}
	var steps []*circle.Step
	for _, f := range b.group {
		b.fix.Ops = append(b.fix.Ops, f.element.removeKeys()...)
		b.region = cmp.Or(b.region, f.region)
		for _, e := range f.remove {
			b.fix.Ops = append(b.fix.Ops, removeVariable(b.view.config, e)...)
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
	b.removeParameters()
	return ""
}

// removeParameters takes away the parameters that only named the keys.
func (b *awsFix) removeParameters() {
	gone, asked := map[rewrite.Node]bool{}, map[*circle.Parameter]bool{}
	for _, f := range b.group {
		for _, text := range f.values {
			gone[text] = true
		}
	}
	for _, f := range b.group {
		for _, p := range f.spare {
			if !asked[p] && p.Spare(gone) {
				b.fix.Ops = append(b.fix.Ops, shared(p.Entry.Parent(), rewrite.Prune(p.Entry))...)
			}
			asked[p] = true
		}
	}
}

// removeFrom takes the keys out of a script, and the step away when nothing is left that does something. Where an anchor
// shares the step, it becomes the setup.
func (b *awsFix) removeFrom(s *circle.Step) (refusal string) {
	facts := b.view.factsOf(s)
	parts := slices.Concat(b.removed[facts.text], printsOnly(facts.script(), b.sources()))
	b.removed[facts.text] = parts
	if refusal := setsBeside(facts.script(), parts, b.sources()...); refusal != "" {
		return refusal
	}
	ops, emptied, refusal := takeOut(facts.text, facts.script(), parts)
	if refusal != "" {
		return refusal
	}
	if region, settings := regionSettings(facts.script(), parts, b.group[0].keys.profile); len(settings) > 0 && b.view.takesRegion(region) {
		if _, all, refusal := takeOut(facts.text, facts.script(), slices.Concat(parts, settings)); refusal == "" && all {
			b.region, emptied = region, true
		}
	}
	if emptied {
		ops, refusal = removeStep(s)
		if refusal != "" && b.givesWay(s) {
			b.swapped[s.Node] = false
			return ""
		}
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	return refusal
}

// givesWay reports whether a step that an anchor shares can become the setup: all who run it need theirs right there, and
// nobody merges it into a step with more.
func (b *awsFix) givesWay(s *circle.Step) bool {
	mixed := func(alias rewrite.Node) bool {
		if alias.Entry().IsMerge() {
			return alias.Parent().Len() > 1
		}
		return alias.Parent().Kind() != rewrite.Sequence || alias.Parent().Entry().IsMerge()
	}
	all := placements(b.units)
	return !slices.ContainsFunc(s.Node.Aliases(), mixed) && site{step: s}.agreed(all) && stranger(b.view.config, s.Node, all) == ""
}

// sources are the variables that hold the keys: the standard ones and those they are copied from.
func (b *awsFix) sources() []string {
	if b.names == nil {
		all := slices.Clone(keyVars)
		for _, f := range b.group {
			all = append(all, f.keys.id, f.keys.secret)
		}
		b.names = slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(all, func(s string) bool { return s == "" }))))
	}
	return b.names
}

// regionSettings are the statements beside the removed ones that set a region with aws configure set, when all set
// the same one, for the default profile or the one of the keys: with nothing else in the script they move into the setup
// step.
func regionSettings(script *shell.Script, removed []shell.Span, own string) (region string, settings []shell.Span) {
	for _, c := range script.Calls() {
		profile, name, value := configured(c)
		if slices.Contains(removed, c.Stmt) || name == "" {
			continue
		}
		text := value.Value
		if len(value.Vars) == 1 && value.IsVar(value.Vars[0]) {
			text = "${" + value.Vars[0] + "}"
		} else if !value.Static {
			return "", nil
		}
		if name != "region" || profile != "" && profile != own || region != "" && region != text {
			return "", nil
		}
		region = text
		settings = append(settings, c.Stmt)
	}
	return region, settings
}
