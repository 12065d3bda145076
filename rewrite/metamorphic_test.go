package rewrite

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree and branch are a small document for the metamorphic tests: a mapping in order, of strings, lists and trees.
type (
	tree   []branch
	branch struct {
		key   string
		value any // string, []any or tree
	}
)

// layoutOf is one way to write a tree.
type layoutOf struct {
	name      string
	indent    int
	br        string
	comments  bool // behind every line
	flow      bool // what is below the first level stands on one line
	quoteKeys bool
	anchored  bool // the job stands elsewhere, behind an anchor
	atKeys    bool // dashes stand at the column of their sequence's key
	marked    bool // a byte order mark comes first
	open      bool // there is no final line break
}

var layouts = []layoutOf{
	{name: "two columns", indent: 2, br: "\n"},
	{name: "four columns", indent: 4, br: "\n"},
	{name: "CRLF", indent: 2, br: "\r\n"},
	{name: "comments behind every line", indent: 2, br: "\n", comments: true},
	{name: "comments, CRLF", indent: 3, br: "\r\n", comments: true},
	{name: "flow", indent: 2, br: "\n", flow: true},
	{name: "quoted keys", indent: 2, br: "\n", quoteKeys: true},
	{name: "quoted keys in flow", indent: 2, br: "\n", quoteKeys: true, flow: true},
	{name: "behind an anchor", indent: 2, br: "\n", anchored: true},
	{name: "sequences at their keys", indent: 4, br: "\n", atKeys: true},
	{name: "byte order mark, lone CR", indent: 2, br: "\r", marked: true},
	{name: "no final line break", indent: 2, br: "\n", open: true},
	{name: "no final line break, CRLF, flow", indent: 2, br: "\r\n", open: true, flow: true},
}

func (l layoutOf) key(k string) string {
	if l.quoteKeys {
		return `"` + k + `"`
	}
	return k
}

// write is the tree in this layout. When it is anchored, the value of the last key is written as the first one's, which
// has an anchor.
func (l layoutOf) write(t tree) string {
	if l.anchored {
		last := t[len(t)-1]
		t = append(tree{{"definition", anchoredValue{last.value}}}, append(t[:len(t)-1:len(t)-1], branch{last.key, aliasOf{}})...)
	}
	var b strings.Builder
	l.pairs(&b, 0, t)
	text := b.String()
	if l.comments {
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines[:len(lines)-1] {
			lines[i] = fmt.Sprintf("%s # %d\n", strings.TrimSuffix(line, "\n"), i)
		}
		text = strings.Join(lines, "")
	}
	if l.open {
		text = strings.TrimSuffix(text, "\n")
	}
	if l.marked {
		text = bom + text
	}
	return strings.ReplaceAll(text, "\n", l.br)
}

type (
	anchoredValue struct{ value any }
	aliasOf       struct{}
)

func (l layoutOf) pairs(b *strings.Builder, col int, t tree) {
	for _, p := range t {
		b.WriteString(spaces(col) + l.key(p.key) + ":")
		value := p.value
		if a, ok := value.(anchoredValue); ok {
			b.WriteString(" &anchor")
			value = a.value
		}
		l.value(b, col, value)
	}
}

func (l layoutOf) value(b *strings.Builder, col int, value any) {
	switch v := value.(type) {
	case string:
		b.WriteString(" " + v + "\n")
	case aliasOf:
		b.WriteString(" *anchor\n")
	case tree:
		if l.flow && col > 0 {
			b.WriteString(" " + l.inFlow(v) + "\n")
			return
		}
		b.WriteByte('\n')
		l.pairs(b, col+l.indent, v)
	case []any:
		if l.flow {
			b.WriteString(" " + l.inFlow(v) + "\n")
			return
		}
		b.WriteByte('\n')
		if !l.atKeys {
			col += l.indent
		}
		for _, item := range v {
			b.WriteString(spaces(col) + "-")
			if t, ok := item.(tree); ok {
				var inner strings.Builder
				l.pairs(&inner, col+2, t)
				b.WriteString(" " + strings.TrimLeft(inner.String(), " "))
				continue
			}
			l.value(b, col, item)
		}
	}
}

func (l layoutOf) inFlow(value any) string {
	var parts []string
	switch v := value.(type) {
	case tree:
		for _, p := range v {
			parts = append(parts, l.key(p.key)+": "+l.inFlow(p.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, l.inFlow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return value.(string)
	}
}

// job is the document of the metamorphic tests, with the environment and the steps given.
func job(image string, environment any, steps ...any) tree {
	build := tree{{"docker", []any{tree{{"image", image}}}}}
	if environment != nil {
		build = append(build, branch{"environment", environment})
	}
	return tree{{"version", "2.1"}, {"build", append(build, branch{"steps", steps})}}
}

// What the document has: an environment, and a step.
var (
	env = tree{{"A", "one"}, {"B", "two"}, {"C", "three"}}
	run = tree{{"run", tree{{"name", "x"}, {"command", "make all"}}}}
)

// metamorphicTests are operations on one document, and what it is then.
var metamorphicTests = []struct {
	name string
	ops  func(build Node) []Op
	want tree
}{
	{"replace", func(b Node) []Op {
		return []Op{Replace(b.Own("docker").Entries()[0].Value().Own("image"), String("other"))}
	}, job("other", env, "checkout", run)},
	{"replace a part", func(b Node) []Op {
		return []Op{ReplaceText(b.Own("steps").Entries()[1].Value().Own("run").Own("command"), 5, 8, "it")}
	}, job("base", env, "checkout", tree{{"run", tree{{"name", "x"}, {"command", "make it"}}}})},
	{"rename", func(b Node) []Op {
		return []Op{Rename(b.Own("environment").Entries()[1], "D")}
	}, job("base", tree{{"A", "one"}, {"D", "two"}, {"C", "three"}}, "checkout", run)},
	{"remove first, middle and last", func(b Node) []Op {
		return []Op{Remove(b.Own("environment").Entries()[0]), Remove(b.Own("environment").Entries()[2])}
	}, job("base", tree{{"B", "two"}}, "checkout", run)},
	{"remove all and what they stand in", func(b Node) []Op {
		e := b.Own("environment").Entries()
		return []Op{Prune(e[0]), Prune(e[1]), Prune(e[2])}
	}, job("base", nil, "checkout", run)},
	{"insert before, after and last", func(b Node) []Op {
		e := b.Own("environment")
		return []Op{InsertBefore(e.Entries()[0], Pair{"Q", String("q")}), InsertAfter(e.Entries()[1], Pair{"R", String("r")}), Append(e, Pair{"S", String("s")})}
	}, job("base", tree{{"Q", "q"}, {"A", "one"}, {"B", "two"}, {"R", "r"}, {"C", "three"}, {"S", "s"}}, "checkout", run)},
	{"insert first and last", func(b Node) []Op {
		return []Op{Prepend(b.Own("steps"), Item(String("hello"))), Append(b.Own("steps"), Item(String("bye")))}
	}, job("base", env, "hello", "checkout", run, "bye")},
	{"clear", func(b Node) []Op {
		e := b.Own("environment").Entries()
		return []Op{Clear(e[0]), Clear(e[1]), Clear(e[2])}
	}, job("base", "{}", "checkout", run)},
	{"a whole value", func(b Node) []Op {
		return []Op{Replace(b.Own("environment"), Map(Pair{"Q", String("q")}))}
	}, job("base", tree{{"Q", "q"}}, "checkout", run)},
	{"insert a step", func(b Node) []Op {
		return []Op{InsertBefore(b.Own("steps").Entries()[1], Item(Map(Pair{"orb/setup", Map(Pair{"role", String("r")})})))}
	}, job("base", env, "checkout", tree{{"orb/setup", tree{{"role", "r"}}}}, run)},
	{"wrap a step", func(b Node) []Op {
		return []Op{Wrap(b.Own("steps").Entries()[0].Value(), Map(Pair{"path", String("p")}))}
	}, job("base", env, tree{{"checkout", tree{{"path", "p"}}}}, run)},
	{"scalar becomes a mapping", func(b Node) []Op {
		return []Op{Replace(b.Own("steps").Entries()[0].Value(), Map(Pair{"orb/get", Map(Pair{"path", String("p")})}))}
	}, job("base", env, tree{{"orb/get", tree{{"path", "p"}}}}, run)},
	{"mapping becomes a scalar", func(b Node) []Op {
		return []Op{Replace(b.Own("steps").Entries()[1].Value(), String("deploy"))}
	}, job("base", env, "checkout", "deploy")},
}

// TestMetamorphic holds that the same operations on the same document in another layout mean the same, and that the
// result looks as if it had been written in that layout.
func TestMetamorphic(t *testing.T) {
	t.Parallel()
	for _, tt := range metamorphicTests {
		for _, l := range layouts {
			t.Run(tt.name+", "+l.name, func(t *testing.T) {
				t.Parallel()
				f, err := Parse([]byte(l.write(job("base", env, "checkout", run))))
				if err != nil {
					t.Fatal(err)
				}
				ops := tt.ops(f.Documents()[0].Own("build").Resolve())
				for i := range ops {
					ops[i] = ops[i].Shared()
				}
				next, err := proved(f, ops...)
				if err != nil {
					t.Fatal(err)
				}
				judge(t, f.src, next.src)
				l.checkLook(t, tt.want, string(next.src), l.quoteKeys && tt.name == "wrap a step")
			})
		}
	}
}

// checkLook holds that a result means the tree, and that it is written in the layout. Comments are left out of that: only
// those of lines that were there before are behind them still. A key may be one of plain text that was there.
func (l layoutOf) checkLook(t *testing.T, tree tree, got string, plainKey bool) {
	t.Helper()
	want := l.write(tree)
	wantMeaning, _ := decodeAll([]byte(want), byYAMLv3)
	if meaning, err := decodeAll([]byte(got), byYAMLv3); err != nil || meaning != wantMeaning {
		t.Errorf("meaning: %v\nwant %s\ngot  %s\nof %s", err, wantMeaning, meaning, got)
	}
	if plainKey {
		return
	}
	if l.comments {
		l.comments = false
		want, got = l.write(tree), lineNote.ReplaceAllString(got, "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("look (-want +got):\n%s", diff)
	}
}

// lineNote is a comment behind a line.
var lineNote = regexp.MustCompile(` # \d+`)
