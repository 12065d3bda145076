package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// script is the login of a unit, for the steps behind it. refusal is why there is none.
func (b *vaultFix) script(u *storedUnit, f *storedForm, s site) (script, refusal string) {
	role, refusal := b.role(f)
	if refusal != "" {
		return "", refusal
	}
	settings, refusal := b.settings(u, s)
	if refusal != "" {
		return "", refusal
	}
	lines := append([]string{"set +x"}, settings...)
	login := b.vault.logins[f]
	if login.curl && !b.showsClient(u) {
		options, refusal := b.curlOptions(login, s)
		if refusal != "" {
			return "", refusal
		}
		lines = append(lines, `VAULT_TOKEN="$(curl -fsS`+options+` --request POST --data `+loginBody(role)+` "`+b.address(login)+`/v1/auth/`+b.vault.mount()+`/login" | jq -er .auth.client_token)"`)
	} else {
		lines = append(lines, `VAULT_TOKEN="$(vault write -field=token auth/`+b.vault.mount()+`/login role=`+quoteRole(role)+` jwt=`+circleToken+`)"`)
	}
	return strings.Join(append(lines, `echo "export VAULT_TOKEN='$VAULT_TOKEN'" >> "$BASH_ENV"`, ""), "\n"), ""
}

// curlOptions are the options with which a call of curl reaches the server: a login takes the same.
func (b *vaultFix) curlOptions(login *vaultLogin, s site) (options, refusal string) {
	script := b.view.script(s.step)
	address := shell.Word{Text: b.address(login), Vars: variablesIn(b.address(login))}
	needed := []shell.Word{address}
	for i, w := range login.like.Args() {
		switch header, _ := strings.CutPrefix(w.Value, "--header="); {
		case w.Value == "--insecure" || login.like.Name() == "curl" && strings.HasPrefix(w.Value, "-") && strings.Trim(w.Value[1:], "fsSLkg") == "" && strings.Contains(w.Value, "k"):
			options += " --insecure"
		case w.Value == "--cacert" && i+1 < len(login.like.Args()):
			needed = append(needed, login.like.Args()[i+1])
			options += " --cacert " + login.like.Args()[i+1].Text
		case strings.HasPrefix(strings.ToLower(header), "x-vault-namespace:"):
			needed = append(needed, w)
			options += " --header " + strings.TrimPrefix(w.Text, "--header=")
		}
	}
	for _, w := range needed {
		for _, name := range w.Vars {
			if _, own := s.step.Environment().Lookup(name); own || script != nil && setsItself(script, name) {
				return "", "the step sets " + name + " by itself, and the login needs it before"
			}
		}
	}
	return options, ""
}

// variablesIn are those that a text names.
func variablesIn(text string) []string {
	var out []string
	for _, m := range anyVariable.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

var anyVariable = pattern.New(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// address is where a login with curl goes.
func (b *vaultFix) address(login *vaultLogin) string {
	if given := b.view.p.Facts.Vault.Address; given != "" && (login.address == "" || strings.Contains(login.address, "$")) {
		b.fix.use("vault.address=" + given)
		return strings.TrimSuffix(given, "/")
	}
	return cmp.Or(login.address, "$VAULT_ADDR")
}

// vaultSettings are the variables that Vault's program reads besides the token, with its options that say the same.
var vaultSettings = []struct{ variable, option string }{
	{"VAULT_ADDR", "address"}, {"VAULT_NAMESPACE", "namespace"}, {"VAULT_CACERT", "ca-cert"}, {"VAULT_SKIP_VERIFY", ""},
}

// settings repeats what the step at a site sets for itself and for those behind it, and the fact where nothing sets the
// address.
func (b *vaultFix) settings(u *storedUnit, s site) (lines []string, refusal string) {
	script := b.view.script(s.step)
	var addressed bool
	for _, setting := range vaultSettings {
		text, ok := stepSetting(s.step, script, setting.variable, setting.option)
		if !ok {
			return nil, "the script decides on " + setting.variable + " by itself, and the login needs it before"
		}
		if text != "" {
			lines = append(lines, "export "+setting.variable+"="+text)
			addressed = addressed || setting.variable == "VAULT_ADDR"
		}
	}
	_, known := u.allEnvironments().Lookup("VAULT_ADDR")
	known = known || addressed || s.step != nil && b.view.assigns(s.step, "VAULT_ADDR")
	if given := b.view.p.Facts.Vault.Address; given != "" && !known && b.showsClient(u) {
		b.fix.use("vault.address=" + given)
		lines = append(lines, "export VAULT_ADDR="+given)
	}
	return lines, ""
}

// stepSetting is what a step sets a variable to, as a shell writes it: in its script, by an option of Vault's program, or in
// its environment. It is "" where the step does not set it, and not ok where the value cannot be had in front of the step, or
// is one of several.
func stepSetting(s *circle.Step, script *shell.Script, variable, option string) (text string, ok bool) {
	var given []shell.Word
	if script != nil {
		for _, c := range script.Calls() {
			for _, a := range c.Assigns {
				if !a.Naked && a.Name == variable {
					given = append(given, a.Value)
				}
			}
		}
		for _, e := range script.BashEnv() {
			if e.Name == variable {
				given = append(given, e.Value)
			}
		}
		given = append(given, vaultOptions(script, option)...)
	}
	given = slices.DeleteFunc(given, func(w shell.Word) bool { return w.IsVar(variable) })
	if len(given) > 0 {
		another := func(w shell.Word) bool { return w.Value != given[0].Value }
		return given[0].Text, standsBefore(script, given[0]) && !slices.ContainsFunc(given, another)
	}
	if x, ok := s.Environment().Lookup(variable); ok {
		return `"` + x.Text + `"`, !strings.ContainsAny(x.Text, "\"`\\")
	}
	return "", true
}

// standsBefore reports whether a word means the same in a step before that of its script.
func standsBefore(script *shell.Script, w shell.Word) bool {
	if w.Static {
		return true
	}
	return len(w.Vars) == 1 && !strings.Contains(w.Text, "$(") && !strings.Contains(w.Text, "`") && !setsItself(script, w.Vars[0])
}

// vaultOptions are the values that a script gives Vault's program by an option.
func vaultOptions(script *shell.Script, option string) []shell.Word {
	var out []shell.Word
	for _, c := range script.Calls() {
		for _, dash := range []string{"-", "--"} {
			if w, ok := c.Option(dash + option); ok && option != "" && c.Name() == "vault" {
				out = append(out, w)
			}
		}
	}
	return out
}

// showsClient reports whether a step of the unit runs Vault's own program.
func (b *vaultFix) showsClient(u *storedUnit) bool {
	return slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := b.view.script(x.Step)
		return script != nil && slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool { return c.Name() == "vault" })
	})
}

// clientDoubt says when the login's programs may be missing at a site.
func (b *vaultFix) clientDoubt(u *storedUnit, s site) *doubt {
	f := b.formAt(u)
	if b.vault.logins[f].curl && !b.showsClient(u) {
		name, _ := splitImage(imageOf(u.unit))
		if strings.HasPrefix(name, "cimg/") || strings.HasPrefix(name, "circleci/") || b.calls(u, "jq") && b.calls(u, "curl") {
			return nil
		}
		return &doubt{Unsafe, "no step shows that curl and jq are installed, which the login needs"}
	}
	script := b.view.script(s.step)
	if script != nil && slices.ContainsFunc(script.Calls(), installsVault) {
		return &doubt{Manual, "the script installs vault before it uses it: put the installation into a step of its own"}
	}
	if b.showsClient(u) {
		return nil
	}
	return &doubt{Unsafe, "no step shows that vault is installed, which the login needs"}
}

func (b *vaultFix) calls(u *storedUnit, name string) bool {
	return slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := b.view.script(x.Step)
		return script != nil && slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool { return c.Name() == name })
	})
}

// installsVault reports whether a call puts Vault's program in place.
func installsVault(c *shell.Call) bool {
	return c.Name() != "vault" && slices.ContainsFunc(c.Words, func(w shell.Word) bool {
		return strings.Contains(w.Value, "releases.hashicorp.com/vault") || w.Value == "vault" && (c.Has("install") || c.Has("add"))
	})
}

// scanOrb finds a login of an orb, or stored credentials that one is given.
func (v *vaultView) scanOrb(s *circle.Step) []*storedForm {
	orb, command, ok := s.OrbCall()
	if !ok || orb == nil || s.Callee() != nil {
		return nil
	}
	f := &storedForm{owner: s.Owner(), span: s.Node.Span(), node: s.Node, step: s}
	table := vaultTables().orb(orb.Name())
	if table == nil || !slices.Contains(table.Commands, command) {
		return v.otherOrb(s, f)
	}
	login := &vaultLogin{}
	for _, name := range slices.Concat(table.Identities, table.Secrets) {
		text := s.Arg(name).Resolve().Value()
		variable, literal := vaultTables().secretIn(text, slices.Contains(table.Secrets, name))
		if variable != "" {
			login.names = append(login.names, variable)
		} else if text != "" && slices.Contains(table.Identities, name) {
			login.identity = text
		}
		if literal && slices.Contains(table.Secrets, name) {
			f.take(text)
		}
		if strings.Contains(text, "<<") {
			f.blocker = "the credentials are an expression: whose they are is known only when the pipeline is compiled"
		}
	}
	if len(login.names) == 0 && !f.literal && f.blocker == "" {
		return nil
	}
	login.describe()
	f.message = s.Name + " logs in to Vault with stored credentials"
	address := s.Arg(table.Address).Resolve().Value()
	if strings.Contains(address, "<<") || strings.ContainsAny(address, "\"`\\ ") {
		f.blocker = cmp.Or(f.blocker, "the address of the server is an expression")
	}
	login.write = func(f *storedForm, role string) {
		script := "set +x\nexport VAULT_ADDR=\"" + address + "\"\n" +
			`VAULT_TOKEN="$(vault write -field=token auth/` + v.mount() + `/login role=` + quoteRole(role) + ` jwt=` + circleToken + `)"` + "\n" +
			`echo "export VAULT_TOKEN='$VAULT_TOKEN'" >> "$BASH_ENV"` + "\n"
		f.orb = append(f.orb, runPair("Vault login (OIDC)", "", script))
	}
	v.logins[f] = login
	return []*storedForm{f}
}

// otherOrb is a step of an orb that is not in the table and is given credentials of Vault.
func (v *vaultView) otherOrb(s *circle.Step, f *storedForm) []*storedForm {
	for _, e := range s.Args().Fields() {
		if !slices.Contains(vaultTables().SecretArguments, e.Name()) {
			continue
		}
		variable, literal := vaultTables().secretIn(e.Value().Resolve().Value(), true)
		if variable == "" && envName.MatchString(e.Value().Resolve().Value()) {
			variable = e.Value().Resolve().Value()
		}
		if variable == "" && !literal {
			continue
		}
		login := &vaultLogin{}
		v.describeToken(f, login, variable, literal)
		f.message = fmt.Sprintf("%s is given stored credentials of Vault", s.Name)
		f.blocker = "whether " + s.Name + " can log in with CircleCI's token is not known"
		v.logins[f] = login
		return []*storedForm{f}
	}
	return nil
}
