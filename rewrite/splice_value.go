package rewrite

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// spliceReplace writes a new value in place of a node's.
func (p *planner) spliceReplace(n *node, v Value) error {
	switch {
	case n.kind == Alias || n.kind == Scalar && n.span.Len() > 0 && n.style != Literal && n.style != Folded:
		return p.replaceInline(n, v)
	case n.kind == Scalar && n.span.Len() == 0:
		return p.replaceNull(n, v)
	case n.style == Flow:
		return p.replaceInline(n, v)
	default:
		return p.replaceLines(n, v)
	}
}

// replaceInline replaces what stands on the node's own bytes.
func (p *planner) replaceInline(n *node, v Value) error {
	span := n.body
	if n.kind == Alias {
		span = n.span
	}
	if v.kind == textValue {
		text := restyle(n, v.text)
		if span.Len() == 0 {
			text = " " + text // behind an anchor
		}
		p.edit(span.Start, span.End, text)
		return nil
	}
	if v.kind == wordValue || inFlow(n) {
		p.edit(span.Start, span.End, v.flow(inFlow(n)))
		return nil
	}
	if n.parent == nil || n.anchor != "" || len(p.f.commentsIn(Span{span.Start, p.f.nextLine(span.End)})) > 0 {
		return p.refuse(n, NotEditable, "")
	}
	start := n.parent.items[n.index].colon + 1
	if n.parent.kind == Sequence {
		start = n.parent.items[n.index].span.Start
	}
	p.edit(start, span.End, p.rendered(n, v))
	return nil
}

// rendered is a value in block style, from behind the colon or from the dash of the node it replaces.
func (p *planner) rendered(n *node, v Value) string {
	r := p.f.renderer(n.parent, n.span.Start)
	var b strings.Builder
	if n.parent.kind == Sequence {
		r.item(&b, n.parent.column, v)
	} else {
		r.behindColon(&b, n.parent.column, v)
	}
	return b.String()
}

// replaceNull writes a value where a null has no text.
func (p *planner) replaceNull(n *node, v Value) error {
	if n.parent == nil || n.isKey {
		return p.refuse(n, NotEditable, "")
	}
	e := &n.parent.items[n.index]
	if n.parent.kind == Mapping && e.colon < 0 {
		return p.refuse(n, MissingColon, "")
	}
	if inFlow(n) {
		p.edit(n.span.Start, n.span.Start, " "+v.flow(true))
		return nil
	}
	text := p.rendered(n, v)
	if n.parent.kind == Sequence {
		text = " " + strings.TrimLeft(text[1:], " ")
	}
	at := n.span.Start
	if strings.ContainsAny(text, "\n\r") && len(p.f.commentsIn(Span{at, p.f.nextLine(at)})) > 0 {
		return p.refuse(n, CommentInside, "")
	}
	p.edit(at, at, text)
	return nil
}

// replaceLines replaces a block collection or a block scalar that is the value of a pair.
func (p *planner) replaceLines(n *node, v Value) error {
	if n.parent == nil || n.parent.kind != Mapping || n.anchor != "" {
		return p.refuse(n, NotEditable, "")
	}
	e := &n.parent.items[n.index]
	span := Span{e.colon + 1, n.span.End}
	if len(p.f.commentsIn(span)) > 0 {
		return p.refuse(n, CommentInside, "")
	}
	text := p.rendered(n, v)
	if e.tail() != nil && span.End > 0 && p.f.lineStart(span.End) == span.End {
		text += p.f.lineBreak(span.Start)
	}
	p.edit(span.Start, span.End, text)
	return nil
}

// spliceExtend writes the first entries of an empty flow collection or of a null.
func (p *planner) spliceExtend(n *node, pairs []Pair) error {
	v := Value{kind: mapValue, pairs: pairs}
	if pairs[0].Key == "" {
		v = Value{kind: listValue}
		for _, q := range pairs {
			v.items = append(v.items, q.Value)
		}
	}
	if n.kind == Scalar {
		return p.replaceNull(n, v)
	}
	if len(p.f.commentsIn(n.body)) > 0 || (n.kind == Mapping) != (v.kind == mapValue) {
		return p.refuse(n, NotEditable, "")
	}
	p.edit(n.body.Start, n.body.End, v.flow(true))
	return nil
}

// spliceWrap makes "- x: v" of "- x"; a comment behind x stays on its line.
func (p *planner) spliceWrap(n *node, v Value) error {
	if inFlow(n) {
		p.edit(n.body.Start, n.body.End, Value{kind: mapValue, pairs: []Pair{{n.value, v}}}.flow(true))
		return nil
	}
	if p.f.lines.line(n.span.Start) != p.f.lines.line(n.span.End) {
		return p.refuse(n, MultiLineText, "")
	}
	column := n.span.Start - p.f.lineStart(n.span.Start)
	r := p.f.renderer(n.parent, n.span.Start)
	var b strings.Builder
	r.behindColon(&b, column, v)
	text, nested := strings.CutPrefix(b.String(), r.br)
	if !nested {
		p.edit(n.span.End, n.span.End, ":"+text)
		return nil
	}
	if len(p.f.commentsIn(Span{n.span.End, p.f.nextLine(n.span.End)})) == 0 {
		p.edit(n.span.End, n.span.End, ":"+r.br+text)
		return nil
	}
	p.edit(n.span.End, n.span.End, ":")
	at := p.f.nextLine(n.span.End)
	if at == len(p.f.src) && !p.f.endsWithBreak() {
		p.edit(at, at, r.br+text)
	} else {
		p.edit(at, at, text+r.br)
	}
	return nil
}

// spliceText replaces parts of a scalar's decoded text.
func (p *planner) spliceText(n *node) error {
	ops := p.texts[n]
	slices.SortStableFunc(ops, func(a, b Op) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, o := range ops {
		if o.start < at {
			return &ClashError{Node{p.f, n}.Path()}
		}
		b.WriteString(n.value[at:o.start])
		b.WriteString(o.text)
		at = o.end
	}
	b.WriteString(n.value[at:])
	p.goal.text[n] = b.String()
	if n.style == Literal {
		p.goal.text[n] = chomped(b.String(), n.block.chomp)
		return p.spliceLiteral(n, ops)
	}
	return p.spliceFlowText(n, ops)
}

// chomped is what a block scalar's text is read as when blank lines are left at its end.
func chomped(s string, chomp byte) string {
	body := strings.TrimRight(s, "\n")
	switch {
	case chomp == '+' || body == s:
		return s
	case chomp == '-' || body == "":
		return body
	default:
		return body + "\n"
	}
}

// spliceFlowText edits parts of a plain or quoted scalar, or writes it anew when the parts cannot be placed or the
// result could not stand in the old style.
func (p *planner) spliceFlowText(n *node, ops []Op) error {
	text, whole := Node{p.f, n}.Text(), p.goal.text[n]
	if !text.ok && (n.style == Folded || p.f.lines.line(n.span.Start) != p.f.lines.line(n.span.End)) {
		return p.refuse(n, FoldedText, "")
	}
	if !text.ok || n.style == Plain && !plainFits(whole, inFlow(n)) {
		if p.f.lines.line(n.span.Start) != p.f.lines.line(n.span.End) {
			return p.refuse(n, MultiLineText, "")
		}
		p.edit(n.body.Start, n.body.End, restyle(n, whole))
		return nil
	}
	for _, o := range ops {
		span, err := text.Span(o.start, o.end)
		if err != nil {
			return err
		}
		p.edit(span.Start, span.End, escapeFor(n.style, o.text))
	}
	return nil
}

// escapeFor writes text as it stands inside a scalar of that style.
func escapeFor(style Style, text string) string {
	switch style {
	case SingleQuoted:
		return strings.ReplaceAll(text, "'", "''")
	case DoubleQuoted:
		var b strings.Builder
		writeEscaped(&b, text)
		return b.String()
	default:
		return text
	}
}

// spliceLiteral edits the text of a literal block scalar: whole lines where the part is whole lines, so that no blanks
// are left behind, and else between the indentations.
func (p *planner) spliceLiteral(n *node, ops []Op) error {
	text, value := Node{p.f, n}.Text(), n.value
	ended := !strings.HasSuffix(value, "\n") || strings.HasSuffix(p.goal.text[n], "\n")
	if !text.ok || p.goal.text[n] == "" || !ended {
		return p.refuse(n, FoldedText, "")
	}
	indent, br := spaces(n.block.indent), p.f.lineBreak(n.block.text.Start)
	for _, o := range ops {
		span, err := text.Span(o.start, o.end)
		if err != nil {
			return err
		}
		lineStart := func(i int) bool { return i == 0 || i == len(value) || value[i-1] == '\n' }
		whole := o.start < len(value) && lineStart(o.start) && (lineStart(o.end) || o.end == len(value)) && (o.text == "" || strings.HasSuffix(o.text, "\n"))
		if whole {
			span.Start = p.f.lineStart(span.Start)
			if o.end > o.start && (o.end == len(value) || value[o.end-1] == '\n') {
				span.End = p.endOfLines(n, span.End, o.end == len(value))
			} else {
				span.End = span.Start
			}
			p.edit(span.Start, span.End, indentLines(o.text, indent, br, true))
			continue
		}
		new := indentLines(o.text, indent, br, false)
		if here := span.Start - p.f.lineStart(span.Start); here < n.block.indent && new != "" && new[0] != '\n' {
			new = indent[here:] + new // on a blank line, which has no indentation
		}
		p.edit(span.Start, span.End, new)
	}
	return p.keepIndent(n)
}

// keepIndent writes the indentation digit into a block scalar's header when the first line of the new text begins with
// blanks, which would be read as indentation otherwise.
func (p *planner) keepIndent(n *node) error {
	first := strings.TrimLeft(p.goal.text[n], "\n")
	header := p.f.src[n.block.header.Start:n.block.header.End]
	if !strings.HasPrefix(first, " ") || bytes.ContainsAny(header, "123456789") {
		return nil
	}
	outer := 0
	for a := n.parent; a != nil && outer == 0; a = a.parent {
		outer = max(a.column, 0)
	}
	digit := n.block.indent - outer
	if digit < 1 || digit > 9 {
		return p.refuse(n, FoldedText, "")
	}
	p.edit(n.block.header.Start+1, n.block.header.Start+1, strconv.Itoa(digit))
	return nil
}

// endOfLines is the line start that whole lines ending at offset end at.
func (p *planner) endOfLines(n *node, offset int, last bool) int {
	if last {
		return n.block.text.End
	}
	return p.f.lineStart(offset)
}

// indentLines writes lines of text with the indentation of a block scalar. The first line gets one when it begins a line.
func indentLines(text, indent, br string, fromStart bool) string {
	var b strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		body, ended := strings.CutSuffix(line, "\n")
		if body != "" && (i > 0 || fromStart) {
			b.WriteString(indent)
		}
		b.WriteString(body)
		if ended {
			b.WriteString(br)
		}
	}
	return b.String()
}
