package flow

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// use is one place that uses AWS, or may.
type use struct {
	name    string // the program or element
	text    string // all of it
	how     certainty
	foreign bool // the service is not AWS: whatever keys it has are its own
	copied  bool // the keys are handed on by name
	whole   bool // of a copy: the session token goes with them
	sources map[source]bool
	// profiled says that it always has stored keys of a profile: any in the environment would come before them.
	profiled bool
}

// add notes where the use gets its credentials from in one world.
func (u *use) add(s source) {
	if u.sources == nil {
		u.sources = map[source]bool{}
	}
	u.sources[s] = true
}

// program is a script in the order in which it is interpreted, the same wherever it runs.
type program struct {
	script  *shell.Script
	scripts shell.Cache
	calls   []*shell.Call // inner ones first
	asks    []asking      // of each call
	writes  map[*shell.Call][]shell.Write
	prefix  map[*shell.Call][]*shell.Call // the calls around a call in a script that is given as text
}

// asking is what a call wants with AWS, as far as its own words show it.
type asking struct {
	how           certainty
	uses          bool
	copies, whole bool
}

// program is that of a script, made once.
func (z *analyzer) program(script *shell.Script) *program {
	p := z.programs[script]
	if p == nil {
		p = newProgram(script, z.scripts)
		z.programs[script] = p
	}
	return p
}

func newProgram(script *shell.Script, scripts shell.Cache) *program {
	p := &program{script: script, scripts: scripts, writes: map[*shell.Call][]shell.Write{}}
	p.calls = slices.Clone(script.Calls())
	slices.SortStableFunc(p.calls, func(a, b *shell.Call) int {
		return cmp.Or(a.Top-b.Top, a.Span.End-b.Span.End, b.Span.Start-a.Span.Start)
	})
	for _, c := range p.calls {
		var x asking
		x.how, x.uses = certaintyOf(c)
		x.copies, x.whole = copies(c)
		p.asks = append(p.asks, x)
	}
	for _, w := range script.Writes() {
		p.writes[w.Call] = append(p.writes[w.Call], w)
	}
	p.prefix = around(p.calls)
	return p
}

// interpreter runs one program in several worlds.
type interpreter struct {
	*program
	trace bool         // the shell shows each command
	uses  map[int]*use // by a number that gives their order
	leaks map[string]bool

	cloudUses map[int]*cloudUse
}

func newInterpreter(p *program, trace bool) *interpreter {
	return &interpreter{program: p, trace: trace, uses: map[int]*use{}, leaks: map[string]bool{}, cloudUses: map[int]*cloudUse{}}
}

// around finds the calls that run a script given as text, for the calls in it.
func around(calls []*shell.Call) map[*shell.Call][]*shell.Call {
	out := map[*shell.Call][]*shell.Call{}
	var givers []*shell.Call
	for _, c := range calls {
		if len(c.Assigns) > 0 && len(c.Words) > 0 {
			givers = append(givers, c)
		}
	}
	for _, c := range calls {
		if !c.Inner {
			continue
		}
		for _, g := range givers {
			if g != c && g.Span.Contains(c.Span) {
				out[c] = append(out[c], g)
			}
		}
	}
	return out
}

// run interprets the script from each scope on and returns how things may stand behind it.
func (in *interpreter) run(scopes []*scope) []*scope {
	for i := 0; i < len(in.calls); {
		j := i
		for j < len(in.calls) && in.calls[j].Top == in.calls[i].Top {
			j++
		}
		scopes = in.statement(in.calls[i:j], i, scopes)
		i = j
	}
	return scopes
}

// statement interprets the calls of one statement. Where it sets keys on a condition only, it may also have set none.
func (in *interpreter) statement(calls []*shell.Call, first int, scopes []*scope) []*scope {
	var out []*scope
	for _, s := range scopes {
		clear(s.inner)
		var others []*scope
		maybe := func(c *shell.Call) bool { return c.Conditional && !c.AfterAnd && in.setsKeys(c) }
		if slices.ContainsFunc(calls, maybe) {
			others = append(others, s.clone())
		}
		set := false
		for i, c := range calls {
			if maybe(c) && c.Conditional && in.setsID(c) {
				if set && len(others) < maxWorlds {
					others = append(others, s.clone()) // the other branch ends here
				}
				set = true
			}
			in.call(c, first+i, s)
		}
		clear(s.inner)
		out = append(append(out, s), others...)
	}
	return distinctScopes(out)
}

func distinctScopes(scopes []*scope) []*scope {
	return differing(scopes, func(a, b *scope) bool {
		return a.same(b.world) && maps.Equal(a.local, b.local) && maps.Equal(a.taken, b.taken)
	})
}

// setsKeys reports whether a call leaves keys behind for the calls after it.
func (in *interpreter) setsKeys(c *shell.Call) bool {
	return in.setsID(c) || slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return slices.Contains(keyVars, a.Name) && !prefixed(c) }) ||
		c.IsAWS("configure", "set") || c.Name() == "unset" || len(in.writes[c]) > 0
}

func (in *interpreter) setsID(c *shell.Call) bool {
	assigns := slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return a.Name == idVar && !a.Naked && !prefixed(c) })
	return assigns || c.IsAWS("configure", "set", "aws_access_key_id")
}

// prefixed reports whether the call's assignments are for this one command.
func prefixed(c *shell.Call) bool {
	return len(c.Words) > 0 && !slices.Contains([]string{"export", "declare", "typeset", "local", "readonly"}, c.Name())
}

// call interprets one simple command.
func (in *interpreter) call(c *shell.Call, number int, s *scope) {
	given := map[string]value{}
	for _, outer := range in.prefix[c] {
		in.assign(outer, s, given, given)
	}
	env := c.Wrapper("env")
	for i, w := range env {
		if i > 0 && (env[i-1].Value == "-u" || env[i-1].Value == "--unset") {
			given[w.Value] = value{origin: unset}
		}
	}
	if prefixed(c) {
		in.assign(c, s, given, given)
	} else {
		in.assign(c, s, given, s.target(c))
	}
	switch c.Name() {
	case "unset":
		for _, w := range c.Args() {
			s.target(c)[w.Value] = value{origin: unset}
		}
	case "source", ".":
		if len(c.Args()) > 0 && c.Args()[0].IsVar("BASH_ENV") {
			maps.Copy(s.target(c), s.bash)
		}
	case "aws":
		s.configure(c, given)
	}
	if tool := behindScripts(c); tool.Name() == "serverless" || tool.Name() == "sls" {
		s.configureServerless(tool, given)
	}
	for _, w := range in.writes[c] {
		in.write(w, s, given)
	}
	if len(in.writes[c]) == 0 && credentialsFile(c.Stdout().File) {
		s.setProfile(anyProfile, func(p *profile) { p.id = value{opaque, c.Name()}; p.secret = p.id })
	}
	in.observe(c, number, s, given)
	in.clouds(c, number, s, given)
}

// target is where assignments of a call go: what a subshell sets ends with it.
func (s *scope) target(c *shell.Call) map[string]value {
	if c.Subshell || c.Substitution || c.Inner {
		return s.inner
	}
	return s.local
}

// assign makes the assignments of a call in a layer.
func (in *interpreter) assign(c *shell.Call, s *scope, given, to map[string]value) {
	for _, a := range c.Assigns {
		if a.Naked {
			continue
		}
		to[a.Name] = in.valueOf(a.Value, s, given)
	}
	if c.Name() != "export" {
		return
	}
	for _, w := range c.Args() { // export $(printf "AWS_ACCESS_KEY_ID=%s ..." $(aws sts assume-role ...))
		if v, ok := assumption(w.Text); ok {
			for _, name := range keyVars {
				to[name] = v
			}
		}
	}
}

var roleOption = pattern.New(`--role-arn[= ]+["']?([^\s"']+)`)

// assumption is what a text yields in which a role is assumed.
func assumption(text string) (value, bool) {
	if !strings.Contains(text, "assume-role") {
		return value{}, false
	}
	v := value{origin: chained}
	if strings.Contains(text, "assume-role-with-web-identity") {
		v.origin = session
	}
	if m := roleOption.FindStringSubmatch(text); m != nil {
		v.text = roleText(m[1])
	}
	return v, true
}

// valueOf is what a word of the script expands to.
func (in *interpreter) valueOf(w shell.Word, s *scope, given map[string]value) value {
	if v, ok := assumption(w.Text); ok {
		return v
	}
	if v, ok := loginOutput(w.Text, s, given); ok {
		return v
	}
	if strings.Contains(w.Text, "circleci run oidc get") {
		return value{federated, "circleci"}
	}
	if w.Static {
		return textValue(w.Value, s, nil)
	}
	for _, name := range w.Vars {
		if v := s.lookup(name, given); v.origin == chained || v.origin == session || v.origin == federated {
			return v
		}
	}
	if len(w.Vars) == 1 && (w.IsVar(w.Vars[0]) || strings.HasPrefix(strings.Trim(w.Text, `"`), "${"+w.Vars[0])) {
		return s.lookup(w.Vars[0], given).shown()
	}
	return value{opaque, w.Text}
}

// textValue is what a text stands for in which variables may be named: one that is nothing but a variable is that
// variable's value, also where nothing expands it, for such a key can only work where something does.
func textValue(text string, s *scope, given map[string]value) value {
	switch name := variableIn(text); {
	case strings.TrimSpace(text) == "":
		return value{origin: unset}
	case name != "":
		return s.lookup(name, given).shown()
	case strings.Contains(text, "<<") || strings.Contains(text, "$(") || strings.Contains(text, "`"):
		if v, ok := assumption(text); ok {
			return v
		}
		return value{opaque, text}
	}
	return value{literal, strings.Trim(strings.TrimSpace(text), `'"`)}
}

// observe notes what a call uses and what it shows.
func (in *interpreter) observe(c *shell.Call, number int, s *scope, given map[string]value) {
	asks := in.asks[number]
	if asks.uses {
		u := in.use(2*number, c, asks.how)
		u.foreign = asks.how == sure && (elsewhere(c) || s.redirected(given))
		if asRoot(c) {
			u.add(s.rootCredentials(profileOption(s, c, given), given))
		} else {
			src := s.credentials(profileOption(s, c, given), given)
			inProfile := src.kind == stored && sourceOf(s.environmentKeys(given)).kind != stored
			u.profiled = inProfile && (u.profiled || len(u.sources) == 0)
			u.add(src)
		}
	}
	if asks.copies {
		in.copy(2*number+1, c.Name(), textOf(c), asks.whole, s, given)
	}
	for _, w := range in.writes[c] {
		text := w.Text()
		if strings.Contains(text, secretVar) && !w.File.IsVar("BASH_ENV") && !awsFile(w.File) {
			in.leaks["writes the keys to "+w.File.Text] = true
			in.copy(2*number+1, "write", text, strings.Contains(in.script.Text(), tokenVar), s, given)
		}
	}
	in.leak(c)
}

// redirected reports whether the environment sends AWS tools to another service.
func (s *scope) redirected(given map[string]value) bool {
	v := s.lookup("AWS_ENDPOINT_URL", given)
	return v.origin == literal && !atAWS(v.text)
}

func (in *interpreter) use(number int, c *shell.Call, how certainty) *use {
	u := in.uses[number]
	if u == nil {
		u = &use{name: c.Name(), text: textOf(c), how: how}
		if u.name == "" && len(c.Words) > 0 {
			u.name = c.Words[0].Text
		}
		in.uses[number] = u
	}
	return u
}

// textOf is a call without what is assigned for it.
func textOf(c *shell.Call) string {
	var words []string
	for _, w := range c.Words {
		words = append(words, w.Text)
	}
	return strings.Join(words, " ")
}

var (
	copiedID     = pattern.New(`AWS_ACCESS_KEY_ID["']?\s*[=:]\s*["']?\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
	copiedSecret = pattern.New(`AWS_SECRET_ACCESS_KEY["']?\s*[=:]\s*["']?\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// copy notes keys that are handed on by name. They are those of the environment, but for other variables that the
// text names.
func (in *interpreter) copy(number int, name, text string, whole bool, s *scope, given map[string]value) {
	u := in.uses[number]
	if u == nil {
		u = &use{name: "copy by " + name, text: text, how: sure, copied: true, whole: whole}
		in.uses[number] = u
	}
	k := s.environmentKeys(given)
	if m := copiedID.FindStringSubmatch(text); m != nil {
		k.id = s.lookup(m[1], given)
	}
	if m := copiedSecret.FindStringSubmatch(text); m != nil {
		k.secret = s.lookup(m[1], given)
	}
	u.add(sourceOf(k))
}

// hiddenPart starts the part of a leak that tells it from others and is not for people: a script may hold secrets.
const hiddenPart = "\x00"

// leak notes what a call shows to everybody who can read the log.
func (in *interpreter) leak(c *shell.Call) {
	isKey := func(name string) bool { return slices.Contains(keyVars, name) }
	toLog := c.Stdout().To == shell.ToLog
	if all, names := c.Prints(); toLog && (all || slices.ContainsFunc(names, isKey)) {
		in.leaks["prints the keys by "+c.Name()+hiddenPart+textOf(c)] = true
	}
	if toLog && c.Name() == "cat" && slices.ContainsFunc(c.Args(), credentialsFile) {
		in.leaks["prints the credentials file"] = true
	}
	shows := func(w shell.Word) bool { return slices.ContainsFunc(w.Vars, isKey) }
	tokens := func(w shell.Word) bool {
		return slices.ContainsFunc(w.Vars, func(v string) bool { return strings.HasPrefix(v, "CIRCLE_OIDC_TOKEN") })
	}
	if !in.trace && !in.script.Xtrace(c) {
		return
	}
	if slices.ContainsFunc(c.Words, shows) || slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return shows(a.Value) }) {
		in.leaks["shows the keys by set -x"+hiddenPart+textOf(c)] = true
	}
	if slices.ContainsFunc(c.Words, tokens) {
		in.leaks["shows CircleCI's token by set -x"+hiddenPart+textOf(c)] = true
	}
}
