package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// ops are the operations that move the job, or why there are none. What other jobs share is left alone: the job gets a
// key of its own beside it, or an executor of its own.
func (m *runnerMove) ops() (ops []rewrite.Op, refusal string) {
	switch {
	case !m.machine:
		ops, refusal = m.setKeys()
	case isMachine(m.job):
		ops, refusal = m.machineOps()
	case m.job.Node.Own("docker").Exists():
		ops, refusal = m.imageOps()
	default:
		ops, refusal = m.executorOps()
	}
	if refusal != "" {
		return nil, refusal
	}
	if ranges := m.job.Node.Own(ipRangesKey); ranges.Exists() && usesIPRanges(m.job) {
		ops = append(ops, rewrite.Remove(ranges.Entry()))
	}
	if m.machine {
		ops = append(ops, m.dropRemoteDocker()...)
	}
	return ops, ""
}

// setKeys gives the job the resource class of its own, behind these keys of its own.
func (m *runnerMove) setKeys(pairs ...rewrite.Pair) (ops []rewrite.Op, refusal string) {
	job := m.job.Node
	class := rewrite.String(m.class)
	own := job.Own("resource_class")
	if own.Exists() {
		ops = append(ops, rewrite.Replace(own, class))
	} else {
		pairs = append(pairs, rewrite.Pair{Key: "resource_class", Value: class})
	}
	behind := insertBehind(job)
	if !behind.Exists() {
		return nil, "the job has no place of its own for a resource class"
	}
	for _, p := range pairs {
		ops = append(ops, rewrite.InsertAfter(behind, p))
	}
	return ops, ""
}

// insertBehind is the entry behind which a job says on what it runs.
func insertBehind(job rewrite.Node) rewrite.Entry {
	for _, key := range []string{"docker", "machine", "executor"} {
		if n := job.Own(key); n.Exists() {
			return n.Entry()
		}
	}
	var merge rewrite.Entry
	for _, e := range job.Entries() {
		if e.IsMerge() {
			merge = e
		}
	}
	return merge
}

// machineOps turn CircleCI's virtual machine into one of the runner.
func (m *runnerMove) machineOps() (ops []rewrite.Op, refusal string) {
	own := m.job.Node.Own("machine")
	switch {
	case m.job.Machine().Value() == "true":
		return m.setKeys()
	case own.Exists() && own.Kind() != rewrite.Alias:
		ops = becomeMachine(own)
		more, refusal := m.setKeys()
		return append(ops, more...), refusal
	case own.Exists():
		return nil, "the machine is an alias of what other jobs may use"
	}
	return m.setKeys(rewrite.Pair{Key: "machine", Value: rewrite.True()})
}

// imageOps turn the job's own images into a machine of the runner.
func (m *runnerMove) imageOps() (ops []rewrite.Op, refusal string) {
	own := m.job.Node.Own("docker")
	if own.Kind() == rewrite.Alias {
		return nil, "the images are an alias of what other jobs may use"
	}
	ops = append(becomeMachine(own), rewrite.Rename(own.Entry(), "machine"))
	more, refusal := m.setKeys()
	return append(ops, more...), refusal
}

// becomeMachine replaces what a job runs in by true. Comments on lines of their own move above it.
func becomeMachine(n rewrite.Node) []rewrite.Op {
	f := n.File()
	ops := []rewrite.Op{rewrite.Replace(n, rewrite.True())}
	for _, c := range f.Comments() {
		if n.Span().Contains(c) || n.Entry().Span().Contains(c) && f.Position(c.Start).Line > f.Position(n.Entry().Span().Start).Line {
			text := strings.TrimSpace(strings.TrimLeft(f.Text(c), "#"))
			ops = append(ops, rewrite.RemoveComment(c), rewrite.CommentAbove(n.Entry(), text))
		}
	}
	return ops
}

// executorOps give the job an executor of its own in place of one with images, which others may use. A job cannot have
// images and a machine, so a key beside the executor's name would not do.
func (m *runnerMove) executorOps() (ops []rewrite.Op, refusal string) {
	x := m.job.Executor()
	own := m.job.Node.Own("executor")
	if x == nil || x.Config() != m.view.p.Config || x.Entry.Value().Kind() == rewrite.Alias {
		return nil, "the images are merged in from what other jobs may use: a machine cannot stand beside them"
	}
	name, ops, refusal := m.newExecutor(x)
	switch {
	case refusal != "":
		return nil, refusal
	case own.Exists():
		ops = append(ops, rewrite.Replace(own, rewrite.String(name)))
	default:
		ops = append(ops, rewrite.Override(m.job.Node, rewrite.Pair{Key: "executor", Value: rewrite.String(name)}))
	}
	if !m.job.Get("resource_class").Exists() {
		return ops, ""
	}
	more, refusal := m.setKeys() // the job's class beats the executor's
	return append(ops, more...), refusal
}

// newExecutor is the name of an executor with the runner's class that is otherwise like another one, and what makes it;
// nothing when it is there already.
func (m *runnerMove) newExecutor(x *circle.Executor) (name string, ops []rewrite.Op, refusal string) {
	var pairs []rewrite.Pair
	class := rewrite.Pair{Key: "resource_class", Value: rewrite.String(m.class)}
	for _, e := range x.Node.Fields() {
		v, ok := copyOf(e.Value())
		switch name := e.Name(); {
		case name == "resource_class":
		case name == "docker" && m.machine:
			pairs = append(pairs, rewrite.Pair{Key: "machine", Value: rewrite.True()}, class)
		case !ok || name == "parameters":
			return "", nil, "the executor " + x.Name + " takes parameters: one with the runner's class has to be written by hand"
		case name == "docker":
			pairs = append(pairs, rewrite.Pair{Key: name, Value: v}, class)
		default:
			pairs = append(pairs, rewrite.Pair{Key: name, Value: v})
		}
	}
	made := rewrite.Map(pairs...)
	for _, name = range []string{x.Name + "-runner", x.Name + "-on-" + strings.ReplaceAll(m.class, "/", "-")} {
		there := m.view.p.Config.ExecutorByName(name)
		if there == nil {
			return name, []rewrite.Op{rewrite.InsertAfter(x.Entry, rewrite.Pair{Key: name, Value: made})}, ""
		}
		if same, ok := copyOf(there.Node); ok && same.Equal(made) {
			return name, nil, ""
		}
	}
	return "", nil, "the name " + name + ", for an executor with the runner's class, is taken"
}

// copyOf is a value that means the same as a node. ok is false where an expression stands in it.
func copyOf(n rewrite.Node) (v rewrite.Value, ok bool) {
	n = n.Resolve()
	switch n.Kind() {
	case rewrite.Mapping:
		var pairs []rewrite.Pair
		for _, e := range n.Fields() {
			value, ok := copyOf(e.Value())
			if !ok {
				return v, false
			}
			pairs = append(pairs, rewrite.Pair{Key: e.Name(), Value: value})
		}
		return rewrite.Map(pairs...), true
	case rewrite.Sequence:
		var items []rewrite.Value
		for _, e := range n.Entries() {
			value, ok := copyOf(e.Value())
			if !ok {
				return v, false
			}
			items = append(items, value)
		}
		return rewrite.List(items...), true
	}
	text, known := circle.Known(n)
	if n.Value() == "true" && n.Tag() == "!!bool" {
		return rewrite.True(), known
	}
	return rewrite.String(text), known
}

// dropRemoteDocker removes the steps that ask for remote Docker: the machine has one of its own.
func (m *runnerMove) dropRemoteDocker() []rewrite.Op {
	var ops []rewrite.Op
	for _, x := range jobFlow(m.job) {
		if isRemoteDocker(x.Step) && m.ownStep(x) {
			ops = append(ops, rewrite.Remove(x.Step.Entry))
			m.requiresOf("job "+m.job.Name, Before, "runner", fmt.Sprintf("install Docker on the machines of the resource class %s: the job uses it through setup_remote_docker now", m.class))
		}
	}
	return ops
}

// ownStep reports whether a step stands in the job's own list and nowhere else.
func (m *runnerMove) ownStep(x circle.Visit) bool {
	list := m.job.Node.Own("steps")
	return len(x.Calls) == 0 && x.Step.Entry.Parent().Same(list) && len(list.Users()) == 0 && len(x.Step.Item.Users()) == 0 &&
		!slices.ContainsFunc(m.view.p.Config.UsersOf(x.Step.Item), func(j *circle.Job) bool { return j != m.job })
}
