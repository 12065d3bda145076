package rewrite

import "sort"

// How the bytes lie around a place: lines, blank lines, comments, and what belongs to an entry.

// lineStart is the offset where the line that holds offset begins.
func (f *File) lineStart(offset int) int { return f.lines.starts[f.lines.line(offset)] }

// nextLine is where the line behind the one that holds offset begins; the end of the source when it is the last.
func (f *File) nextLine(offset int) int {
	if l := f.lines.line(offset) + 1; l < len(f.lines.starts) {
		return f.lines.starts[l]
	}
	return len(f.src)
}

// lineAbove is where the line above the one that holds offset begins; that line's own start when it is the first.
func (f *File) lineAbove(offset int) int { return f.lines.starts[max(f.lines.line(offset)-1, 0)] }

// lineEnd is the offset of the break of the line that holds offset, or the end of the source.
func (f *File) lineEnd(offset int) int {
	next := f.nextLine(offset)
	return next - breakBefore(f.src[f.lineStart(offset):next], next-f.lineStart(offset))
}

// sameLine reports whether both offsets are on one line.
func (f *File) sameLine(a, b int) bool { return f.lines.line(a) == f.lines.line(b) }

// lineBreak is the break that new lines near offset end with: that of the line before or, in the first, of the line
// itself, or else the file's first. NEL, LS and PS are never written: some of them are text in a literal.
func (f *File) lineBreak(offset int) string {
	l := f.lines.line(offset)
	for _, l := range [...]int{l, l + 1} {
		if l < 1 || l >= len(f.lines.starts) {
			continue
		}
		end := f.lines.starts[l]
		if n := breakBefore(f.src, end); f.src[end-n] <= '\r' {
			return string(f.src[end-n : end])
		}
	}
	return f.lines.br
}

// endsWithText reports whether the break before offset, LS or PS, would be text in a literal that ends there.
func (f *File) endsWithText(offset int) bool { return breakBefore(f.src, offset) == len("\u2028") }

// endsWithBreak reports whether the source ends where a line would start.
func (f *File) endsWithBreak() bool { return len(f.src) == 0 || breakBefore(f.src, len(f.src)) > 0 }

// openEnd reports whether offset is the end of a source without a final line break.
func (f *File) openEnd(offset int) bool { return offset == len(f.src) && !f.endsWithBreak() }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// blankAt reports whether a blank or a line break stands at offset.
func (f *File) blankAt(offset int) bool {
	return offset < len(f.src) && (isBlank(f.src[offset]) || breakLen(f.src, offset) > 0)
}

// skipBlanks is the offset of the first byte from offset on that is no blank.
func (f *File) skipBlanks(offset int) int {
	for offset < len(f.src) && isBlank(f.src[offset]) {
		offset++
	}
	return offset
}

// trimBlanks is the offset behind the last byte before offset that is no blank.
func (f *File) trimBlanks(offset int) int {
	for offset > 0 && isBlank(f.src[offset-1]) {
		offset--
	}
	return offset
}

// isBlankLine reports whether the line that begins at start holds only blanks. There is no line at the end of the source.
func (f *File) isBlankLine(start int) bool {
	i := f.skipBlanks(start)
	return start < len(f.src) && (i == len(f.src) || breakLen(f.src, i) > 0)
}

// commentColumn is the column of the comment that the line at start consists of, or -1.
func (f *File) commentColumn(start int) int {
	if i := f.skipBlanks(start); i < len(f.src) && f.src[i] == '#' {
		return i - start
	}
	return -1
}

// startsLine reports whether only blanks stand before offset on its line.
func (f *File) startsLine(offset int) bool {
	return f.trimBlanks(offset) <= f.lineStart(offset)
}

// restIsTrivia reports whether only blanks and a comment follow offset on its line.
func (f *File) restIsTrivia(offset int) bool {
	i := f.skipBlanks(offset)
	return i == len(f.src) || f.src[i] == '#' || breakLen(f.src, i) > 0
}

// commentsIn are the comments that begin in span.
func (f *File) commentsIn(span Span) []Span {
	lo := sort.Search(len(f.comments), func(i int) bool { return f.comments[i].Start >= span.Start })
	hi := lo
	for hi < len(f.comments) && f.comments[hi].Start < span.End {
		hi++
	}
	return f.comments[lo:hi]
}

// inComment reports whether a comment begins at offset: a '#' there may be text of a block scalar.
func (f *File) inComment(offset int) bool { return len(f.commentsIn(Span{offset, offset + 1})) > 0 }

// scalarAbove is the block scalar whose lines (the blank ones behind its text included) reach to offset, nil when
// something else stands there. Lines from offset on may become its text when those between go.
func (f *File) scalarAbove(offset int) *node {
	i := sort.Search(len(f.scalars), func(i int) bool { return f.scalars[i].block.tail >= offset })
	if i < len(f.scalars) && f.scalars[i].body().End <= offset && f.scalars[i].block.text.Start <= offset {
		return f.scalars[i]
	}
	return nil
}

// inText reports whether the line that begins at start is text of a block scalar.
func (f *File) inText(start int) bool {
	i := sort.Search(len(f.scalars), func(i int) bool { return f.scalars[i].body().End > start })
	return i < len(f.scalars) && f.scalars[i].block.text.Start <= start
}

// isGap reports whether the line that begins at start is blank and no text.
func (f *File) isGap(start int) bool { return f.isBlankLine(start) && !f.inText(start) }

// tail is the literal or folded scalar that an entry ends with, nil when it ends otherwise.
func (e *entry) tail() *node {
	if e.key != nil && e.explicit && e.colon < 0 {
		return e.key.tail()
	}
	return e.value.tail()
}

func (n *node) tail() *node {
	for len(n.items) > 0 && n.style == Block {
		e := &n.items[len(n.items)-1]
		n = e.value
		if e.key != nil && e.explicit && e.colon < 0 {
			n = e.key
		}
	}
	if n.block == nil {
		return nil
	}
	return n
}

// afterEntry is where a line behind an entry of a block collection goes: behind its last line and the comment lines
// below that are indented deeper than its column.
func (f *File) afterEntry(n *node, e *entry) int {
	offset := f.nextLine(e.span.End)
	if s := e.tail(); s != nil {
		offset = s.body().End
	}
	for f.commentColumn(offset) > n.column {
		offset = f.nextLine(offset)
	}
	return offset
}

// beforeEntry is where a line before an entry goes that begins its own line: above the comment lines directly above
// it at its column.
func (f *File) beforeEntry(e *entry) int {
	start := f.lineStart(e.span.Start)
	column := e.span.Start - start
	for l := f.lines.line(start); l > 0; l-- {
		above := f.lines.starts[l-1]
		if f.commentColumn(above) != column || !f.inComment(above+column) {
			break
		}
		start = above
	}
	return start
}

// blankBetween reports whether a blank line stands between entry i and the next of a block collection.
func (f *File) blankBetween(n *node, i int) bool {
	at := f.afterEntry(n, &n.items[i])
	return at < n.items[i+1].span.Start && f.isBlankLine(at)
}

// spaced reports whether blank lines set entry i off from its neighbours, as far as it has some.
func (f *File) spaced(n *node, i int) bool {
	switch {
	case i+1 < len(n.items):
		return f.blankBetween(n, i)
	case i > 0:
		return f.blankBetween(n, i-1)
	default:
		return false
	}
}
