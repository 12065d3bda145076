package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// MaxSize bounds the sources that Parse takes, in bytes: a parsed tree needs about 25 times as much memory.
const MaxSize = 10 << 20

// File is one parsed source: its bytes, the tree of each of its documents, and where every node and comment stands.
// It is immutable and safe for concurrent use.
type File struct {
	src      []byte
	lines    lineIndex
	roots    []*node
	comments []Span
	scalars  []*node  // the literal and folded scalars, in order
	texts    sync.Map // the Text of each *node that was asked for
	looks    sync.Map // the documentLook of each root that was asked for

	// Of each *node with many entries that was asked for: see remember.
	steps, names, duplicates sync.Map
}

// Parse reads a source with yaml.v3, which decides what it means, and finds the place of each node. An empty source
// and one of comments alone have no documents. The errors are *ParseError and *LimitError.
func Parse(src []byte) (*File, error) {
	if len(src) > MaxSize {
		return nil, &LimitError{"file size in bytes", MaxSize}
	}
	if bytes.HasPrefix(src, []byte{0xFF, 0xFE}) || bytes.HasPrefix(src, []byte{0xFE, 0xFF}) {
		return nil, &ParseError{1, 1, "the file is UTF-16, which is not supported; save it as UTF-8"}
	}
	docs, err := decode(src)
	if err != nil {
		return nil, err
	}
	f := &File{src: src, lines: newLineIndex(src)}
	if err := locate(f, docs); err != nil {
		return nil, err
	}
	return f, nil
}

// decode reads all documents into yaml.v3's nodes. yaml.v3 panics on no known input; should it ever, that is an error.
func decode(src []byte) (docs []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, &ParseError{1, 1, fmt.Sprintf("the YAML parser failed: %v", r)}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		doc := new(yaml.Node)
		switch err := dec.Decode(doc); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, parseError(err)
		}
		docs = append(docs, doc)
	}
}

// parseError takes the line out of yaml.v3's message. Without one the fault is in line 1.
func parseError(err error) error {
	e := &ParseError{1, 1, strings.TrimPrefix(err.Error(), "yaml: ")}
	rest, ok := strings.CutPrefix(e.Message, "line ")
	if !ok {
		return e
	}
	number, text, ok := strings.Cut(rest, ": ")
	if line, err := strconv.Atoi(number); ok && err == nil {
		e.Line, e.Message = line, text
	}
	return e
}

// Source is the bytes that were parsed. They must not be changed.
func (f *File) Source() []byte { return f.src }

// Documents are the root nodes of the file's documents, in order.
func (f *File) Documents() []Node {
	out := make([]Node, len(f.roots))
	for i, r := range f.roots {
		out[i] = Node{f, r}
	}
	return out
}

// Position is the line and column of an offset. It takes the same time anywhere in a file.
func (f *File) Position(offset int) Position { return f.lines.position(offset) }

// Comments are the places of all comments, each from its '#' to the end of its line, in order.
func (f *File) Comments() []Span { return f.comments }

// Text is the source between two offsets.
func (f *File) Text(s Span) string { return string(f.src[s.Start:s.End]) }

// Innermost is the deepest node whose span holds offset; absent between documents.
func (f *File) Innermost(offset int) Node {
	i := sort.Search(len(f.roots), func(i int) bool { return f.roots[i].span().End >= offset })
	if i == len(f.roots) || f.roots[i].span().Start > offset {
		return Node{}
	}
	n := f.roots[i]
	for deeper := n; deeper != nil; deeper = n.at(offset) {
		n = deeper
	}
	return Node{f, n}
}

// at is the key or value of the collection that holds offset, nil when none does. A key holds its end too.
func (n *node) at(offset int) *node {
	i := sort.Search(len(n.items), func(i int) bool { return n.items[i].span.End >= offset })
	for ; i < len(n.items) && n.items[i].span.Start <= offset; i++ {
		switch e := &n.items[i]; {
		case e.key != nil && e.key.span().Start <= offset && offset <= e.key.span().End:
			return e.key
		case e.value.span().Start <= offset && offset < e.value.span().End:
			return e.value
		}
	}
	return nil
}

// Path is the way from the document's root, such as jobs.deploy.steps[2].run. Names with other characters than letters,
// digits and "_/@+-" are quoted; in a file of several documents it starts with the document's number, as in "2:jobs".
func (n Node) Path() string {
	if n.n == nil {
		return ""
	}
	var parts []string
	a := n.n
	for ; a.parent != nil; a = a.parent {
		e := &a.parent.items[a.index]
		switch {
		case e.key == nil:
			parts = append(parts, "["+strconv.Itoa(a.index)+"]")
		case isPathName(e.key.value):
			parts = append(parts, "."+e.key.value)
		default:
			parts = append(parts, "."+strconv.Quote(e.key.value))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	path := strings.TrimPrefix(b.String(), ".")
	if len(n.file.roots) < 2 {
		return path
	}
	return strconv.Itoa(a.index+1) + ":" + path
}

// isPathName reports whether a path shows the key without quotes.
func isPathName(key string) bool {
	return key != "" && strings.IndexByte("/@+>-", key[0]) < 0 && isWord(key, "_/@+<>-")
}
