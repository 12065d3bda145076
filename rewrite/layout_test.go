package rewrite

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBlockScalarHeaders holds that block scalars are edited alike behind each of their indicators.
func TestBlockScalarHeaders(t *testing.T) {
	t.Parallel()
	for _, style := range []string{"|", ">"} {
		for _, indicators := range []string{"", "-", "+", "2", "2-", "-2", "2+", "+2"} {
			for _, comment := range []string{"", " # c"} {
				header := style + indicators + comment
				t.Run(header, func(t *testing.T) {
					t.Parallel()
					checkHeader(t, header, strings.Contains(indicators, "+"), comment)
				})
			}
		}
	}
}

// checkHeader edits a block scalar with that header, whose blank lines at the end are text when they are kept.
func checkHeader(t *testing.T, header string, kept bool, comment string) {
	t.Helper()
	body := "  one\n  two\n"
	if strings.Contains(header, "2") {
		body = "    one\n  two\n" // the first line begins with blanks
	}
	gap := "\n" // between siblings
	if kept {
		gap = ""
	}
	src := "s: " + header + "\n" + body + "\nn: 1\n"
	tests := []struct {
		name string
		op   func(n Node) Op
		want string
	}{
		{"part of the text", func(n Node) Op {
			i := strings.Index(n.Value(), "two")
			return ReplaceText(n, i, i+3, "2")
		}, strings.Replace(src, "two", "2", 1)},
		{"its start", func(n Node) Op {
			i := strings.Index(n.Value(), "one")
			return ReplaceText(n, i, i+3, "1")
		}, strings.Replace(src, "one", "1", 1)},
		{"another scalar", text("z"), "s: z" + comment + "\n" + gap + "n: 1\n"},
		{"an entry behind it", afterPair("m", "z"), "s: " + header + "\n" + body + "\nm: z\n" + gap + "n: 1\n"},
		{"an entry before it", beforePair("m", "z"), "m: z\n" + gap + src},
		{"removed", remove, "n: 1\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tricky(t, src, path{"s"}, tt.op)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestFlow holds what the operations make of flow collections on one line and on several, with and without a trailing comma.
func TestFlow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src string
		at        path
		op        func(Node) Op
		want      string
	}{
		{"before the first", "a: [x, y]\n", path{"a", 0}, before("m"), "a: [m, x, y]\n"},
		{"behind the last", "a: [x, y]\n", path{"a", 1}, after("m"), "a: [x, y, m]\n"},
		{"behind the last, trailing comma", "a: [x, y,]\n", path{"a", 1}, after("m"), "a: [x, y, m,]\n"},
		{"blanks inside the brackets", "a: [ x, y ]\n", path{"a", 1}, after("m"), "a: [ x, y, m ]\n"},
		{"pair behind the last", "a: {k: x, l: y}\n", path{"a", "l"}, afterPair("m", "z"), "a: {k: x, l: y, m: z}\n"},
		{"pair behind the last, trailing comma", "a: {k: x, l: y, }\n", path{"a", "l"}, afterPair("m", "z"), "a: {k: x, l: y, m: z, }\n"},
		{"first removed", "a: [x, y]\n", path{"a", 0}, remove, "a: [y]\n"},
		{"last removed", "a: [x, y]\n", path{"a", 1}, remove, "a: [x]\n"},
		{"last removed, trailing comma", "a: [x, y,]\n", path{"a", 1}, remove, "a: [x,]\n"},
		{"sole entry cleared", "a: [ x ]\n", path{"a", 0}, clearEntry, "a: []\n"},
		{"sole pair cleared", "a: {k: x,}\n", path{"a", "k"}, clearEntry, "a: {}\n"},
		{"sole entry pruned", "a: [x]\nb: 1\n", path{"a", 0}, prune, "b: 1\n"},
		{"sole entries pruned over three levels", "a: {k: [[x]]}\nb: 1\n", path{"a", "k", 0, 0}, prune, "b: 1\n"},
		{"sole entry refused", "a: [x]\n", path{"a", 0}, remove, "nothing would be left of the collection"},
		{"on lines, before the first", "a: [\n  x,\n  y\n]\n", path{"a", 0}, before("m"), "a: [\n  m,\n  x,\n  y\n]\n"},
		{"on lines, behind the last", "a: [\n  x,\n  y\n]\n", path{"a", 1}, after("m"), "a: [\n  x,\n  y,\n  m\n]\n"},
		{"on lines, first removed", "a: [\n  x,\n  y\n]\n", path{"a", 0}, remove, "a: [\n  y\n]\n"},
		{"on lines, last removed, trailing comma", "a: [\n  x,\n  y,\n]\n", path{"a", 1}, remove, "a: [\n  x,\n]\n"},
		{"on lines, sole entry cleared", "a: [\n  x\n]\n", path{"a", 0}, clearEntry, "a: [\n]\n"},
		{"several on a line", "a: [x, y,\n    z]\n", path{"a", 1}, after("m"), "a: [x, y, m,\n    z]\n"},
		{"several on a line, the last of the first removed", "a: [x, y,\n    z]\n", path{"a", 1}, remove, "a: [x,\n    z]\n"},
		{"nested, inner last", "a: {k: [x, {l: y}]}\n", path{"a", "k", 1, "l"}, afterPair("m", "z"), "a: {k: [x, {l: y, m: z}]}\n"},
		{"value of several lines becomes a line", "a: {k: x}\n", path{"a", "k"}, func(n Node) Op { return Replace(n, LiteralText("x\ny\n")) }, "a: {k: \"x\\ny\\n\"}\n"},
		{"scalar becomes a mapping", "a: [x, y]\n", path{"a", 0}, mapping, "a: [{k: v, l: w}, y]\n"},
		{"item wrapped", "a: [x, y]\n", path{"a", 0}, wrap, "a: [{x: {k: v}}, y]\n"},
		{"renamed", "a: {k: x, \"l\": y}\n", path{"a", "l"}, func(n Node) Op { return Rename(n.Entry(), "m") }, "a: {k: x, \"m\": y}\n"},
		{"what is text in block only", "a: [x]\n", path{"a", 0}, text("y, z"), "a: [\"y, z\"]\n"},
		{"pair without braces, value", "a: [k: x]\n", path{"a", 0, "k"}, text("z"), "a: [k: z]\n"},
		{"pair without braces removed", "a: [k: x, y]\n", path{"a", 0}, remove, "a: [y]\n"},
		{"the whole", "a: [x, # c\n  y] # d\nb: 1\n", path{"a"}, text("z"), "a: z # d\nb: 1\n"},
		{"comment behind an entry", "a: [\n  x,\n  y\n]\n", path{"a", 0}, func(n Node) Op { return CommentBehind(n.Entry(), "c") }, "a: [\n  x, # c\n  y\n]\n"},
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

func prune(n Node) Op { return Prune(n.Entry()) }

func wrap(n Node) Op { return Wrap(n, Map(Pair{"k", String("v")})) }

// TestEveryOperation holds that every operation, at every place of the sources of the tables and of their variants, is
// proved or refused for a reason.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("tries every operation at every place")
	}
	sources := map[string]string{}
	for _, tt := range trickyTests {
		sources[tt.src] = fmt.Sprintf("%02d %s", tt.number, tt.name)
	}
	for _, s := range allShapes() {
		sources[s.src] = s.name
	}
	for source, name := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			variants := forms([]byte(source))
			variants["without its last byte"] = []byte(strings.TrimSuffix(source, "\n"))
			variants["below something else"] = []byte(below(source))
			for form, src := range variants {
				if f, err := Parse(src); err == nil {
					tryEverything(t, form, f)
				}
			}
		})
	}
}

// below is the source as a literal's neighbour and as the value of a key.
func below(src string) string {
	src = strings.TrimPrefix(src, bom)
	return "literal: |+\n  text\nkey:\n  " + strings.ReplaceAll(src, "\n", "\n  ")
}

func tryEverything(t *testing.T, form string, f *File) {
	t.Helper()
	for _, op := range everyOperation(f) {
		next, err := proved(f, op)
		if err != nil && !planned(err) {
			t.Errorf("%s: operation %d at %s: %v\n%s", form, op.kind, op.Place().Path(), err, f.src)
		}
		if err == nil && bytes.HasPrefix(f.src, []byte(bom)) != bytes.HasPrefix(next.src, []byte(bom)) {
			t.Errorf("%s: operation %d at %s: the byte order mark came or went", form, op.kind, op.Place().Path())
		}
	}
}

// TestTogether holds that any three operations on a source of the tables are proved together in any order, or refused or
// found to contradict each other in any.
func TestTogether(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("tries many operations")
	}
	sets, done := 40, 0
	if *full {
		sets = 2000
	}
	for _, source := range tableSources() {
		if f, err := Parse([]byte(source)); err == nil {
			done += tryTogether(t, fmt.Sprintf("%q", source), f, sets)
		}
	}
	t.Logf("%d sets of operations", done)
}

// TestTogetherCorpus holds the same of real files.
func TestTogetherCorpus(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("tries many operations")
	}
	done := 0
	eachForm(t, func(name string, f *File) {
		switch {
		case *full:
			done += tryTogether(t, name, f, 20)
		case len(f.src) <= smallFile:
			done += tryTogether(t, name, f, 1)
		}
	})
	t.Logf("%d sets of operations", done)
}

func tryTogether(t *testing.T, name string, f *File, sets int) (done int) {
	t.Helper()
	ops, rng := everyOperation(f), seeded(f)
	for range min(sets, len(ops)*len(ops)) {
		set := []Op{ops[rng.IntN(len(ops))], ops[rng.IntN(len(ops))], ops[rng.IntN(len(ops))]}
		one, err := proved(f, set...)
		slices.Reverse(set)
		other, otherErr := proved(f, set...)
		switch {
		case err != nil && !planned(err) || (err == nil) != (otherErr == nil):
			t.Errorf("%s: %v, in another order %v", name, err, otherErr)
		case err == nil && !bytes.Equal(one.src, other.src) && !samePlace(set):
			t.Errorf("%s: it becomes %q, in another order %q", name, one.src, other.src)
		case err == nil:
			done++
		}
	}
	return done
}

// samePlace reports whether two of the operations are at one node or collection, where the order may matter.
func samePlace(set []Op) bool {
	for i, o := range set {
		for _, p := range set[:i] {
			if o.target() == p.target() {
				return true
			}
		}
	}
	return false
}

// tableSources are the sources of the tables, also without a final line break and below something else.
func tableSources() []string {
	var out []string
	add := func(src string) { out = append(out, src, strings.TrimSuffix(src, "\n"), below(src)) }
	for _, tt := range trickyTests {
		add(tt.src)
	}
	for _, s := range allShapes() {
		add(s.src)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// everyOperation are the operations at every place, in the order of the source.
func everyOperation(f *File) []Op {
	var out []Op
	for _, e := range allEntries(f) {
		ops := fourOperations(e)
		for kind, op := range otherOperations(e) {
			ops[kind] = op.Shared()
		}
		for _, kind := range slices.Sorted(maps.Keys(ops)) {
			out = append(out, ops[kind])
		}
	}
	for _, c := range f.comments {
		out = append(out, RemoveComment(c))
	}
	return out
}
