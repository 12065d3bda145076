package fixes

import (
	"encoding/base64"
	"path"
	"slices"
	"strings"

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
}

func (x *scriptScan) scanCall(c *shell.Call) {
	for _, a := range c.Assigns {
		x.scanAssignment(c, a)
	}
	x.scanLogin(c)
	x.scanOptions(c)
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
var filePattern = pattern.New(`(?i)\bpassword(?:[ \t]*[=:>][ \t]*|[ \t]+)["']?([^\s"'<]+)`)

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
	s.blocker = orElse(x.blocker, f.blocker)
	if at.End-at.Start != len(value) {
		s.blocker = "it is written with escapes"
	}
	s.step = x.step
	x.view.add(s)
}

// scanAssignment looks at NAME=VALUE. The assignment can go, as the context sets the variable, unless sudo or env may
// keep the job's environment from the command.
func (x *scriptScan) scanAssignment(c *shell.Call, a shell.Assign) {
	if a.Naked || a.Append || !a.Value.Static || c.Inner {
		return
	}
	j := x.view.judge(a.Name, a.Value.Value)
	if !j.secret || j.weak && x.view.startsServices(x.step.Node) {
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

// scanLogin looks at the commands that are known to take a secret: a password need not look random there.
func (x *scriptScan) scanLogin(c *shell.Call) {
	for _, l := range x.view.table.Logins {
		if !c.Is(l.Command[0], l.Command[1:]...) || l.local(c) {
			continue
		}
		for w := range l.secrets(c) {
			value := w.Value
			if l.Pair != "" {
				user, password, ok := strings.Cut(value, l.Pair)
				if value = password; !ok {
					continue
				}
				if password == "" {
					value = user
				}
			}
			x.scanPassword(c, l, w, value)
		}
	}
}

// local reports whether a call of a command that takes its host by an option shows none elsewhere.
func (l *loginCommand) local(c *shell.Call) bool {
	args := c.Args()
	for i, a := range args {
		for _, option := range l.Host {
			host, ok := strings.CutPrefix(a.Value, option)
			if !ok {
				continue
			}
			if host == "" && i+1 < len(args) {
				host = args[i+1].Value
			}
			return localHost(strings.TrimPrefix(host, "="))
		}
	}
	return len(l.Host) > 0
}

// secrets are the words of a call that hold the secret.
func (l *loginCommand) secrets(c *shell.Call) func(yield func(shell.Word) bool) {
	var out []shell.Word
	args := c.Args()[len(l.Command)-1:]
	for i, a := range args {
		for _, prefix := range l.Glued {
			if value, ok := strings.CutPrefix(a.Value, prefix); ok && value != "" {
				w := a
				w.Value = value
				out = append(out, w)
			}
		}
		name, value, ok := strings.Cut(a.Value, "=")
		switch {
		case i+1 < len(args) && slices.Contains(l.Options, a.Value):
			out = append(out, args[i+1])
		case ok && strings.HasPrefix(name, "--") && slices.Contains(l.Options, name):
			w := a
			w.Value = value
			out = append(out, w)
		}
	}
	operands := slices.DeleteFunc(slices.Clone(args), func(w shell.Word) bool { return strings.HasPrefix(w.Value, "-") })
	if l.Operand > 0 && l.Operand <= len(operands) {
		out = append(out, operands[l.Operand-1])
	}
	if l.Stdin != "" && c.Has(l.Stdin) {
		out = append(out, inputWords(c)...)
	}
	return slices.Values(out)
}

// inputWords are the words that make up the input of a call: what echo or printf pipes into it, or a here-string.
func inputWords(c *shell.Call) []shell.Word {
	for _, r := range c.Redirects {
		if r.Op == "<<<" {
			return []shell.Word{r.Target}
		}
	}
	prev := c.Prev()
	if prev == nil || prev.Name() != "echo" && prev.Name() != "printf" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(prev.Args()), func(w shell.Word) bool {
		return strings.HasPrefix(w.Value, "-") || strings.HasPrefix(w.Value, "%")
	})
}

// scanPassword judges what a login command is given.
func (x *scriptScan) scanPassword(c *shell.Call, l *loginCommand, w shell.Word, value string) {
	t := x.view.table
	inQuotes := w.Static && strings.Contains(value, "$") && value[0] != '$' && !strings.ContainsAny(value, "`<{") // nothing that a shell expands
	if !w.Static || isReference(value) && !inQuotes || x.view.dummies[value] || isGCPKey(value) || keyIDPattern.MatchString(value) || onlyLocal(c) {
		return
	}
	f := secretIn{judgement: judgement{what: "a literal token"}, where: strings.Join(l.Command, " ") + " is given", variables: l.Variables}
	switch {
	case l.Registry:
		f.variables = t.registryVariables(l.registry(c))
	case l.Pair != "":
		f.variables = t.hostVariables(hostOfCall(c))
	}
	if l.Registry || strings.HasSuffix(l.Variables[0], "PASSWORD") {
		f.what = "a literal password"
	}
	found := t.tokens(value)
	switch {
	case len(found) > 0:
		f.format, f.what = found[0].format, found[0].format.String()
	case !t.strong(value) && !t.chosen(value):
		return
	}
	x.add(w, value, f)
}

// registry is the host of the registry that a call logs in to, "" for one that is not shown.
func (l *loginCommand) registry(c *shell.Call) string {
	args := c.Args()[len(l.Command)-1:]
	taken := append([]string{"-u", "--username"}, l.Options...)
	for i, a := range args {
		if strings.HasPrefix(a.Value, "-") || i > 0 && slices.Contains(taken, args[i-1].Value) {
			continue
		}
		if !a.Static {
			return ""
		}
		if host, ok := addressHost(a.Value); ok {
			return host
		}
		host, _, _ := strings.Cut(a.Value, "/")
		return host
	}
	return dockerHub
}

// hostOfCall is the host in the first address that a call names, "" for none.
func hostOfCall(c *shell.Call) string {
	for _, w := range c.Words {
		if host, ok := addressHost(w.Value); ok {
			return host
		}
	}
	return ""
}

// hostVariables are where a password for a host is usually kept: ACME_PASSWORD for git.acme.com.
func (t *secretTable) hostVariables(host string) []string {
	if known := ofHost(t.Hosts, host); known != nil {
		return known
	}
	base := hostBase(host)
	if base == "" {
		return []string{"REMOTE_PASSWORD", "REMOTE_TOKEN"}
	}
	return []string{base + "_PASSWORD", base + "_TOKEN"}
}

// ofHost is what a table has for a host, by the end of its name.
func ofHost(table map[string][]string, host string) []string {
	for name, variables := range table {
		if host == name || strings.HasSuffix(host, "."+name) {
			return variables
		}
	}
	return nil
}

// hostBase is the part of a host's name that tells whose it is, as in a variable: ACME of git.acme.com; "" for none.
func hostBase(host string) string {
	words := nameWords(host)
	if len(words) > 1 {
		words = words[len(words)-2 : len(words)-1]
	}
	if base := strings.Join(words, "_"); base != "" && base[0] > '9' {
		return base
	}
	return ""
}

// onlyLocal reports whether all hosts that a call names are local.
func onlyLocal(c *shell.Call) bool {
	local, others := 0, 0
	for _, w := range c.Args() {
		host, ok := addressHost(w.Value)
		switch {
		case !ok:
		case localHost(host):
			local++
		default:
			others++
		}
	}
	return local > 0 && others == 0
}

// loginHost is the host of an address with a password.
func loginHost(text string, l urlLogin) string {
	at := strings.IndexByte(text[l.end:], '@') + l.end + 1
	host := text[at:]
	if i := strings.IndexAny(host, ":/?#\"'` \t\n"); i >= 0 {
		host = host[:i]
	}
	return host
}

// addressHost is the host of an address, or of a word such as localhost:5000.
func addressHost(text string) (host string, ok bool) {
	if _, rest, cut := strings.Cut(text, "://"); cut {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		return rest[strings.LastIndexByte(rest, '@')+1:], true
	}
	if strings.HasPrefix(text, "localhost") || strings.HasPrefix(text, "127.") {
		host, _, _ = strings.Cut(text, "/")
		return host, true
	}
	return "", false
}

// scanOptions looks at options whose names tell that a secret follows.
func (x *scriptScan) scanOptions(c *shell.Call) {
	args := c.Args()
	for i, a := range args {
		name := strings.TrimLeft(a.Value, "-")
		if i+1 == len(args) || !a.Static || !strings.HasPrefix(a.Value, "--") || !isSettingName(name) || !args[i+1].Static {
			continue
		}
		value := args[i+1].Value
		if n := x.view.table.readName(name); !n.secret || leadsToReference(value) || !x.view.table.strong(value) && !x.view.table.shortRandom(value) || x.view.dummies[value] || ofAWS(n.words, value) || beside(c, value) {
			continue
		}
		f := secretIn{judgement: judgement{what: "a literal value"}, where: "the option " + a.Value + " is given", variables: x.derived(c, name)}
		x.add(args[i+1], value, f)
	}
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
	if len(command) == 0 || slices.Contains([]string{"echo", "printf", "cat", "tee", "curl", "wget", "export", "env", "git", "docker", "bash", "sh", "ssh"}, c.Name()) {
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
	for _, h := range authorizations(w.Value) {
		if value := w.Value[h[0]:h[1]]; !leadsToReference(value) && (t.strong(value) && !x.view.dummies[value] || basicLogin(t, value)) {
			name := "token"
			if strings.HasSuffix(strings.ToLower(strings.TrimRight(w.Value[:h[0]], " \t")), "basic") {
				name = "basic_auth" // a user, too
			}
			x.add(w, value, in("a literal authorization", nil, x.derived(c, name)...))
		}
	}
	if !t.mayName(w.Value) {
		return
	}
	for _, p := range settingsIn(w.Value) {
		value := w.Value[p.start:p.end]
		if leadsToReference(value) || x.view.dummies[value] || t.published(p.name, value) {
			continue
		}
		if n := t.readName(p.name); (n.secret || t.Keys[strings.ToLower(p.name)] != nil) && (t.strong(value) || t.shortRandom(value)) && !ofAWS(n.words, value) && !n.service {
			x.add(w, value, in("a literal value for "+p.name, nil, x.derived(c, p.name)...))
		}
	}
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
