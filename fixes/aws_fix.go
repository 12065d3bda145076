package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// awsFix builds the fix of one owner's forms.
type awsFix struct {
	view    *awsView
	group   []*keyForm
	units   []*awsUnit
	names   []string                      // of sources, once somebody asks
	removed map[rewrite.Node][]shell.Span // parts of scripts that go away
	swapped map[rewrite.Node]bool         // steps that become the setup, and whether that is among the operations
	placed  map[placedAt]bool             // the setups among the operations

	agreement map[rewrite.Node]bool // of agreed, by physical step

	region string
	doubts []doubt // found while building
	fix    *Fix
}

// build fills in the fix, or says why there is none.
func (b *awsFix) build() (refusal string) {
	for _, f := range b.group {
		if f.blocker != "" {
			return f.blocker
		}
	}
	b.units = b.view.unitsOfAll(b.group)
	for _, u := range b.units {
		if !b.view.config.Look(len(u.visits)) {
			return tooMuch
		}
		if u.mixed != "" {
			return u.mixed
		}
	}
	for _, part := range []func() string{b.remove, b.setUp, b.complete, b.moveLogins, b.allowDirectory, b.allowUpdate} {
		if refusal := part(); refusal != "" {
			return refusal
		}
	}
	b.judge()
	b.require()
	b.fix.Relies = b.roles()
	return ""
}

// setUp adds the operations that give every unit its setup, once.
func (b *awsFix) setUp() (refusal string) {
	var given, facts []credentials // for new steps, and for steps that are there
	for _, u := range b.units {
		role := b.role(u)
		if role.refusal != "" {
			return role.refusal
		}
		if role.need != nil {
			b.fix.need(*role.need)
			continue
		}
		if role.fact != "" {
			b.fix.use(role.fact)
		}
		c := b.credentials(u, role.credentials)
		if settled, refusal := b.settleRegion(u, c); refusal != "" {
			return refusal
		} else if !settled {
			continue
		}
		if slices.ContainsFunc(given, func(o credentials) bool { return o != c }) && b.sharesSite(u) {
			return "the same steps are used with several roles: give each user a setup step of its own"
		}
		role.profileOnly = c.profileOnly
		given, facts = appendNew(given, c), appendNew(facts, role.credentials)
		for _, s := range u.sites {
			if refusal := b.place(s, c); refusal != "" {
				return refusal
			}
		}
	}
	if len(b.fix.Needs) > 0 {
		return ""
	}
	return b.convertAll(given, facts)
}

// convertAll gives the role to the steps that take keys themselves. given and facts are what setUp has found for the units.
func (b *awsFix) convertAll(given, facts []credentials) (refusal string) {
	for _, f := range b.group {
		if f.setup == nil && !f.element.inPlace() {
			continue
		}
		if slices.ContainsFunc(given, func(c credentials) bool { return c.role != given[0].role }) {
			return "the step is used with several roles: give each user a setup step of its own"
		}
		ops, refusal := b.convert(f, facts[0])
		if refusal != "" {
			return refusal
		}
		b.fix.Ops = append(b.fix.Ops, ops...)
	}
	return ""
}

// settleRegion makes sure that the setup step writes the region that the unit uses. It is false when a fact is missing.
func (b *awsFix) settleRegion(u *awsUnit, c credentials) (settled bool, refusal string) {
	switch before := b.regionsBefore(u, c.profile); {
	case len(before) > 1:
		return false, "the job configures several regions, and the setup step writes one over them"
	case slices.Contains(before, "") && c.region == "":
		b.fix.need(Need{"aws.region", "--set aws.region=REGION: the setup step writes a region over the one in ~/.aws/config, which the file does not show"})
		return false, ""
	}
	if m := roleARN.FindStringSubmatch(c.role); m != nil && m[1] != "aws" && !u.showsRegion(c) {
		b.fix.need(Need{"aws.region", "--set aws.region=REGION: a role of the partition " + m[1] + " needs one of its own regions"})
		return false, ""
	}
	return true, ""
}

// sharesSite reports whether another unit of the fix has its setup at the same place.
func (b *awsFix) sharesSite(u *awsUnit) bool {
	same := func(s, t *circle.Step) bool {
		if s == nil || t == nil {
			return false
		}
		_, swapped := b.swapped[s.Node]
		return s.Entry == t.Entry || swapped && s.Node == t.Node
	}
	for _, o := range b.units {
		for _, s := range o.sites {
			if o != u && slices.ContainsFunc(u.sites, func(t site) bool { return same(s.step, t.step) }) {
				return true
			}
		}
	}
	return false
}

// showsRegion reports whether the setup gets a region, or finds one in the unit's environment.
func (u *awsUnit) showsRegion(c credentials) bool {
	if c.region != "" || u.job == nil {
		return c.region != ""
	}
	_, ok := u.job.EffectiveEnvironments().Lookup(regionVar)
	return ok
}

// givenRole is the role that the first form names beside its keys, and keeps; "" for none.
func (b *awsFix) givenRole() string {
	if x := b.group[0].setup; x != nil {
		return x.role
	}
	return b.group[0].element.givenRole()
}

// role is the role of the unit. A step that has one beside its keys keeps it.
func (b *awsFix) role(u *awsUnit) roleChoice {
	if role := b.givenRole(); role != "" {
		return roleChoice{credentials: credentials{role: role}}
	}
	return b.view.roleFor(b.group[0].keys, u)
}

// convert turns a step that takes keys into one that takes the role.
func (b *awsFix) convert(f *keyForm, c credentials) (ops []rewrite.Op, refusal string) {
	if f.setup != nil {
		return b.view.convert(f.setup, c)
	}
	if f.element.release.Major != nil {
		b.doubts = append(b.doubts, doubt{Unsafe, fmt.Sprintf("%s@%s is another major version, whose elements may behave otherwise", f.element.orb.Name(), f.element.release.Major.To)})
		return b.view.raiseMajor(f.element)
	}
	ops, d, refusal := b.view.convertElement(f.element, c)
	if d != nil {
		b.doubts = append(b.doubts, *d)
	}
	return ops, refusal
}

// credentials completes what a unit's setup is given by what the unit's environment says.
func (b *awsFix) credentials(u *awsUnit, c credentials) credentials {
	env := u.environments()
	if name, _ := u.chosenProfile(); c.profile == "" && plainProfile.MatchString(name) {
		c.profile = profileName(name)
	}
	if name, missing := u.missingProfile(); missing && plainProfile.MatchString(name) {
		c.makes = name
	}
	before := b.regionsBefore(u, c.profile)
	if len(before) == 1 && before[0] != "${"+regionVar+"}" { // which it takes by itself
		c.region = cmp.Or(before[0], c.region)
	}
	c.region = cmp.Or(b.region, c.region)
	_, regional := env.Lookup(regionVar)
	if _, ok := env.Lookup("AWS_REGION"); ok && !regional && len(before) == 0 && c.region == "" {
		c.region = "${AWS_REGION}"
	}
	c.profileOnly = b.profileOnly(u)
	return c
}

// regionsBefore are the regions that a unit's setup step is to have: it writes one over those of the default profile and
// its own, and an empty one where it is given none. For web identity nothing is written.
func (b *awsFix) regionsBefore(u *awsUnit, profile string) []string {
	switch {
	case b.view.webIdentity():
		return nil
	case b.region == "":
		return u.regionsBefore("", profile)
	case profile == "":
		return []string{b.region}
	}
	others := slices.DeleteFunc(u.regionsBefore(""), func(region string) bool { return region == b.region })
	return append(others, b.region)
}

// profileOnly reports whether the keys are to stay out of the environment: they are put under a profile, are not those
// that every tool reads, and a program behind them may run on these.
func (b *awsFix) profileOnly(u *awsUnit) bool {
	keys := b.group[0].keys
	if keys.profile == "" || keys.sameKeys(standard) || b.view.webIdentity() {
		return false
	}
	if name, _ := u.chosenProfile(); name == keys.profile {
		return false // the job says that its programs run on the profile
	}
	after := false
	for _, x := range u.visits {
		own := slices.ContainsFunc(x.facts.forms, func(f *keyForm) bool { return slices.Contains(b.group, f) })
		if after = after || own; after && x.facts.unknown() != "" {
			return true
		}
	}
	return false
}

// canMake reports whether a step in front of each setup of the unit can make a profile.
func (b *awsFix) canMake(u *awsUnit, name string) bool {
	inserted := func(s site) bool { return s.step != nil && !s.given }
	_, elsewhere := u.environments().Lookup("AWS_CONFIG_FILE")
	return plainProfile.MatchString(name) && !elsewhere && !b.view.webIdentity() && !slices.ContainsFunc(u.sites, func(s site) bool { return !inserted(s) })
}

// place adds the operation that puts a setup step at a site.
func (b *awsFix) place(s site, c credentials) (refusal string) {
	if s.given {
		return ""
	}
	if s.use != nil {
		return b.placeBefore(s.use, c)
	}
	if done, swapped := b.swapped[s.step.Node]; done {
		return ""
	} else if swapped {
		b.swapped[s.step.Node] = true
		return b.swap(s.step, c)
	}
	step, refusal := s.target(b.agreed, true)
	if refusal != "" {
		return refusal
	}
	at := placedAt{step.Entry, c}
	if b.placed[at] {
		return ""
	}
	b.placed[at] = true
	if other := bystander(b.view.config, step, placements(b.units)); other != "" {
		return "the steps are shared through an anchor with " + other + ", which does not use these keys"
	}
	value, ops, refusal := b.view.newStep(step.Config(), c)
	if refusal != "" {
		return refusal
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	if c.makes != "" {
		b.fix.Ops = append(b.fix.Ops, shared(step.Entry.Parent(), rewrite.InsertBefore(step.Entry, rewrite.Item(profileStep(c.makes))))...)
	}
	b.fix.Ops = append(b.fix.Ops, shared(step.Entry.Parent(), rewrite.InsertBefore(step.Entry, rewrite.Item(value)))...)
	return ""
}

// placedAt is a step that gets a setup in front of it.
type placedAt struct {
	step rewrite.Entry
	credentials
}

// agreed asks once for each step: all who run it have a site there.
func (b *awsFix) agreed(s site) bool {
	out, known := b.agreement[s.step.Node]
	if !known {
		out = s.agreed(placements(b.view.running(s.step)))
		b.agreement[s.step.Node] = out
	}
	return out
}

// swap makes a step the setup, for all who run it through its anchor.
func (b *awsFix) swap(s *circle.Step, c credentials) (refusal string) {
	if c.makes != "" {
		return "the setup needs a profile that is there before it, and its step is shared by an anchor"
	}
	value, ops, refusal := b.view.newStep(s.Config(), c)
	ops = append(ops, shared(s.Node, rewrite.Replace(s.Node, value))...)
	b.fix.Ops = append(b.fix.Ops, append(ops, removeDefinitions(s)...)...)
	return refusal
}

// placeBefore gives a workflow entry that runs an orb's job the setup as a pre-step, or in auth where the job has that.
func (b *awsFix) placeBefore(use *circle.WorkflowJob, c credentials) (refusal string) {
	value, ops, refusal := b.view.newStep(use.Config(), c)
	if refusal != "" {
		return refusal
	}
	pair := rewrite.Pair{Key: "pre-steps", Value: rewrite.List(value)}
	if f := b.view.jobElement(use); f != nil && f.element.login == loginOptional {
		pair.Key = "auth"
	}
	orb, _, _ := use.OrbJob()
	switch list, place := use.PreSteps(), ownArgs(use); {
	case place.Kind() == rewrite.Alias && b.view.sharesArguments(use.Args, orb) != "":
		if list != nil {
			return "the entry's pre-steps are shared through an anchor"
		}
		ops = append(ops, shared(place, rewrite.Override(place, pair))...)
	case list != nil && list.Node.Kind() == rewrite.Sequence && list.Node.Len() > 0:
		ops = append(ops, shared(list.Node, rewrite.InsertBefore(list.Node.Entries()[0], rewrite.Item(value)))...)
	case list != nil:
		return "the entry's pre-steps are no list of steps"
	case use.Bare:
		ops = append(ops, shared(use.Node, rewrite.Wrap(use.Node, rewrite.Map(pair)))...)
	case use.Args.Len() > 0:
		ops = append(ops, shared(use.Args, rewrite.InsertBefore(use.Args.Entries()[0], pair))...)
	default:
		ops = append(ops, shared(use.Node, rewrite.Append(use.Key.Entry().Value(), pair))...)
	}
	b.fix.Ops = append(b.fix.Ops, ops...)
	return ""
}

// newStep is a setup step for a config, or the body of an inline orb, by the method that the facts or the version choose.
func (v *awsView) newStep(config *circle.Config, c credentials) (value rewrite.Value, ops []rewrite.Op, refusal string) {
	if v.webIdentity() {
		if c.profile != "" {
			return value, nil, "the keys are used by the profile " + c.profile + ", and web identity without an orb sets up no profile"
		}
		return c.webIdentityStep(), nil, ""
	}
	if config.Orb != nil && strings.Contains(c.role, "<<") {
		return value, nil, "parameters of the pipeline do not reach into an inline orb"
	}
	choice, refusal := v.orbFor(config, c.role)
	if choice.params.RegionByName && c.region != "" && !isVariable(c.region) {
		choice, refusal = declareCLI(config) // an older version takes no region as it is
	}
	if c.profileOnly && choice.profileOnly == "" {
		choice, refusal = declareCLI(config) // an older version always exports the keys
	}
	return c.orbStep(choice), choice.ops, refusal
}

// takesRegion reports whether a new setup step can be given a region as it stands: older versions of the orb take the
// name of a variable only.
func (v *awsView) takesRegion(region string) bool {
	if v.webIdentity() || isVariable(region) {
		return true
	}
	choice, _ := v.orbFor(v.config, "${"+roleVar+"}")
	return !choice.params.RegionByName
}

// webIdentity reports whether the setup does without an orb: by the facts, or because the config cannot use orbs.
func (v *awsView) webIdentity() bool {
	method := v.p.Facts.AWS.Method
	return method == "web-identity" || method == "" && !v.config.Is21()
}

// complete hands the session token on wherever a step hands the keys to a container.
func (b *awsFix) complete() (refusal string) {
	for _, u := range b.units {
		for _, x := range u.visits {
			if x.facts.script() == nil || b.view.webIdentity() {
				continue
			}
			for _, c := range keyCopies(x.facts.script()) {
				if c.insert != "" {
					b.fix.Ops = append(b.fix.Ops, shared(x.facts.text, rewrite.ReplaceText(x.facts.text, c.span.End, c.span.End, c.insert))...)
				}
			}
		}
	}
	return ""
}

// judge lowers the fix's safety for what it might break.
func (b *awsFix) judge() {
	b.fix.lower(b.doubts...)
	for _, u := range b.units {
		b.fix.lower(slices.Concat(b.view.guard(u, b.removed), b.view.guardTests(u, b.group[0].keys), guardPresigned(u, b.role(u).duration))...)
		if name, missing := u.missingProfile(); missing && !b.canMake(u, name) {
			b.fix.lower(doubt{Manual, "the environment chooses the profile " + name + ", and nothing shows that it is there when the setup runs: AWS tools fail without it"})
		}
	}
	for _, f := range b.group {
		if len(f.parts) > 0 {
			if d := conditionDoubt(b.view.factsOf(f.step).script(), f.parts); d != nil {
				b.fix.lower(*d)
			}
		}
		if f.root {
			b.fix.lower(doubt{Unsafe, "sudo, or env -i, gives the keys to a command that the setup does not reach"})
		}
		if f.setup != nil && f.setup.release != nil && f.setup.release.Swap != "" {
			b.fix.lower(doubt{Unsafe, f.setup.orb.Ref() + ": " + f.setup.release.Swap})
		}
		if f.setup != nil && !f.setup.keeps() && f.setup.step.Arg("version").Resolve().Value() == "1" {
			b.fix.lower(doubt{Unsafe, "the step installs version 1 of the CLI, and the orb's versions with OIDC install version 2"})
		}
	}
}
