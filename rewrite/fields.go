package rewrite

import "iter"

const mergeTag = "!!merge"

// Own is the value of a mapping's own pair of that name, not looked for in merges; absent when there is none. Of a
// key that stands twice it is the last, which is the one CircleCI takes.
func (n Node) Own(key string) Node {
	if n.n == nil || n.n.kind != Mapping {
		return Node{}
	}
	if len(n.n.items) >= manyEntries {
		if i, ok := remember(&n.file.names, n.n, namesIn)[key]; ok {
			return Node{n.file, n.n.items[i].value}
		}
		return Node{}
	}
	for i := len(n.n.items) - 1; i >= 0; i-- {
		if e := &n.n.items[i]; isName(e.key, key) {
			return Node{n.file, e.value}
		}
	}
	return Node{}
}

// namesIn are the pairs of a mapping with many by name, the last of each: a search for each of them would take time by the
// square of their number.
func namesIn(n *node) map[string]int {
	names := make(map[string]int, len(n.items))
	for i := range n.items {
		if k := n.items[i].key; isName(k, k.value) {
			names[k.value] = i
		}
	}
	return names
}

func isName(k *node, name string) bool {
	return k.kind == Scalar && k.value == name && k.tag != mergeTag
}

// Get is the value of that name in the mapping that the node is or means, its own pair first, then those merged in
// with '<<'. The value is as written: it may be an alias.
func (n Node) Get(key string) Node {
	n = n.Resolve()
	if own := n.Own(key); own.Exists() {
		return own
	}
	return n.merged(key)
}

// merged is the value of that name that a mapping's merges bring it; absent when there is none.
func (n Node) merged(key string) Node {
	if n.n == nil || !n.n.merged {
		return Node{}
	}
	for m := range n.merges() {
		if own := m.Own(key); own.Exists() {
			return own
		}
	}
	return Node{}
}

// Fields are the pairs of the mapping that the node is or means, with merges expanded: own pairs in source order, then
// merged pairs whose names have not been seen. Each keeps its own place. Of a name that stands twice in one mapping the
// last counts.
func (n Node) Fields() []Entry {
	n = n.Resolve()
	if n.n == nil || n.n.kind != Mapping {
		return nil
	}
	if !n.n.merged && !hasDuplicates(n.n) {
		return n.Entries()
	}
	var out []Entry
	names := map[string]bool{}
	for m := range n.merges() {
		last := make(map[string]int, len(m.n.items))
		for i := range m.n.items {
			last[m.n.items[i].key.value] = i
		}
		for i := range m.n.items {
			if k := m.n.items[i].key; k.tag != mergeTag && last[k.value] == i && !names[k.value] {
				names[k.value] = true
				out = append(out, Entry{n.file, m.n, i})
			}
		}
	}
	return out
}

// merges are the mapping itself and those that it merges, in the order of precedence: each before what it merges in
// its turn. A mapping that is merged twice comes once.
func (n Node) merges() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		n.eachMerged(map[*node]bool{}, yield)
	}
}

func (n Node) eachMerged(seen map[*node]bool, yield func(Node) bool) bool {
	n = n.Resolve()
	if n.n == nil || n.n.kind != Mapping || seen[n.n] {
		return true
	}
	seen[n.n] = true
	if !yield(n) {
		return false
	}
	if !n.n.merged {
		return true
	}
	for i := range n.n.items {
		if e := &n.n.items[i]; e.key.tag == mergeTag && !(Node{n.file, e.value}).eachOfMerge(seen, yield) {
			return false
		}
	}
	return true
}

// eachOfMerge goes through what the value of a merge key supplies: a mapping, or a sequence of them.
func (n Node) eachOfMerge(seen map[*node]bool, yield func(Node) bool) bool {
	if n = n.Resolve(); n.Kind() != Sequence {
		return n.eachMerged(seen, yield)
	}
	for i := range n.n.items {
		if !(Node{n.file, n.n.items[i].value}).eachMerged(seen, yield) {
			return false
		}
	}
	return true
}

// maxMerged bounds the pairs of all mappings of a file together, when merges are expanded: without a bound, mappings that
// each merge the one before would take time and memory by the square of their number.
const maxMerged = 2_000_000

// checkMerges refuses a file of which no part may be read with its merges.
func (f *File) checkMerges(merging []*node) error {
	pairs := 0
	for _, n := range merging {
		for m := range (Node{f, n}).merges() {
			if pairs += len(m.n.items); pairs > maxMerged {
				return &LimitError{"number of pairs with merges expanded", maxMerged}
			}
		}
	}
	return nil
}

// hasDuplicates reports whether the mapping has a key twice. A merge may be there twice.
func hasDuplicates(n *node) bool {
	if len(n.items) < 8 {
		for i := range n.items {
			for j := range i {
				if k := n.items[i].key; isName(k, n.items[j].key.value) && isName(n.items[j].key, k.value) {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]bool, len(n.items))
	for i := range n.items {
		k := n.items[i].key
		if !isName(k, k.value) {
			continue
		}
		if seen[k.value] {
			return true
		}
		seen[k.value] = true
	}
	return false
}
