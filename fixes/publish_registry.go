package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// uploads are the calls of a script that publish, as far as they show.
type uploads struct {
	own  []publishing // to a registry which takes CircleCI's token
	away []publishing // to another one, or to one that stands in a variable
}

// to are those for a registry, and those by its program for another one.
func (x uploads) to(r registry) (own, away []publishing) {
	other := func(p publishing) bool { return p.registry != r }
	return slices.DeleteFunc(slices.Clone(x.own), other), slices.DeleteFunc(slices.Clone(x.away), other)
}

func uploadsIn(script *shell.Script) uploads {
	var out uploads
	if script == nil {
		return out
	}
	set := map[string]string{} // what the script has set so far
	for _, c := range script.Calls() {
		if p, ok := publishingBy(c); ok {
			if leaves(c, p.registry, set) {
				out.away = append(out.away, p)
			} else {
				out.own = append(out.own, p)
			}
		}
		if c.Name() == "unset" {
			for _, w := range c.Args() {
				delete(set, strings.ToUpper(w.Value))
			}
		}
		for _, a := range c.Assigns {
			if !a.Naked && !prefixes(c) {
				set[strings.ToUpper(a.Name)] = a.Value.Value
			}
		}
	}
	return out
}

// prefixes reports whether the assignments of a call are for this one command.
func prefixes(c *shell.Call) bool {
	return len(c.Words) > 0 && !slices.Contains([]string{"export", "declare", "typeset", "readonly", "local"}, c.Name())
}

func publishingBy(c *shell.Call) (publishing, bool) {
	switch {
	case c.Has("--dry-run") || c.Has("--help"):
	case c.Is("npm", "publish"), c.Is("npm", "stage", "publish"):
		return publishing{npm, c.Args()[0].Value == "stage", c}, true
	case c.Is("twine", "upload"), isPython(c) && c.Has("-m") && c.Has("twine") && c.Has("upload"):
		return publishing{pypi, false, c}, true
	}
	return publishing{}, false
}

// leaves reports whether a call goes to another registry than its program's own, or may, by its options and by what is
// set for it.
func leaves(c *shell.Call, r registry, set map[string]string) bool {
	given := func(variable string, options ...string) (string, bool) {
		for _, o := range options {
			if w, ok := c.Option(o); ok {
				return w.Value, true
			}
		}
		for _, a := range c.Assigns {
			if strings.EqualFold(a.Name, variable) {
				return a.Value.Value, true
			}
		}
		text, ok := set[variable]
		return text, ok
	}
	if r == npm {
		text, ok := given(npmRegistryVar, "--registry")
		return ok && !isNPM(text) || slices.ContainsFunc(c.Args(), leavesNPM)
	}
	if text, ok := given("TWINE_REPOSITORY_URL", "--repository-url"); ok {
		return !hostIn(text, publishTables().PyPI.Hosts)
	}
	text, ok := given("TWINE_REPOSITORY", "--repository", "-r")
	return ok && !isPyPI(text)
}

const npmRegistryVar = "NPM_CONFIG_REGISTRY" // npm takes it in any case

func isNPM(address string) bool { return strings.Contains(address, publishTables().NPM.Host) }

// isPyPI reports whether twine knows a repository by this name for PyPI or its test server.
func isPyPI(name string) bool { return slices.Contains(publishTables().PyPI.Repositories, name) }

// toTest reports whether a call of twine shows that it publishes to PyPI's test server.
func toTest(c *shell.Call) bool {
	return slices.ContainsFunc(c.Words, func(w shell.Word) bool {
		return strings.Contains(w.Value, "testpypi") || strings.Contains(w.Value, "//test.pypi.org")
	})
}

// leavesNPM reports whether a word sends the packages of a scope to another registry: --@acme:registry=https://...
func leavesNPM(w shell.Word) bool {
	option, value, ok := strings.Cut(w.Value, ":registry=")
	return ok && strings.HasPrefix(option, "--@") && !isNPM(value)
}

func isPython(c *shell.Call) bool {
	return slices.Contains([]string{"python", "python2", "python3"}, c.Name())
}

func hostIn(address string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.Contains(address, "//"+h) })
}

// toPublic reports whether nothing in a unit sends its packages to another registry.
func (v *publishView) toPublic(u *storedUnit, r registry) bool {
	for _, env := range u.allEnvironments() {
		if slices.ContainsFunc(env.Vars(), func(x circle.Var) bool { return otherByVariable(x.Name, x.Text, r) }) {
			return false
		}
	}
	return !slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && otherRegistry(script, r)
	})
}

// otherByVariable reports whether a variable makes another registry the one to publish to.
func otherByVariable(name, value string, r registry) bool {
	switch {
	case r == npm:
		return strings.EqualFold(name, npmRegistryVar) && !isNPM(value)
	case name == "TWINE_REPOSITORY_URL":
		return !hostIn(value, publishTables().PyPI.Hosts)
	}
	return name == "TWINE_REPOSITORY" && !isPyPI(value)
}

// npmRegistry is a registry in the settings of npm or of a package. In an option it is for one call.
var npmRegistry = pattern.New(`(--(?:@[^:\s]+:)?)?registry(?:\\?["']\s*:\s*|[=\s]+)\\?["']?https?://([^/\s"']+)`)

// otherRegistry reports whether a script makes another registry the one to publish to, for other scripts as well.
func otherRegistry(script *shell.Script, r registry) bool {
	if slices.ContainsFunc(script.BashEnv(), func(e shell.EnvVar) bool { return otherByVariable(e.Name, e.Value.Value, r) }) {
		return true
	}
	if r == pypi {
		return slices.ContainsFunc(pypircSections(script), func(s pypircSection) bool { return isPyPI(s.name) && !s.own() })
	}
	for _, m := range npmRegistry.FindAllStringSubmatch(script.Text(), -1) {
		if m[1] == "" && m[2] != publishTables().NPM.Host {
			return true
		}
	}
	return false
}

// npmSetting sets the registry of all packages, or of a scope.
var npmSetting = pattern.New(`^(?:@[^:\s]+:)?registry(?:\s*=\s*(.*))?$`)

// openRegistry reports whether a script sets npm's registry to what a variable holds.
func openRegistry(script *shell.Script) bool {
	for _, c := range script.Calls() {
		if c.Name() != "npm" || !c.Has("set") {
			continue
		}
		for i, w := range c.Args() {
			m := npmSetting.FindStringSubmatch(w.Value)
			if m != nil && (strings.Contains(m[1], "$") || m[1] == "" && i+1 < len(c.Args()) && strings.Contains(c.Args()[i+1].Value, "$")) {
				return true
			}
		}
	}
	for _, w := range script.Writes() {
		for _, l := range w.Lines {
			if m := npmSetting.FindStringSubmatch(strings.TrimSpace(l.Text)); m != nil && strings.Contains(m[1], "$") {
				return true
			}
		}
	}
	return false
}

// pypircSection is a section of a .pypirc: an index with its address and its login.
type pypircSection struct {
	name, repository, password string
	at                         shell.Write  // that has the password, or else begins it
	parts                      []shell.Span // the statements that write it
}

// own reports whether a section is for PyPI or its test server.
func (s pypircSection) own() bool {
	return isPyPI(s.name) && (s.repository == "" || hostIn(s.repository, publishTables().PyPI.Hosts))
}

// pypircSections are those that a script writes.
func pypircSections(script *shell.Script) []pypircSection {
	var out []pypircSection
	for _, w := range script.Writes() {
		if !strings.HasSuffix(w.File.Value, ".pypirc") {
			continue
		}
		for _, l := range w.Lines {
			text := strings.TrimSpace(l.Text)
			if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
				out = append(out, pypircSection{name: strings.Trim(text, "[] "), at: w})
			}
			if len(out) > 0 {
				out[len(out)-1].note(w, text)
			}
		}
	}
	return out
}

// note adds a line to a section.
func (s *pypircSection) note(w shell.Write, line string) {
	if n := len(s.parts); n == 0 || s.parts[n-1] != w.Stmt {
		s.parts = append(s.parts, w.Stmt)
	}
	i := strings.IndexAny(line, "=:")
	if i < 0 {
		return
	}
	switch value := strings.TrimSpace(line[i+1:]); strings.TrimSpace(line[:i]) {
	case "repository":
		s.repository = value
	case "password":
		s.password, s.at = value, w
	}
}

// pypircTokens are those for PyPI in a .pypirc. The whole section goes: twine takes CircleCI's token for no other user than
// its own. One that has other indexes as well has to stay.
func pypircTokens(script *shell.Script, add addToken) {
	sections := pypircSections(script)
	others := slices.ContainsFunc(sections, func(s pypircSection) bool { return s.name != "distutils" && !s.own() })
	for _, s := range sections {
		if !s.own() || s.password == "" {
			continue
		}
		use := add(s.at.Stmt, s.password, s.parts, nil)
		if use != nil {
			use.file = cleanPath(s.at.File.Value)
		}
		if use != nil && others {
			use.blocker = "the .pypirc has another index as well: take only PyPI's section out"
		}
	}
}

// needy reports whether a step publishes to another registry with what is set for it elsewhere. near are variables
// which it has from nearer by.
func (v *publishView) needy(s *circle.Step, r registry, near map[string]bool) bool {
	_, away := v.uploads(s).to(r)
	return slices.ContainsFunc(away, func(p publishing) bool { return !bringsLogin(p.call, r, near) })
}

// bringsLogin reports whether a call has a login of its own, so that it takes none from the variables around it.
func bringsLogin(c *shell.Call, r registry, near map[string]bool) bool {
	has := func(variables []string, is func(option string) bool) bool {
		return slices.ContainsFunc(variables, func(name string) bool { return near[name] }) ||
			slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return slices.Contains(variables, a.Name) }) ||
			slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
				option, _, _ := strings.Cut(w.Value, "=")
				return is(option)
			})
	}
	if r == npm {
		return has(r.variables(), isNPMToken)
	}
	return has([]string{"TWINE_USERNAME"}, func(o string) bool { return o == "-u" || o == "--username" }) &&
		has([]string{twineVar}, func(o string) bool { return o == "-p" || o == "--password" })
}

// contested is why a token has to stay where it is: for uploads to another registry. It is "" for one that may go.
func (v *publishView) contested(use tokenUse, r registry) string {
	needy := slices.ContainsFunc(use.reach, func(s *circle.Step) bool { return v.needy(s, r, nil) })
	if use.reach == nil {
		needy = slices.ContainsFunc(v.served(use), func(u *storedUnit) bool { return v.unitNeedy(u, r) })
	}
	if use.shared && needy {
		return "the job publishes to another registry as well, and may log in there with what is set here"
	}
	return ""
}

// served are the units that a token for all steps reaches.
func (v *publishView) served(use tokenUse) []*storedUnit {
	if use.step != nil {
		return v.running(use.step)
	}
	return v.reached(use.node)
}

// unitNeedy reports whether a step of a unit publishes to another registry with what all steps have.
func (v *publishView) unitNeedy(u *storedUnit, r registry) bool {
	place := publishPlace{u, r}
	out, known := v.needs[place]
	if !known {
		out = slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return v.needy(x.Step, r, v.setIn(x.Step)) })
		v.needs[place] = out
	}
	return out
}

// setIn are the variables that a step sets for itself.
func (v *publishView) setIn(s *circle.Step) map[string]bool {
	out := map[string]bool{}
	for _, x := range s.Environment().Vars() {
		out[x.Name] = true
	}
	if script := v.script(s); script != nil {
		for _, c := range script.Calls() {
			for _, a := range c.Assigns {
				out[a.Name] = out[a.Name] || !a.Naked && !prefixes(c)
			}
		}
	}
	return out
}

// stepsWith are the steps whose own environment this is.
func (v *publishView) stepsWith(environment rewrite.Node) []*circle.Step {
	if v.stepEnvironments == nil {
		v.stepEnvironments = map[rewrite.Node][]*circle.Step{}
		for s := range v.p.Config.Walk {
			for _, e := range s.Environment() {
				v.stepEnvironments[e.Node] = append(v.stepEnvironments[e.Node], s)
			}
		}
	}
	return v.stepEnvironments[environment]
}

// open is why it does not show where a unit's packages go, "" where it does.
func (v *publishView) open(u *storedUnit, r registry) string {
	if r == npm && slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && openRegistry(script)
	}) {
		return "which registry the packages go to stands in a variable"
	}
	return ""
}
