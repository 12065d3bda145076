package rewrite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// corpusFiles are real configs that lie beside the project in its developers' workspace; a user's clone has none.
func corpusFiles(t testing.TB, dirs ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, d := range dirs {
		names, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", d, "*"))
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(name)] = src
		}
	}
	if len(out) == 0 {
		t.Skip("no corpus beside the project: the tests over real configs are skipped")
	}
	return out
}

// checkTree holds the laws of the span map: spans nest, siblings are in order, and each scalar's bytes alone decode to its value.
func checkTree(t *testing.T, f *File, n *node) {
	t.Helper()
	if n.span().Start > n.span().End || n.span().End > len(f.src) {
		t.Fatalf("%s: bad span %v", Node{f, n}.Path(), n.span())
	}
	if n.parent != nil && !n.parent.span().Contains(n.span()) {
		t.Errorf("%s: span %v outside its parent's %v", Node{f, n}.Path(), n.span(), n.parent.span())
	}
	if n.kind == Scalar && n.span().Len() > 0 {
		checkScalar(t, f, n)
	}
	at := n.body().Start
	for i := range n.items {
		e := &n.items[i]
		if e.span.Start < at {
			t.Errorf("%s: entry %d overlaps the one before", Node{f, n}.Path(), i)
		}
		at = e.span.End
		if e.key != nil {
			checkTree(t, f, e.key)
		}
		checkTree(t, f, e.value)
	}
}

func checkScalar(t *testing.T, f *File, n *node) {
	t.Helper()
	if n.style == Literal || n.style == Folded {
		return // its indentation belongs to what is around it
	}
	text := string(f.src[n.span().Start:n.span().End])
	if n.tag == mergeTag || strings.HasPrefix(text, "!") || n.style == Plain && strings.ContainsAny(text, "\n\r") {
		return
	}
	for _, context := range []string{"- %", "[\n %\n]", "{%}", "x: %"} {
		var y yaml.Node
		if yaml.Unmarshal([]byte(strings.Replace(context, "%", text, 1)), &y) != nil {
			continue
		}
		if c := y.Content[0].Content; c[0].Value == n.value || c[len(c)-1].Value == n.value {
			return
		}
	}
	t.Errorf("%s: %q alone does not decode to %q", Node{f, n}.Path(), text, n.value)
}

func TestLocateCorpus(t *testing.T) {
	t.Parallel()
	parsed := 0
	for name, src := range corpusFiles(t, "configs", "tricky") {
		f, err := Parse(src)
		if err != nil {
			if strings.Contains(err.Error(), "was not found") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		parsed++
		for _, r := range f.roots {
			checkTree(t, f, r)
		}
		if t.Failed() {
			t.Fatalf("in %s", name)
		}
	}
	if parsed < 290 {
		t.Errorf("only %d files parse", parsed)
	}
}

// TestTagsEndWithBlanks has tags with characters that end other things: yaml.v3 takes them for part of the tag.
func TestTagsEndWithBlanks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ src, tag, body string }{
		{"!,\n |\n  a\n", "!,", "|\n  a\n"},
		{"!a,b c\n", "!a,b", "c"},
		{"k: !, |\n  a\n", "!,", "|\n  a\n"},
		{"[!, a]\n", "!,", "a"},
		{"{k: !x[1] a}\n", "!x[1]", "a"},
	} {
		f, err := Parse([]byte(tt.src))
		if err != nil {
			t.Errorf("%q: %v", tt.src, err)
			continue
		}
		n := f.Documents()[0]
		for n.Len() > 0 {
			n = n.Entries()[0].Value()
		}
		if tag, body := f.Text(n.n.props.tag), f.Text(n.n.body()); tag != tt.tag || body != tt.body {
			t.Errorf("%q: tag %q and body %q, want %q and %q", tt.src, tag, body, tt.tag, tt.body)
		}
	}
}
