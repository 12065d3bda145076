package rewrite

// removeBlock takes away the removed entries of a block collection, neighbours together.
func (p *planner) removeBlock(n *node, l *listGoal) error {
	if p.goal.empties(n) {
		return p.clearBlock(n)
	}
	for _, i := range l.gone() {
		if !l.remove[i] || l.remove[i-1] {
			continue // renamed, or not the first of a run
		}
		if err := p.removeRun(n, l, i, l.run(i)); err != nil {
			return err
		}
	}
	return nil
}

// run is the last of the neighbours from entry i on that are removed.
func (l *listGoal) run(i int) int {
	for l.remove[i+1] {
		i++
	}
	return i
}

// removeRun removes the entries from first to last.
func (p *planner) removeRun(n *node, l *listGoal, first, last int) error {
	replaced := len(l.before[first]) > 0
	if p.f.startsLine(n.items[first].span.Start) {
		return p.cutEntries(n, first, last, replaced)
	}
	start := n.items[first].span.Start
	if !p.leavesDash(n, l) { // the next entry that stays takes the place behind the dash
		p.edit(start, n.items[last+1].span.Start, "")
		return nil
	}
	if len(l.before[first]) == 0 {
		start = p.f.trimBlanks(start)
	}
	end := p.f.afterEntry(n, &n.items[first])
	p.edit(start, end-breakBefore(p.f.src, end), "")
	if first == last {
		return nil
	}
	return p.cutEntries(n, first+1, last, true)
}

// leavesDash reports whether the first entry stands behind a dash (or the like) and goes, and the next one that stays
// cannot take its place, because there is none or a comment stands, or will stand, above it.
func (p *planner) leavesDash(n *node, l *listGoal) bool {
	if !l.remove[0] || p.f.startsLine(n.items[0].span.Start) {
		return false
	}
	last := l.run(0)
	return last+1 == len(n.items) || len(l.above[last+1]) > 0 || p.commentKept(n, 0, last)
}

// commentKept reports whether a comment between first and the entry behind last belongs to none of the entries that go.
func (p *planner) commentKept(n *node, first, last int) bool {
	for i := first; i <= last; i++ {
		from, to := p.f.afterEntry(n, &n.items[i]), n.items[i+1].span.Start
		if from < to && len(p.f.commentsIn(Span{from, to})) > 0 {
			return true
		}
	}
	return false
}

// cutEntries removes the lines of the entries from first to last. Comment lines between them stay. Where the entries
// are set off by a blank line on both sides, one of the two goes too, unless something comes in their place.
func (p *planner) cutEntries(n *node, first, last int, replaced bool) error {
	start, end := p.f.lineStart(n.items[first].span.Start), 0
	whole := true
	for i := first; i <= last; i++ {
		end = p.f.afterEntry(n, &n.items[i])
		if i == last {
			break
		}
		if next := p.f.lineStart(n.items[i+1].span.Start); len(p.f.commentsIn(Span{end, next})) > 0 {
			if err := p.cutLines(n, start, end); err != nil {
				return err
			}
			start, whole = next, false
		}
	}
	if whole && !replaced {
		start, end = p.f.joinGap(start, end, first == 0, last+1 == len(n.items))
	}
	return p.cutLines(n, start, end)
}

// joinGap widens the lines of removed entries by one of the blank lines around them, as far as that is no text: the one
// that is empty rather than one with blanks in it, and of two such the one above. A missing neighbour counts as blank.
func (f *File) joinGap(start, end int, first, last bool) (int, int) {
	prev := f.lineAbove(start)
	above := prev < start && f.isGap(prev)
	below := f.isBlankLine(end)
	switch {
	case above && below && breakLen(f.src, prev) == 0 && breakLen(f.src, end) > 0, below && !above && first:
		return start, f.nextLine(end)
	case above && (below || last):
		return prev, end
	default:
		return start, end
	}
}

// cutLines removes whole lines: see keepOpenEnd for the last ones of a source without a final line break. Below a block scalar the lines that
// follow must not become its text: lines of blanks go too, and a comment makes the edit impossible.
func (p *planner) cutLines(n *node, start, end int) error {
	p.edit(start, end, "")
	s := p.f.scalarAbove(start)
	if s == nil {
		return nil
	}
	for ; p.f.isBlankLine(end); end = p.f.nextLine(end) {
		if s.block.chomp == '+' || countSpaces(p.f.src[end:]) > s.block.indent {
			p.edit(end, p.f.nextLine(end), "")
		}
	}
	if p.f.commentColumn(end) >= s.block.indent {
		return p.refuse(n, BlockScalarAbove, "")
	}
	return nil
}

// keepOpenEnd takes the line break from the line that comes before the removed last lines of a source without a final
// one, unless a block scalar's text ends with it there. That line may be a new one.
func (p *planner) keepOpenEnd(edits []Edit) []Edit {
	i := len(edits) - 1
	for i >= 0 && edits[i].Span.Len() == 0 {
		i-- // new lines at the end, each with a break before it
	}
	if i < 0 || !p.f.openEnd(edits[i].Span.End) || edits[i].New != "" {
		return edits
	}
	first := i
	for first > 0 && edits[first-1].Span.End == edits[first].Span.Start && edits[first-1].New == "" {
		first--
	}
	start := edits[first].Span.Start
	switch s := p.f.scalarAbove(start); {
	case start != p.f.lineStart(start) || start == p.f.lines.starts[0], p.needsBreak(start, len(p.f.src)):
	case first > 0 && edits[first-1].Span.End == start:
		above := &edits[first-1].New
		*above = (*above)[:len(*above)-breakBefore([]byte(*above), len(*above))]
	case s == nil || s.block.chomp == '-':
		edits[first].Span.Start -= breakBefore(p.f.src, start)
	}
	return edits
}

// clearBlock leaves {} or [] of a block collection. Comment lines between its entries stay.
func (p *planner) clearBlock(n *node) error {
	empty := "{}"
	if n.kind == Sequence {
		empty = "[]"
	}
	from := 0
	switch slot := p.f.slot(n); {
	case n.parent != nil && p.f.startsLine(n.items[0].span.Start):
		p.edit(slot, slot, " "+empty)
	default: // in the place of the first entry
		end := p.f.afterEntry(n, &n.items[0])
		p.edit(n.items[0].span.Start, end-breakBefore(p.f.src, end), empty)
		from = 1
	}
	if from == len(n.items) {
		return nil
	}
	return p.cutEntries(n, from, len(n.items)-1, true)
}
