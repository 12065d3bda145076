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
	span   Span   // properties (anchor, tag) included; empty for a null without text
	body   Span   // the content behind the properties
	parent *node
	index  int         // the entry of parent that this node is in; of a root: its document
	items  []entry     // of a mapping or sequence
	column int         // of a block collection: the column (in bytes from the line start) of its dashes or keys
	props  *properties // nil for a node without anchor and tag
	block  *blockInfo  // of a literal or folded scalar
	target *node       // of an alias: the node it means
}

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
	return n.n.span
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

const mergeTag = "!!merge"

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
