package rewrite

import (
	"sort"
	"sync"
)

// Span is a half-open range of byte offsets in a File's source.
type Span struct{ Start, End int }

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether t lies within s; an empty t at either end counts.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

// Overlaps reports whether the two spans share at least one byte.
func (s Span) Overlaps(t Span) bool { return s.Start < t.End && t.Start < s.End }

// Position is an offset for people: line and column from 1, the column in code points. It is derived
// from an offset when it is shown and never used to compute with.
type Position struct{ Line, Column int }

// lineIndex finds line starts. Lines end where yaml.v3 ends them: CRLF, LF, CR, NEL, LS and PS.
type lineIndex struct {
	src    []byte
	starts []int   // offset of each line's first byte; starts[0] is behind a byte order mark
	blocks []int32 // blocks[i] is the line that holds offset i*blockSize
	br     string  // the first CRLF, LF or CR, "\n" when there is none
	runes  *runeIndex
}

// blockSize is the distance between the offsets of which the place among lines and code points is remembered, so that
// a look-up takes the same time in a long source or line as in a short one.
const blockSize = 1 << 10

const bom = "\xef\xbb\xbf"

func newLineIndex(src []byte) lineIndex {
	first := 0
	if len(src) >= len(bom) && string(src[:len(bom)]) == bom {
		first = len(bom)
	}
	x := lineIndex{src: src, starts: make([]int, 1, 16+len(src)/24), blocks: make([]int32, 0, len(src)/blockSize+1), runes: &runeIndex{}}
	x.starts[0] = first
	for i := first; i < len(src); {
		if src[i] > '\r' && src[i] < 0xC2 {
			i++
			continue
		}
		n := breakLen(src, i)
		if n > 0 {
			if x.br == "" && src[i] <= '\r' {
				x.br = string(src[i : i+n])
			}
			x.fillBlocks(i + n)
			x.starts = append(x.starts, i+n)
		}
		i += max(n, 1)
	}
	x.fillBlocks(len(src) + 1)
	if x.br == "" {
		x.br = "\n"
	}
	return x
}

// fillBlocks notes the last line as that of all blocks that begin before end.
func (x *lineIndex) fillBlocks(end int) {
	for len(x.blocks)*blockSize < end {
		x.blocks = append(x.blocks, int32(len(x.starts)-1))
	}
}

// breakLen is the number of bytes of the line break at offset i, 0 when there is none.
func breakLen(src []byte, i int) int {
	switch src[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2: // NEL, U+0085
		if i+1 < len(src) && src[i+1] == 0x85 {
			return 2
		}
	case 0xE2: // LS and PS, U+2028 and U+2029
		if i+2 < len(src) && src[i+1] == 0x80 && src[i+2]&^1 == 0xA8 {
			return 3
		}
	}
	return 0
}

// breakBefore is the number of bytes of the line break that ends at offset, 0 when there is none.
func breakBefore(src []byte, offset int) int {
	for n := min(3, offset); n > 0; n-- {
		if breakLen(src[:offset], offset-n) == n {
			return n
		}
	}
	return 0
}

// line is the index of the line that holds offset.
func (x lineIndex) line(offset int) int {
	block := min(offset/blockSize, len(x.blocks)-1)
	lo, hi := int(x.blocks[block]), len(x.starts)
	if block+1 < len(x.blocks) {
		hi = int(x.blocks[block+1]) + 1
	}
	return max(lo+sort.SearchInts(x.starts[lo:hi], offset+1)-1, 0)
}

// position converts an offset for people. Offsets inside a byte order mark are line 1, column 1.
func (x lineIndex) position(offset int) Position {
	l := x.line(offset)
	start := x.starts[l]
	if offset < start {
		return Position{1, 1}
	}
	if offset-start < blockSize {
		return Position{l + 1, countRunes(x.src[start:offset]) + 1}
	}
	return Position{l + 1, x.runes.before(x.src, offset) - x.runes.before(x.src, start) + 1}
}

// runeIndex makes columns on very long lines cheap. It is built when the first one is asked for.
type runeIndex struct {
	once   sync.Once
	counts []int // counts[i] code points begin before offset i*blockSize
}

// before is the number of code points that begin before offset.
func (x *runeIndex) before(src []byte, offset int) int {
	x.once.Do(func() {
		x.counts = make([]int, 1, len(src)/blockSize+1)
		for at := 0; at+blockSize <= len(src); at += blockSize {
			x.counts = append(x.counts, x.counts[len(x.counts)-1]+countRunes(src[at:at+blockSize]))
		}
	})
	block := offset / blockSize
	return x.counts[block] + countRunes(src[block*blockSize:offset])
}

// countRunes counts the code points that begin in valid UTF-8, of which b may be cut at any byte.
func countRunes(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xC0 != 0x80 {
			n++
		}
	}
	return n
}
