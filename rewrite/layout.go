package rewrite

// How the file is laid out around a place: what new text copies.

// lineStart is the offset where the line that holds offset begins.
func (f *File) lineStart(offset int) int { return f.lines.starts[f.lines.line(offset)] }

// nextLine is where the line behind the one that holds offset begins; the end of the source when it is the last.
func (f *File) nextLine(offset int) int {
	if l := f.lines.line(offset) + 1; l < len(f.lines.starts) {
		return f.lines.starts[l]
	}
	return len(f.src)
}

// lineBreak is the break that new lines near offset end with: that of the line before or, in the first, of the line
// itself, or else the file's first. NEL, LS and PS are never written: some of them are text in a literal.
func (f *File) lineBreak(offset int) string {
	l := f.lines.line(offset)
	for _, l := range [...]int{l, l + 1} {
		if br := f.breakBefore(l); br != "" {
			return br
		}
	}
	for l := 1; l < len(f.lines.starts); l++ {
		if br := f.breakBefore(l); br != "" {
			return br
		}
	}
	return "\n"
}

// breakBefore is the CRLF, LF or CR that line l comes behind, "" for another break or none.
func (f *File) breakBefore(l int) string {
	if l < 1 || l >= len(f.lines.starts) {
		return ""
	}
	switch end := f.lines.starts[l]; {
	case f.src[end-1] == '\n' && end > 1 && f.src[end-2] == '\r':
		return "\r\n"
	case f.src[end-1] == '\n' || f.src[end-1] == '\r':
		return string(f.src[end-1 : end])
	default:
		return ""
	}
}

// isBlankLine reports whether the line that begins at offset holds only blanks.
func (f *File) isBlankLine(start int) bool {
	for i := start; i < len(f.src); i++ {
		if breakLen(f.src, i) > 0 {
			return true
		}
		if f.src[i] != ' ' && f.src[i] != '\t' {
			return false
		}
	}
	return true
}

// commentColumn is the column of the comment that the line at start consists of, or -1.
func (f *File) commentColumn(start int) int {
	i := start
	for i < len(f.src) && (f.src[i] == ' ' || f.src[i] == '\t') {
		i++
	}
	if i < len(f.src) && f.src[i] == '#' {
		return i - start
	}
	return -1
}

// ownsLine reports whether only spaces stand before offset on its line.
func (f *File) ownsLine(offset int) bool {
	start := f.lineStart(offset)
	return countSpaces(f.src[start:offset]) == offset-start
}

// tail is the literal or folded scalar that an entry ends with, nil when it ends otherwise.
func (e *entry) tail() *node {
	n := e.value
	for len(n.items) > 0 && n.style == Block {
		n = n.items[len(n.items)-1].value
	}
	if n.kind == Scalar && (n.style == Literal || n.style == Folded) {
		return n
	}
	return nil
}

// afterEntry is where a line behind an entry of a block collection goes: behind its last line and the comment lines
// below that are indented deeper than its column. atEnd says that the source ends there without a line break.
func (f *File) afterEntry(n *node, e *entry) (offset int, atEnd bool) {
	if s := e.tail(); s != nil {
		offset = s.body.End
		return offset, offset == len(f.src) && !f.endsWithBreak()
	}
	offset = f.nextLine(e.span.End)
	if offset == len(f.src) && !f.endsWithBreak() {
		return offset, true
	}
	for offset < len(f.src) && f.commentColumn(offset) > n.column {
		next := f.nextLine(offset)
		offset = next
		if next == len(f.src) && !f.endsWithBreak() {
			return offset, true
		}
	}
	return offset, false
}

func (f *File) endsWithBreak() bool {
	n := len(f.src)
	return n == 0 || breakLen(f.src, n-1) > 0 || n > 1 && breakLen(f.src, n-2) == 2 || n > 2 && breakLen(f.src, n-3) == 3
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

// inComment reports whether a comment begins at offset: a '#' there may be text of a block scalar.
func (f *File) inComment(offset int) bool {
	lo, hi := 0, len(f.comments)
	for lo < hi {
		if mid := (lo + hi) / 2; f.comments[mid].Start < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(f.comments) && f.comments[lo].Start == offset
}

// blankBetween reports whether a blank line stands between entry i and the next of a block collection.
func (f *File) blankBetween(n *node, i int) bool {
	at, _ := f.afterEntry(n, &n.items[i])
	return at < n.items[i+1].span.Start && f.isBlankLine(at)
}

// renderer copies the look of a collection's surroundings for text that is written near offset.
func (f *File) renderer(n *node, offset int) renderer {
	r := renderer{br: f.lineBreak(offset), gap: " "}
	for a := n; a != nil && r.step == 0; a = a.parent {
		r.step = nestedStep(a)
	}
	root := n
	for root.parent != nil {
		root = root.parent
	}
	if r.step == 0 {
		r.step = firstStep(root)
	}
	if r.step == 0 {
		r.step = 2
	}
	r.seq = r.step
	if s := firstSequence(root); s != nil {
		r.seq = s.column - s.parent.column
	}
	if n.kind == Sequence && n.style == Block {
		for i := range n.items {
			if v := n.items[i].value; v.span.Len() > 0 && f.lines.line(v.span.Start) == f.lines.line(n.items[i].span.Start) {
				r.gap = string(f.src[n.items[i].span.Start+1 : v.span.Start])
				break
			}
		}
	}
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

// firstStep looks for such a step in the whole tree.
func firstStep(n *node) int {
	if s := nestedStep(n); s > 0 {
		return s
	}
	for i := range n.items {
		if s := firstStep(n.items[i].value); s > 0 {
			return s
		}
	}
	return 0
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
