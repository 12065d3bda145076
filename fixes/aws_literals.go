package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// keyPlace is where the id or the secret of a literal key stands.
type keyPlace struct {
	node  rewrite.Node // the scalar
	at    shell.Span   // in its text
	value string
	above int // how far above the scalar the search has come
}

// literalKeys are the ids and the secrets of AWS keys in a part of the file, whatever brings them to whom.
type literalKeys struct{ ids, secrets []keyPlace }

// keyReach is how far above an id and its secret the mapping or list may be that has both: as that of two parameters with
// their defaults, or of two steps.
const keyReach = 2

var (
	keyIDInText  = pattern.New(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)
	secretInText = pattern.New(`[A-Za-z0-9/+]{40,}`)
)

// mayHoldKey reports whether what has some texts can have the id of a key.
func mayHoldKey(has func(text string) bool) bool { return has("AKIA") || has("ASIA") }

// literalKeysIn are those in a scalar. Lines that are commented out, samples and stand-ins have none.
func literalKeysIn(n rewrite.Node) literalKeys {
	text := n.Value()
	places := func(search *pattern.Pattern, is func(string) bool) []keyPlace {
		var out []keyPlace
		for _, m := range search.FindAllStringSubmatchIndex(text, -1) {
			if value := text[m[0]:m[1]]; is(value) && !commentedOut(text, m[0]) {
				out = append(out, keyPlace{node: n, at: shell.Span{Start: m[0], End: m[1]}, value: value})
			}
		}
		return out
	}
	t := secretTables()
	return literalKeys{
		places(keyIDInText, func(id string) bool { return !t.dummy(id) }),
		places(secretInText, func(secret string) bool { return len(secret) == 40 && mixed(secret) && t.strong(secret) }),
	}
}

// commentedOut reports whether the line around a place in a text begins as a comment does, in shells and most languages.
func commentedOut(text string, at int) bool {
	line := strings.TrimLeft(text[strings.LastIndexByte(text[:at], '\n')+1:], " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}

// mixed reports whether a text has letters of both cases, which a digest has not.
func mixed(text string) bool { return strings.ToLower(text) != text && strings.ToUpper(text) != text }

// strayKeys are literal keys in a step's script that none of its forms has.
func (v *awsView) strayKeys(s *circle.Step, forms []*keyForm) []*keyForm {
	text := s.Command()
	if text.Kind() != rewrite.Scalar || !mayHoldKey(func(id string) bool { return strings.Contains(text.Value(), id) }) || foreignService(text.Value()) {
		return nil
	}
	out := v.keyForms(literalKeysIn(text), forms)
	for _, f := range out {
		f.owner, f.step, f.message = s.Owner(), s, "the script holds "+f.keys.String()+" with its secret"
	}
	return out
}

var endpointGiven = pattern.New(`(?i)endpoint[-_]url`)

// foreignService reports whether a text points AWS tools at a service that is not AWS.
func foreignService(text string) bool {
	return !atAWS(text) && endpointGiven.MatchString(text)
}

// keyForms are the forms of keys that stand beside their secrets, each id once. Those that other forms have are left out.
func (v *awsView) keyForms(keys literalKeys, others []*keyForm) []*keyForm {
	if len(keys.ids) == 0 || len(keys.secrets) == 0 {
		return nil
	}
	had := map[string]bool{}
	for _, f := range others {
		had[f.keys.literal] = true
	}
	var out []*keyForm
	for _, id := range keys.ids {
		v.secrets[keys.secretOf(id)] = true
		if had[id.value] {
			continue
		}
		had[id.value] = true
		f := &keyForm{kind: literalForm, owner: v.config.Owner(id.node), node: id.node, span: spanIn(id.node, id.at), literal: true, keys: identity{literal: id.value}}
		f.message = "the text holds " + f.keys.String() + " with its secret"
		f.blocker = "no edit takes the key out of here: deactivate it in IAM, for it stays readable in the history, and let the job assume a role with CircleCI's token"
		out = append(out, f)
	}
	return out
}

// secretOf is the secret that stands nearest to an id. There is one.
func (k literalKeys) secretOf(id keyPlace) string {
	i, _ := slices.BinarySearchFunc(k.secrets, id, func(s, id keyPlace) int { return s.start() - id.start() })
	if i == len(k.secrets) || i > 0 && id.start()-k.secrets[i-1].start() < k.secrets[i].start()-id.start() {
		i--
	}
	return k.secrets[i].value
}

// start is about where a place is in the file, to tell which are near to each other.
func (p keyPlace) start() int { return p.node.Span().Start + p.at.Start }

// addLiterals adds the literal keys that no form has, wherever they stand in the file.
func (v *awsView) addLiterals() {
	if !mayHoldKey(v.p.fileMentions) {
		return
	}
	w := &literalSweep{view: v, claimed: map[rewrite.Node][]string{}, passed: map[rewrite.Node]bool{}}
	for _, f := range v.forms {
		if f.literal {
			w.claimed[f.node] = append(w.claimed[f.node], f.keys.literal)
		}
	}
	eachDockerList(v.config, func(_ *circle.Config, items []*circle.DockerItem) {
		for _, d := range items { // what they are given is reported apart
			for _, env := range d.Environment() {
				w.passed[env.Node] = true
			}
			w.passed[d.AWSAuth()] = true
		}
	})
	for _, e := range v.config.Node.Entries() {
		if !slices.Contains([]string{"examples", "description", "display", "usage"}, e.Name()) {
			w.look(e.Value(), nil)
		}
	}
}

// literalSweep goes through the file for literal keys.
type literalSweep struct {
	view    *awsView
	claimed map[rewrite.Node][]string // ids that forms have, by the forms' nodes
	passed  map[rewrite.Node]bool     // what other findings are about
}

// look adds the keys in a node, and returns the ids and secrets that wait for their other half. claimed are the ids that
// forms around the node have.
func (w *literalSweep) look(n rewrite.Node, claimed []string) literalKeys {
	if w.passed[n] || n.Kind() == rewrite.Alias || foreignService(n.Value()) {
		return literalKeys{}
	}
	claimed = append(slices.Clip(claimed), w.claimed[n]...)
	var out literalKeys
	if n.Kind() == rewrite.Scalar {
		out = literalKeysIn(n)
		out.ids = slices.DeleteFunc(out.ids, func(id keyPlace) bool { return slices.Contains(claimed, id.value) })
	}
	for _, e := range n.Entries() {
		if foreignService(e.Name() + " " + e.Value().Resolve().Value()) {
			return literalKeys{}
		}
		in := w.look(e.Value(), claimed)
		out.ids, out.secrets = append(out.ids, raised(in.ids)...), append(out.secrets, raised(in.secrets)...)
	}
	if len(out.ids) == 0 || len(out.secrets) == 0 {
		return out
	}
	for _, f := range w.view.keyForms(out, nil) {
		u := newAWSUnit(&unit{name: f.owner, known: true})
		w.view.add(u, f)
		w.view.units = append(w.view.units, u)
	}
	return literalKeys{}
}

// raised are the places as seen from one level further up, without those that are too far below.
func raised(places []keyPlace) []keyPlace {
	var out []keyPlace
	for _, p := range places {
		if p.above++; p.above <= keyReach {
			out = append(out, p)
		}
	}
	return out
}
