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

// publishing is a call that publishes a package.
type publishing struct {
	registry registry
	stage    bool
	call     *shell.Call
}

// twineVar is where twine looks for a token.
const twineVar = "TWINE_PASSWORD"

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
	shared  bool           // any program that publishes may take it, whatever the registry
	reach   []*circle.Step // that have it; nil for all steps of a unit
}

// scanStep finds the forms of one physical step: its calls that publish, and the tokens that it gives to some.
func (v *publishView) scanStep(s *circle.Step) []*storedForm {
	var out []*storedForm
	for _, x := range v.publishings(s) {
		if f := v.publishForm(s, x); f != nil {
			out = append(out, f)
		}
	}
	for _, r := range []registry{npm, pypi} {
		script := v.script(s)
		if script == nil || !v.publishes(s, r) {
			continue
		}
		for _, use := range v.stepTokens(script, s, r) {
			if f := v.tokenForm(use, r); f != nil {
				out = append(out, f)
			}
		}
		if r == pypi {
			out = append(out, v.twineForms(s, script)...)
		}
	}
	return out
}

// publishings are the calls of a physical step that publish to a registry which takes CircleCI's token.
func (v *publishView) publishings(s *circle.Step) []publishing { return v.uploads(s).own }

func (v *publishView) uploads(s *circle.Step) uploads {
	found, known := v.calls[s.Node]
	if !known {
		text := s.Command().Value()
		if strings.Contains(text, "publish") || strings.Contains(text, "upload") {
			found = uploadsIn(v.script(s))
		}
		v.calls[s.Node] = found
	}
	return found
}

// publishes reports whether the owner of a step publishes in a unit that runs the step, with a token in sight.
func (v *publishView) publishes(s *circle.Step, r registry) bool {
	return slices.ContainsFunc(v.running(s), func(u *storedUnit) bool { return v.ownerPublishes(u, s.Owner(), r) })
}

func (v *publishView) ownerPublishes(u *storedUnit, owner string, r registry) bool {
	place := publishPlace{u, r}
	owners, known := v.owners[place]
	if !known {
		owners = map[string]bool{}
		if len(v.tokensOf(u, r)) > 0 {
			for _, x := range u.steps {
				if slices.ContainsFunc(v.publishings(x.Step), func(p publishing) bool { return p.registry == r }) {
					owners[x.Step.Owner()] = true
				}
			}
		}
		v.owners[place] = owners
	}
	return owners[owner]
}

// trusted reports whether a unit has CircleCI's token for npm already.
func (v *publishView) trusted(u *storedUnit, r registry) bool {
	return r == npm && slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && len(script.Mentions("NPM_ID_TOKEN")) > 0
	})
}

// publishForm is a call that publishes with a token in sight; nil for every other one.
func (v *publishView) publishForm(s *circle.Step, x publishing) *storedForm {
	given := v.givenTo(s, x.registry)
	if !given.any {
		return nil
	}
	f := v.form(s, x.call.Span, strings.Join(commandOf(x.call), " ")+" uses a stored token")
	f.secret, f.values, f.literal, f.blocker = given.secret, given.values, len(given.values) > 0, given.blocker
	if x.call.Inner {
		f.blocker = "the call stands in a script that is given to another shell as text"
	}
	v.facts[f] = &publishFacts{registry: x.registry, call: true, stage: x.stage}
	if x.registry == npm {
		f.edits = append(withoutOptions(x.call, isNPMToken), identify(s, v.script(s), x.call))
	} else {
		f.edits = withoutOptions(x.call, isTwineLogin)
	}
	if x.call.Words[0].Value == "sudo" {
		f.blocker = orElse(f.blocker, "it runs as root, which does not see the job's variables")
	}
	return f
}

// givenTokens are the tokens that an owner's calls are given which publish to a registry.
type givenTokens struct {
	any     bool
	secret  string   // of the first
	values  []string // of literal ones
	blocker string
}

// givenTo are the tokens that the calls of a step are given.
func (v *publishView) givenTo(s *circle.Step, r registry) givenTokens {
	owner := s.Owner()
	var out givenTokens
	for _, u := range v.running(s) {
		out = out.and(v.givenIn(u, r, owner))
	}
	return out
}

// givenIn are those of one unit, of which many calls may have the same.
func (v *publishView) givenIn(u *storedUnit, r registry, owner string) givenTokens {
	at := ownerPlace{publishPlace{u, r}, owner}
	out, known := v.given[at]
	if known {
		return out
	}
	for _, t := range v.tokensOf(u, r) {
		out = out.and(t.to(owner, r))
	}
	v.given[at] = out
	return out
}

// to is one token that the calls of an owner are given.
func (t givenToken) to(owner string, r registry) givenTokens {
	out := givenTokens{any: true, secret: t.secret}
	if t.literal != "" {
		out.values = []string{t.literal}
	}
	switch {
	case t.blocker != "":
		out.blocker = t.blocker
	case t.owner != owner && r == pypi:
		out.blocker = "the token is set by " + t.owner + ": twine uses it whatever else there is"
	}
	return out
}

// and are the tokens with more of them.
func (g givenTokens) and(more givenTokens) givenTokens {
	switch {
	case !more.any:
		return g
	case !g.any:
		return more
	}
	if g.secret == "" || g.secret == twineVar {
		g.secret = orElse(more.secret, g.secret)
	}
	g.values = append(g.values, more.values...)
	g.blocker = orElse(g.blocker, more.blocker)
	return g
}

// commandOf are the words that tell which command a call is.
func commandOf(c *shell.Call) []string {
	switch {
	case c.Is("npm", "stage"):
		return []string{"npm", "stage", "publish"}
	case c.Name() == "npm":
		return []string{"npm", "publish"}
	}
	return []string{"twine", "upload"}
}

// npmIdentity asks CircleCI for a token that is made for npm.
const npmIdentity = `NPM_ID_TOKEN="$(circleci run oidc get --claims '{"aud":"npm:registry.npmjs.org"}')"`

// identify gives a call of npm its token: on lines of their own where it begins one, so that a failure ends the step, and
// else for this one command.
func identify(s *circle.Step, script *shell.Script, c *shell.Call) shell.Edit {
	text := script.Text()
	line := strings.LastIndexByte(text[:c.Stmt.Start], '\n') + 1
	indent := text[line:c.Stmt.Start]
	alone := strings.TrimSpace(indent) == "" && c.List == (shell.Span{}) && c.Pipe.Len == 0 && !c.Condition && !c.Negated && !c.Substitution
	if alone && s.Command().Style() == rewrite.Literal {
		return shell.Edit{Start: c.Stmt.Start, End: c.Stmt.Start, New: npmIdentity + "\n" + indent + "export NPM_ID_TOKEN\n" + indent}
	}
	at := c.Words[0].Span.Start
	return shell.Edit{Start: at, End: at, New: npmIdentity + " "}
}

// withoutOptions takes options with their values out of a call.
func withoutOptions(c *shell.Call, is func(option string) bool) []shell.Edit {
	var out []shell.Edit
	for i := 1; i < len(c.Words); i++ {
		name, _, joined := strings.Cut(c.Words[i].Value, "=")
		if !strings.HasPrefix(name, "-") || !is(name) {
			continue
		}
		end := i
		if !joined && i+1 < len(c.Words) {
			end++
		}
		out = append(out, shell.Edit{Start: c.Words[i-1].Span.End, End: c.Words[end].Span.End})
		i = end
	}
	return out
}

func isNPMToken(option string) bool { return strings.Contains(option, ":_auth") }

func isTwineLogin(option string) bool {
	return slices.Contains([]string{"-u", "--username", "-p", "--password"}, option)
}

// givenToken is what a call that publishes has to know of a token.
type givenToken struct {
	secret  string
	literal string
	owner   string
	blocker string
}

// ownerPlace is an owner that publishes in a unit.
type ownerPlace struct {
	publishPlace
	owner string
}

// publishPlace is a unit that publishes to a registry.
type publishPlace struct {
	unit     *storedUnit
	registry registry
}

// tokensOf are the tokens with which a unit publishes to a registry, each once. A unit may have many calls that do.
func (v *publishView) tokensOf(u *storedUnit, r registry) []givenToken {
	place := publishPlace{u, r}
	out, known := v.tokens[place]
	if !known && v.toPublic(u, r) && !v.trusted(u, r) {
		met, open := map[givenToken]bool{}, v.open(u, r)
		for _, use := range v.tokensIn(u, r).all {
			if t := (givenToken{use.secret, use.literal, use.owner, orElse(use.blocker, open)}); !met[t] {
				met[t] = true
				out = append(out, t)
			}
		}
	}
	v.tokens[place] = out
	return out
}

// tokenUses are the places in a unit where it is given a token for a registry, and those by the variable that holds it.
type tokenUses struct {
	all      []tokenUse
	bySecret map[string][]tokenUse
}

func (v *publishView) tokensIn(u *storedUnit, r registry) *tokenUses {
	place := publishPlace{u, r}
	out := v.uses[place]
	if out != nil {
		return out
	}
	out = &tokenUses{bySecret: map[string][]tokenUse{}}
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
		use.secret, use.literal = tokenIn(value)
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

// partOf is what to remove so that a file does not get a line.
func partOf(w shell.Write, l shell.Line) shell.Span {
	if l.HereDoc {
		return l.Span
	}
	return w.Stmt
}

// addToken notes a token; it is nil for a value that is none.
type addToken func(at shell.Span, value string, parts []shell.Span, edits []shell.Edit) *tokenUse

var npmAuth = pattern.New(`(?:^|//([^/\s]+)/\S*:)_auth(?:Token)?(?:\s*=\s*(.*))?$`)

// npmConfigToken is a token that npm is told to keep.
func npmConfigToken(c *shell.Call, add addToken) {
	if !c.Is("npm", "config", "set") && !c.Is("npm", "set") && !c.Is("npm", "c", "set") {
		return
	}
	for i, w := range c.Args() {
		m := npmAuth.FindStringSubmatch(strings.TrimPrefix(w.Value, "--"))
		if m == nil || !toNPM(m[1]) {
			continue
		}
		value := m[2]
		if value == "" && i+1 < len(c.Args()) {
			value = c.Args()[i+1].Value
		}
		add(c.Span, value, []shell.Span{c.Stmt}, nil).forHost(m[1])
	}
}

// npmOptionToken is a token that a call is given in an option.
func npmOptionToken(c *shell.Call, add addToken) {
	for i, w := range c.Args() {
		option, ok := strings.CutPrefix(w.Value, "--")
		m := npmAuth.FindStringSubmatch(option)
		if !ok || m == nil || !toNPM(m[1]) {
			continue
		}
		value := m[2]
		if value == "" && i+1 < len(c.Args()) {
			value = c.Args()[i+1].Value
		}
		add(c.Span, value, nil, []shell.Edit{{Start: w.Span.Start, End: w.Span.End}}).forHost(m[1])
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
		if m != nil && m[2] != "" && toNPM(m[1]) {
			add(w.Stmt, strings.Trim(m[2], `"'`), []shell.Span{partOf(w, l)}, nil).forHost(m[1])
		}
	}
}

var expansion = pattern.New(`^\\?\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))$`)

// tokenValue is the value of a variable that holds a token. Twine's user name tells that there is one, and has to go along.
func tokenValue(name, value string) string {
	if name == "TWINE_USERNAME" && value != "" {
		return "__token__"
	}
	return value
}

// tokenIn tells where a token comes from: a variable, or the file itself.
func tokenIn(text string) (variable, literal string) {
	text = strings.TrimSpace(text)
	if m := expansion.FindStringSubmatch(text); m != nil {
		return m[1] + m[2], ""
	}
	if text == "__token__" {
		return twineVar, "" // twine takes the token from there then
	}
	if (strings.HasPrefix(text, "npm_") || strings.HasPrefix(text, "pypi-")) && len(text) > 30 {
		return "", text
	}
	return "", ""
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
		if use.secret, use.literal = tokenIn(tokenValue(x.Name, x.Text)); use.secret != "" || use.literal != "" {
			out = append(out, use)
		}
	}
	return out
}

// tokenForm is a place that gives a token, nil where it has to stay: something else in the job may need it.
func (v *publishView) tokenForm(use tokenUse, r registry) *storedForm {
	if r == npm && v.installsAfter(use) || len(use.parts)+len(use.remove) == 0 {
		return nil
	}
	f := &storedForm{owner: use.owner, span: use.span, node: use.node, step: use.step, secret: use.secret, parts: use.parts, remove: use.remove, blocker: use.blocker}
	f.take(use.literal)
	f.message = fmt.Sprintf("%s is given a stored token", r)
	if use.secret == twineVar && r == pypi {
		f.message, f.secret = "", ""
	}
	if why := v.contested(use, r); why != "" {
		f.message, f.secret, f.blocker = "", "", why // whose token it is does not show
	}
	v.facts[f] = &publishFacts{registry: r}
	return f
}

// installsAfter reports whether a job installs packages behind a token, and may need it for that.
func (v *publishView) installsAfter(use tokenUse) bool {
	if use.step == nil {
		return slices.ContainsFunc(v.reached(use.node), func(u *storedUnit) bool { return v.order(u).lastInstaller >= 0 })
	}
	return slices.ContainsFunc(v.running(use.step), func(u *storedUnit) bool {
		if first, last := v.order(u).first[use.step.Node], v.order(u).lastInstaller; first != last {
			return first < last
		}
		return slices.ContainsFunc(v.installing(v.script(use.step)), func(c *shell.Call) bool {
			return spanIn(use.step.Command(), c.Span).Start > use.span.Start
		})
	})
}

// stepOrder says where steps stand in a unit.
type stepOrder struct {
	first         map[rewrite.Node]int // a physical step stands for the first time
	lastInstaller int                  // -1 when no step installs packages
}

func (v *publishView) order(u *storedUnit) *stepOrder {
	o := v.orders[u]
	if o == nil {
		o = &stepOrder{map[rewrite.Node]int{}, -1}
		v.orders[u] = o
		for i, x := range u.steps {
			if _, met := o.first[x.Step.Node]; !met {
				o.first[x.Step.Node] = i
			}
			if v.installs(x.Step) {
				o.lastInstaller = i
			}
		}
	}
	return o
}

// reached are the units that have an environment.
func (v *publishView) reached(environment rewrite.Node) []*storedUnit {
	if v.environments == nil {
		v.environments = map[rewrite.Node][]*storedUnit{}
		for _, u := range v.units {
			for _, e := range u.allEnvironments() {
				v.environments[e.Node] = append(v.environments[e.Node], u)
			}
		}
	}
	return v.environments[environment]
}

func (v *publishView) installs(s *circle.Step) bool {
	if script := v.script(s); script != nil {
		return len(v.installing(script)) > 0
	}
	orb, command, ok := s.OrbCall()
	return ok && orb != nil && command == "install-packages"
}

// installing are the calls of a script that install packages.
func (v *publishView) installing(script *shell.Script) []*shell.Call {
	found, known := v.installers[script]
	if !known {
		for _, c := range script.Calls() {
			if installsPackages(c) {
				found = append(found, c)
			}
		}
		v.installers[script] = found
	}
	return found
}

func installsPackages(c *shell.Call) bool {
	if slices.ContainsFunc([]string{"npx", "bunx"}, func(name string) bool { return c.Wrapper(name) != nil }) {
		return true // what is not there yet
	}
	switch c.Name() {
	case "npm":
		global := c.Has("-g") || c.Has("--global") || c.Has("--location=global")
		return len(c.Args()) > 0 && slices.Contains(publishTables().NPM.Installs, c.Args()[0].Value) && !global
	case "yarn":
		return len(c.Args()) == 0 || c.Args()[0].Value == "install" || c.Args()[0].Value == "add" || strings.HasPrefix(c.Args()[0].Value, "-")
	case "pnpm", "bun":
		return len(c.Args()) > 0 && slices.Contains(publishTables().NPM.Installs, c.Args()[0].Value)
	case "npx", "lerna":
		return true
	}
	return false
}

// releases is a call that may publish by itself, as people know it: a tool for releases, or a script of the package that
// is named for it. It is "" for any other.
func releases(c *shell.Call) string {
	switch name := c.Name(); {
	case slices.Contains(publishTables().NPM.Releasers, name):
		return name
	case !slices.Contains([]string{"npm", "yarn", "pnpm", "bun"}, name):
		return ""
	}
	args, shown := c.Args(), c.Name()
	if len(args) > 1 && (args[0].Value == "run" || args[0].Value == "run-script") {
		args, shown = args[1:], shown+" run"
	} else if c.Name() == "npm" {
		return ""
	}
	if len(args) == 0 || !strings.Contains(args[0].Value, "release") && !strings.Contains(args[0].Value, "publish") {
		return ""
	}
	return shown + " " + args[0].Value
}

// needsToken is a call that asks npm's registry for what CircleCI's token is not good for, as people know it: it tags,
// deprecates or tells who is logged in. It is "" for any other.
func needsToken(c *shell.Call) string {
	for _, command := range publishTables().NPM.Others[c.Name()] {
		if c.Is(c.Name(), strings.Fields(command)...) && !c.Has("--help") && !leaves(c, npm, nil) {
			return c.Name() + " " + command
		}
	}
	return ""
}

// kept reports whether the token of a form stays in the job.
func (v *publishView) kept(f *storedForm) bool {
	if !v.facts[f].call || v.facts[f].registry != npm {
		return false
	}
	return slices.ContainsFunc(v.unitsOf(f), func(u *storedUnit) bool {
		return slices.ContainsFunc(v.tokensIn(u, npm).bySecret[f.secret], func(use tokenUse) bool { return use.owner != f.owner || v.installsAfter(use) })
	})
}

// twineForms ask for a twine that knows trusted publishing where a step installs whatever there is. They tell nothing by
// themselves.
func (v *publishView) twineForms(s *circle.Step, script *shell.Script) []*storedForm {
	var out []*storedForm
	for _, c := range script.Calls() {
		w, ok := twineInstall(c)
		if !ok || w.Value != "twine" || c.Inner || !c.Has("install") || c.Has("-U") || c.Has("--upgrade") || c.Name() == "uv" {
			continue
		}
		f := v.form(s, c.Span, "")
		f.edits = []shell.Edit{replaceWord(w, "'twine>="+publishTables().PyPI.Least+"'")}
		v.facts[f] = &publishFacts{registry: pypi}
		out = append(out, f)
	}
	return out
}

// scanEnvironment finds tokens in one physical environment whose owner publishes.
func (v *publishView) scanEnvironment(u *storedUnit, env *circle.Environment) []*storedForm {
	var out []*storedForm
	for _, r := range []registry{npm, pypi} {
		if !v.ownerPublishes(u, v.p.Config.Owner(env.Node), r) {
			continue
		}
		for _, use := range v.environmentTokens(env, r) {
			if f := v.tokenForm(use, r); f != nil {
				out = append(out, f)
			}
		}
	}
	return out
}
