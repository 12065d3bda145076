package fixes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// roleChoice is the role that a unit gets for its identity, or the fact that is missing for it.
type roleChoice struct {
	credentials
	fact string // the fact it came from, as KEY=VALUE; "" for the default
	need *Need
}

// roleFor finds the role of an identity in a unit: by aws.roles, by aws.role_arn while the file shows one identity, by
// what the same file already uses for the same identity, or else by a variable named after the key variables.
func (v *awsView) roleFor(d identity, u *awsUnit) roleChoice {
	facts := &v.p.Facts.AWS
	c := roleChoice{credentials: credentials{region: facts.Region, duration: facts.SessionDuration, profile: d.profile}}
	for i := range facts.Roles {
		if r := &facts.Roles[i]; r.matches(d, u) {
			c.role, c.fact = r.RoleARN, fmt.Sprintf("aws.roles[%d].role_arn=%s", i, r.RoleARN)
			c.region, c.duration = orElse(r.Region, c.region), orElse(r.SessionDuration, c.duration)
			return c
		}
	}
	if account := u.account(); facts.Accounts[account] != "" {
		c.role = facts.Accounts[account]
		c.fact = "aws.accounts." + account + ".role_arn=" + c.role
		return c
	}
	if facts.RoleARN != "" {
		if v.identities() > 1 {
			c.need = &Need{"aws.role_arn", "the file uses several AWS identities, so one role cannot serve them all: " +
				"give each its role in the list aws.roles of the settings file, by jobs, contexts or keys; here: " + d.String()}
			return c
		}
		c.role, c.fact = facts.RoleARN, "aws.role_arn="+facts.RoleARN
		return c
	}
	if role := v.siblingRole(d, u); role != "" {
		c.role = role
		return c
	}
	name, ok := d.roleVariable()
	if !ok || v.sameVariable(d) {
		c.need = &Need{"aws.role_arn", "the role of " + d.String() + " cannot be named after the keys: " +
			"--set aws.role_arn=arn:aws:iam::ACCOUNT:role/NAME, or an entry of aws.roles in the settings file"}
		return c
	}
	c.role = "${" + name + "}"
	return c
}

var registryHost = regexp.MustCompile(`\b(\d{12})\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com`)

// account is the AWS account that the unit works with, as far as the registries in its scripts show one and only one.
func (u *awsUnit) account() string {
	found := ""
	for _, x := range u.visits {
		if x.facts.script == nil {
			continue
		}
		for _, m := range registryHost.FindAllStringSubmatch(x.facts.script.Text(), -1) {
			if found != "" && found != m[1] {
				return ""
			}
			found = m[1]
		}
	}
	return found
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// matches reports whether every selector that is given matches the use.
func (r *RoleFact) matches(d identity, u *awsUnit) bool {
	job := u.name
	if u.job != nil {
		job = u.job.Name
	}
	keys := []string{d.id, d.secret}
	return matchAny(r.Jobs, job) && matchAny(r.Contexts, u.contexts...) && matchAny(r.Keys, keys...) &&
		(r.Profile == "" || matchAny([]string{r.Profile}, orElse(d.profile, "default")))
}

// matchAny reports whether a glob matches one of the names; no globs match everything.
func matchAny(globs []string, names ...string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(g string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return doublestar.MatchUnvalidated(g, n) })
	})
}

// identities is how many AWS identities the file shows: keys by their names, standard names under other contexts
// apart; roles that are assumed already; and the project's keys, or the role in their place, with which images in ECR
// are pulled. What a fix has changed must count as it did before, so that a second run decides the same.
func (v *awsView) identities() int {
	seen := map[string]bool{}
	project := len(ecrImages(v.config)) > 0
	for _, u := range v.units {
		for _, f := range u.forms {
			d := f.keys
			contexts := slices.Sorted(slices.Values(u.contexts))
			seen[d.id+"\x00"+d.secret+"\x00"+d.literal+"\x00"+strings.Join(contexts, "\x00")] = true
			project = project && !d.sameKeys(standard)
		}
		for _, x := range u.visits {
			if s := x.facts.setup; s != nil && s.role != "" && s.role != v.p.Facts.AWS.RoleARN {
				seen["role "+s.role] = true
			}
		}
	}
	if project {
		return len(seen) + 1
	}
	return len(seen)
}

// sameVariable reports whether another identity of the file would get the same variable as this one, which holds one
// role only. Standard names under other contexts are one identity here: each context supplies its own value.
func (v *awsView) sameVariable(d identity) bool {
	name, _ := d.roleVariable()
	return slices.ContainsFunc(v.forms, func(f *keyForm) bool {
		other, ok := f.keys.roleVariable()
		return ok && other == name && !f.keys.sameKeys(d) && !v.given(f)
	})
}

// given reports whether aws.roles has a role for a form wherever it acts.
func (v *awsView) given(f *keyForm) bool {
	return !slices.ContainsFunc(v.unitsOf(f), func(u *awsUnit) bool {
		return !slices.ContainsFunc(v.p.Facts.AWS.Roles, func(r RoleFact) bool { return r.matches(f.keys, u) })
	})
}

// siblingRole is the role that setup steps of this file assume for the same identity: the standard names, the same
// contexts and profile, and no other candidate.
func (v *awsView) siblingRole(d identity, u *awsUnit) string {
	if !d.sameKeys(standard) || !u.known || len(u.contexts) == 0 {
		return ""
	}
	var roles []string
	for _, o := range v.units {
		if !o.known || !sameSet(o.contexts, u.contexts) {
			continue
		}
		for _, x := range o.visits {
			s := x.facts.setup
			if s == nil || s.role == "" || s.hasKeys || profileName(s.profile) != d.profile || s.release == nil || !s.release.OIDC {
				continue
			}
			if !slices.Contains(roles, s.role) {
				roles = append(roles, s.role)
			}
		}
	}
	if len(roles) != 1 || strings.Contains(roles[0], "<<") {
		return ""
	}
	return roles[0]
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
