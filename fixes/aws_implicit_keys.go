package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// awsImplicitKeys wants a job that calls AWS to say where its credentials come from. Without that they are long-lived
// keys of the project or a context, which nobody sees in the file. See doc/aws-implicit-keys.md.
var awsImplicitKeys = &Rule{
	ID:         "aws-implicit-keys",
	Title:      "AWS called with credentials that the file does not show",
	Severity:   Medium,
	Confidence: MediumConfidence,
	Safety:     Setup, // the role has to exist first
	Since:      "0.1.0",
	CWE:        []string{"CWE-522"},
	Triggers:   awsTriggers,
	Run:        runAWSImplicitKeys,
	Explain:    explainAWS,
}

func runAWSImplicitKeys(p *Pass) error {
	v := p.aws()
	for _, group := range v.groups() {
		if !implicit(group) {
			continue
		}
		f := v.finding(group)
		if name := v.forked(group); name != "" && f.Fix != nil && f.Fix.Safety > Unsafe {
			f.Fix.Safety = Unsafe
			f.Fix.Reason = fmt.Sprintf("%s runs for every branch: a build of a forked pull request, which gets no token, would fail at the setup", name)
		}
		p.Report(f)
	}
	return nil
}

// forked is the name of a unit that a pull request from a fork may start, with nothing that stands in the way: no
// filter on branches, no context, no condition of the workflow. It is "" when there is none.
func (v *awsView) forked(group []*keyForm) string {
	for _, f := range group {
		for _, u := range v.unitsOf(f) {
			if u.job != nil && (u.job.Get("branch").Exists() || u.job.Get("branches").Exists()) {
				continue
			}
			if slices.ContainsFunc(u.uses, opensToForks) {
				return u.name
			}
		}
	}
	return ""
}

// opensToForks reports whether a pull request from a fork runs a workflow entry.
func opensToForks(w *circle.WorkflowJob) bool {
	return !keepsForksOut(w) && len(w.Contexts()) == 0 && !w.Workflow.Get("when").Exists() && !w.Workflow.Get("unless").Exists() &&
		!w.Workflow.Get("triggers").Exists()
}

// keepsForksOut reports whether the filters of a workflow entry leave only named branches or tags: one that only ignores
// some branches, or allows all, does not. The branch of a forked pull request is called pull/NUMBER.
func keepsForksOut(w *circle.WorkflowJob) bool {
	branches := w.Filters().Get("branches").Resolve()
	if !branches.Exists() {
		return w.BranchFilter()
	}
	all := func(n rewrite.Node) bool {
		return slices.ContainsFunc(textsOf(n), func(s string) bool { return s == "/.*/" || s == "/.+/" || s == "/^.*$/" })
	}
	if only := branches.Get("only").Resolve(); only.Exists() {
		return !all(only)
	}
	ignored := branches.Get("ignore").Resolve()
	return all(ignored) || slices.ContainsFunc(textsOf(ignored), func(s string) bool { return strings.Contains(s, "pull") })
}
