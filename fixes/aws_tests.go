package fixes

import (
	"fmt"
	"slices"

	"cfgfix/fixes/internal/shell"
)

// guardTests looks for tests of variables that hold keys no more: those that are to be deleted, and those that web identity
// leaves unset. A step that leaves off without keys would leave off for good, and the job pass.
func (v *awsView) guardTests(u *awsUnit, keys identity) []doubt {
	names := slices.Compact(slices.Sorted(slices.Values(slices.Concat(keyNames(keys), keyVars[:2]))))
	first := u.firstSetup()
	var out []doubt
	for i, x := range u.visits {
		for _, name := range names {
			line := testOf(x.facts, name)
			set := i >= first && slices.Contains(keyVars, name) // by the setup
			switch {
			case line == 0 || set && !v.webIdentity():
			case set:
				out = append(out, doubt{Manual, fmt.Sprintf("line %d tests %s, and web identity sets no keys", line, name)})
			default:
				out = append(out, doubt{Unsafe, fmt.Sprintf("line %d tests %s, which is to be deleted: the step takes another way without it", line, name)})
			}
		}
	}
	return out
}

// testOf is the line of a step's first test of a variable, 0 for none.
func testOf(facts *stepFacts, name string) (line int) {
	script := facts.script()
	if script == nil {
		return 0
	}
	for _, m := range script.Mentions(name) {
		if m.Kind == shell.Expanded && inTest(script, m.Span) {
			return lineOf(facts.text, m.Span)
		}
	}
	return 0
}

// inTest reports whether a part of the script stands in a command that tests, or in a condition of the shell itself, which
// is no part of a command and of what one reads.
func inTest(script *shell.Script, part shell.Span) bool {
	if call := callAround(script, part); call != nil {
		return slices.Contains(askers, call.Name())
	}
	return !slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		return slices.ContainsFunc(c.Redirects, func(r shell.Redirect) bool { return r.HereDoc() && r.Body.Span.Contains(part) })
	})
}

// keyNames are the variables that hold the keys of an identity.
func keyNames(d identity) []string {
	return slices.DeleteFunc([]string{d.id, d.secret}, func(name string) bool { return name == "" })
}
