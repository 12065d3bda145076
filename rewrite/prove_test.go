package rewrite

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func nothing(Node) []Op { return nil }

// set replaces the value that the keys lead to.
func set(keys ...string) func(Node) []Op {
	return func(r Node) []Op { return []Op{Replace(own(r, keys...), String("new"))} }
}

// proofTests are edits that make the mistakes a planner could make.
var proofTests = []struct {
	name, src, old, new string // old stands once in src, and is replaced by new
	ops                 func(root Node) []Op
	want                string
}{
	{"what was meant", "a: 1\nb: 2\n", "2", "new", set("b"), ""},
	{"nothing is done", "a: 1\nb: 2\n", "", "", set("b"), "b: the value is not the one intended"},
	{"another place", "a: 1\nb: 2\n", "1", "new", set("b"), "a: the kind, tag or anchor changed"},
	{"a place too many", "a: x\nb: 2\n", "x\nb: 2", "y\nb: new", set("b"), "a: the text changed"},
	{"text that reads as a number", "a: x\n", "x", "1", func(r Node) []Op { return []Op{text("1")(r.Own("a"))} }, "a: the value is not the one intended"},
	{"no YAML any more", "a: 1\nb: 2\n", "2", "[", set("b"), "the result does not parse: line 2"},
	{"an entry lost", "a: 1\nb: 2\n", "b: 2\n", "", nothing, "an entry is missing"},
	{"an entry gained", "a: 1\n", "1\n", "1\nb: 2\n", nothing, "there is an entry too many"},
	{"an entry gained where one was meant", "a: 1\n", "1\n", "1\nb: 2\n", func(r Node) []Op { return []Op{Append(r, Pair{"b", Int(3)})} }, "a new entry is not the one intended"},
	{"two entries in another order", "a: 1\nb: 1\n", "a: 1\nb", "b: 1\na", nothing, "a: the text changed"},
	{"a key renamed by another name", "a: 1\n", "a", "b", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "c")} }, "the key is not the one intended"},
	{"an anchor lost", "a: &x 1\n", "&x ", "", nothing, "a: the kind, tag or anchor changed"},
	{"an alias of another anchor", "a: &x 1\nb: &y 1\nc: *x\n", "*x", "*y", nothing, "c: the alias means another node"},
	{"an anchor of that name in between (T45)", "a: &x 1\nb: 1\nc: *x\n", "b: 1", "b: &x 1", nothing, "b: the kind, tag or anchor changed"},
	{"an alias that lost its anchor (T44)", "a: &x 1\nc: *x\n", "a: &x 1\n", "", nothing, "the result does not parse"},
	{"a tag gained", "a: 1\n", "1", "!!float 1", nothing, "a: the kind, tag or anchor changed"},
	{"a document more", "a: 1\nb: 2\n", "b", "---\nb", nothing, "the number of documents changed"},
	{"a comment that becomes text (T19)", "a: |\n  x\nb: 1\n  # c\nd: 1\n", "b: 1\n", "", func(r Node) []Op { return []Op{remove(r.Own("b"))} }, "a: the text changed"},
	{"blank lines that become text (T18)", "a: |+\n  x\nb: 1\n\nd: 1\n", "b: 1\n", "", func(r Node) []Op { return []Op{remove(r.Own("b"))} }, "a: the text changed"},
	{"blanks that become text (T79)", "a: |\n  x\nb: 1\n     \nd: 1\n", "b: 1\n", "", func(r Node) []Op { return []Op{remove(r.Own("b"))} }, "a: the text changed"},
	{"a comment changed", "a: 1 # c\n", "c", "d", nothing, "the comment in line 1 is lost or changed"},
	{"a comment gained", "a: 1\n", "1", "1 # c", nothing, "new text reads as a comment"},
	{"a comment elsewhere than meant", "a: 1 # c\nb: 2\n", "2", "2 # d", func(r Node) []Op { return []Op{CommentAbove(r.Entries()[0], "d")} }, "a new comment is not the one intended"},
	{"a merge gained", "a: &x {k: 1}\nb:\n  l: 2\n", "  l", "  <<: *x\n  l", nothing, "b.l: the kind, tag or anchor changed"},
}

// TestProof holds that the proof notices bytes that do other things than the operations say. The edits here are not
// those of a plan: each makes one of the mistakes that a planner could make.
func TestProof(t *testing.T) {
	t.Parallel()
	for _, tt := range proofTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			c, err := f.Plan(tt.ops(f.Documents()[0]))
			if err != nil {
				t.Fatal(err)
			}
			at := strings.Index(tt.src, tt.old)
			c.Edits = []Edit{{Span{at, at + len(tt.old)}, tt.new}}
			_, err = c.Prove()
			var proof *VerifyError
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (!errors.As(err, &proof) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestProofThroughAnchors holds that the proof looks through aliases and merges: an operation that is right as written
// and yet changes what another place reads is not proved unless it says so.
func TestProofThroughAnchors(t *testing.T) {
	t.Parallel()
	const src = "d: &d {x: 1, z: 1}\nm: &m\n  <<: *d\n  y: 1\nn:\n  <<: [*m]\n  x: 2\n"
	tests := []struct {
		name string
		op   func(root Node) Op
		tell func(g *goal) // changes what was planned
		want string
	}{
		{"seen by others", func(r Node) Op { return shared(text("new"))(find(t, r, "d", "x")) }, func(g *goal) { clear(g.shared) }, "d.x: the change is seen through an alias"},
		{"a name that merges supply changes for all", func(r Node) Op { return Rename(find(t, r, "d", "z").Entry(), "w").Shared() }, func(*goal) {}, ""},
		{"a merge brings a removed name back", func(r Node) Op { return Remove(find(t, r, "n", "x").Entry()) }, nil, "a merge would supply the removed key again"},
		{"a merge brings a renamed pair's name back", func(r Node) Op { return Rename(find(t, r, "n", "x").Entry(), "k") }, nil, "a merge would supply the removed key again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse([]byte(src))
			if err != nil {
				t.Fatal(err)
			}
			c, err := f.Plan([]Op{tt.op(f.Documents()[0])})
			if err == nil {
				tt.tell(c.goal)
				_, err = c.Prove()
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("error (-want +got):\n%s", cmp.Diff(tt.want, got))
			}
		})
	}
}
