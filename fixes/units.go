package fixes

import (
	"slices"
	"strings"
	"time"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// unit is a run of steps that share one container: a job, or a command or fragment that nothing calls. Rules do not
// change it.
type unit struct {
	name     string
	job      *circle.Job         // nil for a command that nothing calls, and for an orb's job
	use      *circle.WorkflowJob // the entry that runs an orb's job
	executor *circle.Executor    // of an orb's job that is given one of the file's; of a unit that stands for an unused executor
	steps    []circle.Visit
	contexts []string              // that any of its entries has, as far as their names are known
	entries  [][]string            // the contexts of each entry that runs it, where they differ; with expressions as they are written
	uses     []*circle.WorkflowJob // these entries
	known    bool                  // all names of contexts are known

	setters map[string]*circle.Environment // of setBy
}

// unitsOf lists every run of steps in the config, inline orbs included.
func unitsOf(c *circle.Config) []*unit {
	l := &unitLister{config: c}
	l.addConfig(c)
	for _, fr := range c.Fragments() {
		switch {
		case fr.Job != nil:
			l.addJob(fr.Job)
		case fr.Steps != nil:
			l.addSteps(fr.Name, fr.Steps)
		case fr.Step != nil:
			l.add(&unit{name: fr.Name, known: true, steps: []circle.Visit{{Step: fr.Step}}})
		}
	}
	for s := range c.Walk {
		for _, list := range s.StepArgs() {
			if _, _, ok := s.OrbCall(); ok { // an orb's command runs them, as it does those of auth
				u := &unit{name: s.Name, job: s.Job(), known: true, steps: list.Flow()}
				if u.job != nil {
					u.addEntries(u.job.Uses()...)
				}
				l.add(u)
			}
		}
	}
	for _, w := range slices.Concat(c.Workflows(), c.JobGroups()) {
		for _, use := range w.Jobs() {
			if _, _, ok := use.OrbJob(); ok && use.Job() == nil {
				u := &unit{name: "job " + use.Name(), use: use, executor: executorOf(c, use), known: true, steps: use.Flow()}
				u.addEntries(use)
				l.add(u)
			}
		}
	}
	return l.units
}

// withUnreached adds to units the lists of steps that none of them comes to: those of commands that only commands call
// which nothing calls.
func withUnreached(c *circle.Config, units []*unit) []*unit {
	reached, tried := map[rewrite.Node]bool{}, map[rewrite.Node]bool{}
	for _, u := range units {
		for _, x := range u.steps {
			reached[x.Step.Node] = true
		}
	}
	for s := range c.Walk {
		if reached[s.Node] || s.List == nil || tried[s.List.Node] {
			continue
		}
		tried[s.List.Node] = true
		u := &unit{name: s.Owner(), known: true, steps: s.List.Flow()}
		units = append(units, u)
		for _, x := range u.steps {
			reached[x.Step.Node] = true
		}
	}
	return units
}

type unitLister struct {
	config *circle.Config
	units  []*unit
}

func (l *unitLister) add(u *unit) { l.units = append(l.units, u) }

// addConfig adds what a config, or the body of an inline orb, defines.
func (l *unitLister) addConfig(c *circle.Config) {
	for _, j := range c.Jobs() {
		l.addJob(j)
	}
	for _, cmd := range c.Commands() {
		if len(cmd.Callers()) == 0 {
			l.addSteps("command "+cmd.Name, cmd.Steps())
		}
	}
	for _, o := range c.Orbs() {
		if inline := o.Inline(); inline != nil {
			l.addConfig(inline)
		}
	}
}

// addJob adds the flow of a job. With pre-steps there is a flow for each workflow entry that runs it.
func (l *unitLister) addJob(j *circle.Job) {
	u := &unit{name: "job " + j.Name, job: j, known: true}
	uses := j.Uses()
	u.addEntries(uses...)
	if !slices.ContainsFunc(uses, hasSteps) {
		u.steps = j.Flow()
		l.add(u)
		return
	}
	for _, w := range uses {
		x := &unit{name: u.name, job: j, known: true, steps: w.Flow()}
		x.addEntries(w)
		l.add(x)
	}
}

// addSteps adds a list of steps that no job runs.
func (l *unitLister) addSteps(name string, list *circle.StepList) {
	if list != nil {
		l.add(&unit{name: name, known: true, steps: list.Flow()})
	}
}

// hasSteps reports whether a workflow entry brings steps of its own to the job.
func hasSteps(w *circle.WorkflowJob) bool {
	return w.PreSteps() != nil || w.PostSteps() != nil || len(w.StepArgs()) > 0
}

// addEntries notes the contexts of the workflow entries that run the unit, all at once.
func (u *unit) addEntries(uses ...*circle.WorkflowJob) {
	sets, names := map[string]bool{}, map[string]bool{}
	isNew := func(known map[string]bool, text string) bool {
		was := known[text]
		known[text] = true
		return !was
	}
	u.uses = uses
	for _, w := range uses {
		lists, known := w.ContextLists()
		u.known = u.known && known
		for _, contexts := range lists {
			if isNew(sets, setOf(contexts)) {
				u.entries = append(u.entries, contexts)
			}
			for _, name := range contexts {
				if isNew(names, name) && len(circle.Expressions(name)) == 0 {
					u.contexts = append(u.contexts, name)
				}
			}
		}
	}
}

// executorOf is the executor of the file that a workflow entry gives to an orb's job, or nil.
func executorOf(c *circle.Config, use *circle.WorkflowJob) *circle.Executor {
	for _, x := range c.Executors() {
		if slices.ContainsFunc(x.Entries(), func(w *circle.WorkflowJob) bool { return w.Item == use.Item }) {
			return x
		}
	}
	return nil
}

// environments are the physical environments that reach the unit's steps, those that win first.
func (u *unit) environments() circle.Environments {
	switch {
	case u.job != nil:
		return u.job.EffectiveEnvironments()
	case u.executor != nil:
		return u.executor.Environment()
	default:
		return nil
	}
}

// places are where the variables of the unit are stored, as far as the file tells: for each of the entries that run it.
func (u *unit) places() []string {
	var out []string
	met := map[string]bool{}
	for _, contexts := range orOne(u.entries, u.contexts) {
		if name := placeName(contexts); !met[name] {
			met[name] = true
			out = append(out, name)
		}
	}
	return out
}

// allEnvironments are those, and those of single steps.
func (u *unit) allEnvironments() circle.Environments {
	out := slices.Clone(u.environments())
	for _, x := range u.steps {
		out = append(out, x.Step.Environment()...)
	}
	return out
}

// setBy is the environment of the file that sets a variable for the unit's steps, nil when the variable comes from outside.
func (u *unit) setBy(name string) *circle.Environment {
	if u.setters == nil {
		u.setters = map[string]*circle.Environment{}
		for _, e := range slices.Backward(u.allEnvironments()) {
			for _, x := range e.Vars() {
				u.setters[x.Name] = e
			}
		}
	}
	return u.setters[name]
}

// storedIn is the variable that holds outside of the file what a unit has in one: another where an environment of the file
// copies that. It is not ok where the environment sets the variable to what text is.
func (u *unit) storedIn(name string) (text string, ok bool) {
	env := u.setBy(name)
	if env == nil {
		return name, true
	}
	for _, x := range env.Named(name) {
		text = x.Text // the last counts
	}
	if s := classify(text); s.kind == varSource {
		return s.text, true
	}
	return text, false
}

// placesOf are where a variable of the unit is stored: in the file itself, or outside.
func (u *unit) placesOf(c *circle.Config, name string) []string {
	if e := u.setBy(name); e != nil {
		return []string{"the environment of " + c.Owner(e.Node) + " in this file"}
	}
	return u.places()
}

// outside are those variables among some that the file does not set.
func (u *unit) outside(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return u.setBy(name) != nil })
}

// placeName is where the variables of a workflow entry with these contexts are stored.
func placeName(contexts []string) string {
	switch len(contexts) {
	case 0:
		return "the project"
	case 1:
		return "context " + contexts[0]
	default:
		return "one of the contexts " + strings.Join(contexts, ", ")
	}
}

// longest is the longest no_output_timeout of the unit that asks for a session of an hour or nearly so.
func (u *unit) longest() string {
	for _, x := range u.steps {
		text := x.Step.NoOutputTimeout().Value()
		if d, err := time.ParseDuration(text); err == nil && d >= nearlyAnHour {
			return text
		}
	}
	return ""
}

// nearlyAnHour is how long a step may take without asking for more than the usual session.
const nearlyAnHour = 45 * time.Minute

// imageOf is the image that a unit's steps run in, "" when it is not shown.
func imageOf(u *unit) string {
	var items []*circle.DockerItem
	if u.job != nil {
		items = u.job.DockerItems()
	}
	if len(items) == 0 {
		return ""
	}
	return items[0].Image().Value()
}

// firstRun is the first step of the unit's own list that may run a program: checkout and its like need no keys.
func (u *unit) firstRun() *circle.Step {
	for _, x := range u.steps {
		nested := x.Step.List != nil && x.Step.List.Step != nil
		if len(x.Calls) == 0 && x.Step.Kind != circle.BuiltinStep && !nested {
			return x.Step
		}
	}
	return nil
}

// onRunner reports whether the job runs on a self-hosted runner: its resource class has a namespace, whatever chooses it.
func onRunner(j *circle.Job) bool {
	classes := resourceClasses(j)
	return len(classes) > 0 && !slices.ContainsFunc(classes, func(class string) bool { return !namespaced(class) })
}

// mayRunOnRunner reports whether the job runs on one for some values of the parameter that chooses its resource class.
func mayRunOnRunner(j *circle.Job) bool { return slices.ContainsFunc(resourceClasses(j), namespaced) }

func namespaced(class string) bool { return strings.Contains(class, "/") }

// resourceClasses are those that the job may run in, as far as the file shows them all: a parameter of the pipeline counts
// with its default.
func resourceClasses(j *circle.Job) []string {
	n := j.ResourceClass()
	if classes, known := j.Values(n); known {
		return classes
	}
	exprs := circle.Expressions(n.Value())
	if len(exprs) > 0 && namespaced(n.Value()[:exprs[0].Start]) {
		return []string{n.Value()} // of a namespace that is plain to see
	}
	for _, p := range j.Config().Parameters() {
		if len(exprs) == 1 && exprs[0].Body == "pipeline.parameters."+p.Name && p.Default().Exists() {
			return []string{p.Default().Value()}
		}
	}
	return nil
}
