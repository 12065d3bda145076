package shell

import (
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// TestDepth shows that no opener nests deeper for each of its bytes than nodesPerByte says, by which short scripts are
// spared a walk.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, open, middle, closing string }{
		{"subshells", "(", "a", ")"},
		{"groups", "{ ", "a;", " };"},
		{"substitutions", "$(", "a", ")"},
		{"quoted substitutions", `"$(`, "a", `)"`},
		{"process substitutions", "a <(", "a", ")"},
		{"expansions", "${a:-", "b", "}"},
		{"arithmetic", "$((", "1", "))"},
		{"parentheses of arithmetic", "a=$((", strings.Repeat("(", 40) + "1" + strings.Repeat(")", 40), "))"},
		{"lists", "a&&", "b", ""},
		{"pipes", "a|", "b", ""},
		{"conditions", "if a;then ", "b", ";fi"},
		{"loops", "while a;do ", "b", ";done"},
		{"cases", "case a in b)", "c", ";;esac"},
		{"functions", "a(){ ", "b", ";}"},
		{"tests", "[[ ", strings.Repeat("( ", 40) + "a" + strings.Repeat(" )", 40), " ]]"},
	} {
		for _, n := range []int{1, 2, 30} {
			if n > 1 && (tt.name == "tests" || strings.HasPrefix(tt.name, "parentheses")) {
				continue
			}
			text := strings.Repeat(tt.open, n) + tt.middle + strings.Repeat(tt.closing, n)
			file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
			if err != nil {
				t.Errorf("%s, %d times: %v", tt.name, n, err)
				continue
			}
			if got := depthOf(file); got > nodesPerByte*len(text) {
				t.Errorf("%s, %d times: %d levels in %d bytes", tt.name, n, got, len(text))
			}
		}
	}
}
