package fixes

import (
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// awsView is what the AWS rules see of one config: the places that use long-lived keys, and each job's way through
// its steps, which says where a setup step has to stand.
type awsView struct {
	p      *Pass
	config *circle.Config
	steps  map[rewrite.Node]*stepFacts // by physical step
	register[*keyForm, *awsUnit]
	environments map[rewrite.Node]*keyForm // of jobs and executors; nil for one without keys
	// carried says that a job puts ~/.aws into a workspace: then a job that attaches one has its credentials from there.
	carried bool

	secrets map[string]bool // of the literal keys that stand anywhere with their ids

	byVariable func() map[string][]identity     // keysByVariable, once
	identities func() int                       // countIdentities, once all units are known
	calls      func() map[rewrite.Node][]caller // callsByArguments, once
	roles      map[roleUse][]string             // of setUpRoles, once
	orbUses    map[rewrite.Entry][]orbUse       // of usesOf
}

// awsUnit is what the AWS rules see of a unit.
type awsUnit struct {
	placement
	visits []awsVisit
	forms  []*keyForm
	mixed  string // why the unit cannot do with one setup

	elsewhere func() bool // isElsewhere, worked out once
}

// awsVisit is a step in a unit's flow.
type awsVisit struct {
	circle.Visit
	facts *stepFacts
}

func newAWSView(p *Pass) *awsView {
	v := &awsView{p: p, config: p.Config, steps: map[rewrite.Node]*stepFacts{}, environments: map[rewrite.Node]*keyForm{}, orbUses: map[rewrite.Entry][]orbUse{}, secrets: map[string]bool{}}
	v.byVariable = sync.OnceValue(v.keysByVariable)
	v.identities = sync.OnceValue(v.countIdentities)
	v.calls = sync.OnceValue(v.callsByArguments)
	for _, u := range p.units() {
		v.units = append(v.units, newAWSUnit(u))
	}
	for s := range v.config.Walk {
		v.carried = v.carried || s.Name == "persist_to_workspace" && carried(s, awsFiles...) != ""
	}
	for _, u := range v.units {
		v.collect(u)
	}
	v.resolveKeys()
	v.addUnused()
	v.addLiterals()
	v.dropElsewhere()
	for _, u := range v.units {
		v.findSites(u)
	}
	return v
}

// resolveKeys gives forms that pass the usual variables on the identity of the environment that sets these, where it is
// the same one in all units.
func (v *awsView) resolveKeys() {
	for _, f := range v.forms {
		if f.kind == environmentForm || !f.keys.sameKeys(standard) {
			continue
		}
		units := v.unitsOf(f)
		keys, ok := units[0].environmentKeys(f)
		for _, u := range units[1:] {
			others, found := u.environmentKeys(f)
			ok = ok && found && others == keys
		}
		if ok {
			f.keys.id, f.keys.secret, f.keys.literal = keys.id, keys.secret, keys.literal
		}
	}
}

// environmentKeys are those that the environments of the unit and of a form's step set the usual variables to; ok is
// false when they do not, or not to the same.
func (u *awsUnit) environmentKeys(f *keyForm) (keys identity, ok bool) {
	for _, e := range u.forms {
		if e.kind != environmentForm || len(e.remove) == 0 || e.step != nil && (f.step == nil || e.step.Node != f.step.Node) {
			continue
		}
		if ok && e.keys != keys {
			return identity{}, false
		}
		keys, ok = e.keys, true
	}
	return keys, ok
}

func newAWSUnit(u *unit) *awsUnit {
	x := &awsUnit{placement: placement{unit: u}}
	x.elsewhere = sync.OnceValue(x.isElsewhere)
	for _, s := range u.steps {
		x.visits = append(x.visits, awsVisit{Visit: s})
	}
	return x
}

// collect scans the unit's steps and environments and gathers the forms that act in it. A call that reads keys from
// outside of the file counts only while nothing before it has supplied any.
func (v *awsView) collect(u *awsUnit) {
	hidden := map[string]bool{}
	for _, env := range u.environments() {
		v.addEnvironment(u, env, hidden)
	}
	supplied := len(u.forms) > 0 || u.standIn()
	assumed, dummies := false, u.dummies()
	for i := range u.visits {
		u.visits[i].facts = v.factsOf(u.visits[i].Step)
	}
	u.joinHalves()
	for i := range u.visits {
		x := &u.visits[i]
		shown := false // in this step
		for _, f := range x.facts.forms {
			shown = shown || f.kind.shown() && f.kind != elementForm
		}
		for _, f := range x.facts.forms {
			if !f.kind.shown() && (supplied || shown) || assumed && f.temporary() || dummies && f.handsOn() {
				continue
			}
			u.mix(f, assumed)
			v.add(u, f)
			supplied = supplied || f.stays || f.kind == setupForm
		}
		supplied = supplied || x.facts.supplied() || x.Step.Name == "attach_workspace" && v.carried
		if x.facts.assumes {
			if slices.ContainsFunc(u.forms, func(f *keyForm) bool { return f.kind.shown() && f.kind != elementForm }) {
				u.mixed = "the job assumes a role as well: which of the two identities a step needs is not shown"
			}
			supplied, assumed = true, true
		}
	}
	if u.use != nil {
		if f := v.jobElement(u.use); f != nil && (f.kind.shown() || !supplied) {
			v.add(u, f)
		}
	}
}

func (v *awsView) add(u *awsUnit, f *keyForm) {
	u.forms = append(u.forms, f)
	v.note(f, u)
}

// temporary reports whether the keys of a form are those of a role when one has been assumed before: the form hands on
// what the environment has.
func (f *keyForm) temporary() bool {
	return f.kind == setupForm && !f.setup.hasKeys || f.handsOn()
}

// handsOn reports whether a form gives a tool the keys that the environment has.
func (f *keyForm) handsOn() bool { return f.kind == toolForm && f.keys.sameKeys(standard) }

// dummies reports whether the unit's environment has values for the keys that are none.
func (u *awsUnit) dummies() bool {
	x, ok := u.environments().Lookup(keyIDVar)
	return ok && classify(x.Text).kind == noSource
}

// mix notes that stored keys are brought to a job that has assumed a role before.
func (u *awsUnit) mix(f *keyForm, assumed bool) {
	if assumed && (f.kind == exportForm || f.kind == configureForm || f.kind == environmentForm) {
		u.mixed = "the job has assumed a role before: which of the two identities a step needs is not shown"
	}
}

// standIn reports whether the unit's environment points AWS tools at a local service, or gives them keys that are none.
func (u *awsUnit) standIn() bool {
	if choosesEnvironment(u.environments()) {
		return true
	}
	runner := u.job != nil && mayRunOnRunner(u.job)
	if u.executor != nil {
		class, known := circle.Known(u.executor.ResourceClass())
		runner = runner || known && strings.Contains(class, "/")
	}
	return runner && len(u.forms) == 0
}

// addEnvironment adds the keys of one environment. hidden are the names that an environment before it has set: keys
// that are all hidden do not act in this unit.
func (v *awsView) addEnvironment(u *awsUnit, env *circle.Environment, hidden map[string]bool) {
	acts := false
	for _, x := range env.Vars() {
		key, _ := keyIndex(x.Name)
		acts = acts || !hidden[x.Name] && key >= 0
		hidden[x.Name] = true
	}
	if !acts {
		return
	}
	f, known := v.environments[env.Node]
	if !known {
		f = v.scanEnvironment(env, nil)
		v.environments[env.Node] = f
	}
	if f != nil {
		v.add(u, f)
	}
}

// addUnused adds the keys of executors that no unit runs in, as far as the file shows, and of anchored mappings that
// nothing uses: a key counts whether it is used or not.
func (v *awsView) addUnused() {
	seen := map[rewrite.Node]bool{}
	for _, f := range v.forms {
		seen[f.node] = true
	}
	for _, x := range v.config.Executors() {
		u := newAWSUnit(&unit{name: "executor " + x.Name, executor: x, known: true})
		for _, env := range x.Environment() {
			if !seen[env.Node] {
				v.addEnvironment(u, env, map[string]bool{})
			}
		}
		if len(u.forms) > 0 {
			if len(x.Users())+len(x.Entries()) > 0 {
				u.mixed = "a job chooses the executor by a parameter: which jobs need a setup is known when the pipeline is compiled"
			}
			v.units = append(v.units, u)
		}
	}
	for _, e := range v.config.Node.Entries() {
		if n := e.Value(); v.config.Owner(n) == "anchor:"+n.Anchor() && n.Kind() == rewrite.Mapping && len(n.Aliases()) == 0 {
			v.addAnchored(n)
		}
	}
}

// addAnchored adds a literal key in an anchored mapping that nothing uses.
func (v *awsView) addAnchored(n rewrite.Node) {
	id := n.Own(keyIDVar)
	if s := classify(id.Value()); s.kind == literalSource {
		f := &keyForm{
			kind: environmentForm, owner: v.config.Owner(n), node: n, span: id.Entry().Span(), literal: true, keys: identity{literal: s.text},
			message: "an environment that nothing uses holds the literal key " + redacted(s.text),
			blocker: "nothing uses the anchor: delete it",
		}
		u := newAWSUnit(&unit{name: "anchor " + n.Anchor(), known: true})
		v.add(u, f)
		v.units = append(v.units, u)
	}
}

func (v *awsView) factsOf(s *circle.Step) *stepFacts {
	facts := v.steps[s.Node]
	if facts == nil {
		facts = v.scanStep(s)
		v.steps[s.Node] = facts
	}
	return facts
}
