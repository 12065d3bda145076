package rewrite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFields holds which pairs a mapping has with its merges, and that a look-up by name finds the same.
func TestFields(t *testing.T) {
	t.Parallel()
	const defaults = "a: &a {x: a, p: a}\nb: &b {x: b, q: b}\n"
	tests := []struct{ name, src, want string }{
		{"no merge", "m: {x: 1, z: 2}\n", "x: 1, z: 2"},
		{"own pairs first", "m:\n  <<: *a\n  x: 1\n", "x: 1, p: a"},
		{"the first of a list counts", "m:\n  <<: [*b, *a]\n", "x: b, q: b, p: a"},
		{"the first of two merge keys counts", "m:\n  <<: *a\n  <<: *b\n", "x: a, p: a, q: b"},
		{"merges of what is merged", "c: &c\n  <<: *a\n  p: c\nm:\n  <<: [*c, *b]\n", "p: c, x: a, q: b"},
		{"a mapping written in place", "m:\n  <<: {x: 1}\n  z: 2\n", "z: 2, x: 1"},
		{"a merge of itself", "m: &m\n  <<: [*m, *a]\n  z: 2\n", "z: 2, x: a, p: a"},
		{"a merge of a text", "m:\n  <<: x\n  z: 2\n", "z: 2"},
		{"of a key that stands twice the last", "m: {x: 1, z: 2, x: 3}\n", "z: 2, x: 3"},
		{"a quoted merge key", "m: {\"<<\": 1}\n", "<<: 1"},
		{"behind an alias", "c: &c\n  <<: *a\nm: *c\n", "x: a, p: a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse([]byte(defaults + tt.src))
			if err != nil {
				t.Fatal(err)
			}
			m := f.Documents()[0].Own("m")
			var got []string
			for _, e := range m.Fields() {
				got = append(got, e.Name()+": "+e.Value().Value())
				if !m.Get(e.Name()).Same(e.Value()) {
					t.Errorf("%q is at %s, looked up at %s", e.Name(), e.Value().Path(), m.Get(e.Name()).Path())
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if m.Get("none").Exists() {
				t.Error("a name is found that is not there")
			}
		})
	}
}

// TestManyPairs looks up names in a mapping that has too many to go through for each.
func TestManyPairs(t *testing.T) {
	t.Parallel()
	src := "a: &a {merged: 1}\nm:\n  <<: *a\n"
	for i := range 2 * manyEntries {
		src += fmt.Sprintf("  k%d: %d\n", i, i)
	}
	f, err := Parse([]byte(src + "  k3: again\n"))
	if err != nil {
		t.Fatal(err)
	}
	m := f.Documents()[0].Own("m")
	for name, want := range map[string]string{"k0": "0", "k3": "again", "k100": "100", "merged": "1", "<<": "", "none": ""} {
		if got := m.Get(name).Value(); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
