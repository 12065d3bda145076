package rewrite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// severalTests are operations that meet.
var severalTests = []struct {
	name, src string
	ops       func(r Node) []Op
	want      string
}{
	{"sole entries emptied in both ways", "a:\n  k: 1\nb:\n  - x\n", func(r Node) []Op {
		return []Op{Clear(r.Own("a").Entries()[0]), Prune(r.Own("b").Entries()[0])}
	}, "a: {}\n"},
	{"all entries replaced behind a dash", "- k: 1 # c\n  l: 2\n- x\n", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()
		return []Op{InsertBefore(e[0], Pair{"m", Int(3)}), Remove(e[0]), Remove(e[1])}
	}, "- m: 3\n- x\n"},
	{"anchor goes with all its aliases", "a: &x 1\nb: *x\nc: [*x]\n", func(r Node) []Op {
		return []Op{Remove(r.Entries()[0]), Replace(r.Own("b"), String("v")), Prune(r.Own("c").Entries()[0])}
	}, "b: v\n"},
	{"removed here and where it is merged from", "b: &b {x: 1, l: 2}\nm:\n  <<: *b\n  x: 3\n  z: 4\n", func(r Node) []Op {
		return []Op{Remove(r.Own("m").Entries()[1]), Remove(r.Own("b").Entries()[0]).Shared()}
	}, "b: &b {l: 2}\nm:\n  <<: *b\n  z: 4\n"},
	{"what is inside a removed entry goes with it", "a:\n  k: 1\nb: 2\n", func(r Node) []Op {
		return []Op{Replace(r.Own("a").Own("k"), String("v")), Remove(r.Entries()[0])}
	}, "b: 2\n"},
	{"insertions at one offset, the outer one first", "a:\n  k: 1\n", func(r Node) []Op {
		return []Op{InsertAfter(r.Entries()[0], Pair{"b", Int(2)}), InsertAfter(r.Own("a").Entries()[0], Pair{"l", Int(3)})}
	}, "a:\n  k: 1\n  l: 3\nb: 2\n"},
	{"a literal in the place of the last entry, no final line break", "- a: 1\n  b: 2", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()[1]
		return []Op{InsertBefore(e, Pair{"c", LiteralText("x\n")}), Remove(e)}
	}, "- a: 1\n  c: |\n    x\n"},
	{"a literal in the place of the entry behind a dash, no final line break", "- b: 2", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()[0]
		return []Op{InsertBefore(e, Pair{"c", LiteralText("x\n")}), Remove(e)}
	}, "- c: |\n    x\n"},
	{"a literal above the last entry, which goes, no final line break", "a: 1\nb: 2", func(r Node) []Op {
		return []Op{Replace(r.Own("a"), LiteralText("x\n")), Remove(r.Entries()[1])}
	}, "a: |\n  x\n"},
	{"neighbours go, no final line break", "m:\n  a: 1\n  b: 2\nc: 3", func(r Node) []Op {
		return []Op{Remove(r.Own("m").Entries()[1]), Remove(r.Entries()[1])}
	}, "m:\n  a: 1"},
	{"the last goes where another comes, no final line break", "m:\r\n- a\r\nb: 2", func(r Node) []Op {
		return []Op{Append(r.Own("m"), Item(String("c"))), Remove(r.Entries()[1])}
	}, "m:\r\n- a\r\n- c"},
	{"the last goes inside of what another follows, no final line break", "m:\n- a\n- b", func(r Node) []Op {
		return []Op{Append(r, Pair{"c", Int(3)}), Remove(r.Own("m").Entries()[1])}
	}, "m:\n- a\nc: 3"},
	{"neighbours below a literal go, no final line break", "- |\n  x\n- a\n- b", func(r Node) []Op {
		return []Op{Remove(r.Entries()[1]), Remove(r.Entries()[2])}
	}, "- |\n  x\n"},
	{"neighbours in two collections below a literal go, no final line break", "m:\n- |\n  x\n- a\nb: 1", func(r Node) []Op {
		return []Op{Remove(r.Own("m").Entries()[1]), Remove(r.Entries()[1])}
	}, "m:\n- |\n  x\n"},
	{"one for two, between them", "a: 1\nb: 2\nc: 3\n", func(r Node) []Op {
		return []Op{Remove(r.Entries()[0]), InsertAfter(r.Entries()[0], Pair{"m", Int(4)}), Remove(r.Entries()[1])}
	}, "m: 4\nc: 3\n"},
	{"one for the first, behind it and a dash", "- k: 1\n  l: 2\n", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()[0]
		return []Op{Remove(e), InsertAfter(e, Pair{"m", Int(4)})}
	}, "- m: 4\n  l: 2\n"},
	{"one before the second, the first behind a dash goes", "- k: 1\n  l: 2\n", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()
		return []Op{Remove(e[0]), InsertBefore(e[1], Pair{"m", Int(4)})}
	}, "- m: 4\n  l: 2\n"},
	{"a comment above the second, the first behind a dash goes", "- k: 1\n  l: 2\n", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()
		return []Op{Remove(e[0]), CommentAbove(e[1], "c")}
	}, "-\n  # c\n  l: 2\n"},
	{"one for the last, behind it and a literal, no final line break", "- |\n  x\n- y", func(r Node) []Op {
		return []Op{InsertAfter(r.Entries()[1], Item(Int(1))), Remove(r.Entries()[1])}
	}, "- |\n  x\n- 1"},
	{"one for the first of spaced ones", "a: 1\n\nb: 2\n\nc: 3\n", func(r Node) []Op {
		return []Op{InsertBefore(r.Entries()[0], Pair{"m", Int(4)}), Remove(r.Entries()[0])}
	}, "m: 4\n\nb: 2\n\nc: 3\n"},
	{"one for the last of spaced ones", "a: 1\n\nb: 2\n\nc: 3\n", func(r Node) []Op {
		return []Op{InsertAfter(r.Entries()[2], Pair{"m", Int(4)}), Remove(r.Entries()[2])}
	}, "a: 1\n\nb: 2\n\nm: 4\n"},
	{"two for the second of spaced ones", "a: 1\n\nb: 2\n\nc: 3\n", func(r Node) []Op {
		return []Op{InsertBefore(r.Entries()[1], Pair{"m", Int(4)}), InsertAfter(r.Entries()[1], Pair{"o", Int(5)}), Remove(r.Entries()[1])}
	}, "a: 1\n\nm: 4\n\no: 5\n\nc: 3\n"},
	{"new ones behind a literal at the end, at two depths", "- r: |\n    x", func(r Node) []Op {
		return []Op{Append(r, Item(String("z"))), Append(r.Entries()[0].Value(), Pair{"m", Int(4)})}
	}, "- r: |-\n    x\n  m: 4\n- z"},
	{"the only entry of what goes with another", "a:\n  b: [x]\n  c: 1\nd: 2\n", func(r Node) []Op {
		e := r.Own("a").Entries()
		return []Op{Remove(e[0].Value().Entries()[0]), Remove(e[0])}
	}, "a:\n  c: 1\nd: 2\n"},
	{"both entries go, and with one what is inside", "a:\n  b: [x]\n  c: 1\nd: 2\n", func(r Node) []Op {
		e := r.Own("a").Entries()
		return []Op{Remove(e[0]), Remove(e[1]), Prune(e[0].Value().Entries()[0])}
	}, "a: nothing would be left of the collection"},
	{"a part and an insertion before it", "a: xyz\n", func(r Node) []Op {
		return []Op{ReplaceText(r.Own("a"), 0, 1, "w"), ReplaceText(r.Own("a"), 0, 0, "v")}
	}, "a: vwyz\n"},
	{"an emptied collection inside of what is replaced", "a:\n  k: [x]\n  l: 1\n", func(r Node) []Op {
		return []Op{Prune(r.Own("a").Own("k").Entries()[0]), Replace(r.Own("a"), String("v"))}
	}, "a: v\n"},
	{"the same operation twice", "a: 1\n", func(r Node) []Op {
		op := InsertAfter(r.Entries()[0], Pair{"b", Int(2)})
		return []Op{op, op}
	}, "a: 1\nb: 2\n"},
	{"a key that another gave up", "a: 1\nb: 2\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "b"), Rename(r.Entries()[1], "c")} }, "b: 1\nc: 2\n"},
}

// TestSeveral holds what comes of operations that meet.
func TestSeveral(t *testing.T) {
	t.Parallel()
	for _, tt := range severalTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := edited(t, tt.src, tt.ops)
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}
