package rewrite

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refusalTests are the operations that no right bytes exist for, that contradict each other, or that the caller must choose.
var refusalTests = []struct {
	name, src string
	ops       func(r Node) []Op
	want      string
}{
	{"what others see through an anchor", "a: &x\n  k: 1\n  l: 2\nb: *x\nc: [*x]\n", func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[0])} }, "a: the place is shared through an anchor (&x, used at b, c[0])"},
	{"a key that others see through an anchor", "&x a: 1\nb: *x\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "c")} }, "a: the place is shared through an anchor (&x, used at b)"},
	{"an anchor that others need", "a: &x 1\nb: [*x, *x, *x, *x, *x]\n", func(r Node) []Op { return []Op{Remove(r.Entries()[0])} }, "a: an anchor inside is used elsewhere (&x, used at b[0], b[1], b[2] and 2 more)"},
	{"an anchor that others need still", "a: &x 1\nb: *x\nc: *x\n", func(r Node) []Op { return []Op{Remove(r.Entries()[0]), Remove(r.Entries()[1])} }, "a: an anchor inside is used elsewhere (&x, used at c)"},
	{"what a merge supplies", "x: &x {k: 1}\na:\n  <<: *x\n  k: 2\n", func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[1])} }, "a: a merge would supply the removed key again (k)"},
	{"a name that a merge supplies", "x: &x {k: 1}\na:\n  <<: *x\n  k: 2\n", func(r Node) []Op { return []Op{Rename(r.Own("a").Entries()[1], "l")} }, "a: a merge would supply the removed key again (k)"},
	{"what a merge supplies to who merges the pair", "x: &x {k: 1, l: 1}\ny: &y {k: 2}\nz: &z\n  <<: *x\na:\n  <<: [*z, *y]\n", func(r Node) []Op {
		return []Op{Remove(r.Own("x").Entries()[0]).Shared()}
	}, "x: a merge would supply the removed key again (k)"},
	{"a key twice", "a:\n  k: 1\n  k: 2\n  l: 3\n", func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[2])} }, "a: the mapping has a key twice"},
	{"a key twice where the emptied parent stands", "a: {l: 3}\nk: 1\nk: 2\n", func(r Node) []Op { return []Op{Prune(r.Own("a").Entries()[0])} }, "the mapping has a key twice"},
	{"a key that is there", "a: {k: 1}\n", func(r Node) []Op { return []Op{Append(r.Own("a"), Pair{"k", Int(2)})} }, "a: the mapping has this key already (k)"},
	{"a name that is there", "a: {k: 1, l: 2}\n", func(r Node) []Op { return []Op{Rename(r.Own("a").Entries()[0], "l")} }, "a: the mapping has this key already (l)"},
	{"the only entry", "a:\n  k: 1\n", func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[0])} }, "a: nothing would be left of the collection"},
	{"all that the file has", "a: {k: 1}\n", func(r Node) []Op { return []Op{Prune(r.Own("a").Entries()[0])} }, "nothing would be left of the collection"},
	{"all of a block scalar's text", "a: |\n  x\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 0, 2, "")} }, "a: nothing would be left of the text"},
	{"all of a quoted text but for line breaks", "a: \"x\\n\\ny\\n\"\n", func(r Node) []Op {
		return []Op{ReplaceText(r.Own("a"), 0, 2, ""), ReplaceText(r.Own("a"), 3, 5, "")}
	}, "a: nothing would be left of the text"},
	{"a plain value above a line with a tab", "a: {k:\n\t}\n", func(r Node) []Op { return []Op{Replace(own(r, "a", "k"), Int(1))} }, "a: the operation does not fit the kind of the node (a line with a tab follows)"},
	{"a plain item that comes to the end, above a line with a tab", "a: [x, 'y'\n\n\t]\n", func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[1])} }, "a: the operation does not fit the kind of the node (a line with a tab follows)"},
	{"a deep comment below a block scalar", "- |\n  x\n- y\n\n  # c\n- z\n", func(r Node) []Op { return []Op{Remove(r.Entries()[1])} }, "kept lines would become text of the block scalar above"},
	{"blanks below a new literal", "a: 1\n      \nb: 2\n", func(r Node) []Op { return []Op{InsertAfter(r.Entries()[0], Pair{"c", LiteralText("x\n")})} }, "kept lines would become text of the block scalar above"},
	{"a kept line of blanks at the open end", "- |+\n  x\n ", func(r Node) []Op { return []Op{Append(r, Item(Int(1)))} }, "[0]: kept lines would become text of the block scalar above"},
	{"a comment in the place of a literal's header", "a:\n  # c\n  k: 1\n", func(r Node) []Op { return []Op{Replace(r.Own("a"), LiteralText("x\ny\n"))} }, "a: a comment stands inside the place"},
	{"a second comment on a line", "a: 1 # c\n", func(r Node) []Op { return []Op{CommentBehind(r.Entries()[0], "d")} }, "the line has a comment already"},
	{"a comment above what shares its line", "a: [x, y]\n", func(r Node) []Op { return []Op{CommentAbove(r.Own("a").Entries()[1], "c")} }, "a: the entry shares its line with another"},
	{"a comment behind a line of text", "a: x\n  y\n", func(r Node) []Op { return []Op{CommentBehind(r.Entries()[0], "c")} }, "the flow scalar runs over several lines"},
	{"text over lines that cannot hold the new one", "a: x\n  y\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 2, 3, "# z")} }, "a: the flow scalar runs over several lines"},
	{"a key over lines gets a value", "a: {\"x\n  y\"}\n", func(r Node) []Op { return []Op{Replace(r.Own("a").Entries()[0].Value(), Int(1))} }, "a.\"x y\": the flow scalar runs over several lines"},
	{"text over lines becomes a key", "- x\n  y\n", func(r Node) []Op { return []Op{Wrap(r.Entries()[0].Value(), Int(1))} }, "[0]: the flow scalar runs over several lines"},
	{"text that folds in another way", "a: >-\n  x\n  y\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 2, 2, " ")} }, "a: the text is folded over lines"},

	{"a place that does not exist", "a: x\n", func(r Node) []Op { return []Op{Replace(r.Own("b"), String("v"))} }, "the operation does not fit the kind of the node (the place does not exist)"},
	{"a comment that does not exist", "a: \"# b\"\n", func(Node) []Op { return []Op{RemoveComment(Span{4, 7})} }, "the operation does not fit the kind of the node (there is no such comment)"},
	{"text that is no UTF-8", "a: x\n", func(r Node) []Op { return []Op{Replace(r.Own("a"), String("\xff"))} }, "a: the operation does not fit the kind of the node (the new text is not UTF-8, or too long for a key)"},
	{"a key that nobody could read", "a: x\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], strings.Repeat("x", maxKey+1))} }, "the operation does not fit the kind of the node (the new text is not UTF-8, or too long for a key)"},
	{"half a character", "a: é\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 0, 1, "v")} }, "a: the operation does not fit the kind of the node (a character would be cut)"},
	{"part of a number", "a: 12\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 0, 1, "v")} }, "a: the operation does not fit the kind of the node (it has no such part of a string)"},
	{"part behind the end", "a: x\n", func(r Node) []Op { return []Op{ReplaceText(r.Own("a"), 0, 2, "v")} }, "a: the operation does not fit the kind of the node (it has no such part of a string)"},
	{"a mapping for a key", "a: x\n", func(r Node) []Op { return []Op{Replace(r.Entries()[0].Key(), Map())} }, "a: the operation does not fit the kind of the node (a key is a text, and a merge takes mappings)"},
	{"a merge of a text", "a: &a {}\nb:\n  <<: *a\n", func(r Node) []Op { return []Op{Replace(r.Own("b").Entries()[0].Value(), String("x"))} }, "b.<<: the operation does not fit the kind of the node (a key is a text, and a merge takes mappings)"},
	{"one more merge, of a text", "a: &a {}\nb:\n  <<: [*a]\n", func(r Node) []Op { return []Op{Append(r.Own("b").Entries()[0].Value(), Item(Int(1)))} }, "b.<<: the operation does not fit the kind of the node (a mapping takes pairs, a sequence items, a merge mappings)"},
	{"another name for a merge", "a: &a {}\nb:\n  <<: *a\n", func(r Node) []Op { return []Op{Rename(r.Own("b").Entries()[0], "x")} }, "b: the operation does not fit the kind of the node (it has no name)"},
	{"a name for an item", "- x\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "x")} }, "the operation does not fit the kind of the node (it has no name)"},
	{"a pair of a pair", "a: x\n", func(r Node) []Op { return []Op{Wrap(r.Own("a"), Int(1))} }, "a: the operation does not fit the kind of the node (it is no bare item)"},
	{"an item of a mapping", "a: {k: 1}\n", func(r Node) []Op { return []Op{Append(r.Own("a"), Item(Int(1)))} }, "a: the operation does not fit the kind of the node (a mapping takes pairs, a sequence items, a merge mappings)"},
	{"a pair of a text", "a: x\n", func(r Node) []Op { return []Op{Append(r.Own("a"), Pair{"k", Int(1)})} }, "a: the operation does not fit the kind of the node (a mapping takes pairs, a sequence items, a merge mappings)"},
	{"an override of nothing", "a: {k: 1}\n", func(r Node) []Op { return []Op{Override(r.Own("a"), Pair{"l", Int(1)})} }, "a: the operation does not fit the kind of the node (nothing is merged here)"},
	{"a comment of two lines behind one", "a: x\n", func(r Node) []Op { return []Op{CommentBehind(r.Entries()[0], "c\nd")} }, "the operation does not fit the kind of the node (the comment has other lines or characters than the place takes)"},
	{"a comment with a control character", "a: x\n", func(r Node) []Op { return []Op{CommentAbove(r.Entries()[0], "c\x00")} }, "the operation does not fit the kind of the node (the comment has other lines or characters than the place takes)"},
	{"a comment behind a tab", "a: [\n\tx ]\n", func(r Node) []Op { return []Op{CommentAbove(r.Own("a").Entries()[0], "c")} }, "a: the operation does not fit the kind of the node (the line is indented by tabs)"},
	{"a line of a tab below", "a: x\n \t\nb: 1\n", func(r Node) []Op { return []Op{Replace(r.Own("a"), Map(Pair{"k", Int(1)}))} }, "the operation does not fit the kind of the node (a line with a tab follows)"},
	{"a block scalar at the left margin", "a:\n|\n x\n", func(r Node) []Op { return []Op{Replace(r.Own("a"), String("y"))} }, "a: the operation does not fit the kind of the node (it stands no deeper than its key)"},

	{"two values for one node", "a: 1\n", func(r Node) []Op { return []Op{Replace(r.Own("a"), Int(2)), Replace(r.Own("a"), Int(3))} }, "a: two changes meet here"},
	{"pairs and items for one null", "a:\n", func(r Node) []Op {
		return []Op{Append(r.Own("a"), Item(Int(2))), Append(r.Own("a"), Pair{"k", Int(3)})}
	}, "a: two changes meet here"},
	{"two names for one key", "a: 1\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "b"), Rename(r.Entries()[0], "c")} }, "two changes meet here"},
	{"one name for two keys", "a: 1\nb: 2\n", func(r Node) []Op { return []Op{Rename(r.Entries()[0], "c"), Append(r, Pair{"c", Int(3)})} }, "two changes meet here"},
	{"two ways to empty a collection", "a: [x, y]\n", func(r Node) []Op {
		return []Op{Prune(r.Own("a").Entries()[0]), Clear(r.Own("a").Entries()[1])}
	}, "a: two changes meet here"},
	{"parts of a text that overlap", "a: xyz\n", func(r Node) []Op {
		return []Op{ReplaceText(r.Own("a"), 0, 2, "v"), ReplaceText(r.Own("a"), 1, 3, "w")}
	}, "a: two changes meet here"},
	{"two comments behind one line", "a: 1\n", func(r Node) []Op { return []Op{CommentBehind(r.Entries()[0], "c"), CommentBehind(r.Entries()[0], "d")} }, "two changes meet here"},
	{"a comment behind a line that gets another end", "- k: 1\n", func(r Node) []Op {
		return []Op{CommentBehind(r.Entries()[0], "c"), mapping(r.Entries()[0].Value())}
	}, "two changes meet here"},
	{"a comment behind what comes in the place of a line's end", "- - x\n", func(r Node) []Op {
		e := r.Entries()[0].Value().Entries()[0]
		return []Op{CommentBehind(r.Entries()[0], "c"), InsertBefore(e, Item(LiteralText("y\n"))), Remove(e)}
	}, "two changes meet here"},
	{"a comment behind a line that goes", "- k: 1\n  l: 2\n", func(r Node) []Op {
		return []Op{CommentBehind(r.Entries()[0], "c"), Remove(r.Entries()[0].Value().Entries()[0])}
	}, "the edit of bytes 2-9 overlaps the edit of bytes 6-6"},
	{"a text at the open end that changes itself", "- |\n  x", func(r Node) []Op {
		return []Op{ReplaceText(r.Entries()[0].Value(), 0, 1, "y"), Append(r, Item(Int(1)))}
	}, "[0]: two changes meet here"},
}

// TestRefusals holds what the messages say, and that there is a test for every reason.
func TestRefusals(t *testing.T) {
	t.Parallel()
	missing := map[Reason]bool{}
	for r := SharedAnchor; r <= lastReason; r++ {
		missing[r] = true
	}
	for _, tt := range refusalTests {
		got, err := edited(t, tt.src, tt.ops)
		if refused := new(RefusedError); errors.As(err, &refused) {
			delete(missing, refused.Reason)
		}
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for r := range missing {
		t.Errorf("nothing is refused because %s", r)
	}
}

// TestAccepted holds what comes of operations whose callers know of a reason to refuse them.
func TestAccepted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src string
		path      path
		op        func(n Node) Op
		want      string
	}{
		{"a merge supplies the value", "x: &x {k: 1}\na:\n  <<: *x\n  k: 2\n", path{"a", "k"}, accepted(remove, MergeSupplies), "x: &x {k: 1}\na:\n  <<: *x\n"},
		{"a merge supplies the old name", "x: &x {k: 1}\na:\n  <<: *x\n  k: 2\n", path{"a", "k"}, accepted(operations["rename"], MergeSupplies), "x: &x {k: 1}\na:\n  <<: *x\n  new: 2\n"},
		{"one of two pairs goes", "a: 1\nb: 2\na: 3\n", path{2}, accepted(remove, DuplicateKey), "a: 1\nb: 2\n"},
		{"one of two pairs gets a name", "a: 1\na: 3\n", path{1}, accepted(operations["rename"], DuplicateKey), "a: 1\nnew: 3\n"},
		{"a pair beside two", "a: 1\na: 3\n", path{0}, accepted(afterPair("b", "x"), DuplicateKey), "a: 1\nb: x\na: 3\n"},
		{"a parent beside two", "a: 1\na: 3\nb:\n  - x\n", path{"b", 0}, accepted(prune, DuplicateKey), "a: 1\na: 3\n"},
		{"not a third", "a: 1\na: 3\n", path{0}, accepted(afterPair("a", "x"), DuplicateKey), "the mapping has this key already"},
		{"another reason", "a: &a 1\nb: *a\n", path{"a"}, accepted(remove, AnchorNeeded), "an anchor inside is used elsewhere"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := Parse([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			next, err := proved(f, tt.op(find(t, f.Documents()[0], tt.path...)))
			if r := new(RefusedError); errors.As(err, &r) {
				got = r.Reason.String()
			} else if err == nil {
				got = string(next.src)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func accepted(op func(Node) Op, r Reason) func(Node) Op {
	return func(n Node) Op { return op(n).Accept(r) }
}

// TestReasonsInDoc holds that the package comment has each reason once.
func TestReasonsInDoc(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	_, source, _ = bytes.Cut(source, []byte("iota + 1\n"))
	names := strings.Fields("SharedAnchor " + string(source[:bytes.Index(source, []byte("lastReason"))]))
	for _, name := range names {
		if strings.Count(string(doc), "//   - "+name+": ") != 1 {
			t.Errorf("the package comment says nothing about %s", name)
		}
	}
	if len(names) != int(lastReason) {
		t.Errorf("%d names of %d reasons", len(names), lastReason)
	}
}
