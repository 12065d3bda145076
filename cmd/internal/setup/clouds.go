package setup

import (
	"cmp"
	"slices"
	"strings"

	"cfgfix/fixes"
)

// gcpAccount is a service account that jobs act as.
type gcpAccount struct {
	id        string
	email     string // "" when nobody says it: then it is an input
	variable  string // that holds it, or ""
	at        place
	all       places // of all uses: where the old keys are stored
	users     users
	pool      [3]string // number, pool and provider, as far as the facts say them
	variables []fixes.GCPVariable
	images    []string
	keys      []string
	keyVars   []string
	jobs      []string
}

func (p *Plan) addGCP(user *project, g *fixes.GCPAccount) {
	at := p.placeOf(g.Use, user)
	variable := ""
	for _, v := range g.Variables {
		if v.Fact == "service_account" && variableName().MatchString(v.Name) {
			variable = v.Name
		}
	}
	key := g.ServiceAccount
	if key == "" || variable != "" {
		key += " " + variable + " " + at.key()
	}
	x := once(p, "gcp", key, &p.gcp, func() *gcpAccount { return &gcpAccount{email: g.ServiceAccount, variable: variable, at: at} })
	x.users.add(user)
	x.at.projects.add(user)
	x.all.add(at)
	x.pool = [3]string{cmp.Or(x.pool[0], g.ProjectNumber), cmp.Or(x.pool[1], g.Pool), cmp.Or(x.pool[2], g.Provider)}
	for _, v := range g.Variables {
		if !slices.Contains(x.variables, v) && variableName().MatchString(v.Name) {
			x.variables = append(x.variables, v)
		}
	}
	x.images, x.keyVars, x.jobs = addTo(x.images, g.Images...), addTo(x.keyVars, g.KeyVars...), addTo(x.jobs, g.Jobs...)
	if g.Keys != "" {
		x.keys = addTo(x.keys, g.Keys)
	}
}

func (p *Plan) finishGCP() {
	if len(p.gcp) == 0 {
		return
	}
	p.input(&input{name: "gcp_project", text: "Id of the Google Cloud project that holds the workload identity pool"})
	title := func(x *gcpAccount) string {
		if name, _, ok := strings.Cut(x.email, "@"); ok {
			return name
		}
		return x.at.title() + "_" + strings.TrimSuffix(strings.Replace(x.variable, "OIDC_SERVICE_ACCOUNT_EMAIL", "", 1), "_")
	}
	slices.SortStableFunc(p.gcp, func(a, b *gcpAccount) int {
		return cmp.Or(cmp.Compare(title(a), title(b)), cmp.Compare(a.at.key(), b.at.key()))
	})
	for _, x := range p.gcp {
		x.id = "gcp_" + p.identifier("gcp ", title(x))
		if x.email == "" {
			p.input(&input{name: x.id + "_service_account", text: "Address of the service account behind " + strings.Join(x.keys, ", ") + " of " + x.at.String()})
		}
	}
}

// poolName is the id of one of the pool and its provider: what the facts say, else ours.
func (p *Plan) poolName(part int) string {
	for _, x := range p.gcp {
		if name := x.pool[part]; name != "" && plain(name) && !strings.HasPrefix(name, "-") {
			return name
		}
	}
	return "circleci"
}

// longSubject reports whether images are pulled with workload identity, for which the pool has to shorten the subject.
func (p *Plan) longSubject() bool {
	return slices.ContainsFunc(p.gcp, func(x *gcpAccount) bool { return len(x.images) > 0 })
}

// garRepository is an image's repository in Artifact Registry.
type garRepository struct{ location, project, name string }

// garOf is the repository of an image in Google's registries.
func garOf(image string) garRepository {
	parts := strings.SplitN(image, "/", 4)
	host := parts[0]
	if location, ok := strings.CutSuffix(host, "-docker.pkg.dev"); ok && len(parts) > 2 {
		return garRepository{location, parts[1], parts[2]}
	}
	location := map[string]string{"eu.gcr.io": "europe", "asia.gcr.io": "asia"}[host]
	if len(parts) > 1 {
		return garRepository{cmp.Or(location, "us"), parts[1], host}
	}
	return garRepository{}
}

// repositories are those that the account pulls from, each once. A part that begins with a dash names nothing: a command
// would take it for an option.
func (x *gcpAccount) repositories() []garRepository {
	var out []garRepository
	for _, image := range x.images {
		if r := garOf(image); r.name != "" && !strings.Contains(" "+r.name+" "+r.location+" "+r.project, " -") && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// variableName is what a variable can be called.
var variableName = expression(`^[A-Za-z_][A-Za-z0-9_]*$`)

// addVariables adds those that can be: their names become part of scripts.
func addVariables(to, more map[string]string) {
	for fact, name := range more {
		if variableName().MatchString(name) {
			to[fact] = name
		}
	}
}

// vaultRole is a role of Vault's JWT method.
type vaultRole struct {
	id        string
	name      string // "" when nobody says it: then it is named after the place
	path      string // of the method
	variables map[string]string
	at        place
	all       places // of all uses: where the old keys are stored
	users     users
	reads     []string
	keyVars   []string
	jobs      []string
}

func (p *Plan) addVault(user *project, v *fixes.VaultRole) {
	at := p.placeOf(v.Use, user)
	path := cmp.Or(v.AuthPath, "jwt")
	x := once(p, "vault", path+" "+cmp.Or(v.Role, at.key()), &p.vault, func() *vaultRole {
		return &vaultRole{name: v.Role, path: path, at: at, variables: map[string]string{}}
	})
	x.users.add(user)
	x.at.projects.add(user)
	x.all.add(at)
	addVariables(x.variables, v.Variables)
	x.reads, x.keyVars, x.jobs = addTo(x.reads, v.Reads...), addTo(x.keyVars, v.KeyVars...), addTo(x.jobs, v.Jobs...)
}

func (p *Plan) finishVault() {
	slices.SortStableFunc(p.vault, func(a, b *vaultRole) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.at.key(), b.at.key()))
	})
	for _, x := range p.vault {
		x.id = "vault_" + p.identifier("vault ", cmp.Or(x.name, x.at.title()))
		if x.name == "" {
			x.name = "circleci-" + strings.ReplaceAll(slug(x.at.title()), "_", "-")
		}
		p.input(&input{name: x.id + "_policies", list: true, text: "Vault policies that the jobs " + few(x.jobs) + " need" + x.shows()})
	}
}

// shows is what the jobs visibly read, in words.
func (x *vaultRole) shows() string {
	if len(x.reads) == 0 {
		return ": what they read is not shown"
	}
	return "; they read " + strings.Join(x.reads, ", ")
}

// azureCredential is a federated credential of an application.
type azureCredential struct {
	id        string
	client    string // "" when nobody says it: then there is an input
	input     string
	variables map[string]string
	at        place
	all       places // of all uses: where the old keys are stored
	users     users
	keyVars   []string
	jobs      []string
}

func (p *Plan) addAzure(user *project, a *fixes.AzureCredential) {
	at := p.placeOf(a.Use, user)
	x := once(p, "azure", cmp.Or(a.ClientID, at.key()), &p.azure, func() *azureCredential {
		return &azureCredential{client: a.ClientID, at: at, variables: map[string]string{}}
	})
	x.users.add(user)
	x.at.projects.add(user)
	x.all.add(at)
	addVariables(x.variables, a.Variables)
	x.keyVars, x.jobs = addTo(x.keyVars, a.KeyVars...), addTo(x.jobs, a.Jobs...)
}

func (p *Plan) finishAzure() {
	slices.SortStableFunc(p.azure, func(a, b *azureCredential) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.at.key(), b.at.key()))
	})
	for _, x := range p.azure {
		x.id = "azure_" + p.identifier("azure ", x.at.title())
		if x.client == "" {
			x.input = x.id + "_client_id"
			p.input(&input{name: x.input, text: "Client id of the application that the jobs " + few(x.jobs) + " log in as"})
		}
		p.input(&input{name: "azure_user_ids", list: true, text: "Ids of the CircleCI users who start the jobs that log in to Azure: the subject of a federated credential names the user, so that each has one"})
	}
}

// publisher is a package registry that has to trust projects.
type publisher struct {
	registry string
	all      places
	users    users
	keyVars  []string
	jobs     []string
}

func (p *Plan) addPublisher(user *project, r *fixes.TrustedPublisher) {
	x := once(p, "packages", r.Registry, &p.packages, func() *publisher { return &publisher{registry: r.Registry} })
	x.users.add(user)
	x.all.add(p.placeOf(r.Use, user))
	x.keyVars, x.jobs = addTo(x.keyVars, r.KeyVars...), addTo(x.jobs, r.Jobs...)
}

// byHand is what has to be done at the registry, which has no interface for it, in words.
func (x *publisher) byHand() string {
	return "By hand at " + x.registry + ": CircleCI as a trusted publisher of the packages of " + strings.Join(x.users.names(), ", ") + " (jobs " + few(x.jobs) +
		"), with the ids of the organisation, of the project and of its pipeline definition (Project Settings > Project Setup)"
}
