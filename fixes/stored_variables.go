package fixes

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// assignments are the variables that the scripts of a unit set for later steps. What a script exports ends with its step.
type assignments struct {
	names map[string]int       // the first step that sets each, by its place in the unit
	any   int                  // the first that writes what the file does not show to $BASH_ENV; behind all for none
	last  map[rewrite.Node]int // where a physical step stands for the last time
}

// assigns reports whether the script of a step sets a variable, or a step in front of it in a unit that runs it does so for
// it, or may: the variable is then not one that is stored outside of the file. What a script reads from a file, or evaluates,
// may set any, for itself.
func (v *storedView) assigns(s *circle.Step, name string) bool { return v.assignsTo(s, nil, name) }

// assignsTo is the same for one call of the script, which has nothing of what the script evaluates behind it.
func (v *storedView) assignsTo(s *circle.Step, c *shell.Call, name string) bool {
	own := v.settings(v.script(s))
	if own.names[name] || own.unseen != nil && !behind(own.unseen, c) {
		return true
	}
	return slices.ContainsFunc(v.running(s), func(u *storedUnit) bool {
		in := v.assignmentsIn(u)
		end := in.last[s.Node]
		if own.reads {
			end++
		}
		return in.before(name, end)
	})
}

// ownSettings are what a script sets for itself.
type ownSettings struct {
	names  map[string]bool
	unseen *shell.Call // the first call that may set any
	reads  bool        // it has at once what it writes for later steps
}

func newOwnSettings(script *shell.Script) *ownSettings {
	out := &ownSettings{names: map[string]bool{}}
	if script == nil {
		return out
	}
	for name := range setItself(script) {
		out.names[name] = true
	}
	for _, c := range script.Calls() {
		if out.unseen == nil && setsAny(c) {
			out.unseen = c
		}
		out.reads = out.reads || readsBashEnv(c)
	}
	return out
}

// settings are those of a script, which is asked for them at each of its calls.
func (v *storedView) settings(script *shell.Script) *ownSettings {
	known, ok := v.set[script]
	if !ok {
		known = newOwnSettings(script)
		if v.set == nil {
			v.set = map[*shell.Script]*ownSettings{}
		}
		v.set[script] = known
	}
	return known
}

// behind reports whether a call surely runs after another one: neither a loop nor a function takes that up again.
func behind(x, c *shell.Call) bool {
	return c != nil && c.Function == "" && !c.Conditional && !c.Inner && x.Span.Start > c.Span.End
}

// before reports whether a variable is set by a step in front of a place, or may be.
func (a assignments) before(name string, end int) bool {
	first, set := a.names[name]
	return a.any < end || set && first < end
}

// readsBashEnv reports whether a script has at once what it writes for later steps.
func readsBashEnv(c *shell.Call) bool {
	return slices.Contains([]string{"source", "."}, c.Name()) && len(c.Args()) > 0 && c.Args()[0].IsVar("BASH_ENV")
}

func setsAny(c *shell.Call) bool {
	switch c.Name() {
	case "source", ".":
		return len(c.Args()) > 0 && !c.Args()[0].IsVar("BASH_ENV")
	case "eval":
		return !slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.Contains(w.Text, "ssh-agent") })
	}
	return false
}

func (v *storedView) assignmentsIn(u *storedUnit) assignments {
	out, known := v.assigned[u]
	if known {
		return out
	}
	out = assignments{map[string]int{}, len(u.steps), map[rewrite.Node]int{}}
	for i, x := range u.steps {
		out.last[x.Step.Node] = i
		if script := v.script(x.Step); script != nil {
			out.add(script, i)
		}
	}
	if v.assigned == nil {
		v.assigned = map[*storedUnit]assignments{}
	}
	v.assigned[u] = out
	return out
}

// add adds what the script of a step sets for later ones, at being its place.
func (a *assignments) add(script *shell.Script, at int) {
	for _, name := range setForLater(script) {
		if _, set := a.names[name]; !set {
			a.names[name] = at
		}
	}
	if at < a.any && writesUnseen(script) {
		a.any = at
	}
}

// setForLater are the variables that a script sets for later steps. One that is set to itself is not set, unless the script
// has set it.
func setForLater(script *shell.Script) []string {
	var out []string
	own := sync.OnceValue(func() *ownSettings { return newOwnSettings(script) })
	for _, e := range script.BashEnv() {
		if !e.Value.IsVar(e.Name) || own().names[e.Name] {
			out = append(out, e.Name)
		}
	}
	return out
}

// writesUnseen reports whether a script writes what the file does not show to $BASH_ENV.
func writesUnseen(script *shell.Script) bool {
	shown := func(c *shell.Call) bool { // what it puts out stands in the script
		return slices.Contains([]string{"", "echo", "printf", "export"}, c.Name()) || slices.ContainsFunc(script.Writes(), func(w shell.Write) bool { return w.Call == c })
	}
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool { return c.Stdout().File.IsVar("BASH_ENV") && !shown(c) })
}

// setsItself reports whether a script sets a variable for itself.
func setsItself(script *shell.Script, name string) bool {
	for set := range setItself(script) {
		if set == name {
			return true
		}
	}
	return false
}

// setItself are the variables that a script sets for itself, some more than once.
func setItself(script *shell.Script) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range script.Calls() {
			for _, a := range c.Assigns {
				if !a.Naked && !a.Value.IsVar(a.Name) && !yield(a.Name) {
					return
				}
			}
			if !slices.Contains([]string{"read", "mapfile", "readarray", "getopts"}, c.Name()) {
				continue
			}
			for _, w := range c.Args() {
				if w.Static && !yield(w.Value) {
					return
				}
			}
		}
	}
}
