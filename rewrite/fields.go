package rewrite

const mergeTag = "!!merge"

// Own is the value of a mapping's own pair of that name, not looked for in merges; absent when there is none. Of a
// key that stands twice it is the last, which is the one CircleCI takes.
func (n Node) Own(key string) Node {
	if n.n == nil || n.n.kind != Mapping {
		return Node{}
	}
	for i := len(n.n.items) - 1; i >= 0; i-- {
		if e := &n.n.items[i]; isName(e.key, key) {
			return Node{n.file, e.value}
		}
	}
	return Node{}
}

func isName(k *node, name string) bool {
	return k.kind == Scalar && k.value == name && k.tag != mergeTag
}

// Get is the value of that name in the mapping that the node is or means, its own pair first, then those merged in
// with '<<'. The value is as written: it may be an alias.
func (n Node) Get(key string) Node {
	n = n.Resolve()
	if own := n.Own(key); own.Exists() || n.n == nil || !n.n.merged {
		return own
	}
	for _, e := range n.Fields() {
		if e.Name() == key {
			return e.Value()
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
	m := merger{names: map[string]bool{}, mappings: map[*node]bool{}}
	m.add(n)
	return m.out
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

// merger collects the pairs of a mapping and its merges. A mapping that is merged twice adds nothing the second time.
type merger struct {
	out      []Entry
	names    map[string]bool
	mappings map[*node]bool
}

func (m *merger) add(n Node) {
	n = n.Resolve()
	if n.n == nil || n.n.kind != Mapping || m.mappings[n.n] {
		return
	}
	m.mappings[n.n] = true
	last := make(map[string]int, len(n.n.items))
	for i := range n.n.items {
		last[n.n.items[i].key.value] = i
	}
	for i := range n.n.items {
		if k := n.n.items[i].key; k.tag != mergeTag && last[k.value] == i && !m.names[k.value] {
			m.names[k.value] = true
			m.out = append(m.out, Entry{n.file, n.n, i})
		}
	}
	if !n.n.merged {
		return
	}
	for i := range n.n.items {
		if n.n.items[i].key.tag == mergeTag {
			m.merge(Node{n.file, n.n.items[i].value})
		}
	}
}

// merge adds what the value of a merge key supplies: a mapping, or a sequence of them.
func (m *merger) merge(value Node) {
	if value = value.Resolve(); value.Kind() != Sequence {
		m.add(value)
		return
	}
	for _, item := range value.Entries() {
		m.add(item.Value())
	}
}
