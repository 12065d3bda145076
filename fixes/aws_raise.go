package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// orbUse is a call of a command, or a workflow entry that runs a job, of one declared orb.
type orbUse struct {
	element string
	node    rewrite.Node        // the step or entry, resolved
	value   rewrite.Node        // what stands behind its name; absent for a bare name
	args    rewrite.Node        // its arguments, absent when there are none
	entry   *circle.WorkflowJob // nil for a step
}

// entries are the workflow entries of the config, those of job groups included.
func (v *awsView) entries() []*circle.WorkflowJob {
	var out []*circle.WorkflowJob
	for _, w := range slices.Concat(v.config.Workflows(), v.config.JobGroups()) {
		out = append(out, w.Jobs()...)
	}
	return out
}

// maxUses bounds how many uses of an orb are changed together: all of them are part of the fix of each.
const maxUses = 250

// tooManyUses is why an orb with more than that is not raised.
func (v *awsView) tooManyUses(orb *circle.Orb) string {
	if n := len(v.usesOf(orb)); n > maxUses {
		return fmt.Sprintf("the version of %s has to be raised, and its %d uses with it, which are more than the %d that are changed together", orb.Ref(), n, maxUses)
	}
	return ""
}

// usesOf are all uses of an orb in the order of the file, each physical place once.
func (v *awsView) usesOf(orb *circle.Orb) []orbUse {
	out, known := v.orbUses[orb.Entry]
	if !known {
		out = v.findUses(orb)
		v.orbUses[orb.Entry] = out
	}
	return out
}

func (v *awsView) findUses(orb *circle.Orb) []orbUse {
	var out []orbUse
	met := map[rewrite.Node]bool{}
	add := func(u orbUse, value rewrite.Node) {
		if u.value = value; !met[u.node] {
			met[u.node] = true
			out = append(out, u)
		}
	}
	for s := range v.config.Walk {
		if o, element, ok := s.OrbCall(); ok && o != nil && o.Entry == orb.Entry {
			add(orbUse{element: element, node: s.Node, args: s.Args()}, s.Value())
		}
	}
	for _, use := range v.entries() {
		if o, element, ok := use.OrbJob(); ok && o != nil && o.Entry == orb.Entry {
			value := rewrite.Node{}
			if !use.Bare {
				value = use.Key.Entry().Value()
			}
			add(orbUse{element: element, node: use.Node, args: use.Args, entry: use}, value)
		}
	}
	slices.SortFunc(out, func(a, b orbUse) int { return a.node.Span().Start - b.node.Span().Start })
	return out
}

// renameParameters gives parameters the names that they have in the version which an orb is raised to, in all uses.
func (v *awsView) renameParameters(x *elementUse) []rewrite.Op {
	if len(x.release.Rename) == 0 {
		return nil
	}
	var ops []rewrite.Op
	for _, use := range v.usesOf(x.orb) {
		for _, e := range use.args.Entries() {
			if to := x.release.Rename[e.Name()]; to != "" {
				ops = append(ops, shared(use.args, rewrite.Rename(e, to))...)
			}
		}
	}
	return ops
}

// raiseMajor takes an orb to another major version: all its uses get the new names, and its jobs the setup in auth. The
// operations are the same for every finding that asks for them.
func (v *awsView) raiseMajor(x *elementUse) (ops []rewrite.Op, refusal string) {
	if refusal := v.tooManyUses(x.orb); refusal != "" {
		return nil, refusal
	}
	m := x.release.Major
	ops = raiseOrb(x.orb, m.To)
	for _, use := range v.usesOf(x.orb) {
		more, refusal := v.raiseUse(x.orb, m, use)
		if refusal != "" {
			return nil, refusal
		}
		ops = append(ops, more...)
	}
	more, refusal := v.renameReferences(x.orb, m)
	return append(ops, more...), refusal
}

// raiseUse gives one use the names of the new version, and a job its login.
func (v *awsView) raiseUse(orb *circle.Orb, m *majorRaise, use orbUse) (ops []rewrite.Op, refusal string) {
	name := orb.Alias + "/" + m.Elements[use.element]
	if m.Elements[use.element] == "" {
		return nil, use.element + " has no counterpart in " + orb.Name() + "@" + m.To
	}
	if other := v.sharesArguments(use.args, orb); other != "" {
		return nil, argumentsShared + other
	}
	var auth rewrite.Pair
	if use.entry != nil {
		if auth, ops, refusal = v.authOf(m, use); refusal != "" {
			return nil, refusal
		}
	}
	switch {
	case use.node.Kind() == rewrite.Scalar && use.entry != nil:
		return append(ops, shared(use.node, rewrite.Replace(use.node, rewrite.Map(rewrite.Pair{Key: name, Value: rewrite.Map(auth)})))...), ""
	case use.node.Kind() == rewrite.Scalar:
		return append(ops, shared(use.node, rewrite.Replace(use.node, rewrite.String(name)))...), ""
	}
	ops = append(ops, shared(use.node, rewrite.Rename(use.node.Entries()[0], name))...)
	if use.args.Len() == 0 {
		if use.entry != nil {
			ops = append(ops, shared(use.node, rewrite.Append(use.value, auth))...)
		}
		return ops, ""
	}
	if entries := use.args.Entries(); use.entry != nil {
		ops = append(ops, shared(use.args, rewrite.InsertBefore(entries[0], auth))...)
		if !slices.ContainsFunc(entries, func(e rewrite.Entry) bool { return m.Parameters[e.Name()] == "region" }) {
			region := rewrite.Pair{Key: "region", Value: rewrite.String(m.Region)}
			ops = append(ops, shared(use.args, rewrite.InsertAfter(entries[len(entries)-1], region))...)
		}
	}
	more, refusal := raiseArguments(orb, m, use)
	return append(ops, more...), refusal
}

// authOf is the login of a job: the setup with the role of the identity whose keys the job had.
func (v *awsView) authOf(m *majorRaise, use orbUse) (auth rewrite.Pair, ops []rewrite.Op, refusal string) {
	at := slices.IndexFunc(v.forms, func(f *keyForm) bool { return f.element != nil && f.element.node == use.node })
	if at < 0 {
		return auth, nil, "whose keys " + use.element + " uses is not shown"
	}
	f := v.forms[at]
	units := v.unitsOf(f)
	if f.blocker != "" || len(units) == 0 {
		return auth, nil, cmp.Or(f.blocker, "nothing runs "+use.element)
	}
	role := v.roleFor(f.keys, units[0])
	if role.refusal != "" || role.need != nil {
		return auth, nil, cmp.Or(role.refusal, "the role of another entry of the orb is not known: give each its role in aws.roles")
	}
	role.region = cmp.Or(role.region, m.Region)
	for _, e := range use.args.Entries() {
		if m.Parameters[e.Name()] == "region" {
			role.region = e.Value().Resolve().Value()
		}
	}
	step, ops, refusal := v.newStep(use.entry.Config(), role.credentials)
	return rewrite.Pair{Key: "auth", Value: rewrite.List(step)}, ops, refusal
}

// raiseArguments renames the arguments of a use, and takes the keys among them away.
func raiseArguments(orb *circle.Orb, m *majorRaise, use orbUse) (ops []rewrite.Op, refusal string) {
	for _, e := range use.args.Entries() {
		if use.entry != nil && !use.entry.IsArgument(e.Name()) {
			if e.Name() == "matrix" || e.Name() == "override-with" {
				return nil, "the entry has a " + e.Name() + ", whose names may change too"
			}
			continue
		}
		to, known := m.Parameters[e.Name()]
		switch {
		case !known:
			return nil, "the parameter " + e.Name() + " has no counterpart in " + orb.Name() + "@" + m.To
		case to == "":
			ops = append(ops, shared(use.args, rewrite.Remove(e))...)
			continue
		case to != e.Name():
			ops = append(ops, shared(use.args, rewrite.Rename(e, to))...)
		}
		if text := e.Value().Resolve(); slices.Contains(m.Texts, e.Name()) && text.Kind() == rewrite.Scalar {
			ops = append(ops, shared(use.args, rewrite.Replace(e.Value(), rewrite.String(text.Value())))...)
		}
	}
	return ops, ""
}

// renameReferences gives the new names to what refers to the orb's elements by name.
func (v *awsView) renameReferences(orb *circle.Orb, m *majorRaise) (ops []rewrite.Op, refusal string) {
	renamed := func(text string) string {
		element, ok := strings.CutPrefix(text, orb.Alias+"/")
		if !ok || m.Elements[element] == "" || m.Elements[element] == element {
			return ""
		}
		return orb.Alias + "/" + m.Elements[element]
	}
	for _, j := range v.config.Jobs() {
		if strings.HasPrefix(j.ExecutorRef().Name, orb.Alias+"/") {
			return nil, "job " + j.Name + " runs in an executor of the orb, which may be another one in " + orb.Name() + "@" + m.To
		}
	}
	for _, use := range v.entries() {
		if strings.HasPrefix(use.Get("override-with").Resolve().Value(), orb.Alias+"/") {
			return nil, "the entry " + use.Name() + " may be replaced by a job of the orb"
		}
		for _, n := range use.RequireNodes() {
			if to := renamed(n.Value()); to != "" && !slices.ContainsFunc(use.Workflow.Jobs(), func(o *circle.WorkflowJob) bool { return o.Get("name").Resolve().Value() == n.Value() }) {
				op := rewrite.Replace(n, rewrite.String(to))
				if len(op.Users()) > 0 {
					op = op.Shared()
				}
				ops = append(ops, op)
			}
		}
	}
	return ops, ""
}
