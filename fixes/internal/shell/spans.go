package shell

import (
	"cmp"
	"slices"
	"sort"
)

// Spans are parts of one script, laid out so that asking for each of its calls costs little.
type Spans struct {
	starts []int // ascending
	last   []int // the greatest end of the parts up to here
	first  []int // the least end of the parts from here on
}

// NewSpans lays out parts, which may overlap.
func NewSpans(parts ...Span) Spans {
	sorted := slices.SortedFunc(slices.Values(parts), func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	s := Spans{make([]int, len(sorted)), make([]int, len(sorted)), make([]int, len(sorted))}
	for i, p := range sorted {
		s.starts[i], s.last[i] = p.Start, p.End
		if i > 0 {
			s.last[i] = max(s.last[i], s.last[i-1])
		}
	}
	for i, p := range slices.Backward(sorted) {
		s.first[i] = p.End
		if i+1 < len(sorted) {
			s.first[i] = min(s.first[i], s.first[i+1])
		}
	}
	return s
}

// Contain reports whether t lies within one of the parts.
func (s Spans) Contain(t Span) bool {
	i := sort.SearchInts(s.starts, t.Start+1) // of those that start behind t
	return i > 0 && t.End <= s.last[i-1]
}

// Within reports whether one of the parts lies within t.
func (s Spans) Within(t Span) bool {
	i := sort.SearchInts(s.starts, t.Start)
	return i < len(s.starts) && s.first[i] <= t.End
}
