package rewrite

import (
	"cmp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Text is the decoded value of a scalar that knows where each part of it stands in the source.
type Text struct {
	node Node
	segs []segment
	ok   bool // the segments decode to the value
}

// segment is a run of the value and the source it comes from. In an exact segment both are the same bytes; another one
// is an escape, a fold or an indentation, and can only be taken whole.
type segment struct {
	value, source Span
	exact         bool
}

// Text maps the node's decoded value to the source. Of a layout that cannot be mapped every part is refused. It is worked
// out once for a node: asking for each of its parts takes no longer than asking for one.
func (n Node) Text() Text {
	if n.Kind() != Scalar {
		return Text{node: n}
	}
	if t, known := n.file.texts.Load(n.n); known {
		return t.(Text)
	}
	t := n.mapText()
	n.file.texts.Store(n.n, t)
	return t
}

func (n Node) mapText() Text {
	t := Text{node: n}
	d := decoder{src: n.file.src, p: n.n.body().Start, end: n.n.body().End}
	switch n.n.style {
	case Literal:
		d.literal(*n.n.block)
	case Folded:
		d.folded(*n.n.block)
	case SingleQuoted:
		d.p, d.end = d.p+1, d.end-1
		d.flow((*decoder).singleQuote)
	case DoubleQuoted:
		d.p, d.end = d.p+1, d.end-1
		d.flow((*decoder).doubleQuote)
	default:
		d.flow(nil)
	}
	t.segs = d.segs
	t.ok = d.out.String() == n.n.value
	return t
}

// String is the decoded value.
func (t Text) String() string { return t.node.Value() }

// Mapped reports whether parts of the value can be placed.
func (t Text) Mapped() bool { return t.ok }

// Span is where the part of the value from start to end stands. At the start of a block scalar's line it begins and
// ends behind the indentation. It is refused when a boundary falls inside an escape or a fold.
func (t Text) Span(start, end int) (Span, error) {
	if !t.ok || start < 0 || end < start || end > len(t.String()) {
		return Span{}, &RefusedError{t.node.Path(), FoldedText, ""}
	}
	from, ok1 := t.place(start, true)
	inside := t.node.n.block != nil && end > 0 && end < len(t.String())
	to, ok2 := t.place(end, end == start || inside)
	if !ok1 || !ok2 {
		return Span{}, &RefusedError{t.node.Path(), FoldedText, ""}
	}
	return Span{from, max(from, to)}, nil
}

// reaching is the first segment that ends at or behind a value offset.
func (t Text) reaching(at int) int {
	return sort.Search(len(t.segs), func(i int) bool { return t.segs[i].value.End >= at })
}

// widen extends a replacement to whole segments where it begins or ends inside an escape or a fold.
func (t Text) widen(o Op) Op {
	if i := t.reaching(o.start); i < len(t.segs) && !t.segs[i].exact && t.segs[i].value.End > o.start {
		v := t.segs[i].value
		o.text = t.String()[v.Start:o.start] + o.text
		o.start = v.Start
	}
	if i := t.reaching(o.end); i < len(t.segs) && !t.segs[i].exact && t.segs[i].value.Start < o.end {
		v := t.segs[i].value
		o.text += t.String()[o.end:v.End]
		o.end = v.End
	}
	return o
}

// place is the source offset of a value offset: behind what has no text (indentation) when forward, else before it.
func (t Text) place(at int, forward bool) (int, bool) {
	if len(t.segs) == 0 {
		return t.node.n.body().End, at == 0
	}
	best, ok := 0, false
	for i := t.reaching(at); i < len(t.segs) && t.segs[i].value.Start <= at && (forward || !ok); i++ {
		s := t.segs[i]
		switch {
		case at == s.value.Start && (forward || !ok):
			best, ok = s.source.Start, true
			if forward && s.value.Len() == 0 {
				best = s.source.End
			}
		case at == s.value.End:
			best, ok = s.source.End, true
		case at < s.value.End && s.exact:
			best, ok = s.source.Start+at-s.value.Start, true
		}
	}
	return best, ok
}

// decoder builds the segments of a scalar.
type decoder struct {
	src    []byte
	p, end int
	solid  int // blanks up to here have no line break behind them
	out    strings.Builder
	segs   []segment
}

// add records that the source from p to next means text, and moves on.
func (d *decoder) add(next int, text string, exact bool) {
	v := Span{d.out.Len(), d.out.Len() + len(text)}
	s := Span{d.p, next}
	d.out.WriteString(text)
	d.p = next
	if last := len(d.segs) - 1; exact && last >= 0 && d.segs[last].exact && d.segs[last].source.End == s.Start {
		d.segs[last].value.End, d.segs[last].source.End = v.End, s.End
		return
	}
	d.segs = append(d.segs, segment{v, s, exact})
}

// literal reads the lines of a literal block scalar.
func (d *decoder) literal(b blockInfo) {
	d.p = b.text.Start
	end := b.text.End
	if b.chomp == '+' {
		end = b.tail
	}
	for d.p < end {
		spaces := min(countSpaces(d.src[d.p:end]), b.indent)
		d.add(d.p+spaces, "", false)
		eol := d.p
		for eol < end && breakLen(d.src, eol) == 0 {
			eol++
		}
		d.add(eol, string(d.src[d.p:eol]), true)
		if eol == end {
			break
		}
		n := breakLen(d.src, eol)
		if b.chomp == '-' && eol+n >= b.text.End {
			break
		}
		d.add(eol+n, normalBreak(d.src[eol:eol+n]), n == 1 && d.src[eol] == '\n')
	}
}

// folded reads the lines of a folded block scalar. Between two lines of text a break means a blank, and each blank line
// a break; beside a line that begins with a blank all breaks stay.
func (d *decoder) folded(b blockInfo) {
	d.p = b.text.Start
	next, breaks := d.blankLines(b)
	for keep := true; next < b.text.End; {
		text := next + b.indent
		more := isBlank(d.src[text])
		if rest, folds := strings.CutPrefix(breaks, "\n"); folds && !keep && !more {
			breaks = rest
			if rest == "" {
				breaks = " "
			}
		}
		d.add(next, breaks, false)
		d.add(text, "", false)
		eol := text
		for eol < b.text.End && breakLen(d.src, eol) == 0 {
			eol++
		}
		d.add(eol, string(d.src[text:eol]), true)
		keep = more
		next, breaks = d.blankLines(b)
	}
	if b.chomp == '-' {
		return
	}
	if b.chomp == '+' {
		b.text.End = b.tail
		next, breaks = d.blankLines(b)
	}
	d.add(next, breaks, false)
}

// blankLines is the start of the next line with text, or the end of the text, and the breaks before it.
func (d *decoder) blankLines(b blockInfo) (next int, breaks string) {
	var seen strings.Builder
	for next = d.p; next < b.text.End; {
		end := next + min(countSpaces(d.src[next:b.text.End]), b.indent)
		if end == b.text.End {
			next = end // blanks at the end of the source
			break
		}
		n := breakLen(d.src, end)
		if n == 0 {
			break
		}
		seen.WriteString(normalBreak(d.src[end : end+n]))
		next = end + n
	}
	return next, seen.String()
}

// normalBreak is what yaml.v3 makes of a line break: LS and PS stay, the others become LF.
func normalBreak(b []byte) string {
	if len(b) == 3 {
		return string(b)
	}
	return "\n"
}

// flow reads a plain or quoted scalar. special handles one character of a quoted style, or declines.
func (d *decoder) flow(special func(*decoder) bool) {
	for d.p < d.end {
		switch {
		case special != nil && special(d):
		case d.atFold():
			d.fold()
		default:
			_, n := utf8.DecodeRune(d.src[d.p:d.end])
			d.add(d.p+n, string(d.src[d.p:d.p+n]), true)
		}
	}
}

// atFold reports whether blanks up to a line break begin here.
func (d *decoder) atFold() bool {
	if d.p < d.solid {
		return false
	}
	i := d.p
	for ; i < d.end; i++ {
		if breakLen(d.src, i) > 0 {
			return true
		}
		if d.src[i] != ' ' && d.src[i] != '\t' {
			break
		}
	}
	d.solid = i
	return false
}

// fold reads blanks and line breaks: one break means a blank, more mean one break less.
func (d *decoder) fold() {
	p := d.p
	var breaks strings.Builder
	for n := whiteLen(d.src[:d.end], p); n > 0; n = whiteLen(d.src[:d.end], p) {
		if k := breakLen(d.src, p); k > 0 {
			breaks.WriteString(normalBreak(d.src[p : p+k]))
		}
		p += n
	}
	text := breaks.String()
	if rest, folds := strings.CutPrefix(text, "\n"); folds { // LS and PS stay
		text = cmp.Or(rest, " ")
	}
	d.add(p, text, false)
}

func (d *decoder) singleQuote() bool {
	if d.src[d.p] != '\'' {
		return false
	}
	d.add(min(d.p+2, d.end), "'", false)
	return true
}

// doubleQuote reads an escape.
func (d *decoder) doubleQuote() bool {
	if d.src[d.p] != '\\' || d.p+1 >= d.end {
		return false
	}
	c := d.src[d.p+1]
	if breakLen(d.src, d.p+1) > 0 {
		p := d.p + 1 + breakLen(d.src, d.p+1)
		for p < d.end && (d.src[p] == ' ' || d.src[p] == '\t') {
			p++
		}
		d.add(p, "", false)
		return true
	}
	if n := hexDigits[c]; n > 0 {
		d.add(min(d.p+2+n, d.end), string(hexRune(d.src[d.p+2:min(d.p+2+n, d.end)])), false)
		return true
	}
	text, ok := escapes[c]
	if !ok {
		return false
	}
	d.add(d.p+2, text, false)
	return true
}

// hexDigits is how many digits follow each escape that gives a code point.
var hexDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

func hexRune(hex []byte) rune {
	r := rune(0)
	for _, c := range hex {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		}
	}
	return r
}

// escapes are the escapes of one character in double quotes.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '\'': "'", '/': "/", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}
