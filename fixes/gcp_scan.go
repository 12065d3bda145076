package fixes

import (
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// gcpStep is what a physical step shows about keys for Google Cloud.
type gcpStep struct {
	step        *circle.Step
	read        func() *shell.Script // nil for a step without a script
	hinted      bool                 // the script has a word of those that bring keys to Google Cloud
	text        rewrite.Node         // the script's scalar
	activations []gcpActivation
	writes      []keyWrite
	handed      []gcpHanded
	oidc        string   // the service account that the step logs in as with workload identity; "" for none
	orb         *gcpForm // of a step that calls an orb
	form        *gcpForm // of a script that logs in with a key, or writes one for programs that are shown
}

// gcpActivation is a login of gcloud with a service account key.
type gcpActivation struct {
	call    *shell.Call
	part    shell.Span // the statement to remove
	file    string     // the key file; "" when the key comes in by other ways
	key     givenKey   // when no file stands between
	project shell.Word // that the login makes the current one
	blocker string
}

// gcpHanded is a key that a script hands to a program that needs a key: there is no edit.
type gcpHanded struct {
	key     givenKey
	span    shell.Span
	message string
	reason  string // why there is no edit
}

// gcpHints are texts of which a script has one when it brings a key to Google Cloud.
var gcpHints = []string{"gcloud", "GOOGLE", "GCP", "GCLOUD", "_json_key", "SERVICE_ACCOUNT", "SA_KEY", ".json"}

// stepOf reads a physical step, once.
func (v *gcpView) stepOf(s *circle.Step) *gcpStep {
	x := v.steps[s.Node]
	if x != nil {
		return x
	}
	x = &gcpStep{step: s}
	v.steps[s.Node] = x
	switch s.Kind {
	case circle.RunStep:
		text := s.Command()
		if text.Kind() == rewrite.Scalar && shell.Supported(shellOf(s)) {
			x.text = text
			x.read = sync.OnceValue(func() *shell.Script { return v.p.scripts.Parse(text.Value()) })
			x.hinted = slices.ContainsFunc(gcpHints, func(h string) bool { return strings.Contains(text.Value(), h) })
		}
		if x.hinted && x.script() != nil {
			x.scan()
		}
	case circle.CallStep:
		v.scanOrb(x)
	}
	return x
}

// script is the step's script, nil for a step without one that can be read. Most are read only when a job's keys are
// looked into.
func (x *gcpStep) script() *shell.Script {
	if x.read == nil {
		return nil
	}
	return x.read()
}

// scan reads the script.
func (x *gcpStep) scan() {
	x.writes = keyWrites(x.script())
	for _, c := range x.script().Calls() {
		switch {
		case c.Name() == "gcloud" && c.Has("activate-service-account"):
			x.activations = append(x.activations, x.activation(c))
		case isGcloud(c, "auth", "login"):
			x.credFile(c)
		}
		x.handOver(c)
	}
	for _, e := range x.script().BashEnv() {
		if key := handedKey(e.Value); key.known() && slices.Contains(gcpTables().ToolVariables, e.Name) {
			x.handed = append(x.handed, gcpHanded{key, e.Write.Stmt, handsOver + key.String(), toolReads(e.Name)})
		}
	}
}

// activation reads one call of gcloud auth activate-service-account.
func (x *gcpStep) activation(c *shell.Call) gcpActivation {
	a := gcpActivation{call: c, part: statementOf(c)}
	a.project, _ = c.Option("--project")
	file, ok := c.Option("--key-file")
	switch {
	case !ok:
		a.blocker = "which key the login takes is not shown"
	case strings.HasPrefix(file.Text, "<(") || strings.Contains(file.Text, "=<("):
		a.key = keyOf([]shell.Word{file})
	case file.Value == "-" || file.Value == "/dev/stdin":
		if a.key, ok = input(c); !ok {
			a.key = source(c.Prev())
		}
	case file.Expr:
		a.key.expr = true
	default:
		a.file = keyFile(x.script(), file)
	}
	switch {
	case a.blocker != "":
	case a.key.expr:
		a.blocker = "the value is an expression: whose key this is is known only when the pipeline is compiled"
	case a.file == "" && !a.key.known():
		a.blocker = "where the key comes from is not shown"
	case strings.Contains(a.project.Text, "--project") || a.sets(x.script(), a.project):
		a.blocker = "the project of the login is worked out by the script"
	case slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		return strings.HasPrefix(w.Value, "--password-file") || strings.HasSuffix(w.Value, ".p12")
	}):
		a.blocker = "the key is in the old format PKCS #12"
	}
	return a
}

// sets reports whether a word stands for something that the script itself works out.
func (a *gcpActivation) sets(script *shell.Script, w shell.Word) bool {
	if strings.ContainsAny(w.Text, "`") || strings.Contains(w.Text, "$(") {
		return true
	}
	return slices.ContainsFunc(w.Vars, func(name string) bool {
		return slices.ContainsFunc(script.Mentions(name), func(m shell.Mention) bool { return m.Kind == shell.Assigned })
	})
}

// credFile reads a gcloud auth login: with a key in its file it is a login as any other, and else one with workload
// identity when the script makes the configuration for it.
func (x *gcpStep) credFile(c *shell.Call) {
	file, ok := c.Option("--cred-file")
	if !ok {
		return
	}
	path := keyFile(x.script(), file)
	for _, w := range x.writes {
		if w.file == path && (w.key.literal || gcpTables().holdsKey(w.key.name)) {
			project, _ := c.Option("--project")
			x.activations = append(x.activations, gcpActivation{call: c, part: statementOf(c), file: path, project: project})
			return
		}
	}
	x.writes = slices.DeleteFunc(x.writes, func(w keyWrite) bool { return w.file == path })
	x.oidc = "workload identity"
	for _, o := range x.script().Calls() {
		if account, ok := o.Option("--service-account"); ok && o.Is("gcloud", "iam", "workload-identity-pools", "create-cred-config") {
			x.oidc = account.Value
		}
	}
}

// handOver finds keys that a call gives to a program which needs the key itself.
func (x *gcpStep) handOver(c *shell.Call) {
	add := func(key givenKey, message, reason string) {
		if key.known() {
			x.handed = append(x.handed, gcpHanded{key, c.Span, message + key.String(), reason})
		}
	}
	if c.Is("docker", "login") || c.Is("podman", "login") {
		if user, ok := dockerUser(c); ok && strings.HasPrefix(user.Value, "_json_key") {
			add(dockerKey(c), "docker is logged in with ", "docker is logged in with the key itself: log in with the user oauth2accesstoken and an access token of `gcloud auth print-access-token`")
		}
		return
	}
	for _, a := range c.Assigns {
		if slices.Contains(gcpTables().ToolVariables, a.Name) && !a.Naked {
			add(handedKey(a.Value), handsOver, toolReads(a.Name))
		}
	}
	if !slices.Contains(containerTools, c.Name()) {
		return
	}
	for i, w := range c.Args() {
		name, _, assigned := strings.Cut(w.Value, "=")
		switch named := i > 0 && (c.Args()[i-1].Value == "-e" || c.Args()[i-1].Value == "--env"); {
		case !slices.Contains(gcpTables().ToolVariables, name):
		case assigned:
			add(handedKey(w), handsOver, toolReads(name))
		case named:
			add(givenKey{name: name}, handsOver, toolReads(name))
		}
	}
}

// handsOver begins the message about a script that gives a key to a program.
const handsOver = "the script gives a program "

// toolReads is why a key that a tool reads from a variable stays.
func toolReads(name string) string {
	return "a program reads the key from " + name + ": whether it takes workload identity is not shown"
}

// handedKey is the key in a value that a tool gets, which may as well be the path of a file or a token.
func handedKey(w shell.Word) givenKey {
	if s := classify(w.Value); w.Static && s.kind == varSource { // in quotes of a text that the shell has expanded before
		return givenKey{name: s.text}
	}
	if w.Static && !isGCPKey(w.Value) {
		return givenKey{}
	}
	return keyOf([]shell.Word{w})
}

func dockerUser(c *shell.Call) (shell.Word, bool) {
	for _, option := range []string{"-u", "--username"} {
		if w, ok := c.Option(option); ok {
			return w, true
		}
	}
	return shell.Word{}, false
}

// dockerKey is the key that docker login gets as the password.
func dockerKey(c *shell.Call) givenKey {
	for _, option := range []string{"-p", "--password"} {
		if w, ok := c.Option(option); ok {
			return keyOrAny(keyOf([]shell.Word{w}))
		}
	}
	if key, ok := input(c); ok {
		return keyOrAny(key)
	}
	return keyOrAny(source(c.Prev()))
}

// keyOrAny is the key, or one of which nothing is known: the user's name has told that there is one.
func keyOrAny(key givenKey) givenKey {
	if !key.known() {
		key.expr = true
	}
	return key
}

// adc is a place where a script says which file holds the credentials of Google's libraries.
type adc struct {
	file string
	part shell.Span
}

// adcs lists these places in a step.
func (x *gcpStep) adcs() []adc {
	if !strings.Contains(x.text.Value(), adcVar) || x.script() == nil {
		return nil
	}
	return adcs(x.script())
}

// adcs lists these places, those for later steps and by programs of the image's own included.
func adcs(script *shell.Script) []adc {
	var out []adc
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Name == adcVar && !a.Naked {
				out = append(out, adc{keyFile(script, a.Value), a.Span})
			}
		}
		args := c.Args()
		for i := range args[:max(len(args)-1, 0)] {
			if len(args) == 2 && args[i].Value == adcVar && args[i].Static {
				out = append(out, adc{keyFile(script, args[i+1]), c.Stmt})
			}
		}
	}
	for _, e := range script.BashEnv() {
		if e.Name == adcVar {
			out = append(out, adc{keyFile(script, e.Value), partOf(e.Write, e.Line)})
		}
	}
	return out
}

// namings are the assignments of a script that only name a key file, for statements that go away.
func namings(script *shell.Script, isKey func(file string) bool, gone shell.Spans) []shell.Span {
	var out []shell.Span
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Exported || !isKey(cleanPath(a.Value.Value)) || a.Name == adcVar {
				continue
			}
			left := slices.ContainsFunc(script.Mentions(a.Name), func(m shell.Mention) bool {
				return m.Kind != shell.Assigned && !gone.Contain(m.Span)
			})
			if !left {
				out = append(out, a.Span)
			}
		}
	}
	return out
}
