package rewrite

import "strings"

// spliceBlock edits the entries of a block collection.
func (p *planner) spliceBlock(n *node, l *listGoal) error {
	for i := range n.items {
		if pairs := l.before[i]; len(pairs) > 0 {
			if err := p.insertBefore(n, l, i); err != nil {
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
func (p *planner) insertBefore(n *node, l *listGoal, i int) error {
	e, pairs := &n.items[i], l.before[i]
	r := p.look(n)
	own, at := p.f.startsLine(e.span.Start), e.span.Start
	if own {
		at = p.f.beforeEntry(e)
	}
	sep := "\n"
	apart := i+1 == len(n.items) || p.f.blankBetween(n, i) // a gap above alone may end a group, not an entry
	if i == 0 && p.f.spaced(n, 0) || i > 0 && apart && p.f.isGap(p.f.lineAbove(at)) {
		sep = "\n\n"
	}
	var b strings.Builder
	for _, pair := range pairs {
		b.WriteString(spaces(n.column) + r.text(n, pair) + sep)
	}
	text := b.String()
	if last := pairs[len(pairs)-1].Value; l.remove[i] && last.endsLiteral() && p.swallows(last.last().text, text, p.f.afterEntry(n, &n.items[l.run(i)])) {
		return p.refuse(n, BlockScalarAbove, "")
	}
	if own {
		p.put(begins(n), at, at, text)
		return nil
	}
	// It stands behind a dash or the like, and moves to a line of its own, if it stays.
	text = text[n.column:] + spaces(n.column)
	if p.leavesDash(n, l) {
		text = strings.TrimSuffix(text, sep+spaces(n.column))
	}
	p.put(begins(n), at, at, text)
	return nil
}

// insertAfter writes entries behind entry i, set off by blank lines where the file sets this one off from its neighbour.
func (p *planner) insertAfter(n *node, i int, pairs []Pair) error {
	e := &n.items[i]
	at := p.f.afterEntry(n, e)
	r := p.look(n)
	s := e.tail()
	keeps := s != nil && s.block.chomp == '+' // and a blank line would be its text
	spaced := p.f.spaced(n, i) && !keeps && !p.goal.lists[n].remove[i]
	var b strings.Builder
	for _, pair := range pairs {
		if spaced {
			b.WriteByte('\n')
		}
		b.WriteString(spaces(n.column) + r.text(n, pair) + "\n")
	}
	if err := p.keepChomped(s); err != nil {
		return err
	}
	return p.putLines(n, at, at, b.String(), pairs[len(pairs)-1].Value)
}

// keepChomped keeps the text of a block scalar that the source ends with: with a line below it would gain a line break.
func (p *planner) keepChomped(s *node) error {
	if s == nil || s.block.chomp == '-' || s.block.text.Len() == 0 || !p.f.openEnd(s.body.End) || p.gone[s] {
		return nil
	}
	if p.goal.nodes[s] != nil {
		return p.clash(s)
	}
	header := strings.TrimRight(string(p.f.src[s.block.header.Start:s.block.header.End]), "+")
	p.edit(s.block.header.Start, s.block.header.End, header+"-")
	return nil
}

// putLines replaces the lines from start to end by new ones, each with its break, that end with the value v. At the end
// of a source without a final line break the last line goes without, too, unless it needs one.
func (p *planner) putLines(n *node, start, end int, lines string, v Value) error {
	if v.endsLiteral() && p.swallows(v.last().text, lines, end) {
		return p.refuse(n, BlockScalarAbove, "")
	}
	if lines != "" && p.f.openEnd(end) {
		if !v.endsWithBreak() {
			lines = strings.TrimSuffix(lines, "\n")
		}
		if start != p.f.lineStart(start) {
			lines = "\n" + lines
		}
	} else if p.f.openEnd(end) && start == p.f.lineStart(start) {
		start -= breakBefore(p.f.src, start)
	}
	p.put(newLines, start, end, lines)
	return nil
}

// put replaces source text by text of the renderer, with the line breaks of the place.
func (p *planner) put(order, start, end int, text string) {
	p.editAt(order, start, end, strings.ReplaceAll(text, "\n", p.f.lineBreak(start)))
}

// swallows reports whether a literal at the end of new lines would take the lines at offset in as its text.
func (p *planner) swallows(literal, lines string, at int) bool {
	all := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
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
