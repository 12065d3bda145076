package rewrite

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change is a planned edit of a file: the splices, and what they mean.
type Change struct {
	Edits []Edit // sorted, not overlapping
	file  *File
	goal  *goal
}

// Plan turns operations into splices. Equal operations count once, and what is planned inside something that another
// operation takes away or replaces goes with it. The errors are *RefusedError for a layout that cannot be edited
// faithfully, *ClashError for operations that contradict each other, and *ConflictError for splices that overlap.
// Nothing is proved yet: see Prove.
func (f *File) Plan(ops []Op) (*Change, error) {
	p := &planner{
		f: f, goal: newGoal(), known: map[*node]bool{}, gone: map[*node]bool{},
		looks: map[*node]renderer{}, duplicates: map[*node]bool{}, lineEnds: map[int]bool{},
	}
	seen := make(map[opKey]bool, len(ops))
	for _, o := range ops {
		if key := o.key(); !seen[key] {
			seen[key] = true
			if err := p.admit(o); err != nil {
				return nil, err
			}
		}
	}
	for _, step := range [...]func() error{p.prune, p.check, p.splice, p.removeComments} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	edits, err := p.sorted()
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(p.checkLines(edits), p.checkLiterals(edits)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.goal.comments, func(a, b note) int { return cmp.Compare(a.at, b.at) })
	return &Change{Edits: edits, file: f, goal: p.goal}, nil
}

// planner collects the goal of a set of operations, checks it, and makes the splices.
type planner struct {
	f          *File
	goal       *goal
	order      []*node        // the nodes of the goal
	known      map[*node]bool // the same
	gone       map[*node]bool // what is removed, or stands inside something replaced
	anchors    []*node        // what of it has an anchor
	uncomments []Span         // comments to be removed
	looks      map[*node]renderer
	duplicates map[*node]bool // answers of ambiguous
	splices    []splice
	lineEnds   map[int]bool // where a comment is added
	literals   []newLiteral
}

func (p *planner) refuse(n *node, r Reason, detail string) error {
	return &RefusedError{Node{p.f, n}.Path(), r, detail}
}

func (p *planner) clash(n *node) error { return &ClashError{Node{p.f, n}.Path()} }

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

// resolved turns an append to a collection that has entries into an insertion behind the last, and an override in a
// mapping into one behind the last merge, or into the replacement of the mapping's own pair.
func (o Op) resolved() Op {
	n := o.node.n
	switch {
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
		if !o.shared {
			return p.refuse(n, SharedAnchor, anchorDetail(a))
		}
		p.goal.shared[n] = true
		p.goal.shared[o.target()] = true
	}
	return nil
}

// admitNode adds an operation on a node as a whole.
func (p *planner) admitNode(o Op, n *node) error {
	if !o.fits(n) {
		return p.refuse(n, NotEditable, "")
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

// fits reports whether the operation makes sense for the node.
func (o Op) fits(n *node) bool {
	switch o.kind {
	case opText:
		return n.kind == Scalar && n.tag == "!!str" && 0 <= o.start && o.start <= o.end && o.end <= len(n.value)
	case opWrap:
		return n.kind == Scalar && n.parent != nil && n.parent.kind == Sequence && n.props == nil && n.span.Len() > 0 &&
			n.style != Literal && n.style != Folded
	case opAppend:
		return n.kind == Scalar && n.tag == "!!null" && !n.isKey || n.kind == Mapping && o.new.Key != "" || n.kind == Sequence && o.new.Key == ""
	case opOverride:
		return n.kind == Alias && !n.isKey && n.target.kind == Mapping && o.new.Key != ""
	default:
		return !n.isKey
	}
}

// admitEntry adds an operation on one entry of a collection.
func (p *planner) admitEntry(o Op, n *node) error {
	inserts := o.kind == opBefore || o.kind == opAfter
	if inserts && (n.kind == Mapping) != (o.new.Key != "") || o.kind == opRename && (n.kind != Mapping || n.items[o.entry.index].key.tag == mergeTag) {
		return p.refuse(n, NotEditable, "")
	}
	if p.ambiguous(n) {
		return p.refuse(n, DuplicateKey, "")
	}
	l, i := p.goal.list(n), o.entry.index
	switch o.kind {
	case opRemove:
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
	known, ok := p.duplicates[n]
	if !ok {
		known = n.kind == Mapping && hasDuplicates(n)
		p.duplicates[n] = known
	}
	return known
}

// admitComment adds a new comment. A text of several lines has room only above an entry.
func (p *planner) admitComment(o Op, n *node) error {
	lines := strings.Split(o.text, "\n")
	if !printable(o.text) || o.kind == opCommentBehind && len(lines) > 1 {
		return p.refuse(n, NotEditable, "")
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

// prune lets collections go whose entries all go, when the removals agreed to that, and refuses others that would be empty.
func (p *planner) prune() error {
	p.dropInside()
	for i := 0; i < len(p.order); i++ { // grows while parents are emptied
		n := p.order[i]
		if !p.goal.empties(n) || p.goal.lists[n].emptied == cleared {
			continue
		}
		parent := n.parent
		if p.goal.lists[n].emptied == refused || parent == nil || n.isKey {
			return p.refuse(n, EmptyCollection, "")
		}
		if p.ambiguous(parent) {
			return p.refuse(parent, DuplicateKey, "")
		}
		if p.goal.shared[n] {
			p.goal.shared[parent] = true
		}
		delete(p.goal.lists, n)
		l := p.goal.list(parent)
		l.remove[n.index] = true
		l.emptied = max(l.emptied, pruned)
		p.known[parent] = true
		p.order = append(p.order, parent) // again, if it was there: it may be empty now
	}
	return nil
}

// dropInside forgets changes of the entries of collections that are replaced.
func (p *planner) dropInside() {
	for n, g := range p.goal.nodes {
		if g.kind == opReplace {
			delete(p.goal.lists, n)
		}
	}
	for n, l := range p.goal.lists {
		for i := range l.rename {
			delete(p.goal.lists, n.items[i].key)
		}
	}
}

// splice makes the edits of every node of the goal, from the inside to the outside whatever the order of the operations.
func (p *planner) splice() error {
	slices.SortStableFunc(p.order, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.span.End, b.span.End), cmp.Compare(b.depth(), a.depth()), cmp.Compare(a.side(), b.side()), cmp.Compare(b.span.Start, a.span.Start))
	})
	p.order = slices.DeleteFunc(slices.Compact(p.order), func(n *node) bool { return p.gone[n] })
	for _, n := range p.order { // first the keys, behind which a value may begin
		if err := p.spliceKeys(n); err != nil {
			return err
		}
	}
	for _, n := range p.order {
		if g := p.goal.nodes[n]; g != nil {
			if err := p.spliceNode(n, g); err != nil {
				return err
			}
		}
		if l := p.goal.lists[n]; l != nil {
			if err := p.spliceList(n, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planner) spliceKeys(n *node) error {
	l := p.goal.lists[n]
	for i := range n.items {
		if name, renamed := l.renamed(i); renamed && !l.remove[i] {
			if err := p.spliceReplace(n.items[i].key, String(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// side tells a key from the value that may end where it ends.
func (n *node) side() int {
	if n.isKey {
		return 0
	}
	return 1
}

func (n *node) depth() int {
	d := 0
	for a := n.parent; a != nil; a = a.parent {
		d++
	}
	return d
}

func (p *planner) spliceNode(n *node, g *nodeGoal) error {
	switch g.kind {
	case opText:
		return p.spliceText(n, g)
	case opWrap:
		return p.spliceWrap(n, g.value)
	case opOverride:
		return p.spliceReplace(n, overrides(n, g.pairs))
	case opAppend:
		return p.spliceReplace(n, collection(g.pairs))
	default:
		return p.spliceReplace(n, g.value)
	}
}

// overrides is the mapping that merges what an alias means and has pairs of its own.
func overrides(alias *node, pairs []Pair) Value {
	merge := Pair{"<<", Value{kind: aliasValue, text: alias.value}}
	return Map(append([]Pair{merge}, pairs...)...)
}

// collection is the mapping, or the sequence, of new pairs.
func collection(pairs []Pair) Value {
	if pairs[0].Key != "" {
		return Map(pairs...)
	}
	v := List()
	for _, q := range pairs {
		v.items = append(v.items, q.Value)
	}
	return v
}

func (p *planner) spliceList(n *node, l *listGoal) error {
	if n.style == Flow {
		return p.spliceFlow(n, l)
	}
	return p.spliceBlock(n, l)
}
