package rewrite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// find goes down from a node by keys and indices.
func find(t *testing.T, n Node, steps ...any) Node {
	t.Helper()
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			n = n.Resolve().Own(s)
		case int:
			n = n.Resolve().Entries()[s].Value()
		}
		if !n.Exists() {
			t.Fatalf("there is nothing at %v", steps)
		}
	}
	return n
}

// trickyTests say for each file of the developers' collection of pitfalls (by its number; the files lie beside the
// project) what must happen in its situation. The sources are small ones of the same kind.
var trickyTests = []struct {
	number int
	name   string
	src    string
	path   []any
	op     func(n Node) Op
	want   string // the result; of a refusal its reason, of a parse error its text
}{
	{1, "columns count code points", "é: {\"日本\": [ж, ok]} # ü\n", []any{"é", "日本", 1}, text("x y"), "é: {\"日本\": [ж, x y]} # ü\n"},
	{2, "CRLF", "a:\r\n  - |\r\n    x\r\n    y\r\n  - z\r\n", []any{"a", 0}, after("m"), "a:\r\n  - |\r\n    x\r\n    y\r\n  - m\r\n  - z\r\n"},
	{3, "CRLF, a comment above the next key stays its own", "# h\r\na: 1\r\n# about b\r\nb: 2\r\n", []any{"a"}, remove, "# h\r\n# about b\r\nb: 2\r\n"},
	{4, "mixed line ends: a new line ends as the one before", "a: 1\r\nb:\n  - x\nc: 3\r\n", []any{"b", 0}, after("z"), "a: 1\r\nb:\n  - x\n  - z\nc: 3\r\n"},
	{5, "a lone CR ends a line", "a: 1\rb: 2\rc: 3", []any{"b"}, remove, "a: 1\rc: 3"},
	{6, "byte order mark", bom + "a: 1\nb: 2\n", []any{"a"}, remove, bom + "b: 2\n"},
	{7, "UTF-16", "\xff\xfea\x00:\x00 \x001\x00", nil, nil, "line 1: the file is UTF-16, which is not supported; save it as UTF-8"},
	{8, "NEL is a line break", "a: \"x\u0085y\"\nb: 2\n", []any{"b"}, text("3"), "a: \"x\u0085y\"\nb: \"3\"\n"},
	{9, "LS and PS are line breaks", "a: 1 # x\u2028b: 2\u2029c: 3\n", []any{"b"}, remove, "a: 1 # x\u2028c: 3\n"},
	{9, "LS and PS in quotes stay, NEL is folded", "a: \"x\u2028\u2029y\u0085z\"\n", []any{"a"}, part(9, 10, "!"), "a: \"x\u2028\u2029y\u0085!\"\n"},
	{10, "tab behind a colon", "a:\t\"x\"\t# c\nb:\ty\n", []any{"a"}, text("z"), "a:\t\"z\"\t# c\nb:\ty\n"},
	{11, "flow mapping indented by tabs", "a: {\n\tb: 1,\n\tc: 2\n}\n", []any{"a", "c"}, afterPair("d", "e"), "a: {\n\tb: 1,\n\tc: 2,\n\td: e\n}\n"},
	{11, "item before a line that begins with tabs removed", "a: [x, m,\n\t\tz]\n", []any{"a", 1}, remove, "a: [x,\n\t\tz]\n"},
	{12, "tab before a comment", "a: 1\n\t# c\nb: 2\n", nil, nil, "line 2: found a tab character that violates indentation"},
	{13, "tab behind a dash", "-\ta: 1\n  b: 2\n", nil, nil, "line 1: found character that cannot start any token"},
	{14, "line of a tab in a block scalar", "a: |\n  x\n\t\n  y\n", nil, nil, "line 3: found a tab character where an indentation space is expected"},
	{15, "no final newline", "a: 1\nb: x", []any{"b"}, afterPair("c", "z"), "a: 1\nb: x\nc: z"},
	{15, "no final newline, last entry removed", "a: 1\nb: x", []any{"b"}, remove, "a: 1"},
	{16, "block scalar ends the file without a newline", "s:\n  - r: |\n      x\n      y", []any{"s", 0}, after("z"), "s:\n  - r: |-\n      x\n      y\n  - z"},
	{17, "kept blank lines are text", "a: |+\n  x\n\n\nb: 1\n", []any{"a"}, afterPair("m", "z"), "a: |+\n  x\n\n\nm: z\nb: 1\n"},
	{18, "blank lines that would become text go too", "a: |+\n  x\nb: 1\n\nc: 2\n", []any{"b"}, remove, "a: |+\n  x\nc: 2\n"},
	{19, "deep comment goes with its entry", "a: |\n  x\nb: y\n   # deep\nc: z\n", []any{"b"}, remove, "a: |\n  x\nc: z\n"},
	{19, "deep comment of nobody would become text", "a: |\n  x\nb: y\n\n  # deep\nc: z\n", []any{"b"}, remove, "kept lines would become text of the block scalar above"},
	{20, "indentation digit", "a: |2\n    x\n   y\nb: 1\n", []any{"a"}, part(2, 3, "z"), "a: |2\n    z\n   y\nb: 1\n"},
	{20, "digit is written when the first line begins with a blank", "a: |\n  x\n    y\n", []any{"a"}, part(0, 2, ""), "a: |2\n    y\n"},
	{21, "comment behind the indicators", "a: >- # c\n  x\n  y\nb: 1\n", []any{"a"}, text("z"), "a: z # c\nb: 1\n"},
	{22, "block scalars without text", "a: |\nb: >-\nc: |+\n\nd: 1\n", []any{"b"}, remove, "a: |\nc: |+\n\nd: 1\n"},
	{23, "leading blank lines", "a: |\n\n\n  x\nb: 1\n", []any{"a"}, part(2, 3, "y"), "a: |\n\n\n  y\nb: 1\n"},
	{24, "comment below the text, deeper than the key", "a: |\n    x\n    # text\n  # c\n# d\nb: 1\n", []any{"a"}, remove, "# d\nb: 1\n"},
	{25, "line of blanks in the text", "a: |\n  x\n     \nb: 1\n", []any{"a"}, part(0, 1, "y"), "a: |\n  y\n     \nb: 1\n"},
	{26, "indicator on the next line", "- |\n x\n-\n  |\n  y\n- z\n", []any{1}, text("m"), "- |\n x\n-\n  m\n- z\n"},
	{27, "folded, part of a line", "a: >\n  one\n  two\n\n    more\n\n  three\n", []any{"a"}, part(4, 7, "2"), "a: >\n  one\n  2\n\n    more\n\n  three\n"},
	{27, "folded, over a fold", "a: >-\n  one\n  two\n  three\n", []any{"a"}, part(3, 8, " "), "a: >-\n  one three\n"},
	{27, "folded, a blank at the start of a line would change the folds", "a: >-\n  one\n  two\n", []any{"a"}, part(4, 4, " "), "the text is folded over lines"},
	{28, "plain over several lines", "a: one\n  two\n\n  three\nb: 1\n", []any{"a"}, part(4, 7, "2"), "a: one\n  2\n\n  three\nb: 1\n"},
	{28, "plain over several lines cannot hold everything", "a: one\n  two\nb: 1\n", []any{"a"}, part(4, 7, "# 2"), "the flow scalar runs over several lines"},
	{29, "double quotes over several lines", "a: \"one\n  t\\\"wo\\\n  \\  three\"\nb: 1\n", []any{"a"}, part(5, 6, "é\n"), "a: \"one\n  té\\nwo\\\n  \\  three\"\nb: 1\n"},
	{30, "single quotes over several lines", "a: 'it''s # no\n\n  b'\nc: 1\n", []any{"a"}, part(2, 3, "''"), "a: 'it''''s # no\n\n  b'\nc: 1\n"},
	{31, "number signs in text", "a: x#y # c\nb: 'p #q'\n", []any{"a"}, part(1, 2, " # "), "a: \"x # y\" # c\nb: 'p #q'\n"},
	{32, "colons in plain text", "a: b:c\nu: http://h:1/\n", []any{"u"}, part(0, 4, "https"), "a: b:c\nu: https://h:1/\n"},
	{33, "null without text", "a:\nb: 1\n", []any{"a"}, text("x"), "a: x\nb: 1\n"},
	{33, "null as a tilde", "a: ~\n", []any{"a"}, text("x"), "a: x\n"},
	{33, "null as a word", "a: null # c\n", []any{"a"}, mapping, "a: # c\n  k: v\n  l: w\n"},
	{33, "null before a comment", "a: # c\nb: 1\n", []any{"a"}, mapping, "a: # c\n  k: v\n  l: w\nb: 1\n"},
	{33, "null behind an anchor", "a: &x\nb: 1\n", []any{"a"}, text("x"), "a: &x x\nb: 1\n"},
	{33, "null by its tag", "a: !!null\nb: 1\n", []any{"a"}, text("x"), "a: x\nb: 1\n"},
	{33, "null of another tag", "a: !t\nb: 1\n", []any{"a"}, text("x"), "a: x\nb: 1\n"},
	{33, "null behind the non-specific tag", "a: !\nb: 1\n", []any{"a"}, text("x"), "a: x\nb: 1\n"},
	{33, "empty text is no null", "a: \"\"\n", []any{"a"}, text("x"), "a: \"x\"\n"},
	{34, "null at the end without a newline", "a: 1\nb:", []any{"b"}, mapping, "a: 1\nb:\n  k: v\n  l: w"},
	{35, "items without text", "-\n- - \n- x\n-", []any{3}, text("z"), "-\n- - \n- x\n- z"},
	{36, "only a comment below a key", "a:\n  # c\nb: 1\n", []any{"a"}, text("x"), "a: x\n  # c\nb: 1\n"},
	{37, "sequence at its key's column", "s:\n- a\n- r: x\n  n: y\nt: 1\n", []any{"s", 0}, before("m"), "s:\n- m\n- a\n- r: x\n  n: y\nt: 1\n"},
	{38, "sole item of a sequence at its key's column", "b:\n  o:\n  - m\nn: 1\n", []any{"b", "o", 0}, clearEntry, "b:\n  o: []\nn: 1\n"},
	{39, "first key behind a dash, comment below", "- r: x # c\n  # about n\n  n: y\n- z\n", []any{0, "r"}, remove, "-\n  # about n\n  n: y\n- z\n"},
	{39, "first key behind a dash", "- r: x # c\n  n: y\n", []any{0, "r"}, remove, "- n: y\n"},
	{39, "first item behind a dash", "- - a\n  - b\n", []any{0, 0}, before("m"), "- - m\n  - a\n  - b\n"},
	{40, "comment behind a dash", "- # c\n  a: 1\n-\n  # d\n  b: 2\n", []any{0, "a"}, beforePair("m", "x"), "- # c\n  m: x\n  a: 1\n-\n  # d\n  b: 2\n"},
	{41, "explicit keys", "? a\n: b\n? n\n? c\n: d\n", []any{"n"}, text("x"), "? a\n: b\n? n\n: x\n? c\n: d\n"},
	{41, "explicit key renamed", "? |\n  a\n: b\n", nil, func(n Node) Op { return Rename(n.Entries()[0], "c") }, "? c\n: b\n"},
	{41, "explicit key without a value removed", "? a\n? b\n: c\n", []any{"a"}, remove, "? b\n: c\n"},
	{42, "anchor and tag in either order", "a: &x !!map\n  k: v\nb: !!str &y 12\n", []any{"b"}, text("z"), "a: &x !!map\n  k: v\nb: !!str &y z\n"},
	{42, "comments between tag and anchor", "d: !t # c\n  # e\n  &w v\n", []any{"d"}, text("x"), "d: # c\n  # e\n  &w x\n"},
	{43, "anchor of the first key", "&a k: v\n*a : w\nl: 1\n", []any{"l"}, remove, "&a k: v\n*a : w\n"},
	{43, "key with an anchor that others use", "&a k: v\nl: *a\n", nil, func(n Node) Op { return Rename(n.Entries()[0], "n") }, "the place is shared through an anchor"},
	{44, "anchor in use", "d: &d\n  x: []\nj:\n  <<: *d\n", []any{"d"}, remove, "an anchor inside is used elsewhere"},
	{45, "anchor defined twice, the first one goes", "a: &x 1\nb: &x 2\nc: *x\n", []any{"a"}, remove, "b: &x 2\nc: *x\n"},
	{45, "anchor defined twice, the one in use", "a: &x 1\nb: &x 2\nc: *x\n", []any{"b"}, remove, "an anchor inside is used elsewhere"},
	{46, "alias into another document", "a: &x 1\n---\nb: *x\n", []any{"a"}, text("2"), "the place is shared through an anchor"},
	{47, "alias inside its own anchor", "a: &x\n  b: [*x]\n  c: 1\n", []any{"a", "c"}, shared(text("2")), "a: &x\n  b: [*x]\n  c: \"2\"\n"},
	{48, "merge would supply the key again", "b: &b {x: 1}\nm:\n  <<: *b\n  x: 2\n  z: 1\n", []any{"m", "x"}, remove, "a merge would supply the removed key again"},
	{48, "two merges in one mapping", "b: &b {x: 1}\nc: &c {y: 1}\nm:\n  <<: *b\n  <<: *c\n", []any{"m"}, override("x", "2"), "b: &b {x: 1}\nc: &c {y: 1}\nm:\n  <<: *b\n  <<: *c\n  x: \"2\"\n"},
	{48, "quoted merge key is a name", "\"<<\": {q: 1}\nb: 2\n", nil, func(n Node) Op { return Rename(n.Entries()[0], "a") }, "\"a\": {q: 1}\nb: 2\n"},
	{49, "parameter expressions", "s:\n  - << parameters.a >>\n  - <<parameters.b>>\nm: {a: << x >>}\n", []any{"s", 0}, after("<< parameters.c >>"), "s:\n  - << parameters.a >>\n  - << parameters.c >>\n  - <<parameters.b>>\nm: {a: << x >>}\n"},
	{50, "flow in the way of JSON", "{\"a\":1,\"b\":[1,2,],i, ? j, ?k : l}\n", []any{"b", 1}, remove, "{\"a\":1,\"b\":[1,],i, ? j, ?k : l}\n"},
	{50, "null without a colon in flow", "{a: 1, i, ? j}\n", []any{"i"}, text("x"), "{a: 1, i: x, ? j}\n"},
	{51, "key that ends in a colon", "{a:, b: 1}\n", []any{"b"}, remove, "{a:,}\n"},
	{51, "entry behind an empty value", "{a: , b: 1}\n", []any{"a"}, afterPair("c", "x"), "{a: , c: x , b: 1}\n"},
	{52, "pair without braces", "[a: b, c]\n", []any{0, "a"}, afterPair("d", "e"), "[{a: b, d: e}, c]\n"},
	{52, "pair without braces emptied", "[a: b, c]\n", []any{0, "a"}, clearEntry, "[{}, c]\n"},
	{53, "comments in flow stay", "a: [ # o\n  x, # one\n  # two\n  y # three\n  # four\n] # c\n", []any{"a", 0}, remove, "a: [ # o\n  # two\n  y # three\n  # four\n] # c\n"},
	{53, "last item of a flow sequence on lines", "a: [\n  x, # one\n  y\n]\n", []any{"a", 1}, remove, "a: [\n  x # one\n]\n"},
	{54, "comma on the next line", "a: [\n  x # one\n  , y\n  , z ]\n", []any{"a", 2}, remove, "a: [\n  x # one\n  , y ]\n"},
	{54, "comma on the next line, behind a comment", "a: [\n  x # one\n  , y ]\n", []any{"a", 1}, remove, "a: [\n  x # one\n    ]\n"},
	{55, "closers at the left margin", "a: [x,\ny\n]\nb: {\nk: v\n}\n", []any{"b", "k"}, afterPair("l", "w"), "a: [x,\ny\n]\nb: {\nk: v,\nl: w\n}\n"},
	{56, "several documents and directives", "%TAG !e! tag:x,2000:\n---\na: !e!t 1\n...\n---\nb: 2\n", []any{"a"}, text("x"), "%TAG !e! tag:x,2000:\n---\na: x\n...\n---\nb: 2\n"},
	{57, "YAML 1.2 directive", "%YAML 1.2\n---\na: 1\n", nil, nil, "line 1: found incompatible YAML document"},
	{58, "content on the marker's line", "--- &m\na: 1\n--- \"x\"\n", []any{"a"}, afterPair("b", "c"), "--- &m\na: 1\nb: c\n--- \"x\"\n"},
	{59, "only comments", "# c\n\n# d\n", nil, nil, "# c\n\n# d\n"},
	{60, "empty file", "", nil, nil, ""},
	{61, "only a marker", "---\n", nil, mapping, "---\nk: v\nl: w\n"},
	{62, "key twice in the mapping that is edited", "b:\n  c: 1\n  c: 2\n  d: 3\n", []any{"b", "d"}, remove, "the mapping has a key twice"},
	{62, "key twice elsewhere", "a: 1\na: 2\nb:\n  c: 3\n  d: 4\n", []any{"b", "d"}, remove, "a: 1\na: 2\nb:\n  c: 3\n"},
	{63, "booleans of YAML 1.1", "a: x\n", []any{"a"}, text("on"), "a: \"on\"\n"},
	{63, "version numbers", "a: x\n", []any{"a"}, text("3.10"), "a: \"3.10\"\n"},
	{63, "numbers of base 60", "a: x\n", []any{"a"}, text("22:30"), "a: \"22:30\"\n"},
	{63, "account numbers", "a: 'x'\n", []any{"a"}, text("012345678901"), "a: '012345678901'\n"},
	{64, "comments keep their owners", "# f\n\n# head\na: 1 # line\n# foot\n\nb: 2\n", []any{"a"}, remove, "# f\n\n# head\n# foot\n\nb: 2\n"},
	{65, "comment right behind a quote", "a: \"x\"# c\n", []any{"a"}, mapping, "a: # c\n  k: v\n  l: w\n"},
	{65, "comment right behind a bracket", "a: [x]# c\n", []any{"a"}, text("z"), "a: z # c\n"},
	{66, "indented root", "  a: 1\n  b:\n    - x\n", []any{"a"}, remove, "  b:\n    - x\n"},
	{67, "escapes of surrogates", "a: \"\\ud83d\\ude00\"\n", nil, nil, "line 1: found invalid Unicode character escape code"},
	{68, "escapes", "a: \"\\x01b\\u0085c\\_\"\nb: '\\n'\n", []any{"a"}, part(1, 2, "\x02"), "a: \"\\x01\\u0002\\u0085c\\_\"\nb: '\\n'\n"},
	{69, "plain scalars that begin with indicators", "a: -x\nb: ?y\n-e: 1\n", []any{"b"}, part(1, 2, "z"), "a: -x\nb: ?z\n-e: 1\n"},
	{70, "one long line", "a: [" + strings.Repeat("item, ", 300) + "last]\n", []any{"a", 300}, text("x"), "a: [" + strings.Repeat("item, ", 300) + "x]\n"},
	{71, "trailing blanks", "a:   1   # c   \nb:  \n  - x   \n  -   y      # far\n", []any{"b", 1}, mapping, "a:   1   # c   \nb:  \n  - x   \n  -   k: v      # far\n      l: w\n"},
	{72, "odd keys", "\"a b\": 1\n'c: d': 2\n1: x\n~: z\n", []any{"c: d"}, func(n Node) Op { return Rename(n.Entry(), "it's") }, "\"a b\": 1\n'it''s': 2\n1: x\n~: z\n"},
	{73, "invalid UTF-8", "a: \"\xff\"\n", nil, nil, "line 1: invalid leading UTF-8 octet"},
	{74, "NUL", "a: \"\x00\"\n", nil, nil, "line 1: control characters are not allowed"},
	{75, "deep indentation", "a:\n          b: 1\n          c:\n                - x\nd: 1\n", []any{"a", "b"}, afterPair("m", "x"), "a:\n          b: 1\n          m: x\n          c:\n                - x\nd: 1\n"},
	{76, "blank lines with blanks", "a: 1\n   \nb:\n  \n  - x\n      \n  - y\n \nc: 1\n", []any{"b", 0}, remove, "a: 1\n   \nb:\n      \n  - y\n \nc: 1\n"},
	{77, "literal that begins with a blank line", "- |+\n\n sl\n- b\n", []any{0}, part(1, 3, "x"), "- |+\n\n x\n- b\n"},
	{78, "plain scalar in flow that begins with a colon", "a: [-1, :k]\n", nil, nil, "line 1: did not find expected node content"},
	{79, "line of blanks below a removed step", "- r: |\n    x\n- c\n      \n- s\n", []any{1}, remove, "- r: |\n    x\n- s\n"},
}

func text(s string) func(Node) Op {
	return func(n Node) Op { return Replace(n, String(s)) }
}

func part(start, end int, s string) func(Node) Op {
	return func(n Node) Op { return ReplaceText(n, start, end, s) }
}

func mapping(n Node) Op { return Replace(n, Map(Pair{"k", String("v")}, Pair{"l", String("w")})) }

func remove(n Node) Op { return Remove(n.Entry()) }

func clearEntry(n Node) Op { return Clear(n.Entry()) }

func after(s string) func(Node) Op {
	return func(n Node) Op { return InsertAfter(n.Entry(), Item(String(s))) }
}

func before(s string) func(Node) Op {
	return func(n Node) Op { return InsertBefore(n.Entry(), Item(String(s))) }
}

func afterPair(key, value string) func(Node) Op {
	return func(n Node) Op { return InsertAfter(n.Entry(), Pair{key, String(value)}) }
}

func beforePair(key, value string) func(Node) Op {
	return func(n Node) Op { return InsertBefore(n.Entry(), Pair{key, String(value)}) }
}

func override(key, value string) func(Node) Op {
	return func(n Node) Op { return Override(n, Pair{key, String(value)}) }
}

func shared(op func(Node) Op) func(Node) Op {
	return func(n Node) Op { return op(n).Shared() }
}

func TestTricky(t *testing.T) {
	t.Parallel()
	for _, tt := range trickyTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tricky(t, tt.src, tt.path, tt.op)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// tricky is what comes of an operation: the source, the reason of a refusal or the text of another error.
func tricky(t *testing.T, src string, path []any, op func(Node) Op) string {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		return err.Error()
	}
	if op == nil {
		if len(f.Documents()) > 0 {
			t.Fatal("there is a document")
		}
		return src
	}
	next, err := proved(f, op(find(t, f.Documents()[0], path...)))
	var r *RefusedError
	switch {
	case errors.As(err, &r):
		return r.Reason.String()
	case err != nil:
		return err.Error()
	default:
		judge(t, f.src, next.src)
		return string(next.Source())
	}
}

// TestTrickyCorpus holds that the collection has a file for each number and that a row says what must happen in its
// situation: a file that is rejected is so for the reason of its row, and in any other every operation is right.
func TestTrickyCorpus(t *testing.T) {
	t.Parallel()
	wants := map[string]string{} // by number: the text of the error
	for _, tt := range trickyTests {
		_, err := Parse([]byte(tt.src))
		wants[fmt.Sprintf("%02d", tt.number)] = messageOf(err)
	}
	for name, src := range corpusFiles(t, "tricky") {
		number, _, _ := strings.Cut(name, "-")
		want, stated := wants[number]
		delete(wants, number)
		f, err := Parse(src)
		switch got := messageOf(err); {
		case !stated:
			t.Errorf("%s: no row says what must happen", name)
		case got != want:
			t.Errorf("%s: error %q, that of its row %q", name, got, want)
		case err == nil && !testing.Short():
			tryEverything(t, name, f)
		}
	}
	for number := range wants {
		t.Errorf("there is no file %s", number)
	}
}

// messageOf is the text of an error of Parse without its line, "" for none.
func messageOf(err error) string {
	if e := new(ParseError); errors.As(err, &e) {
		return e.Message
	}
	return ""
}
