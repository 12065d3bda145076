package rewrite

import (
	"slices"
	"strings"
)

func (p *planner) edit(start, end int, text string) {
	p.edits = append(p.edits, Edit{Span{start, end}, text})
}

// spliceBlock edits the entries of a block collection.
func (p *planner) spliceBlock(n *node, l *listGoal) error {
	for i := range n.items {
		if key, ok := l.rename[i]; ok && !l.remove[i] {
			k := n.items[i].key
			p.edit(k.body.Start, k.body.End, restyle(k, key))
		}
		for _, pair := range l.before[i] {
			if err := p.insertBefore(n, i, pair); err != nil {
				return err
			}
		}
		if pairs := l.after[i]; len(pairs) > 0 {
			if err := p.insertAfter(n, i, pairs); err != nil {
				return err
			}
		}
	}
	return p.removeBlock(n, l)
}

// restyle writes a scalar's new text in the quotes of the old one when they can hold it.
func restyle(n *node, s string) string {
	switch {
	case n.style == DoubleQuoted:
		return doubleQuote(s)
	case n.style == SingleQuoted && printable(s) && !strings.ContainsAny(s, "\n"):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	default:
		return quoteByNeed(s, inFlow(n))
	}
}

func inFlow(n *node) bool {
	return n.parent != nil && n.parent.style == Flow
}

// text writes a new pair or item whose key or dash stands at the collection's column.
func (r renderer) text(n *node, pair Pair) string {
	var b strings.Builder
	if n.kind == Sequence {
		r.item(&b, n.column, pair.Value)
	} else {
		r.pair(&b, n.column, pair)
	}
	return b.String()
}

func (p *planner) insertBefore(n *node, i int, pair Pair) error {
	e := &n.items[i]
	r := p.f.renderer(n, e.span.Start)
	if p.f.ownsLine(e.span.Start) {
		at := p.f.beforeEntry(e)
		p.edit(at, at, spaces(n.column)+r.text(n, pair)+r.br)
		return nil
	}
	if i > 0 {
		return p.refuse(n, SameLine, "")
	}
	// The first entry stands behind its parent's dash: the new one takes its place on that line.
	p.edit(e.span.Start, e.span.Start, r.text(n, pair)+r.br+spaces(n.column))
	return nil
}

// insertAfter writes lines behind entry i, set off by a blank line where the file sets this entry off from its neighbour.
func (p *planner) insertAfter(n *node, i int, pairs []Pair) error {
	e := &n.items[i]
	at, atEnd := p.f.afterEntry(n, e)
	r := p.f.renderer(n, at)
	blank := n.kind == Mapping && (i+1 < len(n.items) && p.f.blankBetween(n, i) || i > 0 && i+1 == len(n.items) && p.f.blankBetween(n, i-1))
	var b strings.Builder
	for _, pair := range pairs {
		line := spaces(n.column) + r.text(n, pair)
		if blank {
			line = r.br + line
		}
		if atEnd {
			b.WriteString(r.br + line)
		} else {
			b.WriteString(line + r.br)
		}
	}
	if atEnd {
		p.keepChomped(e)
		if pairs[len(pairs)-1].Value.endsWithBreak() {
			b.WriteString(r.br)
		}
	}
	if pairs[len(pairs)-1].Value.endsWithBreak() && p.swallows(b.String(), r.br, at) {
		return p.refuse(n, BlockScalarAbove, "")
	}
	p.edit(at, at, b.String())
	return nil
}

// swallows reports whether new text that ends with a literal would take the lines at offset in as its own.
func (p *planner) swallows(text, br string, at int) bool {
	body := strings.TrimSuffix(text, br)
	indent := countSpaces([]byte(body[strings.LastIndex(body, br)+len(br):]))
	for at < len(p.f.src) && indent > 0 && p.f.isBlankLine(at) {
		if countSpaces(p.f.src[at:]) > indent {
			return true
		}
		next := p.f.nextLine(at)
		if next == at {
			break
		}
		at = next
	}
	return at < len(p.f.src) && indent > 0 && p.f.commentColumn(at) >= indent
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

// removeBlock takes away the removed entries, neighbours together.
func (p *planner) removeBlock(n *node, l *listGoal) error {
	for i := 0; i < len(n.items); i++ {
		if !l.remove[i] {
			continue
		}
		last := i
		for last+1 < len(n.items) && l.remove[last+1] {
			last++
		}
		if err := p.removeRun(n, l, i, last); err != nil {
			return err
		}
		i = last
	}
	return nil
}

// removeRun removes the entries from first to last.
func (p *planner) removeRun(n *node, l *listGoal, first, last int) error {
	if p.f.ownsLine(n.items[first].span.Start) {
		return p.removeLines(n, l, first, last)
	}
	if last+1 == len(n.items) {
		return p.refuse(n, SameLine, "")
	}
	// The first entry stands behind its parent's dash: the next one that stays takes its place.
	span := Span{n.items[first].span.Start, n.items[last+1].span.Start}
	if p.commentIn(span, n.items[first:last+1]) || n.items[last+1].explicit {
		return p.refuse(n, CommentInside, "")
	}
	p.edit(span.Start, span.End, "")
	return nil
}

// commentIn reports whether a comment stands in span on a line that is none of the entries' last lines.
func (p *planner) commentIn(span Span, entries []entry) bool {
	for _, c := range p.f.commentsIn(span) {
		own := slices.ContainsFunc(entries, func(e entry) bool {
			return e.span.Contains(c) || p.f.lines.line(e.span.End) == p.f.lines.line(c.Start)
		})
		if !own {
			return true
		}
	}
	return false
}

// commentsIn are the comments that begin in span.
func (f *File) commentsIn(span Span) []Span {
	lo, _ := slices.BinarySearchFunc(f.comments, span.Start, func(c Span, at int) int { return c.Start - at })
	hi := lo
	for hi < len(f.comments) && f.comments[hi].Start < span.End {
		hi++
	}
	return f.comments[lo:hi]
}

// removeLines removes the entries' lines. Comment lines between them stay.
func (p *planner) removeLines(n *node, l *listGoal, first, last int) error {
	for i := first; i <= last; i++ {
		start := p.f.lineStart(n.items[i].span.Start)
		end, atEnd := p.f.afterEntry(n, &n.items[i])
		if atEnd && len(l.after[i]) == 0 {
			p.removeAtEnd(start, first == i && !p.textAbove(n, first))
			return nil
		}
		if i == last {
			var err error
			if end, err = p.belowRemoved(n, first, start, end); err != nil {
				return err
			}
		}
		p.edit(start, end, "")
	}
	return nil
}

// removeAtEnd removes the last lines of a source without a final line break, and the break before them, so that the
// source still ends without one.
func (p *planner) removeAtEnd(start int, withBreak bool) {
	if withBreak && start > 0 {
		for n := 3; n > 0; n-- {
			if start >= n && breakLen(p.f.src, start-n) == n {
				start -= n
				break
			}
		}
	}
	p.edit(start, len(p.f.src), "")
}

// scalarAbove is the block scalar whose text the lines below the removed entries would meet, nil when there is none.
func (p *planner) scalarAbove(n *node, first, start int) *node {
	for ; n != nil; n = n.parent {
		if first > 0 {
			s := n.items[first-1].tail()
			if s == nil || s.block.tail < start {
				return nil // something ends the scalar before the removed lines
			}
			return s
		}
		first = n.index
	}
	return nil
}

func (p *planner) textAbove(n *node, first int) bool {
	return first > 0 && n.items[first-1].tail() != nil
}

// belowRemoved looks at the lines that follow removed ones. Below a block scalar they must not become its text: lines
// of spaces go with the entry, deeper comments and the blank lines that '+' keeps make the edit impossible.
func (p *planner) belowRemoved(n *node, first, start, end int) (int, error) {
	s := p.scalarAbove(n, first, start)
	if s == nil {
		return end, nil
	}
	for end < len(p.f.src) {
		indent := countSpaces(p.f.src[end:])
		switch blank := p.f.isBlankLine(end); {
		case !blank && p.f.commentColumn(end) >= s.block.indent, blank && s.block.chomp == '+':
			return 0, p.refuse(n, BlockScalarAbove, "")
		case !blank:
			return end, nil
		case indent > s.block.indent:
			end = p.f.nextLine(end)
		default:
			return end, nil
		}
	}
	return end, nil
}
