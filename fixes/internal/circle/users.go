package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// UsersOf are the jobs whose effective content includes the physical node: because it stands in the job, in a workflow
// entry that runs it, in an executor it runs in or in a command it calls, or because an alias or a merge brings it to
// one of these. Content that a job's own key hides (of a merged mapping or of the executor) is not the job's. In
// doubt a job counts. The order is that of the file.
func (c *Config) UsersOf(n rewrite.Node) []*Job {
	if !n.Exists() {
		return nil
	}
	x := c.root.indexed()
	n = x.region(n)
	if jobs, ok := x.users[n]; ok {
		return jobs
	}
	found := map[*Job]bool{}
	x.climb(n, func(p place, follow func(rewrite.Node)) bool {
		x.collect(p, found, follow)
		return true
	})
	var jobs []*Job
	for j := range found {
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b *Job) int { return x.order[a] - x.order[b] })
	x.users[n] = jobs
	return jobs
}

// collect adds the jobs that a place belongs to, and follows commands to the steps that call them.
func (x *index) collect(p place, found map[*Job]bool, follow func(rewrite.Node)) {
	for _, j := range x.jobs[p.node] {
		found[j] = true
	}
	for _, u := range x.entries[p.node] {
		if j := u.Job(); j != nil {
			found[j] = true
		}
	}
	for _, e := range x.executors[p.node] {
		for _, j := range x.executorJobs[e] {
			if takes(j, p.field) {
				found[j] = true
			}
		}
	}
	for _, cmd := range x.commands[p.node] {
		for _, s := range x.callers()[cmd] {
			follow(s.Node)
		}
	}
}

// takes reports whether the job takes that key from its executor: only environments add up.
func takes(j *Job, field string) bool {
	switch {
	case field == "" || field == "environment":
		return true
	case slices.Contains(executorTypes, field):
		return !definesExecutor(j.Get)
	}
	return !j.Get(field).Exists()
}

// isUsed reports whether the node is content of any job, executor, command or workflow entry, or stands in one.
func (x *index) isUsed(n rewrite.Node) bool {
	n = x.region(n)
	if used, ok := x.used[n]; ok {
		return used
	}
	used := false
	x.climb(n, func(p place, _ func(rewrite.Node)) bool {
		used = x.isDefinition(p.node)
		return !used
	})
	x.used[n] = used
	return used
}

func (x *index) isDefinition(n rewrite.Node) bool {
	return len(x.jobs[n])+len(x.executors[n])+len(x.commands[n])+len(x.entries[n]) > 0
}

// place is a node that includes what is asked about: in the entry named field, or anywhere when that is "".
type place struct {
	node  rewrite.Node
	field string
}

// climb visits the places that include n, inside out: the collections around it, and those around each alias and each
// merge that brings one of them elsewhere. visit may name further nodes to climb from, and ends the climb with false.
func (x *index) climb(n rewrite.Node, visit func(p place, follow func(rewrite.Node)) bool) {
	seen := map[place]bool{}
	todo := []place{}
	push := func(p place) {
		if p.node.Exists() && !seen[p] {
			seen[p] = true
			todo = append(todo, p)
		}
	}
	follow := func(n rewrite.Node) { push(place{node: n}) }
	follow(n)
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x.config.places++
		if !x.config.within("number of places to look for users of something", x.config.places, maxPlaces) || !visit(p, follow) {
			return
		}
		for _, alias := range p.node.Aliases() {
			if len(mergedInto(alias)) == 0 {
				push(place{node: alias})
			}
		}
		into := mergersAt(p.node)
		if p.field == "" {
			for _, m := range into {
				push(place{node: m})
			}
		}
		if len(mergedInto(p.node)) == 0 {
			x.pushParent(p.node, push)
		}
	}
}

// pushParent pushes the collection around n, and the mappings that merge it in and in which n still counts.
func (x *index) pushParent(n rewrite.Node, push func(place)) {
	parent, field := n.Parent(), n.Entry().Name()
	push(place{parent, field})
	into := x.mergersOf(parent)
	for _, m := range into.nodes {
		switch {
		case field == "" || !into.exact:
			push(place{node: m})
		case m.Get(field).Same(n):
			push(place{m, field})
		}
	}
}

// region is a node whose users are those of n: n itself, or the outermost collection around it that no reference
// tells apart from it. It lets all that stands there share one answer.
func (x *index) region(n rewrite.Node) rewrite.Node {
	if e := n.Entry(); e.Key().Exists() && e.Key().Same(n) {
		n = e.Value()
	}
	for {
		parent := n.Parent()
		if len(n.Aliases()) > 0 || x.isDefinition(n) || !parent.Exists() || len(x.executors[parent]) > 0 {
			return n
		}
		if into := x.mergersOf(parent); len(into.nodes) > 0 && into.exact {
			return n
		}
		n = parent
	}
}

// mergers are the mappings that merge one collection in, directly or through another.
type mergers struct {
	nodes []rewrite.Node
	exact bool // whether each of them is asked which fields it takes
}

// maxFieldChecks bounds the work of asking every mapping for every field; beyond it all fields count as taken.
const maxFieldChecks = 1 << 22

func (x *index) mergersOf(n rewrite.Node) mergers {
	if m, ok := x.sources[n]; ok {
		return m
	}
	var m mergers
	seen := map[rewrite.Node]bool{n: true}
	for todo := []rewrite.Node{n}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, into := range mergersAt(next) {
			if !seen[into] {
				seen[into] = true
				todo = append(todo, into)
				m.nodes = append(m.nodes, into)
			}
		}
	}
	m.exact = n.Len()*n.Len()*len(m.nodes) <= maxFieldChecks
	x.sources[n] = m
	return m
}

// mergersAt are the mappings that merge the collection in themselves: where it is written or by an alias.
func mergersAt(n rewrite.Node) []rewrite.Node {
	out := mergedInto(n)
	for _, alias := range n.Aliases() {
		out = append(out, mergedInto(alias)...)
	}
	return out
}

// mergedInto are the mappings that merge in what stands at n: behind '<<', or in a list that stands or is used there.
func mergedInto(n rewrite.Node) []rewrite.Node {
	if n.Entry().IsMerge() {
		return []rewrite.Node{n.Parent()}
	}
	list := n.Parent()
	if list.Kind() != rewrite.Sequence {
		return nil
	}
	var out []rewrite.Node
	for _, at := range append(list.Aliases(), list) {
		if at.Entry().IsMerge() {
			out = append(out, at.Parent())
		}
	}
	return out
}
