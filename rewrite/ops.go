package rewrite

import "slices"

type opKind uint8

const (
	opReplace opKind = iota + 1
	opText
	opWrap
	opOverride
	opAppend
	opPrepend
	opRename
	opBefore
	opAfter
	opRemove
	opRemoveUnused
	opCommentAbove
	opCommentBehind
	opUncomment
)

// emptied says what becomes of a collection from which the last entry is removed.
type emptied uint8

const (
	refused emptied = iota
	pruned          // its own entry goes too
	cleared         // {} or [] stays
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
	emptied    emptied
	accepted   reasons
}

// Replace writes v in place of the node's value, or of a key's text. An anchor stays; a tag that says something else
// than v goes.
func Replace(n Node, v Value) Op {
	if n.Exists() && n.n.isKey && v.kind == textValue {
		return Rename(n.Entry(), v.text)
	}
	return Op{kind: opReplace, node: n, new: Pair{Value: v}}
}

// ReplaceText writes text in place of the bytes from start to end of the scalar's decoded value. The rest of the scalar
// keeps its bytes, and the scalar its style wherever that can hold the result.
func ReplaceText(n Node, start, end int, text string) Op {
	return Op{kind: opText, node: n, start: start, end: end, text: text}
}

// Rename gives a pair another key.
func Rename(e Entry, key string) Op { return Op{kind: opRename, entry: e, text: key} }

// InsertBefore writes a pair (or, with an empty key, an item) before e, above the comment lines that belong to e.
func InsertBefore(e Entry, p Pair) Op { return Op{kind: opBefore, entry: e, new: p} }

// InsertAfter writes a pair (or, with an empty key, an item) behind e and what belongs to it.
func InsertAfter(e Entry, p Pair) Op { return Op{kind: opAfter, entry: e, new: p} }

// Prepend writes a pair (or, with an empty key, an item) as the first of a collection. A null becomes a collection.
func Prepend(n Node, p Pair) Op { return Op{kind: opPrepend, node: n, new: p} }

// Append writes a pair (or, with an empty key, an item) as the last of a collection. A null becomes a collection.
func Append(n Node, p Pair) Op { return Op{kind: opAppend, node: n, new: p} }

// Override gives a mapping a pair of its own beside the merge key that supplies the name now, so that the others who
// use the merged mapping keep what they have. An alias to a mapping becomes a mapping that merges it and has the pair.
func Override(n Node, p Pair) Op { return Op{kind: opOverride, node: n, new: p} }

// Remove takes a pair or item away, with the comment at its end. The last one cannot be removed alone.
func Remove(e Entry) Op { return Op{kind: opRemove, entry: e} }

// Prune is a Remove that takes the parent's entry away too when nothing is left in it. A collection that an alias means,
// or that hides another which a merge would supply, stays empty.
func Prune(e Entry) Op { return Op{kind: opRemove, entry: e, emptied: pruned} }

// RemoveUnused is a Prune of a definition that only aliases bring elsewhere. It is made when those that mean it go, and
// none stays that means something around or inside it, and is nothing otherwise.
func RemoveUnused(e Entry) Op { return Op{kind: opRemoveUnused, entry: e, emptied: pruned} }

// Clear is a Remove that leaves an empty collection, {} or [], when nothing is left in it.
func Clear(e Entry) Op { return Op{kind: opRemove, entry: e, emptied: cleared} }

// Wrap makes a pair of a scalar item: "- x" becomes "- x: v".
func Wrap(n Node, v Value) Op { return Op{kind: opWrap, node: n, new: Pair{Value: v}} }

// CommentAbove writes a comment on lines of its own directly above e. The text comes without '#'; each of its lines
// becomes a line of the comment.
func CommentAbove(e Entry, text string) Op { return Op{kind: opCommentAbove, entry: e, text: text} }

// CommentBehind writes a comment at the end of the line that e begins on. The text comes without '#'.
func CommentBehind(e Entry, text string) Op { return Op{kind: opCommentBehind, entry: e, text: text} }

// RemoveComment takes away one of the file's Comments, with its line when it has one of its own.
func RemoveComment(c Span) Op { return Op{kind: opUncomment, start: c.Start, end: c.End} }

// Item is a new item of a sequence, for the operations that take a Pair.
func Item(v Value) Pair { return Pair{Value: v} }

// Shared states that the change is right for everybody who uses the place through an anchor. Without it such an edit is refused.
func (o Op) Shared() Op { return o.Accept(SharedAnchor) }

// Accept states that the caller knows of a reason to refuse the operation and wants it all the same. There are three
// that can be accepted: SharedAnchor, see Shared; MergeSupplies, when the name shall have what a merge gives it; and
// DuplicateKey, when it does not matter which of the pairs with one key counts. For the others there is no right result.
func (o Op) Accept(r Reason) Op {
	o.accepted |= 1 << r
	return o
}

// reasons is a set of them.
type reasons uint16

func (s reasons) has(r Reason) bool { return s>>r&1 == 1 }

// opKey identifies an operation; the value is part of it as text.
type opKey struct {
	kind       opKind
	node       Node
	entry      Entry
	start, end int
	text       string
	emptied    emptied
	new        string
}

func (o Op) key() opKey {
	return opKey{o.kind, o.node, o.entry, o.start, o.end, o.text, o.emptied, string(o.new.fingerprint(nil))}
}

// target is the node whose place decides who sees the change: what is edited, or the collection that is. A comment is
// seen by nobody, and its removal has no target.
func (o Op) target() *node {
	switch o.kind {
	case opReplace, opText, opPrepend, opAppend, opWrap, opOverride:
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

// Users are the aliases through which others would see the change: an operation that has some is made only when it is
// Shared. The other ways are an Override at the place that shall differ, and no operation.
func (o Op) Users() []Node {
	if o.kind == opRename && o.entry.Exists() {
		return o.entry.Key().Users()
	}
	return o.Place().Users()
}

// Users are the aliases through which other places see the node: those that mean it or something around it.
func (n Node) Users() []Node {
	var out []Node
	for a := n.n; a != nil; a = a.parent {
		for _, u := range a.users() {
			out = append(out, Node{n.file, u})
		}
	}
	slices.SortFunc(out, func(a, b Node) int { return a.n.span().Start - b.n.span().Start })
	return out
}
