package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
)

// findSites decides where a unit needs its login: before the first step that logs in, in the innermost list that
// dominates all such steps, or else before each. A key file alone needs it where it is written.
func (v *gcpView) findSites(u *gcpUnit) {
	active := slices.DeleteFunc(slices.Clone(u.forms), func(f *gcpForm) bool { return f.blocker != "" })
	if len(active) == 0 {
		return
	}
	for _, f := range active {
		if f.key.name != active[0].key.name {
			u.mixed = "two service accounts meet in one job: each needs a login of its own"
		} else if f.step != nil && f.orb == nil && len(f.step.activations) > 0 && f.project != projectOf(active) {
			u.mixed = "the job logs in for several projects"
		}
	}
	if slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return v.stepOf(x.Step).oidc != "" }) {
		u.mixed = "the job logs in with workload identity as well: which of the two identities a step needs is not shown"
	}
	if u.mixed != "" {
		return
	}
	activates := func(f *gcpForm) bool { return f.step != nil && len(f.step.activations) > 0 && f.blocker == "" }
	only := slices.ContainsFunc(u.forms, activates)
	for _, x := range u.steps {
		for _, f := range v.stepOf(x.Step).forms() {
			switch {
			case f.blocker != "" || u.dominated(x):
			case f.orb != nil:
				u.addSite(x, true)
			case f.logsIn && (!only || activates(f)):
				u.addSite(x, false)
			}
		}
	}
}

// projectOf is the project of the first login among forms.
func projectOf(forms []*gcpForm) string {
	for _, f := range forms {
		if f.step != nil && len(f.step.activations) > 0 {
			return f.project
		}
	}
	return ""
}
