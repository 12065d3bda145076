package flow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/pattern"
)

// Violation is something that a change has made worse.
type Violation struct {
	Where   string // the unit and the step
	Message string
}

func (v Violation) String() string { return v.Where + ": " + v.Message }

// Compare says what has become worse from one report to the other. given are roles that somebody has chosen for certain
// keys: they may serve several identities, and one identity may have several of them. Two reports of one config, and
// of configs that differ in other things, give nothing.
func Compare(before, after *Report, given ...string) []Violation {
	c := &comparison{given: map[string]bool{}, reported: map[Violation]bool{}, converted: map[conversion]bool{}}
	for _, role := range given {
		c.given[roleText(role)] = true
	}
	for _, b := range before.units {
		a := after.index[b.key]
		if a == nil {
			if b.usesAWS() {
				c.report(b.where, "it is gone")
			}
			continue
		}
		c.unit(b, a)
	}
	c.identities()
	c.cloudIdentities()
	return c.found
}

// comparison collects what is found, and which identity got which role.
type comparison struct {
	given    map[string]bool
	found    []Violation
	reported map[Violation]bool

	conversions      []conversion
	converted        map[conversion]bool // without their names and places
	cloudConversions []cloudConversion
}

// conversion is a use of stored keys that has a role now.
type conversion struct {
	keys     keys
	contexts string
	profile  string
	role     string
	name     string // of the program
	where    string
}

func (c *comparison) report(where, format string, args ...any) {
	v := Violation{where, fmt.Sprintf(format, args...)}
	if !c.reported[v] {
		c.reported[v] = true
		c.found = append(c.found, v)
	}
}

func (u *unit) usesAWS() bool {
	return slices.ContainsFunc(u.acts, func(a *act) bool {
		return slices.ContainsFunc(a.uses, func(x *use) bool { return x.how == sure })
	})
}

// unit compares what runs in one place.
func (c *comparison) unit(b, a *unit) {
	pairs := align(b.acts, a.acts)
	converted := map[keys]bool{}
	opened := false
	for _, p := range pairs {
		switch {
		case p.after == nil:
			if !a.cut {
				c.gone(b, p.before)
				c.goneClouds(a, p.before, pairs)
			}
			continue
		case p.before == nil:
			p.before = &act{}
		}
		opened = c.left(a, p) || opened
		c.clouds(a, p)
		for _, u := range pairUses(p.before.uses, p.after.uses) {
			for _, k := range c.use(a, p, u) {
				converted[k] = true
			}
		}
	}
	c.rest(a, pairs, converted, opened)
	c.images(b, a)
}

// gone judges a step that is not there any more: one that used AWS was needed.
func (c *comparison) gone(u *unit, a *act) {
	for _, x := range a.uses {
		if x.how == sure && !x.copied {
			c.report(u.where+" "+a.label(), "the step that runs %s is gone", x.name)
		}
	}
}

// left judges what a step leaves behind or shows that it did not before. It reports whether a role is new.
func (c *comparison) left(u *unit, p pair) (opened bool) {
	for _, leak := range slices.Sorted(maps.Keys(p.after.leaks)) {
		if !p.before.leaks[leak] {
			told, _, _ := strings.Cut(leak, hiddenPart)
			c.report(u.where+" "+p.after.label(), "it %s", told)
		}
	}
	for role := range p.after.roles {
		opened = opened || !p.before.roles[role]
	}
	return opened
}

// usePair is one use before and after.
type usePair struct{ before, after *use }

func pairUses(before, after []*use) []usePair {
	return pairUp(before, after, func(u *use) (name, text string) { return u.name, u.text }, func(b, a *use) usePair { return usePair{b, a} })
}

// pairUp lines the uses of a step up: those of one program in their order, or by their text where some are new.
func pairUp[U, P any](before, after []U, of func(U) (name, text string), pair func(b, a U) P) []P {
	more := map[string]int{} // by how many the uses of a program have become more
	for _, b := range before {
		name, _ := of(b)
		more[name]--
	}
	for _, a := range after {
		name, _ := of(a)
		more[name]++
	}
	key := func(u U) string {
		name, text := of(u)
		if more[name] == 0 {
			return name
		}
		return name + "\x00" + text
	}
	left := map[string][]U{}
	for _, a := range after {
		left[key(a)] = append(left[key(a)], a)
	}
	var out []P
	for _, b := range before {
		if list := left[key(b)]; len(list) > 0 {
			left[key(b)] = list[1:]
			out = append(out, pair(b, list[0]))
		}
	}
	return out
}

// use compares the sources of one use, and returns the keys that a role has taken the place of.
func (c *comparison) use(u *unit, step pair, p usePair) []keys {
	where := u.where + " " + step.after.label()
	var converted []keys
	for _, now := range ordered(p.after.sources) {
		if p.before.sources[now] {
			continue
		}
		if why := p.worse(now); why != "" {
			c.report(where, "%s: %s", p.after.name, why)
			continue
		}
		for _, was := range ordered(p.before.sources) {
			replaced := was.kind == stored || was.kind == outside && (p.before.how == sure || !step.before.bringsKeys())
			if replaced && now.kind == assumed && p.before.how > faint && !p.before.foreign {
				converted = append(converted, was.keys)
				c.convert(conversion{was.keys, u.contexts, was.profile, now.role, p.after.name, where})
			}
		}
	}
	for _, was := range ordered(p.before.sources) {
		if was.kind == assumed && !p.after.has(assumed, was.role) && p.before.how > faint {
			c.report(where, "%s: it had %s and does not get it any more", p.after.name, was)
		}
	}
	return converted
}

// bringsKeys reports whether a use in the step had keys that the file names: the step then belongs to these, and so do
// the programs in it of which nothing is known.
func (a *act) bringsKeys() bool {
	if a.named == nil {
		a.named = sync.OnceValue(func() bool {
			return slices.ContainsFunc(a.uses, func(u *use) bool {
				return slices.ContainsFunc(ordered(u.sources), func(s source) bool { return s.kind == stored })
			})
		})
	}
	return a.named()
}

// convert notes a conversion, the first of its kind.
func (c *comparison) convert(x conversion) {
	kind := x
	kind.name, kind.where = "", ""
	if !c.converted[kind] {
		c.converted[kind] = true
		c.conversions = append(c.conversions, x)
	}
}

func (u *use) has(k kind, role string) bool {
	for s := range u.sources {
		if s.kind == k && s.role == role {
			return true
		}
	}
	return false
}

// all reports whether the use had nothing but these kinds of sources.
func (u *use) all(kinds ...kind) bool {
	for s := range u.sources {
		if !slices.Contains(kinds, s.kind) {
			return false
		}
	}
	return len(u.sources) > 0
}

// worse says what is wrong with a source that a use did not have before; "" when it is right.
func (p usePair) worse(now source) string {
	had := names(p.before.sources)
	if p.before.how == faint {
		if p.before.all(stored) && now.kind != assumed && now.kind != chain {
			return fmt.Sprintf("it had %s and may end with %s", had, now)
		}
		return ""
	}
	switch now.kind {
	case noCredentials:
		if now.profile != "" {
			return fmt.Sprintf("it had %s, and nothing sets the profile %s up any more", had, now.profile)
		}
		return fmt.Sprintf("it had %s and may end with none", had)
	case shadowed:
		if p.before.profiled {
			return "" // they would have won over the stored keys, too
		}
		return "stored keys of the same names would win over the role " + now.role + ": they are not unset"
	case broken:
		return fmt.Sprintf("it had %s and gets keys that do not belong together", had)
	case outside:
		return fmt.Sprintf("it had %s and may end with none but %s", had, now)
	case stored, hidden:
		return fmt.Sprintf("it had %s and gets %s", had, now)
	case chain:
		if !p.before.all(stored, outside, chain) || len(p.before.sources) > 0 && !p.before.has(chain, now.role) {
			return fmt.Sprintf("it had %s and gets %s", had, now)
		}
		return ""
	}
	return p.worseRole(now, had)
}

// worseRole judges a role that a use did not have before.
func (p usePair) worseRole(now source, had string) string {
	switch {
	case p.before.foreign:
		return fmt.Sprintf("it asks a service that is not AWS, had %s for it and gets %s", had, now)
	case p.before.copied && !p.after.whole:
		return "it hands the keys on without " + tokenVar + ", which temporary keys need"
	case p.before.all(stored, outside, shadowed, broken):
		return ""
	case p.before.has(assumed, now.role):
		return ""
	case p.before.all(noCredentials):
		return fmt.Sprintf("it had no credentials that the file shows and gets %s", now)
	}
	for s := range p.before.sources {
		if s.kind == stored || s.kind == outside {
			continue // it is what the role takes the place of
		}
		if s.kind != assumed {
			return fmt.Sprintf("it had %s and gets %s", had, now)
		}
	}
	if p.before.all(assumed) {
		return fmt.Sprintf("it had %s and gets %s", had, now)
	}
	return ""
}

func names(sources map[source]bool) string {
	var out []string
	for _, s := range ordered(sources) {
		out = append(out, s.String())
	}
	return strings.Join(out, " or ")
}

func ordered(sources map[source]bool) []source {
	return slices.SortedFunc(maps.Keys(sources), func(a, b source) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return cmp.Or(strings.Compare(a.String(), b.String()), strings.Compare(fmt.Sprint(a.keys), fmt.Sprint(b.keys)))
	})
}

// rest finds uses that are left on keys which a role has replaced for others in the same place: the keys are to be
// deleted, and these uses would fail then.
func (c *comparison) rest(u *unit, pairs []pair, converted map[keys]bool, opened bool) {
	for _, p := range pairs {
		if p.before == nil || p.after == nil {
			continue
		}
		for _, x := range pairUses(p.before.uses, p.after.uses) {
			for _, s := range ordered(x.after.sources) {
				if !x.before.sources[s] || x.after.foreign || x.after.how == faint {
					continue
				}
				visible := x.after.how == sure
				if s.kind == stored && (converted[s.keys] || opened && visible) ||
					s.kind == outside && visible && (converted[s.keys] || opened && len(converted) == 0) {
					c.report(u.where+" "+p.after.label(), "%s: it is left on %s, though a role is set up here", x.after.name, s)
				}
			}
		}
	}
}

var variableRole = pattern.New(`[$<]`)

// identities finds two identities that got one role, and one that got two: each conversion is held against the first
// with the same role, and the first of the same identity.
func (c *comparison) identities() {
	type identity struct {
		keys              keys
		contexts, profile string
	}
	ofRole, ofIdentity := map[string]conversion{}, map[identity]conversion{}
	for _, x := range c.conversions {
		if c.given[x.role] {
			continue
		}
		y := first(ofRole, x.role, x)
		switch {
		case x.keys != y.keys:
			c.report(x.where, "%s: the role %s takes the place of %s here and of %s in %s: two identities become one", x.name, x.role, x.keys, y.keys, y.where)
		case x.contexts != y.contexts && !variableRole.MatchString(x.role):
			c.report(x.where, "%s: the role %s takes the place of the keys of the contexts %q here and %q in %s: two identities become one",
				x.name, x.role, x.contexts, y.contexts, y.where)
		}
		if y := first(ofIdentity, identity{x.keys, x.contexts, x.profile}, x); x.role != y.role {
			c.report(x.where, "%s: %s became the role %s here and %s in %s: one identity became two", x.name, x.keys, x.role, y.role, y.where)
		}
	}
}

// first is what came first with a key: the value itself when there is none yet.
func first[K comparable, V any](known map[K]V, key K, value V) V {
	if v, ok := known[key]; ok {
		return v
	}
	known[key] = value
	return value
}

var accountOfRole = pattern.New(`^arn:[a-z-]+:iam::(\d{12}):`)

// images compares what the containers of a unit are pulled with.
func (c *comparison) images(b, a *unit) {
	for i, was := range b.images {
		where := fmt.Sprintf("%s image %d", a.where, i+1)
		if i >= len(a.images) {
			c.report(where, "it is gone")
			continue
		}
		now := a.images[i]
		if now.auth == was.auth && now.other == was.other {
			continue
		}
		switch {
		case was.auth.kind == assumed:
			c.report(where, "it was pulled with %s and gets %s", was.auth, now.auth)
		case now.auth.kind == noCredentials && !now.other:
			c.report(where, "it was pulled with %s and has nothing now", was.auth)
		case now.auth.kind != assumed:
			c.report(where, "it was pulled with %s and gets %s", was.auth, now.auth)
		case now.other:
			c.report(where, "it has two ways to log in")
		default:
			c.account(where, now, b.images)
		}
	}
}

// account checks that a role belongs to the account of the registry, where the unit has images of its account too.
func (c *comparison) account(where string, now image, all []image) {
	m := accountOfRole.FindStringSubmatch(now.auth.role)
	if m == nil || c.given[now.auth.role] || now.account == "" || now.account == m[1] {
		return
	}
	if slices.ContainsFunc(all, func(x image) bool { return x.account == m[1] }) {
		c.report(where, "the role %s belongs to another account than the image", now.auth.role)
	}
}
