package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// remove adds the operations that take the keys away, but for setup steps, which are converted by setUp.
func (b *keysFix) remove() (refusal string) {
	b.removed = map[rewrite.Node][]shell.Span{}
	var steps []*circle.Step
	for _, f := range b.group {
		b.fix.Ops = append(b.fix.Ops, f.element.removeKeys()...)
		b.region = orElse(b.region, f.region)
		for _, e := range f.remove {
			b.fix.Ops = append(b.fix.Ops, shared(e.Parent(), removeVariable(e))...)
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

// removeVariable takes a variable out of an environment, and the environment away when it is the last one: but for one
// that hides another which a merge supplies, which stays empty.
func removeVariable(e rewrite.Entry) rewrite.Op {
	env := e.Parent()
	if env.Parent().Kind() == rewrite.Sequence {
		env = env.Parent() // a list of maps
	}
	for _, other := range env.Parent().Entries() {
		if !other.IsMerge() {
			continue
		}
		merged := []rewrite.Node{other.Value().Resolve()}
		for _, item := range merged[0].Entries() {
			if merged[0].Kind() == rewrite.Sequence {
				merged = append(merged, item.Value().Resolve())
			}
		}
		if slices.ContainsFunc(merged, func(n rewrite.Node) bool { return n.Get(env.Entry().Name()).Exists() }) {
			return rewrite.Clear(e)
		}
	}
	return prune(e)
}

// prune takes an entry out, and what it stood in when it is the last one: but for what an alias means, which stays empty.
func prune(e rewrite.Entry) rewrite.Op {
	if len(e.Parent().Aliases()) > 0 {
		return rewrite.Clear(e)
	}
	return rewrite.Prune(e)
}

// removeFrom takes the keys out of a script, and the step away when nothing is left that does something.
func (b *keysFix) removeFrom(s *circle.Step) (refusal string) {
	facts := b.view.factsOf(s)
	parts := slices.Concat(b.removed[facts.text], printsOnly(facts.script(), b.sources()))
	b.removed[facts.text] = parts
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
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	return refusal
}

// takeOut takes parts out of the script that stands at text. emptied says that nothing is left that does something.
func takeOut(text rewrite.Node, script *shell.Script, parts []shell.Span) (ops []rewrite.Op, emptied bool, refusal string) {
	edits, err := script.Remove(wholeDocuments(script, parts)...)
	if err != nil {
		return nil, false, "the keys cannot be taken out of the script: " + err.Error()
	}
	left, err := script.Leftover(edits)
	if err != nil {
		return nil, false, "the keys cannot be taken out of the script: " + err.Error()
	}
	for _, e := range edits {
		ops = append(ops, shared(text, rewrite.ReplaceText(text, e.Start, e.End, e.New))...)
	}
	return ops, left != shell.LeftCode, ""
}

// wholeDocuments has the statement in the place of all lines of a here-document that it writes to a file.
func wholeDocuments(script *shell.Script, parts []shell.Span) []shell.Span {
	out := slices.Clone(parts)
	for _, w := range script.Writes() {
		stays := func(l shell.Line) bool { return !l.HereDoc || !slices.Contains(parts, l.Span) }
		if len(w.Lines) == 0 || slices.ContainsFunc(w.Lines, stays) {
			continue
		}
		out = slices.DeleteFunc(out, func(part shell.Span) bool {
			return slices.ContainsFunc(w.Lines, func(l shell.Line) bool { return l.Span == part })
		})
		out = append(out, w.Stmt)
	}
	return out
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
// the same one, for the default profile or the one of the keys: with nothing else in the script they move into the setup
// step.
func regionSettings(script *shell.Script, removed []shell.Span, own string) (region string, settings []shell.Span) {
	for _, c := range script.Calls() {
		if slices.Contains(removed, c.Stmt) || !c.Is("aws", "configure", "set") || len(c.Args()) < 4 {
			continue
		}
		profile, name := profileOf(c)
		value := c.Args()[3]
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

// removeStep takes a step out of its list.
func removeStep(s *circle.Step) (ops []rewrite.Op, refusal string) {
	if s.Item.Kind() == rewrite.Alias || s.Node.Anchor() != "" || s.List == nil || s.List.Node.Kind() != rewrite.Sequence {
		return nil, "nothing would be left of the script, and its step is shared by an anchor"
	}
	return shared(s.Entry.Parent(), rewrite.Remove(s.Entry)), ""
}
