package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// cloudConversion is a use of a stored secret that has CircleCI's token now.
type cloudConversion struct {
	cloud    cloud
	was      value
	contexts string
	now      string // whom the token opens
	where    string
}

// clouds compares what a step has at other clouds than AWS.
func (c *comparison) clouds(u *unit, p pair) {
	for _, x := range pairCloudUses(p.before.clouds, p.after.clouds) {
		c.cloudUse(u, u.where+" "+p.after.label(), x)
	}
}

// cloudUse compares the sources of one use.
func (c *comparison) cloudUse(u *unit, where string, x cloudPair) {
	for _, now := range slices.SortedFunc(maps.Keys(x.after.sources), byText) {
		if x.before.sources[now] {
			continue
		}
		if why := x.worse(now); why != "" {
			c.report(where, "%s: %s", x.after.name, why)
			continue
		}
		for was := range x.before.sources {
			if was.origin == variable || was.origin == literal {
				c.cloudConversions = append(c.cloudConversions, cloudConversion{x.after.cloud, was, u.contexts, now.text, where})
			}
		}
	}
}

// goneClouds judges the uses of a step that is not there any more: a step that is new may have become of it.
func (c *comparison) goneClouds(u *unit, gone *act, pairs []pair) {
	for _, x := range gone.clouds {
		if !x.sure {
			continue
		}
		found := false
		for _, p := range pairs {
			if p.before != nil || found {
				continue
			}
			if i := slices.IndexFunc(p.after.clouds, func(y *cloudUse) bool { return y.name == x.name }); i >= 0 {
				found = true
				c.cloudUse(u, u.where+" "+p.after.label(), cloudPair{x, p.after.clouds[i]})
			}
		}
		if !found {
			c.report(u.where+" "+gone.label(), "the step that runs %s is gone", x.name)
		}
	}
}

// cloudPair is one use before and after.
type cloudPair struct{ before, after *cloudUse }

func pairCloudUses(before, after []*cloudUse) []cloudPair {
	return pairUp(before, after, func(u *cloudUse) (name, text string) { return u.name, u.text }, func(b, a *cloudUse) cloudPair { return cloudPair{b, a} })
}

// worse says what is wrong with a source that a use did not have before; "" when it is right.
func (p cloudPair) worse(now value) string {
	had := valueNames(p.before.sources)
	for was := range p.before.sources {
		if was.origin == federated {
			return fmt.Sprintf("it had %s at %s and gets %s", had, p.after.cloud, nameOf(now))
		}
	}
	switch now.origin {
	case federated:
		return ""
	case ambient, unset:
		return fmt.Sprintf("it had %s at %s and has none that the file shows", had, p.after.cloud)
	}
	return fmt.Sprintf("it had %s at %s and gets %s", had, p.after.cloud, nameOf(now))
}

// nameOf is a source for people.
func nameOf(v value) string {
	switch v.origin {
	case federated:
		return "a login with CircleCI's token as " + v.text
	case variable:
		return "what is stored in " + v.text
	case literal:
		return "a literal secret"
	case ambient, unset:
		return "none that the file shows"
	}
	return "credentials that the file does not show"
}

func byText(a, b value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

func valueNames(sources map[value]bool) string {
	var out []string
	for _, v := range slices.SortedFunc(maps.Keys(sources), byText) {
		out = append(out, nameOf(v))
	}
	return strings.Join(out, " or ")
}

// cloudIdentities finds two stored secrets in whose place one identity came that nobody has chosen for both: each
// conversion is held against the first with the same identity and place, and the first with the same identity.
func (c *comparison) cloudIdentities() {
	type identity struct {
		cloud         cloud
		now, contexts string
	}
	inPlace, anywhere := map[identity]cloudConversion{}, map[identity]cloudConversion{}
	for _, x := range c.cloudConversions {
		if x.cloud == npm || x.cloud == pypi {
			continue // the registry knows the project, whatever token it had
		}
		if c.given[x.now] || strings.Contains(x.now, "<<") {
			continue
		}
		if y := first(inPlace, identity{x.cloud, x.now, x.contexts}, x); x.was != y.was {
			c.report(x.where, "%s takes the place of %s here and of %s in %s: two identities become one", x.now, nameOf(x.was), nameOf(y.was), y.where)
		}
		if y := first(anywhere, identity{x.cloud, x.now, ""}, x); x.contexts != y.contexts && !variableRole.MatchString(x.now) {
			c.report(x.where, "%s takes the place of what the contexts %q hold here and %q in %s: two identities become one", x.now, x.contexts, y.contexts, y.where)
		}
	}
}
