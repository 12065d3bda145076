package rewrite

import (
	"bytes"
	"fmt"
	"slices"
)

// Change is a planned edit of a file: the splices, and what they mean.
type Change struct {
	Edits []Edit // sorted, not overlapping
	file  *File
	goal  *goal
}

// ClashError says that two operations want different things at one place.
type ClashError struct{ Path string }

func (e *ClashError) Error() string { return e.Path + ": two changes meet here" }

// goal is what the file shall mean: the tree as it is, changed at the nodes and entries named here.
type goal struct {
	replace map[*node]Value
	text    map[*node]string
	wrap    map[*node]Value
	extend  map[*node][]Pair // pairs or items for a collection that has no entry yet
	lists   map[*node]*listGoal
	shared  map[*node]bool // places whose change is meant for all users of an anchor
}

// listGoal is the change of one collection's entries.
type listGoal struct {
	before, after map[int][]Pair
	remove        map[int]bool
	rename        map[int]string
}

func (g *goal) list(n *node) *listGoal {
	l := g.lists[n]
	if l == nil {
		l = &listGoal{map[int][]Pair{}, map[int][]Pair{}, map[int]bool{}, map[int]string{}}
		g.lists[n] = l
	}
	return l
}

// emptied reports whether no entry of the collection would be left, and none comes in.
func (g *goal) emptied(n *node) bool {
	l := g.lists[n]
	return l != nil && len(l.remove) == len(n.items) && len(l.before) == 0 && len(l.after) == 0
}

// Plan turns operations into splices. Two equal operations count once. The errors are *RefusedError for a layout that
// cannot be edited faithfully, *ClashError for operations that contradict each other, and *ConflictError for splices
// that overlap. Nothing is proved yet: see Prove.
func (f *File) Plan(ops []Op) (*Change, error) {
	p := &planner{f: f, goal: &goal{
		replace: map[*node]Value{}, text: map[*node]string{}, wrap: map[*node]Value{},
		extend: map[*node][]Pair{}, lists: map[*node]*listGoal{}, shared: map[*node]bool{},
	}, texts: map[*node][]Op{}}
	for i, o := range ops {
		if slices.ContainsFunc(ops[:i], o.Equal) {
			continue
		}
		if err := p.admit(o); err != nil {
			return nil, err
		}
	}
	if err := p.prune(); err != nil {
		return nil, err
	}
	if err := p.splice(); err != nil {
		return nil, err
	}
	edits, err := Sort(p.edits)
	if err != nil {
		return nil, err
	}
	return &Change{Edits: edits, file: f, goal: p.goal}, nil
}

// planner collects the goal of a set of operations, then the splices.
type planner struct {
	f      *File
	goal   *goal
	order  []*node // the nodes of the goal in the order they came in
	texts  map[*node][]Op
	prunes []*node // collections whose entries may all go
	edits  []Edit
}

func (p *planner) refuse(n *node, r Reason, detail string) error {
	return &RefusedError{Node{p.f, n}.Path(), r, detail}
}

// admit checks one operation and adds it to the goal.
func (p *planner) admit(o Op) error {
	target := o.target()
	if target == nil {
		return &RefusedError{"", NotEditable, "the place does not exist"}
	}
	if err := p.checkUsers(o, target); err != nil {
		return err
	}
	if !slices.Contains(p.order, target) {
		p.order = append(p.order, target)
	}
	switch o.kind {
	case opReplace:
		return p.admitReplace(o, target)
	case opText:
		if target.kind != Scalar || target.tag != "!!str" || o.start < 0 || o.end < o.start || o.end > len(target.value) {
			return p.refuse(target, NotEditable, "")
		}
		p.texts[target] = append(p.texts[target], o)
		return nil
	case opWrap:
		return p.admitWrap(o, target)
	case opAppend:
		return p.admitAppend(o, target)
	default:
		return p.admitEntry(o, target)
	}
}

// checkUsers refuses an edit that others would see through an anchor, unless the operation says that it is meant.
func (p *planner) checkUsers(o Op, target *node) error {
	for a := target; a != nil; a = a.parent {
		if len(a.users) == 0 {
			continue
		}
		if !o.shared {
			return p.refuse(target, SharedAnchor, fmt.Sprintf("&%s, used %d times", a.anchor, len(a.users)))
		}
		p.goal.shared[target] = true
	}
	return nil
}

func (p *planner) admitReplace(o Op, n *node) error {
	if old, ok := p.goal.replace[n]; ok && !old.Equal(o.new.Value) {
		return &ClashError{Node{p.f, n}.Path()}
	}
	if n.isKey || n.anchor != "" && n.kind != Scalar || p.f.tagged(n) {
		return p.refuse(n, NotEditable, "")
	}
	p.goal.replace[n] = o.new.Value
	for i := range n.items {
		if err := p.checkAnchors(n.items[i].value, n); err != nil {
			return err
		}
	}
	return nil
}

// checkAnchors refuses to take away n, a part of what goes, when an alias outside means it or the anchor's name is
// defined again elsewhere: then an alias would mean another node.
func (p *planner) checkAnchors(n, whole *node) error {
	if n.anchor != "" {
		outside := slices.ContainsFunc(n.users, func(u *node) bool { return !(Node{p.f, u}).Within(Node{p.f, whole}) })
		if outside || p.f.anchorCount(n.anchor) > 1 {
			return p.refuse(n, AnchorNeeded, "&"+n.anchor)
		}
	}
	for i := range n.items {
		if err := p.checkAnchors(n.items[i].value, whole); err != nil {
			return err
		}
		if k := n.items[i].key; k != nil && k.anchor != "" {
			if err := p.checkAnchors(k, whole); err != nil {
				return err
			}
		}
	}
	return nil
}

// tagged reports whether the node has a tag in the source.
func (f *File) tagged(n *node) bool {
	return bytes.IndexByte(f.src[n.span.Start:n.body.Start], '!') >= 0
}

// anchorCount is how many nodes of the file define that anchor.
func (f *File) anchorCount(name string) int {
	count := 0
	var walk func(n *node)
	walk = func(n *node) {
		if n.anchor == name {
			count++
		}
		for i := range n.items {
			if k := n.items[i].key; k != nil {
				walk(k)
			}
			walk(n.items[i].value)
		}
	}
	for _, r := range f.roots {
		walk(r)
	}
	return count
}

func (p *planner) admitWrap(o Op, n *node) error {
	if old, ok := p.goal.wrap[n]; ok && !old.Equal(o.new.Value) {
		return &ClashError{Node{p.f, n}.Path()}
	}
	if n.kind != Scalar || n.parent == nil || n.parent.kind != Sequence || n.anchor != "" || n.style == Literal || n.style == Folded {
		return p.refuse(n, NotEditable, "")
	}
	p.goal.wrap[n] = o.new.Value
	return nil
}

// admitAppend turns an append to a collection that has entries into an insertion behind the last.
func (p *planner) admitAppend(o Op, n *node) error {
	switch {
	case (n.kind == Mapping || n.kind == Sequence) && len(n.items) > 0:
		o.kind, o.entry = opAfter, Entry{p.f, n, len(n.items) - 1}
		return p.admitEntry(o, n)
	case n.kind == Mapping || n.kind == Sequence || n.kind == Scalar && n.tag == "!!null" && n.value == "" && n.anchor == "":
		if slices.ContainsFunc(p.goal.extend[n], func(q Pair) bool { return q.Key != "" && q.Key == o.new.Key }) {
			return &ClashError{Node{p.f, n}.Path()}
		}
		p.goal.extend[n] = append(p.goal.extend[n], o.new)
		return nil
	default:
		return p.refuse(n, NotEditable, "")
	}
}

// admitEntry adds an operation on one entry of a collection.
func (p *planner) admitEntry(o Op, n *node) error {
	if (n.kind == Mapping) != (o.new.Key != "" || o.kind == opRemove && n.kind == Mapping || o.kind == opRename) {
		return p.refuse(n, NotEditable, "")
	}
	if n.kind == Mapping && hasDuplicates(n) {
		return p.refuse(n, DuplicateKey, "")
	}
	l, i := p.goal.list(n), o.entry.index
	switch o.kind {
	case opRemove:
		if o.prune {
			p.prunes = append(p.prunes, n)
		}
		l.remove[i] = true
		for _, part := range []*node{n.items[i].key, n.items[i].value} {
			if part == nil {
				continue
			}
			if err := p.checkAnchors(part, part); err != nil {
				return err
			}
		}
		return p.checkMerge(n, i)
	case opRename:
		if old, ok := l.rename[i]; ok && old != o.text {
			return &ClashError{Node{p.f, n}.Path()}
		}
		l.rename[i] = o.text
		return nil
	}
	if n.kind == Mapping && p.hasKey(n, l, o.new.Key) {
		return &ClashError{Node{p.f, n}.Path()}
	}
	if o.kind == opBefore {
		l.before[i] = append(l.before[i], o.new)
	} else {
		l.after[i] = append(l.after[i], o.new)
	}
	return nil
}

// hasKey reports whether the mapping has or gets that key already.
func (p *planner) hasKey(n *node, l *listGoal, key string) bool {
	for i := range n.items {
		if isName(n.items[i].key, key) && !l.remove[i] {
			return true
		}
	}
	for _, added := range []map[int][]Pair{l.before, l.after} {
		for _, pairs := range added {
			if slices.ContainsFunc(pairs, func(q Pair) bool { return q.Key == key }) {
				return true
			}
		}
	}
	return false
}

// checkMerge refuses to remove a pair whose name a merge would supply again.
func (p *planner) checkMerge(n *node, i int) error {
	if n.kind != Mapping || !n.merged {
		return nil
	}
	key := n.items[i].key.value
	for j := range n.items {
		if n.items[j].key.tag != mergeTag {
			continue
		}
		if suppliesKey(Node{p.f, n.items[j].value}, key) {
			return p.refuse(n, MergeSupplies, "")
		}
	}
	return nil
}

func suppliesKey(merged Node, key string) bool {
	if merged = merged.Resolve(); merged.Kind() == Sequence {
		return slices.ContainsFunc(merged.Entries(), func(e Entry) bool { return e.Value().Get(key).Exists() })
	}
	return merged.Get(key).Exists()
}

// prune lets collections go whose entries all go, when every removal agreed to that, and refuses the others.
func (p *planner) prune() error {
	for i := 0; i < len(p.order); i++ { // grows while parents are emptied
		n := p.order[i]
		if !p.goal.emptied(n) {
			continue
		}
		parent := n.parent
		if !slices.Contains(p.prunes, n) || parent == nil || n.anchor != "" && len(n.users) > 0 {
			return p.refuse(n, EmptyCollection, "")
		}
		if parent.kind == Mapping {
			if hasDuplicates(parent) {
				return p.refuse(parent, DuplicateKey, "")
			}
			if err := p.checkMerge(parent, n.index); err != nil {
				return err
			}
		}
		if p.goal.shared[n] {
			p.goal.shared[parent] = true
		}
		delete(p.goal.lists, n)
		p.goal.list(parent).remove[n.index] = true
		p.prunes = append(p.prunes, parent)
		if !slices.Contains(p.order, parent) {
			p.order = append(p.order, parent)
		} else if slices.Index(p.order, parent) < i {
			p.order = append(p.order, parent) // look at it again
		}
	}
	return nil
}

// splice makes the edits of every node of the goal.
func (p *planner) splice() error {
	done := map[*node]bool{}
	for _, n := range p.order {
		if done[n] || p.gone(n) {
			continue
		}
		done[n] = true
		if err := p.spliceNode(n); err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether the node stands inside something that is removed or replaced.
func (p *planner) gone(n *node) bool {
	for a := n; a.parent != nil; a = a.parent {
		if l := p.goal.lists[a.parent]; l != nil && l.remove[a.index] {
			return true
		}
		if _, ok := p.goal.replace[a.parent]; ok {
			return true
		}
	}
	return false
}

func (p *planner) spliceNode(n *node) error {
	if v, ok := p.goal.replace[n]; ok {
		return p.spliceReplace(n, v)
	}
	if v, ok := p.goal.wrap[n]; ok {
		return p.spliceWrap(n, v)
	}
	if pairs := p.goal.extend[n]; len(pairs) > 0 {
		return p.spliceExtend(n, pairs)
	}
	if len(p.texts[n]) > 0 {
		return p.spliceText(n)
	}
	l := p.goal.lists[n]
	switch {
	case l == nil:
		return nil
	case n.style == Flow:
		return p.spliceFlow(n, l)
	default:
		return p.spliceBlock(n, l)
	}
}
