package fixes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// scanElement notes a step of another AWS orb.
func (v *awsView) scanElement(s *circle.Step, orb *circle.Orb, command string, facts *stepFacts) {
	table := orbTables()[orb.Name()]
	if table == nil {
		return
	}
	x := &elementUse{orb: orb, release: table.release(orb.Version()), node: s.Node, value: s.Value(), args: s.Args(), step: s}
	if x.release == nil {
		facts.supplies = true // what an unknown version does is not known
		if f := v.unknownElement(x, s.Name); f != nil {
			f.owner, f.step = s.Owner(), s
			facts.forms = append(facts.forms, f)
		}
		return
	}
	login := x.release.Commands[command]
	if cloud := x.arg(x.release.Provider); x.release.Provider != "" && cloud.Exists() && cloud.Value() != "AWS" {
		login = ""
	}
	facts.uses = facts.uses || login == loginEnvironment
	facts.assumes = login == loginKeys && x.hasRole() && !x.namesKeys()
	if f := v.elementForm(x, s.Name, login); f != nil {
		f.owner = s.Owner()
		facts.forms = append(facts.forms, f)
	}
}

// jobElement is the form of a workflow entry that runs a job of an AWS orb, nil when it uses no long-lived keys.
func (v *awsView) jobElement(use *circle.WorkflowJob) *keyForm {
	orb, job, ok := use.OrbJob()
	if !ok || orb == nil || orbTables()[orb.Name()] == nil || orb.Name() == awsCLI {
		return nil
	}
	x := &elementUse{orb: orb, release: orbTables()[orb.Name()].release(orb.Version()), node: use.Node, args: use.Args}
	if !use.Bare {
		x.value = use.Key.Entry().Value()
	}
	var f *keyForm
	if x.release == nil {
		f = v.unknownElement(x, use.JobName)
	} else {
		f = v.elementForm(x, use.JobName, x.release.Jobs[job])
	}
	if f != nil {
		f.owner = v.config.Owner(use.Key)
		f.use = use
	}
	return f
}

// unknownElement is the form of an element of a version that the tables do not know: only keys that it shows count.
func (v *awsView) unknownElement(x *elementUse, name string) *keyForm {
	for _, key := range []string{"aws-access-key-id", "aws_access_key_id"} {
		if s := keyParameter(x.arg(key).Value()); s.kind == varSource || s.kind == literalSource {
			f := &keyForm{kind: elementForm, element: x, node: x.node, span: x.node.Span(), blocker: "the version of " + x.orb.Ref() + " is not known"}
			f.describe([2]keySource{s, keyParameter(x.arg(strings.Replace(strings.Replace(key, "access-key-id", "secret-access-key", 1), "access_key_id", "secret_access_key", 1)).Value())}, "")
			f.message = fmt.Sprintf("%s uses AWS keys, from %s", name, f.origin())
			return f
		}
	}
	return nil
}

// keyParameter tells where a key parameter of an orb points. Its value is the name of a variable, or expands one.
func keyParameter(text string) keySource {
	s := classify(text)
	if s.kind != literalSource && s.kind != varSource && envName.MatchString(text) {
		return keySource{varSource, text}
	}
	return s
}

// elementForm is the form of an element of a known version, nil when it uses no long-lived keys.
func (v *awsView) elementForm(x *elementUse, name, login string) *keyForm {
	x.login = login
	f := &keyForm{element: x, node: x.node, span: x.node.Span(), step: x.step}
	switch login {
	case loginEnvironment:
		f.kind, f.keys = implicitForm, standard
	case loginOptional:
		if x.arg("auth").Exists() {
			return nil
		}
		f.kind, f.keys = implicitForm, standard
	case loginKeys:
		if !v.elementKeys(f, x) || x.hasRole() && !x.hasKeys {
			return nil
		}
		f.blocker = cmp.Or(f.blocker, x.release.Manual)
		switch {
		case x.keyParametersElsewhere():
			f.blocker = "the key parameters are merged in from elsewhere"
		case !x.hasRole() && (x.arg("source-profile").Exists() || x.arg("new-profile-name").Exists() || x.release.Raise != "" && x.arg("role-arn").Exists()):
			f.blocker = "the element changes its role from stored keys: a role that CircleCI's token opens needs another trust"
		}
	default:
		return nil
	}
	f.message = fmt.Sprintf("%s uses AWS keys that are stored outside of the file", name)
	if f.kind == elementForm {
		f.message = fmt.Sprintf("%s uses AWS keys, from %s", name, f.origin())
	}
	return f
}

// givenRole is the role that the element is given, whether it uses it or not; "" for none.
func (x *elementUse) givenRole() string {
	if x == nil || x.release == nil || x.login != loginKeys || x.release.Role == "" {
		return ""
	}
	return x.arg(x.release.Role).Value()
}

// hasRole reports whether the element is given a role that it assumes with CircleCI's token.
func (x *elementUse) hasRole() bool {
	r := x.release
	return r.Role != "" && x.arg(r.Role).Value() != "" && (r.With == "" || x.arg(r.With).Value() == "true")
}

// elementKeys reads the key parameters of an element that logs in by itself. It is false for keys that are none.
func (v *awsView) elementKeys(f *keyForm, x *elementUse) bool {
	var sources [2]keySource
	for i, name := range []string{x.release.KeyID, x.release.Secret} {
		n := x.arg(name)
		if !n.Exists() {
			sources[i] = keySource{varSource, keyVars[i]}
			continue
		}
		x.hasKeys = true
		f.values = append(f.values, n)
		if sources[i] = keyParameter(n.Value()); sources[i].kind == exprSource && mayBeOrb(v.config) {
			return false
		}
	}
	if f.kind = implicitForm; x.hasKeys {
		f.kind = elementForm
	}
	return f.describe(sources, "")
}

// namesKeys reports whether the element is given key parameters.
func (x *elementUse) namesKeys() bool {
	return x.arg(x.release.KeyID).Exists() || x.arg(x.release.Secret).Exists()
}

// inPlace reports whether the element takes the role itself, so that no setup step is needed for it.
func (x *elementUse) inPlace() bool {
	return x != nil && x.release != nil && x.login == loginKeys && (x.release.Role != "" || x.release.Raise != "" || x.release.Major != nil)
}

// convertElement gives an element that logs in by itself the role in place of the keys, raising the orb when that
// changes nothing else. doubt is set when it may.
func (v *awsView) convertElement(x *elementUse, c credentials) (ops []rewrite.Op, d *doubt, refusal string) {
	other := v.sharesArguments(x.args, x.orb)
	if other != "" && (x.value.Kind() != rewrite.Alias || x.namesKeys() || len(x.release.Rename) > 0) {
		return nil, nil, argumentsShared + other
	}
	release := x.release
	if release.Raise != "" {
		if refusal := v.tooManyUses(x.orb); refusal != "" && release.changesUses() {
			return nil, nil, refusal
		}
		ops = raiseOrb(x.orb, release.Raise)
		more, refusal := v.raiseOthers(x)
		if refusal != "" {
			return nil, nil, refusal
		}
		ops = append(append(ops, more...), v.renameParameters(x)...)
		if n := v.words(x); n > 1 {
			d = &doubt{Unsafe, fmt.Sprintf("%s@%s passes %s on as one word, and here it holds %d", x.orb.Name(), release.Raise, release.OneWord, n)}
		}
		release = orbTables()[x.orb.Name()].release(release.Raise)
	}
	ops = append(ops, x.switchOn(release)...)
	pairs := elementArguments(x, release, c)
	if x.args.Len() == 0 {
		if x.node.Kind() == rewrite.Scalar {
			return append(ops, shared(x.node, rewrite.Wrap(x.node, rewrite.Map(pairs...)))...), d, ""
		}
		for _, p := range pairs {
			ops = append(ops, shared(x.node, rewrite.Append(x.value, p))...)
		}
		return ops, d, ""
	}
	last := x.args.Entries()[x.args.Len()-1]
	for _, p := range pairs {
		if other != "" {
			ops = append(ops, shared(x.value, rewrite.Override(x.value, p))...)
		} else {
			ops = append(ops, shared(x.args, rewrite.InsertAfter(last, p))...)
		}
	}
	return ops, d, ""
}

// argumentsShared is why parameters are not edited, before who else has them.
const argumentsShared = "the parameters are shared through an anchor with "

// sharesArguments is a call of something else than the orb that has the same text as its arguments; "" for none.
func (v *awsView) sharesArguments(args rewrite.Node, orb *circle.Orb) string {
	if len(args.Users()) == 0 {
		return ""
	}
	for _, c := range v.calls()[args] {
		if c.orb == nil || c.orb.Entry != orb.Entry {
			return c.name
		}
	}
	return ""
}

// caller is a workflow entry or a step by the name of what it runs.
type caller struct {
	name string
	orb  *circle.Orb // of the element that it runs; nil for all else
}

// callsByArguments are the first calls of each orb, and of all else, that have a text as their arguments.
func (v *awsView) callsByArguments() map[rewrite.Node][]caller {
	out := map[rewrite.Node][]caller{}
	add := func(args rewrite.Node, c caller) {
		if !slices.ContainsFunc(out[args], func(o caller) bool { return o.orb == c.orb }) {
			out[args] = append(out[args], c)
		}
	}
	for _, use := range allEntries(v.config) {
		orb, _, _ := use.OrbJob()
		add(use.Args, caller{use.Name(), orb})
	}
	for s := range v.config.Walk {
		orb, _, _ := s.OrbCall()
		add(s.Args(), caller{s.Name, orb})
	}
	return out
}

// changesUses reports whether raising an orb may change other uses than the one that asks for it.
func (r *orbRelease) changesUses() bool { return len(r.Keep)+len(r.Rename) > 0 || r.OneWord != "" }

// switchOn turns on the parameter that makes the orb use the role, where it is given and off.
func (x *elementUse) switchOn(release *orbRelease) []rewrite.Op {
	if on := x.args.Own(release.With); release.With != "" && on.Exists() && x.arg(release.With).Value() != "true" {
		return shared(x.args, rewrite.Replace(on, rewrite.True()))
	}
	return nil
}

// words is the largest number of words in the parameter that a raise passes on as one, over all steps of the orb: the
// raise changes every one of them.
func (v *awsView) words(x *elementUse) int {
	if x.release.OneWord == "" {
		return 0
	}
	most := len(strings.Fields(x.arg(x.release.OneWord).Value()))
	for s := range v.config.Walk {
		if orb, _, ok := s.OrbCall(); ok && orb != nil && orb.Entry == x.orb.Entry {
			most = max(most, len(strings.Fields(s.Arg(x.release.OneWord).Resolve().Value())))
		}
	}
	return most
}

// raiseOthers keeps the other entries that run the orb's jobs as they are when a raise changes a default: the old one
// is written there.
func (v *awsView) raiseOthers(x *elementUse) (ops []rewrite.Op, refusal string) {
	if len(x.release.Keep) == 0 {
		return nil, ""
	}
	for _, use := range v.entries() {
		orb, job, ok := use.OrbJob()
		if !ok || orb == nil || orb.Entry != x.orb.Entry || x.release.Jobs[job] != loginKeys || use.Node == x.node {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(x.release.Keep)) {
			switch {
			case use.Args.Get(name).Exists():
			case use.Args.Len() == 0:
				return nil, "the raise changes the default of " + name + " for another entry, which has no arguments to keep it in"
			case v.sharesArguments(use.Args, x.orb) != "":
				return nil, argumentsShared + v.sharesArguments(use.Args, x.orb)
			default:
				last := use.Args.Entries()[use.Args.Len()-1]
				ops = append(ops, shared(use.Args, rewrite.InsertAfter(last, rewrite.Pair{Key: name, Value: rewrite.String(x.release.Keep[name])}))...)
			}
		}
	}
	return ops, ""
}

// removeKeys takes the key parameters away.
func (x *elementUse) removeKeys() []rewrite.Op {
	if x == nil || x.release == nil || x.release.Major != nil {
		return nil
	}
	var ops []rewrite.Op
	for _, e := range x.args.Entries() {
		if e.Name() == x.release.KeyID || e.Name() == x.release.Secret {
			ops = append(ops, shared(x.args, rewrite.Remove(e))...)
		}
	}
	return ops
}

// elementArguments are the arguments to add: the role, and what keeps the meaning of the call.
func elementArguments(x *elementUse, release *orbRelease, c credentials) []rewrite.Pair {
	var pairs []rewrite.Pair
	for _, name := range slices.Sorted(maps.Keys(x.release.Keep)) {
		if !x.arg(name).Exists() {
			pairs = append(pairs, rewrite.Pair{Key: name, Value: rewrite.String(x.release.Keep[name])})
		}
	}
	if release.With != "" && !x.arg(release.With).Exists() {
		pairs = append(pairs, rewrite.Pair{Key: release.With, Value: rewrite.True()})
	}
	if !x.arg(release.Role).Exists() {
		pairs = append(pairs, rewrite.Pair{Key: release.Role, Value: rewrite.String(c.role)})
	}
	if c.duration != "" && !x.arg("session-duration").Exists() {
		pairs = append(pairs, rewrite.Pair{Key: "session-duration", Value: rewrite.String(c.duration)})
	}
	return pairs
}
