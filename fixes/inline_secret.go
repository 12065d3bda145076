package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
)

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

// separate refuses what would put two values into one variable of one context, at once or in the next round: another value
// of the variable may be left in the file only because this one stands in its job, and would be taken for this one then.
func separate(fixes []*secretFix) {
	stored, left := valuesByPlace{}, valuesByPlace{}
	for _, b := range fixes {
		switch {
		case b.refusal == "":
			for _, context := range b.contexts {
				stored.add(b.variable+"\x00"+context, b.site.value)
			}
		case b.isSetting():
			for _, use := range b.entries {
				left.add(usePlace{b.site.variables[0], use}, b.site.value)
			}
		}
	}
	for _, b := range fixes {
		if b.refusal != "" || b.variable == "" {
			continue
		}
		meets := func(context string) bool { return stored.others(b.variable+"\x00"+context, b.site.value) }
		uncovers := func(use *circle.WorkflowJob) bool { return left.others(usePlace{b.variable, use}, b.site.value) }
		if slices.ContainsFunc(b.contexts, meets) || slices.ContainsFunc(b.entries, uncovers) {
			b.clash = true
		}
	}
	for _, b := range fixes {
		if b.clash {
			b.refusal = "the file has several values for " + b.variable + ", and a context holds one: give each a name or a context of its own"
		}
	}
}

// usePlace is a variable in what a workflow entry runs.
type usePlace struct {
	variable string
	use      *circle.WorkflowJob
}

// valuesByPlace are the values that a place has.
type valuesByPlace map[any]map[string]bool

func (v valuesByPlace) add(place any, value string) {
	if v[place] == nil {
		v[place] = map[string]bool{}
	}
	v[place][value] = true
}

// others reports whether a place has another value than one that it may have.
func (v valuesByPlace) others(place any, value string) bool {
	n := len(v[place])
	return n > 1 || n == 1 && !v[place][value]
}

// sets reports whether the secret is what an environment or a script sets a variable to.
func (b *secretFix) sets(name string) bool { return b.isSetting() && b.site.variables[0] == name }

func (b *secretFix) isSetting() bool {
	s := b.site
	return s.setting != nil || s.script != nil && len(s.script.parts) > 0
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
