package fixes

import "slices"

// gcpStaticKeys wants no service account keys in jobs: workload identity federation with CircleCI's OIDC token takes
// their place. See doc/gcp-static-keys.md.
var gcpStaticKeys = &Rule{
	ID:         "gcp-static-keys",
	Title:      "service account key of Google Cloud in a job",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the pool has to exist first
	Since:      "0.2.0",
	CWE:        []string{"CWE-798", "CWE-522"},
	Triggers:   anyOf("gcloud", "google", "gcp", "gcr", "service_account", "json_key"),
	Run:        runGCPStaticKeys,
	Explain:    explainGCP,
}

func runGCPStaticKeys(p *Pass) error {
	for _, f := range p.gcp() {
		p.Report(f)
	}
	return nil
}

func gcpFindings(p *Pass) []Finding {
	v := newGCPView(p)
	var fixes []*gcpFix
	for _, group := range v.groups() {
		b := &gcpFix{view: v, group: group, fix: &Fix{Title: "log in with workload identity", Safety: Setup}}
		b.refusal = b.build()
		fixes = append(fixes, b)
	}
	convertOrbs(fixes)
	var out []Finding
	for _, b := range fixes {
		out = append(out, b.finding())
	}
	return out
}

// finding is what is said of one owner's forms, with the fix that takes all of them away.
func (b *gcpFix) finding() Finding {
	first := b.group[0]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	for _, f := range b.group {
		if f.key.literal || f.stored.literal {
			out.Severity = Critical
			out.Secrets = slices.Concat(out.Secrets, f.key.secrets(), f.stored.secrets())
		}
		if f != first {
			out.Related = append(out.Related, Related{f.span, f.message})
		}
	}
	if b.refusal != "" {
		out.NoFix = b.refusal
		return out
	}
	out.Fix = b.fix
	return out
}
