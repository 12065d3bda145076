package rewrite

import "slices"

// What a pair hides: when it goes, a merge may supply its name, in its own mapping and in those that merge it.

// uncovers reports whether entry i of a mapping hides a pair of its name that stays: in the mapping, or in another that has
// the name from there.
func (p *planner) uncovers(n *node, i int) bool {
	k := n.items[i].key
	if k == nil || !isName(k, k.value) {
		return false
	}
	for _, m := range slices.Concat([]*node{n}, p.mergersOf(n)) {
		if !m.merged {
			continue
		}
		pairs := p.pairsOf(m)[k.value]
		if len(pairs) == 0 || pairs[0].parent != n || p.comes(m, k.value) {
			continue
		}
		stays := func(e Entry) bool {
			return e.parent != n && !p.goal.lists[e.parent].goes(e.index) && !p.goal.takes(e.parent)
		}
		if slices.ContainsFunc(pairs[1:], stays) {
			return true
		}
	}
	return false
}

// comes reports whether a mapping gets a pair of that name.
func (p *planner) comes(n *node, name string) bool {
	l := p.goal.lists[n]
	if l == nil {
		return false
	}
	for other := range l.newNames {
		if other == name {
			return true
		}
	}
	return false
}

// pairsOf are the pairs that a mapping has or merges, by name, those first that count.
func (p *planner) pairsOf(n *node) map[string][]Entry {
	if known, ok := p.pairs[n]; ok {
		return known
	}
	pairs := map[string][]Entry{}
	for m := range (Node{p.f, n}).merges() {
		for i := range m.n.items {
			if k := m.n.items[i].key; isName(k, k.value) {
				pairs[k.value] = append(pairs[k.value], Entry{p.f, m.n, i})
			}
		}
	}
	p.pairs[n] = pairs
	return pairs
}

// mergersOf are the mappings that merge another one, directly or through a third.
func (p *planner) mergersOf(n *node) []*node {
	if known, ok := p.mergers[n]; ok {
		return known
	}
	var out []*node
	seen := map[*node]bool{n: true}
	for todo := []*node{n}; len(todo) > 0; todo = todo[1:] {
		for _, m := range todo[0].mergedInto() {
			if !seen[m] {
				seen[m] = true
				out, todo = append(out, m), append(todo, m)
			}
		}
	}
	p.mergers[n] = out
	return out
}

// mergedInto are the mappings that merge a node where it stands or an alias means it, by itself or in a list.
func (n *node) mergedInto() []*node {
	var out []*node
	for _, place := range append([]*node{n}, n.users()...) {
		places := []*node{place}
		if list := place.parent; list != nil && list.kind == Sequence {
			places = append([]*node{list}, list.users()...)
		}
		for _, at := range places {
			if at.isMerge() {
				out = append(out, at.parent)
			}
		}
	}
	return out
}
