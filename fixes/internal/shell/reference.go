package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The reasons why a part of a script cannot be replaced by a variable.
const (
	ReasonNotText     Reason = "it is no text that the shell would expand a variable in"
	ReasonQuotedInput Reason = "the here-document does not expand variables"
	ReasonEscaped     Reason = "it is written with escapes"
)

// Reference is the edit that puts the value of a variable in the place of a part of a word or of a here-document, which
// must be text without escapes. The variable is quoted as its place asks for, so that no value is split or expanded. The
// error is a *RefusedError. The result is proved: it has the same calls, and one expansion more.
func (s *Script) Reference(at Span, name string) (Edit, error) {
	f := s.literalAt(at)
	edit, reason := f.reference(at, name)
	if reason == "" && !s.refers(edit, name) {
		reason = ReasonUnproven
	}
	if reason != "" {
		return Edit{}, &RefusedError{reason, at}
	}
	return edit, nil
}

// literalPlace is text in the tree, with what is around it.
type literalPlace struct {
	text   string // the script's
	inside Span   // of a single-quoted text: what stands between the quotes
	kind   quoting
	reason Reason
}

const singleQuoted quoting = "'"

// literalAt finds the text that holds a place.
func (s *Script) literalAt(at Span) literalPlace {
	for _, u := range s.units[1:] {
		if whole := (Span{u.base, u.base + len(u.src.text)}); u.at != nil && u.at.Contains(at) || u.at == nil && whole.Contains(at) {
			return literalPlace{reason: ReasonInner}
		}
	}
	u := s.units[0]
	out := literalPlace{text: s.text, reason: ReasonNotText}
	var around []syntax.Node
	syntax.Walk(u.file, func(n syntax.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		around = append(around, n)
		if _, ok := n.(*syntax.Comment); ok || !u.holds(n, at) {
			return true
		}
		switch n := n.(type) {
		case *syntax.Lit:
			out.kind, out.reason = surroundings(around)
		case *syntax.SglQuoted:
			out.kind, out.reason, out.inside = singleQuoted, "", u.inside(u.local(n), n.Dollar)
			if n.Dollar {
				out.reason = ReasonEscaped
			}
		}
		return true
	})
	return out
}

func (u *unit) holds(n syntax.Node, at Span) bool {
	local := u.local(n)
	return local.Contains(at)
}

// surroundings tell how a literal is quoted, by the nodes around it.
func surroundings(around []syntax.Node) (quoting, Reason) {
	last := len(around) - 1
	if last < 2 {
		return plain, ReasonNotText
	}
	if _, ok := around[last-1].(*syntax.DblQuoted); ok {
		return dquoted, ""
	}
	word, ok := around[last-1].(*syntax.Word)
	if !ok {
		return plain, ReasonNotText
	}
	switch n := around[last-2].(type) {
	case *syntax.Redirect:
		if n.Hdoc != word {
			return plain, ""
		}
		if quotedDelimiter(n.Word) {
			return heredoc, ReasonQuotedInput
		}
		return heredoc, ""
	case *syntax.CallExpr, *syntax.Assign, *syntax.ArrayElem, *syntax.WordIter:
		return plain, ""
	default:
		return plain, ReasonNotText
	}
}

// reference is the edit at a place, or why there is none.
func (p literalPlace) reference(at Span, name string) (Edit, Reason) {
	switch {
	case p.reason != "":
		return Edit{}, p.reason
	case strings.Contains(p.text[at.Start:at.End], `\`) && p.kind != singleQuoted:
		return Edit{}, ReasonEscaped
	}
	variable := "$" + name
	if at.End < len(p.text) && (isNameByte(p.text[at.End]) || p.text[at.End] == '[') && p.kind != plain && p.kind != singleQuoted {
		variable = "${" + name + "}"
	}
	switch p.kind {
	case plain:
		return Edit{at.Start, at.End, `"` + variable + `"`}, ""
	case singleQuoted:
		return p.betweenQuotes(at, `"`+variable+`"`), ""
	default:
		return Edit{at.Start, at.End, variable}, ""
	}
}

// betweenQuotes ends the single quotes in front and opens them again behind, where something is left to quote.
func (p literalPlace) betweenQuotes(at Span, text string) Edit {
	e := Edit{at.Start, at.End, text}
	if at.Start == p.inside.Start {
		e.Start--
	} else {
		e.New = "'" + e.New
	}
	if at.End == p.inside.End {
		e.End++
	} else {
		e.New += "'"
	}
	return e
}

// refers reports whether the edited script parses to as many calls, with one expansion of the variable more.
func (s *Script) refers(e Edit, name string) bool {
	got, err := Parse(s.Apply([]Edit{e}))
	if err != nil || len(got.calls) != len(s.calls) || len(got.units) != len(s.units) {
		return false
	}
	expansions := func(s *Script) (n int) {
		for _, m := range s.Mentions(name) {
			if m.Kind == Expanded {
				n++
			}
		}
		return n
	}
	return expansions(got) == expansions(s)+1
}

// Expands reports whether a variable that took the place of a part of the script would be expanded there.
func (s *Script) Expands(at Span) bool {
	p := s.literalAt(at)
	return p.reason == "" && p.kind != singleQuoted
}
