package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Prove applies the change, parses the result and shows that it means what was intended: the tree as written is the
// old one changed at the named places only (kind, tag, value, anchor, and which node each alias means); with aliases
// and merges expanded nothing else changes either; the comments outside the removed spans are the same in the same
// order. It returns the new file. Its error is a *VerifyError, or a *LimitError when the result is beyond a
// bound.
func (c *Change) Prove() (*File, error) {
	out, err := Apply(c.file.src, c.Edits)
	if err != nil {
		return nil, err
	}
	next, err := Parse(out)
	if limit := new(LimitError); errors.As(err, &limit) {
		return nil, limit
	}
	if err != nil {
		return nil, &VerifyError{"", "the result does not parse: " + err.Error()}
	}
	if len(next.roots) != len(c.file.roots) {
		return nil, &VerifyError{"", "the number of documents changed"}
	}
	p := &proof{old: c.file, new: next, goal: c.goal, twin: map[*node]*node{}}
	for i, r := range c.file.roots {
		p.same(r, next.roots[i])
	}
	p.seenThrough()
	p.comments(c.Edits)
	if p.err != nil {
		return nil, p.err
	}
	return next, nil
}

// proof compares two trees in one walk, and then what can be seen of the changes through anchors.
type proof struct {
	old, new *File
	goal     *goal
	twin     map[*node]*node // old node -> the new one, of those with an anchor and of mappings that merge
	err      error
}

func (p *proof) fail(n *node, format string, args ...any) {
	if p.err == nil {
		p.err = &VerifyError{Node{p.old, n}.Path(), fmt.Sprintf(format, args...)}
	}
}

// same compares the trees as they are written.
func (p *proof) same(old, new *node) {
	if p.err != nil {
		return
	}
	if old.props != nil || old.merged {
		p.twin[old] = new
	}
	if g := p.goal.nodes[old]; g != nil {
		p.changed(g, old, new)
		return
	}
	switch {
	case old.kind != new.kind || old.tag != new.tag || old.anchor() != new.anchor():
		p.fail(old, "the kind, tag or anchor changed")
	case old.kind == Alias:
		if p.twin[old.target] != new.target {
			p.fail(old, "the alias means another node")
		}
	case old.kind == Scalar:
		if old.value != new.value {
			p.fail(old, "the text changed")
		}
	default:
		p.entries(old, new)
	}
}

// changed compares a node that is changed as a whole with its goal.
func (p *proof) changed(g *nodeGoal, old, new *node) {
	ok := new.anchor() == old.anchor()
	switch g.kind {
	case opText:
		ok = ok && new.kind == Scalar && new.tag == old.tag && new.value == g.text
	case opWrap:
		ok = ok && Map(Pair{old.value, g.value}).means(new)
	case opAppend:
		ok = ok && collection(g.pairs).means(new)
	case opOverride:
		ok = ok && overrides(old, g.pairs).means(new) && new.items[0].value.target == p.twin[old.target]
	default:
		ok = ok && g.value.means(new)
	}
	if !ok {
		p.fail(old, "the value is not the one intended")
	}
}

// entries compares the entries of a collection with those that its goal leaves, in order.
func (p *proof) entries(old, new *node) {
	l, at := p.goal.lists[old], 0
	next := func() *entry {
		at++
		if at > len(new.items) {
			p.fail(old, "an entry is missing")
			return nil
		}
		return &new.items[at-1]
	}
	added := func(pairs []Pair) {
		for _, q := range pairs {
			if e := next(); e != nil && !q.means(*e) {
				p.fail(old, "a new entry is not the one intended")
			}
		}
	}
	for i := range old.items {
		if l != nil {
			added(l.before[i])
		}
		if l == nil || !l.remove[i] {
			if e := next(); e != nil {
				p.entry(l, i, &old.items[i], e)
			}
		}
		if l != nil {
			added(l.after[i])
		}
		if p.err != nil {
			return
		}
	}
	if at != len(new.items) {
		p.fail(old, "there is an entry too many")
	}
}

func (p *proof) entry(l *listGoal, i int, old, new *entry) {
	if name, renamed := l.renamed(i); renamed {
		if !String(name).means(new.key) || new.key.anchor() != old.key.anchor() {
			p.fail(old.key, "the key is not the one intended")
		}
		p.twin[old.key] = new.key
	} else if old.key != nil {
		p.same(old.key, new.key)
	}
	p.same(old.value, new.value)
}

// comments compares the comments outside the edited spans, taken from the bytes, and those that are new.
func (p *proof) comments(edits []Edit) {
	if p.err != nil {
		return
	}
	notes, at, i := p.goal.comments, 0, 0
	expect := func(text []byte) bool {
		at++
		if at > len(p.new.comments) {
			return false
		}
		c := p.new.comments[at-1]
		return bytes.Equal(text, p.new.src[c.Start:c.End])
	}
	for _, c := range p.old.comments {
		for ; len(notes) > 0 && notes[0].at <= c.Start; notes = notes[1:] {
			if !expect([]byte(notes[0].text)) {
				p.fail(p.old.Innermost(notes[0].at).n, "a new comment is not the one intended")
				return
			}
		}
		for i < len(edits) && (edits[i].Span.End <= c.Start || edits[i].Span.Len() == 0) {
			i++
		}
		if i < len(edits) && edits[i].Span.Start <= c.Start {
			continue // removed with its line
		}
		if !expect(p.old.src[c.Start:c.End]) {
			p.fail(p.old.Innermost(c.Start).n, "the comment in line %d is lost or changed", p.old.Position(c.Start).Line)
			return
		}
	}
	if !slices.ContainsFunc(notes, func(n note) bool { return !expect([]byte(n.text)) }) && at == len(p.new.comments) {
		return
	}
	p.err = &VerifyError{"", "new text reads as a comment, or a new comment as something else"}
}
