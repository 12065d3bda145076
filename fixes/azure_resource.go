package fixes

import "strings"

// credentials are the federated credentials that the fix relies on: one for each unit and the contexts of its entries.
func (b *azureFix) credentials() []Resource {
	given := b.view.p.Facts.Azure
	var out []Resource
	for _, f := range b.group {
		login := b.azure.logins[f]
		kept := b.readsOn(f)
		for _, u := range b.view.unitsOf(f) {
			for _, contexts := range orOne(u.entries, u.contexts) {
				c := &AzureCredential{Use: f.use(u, contexts), Variables: map[string]string{}}
				if kept {
					c.KeyVars = nil // the variable stays, without the secret
				}
				if login.usual {
					if b.azure.single() {
						c.ClientID, c.TenantID = given.ClientID, given.TenantID
					}
					for fact, variable := range map[string]string{"client_id": azureClientVar, "tenant_id": azureTenantVar} {
						if strings.Contains(login.script, "$"+variable) {
							c.Variables[fact] = variable
						}
					}
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// use says that a unit uses the stored secret of a form under the contexts of one of its entries.
func (f *storedForm) use(u *storedUnit, contexts []string) Use {
	out := Use{Contexts: contexts, Jobs: []string{strings.TrimPrefix(u.name, "job ")}}
	if f.secret != "" && !f.literal {
		out.Keys, out.KeyVars = f.storedBy(u), u.outside(f.storedBy(u))
	}
	return out
}

// storedBy is the variable that holds the secret of a form for a unit: what an environment of the file copies, where one
// does.
func (f *storedForm) storedBy(u *storedUnit) string {
	if name, ok := u.storedIn(f.secret); ok {
		return name
	}
	return f.secret
}

// publishers are the registries that have to trust the project.
func (b *publishFix) publishers() []Resource {
	var out []Resource
	for _, f := range b.group {
		for _, u := range b.view.unitsOf(f) {
			for _, contexts := range orOne(u.entries, u.contexts) {
				p := &TrustedPublisher{Use: f.use(u, contexts), Registry: b.publish.facts[f].registry.String()}
				if b.publish.kept(f) {
					p.KeyVars = nil // the variable stays, with another token
				}
				out = append(out, p)
			}
		}
	}
	return out
}
