package rewrite

import (
	"cmp"
	"slices"
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
		looks: map[*node]renderer{}, lineEnds: map[int]bool{},
		chomped: map[*node]bool{}, pairs: map[*node]map[string][]Entry{}, mergers: map[*node][]*node{},
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
	for _, step := range [...]func() error{p.removeUnused, p.prune, p.check, p.splice, p.removeComments} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	edits, err := p.sorted()
	if err != nil {
		return nil, err
	}
	edits = p.keepOpenEnd(edits)
	if err := cmp.Or(p.checkLines(edits), p.checkLiterals(edits)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.goal.comments, func(a, b note) int { return cmp.Compare(a.at, b.at) })
	return &Change{Edits: edits, file: f, goal: p.goal}, nil
}

// planner collects the goal of a set of operations, checks it, and makes the splices.
type planner struct {
	f           *File
	goal        *goal
	order       []*node        // the nodes of the goal
	known       map[*node]bool // the same
	gone        map[*node]bool // what is removed, or stands inside something replaced
	anchors     []*node        // what of it has an anchor
	definitions []Op           // those to be removed when nothing uses them
	uncomments  []Span         // comments to be removed
	looks       map[*node]renderer
	splices     []splice
	lineEnds    map[int]bool   // where a comment is added
	chomped     map[*node]bool // block scalars at the end of the source whose header was changed
	literals    []newLiteral
	pairs       map[*node]map[string][]Entry // answers of pairsOf
	mergers     map[*node][]*node            // answers of mergersOf
}

func (p *planner) refuse(n *node, r Reason, detail string) error {
	return &RefusedError{Node{p.f, n}.Path(), r, detail}
}

func (p *planner) clash(n *node) error { return &ClashError{Node{p.f, n}.Path()} }

// prune lets collections go whose entries all go, when the removals agreed to that, and refuses others that would be empty.
func (p *planner) prune() error {
	p.dropInside()
	queue := slices.DeleteFunc(slices.Clone(p.order), func(n *node) bool { return !p.goal.empties(n) })
	slices.SortStableFunc(queue, func(a, b *node) int { return b.depth() - a.depth() })
	for i := 0; i < len(queue); i++ { // grows while parents are emptied
		n := queue[i]
		if !p.goal.empties(n) || p.goal.lists[n].emptied == cleared {
			continue
		}
		if p.goal.takes(n) {
			continue
		}
		if l := p.goal.lists[n]; l.emptied == pruned && (p.needed(n) || p.hides(n, l)) {
			l.emptied = cleared
			continue
		}
		parent := n.parent
		if p.goal.lists[n].emptied == refused || parent == nil || n.isKey {
			return p.refuse(n, EmptyCollection, "")
		}
		accepted := p.goal.lists[n]
		if p.ambiguous(parent) && !accepted.ambiguous {
			return p.refuse(parent, DuplicateKey, "")
		}
		if p.goal.shared[n] {
			p.goal.shared[parent] = true
		}
		delete(p.goal.lists, n)
		l := p.goal.list(parent)
		l.remove[n.index] = true
		if len(accepted.uncover) > 0 {
			l.mayUncover(n.index)
		}
		l.ambiguous = l.ambiguous || accepted.ambiguous
		l.emptied = max(l.emptied, pruned)
		p.known[parent] = true
		p.order = append(p.order, parent)
		queue = append(queue, parent)
	}
	return nil
}

// removeUnused removes definitions that no alias means any more.
func (p *planner) removeUnused() error {
	for _, o := range p.definitions {
		n := o.entry.raw().value
		if len(n.users()) == 0 || p.used(n) || p.goal.takes(n) || p.ambiguous(o.entry.parent) {
			continue
		}
		if err := p.admitEntry(o, o.entry.parent); err != nil {
			return err
		}
	}
	return nil
}

// used reports whether an alias stays that means the node or, elsewhere, something inside it, or around it.
func (p *planner) used(n *node) bool {
	for a := n; a != nil; a = a.parent {
		if p.needed(a) {
			return true
		}
	}
	var inside func(m *node) bool
	inside = func(m *node) bool {
		elsewhere := func(u *node) bool { return !u.within(n) && p.stays(u) }
		return m != nil && (slices.ContainsFunc(m.users(), elsewhere) || slices.ContainsFunc(m.items, func(e entry) bool { return inside(e.key) || inside(e.value) }))
	}
	return inside(n)
}

func (n *node) within(outer *node) bool {
	for n != nil && n != outer {
		n = n.parent
	}
	return n != nil
}

// needed reports whether an alias means the node and stays.
func (p *planner) needed(n *node) bool { return slices.ContainsFunc(n.users(), p.stays) }

// stays reports whether an alias is neither removed nor replaced, as far as it is known so far.
func (p *planner) stays(alias *node) bool {
	g := p.goal.nodes[alias]
	return !p.goal.takes(alias) && (g == nil || g.kind != opReplace)
}

// hides reports whether a merge would supply the name of an emptied node again, which nobody accepts.
func (p *planner) hides(n *node, l *listGoal) bool {
	return n.parent != nil && n.parent.kind == Mapping && !n.isKey && len(l.uncover) == 0 && p.uncovers(n.parent, n.index)
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
		return cmp.Or(cmp.Compare(a.span().End, b.span().End), cmp.Compare(b.depth(), a.depth()), cmp.Compare(a.side(), b.side()), cmp.Compare(b.span().Start, a.span().Start))
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
	if l == nil {
		return nil
	}
	for _, i := range l.gone() {
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
