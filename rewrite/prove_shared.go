package rewrite

import (
	"cmp"
	"slices"
)

// seenThrough shows what the change means to a reader who follows aliases and merges. As written, the trees differ at
// the places of the goal only, and each alias means the same node as before. So a place reads differently only where
// an alias leads to a changed node, or to something around one: such a change must be stated as meant for all users.
// And a mapping has other pairs than before only where a changed mapping is merged: those are compared name by name.
func (p *proof) seenThrough() {
	seen := map[*node]bool{} // nodes that show a change
	for _, n := range p.goal.touched() {
		if p.err != nil {
			return
		}
		for a := n; a != nil; a = a.parent {
			if len(a.users()) > 0 && !p.goal.shared[n] {
				p.fail(n, "the change is seen through an alias")
			}
		}
		p.spread(n, seen)
	}
}

// touched are the nodes and collections that the goal changes, in source order.
func (g *goal) touched() []*node {
	out := make([]*node, 0, len(g.nodes)+len(g.lists))
	for n := range g.nodes {
		out = append(out, n)
	}
	for n, l := range g.lists {
		if l.changesMeaning() {
			out = append(out, n)
		}
		for i := range l.rename {
			out = append(out, n.items[i].key)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return cmp.Or(a.span().Start-b.span().Start, b.span().End-a.span().End) })
	return out
}

// spread compares the mappings that merge the changed node n.
func (p *proof) spread(n *node, seen map[*node]bool) {
	if seen[n] || p.err != nil {
		return
	}
	seen[n] = true
	if n.merged {
		p.merged(n)
	}
	for _, u := range n.users() {
		p.spread(u, seen)
	}
	for a := n; a.parent != nil && !a.isKey; a = a.parent {
		e := a.entry()
		if e.key != nil && e.key.tag != mergeTag {
			return
		}
		if e.key != nil { // a merge
			p.spread(a.parent, seen)
			return
		}
		for _, u := range a.parent.users() { // a sequence, perhaps of merges
			p.spread(u, seen)
		}
	}
}

// merged compares the names that a mapping has with its merges: those that the goal leaves, and those of the new one.
func (p *proof) merged(old *node) {
	new := p.twin[old]
	if new == nil || new.kind != Mapping {
		return // it goes, or is replaced
	}
	want := map[string]bool{}
	p.goal.names(want, old, false, map[*node]bool{})
	for _, e := range (Node{p.new, new}).Fields() {
		if e.Key().Kind() != Scalar {
			continue // compared as written
		}
		if !want[e.Name()] {
			p.fail(old, "a merge supplies %q", e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		p.fail(old, "%q is not there any more", name)
	}
}
