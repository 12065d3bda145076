package shell

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

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

// mentions are those of the names that a script was asked for, by name.
type mentions struct {
	sync.Mutex
	known map[string][]Mention
	all   bool // known has all names that the script mentions
}

// fewNames are so many that it costs less to look for each alone than for all names at once.
const fewNames = 8

// Mentions lists where the script refers to the variable called name, in order. Comments do not count. The caller may
// not change what it gets.
func (s *Script) Mentions(name string) []Mention {
	m := &s.mentions
	m.Lock()
	defer m.Unlock()
	found, known := m.known[name]
	switch {
	case known || m.all || !isName(name) || !strings.Contains(s.text, name):
		return found
	case len(m.known) < fewNames:
		m.known[name] = s.findMentions(name)[name]
	default:
		m.known, m.all = s.findMentions(""), true
	}
	return m.known[name]
}

// Mentioned are the names of all variables that the script mentions.
func (s *Script) Mentioned() iter.Seq[string] {
	m := &s.mentions
	m.Lock()
	defer m.Unlock()
	if !m.all {
		m.known, m.all = s.findMentions(""), true
	}
	return maps.Keys(m.known)
}

// findMentions finds those of one name, or of all for "".
func (s *Script) findMentions(only string) map[string][]Mention {
	f := finder{only: only, found: map[string]map[Span]MentionKind{}}
	for _, u := range s.units {
		f.unit = u
		syntax.Walk(u.file, f.visit)
	}
	out := make(map[string][]Mention, len(f.found))
	for name, places := range f.found {
		var list []Mention
		for span, kind := range places {
			list = append(list, Mention{span, kind})
		}
		slices.SortFunc(list, func(a, b Mention) int {
			return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
		})
		out[name] = withoutParts(list)
	}
	return out
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

// finder collects the mentions of one name, or of all. A place is found at most once: the more telling kind is the smaller.
type finder struct {
	only  string // "" for all names
	unit  *unit
	found map[string]map[Span]MentionKind
}

func (f *finder) add(name string, at Span, kind MentionKind) {
	if f.only == "" && !isName(name) || f.only != "" && name != f.only {
		return
	}
	places := f.found[name]
	if places == nil {
		places = map[Span]MentionKind{}
		f.found[name] = places
	}
	if old, ok := places[at]; !ok || kind < old {
		places[at] = kind
	}
}

func (f *finder) visit(n syntax.Node) bool {
	u := f.unit
	switch n := n.(type) {
	case *syntax.ParamExp:
		if n.Param != nil {
			f.add(u.written(n.Param), u.nodeSpan(n), Expanded)
		}
	case *syntax.Assign:
		if n.Name != nil {
			f.add(u.written(n.Name), u.nodeSpan(n.Name), Assigned)
		}
	case *syntax.WordIter:
		f.add(u.written(n.Name), u.nodeSpan(n.Name), Assigned)
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
		if w, ok := node.(*syntax.Word); ok {
			f.add(f.unit.written(w), f.unit.nodeSpan(w), Expanded)
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

// literal finds names in text without expansions, part of the word that begins at start.
func (f *finder) literal(at Span, start int) {
	text := f.unit.src.masked
	if !strings.Contains(text[at.Start:at.End], f.only) {
		return
	}
	for i := at.Start; i < at.End; i++ {
		prefix := text[start:i]
		if !isNameByte(text[i]) || i > 0 && isNameByte(text[i-1]) && !isShortOption(prefix) {
			continue
		}
		end := i + 1
		for end < len(text) && isNameByte(text[end]) {
			end++
		}
		if end > at.End {
			return
		}
		kind := Quoted
		if introduces(prefix) && (end == len(text) || strings.IndexByte("= \t\n;|&)\"'`", text[end]) >= 0) {
			kind = Named
		}
		f.add(text[i:end], f.unit.span(i, end), kind)
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
