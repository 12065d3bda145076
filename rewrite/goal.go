package rewrite

import (
	"maps"
	"slices"
)

// goal is what the file shall mean: the tree as it is, changed at the nodes and entries named here.
type goal struct {
	nodes    map[*node]*nodeGoal
	lists    map[*node]*listGoal
	shared   map[*node]bool // places whose change is meant for all users of an anchor
	comments []note         // new ones
}

// nodeGoal is the change of one node as a whole.
type nodeGoal struct {
	kind  opKind // opReplace, opText, opWrap, opOverride, or opAppend to a collection without entries
	value Value  // what it is replaced by, or wrapped around
	pairs []Pair // what is appended, or written beside the merge
	parts []Op   // what is replaced of its text
	text  string // the text that this gives
}

// listGoal is the change of one collection's entries.
type listGoal struct {
	before, after map[int][]Pair
	above         map[int][]string // comment lines
	behind        map[int]string   // comments at the end of lines
	remove        map[int]bool
	rename        map[int]string
	uncover       map[int]bool // entries whose name a merge may supply when they are gone
	ambiguous     bool         // whether the mapping may have a key twice
	emptied       emptied
}

// note is a new comment, from its '#' on, and where it is inserted.
type note struct {
	at   int
	text string
}

func newGoal() *goal {
	return &goal{nodes: map[*node]*nodeGoal{}, lists: map[*node]*listGoal{}, shared: map[*node]bool{}}
}

func (g *goal) list(n *node) *listGoal {
	l := g.lists[n]
	if l == nil {
		l = &listGoal{
			before: map[int][]Pair{}, after: map[int][]Pair{}, above: map[int][]string{}, behind: map[int]string{},
			remove: map[int]bool{}, rename: map[int]string{},
		}
		g.lists[n] = l
	}
	return l
}

// takes reports whether the node stands inside something that is removed or replaced.
func (g *goal) takes(n *node) bool {
	for a := n; a.parent != nil; a = a.parent {
		if c := g.nodes[a.parent]; c != nil && c.kind == opReplace {
			return true
		}
		if l := g.lists[a.parent]; l != nil && (l.remove[a.index] || a.isKey && l.goes(a.index)) {
			return true
		}
	}
	return false
}

// mayUncover lets a merge supply the name of entry i.
func (l *listGoal) mayUncover(i int) {
	if l.uncover == nil {
		l.uncover = map[int]bool{}
	}
	l.uncover[i] = true
}

// empties reports whether no entry of the collection would be left, and none comes in.
func (g *goal) empties(n *node) bool {
	l := g.lists[n]
	return l != nil && len(l.remove) == len(n.items) && len(l.before) == 0 && len(l.after) == 0
}

// renamed is the new key of entry i.
func (l *listGoal) renamed(i int) (string, bool) {
	if l == nil {
		return "", false
	}
	name, ok := l.rename[i]
	return name, ok
}

// added are the pairs and items that come in, in no order.
func (l *listGoal) added(yield func(Pair) bool) {
	for _, side := range [...]map[int][]Pair{l.before, l.after} {
		for _, pairs := range side {
			for _, q := range pairs {
				if !yield(q) {
					return
				}
			}
		}
	}
}

// inPlace has what comes in between neighbours that go come in the place of the first. n is the number of entries; when
// the first stands behind a dash, what comes before the one that takes its place does so, too.
func (l *listGoal) inPlace(n int, dash bool) {
	if len(l.remove) == 0 || len(l.before)+len(l.after) == 0 {
		return
	}
	place := -1 // of the first
	for i := range n {
		switch {
		case place >= 0 && (l.remove[i] || dash && place == 0):
			l.move(l.before, i, place)
		case l.remove[i]:
			place = i
		}
		if !l.remove[i] {
			place = -1
			continue
		}
		l.move(l.after, i, place)
	}
}

func (l *listGoal) move(from map[int][]Pair, i, place int) {
	if pairs := from[i]; len(pairs) > 0 {
		l.before[place] = append(l.before[place], pairs...)
		delete(from, i)
	}
}

// newNames are the names that the pairs which come in have, and those that are renamed.
func (l *listGoal) newNames(yield func(string) bool) {
	for i, name := range l.rename {
		if !l.remove[i] && !yield(name) {
			return
		}
	}
	for q := range l.added {
		if !yield(q.Key) {
			return
		}
	}
}

// goes reports whether the key of entry i goes.
func (l *listGoal) goes(i int) bool {
	_, renamed := l.renamed(i)
	return renamed || l != nil && l.remove[i]
}

// gone are the entries whose keys go, in their order.
func (l *listGoal) gone() []int {
	out := slices.Concat(slices.Collect(maps.Keys(l.remove)), slices.Collect(maps.Keys(l.rename)))
	slices.Sort(out)
	return slices.Compact(out)
}

// touched are the entries at which something stands before, behind or above, in their order.
func (l *listGoal) touched() []int {
	out := slices.Concat(slices.Collect(maps.Keys(l.before)), slices.Collect(maps.Keys(l.after)), slices.Collect(maps.Keys(l.above)), slices.Collect(maps.Keys(l.behind)))
	slices.Sort(out)
	return slices.Compact(out)
}

// changesMeaning reports whether the goal is more than comments.
func (l *listGoal) changesMeaning() bool {
	return len(l.before)+len(l.after)+len(l.remove)+len(l.rename) > 0
}

// names collects the names that a mapping, or the mappings of a merge, have once the goal is reached. list says that n
// may be a sequence of mappings.
func (g *goal) names(out map[string]bool, n *node, list bool, seen map[*node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if c := g.nodes[n]; c != nil && c.kind == opReplace {
		c.value.names(out, list)
		return
	} else if c != nil && len(c.pairs) > 0 {
		collection(c.pairs).names(out, list)
		list = list || c.kind == opOverride // whose merge may be one of several
	}
	if n.kind == Alias && !n.cyclic() {
		g.names(out, n.target, list, seen)
	}
	if n.kind == Alias || n.kind == Sequence && !list {
		return
	}
	l := g.lists[n]
	for i := range n.items {
		e := &n.items[i]
		name, renamed := l.renamed(i)
		switch {
		case l != nil && l.remove[i]:
		case e.key == nil || e.key.tag == mergeTag:
			g.names(out, e.value, e.key != nil, seen)
		case renamed:
			out[name] = true
		case e.key.kind == Scalar:
			out[e.key.value] = true
		}
	}
	if l == nil {
		return
	}
	for q := range l.added {
		if n.kind == Sequence { // a list of merges gets another one
			q.Value.names(out, false)
			continue
		}
		out[q.Key] = true
	}
}
