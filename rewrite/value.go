package rewrite

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type valueKind uint8

const (
	textValue valueKind = iota
	literalValue
	wordValue // a bool, number or null: written as it is
	mapValue
	listValue
	aliasValue // of a merge key only
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
func True() Value { return Bool(true) }

// Bool is a boolean.
func Bool(b bool) Value { return Value{kind: wordValue, text: strconv.FormatBool(b)} }

// Int is a whole number.
func Int(i int) Value { return Value{kind: wordValue, text: strconv.Itoa(i)} }

// Null is a null, written as a word.
func Null() Value { return Value{kind: wordValue, text: "null"} }

// Map is a mapping.
func Map(pairs ...Pair) Value { return Value{kind: mapValue, pairs: pairs} }

// List is a sequence.
func List(items ...Value) Value { return Value{kind: listValue, items: items} }

// Equal reports whether both values are the same content.
func (v Value) Equal(w Value) bool { return bytes.Equal(v.fingerprint(nil), w.fingerprint(nil)) }

// Equal reports whether both pairs are the same content.
func (p Pair) Equal(q Pair) bool { return p.Key == q.Key && p.Value.Equal(q.Value) }

// fingerprint appends a text that is the same for equal values only.
func (v Value) fingerprint(b []byte) []byte {
	b = append(b, '0'+byte(v.kind))
	b = strconv.AppendQuote(b, v.text)
	for _, p := range v.pairs {
		b = p.fingerprint(b)
	}
	for _, w := range v.items {
		b = w.fingerprint(b)
	}
	return append(b, '.')
}

func (p Pair) fingerprint(b []byte) []byte { return p.Value.fingerprint(strconv.AppendQuote(b, p.Key)) }

// means reports whether a parsed node is this value.
func (v Value) means(n *node) bool {
	switch v.kind {
	case textValue, literalValue:
		return n.kind == Scalar && n.tag == v.tag() && n.value == v.text
	case wordValue:
		return n.kind == Scalar && n.style == Plain && n.tag != "!!str" && n.value == v.text
	case aliasValue:
		return n.kind == Alias && n.value == v.text
	case mapValue:
		return n.kind == Mapping && n.tag == v.tag() && slices.EqualFunc(v.pairs, n.items, Pair.means)
	default:
		return n.kind == Sequence && n.tag == v.tag() && slices.EqualFunc(v.items, n.items, func(w Value, e entry) bool { return w.means(e.value) })
	}
}

// means reports whether a parsed entry is this pair or item.
func (p Pair) means(e entry) bool {
	if e.key == nil {
		return p.Key == "" && p.Value.means(e.value)
	}
	return e.key.value == p.Key && (e.key.tag == mergeTag) == (p.Value.kind == aliasValue) && p.Value.means(e.value)
}

// tag is the tag that the value has without being written, "" for a word, which has one of several.
func (v Value) tag() string {
	switch v.kind {
	case textValue, literalValue:
		return "!!str"
	case mapValue:
		return "!!map"
	case listValue:
		return "!!seq"
	default:
		return ""
	}
}

// names collects the keys of the mapping or, where a list may be, of the mappings in it.
func (v Value) names(out map[string]bool, list bool) {
	for _, q := range v.pairs {
		out[q.Key] = true
	}
	for _, w := range v.items {
		if list {
			w.names(out, false)
		}
	}
}

// hasLines reports whether a part of the value is a text of several lines.
func (v Value) hasLines() bool {
	return v.kind == literalValue && literalFits(v.text) || slices.ContainsFunc(v.items, Value.hasLines) ||
		slices.ContainsFunc(v.pairs, func(q Pair) bool { return q.Value.hasLines() })
}

// merges reports whether a merge key can have the value.
func (v Value) merges() bool {
	isMap := func(w Value) bool { return w.kind == mapValue }
	return isMap(v) || v.kind == listValue && !slices.ContainsFunc(v.items, func(w Value) bool { return !isMap(w) })
}

// maxKey is the longest key that is written: yaml.v3 reads none of more than 1024 bytes without '?', and quotes and
// escapes make a text longer.
const maxKey = 250

// valid reports whether the value can be written at all.
func (v Value) valid() bool {
	return utf8.ValidString(v.text) && !slices.ContainsFunc(v.items, func(w Value) bool { return !w.valid() }) &&
		!slices.ContainsFunc(v.pairs, func(p Pair) bool { return p.Key == "" || !p.valid() })
}

func (p Pair) valid() bool { return len(p.Key) <= maxKey && utf8.ValidString(p.Key) && p.Value.valid() }

// last is the value that the value ends with in block style.
func (v Value) last() Value {
	for {
		switch {
		case v.kind == mapValue && len(v.pairs) > 0:
			v = v.pairs[len(v.pairs)-1].Value
		case v.kind == listValue && len(v.items) > 0:
			v = v.items[len(v.items)-1]
		default:
			return v
		}
	}
}

// endsLiteral reports whether the value, in block style, ends with a literal scalar, whose text could go on behind it.
func (v Value) endsLiteral() bool {
	v = v.last()
	return v.kind == literalValue && literalFits(v.text)
}

// endsWithBreak reports whether the value, in block style, needs a line break behind it to mean what it means.
func (v Value) endsWithBreak() bool { return v.endsLiteral() && strings.HasSuffix(v.last().text, "\n") }

// nests reports whether the value has lines of its own in block style.
func (v Value) nests() bool { return len(v.pairs)+len(v.items) > 0 }
