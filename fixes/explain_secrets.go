package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// explainSecrets tells which texts are taken for secrets, and why the values of variables with telling names are not.
func explainSecrets(p *Pass) {
	v := newSecretView(p)
	found := map[rewrite.Node]bool{}
	for _, s := range v.sites {
		found[s.node] = true
		p.Note(p.Config.Owner(s.node), "secrets, line %d: %s", p.File.Position(s.span().Start).Line, s.message())
	}
	for _, u := range p.units() {
		for _, x := range u.allEnvironments().Vars() {
			if why := v.silence(x); why != "" && !found[x.Value] {
				p.Note(p.Config.Owner(x.Value), "secrets, line %d: the value of %s is none: %s", p.File.Position(x.Value.Span().Start).Line, x.Name, why)
			}
		}
	}
}

// silence is why the value of a variable is no secret, "" for a variable whose name does not tell of one.
func (v *secretView) silence(x circle.Var) string {
	n := v.table.readName(x.Name)
	switch text := x.Text; {
	case !n.secret || strings.TrimSpace(text) == "":
		return ""
	case v.dummies[text]:
		return "a container beside the job has the same"
	case ofAWS(n.words, text):
		return "the rules about AWS look at it"
	case isReference(text):
		return "it is a reference"
	case n.test:
		return "the name says that it is for tests"
	case v.table.dummy(text) || v.table.unreal(text) || v.table.sample(text):
		return "it is a stand-in, or a sample"
	case n.service || n.application:
		return "a service or a test that the job starts may take any"
	default:
		return "it does not look as if a machine had made it up"
	}
}

// explainContexts tells which variables each workflow entry reads that known contexts provide.
func explainContexts(p *Pass) {
	for _, use := range allEntries(p.Config) {
		owner := p.Config.Owner(use.Item)
		if j := use.Job(); j != nil {
			owner = p.Config.Owner(j.Key())
		}
		for _, name := range used(p, use) {
			providers := p.Facts.providers(name)
			if len(providers) == 0 {
				continue
			}
			p.Note(owner, "contexts, line %d: %s reads %s, which the context %s provides%s", p.File.Position(use.Key.Span().Start).Line, use.Name(), name,
				p.Facts.Contexts[providers[0]].Name, has(p, use, name))
		}
	}
}

// has says whether a workflow entry has a variable from one of its contexts, in words.
func has(p *Pass, use *circle.WorkflowJob, name string) string {
	if p.Facts.provides(use, name) {
		return ", and has it"
	}
	if i := slices.IndexFunc(use.Contexts(), func(c circle.Context) bool { return !c.Known || !p.Facts.lists(c.Name) }); i >= 0 {
		return fmt.Sprintf("; what %s provides is not known", cmp.Or(use.Contexts()[i].Name, "one of its contexts"))
	}
	return ", and does not have it"
}
