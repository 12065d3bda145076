package fixes

import "cfgfix/rewrite"

// oneKey is why a form that brings one of the two keys alone is left to people.
const oneKey = "only one of the two keys is shown"

// joinHalves makes a pair of the two keys that steps of one list store one by one, in the same profile or for the same
// later steps. More than two halves of one place may belong together in more than one way, and stay what they are.
func (u *awsUnit) joinHalves() {
	type place struct {
		kind    formKind
		list    rewrite.Node
		profile string
	}
	type halves struct{ ids, secrets []*keyForm }
	met := map[place]*halves{}
	for _, x := range u.visits {
		for _, f := range x.facts.forms {
			if !f.stays || f.literal {
				continue
			}
			at := place{f.kind, f.step.Item.Parent(), f.keys.profile}
			if met[at] == nil {
				met[at] = &halves{}
			}
			switch {
			case f.blocker == oneKey:
				met[at].secrets = append(met[at].secrets, f)
			case f.keys.id != "" && f.keys.secret == "":
				met[at].ids = append(met[at].ids, f)
			}
		}
	}
	for _, h := range met {
		if len(h.ids) == 1 && len(h.secrets) == 1 {
			id, secret := h.ids[0], h.secrets[0]
			id.keys.secret, secret.keys.id, secret.blocker = secret.keys.secret, id.keys.id, ""
		}
	}
}
