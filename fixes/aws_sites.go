package fixes

import (
	"fmt"
	"slices"

	"cfgfix/fixes/internal/circle"
)

// site is a place for a setup step: before the step that needs it.
type site struct {
	step  *circle.Step
	calls []*circle.Step      // the calls of commands that lead to it
	use   *circle.WorkflowJob // an orb's job that gets the setup as a pre-step; step is nil then
	form  *keyForm            // an aws-cli/setup that becomes the setup itself; nil when a step is to be inserted
}

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
	if u.mixed = u.widened(); u.mixed != "" {
		return
	}
	if slices.ContainsFunc(u.forms, func(f *keyForm) bool { return f.kind == environmentForm && f.step == nil }) {
		if s := u.firstRun(); s != nil {
			u.addSite(awsVisit{Visit: circle.Visit{Step: s}}, nil)
		} else if u.use != nil {
			u.sites = append(u.sites, site{use: u.use})
		}
	}
	for i, x := range u.visits {
		for _, f := range x.facts.forms {
			if !slices.Contains(u.forms, f) || f.element.inPlace() || u.dominated(x) {
				continue
			}
			switch {
			case f.kind == setupForm:
				u.addSite(x, f)
			case x.Step.RunWhen() == "always" || x.Step.RunWhen() == "on_fail":
				u.addSite(awsVisit{Visit: circle.Visit{Step: u.firstRun()}}, nil)
			default:
				u.addSite(u.behindInstall(i), nil)
			}
		}
	}
	if i := slices.IndexFunc(u.forms, func(f *keyForm) bool { return f.use != nil }); i >= 0 && u.forms[i].blocker == "" && !u.forms[i].element.inPlace() && len(u.sites) == 0 {
		u.sites = append(u.sites, site{use: u.use})
	}
}

// widened says when keys that reach one step only would be followed by a role that reaches the steps behind it too,
// and one of these runs something that may have used other credentials.
func (u *awsUnit) widened() string {
	for i, x := range u.visits {
		for _, f := range x.facts.forms {
			narrow := f.step != nil && !f.stays && (f.kind == exportForm || f.kind == environmentForm)
			if !narrow || !slices.Contains(u.forms, f) || f.keys.sameKeys(standard) {
				continue
			}
			for _, y := range u.visits[i+1:] {
				own := slices.ContainsFunc(y.facts.forms, func(g *keyForm) bool { return g.keys == f.keys })
				if !own && y.facts.unknown != "" {
					return fmt.Sprintf("the keys reach one step only, and a later step runs %s, which may use other credentials", y.facts.unknown)
				}
			}
		}
	}
	return ""
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

// firstRun is the first step of the unit's own list that may run a program: checkout and its like need no keys.
func (u *awsUnit) firstRun() *circle.Step {
	for _, x := range u.visits {
		if len(x.Calls) == 0 && x.Step.Kind != circle.BuiltinStep && !u.nested(x.Step) {
			return x.Step
		}
	}
	return nil
}

func (u *awsUnit) nested(s *circle.Step) bool { return s.List != nil && s.List.Step != nil }

func (u *awsUnit) addSite(x awsVisit, f *keyForm) {
	if x.Step != nil {
		u.sites = append(u.sites, site{step: x.Step, calls: x.Calls, form: f})
	}
}

// dominated reports whether a setup of the unit stands in a list around the step, so that it has run before.
func (u *awsUnit) dominated(x awsVisit) bool {
	for _, s := range u.sites {
		if s.step == nil {
			continue
		}
		if s.step.Node == x.Step.Node || slices.ContainsFunc(s.covers(), func(l *circle.StepList) bool { return within(x, l) }) {
			return true
		}
	}
	return false
}

// covers are the lists in which the setup has run for all that comes behind it: its own and, when it runs there in any
// case, those around the calls that lead to it.
func (s site) covers() []*circle.StepList {
	var out []*circle.StepList
	chain := []*circle.Step{s.step}
	for _, call := range slices.Backward(s.calls) {
		chain = append(chain, call)
	}
	for _, step := range chain {
		if step.List == nil {
			break
		}
		out = append(out, step.List)
		if step.List.Step != nil {
			break // below a condition
		}
	}
	return out
}

// within reports whether a visited step stands in a list, below a condition in it, or in a command called from there.
func within(x awsVisit, list *circle.StepList) bool {
	chain := append([]*circle.Step{x.Step}, x.Calls...)
	for _, s := range chain {
		for l := s.List; l != nil; {
			if l.Node == list.Node {
				return true
			}
			if l.Step == nil {
				break
			}
			l = l.Step.List
		}
	}
	return false
}

// behindInstall moves a site behind a step that installs version 1 of the CLI for the user alone, when a later step
// needs that version: the setup step would install version 2 in front of it otherwise. The step itself may not call AWS.
func (u *awsUnit) behindInstall(i int) awsVisit {
	x := u.visits[i]
	needsV1 := slices.ContainsFunc(u.visits[i:], func(y awsVisit) bool { return y.facts.v1Only })
	if !needsV1 || !x.facts.userInstall || x.facts.uses || x.facts.v1Only || i+1 >= len(u.visits) {
		return x
	}
	if next := u.visits[i+1]; next.Step.List != nil && x.Step.List != nil && next.Step.List.Node == x.Step.List.Node {
		return next
	}
	return x
}
