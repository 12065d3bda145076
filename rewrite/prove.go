package rewrite

import (
	"bytes"
	"fmt"
	"slices"
)

// maxExpanded bounds the nodes that the proof visits when it follows aliases and merges.
const maxExpanded = 2_000_000

// Prove applies the change, parses the result and shows that it means what was intended: the tree as written is the
// old one changed at the named places only (kind, tag, value, anchor, and which node each alias means); with aliases
// and merges expanded nothing else changes either; the comments outside the removed spans are the same in the same
// order. It returns the new file. Its error is a *VerifyError, or that of Parse.
func (c *Change) Prove() (*File, error) {
	out, err := Apply(c.file.src, c.Edits)
	if err != nil {
		return nil, err
	}
	next, err := Parse(out)
	if err != nil {
		return nil, &VerifyError{"", "the result does not parse: " + err.Error()}
	}
	if len(next.roots) != len(c.file.roots) {
		return nil, &VerifyError{"", "the number of documents changed"}
	}
	p := &proof{old: c.file, new: next, goal: c.goal, twin: map[*node]*node{}, seen: map[expandKey]bool{}}
	for i, r := range c.file.roots {
		p.written(r, next.roots[i])
	}
	for i, r := range c.file.roots {
		if p.err == nil {
			p.expanded(r, next.roots[i], false, 0)
		}
	}
	p.comments(c.Edits)
	if p.err != nil {
		return nil, p.err
	}
	return next, nil
}

// proof compares two trees in one walk each.
type proof struct {
	old, new *File
	goal     *goal
	twin     map[*node]*node // old anchored node -> the new one
	seen     map[expandKey]bool
	visited  int
	err      error
}

type expandKey struct {
	old, new *node
	aliased  bool
}

func (p *proof) fail(n *node, format string, args ...any) {
	if p.err == nil {
		p.err = &VerifyError{Node{p.old, n}.Path(), fmt.Sprintf(format, args...)}
	}
}

// written compares the trees as they are written.
func (p *proof) written(old, new *node) {
	if p.err != nil {
		return
	}
	if old.anchor != "" {
		p.twin[old] = new
	}
	if done := p.changed(old, new); done {
		return
	}
	switch {
	case old.kind != new.kind || old.tag != new.tag || old.anchor != new.anchor:
		p.fail(old, "the kind, tag or anchor changed")
	case old.kind == Alias:
		if p.twin[old.target] != new.target {
			p.fail(old, "the alias means another node")
		}
	case old.kind == Scalar:
		if want, ok := p.goal.text[old]; ok && want != new.value || !ok && old.value != new.value {
			p.fail(old, "the text is not the one intended")
		}
	default:
		p.entries(old, new, p.written)
	}
}

// changed compares a node that is replaced as a whole with its goal, and reports whether it is one.
func (p *proof) changed(old, new *node) bool {
	if v, ok := p.goal.replace[old]; ok {
		if !v.means(new) || new.anchor != old.anchor {
			p.fail(old, "the value is not the one intended")
		}
		return true
	}
	if v, ok := p.goal.wrap[old]; ok {
		if !(Value{kind: mapValue, pairs: []Pair{{old.value, v}}}).means(new) {
			p.fail(old, "the item is not the one intended")
		}
		return true
	}
	if pairs := p.goal.extend[old]; len(pairs) > 0 {
		if !slices.EqualFunc(pairs, new.items, pairMeans) || new.anchor != old.anchor {
			p.fail(old, "the entries are not those intended")
		}
		return true
	}
	return false
}

func pairMeans(q Pair, e entry) bool {
	if e.key == nil {
		return q.Key == "" && q.Value.means(e.value)
	}
	return e.key.value == q.Key && q.Value.means(e.value)
}

// entries compares the entries of a collection with those that its goal leaves, in order; deeper compares the values.
func (p *proof) entries(old, new *node, deeper func(old, new *node)) {
	l, at := p.goal.lists[old], 0
	expectNew := func(pairs []Pair) {
		for _, q := range pairs {
			if at >= len(new.items) || !pairMeans(q, new.items[at]) {
				p.fail(old, "a new entry is not the one intended")
				return
			}
			at++
		}
	}
	for i := range old.items {
		e := &old.items[i]
		if l != nil {
			expectNew(l.before[i])
		}
		if l == nil || !l.remove[i] {
			if at >= len(new.items) {
				p.fail(old, "an entry is missing")
				return
			}
			p.entry(l, i, e, &new.items[at], deeper)
			at++
		}
		if l != nil {
			expectNew(l.after[i])
		}
		if p.err != nil {
			return
		}
	}
	if at != len(new.items) {
		p.fail(old, "there is an entry too many")
	}
}

func (p *proof) entry(l *listGoal, i int, old, new *entry, deeper func(old, new *node)) {
	if old.key != nil {
		if name, ok := "", false; l != nil {
			if name, ok = l.rename[i]; ok {
				if new.key.value != name || new.key.tag != "!!str" {
					p.fail(old.key, "the key is not the one intended")
				}
				deeper(old.value, new.value)
				return
			}
		}
		deeper(old.key, new.key)
	}
	deeper(old.value, new.value)
}

// expanded compares what the trees mean to a reader who follows aliases and merges. Through an alias only such changes
// may be seen that are stated as meant for all users of the anchor.
func (p *proof) expanded(old, new *node, aliased bool, depth int) {
	p.visited++
	if p.err != nil || p.seen[expandKey{old, new, aliased}] {
		return
	}
	if p.visited > maxExpanded {
		p.fail(old, "the aliases expand to more than %d nodes", maxExpanded)
		return
	}
	p.seen[expandKey{old, new, aliased}] = true
	if old.kind == Alias && new.kind == Alias {
		p.expanded(old.target, new.target, true, depth+1)
		return
	}
	if p.touched(old) {
		if aliased && !p.goal.shared[old] {
			p.fail(old, "the change is seen through an alias")
		}
	}
	if p.changed(old, new) || old.kind == Scalar || old.kind == Alias {
		if old.kind == Scalar && p.goal.text[old] == "" && !p.touched(old) && old.value != new.value {
			p.fail(old, "the expanded text differs")
		}
		return
	}
	if old.merged || new.merged {
		p.merged(old, new)
	}
	p.entries(old, new, func(o, n *node) { p.expanded(o, n, aliased, depth+1) })
}

// touched reports whether the goal changes this very node.
func (p *proof) touched(n *node) bool {
	_, replaced := p.goal.replace[n]
	_, wrapped := p.goal.wrap[n]
	_, text := p.goal.text[n]
	return replaced || wrapped || text || p.goal.lists[n] != nil || len(p.goal.extend[n]) > 0
}

// merged compares the names that a mapping has with its merges: those that the goal leaves, and those of the new one.
func (p *proof) merged(old, new *node) {
	want := map[string]bool{}
	p.names(want, old, map[*node]bool{})
	for _, e := range (Node{p.new, new}).Fields() {
		if !want[e.Name()] {
			p.fail(old, "a merge supplies %q", e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		p.fail(old, "%q is not there any more", name)
	}
}

// names collects the names that a mapping, or the mappings of a merge, shall have once the goal is reached.
func (p *proof) names(out map[string]bool, n *node, seen map[*node]bool) {
	for n.kind == Alias && !seen[n] {
		seen[n] = true
		n = n.target
	}
	if seen[n] {
		return
	}
	seen[n] = true
	l := p.goal.lists[n]
	for i := range n.items {
		e := &n.items[i]
		switch {
		case l != nil && l.remove[i]:
		case e.key == nil || e.key.tag == mergeTag:
			if v, ok := p.goal.replace[e.value]; ok {
				v.names(out)
			} else {
				p.names(out, e.value, seen)
			}
		case l != nil && l.rename[i] != "":
			out[l.rename[i]] = true
		default:
			out[e.key.value] = true
		}
	}
	if l == nil {
		return
	}
	for _, added := range []map[int][]Pair{l.before, l.after} {
		for _, pairs := range added {
			for _, q := range pairs {
				if n.kind == Sequence { // a list of merges gets another one
					q.Value.names(out)
					continue
				}
				out[q.Key] = true
			}
		}
	}
}

func (v Value) names(out map[string]bool) {
	for _, q := range v.pairs {
		out[q.Key] = true
	}
	for _, w := range v.items {
		w.names(out)
	}
}

// comments compares the comments outside the edited spans, taken from the bytes. New text brings none.
func (p *proof) comments(edits []Edit) {
	if p.err != nil {
		return
	}
	at, i := 0, 0
	for _, c := range p.old.comments {
		for i < len(edits) && edits[i].Span.End <= c.Start {
			i++
		}
		if i < len(edits) && edits[i].Span.Start <= c.Start && edits[i].Span.Len() > 0 {
			continue // removed with its line
		}
		if at >= len(p.new.comments) || !bytes.Equal(p.old.src[c.Start:c.End], p.new.src[p.new.comments[at].Start:p.new.comments[at].End]) {
			p.err = &VerifyError{"", fmt.Sprintf("the comment in line %d is lost or changed", p.old.Position(c.Start).Line)}
			return
		}
		at++
	}
	if at != len(p.new.comments) {
		p.err = &VerifyError{"", "new text reads as a comment"}
	}
}
