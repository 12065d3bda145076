package rewrite

import "gopkg.in/yaml.v3"

func (l *locator) flowSequence(n *node, y *yaml.Node) {
	l.expect('[')
	n.items = l.newEntries(len(y.Content))
	for _, c := range y.Content {
		l.trivia()
		start := l.p
		value := l.node(c, n, -1, true)
		l.addItem(n, value, Span{start, value.span().End})
		l.comma()
	}
	l.trivia()
	l.expect(']')
}

func (l *locator) addItem(n *node, value *node, span Span) {
	value.index = len(n.items)
	n.items = append(n.items, entry{value: value, span: span, colon: -1})
}

func (l *locator) comma() {
	l.trivia()
	if l.peek() == ',' {
		l.p++
	}
}

// flowMapping places "{a: b}", and the pair without braces of "[a: b]": such a mapping is reported at its key.
func (l *locator) flowMapping(n *node, y *yaml.Node) {
	n.column = -1
	if len(y.Content) == 2 && (l.peek() == '?' || samePosition(y, y.Content[0]) && !isEmptyPlain(y.Content[0])) {
		n.items = l.newEntries(1)
		l.pair(n, y.Content[0], y.Content[1], -1, true)
		return
	}
	l.expect('{')
	n.items = l.newEntries(len(y.Content) / 2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		l.pair(n, y.Content[i], y.Content[i+1], -1, true)
		l.comma()
	}
	l.trivia()
	l.expect('}')
}

func samePosition(a, b *yaml.Node) bool { return a.Line == b.Line && a.Column == b.Column }

// implicit reports whether the mapping is a pair without braces in a flow sequence.
func (n *node) implicit(src []byte) bool {
	return n.kind == Mapping && n.style == Flow && (n.body().Len() == 0 || src[n.body().End-1] != '}' ||
		len(n.items) == 1 && n.items[0].span.Start == n.body().Start)
}

func (l *locator) blockMapping(n *node, y *yaml.Node) {
	l.trivia()
	n.column = l.p - l.lineStart()
	n.items = l.newEntries(len(y.Content) / 2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		l.pair(n, y.Content[i], y.Content[i+1], n.column, false)
	}
	n.endWithLast()
}

// endWithLast ends a block collection with its last entry. The cursor may be further on, behind a block scalar's tail.
func (n *node) endWithLast() { n.place.end = int32(n.items[len(n.items)-1].span.End) }

func (l *locator) blockSequence(n *node, y *yaml.Node) {
	l.trivia()
	n.column = l.p - l.lineStart()
	n.items = l.newEntries(len(y.Content))
	for _, c := range y.Content {
		l.trivia()
		start := l.p
		l.expect('-')
		value := l.node(c, n, n.column, false)
		l.addItem(n, value, Span{start, max(value.span().End, start+1)})
	}
	n.endWithLast()
}

// pair places one pair of a mapping: '?', key, ':', value, of which all but the key may be missing in some layouts.
func (l *locator) pair(n *node, key, value *yaml.Node, column int, flow bool) {
	l.trivia()
	e := entry{span: Span{Start: l.p}, colon: -1}
	if l.explicit(key, flow) {
		e.explicit = true
		l.p++
	}
	e.key = l.node(key, n, column, flow)
	e.key.isKey, e.key.index = true, len(n.items)
	if e.key.style == Plain && e.key.tag == mergeTag {
		if !n.merged {
			l.merging = append(l.merging, n)
		}
		n.merged = true
	} else if e.key.tag == mergeTag {
		e.key.tag = "!!str"
	}
	end := l.p
	l.trivia()
	// The ':' of an explicit key stands below its '?'. Another one is that of a mapping around this one.
	if l.peek() == ':' && (flow || l.blankAt(l.p+1) && (!e.explicit || l.p-l.lineStart() == column)) {
		e.colon = l.p
		l.p++
		end = l.p
	} else {
		if !isEmptyPlain(value) || !flow && !e.explicit {
			l.fail("expected ':'")
		}
		l.unskip(end)
	}
	e.value = l.node(value, n, column, flow)
	e.value.index = len(n.items)
	e.span.End = max(end, e.value.span().End)
	n.items = append(n.items, e)
}

// explicit reports whether the cursor is at a '?' that marks a key. In flow collections it needs no blank behind it;
// there the key's own position tells.
func (l *locator) explicit(key *yaml.Node, flow bool) bool {
	if l.peek() != '?' {
		return false
	}
	if !flow {
		return l.blankAt(l.p + 1)
	}
	return isEmptyPlain(key) || l.seek(key.Line, key.Column) > l.p
}
