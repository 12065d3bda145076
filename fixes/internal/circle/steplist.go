package circle

import "cfgfix/rewrite"

// holder is what a step list or a parameter belongs to. Exactly one of the pointers is set; Job and Command may come
// with the Fragment or Step that stands between.
type holder struct {
	Job      *Job
	Command  *Command
	Use      *WorkflowJob // pre-steps, post-steps and arguments of a workflow entry
	Step     *Step        // a when or unless step, or the call that the list is an argument of
	Fragment *Fragment
	Key      string // steps, pre-steps, post-steps, or the name of the argument or parameter

	config *Config
}

// StepList is a list of steps in one of the places where CircleCI takes one. The embedded fields say where.
type StepList struct {
	holder
	Node    rewrite.Node // the sequence, resolved; or the single step in place of one
	Written rewrite.Node // the value as written
	Aliased bool         // the list stands elsewhere: it came through an alias or a merge and may be shared

	steps lazy[[]*Step]
}

// soleSource is the mapping that n consists of when it is nothing but a merge, as in - <<: *setup; else n.
func soleSource(n rewrite.Node) rewrite.Node {
	for n.Kind() == rewrite.Mapping && n.Len() == 1 && n.Entries()[0].IsMerge() {
		source := n.Entries()[0].Value().Resolve()
		if source.Kind() != rewrite.Mapping {
			break
		}
		n = source
	}
	return n
}

// newStepList reads the value of key in the mapping n. It is nil when there is none.
func newStepList(n rewrite.Node, key string, h holder) *StepList {
	if h.Key == "" {
		h.Key = key
	}
	for _, e := range n.Fields() {
		if e.Name() == key {
			written := e.Value()
			return &StepList{
				holder:  h,
				Node:    written.Resolve(),
				Written: written,
				Aliased: written.Kind() == rewrite.Alias || !e.Parent().Same(n.Resolve()),
			}
		}
	}
	return nil
}

// Steps are the items of the list. CircleCI also takes a single step where a list should be: it is the only one then,
// and its Entry is the pair that holds it. That step is a [ParameterStep] when a parameter holds the whole list.
func (l *StepList) Steps() []*Step {
	return l.steps.get(func() []*Step {
		if l.Node.Kind() != rewrite.Sequence {
			if !l.Node.Exists() || l.Node.IsNull() {
				return nil
			}
			return []*Step{newStep(l, l.Written.Entry(), 0)}
		}
		out := make([]*Step, 0, l.Node.Len())
		for i, e := range l.Node.Entries() {
			out = append(out, newStep(l, e, i))
		}
		return out
	})
}

// Users are the jobs that run this list, see [Config.UsersOf].
func (l *StepList) Users() []*Job { return l.config.root.UsersOf(l.Node) }

// Config is the config that the list's names of commands and orbs belong to.
func (l *StepList) Config() *Config { return l.config }

// sequences are the values of a mapping that are lists, as step lists: only a parameter of type steps takes one.
func sequences(args rewrite.Node, skip map[string]bool, h holder) []*StepList {
	var out []*StepList
	for _, e := range args.Fields() {
		if !skip[e.Name()] && e.Value().Resolve().Kind() == rewrite.Sequence {
			h.Key = e.Name()
			out = append(out, newStepList(args, e.Name(), h))
		}
	}
	return out
}
