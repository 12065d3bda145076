package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// tokenUse is a place where a job is given a token to publish with.
type tokenUse struct {
	owner   string
	step    *circle.Step // nil for an environment
	node    rewrite.Node
	span    rewrite.Span
	parts   []shell.Span
	edits   []shell.Edit
	remove  []rewrite.Entry
	secret  string
	literal string
	blocker string         // why it has to stay
	file    string         // that it is written to; "" for none
	beside  bool           // the command that writes it writes other settings as well
	shared  bool           // any program that publishes may take it, whatever the registry
	reach   []*circle.Step // that have it; nil for all steps of a unit
}

// twineVar is where twine looks for a token.
const twineVar = "TWINE_PASSWORD"

// tokenUses are the places in a unit where it is given a token for a registry, and those by the variable that holds it.
type tokenUses struct {
	all      []tokenUse
	bySecret map[string][]tokenUse
	kept     map[ownedToken]bool // of keeps
}

// ownedToken is the variable with a token, and who uses it.
type ownedToken struct{ secret, owner string }

func (v *publishView) tokensIn(u *storedUnit, r registry) *tokenUses {
	place := publishPlace{u, r}
	out := v.uses[place]
	if out != nil {
		return out
	}
	out = &tokenUses{bySecret: map[string][]tokenUse{}, kept: map[ownedToken]bool{}}
	v.uses[place] = out
	for _, x := range u.steps {
		if script := v.script(x.Step); script != nil {
			out.all = append(out.all, v.stepTokens(script, x.Step, r)...)
		}
	}
	for _, env := range u.allEnvironments() {
		out.all = append(out.all, v.environmentTokens(env, r)...)
	}
	for _, use := range out.all {
		out.bySecret[use.secret] = append(out.bySecret[use.secret], use)
	}
	return out
}

// stepTokens are those in a script.
func (v *publishView) stepTokens(script *shell.Script, s *circle.Step, r registry) []tokenUse {
	var out []tokenUse
	add := func(at shell.Span, value string, parts []shell.Span, edits []shell.Edit) *tokenUse {
		use := tokenUse{owner: s.Owner(), step: s, node: s.Command(), span: spanIn(s.Command(), at), parts: parts, edits: edits}
		use.secret, use.literal = tokenIn(value, r)
		if use.secret == "" && use.literal == "" {
			return nil
		}
		out = append(out, use)
		return &out[len(out)-1]
	}
	own, away := v.uploads(s).to(r)
	for _, p := range own {
		callTokens(p, add)
	}
	if len(own) > 0 || len(away) == 0 {
		variableTokens(script, s, r, add)
	}
	if r == pypi {
		pypircTokens(script, add)
		return out
	}
	for _, c := range script.Calls() {
		npmConfigToken(c, add)
	}
	for _, w := range script.Writes() {
		npmrcTokens(w, add)
	}
	return out
}

// callTokens are those that one call which publishes is given: in options, or by assignments in front of it.
func callTokens(p publishing, add addToken) {
	if p.registry == npm {
		npmOptionToken(p.call, add)
	} else {
		twineToken(p.call, add)
	}
	for _, a := range p.call.Assigns {
		if slices.Contains(p.registry.variables(), a.Name) && !a.Naked {
			add(p.call.Span, tokenValue(a.Name, a.Value.Value), []shell.Span{a.Span}, nil)
		}
	}
}

// variableTokens are those in variables that a script sets for its own commands, or for later steps.
func variableTokens(script *shell.Script, s *circle.Step, r registry, add addToken) {
	share := func(use *tokenUse, reach []*circle.Step) {
		if use != nil {
			use.shared, use.reach = true, reach
		}
	}
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if slices.Contains(r.variables(), a.Name) && !a.Naked && !prefixes(c) {
				share(add(c.Span, tokenValue(a.Name, a.Value.Value), []shell.Span{a.Span}, nil), []*circle.Step{s})
			}
		}
	}
	for _, e := range script.BashEnv() {
		if slices.Contains(r.variables(), e.Name) {
			share(add(e.Write.Stmt, tokenValue(e.Name, e.Value.Value), []shell.Span{partOf(e.Write, e.Line)}, nil), nil)
		}
	}
}

// addToken notes a token; it is nil for a value that is none.
type addToken func(at shell.Span, value string, parts []shell.Span, edits []shell.Edit) *tokenUse

var npmAuth = pattern.New(`(?:^|//([^/\s]+)/\S*:)_auth(?:Token)?(?:\s*=\s*(.*))?$`)

// authOf is a token of npm's settings in a word, or in the one behind it, with the host that it is for. ok is false for
// another word, and for another registry.
func authOf(words []shell.Word, i int) (host, value string, ok bool) {
	m := npmAuth.FindStringSubmatch(strings.TrimPrefix(words[i].Value, "--"))
	if m == nil || !toNPM(m[1]) {
		return "", "", false
	}
	if m[2] == "" && i+1 < len(words) {
		return m[1], words[i+1].Value, true
	}
	return m[1], m[2], true
}

// npmConfigToken is a token that npm is told to keep.
func npmConfigToken(c *shell.Call, add addToken) {
	if !c.Is("npm", "config", "set") && !c.Is("npm", "set") && !c.Is("npm", "c", "set") {
		return
	}
	for i := range c.Args() {
		if host, value, ok := authOf(c.Args(), i); ok {
			add(c.Span, value, []shell.Span{c.Stmt}, nil).forHost(host)
		}
	}
}

// npmOptionToken is a token that a call is given in an option.
func npmOptionToken(c *shell.Call, add addToken) {
	for i, w := range c.Args() {
		if host, value, ok := authOf(c.Args(), i); ok && strings.HasPrefix(w.Value, "--") {
			add(c.Span, value, nil, []shell.Edit{{Start: w.Span.Start, End: w.Span.End}}).forHost(host)
		}
	}
}

// forHost notes which registry a token of npm's settings is for, as far as they tell.
func (t *tokenUse) forHost(host string) {
	switch {
	case t == nil:
	case strings.Contains(host, "$"):
		t.blocker = "which registry the token is for stands in a variable"
	case host == "" && len(t.parts) > 0:
		t.shared = true
	}
}

// toNPM reports whether a token for a host is for npm's own registry, or may be.
func toNPM(host string) bool {
	return host == "" || host == publishTables().NPM.Host || strings.Contains(host, "$")
}

// twineToken is a token that an upload is given in an option.
func twineToken(c *shell.Call, add addToken) {
	for _, option := range []string{"-p", "--password"} {
		if w, ok := c.Option(option); ok {
			add(c.Span, w.Value, nil, []shell.Edit{{Start: w.Span.Start, End: w.Span.End}})
		}
	}
}

// npmrcTokens are tokens in a file that npm reads.
func npmrcTokens(w shell.Write, add addToken) {
	for _, l := range w.Lines {
		m := npmAuth.FindStringSubmatch(strings.TrimSpace(l.Text))
		if m == nil || m[2] == "" || !toNPM(m[1]) {
			continue
		}
		use := add(w.Stmt, strings.Trim(m[2], `"'`), []shell.Span{partOf(w, l)}, nil)
		use.forHost(m[1])
		if use != nil {
			use.file, use.beside = cleanPath(w.File.Value), !l.HereDoc && slices.ContainsFunc(w.Lines, serves)
		}
	}
}

// idleSetting is a line in npm's settings that says nothing without a token, or what npm does anyway.
var idleSetting = pattern.New(`^(?:\s*|[#;].*|(?:always-auth|email|registry)\s*=.*)$`)

// serves reports whether a line in npm's settings has a use besides publishing to npm.
func serves(l shell.Line) bool {
	text := strings.TrimSpace(l.Text)
	m := npmAuth.FindStringSubmatch(text)
	return (m == nil || !toNPM(m[1])) && !idleSetting.MatchString(text)
}

var expansion = pattern.New(`^\\?\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))$`)

// tokenValue is the value of a variable that holds a token. Twine's user name tells that there is one, and has to go along.
func tokenValue(name, value string) string {
	if name == "TWINE_USERNAME" && value != "" {
		return "__token__"
	}
	return value
}

// tokenIn tells where a token for a registry comes from: a variable, or the file itself.
func tokenIn(text string, r registry) (variable, literal string) {
	text = strings.TrimSpace(text)
	if m := expansion.FindStringSubmatch(text); m != nil {
		return m[1] + m[2], ""
	}
	if text == "__token__" {
		return twineVar, "" // twine takes the token from there then
	}
	if literalToken(text, r) {
		return "", text
	}
	return "", ""
}

// literalToken reports whether a text is a token or a password by itself. Those that npm gave out first are UUIDs.
func literalToken(text string, r registry) bool {
	t := secretTables()
	known := strings.HasPrefix(text, "npm_") || strings.HasPrefix(text, "pypi-")
	return known && len(text) > 30 || !isReference(text) && (t.made(text) || r == pypi && t.chosen(text))
}

// environmentTokens are those in an environment.
func (v *publishView) environmentTokens(env *circle.Environment, r registry) []tokenUse {
	reach := v.stepsWith(env.Node)
	if len(reach) > 0 && !slices.ContainsFunc(reach, func(s *circle.Step) bool { own, _ := v.uploads(s).to(r); return len(own) > 0 }) {
		return nil
	}
	var out []tokenUse
	for _, x := range env.Vars() {
		if !slices.Contains(r.variables(), x.Name) {
			continue
		}
		use := tokenUse{owner: v.p.Config.Owner(env.Node), node: env.Node, span: x.Entry.Span(), remove: []rewrite.Entry{x.Entry}, shared: true, reach: reach}
		if use.secret, use.literal = tokenIn(tokenValue(x.Name, x.Text), r); use.secret != "" || use.literal != "" {
			out = append(out, use)
		}
	}
	return out
}
