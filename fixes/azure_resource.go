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
