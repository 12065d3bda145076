package shell

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSpans holds what Spans tell to what each of the parts tells.
func TestSpans(t *testing.T) {
	t.Parallel()
	span := rapid.Custom(func(t *rapid.T) Span {
		start := rapid.IntRange(0, 12).Draw(t, "start")
		return Span{start, start + rapid.IntRange(0, 6).Draw(t, "length")}
	})
	rapid.Check(t, func(t *rapid.T) {
		parts, at := rapid.SliceOfN(span, 0, 6).Draw(t, "parts"), span.Draw(t, "at")
		s := NewSpans(parts...)
		if got, want := s.Contain(at), slices.ContainsFunc(parts, func(p Span) bool { return p.Contains(at) }); got != want {
			t.Errorf("%v contain %v: %v", parts, at, got)
		}
		if got, want := s.Within(at), slices.ContainsFunc(parts, at.Contains); got != want {
			t.Errorf("%v within %v: %v", parts, at, got)
		}
	})
}
