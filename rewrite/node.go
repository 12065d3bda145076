package rewrite

// Kind tells the shapes of a YAML node apart.
type Kind uint8

// The kinds of nodes. The zero Node is Absent.
const (
	Absent Kind = iota
	Scalar
	Mapping
	Sequence
	Alias
)

// Style is how a node is written.
type Style uint8

// The styles of scalars (Plain to Folded) and of collections (Block and Flow).
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Block
	Flow
)

// node is one value of the tree, with the places of its bytes. The tree is built once by locate and never changed.
type node struct {
	kind   Kind
	style  Style
	isKey  bool // of the entry of parent that it is in
	merged bool // a mapping that has at least one merge key
	tag    string
	value  string // decoded text of a scalar, name of an alias
	place  place
	parent *node
	index  int         // the entry of parent that this node is in; of a root: its document
	items  []entry     // of a mapping or sequence
	column int         // of a block collection: the column (in bytes from the line start) of its dashes or keys
	props  *properties // nil for a node without anchor and tag
	block  *blockInfo  // of a literal or folded scalar
	target *node       // of an alias: the node it means
}

// place is where something stands. Its offsets are those of a source of at most MaxSize bytes: half the size of a Span's
// makes the tree smaller by a sixth.
type place struct {
	start   int32 // of the properties (anchor, tag), or of the content where there are none
	content int32
	end     int32
}

func placeAt(start, content, end int) place { return place{int32(start), int32(content), int32(end)} }

// span is where the node stands, its properties included; empty for a null without text.
func (n *node) span() Span { return Span{int(n.place.start), int(n.place.end)} }

// body is where the node's content stands, behind the properties.
func (n *node) body() Span { return Span{int(n.place.content), int(n.place.end)} }

// properties are what stands before a node's content.
type properties struct {
	anchor string
	users  []*node // the aliases that mean the node, in source order
	tag    Span    // empty when there is none
	end    int     // offset behind the last of them
}

func (n *node) anchor() string {
	if n.props == nil {
		return ""
	}
	return n.props.anchor
}

func (n *node) users() []*node {
	if n.props == nil {
		return nil
	}
	return n.props.users
}

// entry is one pair of a mapping, or one item of a sequence (key is nil).
type entry struct {
	key, value *node
	span       Span // from the dash, '?' or key to the end of the value
	colon      int  // offset of the ':'; -1 when there is none
	explicit   bool // written with '?'
}

// blockInfo holds the layout of a literal or folded scalar.
type blockInfo struct {
	header Span // the indicators: '|' or '>' with digit and chomping
	text   Span // from the first body line to the end of the last line with text
	tail   int  // end of the blank lines behind the text
	indent int  // columns that do not belong to the text
	chomp  byte // '-', '+' or 0
}

// Node is a read-only handle on one value of a File. Its zero value is absent and answers every question with nothing.
type Node struct {
	file *File
	n    *node
}

// Exists reports whether the handle stands for a node.
func (n Node) Exists() bool { return n.n != nil }

// Same reports whether both handles stand for the same place in the same file.
func (n Node) Same(m Node) bool { return n.n == m.n }

// Kind is the shape of the node as it is written: an alias is an Alias.
func (n Node) Kind() Kind {
	if n.n == nil {
		return Absent
	}
	return n.n.kind
}

// Style is how the node is written.
func (n Node) Style() Style {
	if n.n == nil {
		return Plain
	}
	return n.n.style
}

// File is the file that the node is part of.
func (n Node) File() *File { return n.file }

// Span is where the node stands, with its anchor and tag; empty for a null without text.
func (n Node) Span() Span {
	if n.n == nil {
		return Span{}
	}
	return n.n.span()
}

// Tag is the resolved tag in its short form, such as "!!str".
func (n Node) Tag() string {
	if n.n == nil {
		return ""
	}
	return n.n.tag
}

// Anchor is the name the node defines, "" for none.
func (n Node) Anchor() string {
	if n.n == nil {
		return ""
	}
	return n.n.anchor()
}

// Value is the decoded text of a scalar, and "" for everything else.
func (n Node) Value() string {
	if n.n == nil || n.n.kind != Scalar {
		return ""
	}
	return n.n.value
}

// IsNull reports whether the node is a null, written or left out.
func (n Node) IsNull() bool { return n.n != nil && n.n.kind == Scalar && n.n.tag == "!!null" }

// Resolve follows an alias to the node it means. An alias that means one of its own ancestors is absent.
func (n Node) Resolve() Node {
	for n.n != nil && n.n.kind == Alias {
		if n.n.cyclic() {
			return Node{}
		}
		n.n = n.n.target
	}
	return n
}

// cyclic reports whether the alias means a node that it stands in.
func (n *node) cyclic() bool {
	for a := n.parent; a != nil; a = a.parent {
		if a == n.target {
			return true
		}
	}
	return false
}

// Aliases are the aliases that mean this node, in source order.
func (n Node) Aliases() []Node {
	if n.n == nil {
		return nil
	}
	out := make([]Node, len(n.n.users()))
	for i, u := range n.n.users() {
		out[i] = Node{n.file, u}
	}
	return out
}

// Parent is the collection that the node is an entry of; absent for a document's root.
func (n Node) Parent() Node {
	if n.n == nil || n.n.parent == nil {
		return Node{}
	}
	return Node{n.file, n.n.parent}
}

// Entry is the pair or item that the node is the value (or key) of; the zero Entry for a document's root.
func (n Node) Entry() Entry {
	if n.n == nil || n.n.parent == nil {
		return Entry{}
	}
	return Entry{n.file, n.n.parent, n.n.index}
}

// Within reports whether the node is outer or stands inside it, as written.
func (n Node) Within(outer Node) bool {
	for a := n.n; a != nil; a = a.parent {
		if a == outer.n {
			return true
		}
	}
	return false
}

// Entries are the pairs of a mapping or the items of a sequence as written, in source order. An alias has none: Resolve it first.
func (n Node) Entries() []Entry {
	if n.n == nil {
		return nil
	}
	out := make([]Entry, len(n.n.items))
	for i := range out {
		out[i] = Entry{n.file, n.n, i}
	}
	return out
}

// Len is the number of Entries.
func (n Node) Len() int {
	if n.n == nil {
		return 0
	}
	return len(n.n.items)
}
