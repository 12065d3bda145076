package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// hereDoc describes the body of a here-document.
func (u *unit) hereDoc(n *syntax.Redirect) Word {
	body := u.describe(n.Hdoc)
	at := u.bodyAt(n)
	body.Text, body.Span = u.src.text[at.Start:at.End], u.span(at.Start, at.End)
	q := heredoc
	if quotedDelimiter(n.Word) {
		q = unescaped
	}
	delimiter := u.literal(Span{at.End, u.local(n.Hdoc).End}, q)
	body.Value = strings.TrimSuffix(u.unquote(n.Hdoc.Parts, q), delimiter)
	if n.Op == syntax.DashHdoc {
		body.Value = withoutTabs(body.Value)
	}
	body.Static = !body.Expr && static(n.Hdoc.Parts)
	return body
}

// bodyAt is where the lines of a here-document stand. The parser counts the line of the delimiter as part of the
// body; its line break is not.
func (u *unit) bodyAt(n *syntax.Redirect) Span {
	at := u.local(n.Hdoc)
	text := u.src.text
	for at.End > at.Start && text[at.End-1] != '\n' {
		at.End--
	}
	return at
}

func quotedDelimiter(delimiter *syntax.Word) bool {
	for _, p := range delimiter.Parts {
		if lit, ok := p.(*syntax.Lit); !ok || strings.Contains(lit.Value, `\`) {
			return true
		}
	}
	return false
}

func withoutTabs(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, "\t")
	}
	return strings.Join(lines, "")
}

// hereDocLines are the lines of the script that each here-document takes up: its body and its delimiter.
func (u *unit) hereDocLines() map[*syntax.Redirect]Span {
	lines := map[*syntax.Redirect]Span{}
	text, after := u.src.text, 0
	for n := range syntax.Preorder(u.file) {
		r, ok := n.(*syntax.Redirect)
		if !ok || r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc {
			continue
		}
		// An empty body has no place in the tree: its delimiter is the next line to come.
		start := max(after, lineEnd(text, u.local(r.Word).End))
		body := Span{start, start}
		if r.Hdoc != nil {
			body = u.bodyAt(r)
		}
		after = lineEnd(text, body.End)
		lines[r] = Span{body.Start, after}
	}
	return lines
}

// lineStart and lineEnd are the ends of the line that holds offset at; the line break belongs to the line.
func lineStart(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

func lineEnd(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}
