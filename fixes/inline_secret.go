package fixes

import "slices"

// inlineSecret wants no secrets in the file: a context holds them. See doc/inline-secret.md.
var inlineSecret = &Rule{
	ID:         "inline-secret",
	Title:      "literal secret in the config",
	Severity:   Critical,
	Confidence: HighConfidence,
	Safety:     Setup, // the context has to hold the value first
	Since:      "0.2.0",
	CWE:        []string{"CWE-798", "CWE-540"},
	Run:        runInlineSecret,
	Explain:    explainSecrets,
}

func runInlineSecret(p *Pass) error {
	v := newSecretView(p)
	var fixes []*secretFix
	for _, s := range v.sites {
		if p.claims(s.span(), p.Config.Owner(s.node), s.value) {
			continue
		}
		fixes = append(fixes, &secretFix{view: v, site: s, fix: &Fix{Title: "take the secret from a context", Safety: Setup}})
	}
	for _, named := range []bool{true, false} { // those that are free to take any name come last
		for _, b := range fixes {
			if named == (b.site.setting != nil) {
				b.refusal = b.build()
			}
		}
	}
	separate(fixes)
	for _, b := range fixes {
		p.Report(b.finding())
	}
	return nil
}

// separate refuses what would put two values into one variable of one context.
func separate(fixes []*secretFix) {
	byVariable := map[string][]*secretFix{}
	for _, b := range fixes {
		byVariable[b.variable] = append(byVariable[b.variable], b)
	}
	for _, b := range fixes {
		meets := func(o *secretFix) bool {
			return o.refusal == "" && o.site.value != b.site.value && slices.ContainsFunc(o.contexts, func(c string) bool { return slices.Contains(b.contexts, c) })
		}
		if b.refusal == "" && b.variable != "" && slices.ContainsFunc(byVariable[b.variable], meets) {
			b.clash = true
		}
	}
	for _, b := range fixes {
		if b.clash {
			b.refusal = "the file has several values for " + b.variable + ", and a context holds one: give each a name or a context of its own"
		}
	}
}

// finding is what is said of one secret.
func (b *secretFix) finding() Finding {
	s := b.site
	out := Finding{
		Span: s.span(), Path: s.node.Path(), Owner: b.view.p.Config.Owner(s.node), Message: s.message(),
		Confidence: s.confidence, Secrets: []string{s.value},
	}
	if b.refusal != "" {
		out.NoFix = b.refusal
		return out
	}
	out.Fix = b.fix
	return out
}
