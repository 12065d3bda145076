// Package setup makes what the fixes of configs rely on from what they say of it: as Terraform, as commands or as a
// list for people. It is a function of its input: it reads no file and no clock, and no order but that of names shows.
package setup

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes"
)

// Repo is what the fixes of one repo rely on.
type Repo struct {
	Host      string // of its remote, such as github.com; "" when it is not known
	Name      string // owner/name, or what the repo is called when that is not known
	Resources []fixes.Resource
}

// Plan is what has to exist outside of some repos, each thing once.
type Plan struct {
	branch   string
	projects []*project
	accounts []*account
	roles    []*role
	gcp      []*gcpAccount
	vault    []*vaultRole
	azure    []*azureCredential
	packages []*publisher
	contexts []*namedContext
	classes  []*class
	stored   []stored
	byHand   []stored // whose context is not known
	inputs   []*input
	names    map[string]bool // identifiers in use
	index    map[string]any  // what is there already, by kind and key
}

// once is what the plan has under a key of its kind, made when it is asked for the first time.
func once[T any](p *Plan, kind, key string, list *[]*T, make func() *T) *T {
	key = kind + "\x00" + key
	if found, known := p.index[key]; known {
		return found.(*T)
	}
	x := make()
	if p.index == nil {
		p.index = map[string]any{}
	}
	p.index[key] = x
	*list = append(*list, x)
	return x
}

// project is a repo as CircleCI sees it.
type project struct {
	Repo
	id string // identifier
}

// input is an id that the configs do not say: a variable for those who apply the plan.
type input struct {
	name string // identifier
	list bool
	text string // what it is and where it is found
	none bool   // the empty list is right as well
}

const orgText = "Id of the CircleCI organisation, a UUID: Organization Settings > Overview"

// New collects what has to exist for repos. With a branch, only jobs on that branch get at the roles.
func New(branch string, repos []Repo) *Plan {
	p := &Plan{branch: branch, names: map[string]bool{}}
	p.input(&input{name: "org_id", text: orgText})
	byName := func(a, b Repo) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host)) }
	for _, r := range slices.SortedStableFunc(slices.Values(repos), byName) {
		if len(r.Resources) > 0 {
			p.addRepo(r)
		}
	}
	p.finish()
	return p
}

// Empty reports whether the fixes rely on nothing that can be made.
func (p *Plan) Empty() bool { return len(p.projects) == 0 }

func (p *Plan) addRepo(r Repo) {
	owner := once(p, "project", r.Host+"/"+r.Name, &p.projects, func() *project { return &project{Repo: r} })
	for _, x := range r.Resources {
		switch x := x.(type) {
		case *fixes.AWSRole:
			p.addRole(owner, x)
		case *fixes.GCPAccount:
			p.addGCP(owner, x)
		case *fixes.VaultRole:
			p.addVault(owner, x)
		case *fixes.AzureCredential:
			p.addAzure(owner, x)
		case *fixes.TrustedPublisher:
			p.addPublisher(owner, x)
		case *fixes.RunnerClass:
			p.addClass(x)
		case *fixes.NamedContext:
			c := p.context(x.Name, owner)
			c.attached = true
			c.variables = addTo(c.variables, x.Variables...)
		}
	}
}

// finish names everything, in the order of names, and works out what the roles may do.
func (p *Plan) finish() {
	slices.SortFunc(p.classes, func(a, b *class) int { return cmp.Compare(a.name, b.name) })
	for _, x := range p.projects {
		_, name, _ := strings.Cut(x.Name, "/")
		x.id = p.identifier("project ", cmp.Or(name, x.Name))
	}
	p.joinRoles()
	p.finishContexts()
	p.finishRoles()
	p.finishGCP()
	p.finishVault()
	p.finishAzure()
	slices.SortStableFunc(p.packages, func(a, b *publisher) int { return cmp.Compare(a.registry, b.registry) })
	p.store()
	slices.SortFunc(p.inputs, func(a, b *input) int { return cmp.Compare(a.name, b.name) })
}

// input adds an unknown id, once.
func (p *Plan) input(in *input) *input {
	return once(p, "input", in.name, &p.inputs, func() *input { return in })
}

// expression is a regular expression that is compiled when it is needed: few commands set anything up.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

var notIdentifier = expression(`[^a-z0-9]+`)

// slug is text as part of an identifier, of bounded length.
func slug(text string) string {
	out := strings.Trim(notIdentifier().ReplaceAllString(strings.ToLower(text), "_"), "_")
	return strings.TrimRight(out[:min(len(out), 60)], "_")
}

// identifier is a name for text that nothing else of its kind has. It begins with a letter.
func (p *Plan) identifier(kind, text string) string {
	base := cmp.Or(slug(text), "x")
	if base[0] >= '0' && base[0] <= '9' {
		base = "n" + base
	}
	name := base
	for i := 2; p.names[kind+name]; i++ {
		name = base + "_" + itoa(i)
	}
	p.names[kind+name] = true
	return name
}

// addTo adds what is not there yet, and keeps the list sorted.
func addTo[T cmp.Ordered](list []T, items ...T) []T {
	for _, x := range items {
		if i, found := slices.BinarySearch(list, x); !found {
			list = slices.Insert(list, i, x)
		}
	}
	return list
}

// users are the projects that a thing is for, in the order of their names.
type users []*project

func (u *users) add(x *project) {
	if !slices.Contains(*u, x) {
		*u = append(*u, x) // projects are met in the order of their names
	}
}

// names are the repos, for people.
func (u users) names() []string {
	var out []string
	for _, x := range u {
		out = append(out, x.Name)
	}
	return out
}
