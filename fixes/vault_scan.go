package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// vaultTokenVar is where Vault's own programs look for a token.
const vaultTokenVar = "VAULT_TOKEN"

// vaultMount is where the JWT auth method is taken to be mounted when no fact says otherwise.
const vaultMount = "jwt"

// circleToken is the token that Vault gets: its second version, whose claims say more.
const circleToken = `"$CIRCLE_OIDC_TOKEN_V2"`

// scanStep finds the forms of one physical step.
func (v *vaultView) scanStep(s *circle.Step) []*storedForm {
	if s.Kind == circle.CallStep {
		return v.scanOrb(s)
	}
	text := s.Command().Value()
	if !strings.Contains(strings.ToLower(text), "vault") && !strings.Contains(text, "/login") {
		return nil
	}
	script := v.script(s)
	if script == nil || v.localServer(s) {
		return nil
	}
	var out []*storedForm
	add := func(f *storedForm, login *vaultLogin) {
		if f != nil {
			out, v.logins[f] = append(out, f), login
		}
	}
	for _, c := range script.Calls() {
		switch {
		case c.Is("vault", "write"):
			add(v.writeLogin(s, c))
		case c.Is("vault", "login"):
			add(v.tokenLogin(s, c))
		case c.Name() == "curl" || c.Name() == "wget":
			add(v.httpLogin(s, c))
			add(v.header(s, script, c))
		case c.Is("docker", "run") || c.Is("podman", "run"):
			add(v.container(s, c))
		}
		for _, a := range c.Assigns {
			if a.Name == vaultTokenVar && !a.Naked {
				add(v.assignment(s, c, a))
			}
		}
	}
	for _, e := range script.BashEnv() {
		if e.Name == vaultTokenVar {
			add(v.forLaterSteps(s, e))
		}
	}
	return out
}

// localServer reports whether the jobs that run a step have a server of their own, whose tokens are no secrets.
func (v *vaultView) localServer(s *circle.Step) bool {
	return slices.ContainsFunc(v.running(s), v.localIn)
}

func (v *vaultView) localIn(u *storedUnit) bool {
	local, known := v.local[u]
	if !known {
		local = v.findLocal(u)
		v.local[u] = local
	}
	return local
}

func (v *vaultView) findLocal(u *storedUnit) bool {
	table := vaultTables()
	if u.job != nil && slices.ContainsFunc(u.job.DockerItems(), table.serves) {
		return true
	}
	if x, ok := u.allEnvironments().Lookup("VAULT_ADDR"); ok && table.local(x.Text) {
		return true
	}
	return slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
			if c.Is("vault", "server") || c.Is("bao", "server") {
				return true
			}
			return slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return a.Name == "VAULT_ADDR" && table.local(a.Value.Value) })
		})
	})
}

var loginPath = pattern.New(`auth/([A-Za-z0-9_./${}-]+?)/login(?:/[^/\s"'?]+)?`)

// writeLogin is a vault write that logs in with stored credentials; nil for every other one.
func (v *vaultView) writeLogin(s *circle.Step, c *shell.Call) (*storedForm, *vaultLogin) {
	var path shell.Word
	var given []shell.Word
	login := &vaultLogin{}
	for _, w := range c.Args()[1:] {
		name, _, assigned := strings.Cut(w.Value, "=")
		switch {
		case strings.HasPrefix(w.Value, "-"):
		case path.Text == "" && loginPath.MatchString(w.Value):
			path = w
		case name == "jwt":
			return nil, nil
		case assigned && slices.Contains(vaultTables().Credentials, name):
			given = append(given, w)
			login.take(w, name)
		}
	}
	if path.Text == "" || len(given) == 0 {
		return nil, nil
	}
	login.describe()
	f := v.form(s, c.Span, "vault logs in with stored credentials")
	for _, secret := range login.literals(given) {
		f.take(secret)
	}
	f.blocker = cmp.Or(inner(c, slices.Concat(given, []shell.Word{path})), v.madeBy(s, c, login))
	login.write = func(f *storedForm, role string) {
		f.edits = append(f.edits, replaceWord(path, "auth/"+v.mount()+"/login"))
		f.edits = append(f.edits, rest(c, given, `role=`+quoteRole(role), `jwt=`+circleToken)...)
	}
	return f, login
}

// take notes what a credential of a login tells about whose it is: the variables, or the name that stands in the file.
func (l *vaultLogin) take(w shell.Word, name string) {
	for _, variable := range w.Vars {
		if !slices.Contains(l.names, variable) {
			l.names = append(l.names, variable)
		}
	}
	if w.Static && name != "secret_id" && name != "password" && name != "token" {
		_, value, _ := strings.Cut(w.Value, "=")
		l.identity = value
	}
}

// describe settles whose the credentials are, in words.
func (l *vaultLogin) describe() {
	switch {
	case len(l.names) > 0:
		l.identity = strings.TrimPrefix(l.identity+" with the credentials in "+strings.Join(l.names, " and "), " with ")
	case l.identity != "":
		l.identity = "the credentials of " + l.identity
	default:
		l.identity = "the credentials in the file"
	}
}

// literals are the secrets that stand in the script itself.
func (l *vaultLogin) literals(given []shell.Word) []string {
	var out []string
	for _, w := range given {
		name, value, _ := strings.Cut(w.Value, "=")
		if secret := name == "secret_id" || name == "password" || name == "token"; secret && w.Static && value != "" && value != "-" && value[0] != '@' {
			out = append(out, value)
		}
	}
	return out
}

// mount is where the JWT auth method is mounted.
func (v *vaultView) mount() string { return cmp.Or(v.p.Facts.Vault.AuthPath, vaultMount) }

// quoteRole is a role as a shell writes it.
func quoteRole(role string) string {
	if strings.HasPrefix(role, "$") {
		return `"` + role + `"`
	}
	return role
}

// rest gives the first of the words the new texts, and takes the others away with the blanks before them.
func rest(c *shell.Call, words []shell.Word, texts ...string) []shell.Edit {
	var out []shell.Edit
	for i, w := range words {
		switch {
		case len(words) == 1:
			out = append(out, replaceWord(w, strings.Join(texts, " ")))
		case i < len(texts):
			out = append(out, replaceWord(w, texts[i]))
		default:
			at := slices.IndexFunc(c.Words, func(o shell.Word) bool { return o.Span == w.Span })
			out = append(out, shell.Edit{Start: c.Words[at-1].Span.End, End: w.Span.End})
		}
	}
	return out
}

// tokenLogin is a vault login with a stored token or password; nil for every other one.
func (v *vaultView) tokenLogin(s *circle.Step, c *shell.Call) (*storedForm, *vaultLogin) {
	method := vaultOption(c, "method")
	if method != "" && !slices.Contains(vaultTables().StaticMethods, method) {
		return nil, nil
	}
	login := &vaultLogin{places: true, file: true}
	var literals []string
	piped := false
	for _, w := range c.Args()[1:] {
		name, value, assigned := strings.Cut(w.Value, "=")
		switch {
		case w.Value == "-":
			piped = true
		case strings.HasPrefix(w.Value, "-") || assigned && !slices.Contains(vaultTables().Credentials, name):
		case w.Static:
			if !assigned {
				name, value = "token", w.Value
			}
			if _, is := vaultTables().secretIn(value, name == "password" || method != "" && method != "token"); is {
				literals = append(literals, value)
			}
			login.take(w, name)
		default:
			login.take(w, name)
		}
	}
	part := c.Stmt
	if piped {
		key := source(c.Prev())
		if c.Pipe.Len > 0 {
			part = c.Pipe.Span
		}
		if key.name != "" {
			login.names = append(login.names, key.name)
		}
	}
	if len(literals) == 0 && (len(login.names) == 0 || slices.ContainsFunc(login.names, func(n string) bool { return v.made(s, c, n) })) {
		return nil, nil
	}
	login.describe()
	f := v.form(s, c.Span, "vault logs in with a stored token or password")
	f.literal, f.values, f.parts = len(literals) > 0, literals, []shell.Span{part}
	f.blocker = inner(c, c.Args())
	return f, login
}

// vaultOption is the value of a flag, which Vault takes with one dash or two.
func vaultOption(c *shell.Call, name string) string {
	for _, dash := range []string{"-", "--"} {
		if w, ok := c.Option(dash + name); ok {
			return w.Value
		}
	}
	return ""
}

// assignment is a token that a script gives to Vault's programs; nil when it is made there, or is none.
func (v *vaultView) assignment(s *circle.Step, c *shell.Call, a shell.Assign) (*storedForm, *vaultLogin) {
	f, login := v.storedToken(s, c, c.Span, a.Value)
	if f == nil {
		return nil, nil
	}
	if c.Inner {
		f.blocker = inner(c, nil)
	}
	switch {
	case !isolated(c, a.Name):
		f.parts = []shell.Span{a.Span}
	case !a.Value.IsVar(vaultTokenVar): // the command gets the login's token by the assignment alone
		login.write = func(f *storedForm, _ string) {
			f.edits = append(f.edits, replaceWord(a.Value, `"$`+vaultTokenVar+`"`))
		}
	}
	return f, login
}

// forLaterSteps is a token that a script gives to later steps.
func (v *vaultView) forLaterSteps(s *circle.Step, e shell.EnvVar) (*storedForm, *vaultLogin) {
	f, login := v.storedToken(s, e.Write.Call, e.Write.Stmt, e.Value)
	if f == nil {
		return nil, nil
	}
	f.parts = []shell.Span{partOf(e.Write, e.Line)}
	return f, login
}

// storedToken is a form for a value of VAULT_TOKEN that a call gives, nil for one that is no stored token.
func (v *vaultView) storedToken(s *circle.Step, c *shell.Call, at shell.Span, value shell.Word) (*storedForm, *vaultLogin) {
	variable, literal := vaultTables().secretIn(value.Value, true)
	if !literal && (variable == "" || v.made(s, c, variable)) && !value.Expr {
		return nil, nil
	}
	login := &vaultLogin{places: true}
	f := v.form(s, at, "")
	v.describeToken(f, login, variable, literal)
	f.values = []string{value.Value}
	if value.Expr {
		f.blocker = "the token is an expression: whose it is is known only when the pipeline is compiled"
	}
	return f, login
}

// container is a stored token that a container is started with; nil where the token is the one that the job has.
func (v *vaultView) container(s *circle.Step, c *shell.Call) (*storedForm, *vaultLogin) {
	for _, w := range c.Args() {
		name, value, given := strings.Cut(handedVariable(w), "=")
		if name != vaultTokenVar {
			continue
		}
		variable, literal := vaultTables().secretIn(value, true)
		if !given {
			variable = vaultTokenVar
		}
		if !literal && (variable == "" || v.made(s, c, variable) || v.setInFile(s, variable)) {
			return nil, nil
		}
		f, login := v.form(s, c.Span, ""), &vaultLogin{}
		v.describeToken(f, login, variable, literal)
		f.message, f.values = "a container is given a stored token of Vault", []string{value}
		f.advice = "the container takes its token from outside: make one in the script before it, by `export VAULT_TOKEN=$(vault write -field=token auth/" + v.mount() +
			"/login role=ROLE jwt=\"$CIRCLE_OIDC_TOKEN_V2\")`, and hand that over by `-e VAULT_TOKEN`"
		return f, login
	}
	return nil, nil
}

// setInFile reports whether an environment of the file sets a variable for a step: what it is set to is said there.
func (v *vaultView) setInFile(s *circle.Step, name string) bool {
	return slices.ContainsFunc(v.running(s), func(u *storedUnit) bool { return u.setBy(name) != nil })
}

// made reports whether something in a job makes a token for a call, or may: a script, or a step of an orb that deals with Vault.
func (v *vaultView) made(s *circle.Step, c *shell.Call, name string) bool {
	return v.assignsTo(s, c, name) || name == vaultTokenVar && slices.ContainsFunc(v.running(s), func(u *storedUnit) bool {
		return slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
			orb, command, ok := x.Step.OrbCall()
			return ok && orb != nil && strings.Contains(orb.Name()+"/"+command, "vault") && command != "install" && vaultTables().orb(orb.Name()) == nil
		})
	})
}

// madeBy is why a login with credentials that the job's own scripts make, by unwrapping them for one, is no stored one.
func (v *vaultView) madeBy(s *circle.Step, c *shell.Call, login *vaultLogin) string {
	for _, name := range login.names {
		if v.assignsTo(s, c, name) {
			return "a script makes " + name + ", with credentials that a login would not replace"
		}
	}
	return ""
}

// describeToken says what a token is.
func (v *vaultView) describeToken(f *storedForm, login *vaultLogin, variable string, literal bool) {
	f.literal, f.secret = literal, variable
	f.message = "Vault is given a stored token" // the same for a token in the file: a context may hold it soon
	switch {
	case literal:
		login.identity = "the token in the file"
	case variable != "":
		login.names, login.identity = []string{variable}, "the credentials in "+variable
	default:
		login.identity = "the token"
	}
}

// tokenRoles are the roles that a unit logs in as with a token of CircleCI's, or of others who vouch for it: "" for one that
// the file does not show.
func (v *vaultView) tokenRoles(u *storedUnit) []string {
	var out []string
	for _, x := range u.steps {
		script := v.script(x.Step)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			if as, ok := tokenRole(c); ok {
				out = append(out, as)
			}
		}
	}
	return out
}

// tokenRole is the role of a login with a JWT; ok is false for a call that is none.
func tokenRole(c *shell.Call) (role string, ok bool) {
	vault := c.Name() == "vault"
	for _, w := range c.Args() {
		name, value, _ := strings.Cut(w.Value, "=")
		switch {
		case vault && name == "role":
			role = value
		case vault && (name == "jwt" || w.Value == "-method=jwt" || w.Value == "-method=oidc"):
			ok = true
		case c.Name() == "curl" && strings.Contains(w.Value, `"jwt"`):
			ok = true
			if m := roleInBody.FindStringSubmatch(w.Value); m != nil {
				role = m[1]
			}
		}
	}
	return role, ok
}

// scanEnvironment finds a token in one physical environment.
func (v *vaultView) scanEnvironment(u *storedUnit, env *circle.Environment) []*storedForm {
	for _, x := range env.Vars() {
		if x.Name != vaultTokenVar || v.localIn(u) {
			continue
		}
		variable, literal := vaultTables().secretIn(x.Text, true)
		_, known := x.Known()
		if variable == "" && !literal && (known || !strings.Contains(x.Text, "<<")) {
			continue
		}
		f := &storedForm{owner: v.p.Config.Owner(env.Node), node: env.Node, span: x.Entry.Span(), remove: []rewrite.Entry{x.Entry}, values: []string{x.Text}}
		login := &vaultLogin{places: true}
		v.describeToken(f, login, variable, literal)
		f.message = fmt.Sprintf("the environment sets %s to %s", vaultTokenVar, login.identity)
		if !known {
			f.blocker = "the value is an expression: whose token this is is known only when the pipeline is compiled"
		}
		v.logins[f] = login
		return []*storedForm{f}
	}
	return nil
}

// uses reports whether a step talks to Vault.
func (v *vaultView) uses(s *circle.Step) bool {
	script := v.script(s)
	if script == nil {
		return false
	}
	return len(script.Mentions(vaultTokenVar)) > 0 || slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		return c.Name() == "vault" && len(c.Args()) > 0 && !strings.HasPrefix(c.Args()[0].Value, "-") && c.Args()[0].Value != "version"
	})
}

// reader is the program of a step that takes a token from the environment by itself; "" for none.
func (v *vaultView) reader(s *circle.Step) string {
	if script := v.script(s); script != nil {
		for _, c := range script.Calls() {
			if slices.Contains(vaultTables().Readers, c.Name()) {
				return c.Name()
			}
		}
	}
	return ""
}

// lastInstaller is the place of the last step in a unit that puts Vault's program in place; -1 for none.
func (v *vaultView) lastInstaller(u *storedUnit) int {
	last := -1
	for i, x := range u.steps {
		if script := v.script(x.Step); script != nil && slices.ContainsFunc(script.Calls(), installsVault) {
			last = i
		}
	}
	return last
}
