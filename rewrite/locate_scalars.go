package rewrite

func (l *locator) doubleQuoted() {
	l.expect('"')
	for l.p < len(l.src) && l.src[l.p] != '"' {
		if l.src[l.p] == '\\' {
			l.p++
		}
		l.p++
	}
	l.expect('"')
}

func (l *locator) singleQuoted() {
	l.expect('\'')
	for l.p < len(l.src) {
		if l.src[l.p] == '\'' {
			if l.p+1 >= len(l.src) || l.src[l.p+1] != '\'' {
				break
			}
			l.p++
		}
		l.p++
	}
	l.expect('\'')
}

// plain matches the decoded value: plain text has no escapes, so each character that is no blank is in the source in
// the same order, and each run of blanks and breaks in the value stands for such a run in the source.
func (l *locator) plain(value string) {
	if len(value) <= len(l.src)-l.p && string(l.src[l.p:l.p+len(value)]) == value {
		l.p += len(value)
		return
	}
	v := []byte(value)
	for i := 0; i < len(v); {
		if w := whiteLen(v, i); w > 0 {
			for w := whiteLen(v, i); w > 0; w = whiteLen(v, i) {
				i += w
			}
			for w := whiteLen(l.src, l.p); w > 0; w = whiteLen(l.src, l.p) {
				l.p += w
			}
			continue
		}
		l.expect(v[i])
		i++
	}
}

// whiteLen is the number of bytes of the blank or line break at offset i, 0 when there is none.
func whiteLen(b []byte, i int) int {
	switch {
	case i >= len(b):
		return 0
	case b[i] == ' ' || b[i] == '\t':
		return 1
	default:
		return breakLen(b, i)
	}
}

// blockScalar places a literal or folded scalar: header, text lines and the blank lines behind them. Its node ends where
// a line starts (or at the end of the source); every other node ends inside a line.
func (l *locator) blockScalar(n *node, indent int) {
	b := &blockInfo{}
	n.block = b
	l.f.scalars = append(l.f.scalars, n)
	b.header.Start = l.p
	l.p++
	digit := 0
	for c := l.peek(); c == '+' || c == '-' || c >= '1' && c <= '9'; c = l.peek() {
		if c == '+' || c == '-' {
			b.chomp = c
		} else {
			digit = int(c - '0')
		}
		l.p++
	}
	b.header.End = l.p
	l.restOfHeader()
	b.text.Start = l.p
	if digit > 0 {
		b.indent = digit + max(indent, 0)
	} else {
		b.indent = max(l.detectIndent(), indent+1, 1)
	}
	l.blockLines(b)
	n.place.end = int32(b.text.End)
	if b.chomp == '+' {
		n.place.end = int32(b.tail)
	}
	l.p = b.tail
}

// restOfHeader skips blanks and a comment behind the indicators, and the line break.
func (l *locator) restOfHeader() {
	for l.p < len(l.src) && (l.src[l.p] == ' ' || l.src[l.p] == '\t') {
		l.p++
	}
	if l.peek() == '#' {
		start := l.p
		l.skipLine()
		l.f.comments = append(l.f.comments, Span{start, l.p})
	}
	if l.p < len(l.src) {
		l.p += breakLen(l.src, l.p)
	}
}

// detectIndent is the largest number of leading spaces on the blank lines at the cursor and the first line with text.
func (l *locator) detectIndent() int {
	width := 0
	for p := l.p; p < len(l.src); {
		spaces := countSpaces(l.src[p:])
		width = max(width, spaces)
		p += spaces
		if p >= len(l.src) {
			break
		}
		n := breakLen(l.src, p)
		if n == 0 {
			break
		}
		p += n
	}
	return width
}

func countSpaces(b []byte) int {
	n := 0
	for n < len(b) && b[n] == ' ' {
		n++
	}
	return n
}

// blockLines finds the end of the text and of the blank lines behind it. A line of only spaces that reaches beyond the
// indentation is text.
func (l *locator) blockLines(b *blockInfo) {
	b.text.End, b.tail = l.p, l.p
	for p := l.p; p < len(l.src); {
		spaces := countSpaces(l.src[p:])
		end := p + spaces
		blank := end >= len(l.src) || breakLen(l.src, end) > 0
		if spaces < b.indent && !blank {
			return
		}
		for end < len(l.src) && breakLen(l.src, end) == 0 {
			end++
		}
		if end < len(l.src) {
			end += breakLen(l.src, end)
		}
		if !blank || spaces > b.indent {
			b.text.End = end
		}
		b.tail = end
		p = end
	}
}
