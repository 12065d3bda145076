package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// storedForm is one place that uses a secret which somebody stored, where CircleCI's token could take its place.
type storedForm struct {
	owner   string
	span    rewrite.Span
	node    rewrite.Node // that span is in
	step    *circle.Step // nil for the environment of a job or executor
	message string       // "" for a place that only has to change along with others
	secret  string       // the variable that holds the secret; "" when none is shown
	literal bool
	values  []string // of literal secrets, for those who mask them
	blocker string   // why the form cannot be taken away by an edit
	advice  string   // what to do by hand, of a form that has no edit whatever the facts are

	edits  []shell.Edit    // of the step's script
	parts  []shell.Span    // of the step's script, to take out
	remove []rewrite.Entry // of an environment
	orb    []rewrite.Pair  // the step that takes the place of an orb's; nil for none
}

// take notes a literal secret, if there is one.
func (f *storedForm) take(literal string) {
	if literal != "" {
		f.literal, f.values = true, append(f.values, literal)
	}
}

// storedUnit is a unit with the forms in it.
type storedUnit struct {
	placement
	forms []*storedForm
}

// storedView is what rules about stored secrets share: the forms of a config, by physical place and by unit.
type storedView struct {
	p *Pass
	register[*storedForm, *storedUnit]
	assigned map[*storedUnit]assignments    // once somebody asks
	set      map[*shell.Script]*ownSettings // the same
}

func newStoredView(p *Pass) *storedView {
	v := &storedView{p: p}
	v.addUnits()
	return v
}

// collect takes the forms that scan finds in steps, and environment in physical environments.
func (v *storedView) collect(scan func(*circle.Step) []*storedForm, environment func(*storedUnit, *circle.Environment) []*storedForm) {
	byPlace := map[rewrite.Node][]*storedForm{}
	take := func(u *storedUnit, n rewrite.Node, find func() []*storedForm) {
		found, known := byPlace[n]
		if !known {
			found = find()
			byPlace[n] = found
		}
		for _, f := range found {
			v.add(u, f)
		}
	}
	for _, u := range v.units {
		for _, x := range u.steps {
			take(u, x.Step.Node, func() []*storedForm { return scan(x.Step) })
		}
	}
	for _, u := range v.units {
		for _, env := range u.allEnvironments() {
			take(u, env.Node, func() []*storedForm { return environment(u, env) })
		}
	}
}

func (v *storedView) add(u *storedUnit, f *storedForm) {
	u.forms = append(u.forms, f)
	v.note(f, u)
}

func (v *storedView) addUnits() {
	for _, u := range v.p.everyUnit() {
		v.units = append(v.units, &storedUnit{placement: placement{unit: u}})
	}
}

// script is a step's script, nil for a step without one that can be read.
func (v *storedView) script(s *circle.Step) *shell.Script {
	if s.Kind != circle.RunStep || s.Command().Kind() != rewrite.Scalar || !shell.Supported(shellOf(s)) {
		return nil
	}
	return v.p.scripts.Parse(s.Command().Value())
}

// form is a form in a step's script.
func (v *storedView) form(s *circle.Step, at shell.Span, message string) *storedForm {
	return &storedForm{owner: s.Owner(), span: spanIn(s.Command(), at), node: s.Command(), step: s, message: message}
}

// groups are the forms by owner, in the order of the file; those that have no edit at all are apart, so that they keep
// no other from its fix.
func (v *storedView) groups() [][]*storedForm {
	type group struct {
		owner string
		apart bool
	}
	forms := slices.Clone(v.forms)
	slices.SortStableFunc(forms, func(a, b *storedForm) int { return a.span.Start - b.span.Start })
	return grouped(forms, func(f *storedForm) group { return group{f.owner, f.advice != ""} })
}

// claims reports whether the fix of one of the rules about stored credentials takes a literal secret at a place of an owner's
// text away: it is then no other rule's business. A fix that will not be applied takes nothing away. The secret of a literal
// key for AWS is never another rule's.
func (p *Pass) claims(at rewrite.Span, owner, value string) bool {
	if secretPattern.MatchString(value) && slices.Contains(p.rules, awsStaticKeys) && p.aws().secrets[value] {
		return true
	}
	for _, rule := range []struct {
		*Rule
		findings func() []Finding
	}{{azureStaticSecret, p.azure}, {gcpImageAuth, p.gcpImages}, {gcpStaticKeys, p.gcp}, {publishToken, p.publish}, {vaultStaticToken, p.vault}} {
		if !slices.Contains(p.rules, rule.Rule) {
			continue
		}
		for _, f := range rule.findings() {
			f.Rule = rule.Rule
			if f.claims(at, owner, value) && p.wanted(&f) {
				return true
			}
		}
	}
	return false
}

func (f *Finding) claims(at rewrite.Span, owner, value string) bool {
	if len(f.Secrets) == 0 || f.Fix == nil || len(f.Fix.Needs) > 0 {
		return false
	}
	holds := func(s rewrite.Span) bool { return s.Start <= at.Start && at.End <= s.End }
	return holds(f.Span) || f.Owner == owner && slices.Contains(f.Secrets, value) || slices.ContainsFunc(f.Related, func(r Related) bool { return holds(r.Span) })
}

// stem is what a variable's name has around a usual one; ok is false for a name that has none of these in it.
func stem(name string, usual []string) (prefix, suffix string, ok bool) {
	for _, s := range usual {
		prefix, suffix, ok = strings.Cut(name, s)
		if ok && (prefix == "" || strings.HasSuffix(prefix, "_")) && (suffix == "" || strings.HasPrefix(suffix, "_")) {
			return prefix, suffix, true
		}
	}
	return "", "", false
}

// inner is why words cannot be replaced: they are part of a text, known when the pipeline is compiled, or come in by
// standard input.
func inner(c *shell.Call, words []shell.Word) string {
	switch {
	case c.Inner:
		return "the login stands in a script that is given to another shell as text"
	case slices.ContainsFunc(words, func(w shell.Word) bool { return w.Expr }):
		return "the login holds an expression: whose credentials these are is known only when the pipeline is compiled"
	case slices.ContainsFunc(words, func(w shell.Word) bool { return strings.HasSuffix(w.Value, "=-") }):
		return "the credentials come by standard input"
	}
	return ""
}

func replaceWord(w shell.Word, text string) shell.Edit {
	return shell.Edit{Start: w.Span.Start, End: w.Span.End, New: text}
}

// use says that a unit uses the stored secret of a form under the contexts of one of its entries.
func (f *storedForm) use(u *storedUnit, contexts []string) Use {
	out := Use{Contexts: contexts, Jobs: []string{strings.TrimPrefix(u.name, "job ")}}
	if f.secret != "" && !f.literal {
		out.Keys, out.KeyVars = f.storedBy(u), u.outside(f.storedBy(u))
	}
	return out
}

// storedBy is the variable that holds the secret of a form for a unit: what an environment of the file copies, where one
// does.
func (f *storedForm) storedBy(u *storedUnit) string {
	if name, ok := u.storedIn(f.secret); ok {
		return name
	}
	return f.secret
}
