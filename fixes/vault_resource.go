package fixes

import (
	"strings"
)

// vaultRoles are the roles of Vault that the fix relies on: one for each unit and the contexts of its entries.
func (b *vaultFix) vaultRoles() []Resource {
	facts := b.view.p.Facts.Vault
	var out []Resource
	for _, f := range b.group {
		role, _ := b.role(f)
		login := b.vault.logins[f]
		for _, u := range b.view.unitsOf(f) {
			for _, contexts := range orOne(u.entries, u.contexts) {
				r := &VaultRole{
					Use:     Use{Contexts: contexts, Jobs: []string{strings.TrimPrefix(u.name, "job ")}, Keys: login.identity, KeyVars: u.outside(login.names...)},
					Address: facts.Address, AuthPath: facts.AuthPath, Reads: b.vault.reads(u),
				}
				if name, ok := strings.CutPrefix(role, "$"); ok {
					r.Variables = map[string]string{"role": name}
				} else {
					r.Role = role
				}
				out = append(out, r)
			}
		}
	}
	return out
}

// reads are the paths of the secrets that the unit's scripts visibly read.
func (v *vaultView) reads(u *storedUnit) []string {
	out, known := v.read[u]
	if known {
		return out
	}
	met := map[string]bool{}
	for _, x := range u.steps {
		script := v.script(x.Step)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			args := c.Args()
			if len(args) == 0 || !c.Is("vault", "kv", "get") && !c.Is("vault", "read") {
				continue
			}
			if last := args[len(args)-1]; last.Static && strings.Contains(last.Value, "/") && !met[last.Value] {
				met[last.Value] = true
				out = append(out, last.Value)
			}
		}
	}
	v.read[u] = out
	return out
}
