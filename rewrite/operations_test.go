package rewrite

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The operations that the properties try at an entry.

const odd = "ZZ: #" // a text that needs quotes

// fourOperations are the operations that the editor is measured by, at one entry.
func fourOperations(e Entry) map[string]Op {
	pair := Pair{"zz-new", String(odd)}
	switch {
	case e.parent.isMerge():
		pair = Item(Map(pair))
	case !e.Key().Exists():
		pair.Key = ""
	}
	ops := map[string]Op{"insert": InsertAfter(e, pair).Shared(), "delete": Remove(e).Shared()}
	if e.Parent().Len() == 1 {
		ops["delete"] = Clear(e).Shared()
	}
	if e.Value().Kind() == Scalar {
		ops["replace value"] = Replace(e.Value(), String(odd)).Shared()
	}
	if e.Key().Kind() == Scalar && !e.IsMerge() {
		ops["replace key"] = Replace(e.Key(), String(odd)).Shared()
	}
	return ops
}

// choose makes an operation at an entry. Where Plan refuses it and leaves the choice to the caller, it chooses: to have
// what a merge supplies, to edit beside a key that stands twice, and to remove what others use together with them.
func choose(f *File, e Entry, op Op) (choice Reason, err error) {
	_, err = proved(f, op)
	if choice = reasonOf(err); choice == MergeSupplies || choice == DuplicateKey {
		_, err = proved(f, op.Accept(MergeSupplies).Accept(DuplicateKey))
	}
	if reasonOf(err) == AnchorNeeded {
		_, err = proved(f, withUsers(e)...)
	}
	return choice, err
}

// reasonOf is why an operation is refused, 0 when it is not.
func reasonOf(err error) Reason {
	if r := new(RefusedError); errors.As(err, &r) {
		return r.Reason
	}
	return 0
}

// withUsers are the removals of an entry, of those that use an anchor inside it, of those that use an anchor inside them...
func withUsers(e Entry) []Op {
	var ops []Op
	gone := map[*node]bool{}
	var take func(n *node)
	leave := func(e Entry) {
		if e.Exists() {
			ops = append(ops, Clear(e).Shared().Accept(MergeSupplies).Accept(DuplicateKey))
			take(e.Value().n)
			take(e.Key().n)
		}
	}
	take = func(n *node) {
		if n == nil || gone[n] {
			return
		}
		gone[n] = true
		for i := range n.items {
			take(n.items[i].key)
			take(n.items[i].value)
		}
		for _, u := range n.users() {
			leave(Node{e.file, u}.Entry())
		}
	}
	leave(e)
	return ops
}

// otherOperations are the rest, at one entry.
func otherOperations(e Entry) map[string]Op {
	pair := Pair{"zz-new", Map(Pair{"run", Map(Pair{"command", LiteralText("a\n\nb\n")})})}
	if !e.Key().Exists() {
		pair.Key = ""
	}
	ops := map[string]Op{
		"prune": Prune(e), "unused": RemoveUnused(e), "before": InsertBefore(e, pair), "nested": InsertAfter(e, pair),
		"map": Replace(e.Value(), Map(Pair{"a", List(String("b"), Int(1))}, Pair{"c", Null()})), "literal": Replace(e.Value(), LiteralText("a\n\n  b\n")),
		"comment above": CommentAbove(e, "one\n\ntwo"), "comment behind": CommentBehind(e, "one"),
	}
	if e.Key().Exists() && !e.IsMerge() {
		ops["rename"] = Rename(e, "zz-new")
	}
	switch v := e.Value(); v.Kind() {
	case Scalar:
		at := strings.IndexByte(v.Value(), '\n') + 1
		_, n := utf8.DecodeRuneInString(v.Value()[at:])
		ops["text"], ops["lines"] = ReplaceText(v, at, at+n, "é"), ReplaceText(v, 0, at, "")
		ops["wrap"], ops["append"] = Wrap(v, Bool(false)), Append(v, Pair{"a", String("b")})
	case Alias:
		ops["override"] = Override(v, Pair{"zz-new", String("x")})
	case Mapping:
		ops["append"], ops["override"] = Append(v, Pair{"zz-new", String("x")}), Override(v, Pair{"zz-new", String("x")})
	case Sequence:
		ops["append"] = Append(v, Item(Map(Pair{"zz-new", String("x")})))
	}
	return ops
}
