package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// publishing is a call that publishes a package.
type publishing struct {
	registry registry
	stage    bool
	call     *shell.Call
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
	callTokens(x, func(_ shell.Span, value string, _ []shell.Span, _ []shell.Edit) *tokenUse {
		if own, _ := tokenIn(value, x.registry); own != "" && own != twineVar {
			f.secret = own
		}
		return nil
	})
	v.facts[f] = &publishFacts{registry: x.registry, call: true, stage: x.stage, test: x.registry == pypi && toTest(x.call)}
	if x.registry == npm {
		f.edits = append(withoutOptions(x.call, isNPMToken), identify(s, v.script(s), x.call))
	} else {
		f.edits = withoutOptions(x.call, isTwineLogin)
	}
	if x.call.Words[0].Value == "sudo" {
		f.blocker = cmp.Or(f.blocker, "it runs as root, which does not see the job's variables")
	}
	return f
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

// tokenForm is a place that gives a token, nil where it has to stay: something else in the job may need it.
func (v *publishView) tokenForm(use tokenUse, r registry) *storedForm {
	if r == npm && v.installsAfter(use) || len(use.parts)+len(use.remove) == 0 {
		return nil
	}
	f := &storedForm{owner: use.owner, span: use.span, node: use.node, step: use.step, secret: use.secret, parts: use.parts, remove: use.remove, blocker: use.blocker}
	if use.beside {
		f.blocker = cmp.Or(f.blocker, "the command that writes the token writes other settings as well: let it do so by a command of its own")
	}
	f.take(use.literal)
	f.message = fmt.Sprintf("%s is given a stored token", r)
	if use.secret == twineVar && r == pypi {
		f.message, f.secret = "", ""
	}
	if why := v.contested(use, r); why != "" {
		f.message, f.secret, f.blocker = "", "", why // whose token it is does not show
	}
	v.facts[f] = &publishFacts{registry: r, file: use.file}
	return f
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

// releasesToPyPI is a call that may publish by itself what twine does, with the same login. It is "" for any other.
func releasesToPyPI(c *shell.Call) string {
	name := c.Name()
	if isPython(c) {
		name = "python"
	}
	for _, arguments := range publishTables().PyPI.Releasers[name] {
		if !slices.ContainsFunc(strings.Fields(arguments), func(a string) bool { return !c.Has(a) }) {
			return strings.TrimSpace(name + " " + arguments)
		}
	}
	return ""
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
	return slices.ContainsFunc(v.unitsOf(f), func(u *storedUnit) bool { return v.keeps(u, ownedToken{f.secret, f.owner}) })
}

// keeps reports whether a unit goes on being given an owner's token for npm: by somebody else, or since it installs packages.
func (v *publishView) keeps(u *storedUnit, t ownedToken) bool {
	uses := v.tokensIn(u, npm)
	out, known := uses.kept[t]
	if !known {
		out = slices.ContainsFunc(uses.bySecret[t.secret], func(use tokenUse) bool { return use.owner != t.owner || v.installsAfter(use) })
		uses.kept[t] = out
	}
	return out
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
