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
	c := flowList{p, n, l, p.look(n), !n.implicit(p.f.src) && p.f.onOwnLines(n)}
	braces := n.implicit(p.f.src) && len(l.before)+len(l.after)+len(l.remove) > 0
	if braces {
		c.editAt(begins(n), n.body().Start, n.body().Start, "{")
	}
	for i := range n.items {
		e := &n.items[i]
		if c.replaced(i) {
			c.edit(e.span.Start, e.span.End, strings.Join(c.texts(l.before[i]), ", "))
			continue
		}
		c.insertBefore(i)
		if err := c.spliceComments(n, l, i); err != nil {
			return err
		}
		c.insertAfter(i)
	}
	c.remove()
	if braces {
		c.edit(n.body().End, n.body().End, c.afterNull(len(n.items)-1)+"}")
	}
	return nil
}

// replaced reports whether new entries come in the place of entry i.
func (c flowList) replaced(i int) bool {
	return c.l.remove[i] && len(c.l.before[i]) > 0
}

// goes reports whether entry i leaves without another in its place.
func (c flowList) goes(i int) bool { return c.l.remove[i] && !c.replaced(i) }

func (c flowList) texts(pairs []Pair) []string {
	out := make([]string, len(pairs))
	for i, q := range pairs {
		if c.n.kind == Sequence {
			out[i] = c.look.flow(q.Value, true)
		} else {
			out[i] = c.look.flowPair(q)
		}
	}
	return out
}

func (c flowList) insertBefore(i int) {
	e := &c.n.items[i]
	at, indent, end := e.span.Start, "", ", "
	if c.lines {
		at = c.f.beforeEntry(e)
		indent, end = c.indent(i), ",\n"
	}
	for _, text := range c.texts(c.l.before[i]) {
		c.put(begins(c.n), at, at, indent+text+end)
	}
}

// indent is what stands before entry i on its line, which may be tabs.
func (c flowList) indent(i int) string {
	at := c.n.items[i].span.Start
	return string(c.f.src[c.f.lineStart(at):at])
}

// insertAfter writes entries behind entry i. A trailing comma stays one.
func (c flowList) insertAfter(i int) {
	texts := c.texts(c.l.after[i])
	if len(texts) == 0 {
		return
	}
	e := &c.n.items[i]
	comma := c.f.comma(e.span.End)
	sep := c.afterNull(i) + ","
	if !c.lines {
		c.edit(e.span.End, e.span.End, sep+" "+strings.Join(texts, ", "))
		return
	}
	end := ","
	if c.becomesLast(i) {
		end = ""
	}
	if comma < 0 {
		c.edit(e.span.End, e.span.End, sep)
	}
	at := c.f.nextLine(max(e.span.End, comma))
	indent := c.indent(i)
	c.put(newLines, at, at, indent+strings.Join(texts, ",\n"+indent)+end+"\n")
}

// remove takes entries away with the comma and the blanks behind them, the last ones with the comma before. A trailing
// comma stays as it is, and so do comments, but for one at the end of an entry's own line.
func (c flowList) remove() {
	kept := -1 // the last entry that stays, so far
	for i := 0; i < len(c.n.items); i++ {
		if !c.goes(i) {
			kept = i
			continue
		}
		last := i
		for last+1 < len(c.n.items) && c.goes(last+1) {
			last++
		}
		c.removeRun(kept, i, last)
		i = last
	}
}

// afterNull is the blank that a bracket or comma needs behind entry i when nothing follows its colon or tag: right
// behind them it would be a part of the key or the tag.
func (c flowList) afterNull(i int) string {
	e, n := c.innermost(i), c.lastNode(i)
	if n.span().Len() == 0 && e.colon >= 0 || n.body().Len() == 0 && n.props != nil {
		return " "
	}
	return ""
}

// innermost is entry i, or the one pair that it is without braces.
func (c flowList) innermost(i int) *entry {
	e := &c.n.items[i]
	for e.value.implicit(c.f.src) {
		e = &e.value.items[0]
	}
	return e
}

// lastNode is the node that entry i ends with: its value, or its key when it has no more.
func (c flowList) lastNode(i int) *node {
	e := c.innermost(i)
	if e.value.span().Len() == 0 && e.key != nil && e.colon < 0 {
		return e.key
	}
	return e.value
}

// removeRun removes the entries from first to last, which follow the entry kept (-1 for none).
func (c flowList) removeRun(kept, first, last int) {
	span := c.runSpan(kept, first, last)
	lines, leading := c.ownLines(first, last)
	ends := kept >= 0 && last+1 == len(c.n.items) // with the entry kept
	comma := ends && c.needsComma(kept, first, last)
	switch {
	case lines != nil && !(leading && comma):
		if ends && !comma && !leading && c.becomesLast(kept) && !(c.lines && len(c.l.after[kept]) > 0) {
			c.dropComma(kept)
		}
		for _, line := range lines {
			c.edit(line.Start, line.End, "")
		}
	case !c.keepsComment(span, first, last):
		c.edit(span.Start, span.End, c.behindKept(kept, first, last)+c.f.beforeComment(span.End))
	default:
		c.removePieces(kept, first, last)
	}
}

// runSpan is what goes with the entries from first to last when nothing between them must stay.
func (c flowList) runSpan(kept, first, last int) Span {
	items := c.n.items
	switch {
	case last+1 < len(items) && !c.asInserted(kept, first, last):
		return Span{items[first].span.Start, items[last+1].span.Start}
	case kept >= 0:
		return Span{items[kept].span.End, items[last].span.End}
	default:
		return c.inside()
	}
}

// ownLines are the lines of the entries from first to last when nothing else stands there but their commas, behind
// them or leading, and comments at their ends; nil otherwise.
func (c flowList) ownLines(first, last int) (lines []Span, leading bool) {
	for i := first; i <= last; i++ {
		start, end := c.n.items[i].span.Start, c.n.items[i].span.End
		behind := c.f.comma(end)
		ends := behind >= 0 && c.f.sameLine(end, behind)
		before := -1
		if i > 0 {
			before = c.f.comma(c.n.items[i-1].span.End)
		}
		leads := before >= 0 && c.f.startsLine(before) && c.f.sameLine(before, start)
		if i > first && leads != leading {
			return nil, false
		}
		leading = leads
		switch {
		case leads:
			start = before
		case ends:
			end = behind + 1
		case behind >= 0:
			return nil, false
		}
		if !c.f.startsLine(start) || !c.f.restIsTrivia(end) {
			return nil, false
		}
		lines = append(lines, Span{c.f.lineStart(start), c.f.nextLine(end)})
	}
	return lines, leading
}

// asInserted reports whether the entries, which are not the last, stand where an insertion behind kept would put them,
// so that they go with the comma before them.
func (c flowList) asInserted(kept, first, last int) bool {
	if kept < 0 || kept != first-1 || c.separator(kept) != ", " {
		return false
	}
	below := c.separator(last)
	return below != ", " && (below[0] == ',' || !c.needsComma(kept, first, last))
}

// behindKept is what must stay behind the entry that becomes the last one.
func (c flowList) behindKept(kept, first, last int) string {
	switch {
	case kept < 0 || last+1 < len(c.n.items):
		return ""
	case c.needsComma(kept, first, last) && c.f.comma(c.n.items[last].span.End) < 0:
		return ","
	default:
		return c.afterNull(kept)
	}
}

// needsComma reports whether the entry kept is read as it is only with a comma behind it: when it ends with a ':' that
// is text, or is a '-' that would stand before a blank, where it begins an entry.
func (c flowList) needsComma(kept, first, last int) bool {
	end := c.n.items[kept].span.End
	return c.f.src[end-1] == ':' && c.afterNull(kept) == "" ||
		c.f.Text(c.lastNode(kept).body()) == "-" && c.f.blankAt(c.n.items[last].span.End) ||
		c.tabBelow(kept, first, last)
}

// dropComma takes the comma behind entry i away.
func (c flowList) dropComma(i int) {
	if comma := c.f.comma(c.n.items[i].span.End); comma >= 0 {
		c.edit(comma, comma+1, c.f.beforeComment(comma+1))
	}
}

// tabBelow reports whether a line that begins with a tab would follow the entry kept. yaml.v3 refuses one behind a plain
// scalar, unless a comma is between them.
func (c flowList) tabBelow(kept, first, last int) bool {
	at, next := c.n.items[kept].span.End, c.f.nextLine(c.n.items[last].span.End)
	between := c.f.src[at:max(at, c.f.lineStart(c.n.items[first].span.Start))]
	return bytes.IndexByte(between, '\t') >= 0 || next < len(c.f.src) && c.f.src[next] == '\t'
}

// separator is what stands between entry i and the next.
func (c flowList) separator(i int) string {
	return string(c.f.src[c.n.items[i].span.End:c.n.items[i+1].span.Start])
}

// becomesLast reports whether nothing that was there stays behind entry i, not even a trailing comma.
func (c flowList) becomesLast(i int) bool {
	last := len(c.n.items) - 1
	for j := i + 1; j <= last; j++ {
		if !c.goes(j) {
			return false
		}
	}
	return c.f.comma(c.n.items[last].span.End) < 0
}

// removePieces removes the entries and one comma for each, and leaves what stands between them. A trailing comma stays
// as long as there is an entry for it to follow.
func (c flowList) removePieces(kept, first, last int) {
	items := c.n.items
	atEnd := last+1 == len(items)
	before := atEnd && kept >= 0 && !c.needsComma(kept, first, last)
	if before {
		c.dropComma(kept)
	}
	for i := first; i <= last; i++ {
		c.edit(items[i].span.Start, items[i].span.End, "")
		if i < last || !before {
			c.dropComma(i)
		}
	}
}

// inside is what stands between the brackets.
func (c flowList) inside() Span {
	if c.n.implicit(c.f.src) {
		return c.n.body()
	}
	return Span{c.n.body().Start + 1, c.n.body().End - 1}
}

// keepsComment reports whether span holds a comment that is inside none of the entries from first to last.
func (c flowList) keepsComment(span Span, first, last int) bool {
	i := first
	for _, comment := range c.f.commentsIn(span) {
		for i <= last && c.n.items[i].span.End <= comment.Start {
			i++
		}
		if i > last || comment.Start < c.n.items[i].span.Start {
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
