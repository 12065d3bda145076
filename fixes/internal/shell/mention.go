package shell

import (
	"cmp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// MentionKind is how a script refers to a variable.
type MentionKind uint8

// The ways to mention a variable. Expanded and Assigned are the shell's own; a Named variable is what a word is
// about, as in "docker run -e NAME", "--build-arg NAME=..." or "printenv NAME"; Quoted is any other text with the
// name in it, such as a single-quoted line for a file that is read later.
const (
	Expanded MentionKind = iota
	Assigned
	Named
	Quoted
)

// Mention is one place where a script refers to a variable.
type Mention struct {
	Span Span // of the expansion, or of the name
	Kind MentionKind
}

// Mentions lists where the script refers to the variable called name, in order. Comments do not count. The caller may
// not change what it gets.
func (s *Script) Mentions(name string) []Mention {
	if !isName(name) || !strings.Contains(s.text, name) {
		return nil
	}
	if known, ok := s.mentions.Load(name); ok {
		return known.([]Mention)
	}
	found := s.findMentions(name)
	s.mentions.Store(name, found)
	return found
}

func (s *Script) findMentions(name string) []Mention {
	f := finder{name: name, found: map[Span]MentionKind{}}
	for _, u := range s.units {
		f.unit = u
		syntax.Walk(u.file, f.visit)
	}
	var out []Mention
	for span, kind := range f.found {
		out = append(out, Mention{span, kind})
	}
	slices.SortFunc(out, func(a, b Mention) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	return withoutParts(out)
}

// withoutParts drops a name that is part of an expansion: a quoted script shows it to the outer shell as text, and to
// the inner one as an expansion.
func withoutParts(sorted []Mention) []Mention {
	var last Span
	return slices.DeleteFunc(sorted, func(m Mention) bool {
		if m.Kind == Expanded {
			last = m.Span
			return false
		}
		return last.Contains(m.Span)
	})
}

// finder collects the mentions of one name. A place is found at most once: the more telling kind is the smaller.
type finder struct {
	name  string
	unit  *unit
	found map[Span]MentionKind
}

func (f *finder) add(at Span, kind MentionKind) {
	if old, ok := f.found[at]; !ok || kind < old {
		f.found[at] = kind
	}
}

func (f *finder) visit(n syntax.Node) bool {
	u := f.unit
	switch n := n.(type) {
	case *syntax.ParamExp:
		if n.Param != nil && u.written(n.Param) == f.name {
			f.add(u.nodeSpan(n), Expanded)
		}
	case *syntax.Assign:
		if n.Name != nil && u.written(n.Name) == f.name {
			f.add(u.nodeSpan(n.Name), Assigned)
		}
	case *syntax.WordIter:
		if u.written(n.Name) == f.name {
			f.add(u.nodeSpan(n.Name), Assigned)
		}
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause:
		f.arithmetic(n)
	case *syntax.Word:
		f.word(n)
	case *syntax.Comment:
		return false
	}
	return true
}

// arithmetic finds bare names, which an arithmetic expression expands.
func (f *finder) arithmetic(n syntax.Node) {
	for node := range syntax.Preorder(n) {
		if w, ok := node.(*syntax.Word); ok && f.unit.written(w) == f.name {
			f.add(f.unit.nodeSpan(w), Expanded)
		}
	}
}

// word finds the name in the literal parts of a word.
func (f *finder) word(n *syntax.Word) {
	start := f.unit.local(n).Start
	var expanded *syntax.Lit
	for node := range syntax.Preorder(n) {
		switch node := node.(type) {
		case *syntax.ParamExp:
			expanded = node.Param
		case *syntax.Lit:
			if node != expanded {
				f.literal(f.unit.local(node), start)
			}
		case *syntax.SglQuoted:
			f.literal(f.unit.local(node), start)
		}
	}
}

// literal finds the name in text without expansions, part of the word that begins at start.
func (f *finder) literal(at Span, start int) {
	text := f.unit.src.masked
	for from := at.Start; ; {
		i := strings.Index(text[from:at.End], f.name)
		if i < 0 {
			return
		}
		i += from
		end := i + len(f.name)
		from = end
		prefix := text[start:i]
		if i > 0 && isNameByte(text[i-1]) && !isShortOption(prefix) || end < len(text) && isNameByte(text[end]) {
			continue
		}
		kind := Quoted
		if introduces(prefix) && (end == len(text) || strings.IndexByte("= \t\n;|&)\"'`", text[end]) >= 0) {
			kind = Named
		}
		f.add(f.unit.span(i, end), kind)
	}
}

// introduces reports whether prefix, the beginning of a word, says that what follows is a variable's name: nothing
// but a quote, or an option as in "--env=NAME" and "-eNAME".
func introduces(prefix string) bool {
	prefix = strings.TrimRight(prefix, `"'`)
	if prefix == "" {
		return true
	}
	option := strings.TrimLeft(prefix, `"'`)
	return strings.HasPrefix(option, "--") && strings.HasSuffix(option, "=") || isShortOption(option)
}

func isShortOption(s string) bool { return len(s) == 2 && s[0] == '-' && s[1] != '-' }

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
