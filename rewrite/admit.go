package rewrite

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// admit checks one operation by itself and adds it to the goal.
func (p *planner) admit(o Op) error {
	if o.kind == opUncomment {
		return p.admitUncomment(o)
	}
	if o.target() == nil {
		return &RefusedError{"", NotEditable, "the place does not exist"}
	}
	o = o.resolved()
	n := o.target()
	if !utf8.ValidString(o.text) || !o.new.valid() || len(o.new.Key) > maxKey || o.kind == opRename && len(o.text) > maxKey {
		return p.refuse(n, NotEditable, "the new text is not UTF-8, or too long for a key")
	}
	if !p.known[n] {
		p.known[n] = true
		p.order = append(p.order, n)
	}
	if o.kind == opCommentAbove || o.kind == opCommentBehind {
		return p.admitComment(o, n)
	}
	if o.kind == opRemoveUnused {
		p.definitions = append(p.definitions, o)
		return nil
	}
	if err := p.checkUsers(o, n); err != nil {
		return err
	}
	switch o.kind {
	case opReplace, opText, opWrap, opAppend, opOverride:
		return p.admitNode(o, n)
	default:
		return p.admitEntry(o, n)
	}
}

// resolved turns what is written first or last in a collection that has entries into an insertion beside one of them, and
// an override in a mapping into one behind the last merge, or into the replacement of the mapping's own pair. In a
// collection without entries what comes first is what comes last.
func (o Op) resolved() Op {
	n := o.node.n
	switch {
	case o.kind == opPrepend && len(n.items) > 0:
		o.kind, o.entry = opBefore, Entry{o.node.file, n, 0}
	case o.kind == opPrepend:
		o.kind = opAppend
	case o.kind == opAppend && len(n.items) > 0:
		o.kind, o.entry = opAfter, Entry{o.node.file, n, len(n.items) - 1}
	case o.kind == opOverride && n.kind == Mapping && o.node.Own(o.new.Key).Exists():
		o.kind, o.node, o.new = opReplace, o.node.Own(o.new.Key), Item(o.new.Value)
	case o.kind == opOverride && n.merged:
		last := len(n.items) - 1
		for n.items[last].key.tag != mergeTag {
			last--
		}
		o.kind, o.entry = opAfter, Entry{o.node.file, n, last}
	}
	return o
}

// checkUsers refuses an edit that others would see through an anchor, unless the operation says that it is meant.
func (p *planner) checkUsers(o Op, n *node) error {
	if o.kind == opRename {
		n = o.entry.raw().key
	}
	for a := n; a != nil; a = a.parent {
		if len(a.users()) == 0 {
			continue
		}
		if !o.accepted.has(SharedAnchor) {
			return p.refuse(n, SharedAnchor, p.usersDetail(a, a.users()))
		}
		p.goal.shared[n] = true
		p.goal.shared[o.target()] = true
	}
	return nil
}

// admitNode adds an operation on a node as a whole.
func (p *planner) admitNode(o Op, n *node) error {
	if !o.fits(n) {
		return p.refuse(n, NotEditable, misfits[o.kind])
	}
	g := p.goal.nodes[n]
	switch {
	case g == nil:
		g = &nodeGoal{kind: o.kind}
		p.goal.nodes[n] = g
	case g.kind != o.kind, o.kind == opReplace, o.kind == opWrap:
		return p.clash(n)
	}
	switch o.kind {
	case opReplace, opWrap:
		g.value = o.new.Value
	case opText:
		g.parts = append(g.parts, o)
	case opAppend, opOverride:
		if slices.ContainsFunc(g.pairs, func(q Pair) bool { return (q.Key == "") != (o.new.Key == "") }) {
			return p.clash(n)
		}
		g.pairs = append(g.pairs, o.new)
	}
	return nil
}

// misfits say what an operation on a node as a whole is not made for.
var misfits = map[opKind]string{
	opReplace:  "a key is a text, and a merge takes mappings",
	opText:     "it has no such part of a string",
	opWrap:     "it is no bare item",
	opAppend:   "a mapping takes pairs, a sequence items, a merge mappings",
	opOverride: "nothing is merged here",
}

// fits reports whether the operation makes sense for the node.
func (o Op) fits(n *node) bool {
	switch o.kind {
	case opText:
		return n.kind == Scalar && n.tag == "!!str" && 0 <= o.start && o.start <= o.end && o.end <= len(n.value)
	case opWrap:
		return n.kind == Scalar && n.tag != "!!null" && n.parent != nil && n.parent.kind == Sequence && n.props == nil && n.span().Len() > 0 &&
			n.style != Literal && n.style != Folded
	case opAppend:
		return n.kind == Scalar && n.tag == "!!null" && !n.isKey && !n.isMerge() || (n.kind == Mapping || n.kind == Sequence) && o.new.fits(n)
	case opOverride:
		return n.kind == Alias && !n.isKey && n.target.kind == Mapping && o.new.Key != ""
	default:
		return !n.isKey && (!n.isMerge() || o.new.Value.merges()) && (!n.isMergeItem() || o.new.Value.kind == mapValue)
	}
}

// fits reports whether the pair or item can come into the collection.
func (q Pair) fits(n *node) bool {
	return (n.kind == Mapping) == (q.Key != "") && (n.kind == Mapping || !n.isMerge() || q.Value.kind == mapValue)
}

// isMerge reports whether the node is the value of a merge key: a mapping, or a sequence of them.
func (n *node) isMerge() bool {
	e := n.entry()
	return e != nil && e.key != nil && e.key.tag == mergeTag && !n.isKey
}

// isMergeItem reports whether the node is one of the mappings that a merge key lists.
func (n *node) isMergeItem() bool {
	return n.parent != nil && n.parent.kind == Sequence && n.parent.isMerge()
}

// admitEntry adds an operation on one entry of a collection.
func (p *planner) admitEntry(o Op, n *node) error {
	switch {
	case (o.kind == opBefore || o.kind == opAfter) && !o.new.fits(n):
		return p.refuse(n, NotEditable, misfits[opAppend])
	case o.kind == opRename && (n.kind != Mapping || n.items[o.entry.index].key.tag == mergeTag):
		return p.refuse(n, NotEditable, "it has no name")
	}
	if p.ambiguous(n) && !o.accepted.has(DuplicateKey) {
		return p.refuse(n, DuplicateKey, "")
	}
	l, i := p.goal.list(n), o.entry.index
	if o.accepted.has(MergeSupplies) {
		l.mayUncover(i)
	}
	l.ambiguous = l.ambiguous || o.accepted.has(DuplicateKey)
	switch o.kind {
	case opRemove, opRemoveUnused:
		l.remove[i] = true
		if o.emptied != refused && l.emptied != refused && o.emptied != l.emptied {
			return p.clash(n)
		}
		l.emptied = max(l.emptied, o.emptied)
	case opRename:
		if old, ok := l.rename[i]; ok && old != o.text {
			return p.clash(n)
		}
		l.rename[i] = o.text
	case opBefore:
		l.before[i] = append(l.before[i], o.new)
	default:
		l.after[i] = append(l.after[i], o.new)
	}
	return nil
}

// ambiguous reports whether the node is a mapping that has a key twice.
func (p *planner) ambiguous(n *node) bool {
	return n.kind == Mapping && remember(&p.f.duplicates, n, hasDuplicates)
}

// admitComment adds a new comment. A text of several lines has room only above an entry.
func (p *planner) admitComment(o Op, n *node) error {
	lines := strings.Split(o.text, "\n")
	if !printable(o.text) || o.kind == opCommentBehind && len(lines) > 1 {
		return p.refuse(n, NotEditable, "the comment has other lines or characters than the place takes")
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight("# "+line, " \t")
	}
	l, i := p.goal.list(n), o.entry.index
	if o.kind == opCommentAbove {
		l.above[i] = append(l.above[i], lines...)
		return nil
	}
	if l.behind[i] != "" {
		return p.clash(n)
	}
	l.behind[i] = lines[0]
	return nil
}

func (p *planner) admitUncomment(o Op) error {
	c := Span{o.start, o.end}
	if found := p.f.commentsIn(Span{c.Start, c.Start + 1}); len(found) == 0 || found[0] != c {
		return &RefusedError{"", NotEditable, "there is no such comment"}
	}
	p.uncomments = append(p.uncomments, c)
	return nil
}
