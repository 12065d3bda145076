package fixes

import (
	"slices"

	"cfgfix/rewrite"
)

// awsStaticKeys wants no long-lived AWS keys in jobs: a role that CircleCI's OIDC token opens takes their place. See
// doc/aws-static-keys.md.
var awsStaticKeys = &Rule{
	ID:         "aws-static-keys",
	Title:      "long-lived AWS keys in a job",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the role has to exist first
	Since:      "0.1.0",
	CWE:        []string{"CWE-798", "CWE-522"},
	Triggers:   awsTriggers,
	Run:        runAWSStaticKeys,
	Explain:    explainAWS,
}

func runAWSStaticKeys(p *Pass) error {
	v := p.aws()
	for _, group := range v.groups() {
		if !implicit(group) {
			p.Report(v.finding(group))
		}
	}
	v.reportContainers(p)
	return nil
}

// implicit reports whether nothing in a group shows a key or a login: such an owner is another rule's.
func implicit(group []*keyForm) bool {
	return !slices.ContainsFunc(group, func(f *keyForm) bool { return f.kind != implicitForm })
}

// groups are the forms by owner, in the order of the file; where keys are shown, the first of them leads.
func (v *awsView) groups() [][]*keyForm {
	forms := slices.Clone(v.forms)
	slices.SortStableFunc(forms, func(a, b *keyForm) int {
		if (a.kind == implicitForm) != (b.kind == implicitForm) {
			return int(a.kind) - int(b.kind)
		}
		return a.span.Start - b.span.Start
	})
	return grouped(forms, func(f *keyForm) string { return f.owner })
}

// finding is what is said of one owner's forms, with the fix that takes all of them away.
func (v *awsView) finding(group []*keyForm) Finding {
	first := group[0]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	for _, f := range group {
		if f.literal {
			out.Severity = Critical
		}
		if f != first {
			out.Related = append(out.Related, Related{f.span, f.message})
		}
	}
	b := &awsFix{
		view: v, group: group, placed: map[placedAt]bool{}, agreement: map[rewrite.Node]bool{},
		fix: &Fix{Title: "assume a role with CircleCI's OIDC token", Safety: Setup},
	}
	if refusal := b.build(); refusal != "" {
		out.NoFix = refusal
		return out
	}
	out.Fix = b.fix
	return out
}
