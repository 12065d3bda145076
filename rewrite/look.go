package rewrite

import (
	"cmp"
	"strings"
	"sync"
)

// renderer writes new content in the style of its surroundings, with LF between lines: see put.
type renderer struct {
	step   int    // columns from a mapping to a mapping in it
	seq    int    // columns from a mapping to the dashes of a sequence in it
	gap    string // the blanks behind a dash
	key    Style  // of keys
	quote  Style  // of a string that needs quotes
	quoted bool   // the strings around have quotes that they do not need
	json   bool   // keys and strings around are as JSON has them, and so is all that is new
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// look is the style of the collection n and what is around it.
func (p *planner) look(n *node) renderer {
	r, ok := p.looks[n]
	if !ok {
		r = p.f.survey(n)
		p.looks[n] = r
	}
	return r
}

// survey looks for each element of style at the nearest place that shows it: in n, in what is around it, in the
// document.
func (f *File) survey(n *node) renderer {
	r := renderer{gap: " ", quote: DoubleQuoted}
	if n == nil {
		r.step, r.seq = 2, 2
		return r
	}
	root := n
	for a := n; a != nil && r.step == 0; root, a = a, a.parent {
		r.step = f.stepIn(a)
	}
	for root.parent != nil {
		root = root.parent
	}
	document := f.documentLook(root)
	r.step = cmp.Or(r.step, document.step, 2)
	r.seq = r.step
	if document.sequence {
		r.seq = document.dash
	}
	for i := range n.items {
		if v := n.items[i].value; n.kind == Sequence && n.style == Block && v.span().Len() > 0 && f.sameLine(v.span().Start, n.items[i].span.Start) {
			r.gap = string(f.src[n.items[i].span.Start+1 : v.span().Start])
			break
		}
	}
	r.key = keyStyle(n)
	quote, always, plain := quotes(n)
	r.json = n.style == Flow && r.key == DoubleQuoted && quote == DoubleQuoted && !plain
	r.quote, r.quoted = quote, always || r.json
	return r
}

// inside is the style of what is deeper, of which the neighbours tell nothing but whether it is JSON.
func (r renderer) inside() renderer {
	r.quoted = r.json
	return r
}

// nestedStep is the number of columns from a mapping to a block mapping in it, as the entries of n have it.
func nestedStep(n *node) int {
	for i := range n.items {
		v := n.items[i].value
		if n.kind == Mapping && n.style == Block && v.kind == Mapping && v.style == Block {
			return v.column - n.column
		}
		if n.kind == Sequence && v.kind == Mapping && v.style == Block {
			if s := nestedStep(v); s > 0 {
				return s
			}
		}
	}
	return 0
}

// manyEntries is the number of entries from which on what is found out about a collection is remembered.
const manyEntries = 64

// remember is the answer to a question about a collection, which is asked once where the search for it may be long.
func remember[T any](known *sync.Map, n *node, ask func(*node) T) T {
	if len(n.items) < manyEntries {
		return ask(n)
	}
	answer, ok := known.Load(n)
	if !ok {
		answer = ask(n)
		known.Store(n, answer)
	}
	return answer.(T)
}

func (f *File) stepIn(n *node) int { return remember(&f.steps, n, nestedStep) }

// first is the first answer that is not 0, going through the tree.
func first(n *node, ask func(*node) int) int {
	if s := ask(n); s > 0 {
		return s
	}
	for i := range n.items {
		if s := first(n.items[i].value, ask); s > 0 {
			return s
		}
	}
	return 0
}

// documentLook is what a document shows of the style of block collections.
type documentLook struct {
	step     int  // by how much collections are indented, 0 where none is
	sequence bool // a block sequence is the value of a key
	dash     int  // by how much the dashes of the first are indented, from the key
}

// documentLook is that of a root. A document that shows nothing is searched to its end, so this is done once.
func (f *File) documentLook(root *node) documentLook {
	if known, ok := f.looks.Load(root); ok {
		return known.(documentLook)
	}
	look := documentLook{step: first(root, nestedStep)}
	if s := firstSequence(root); s != nil {
		look.sequence, look.dash = true, s.column-s.parent.column
	}
	f.looks.Store(root, look)
	return look
}

// firstSequence is the first block sequence that is the value of a pair of a block mapping.
func firstSequence(n *node) *node {
	for i := range n.items {
		v := n.items[i].value
		if n.kind == Mapping && n.style == Block && v.kind == Sequence && v.style == Block {
			return v
		}
		if s := firstSequence(v); s != nil {
			return s
		}
	}
	return nil
}

// quotes is the style of the strings beside a new one: which quotes they have, whether all have them without need, and
// whether there are plain ones.
func quotes(n *node) (style Style, always, plain bool) {
	const enough = 16 // entries tell
	style = DoubleQuoted
	for i := range min(len(n.items), enough) {
		switch v := n.items[i].value; {
		case v.kind != Scalar || v.tag != "!!str":
		case v.style == Plain:
			return style, false, true
		case v.style == SingleQuoted || v.style == DoubleQuoted:
			always = always || plainFits(v.value, n.style == Flow)
			style = v.style
		}
	}
	return style, always, false
}

// keyStyle is the style that all keys of the mapping at or around n have, Plain when they differ.
func keyStyle(n *node) Style {
	for n.kind == Sequence && n.parent != nil {
		n = n.parent
	}
	style := Plain
	for i := range n.items {
		k := n.items[i].key
		if k == nil || i > 0 && k.style != style {
			return Plain
		}
		style = k.style
	}
	if style != SingleQuoted && style != DoubleQuoted {
		return Plain
	}
	return style
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

// pair writes "key: value" whose key stands at column col.
func (r renderer) pair(b *strings.Builder, col int, p Pair) {
	b.WriteString(r.keyText(p, false))
	b.WriteByte(':')
	r.behindColon(b, col, p.Value)
}

// behindColon writes the value of a pair whose key stands at column col.
func (r renderer) behindColon(b *strings.Builder, col int, v Value) {
	switch {
	case v.kind == mapValue && len(v.pairs) > 0:
		b.WriteString("\n" + spaces(col+r.step))
		r.value(b, col+r.step, v)
	case v.kind == listValue && len(v.items) > 0:
		b.WriteString("\n" + spaces(col+r.seq))
		r.value(b, col+r.seq, v)
	default:
		b.WriteByte(' ')
		r.value(b, col, v)
	}
}

// value writes a value that begins at the place reached; its entries (or, of a literal, its parent) stand at column col.
func (r renderer) value(b *strings.Builder, col int, v Value) {
	inside := r.inside()
	switch {
	case v.kind == mapValue && len(v.pairs) > 0:
		for i, p := range v.pairs {
			if i > 0 {
				b.WriteString("\n" + spaces(col))
			}
			inside.pair(b, col, p)
		}
	case v.kind == listValue && len(v.items) > 0:
		for i, w := range v.items {
			if i > 0 {
				b.WriteString("\n" + spaces(col))
			}
			inside.item(b, col, w)
		}
	case v.kind == literalValue && literalFits(v.text):
		r.literal(b, col, v.text)
	default:
		b.WriteString(r.flow(v, false))
	}
}

// item writes "- value" whose dash stands at column col.
func (r renderer) item(b *strings.Builder, col int, v Value) {
	b.WriteString("-" + r.gap)
	r.value(b, col+1+len(r.gap), v)
}

func (r renderer) literal(b *strings.Builder, col int, s string) {
	b.WriteByte('|')
	body, clip := strings.CutSuffix(s, "\n")
	if !clip {
		b.WriteByte('-')
	}
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(spaces(col+r.step) + line)
		}
	}
}

// flow is the value on one line, inFlow when it stands in a flow collection.
func (r renderer) flow(v Value, inFlow bool) string {
	inside := r.inside()
	switch v.kind {
	case wordValue:
		return v.text
	case aliasValue:
		return "*" + v.text
	case mapValue:
		parts := make([]string, len(v.pairs))
		for i, p := range v.pairs {
			parts[i] = inside.flowPair(p)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case listValue:
		parts := make([]string, len(v.items))
		for i, w := range v.items {
			parts[i] = inside.flow(w, true)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return r.scalar(v.text, inFlow)
	}
}

func (r renderer) flowPair(p Pair) string { return r.keyText(p, true) + ": " + r.flow(p.Value, true) }

// keyText writes a key in the style of its neighbours, or with the quotes that it needs.
func (r renderer) keyText(p Pair, inFlow bool) string {
	switch {
	case p.Value.kind == aliasValue:
		return p.Key // a merge, which quotes would make a name
	case r.key == SingleQuoted && singleFits(p.Key):
		return singleQuote(p.Key)
	case r.key != Plain:
		return doubleQuote(p.Key)
	default:
		return quoteByNeed(p.Key, inFlow)
	}
}

// scalar writes a string plain when it is read back as that string and its neighbours are plain, or else in quotes.
func (r renderer) scalar(s string, inFlow bool) string {
	switch {
	case !r.quoted && plainFits(s, inFlow):
		return s
	case r.quote == SingleQuoted && singleFits(s):
		return singleQuote(s)
	default:
		return doubleQuote(s)
	}
}
