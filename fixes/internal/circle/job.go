package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// Job is one definition under jobs, a packed job, or the part of a fragment that looks like a job.
type Job struct {
	Name  string        // "" for a packed job
	Entry rewrite.Entry // under jobs; absent for a packed job
	Node  rewrite.Node  // the definition, resolved

	config     *Config
	fragment   *Fragment // whose content this is, or nil
	steps      lazy[*StepList]
	parameters lazy[[]*Parameter]

	environments lazy[Environments]
	effective    lazy[Environments]
	containers   lazy[[]*DockerItem]
	flow         lazy[[]Visit]
}

func newJob(c *Config, e rewrite.Entry) *Job {
	return &Job{Name: e.Name(), Entry: e, Node: e.Value().Resolve(), config: c}
}

// Key is the node of the job's name; absent for a packed job.
func (j *Job) Key() rewrite.Node { return j.Entry.Key() }

// Config is the config that defines the job.
func (j *Job) Config() *Config { return j.config }

// Fragment is the fragment that this is the content of, nil for a real job.
func (j *Job) Fragment() *Fragment { return j.fragment }

// Get is the value of that key as written, merges included, without what the executor adds.
func (j *Job) Get(key string) rewrite.Node {
	n := j.Node.Get(key)
	if j.fragment != nil && j.fragment.taken(n) {
		return rewrite.Node{}
	}
	return n
}

// Parameters are the job's own parameters.
func (j *Job) Parameters() []*Parameter {
	return j.parameters.get(func() []*Parameter {
		return parametersOf(j.Node, holder{config: j.config, Job: j, Fragment: j.fragment})
	})
}

// Steps is the job's own step list, nil when it has none (an approval job, a job of another type).
func (j *Job) Steps() *StepList {
	return j.steps.get(func() *StepList {
		if !j.Get("steps").Exists() {
			return nil
		}
		return newStepList(j.Node, "steps", holder{config: j.config, Job: j, Fragment: j.fragment})
	})
}

// Environments are the places that make up the job's own environment, the executor's aside.
func (j *Job) Environments() Environments {
	return j.environments.get(func() Environments { return j.config.environmentsOf(j.Get("environment")) })
}

// EffectiveEnvironments are the job's own environment, which wins, and then the executor's.
func (j *Job) EffectiveEnvironments() Environments {
	return j.effective.get(func() Environments {
		out := j.Environments()
		if x := j.Executor(); x != nil {
			out = slices.Concat(out, j.config.counted(x.Environment()))
		}
		return slices.Clip(out)
	})
}

// ExecutorRef is the job's executor key; its Node is absent when the job has none.
func (j *Job) ExecutorRef() ExecutorRef { return executorRef(j.Get("executor")) }

// Executor is the executor that the job names; nil when it names none, one from another orb, or chooses it by a parameter.
func (j *Job) Executor() *Executor {
	ref := j.ExecutorRef()
	if !ref.Known {
		return nil
	}
	return j.config.executor(ref.Name)
}

// inherited is the value of a key in the job or else in its executor.
func (j *Job) inherited(key string) rewrite.Node {
	if n := j.Get(key).Resolve(); n.Exists() {
		return n
	}
	if x := j.Executor(); x != nil {
		return x.Node.Get(key).Resolve()
	}
	return rewrite.Node{}
}

// inheritedType is inherited for one of the executorTypes: a job that has any of them takes none from its executor.
func (j *Job) inheritedType(key string) rewrite.Node {
	if definesExecutor(j.Get) {
		return j.Get(key).Resolve()
	}
	return j.inherited(key)
}

// DockerItems are the containers that the job runs in: its own list, or else the executor's.
func (j *Job) DockerItems() []*DockerItem {
	return j.containers.get(func() []*DockerItem { return j.config.dockerItems(j.inheritedType("docker")) })
}

// Machine is the value of the machine key, own or the executor's, resolved.
func (j *Job) Machine() rewrite.Node { return j.inheritedType("machine") }

// MacOS is the value of the macos key, own or the executor's, resolved.
func (j *Job) MacOS() rewrite.Node { return j.inheritedType("macos") }

// ResourceClass is the scalar with the resource class, own or the executor's, resolved.
func (j *Job) ResourceClass() rewrite.Node {
	if n := resourceClass(j.Get); n.Exists() {
		return n
	}
	if x := j.Executor(); x != nil {
		return resourceClass(x.Node.Get)
	}
	return rewrite.Node{}
}

// Shell is the scalar with the shell of the run steps, own or the executor's, resolved.
func (j *Job) Shell() rewrite.Node { return j.inherited("shell") }

// Uses are the entries of workflows and job groups that run the job.
func (j *Job) Uses() []*WorkflowJob { return j.config.root.indexed().jobEntries[j] }

// Contexts are the names of the contexts that any workflow gives the job, in order, each once. known is false when an
// entry names one by an expression.
func (j *Job) Contexts() (names []string, known bool) {
	known = true
	met := map[string]bool{}
	for _, use := range j.Uses() {
		for _, ctx := range use.Contexts() {
			if !ctx.Known {
				known = false
			} else if !met[ctx.Name] {
				met[ctx.Name] = true
				names = append(names, ctx.Name)
			}
		}
	}
	return names, known
}

// possibleExecutors are the executor that the job names, or those it is given through the parameter that chooses it.
func (j *Job) possibleExecutors(uses []*WorkflowJob) []*Executor {
	ref := j.ExecutorRef()
	if ref.Known {
		if x := j.config.executor(ref.Name); x != nil {
			return []*Executor{x}
		}
		return nil
	}
	param, ok := soleParameter(ref.Node)
	if !ok {
		return nil
	}
	var out []*Executor
	take := func(c *Config, n rewrite.Node) {
		if x := c.executor(executorRef(n).Name); x != nil && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, p := range j.Parameters() {
		if p.Name == param {
			take(j.config, p.Default())
		}
	}
	for _, use := range uses {
		for _, value := range use.values(param) {
			take(use.config(), value)
		}
	}
	return out
}

// Values are the texts that a scalar of the job, or of the executor it names, may have when the pipeline is compiled:
// its own, or those of the parameter that makes it up. known is false when some of them are not in the file.
func (j *Job) Values(n rewrite.Node) (texts []string, known bool) {
	if text, known := Known(n); known {
		return []string{text}, true
	}
	param, ok := soleParameter(n)
	if !ok {
		return nil, false
	}
	if x := j.Executor(); x != nil && n.Resolve().Within(x.Node) {
		if arg := j.ExecutorRef().Args.Get(param); arg.Exists() {
			return j.Values(arg)
		}
		return knownTexts(defaultOf(x.Parameters(), param))
	}
	given := defaultOf(j.Parameters(), param)
	for _, use := range j.Uses() {
		given = append(given, use.values(param)...)
	}
	return knownTexts(given)
}

func defaultOf(params []*Parameter, name string) []rewrite.Node {
	for _, p := range params {
		if p.Name == name && p.Default().Exists() {
			return []rewrite.Node{p.Default()}
		}
	}
	return nil
}

func knownTexts(nodes []rewrite.Node) (texts []string, known bool) {
	for _, n := range nodes {
		text, known := Known(n)
		if !known {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, len(texts) > 0
}
