package rewrite

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// spliceText replaces parts of a scalar's decoded text. The parts are written where they stand when the scalar, read
// again, gives the text that is meant; a flow scalar on one line is written anew otherwise.
func (p *planner) spliceText(n *node, g *nodeGoal) error {
	if !g.join(n) {
		return p.clash(n)
	}
	switch {
	case !utf8.ValidString(g.text):
		return p.refuse(n, NotEditable, "a character would be cut")
	case g.text == n.value:
		return nil
	case strings.Trim(g.text, "\n") == "":
		return p.refuse(n, EmptyText, "")
	case n.body().Len() == 0: // behind a tag
		return p.spliceReplace(n, String(g.text))
	}
	if edits, ok := p.textEdits(n, g); ok && n.gap() == "" && p.reads(n, edits, g.text) {
		for _, e := range edits {
			order := inline
			if e.Span.Start == n.body().Start {
				order = begins(n)
			}
			p.editAt(order, e.Span.Start, e.Span.End, e.New)
		}
		return nil
	}
	switch {
	case n.block != nil:
		return p.refuse(n, FoldedText, "")
	case !p.f.sameLine(n.body().Start, n.body().End):
		return p.refuse(n, MultiLineText, "")
	default:
		p.edit(n.body().Start, n.body().End, n.gap()+restyle(n, g.text)+p.f.beforeComment(n.body().End))
		return nil
	}
}

// join makes the text of the parts, and reports whether none of them overlap.
func (g *nodeGoal) join(n *node) bool {
	slices.SortStableFunc(g.parts, func(a, b Op) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var b strings.Builder
	at := 0
	for _, o := range g.parts {
		if o.start < at {
			return false
		}
		b.WriteString(n.value[at:o.start])
		b.WriteString(o.text)
		at = o.end
	}
	b.WriteString(n.value[at:])
	g.text = b.String()
	if n.block != nil {
		g.text = chomped(g.text, n.block.chomp)
	}
	return true
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

// textEdits places the parts in the source, if that is possible.
func (p *planner) textEdits(n *node, g *nodeGoal) (edits []Edit, ok bool) {
	text := Node{p.f, n}.Text()
	if !text.ok || n.style == Plain && likeMarker(g.text) {
		return nil, false
	}
	parts := g.parts
	if n.style == Folded {
		parts = foldedParts(n.value, parts)
	}
	for _, o := range parts {
		if o.text == n.value[o.start:o.end] {
			continue
		}
		o = text.widen(o)
		span, err := text.Span(o.start, o.end)
		if err != nil {
			return nil, false
		}
		switch {
		case n.block == nil:
			edits = append(edits, Edit{span, escapeFor(n.style, o.text)})
		case n.style == Literal && o.isLines(n.value):
			edits = append(edits, p.lineEdit(n, o, span))
		default:
			edits = append(edits, p.partEdit(n, o, span))
		}
	}
	return append(edits, p.keepIndent(n, g)...), true
}

// foldedParts are the parts of a folded scalar's text as they can be placed: those that touch are one, and a removal up to
// the end takes the break before it, which is a blank line of the source, and leaves the one behind.
func foldedParts(value string, parts []Op) []Op {
	var out []Op
	for _, o := range parts {
		if last := len(out) - 1; last >= 0 && out[last].end == o.start {
			out[last].end, out[last].text = o.end, out[last].text+o.text
			continue
		}
		out = append(out, o)
	}
	last := &out[len(out)-1]
	if last.text == "" && last.end == len(value) && last.start > 0 && value[last.start-1] == '\n' {
		last.start--
		last.end -= len(value) - len(strings.TrimSuffix(value, "\n"))
	}
	return out
}

// isLines reports whether the operation replaces whole lines of the text by whole lines or nothing.
func (o Op) isLines(value string) bool {
	lineStart := func(i int) bool { return i == 0 || i == len(value) || value[i-1] == '\n' }
	return o.start < len(value) && lineStart(o.start) && lineStart(o.end) && (o.text == "" || strings.HasSuffix(o.text, "\n"))
}

// lineEdit replaces whole lines of a literal, with their indentation, so that no blanks are left behind.
func (p *planner) lineEdit(n *node, o Op, span Span) Edit {
	start := p.f.lineStart(span.Start)
	end := start
	switch {
	case o.end == o.start:
	case o.end == len(n.value):
		end = n.block.text.End
	default:
		end = p.f.lineStart(span.End)
	}
	return Edit{Span{start, end}, indentLines(o.text, spaces(n.block.indent), p.f.lineBreak(n.block.text.Start), true)}
}

// partEdit replaces a part of a block scalar's text between the indentations. A line break in the text of a folded
// scalar is a blank line.
func (p *planner) partEdit(n *node, o Op, span Span) Edit {
	indent, br := spaces(n.block.indent), p.f.lineBreak(n.block.text.Start)
	if n.style == Folded {
		br += br
	}
	text := indentLines(o.text, indent, br, false)
	if here := span.Start - p.f.lineStart(span.Start); here < n.block.indent && text != "" && text[0] != '\n' && text[0] != '\r' {
		text = indent[here:] + text // on a blank line, which has no indentation
	}
	return Edit{span, text}
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

// keepIndent writes the indentation digit into a block scalar's header when the first line of the new text begins with
// blanks, which would be read as indentation otherwise.
func (p *planner) keepIndent(n *node, g *nodeGoal) []Edit {
	if n.block == nil || !strings.HasPrefix(strings.TrimLeft(g.text, "\n"), " ") {
		return nil
	}
	header := n.block.header
	if digit := n.block.indent - max(n.outerColumn(), 0); !bytes.ContainsAny(p.f.src[header.Start:header.End], "123456789") && digit >= 1 && digit <= 9 {
		return []Edit{{Span{header.Start + 1, header.Start + 1}, strconv.Itoa(digit)}}
	}
	return nil
}

// outerColumn is the column of the block collection that the node is in, -1 for none.
func (n *node) outerColumn() int {
	if n.parent == nil {
		return -1
	}
	return n.parent.column
}

// reads reports whether the scalar, with these edits and in its place, is read as the text. Below a block scalar the
// blank and comment lines that could become a part of it are in the place.
func (p *planner) reads(n *node, edits []Edit, want string) bool {
	place := n.body()
	if n.block != nil {
		for p.f.isBlankLine(place.End) || p.f.commentColumn(place.End) >= 0 {
			place.End = p.f.nextLine(place.End)
		}
	}
	moved := make([]Edit, len(edits))
	for i, e := range edits {
		moved[i] = Edit{Span{e.Span.Start - place.Start, e.Span.End - place.Start}, e.New}
	}
	body, err := Apply(p.f.src[place.Start:place.End], moved)
	if err != nil {
		return false
	}
	docs, err := decode(p.context(n, body, p.f.openEnd(place.End)))
	if err != nil || len(docs) != 1 {
		return false
	}
	y := docs[0].Content[0]
	if len(y.Content) > 0 {
		y = y.Content[min(len(y.Content)-1, 1)]
	}
	return y.Kind == yaml.ScalarNode && styleOf(y) == n.style && y.Tag == "!!str" && y.Value == want
}

// context is a small source in which a scalar has the place that it has in the file: in a flow sequence, at the root,
// or as the value of a mapping's first pair. Behind a block scalar's last line break something follows.
func (p *planner) context(n *node, scalar []byte, last bool) []byte {
	before, after := "--- ", "...\n"
	switch {
	case inFlow(n):
		before, after = "[", " ]"
	case n.parent != nil:
		before, after = spaces(n.parent.column)+"k: ", spaces(n.parent.column)+"z: 0\n"
	}
	if !inFlow(n) && (last || n.block == nil) {
		after = ""
	}
	return slices.Concat([]byte(before), scalar, []byte(after))
}
