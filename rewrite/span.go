package rewrite

import (
	"sort"
	"unicode/utf8"
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
	starts []int // offset of each line's first byte; starts[0] is behind a byte order mark
}

const bom = "\xef\xbb\xbf"

func newLineIndex(src []byte) lineIndex {
	first := 0
	if len(src) >= len(bom) && string(src[:len(bom)]) == bom {
		first = len(bom)
	}
	starts := make([]int, 1, 16+len(src)/24)
	starts[0] = first
	for i := first; i < len(src); {
		if n := breakLen(src, i); n > 0 {
			i += n
			starts = append(starts, i)
			continue
		}
		i++
	}
	return lineIndex{src, starts}
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

// line is the index of the line that holds offset.
func (x lineIndex) line(offset int) int {
	return max(sort.SearchInts(x.starts, offset+1)-1, 0)
}

// position converts an offset for people. Offsets inside a byte order mark are line 1, column 1.
func (x lineIndex) position(offset int) Position {
	l := x.line(offset)
	start := x.starts[l]
	if offset < start {
		return Position{1, 1}
	}
	return Position{l + 1, utf8.RuneCount(x.src[start:offset]) + 1}
}
