package circle

import (
	"strings"

	"cfgfix/rewrite"
)

// Workflow is one definition under workflows, or one job group: a named list of entries of the same form.
type Workflow struct {
	Name  string
	Entry rewrite.Entry
	Node  rewrite.Node // the definition, resolved
	Group bool         // a job group

	config *Config
	jobs   lazy[[]*WorkflowJob]
}

// newWorkflow is nil for workflows.version, which is none.
func newWorkflow(c *Config, e rewrite.Entry, group bool) *Workflow {
	node := e.Value().Resolve()
	if node.Kind() != rewrite.Mapping {
		return nil
	}
	return &Workflow{Name: e.Name(), Entry: e, Node: node, Group: group, config: c}
}

// Key is the node of the workflow's name.
func (w *Workflow) Key() rewrite.Node { return w.Entry.Key() }

// Get is the value of that key as written, merges included.
func (w *Workflow) Get(key string) rewrite.Node { return w.Node.Get(key) }

// Jobs are the entries of the workflow. A list that is shared by an alias gives entries of each workflow.
func (w *Workflow) Jobs() []*WorkflowJob {
	return w.jobs.get(func() []*WorkflowJob {
		list := w.Node.Get("jobs").Resolve()
		if list.Kind() != rewrite.Sequence {
			return nil
		}
		var out []*WorkflowJob
		for _, e := range list.Entries() {
			if j := newWorkflowJob(w, e); j != nil {
				out = append(out, j)
			}
		}
		return out
	})
}

// WorkflowJob is one entry of a workflow or of a job group: a name, or a one-key map with arguments.
type WorkflowJob struct {
	Workflow *Workflow
	Entry    rewrite.Entry // in the list
	Item     rewrite.Node  // as written in the list
	Node     rewrite.Node  // resolved
	Key      rewrite.Node  // the scalar with the name of what is run
	JobName  string        // its text: a job, alias/job, a job group or an approval
	Args     rewrite.Node  // the mapping of arguments, resolved; absent when there are none
	Bare     bool          // written as a name alone

	lists lazy[useLists]
	flow  lazy[[]Visit]
}

type useLists struct {
	pre, post *StepList
	args      []*StepList
}

func newWorkflowJob(w *Workflow, e rewrite.Entry) *WorkflowJob {
	u := &WorkflowJob{Workflow: w, Entry: e, Item: e.Value(), Node: e.Value().Resolve()}
	switch u.Node.Kind() {
	case rewrite.Scalar:
		u.Key, u.Bare = u.Node, true
	case rewrite.Mapping:
		fields := u.Node.Fields()
		if len(fields) == 0 {
			return nil
		}
		u.Key = fields[0].Key()
		if args := fields[0].Value().Resolve(); args.Kind() == rewrite.Mapping {
			u.Args = args
		}
	}
	if u.JobName = u.Key.Value(); u.JobName == "" {
		return nil
	}
	return u
}

func (u *WorkflowJob) config() *Config { return u.Workflow.config }

// Config is the config that the entry's names of jobs and orbs belong to.
func (u *WorkflowJob) Config() *Config { return u.config() }

// Get is the value of that argument as written, merges included.
func (u *WorkflowJob) Get(key string) rewrite.Node { return u.Args.Get(key) }

// Name is what the workflow calls the entry: its name, or else what it runs.
func (u *WorkflowJob) Name() string {
	if name := u.Get("name").Resolve().Value(); name != "" {
		return name
	}
	return u.JobName
}

// Job is the job of the file that the entry runs: one of this config, or of an inline orb. nil for an orb's job
// from elsewhere, an approval and a job group.
func (u *WorkflowJob) Job() *Job {
	if j := u.config().JobByName(u.JobName); j != nil {
		return j
	}
	if body, element := u.config().inOrb(u.JobName); body != nil {
		return body.JobByName(element)
	}
	return nil
}

// OrbJob is the orb and the job in it that the entry runs. ok is false for every other entry; orb is nil when the
// alias is not declared.
func (u *WorkflowJob) OrbJob() (orb *Orb, job string, ok bool) {
	if u.config().JobByName(u.JobName) != nil {
		return nil, "", false
	}
	alias, job, ok := splitElement(u.JobName)
	if !ok {
		return nil, "", false
	}
	return u.config().OrbByAlias(alias), job, true
}

// Approval reports whether the entry waits for a person.
func (u *WorkflowJob) Approval() bool { return u.Get("type").Resolve().Value() == "approval" }

// Context is one context that an entry gives its job.
type Context struct {
	Name  string
	Node  rewrite.Node // the scalar, resolved
	Known bool         // the name is no expression
}

// Contexts are the contexts of the entry, in their order. An empty text names none.
func (u *WorkflowJob) Contexts() []Context {
	var out []Context
	for _, n := range scalars(u.Get("context")) {
		if name, known := Known(n); name != "" || !known {
			out = append(out, Context{name, n, known})
		}
	}
	return out
}

// RequireNodes are the places of the names that Requires tells, scalars or keys.
func (u *WorkflowJob) RequireNodes() []rewrite.Node { return scalars(u.Get("requires")) }

// IsArgument reports whether a key of the entry is an argument of its job.
func (u *WorkflowJob) IsArgument(key string) bool { return !useKeys[key] }

// Requires are the names of the entries that have to end first, whatever status they must end with.
func (u *WorkflowJob) Requires() []string {
	var out []string
	for _, n := range u.RequireNodes() {
		out = append(out, n.Value())
	}
	return out
}

// scalars are the texts of a value that is one, or a list of texts and of maps whose keys are the texts.
func scalars(n rewrite.Node) []rewrite.Node {
	n = n.Resolve()
	if n.Kind() == rewrite.Scalar && !n.IsNull() {
		return []rewrite.Node{n}
	}
	if n.Kind() != rewrite.Sequence {
		return nil
	}
	var out []rewrite.Node
	for _, e := range n.Entries() {
		switch item := e.Value().Resolve(); item.Kind() {
		case rewrite.Scalar:
			if !item.IsNull() {
				out = append(out, item)
			}
		case rewrite.Mapping:
			for _, f := range item.Fields() {
				out = append(out, f.Key())
			}
		}
	}
	return out
}

// Filters is the value of filters, a mapping or an expression, resolved; absent when the entry always runs.
func (u *WorkflowJob) Filters() rewrite.Node { return u.Get("filters").Resolve() }

// BranchFilter reports whether the filters look at the branch.
func (u *WorkflowJob) BranchFilter() bool {
	filters := u.Filters()
	return filters.Get("branches").Exists() || strings.Contains(filters.Value(), "git.branch")
}

// TagFilter reports whether the filters look at the tag, without which the entry does not run for tags.
func (u *WorkflowJob) TagFilter() bool {
	filters := u.Filters()
	return filters.Get("tags").Exists() || strings.Contains(filters.Value(), "git.tag")
}

// values are what the entry gives a parameter of its job, each in turn when it is a matrix.
func (u *WorkflowJob) values(param string) []rewrite.Node {
	var out []rewrite.Node
	if n := u.Get(param); n.Exists() {
		out = append(out, n)
	}
	list := u.Matrix().Get("parameters").Get(param).Resolve()
	if list.Kind() == rewrite.Sequence {
		for _, e := range list.Entries() {
			out = append(out, e.Value())
		}
	}
	return out
}

// useKeys are the keys of an entry that are not arguments of its job.
var useKeys = map[string]bool{
	"context": true, "filters": true, "matrix": true, "name": true, "override-with": true, "post-steps": true,
	"pre-steps": true, "requires": true, "serial-group": true, "type": true,
}

// PreSteps are the steps that run before the job's own, nil for none.
func (u *WorkflowJob) PreSteps() *StepList { return u.stepLists().pre }

// PostSteps are the steps that run after the job's own, nil for none.
func (u *WorkflowJob) PostSteps() *StepList { return u.stepLists().post }

// StepArgs are the step lists that the entry gives as arguments. Each has the argument's name as its Key.
func (u *WorkflowJob) StepArgs() []*StepList { return u.stepLists().args }

func (u *WorkflowJob) stepLists() useLists {
	return u.lists.get(func() useLists {
		h := holder{Use: u, config: u.config()}
		return useLists{
			pre:  newStepList(u.Args, "pre-steps", h),
			post: newStepList(u.Args, "post-steps", h),
			args: sequences(u.Args, useKeys, h),
		}
	})
}

// allLists are the step lists that are written in the entry, in the order they run.
func (u *WorkflowJob) allLists() []*StepList {
	var out []*StepList
	if pre := u.PreSteps(); pre != nil {
		out = append(out, pre)
	}
	out = append(out, u.StepArgs()...)
	if post := u.PostSteps(); post != nil {
		out = append(out, post)
	}
	return out
}
