package rewrite

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxFuzz is the size up to which inputs are of interest.
const maxFuzz = 4 << 10

// addSeeds gives a fuzz target the sources of the table tests, and the developers' collection of pitfalls where it lies
// beside the project.
func addSeeds(f *testing.F, add func(src []byte)) {
	f.Helper()
	for _, tt := range trickyTests {
		add([]byte(tt.src))
	}
	for _, s := range allShapes() {
		add([]byte(s.src))
	}
	names, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "tricky", "*"))
	for _, name := range names {
		if src, err := os.ReadFile(name); err == nil {
			add(src)
		}
	}
}

// parseFuzzed parses an input. That the place of a node is not found is rare and no fault: such a file is left alone.
func parseFuzzed(t *testing.T, src []byte) *File {
	t.Helper()
	if len(src) > maxFuzz {
		t.Skip("too long to be of interest")
	}
	f, err := Parse(src)
	if err != nil || bytes.Contains(src[min(1, len(src)):], []byte(bom)) {
		t.Skip("no YAML, or a mark inside it")
	}
	return f
}

func FuzzIdentity(f *testing.F) {
	addSeeds(f, func(src []byte) { f.Add(src) })
	f.Fuzz(func(t *testing.T, src []byte) {
		file := parseFuzzed(t, bytes.Clone(src))
		if !bytes.Equal(file.Source(), src) {
			t.Fatal("parsing changed the source")
		}
		c, err := file.Plan(nil)
		if err != nil || len(c.Edits) > 0 {
			t.Fatalf("no operations give the edits %v, %v", c.Edits, err)
		}
		if out, err := Apply(src, c.Edits); err != nil || !bytes.Equal(out, src) {
			t.Fatalf("no edits give %q, %v", out, err)
		}
	})
}

// FuzzLocate holds that the tree has the spans that yaml.v3's positions ask for.
func FuzzLocate(f *testing.F) {
	addSeeds(f, func(src []byte) { f.Add(src) })
	f.Fuzz(func(t *testing.T, src []byte) {
		file := parseFuzzed(t, src)
		for _, r := range file.roots {
			checkSpans(t, file, r)
		}
		for _, c := range file.comments {
			if file.src[c.Start] != '#' || c.End != file.lineEnd(c.Start) {
				t.Fatalf("no comment at %v", c)
			}
		}
	})
}

// checkSpans holds that spans nest, that siblings are in order, and that what has text begins and ends where it must.
func checkSpans(t *testing.T, f *File, n *node) {
	t.Helper()
	if n.parent != nil && !n.parent.span().Contains(n.span()) || !n.span().Contains(n.body()) {
		t.Fatalf("%s: span %v, body %v", Node{f, n}.Path(), n.span(), n.body())
	}
	if text := f.src[n.body().Start:n.body().End]; len(text) > 0 {
		first, last := text[0], text[len(text)-1]
		switch {
		case n.style == DoubleQuoted && (first != '"' || last != '"'), n.style == SingleQuoted && (first != '\'' || last != '\''),
			n.style == Flow && n.kind == Sequence && (first != '[' || last != ']'), n.kind == Alias && first != '*',
			n.style == Literal && first != '|', n.style == Folded && first != '>':
			t.Fatalf("%s: text %q", Node{f, n}.Path(), text)
		}
	}
	at := n.body().Start
	for i := range n.items {
		e := &n.items[i]
		if e.span.Start < at || e.span.End > n.body().End {
			t.Fatalf("%s: entry %d at %v behind %d", Node{f, n}.Path(), i, e.span, at)
		}
		at = e.span.End
		if e.key != nil {
			checkSpans(t, f, e.key)
		}
		checkSpans(t, f, e.value)
	}
}

// FuzzText holds that parts of a text that can be placed are where they are said to be.
func FuzzText(f *testing.F) {
	addSeeds(f, func(src []byte) { f.Add(src, uint16(0), uint16(1)) })
	f.Add([]byte(`a: "x\u00e9\ty"`), uint16(1), uint16(3))
	f.Add([]byte("a: >+\n  x\n  y\n\n    z\n\n"), uint16(2), uint16(5))
	f.Fuzz(func(t *testing.T, src []byte, start, end uint16) {
		file := parseFuzzed(t, src)
		for _, e := range allEntries(file) {
			text := e.Value().Text()
			if !text.Mapped() || int(start) > int(end) || int(end) > len(text.String()) {
				continue
			}
			n := e.Value().n
			span, err := text.Span(int(start), int(end))
			if err != nil {
				continue
			}
			if !n.body().Contains(span) {
				t.Fatalf("%s: part %d-%d at %v, outside %v", e.Value().Path(), start, end, span, n.body())
			}
			part := text.String()[start:end]
			if n.style == Plain && utf8.ValidString(part) && !bytes.ContainsAny([]byte(part), " \n\t\u0085\u2028\u2029") && file.Text(span) != part {
				t.Fatalf("%s: part %q at %q", e.Value().Path(), part, file.Text(span))
			}
		}
	})
}

func allEntries(f *File) []Entry {
	var out []Entry
	for _, r := range f.roots {
		out = (Node{f, r}).appendEntries(out)
	}
	return out
}

// appendEntries adds the entries of n and of everything below it.
func (n Node) appendEntries(out []Entry) []Entry {
	for _, e := range n.Entries() {
		out = append(out, e)
		if e.Key().Exists() {
			out = e.Key().appendEntries(out)
		}
		out = e.Value().appendEntries(out)
	}
	return out
}

// FuzzOps tries an operation at a place, both drawn by number: it is refused for a reason, or proved.
func FuzzOps(f *testing.F) {
	addSeeds(f, func(src []byte) {
		for i := range byte(3) {
			f.Add(src, uint16(i), i, uint16(i), byte(17*i), "x")
		}
	})
	f.Fuzz(func(t *testing.T, src []byte, place uint16, kind byte, place2 uint16, kind2 byte, text string) {
		file := parseFuzzed(t, src)
		entries := allEntries(file)
		if len(entries) == 0 {
			t.Skip("nothing to edit")
		}
		ops := []Op{anyOp(entries[int(place)%len(entries)], kind, text)}
		if kind2 > 0 {
			ops = append(ops, anyOp(entries[int(place2)%len(entries)], kind2, text+"2"))
		}
		_, err := proved(file, ops...)
		if err != nil && !planned(err) {
			t.Fatal(err)
		}
	})
}

// planned reports whether the error is one of those that Plan may give.
func planned(err error) bool {
	var (
		refusal  *RefusedError
		clash    *ClashError
		conflict *ConflictError
	)
	return errors.As(err, &refusal) || errors.As(err, &clash) || errors.As(err, &conflict)
}

// anyOp is an operation at an entry.
func anyOp(e Entry, kind byte, text string) Op {
	values := []Value{String(text), LiteralText(text), Map(Pair{"k", String(text)}), List(String("a"), Map(Pair{text, LiteralText(text)}, Pair{"l", Null()})), Map(), Int(7)}
	value := values[int(kind>>4)%len(values)]
	pair := Pair{"zz-new", value}
	if !e.Key().Exists() {
		pair.Key = ""
	}
	v := e.Value()
	ops := []Op{
		Replace(v, value), ReplaceText(v, 0, len(v.Value())/2, text), ReplaceText(v, len(v.Value())/2, len(v.Value()), text), Rename(e, text),
		InsertBefore(e, pair), InsertAfter(e, pair), Append(v, pair), Append(v, Item(value)), Remove(e), Prune(e), RemoveUnused(e), Clear(e), Wrap(v, value),
		Override(v, Pair{"zz-new", value}), CommentAbove(e, text), CommentBehind(e, text),
	}
	if c := e.file.comments; len(c) > 0 {
		ops = append(ops, RemoveComment(c[int(kind)%len(c)]))
	}
	return ops[int(kind&15)%len(ops)].Shared()
}

// FuzzParse holds that whatever yaml.v3 reads is parsed, or refused with an error that has a line.
func FuzzParse(f *testing.F) {
	addSeeds(f, func(src []byte) { f.Add(src) })
	f.Fuzz(func(t *testing.T, src []byte) {
		_, err := Parse(src)
		var parse *ParseError
		if err != nil && (!errors.As(err, &parse) || parse.Line < 1) {
			t.Fatalf("error %v", err)
		}
		var y yaml.Node
		if yaml.Unmarshal(src, &y) != nil && err == nil && len(src) > 0 {
			t.Fatal("parsed what yaml.v3 refuses")
		}
	})
}
