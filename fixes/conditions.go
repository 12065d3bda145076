package fixes

import (
	"cfgfix/fixes/internal/shell"
)

// conditionDoubt says when a script may pass over the parts that go, statements and assignments: the step that stands in
// front of it in their place is passed over never.
func conditionDoubt(script *shell.Script, parts []shell.Span) *doubt {
	all, left := shell.NewSpans(parts...), false // a run may have left the script
	for _, c := range script.Calls() {
		part := all.Contain(c.Span) || all.Within(c.Span)
		switch {
		case part && c.Optional():
			return &doubt{Manual, "the script logs in under a condition, and a step in front of it would do so always"}
		case part && left:
			return &doubt{Manual, "the script may end before it logs in, and a step in front of it would do so always"}
		}
		left = left || c.Conditional && ends(c)
	}
	return nil
}

// ends reports whether a call ends its step without a failure.
func ends(c *shell.Call) bool {
	failure := len(c.Args()) > 0 && c.Args()[0].Value != "0"
	return c.Is("exit") && !failure && !c.Subshell && !c.Substitution || c.Is("circleci-agent", "step", "halt")
}
