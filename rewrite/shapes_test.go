package rewrite

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// operations are what the tests of shapes ask for, by name.
var operations = map[string]func(n Node) Op{
	"replace":   text("new"),
	"map":       mapping,
	"list":      func(n Node) Op { return Replace(n, List(String("new"))) },
	"script":    func(n Node) Op { return Replace(n, Map(Pair{"new", LiteralText("two\nlines\n")})) },
	"rename":    func(n Node) Op { return Rename(n.Entry(), "new") },
	"before":    func(n Node) Op { return InsertBefore(n.Entry(), newFor(n.Parent())) },
	"after":     func(n Node) Op { return InsertAfter(n.Entry(), newFor(n.Parent())) },
	"first":     func(n Node) Op { return Prepend(n, newFor(n)) },
	"last":      func(n Node) Op { return Append(n, newFor(n)) },
	"remove":    remove,
	"prune":     prune,
	"clear":     clearEntry,
	"wrap":      wrap,
	"above":     func(n Node) Op { return CommentAbove(n.Entry(), "note") },
	"behind":    func(n Node) Op { return CommentBehind(n.Entry(), "note") },
	"part":      inText("part", "piece"),
	"cut":       inText("part", ""),
	"lines":     inText("part", "two\nlines"),
	"uncomment": func(n Node) Op { return RemoveComment(n.File().Comments()[0]) },
	"override":  override("new", "v"),
}

func newFor(n Node) Pair {
	if n.Kind() == Sequence {
		return Item(String("new"))
	}
	return Pair{"new", String("v")}
}

func inText(old, text string) func(Node) Op {
	return func(n Node) Op {
		i := strings.Index(n.Value(), old)
		return ReplaceText(n, i, i+len(old), text)
	}
}

func at(f *File, path string) Node {
	var found Node
	var walk func(n *node)
	walk = func(n *node) {
		if !found.Exists() && (Node{f, n}).Path() == path {
			found = Node{f, n}
		}
		for i := range n.items {
			walk(n.items[i].value)
		}
	}
	for _, r := range f.roots {
		walk(r)
	}
	return found
}

// shape is a layout, and what operations make of it.
type shape struct {
	name, src string
	rows      []shapeRow
}

// shapeRow is one of the operations, its place, and the bytes wanted or the reason of the refusal.
type shapeRow struct{ op, path, want string }

// shapeForm is what a shape may be part of. It turns a source, and what is wanted of it, into another one.
type shapeForm struct {
	name string
	form func(src string) string
	path func(path string) string
}

var shapeForms = []shapeForm{
	{"as it is", same, same},
	{"CRLF", inLineBreaks("\r\n"), same},
	{"lone CR", inLineBreaks("\r"), same},
	{"byte order mark", func(src string) string { return bom + src }, same},
	{"no final line break", func(src string) string { return strings.TrimSuffix(src, "\n") }, same},
	{"indented root", indented, same},
	{"below a key", func(src string) string { return "key:\n" + indented(src) }, func(path string) string {
		if path == "" || path[0] == '[' {
			return "key" + path
		}
		return "key." + path
	}},
	{"behind a very long line", func(src string) string { return "--- [" + strings.Repeat("item, ", 400) + "]\n---\n" + src }, func(path string) string { return "2:" + path }},
}

func same(s string) string { return s }

func inLineBreaks(br string) func(string) string {
	return func(src string) string { return strings.ReplaceAll(src, "\n", br) }
}

func indented(src string) string {
	lines := strings.SplitAfter(src, "\n")
	for i, line := range lines {
		if line != "" && line != "\n" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "")
}

func allShapes() []shape {
	return slices.Concat(blockShapes, flowShapes, scalarShapes, otherShapes, lineShapes)
}

// TestShapes holds what bytes each operation makes of each layout, also where the layout is a part of another.
func TestShapes(t *testing.T) {
	t.Parallel()
	forms := shapeForms
	if testing.Short() {
		forms = forms[:1]
	}
	for _, s := range slices.Concat(blockShapes, flowShapes, scalarShapes, otherShapes) {
		s.check(t, forms)
	}
	for _, s := range lineShapes {
		s.check(t, shapeForms[:1])
	}
}

func (s shape) check(t *testing.T, forms []shapeForm) {
	for _, row := range s.rows {
		t.Run(s.name+"/"+row.op+" "+row.path, func(t *testing.T) {
			t.Parallel()
			for _, f := range forms {
				src, want := f.form(s.src), row.want
				done := strings.ContainsAny(want, "\r\n")
				if done {
					want = f.form(want)
				}
				if diff := cmp.Diff(want, result(t, src, f.path(row.path), row.op)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.name, diff)
				}
				if done && (src == s.src || judged([]byte(src))) {
					judge(t, []byte(src), []byte(want))
				}
			}
		})
	}
}

func result(t *testing.T, src, path, op string) string {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	n := at(f, path)
	if !n.Exists() || operations[op] == nil {
		t.Fatalf("there is no %s at %q", op, path)
	}
	next, err := proved(f, operations[op](n))
	if r := new(RefusedError); errors.As(err, &r) {
		return r.Reason.String()
	}
	if err != nil {
		return err.Error()
	}
	return string(next.src)
}
