package fixes

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// azureStaticSecret wants jobs to log in to Azure with CircleCI's OIDC token, in place of a service principal's secret.
// See doc/azure-static-secret.md.
var azureStaticSecret = &Rule{
	ID:         "azure-static-secret",
	Title:      "secret of a service principal of Azure in a job",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the federated credential has to exist first
	Since:      "0.3.0",
	CWE:        []string{"CWE-798", "CWE-522"},
	Triggers:   azureTriggers,
	Run:        runAzureStaticSecret,
	Explain:    explainAzure,
}

func runAzureStaticSecret(p *Pass) error {
	for _, f := range p.azure() {
		p.Report(f)
	}
	return nil
}

func azureFindings(p *Pass) []Finding {
	var out []Finding
	v := newAzureView(p)
	for _, group := range v.groups() {
		b := &azureFix{storedFix: v.newFix(group, "log in to Azure with CircleCI's token"), azure: v}
		out = append(out, b.finding(b.build()))
	}
	return out
}

// azureView is what azure-static-secret sees of one config.
type azureView struct {
	*storedView
	logins map[*storedForm]*azureLogin
	single func() bool // isSingle, once
}

func newAzureView(p *Pass) *azureView {
	v := &azureView{storedView: newStoredView(p), logins: map[*storedForm]*azureLogin{}}
	v.single = sync.OnceValue(v.isSingle)
	v.collect(v.scanStep, v.scanEnvironment)
	v.scanOrbJobs()
	v.readEnvironments()
	v.claimEnvironments()
	return v
}

// azureLogin is what is known of the login of a form.
type azureLogin struct {
	user, tenant string // variables that an orb reads, when they are not its usual ones
	usual        bool   // the orb reads its usual variables
	xtrace       bool   // the login is shown in the log
	byName       bool   // who logs in is told by a name, not by an id
	script       string // that takes the place of an orb's
}

// The variables from which the orb takes who logs in where, when it is told of no others.
const (
	orbClientVar = "AZURE_SP"
	orbTenantVar = "AZURE_SP_TENANT"
)

// readEnvironments lets a login in an orb's place read the orb's usual variables where an environment of the file sets
// them: others would hold one identity for all jobs.
func (v *azureView) readEnvironments() {
	for f, login := range v.logins {
		for _, u := range v.unitsOf(f) {
			if login.usual && login.user == "" && u.setBy(orbClientVar) != nil {
				login.user = orbClientVar
			}
			if login.usual && login.tenant == "" && u.setBy(orbTenantVar) != nil {
				login.tenant = orbTenantVar
			}
		}
		login.usual = login.usual && (login.user == "" || login.tenant == "")
	}
}

// azureFix builds the fix of one owner's forms.
type azureFix struct {
	*storedFix
	azure *azureView
}

// build fills in the fix, or says why there is none.
func (b *azureFix) build() (refusal string) {
	if refusal := b.blocked(); refusal != "" {
		return refusal
	}
	for _, f := range b.group {
		if login := b.azure.logins[f]; login.user != "" || login.usual {
			login.script = b.script(login)
			f.orb = append(f.orb, runPair("Azure login (OIDC)", "", login.script))
		}
	}
	if refusal := b.apply(); refusal != "" {
		return refusal
	}
	b.clear()
	b.judge()
	b.guard()
	b.requireAll()
	b.fix.Relies = b.credentials()
	return ""
}

// The variables that hold what a login needs, where an orb's usual ones stood: those that Azure's own tools read.
const (
	azureClientVar = "AZURE_CLIENT_ID"
	azureTenantVar = "AZURE_TENANT_ID"
)

// script is the login in the place of an orb's.
func (b *azureFix) script(login *azureLogin) string {
	given := b.view.p.Facts.Azure
	part := func(variable, usual, key, fact string) string {
		switch {
		case variable != "":
			return `"$` + variable + `"`
		case fact != "" && b.azure.single():
			b.fix.use(key + "=" + fact)
			return fact
		}
		return `"$` + usual + `"`
	}
	return "az login --service-principal \\\n" +
		"  --username " + part(login.user, azureClientVar, "azure.client_id", given.ClientID) + " \\\n" +
		"  --tenant " + part(login.tenant, azureTenantVar, "azure.tenant_id", given.TenantID) + " \\\n" +
		"  --federated-token \"$CIRCLE_OIDC_TOKEN\"\n"
}

// isSingle reports whether all logins use the same secret from the same place.
func (v *azureView) isSingle() bool {
	out := identities{}
	for _, u := range v.units {
		for _, f := range u.forms {
			whose := strings.Join(f.values, "\x00")
			if f.secret != "" {
				whose, _ = u.storedIn(f.secret)
			}
			out.stored(whose, u.unit)
		}
		for _, x := range u.steps {
			for _, as := range v.principals(x.Step) {
				out.loggedIn(as, v.p.Facts.Azure.ClientID)
			}
		}
	}
	return out.single()
}

// principals are those that a step's script logs in as with a token: "" for one that it does not show.
func (v *azureView) principals(s *circle.Step) []string {
	script := v.script(s)
	if script == nil {
		return nil
	}
	var out []string
	for _, c := range script.Calls() {
		if !c.Is("az", "login") || !hasOption(c, "--federated-token") {
			continue
		}
		user, ok := c.Option("--username")
		if !ok {
			user, _ = c.Option("-u")
		}
		out = append(out, user.Value)
	}
	return out
}

// guard lowers the fix's safety for what the login might break.
func (b *azureFix) guard() {
	for _, u := range b.units {
		if t := u.longest(); t != "" {
			b.lower(&doubt{Unsafe, "a step may run for " + t + ", and CircleCI's token lives for an hour and is not renewed"})
		}
		if image := imageOf(u.unit); azureTables().old(image) {
			b.lower(&doubt{Unsafe, "the Azure CLI of " + image + " takes no token: that came with " + azureTables().FederatedSince})
		}
		for _, x := range u.steps {
			if version := b.installsOld(x.Step); version != "" {
				b.lower(&doubt{Unsafe, "the job installs the Azure CLI " + version + ", which takes no token: that came with " + azureTables().FederatedSince})
			}
			if path := carried(x.Step, "~/.azure"); path != "" {
				b.lower(&doubt{Manual, x.Step.Name + " carries " + path + ", with the login in it, to other jobs"})
			}
		}
	}
	for _, f := range b.group {
		if b.azure.logins[f].xtrace {
			b.lower(&doubt{Unsafe, "the script prints its commands, and CircleCI's token would stand in the log"})
		}
		if b.azure.logins[f].byName {
			b.lower(&doubt{Unsafe, "az logs in by the name of the service principal: with a token it takes the client id of the application"})
		}
	}
}

// installsOld is the release of an Azure CLI that a step installs and that takes no token, "" for none.
func (b *azureFix) installsOld(s *circle.Step) string {
	script := b.view.script(s)
	if script == nil {
		return ""
	}
	for _, c := range script.Calls() {
		for _, w := range c.Args() {
			if version, ok := strings.CutPrefix(w.Value, "azure-cli="); ok && azureTables().oldRelease(strings.Trim(version, "=*")) {
				return strings.Trim(version, "=*")
			}
		}
	}
	return ""
}

// readsOn reports whether a login reads more from the variable with its secret than the secret.
func (b *azureFix) readsOn(f *storedForm) bool {
	if f.step == nil || len(f.edits) == 0 {
		return false
	}
	script := b.view.script(f.step)
	if script == nil {
		return false
	}
	gone := shell.Span{Start: f.edits[0].Start, End: f.edits[0].End}
	begun := sort.Search(len(script.Calls()), func(i int) bool { return script.Calls()[i].Span.Start > gone.Start })
	for _, c := range slices.Backward(script.Calls()[:begun]) {
		if c.Span.Contains(gone) && c.Is("az", "login") {
			return slices.ContainsFunc(script.Mentions(f.secret), func(m shell.Mention) bool {
				return c.Span.Contains(m.Span) && !gone.Contains(m.Span)
			})
		}
	}
	return false
}

func (b *azureFix) requireAll() {
	for _, f := range b.group {
		login := b.azure.logins[f]
		for _, u := range b.view.unitsOf(f) {
			b.fix.require(Prerequisite{Before, "role", "add a federated credential to the application behind " + principal(f, u) + ": issuer https://oidc.circleci.com/org/ORG_ID, " +
				"audience ORG_ID, subject org/ORG_ID/project/PROJECT_ID/user/USER_ID. The subject names the user who starts the pipeline: it takes one for each of them", ""})
			if login.user != "" {
				b.fix.requireIn(u.places(), Before, "check", "make sure that "+login.user+" holds the client id of the application: a name does not do any more")
			}
			if login.usual {
				b.requireVariables(login, u)
			}
		}
	}
	b.requireUsual("try it on a branch first: a job with the login and `az account show`")
	inFile := map[string]bool{} // variables that an environment sets to a literal secret
	for _, f := range b.group {
		if f.step == nil && f.literal {
			inFile[f.secret] = true
		}
	}
	for _, f := range b.group {
		b.requireAfter(f, inFile)
	}
}

// principal is what tells whom a login is for: the variable with the secret that it had, where there is one.
func principal(f *storedForm, u *storedUnit) string {
	if f.secret == "" || f.literal {
		return "the service principal"
	}
	return f.storedBy(u)
}

// requireVariables asks for the variables that the login reads in the place of the orb's usual ones.
func (b *azureFix) requireVariables(login *azureLogin, u *storedUnit) {
	if strings.Contains(login.script, "$"+azureClientVar) {
		b.fix.requireIn(u.places(), Before, "variable", "define "+azureClientVar+" with the client id of the service principal in "+orbClientVar)
	}
	if strings.Contains(login.script, "$"+azureTenantVar) {
		b.fix.requireIn(u.places(), Before, "variable", "define "+azureTenantVar+" with the value of "+orbTenantVar)
	}
}

func (b *azureFix) requireAfter(f *storedForm, inFile map[string]bool) {
	if f.literal {
		b.fix.require(Prerequisite{After, "key", "delete the secret in the file from the application in Azure now: it stays readable in the history of the repository", ""})
		return
	}
	if inFile[f.secret] {
		return // the environment's form says what to do
	}
	what := "that the login had"
	if f.secret != "" {
		for _, u := range b.view.unitsOf(f) {
			stored := f.storedBy(u)
			what = "behind " + stored
			b.requireDeleted(u, stored, b.deletion(f, stored))
		}
	}
	b.fix.require(Prerequisite{After, "key", "delete the client secret " + what + " from the application in Azure: until then nothing is safer than before", ""})
}

// deletion says what is to be done with the variable that holds the secret of a form.
func (b *azureFix) deletion(f *storedForm, stored string) string {
	text := "delete " + stored + " once no other step uses it"
	if b.readsOn(f) {
		text = "take the secret out of " + stored + ": the login reads the rest of it"
	}
	if f.secret == "ARM_CLIENT_SECRET" {
		text += ": Terraform reads " + f.secret + " by itself, and takes ARM_USE_OIDC=true and ARM_OIDC_TOKEN=$CIRCLE_OIDC_TOKEN in its place"
	}
	return text
}
