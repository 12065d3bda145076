package rewrite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// edited plans, proves and applies operations on a source.
func edited(t *testing.T, src string, ops func(root Node) []Op) (string, error) {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Plan(ops(f.Documents()[0]))
	if err != nil {
		return "", err
	}
	next, err := c.Prove()
	if err != nil {
		return "", err
	}
	judge(t, f.src, next.src)
	return string(next.Source()), nil
}

// setup is the arguments of a step that assumes a role.
var setup = Map(Pair{"role_arn", String("${ROLE}")})

// own goes down by keys.
func own(n Node, keys ...string) Node {
	for _, k := range keys {
		n = n.Own(k)
	}
	return n
}

// operationTests are edits as rules ask for them.
var operationTests = []struct {
	name, src, want string
	ops             func(root Node) []Op
}{
	{
		"insert a step before another", "steps:\n  - checkout\n  # about x\n  - run: x\n", "steps:\n  - checkout\n  - aws-cli/setup:\n      role_arn: ${ROLE}\n  # about x\n  - run: x\n",
		func(r Node) []Op {
			return []Op{InsertBefore(r.Own("steps").Entries()[1], Item(Map(Pair{"aws-cli/setup", setup})))}
		},
	},
	{
		"new top-level block copies the blank line", "version: 2.1\n\njobs:\n  a:\n    b: 1\n", "version: 2.1\n\norbs:\n  x: a/b@1\n\njobs:\n  a:\n    b: 1\n",
		func(r Node) []Op {
			return []Op{InsertAfter(r.Entries()[0], Pair{"orbs", Map(Pair{"x", String("a/b@1")})})}
		},
	},
	{
		"wrap a bare item, keep its comment", "steps:\n- checkout # c\n- aws-cli/setup # d\n- x\n", "steps:\n- checkout # c\n- aws-cli/setup: # d\n    role_arn: ${ROLE}\n- x\n",
		func(r Node) []Op {
			return []Op{Wrap(r.Own("steps").Entries()[1].Value(), setup)}
		},
	},
	{
		"remove both entries and the emptied parent", "job:\n  environment:\n    A: 1 # one\n    B: 2\n  steps: []\n", "job:\n  steps: []\n",
		func(r Node) []Op {
			e := own(r, "job", "environment").Entries()
			return []Op{Prune(e[0]), Prune(e[1])}
		},
	},
	{
		"replace two keys by one at the first's place", "setup:\n    a: 1\n    b: 2\n    region: x\n", "setup:\n    role_arn: arn:aws:iam::1:role/x\n    region: x\n",
		func(r Node) []Op {
			e := own(r, "setup").Entries()
			return []Op{InsertBefore(e[0], Pair{"role_arn", String("arn:aws:iam::1:role/x")}), Remove(e[0]), Remove(e[1])}
		},
	},
	{
		"first entry behind a dash", "- image: a\n  auth: b\n- c\n", "- auth: b\n- c\n",
		func(r Node) []Op { return []Op{Remove(r.Entries()[0].Value().Entries()[0])} },
	},
	{
		"no final newline stays so", "a: 1\nb:\n  - x", "a: 1\nb:\n  - x\n  - z: 1",
		func(r Node) []Op {
			return []Op{Append(r.Own("b"), Item(Map(Pair{"z", Value{kind: wordValue, text: "1"}})))}
		},
	},
	{
		"behind a literal at the end without newline", "- run: |\n    x", "- run: |-\n    x\n- z",
		func(r Node) []Op { return []Op{Append(r, Item(String("z")))} },
	},
	{
		"all of what an alias means", "x: &x\n  e:\n    k: 1\na:\n  <<: *x\n", "x: &x {}\na:\n  <<: *x\n",
		func(r Node) []Op { return []Op{Prune(own(r, "x", "e").Entries()[0]).Shared()} },
	},
	{
		"all of what hides nothing, and of what it hides", "x: &x\n  e:\n    k: 1\n  l: 1\ny: &y\n  e:\n    k: 1\n  m: 1\na:\n  <<: [*x, *y]\n", "x: &x\n  l: 1\ny: &y\n  m: 1\na:\n  <<: [*x, *y]\n",
		func(r Node) []Op {
			return []Op{Prune(own(r, "y", "e").Entries()[0]).Shared(), Prune(own(r, "x", "e").Entries()[0]).Shared()}
		},
	},
	{
		"a definition with the last alias that means it", "x:\n  d: &d {k: 1}\na:\n- 1\n- *d\n", "a:\n- 1\n",
		func(r Node) []Op {
			return []Op{RemoveUnused(own(r, "x").Entries()[0]), Remove(r.Own("a").Entries()[1])}
		},
	},
	{
		"a definition with its aliases, replaced and inside what goes", "d: &d {k: 1}\na: [1, *d]\nb:\n- 1\n- k: *d\n", "a: [1, 2]\nb:\n- 1\n",
		func(r Node) []Op {
			return []Op{RemoveUnused(r.Entries()[0]), Replace(r.Own("a").Entries()[1].Value(), Int(2)), Remove(r.Own("b").Entries()[1])}
		},
	},
	{
		"a definition that another alias means", "d: &d {k: 1}\na:\n- 1\n- *d\n- *d\n", "d: &d {k: 1}\na:\n- 1\n- *d\n",
		func(r Node) []Op { return []Op{RemoveUnused(r.Entries()[0]), Remove(r.Own("a").Entries()[1])} },
	},
	{
		"a definition around and inside others that are used", "x: &x\n  d: &d {k: &k 1}\na:\n- 1\n- *d\nb: *x\nc: *k\n", "x: &x\n  d: &d {k: &k 1}\na:\n- 1\nb: *x\nc: *k\n",
		func(r Node) []Op {
			return []Op{RemoveUnused(own(r, "x").Entries()[0]), Remove(r.Own("a").Entries()[1])}
		},
	},
	{
		"a quoted value above a line with a tab", "a: {k: 'x'\n\t}\n", "a: {k: 'y'\n\t}\n",
		func(r Node) []Op { return []Op{Replace(own(r, "a", "k"), String("y"))} },
	},
	{
		"a plain value above a line with a tab, and no block around", "{\"a\": 1\n\t}\n", "{\"a\": 2\n\t}\n",
		func(r Node) []Op { return []Op{Replace(r.Own("a"), Int(2))} },
	},
	{
		"a plain value above a line with a tab behind its column", "a: {k: 1\n  \t}\n", "a: {k: 2\n  \t}\n",
		func(r Node) []Op { return []Op{Replace(own(r, "a", "k"), Int(2))} },
	},
	{
		"lines of a literal", "run: |\r\n  export A=1\r\n  aws s3 ls\r\n\r\n  export B=2\r\n", "run: |\r\n  aws s3 ls\r\n\r\n",
		func(r Node) []Op {
			n := r.Own("run")
			return []Op{ReplaceText(n, 0, 11, ""), ReplaceText(n, 22, 33, "")}
		},
	},
	{
		"part of a line of a literal", "run: |\n  A=1 B=2 x\n  y\n", "run: |\n  B=2 x\n  y\n",
		func(r Node) []Op { return []Op{ReplaceText(r.Own("run"), 0, 4, "")} },
	},
	{
		"last lines of a folded scalar", "run: >\n  make all\n  them\n\n  A=1\n\n  B=2\nz: 1\n", "run: >\n  make all\n  them\nz: 1\n",
		func(r Node) []Op {
			return []Op{ReplaceText(r.Own("run"), 14, 18, ""), ReplaceText(r.Own("run"), 18, 22, "")}
		},
	},
	{
		"last line of a folded scalar, stripped, at the open end", "run: >-\n  make all\n\n  A=1", "run: >-\n  make all",
		func(r Node) []Op { return []Op{ReplaceText(r.Own("run"), 9, 12, "")} },
	},
	{
		"part of a double quoted scalar", `run: "A=\"1\" x"`, `run: "x"`,
		func(r Node) []Op { return []Op{ReplaceText(r.Own("run"), 0, 6, "")} },
	},
	{
		"orb version, quotes and comment kept", "orbs:\n  a: \"circleci/aws-cli@2.1\" # c\n", "orbs:\n  a: \"circleci/aws-cli@3.2.0\" # c\n",
		func(r Node) []Op { return []Op{ReplaceText(own(r, "orbs", "a"), 17, 20, "3.2.0")} },
	},
	{
		"null becomes a mapping", "orbs:\njobs: 1\n", "orbs:\n  a: b/c@1\njobs: 1\n",
		func(r Node) []Op { return []Op{Append(r.Own("orbs"), Pair{"a", String("b/c@1")})} },
	},
	{
		"flow list", "steps: [checkout, x]\n", "steps: [checkout, {aws-cli/setup: {role_arn: \"${ROLE}\"}}, x]\n",
		func(r Node) []Op {
			return []Op{InsertBefore(r.Own("steps").Entries()[1], Item(Map(Pair{"aws-cli/setup", setup})))}
		},
	},
	{
		"flow map", "e: {A: 1, B: 2, C: 3}\n", "e: {B: 2}\n",
		func(r Node) []Op { return []Op{Remove(r.Own("e").Entries()[0]), Remove(r.Own("e").Entries()[2])} },
	},
	{
		"multi-line run with a literal", "steps:\n- checkout\n", "steps:\n- run:\n    name: a\n    command: |\n      x\n\n      y \"z\"\n- checkout\n",
		func(r Node) []Op {
			return []Op{InsertBefore(r.Own("steps").Entries()[0], Item(Map(Pair{"run", Map(Pair{"name", String("a")}, Pair{"command", LiteralText("x\n\ny \"z\"\n")})})))}
		},
	},
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for _, tt := range operationTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := edited(t, tt.src, tt.ops)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("want:\n%s\ngot:\n%s", tt.want, got)
			}
		})
	}
}

// path is an operation at the node that the steps lead to.
type path []any

func (p path) with(t *testing.T, op func(Node) Op) func(Node) []Op {
	t.Helper()
	return func(root Node) []Op { return []Op{op(find(t, root, p...))} }
}

func TestLook(t *testing.T) {
	t.Parallel()
	env := Map(Pair{"env", Map(Pair{"A", List(String("x"), Map(Pair{"k", String("v")}))})})
	insert := func(v Value) func(Node) Op {
		return func(n Node) Op { return InsertAfter(n.Entry(), Pair{"zz", v}) }
	}
	tests := []struct {
		name, src string
		at        path
		op        func(Node) Op
		want      string
	}{
		{"four columns, sequences at their keys", "a:\n    b: x\ns:\n- y\n", path{"s"}, insert(env), "a:\n    b: x\ns:\n- y\nzz:\n    env:\n        A:\n        - x\n        - k: v\n"},
		{"blanks behind dashes", "s:\n  -   a: x\n      b: y\n", path{"s", 0}, func(n Node) Op {
			return InsertAfter(n.Entry(), Item(Map(Pair{"k", String("v")}, Pair{"l", String("w")})))
		}, "s:\n  -   a: x\n      b: y\n  -   k: v\n      l: w\n"},
		{"neighbours in single quotes", "a: 'x'\nb: 'z'\n", path{"a"}, insert(String("v")), "a: 'x'\nzz: 'v'\nb: 'z'\n"},
		{"neighbours in double quotes", "- \"x\"\n- \"z\"\n", path{1}, after("it's"), "- \"x\"\n- \"z\"\n- \"it's\"\n"},
		{"quotes that a neighbour needs say nothing", "a: '1'\n", path{"a"}, insert(String("v")), "a: '1'\nzz: v\n"},
		{"quotes by need are those of the neighbour", "a: '1'\nb: 'x: y'\n", path{"a"}, insert(String("2")), "a: '1'\nzz: '2'\nb: 'x: y'\n"},
		{"plain neighbours", "a: x\nb: 'v'\n", path{"a"}, insert(String("w")), "a: x\nzz: w\nb: 'v'\n"},
		{"keys in quotes", "{\"a\": 1, \"b\": 2}\n", path{"a"}, insert(Map(Pair{"k", Int(1)})), "{\"a\": 1, \"zz\": {\"k\": 1}, \"b\": 2}\n"},
		{"blank lines between siblings, after", "a: 1\n\nb: 2\n", path{"b"}, insert(Int(3)), "a: 1\n\nb: 2\n\nzz: 3\n"},
		{"blank lines between items, before", "- a\n\n# about c\n- c\n", path{1}, before("m"), "- a\n\n- m\n\n# about c\n- c\n"},
		{"one of two blank lines goes", "- a\n\n- b\n\n- c\n", path{1}, remove, "- a\n\n- c\n"},
		{"flow on lines, trailing comma", "a: [\n    x, # one\n    z, # two\n]\n", path{"a", 1}, after("m"), "a: [\n    x, # one\n    z, # two\n    m,\n]\n"},
		{"flow on lines, no trailing comma", "a: {\n  k: x, # one\n  l: z # two\n}\n", path{"a", "l"}, insert(Int(1)), "a: {\n  k: x, # one\n  l: z, # two\n  zz: 1\n}\n"},
		{"an empty flow sequence becomes lines", "s: []\nt:\n    - x\n", path{"s"}, func(n Node) Op { return Append(n, Item(env)) }, "s:\n    - env:\n        A:\n            - x\n            - k: v\nt:\n    - x\n"},
		{"an empty flow mapping in flow stays flow", "s: [{}]\n", path{"s", 0}, func(n Node) Op { return Append(n, Pair{"k", LiteralText("a\nb\n")}) }, "s: [{k: \"a\\nb\\n\"}]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := edited(t, tt.src, tt.at.with(t, tt.op))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// TestThroughAnchor holds that a place that others see through an anchor is edited only as the caller chooses.
func TestThroughAnchor(t *testing.T) {
	t.Parallel()
	const src = "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"
	tests := []struct {
		name string
		at   path
		op   func(Node) Op
		want string // the result, or the reason of the refusal
	}{
		{"nothing is chosen", path{"d", "x"}, text("2"), "the place is shared through an anchor"},
		{"the definition is edited", path{"d", "x"}, shared(text("2")), "d: &d\n  x: \"2\"\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"overridden beside a merge", path{"j"}, override("x", "2"), "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  x: \"2\"\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"overridden where it has the pair", path{"j"}, override("z", "2"), "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: \"2\"\nt: *d # c\ns: [*d]\n"},
		{"overridden in place of an alias", path{"t"}, override("x", "2"), "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: # c\n  <<: *d\n  x: \"2\"\ns: [*d]\n"},
		{"overridden in place of an alias in flow", path{"s"}, func(n Node) Op { return Override(n.Entries()[0].Value(), Pair{"x", Int(2)}) }, "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [{<<: *d, x: 2}]\n"},
		{"overridden where nothing is merged", path{}, override("y", "2"), "the operation does not fit the kind of the node"},
		{"the definition goes", path{"d", "x"}, remove, "the place is shared through an anchor"},
		{"the definition goes for all", path{"d", "x"}, shared(remove), "d: &d\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"a pair for all", path{"d", "x"}, shared(afterPair("w", "2")), "d: &d\n  x: 1\n  w: \"2\"\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"renamed for all", path{"d", "x"}, shared(func(n Node) Op { return Rename(n.Entry(), "w") }), "d: &d\n  w: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"inside what is inside, nothing is chosen", path{"d", "e", "k"}, text("w"), "the place is shared through an anchor"},
		{"a user cut off", path{"t"}, text("w"), "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: w # c\ns: [*d]\n"},
		{"a comment, which no user sees", path{"d", "x"}, func(n Node) Op { return CommentBehind(n.Entry(), "n") }, "d: &d\n  x: 1 # n\n  e: {k: v}\nj:\n  <<: *d # c\n  z: 1\nt: *d # c\ns: [*d]\n"},
		{"a place of one's own", path{"j", "z"}, text("2"), "d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d # c\n  z: \"2\"\nt: *d # c\ns: [*d]\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tricky(t, src, tt.at, tt.op)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMergeLists holds the same for a mapping that merges several.
func TestMergeLists(t *testing.T) {
	t.Parallel()
	const src = "b: &b {x: 1}\nc: &c\n  z: 2\nn:\n  <<: [*b, *c]\nm: {<<: *b, w: 1}\nl:\n  <<:\n    - *b\n    - *c\n  k: 1\n"
	tests := []struct {
		name     string
		at       path
		op       func(Node) Op
		old, new string // of the source; without an old one, the reason of the refusal
	}{
		{"overridden beside a list", path{"n"}, override("x", "v"), "[*b, *c]\n", "[*b, *c]\n  x: v\n"},
		{"overridden beside a merge in flow", path{"m"}, override("x", "v"), "{<<: *b, w: 1}", "{<<: *b, x: v, w: 1}"},
		{"overridden beside a list on lines", path{"l"}, override("z", "v"), "    - *c\n  k", "    - *c\n  z: v\n  k"},
		{"one merge of several goes", path{"n"}, func(n Node) Op { return Remove(n.Entries()[0].Value().Entries()[1]) }, "[*b, *c]", "[*b]"},
		{"all merges go", path{"l"}, func(n Node) Op { return Remove(n.Entries()[0]) }, "  <<:\n    - *b\n    - *c\n", ""},
		{"what a list merges changes for all", path{"c", "z"}, shared(text("v")), "z: 2", "z: v"},
		{"what a list merges goes", path{"c"}, remove, "", "an anchor inside is used elsewhere"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := tt.new
			if tt.old != "" {
				want = strings.Replace(src, tt.old, tt.new, 1)
			}
			if diff := cmp.Diff(want, tricky(t, src, tt.at, tt.op)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte("d: &d\n  x: 1\n  e: {k: v}\nj:\n  <<: *d\nt: [*d]\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := f.Documents()[0]
	var got []string
	for _, u := range Remove(find(t, r, "d", "e", "k").Entry()).Users() {
		got = append(got, u.Path())
	}
	if diff := cmp.Diff([]string{"j.<<", "t[0]"}, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if n := len(Remove(find(t, r, "t").Entry()).Users()); n > 0 {
		t.Errorf("%d users of a place without an anchor", n)
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	above := func(text string) func(Node) Op {
		return func(n Node) Op { return CommentAbove(n.Entry(), text) }
	}
	behind := func(text string) func(Node) Op {
		return func(n Node) Op { return CommentBehind(n.Entry(), text) }
	}
	uncomment := func(i int) func(Node) Op {
		return func(n Node) Op { return RemoveComment(n.File().Comments()[i]) }
	}
	tests := []struct {
		name, src string
		at        path
		op        func(Node) Op
		want      string
	}{
		{"above an entry, below its other comment", "a: 1\n# b\nb: 2\n", path{"b"}, above("two"), "a: 1\n# b\n# two\nb: 2\n"},
		{"above, of several lines, CRLF", "a:\r\n  - x\r\n", path{"a", 0}, above("one\n\ntwo"), "a:\r\n  # one\r\n  #\r\n  # two\r\n  - x\r\n"},
		{"above a key behind a dash", "- k: v\n  l: w\n", path{0, "k"}, above("c"), "- # c\n  k: v\n  l: w\n"},
		{"above a flow entry on its own line", "a: [\n  x,\n  z ]\n", path{"a", 1}, above("c"), "a: [\n  x,\n  # c\n  z ]\n"},
		{"above a flow entry on a common line", "a: [x, z]\n", path{"a", 1}, above("c"), "the entry shares its line with another"},
		{"behind a scalar", "a: x\nb: 1\n", path{"a"}, behind("c"), "a: x # c\nb: 1\n"},
		{"behind the key of a mapping", "a:\n  k: v\n", path{"a"}, behind("c"), "a: # c\n  k: v\n"},
		{"behind the header of a block scalar", "a: |2-\n    x\nb: 1\n", path{"a"}, behind("c"), "a: |2- # c\n    x\nb: 1\n"},
		{"behind text over several lines", "a: x\n  z\n", path{"a"}, behind("c"), "the flow scalar runs over several lines"},
		{"behind trailing blanks", "a: x  \n", path{"a"}, behind("c"), "a: x   # c\n"},
		{"behind the last line, without a newline", "a: x", path{"a"}, behind("c"), "a: x # c"},
		{"behind a comment", "a: x # b\n", path{"a"}, behind("c"), "the line has a comment already"},
		{"behind, of two lines", "a: x\n", path{"a"}, behind("c\nd"), "the operation does not fit the kind of the node"},
		{"removed with its line", "a: 1\n# b\nb: 2\n", nil, uncomment(0), "a: 1\nb: 2\n"},
		{"removed from the end of a line", "a: 1   # b\nb: 2\n", nil, uncomment(0), "a: 1\nb: 2\n"},
		{"removed from the end of the file", "a: 1\n# b", nil, uncomment(0), "a: 1"},
		{"removed behind a block scalar's indicators", "a: | # b\n  x\n", nil, uncomment(0), "a: |\n  x\n"},
		{"removed from between text and blank lines", "a: |+\n  x\n# b\n\nc: 1\n", nil, uncomment(0), "a: |+\n  x\nc: 1\n"},
		{"removed from between text and a deep comment", "a: |\n  x\n# b\n  # c\nc: 1\n", nil, uncomment(0), "kept lines would become text of the block scalar above"},
		{"no comment", "a: \"# b\"\n", nil, func(Node) Op { return RemoveComment(Span{4, 7}) }, "the operation does not fit the kind of the node"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tricky(t, tt.src, tt.at, tt.op)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}
