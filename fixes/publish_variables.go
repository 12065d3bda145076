package fixes

import (
	"fmt"
	"maps"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// variableLoss says which steps have a variable no more: all of them, or those with these nodes.
type variableLoss struct {
	all   bool
	steps map[rewrite.Node]bool
}

// variableDoubt says when a step of a unit reads a variable that the fix takes away, for more than to publish.
func (b *publishFix) variableDoubt(u *storedUnit) *doubt {
	for _, x := range u.steps {
		for _, name := range slices.Sorted(maps.Keys(b.lost)) {
			if loss := b.lost[name]; !loss.all && !loss.steps[x.Step.Node] {
				continue
			}
			if d := b.readDoubt(x.Step, name); d != nil {
				return d
			}
		}
	}
	return nil
}

// readDoubt says when a step reads a variable, or is given it by its name.
func (b *publishFix) readDoubt(s *circle.Step, name string) *doubt {
	if s.Kind == circle.CallStep && s.Callee() == nil && uses(s.Args(), func(text string) bool { return names(text, name) }) {
		return &doubt{Manual, s.Name + " is given " + name}
	}
	if at, reads := b.readsOn(s, name); reads {
		return &doubt{Manual, fmt.Sprintf("line %d uses %s for something else than to publish", lineOf(s.Command(), at), name)}
	}
	return nil
}

// noteLosses notes the variables that are not set any more: by an environment, or by a script.
func (b *publishFix) noteLosses() {
	b.lost = map[string]*variableLoss{}
	done := map[rewrite.Node]bool{}
	for _, f := range b.group {
		own := b.publish.stepsWith(f.node)
		if f.step != nil {
			own = []*circle.Step{f.step}
		}
		for _, e := range f.remove {
			b.loses(e.Name(), own...)
		}
		if f.step != nil && !done[f.node] {
			done[f.node] = true
			b.noteScriptLosses(f.step)
		}
	}
}

// noteScriptLosses notes what a step's script does not set any more, for itself or for all that come later.
func (b *publishFix) noteScriptLosses(s *circle.Step) {
	script, gone := b.view.script(s), map[shell.Span]bool{}
	for _, part := range b.parts[s.Command()] {
		gone[part] = true
	}
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if gone[a.Span] && !prefixes(c) {
				b.loses(a.Name, s)
			}
		}
	}
	for _, e := range script.BashEnv() {
		if gone[partOf(e.Write, e.Line)] {
			b.loses(e.Name)
		}
	}
}

// loses notes that steps have a variable no more, and that no step has where none is named.
func (b *publishFix) loses(name string, steps ...*circle.Step) {
	loss := b.lost[name]
	if loss == nil {
		loss = &variableLoss{steps: map[rewrite.Node]bool{}}
		b.lost[name] = loss
	}
	loss.all = loss.all || len(steps) == 0
	for _, s := range steps {
		loss.steps[s.Node] = true
	}
}

// readsOn reports whether what is left of a step's script reads a variable, or hands it to a program by its name.
func (b *publishFix) readsOn(s *circle.Step, name string) (at shell.Span, reads bool) {
	script := b.view.script(s)
	if script == nil {
		return shell.Span{}, false
	}
	parts := b.parts[s.Command()]
	for _, c := range script.Calls() {
		for _, w := range c.Args() {
			if c.Name() != "unset" && names(w.Value, name) && !goes(w.Span, parts) && !goes(c.Span, parts) {
				return w.Span, true
			}
		}
	}
	return shell.Span{}, false
}
