package rewrite

import "strings"

// spliceReplace writes a new value in place of a node's: of a value, an item, a key that is renamed, or a root. The
// anchor stays where it is. What means the value already is left as it is written.
func (p *planner) spliceReplace(n *node, v Value) error {
	if v.means(n) {
		return nil
	}
	p.dropTag(n, v)
	switch {
	case inFlow(n):
		return p.replaceInFlow(n, v)
	case n.body().Len() == 0:
		return p.replaceNull(n, v)
	case n.block != nil:
		return p.replaceBlockScalar(n, v)
	case n.style == Block && (n.parent == nil || p.f.sameLine(p.f.slot(n), n.body().Start)):
		p.replaceHere(n, v)
	case n.style == Block:
		return p.replaceLines(n, v)
	default:
		p.replaceInline(n, v)
	}
	return nil
}

// dropTag removes a tag that would say something else than the new value.
func (p *planner) dropTag(n *node, v Value) {
	if n.props == nil || n.props.tag.Len() == 0 || n.tag == v.tag() {
		return
	}
	start, end := n.props.tag.Start, n.props.tag.End
	if before := p.f.trimBlanks(start); !p.f.startsLine(start) && before < start {
		start = before
	} else if n.isKey || inFlow(n) {
		end = p.f.skipBlanks(end)
	}
	p.edit(start, end, "")
}

// slot is the place right behind what stands before a node's content: its properties, or the colon, dash or '?'.
func (f *File) slot(n *node) int {
	if n.props != nil {
		return n.props.end
	}
	if n.parent == nil {
		return n.body().Start
	}
	switch e := &n.parent.items[n.index]; {
	case n.isKey && !e.explicit:
		return e.span.Start
	case n.isKey || e.key == nil:
		return e.span.Start + 1
	default:
		return e.colon + 1
	}
}

// flowWidth is the length up to which a line is one that people write in flow style.
const flowWidth = 100

// inBlock is the value in a block collection: what goes on the line where the node's content begins, "" when that is
// nothing, and the lines below it, each with its break. What stands in the place of a flow collection is one, too.
func (p *planner) inBlock(n *node, v Value) (head, below string) {
	if v.kind == textValue && (n.isKey || n.kind == Scalar && n.body().Len() > 0 && n.block == nil) {
		return restyle(n, v.text), ""
	}
	if n.style == Flow && len(n.items) > 0 && p.f.sameLine(n.body().Start, n.body().End) && v.nests() && !v.hasLines() {
		head := p.look(n).flow(v, false)
		if n.body().Start-p.f.lineStart(n.body().Start)+len(head) <= flowWidth {
			return head, ""
		}
	}
	r := p.look(n.parent)
	var b strings.Builder
	switch {
	case n.style == Block && v.nests() && n.column > n.parent.column:
		b.WriteString("\n" + spaces(n.column))
		r.value(&b, n.column, v)
	case n.style != Block && n.body().Len() > 0 && p.f.startsLine(n.body().Start):
		r.value(&b, n.body().Start-p.f.lineStart(n.body().Start), v)
	case n.parent == nil && v.nests():
		b.WriteByte('\n')
		r.value(&b, 0, v)
	case n.parent == nil:
		r.value(&b, 0, v)
	case n.parent.kind == Sequence && n.props == nil && n.body().Len() > 0:
		r.value(&b, n.body().Start-p.f.lineStart(n.body().Start), v)
	case n.parent.kind == Sequence && n.props == nil:
		r.value(&b, n.parent.column+2, v)
	default:
		if n.parent.kind == Sequence {
			r.seq = r.step
		}
		r.behindColon(&b, n.parent.column, v)
	}
	head, below = cutLine(b.String())
	return strings.TrimPrefix(head, " "), below
}

// cutLine is the first line of text, and those below it with a break behind each.
func cutLine(text string) (head, below string) {
	head, below, more := strings.Cut(text, "\n")
	if more {
		below += "\n"
	}
	return head, below
}

// putHead writes what goes on the line of the content at span, or takes the content off the line.
func (p *planner) putHead(n *node, span Span, head string) {
	if head == "" {
		span.Start = p.f.trimBlanks(p.f.slot(n))
	} else {
		head = n.gap() + head
	}
	p.edit(span.Start, span.End, head+p.f.beforeComment(span.End))
}

// gap is the blank that new content needs behind an anchor or tag when the old one did without.
func (n *node) gap() string {
	if n.props != nil && n.props.end == n.body().Start {
		return " "
	}
	return ""
}

// beforeComment is the blank that new text needs before a comment that stood right behind a quote or bracket.
func (f *File) beforeComment(offset int) string {
	if offset < len(f.src) && f.src[offset] == '#' {
		return " "
	}
	return ""
}

// replaceInline replaces a flow scalar, a flow collection or an alias.
func (p *planner) replaceInline(n *node, v Value) {
	head, below := p.inBlock(n, v)
	p.putHead(n, n.body(), head)
	at := p.f.nextLine(n.body().End)
	p.putLines(n, at, at, below, v)
}

// replaceBlockScalar replaces a literal or folded scalar. The comment behind its indicators stays.
func (p *planner) replaceBlockScalar(n *node, v Value) error {
	if start := p.f.lineStart(n.body().Start); n.parent != nil && p.f.startsLine(n.body().Start) && n.body().Start-start <= n.parent.column {
		return p.refuse(n, NotEditable, "it stands no deeper than its key") // yaml.v3 takes the indicator there, and nothing else
	}
	head, below := p.inBlock(n, v)
	p.putHead(n, n.block.header, head)
	p.putLines(n, n.block.text.Start, n.body().End, below, v)
	return nil
}

// replaceLines replaces a block collection that begins below its key or dash. Comments above its first entry stay.
func (p *planner) replaceLines(n *node, v Value) error {
	head, below := p.inBlock(n, v)
	start, first := p.f.nextLine(p.f.slot(n)), p.f.lineStart(n.body().Start)
	switch comments := len(p.f.commentsIn(Span{start, first})) > 0; {
	case !comments:
		first = start
	case head != "" && below != "":
		return p.refuse(n, CommentInside, "")
	}
	if head != "" {
		slot := p.f.slot(n)
		p.edit(slot, slot, " "+head)
	}
	p.putLines(n, first, p.f.afterEntry(n, &n.items[len(n.items)-1]), below, v)
	return nil
}

// replaceHere replaces a block collection that begins on the line of its dash, or a root.
func (p *planner) replaceHere(n *node, v Value) {
	r := p.look(n.parent)
	var b strings.Builder
	r.value(&b, n.column, v)
	end := p.f.afterEntry(n, &n.items[len(n.items)-1])
	p.noteLiteral(n, v, b.String(), end)
	last := breakBefore(p.f.src, end)
	if v.endsWithBreak() && (p.f.openEnd(end) || p.f.endsWithText(end)) {
		b.WriteByte('\n')
		last = 0
	}
	p.put(inline, n.body().Start, end-last, b.String())
}

// replaceNull writes a value where a null has no text.
func (p *planner) replaceNull(n *node, v Value) error {
	head, below := p.inBlock(n, v)
	if head != "" {
		head = " " + head
	}
	if e := n.entry(); e != nil && e.key != nil && !n.isKey && e.colon < 0 { // the pair gets a line for it
		at := p.f.afterEntry(n.parent, e)
		if err := p.keepChomped(e.tail()); err != nil {
			return err
		}
		p.putLines(n, at, at, spaces(n.parent.column)+":"+head+"\n"+below, v)
		return nil
	}
	p.edit(n.body().Start, n.body().Start, head)
	at := p.f.nextLine(n.body().Start)
	p.putLines(n, at, at, below, v)
	return nil
}

// replaceInFlow writes a value on one line.
func (p *planner) replaceInFlow(n *node, v Value) error {
	r := p.look(n.parent)
	text := r.flow(v, true)
	if v.kind == textValue && n.kind == Scalar && n.body().Len() > 0 && !(r.json && n.style == Plain) {
		text = restyle(n, v.text)
	}
	switch e := n.entry(); {
	case n.body().Len() > 0:
		text = n.gap() + text
	case e.key == nil || n.isKey || e.colon >= 0:
		text = " " + text
	case !e.explicit && !p.f.sameLine(e.key.span().Start, e.key.span().End):
		return p.refuse(n, MultiLineText, "")
	case e.key.kind == Alias:
		text = " : " + text
	default:
		text = ": " + text
	}
	p.edit(n.body().Start, n.body().End, text+p.f.beforeComment(n.body().End))
	return nil
}

// entry is the pair or item that the node is part of, nil for a root.
func (n *node) entry() *entry {
	if n.parent == nil {
		return nil
	}
	return &n.parent.items[n.index]
}

// spliceWrap makes "- x: v" of "- x"; a comment behind x stays on its line.
func (p *planner) spliceWrap(n *node, v Value) error {
	r := p.look(n.parent)
	if !p.f.sameLine(n.body().Start, n.body().End) || n.body().Len() > maxKey {
		return p.refuse(n, MultiLineText, "")
	}
	if inFlow(n) {
		p.editAt(begins(n), n.body().Start, n.body().Start, "{")
		p.edit(n.body().End, n.body().End, ": "+r.flow(v, true)+"}")
		return nil
	}
	var b strings.Builder
	r.behindColon(&b, n.body().Start-p.f.lineStart(n.body().Start), v)
	head, below := cutLine(b.String())
	p.edit(n.body().End, n.body().End, ":"+head+p.f.beforeComment(n.body().End))
	at := p.f.nextLine(n.body().End)
	p.putLines(n, at, at, below, v)
	return nil
}
