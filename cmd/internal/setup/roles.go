package setup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cfgfix/fixes"
)

// account is an AWS account that roles are in.
type account struct {
	number    string // "" for that of the credentials at hand
	partition string
	used      bool // all its roles are in use, so it knows CircleCI
}

// role is an IAM role, with all uses of it.
type role struct {
	use   fixes.AWSRole // what all uses have in common
	id    string        // identifier
	name  string        // in IAM
	path  string        // in IAM, "/" for most
	at    place         // where the ARN is stored, when a variable holds it
	all   places        // of all uses: where the old keys are stored
	users users

	account    *account
	session    int      // the longest that is asked for, in seconds; 0 for the default
	keys       []string // the credentials it takes the place of
	keyVars    []string
	jobs       []string
	images     []string
	regions    []string
	uses       []fixes.AWSRole
	statements []statement
	gaps       []string
}

var (
	literalARN = expression(`^arn:(aws[a-z-]*):iam::(\d{12}):role(/|/[\w+=,.@/-]*/)([\w+=,.@-]+)$`)
	regionName = expression(`^[a-z]+(-[a-z0-9]+)+$`)
)

func (p *Plan) addRole(user *project, r *fixes.AWSRole) {
	at := p.placeOf(r.Use, user)
	x := p.roleOf(r, at)
	x.users.add(user)
	x.at.projects.add(user)
	x.all.add(at)
	x.use.FirstToken, x.use.Tags = x.use.FirstToken || r.FirstToken, x.use.Tags || r.Tags
	x.use.Existing = x.use.Existing || r.Existing
	x.use.Account = cmp.Or(x.use.Account, r.Account)
	if n, err := strconv.Atoi(r.Session); err == nil && n > 3600 {
		x.session = max(x.session, n)
	}
	x.keys, x.keyVars, x.jobs = addTo(x.keys, r.Keys), addTo(x.keyVars, r.KeyVars...), addTo(x.jobs, r.Jobs...)
	x.images = addTo(x.images, r.Images...)
	if regionName().MatchString(r.Region) {
		x.regions = addTo(x.regions, r.Region)
	}
	x.uses = append(x.uses, *r)
}

// roleOf finds the role of a use: by its ARN, or by the variable that holds it and where that is stored. A role whose ARN
// a fix still waits for is one for each account, or for each set of keys.
func (p *Plan) roleOf(r *fixes.AWSRole, at place) *role {
	key := "arn " + r.ARN
	switch {
	case r.ARN != "":
	case r.Variable != "":
		key = "variable " + r.Variable + " " + at.key()
	case len(r.Images) > 0:
		key = "images " + r.Fact
	default:
		key = "keys " + r.Fact + " " + r.Keys + " " + at.key()
	}
	return once(p, "role", key, &p.roles, func() *role {
		return &role{use: fixes.AWSRole{ARN: r.ARN, Variable: r.Variable, Fact: r.Fact}, at: at}
	})
}

// finishRoles names the roles and works out where they are and what they may do.
func (p *Plan) finishRoles() {
	slices.SortStableFunc(p.roles, func(a, b *role) int { return cmp.Compare(a.sortKey(), b.sortKey()) })
	for _, x := range p.roles {
		x.id = p.identifier("role ", x.title())
		x.name, x.path = "circleci-"+strings.ReplaceAll(x.id, "_", "-"), "/"
		if len(x.name) > 64 {
			x.name = x.name[:64]
		}
		partition := "aws"
		for _, r := range x.regions {
			partition = fixes.Partition(r)
		}
		if m := literalARN().FindStringSubmatch(x.use.ARN); m != nil {
			partition, x.use.Account, x.path, x.name = m[1], m[2], m[3], m[4]
		}
		x.account = p.account(x.use.Account, partition)
		x.account.used = x.account.used && x.use.Existing
		p.permit(x)
		if len(x.gaps) > 0 {
			p.input(&input{name: x.id + "_policy_arns", list: true, none: true, text: "ARNs of policies for what the configs do not show of " + roleTitle(x) + ": see the gap there"})
		}
	}
	slices.SortFunc(p.accounts, func(a, b *account) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.partition, b.partition))
	})
}

// joinRoles makes one of a role whose variable may be in one of several contexts, and of one whose variable is in a
// context among these.
func (p *Plan) joinRoles() {
	var kept []*role
	for _, x := range p.roles {
		i := -1
		if x.use.Variable != "" && len(x.at.contexts) > 1 {
			i = slices.IndexFunc(p.roles, func(o *role) bool {
				return o.use.Variable == x.use.Variable && len(o.at.contexts) == 1 && slices.Contains(x.at.contexts, o.at.contexts[0])
			})
		}
		if i < 0 {
			kept = append(kept, x)
			continue
		}
		x.all = places{p.roles[i].at} // the context that it shares with that role
		p.roles[i].take(x)
	}
	p.roles = kept
}

// take adds another role's uses.
func (x *role) take(o *role) {
	for _, u := range o.users {
		x.users.add(u)
		x.at.projects.add(u)
	}
	x.use.FirstToken, x.use.Tags = x.use.FirstToken || o.use.FirstToken, x.use.Tags || o.use.Tags
	x.use.Account = cmp.Or(x.use.Account, o.use.Account)
	x.session = max(x.session, o.session)
	x.all.add(o.all...)
	x.keys, x.keyVars, x.jobs = addTo(x.keys, o.keys...), addTo(x.keyVars, o.keyVars...), addTo(x.jobs, o.jobs...)
	x.images, x.regions = addTo(x.images, o.images...), addTo(x.regions, o.regions...)
	x.uses = append(x.uses, o.uses...)
}

func (x *role) sortKey() string {
	return strings.Join([]string{x.title(), x.use.ARN, x.use.Variable, x.use.Fact, x.at.key()}, "\x00")
}

// title is what the role is named after: its ARN, the account whose images it pulls, or where its ARN is stored and what
// the variable's name has beside the usual one.
func (x *role) title() string {
	if m := literalARN().FindStringSubmatch(x.use.ARN); m != nil {
		return m[4]
	}
	if x.use.ARN == "" && x.use.Variable == "" && len(x.images) > 0 {
		return strings.TrimSuffix("ecr pull "+x.use.Account, " ")
	}
	affix := strings.Join(strings.FieldsFunc(strings.Replace(x.use.Variable, "AWS_OIDC_ROLE_ARN", " ", 1), func(r rune) bool { return r == ' ' }), "_")
	if x.use.Variable == "" && len(x.keyVars) > 0 {
		affix = x.keyVars[0]
	}
	if slug(affix) == slug(x.at.title()) {
		affix = ""
	}
	return strings.Trim(x.at.title()+"_"+affix, "_")
}

func (p *Plan) account(number, partition string) *account {
	i := slices.IndexFunc(p.accounts, func(a *account) bool { return a.number == number && a.partition == partition })
	if i < 0 {
		i = len(p.accounts)
		p.accounts = append(p.accounts, &account{number, partition, true})
	}
	return p.accounts[i]
}
