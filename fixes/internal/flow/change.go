package flow

import (
	"maps"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// changed drops the tasks that two configs have in common.
func changed(before, after []*task) (b, a []*task) {
	byKey := map[string]*task{}
	for _, t := range after {
		byKey[t.unit.key] = t
	}
	same := map[string]bool{}
	c := &comparer{nodes: map[[2]rewrite.Node]bool{}, left: maxCompared}
	for _, t := range before {
		same[t.unit.key] = byKey[t.unit.key] != nil && c.tasks(t, byKey[t.unit.key])
	}
	drop := func(t *task) bool { return same[t.unit.key] }
	return slices.DeleteFunc(before, drop), slices.DeleteFunc(after, drop)
}

// maxCompared bounds the nodes that are compared: aliases can make few of them many. Beyond it nothing is alike.
const maxCompared = 1 << 20

// comparer tells whether units of two configs are written alike: whatever is interpreted of them has the same meaning
// as YAML, wherever it stands.
type comparer struct {
	nodes map[[2]rewrite.Node]bool // steps and entries that were compared
	left  int                      // of maxCompared
}

func (c *comparer) tasks(x, y *task) bool {
	return x.unit.contexts == y.unit.contexts && x.shell == y.shell && x.before == y.before &&
		slices.Equal(x.unit.images, y.unit.images) && maps.Equal(x.job, y.job) &&
		c.entries(x.use, y.use) && slices.EqualFunc(x.visits, y.visits, c.visits)
}

// entries compares what runs an orb's job.
func (c *comparer) entries(x, y *circle.WorkflowJob) bool {
	if x == nil || y == nil {
		return x == y
	}
	orbX, _, _ := x.OrbJob()
	orbY, _, _ := y.OrbJob()
	return c.orbs(orbX, orbY) && x.JobName == y.JobName && c.once(x.Args, y.Args)
}

func (c *comparer) visits(x, y circle.Visit) bool {
	return slices.EqualFunc(x.Calls, y.Calls, c.steps) && c.steps(x.Step, y.Step) && slices.Equal(compiledArguments(x), compiledArguments(y))
}

// compiledArguments are what an orb's command is given: the parameters in it stand elsewhere.
func compiledArguments(v circle.Visit) (out []string) {
	if _, _, ok := v.Step.OrbCall(); !ok {
		return nil
	}
	for _, e := range v.Step.Args().Fields() {
		out = append(out, compiled(v, e.Value().Resolve().Value()))
	}
	return out
}

// steps compares two steps, and those that they stand in.
func (c *comparer) steps(x, y *circle.Step) bool {
	for depth := 0; depth < 100; depth++ {
		orbX, _, isCall := x.OrbCall()
		orbY, _, isCallToo := y.OrbCall()
		defined := (x.Callee() != nil) == (y.Callee() != nil)
		if x.Kind != y.Kind || x.Name != y.Name || isCall != isCallToo || !defined || !c.orbs(orbX, orbY) || !c.once(x.Node, y.Node) {
			return false
		}
		if x.List == nil || y.List == nil || x.List.Step == nil || y.List.Step == nil {
			return (x.List == nil || x.List.Step == nil) && (y.List == nil || y.List.Step == nil)
		}
		x, y = x.List.Step, y.List.Step
	}
	return false
}

func (c *comparer) orbs(x, y *circle.Orb) bool {
	if x == nil || y == nil {
		return x == y
	}
	return x.Alias == y.Alias && c.once(x.Node, y.Node)
}

// once compares two nodes that may be met again.
func (c *comparer) once(x, y rewrite.Node) bool {
	pair := [2]rewrite.Node{x, y}
	same, known := c.nodes[pair]
	if !known {
		same = c.alike(x, y)
		c.nodes[pair] = same
	}
	return same
}

func (c *comparer) alike(x, y rewrite.Node) bool {
	x, y = x.Resolve(), y.Resolve()
	c.left--
	if c.left < 0 || x.Exists() != y.Exists() || x.Kind() != y.Kind() || x.Tag() != y.Tag() || x.Value() != y.Value() || x.Len() != y.Len() {
		return false
	}
	entries := y.Entries()
	for i, e := range x.Entries() {
		if !c.alike(e.Key(), entries[i].Key()) || !c.alike(e.Value(), entries[i].Value()) {
			return false
		}
	}
	return true
}
