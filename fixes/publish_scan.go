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

// publishings are the calls of a script that publish to a registry which takes CircleCI's token, as far as they show.
func publishings(script *shell.Script) []publishing {
	if script == nil {
		return nil
	}
	var out []publishing
	for _, c := range script.Calls() {
		switch {
		case c.Has("--dry-run") || c.Has("--help"):
		case c.Is("npm", "publish"), c.Is("npm", "stage", "publish"):
			if w, ok := c.Option("--registry"); !ok || strings.Contains(w.Value, publishTables().NPM.Host) {
				out = append(out, publishing{npm, c.Args()[0].Value == "stage", c})
			}
		case c.Is("twine", "upload"), isPython(c) && c.Has("-m") && c.Has("twine") && c.Has("upload"):
			if toPyPI(c) {
				out = append(out, publishing{pypi, false, c})
			}
		}
	}
	return out
}

func isPython(c *shell.Call) bool {
	return slices.Contains([]string{"python", "python2", "python3"}, c.Name())
}

// toPyPI reports whether an upload goes to PyPI, or to its test server.
func toPyPI(c *shell.Call) bool {
	t := publishTables().PyPI
	for _, a := range c.Assigns {
		if a.Name == "TWINE_REPOSITORY_URL" && !hostIn(a.Value.Value, t.Hosts) || a.Name == "TWINE_REPOSITORY" && !slices.Contains(t.Repositories, a.Value.Value) {
			return false
		}
	}
	if w, ok := c.Option("--repository-url"); ok {
		return hostIn(w.Value, t.Hosts)
	}
	for _, option := range []string{"--repository", "-r"} {
		if w, ok := c.Option(option); ok {
			return slices.Contains(t.Repositories, w.Value)
		}
	}
	return true
}

func hostIn(address string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.Contains(address, "//"+h) })
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
	other   bool // the file names its registry by a variable
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
		for _, use := range stepTokens(script, s, r) {
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

// publishings are the calls of a physical step that publish.
func (v *publishView) publishings(s *circle.Step) []publishing {
	found, known := v.calls[s.Node]
	if !known {
		text := s.Command().Value()
		if strings.Contains(text, "publish") || strings.Contains(text, "upload") {
			found = publishings(v.script(s))
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

// toPublic reports whether nothing in a unit sends its packages to another registry.
func (v *publishView) toPublic(u *storedUnit, r registry) bool {
	if x, ok := u.allEnvironments().Lookup("TWINE_REPOSITORY_URL"); ok && r == pypi {
		return hostIn(x.Text, publishTables().PyPI.Hosts)
	}
	if x, ok := u.allEnvironments().Lookup("TWINE_REPOSITORY"); ok && r == pypi {
		return slices.Contains(publishTables().PyPI.Repositories, x.Text)
	}
	for _, name := range []string{"NPM_CONFIG_REGISTRY", "npm_config_registry"} {
		if x, ok := u.allEnvironments().Lookup(name); ok && r == npm {
			return strings.Contains(x.Text, publishTables().NPM.Host)
		}
	}
	return !slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && otherRegistry(script, r)
	})
}

var npmRegistry = pattern.New(`registry[=\s]+["']?https?://([^/\s"']+)`)

// otherRegistry reports whether a script makes another registry the one to publish to.
func otherRegistry(script *shell.Script, r registry) bool {
	if r == pypi {
		return strings.Contains(script.Text(), "TWINE_REPOSITORY_URL") && !hostIn(script.Text(), publishTables().PyPI.Hosts) || strings.Contains(script.Text(), "index-servers")
	}
	for _, m := range npmRegistry.FindAllStringSubmatch(script.Text(), -1) {
		if m[1] != publishTables().NPM.Host {
			return true
		}
	}
	return false
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
	case t.other:
		out.blocker = "which registry the token is for stands in a variable"
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
	other   bool
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
		met := map[givenToken]bool{}
		for _, use := range v.tokensIn(u, r).all {
			if t := (givenToken{use.secret, use.literal, use.owner, use.other}); !met[t] {
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
			out.all = append(out.all, stepTokens(script, x.Step, r)...)
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
func stepTokens(script *shell.Script, s *circle.Step, r registry) []tokenUse {
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
	variables := publishTables().NPM.Variables
	if r == pypi {
		variables = publishTables().PyPI.Variables
	}
	for _, c := range script.Calls() {
		if r == npm {
			npmConfigToken(c, add)
		} else if c.Is("twine", "upload") || isPython(c) && c.Has("twine") {
			twineToken(c, add)
		}
		for _, a := range c.Assigns {
			if slices.Contains(variables, a.Name) && !a.Naked {
				add(c.Span, tokenValue(a.Name, a.Value.Value), []shell.Span{a.Span}, nil)
			}
		}
	}
	for _, e := range script.BashEnv() {
		if slices.Contains(variables, e.Name) {
			add(e.Write.Stmt, tokenValue(e.Name, e.Value.Value), []shell.Span{partOf(e.Write, e.Line)}, nil)
		}
	}
	for _, w := range script.Writes() {
		fileTokens(w, r, add)
	}
	return out
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

// npmConfigToken is a token that npm is told to keep, or is given in an option.
func npmConfigToken(c *shell.Call, add addToken) {
	if c.Name() != "npm" {
		return
	}
	sets := c.Is("npm", "config", "set") || c.Is("npm", "set") || c.Is("npm", "c", "set")
	for i, w := range c.Args() {
		m := npmAuth.FindStringSubmatch(strings.TrimPrefix(w.Value, "--"))
		if m == nil || !toNPM(m[1]) {
			continue
		}
		value, option := m[2], strings.HasPrefix(w.Value, "--")
		if value == "" && i+1 < len(c.Args()) {
			value = c.Args()[i+1].Value
		}
		var use *tokenUse
		switch {
		case sets:
			use = add(c.Span, value, []shell.Span{c.Stmt}, nil)
		case option:
			use = add(c.Span, value, nil, []shell.Edit{{Start: w.Span.Start, End: w.Span.End}})
		}
		if use != nil {
			use.other = strings.Contains(m[1], "$")
		}
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

// fileTokens are tokens in a file that npm or twine reads.
func fileTokens(w shell.Write, r registry, add addToken) {
	for _, l := range w.Lines {
		switch {
		case r == npm:
			m := npmAuth.FindStringSubmatch(strings.TrimSpace(l.Text))
			if m == nil || m[2] == "" || !toNPM(m[1]) {
				continue
			}
			if use := add(w.Stmt, strings.Trim(m[2], `"'`), []shell.Span{partOf(w, l)}, nil); use != nil {
				use.other = strings.Contains(m[1], "$")
			}
		case strings.HasSuffix(w.File.Value, ".pypirc"):
			if name, value, ok := strings.Cut(l.Text, "="); ok && strings.TrimSpace(name) == "password" {
				add(w.Stmt, strings.TrimSpace(value), []shell.Span{w.Stmt}, nil)
			}
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
	variables := publishTables().NPM.Variables
	if r == pypi {
		variables = publishTables().PyPI.Variables
	}
	var out []tokenUse
	for _, x := range env.Vars() {
		if !slices.Contains(variables, x.Name) {
			continue
		}
		use := tokenUse{owner: v.p.Config.Owner(env.Node), node: env.Node, span: x.Entry.Span(), remove: []rewrite.Entry{x.Entry}}
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
	f := &storedForm{owner: use.owner, span: use.span, node: use.node, step: use.step, secret: use.secret, parts: use.parts, remove: use.remove}
	f.take(use.literal)
	f.message = fmt.Sprintf("%s is given a stored token", r)
	if use.secret == twineVar && r == pypi {
		f.message, f.secret = "", ""
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
