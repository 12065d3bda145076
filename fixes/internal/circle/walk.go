package circle

import "cfgfix/rewrite"

// Walk visits every physical step of the document once, whoever uses it and in whatever form: those of jobs, commands,
// workflow entries, arguments and defaults of parameters, inline orbs and fragments, and the steps inside steps. A
// step that is shared is visited in the list that comes first. It can be ranged over.
func (c *Config) Walk(yield func(*Step) bool) {
	for _, s := range c.steps.get(c.everyStep) {
		if !yield(s) {
			return
		}
	}
}

func (c *Config) everyStep() []*Step {
	w := walker{steps: map[rewrite.Node]bool{}, lists: map[rewrite.Node]bool{}}
	for _, c := range c.configs() {
		w.config(c)
	}
	return w.out
}

type walker struct {
	out          []*Step
	steps, lists map[rewrite.Node]bool
}

func (w *walker) config(c *Config) {
	for _, l := range c.stepLists() {
		w.list(l)
	}
	for _, f := range c.Fragments() {
		if f.Step != nil {
			w.step(f.Step)
		}
		for _, l := range f.lists() {
			w.list(l)
		}
	}
}

func (w *walker) list(l *StepList) {
	if w.lists[l.Node] {
		return
	}
	w.lists[l.Node] = true
	for _, s := range l.Steps() {
		w.step(s)
	}
}

func (w *walker) step(s *Step) {
	if !s.Node.Exists() || w.steps[s.Node] {
		return
	}
	w.steps[s.Node] = true
	w.out = append(w.out, s)
	for _, l := range s.lists() {
		w.list(l)
	}
}

// stepLists are the outermost step lists of the config itself: not of the orbs inside it, nor of fragments.
func (c *Config) stepLists() []*StepList {
	var out []*StepList
	add := func(l *StepList) {
		if l != nil {
			out = append(out, l)
		}
	}
	for _, j := range c.Jobs() {
		add(j.Steps())
		for _, p := range j.Parameters() {
			add(p.Steps())
		}
	}
	for _, cmd := range c.Commands() {
		add(cmd.Steps())
		for _, p := range cmd.Parameters() {
			add(p.Steps())
		}
	}
	for _, u := range c.entries() {
		out = append(out, u.allLists()...)
	}
	return out
}

// lists are the step lists of the fragment.
func (f *Fragment) lists() []*StepList {
	if f.Steps != nil {
		return []*StepList{f.Steps}
	}
	if f.Job != nil {
		if l := f.Job.Steps(); l != nil {
			return []*StepList{l}
		}
	}
	return nil
}
