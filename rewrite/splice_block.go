package rewrite

import "strings"

// spliceBlock edits the entries of a block collection.
func (p *planner) spliceBlock(n *node, l *listGoal) error {
	for i := range n.items {
		if name, ok := l.rename[i]; ok && !l.remove[i] {
			if err := p.spliceReplace(n.items[i].key, String(name)); err != nil {
				return err
			}
		}
		if pairs := l.before[i]; len(pairs) > 0 {
			if err := p.insertBefore(n, i, pairs); err != nil {
				return err
			}
		}
		if err := p.spliceComments(n, l, i); err != nil {
			return err
		}
		if pairs := l.after[i]; len(pairs) > 0 {
			if err := p.insertAfter(n, i, pairs); err != nil {
				return err
			}
		}
	}
	return p.removeBlock(n, l)
}

// insertBefore writes entries before entry i, set off by blank lines where the file sets this one off from its neighbour.
func (p *planner) insertBefore(n *node, i int, pairs []Pair) error {
	e := &n.items[i]
	r := p.look(n, e.span.Start)
	sep := r.br
	if p.f.spaced(n, max(i-1, 0)) {
		sep += r.br
	}
	var b strings.Builder
	for _, pair := range pairs {
		b.WriteString(spaces(n.column) + r.text(n, pair) + sep)
	}
	text := b.String()
	if p.f.startsLine(e.span.Start) {
		at := p.f.beforeEntry(e)
		p.edit(at, at, text)
		return nil
	}
	// It stands behind a dash or the like, and moves to a line of its own, if it stays.
	text = text[n.column:] + spaces(n.column)
	if p.leavesDash(n, p.goal.lists[n]) {
		text = strings.TrimSuffix(text, sep+spaces(n.column))
	}
	p.edit(e.span.Start, e.span.Start, text)
	return nil
}

// insertAfter writes entries behind entry i, set off by blank lines where the file sets this one off from its neighbour.
func (p *planner) insertAfter(n *node, i int, pairs []Pair) error {
	e := &n.items[i]
	at := p.f.afterEntry(n, e)
	r := p.look(n, at)
	s := e.tail()
	spaced := p.f.spaced(n, i) && (s == nil || s.block.chomp != '+') // whose text a blank line would be
	var b strings.Builder
	for _, pair := range pairs {
		if spaced {
			b.WriteString(r.br)
		}
		b.WriteString(spaces(n.column) + r.text(n, pair) + r.br)
	}
	if p.f.openEnd(at) {
		p.keepChomped(e)
	}
	return p.putLines(n, at, at, b.String(), pairs[len(pairs)-1].Value)
}

// keepChomped keeps the text of a block scalar that the source ends with: with a line below it would gain a line break.
func (p *planner) keepChomped(e *entry) {
	s := e.tail()
	if s == nil || s.block.chomp == '-' || s.block.text.Len() == 0 {
		return
	}
	header := strings.TrimRight(string(p.f.src[s.block.header.Start:s.block.header.End]), "+")
	p.edit(s.block.header.Start, s.block.header.End, header+"-")
}

// putLines replaces the lines from start to end by new ones, each with its break, that end with the value v. At the end
// of a source without a final line break the last line goes without, too, unless it needs one.
func (p *planner) putLines(n *node, start, end int, lines string, v Value) error {
	br := p.f.lineBreak(start)
	if v.endsLiteral() && p.swallows(v.last().text, lines, br, end) {
		return p.refuse(n, BlockScalarAbove, "")
	}
	if lines != "" && p.f.openEnd(end) {
		if !v.endsWithBreak() {
			lines = strings.TrimSuffix(lines, br)
		}
		if start != p.f.lineStart(start) {
			lines = br + lines
		}
	}
	p.edit(start, end, lines)
	return nil
}

// swallows reports whether a literal at the end of new lines would take the lines at offset in as its text.
func (p *planner) swallows(literal, lines, br string, at int) bool {
	all := strings.Split(strings.TrimSuffix(lines, br), br)
	first := len(all) - 1 - strings.Count(strings.TrimSuffix(literal, "\n"), "\n")
	indent := countSpaces([]byte(all[first]))
	for p.f.isBlankLine(at) {
		if countSpaces(p.f.src[at:]) > indent {
			return true
		}
		at = p.f.nextLine(at)
	}
	return p.f.commentColumn(at) >= indent
}
