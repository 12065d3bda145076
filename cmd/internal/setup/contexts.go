package setup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cfgfix/fixes"
)

func itoa(i int) string { return strconv.Itoa(i) }

// namedContext is a context that fixes put jobs in, or that holds variables for them.
type namedContext struct {
	name      string
	id        string // identifier
	named     bool   // the configs name it already, so it is there
	attached  bool   // fixes put jobs in it
	users     users
	variables []string // that others fill
}

// context is the context of that name, for one more project.
func (p *Plan) context(name string, user *project) *namedContext {
	c := once(p, "context", name, &p.contexts, func() *namedContext { return &namedContext{name: name} })
	c.users.add(user)
	return c
}

// places are different places, in the order in which they were met.
type places []place

func (list *places) add(more ...place) {
	for _, x := range more {
		i := slices.IndexFunc(*list, func(o place) bool { return o.key() == x.key() })
		if i < 0 {
			*list = append(*list, x)
			continue
		}
		for _, u := range x.projects {
			(*list)[i].projects.add(u)
		}
	}
}

func (list places) String() string {
	var out []string
	for _, x := range list {
		out = append(out, x.String())
	}
	return strings.Join(out, ", ")
}

// finishContexts names the contexts that hold something for the fixes, or are to, and drops the others.
func (p *Plan) finishContexts() {
	used := map[*namedContext]bool{}
	use := func(all places) {
		for _, at := range all {
			for _, c := range at.contexts {
				used[c] = true
			}
		}
	}
	for _, x := range p.roles {
		use(x.all)
	}
	for _, x := range p.gcp {
		use(x.all)
	}
	for _, x := range p.vault {
		use(x.all)
	}
	for _, x := range p.azure {
		use(x.all)
	}
	for _, x := range p.packages {
		use(x.all)
	}
	p.contexts = slices.DeleteFunc(p.contexts, func(c *namedContext) bool { return !c.attached && !used[c] })
	slices.SortFunc(p.contexts, func(a, b *namedContext) int { return cmp.Compare(a.name, b.name) })
	for _, c := range p.contexts {
		c.id = p.identifier("context ", c.name)
	}
}

// place is where variables of a use are stored: in one context, in one of several, or in projects.
type place struct {
	contexts []*namedContext
	hidden   []string // the contexts as they are written, when an expression names one: then nothing is stored there
	projects users
}

// placeOf is where the variables of a use are stored. Beside a context that an expression names no other one is known to
// be the place, and the project is not either.
func (p *Plan) placeOf(u fixes.Use, user *project) place {
	var out place
	for _, name := range slices.Sorted(slices.Values(u.Contexts)) {
		if strings.Contains(name, "<<") {
			out.hidden = slices.Sorted(slices.Values(u.Contexts))
			continue
		}
		c := p.context(name, user)
		c.named = true
		if !slices.Contains(out.contexts, c) {
			out.contexts = append(out.contexts, c)
		}
	}
	if len(out.hidden) > 0 {
		out.contexts = nil
	}
	out.projects.add(user)
	return out
}

// key tells places apart.
func (x place) key() string {
	if len(x.contexts) == 0 {
		return strings.Join(append([]string{"project " + x.projects[0].Host + "/" + x.projects[0].Name}, x.hidden...), "\x00")
	}
	return "contexts " + strings.Join(x.names(), "\x00")
}

func (x place) names() []string {
	var out []string
	for _, c := range x.contexts {
		out = append(out, c.name)
	}
	return out
}

// title names the place for identifiers: by its context, or by its project when there is not one alone.
func (x place) title() string {
	if len(x.contexts) == 1 {
		return x.contexts[0].name
	}
	_, name, _ := strings.Cut(x.projects[0].Name, "/")
	return cmp.Or(name, x.projects[0].Name)
}

// String is the place for people.
func (x place) String() string {
	switch len(x.contexts) {
	case 0:
		switch len(x.hidden) {
		case 0:
			return "the project " + strings.Join(x.projects.names(), ", ")
		case 1:
			return "the context that " + x.hidden[0] + " names"
		default:
			return "one of the contexts " + strings.Join(x.hidden, ", ")
		}
	case 1:
		return "the context " + x.contexts[0].name
	default:
		return "one of the contexts " + strings.Join(x.names(), ", ")
	}
}

// class is the resource class of a runner.
type class struct {
	name  string
	id    string
	hosts []string
	jobs  []string
}

func (p *Plan) addClass(r *fixes.RunnerClass) {
	i := slices.IndexFunc(p.classes, func(c *class) bool { return c.name == r.Name })
	if i < 0 {
		i = len(p.classes)
		p.classes = append(p.classes, &class{name: r.Name, id: p.identifier("class ", r.Name)})
	}
	p.classes[i].hosts = addTo(p.classes[i].hosts, r.Hosts...)
	p.classes[i].jobs = addTo(p.classes[i].jobs, r.Jobs...)
}
