package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// usualSession is how many seconds a session lasts that is given no duration.
const usualSession = 3600

// guardPresigned looks for URLs that are, or may be, signed for longer than the session, in seconds: they end with it.
func guardPresigned(u *awsUnit, duration string) []doubt {
	session, err := strconv.Atoi(cmp.Or(duration, strconv.Itoa(usualSession)))
	if err != nil {
		return nil
	}
	var out []doubt
	for _, x := range u.visits[u.firstSetup():] {
		if x.facts.script() == nil {
			continue
		}
		for _, c := range x.facts.script().Calls() {
			if time := signedFor(c, session); time != "" {
				out = append(out, doubt{Unsafe, fmt.Sprintf("line %d signs a URL for %s, and it ends with the session, after %d at most", lineOf(x.facts.text, c.Span), time, session)})
			}
		}
	}
	return out
}

// signedFor is how long a URL that a call signs is to be valid, when that is, or may be, more than so many seconds.
func signedFor(c *shell.Call, session int) string {
	asked, given := c.Option("--expires-in")
	n, err := strconv.Atoi(asked.Value)
	switch {
	case !given || !c.IsAWS("s3", "presign"):
		return ""
	case err != nil:
		return "a time that is not shown (" + asked.Text + ")"
	case n > session:
		return strconv.Itoa(n) + " seconds"
	}
	return ""
}

// tokenVars are the names of the session token: an old one, too.
var tokenVars = []string{sessionVar, "AWS_SECURITY_TOKEN"}

// unsetKeys are the statements of a script that only unset keys: beside keys that go away they would take those of the
// role.
func unsetKeys(script *shell.Script) []shell.Span {
	other := func(name string) bool { return !slices.Contains(keyVars, name) && !slices.Contains(tokenVars, name) }
	var out []shell.Span
	for _, c := range script.Calls() {
		if names := unsetNames(c); c.Name() == "unset" && len(names) > 0 && !slices.ContainsFunc(names, other) {
			out = append(out, c.Stmt)
		}
	}
	return out
}

// guardToken looks for what takes the session token away from the keys of the role: in front of a call of AWS in the same
// script or, by $BASH_ENV, for later steps.
func (v *awsView) guardToken(x awsVisit, removed []shell.Span) []doubt {
	script := x.facts.script()
	if script == nil {
		return nil
	}
	var out []doubt
	lose := func(at shell.Span) {
		if !goes(at, removed) {
			out = append(out, doubt{Manual, fmt.Sprintf("line %d takes %s away, which temporary keys need", lineOf(x.facts.text, at), sessionVar)})
		}
	}
	for _, c := range losers(script) {
		lose(c.Span)
	}
	for _, w := range script.Writes() {
		if !w.File.IsVar("BASH_ENV") {
			continue
		}
		if later := v.p.scripts.Parse(w.Text()); later != nil && slices.ContainsFunc(later.Calls(), losesToken) {
			lose(w.Stmt)
		}
	}
	return out
}

// losers are the calls of a script that lose the token in front of one that may use AWS.
func losers(script *shell.Script) []*shell.Call {
	var out []*shell.Call
	for _, c := range script.Calls() {
		if losesToken(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil
	}
	for _, c := range slices.Backward(script.Calls()) {
		if callsAWS(c) || unknownCommand(c) != "" {
			return slices.DeleteFunc(out, func(l *shell.Call) bool { return l.Span.Start > c.Span.Start })
		}
	}
	return nil
}

// losesToken reports whether a call unsets the session token, or empties it.
func losesToken(c *shell.Call) bool {
	return slices.Contains(unsetNames(c), sessionVar) || slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool {
		return a.Name == sessionVar && !a.Naked && a.Value.Static && a.Value.Value == ""
	})
}

// guardBashEnv looks for a step behind the unit's first setup that writes $BASH_ENV anew: the session is kept there, and
// what uses AWS behind it, up to the next setup, would miss it.
func guardBashEnv(u *awsUnit, removed map[rewrite.Node][]shell.Span) []doubt {
	var lost []doubt
	for i, x := range u.visits[u.firstSetup():] {
		if i > 0 && u.hasSite(x.Step) {
			lost = nil
		}
		if len(lost) > 0 && (x.facts.uses || len(x.facts.forms) > 0 || x.facts.unknown() != "") {
			return lost
		}
		if x.facts.script() == nil {
			continue
		}
		for _, c := range x.facts.script().Calls() {
			if losesBashEnv(c) && !goes(c.Span, removed[x.facts.text]) {
				lost = []doubt{{Manual, fmt.Sprintf("line %d replaces what is in $BASH_ENV, where the setup keeps the session for later steps", lineOf(x.facts.text, c.Span))}}
			}
		}
	}
	if u.use == nil {
		return nil
	}
	return lost // by a pre-step of the orb's job, or behind it
}

// losesBashEnv reports whether a call replaces or removes the file that $BASH_ENV names.
func losesBashEnv(c *shell.Call) bool {
	args := c.Args()
	named := slices.ContainsFunc(args, func(w shell.Word) bool { return w.IsVar("BASH_ENV") })
	switch out := c.Stdout(); {
	case out.To == shell.ToFile && !out.Append && out.File.IsVar("BASH_ENV"):
		return true
	case c.Name() == "tee":
		return named && !c.Has("-a") && !c.Has("--append")
	case slices.Contains(copiers, c.Name()):
		return named && args[len(args)-1].IsVar("BASH_ENV")
	default:
		return named && slices.Contains([]string{"rm", "truncate", "unlink", "shred"}, c.Name())
	}
}

// keepsSession reports whether a script changes its role and puts something into $BASH_ENV: the calls of later steps run on
// the session then.
func keepsSession(script *shell.Script) bool {
	return slices.ContainsFunc(script.Calls(), changesRole) && slices.ContainsFunc(script.Calls(), feedsBashEnv)
}

// feedsBashEnv reports whether a call writes to the file that $BASH_ENV names.
func feedsBashEnv(c *shell.Call) bool {
	out := c.Stdout()
	return out.To == shell.ToFile && out.File.IsVar("BASH_ENV") || c.Name() == "tee" && slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return w.IsVar("BASH_ENV") })
}
