package fixes

import (
	"iter"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// site is a place for a step that logs in: before the step that needs it.
type site struct {
	step  *circle.Step
	calls []*circle.Step      // the calls of commands that lead to it
	use   *circle.WorkflowJob // an orb's job that gets the login as a pre-step; step is nil then
	given bool                // the step itself becomes the login: none is to be inserted
}

// placement is a unit with the places of its logins.
type placement struct {
	*unit
	sites []site
}

func (u *placement) self() *placement { return u }

// placements are the placements of what a rule makes of units.
func placements[U placed](units []U) iter.Seq[*placement] {
	return func(yield func(*placement) bool) {
		for _, u := range units {
			if !yield(u.self()) {
				return
			}
		}
	}
}

func (u *placement) addSite(x circle.Visit, given bool) {
	if x.Step != nil {
		u.sites = append(u.sites, site{step: x.Step, calls: x.Calls, given: given})
	}
}

// dominated reports whether a login of the unit stands in a list around the step, so that it has run before.
func (u *placement) dominated(x circle.Visit) bool {
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

// covers are the lists in which the login has run for all that comes behind it: its own and, when it runs there in any
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
func within(x circle.Visit, list *circle.StepList) bool {
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

// target is the step that a new one goes in front of, so that it serves all of those who run the site's step. callsOrb
// says that the new step calls an orb, which the body of an inline orb has to declare for itself: there it goes only
// where nobody outside calls the step. agreed tells whether all who run the step need their login right there.
func (s site) target(agreed func(site) bool, callsOrb bool) (step *circle.Step, refusal string) {
	step = s.step
	for i := len(s.calls) - 1; i >= 0 && callsOrb && step.Config().Orb != nil; i-- {
		step = s.calls[i]
	}
	if step == s.step && len(s.calls) > 0 && !agreed(s) {
		step = s.calls[0]
	}
	if step.List == nil || step.List.Node.Kind() != rewrite.Sequence {
		return nil, "there is no list of steps to put the setup into"
	}
	return step, ""
}

// agreed reports whether all units that run a step of a command need their login right there.
func (s site) agreed(all iter.Seq[*placement]) bool {
	for u := range all {
		if !u.hasSite(s.step) {
			return false
		}
	}
	return true
}

func (u *placement) hasSite(s *circle.Step) bool {
	return slices.ContainsFunc(u.sites, func(o site) bool { return o.step != nil && o.step.Node == s.Node })
}

// bystander is a job that runs the list of a step through an anchor without being one of the units.
func bystander(c *circle.Config, step *circle.Step, units iter.Seq[*placement]) string {
	if len(step.Entry.Parent().Users()) == 0 {
		return ""
	}
	return stranger(c, step.Item, units)
}

// stranger is a job that a node belongs to without being one of the units.
func stranger(c *circle.Config, n rewrite.Node, units iter.Seq[*placement]) string {
	known := map[rewrite.Node]bool{}
	for u := range units {
		if u.job != nil {
			known[u.job.Node] = true
		}
	}
	for _, j := range c.UsersOf(n) {
		if !known[j.Node] {
			return "job " + j.Name
		}
	}
	return ""
}
