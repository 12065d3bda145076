package shell

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// removable lists the span of everything in a script that Remove may be asked for.
func removable(s *Script) []Span {
	var out []Span
	for _, st := range s.statements {
		out = append(out, st.span())
	}
	for _, c := range s.calls {
		for _, a := range c.Assigns {
			out = append(out, a.Span)
		}
	}
	for _, w := range s.Writes() {
		for _, l := range w.Lines {
			if l.HereDoc {
				out = append(out, l.Span)
			}
		}
	}
	return out
}

// chosen picks the spans whose bits are set.
func chosen(spans []Span, choice uint64) []Span {
	var out []Span
	for i, s := range spans {
		if choice>>(i%64)&1 == 1 {
			out = append(out, s)
		}
	}
	return out
}

// checkRemoval removes parts of a script and looks at the result from outside: only bytes went, and the commands that
// no deletion covers are the commands that are left.
func checkRemoval(t *testing.T, s *Script, parts []Span) (reason Reason) {
	t.Helper()
	edits, err := s.Remove(parts...)
	if err != nil {
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Fatalf("remove %v from %q: %v", parts, s.text, err)
		}
		return refused.Reason
	}
	end := 0
	for _, e := range edits {
		if e.New != "" || e.Start < end || e.End <= e.Start || e.End > len(s.text) {
			t.Fatalf("edits %v of %d bytes", edits, len(s.text))
		}
		end = e.End
	}
	var want []string
	for _, c := range s.calls {
		if !covered(c, edits) {
			want = append(want, c.Name())
		}
	}
	left, err := Parse(s.Apply(edits))
	if err != nil {
		t.Fatalf("remove %v from %q: %v", parts, s.text, err)
	}
	var got []string
	for _, c := range left.calls {
		got = append(got, c.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("remove %v from %q gives %q (-want +got):\n%s", parts, s.text, left.text, diff)
	}
	return ""
}

func covered(c *Call, edits []Edit) bool {
	for _, e := range edits {
		if (Span{e.Start, e.End}).Contains(c.Stmt) {
			return true
		}
	}
	return false
}

func FuzzRemove(f *testing.F) {
	for i, s := range scripts {
		f.Add(s, uint64(1)<<i)
		f.Add(s, uint64(0x5))
	}
	f.Fuzz(func(t *testing.T, text string, choice uint64) {
		s, err := Parse(text)
		if err != nil || len(text) > 1<<12 {
			return
		}
		checkRemoval(t, s, chosen(removable(s), choice))
	})
}
