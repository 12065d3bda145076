package rewrite

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

type valueKind uint8

const (
	textValue valueKind = iota
	literalValue
	wordValue // a bool, number or null: written as it is
	mapValue
	listValue
)

// Value is new content: what an operation writes, and what Prove expects to find.
type Value struct {
	kind  valueKind
	text  string
	pairs []Pair
	items []Value
}

// Pair is one pair of a new mapping.
type Pair struct {
	Key   string
	Value Value
}

// String is a string, quoted by need.
func String(s string) Value { return Value{kind: textValue, text: s} }

// LiteralText is a string written as a literal block scalar where the place allows one.
func LiteralText(s string) Value { return Value{kind: literalValue, text: s} }

// True is the boolean true.
func True() Value { return Value{kind: wordValue, text: "true"} }

// Map is a mapping.
func Map(pairs ...Pair) Value { return Value{kind: mapValue, pairs: pairs} }

// List is a sequence.
func List(items ...Value) Value { return Value{kind: listValue, items: items} }

// Equal reports whether both values are the same content.
func (v Value) Equal(w Value) bool {
	return v.kind == w.kind && v.text == w.text &&
		slices.EqualFunc(v.items, w.items, Value.Equal) && slices.EqualFunc(v.pairs, w.pairs, Pair.Equal)
}

// Equal reports whether both pairs are the same content.
func (p Pair) Equal(q Pair) bool { return p.Key == q.Key && p.Value.Equal(q.Value) }

// means reports whether a parsed node is this value.
func (v Value) means(n *node) bool {
	switch v.kind {
	case textValue, literalValue:
		return n.kind == Scalar && n.tag == "!!str" && n.value == v.text
	case wordValue:
		return n.kind == Scalar && n.style == Plain && n.tag != "!!str" && n.value == v.text
	case mapValue:
		return n.kind == Mapping && slices.EqualFunc(v.pairs, n.items, func(p Pair, e entry) bool {
			return e.key.value == p.Key && e.key.tag != mergeTag && p.Value.means(e.value)
		})
	default:
		return n.kind == Sequence && slices.EqualFunc(v.items, n.items, func(w Value, e entry) bool { return w.means(e.value) })
	}
}

// renderer writes new content in the style of its surroundings.
type renderer struct {
	br   string // line break
	step int    // columns from a mapping to a mapping in it
	seq  int    // columns from a mapping to the dashes of a sequence in it
	gap  string // the blanks behind a dash
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// pair writes "key: value" whose key stands at column col. Further lines begin with a break and their indentation.
func (r renderer) pair(b *strings.Builder, col int, p Pair) {
	b.WriteString(quoteByNeed(p.Key, false))
	b.WriteByte(':')
	r.behindColon(b, col, p.Value)
}

// behindColon writes the value of a pair whose key stands at column col.
func (r renderer) behindColon(b *strings.Builder, col int, v Value) {
	switch {
	case v.kind == mapValue && len(v.pairs) > 0:
		b.WriteString(r.br + spaces(col+r.step))
		r.value(b, col+r.step, v)
	case v.kind == listValue && len(v.items) > 0:
		b.WriteString(r.br + spaces(col+r.seq))
		r.value(b, col+r.seq, v)
	default:
		b.WriteByte(' ')
		r.value(b, col, v)
	}
}

// value writes a value that begins at the place reached; its entries (or, of a literal, its parent) stand at column col.
func (r renderer) value(b *strings.Builder, col int, v Value) {
	switch {
	case v.kind == mapValue && len(v.pairs) > 0:
		for i, p := range v.pairs {
			if i > 0 {
				b.WriteString(r.br + spaces(col))
			}
			r.pair(b, col, p)
		}
	case v.kind == listValue && len(v.items) > 0:
		for i, w := range v.items {
			if i > 0 {
				b.WriteString(r.br + spaces(col))
			}
			r.item(b, col, w)
		}
	case v.kind == literalValue && literalFits(v.text):
		r.literal(b, col, v.text)
	default:
		b.WriteString(v.flow(false))
	}
}

// item writes "- value" whose dash stands at column col.
func (r renderer) item(b *strings.Builder, col int, v Value) {
	b.WriteString("-" + r.gap)
	r.value(b, col+1+len(r.gap), v)
}

// endsWithBreak reports whether the value, in block style, needs a line break behind it to mean what it means.
func (v Value) endsWithBreak() bool {
	switch {
	case v.kind == mapValue && len(v.pairs) > 0:
		return v.pairs[len(v.pairs)-1].Value.endsWithBreak()
	case v.kind == listValue && len(v.items) > 0:
		return v.items[len(v.items)-1].endsWithBreak()
	default:
		return v.kind == literalValue && literalFits(v.text) && strings.HasSuffix(v.text, "\n")
	}
}

// literalFits reports whether a literal block scalar can hold the text without an indentation digit.
func literalFits(s string) bool {
	return s != "" && s != "\n" && s[0] != ' ' && s[0] != '\n' && s[0] != '\t' && !strings.HasSuffix(s, "\n\n") && printable(s)
}

func (r renderer) literal(b *strings.Builder, col int, s string) {
	b.WriteByte('|')
	body, clip := strings.CutSuffix(s, "\n")
	if !clip {
		b.WriteByte('-')
	}
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteString(r.br)
		if line != "" {
			b.WriteString(spaces(col+r.step) + line)
		}
	}
}

// flow is the value on one line, inFlow when it stands in a flow collection.
func (v Value) flow(inFlow bool) string {
	switch v.kind {
	case wordValue:
		return v.text
	case mapValue:
		parts := make([]string, len(v.pairs))
		for i, p := range v.pairs {
			parts[i] = quoteByNeed(p.Key, true) + ": " + p.Value.flow(true)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case listValue:
		parts := make([]string, len(v.items))
		for i, w := range v.items {
			parts[i] = w.flow(true)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return quoteByNeed(v.text, inFlow)
	}
}

// words11 are the plain words that YAML 1.1 takes for booleans and yaml.v3 does not.
var words11 = map[string]bool{"y": true, "yes": true, "on": true, "n": true, "no": true, "off": true, "=": true, "<<": true}

// quoteByNeed writes a string plain when it is read back as that string, by YAML 1.1 too, and else in double quotes.
func quoteByNeed(s string, inFlow bool) string {
	if plainFits(s, inFlow) {
		return s
	}
	return doubleQuote(s)
}

func plainFits(s string, inFlow bool) bool {
	if s == "" || words11[strings.ToLower(s)] || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\r\t\u0085\u2028\u2029") ||
		strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		return false
	}
	context, depth := "k: "+s, 1
	if inFlow {
		context, depth = "k: ["+s+"]", 2
	}
	var y yaml.Node
	if yaml.Unmarshal([]byte(context), &y) != nil || len(y.Content[0].Content) != 2 {
		return false
	}
	got := y.Content[0].Content[1]
	if depth == 2 {
		if len(got.Content) != 1 {
			return false
		}
		got = got.Content[0]
	}
	return got.Kind == yaml.ScalarNode && got.Tag == "!!str" && got.Style == 0 && got.Value == s &&
		got.LineComment == "" && got.Anchor == ""
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7F || r >= 0x80 && r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xFFFD {
			return false
		}
	}
	return true
}

func doubleQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	writeEscaped(&b, s)
	b.WriteByte('"')
	return b.String()
}

// writeEscaped writes a string as it stands between double quotes.
func writeEscaped(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7F && r < 0xA0:
			b.WriteString(`\x`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		case r == 0x2028 || r == 0x2029 || r == 0xFEFF:
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		default:
			b.WriteRune(r)
		}
	}
}
