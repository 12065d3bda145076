package rewrite

// Entry is a handle on one pair of a mapping or one item of a sequence. Its zero value is absent.
type Entry struct {
	file   *File
	parent *node
	index  int
}

func (e Entry) raw() *entry { return &e.parent.items[e.index] }

// Exists reports whether the handle stands for an entry.
func (e Entry) Exists() bool { return e.parent != nil }

// Key is the key of a pair, absent for an item.
func (e Entry) Key() Node {
	if e.parent == nil || e.raw().key == nil {
		return Node{}
	}
	return Node{e.file, e.raw().key}
}

// Name is the text of the key, "" for an item.
func (e Entry) Name() string { return e.Key().Value() }

// IsMerge reports whether the entry is a merge, '<<' unquoted.
func (e Entry) IsMerge() bool { return e.Key().Tag() == mergeTag }

// Value is the value of the pair or item as written.
func (e Entry) Value() Node {
	if e.parent == nil {
		return Node{}
	}
	return Node{e.file, e.raw().value}
}

// Parent is the mapping or sequence that the entry stands in.
func (e Entry) Parent() Node {
	if e.parent == nil {
		return Node{}
	}
	return Node{e.file, e.parent}
}

// Index is the entry's place among its siblings, from 0.
func (e Entry) Index() int { return e.index }

// Span is where the entry stands, from its dash or key to the end of its value.
func (e Entry) Span() Span {
	if e.parent == nil {
		return Span{}
	}
	return e.raw().span
}

// Sibling is the entry delta places further on, the zero Entry when there is none.
func (e Entry) Sibling(delta int) Entry {
	if i := e.index + delta; e.parent != nil && i >= 0 && i < len(e.parent.items) {
		return Entry{e.file, e.parent, i}
	}
	return Entry{}
}
