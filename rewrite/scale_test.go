package rewrite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// all is an operation for every entry of a node.
func all(n Node, op func(e Entry) Op) []Op {
	var ops []Op
	for _, e := range n.Entries() {
		ops = append(ops, op(e))
	}
	return ops
}

// lines is a text of n numbered lines.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// newPair inserts a pair behind e.
func newPair(e Entry) Op { return InsertAfter(e, Pair{e.Name() + "-2", String("x")}) }

// linearTests are shapes and operations of which each once took, or could take, time by the square of the size.
var linearTests = []struct {
	name string
	n    int
	src  func(n int) string
	ops  func(root Node) []Op
}{
	{"config", 20 << 10, config, func(r Node) []Op { return everyJob(r.File()) }},
	{"insertions into one mapping", 500, func(n int) string { return lines(n, "k%d: v\n") }, func(r Node) []Op { return all(r, newPair) }},
	{"every entry but one removed", 1000, func(n int) string { return lines(n, "k%d: v\n") }, func(r Node) []Op { return all(r, Remove)[1:] }},
	{"renames", 500, func(n int) string { return lines(n, "k%d: v\n") }, func(r Node) []Op {
		return all(r, func(e Entry) Op { return Rename(e, "x"+e.Name()) })
	}},
	{"appended items", 500, func(n int) string { return "a:\n- x\nb:\n" + lines(n, "- %d\n") }, func(r Node) []Op {
		return all(r.Own("b"), func(e Entry) Op { return Append(r.Own("a"), Item(String("v"+e.Value().Value()))) })
	}},
	{"one flow sequence on one line", 1000, func(n int) string { return "a: [" + lines(n, "i%d, ") + "z]\n" }, func(r Node) []Op {
		return all(r.Own("a"), func(e Entry) Op { return Replace(e.Value(), String("x")) })
	}},
	{"flow entries removed", 2000, func(n int) string { return "a: [" + lines(n, "i%d, ") + "z]\n" }, func(r Node) []Op { return all(r.Own("a"), Remove)[1:] }},
	{"flow entries removed from lines", 2000, func(n int) string { return "a: [\n" + lines(n, "  i%d, # c\n") + "  z\n]\n" }, func(r Node) []Op {
		return all(r.Own("a"), Remove)[1:]
	}},
	{"parts of a long literal", 1000, func(n int) string { return "a: |\n" + lines(n, "  line %06d\n") }, func(r Node) []Op {
		var ops []Op
		for at := 0; at < len(r.Own("a").Value()); at += 12 {
			ops = append(ops, ReplaceText(r.Own("a"), at, at+4, "word"))
		}
		return ops
	}},
	{"anchors that go", 2000, func(n int) string { return "a:\n" + lines(n, "  - &x%[1]d v\n  - *x%[1]d\n") + "b: 1\n" }, func(r Node) []Op {
		return []Op{Remove(r.Entries()[0])}
	}},
	{"one anchor, many users", 800, func(n int) string { return "a: &x {k: v}\n" + lines(n, "k%d: *x\n") }, func(r Node) []Op {
		return append(all(r, newPair), Replace(r.Own("a").Own("k"), String("w")).Shared())[1:]
	}},
	{"one mapping merged by many", 1000, func(n int) string { return "a: &x {k: v}\n" + lines(n, "k%d:\n  <<: *x\n  l: 1\n") }, func(r Node) []Op {
		return []Op{Append(r.Own("a"), Pair{"m", String("w")}).Shared()}
	}},
	{"comments", 5000, func(n int) string { return lines(n, "# %d\n") + "a: 1\n" + lines(n, "# %d\n") }, func(r Node) []Op {
		return append(all(r, newPair), RemoveComment(r.File().Comments()[0]))
	}},
	{"comments removed", 2000, func(n int) string { return lines(n, "k%d: v # c\n") }, func(r Node) []Op {
		var ops []Op
		for _, c := range r.File().Comments() {
			ops = append(ops, RemoveComment(c))
		}
		return ops
	}},
	{"comments added", 1000, func(n int) string { return lines(n, "k%d: v\n") }, func(r Node) []Op {
		return append(all(r, func(e Entry) Op { return CommentAbove(e, "c") }), all(r, func(e Entry) Op { return CommentBehind(e, "c") })...)
	}},
	{"blank lines", 10000, func(n int) string { return "a: 1\n" + strings.Repeat(" \n", n) + "b: 2\n" }, func(r Node) []Op { return all(r, newPair) }},
	{"NEL only", 10000, func(n int) string { return "a: \"" + strings.Repeat("x\u0085", n) + "\"\nb: 1\n" }, func(r Node) []Op { return all(r, newPair) }},
	{"documents", 500, func(n int) string { return lines(n, "---\na: %d\n") }, func(r Node) []Op {
		var ops []Op
		for _, d := range r.File().Documents() {
			ops = append(ops, Replace(d.Own("a"), String("x")))
		}
		return ops
	}},
}

// TestLinear holds that the time of parsing, planning, proving and comparing grows with the size of the file.
func TestLinear(t *testing.T) {
	for _, tt := range linearTests {
		t.Run(tt.name, func(t *testing.T) {
			const factor = 4
			run := func(n int) time.Duration {
				src := []byte(tt.src(n))
				best := time.Hour
				for range 3 {
					start := time.Now()
					f, err := Parse(src)
					if err != nil {
						t.Fatal(err)
					}
					change, err := f.Plan(tt.ops(f.Documents()[0]))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := change.Prove(); err != nil {
						t.Fatal(err)
					}
					if _, err := Unified("c.yml", src, change.Edits); err != nil {
						t.Fatal(err)
					}
					best = min(best, time.Since(start))
				}
				return best
			}
			for attempt := 1; ; attempt++ { // another process may disturb one
				small, large := run(tt.n), run(factor*tt.n)
				if large < small*factor*factor*2/3 {
					return
				}
				if attempt == 5 {
					t.Fatalf("%v for one size, %v for %d times the size", small, large, factor)
				}
			}
		})
	}
}

// TestHostile holds that sources that are made to exhaust a parser end soon, in a result or in an error that says why.
func TestHostile(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x]\n"
	merges := "m0: &m0 {k0: v}\n"
	for i := 1; i < 40; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1)
		merges += fmt.Sprintf("m%d: &m%d\n  <<: [*m%d, *m%d]\n  k%d: v\n", i, i, i-1, i-1, i)
	}
	chain := "m0: &m0 {k0: v, z: v}\n"
	for i := 1; i < 3000; i++ {
		chain += fmt.Sprintf("m%d: &m%d {<<: *m%d, k%d: v}\n", i, i, i-1, i)
	}
	deep := strings.Repeat("[", 9999) + strings.Repeat("]", 9999)
	first := func(r Node) Op { return InsertBefore(r.Entries()[0], Pair{"n", String("x")}) }
	rename := func(r Node) Op { return Rename(r.Own("m0").Entries()[0], "n").Shared() }
	tests := []struct {
		name, src string
		op        func(root Node) Op
		want      string // the error, "" for none
	}{
		{"alias bomb, an edit elsewhere", bomb, first, ""},
		{"alias bomb, an edit that all see", bomb, func(r Node) Op { return Replace(r.Own("a0").Entries()[0].Value(), String("y")).Shared() }, ""},
		{"merges of merges", merges, rename, ""},
		{"chain of merges", chain, rename, "number of pairs in expanded merges is over the bound of 2000000"},
		{"chain of merges, an edit elsewhere", chain, first, ""},
		{"nested as deep as yaml.v3 goes", "a: " + deep + "\nb: 1\n", first, ""},
		{"nested deeper", "a: [[" + deep + "]]\n", nil, "exceeded max depth of 10000"},
		{"nested in block", "a:\n" + nested(900) + "b: 1\n", first, ""},
		{"a line of 5 MB", "a: [" + strings.Repeat("item, ", 5<<20/6/4) + "x]\nb: " + strings.Repeat("x", 4<<20) + "\n", first, ""},
		{"more than the bound", strings.Repeat("#", MaxSize+1), nil, "file size in bytes is over the bound of 10485760"},
		{"a result over the bound", "a: 1\n" + strings.Repeat("#\n", MaxSize/2-6), func(r Node) Op { return InsertBefore(r.Entries()[0], Pair{"n", String("xxxxxxxxxxxxx")}) }, "file size in bytes is over the bound of 10485760"},
		{"anchors of one name", lines(20000, "- &x %d\n") + "- *x\n", func(r Node) Op { return Remove(r.Entries()[0]) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			if got := attempt(tt.src, tt.op); tt.want == "" && got != nil || tt.want != "" && (got == nil || !strings.Contains(got.Error(), tt.want)) {
				t.Errorf("error %v, want %q", got, tt.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func attempt(src string, op func(Node) Op) error {
	f, err := Parse([]byte(src))
	if err != nil || op == nil {
		return err
	}
	change, err := f.Plan([]Op{op(f.Documents()[0])})
	if err != nil {
		return err
	}
	if _, err = change.Prove(); err != nil {
		return err
	}
	diff, err := Unified("c.yml", f.Source(), change.Edits)
	if err == nil && len(diff) == 0 {
		return errors.New("no diff")
	}
	return err
}

// nested is a block mapping in a block mapping, n times.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(spaces(i+1) + "k:\n")
	}
	return b.String() + spaces(n+1) + "v: 1\n"
}

// TestPositionOnLongLines holds that columns are right where they are counted in blocks.
func TestPositionOnLongLines(t *testing.T) {
	t.Parallel()
	src := []byte("a: 1\nb: " + strings.Repeat("xé", 3*blockSize) + "\n")
	f, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	want := Position{1, 1}
	for i, r := range string(src) {
		if got := f.Position(i); got != want {
			t.Fatalf("offset %d: %v, want %v", i, got, want)
		}
		want.Column++
		if r == '\n' {
			want = Position{want.Line + 1, 1}
		}
	}
}
