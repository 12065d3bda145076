package rewrite

import (
	"bytes"
	"strings"
)

// flowList edits the entries of one flow collection.
type flowList struct {
	*planner
	n     *node
	l     *listGoal
	look  renderer
	lines bool // each entry stands on lines of its own
}

func (p *planner) spliceFlow(n *node, l *listGoal) error {
	f := flowList{p, n, l, p.look(n), !n.implicit(p.f.src) && p.f.onOwnLines(n)}
	braces := n.implicit(p.f.src) && len(l.before)+len(l.after)+len(l.remove) > 0
	if braces {
		f.editAt(begins(n), n.body.Start, n.body.Start, "{")
	}
	for i := range n.items {
		e := &n.items[i]
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
		f.edit(n.body.End, n.body.End, f.afterNull(len(n.items)-1)+"}")
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
		f.put(begins(f.n), at, at, indent+text+end)
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
	sep := f.afterNull(i) + ","
	if !f.lines {
		f.edit(e.span.End, e.span.End, sep+" "+strings.Join(texts, ", "))
		return
	}
	end := ","
	if f.becomesLast(i) {
		end = ""
	}
	if comma < 0 {
		f.edit(e.span.End, e.span.End, sep)
	}
	at := f.f.nextLine(max(e.span.End, comma))
	indent := f.indent(i)
	f.put(newLines, at, at, indent+strings.Join(texts, ",\n"+indent)+end+"\n")
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

// afterNull is the blank that a bracket or comma needs behind entry i when nothing follows its colon or tag: right
// behind them it would be a part of the key or the tag.
func (f flowList) afterNull(i int) string {
	e := &f.n.items[i]
	for e.value.implicit(f.f.src) {
		e = &e.value.items[0]
	}
	n := e.value
	if n.span.Len() == 0 && e.key != nil && e.colon < 0 {
		n = e.key
	}
	if n.span.Len() == 0 && e.colon >= 0 || n.body.Len() == 0 && n.props != nil {
		return " "
	}
	return ""
}

// removeRun removes the entries from first to last, which follow the entry kept (-1 for none).
func (f flowList) removeRun(kept, first, last int) {
	items := f.n.items
	span := Span{items[first].span.Start, 0}
	atEnd := last+1 == len(items)
	switch {
	case !atEnd:
		span.End = items[last+1].span.Start
		if f.asInserted(kept, first, last) {
			span = Span{items[kept].span.End, items[last].span.End}
		}
	case kept >= 0:
		span = Span{items[kept].span.End, items[last].span.End}
	default:
		span = f.inside()
	}
	switch {
	case f.lines:
		if atEnd && kept >= 0 && f.becomesLast(kept) && len(f.l.after[kept]) == 0 && !f.needsComma(kept, first, last) {
			f.dropComma(kept)
		}
		for i := first; i <= last; i++ {
			end := max(items[i].span.End, f.f.comma(items[i].span.End))
			f.edit(f.f.lineStart(items[i].span.Start), f.f.nextLine(end), "")
		}
	case !f.keepsComment(span, first, last):
		f.edit(span.Start, span.End, f.behindKept(kept, first, last)+f.f.beforeComment(span.End))
	default:
		f.removePieces(kept, first, last)
	}
}

// asInserted reports whether the entries, which are not the last, stand where an insertion behind kept would put them,
// so that they go with the comma before them.
func (f flowList) asInserted(kept, first, last int) bool {
	if kept < 0 || kept != first-1 || f.separator(kept) != ", " {
		return false
	}
	below := f.separator(last)
	return below != ", " && (below[0] == ',' || !f.needsComma(kept, first, last))
}

// behindKept is what must stay behind the entry that becomes the last one.
func (f flowList) behindKept(kept, first, last int) string {
	switch {
	case kept < 0 || last+1 < len(f.n.items):
		return ""
	case f.needsComma(kept, first, last) && f.f.comma(f.n.items[last].span.End) < 0:
		return ","
	default:
		return f.afterNull(kept)
	}
}

// needsComma reports whether the entry kept is read as it is only with a comma behind it: when it ends with a ':' that
// is text.
func (f flowList) needsComma(kept, first, last int) bool {
	end := f.n.items[kept].span.End
	return f.f.src[end-1] == ':' && f.afterNull(kept) == "" || f.tabBelow(kept, first, last)
}

// dropComma takes the comma behind entry i away.
func (f flowList) dropComma(i int) {
	if comma := f.f.comma(f.n.items[i].span.End); comma >= 0 {
		f.edit(comma, comma+1, f.f.beforeComment(comma+1))
	}
}

// tabBelow reports whether a line that begins with a tab would follow the entry kept. yaml.v3 refuses one behind a plain
// scalar, unless a comma is between them.
func (f flowList) tabBelow(kept, first, last int) bool {
	at, next := f.n.items[kept].span.End, f.f.nextLine(f.n.items[last].span.End)
	between := f.f.src[at:max(at, f.f.lineStart(f.n.items[first].span.Start))]
	return bytes.IndexByte(between, '\t') >= 0 || next < len(f.f.src) && f.f.src[next] == '\t'
}

// separator is what stands between entry i and the next.
func (f flowList) separator(i int) string {
	return string(f.f.src[f.n.items[i].span.End:f.n.items[i+1].span.Start])
}

// becomesLast reports whether nothing that was there stays behind entry i, not even a trailing comma.
func (f flowList) becomesLast(i int) bool {
	last := len(f.n.items) - 1
	for j := i + 1; j <= last; j++ {
		if !f.goes(j) {
			return false
		}
	}
	return f.f.comma(f.n.items[last].span.End) < 0
}

// removePieces removes the entries and one comma for each, and leaves what stands between them. A trailing comma stays
// as long as there is an entry for it to follow.
func (f flowList) removePieces(kept, first, last int) {
	items := f.n.items
	atEnd := last+1 == len(items)
	before := atEnd && kept >= 0 && !f.needsComma(kept, first, last)
	if before {
		f.dropComma(kept)
	}
	for i := first; i <= last; i++ {
		f.edit(items[i].span.Start, items[i].span.End, "")
		if i < last || !before {
			f.dropComma(i)
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
