package fixes

import (
	"slices"
	"strings"
)

// accounts are the service accounts that the fix relies on: one for each unit and the contexts of its entries.
func (b *gcpFix) accounts() []Resource {
	orb := slices.ContainsFunc(b.group, func(f *gcpForm) bool { return f.orb != nil })
	var out []Resource
	for _, u := range b.units {
		variable, _ := b.view.accountVariable(u, b.key())
		given := b.view.facts()
		for _, contexts := range orOne(u.entries, u.contexts) {
			a := &GCPAccount{
				Use:            b.use(u.unit, contexts),
				ServiceAccount: given.ServiceAccount, ProjectNumber: given.ProjectNumber, Pool: given.Pool, Provider: given.Provider,
			}
			for _, f := range given.facts(variable) {
				if (f.value == "" || orb) && f.variable != "" { // orbs read names of variables only
					a.Variables = append(a.Variables, GCPVariable{f.variable, strings.TrimPrefix(f.key, "gcp.")})
				}
			}
			out = append(out, a)
		}
	}
	return out
}

// use says that a unit uses the key under the contexts of one of its entries.
func (b *gcpFix) use(u *unit, contexts []string) Use {
	out := Use{Contexts: contexts, Jobs: []string{strings.TrimPrefix(u.name, "job ")}, Keys: b.stored()}
	if envName.MatchString(out.Keys) {
		out.KeyVars = u.outside(out.Keys)
	}
	return out
}

// accounts are the service accounts that the fix of an image relies on: one for each workflow entry of the jobs.
func (x *gcpImage) accounts(p *Pass) []Resource {
	given := x.given
	var out []Resource
	for _, j := range orNoJob(p.Config.UsersOf(x.place)) {
		for _, contexts := range orOne(entriesOf(j), nil) {
			u := Use{Contexts: contexts, Jobs: jobName(j)}
			if x.key.kind == varSource {
				u.Keys, u.KeyVars = x.key.text, []string{x.key.text}
			}
			out = append(out, &GCPAccount{
				Use: u, Images: []string{x.name()},
				ServiceAccount: given.ServiceAccount, ProjectNumber: given.ProjectNumber, Pool: given.Pool, Provider: given.Provider,
			})
		}
	}
	return out
}
