package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// Visit is a step on its way through a job.
type Visit struct {
	Step  *Step
	Calls []*Step // the calls of commands that lead to it, the outermost first
	Never bool    // what the entry, the calls and the defaults give the parameters of a condition says that it does not run
}

// Flow are the steps of the job in the order they run. Steps inside when and unless follow their step, those of a command
// that the file defines follow the call, and the steps that a parameter holds follow its mention; a parameter of the
// job itself holds its default. A call of a command that is being expanded is not expanded again. The caller may not change
// the list.
func (j *Job) Flow() []Visit {
	return j.flow.get(func() []Visit {
		f := newFlow(j.config)
		f.job(j, nil)
		return slices.Clip(f.out)
	})
}

// Flow are the steps of a list that no job runs, as [Job.Flow] does. What its parameters hold is not known.
func (l *StepList) Flow() []Visit {
	f := newFlow(l.config)
	f.list(l, nil, 0)
	return f.out
}

// Flow are the steps that the entry runs, as [Job.Flow] does, with its arguments, pre-steps and post-steps. Of an
// orb's job, whose own steps are elsewhere, they are what the entry itself gives.
func (u *WorkflowJob) Flow() []Visit { return u.flow.get(u.visits) }

func (u *WorkflowJob) visits() []Visit {
	f := newFlow(u.config())
	f.list(u.PreSteps(), nil, 0)
	if j := u.Job(); j != nil {
		f.job(j, u)
	} else {
		for _, l := range u.StepArgs() {
			f.list(l, nil, 0)
		}
	}
	f.list(u.PostSteps(), nil, 0)
	return slices.Clip(f.out)
}

type flow struct {
	root   *Config
	out    []Visit
	calls  []*Step
	never  bool
	active map[*Command]bool
}

func newFlow(c *Config) *flow { return &flow{root: c.root, active: map[*Command]bool{}} }

// frame is what the parameters mean in the steps of one job or command.
type frame struct {
	defaults []*Parameter
	argument func(name string) *StepList
	given    func(name string) []rewrite.Node // the values that the arguments give a parameter; nil when they are not known
	caller   *frame                           // in which the arguments are written
}

func (f *flow) job(j *Job, use *WorkflowJob) {
	fr := &frame{defaults: j.Parameters(), argument: func(string) *StepList { return nil }}
	if use != nil {
		fr.argument, fr.given = use.argument, use.given
	}
	f.list(j.Steps(), fr, 0)
}

func (f *flow) list(l *StepList, fr *frame, depth int) {
	if l == nil {
		return
	}
	if !f.root.within("depth of steps inside steps", depth, maxFlowDepth) {
		return
	}
	for _, s := range l.Steps() {
		f.root.flowed++
		if !f.root.within("number of steps that a job runs", len(f.out)+1, maxFlow) || !f.root.within("number of steps that all jobs run", f.root.flowed, maxFlows) {
			return
		}
		f.out = append(f.out, Visit{s, f.calls, f.never})
		f.inside(s, fr, depth+1)
	}
}

// inside adds the steps that a step stands for.
func (f *flow) inside(s *Step, fr *frame, depth int) {
	switch {
	case s.Kind == ParameterStep && fr != nil:
		f.parameter(s.ParameterName(), fr, depth)
	case s.Kind == CallStep:
		f.call(s, fr, depth)
	default:
		never := f.never
		f.never = never || s.Kind == WhenStep && fr.condition(s.Condition(), 0) == no || s.Kind == UnlessStep && fr.condition(s.Condition(), 0) == yes
		f.list(s.Nested(), fr, depth)
		f.never = never
	}
}

func (f *flow) call(s *Step, fr *frame, depth int) {
	cmd := s.Callee()
	if cmd == nil {
		for _, l := range s.StepArgs() {
			f.list(l, fr, depth)
		}
		return
	}
	if f.active[cmd] {
		return
	}
	f.active[cmd] = true
	calls := f.calls
	f.calls = append(slices.Clip(calls), s) // visits keep the old ones
	given := func(name string) []rewrite.Node {
		if n := s.Args().Get(name); n.Exists() {
			return []rewrite.Node{n}
		}
		return nil
	}
	f.list(cmd.Steps(), &frame{cmd.Parameters(), s.argument, given, fr}, depth)
	f.calls = calls
	delete(f.active, cmd)
}

func (f *flow) parameter(name string, fr *frame, depth int) {
	if l := fr.argument(name); l != nil {
		f.list(l, fr.caller, depth)
		return
	}
	for _, p := range fr.defaults {
		if p.Name == name {
			f.list(p.Steps(), fr, depth)
		}
	}
}

// argument is what a call gives a parameter of type steps: a list, or a parameter of its own; nil when it gives nothing.
func (s *Step) argument(name string) *StepList {
	if l := listNamed(s.StepArgs(), name); l != nil {
		return l
	}
	return newStepList(s.Args(), name, holder{Step: s, config: s.config})
}

// argument is what an entry gives a parameter of type steps; nil when it gives nothing.
func (u *WorkflowJob) argument(name string) *StepList { return listNamed(u.StepArgs(), name) }

func listNamed(lists []*StepList, name string) *StepList {
	for _, l := range lists {
		if l.Key == name {
			return l
		}
	}
	return nil
}
