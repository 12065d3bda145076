package rewrite

import "strings"

// spliceBlock edits the entries of a block collection.
func (p *planner) spliceBlock(n *node, l *listGoal) error {
	for _, i := range l.touched() {
		if len(l.before[i]) > 0 {
			if err := p.insertBefore(n, l, i); err != nil {
				return err
			}
		}
		if err := p.spliceComments(n, l, i); err != nil {
			return err
		}
		if len(l.after[i]) > 0 {
			if err := p.insertAfter(n, l, i); err != nil {
				return err
			}
		}
	}
	return p.removeBlock(n, l)
}

// insertBefore writes entries before entry i or, when that goes, in its place. They are set off by blank lines where the
// file sets entry i off from its neighbour.
func (p *planner) insertBefore(n *node, l *listGoal, i int) error {
	e, pairs := &n.items[i], l.before[i]
	own, at := p.f.startsLine(e.span.Start), e.span.Start
	if own {
		at = p.f.beforeEntry(e)
	}
	sep := "\n"
	apart := i+1 == len(n.items) || p.f.blankBetween(n, i) // a gap above alone may end a group, not an entry
	if i == 0 && p.f.spaced(n, 0) || i > 0 && apart && p.f.isGap(p.f.lineAbove(at)) {
		sep = "\n\n"
	}
	r := p.look(n)
	lines := make([]string, len(pairs))
	for j, pair := range pairs {
		lines[j] = spaces(n.column) + r.text(n, pair)
	}
	text := strings.Join(lines, sep)
	if l.remove[i] {
		sep = "\n"
		p.noteLiteral(n, pairs[len(pairs)-1].Value, text+sep, p.f.afterEntry(n, &n.items[l.run(i)]))
	}
	if own {
		p.put(begins(n), at, at, text+sep)
		return nil
	}
	// It stands behind a dash or the like, and moves to a line of its own, if it or the next one stays.
	text = text[n.column:]
	switch end := p.f.afterEntry(n, e); {
	case !p.leavesDash(n, l):
		text += sep + spaces(n.column)
	case l.run(i) != i || !p.needsBreak(end, end):
	case p.f.openEnd(end):
		text += sep
	case p.f.endsWithText(end):
		return p.refuse(n, BlockScalarAbove, "")
	}
	p.put(begins(n), at, at, text)
	return nil
}

// insertAfter writes entries behind entry i, set off by blank lines where the file sets this one off from its neighbour.
func (p *planner) insertAfter(n *node, l *listGoal, i int) error {
	e, pairs := &n.items[i], l.after[i]
	at := p.f.afterEntry(n, e)
	r := p.look(n)
	s := e.tail()
	keeps := s != nil && s.block.chomp == '+' // and a blank line would be its text
	spaced := p.f.spaced(n, i) && !keeps
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
	p.putLines(n, at, at, b.String(), pairs[len(pairs)-1].Value)
	return nil
}

// keepChomped keeps the text of a block scalar that the source ends with: with a line below it would gain a line break.
func (p *planner) keepChomped(s *node) error {
	if s == nil || s.block.chomp == '-' || !p.f.openEnd(s.body().End) || p.gone[s] {
		return nil
	}
	switch {
	case p.goal.nodes[s] != nil:
		return p.clash(s)
	case s.block.chomp == '+' && strings.HasSuffix(s.value, "\n"):
		return p.refuse(s, BlockScalarAbove, "")
	case s.block.chomp == 0 && s.block.text.Len() == 0:
		return nil
	}
	if p.chomped[s] {
		return nil
	}
	p.chomped[s] = true
	header := strings.TrimRight(string(p.f.src[s.block.header.Start:s.block.header.End]), "+")
	p.edit(s.block.header.Start, s.block.header.End, header+"-")
	return nil
}
