package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// vaultStaticToken wants jobs to log in to Vault with CircleCI's OIDC token, in place of tokens and credentials that
// somebody stored. See doc/vault-static-token.md.
var vaultStaticToken = &Rule{
	ID:         "vault-static-token",
	Title:      "stored credentials of Vault in a job",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the role has to exist first
	Since:      "0.3.0",
	CWE:        []string{"CWE-798", "CWE-522"},
	Triggers:   anyOf("vault"),
	Run:        runVaultStaticToken,
	Explain:    explainVault,
}

func runVaultStaticToken(p *Pass) error {
	for _, f := range p.vault() {
		p.Report(f)
	}
	return nil
}

func vaultFindings(p *Pass) []Finding {
	var out []Finding
	v := newVaultView(p)
	for _, group := range v.groups() {
		b := &vaultFix{storedFix: v.newFix(group, "log in to Vault with CircleCI's token"), vault: v}
		b.gone = []string{vaultTokenVar}
		out = append(out, b.finding(b.build()))
		for _, u := range b.units {
			u.sites = nil // they are this group's
		}
	}
	return out
}

// vaultView is what vault-static-token sees of one config.
type vaultView struct {
	*storedView
	logins map[*storedForm]*vaultLogin
	local  map[*storedUnit]bool     // of localIn
	read   map[*storedUnit][]string // of reads
	roles  map[string]string        // the variable with the role, by identity; absent where none can be named
	single func() bool              // isSingle, once
}

func newVaultView(p *Pass) *vaultView {
	v := &vaultView{storedView: newStoredView(p), logins: map[*storedForm]*vaultLogin{}, local: map[*storedUnit]bool{}, read: map[*storedUnit][]string{}}
	v.single = sync.OnceValue(v.isSingle)
	v.collect(v.scanStep, v.scanEnvironment)
	v.resolve()
	v.nameRoles()
	return v
}

// resolve has what an environment of the file copies in the place of the variables of a login: they are not the same in
// every job.
func (v *vaultView) resolve() {
	for _, f := range v.forms {
		login := v.logins[f]
		for i, u := range v.unitsOf(f) {
			var names, set []string
			for _, name := range login.names {
				if text, ok := u.storedIn(name); ok {
					names = append(names, text)
				} else {
					names, set = append(names, name), append(set, text)
				}
			}
			if i > 0 && (!slices.Equal(names, login.stored) || !slices.Equal(set, login.set)) {
				f.blocker = cmp.Or(f.blocker, "the same step logs in with the credentials of several environments")
			}
			login.stored, login.set = names, set
		}
		if len(login.names) > 0 && !slices.Equal(login.names, login.stored) {
			login.identity = strings.Replace(login.identity, strings.Join(login.names, " and "), strings.Join(login.stored, " and "), 1)
			login.names = login.stored
		}
	}
}

// vaultLogin is what is known of the login of a form.
type vaultLogin struct {
	identity string // whose credentials these are: the names of their variables, or what stands in the file
	names    []string
	stored   []string    // the same, or what an environment of the file copies to them
	set      []string    // what an environment sets some of them to
	places   bool        // a step with a login has to stand before the form's step
	address  string      // of the server, as a script has it; "" for the one in the environment
	curl     bool        // the job talks to Vault with curl
	like     *shell.Call // of curl, which reaches the server; nil for another login
	file     bool        // the login puts the token into ~/.vault-token
	write    func(f *storedForm, role string)
}

// vaultFix builds the fix of one owner's forms.
type vaultFix struct {
	*storedFix
	vault *vaultView
}

// build fills in the fix, or says why there is none.
func (b *vaultFix) build() (refusal string) {
	if refusal := b.blocked(); refusal != "" {
		return refusal
	}
	for _, f := range b.group {
		role, refusal := b.role(f)
		if refusal != "" {
			return refusal
		}
		if write := b.vault.logins[f].write; write != nil {
			write(f, role)
		}
	}
	for _, part := range []func() string{b.apply, b.logIn} {
		if refusal := part(); refusal != "" {
			return refusal
		}
	}
	b.clear()
	b.judge()
	b.guard()
	b.requireAll()
	return ""
}

// role is how a form's login names its role: the fact, where the file shows one identity only, or a variable.
func (b *vaultFix) role(f *storedForm) (role, refusal string) {
	if given := b.view.p.Facts.Vault.Role; given != "" && b.vault.single() {
		b.fix.use("vault.role=" + given)
		return given, ""
	}
	name, ok := b.vault.roles[b.vault.logins[f].key()]
	if !ok {
		return "", "the file uses several identities of Vault, and nothing here gives a name for the variable with this one's role"
	}
	return "$" + name, ""
}

// isSingle reports whether all that use Vault are one identity. A job whose credentials the file does not show is one of its
// own: a fix may have moved its token into a context.
func (v *vaultView) isSingle() bool {
	out := identities{}
	for _, u := range v.units {
		roles := v.tokenRoles(u)
		for _, f := range u.forms {
			out.stored(v.whose(f), u.unit)
		}
		for _, as := range roles {
			out.loggedIn(as, v.p.Facts.Vault.Role)
		}
		unseen := len(u.forms)+len(roles) == 0 && !v.localIn(u)
		if unseen && slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return v.uses(x.Step) }) {
			out.stored("", u.unit)
		}
	}
	return out.single()
}

// whose tells forms apart by their credentials.
func (v *vaultView) whose(f *storedForm) string {
	if f.literal {
		return strings.Join(f.values, "\x00")
	}
	return v.logins[f].key()
}

// key tells logins apart.
func (l *vaultLogin) key() string {
	return strings.Join(append([]string{l.identity}, l.set...), "\x00")
}

// nameRoles finds the variable with the role for every identity: VAULT_ROLE where there is one only, and else the same
// with the prefix or suffix of the credentials' variables. Logins that are there count as well: a fix may have made them.
func (v *vaultView) nameRoles() {
	v.roles = map[string]string{}
	ids := map[string]bool{}
	for _, f := range v.forms {
		ids[v.whose(f)] = true
	}
	if len(ids) == 1 && !slices.ContainsFunc(v.units, func(u *storedUnit) bool { return len(v.tokenRoles(u)) > 0 }) {
		v.roles[v.logins[v.forms[0]].key()] = "VAULT_ROLE"
		return
	}
	taken := map[string]int{}
	for _, f := range v.forms {
		login := v.logins[f]
		if v.roles[login.key()] != "" {
			continue
		}
		for _, name := range login.names {
			if prefix, suffix, ok := stem(name, vaultTables().Stems); ok {
				v.roles[login.key()] = prefix + "VAULT_ROLE" + suffix
				taken[v.roles[login.key()]]++
				break
			}
		}
	}
	for id, name := range v.roles {
		if taken[name] > 1 {
			delete(v.roles, id)
		}
	}
}

// logIn puts a login before the first step that needs one, in every unit of a form that brings a token along.
func (b *vaultFix) logIn() (refusal string) {
	for _, u := range b.units {
		if b.takesTurns(u) {
			return "the job uses Vault as several identities in turn, and one login would take the place of all"
		}
		b.findSites(u)
	}
	for _, u := range b.units {
		for _, s := range u.sites {
			f := b.formAt(u)
			script, refusal := b.script(u, f, s)
			if refusal != "" {
				return refusal
			}
			when := s.step.RunWhen()
			if when != "always" && when != "on_fail" {
				when = ""
			}
			if refusal := b.insert(s, runStep("Vault login (OIDC)", when, script)); refusal != "" {
				return refusal
			}
		}
	}
	return ""
}

// takesTurns reports whether a unit brings along tokens of several identities.
func (b *vaultFix) takesTurns(u *storedUnit) bool {
	first := b.formAt(u)
	return first != nil && slices.ContainsFunc(u.forms, func(f *storedForm) bool {
		login, other := b.vault.logins[f], b.vault.logins[first]
		return b.grouped[f] && login.places && (!slices.Equal(login.names, other.names) || f.literal && !slices.Equal(f.values, first.values))
	})
}

// findSites finds where a unit needs its login: before the first step that brings its token along, or uses one that
// the environment holds.
func (b *vaultFix) findSites(u *storedUnit) {
	steps := map[rewrite.Node]bool{}
	environment := false
	for _, f := range u.forms {
		if !b.grouped[f] || !b.vault.logins[f].places {
			continue
		}
		if environment = environment || f.step == nil; f.step != nil {
			steps[f.step.Node] = true
		}
	}
	if environment && !slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return b.vault.uses(x.Step) || b.vault.reader(x.Step) != "" }) {
		b.lower(&doubt{Unsafe, "no step of " + u.name + " shows that it uses Vault: where the login has to stand is not known"})
		if first := u.firstRun(); first != nil {
			u.addSite(circle.Visit{Step: first}, false)
		}
	}
	installed := b.vault.lastInstaller(u)
	for i, x := range u.steps {
		reader := ""
		if environment {
			reader = b.vault.reader(x.Step)
		}
		if reader != "" && i < installed {
			b.lower(&doubt{Unsafe, reader + " may use the token, and vault is installed only behind it"})
			reader = ""
		}
		needs := reader != "" || environment && b.vault.uses(x.Step) || steps[x.Step.Node]
		if needs && !u.dominated(x) {
			u.addSite(x, false)
		}
	}
}

// formAt is the form that a unit's login takes the place of; nil where the unit needs none.
func (b *vaultFix) formAt(u *storedUnit) *storedForm {
	i := slices.IndexFunc(u.forms, func(f *storedForm) bool { return b.grouped[f] && b.vault.logins[f].places })
	if i < 0 {
		return nil
	}
	return u.forms[i]
}

// guard lowers the fix's safety for what the login might break.
func (b *vaultFix) guard() {
	for _, u := range b.units {
		if len(u.sites) > 0 {
			b.lower(bashDoubt(u.unit))
		}
		for _, s := range u.sites {
			b.lower(b.clientDoubt(u, s))
		}
		for _, x := range u.steps {
			b.lower(b.fileDoubt(x.Step))
			if x.Step.Kind == circle.BuiltinStep && len(u.sites) > 0 {
				if path := carried(x.Step, "~/.vault-token", "$BASH_ENV"); path != "" {
					b.lower(&doubt{Manual, fmt.Sprintf("%s carries %s, with a token in it, to other jobs", x.Step.Name, path)})
				}
			}
		}
	}
	for _, f := range b.group {
		if f.step != nil && b.vault.logins[f].places {
			b.lower(conditionDoubt(b.view.script(f.step), f.parts))
		}
	}
	if b.edits((*shell.Script).Traced) {
		b.lower(&doubt{Unsafe, "the script prints its commands, and CircleCI's token would stand in the log"})
	}
}

// fileDoubt says when a step uses the file that `vault login` leaves its token in, and the new login does not.
func (b *vaultFix) fileDoubt(s *circle.Step) *doubt {
	script := b.view.script(s)
	if script == nil || !slices.ContainsFunc(b.group, func(f *storedForm) bool { return b.vault.logins[f].file }) {
		return nil
	}
	for _, c := range script.Calls() {
		for w := range callWords(c, nil) {
			if strings.Contains(w.Value, "/.vault-token") && !harmless(c) {
				return &doubt{Manual, fmt.Sprintf("line %d uses ~/.vault-token, which the new login does not write", lineOf(s.Command(), c.Span))}
			}
		}
	}
	return nil
}

func (b *vaultFix) requireAll() {
	facts := b.view.p.Facts.Vault
	mount := cmp.Or(facts.AuthPath, vaultMount)
	if facts.AuthPath != "" {
		b.fix.use("vault.auth_path=" + facts.AuthPath)
	}
	b.fix.require(Prerequisite{Before, "role", "enable Vault's JWT auth method at " + mount + ", with https://oidc.circleci.com/org/ORG_ID as oidc_discovery_url and bound_issuer: Vault itself has to reach that address", ""})
	for _, f := range b.group {
		role, _ := b.role(f)
		what := "a role in it"
		if role[0] != '$' {
			what = "the role " + role + " in it"
		}
		b.fix.require(Prerequisite{Before, "role", "create " + what + " with the policies of " + b.vault.logins[f].identity +
			": role_type=jwt user_claim=sub bound_audiences=ORG_ID bound_claims='{\"oidc.circleci.com/project-id\":\"PROJECT_ID\"}'", ""})
		for _, u := range b.view.unitsOf(f) {
			if role[0] == '$' {
				b.fix.requireIn(u.places(), Before, "variable", "define "+role[1:]+" with the name of that role")
			}
		}
	}
	b.requireUsual("try it on a branch first: a job with the login and `vault token lookup`")
	for _, f := range b.group {
		b.requireAfter(f)
	}
	b.fix.Relies = b.vaultRoles()
}

func (b *vaultFix) requireAfter(f *storedForm) {
	if f.literal {
		b.fix.require(Prerequisite{After, "key", "revoke the secret in the file in Vault now: it stays readable in the history of the repository", ""})
		return
	}
	for _, name := range b.vault.logins[f].names {
		for _, u := range b.view.unitsOf(f) {
			b.requireDeleted(u, name, "delete "+name+" once no other step uses it")
		}
	}
	b.fix.require(Prerequisite{After, "key", "revoke " + b.vault.logins[f].identity + " in Vault: until then nothing is safer than before", ""})
}
