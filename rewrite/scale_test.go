package rewrite

import (
	"errors"
	"fmt"
	"runtime"
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
	{"pairs without braces on one line", 1000, func(n int) string { return "a: [" + lines(n, "k%d: v, ? l : w, ") + "z]\n" }, func(r Node) []Op {
		return all(r.Own("a"), func(e Entry) Op { return InsertAfter(e, Item(String("x"))) })
	}},
	{"anchors and aliases on one line", 500, func(n int) string { return "a: [" + lines(n, "&a%[1]d {k: &b%[1]d v}, *a%[1]d, *b%[1]d, ") + "z]\n" }, func(r Node) []Op {
		return all(r.Own("a"), func(e Entry) Op { return InsertAfter(e, Item(String("x"))) })
	}},
	{"explicit keys", 1000, func(n int) string { return lines(n, "? k%d\n# c\n: v\n") }, func(r Node) []Op { return all(r, newPair) }},
	{"parts of a long quoted text", 1000, func(n int) string { return "a: \"" + lines(n, "line %06d\\n\\\n  ") + "\"\n" }, func(r Node) []Op {
		var ops []Op
		for at := 0; at < len(r.Own("a").Value()); at += 12 {
			ops = append(ops, ReplaceText(r.Own("a"), at, at+4, "word"))
		}
		return ops
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
	{"blanks in a quoted text", 10000, func(n int) string { return "a: \"x" + spaces(n) + "y\"\nb: 1\n" }, func(r Node) []Op {
		return []Op{ReplaceText(r.Own("a"), 0, 1, "z")}
	}},
	{"NEL only", 10000, func(n int) string { return "a: \"" + strings.Repeat("x\u0085", n) + "\"\nb: 1\n" }, func(r Node) []Op { return all(r, newPair) }},
	{"documents", 500, func(n int) string { return lines(n, "---\na: %d\n") }, func(r Node) []Op {
		var ops []Op
		for _, d := range r.File().Documents() {
			ops = append(ops, Replace(d.Own("a"), String("x")))
		}
		return ops
	}},
}

// TestMapShare holds that finding the place of each node takes less than half of what the parse takes.
func TestMapShare(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement")
	}
	src := []byte(config(100_000))
	parse, place := time.Hour, time.Hour
	for range 20 {
		start := cpuTime()
		docs, err := decode(src)
		if err != nil {
			t.Fatal(err)
		}
		parsed := cpuTime()
		if err := locate(&File{src: src, lines: newLineIndex(src)}, docs); err != nil {
			t.Fatal(err)
		}
		parse, place = min(parse, parsed-start), min(place, cpuTime()-parsed)
	}
	t.Logf("parse %v, map %v", parse, place)
	if share := place.Seconds() / parse.Seconds(); share > 0.45 {
		t.Errorf("the map takes %.2f of a parse", share)
	}
}

// TestLinear holds that the time of all that the package does grows with the size of the file: BenchmarkDoublings shows
// by how much.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement")
	}
	for _, tt := range linearTests {
		t.Run(tt.name, func(t *testing.T) {
			const factor = 4
			run := func(n int) time.Duration {
				src := []byte(tt.src(n))
				best := time.Hour
				for range 3 {
					start := cpuTime()
					if err := fromParseToPatch(src, tt.ops); err != nil {
						t.Fatal(err)
					}
					best = min(best, cpuTime()-start)
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

// fromParseToPatch does with a source all that the package does.
func fromParseToPatch(src []byte, ops func(root Node) []Op) error {
	f, err := Parse(src)
	if err != nil || ops == nil {
		return err
	}
	change, err := f.Plan(ops(f.Documents()[0]))
	if err != nil {
		return err
	}
	if _, err = change.Prove(); err != nil {
		return err
	}
	patch, err := Unified("c.yml", src, change.Edits)
	if err == nil && len(patch) == 0 {
		return errors.New("the patch is empty")
	}
	return err
}

// hostileTests are sources that are made to exhaust a parser, and an operation on each.
var hostileTests = []struct {
	name  string
	heavy bool // takes more than a second, or much memory
	src   func() string
	op    func(root Node) Op
	want  string // the error, "" for none
}{
	{"alias bomb, an edit elsewhere", false, bomb, insertFirst, ""},
	{"alias bomb, an edit that all see", false, bomb, func(r Node) Op { return Replace(r.Own("a0").Entries()[0].Value(), String("y")).Shared() }, ""},
	{"aliases inside their own anchors", false, func() string { return "a: &a [*a, &b {k: *a, <<: *b}]\nb: *b\n" }, insertFirst, ""},
	{"a mapping that merges itself", false, func() string { return "a: &a\n  <<: [*a, *a]\n  k: 1\n" }, func(r Node) Op { return Rename(r.Own("a").Entries()[1], "n").Shared() }, ""},
	{"merges of merges", false, mergeBomb, renameMerged, ""},
	{"chain of merges", false, func() string { return mergeChain(3000) }, renameMerged, "number of pairs with merges expanded is over the bound of 2000000"},
	{"chain of merges within the bound", false, func() string { return mergeChain(900) }, renameMerged, ""},
	{"merges of one large mapping", true, func() string { return "m0: &m0\n" + lines(10_000, "  k%d: v\n") + lines(90, "j%d: {<<: *m0}\n") }, renameMerged, ""},
	{"nested as deep as yaml.v3 goes", false, func() string { return "a: " + brackets(9999) + "\nb: 1\n" }, insertFirst, ""},
	{"brackets 100,000 deep", false, func() string { return "a: " + brackets(100_000) + "\n" }, nil, "exceeded max depth of 10000"},
	{"brackets that stay open", false, func() string { return strings.Repeat("[{a: ", 50_000) }, nil, "exceeded max depth of 10000"},
	{"dashes 100,000 deep", false, func() string { return strings.Repeat("- ", 100_000) + "a\n" }, nil, "exceeded max depth of 10000"},
	{"question marks 100,000 deep", false, func() string { return strings.Repeat("? ", 100_000) + "a\n" }, nil, "exceeded max depth of 10000"},
	{"dashes as deep as yaml.v3 goes", false, func() string { return strings.Repeat("- ", 9999) + "a\n" }, insertItem, ""},
	{"nested in block", false, func() string { return "a:\n" + nested(900) + "b: 1\n" }, insertFirst, ""},
	{"anchors of one name", false, func() string { return lines(20_000, "- &x %d\n") + "- *x\n" }, func(r Node) Op { return Remove(r.Entries()[0]) }, ""},
	{"a line of 50 MB", false, func() string { return "a: " + strings.Repeat("x", 50<<20) + "\n" }, nil, "file size in bytes is over the bound of 10485760"},
	{"200 MB", true, func() string { return strings.Repeat("#", 200<<20) }, nil, "file size in bytes is over the bound of 10485760"},
	{"a line of the size that is read", true, func() string {
		return "a: [" + strings.Repeat("item, ", 1<<18) + "x]\nb: " + strings.Repeat("x", 8<<20) + "\n"
	}, insertFirst, ""},
	{"a million keys", true, func() string { return lines(1_000_000, "%d:\n") }, insertFirst, ""},
	{"a million items on one line", true, func() string { return "a: [" + strings.Repeat("1,", 1_000_000) + "]\n" }, insertFirst, ""},
	{"a million comments", true, func() string { return "a: 1\n" + strings.Repeat("#\n", 1_000_000) }, insertFirst, ""},
	{"a million line breaks in quotes", true, func() string { return "a: \"" + strings.Repeat("\u2028", 1_000_000) + "x\"\n" }, func(r Node) Op {
		return ReplaceText(r.Own("a"), len(r.Own("a").Value())-1, len(r.Own("a").Value()), "y")
	}, ""},
	{"a million escapes", true, func() string { return "a: \"" + strings.Repeat(`\t`, 1_000_000) + "x\"\n" }, func(r Node) Op {
		return ReplaceText(r.Own("a"), len(r.Own("a").Value())-1, len(r.Own("a").Value()), "y")
	}, ""},
	{"a result over the bound", true, func() string { return "a: 1\n" + strings.Repeat("#\n", MaxSize/2-6) }, insertFirst, "file size in bytes is over the bound of 10485760"},
}

func insertFirst(r Node) Op { return InsertBefore(r.Entries()[0], Pair{"n", String("xxxxxxxxxxxxx")}) }

func insertItem(r Node) Op { return InsertBefore(r.Entries()[0], Item(String("x"))) }

func renameMerged(r Node) Op { return Rename(r.Own("m0").Entries()[0], "n").Shared() }

// bomb has more nodes than a machine has memory for, if its aliases are followed.
func bomb() string {
	out := "a0: &a0 [x, x]\n"
	for i := 1; i < 40; i++ {
		out += fmt.Sprintf("a%[1]d: &a%[1]d [*a%[2]d, *a%[2]d, *a%[2]d]\n", i, i-1)
	}
	return out
}

func mergeBomb() string {
	out := "m0: &m0 {k0: v}\n"
	for i := 1; i < 40; i++ {
		out += fmt.Sprintf("m%[1]d: &m%[1]d\n  <<: [*m%[2]d, *m%[2]d]\n  k%[1]d: v\n", i, i-1)
	}
	return out
}

// mergeChain has mappings of which each has one pair more than the one before.
func mergeChain(n int) string {
	var b strings.Builder
	b.WriteString("m0: &m0 {k0: v, z: v}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "m%[1]d: &m%[1]d {<<: *m%[2]d, k%[1]d: v}\n", i, i-1)
	}
	return b.String()
}

func brackets(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// TestHostile holds that hostile sources end soon and with little memory, in a result or in an error that says why.
func TestHostile(t *testing.T) {
	for _, tt := range hostileTests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.heavy && testing.Short() {
				t.Skip("takes long, or much memory")
			}
			src := []byte(tt.src())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpuTime()
			err := fromParseToPatch(src, func(r Node) []Op { return []Op{tt.op(r)} })
			took := cpuTime() - start
			runtime.ReadMemStats(&after)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			if got, bound := after.TotalAlloc-before.TotalAlloc, uint64(512<<20+512*len(src)); got > bound {
				t.Errorf("%d bytes allocated, more than %d", got, bound)
			}
		})
	}
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
