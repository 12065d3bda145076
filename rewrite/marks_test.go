package rewrite_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cfgfix/rewrite"
)

// bracketed shows marks by brackets around them.
func bracketed(line string, marks []rewrite.Span) string {
	var b strings.Builder
	at := 0
	for _, m := range marks {
		b.WriteString(line[at:m.Start] + "[" + line[m.Start:m.End] + "]")
		at = m.End
	}
	return b.String() + line[at:]
}

func TestMarks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		old, new string
		wantOld  string
		wantNew  string
	}{
		{"same line", "a: 1", "a: 1", "a: 1", "a: 1"},
		{"number of a version", "  aws: circleci/aws-cli@2.1", "  aws: circleci/aws-cli@3.1", "  aws: circleci/aws-cli@[2].1", "  aws: circleci/aws-cli@[3].1"},
		{"word, not letters of it", "key: access", "key: accept", "key: [access]", "key: [accept]"},
		{"only inserted", "a: x", "a: x y", "a: x", "a: x[ y]"},
		{"only deleted", "A=1 B=2 run", "run", "[A=1 B=2 ]run", "run"},
		{"blanks between two marks", "a b c", "x y c", "[a b] c", "[x y] c"},
		{"nothing in common", "aaa", "bbb", "[aaa]", "[bbb]"},
		{"only blanks in common", "a b", "c d", "[a b]", "[c d]"},
		{"new line", "", "a", "", "[a]"},
		{"letters beyond ASCII", "é ü", "é ö", "é [ü]", "é [ö]"},
		{"too long to compare", strings.Repeat("a ", 3000), strings.Repeat("b ", 3000), "[" + strings.Repeat("a ", 3000) + "]", "[" + strings.Repeat("b ", 3000) + "]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			del, ins := rewrite.Marks(tt.old, tt.new)
			if diff := cmp.Diff([2]string{tt.wantOld, tt.wantNew}, [2]string{bracketed(tt.old, del), bracketed(tt.new, ins)}); diff != "" {
				t.Errorf("marks (-want +got):\n%s", diff)
			}
		})
	}
}

// What is not marked is the same on both lines, but for blanks that a mark took in.
func TestMarksProperty(t *testing.T) {
	t.Parallel()
	rest := func(line string, marks []rewrite.Span) string {
		var b strings.Builder
		at := 0
		for _, m := range marks {
			b.WriteString(line[at:m.Start])
			at = m.End
		}
		return strings.ReplaceAll(b.String()+line[at:], " ", "")
	}
	line := rapid.StringOfN(rapid.RuneFrom([]rune("ab _é:-.")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		old, new := line.Draw(t, "old"), line.Draw(t, "new")
		del, ins := rewrite.Marks(old, new)
		if a, b := rest(old, del), rest(new, ins); a != b {
			t.Fatalf("%q and %q stay", a, b)
		}
	})
}
