package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// awsView is what the AWS rules see of one config: the places that use long-lived keys, and each job's way through
// its steps, which says where a setup step has to stand.
type awsView struct {
	p      *Pass
	config *circle.Config
	steps  map[rewrite.Node]*stepFacts // by physical step
	forms  []*keyForm
	units  []*awsUnit
	// carried says that a job puts ~/.aws into a workspace: then a job that attaches one has its credentials from there.
	carried bool
}

// awsUnit is a run of steps that share one container: a job, or a command or fragment that nothing calls.
type awsUnit struct {
	name     string
	job      *circle.Job         // nil for a command that nothing calls, and for an orb's job
	use      *circle.WorkflowJob // the entry that runs an orb's job
	visits   []awsVisit
	executor *circle.Executor // of an orb's job that is given one of the file's; of a unit that stands for an unused executor
	contexts []string         // that any of its entries has
	entries  [][]string       // the contexts of each entry that runs it, where they differ
	known    bool             // all names of contexts are known
	forms    []*keyForm
	sites    []site
	mixed    string // why the unit cannot do with one setup
}

// awsVisit is a step in a unit's flow.
type awsVisit struct {
	circle.Visit
	facts *stepFacts
}

func newAWSView(p *Pass) *awsView {
	v := &awsView{p: p, config: p.Config, steps: map[rewrite.Node]*stepFacts{}}
	v.addUnits()
	for _, u := range v.units {
		v.collect(u)
	}
	v.addUnused()
	for _, u := range v.units {
		v.findSites(u)
	}
	return v
}

// addUnits lists every run of steps in the config, inline orbs included.
func (v *awsView) addUnits() {
	var add func(c *circle.Config)
	add = func(c *circle.Config) {
		for _, j := range c.Jobs() {
			v.addJob(j)
		}
		for _, cmd := range c.Commands() {
			if len(cmd.Callers()) == 0 {
				v.addSteps("command "+cmd.Name, cmd.Steps())
			}
		}
		for _, o := range c.Orbs() {
			if inline := o.Inline(); inline != nil {
				add(inline)
			}
		}
	}
	add(v.config)
	for _, fr := range v.config.Fragments() {
		switch {
		case fr.Job != nil:
			v.addJob(fr.Job)
		case fr.Steps != nil:
			v.addSteps(fr.Name, fr.Steps)
		case fr.Step != nil:
			v.units = append(v.units, &awsUnit{name: fr.Name, known: true, visits: []awsVisit{{Visit: circle.Visit{Step: fr.Step}}}})
		}
	}
	for s := range v.config.Walk {
		v.carried = v.carried || s.Name == "persist_to_workspace" && carriedPath(s) != ""
		for _, list := range s.StepArgs() {
			if _, _, ok := s.OrbCall(); ok { // an orb's command runs them, as it does those of auth
				u := &awsUnit{name: s.Name, job: s.Job(), known: true}
				if u.job != nil {
					u.contexts, u.known = u.job.Contexts()
				}
				u.add(flowOf(list))
				v.units = append(v.units, u)
			}
		}
	}
	for _, w := range v.config.Workflows() {
		for _, use := range w.Jobs() {
			if _, _, ok := use.OrbJob(); ok {
				u := &awsUnit{name: "job " + use.Name(), use: use, executor: v.executorOf(use)}
				u.contexts, u.known = useContexts(use)
				u.add(use.Flow())
				v.units = append(v.units, u)
			}
		}
	}
}

// addJob adds the flow of a job. With pre-steps there is a flow for each workflow entry that runs it.
func (v *awsView) addJob(j *circle.Job) {
	u := &awsUnit{name: "job " + j.Name, job: j}
	u.contexts, u.known = j.Contexts()
	uses := j.Uses()
	for _, w := range uses {
		contexts, _ := useContexts(w)
		if !slices.ContainsFunc(u.entries, func(o []string) bool { return sameSet(o, contexts) }) {
			u.entries = append(u.entries, contexts)
		}
	}
	if !slices.ContainsFunc(uses, hasSteps) {
		u.add(j.Flow())
		v.units = append(v.units, u)
		return
	}
	for _, w := range uses {
		x := &awsUnit{name: u.name, job: j}
		x.contexts, x.known = useContexts(w)
		x.add(w.Flow())
		v.units = append(v.units, x)
	}
}

// hasSteps reports whether a workflow entry brings steps of its own to the job.
func hasSteps(w *circle.WorkflowJob) bool {
	return w.PreSteps() != nil || w.PostSteps() != nil || len(w.StepArgs()) > 0
}

func useContexts(w *circle.WorkflowJob) (names []string, known bool) {
	known = true
	for _, c := range w.Contexts() {
		names, known = append(names, c.Name), known && c.Known
	}
	return names, known
}

// executorOf is the executor of the file that a workflow entry gives to an orb's job, or nil.
func (v *awsView) executorOf(use *circle.WorkflowJob) *circle.Executor {
	for _, x := range v.config.Executors() {
		if slices.ContainsFunc(x.Entries(), func(w *circle.WorkflowJob) bool { return w.Item == use.Item }) {
			return x
		}
	}
	return nil
}

// environments are the physical environments that reach the unit's steps, those that win first.
func (u *awsUnit) environments() circle.Environments {
	switch {
	case u.job != nil:
		return u.job.EffectiveEnvironments()
	case u.executor != nil:
		return u.executor.Environment()
	default:
		return nil
	}
}

// addSteps adds a list of steps that no job runs.
func (v *awsView) addSteps(name string, list *circle.StepList) {
	if list == nil {
		return
	}
	u := &awsUnit{name: name, known: true}
	u.add(flowOf(list))
	v.units = append(v.units, u)
}

// flowOf is the flow of a list that no job runs.
func flowOf(list *circle.StepList) []circle.Visit {
	var out []circle.Visit
	for _, s := range list.Steps() {
		out = append(out, circle.Visit{Step: s})
		if nested := s.Nested(); nested != nil {
			out = append(out, flowOf(nested)...)
		}
	}
	return out
}

func (u *awsUnit) add(visits []circle.Visit) {
	for _, x := range visits {
		u.visits = append(u.visits, awsVisit{Visit: x})
	}
}

// collect scans the unit's steps and environments and gathers the forms that act in it. A call that reads keys from
// outside of the file counts only while nothing before it has supplied any.
func (v *awsView) collect(u *awsUnit) {
	hidden := map[string]bool{}
	for _, env := range u.environments() {
		v.addEnvironment(u, env, hidden)
	}
	supplied := len(u.forms) > 0 || u.standIn()
	assumed := false
	for i := range u.visits {
		x := &u.visits[i]
		x.facts = v.factsOf(x.Step)
		shown := false // in this step
		for _, f := range x.facts.forms {
			shown = shown || f.kind.shown() && f.kind != elementForm
		}
		for _, f := range x.facts.forms {
			if !f.kind.shown() && (supplied || shown) || assumed && f.kind == setupForm && !f.setup.hasKeys {
				continue
			}
			u.mix(f, assumed)
			u.forms = append(u.forms, f)
			v.addForm(f)
			supplied = supplied || f.stays || f.kind == setupForm
		}
		supplied = supplied || x.facts.supplies || x.Step.Name == "attach_workspace" && v.carried
		if x.facts.assumes {
			if slices.ContainsFunc(u.forms, func(f *keyForm) bool { return f.kind.shown() && f.kind != elementForm }) {
				u.mixed = "the job assumes a role as well: which of the two identities a step needs is not shown"
			}
			supplied, assumed = true, true
		}
	}
	if u.use != nil {
		if f := v.jobElement(u.use); f != nil && (f.kind.shown() || !supplied) {
			u.forms = append(u.forms, f)
			v.addForm(f)
		}
	}
}

// mix notes that stored keys are brought to a job that has assumed a role before.
func (u *awsUnit) mix(f *keyForm, assumed bool) {
	if assumed && (f.kind == exportForm || f.kind == configureForm || f.kind == environmentForm) {
		u.mixed = "the job has assumed a role before: which of the two identities a step needs is not shown"
	}
}

// standIn reports whether the unit's environment points AWS tools at a local service, or gives them keys that are none.
func (u *awsUnit) standIn() bool {
	env := u.environments()
	if x, ok := env.Lookup(keyIDVar); ok && classify(x.Text).kind == noSource && !x.Value.IsNull() {
		return true
	}
	if _, ok := env.Lookup("AWS_WEB_IDENTITY_TOKEN_FILE"); ok || foreignEndpoint(env.Vars()) {
		return true
	}
	return u.job != nil && onRunner(u.job) && len(u.forms) == 0
}

// addEnvironment adds the keys of one environment. hidden are the names that an environment before it has set: keys
// that are all hidden do not act in this unit.
func (v *awsView) addEnvironment(u *awsUnit, env *circle.Environment, hidden map[string]bool) {
	acts := false
	for _, x := range env.Vars() {
		acts = acts || !hidden[x.Name] && slices.Contains(keyVars, x.Name)
		hidden[x.Name] = true
	}
	if !acts {
		return
	}
	for _, f := range v.forms {
		if f.kind == environmentForm && f.step == nil && f.node == env.Node {
			u.forms = append(u.forms, f)
			return
		}
	}
	if f := v.scanEnvironment(env, nil); f != nil {
		u.forms = append(u.forms, f)
		v.addForm(f)
	}
}

func (v *awsView) addForm(f *keyForm) {
	if !slices.Contains(v.forms, f) {
		v.forms = append(v.forms, f)
	}
}

// addUnused adds the keys of executors that no unit runs in, as far as the file shows, and of anchored mappings that
// nothing uses: a key counts whether it is used or not.
func (v *awsView) addUnused() {
	seen := func(n rewrite.Node) bool {
		return slices.ContainsFunc(v.forms, func(f *keyForm) bool { return f.node == n })
	}
	for _, x := range v.config.Executors() {
		u := &awsUnit{name: "executor " + x.Name, executor: x, known: true}
		for _, env := range x.Environment() {
			if !seen(env.Node) {
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
		v.addForm(f)
		v.units = append(v.units, &awsUnit{name: "anchor " + n.Anchor(), known: true, forms: []*keyForm{f}})
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

// unitsOf are the units that a form acts in.
func (v *awsView) unitsOf(f *keyForm) []*awsUnit {
	var out []*awsUnit
	for _, u := range v.units {
		if slices.Contains(u.forms, f) {
			out = append(out, u)
		}
	}
	return out
}
