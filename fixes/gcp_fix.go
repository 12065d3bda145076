package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// gcpFix builds the fix of one owner's forms.
type gcpFix struct {
	view     *gcpView
	group    []*gcpForm
	units    []*gcpUnit
	files    []string                      // key files that are no longer written
	removed  map[rewrite.Node][]shell.Span // parts of scripts that go away
	swapped  map[rewrite.Node]bool         // steps whose script becomes the login
	emptied  []*circle.Step                // steps of which nothing is left
	replaced map[rewrite.Node]bool         // those among them that become the login
	path     bool                          // Google's libraries are told of a key file
	fix      *Fix
	refusal  string // why there is no fix
}

// build fills in the fix but for its orbs, or says why there is none.
func (b *gcpFix) build() (refusal string) {
	for _, f := range b.group {
		if f.blocker != "" {
			return f.blocker
		}
		b.files = append(b.files, f.files...)
		for _, u := range b.view.unitsOf(f) {
			if !slices.Contains(b.units, u) {
				b.units = append(b.units, u)
			}
		}
	}
	for _, u := range b.units {
		if !b.view.p.Config.Look(len(u.steps)) {
			return tooMuch
		}
		if u.mixed != "" {
			return u.mixed
		}
		b.resolveFiles(u)
	}
	for _, part := range []func() string{b.remove, b.logIn} {
		if refusal := part(); refusal != "" {
			return refusal
		}
	}
	b.judge()
	b.require()
	b.fix.Relies = b.accounts()
	return ""
}

// resolveFiles adds the key files that a unit's environments hold the paths of, where a script names them by the variable.
func (b *gcpFix) resolveFiles(u *gcpUnit) {
	for _, env := range u.allEnvironments() {
		for _, x := range env.Vars() {
			if x.Name != adcVar && (b.isKeyFile("$"+x.Name) || b.isKeyFile("${"+x.Name+"}")) {
				b.files = append(b.files, cleanPath(x.Text))
			}
		}
	}
}

// isKeyFile reports whether a path is one of the key files that go away.
func (b *gcpFix) isKeyFile(file string) bool { return slices.Contains(b.files, file) }

// remove adds the operations that take the keys out of scripts and environments, with what only serves the key files.
func (b *gcpFix) remove() (refusal string) {
	b.removed, b.swapped, b.replaced = map[rewrite.Node][]shell.Span{}, map[rewrite.Node]bool{}, map[rewrite.Node]bool{}
	for _, f := range b.group {
		for _, e := range f.remove {
			b.fix.Ops = append(b.fix.Ops, removeVariable(b.view.p.Config, e)...)
		}
	}
	done := map[rewrite.Node]bool{}
	for _, u := range b.units {
		for _, e := range b.pathVariables(u) {
			b.path = true
			b.fix.Ops = append(b.fix.Ops, removeVariable(b.view.p.Config, e)...)
		}
		for _, x := range u.steps {
			if s := b.view.stepOf(x.Step); s.script() != nil && !done[s.text] && s.step.Owner() == b.group[0].owner {
				done[s.text] = true
				if refusal := b.removeFrom(s); refusal != "" {
					return refusal
				}
			}
		}
	}
	return ""
}

// pathVariables are the variables of the unit's environments that name a key file to Google's libraries, where they
// stand in the owner's text, or elsewhere for the fix's units alone.
func (b *gcpFix) pathVariables(u *gcpUnit) []rewrite.Entry {
	var out []rewrite.Entry
	for _, env := range u.allEnvironments() {
		for _, x := range env.Vars() {
			if x.Name == adcVar && b.isKeyFile(cleanPath(x.Text)) && b.has(env) {
				out = append(out, x.Entry)
			}
		}
	}
	return out
}

// has reports whether an environment is the owner's, or serves no other unit than those of the fix.
func (b *gcpFix) has(env *circle.Environment) bool {
	c := b.view.p.Config
	return c.Owner(env.Node) == b.group[0].owner || stranger(c, env.Node, placements(b.units)) == ""
}

// removeFrom takes the keys out of a script, and the step away when nothing is left that does something. A step that
// an anchor shares and that only logs in becomes the login itself.
func (b *gcpFix) removeFrom(s *gcpStep) (refusal string) {
	parts := tending(s.script(), b.isKeyFile)
	for _, a := range s.adcs() {
		if b.isKeyFile(a.file) {
			parts, b.path = append(parts, a.part), true
		}
	}
	if f := s.form; f != nil && slices.Contains(b.group, f) {
		parts = slices.Concat(parts, f.parts, printsOnly(s.script(), []string{f.key.name}))
	}
	if len(parts) == 0 {
		return ""
	}
	parts = append(parts, namings(s.script(), b.isKeyFile, shell.NewSpans(parts...))...)
	b.removed[s.text] = parts
	if refusal := setsBeside(s.script(), parts, adcVar); refusal != "" {
		return refusal
	}
	ops, emptied, refusal := takeOut(s.text, s.script(), parts)
	if refusal != "" {
		return refusal
	}
	if !emptied {
		b.fix.Ops = append(b.fix.Ops, ops...)
		return ""
	}
	_, refusal = removeStep(s.step)
	if refusal != "" && s.form != nil && s.form.logsIn {
		b.swapped[s.step.Node] = true
		return ""
	}
	b.emptied = append(b.emptied, s.step)
	return refusal
}

// logIn adds the operations that give every unit its login, once. A step of which nothing is left gives its place to
// the login, or goes.
func (b *gcpFix) logIn() (refusal string) {
	defer func() {
		for _, s := range b.emptied {
			if !b.replaced[s.Node] {
				ops, _ := removeStep(s)
				b.fix.Ops = append(b.fix.Ops, ops...)
			}
		}
	}()
	placed := map[rewrite.Node]gcpLogin{}
	for _, u := range b.units {
		for _, s := range u.sites {
			if s.given {
				continue
			}
			login, refusal := b.login(u, s.step)
			if refusal != "" {
				return refusal
			}
			if other, met := placed[s.step.Node]; met && other != login {
				return "the same steps are used with several service accounts: each needs a login of its own"
			}
			placed[s.step.Node] = login
			if refusal := b.place(s, login); refusal != "" {
				return refusal
			}
		}
	}
	return ""
}

// unnamedAccount is why there is no login in the place of a key.
const unnamedAccount = "the file uses several service accounts, so that one cannot serve them all, and what the key is called gives no name for a variable with its own: " +
	"keep it in one such as PROD_GCLOUD_SERVICE_KEY"

// login is what a unit's login is given.
func (b *gcpFix) login(u *gcpUnit, s *circle.Step) (login gcpLogin, refusal string) {
	given := b.view.facts()
	account, ok := b.view.accountVariable(u, b.key())
	if !ok && given.ServiceAccount == "" {
		return gcpLogin{}, unnamedAccount
	}
	facts := given.facts(account)
	for _, f := range facts {
		if f.value != "" {
			b.fix.use(f.key + "=" + f.value)
		}
	}
	login = gcpLogin{number: facts[0].text(), pool: facts[1].text(), provider: facts[2].text(), account: facts[3].text(), project: projectOf(u.forms)}
	if when := s.RunWhen(); when == "always" || when == "on_fail" {
		login.when = when
	}
	return login, ""
}

// key is the name of the key that the group uses.
func (b *gcpFix) key() string { return b.group[0].key.name }

func (b *gcpFix) agreed(s site) bool { return s.agreed(placements(b.view.running(s.step))) }

// place adds the operation that puts a login at a site.
func (b *gcpFix) place(s site, login gcpLogin) (refusal string) {
	if b.swapped[s.step.Node] {
		text := b.view.stepOf(s.step).text
		b.fix.Ops = append(b.fix.Ops, shared(text, rewrite.Replace(text, rewrite.LiteralText(login.script())))...)
		return ""
	}
	step, refusal := s.target(b.agreed, false)
	if refusal != "" {
		return refusal
	}
	if other := bystander(b.view.p.Config, step, placements(b.units)); other != "" {
		return "the steps are shared through an anchor with " + other + ", which does not use this key"
	}
	if slices.ContainsFunc(b.emptied, func(s *circle.Step) bool { return s.Node == step.Node }) {
		b.replaced[step.Node] = true
		b.fix.Ops = append(b.fix.Ops, shared(step.Entry.Parent(), rewrite.Replace(step.Item, login.step()))...)
		b.fix.Ops = append(b.fix.Ops, removeDefinitions(step)...)
		return ""
	}
	b.fix.Ops = append(b.fix.Ops, shared(step.Entry.Parent(), rewrite.InsertBefore(step.Entry, rewrite.Item(login.step())))...)
	return ""
}

// convertOrbs gives the elements of orbs workload identity. An orb whose steps change their names is raised where all
// its steps go along, and else declared once more in the version to use.
func convertOrbs(fixes []*gcpFix) {
	var clean []*gcpForm // of fixes that will be applied
	for _, b := range fixes {
		if b.refusal == "" && b.fix.Safety == Setup && len(b.fix.Needs) == 0 {
			clean = append(clean, b.group...)
		}
	}
	for _, b := range fixes {
		for _, f := range b.group {
			if f.orb == nil || b.refusal != "" {
				continue
			}
			b.refusal = b.convert(f, clean)
		}
	}
}

// convert adds the operations for one element.
func (b *gcpFix) convert(f *gcpForm, clean []*gcpForm) (refusal string) {
	account, refusal := b.orbAccount(f)
	if refusal != "" {
		return refusal
	}
	if !f.orb.moves() {
		b.fix.Ops = append(b.fix.Ops, f.orb.convert(account)...)
		return ""
	}
	use := gcpTables().orb(gcpCLI).Use
	if b.view.raises(f.orb.orb, clean) {
		b.fix.Ops = append(b.fix.Ops, raiseOrb(f.orb.orb, use)...)
		return b.moveAll(f.orb.orb, clean)
	}
	alias, ops, refusal := declareOrb(f.orb.step.Config(), gcpCLI, use)
	if refusal != "" {
		return refusal
	}
	moved, refusal := f.orb.move(alias, account)
	b.fix.Ops = append(b.fix.Ops, slices.Concat(ops, moved)...)
	return refusal
}

// raises reports whether the orb is raised for all its steps. A comment may suppress one of them, which then would be
// left with a version that does not know it.
func (v *gcpView) raises(orb *circle.Orb, clean []*gcpForm) bool {
	if v.p.fileMentions("cfgfix:") || !v.raisable(orb, clean) {
		return false
	}
	return !slices.ContainsFunc(clean, func(f *gcpForm) bool {
		if f.orb == nil || f.orb.orb != orb {
			return false
		}
		_, refusal := f.orb.move(orb.Alias, "")
		return refusal != ""
	})
}

// moveAll moves every step of an orb that is raised: a version where some are called by their old names would be none.
func (b *gcpFix) moveAll(orb *circle.Orb, clean []*gcpForm) (refusal string) {
	for _, f := range clean {
		if f.orb == nil || f.orb.orb != orb {
			continue
		}
		account, refusal := b.orbAccount(f)
		if refusal != "" {
			return refusal
		}
		ops, refusal := f.orb.move(orb.Alias, account)
		if refusal != "" {
			return refusal
		}
		b.fix.Ops = append(b.fix.Ops, ops...)
	}
	return ""
}

// orbAccount is the variable with the service account that an element has to be given, "" for the orb's default.
func (b *gcpFix) orbAccount(f *gcpForm) (account, refusal string) {
	for _, u := range b.view.unitsOf(f) {
		name, ok := b.view.accountVariable(u, f.key.name)
		switch {
		case !ok:
			return "", unnamedAccount
		case account != "" && account != name:
			return "", "the step is used with several service accounts"
		}
		account = name
	}
	if account == gcpAccountVar {
		account = ""
	}
	return account, ""
}
