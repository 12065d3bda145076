package rewrite

import "strings"

// flowList edits the entries of one flow collection.
type flowList struct {
	*planner
	n     *node
	l     *listGoal
	look  renderer
	lines bool // each entry stands on lines of its own
}

func (p *planner) spliceFlow(n *node, l *listGoal) error {
	f := flowList{p, n, l, p.look(n), p.f.onOwnLines(n)}
	braces := n.implicit(p.f.src) && len(l.before)+len(l.after)+len(l.remove) > 0
	if braces {
		f.edit(n.body.Start, n.body.Start, "{")
	}
	for i := range n.items {
		e := &n.items[i]
		if name, ok := l.rename[i]; ok && !l.remove[i] {
			if err := f.spliceReplace(e.key, String(name)); err != nil {
				return err
			}
		}
		if f.replaced(i) {
			f.edit(e.span.Start, e.span.End, strings.Join(append(f.texts(l.before[i]), f.texts(l.after[i])...), ", "))
			continue
		}
		f.insertBefore(i)
		if err := f.spliceComments(n, l, i); err != nil {
			return err
		}
		f.insertAfter(i)
	}
	f.remove()
	if braces {
		f.edit(n.body.End, n.body.End, "}")
	}
	return nil
}

// replaced reports whether new entries come in the place of entry i.
func (f flowList) replaced(i int) bool {
	return f.l.remove[i] && len(f.l.before[i])+len(f.l.after[i]) > 0
}

// goes reports whether entry i leaves without another in its place.
func (f flowList) goes(i int) bool { return f.l.remove[i] && !f.replaced(i) }

func (f flowList) texts(pairs []Pair) []string {
	out := make([]string, len(pairs))
	for i, q := range pairs {
		if f.n.kind == Sequence {
			out[i] = f.look.flow(q.Value, true)
		} else {
			out[i] = f.look.flowPair(q)
		}
	}
	return out
}

func (f flowList) insertBefore(i int) {
	e := &f.n.items[i]
	at, indent, end := e.span.Start, "", ", "
	if f.lines {
		at = f.f.beforeEntry(e)
		indent, end = f.indent(i), ",\n"
	}
	for _, text := range f.texts(f.l.before[i]) {
		f.put(at, at, indent+text+end)
	}
}

// indent is what stands before entry i on its line, which may be tabs.
func (f flowList) indent(i int) string {
	at := f.n.items[i].span.Start
	return string(f.f.src[f.f.lineStart(at):at])
}

// insertAfter writes entries behind entry i. A trailing comma stays one.
func (f flowList) insertAfter(i int) {
	texts := f.texts(f.l.after[i])
	if len(texts) == 0 {
		return
	}
	e := &f.n.items[i]
	comma := f.f.comma(e.span.End)
	sep := ","
	if e.value.span.Len() == 0 && e.colon >= 0 {
		sep = " ," // right behind a ':' it would be part of a key
	}
	if !f.lines {
		f.edit(e.span.End, e.span.End, sep+" "+strings.Join(texts, ", "))
		return
	}
	end := ","
	if comma < 0 {
		end = ""
		f.edit(e.span.End, e.span.End, sep)
	}
	at := f.f.nextLine(max(e.span.End, comma))
	indent := f.indent(i)
	f.put(at, at, indent+strings.Join(texts, ",\n"+indent)+end+"\n")
}

// remove takes entries away with the comma and the blanks behind them, the last ones with the comma before. A trailing
// comma stays as it is, and so do comments, but for one at the end of an entry's own line.
func (f flowList) remove() {
	kept := -1 // the last entry that stays, so far
	for i := 0; i < len(f.n.items); i++ {
		if !f.goes(i) {
			kept = i
			continue
		}
		last := i
		for last+1 < len(f.n.items) && f.goes(last+1) {
			last++
		}
		f.removeRun(kept, i, last)
		i = last
	}
}

// removeRun removes the entries from first to last, which follow the entry kept (-1 for none).
func (f flowList) removeRun(kept, first, last int) {
	items := f.n.items
	span := Span{items[first].span.Start, 0}
	atEnd := last+1 == len(items)
	switch {
	case !atEnd:
		span.End = items[last+1].span.Start
		if kept == first-1 && kept >= 0 && f.separator(kept) == ", " && f.separator(last) != ", " {
			span = Span{items[kept].span.End, items[last].span.End} // that of an insertion
		}
	case kept >= 0:
		span = Span{items[kept].span.End, items[last].span.End}
	default:
		span = f.inside()
	}
	drop := -1 // a comma before the run that nothing would follow
	if atEnd && kept >= 0 && f.f.comma(items[last].span.End) < 0 {
		drop = f.f.comma(items[kept].span.End)
	}
	switch {
	case f.lines:
		if drop >= 0 {
			f.edit(drop, drop+1, "")
		}
		for i := first; i <= last; i++ {
			end := max(items[i].span.End, f.f.comma(items[i].span.End))
			f.edit(f.f.lineStart(items[i].span.Start), f.f.nextLine(end), "")
		}
	case !f.keepsComment(span, first, last):
		f.edit(span.Start, span.End, "")
	default:
		f.removePieces(kept, first, last)
	}
}

// separator is what stands between entry i and the next.
func (f flowList) separator(i int) string {
	return string(f.f.src[f.n.items[i].span.End:f.n.items[i+1].span.Start])
}

// removePieces removes the entries and one comma for each, and leaves what stands between them. A trailing comma stays
// as long as there is an entry for it to follow.
func (f flowList) removePieces(kept, first, last int) {
	items := f.n.items
	atEnd := last+1 == len(items)
	if atEnd && kept >= 0 {
		comma := f.f.comma(items[kept].span.End)
		f.edit(comma, comma+1, "")
	}
	for i := first; i <= last; i++ {
		f.edit(items[i].span.Start, items[i].span.End, "")
		comma := f.f.comma(items[i].span.End)
		if comma >= 0 && (i < last || !atEnd || kept < 0) {
			f.edit(comma, comma+1, "")
		}
	}
}

// inside is what stands between the brackets.
func (f flowList) inside() Span {
	if f.n.implicit(f.f.src) {
		return f.n.body
	}
	return Span{f.n.body.Start + 1, f.n.body.End - 1}
}

// keepsComment reports whether span holds a comment that is inside none of the entries from first to last.
func (f flowList) keepsComment(span Span, first, last int) bool {
	i := first
	for _, c := range f.f.commentsIn(span) {
		for i <= last && f.n.items[i].span.End <= c.Start {
			i++
		}
		if i > last || c.Start < f.n.items[i].span.Start {
			return true
		}
	}
	return false
}

// onOwnLines reports whether each entry of a flow collection starts its line and ends it, but for a comma and a comment.
func (f *File) onOwnLines(n *node) bool {
	for i := range n.items {
		e := &n.items[i]
		end := e.span.End
		if comma := f.comma(end); comma >= 0 {
			if !f.sameLine(end, comma) {
				return false
			}
			end = comma + 1
		}
		if !f.startsLine(e.span.Start) || !f.restIsTrivia(end) {
			return false
		}
	}
	return len(n.items) > 0
}

// comma is the offset of the comma that follows the entry of a flow collection that ends at offset, -1 when none does.
func (f *File) comma(offset int) int {
	for offset < len(f.src) {
		switch c := f.src[offset]; {
		case c == ',':
			return offset
		case c == '#':
			offset = f.lineEnd(offset)
		case whiteLen(f.src, offset) > 0:
			offset += whiteLen(f.src, offset)
		default:
			return -1
		}
	}
	return -1
}
