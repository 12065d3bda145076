package fixes

import (
	"cmp"
	"encoding/base64"
	"path"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// secretScript is a secret's place in a script.
type secretScript struct {
	step   *circle.Step
	script *shell.Script
	span   shell.Span   // of the literal
	parts  []shell.Span // the assignment to remove, which the context makes needless; none when a reference is left
	// The assignment is made under a condition, and a context sets the variable in any case.
	sometimes bool
	isolated  bool // the command gets the variable by the assignment alone, which stays
}

// scanSteps looks at the scripts of run steps and at what calls are given.
func (v *secretView) scanSteps() {
	for s := range v.p.Config.Walk {
		switch s.Kind {
		case circle.RunStep:
			v.scanRun(s)
		case circle.CallStep:
			v.scanArguments(s)
		}
	}
}

func (v *secretView) scanRun(s *circle.Step) {
	text := s.Command()
	if !text.Exists() || v.seen[text] {
		return
	}
	v.seen[text] = true
	if !v.p.untriggered && !v.table.mayHoldSecret(text.Value()) {
		return
	}
	x := &scriptScan{view: v, step: s, text: text}
	x.services = sync.OnceValue(func() bool { return v.startsServices(s.Node) })
	x.tests = sync.OnceValue(func() bool { return v.inTestJobs(s.Node) })
	if shell.Supported(shellOf(s)) {
		x.script = v.p.scripts.Parse(text.Value())
	}
	if x.script == nil {
		v.scanText(text, "the script holds", "the script cannot be read as one of a POSIX shell")
		return
	}
	if name := foreignShell(s); name != "" {
		x.blocker = notPOSIX(name)
	}
	for _, c := range x.script.Calls() {
		x.scanCall(c)
	}
}

// scriptScan looks at one script.
type scriptScan struct {
	view    *secretView
	step    *circle.Step
	text    rewrite.Node
	script  *shell.Script
	found   []shell.Span
	blocker string // why no edit is made in the script

	substitutes bool        // the call that is looked at runs sed or perl
	services    func() bool // a job that runs the step has containers beside its first
	tests       func() bool // all jobs that run the step say that a program runs its tests
}

func (x *scriptScan) scanCall(c *shell.Call) {
	x.substitutes = substitutes(c)
	for _, a := range c.Assigns {
		x.scanAssignment(c, a)
	}
	x.scanLogin(c)
	x.scanOptions(c)
	x.scanSetter(c)
	for _, w := range c.Words {
		x.scanWord(c, w)
	}
	for _, a := range c.Assigns {
		if !x.view.table.published(a.Name, a.Value.Value) {
			x.scanWord(c, a.Value)
		}
	}
	for _, r := range c.Redirects {
		x.scanWord(c, r.Target)
		x.scanWord(c, r.Body)
	}
	x.scanFile(c)
}

// scanFile looks at what a call writes to a file that is known to hold passwords: one need not look random there.
func (x *scriptScan) scanFile(c *shell.Call) {
	out := c.Stdout()
	variables, ok := x.view.table.Files[path.Base(out.File.Value)]
	if !ok || out.To != shell.ToFile {
		return
	}
	words := slices.Clone(c.Args())
	for _, r := range c.Redirects {
		words = append(words, r.Body)
	}
	for _, w := range words {
		for _, m := range filePattern.FindAllStringSubmatch(w.Value, -1) {
			if value := m[1]; !isReference(value) && x.view.table.chosen(value) && !x.view.dummies[value] {
				f := secretIn{judgement: judgement{what: "a literal password", confidence: MediumConfidence}, where: "the script writes to " + path.Base(out.File.Value), variables: variables}
				x.add(w, value, f)
			}
		}
	}
}

// filePattern finds a password in such a file.
var filePattern = pattern.New(`(?i)\bpassword["']?(?:[ \t]*[=:>][ \t]*|[ \t]+)["']?([^\s"'<]+)`)

// secretIn is what a scan of a script says of a literal in it.
type secretIn struct {
	judgement
	where     string
	variables []string
	parts     []shell.Span
	blocker   string
	sometimes bool // the script assigns it under a condition
	isolated  bool // for a command that does not get it from the job
}

// add reports a literal that is written in a word. One that is written with escapes has no place of its own.
func (x *scriptScan) add(w shell.Word, value string, f secretIn) {
	source := x.text.Value()
	at := shell.Span{Start: w.Span.Start, End: w.Span.End}
	if i := strings.Index(source[at.Start:at.End], value); i >= 0 {
		at = shell.Span{Start: at.Start + i, End: at.Start + i + len(value)}
	}
	if slices.ContainsFunc(x.found, func(o shell.Span) bool { return o.Start < at.End && at.Start < o.End }) {
		return
	}
	x.found = append(x.found, at)
	s := &secretSite{
		node: x.text, start: at.Start, end: at.End, format: f.format, what: f.what, where: f.where, confidence: f.confidence,
		script: &secretScript{x.step, x.script, at, f.parts, f.sometimes, f.isolated},
	}
	s.variables = f.variables
	if f.format != nil && len(f.parts) == 0 {
		s.variables = slices.Concat(f.format.Variables, f.variables)
	}
	s.blocker = cmp.Or(x.blocker, f.blocker)
	if at.End-at.Start != len(value) {
		s.blocker = withEscapes
	}
	s.step = x.step
	x.view.add(s)
}

// withEscapes is why a literal has no place of its own that a reference could take.
const withEscapes = "it is written with escapes"

// scanAssignment looks at NAME=VALUE. The assignment can go, as the context sets the variable, unless sudo or env may
// keep the job's environment from the command.
func (x *scriptScan) scanAssignment(c *shell.Call, a shell.Assign) {
	if a.Naked || a.Append || !a.Value.Static || c.Inner {
		return
	}
	j := x.judgeAssigned(c, a)
	if !j.secret || j.weak && x.serves(c, a.Name) {
		return
	}
	part := a.Span
	if len(c.Assigns) == 1 && (len(c.Words) == 0 || c.Name() == "export") {
		part = c.Stmt
	}
	x.add(a.Value, a.Value.Value, secretIn{
		judgement: j, where: "the script sets " + a.Name + " to", variables: []string{a.Name}, parts: []shell.Span{part}, sometimes: c.Conditional,
		isolated: isolated(c, a.Name) || c.Wrapper("sudo") != nil,
	})
}

// judgeAssigned looks at the value of an assignment. What a client of a database is given for a host elsewhere is no password
// of a container beside the job, and may be one as people choose them.
func (x *scriptScan) judgeAssigned(c *shell.Call, a shell.Assign) judgement {
	t, value := x.view.table, a.Value.Value
	j := x.view.judge(a.Name, value)
	given := slices.ContainsFunc(t.logins[c.Name()], func(l *loginCommand) bool {
		return slices.Contains(l.Assigned, a.Name) && l.calledBy(c) && !l.local(c)
	})
	switch {
	case !given || j.secret && !j.weak:
	case !isReference(value) && !x.view.dummies[value] && (t.strong(value) || t.chosen(value)):
		return judgement{secret: true, what: "a literal password"}
	}
	return j
}

// serves is that of secretView for what a command has: the command, its step or all jobs that run it say that it is for
// tests.
func (x *scriptScan) serves(c *shell.Call, name string) bool {
	t := x.view.table
	if x.services() {
		return true
	}
	if !t.readName(name).application {
		return false
	}
	var own []circle.Var
	for _, o := range c.Assigns {
		own = append(own, circle.Var{Name: o.Name, Text: o.Value.Value})
	}
	return t.testMode(own) || t.testMode(x.step.Environment().Vars()) || x.tests()
}

// scanOptions looks at options whose names tell that a secret follows.
func (x *scriptScan) scanOptions(c *shell.Call) {
	args := c.Args()
	for i, a := range args {
		name := strings.TrimLeft(a.Value, "-")
		if i+1 == len(args) || !a.Static || !strings.HasPrefix(a.Value, "--") || !isSettingName(name) || !args[i+1].Static {
			continue
		}
		value := strings.TrimPrefix(args[i+1].Value, literalPassword)
		if n := x.view.table.readName(name); !n.secret || leadsToReference(value) || !x.view.table.made(value) || x.view.dummies[value] || ofAWS(n.words, value) || beside(c, value) || mounted(value) {
			continue
		}
		f := secretIn{judgement: judgement{what: "a literal value"}, where: "the option " + a.Value + " is given", variables: x.derived(c, name)}
		x.add(args[i+1], value, f)
	}
}

// literalPassword stands before a password where openssl and apksigner take one: pass:... and not env:... or file:...
const literalPassword = "pass:"

// scanSetter looks at a command that is given a setting as two words: npm config set NAME VALUE.
func (x *scriptScan) scanSetter(c *shell.Call) {
	t := x.view.table
	for _, command := range t.Setters {
		if !command.calledBy(c) {
			continue
		}
		operands := slices.DeleteFunc(slices.Clone(c.Args()), func(w shell.Word) bool { return strings.HasPrefix(w.Value, "-") })[len(command)-1:]
		if len(operands) < 2 || !operands[0].Static || !operands[1].Static {
			return
		}
		whole, value := operands[0].Value, operands[1].Value
		name := whole[strings.LastIndexByte(whole, ':')+1:]
		if command[0] == "bundle" {
			name = bundlerVariable(whole)
		}
		n := t.readName(name)
		if (n.secret || t.Keys[strings.ToLower(name)] != nil) && (t.made(value) || n.login && t.chosen(value)) && len(t.tokens(value)) == 0 && !x.view.dummies[value] {
			f := secretIn{judgement: judgement{what: "a literal value"}, where: c.Name() + " sets " + name + " to", variables: []string{name}}
			if !n.login {
				f.variables = x.settingVariables(c, whole, name)
			}
			x.add(operands[1], value, f)
		}
		return
	}
}

// settingVariables are names for a variable with the value of a setting. In front of the name stands the registry that it
// is for, in the files of npm: a token for another one is no NPM_TOKEN.
func (x *scriptScan) settingVariables(c *shell.Call, before, name string) []string {
	before = before[strings.LastIndexAny(before, blanks+quoting)+1:]
	if _, registry, ok := strings.Cut(before, "//"); ok && strings.Contains(registry, ":"+name) {
		host := registry[:strings.IndexAny(registry, "/:")]
		if known := ofHost(x.view.table.Hosts, host); known != nil {
			return known
		}
		if base := hostBase(host); base != "" {
			return []string{base + "_TOKEN"}
		}
	}
	return x.derived(c, name)
}

// mounted reports whether a value tells a build of an image where to get a secret, and holds none: id=npm,src=.npmrc.
func mounted(value string) bool {
	return strings.HasPrefix(value, "id=") || strings.HasPrefix(value, "type=")
}

// beside reports whether a value is the secret half of a key for AWS whose id stands in the same call.
func beside(c *shell.Call, value string) bool {
	return secretPattern.MatchString(value) && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return keyIDPattern.MatchString(w.Value) })
}

// derived are names for a variable with what an option or a setting is given.
func (x *scriptScan) derived(c *shell.Call, name string) []string {
	if known := x.view.table.Keys[strings.ToLower(name)]; known != nil {
		return known
	}
	words := nameWords(name)
	joined := strings.Join(words, "_")
	if joined == name {
		return []string{name} // written as a variable is
	}
	if len(words) > 1 && words[0] == "X" { // a header such as X-Api-Key
		words, joined = words[1:], strings.Join(words[1:], "_")
	}
	command := nameWords(c.Name())
	if len(words) == 0 || words[0] >= "0" && words[0] <= "9" {
		return nil
	}
	general := []string{joined}
	if len(words) == 1 {
		general = []string{"API_" + joined} // TOKEN alone is a name that scripts like
	}
	base := strings.Join(command, "_")
	if len(command) == 0 || slices.Contains([]string{"echo", "printf", "cat", "tee", "sed", "gsed", "perl", "curl", "wget", "export", "env", "git", "docker", "bash", "sh", "ssh"}, c.Name()) {
		base = hostBase(hostOfCall(c))
	}
	if base == "" {
		return general
	}
	return append([]string{base + "_" + joined}, general...)
}

// scanWord looks at the text of a word: for tokens, keys, addresses and settings in it.
func (x *scriptScan) scanWord(c *shell.Call, w shell.Word) {
	t := x.view.table
	if len(w.Value) < minText {
		return
	}
	in := func(what string, format *tokenFormat, variables ...string) secretIn {
		return secretIn{judgement: judgement{what: what, format: format}, where: "the script holds", variables: variables}
	}
	for _, found := range t.tokens(w.Value) {
		x.add(w, w.Value[found.start:found.end], in(found.format.String(), found.format))
	}
	if kind := keyFileKind(w.Value); strings.HasPrefix(kind, accountKey) {
		x.add(w, strings.TrimSpace(w.Value), in("a "+kind, nil, gcpKeyVar))
	} else if start, end := privateKey(w.Value); start >= 0 {
		f := in("a private key", nil)
		f.blocker = "keep it in a context, in base64, and decode it in the script; or, when it is for git over SSH, add it to the project and use add_ssh_keys"
		x.add(w, w.Value[start:end], f)
	}
	if l := t.login(w.Value); l.end > 0 && !x.view.dummies[w.Value[l.start:l.end]] {
		x.add(w, w.Value[l.start:l.end], in(passwordAddress, nil, t.hostVariables(loginHost(w.Value, l))...))
	}
	var replaced substitutions
	if x.substitutes {
		replaced = substitutionsIn(w.Value)
	}
	for _, h := range authorizations(w.Value) {
		end, _ := replaced.end(h[0], h[1])
		if value := w.Value[h[0]:end]; !leadsToReference(value) && (t.strong(value) && !x.view.dummies[value] || basicLogin(t, value)) {
			name := "token"
			if strings.HasSuffix(strings.ToLower(strings.TrimRight(w.Value[:h[0]], " \t")), "basic") {
				name = "basic_auth" // a user, too
			}
			x.add(w, value, in("a literal authorization", nil, x.derived(c, name)...))
		}
	}
	x.scanSettings(c, w, replaced)
}

// scanSettings looks at the settings in a word, and at those that its substitutions make.
func (x *scriptScan) scanSettings(c *shell.Call, w shell.Word, replaced substitutions) {
	t := x.view.table
	if !t.mayName(w.Value) {
		return
	}
	for _, p := range append(settingsOf(w.Value), replaced.settings()...) {
		if strings.HasPrefix(w.Value[p.start:p.end], literalPassword) {
			p.start += len(literalPassword)
		}
		end, escaped := replaced.end(p.start, p.end)
		value := w.Value[p.start:end]
		if leadsToReference(value) || x.view.dummies[value] || t.published(p.name, value) {
			continue
		}
		if n := t.readName(p.name); (n.secret || t.Keys[strings.ToLower(p.name)] != nil) && t.made(value) && !ofAWS(n.words, value) && !(n.service && !x.elsewhere(c)) && !(n.application && x.serves(c, p.name)) {
			f := secretIn{judgement: judgement{what: "a literal value for " + p.name}, where: "the script holds", variables: x.settingVariables(c, w.Value[:p.start], p.name)}
			if escaped {
				f.blocker = withEscapes
			}
			x.add(w, value, f)
		}
	}
}

// elsewhere reports whether a call hands a password to a service that is none of the job's.
func (x *scriptScan) elsewhere(c *shell.Call) bool {
	return anyCalledBy(x.view.table.Receivers, c) && !x.services()
}

var authorizationPattern = pattern.New(`(?i)authorization["']?[ \t]*[:=][ \t]*["']?(?:bearer|token|basic|apikey|api-key)[ \t]+([^\s"'&;,<>\\]+)`)

// authorizations are where the values of headers Authorization stand in a text.
func authorizations(text string) [][2]int {
	if !strings.Contains(strings.ToLower(text), "authorization") {
		return nil
	}
	var out [][2]int
	for _, m := range authorizationPattern.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, [2]int{m[2], m[3]})
	}
	return out
}

// basicLogin reports whether a text is a user and a password for HTTP's basic authentication.
func basicLogin(t *secretTable, text string) bool {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	return ok && (t.chosen(password) || t.strong(password) || t.strong(user)) && !strings.ContainsFunc(string(decoded), func(r rune) bool { return r < ' ' })
}
