package rewrite

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// check looks at the goal as a whole, when it is known what goes and what comes.
func (p *planner) check() error {
	for n, l := range p.goal.lists {
		l.inPlace(len(n.items), n.style == Block && len(n.items) > 0 && !p.f.startsLine(n.items[0].span.Start))
		for i := range l.remove {
			p.take(n.items[i].key)
			p.take(n.items[i].value)
		}
		for i := range l.rename {
			p.takeInside(n.items[i].key)
		}
	}
	for n, g := range p.goal.nodes {
		if g.kind == opReplace {
			p.takeInside(n)
		}
	}
	for _, n := range p.order {
		if p.goal.lists[n] == nil || p.gone[n] {
			continue
		}
		if err := p.checkList(n, p.goal.lists[n]); err != nil {
			return err
		}
	}
	return p.checkAnchors()
}

// take marks a node and all below it as gone.
func (p *planner) take(n *node) {
	if n == nil || p.gone[n] {
		return
	}
	p.gone[n] = true
	if n.anchor() != "" {
		p.anchors = append(p.anchors, n)
	}
	p.takeInside(n)
}

func (p *planner) takeInside(n *node) {
	for i := range n.items {
		p.take(n.items[i].key)
		p.take(n.items[i].value)
	}
}

// checkAnchors refuses to take an anchored node away while an alias that stays means it.
func (p *planner) checkAnchors() error {
	slices.SortFunc(p.anchors, func(a, b *node) int { return a.span().Start - b.span().Start })
	for _, n := range p.anchors {
		if staying := slices.DeleteFunc(slices.Clone(n.users()), p.goes); len(staying) > 0 {
			return p.refuse(n, AnchorNeeded, p.usersDetail(n, staying))
		}
	}
	return nil
}

// goes reports whether an alias is removed or replaced.
func (p *planner) goes(alias *node) bool {
	g := p.goal.nodes[alias]
	return p.gone[alias] || g != nil && g.kind == opReplace
}

// usersDetail names an anchor and where it is used, as far as a message has room for that.
func (p *planner) usersDetail(n *node, users []*node) string {
	const shown = 3
	paths := make([]string, min(shown, len(users)))
	for i := range paths {
		paths[i] = Node{p.f, users[i]}.Path()
	}
	text := fmt.Sprintf("&%s, used at %s", n.anchor(), strings.Join(paths, ", "))
	if more := len(users) - len(paths); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// checkList refuses a mapping that would get a key twice, or one back from a merge.
func (p *planner) checkList(n *node, l *listGoal) error {
	if n.kind != Mapping || !l.changesMeaning() {
		return nil
	}
	merged := p.namesMerged(n, l)
	come := map[string]bool{}
	for name := range l.newNames {
		switch {
		case p.keeps(n, l, name):
			return p.refuse(n, KeyThere, name)
		case come[name]:
			return p.clash(n)
		}
		come[name] = true
	}
	for _, i := range l.gone() {
		k := n.items[i].key
		if l.uncover[i] || !isName(k, k.value) || come[k.value] || p.keeps(n, l, k.value) {
			continue
		}
		if merged[k.value] || p.uncovers(n, i) {
			return p.refuse(n, MergeSupplies, k.value)
		}
	}
	return nil
}

// keeps reports whether a pair of that name stays in a mapping.
func (p *planner) keeps(n *node, l *listGoal, name string) bool {
	i, found := remember(&p.f.names, n, namesIn)[name]
	switch {
	case !found:
		return false
	case !l.goes(i):
		return true
	case !p.ambiguous(n):
		return false
	}
	for i := range n.items {
		if isName(n.items[i].key, name) && !l.goes(i) {
			return true
		}
	}
	return false
}

// namesMerged are the names of the pairs that the merges which stay in a mapping bring.
func (p *planner) namesMerged(n *node, l *listGoal) map[string]bool {
	if !n.merged {
		return nil
	}
	out := map[string]bool{}
	for i := range n.items {
		if k := n.items[i].key; k.tag == mergeTag && !l.goes(i) {
			p.goal.names(out, n.items[i].value, true, map[*node]bool{})
		}
	}
	return out
}

// checkLines refuses edits that the ends of lines do not bear: text of another line behind a new comment, or the comment
// behind new lines, in the place of all that it stood behind, too; an edit above a line of blanks with a tab, which yaml.v3
// reads behind a plain scalar only; and in a flow collection a plain scalar above a line that is indented by a tab.
func (p *planner) checkLines(edits []Edit) error {
	for i, e := range edits {
		at, lines := p.f.lineEnd(e.Span.Start), e.New
		if i > 0 && edits[i-1].Span.End == e.Span.Start {
			lines += edits[i-1].New
		}
		if p.lineEnds[at] && (e.Span.End > at || e.Span.End == at && e.Span.Len() > 0 && strings.ContainsAny(lines, "\r\n")) {
			return &ClashError{p.f.Innermost(at).Path()}
		}
		for next := p.f.nextLine(e.Span.End); next < len(p.f.src) && p.f.restIsTrivia(next) && !p.f.inText(next); next = p.f.nextLine(next) {
			blanks := p.f.src[next:p.f.skipBlanks(next)]
			if n := p.f.Innermost(next); bytes.IndexByte(blanks, '\t') >= 0 && n.Style() != Flow {
				return &RefusedError{n.Path(), NotEditable, tabBelow}
			}
		}
		if p.plainAboveTab(edits[:i+1]) {
			return &RefusedError{p.f.Innermost(e.Span.Start).Path(), NotEditable, tabBelow}
		}
	}
	return nil
}

const tabBelow = "a line with a tab follows"

// plainAboveTab reports whether the last of some edits leaves a plain scalar of a flow collection at the end of a line that
// stands above one with a tab: yaml.v3 reads on there, and takes no tab up to the column of the block collection around.
func (p *planner) plainAboveTab(edits []Edit) bool {
	at := p.f.skipBlanks(edits[len(edits)-1].Span.End)
	if at < p.f.lineEnd(at) || p.lineEnds[at] || !p.endsPlain(edits) {
		return false
	}
	around := p.f.Innermost(at).n
	for around != nil && around.style != Block {
		around = around.parent
	}
	if around == nil {
		return false
	}
	for start := p.f.nextLine(at); start < len(p.f.src); start = p.f.nextLine(start) {
		indent := p.f.src[start:p.f.skipBlanks(start)]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 && tab <= around.column {
			return true
		}
		if !p.f.isBlankLine(start) {
			break
		}
	}
	return false
}

// endsPlain reports whether the text up to the end of the last edit ends as only plain scalars and aliases do.
func (p *planner) endsPlain(edits []Edit) bool {
	const blank = " \t\r\n"
	for i, e := range slices.Backward(edits) {
		left := bytes.TrimRight([]byte(e.New), blank)
		if len(left) == 0 && (i == 0 || edits[i-1].Span.End < e.Span.Start) {
			left = bytes.TrimRight(p.f.src[:e.Span.Start], blank)
		}
		if len(left) > 0 {
			return !bytes.ContainsAny(left[len(left)-1:], "\"'{}[],:")
		}
	}
	return false
}

// checkLiterals refuses a new literal that would take in the lines that stay below it.
func (p *planner) checkLiterals(edits []Edit) error {
	for _, l := range p.literals {
		for at := l.end; ; at = p.f.nextLine(at) {
			at = behindRemoved(edits, at)
			if !p.f.isBlankLine(at) && p.f.commentColumn(at) < l.indent {
				break
			}
			if !p.f.isBlankLine(at) || countSpaces(p.f.src[at:]) > l.indent {
				return p.refuse(l.n, BlockScalarAbove, "")
			}
		}
	}
	return nil
}

// behindRemoved is the offset behind the text that is removed from offset at on.
func behindRemoved(edits []Edit, at int) int {
	i, _ := slices.BinarySearchFunc(edits, at, func(e Edit, at int) int { return e.Span.Start - at })
	for ; i < len(edits) && edits[i].Span.Start == at; i++ {
		if edits[i].New == "" {
			at = edits[i].Span.End
		}
	}
	return at
}
