package shell

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// Span is a half-open range of byte offsets in the text given to Parse.
type Span struct{ Start, End int }

// Contains reports whether t lies within s.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

func (s Span) overlaps(t Span) bool { return s.Start < t.End && t.Start < s.End }

// ParseError says that a text cannot be read as a shell script.
type ParseError struct {
	Offset int // where, in bytes; 0 when the text as a whole is meant
	Reason string
}

func (e *ParseError) Error() string { return fmt.Sprintf("shell: offset %d: %s", e.Offset, e.Reason) }

// Limits that no script in a config comes near. The parser recurses for every opener, and Go cannot recover from an
// exhausted stack; its positions hold 18 bits for a line.
const (
	maxSize      = 1 << 20
	maxLines     = 1 << 17
	maxOpeners   = 20_000
	maxDepth     = 4_000 // of the syntax tree
	nodesPerByte = 4     // no text nests deeper than this for each of its bytes
)

// Script is a parsed script. It is immutable and safe for concurrent use.
type Script struct {
	text       string
	units      []*unit
	calls      []*Call
	statements []*statement // in the order the walk meets them, which is the same for equal texts

	writes  func() []Write // worked out when they are asked for
	bashEnv func() []EnvVar
	traced  func() bool
	piped   func() map[*Call][]*Call

	mentions mentions
}

// Parse reads text as a bash script. Whatever it cannot read is a *ParseError.
func Parse(text string) (*Script, error) {
	if err := parsable(text); err != nil {
		return nil, err
	}
	src := mask(text)
	file, err := parseFile(src.masked)
	if err != nil {
		return nil, err
	}
	s := &Script{text: text, mentions: mentions{known: map[string][]Mention{}}}
	s.writes, s.bashEnv = sync.OnceValue(s.findWrites), sync.OnceValue(s.findBashEnv)
	s.traced, s.piped = sync.OnceValue(s.findTraced), sync.OnceValue(s.findPiped)
	u := &unit{src: src, file: file}
	s.units = append(s.units, u)
	w := walker{script: s, unit: u}
	w.list(&file.Stmts, topList, nil, Context{})
	slices.SortStableFunc(s.calls, func(a, b *Call) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	s.trace()
	return s, nil
}

// Text is the text given to Parse.
func (s *Script) Text() string { return s.text }

// Calls lists the simple commands in the order in which they start, wherever they stand: in lists, pipelines,
// substitutions, functions and bodies, and in scripts handed to an inner shell. The declaring builtins (export and
// its like), bare assignments and bare redirections are calls too. The caller may not change what it gets.
func (s *Script) Calls() []*Call { return s.calls }

// Expressions lists where CircleCI expressions stand in the script, comments included.
func (s *Script) Expressions() []Span { return slices.Clone(s.units[0].src.exprs) }

func parsable(text string) error {
	switch {
	case len(text) > maxSize:
		return &ParseError{Reason: "the script is larger than 1 MiB"}
	case strings.Count(text, "\n") > maxLines:
		return &ParseError{Reason: "the script has too many lines"}
	case strings.Count(text, "(")+strings.Count(text, "{")+strings.Count(text, "`") > maxOpeners:
		return &ParseError{Reason: "the script may be too deeply nested"}
	case strings.ContainsRune(text, 0):
		return &ParseError{Offset: strings.IndexByte(text, 0), Reason: "the script holds a NUL byte"}
	}
	if line, ok := strings.CutPrefix(text, "#!"); ok {
		line, _, _ = strings.Cut(line, "\n")
		if !Supported(line) {
			return &ParseError{Reason: fmt.Sprintf("the interpreter %q is no POSIX shell", path.Base(strings.TrimSpace(line)))}
		}
	}
	return nil
}

// parsers are kept for the next script: each has a buffer of its own.
var parsers = sync.Pool{New: func() any { return syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true)) }}

// parseFile parses a masked text. The parser's panics are its bugs, and no reason to take the whole program down.
func parseFile(masked string) (file *syntax.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, &ParseError{Reason: fmt.Sprintf("the parser failed: %v", r)}
		}
	}()
	parser := parsers.Get().(*syntax.Parser)
	file, err = parser.Parse(strings.NewReader(masked), "")
	parsers.Put(parser) // not after a panic
	if err == nil && len(masked)*nodesPerByte > maxDepth && depthOf(file) > maxDepth {
		return nil, &ParseError{Reason: "the script is too deeply nested"}
	}
	if err == nil {
		return file, nil
	}
	var syntaxErr syntax.ParseError
	var langErr syntax.LangError
	switch {
	case errors.As(err, &syntaxErr):
		return nil, &ParseError{Offset: int(syntaxErr.Pos.Offset()), Reason: syntaxErr.Text}
	case errors.As(err, &langErr):
		return nil, &ParseError{Offset: int(langErr.Pos.Offset()), Reason: langErr.Feature + " are not part of bash"}
	}
	return nil, &ParseError{Reason: err.Error()}
}

// depthOf is how many nodes of a tree stand within one another.
func depthOf(file *syntax.File) int {
	depth, deepest := 0, 0
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			depth--
			return true
		}
		depth++
		deepest = max(deepest, depth)
		return true
	})
	return deepest
}
