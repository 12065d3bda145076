package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// keyCopy is a place where a script hands the secret key on and the session token not. Temporary keys need all three.
type keyCopy struct {
	span   shell.Span
	insert string // what hands the token on too, to be written at the end of span; "" when that is not possible
}

// askers are commands that look at variables and hand them to nobody.
var askers = []string{"[", "test", ":"}

// keyCopies are the copies of the secret key in a script. An assignment is none: it brings keys in.
func keyCopies(script *shell.Script) []keyCopy {
	var out []keyCopy
	tokens := script.Mentions(sessionVar)
	for _, m := range script.Mentions(secretVar) {
		if m.Kind == shell.Assigned || m.Kind == shell.Quoted && setsLater(script, m.Span) {
			continue
		}
		call := callAround(script, m.Span)
		with := func(t shell.Mention) bool { return call == nil || call.Stmt.Contains(t.Span) }
		if slices.ContainsFunc(tokens, with) || call != nil && (slices.Contains(askers, call.Name()) || handsOther(call, m.Span)) {
			continue
		}
		c := keyCopy{span: m.Span}
		if call != nil {
			c.span, c.insert = dockerCopy(call, m.Span)
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// setsLater reports whether a part of the script stands in text that sets the secret key for later steps.
func setsLater(script *shell.Script, part shell.Span) bool {
	return slices.ContainsFunc(script.BashEnv(), func(e shell.EnvVar) bool { return e.Name == secretVar && e.Write.Call.Span.Contains(part) })
}

// callAround is the innermost call that a part of the script stands in.
func callAround(script *shell.Script, part shell.Span) *shell.Call {
	var found *shell.Call
	for _, c := range script.Calls() {
		if c.Stmt.Contains(part) && (found == nil || found.Stmt.Contains(c.Stmt)) {
			found = c
		}
	}
	return found
}

// handsOther reports whether a call gives a container another secret under the name of the job's: the token of the
// session does not belong to it.
func handsOther(c *shell.Call, part shell.Span) bool {
	return slices.Contains(containerTools, c.Name()) && slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		name, _, given := strings.Cut(handedVariable(w), "=")
		return w.Span.Contains(part) && name == secretVar && given && !w.Expr && !slices.Contains(w.Vars, secretVar)
	})
}

// dockerCopy completes a copy by the option -e or --env of docker run: the token is handed on the way the key is.
func dockerCopy(c *shell.Call, part shell.Span) (span shell.Span, insert string) {
	args := c.Args()
	i := slices.IndexFunc(args, func(w shell.Word) bool { return w.Span.Contains(part) })
	if i < 0 || !slices.Contains(containerTools, c.Name()) || c.Has("build") || c.Inner || args[i].Expr {
		return part, ""
	}
	word := args[i]
	flag := ""
	for _, option := range []string{"--env=", "-e="} {
		if strings.HasPrefix(word.Text, option) {
			flag = " "
		}
	}
	if i > 0 && (args[i-1].Value == "-e" || args[i-1].Value == "--env") {
		flag = " " + args[i-1].Text + " "
	}
	name, _, _ := strings.Cut(handedVariable(word), "=")
	if flag == "" || name != secretVar {
		return part, "" // under another name there is nothing to hand on beside it
	}
	return word.Span, flag + strings.ReplaceAll(word.Text, secretVar, sessionVar)
}

// secretWord is the name of the secret key's variable, as part of no other.
var secretWord = pattern.New(`\b` + secretVar + `\b`)

// guardArguments looks at what a command or an orb's element is given: a text that hands the secret key on, such as the
// arguments of a docker build. The key parameters of AWS orbs, which a fix takes away, are none.
func (v *awsView) guardArguments(orb *circle.Orb, args rewrite.Node) []doubt {
	var out []doubt
	for _, e := range args.Fields() {
		text := e.Value().Resolve()
		known := orb != nil && orbTables()[orb.Name()] != nil
		if known && strings.ReplaceAll(e.Name(), "_", "-") == "aws-secret-access-key" || !secretWord.MatchString(text.Value()) {
			continue
		}
		line := text.File().Position(text.Span().Start).Line
		switch {
		case v.webIdentity():
			out = append(out, doubt{Manual, fmt.Sprintf("line %d hands %s on, and web identity sets no keys", line, secretVar)})
		case !strings.Contains(text.Value(), sessionVar):
			out = append(out, doubt{Unsafe, fmt.Sprintf("line %d hands %s on without %s, which temporary keys need", line, secretVar, sessionVar)})
		}
	}
	return out
}
