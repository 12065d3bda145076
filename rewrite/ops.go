package rewrite

import "slices"

type opKind uint8

const (
	opReplace opKind = iota + 1
	opText
	opRename
	opBefore
	opAfter
	opAppend
	opRemove
	opWrap
)

// Op is one intended change. It states what the file shall mean afterwards; Plan finds the bytes, and Prove checks both.
// All operations of a plan refer to the file as it was parsed.
type Op struct {
	kind       opKind
	node       Node
	entry      Entry
	new        Pair // Key is "" for an item of a sequence
	start, end int
	text       string
	prune      bool
	shared     bool
}

// Replace writes v in place of the node's value. A scalar keeps its anchor.
func Replace(n Node, v Value) Op { return Op{kind: opReplace, node: n, new: Pair{Value: v}} }

// ReplaceText writes text in place of the bytes from start to end of the scalar's decoded value.
func ReplaceText(n Node, start, end int, text string) Op {
	return Op{kind: opText, node: n, start: start, end: end, text: text}
}

// Rename gives a pair another key.
func Rename(e Entry, key string) Op { return Op{kind: opRename, entry: e, text: key} }

// InsertBefore writes a pair (or, with an empty key, an item) before e, above the comment lines that belong to e.
func InsertBefore(e Entry, p Pair) Op { return Op{kind: opBefore, entry: e, new: p} }

// InsertAfter writes a pair (or, with an empty key, an item) behind e and what belongs to it.
func InsertAfter(e Entry, p Pair) Op { return Op{kind: opAfter, entry: e, new: p} }

// Append writes a pair (or, with an empty key, an item) as the last of a collection. A null becomes a collection.
func Append(n Node, p Pair) Op { return Op{kind: opAppend, node: n, new: p} }

// Remove takes a pair or item away, with the comment at its end. The last one cannot be removed alone.
func Remove(e Entry) Op { return Op{kind: opRemove, entry: e} }

// Prune is a Remove that takes the parent's entry away too when nothing is left in it.
func Prune(e Entry) Op { return Op{kind: opRemove, entry: e, prune: true} }

// Wrap makes a pair of a scalar item: "- x" becomes "- x: v".
func Wrap(n Node, v Value) Op { return Op{kind: opWrap, node: n, new: Pair{Value: v}} }

// Item is a new item of a sequence, for the operations that take a Pair.
func Item(v Value) Pair { return Pair{Value: v} }

// Shared states that the change is right for everybody who uses the place through an anchor. Without it such an edit is refused.
func (o Op) Shared() Op {
	o.shared = true
	return o
}

// Equal reports whether both operations are the same change at the same place.
func (o Op) Equal(p Op) bool {
	return o.kind == p.kind && o.node == p.node && o.entry == p.entry && o.new.Equal(p.new) && o.start == p.start &&
		o.end == p.end && o.text == p.text && o.prune == p.prune
}

// target is the node whose place decides who sees the change: what is edited, or the collection that is.
func (o Op) target() *node {
	switch o.kind {
	case opReplace, opText, opAppend, opWrap:
		return o.node.n
	default:
		return o.entry.parent
	}
}

// Place is where the operation is made: the path of the node or collection it changes.
func (o Op) Place() Node {
	if o.node.Exists() {
		return o.node
	}
	return o.entry.Parent()
}

// Users are the aliases through which other places see the node: those that mean it or something around it.
func (n Node) Users() []Node {
	var out []Node
	for a := n.n; a != nil; a = a.parent {
		for _, u := range a.users {
			out = append(out, Node{n.file, u})
		}
	}
	slices.SortFunc(out, func(a, b Node) int { return a.n.span.Start - b.n.span.Start })
	return out
}
