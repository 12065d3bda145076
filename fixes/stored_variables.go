package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// assignments are the variables that the scripts of a unit set for other steps. What a script exports ends with its step.
type assignments struct {
	names map[string]bool
	any   bool // one writes what the file does not show to $BASH_ENV
}

// assigns reports whether the script of a step sets a variable, or another step in a unit that runs it does so for it, or
// may: the variable is then not one that is stored outside of the file. What a script reads from a file, or evaluates, may
// set any, for itself.
func (v *storedView) assigns(s *circle.Step, name string) bool {
	if script := v.script(s); script != nil && (slices.ContainsFunc(script.Calls(), setsAny) || setsItself(script, name)) {
		return true
	}
	return slices.ContainsFunc(v.running(s), func(u *storedUnit) bool {
		in := v.assignmentsIn(u)
		return in.any || in.names[name]
	})
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
	out.names = map[string]bool{}
	for _, x := range u.steps {
		if script := v.script(x.Step); script != nil {
			out.add(script)
		}
	}
	if v.assigned == nil {
		v.assigned = map[*storedUnit]assignments{}
	}
	v.assigned[u] = out
	return out
}

// add adds what a script sets for later steps. A variable that is set to itself is not set, unless the script has set it.
func (a *assignments) add(script *shell.Script) {
	for _, e := range script.BashEnv() {
		if !e.Value.IsVar(e.Name) || setsItself(script, e.Name) {
			a.names[e.Name] = true
		}
	}
	shown := func(c *shell.Call) bool { // what it puts out stands in the script
		return slices.Contains([]string{"", "echo", "printf", "export"}, c.Name()) || slices.ContainsFunc(script.Writes(), func(w shell.Write) bool { return w.Call == c })
	}
	for _, c := range script.Calls() {
		a.any = a.any || c.Stdout().File.IsVar("BASH_ENV") && !shown(c)
	}
}

// setsItself reports whether a script sets a variable for itself.
func setsItself(script *shell.Script, name string) bool {
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		reads := c.Name() == "read" && c.Has(name)
		return reads || slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool {
			return a.Name == name && !a.Naked && !a.Value.IsVar(name)
		})
	})
}
