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

// scanStep finds the forms of one physical step.
func (v *azureView) scanStep(s *circle.Step) []*storedForm {
	if s.Kind == circle.CallStep {
		return v.scanOrb(s)
	}
	text := s.Command().Value()
	if !strings.Contains(text, "az") && !strings.Contains(text, "ARM_") && !strings.Contains(text, "AZ") {
		return nil
	}
	script := v.script(s)
	if script == nil {
		return nil
	}
	var out []*storedForm
	add := func(f *storedForm) {
		if f == nil {
			return
		}
		out = append(out, f)
		if v.logins[f] == nil {
			v.logins[f] = &azureLogin{}
		}
	}
	for _, c := range script.Calls() {
		switch {
		case c.Is("az", "login"):
			add(v.login(s, script, c))
		case c.Is("docker", "login"):
			add(v.registryLogin(s, c))
		case runsTerraform(c):
			add(v.terraformVariable(s, c))
		}
		for _, a := range c.Assigns {
			if !a.Naked && (a.Exported || len(c.Words) > 0) {
				add(v.handed(s, c.Span, a.Name, a.Value))
			}
		}
	}
	for _, e := range script.BashEnv() {
		add(v.handed(s, e.Write.Stmt, e.Name, e.Value))
	}
	return out
}

// azureSecret is the word with the secret of a login, and the span of the option with it.
func azureSecret(c *shell.Call) (secret shell.Word, at shell.Span, ok bool) {
	args := c.Args()
	for i, w := range args {
		for _, option := range []string{"-p", "--password"} {
			switch {
			case w.Value == option && i+1 < len(args):
				return args[i+1], shell.Span{Start: w.Span.Start, End: args[i+1].Span.End}, true
			case strings.HasPrefix(w.Value, option+"="):
				return w, w.Span, true
			}
		}
	}
	return shell.Word{}, shell.Span{}, false
}

// login is an az login with a password; nil for every other one.
func (v *azureView) login(s *circle.Step, script *shell.Script, c *shell.Call) *storedForm {
	if c.Has("--identity") || c.Has("-i") || c.Has("--use-device-code") || hasOption(c, "--federated-token") {
		return nil
	}
	f := v.form(s, c.Span, "")
	secret, at, ok := azureSecret(c)
	principal := c.Has("--service-principal")
	switch {
	case !ok && principal && hasOption(c, "--certificate"):
		f.message, f.blocker = "az logs in with a stored certificate", "the login takes a certificate: put `--federated-token \"$CIRCLE_OIDC_TOKEN\"` in its place"
		return f
	case !ok:
		return nil
	}
	if len(secret.Vars) == 1 {
		f.secret = secret.Vars[0]
	}
	if f.literal = secret.Static; f.literal {
		f.values = []string{strings.TrimPrefix(strings.TrimPrefix(secret.Value, "--password="), "-p=")}
	}
	f.message = "az logs in with a service principal's secret"
	f.edits = []shell.Edit{{Start: at.Start, End: at.End, New: `--federated-token "$CIRCLE_OIDC_TOKEN"`}}
	f.blocker = inner(c, []shell.Word{secret})
	switch {
	case f.blocker != "":
	case secret.Static && strings.HasSuffix(secret.Value, ".pem"):
		f.literal, f.blocker = false, "the login takes a certificate: put `--federated-token \"$CIRCLE_OIDC_TOKEN\"` in its place"
	case !principal:
		f.message = "az logs in as a user, with a stored password"
		f.blocker = "a user cannot log in with CircleCI's token: make an application with a federated credential, and log in as that"
	case !hasOption(c, "-u") && !hasOption(c, "--username"):
		f.blocker = "whose secret this is does not stand in the call"
	}
	v.logins[f] = &azureLogin{xtrace: script.Xtrace(c), byName: slices.ContainsFunc(c.Args(), isPrincipalName)}
	return f
}

// isPrincipalName reports whether a word is the name of a service principal, as in "-u http://acme-deploy".
func isPrincipalName(w shell.Word) bool {
	_, value, joined := strings.Cut(w.Value, "=")
	return strings.HasPrefix(w.Value, "http") || joined && strings.HasPrefix(value, "http")
}

// hasOption reports whether a call has an option, with its value in the same word or the next.
func hasOption(c *shell.Call, name string) bool {
	return slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return w.Value == name || strings.HasPrefix(w.Value, name+"=") })
}

// registryLogin is a login of docker at Azure's registry with the secret of a service principal.
func (v *azureView) registryLogin(s *circle.Step, c *shell.Call) *storedForm {
	if !slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return strings.Contains(w.Value, ".azurecr.") }) {
		return nil
	}
	key := source(c.Prev())
	if w, ok := c.Option("-p"); ok {
		key = keyOf([]shell.Word{w})
	} else if w, ok := c.Option("--password"); ok {
		key = keyOf([]shell.Word{w})
	}
	if !azureTables().secretName.MatchString(key.name) {
		return nil
	}
	f := v.form(s, c.Span, "docker is logged in with the secret in "+key.name)
	f.secret, f.advice = key.name, "docker is logged in with the secret itself: log in with `az login --federated-token \"$CIRCLE_OIDC_TOKEN\"`, then `az acr login --name REGISTRY`"
	return f
}

// terraformVariable is a secret that Terraform is given as a variable of its own, on the command line.
func (v *azureView) terraformVariable(s *circle.Step, c *shell.Call) *storedForm {
	for i, w := range c.Args() {
		option, assignment, _ := strings.Cut(w.Value, "=") // -var=name=value
		if i > 0 && (c.Args()[i-1].Value == "-var" || c.Args()[i-1].Value == "--var") {
			option, assignment = "-var", w.Value
		}
		name, value, _ := strings.Cut(assignment, "=")
		if option != "-var" && option != "--var" {
			continue
		}
		key := azureValue(value)
		if !key.known() || !isAzureSecret(terraformPrefix+name, key) || v.assigns(s, key.name) {
			continue
		}
		f := v.form(s, c.Span, c.Name()+" is given "+key.secret())
		f.literal, f.secret, f.values = key.literal, key.name, []string{value}
		f.advice = azureAdvice(terraformPrefix + name)
		return f
	}
	return nil
}

// terraformPrefix is in front of a variable of Terraform's configuration in the environment.
const terraformPrefix = "TF_VAR_"

// isAzureSecret reports whether a variable has a secret of a service principal, by its name. One of Terraform's may be called
// anything: there the name of what it is set to does as well.
func isAzureSecret(name string, value givenKey) bool {
	own, ofTerraform := strings.CutPrefix(name, terraformPrefix)
	if ofTerraform {
		own = strings.ToUpper(own)
	}
	matches := azureTables().secretName.MatchString
	return matches(own) || ofTerraform && matches(value.name)
}

// handed is a secret that a script gives to programs in a variable of theirs.
func (v *azureView) handed(s *circle.Step, at shell.Span, name string, value shell.Word) *storedForm {
	key := azureValue(value.Value)
	if !isAzureSecret(name, key) || value.IsVar(name) {
		return nil
	}
	if !key.known() || key.name != "" && v.assigns(s, key.name) {
		return nil
	}
	f := v.form(s, at, fmt.Sprintf("the script sets %s to %s", name, key.secret()))
	f.literal, f.secret, f.advice = key.literal, cmp.Or(key.name, name), azureAdvice(name)
	f.values = []string{value.Value}
	return f
}

// azureValue is the secret in the value of a variable.
func azureValue(text string) givenKey {
	switch s := classify(text); {
	case s.kind == varSource:
		return givenKey{name: s.text}
	case strings.Contains(text, "<<"):
		return givenKey{expr: true}
	case len(text) >= 16 && !strings.ContainsAny(text, "$` ") && strings.ContainsAny(text, "0123456789") && !slices.Contains(dummyKeys, strings.ToLower(text)) &&
		!strings.Contains(strings.ToLower(text), "example") && !strings.HasPrefix(text, "00000000-"):
		return givenKey{literal: true}
	}
	return givenKey{}
}

// azureAdvice is what to do about a secret that a program reads from a variable.
func azureAdvice(name string) string {
	if own, ok := strings.CutPrefix(name, terraformPrefix); ok {
		return "Terraform is given the secret in its variable " + own + ": set ARM_USE_OIDC=true and ARM_OIDC_TOKEN=$CIRCLE_OIDC_TOKEN in the script before it, and drop " + own + " there and in the provider's block"
	}
	if strings.Contains(name, "ARM_CLIENT_SECRET") {
		return "Terraform logs in with it: set ARM_USE_OIDC=true and ARM_OIDC_TOKEN=$CIRCLE_OIDC_TOKEN in the script before terraform, and drop " + name
	}
	return "a program reads the secret from " + name + ": log in with `az login --service-principal --federated-token \"$CIRCLE_OIDC_TOKEN\"`, or give Azure's libraries a file with the token in AZURE_FEDERATED_TOKEN_FILE"
}

// scanEnvironment finds secrets in one physical environment.
func (v *azureView) scanEnvironment(_ *storedUnit, env *circle.Environment) []*storedForm {
	var out []*storedForm
	for _, x := range env.Vars() {
		key := azureValue(x.Text)
		if !isAzureSecret(x.Name, key) || !key.known() || key.name == x.Name {
			continue
		}
		f := &storedForm{owner: v.p.Config.Owner(env.Node), node: env.Node, span: x.Entry.Span(), secret: x.Name, literal: key.literal, values: []string{x.Text}}
		f.message = fmt.Sprintf("the environment sets %s to %s", x.Name, key.secret())
		f.remove, f.advice = []rewrite.Entry{x.Entry}, azureAdvice(x.Name)
		if key.expr {
			f.advice = "the value is an expression: whose secret this is is known only when the pipeline is compiled"
		}
		v.logins[f] = &azureLogin{}
		out = append(out, f)
	}
	return out
}

// claimEnvironments lets a variable of an environment go with the login that reads it, where that alone does and has
// the same owner.
func (v *azureView) claimEnvironments() {
	at := map[rewrite.Node][]*storedForm{}
	for _, f := range v.forms {
		at[f.node] = append(at[f.node], f)
	}
	for _, f := range v.forms {
		if f.step != nil || len(f.remove) == 0 || strings.Contains(f.advice, "expression") {
			continue
		}
		reads, others, program := 0, false, ""
		for _, u := range v.unitsOf(f) {
			for _, x := range u.steps {
				inLogin, elsewhere := v.readsOf(f, x.Step, at)
				reads, others, program = reads+inLogin, others || elsewhere, cmp.Or(program, v.opaque(x.Step))
			}
		}
		switch {
		case reads == 0 || others:
		case program == "" || !slices.Contains(azureTables().Standard, f.secret):
			f.advice = ""
		default:
			f.advice = program + " runs in the job and may log in with " + f.secret + ", which Azure's tools read by themselves: make sure that it does not, or let it log in with CircleCI's token, and drop " + f.secret
		}
	}
}

// readsOf is how often the logins of a step read the secret of an environment, and whether something else in it does. at are
// the forms by where they stand.
func (v *azureView) readsOf(f *storedForm, s *circle.Step, at map[rewrite.Node][]*storedForm) (inLogin int, elsewhere bool) {
	script := v.script(s)
	if script == nil {
		if slices.ContainsFunc(at[s.Node], func(o *storedForm) bool {
			return o.owner == f.owner && o.secret == f.secret && o.blocker == ""
		}) {
			return 1, false // the login of an orb, which a script takes the place of
		}
		return 0, v.orbReads(s, f.secret)
	}
	for _, m := range script.Mentions(f.secret) {
		if slices.ContainsFunc(at[s.Command()], func(o *storedForm) bool {
			return o.owner == f.owner && len(o.edits) > 0 && o.blocker == "" && o.edits[0].Start <= m.Span.Start && m.Span.End <= o.edits[0].End
		}) {
			inLogin++
		} else {
			elsewhere = true
		}
	}
	return inLogin, elsewhere || f.secret == "ARM_CLIENT_SECRET" && slices.ContainsFunc(script.Calls(), runsTerraform)
}

// orbReads reports whether a step of an orb is told of a variable.
func (v *azureView) orbReads(s *circle.Step, name string) bool {
	return s.Kind == circle.CallStep && uses(s.Node, func(text string) bool { return strings.Contains(text, name) })
}

// opaque is what a step runs that may read the standard variables without being told of them; "" for nothing.
func (v *azureView) opaque(s *circle.Step) string {
	if orb, _, ok := s.OrbCall(); ok && s.Callee() == nil && (orb == nil || azureTables().orb(orb.Name()) == nil) {
		return s.Name
	}
	script := v.script(s)
	if script == nil && s.Kind == circle.RunStep {
		return "a script for another shell"
	}
	if script == nil {
		return ""
	}
	for _, c := range script.Calls() {
		if !azureTables().harmless(c) {
			return cmp.Or(c.Name(), "a program")
		}
	}
	return ""
}

// scanOrb finds a login of an orb, or a secret that one is given.
func (v *azureView) scanOrb(s *circle.Step) []*storedForm {
	orb, command, ok := s.OrbCall()
	if !ok || orb == nil || s.Callee() != nil {
		return nil
	}
	f := &storedForm{owner: s.Owner(), span: s.Node.Span(), node: s.Node, step: s}
	if v.element(f, orb, command, s.Name, s.Args()) {
		return []*storedForm{f}
	}
	return nil
}

// scanOrbJobs finds workflow entries that run an orb's job with a login.
func (v *azureView) scanOrbJobs() {
	for _, u := range v.units {
		if u.use == nil {
			continue
		}
		orb, job, ok := u.use.OrbJob()
		f := &storedForm{owner: v.p.Config.Owner(u.use.Key), span: u.use.Node.Span(), node: u.use.Node}
		if ok && orb != nil && v.element(f, orb, job, u.use.JobName, u.use.Args) {
			v.add(u, f)
			f.blocker = cmp.Or(f.blocker, "the orb's job logs in by itself")
		}
	}
}

// element fills in the form of an orb's step or job; it is false for one that shows no login.
func (v *azureView) element(f *storedForm, orb *circle.Orb, element, name string, args rewrite.Node) bool {
	login := &azureLogin{}
	v.logins[f] = login
	table := azureTables().orb(orb.Name())
	known := table != nil && table.knows(orb.Version())
	why, listed := "", false
	if known {
		why, listed = table.login(element, f.step == nil, args)
	}
	if !listed {
		return v.otherElement(f, name, args)
	}
	f.message, f.blocker = name+" logs in to Azure with a stored secret", why
	text := func(parameter string) string {
		if parameter == "" {
			return ""
		}
		return strings.TrimPrefix(args.Get(parameter).Resolve().Value(), "$")
	}
	f.secret = cmp.Or(text(table.Secret), "AZURE_SP_PASSWORD")
	if element == "login-with-user" {
		f.secret = cmp.Or(text("azure-password"), "AZURE_PASSWORD")
	}
	login.user, login.tenant = text(table.User), text(table.Tenant)
	login.usual = login.user == "" || login.tenant == ""
	for _, given := range []string{login.user, login.tenant, f.secret} {
		if strings.Contains(given, "<<") {
			f.blocker = cmp.Or(f.blocker, "the login is given an expression: whose secret this is is known only when the pipeline is compiled")
		}
	}
	return true
}

// otherElement is an element that is not in the table and is given a secret.
func (v *azureView) otherElement(f *storedForm, name string, args rewrite.Node) bool {
	for _, e := range args.Fields() {
		text := strings.TrimPrefix(e.Value().Resolve().Value(), "$")
		if !slices.Contains(azureTables().SecretArguments, e.Name()) || text == "" || strings.Contains(text, "<<") {
			continue
		}
		if !envName.MatchString(text) {
			if f.literal = azureValue(text).literal; !f.literal {
				continue
			}
			f.values = []string{text}
		} else {
			f.secret = text
		}
		f.message, f.blocker = name+" is given the secret of a service principal", "whether "+name+" can log in with CircleCI's token is not known"
		return true
	}
	return false
}
