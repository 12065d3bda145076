package fixes

import (
	"fmt"
	"slices"
	"sort"
	"sync"

	"cfgfix/fixes/internal/circle"
)

// findSites decides where a unit needs its setup: before the first step that needs keys, in the innermost list that
// dominates all such steps, or else before each.
func (v *awsView) findSites(u *awsUnit) {
	if len(u.forms) == 0 || u.mixed != "" {
		return
	}
	if !u.oneIdentity() {
		u.mixed = "two identities meet in one job: each needs a role and a profile of its own"
		return
	}
	acts := map[*keyForm]bool{}
	for _, f := range u.forms {
		acts[f] = true
	}
	if u.mixed = u.widened(acts); u.mixed != "" {
		return
	}
	if slices.ContainsFunc(u.forms, func(f *keyForm) bool { return f.kind == environmentForm && f.step == nil }) {
		if s := u.firstRun(); s != nil {
			u.addSite(circle.Visit{Step: s}, false)
		} else if u.use != nil {
			u.sites = append(u.sites, site{use: u.use})
		}
	}
	for i, x := range u.visits {
		for _, f := range x.facts.forms {
			if !acts[f] || u.dominated(x.Visit) {
				continue
			}
			switch {
			case f.element.inPlace() || f.kind == setupForm:
				u.addSite(x.Visit, true) // it leaves its session to the steps behind it
			case x.Step.RunWhen() == "always" || x.Step.RunWhen() == "on_fail":
				u.addSite(circle.Visit{Step: u.firstRun()}, false)
			default:
				u.addSite(u.behindInstall(i).Visit, false)
			}
		}
	}
	if i := slices.IndexFunc(u.forms, func(f *keyForm) bool { return f.use != nil }); i >= 0 && u.forms[i].blocker == "" && !u.forms[i].element.inPlace() && len(u.sites) == 0 {
		u.sites = append(u.sites, site{use: u.use})
	}
}

// widened says when keys that reach one step only would be followed by a role that reaches the steps behind it too,
// and one of these runs something that may have used other credentials. All of the forms, acts, have the same keys.
func (u *awsUnit) widened(acts map[*keyForm]bool) string {
	strangers := sync.OnceValue(u.strangers)
	for i, x := range u.visits {
		for _, f := range x.facts.forms {
			narrow := f.step != nil && !f.stays && (f.kind == exportForm || f.kind == environmentForm)
			if !narrow || !acts[f] || f.keys.sameKeys(standard) {
				continue
			}
			which := "a later"
			if when := x.Step.RunWhen(); when == "always" || when == "on_fail" {
				i, which = -1, "another" // the setup stands before the first step that can fail
			}
			if at := sort.SearchInts(strangers(), i+1); at < len(strangers()) {
				y := u.visits[strangers()[at]]
				return fmt.Sprintf("the keys reach one step only, and %s step runs %s, which may use other credentials", which, y.facts.unknown())
			}
		}
	}
	return ""
}

// strangers are the numbers of the visits without the unit's keys that run something which may use credentials.
func (u *awsUnit) strangers() []int {
	var out []int
	for i, x := range u.visits {
		own := slices.ContainsFunc(x.facts.forms, func(f *keyForm) bool { return f.keys == u.forms[0].keys })
		if !own && x.facts.unknown() != "" {
			out = append(out, i)
		}
	}
	return out
}

// oneIdentity reports whether all forms of the unit act as the same user.
func (u *awsUnit) oneIdentity() bool {
	for _, f := range u.forms[1:] {
		if f.keys != u.forms[0].keys {
			return false
		}
	}
	return true
}

// behindInstall moves a site behind a step that installs version 1 of the CLI for the user alone, when a later step
// needs that version: the setup step would install version 2 in front of it otherwise. The step itself may not call AWS.
func (u *awsUnit) behindInstall(i int) awsVisit {
	x := u.visits[i]
	if !x.facts.userInstall || x.facts.uses || x.facts.v1Only || i+1 >= len(u.visits) {
		return x
	}
	if !slices.ContainsFunc(u.visits[i:], func(y awsVisit) bool { return y.facts.v1Only }) {
		return x
	}
	if next := u.visits[i+1]; next.Step.List != nil && x.Step.List != nil && next.Step.List.Node == x.Step.List.Node {
		return next
	}
	return x
}
