package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// roleChoice is the role that a unit gets for its identity, or the fact that is missing for it.
type roleChoice struct {
	credentials
	fact string // the fact it came from, as KEY=VALUE; "" for the default
	need *Need
	// refusal says why no role can be right.
	refusal string
}

// roleFor finds the role of an identity in a unit: by aws.roles, by aws.role_arn while the file shows one identity, by
// what the same file already uses for the same identity, or else by a variable named after the key variables.
func (v *awsView) roleFor(d identity, u *awsUnit) roleChoice {
	facts := &v.p.Facts.AWS
	c := roleChoice{credentials: credentials{region: facts.Region, duration: facts.SessionDuration, profile: d.profile}}
	switch i, agree := v.ruledBy(d, u); {
	case !agree:
		c.refusal = "the job runs under several contexts, for which aws.roles has different roles: give each entry a job of its own"
		return c
	case i >= 0:
		r := &facts.Roles[i]
		c.role, c.fact = r.RoleARN, fmt.Sprintf("aws.roles[%d].role_arn=%s", i, r.RoleARN)
		c.region, c.duration = cmp.Or(r.Region, c.region), cmp.Or(r.SessionDuration, c.duration)
		return c
	}
	if account := u.account(); facts.Accounts[account] != "" {
		c.role = facts.Accounts[account]
		c.fact = "aws.accounts." + account + ".role_arn=" + c.role
		return c
	}
	if facts.RoleARN != "" {
		if m := roleARN.FindStringSubmatch(facts.RoleARN); m != nil && u.region() != "" && Partition(u.region()) != m[1] {
			c.need = &Need{"aws.role_arn", "a role of the partition " + Partition(u.region()) + " for the region " + u.region()}
			return c
		}
		if v.identities() > 1 {
			c.need = &Need{"aws.role_arn", severalRoles + d.String()}
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
	switch {
	case (!ok || v.sameVariable(d)) && v.identities() > 1:
		c.need = &Need{"aws.role_arn", severalRoles + d.String()}
		return c
	case !ok:
		c.need = &Need{"aws.role_arn", "the role of " + d.String() + " cannot be named after the keys: " +
			"--set aws.role_arn=arn:aws:iam::ACCOUNT:role/NAME, or an entry of aws.roles in the settings file"}
		return c
	}
	c.role = "${" + name + "}"
	return c
}

// severalRoles is why aws.role_arn serves none of the identities of a file, and what does.
const severalRoles = "the file uses several AWS identities, so one role cannot serve them all: " +
	"give each its role in the list aws.roles of the settings file, by jobs, contexts or keys; here: "

// region is the region that the unit's environment names as it is, "" for none.
func (u *awsUnit) region() string {
	for _, name := range []string{"AWS_DEFAULT_REGION", "AWS_REGION"} {
		if x, ok := u.environments().Lookup(name); ok {
			if text, known := x.Known(); known && !strings.Contains(text, "$") {
				return text
			}
		}
	}
	return ""
}

// longest is the longest time that the unit is known to take or wait, when it is an hour or nearly so.
func (u *awsUnit) longest() string {
	if text := u.unit.longest(); text != "" {
		return text
	}
	for _, x := range u.visits {
		if x.facts.script() == nil {
			continue
		}
		for _, c := range x.facts.script().Calls() {
			if c.Is("sleep") && len(c.Args()) == 1 && waits(c.Args()[0].Value) >= nearlyAnHour {
				return waits(c.Args()[0].Value).String()
			}
		}
	}
	return ""
}

// waits is the time that an argument of sleep asks for: seconds, or a number with a unit.
func waits(text string) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	d, _ := time.ParseDuration(text + "s")
	return d
}

// account is the AWS account that the unit works with, as far as the registries in its scripts show one and only one.
func (u *awsUnit) account() string {
	found := ""
	for _, x := range u.visits {
		if x.facts.script() == nil || !strings.Contains(x.facts.script().Text(), ".dkr.ecr") {
			continue
		}
		for _, m := range registryHost.FindAllStringSubmatch(x.facts.script().Text(), -1) {
			if found != "" && found != m[1] {
				return ""
			}
			found = m[1]
		}
	}
	return found
}

// ruledBy is the index of the entry of aws.roles that serves an identity in a unit, -1 for none. agree is false when the
// unit runs under several contexts that are served by different ones.
func (v *awsView) ruledBy(d identity, u *awsUnit) (index int, agree bool) {
	first := func(contexts []string) int {
		return slices.IndexFunc(v.p.Facts.AWS.Roles, func(r RoleFact) bool { return r.matches(d, u.unit, contexts) })
	}
	if len(u.entries) == 0 {
		return first(u.contexts), true
	}
	index = first(u.entries[0])
	return index, !slices.ContainsFunc(u.entries, func(contexts []string) bool { return first(contexts) != index })
}

// matches reports whether every selector that is given matches the use under these contexts.
func (r *RoleFact) matches(d identity, u *unit, contexts []string) bool {
	job := u.name
	if u.job != nil {
		job = u.job.Name
	}
	keys := []string{d.id, d.secret}
	return matchAny(r.Jobs, job) && matchAny(r.Contexts, contexts...) && matchAny(r.Keys, keys...) &&
		(r.Profile == "" || matchAny([]string{r.Profile}, cmp.Or(d.profile, "default")))
}

// matchAny reports whether a glob matches one of the names; no globs match everything.
func matchAny(globs []string, names ...string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(g string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return doublestar.MatchUnvalidated(g, n) })
	})
}

// countIdentities is how many AWS identities the file shows: keys by their names, standard names under other contexts
// apart; roles that are assumed already; and the project's keys, or the role in their place, with which images in ECR
// are pulled. What a fix has changed must count as it did before, so that a second run decides the same.
func (v *awsView) countIdentities() int {
	seen := map[string]bool{}
	project := len(ecrImages(v.config)) > 0
	for _, u := range v.units {
		for _, f := range u.forms {
			d := f.keys
			for _, contexts := range orOne(u.entries, u.contexts) {
				names := slices.Sorted(slices.Values(contexts))
				seen[d.id+"\x00"+d.secret+"\x00"+d.literal+"\x00"+strings.Join(names, "\x00")] = true
			}
			project = project && !d.sameKeys(standard)
		}
		for _, x := range u.visits {
			given := &v.p.Facts.AWS
			if s := x.facts.setup; s != nil && s.role != "" && (s.role != given.RoleARN || slices.Contains(given.certain(), s.role)) {
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
	return slices.ContainsFunc(v.byVariable()[name], func(o identity) bool { return !o.sameKeys(d) })
}

// keysByVariable are the different keys of the forms that aws.roles has no role for, by the variable that holds their
// role by default.
func (v *awsView) keysByVariable() map[string][]identity {
	out := map[string][]identity{}
	for _, f := range v.forms {
		name, ok := f.keys.roleVariable()
		if ok && !slices.ContainsFunc(out[name], f.keys.sameKeys) && !v.given(f) {
			out[name] = append(out[name], f.keys)
		}
	}
	return out
}

// given reports whether aws.roles has a role for a form wherever it acts.
func (v *awsView) given(f *keyForm) bool {
	return !slices.ContainsFunc(v.unitsOf(f), func(u *awsUnit) bool {
		i, _ := v.ruledBy(f.keys, u)
		return i < 0
	})
}

// siblingRole is the role that setup steps of this file assume for the same identity: the standard names, the same
// contexts and profile, and no other candidate.
func (v *awsView) siblingRole(d identity, u *awsUnit) string {
	if !d.sameKeys(standard) || !u.known || len(u.contexts) == 0 || len(u.entries) > 1 {
		return ""
	}
	roles := v.setUpRoles()[roleUse{setOf(u.contexts), d.profile}]
	if len(roles) != 1 || strings.Contains(roles[0], "<<") {
		return ""
	}
	return roles[0]
}

// roleUse is what tells apart for whom a setup step assumes its role.
type roleUse struct{ contexts, profile string }

// setUpRoles are the roles that setup steps of this file assume, each once.
func (v *awsView) setUpRoles() map[roleUse][]string {
	if v.roles != nil {
		return v.roles
	}
	v.roles = map[roleUse][]string{}
	for _, u := range v.units {
		if !u.known {
			continue
		}
		contexts := setOf(u.contexts)
		for _, x := range u.visits {
			s := x.facts.setup
			if s == nil || s.role == "" || s.hasKeys || s.release == nil || !s.release.OIDC {
				continue
			}
			use := roleUse{contexts, profileName(s.profile)}
			if !slices.Contains(v.roles[use], s.role) {
				v.roles[use] = append(v.roles[use], s.role)
			}
		}
	}
	return v.roles
}
