package rewrite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Edit replaces the bytes of Span by New. An empty Span inserts; an empty New deletes.
type Edit struct {
	Span Span
	New  string
}

// ConflictError reports two edits that overlap: they share a byte, or one inserts strictly inside the span of the other.
type ConflictError struct{ A, B Edit }

// Error names both spans and neither text: a text may hold a value that must not reach a log.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("the edit of bytes %d-%d overlaps the edit of bytes %d-%d",
		e.A.Span.Start, e.A.Span.End, e.B.Span.Start, e.B.Span.End)
}

// Sort returns the edits in source order. An insertion comes before a replacement that starts where it inserts;
// insertions at one offset keep the order they were given in. Edits that overlap are a *ConflictError, and a span
// that is negative or reversed is an error too. The argument is not modified.
func Sort(edits []Edit) ([]Edit, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	for i, e := range sorted {
		if e.Span.Start < 0 || e.Span.End < e.Span.Start {
			return nil, fmt.Errorf("the edit of bytes %d-%d has no valid span", e.Span.Start, e.Span.End)
		}
		if i > 0 && e.Span.Start < sorted[i-1].Span.End {
			return nil, &ConflictError{sorted[i-1], e}
		}
	}
	return sorted, nil
}

// Apply returns a new text: src with every edit made. The edits may come in any order and are taken as Sort takes
// them; one that reaches beyond src is an error. The arguments are not modified.
func Apply(src []byte, edits []Edit) ([]byte, error) {
	sorted, err := Sort(edits)
	if err != nil {
		return nil, err
	}
	size := len(src)
	for _, e := range sorted {
		if e.Span.End > len(src) {
			return nil, fmt.Errorf("the edit of bytes %d-%d reaches beyond the source of %d bytes",
				e.Span.Start, e.Span.End, len(src))
		}
		size += len(e.New) - e.Span.Len()
	}
	out := make([]byte, 0, size)
	done := 0
	for _, e := range sorted {
		out = append(out, src[done:e.Span.Start]...)
		out = append(out, e.New...)
		done = e.Span.End
	}
	return append(out, src[done:]...), nil
}

// Compose joins two rounds of edits: first is against a text A and gives B, second is against B and gives C. The
// result is against A and gives C. It is sorted, neighbours that touch are one edit, and a byte of A that neither
// round replaced lies in no span. What the second round removes of the first round's text leaves no trace; a text
// of A that is removed and put back remains as an edit that Trim drops.
//
// The length of A is not known here, so a span beyond the end of A or B is found only when the result is applied.
func Compose(first, second []Edit) ([]Edit, error) {
	first, err := Sort(first)
	if err != nil {
		return nil, fmt.Errorf("first round: %w", err)
	}
	second, err = Sort(second)
	if err != nil {
		return nil, fmt.Errorf("second round: %w", err)
	}
	c := composer{first: first}
	for _, e := range second {
		c.walk(e.Span.Start, true)
		c.walk(e.Span.End, false)
		c.replace(Span{c.a, c.a}, e.New)
	}
	return c.finish(), nil
}

// composer goes through B from its start and knows where it stands in A. It needs no text of A or B: what B has
// from A is a distance, and the rest is the New of some edit.
type composer struct {
	first []Edit // those not yet reached
	rest  string // what is still to come of the text of the edit reached last
	a, b  int    // offsets in A and B
	out   []Edit
	span  Span            // of the edit being collected
	text  strings.Builder // its New
}

// walk goes on to offset b of B. What lies between is kept or deleted.
func (c *composer) walk(b int, keep bool) {
	for c.b < b {
		n := b - c.b
		switch {
		case c.rest != "":
			n = min(n, len(c.rest))
			if keep {
				c.replace(Span{c.a, c.a}, c.rest[:n])
			}
			c.rest = c.rest[n:]
		case len(c.first) > 0 && c.first[0].Span.Start == c.a:
			e := c.first[0]
			c.first = c.first[1:]
			c.replace(e.Span, "")
			c.a, c.rest = e.Span.End, e.New
			continue
		default:
			if len(c.first) > 0 {
				n = min(n, c.first[0].Span.Start-c.a)
			}
			if !keep {
				c.replace(Span{c.a, c.a + n}, "")
			}
			c.a += n
		}
		c.b += n
	}
}

// replace adds to the edit being collected, or begins the next one when there is text of A in between.
func (c *composer) replace(span Span, text string) {
	if span.Len() == 0 && text == "" {
		return
	}
	if span.Start > c.span.End {
		c.flush()
		c.span.Start = span.Start
	}
	c.span.End = span.End
	c.text.WriteString(text)
}

func (c *composer) flush() {
	if c.span.Len() > 0 || c.text.Len() > 0 {
		c.out = append(c.out, Edit{c.span, c.text.String()})
	}
	c.text.Reset()
}

// finish takes what the second round did not come to as it is.
func (c *composer) finish() []Edit {
	c.replace(Span{c.a, c.a}, c.rest)
	for _, e := range c.first {
		c.replace(e.Span, e.New)
	}
	c.flush()
	return c.out
}

// Trim shortens edits of src to what they change: bytes that a replaced text and its replacement share at either end
// leave the edit, as far as no UTF-8 sequence is cut, and an edit that changes nothing is left out. The result is
// sorted and gives the same text. Edits that Apply refuses come back as they are. The arguments are not modified.
func Trim(src []byte, edits []Edit) []Edit {
	sorted, err := Sort(edits)
	if err != nil || len(sorted) > 0 && sorted[len(sorted)-1].Span.End > len(src) {
		return slices.Clone(edits)
	}
	out := sorted[:0]
	for _, e := range sorted {
		if e = trimEdit(src, e); e.Span.Len() > 0 || e.New != "" {
			out = append(out, e)
		}
	}
	return out
}

func trimEdit(src []byte, e Edit) Edit {
	old := src[e.Span.Start:e.Span.End]
	n := 0
	for n < len(old) && n < len(e.New) && old[n] == e.New[n] {
		n++
	}
	for n > 0 && (n < len(old) && !utf8.RuneStart(old[n]) || n < len(e.New) && !utf8.RuneStart(e.New[n])) {
		n--
	}
	old, e.New = old[n:], e.New[n:]
	e.Span.Start += n

	n = 0
	for n < len(old) && n < len(e.New) && old[len(old)-1-n] == e.New[len(e.New)-1-n] {
		n++
	}
	for n > 0 && !utf8.RuneStart(old[len(old)-n]) {
		n--
	}
	e.New = e.New[:len(e.New)-n]
	e.Span.End -= n
	return e
}

// Shift is the offset that an offset of a text has once the edits are made, which are sorted and do not overlap. An offset
// inside a replaced span goes to the start of its replacement, one at an insertion behind it.
func Shift(edits []Edit, offset int) int {
	shift := 0
	for _, e := range edits {
		switch {
		case e.Span.End <= offset:
			shift += len(e.New) - e.Span.Len()
		case e.Span.Start < offset:
			return e.Span.Start + shift
		default:
			return offset + shift
		}
	}
	return offset + shift
}
