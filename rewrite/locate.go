package rewrite

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// The locator walks yaml.v3's tree in document order with a cursor over the bytes. The tree has decided already what
// each thing is, so the cursor only finds where it stands: it skips trivia (blanks, breaks, comments), checks itself
// against the line and column that yaml.v3 reports, and finds the end by the node's style. A disagreement is an error,
// and a file with such an error is left alone.
type locator struct {
	f        *File
	src      []byte
	p        int // the cursor
	line     int // the line that lineStart gave last
	anchors  map[*yaml.Node]*node
	merging  []*node // the mappings that have merge keys
	nodes    []node  // room for the next nodes
	entries  []entry // room for the next entries
	seekLine int     // the last position asked for, so that a long line is walked once
	seekCol  int
	seekOff  int
}

func locate(f *File, docs []*yaml.Node) (err error) {
	l := &locator{f: f, src: f.src, p: f.lines.starts[0], anchors: map[*yaml.Node]*node{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *ParseError: // thrown by fail
			err = r
		default:
			panic(r)
		}
	}()
	for _, doc := range docs {
		l.documentStart()
		root := l.node(doc.Content[0], nil, -1, false)
		root.index = len(f.roots)
		f.roots = append(f.roots, root)
		l.trivia()
	}
	l.documentStart()
	if l.p != len(l.src) {
		l.fail("text behind the last document")
	}
	return f.checkMerges(l.merging)
}

// fail leaves the walk. The file parses, but its layout is one that the locator does not know.
func (l *locator) fail(format string, args ...any) {
	at := l.f.lines.position(l.p)
	panic(&ParseError{at.Line, at.Column, "the place of a node was not found: " + fmt.Sprintf(format, args...)})
}

// documentStart skips trivia, directives and the markers "..." and "---".
func (l *locator) documentStart() {
	for {
		l.trivia()
		switch {
		case l.atLineStart() && l.peek() == '%':
			l.skipLine()
		case l.marker("..."):
			l.p += 3
		case l.marker("---"):
			l.p += 3
			return
		default:
			return
		}
	}
}

func (l *locator) marker(m string) bool {
	return l.atLineStart() && bytes.HasPrefix(l.src[l.p:], []byte(m)) && l.blankAt(l.p+3)
}

func (l *locator) atLineStart() bool {
	return l.p == l.lineStart()
}

// lineStart is where the cursor's line begins. It looks from the line it found last, which is the same or near.
func (l *locator) lineStart() int {
	starts := l.f.lines.starts
	for l.line+1 < len(starts) && starts[l.line+1] <= l.p {
		l.line++
	}
	for l.line > 0 && starts[l.line] > l.p {
		l.line--
	}
	return starts[l.line]
}

func (l *locator) peek() byte {
	if l.p < len(l.src) {
		return l.src[l.p]
	}
	return 0
}

// blankAt reports whether a blank, a line break or the end of the source is at offset i.
func (l *locator) blankAt(i int) bool {
	return i >= len(l.src) || l.src[i] == ' ' || l.src[i] == '\t' || breakLen(l.src, i) > 0
}

func (l *locator) skipLine() {
	for l.p < len(l.src) && breakLen(l.src, l.p) == 0 {
		l.p++
	}
}

// trivia skips what may stand between two tokens. There, '#' always starts a comment.
func (l *locator) trivia() {
	for l.p < len(l.src) {
		switch c := l.src[l.p]; {
		case c == ' ' || c == '\t' || c == '\n':
			l.p++
		case c == '#':
			start := l.p
			l.skipLine()
			l.f.comments = append(l.f.comments, Span{start, l.p})
		default:
			n := breakLen(l.src, l.p)
			if n == 0 {
				return
			}
			l.p += n
		}
	}
}

// seek converts a position of yaml.v3, which counts code points, going on from the last one asked for.
func (l *locator) seek(line, col int) int {
	if line < 1 || line > len(l.f.lines.starts) {
		return -1
	}
	if line != l.seekLine || col < l.seekCol {
		l.seekLine, l.seekCol, l.seekOff = line, 1, l.f.lines.starts[line-1]
	}
	for l.seekCol < col && l.seekOff < len(l.src) {
		l.seekOff++
		for l.seekOff < len(l.src) && l.src[l.seekOff]&0xC0 == 0x80 {
			l.seekOff++
		}
		l.seekCol++
	}
	return l.seekOff
}

// newNode takes a node from the room for them: one allocation serves many.
func (l *locator) newNode() *node {
	if len(l.nodes) == cap(l.nodes) {
		l.nodes = make([]node, 0, l.room())
	}
	l.nodes = l.nodes[:len(l.nodes)+1]
	return &l.nodes[len(l.nodes)-1]
}

// newEntries is an empty list with room for n entries.
func (l *locator) newEntries(n int) []entry {
	if cap(l.entries)-len(l.entries) < n {
		l.entries = make([]entry, 0, max(n, l.room()))
	}
	at := len(l.entries)
	l.entries = l.entries[:at+n]
	return l.entries[at : at : at+n]
}

// room is how many nodes are made at once: a third of those that a source of this size has, as a rule, and at most so
// many that little is left over.
func (l *locator) room() int { return min(max(16, len(l.src)/64), 512) }

// node places y and all below it. indent is the column of the block collection around it, -1 for none.
func (l *locator) node(y *yaml.Node, parent *node, indent int, flow bool) *node {
	n := l.newNode()
	n.parent, n.tag, n.value = parent, y.Tag, y.Value
	n.kind, n.style = kindOf(y), styleOf(y)
	if isEmptyPlain(y) && y.Anchor == "" && y.Style&yaml.TaggedStyle == 0 {
		l.nonSpecificTag(n, indent, flow)
		return n
	}
	l.trivia()
	start := l.p
	if at := l.seek(y.Line, y.Column); at != l.p {
		l.fail("expected it %d bytes further on", at-l.p)
	}
	l.properties(n, y)
	if isEmptyPlain(y) {
		n.place = placeAt(start, l.p, l.p)
		return n
	}
	l.trivia()
	n.place = placeAt(start, l.p, l.p)
	l.content(n, y, indent, flow)
	return n
}

// nonSpecificTag places a null without text. A lone '!' in its place leaves no trace in yaml.v3's node; one on a later line
// that stands no deeper than the block collection around belongs to the next key.
func (l *locator) nonSpecificTag(n *node, indent int, flow bool) {
	end := l.p
	l.trivia()
	if l.peek() == '!' && l.blankAt(l.p+1) && (flow || l.lineStart() <= end || l.p-l.lineStart() > indent) {
		n.place = placeAt(l.p, l.p+1, l.p+1)
		n.props = &properties{tag: n.span(), end: l.p + 1}
		l.p++
		return
	}
	l.unskip(end)
	n.place = placeAt(end, end, end)
}

func kindOf(y *yaml.Node) Kind {
	switch y.Kind {
	case yaml.MappingNode:
		return Mapping
	case yaml.SequenceNode:
		return Sequence
	case yaml.AliasNode:
		return Alias
	default:
		return Scalar
	}
}

func styleOf(y *yaml.Node) Style {
	switch {
	case y.Kind == yaml.MappingNode || y.Kind == yaml.SequenceNode:
		if y.Style&yaml.FlowStyle != 0 {
			return Flow
		}
		return Block
	case y.Style&yaml.DoubleQuotedStyle != 0:
		return DoubleQuoted
	case y.Style&yaml.SingleQuotedStyle != 0:
		return SingleQuoted
	case y.Style&yaml.LiteralStyle != 0:
		return Literal
	case y.Style&yaml.FoldedStyle != 0:
		return Folded
	default:
		return Plain
	}
}

func isEmptyPlain(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.Value == "" && styleOf(y) == Plain
}

// properties skips at most one anchor and one tag. In "&a k: v" the anchor is the key's: map and key are reported at
// the same position then. A block mapping's own properties end before its first key's.
func (l *locator) properties(n *node, y *yaml.Node) {
	if c := l.peek(); c != '&' && c != '!' {
		return
	}
	limit := len(l.src)
	if y.Kind == yaml.MappingNode && len(y.Content) > 0 && y.Style&yaml.FlowStyle == 0 {
		first := y.Content[0]
		if first.Line == y.Line && first.Column == y.Column {
			return
		}
		if !isEmptyPlain(first) {
			if at := l.seek(first.Line, first.Column); at >= 0 {
				limit = at
			}
		}
	}
	var props properties
	for end := l.p; ; l.trivia() {
		switch c := l.peek(); {
		case l.p < limit && c == '&' && props.anchor == "":
			props.anchor = y.Anchor
			l.p += 1 + len(y.Anchor)
		case l.p < limit && c == '!' && props.tag.Len() == 0:
			props.tag.Start = l.p
			l.skipTag()
			props.tag.End = l.p
		default:
			l.unskip(end)
			l.keepProperties(n, y, props, end)
			return
		}
		end = l.p
	}
}

func (l *locator) keepProperties(n *node, y *yaml.Node, props properties, end int) {
	if props.anchor == "" && props.tag.Len() == 0 {
		return
	}
	props.end = end
	n.props = &props
	if props.anchor != "" {
		l.anchors[y] = n
	}
}

// unskip moves the cursor back to end, and forgets the comments seen behind it.
func (l *locator) unskip(end int) {
	l.p = end
	c := l.f.comments
	for len(c) > 0 && c[len(c)-1].Start >= end {
		c = c[:len(c)-1]
	}
	l.f.comments = c
}

// skipTag goes behind a tag. To yaml.v3 it ends with a blank alone: commas and brackets are part of it, in flow too.
func (l *locator) skipTag() {
	if bytes.HasPrefix(l.src[l.p:], []byte("!<")) {
		for l.p < len(l.src) && l.src[l.p] != '>' {
			l.p++
		}
		l.p++
		return
	}
	for !l.blankAt(l.p) {
		l.p++
	}
}

// content places what stands behind the properties and sets n.body.End.
func (l *locator) content(n *node, y *yaml.Node, indent int, flow bool) {
	switch {
	case n.kind == Alias:
		l.alias(n, y)
	case n.kind == Mapping && n.style == Flow:
		l.flowMapping(n, y)
	case n.kind == Sequence && n.style == Flow:
		l.flowSequence(n, y)
	case n.kind == Mapping:
		l.blockMapping(n, y)
		return
	case n.kind == Sequence:
		l.blockSequence(n, y)
		return
	case n.style == DoubleQuoted:
		l.doubleQuoted()
	case n.style == SingleQuoted:
		l.singleQuoted()
	case n.style == Literal || n.style == Folded:
		l.blockScalar(n, indent)
		return
	default:
		l.plain(y.Value)
	}
	n.place.end = int32(l.p)
}

func (l *locator) alias(n *node, y *yaml.Node) {
	if !bytes.HasPrefix(l.src[l.p:], []byte("*"+y.Value)) {
		l.fail("expected the alias *%s", y.Value)
	}
	l.p += 1 + len(y.Value)
	n.target = l.anchors[y.Alias]
	if n.target == nil {
		l.fail("the anchor of *%s was not seen", y.Value)
	}
	n.target.props.users = append(n.target.props.users, n)
}

func (l *locator) expect(c byte) {
	if l.peek() != c || l.p >= len(l.src) {
		l.fail("expected %q", c)
	}
	l.p++
}
