package shell

import (
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Word is one word of a command, of a redirection or of an assignment's right side. The zero Word stands for no word.
type Word struct {
	Text string // as it is written
	Span Span   // where; of a word in a script without a place of its own, the word that hands that script over
	// Value is the text without quotes and escapes. Expansions and CircleCI expressions stay in it as written, so it
	// is what the shell will see only when Static. Globs, braces and a leading tilde count as text.
	Value  string
	Static bool     // the shell expands nothing and no expression is in it: Value is known
	Vars   []string // the variables that are expanded, substitutions included; each once, in order
	Expr   bool     // holds a CircleCI expression
}

// IsVar reports whether the word is the expansion of the named variable and nothing else, quoted or not.
func (w Word) IsVar(name string) bool {
	return !w.Static && (w.Value == "$"+name || w.Value == "${"+name+"}")
}

// after is the word without its first n bytes, which must be plain text.
func (w Word) after(n int) Word {
	out := w
	out.Value = w.Value[n:]
	if strings.HasPrefix(w.Text, w.Value[:n]) {
		out.Text = w.Text[n:]
		if w.Span.End-w.Span.Start == len(w.Text) {
			out.Span.Start += n
		}
	}
	return out
}

// unit is one parsed text: the script itself, or one that it hands to an inner shell.
type unit struct {
	src  source
	file *syntax.File
	base int   // what to add to an offset to get one in the script
	at   *Span // the place to report for everything, when the text has none of its own in the script
}

// span maps offsets in the unit's text to the script.
func (u *unit) span(start, end int) Span {
	if u.at != nil {
		return *u.at
	}
	return Span{u.base + start, u.base + end}
}

// local is where a node stands in the unit's text.
func (u *unit) local(n syntax.Node) Span { return u.clip(offset(n.Pos()), offset(n.End())) }

// clip makes a place of what the parser says. Inside backquotes it may end a node a byte late, and it counts an
// escaped line break, or the first half of one, as part of the word in front.
func (u *unit) clip(start, end int) Span {
	text := u.src.text
	start = min(start, len(text))
	end = min(max(start, end), len(text))
	if strings.HasSuffix(text[start:end], `\`) && strings.HasPrefix(text[end:], "\n") && !escaped(text, end-1) {
		end++
	}
	for strings.HasSuffix(text[start:end], "\\\n") && !escaped(text, end-len("\\\n")) {
		end -= len("\\\n")
	}
	return Span{start, end}
}

// escaped reports whether the byte at an offset has an odd number of backslashes in front.
func escaped(text string, at int) bool {
	return (at-len(strings.TrimRight(text[:at], `\`)))%2 == 1
}

func (u *unit) nodeSpan(n syntax.Node) Span {
	at := u.local(n)
	return u.span(at.Start, at.End)
}

func (u *unit) written(n syntax.Node) string {
	at := u.local(n)
	return u.src.text[at.Start:at.End]
}

func offset(p syntax.Pos) int { return int(p.Offset()) }

func (u *unit) word(n *syntax.Word) Word {
	if n == nil {
		return Word{}
	}
	w := u.describe(n)
	w.Value = u.unquote(n.Parts, plain)
	w.Static = !w.Expr && static(n.Parts)
	return w
}

// describe fills in everything about a word but its value.
func (u *unit) describe(n syntax.Node) Word {
	at := u.local(n)
	w := Word{Text: u.src.text[at.Start:at.End], Span: u.span(at.Start, at.End)}
	if strings.IndexByte(w.Text, '$') >= 0 {
		w.Vars = u.vars(n)
	}
	w.Expr = slices.ContainsFunc(u.src.exprs, at.overlaps)
	return w
}

// vars are the names that n expands. A name that holds an expression is given as it is written.
func (u *unit) vars(n syntax.Node) []string {
	var names []string
	known := map[string]bool{} // a here-document may expand thousands
	for node := range syntax.Preorder(n) {
		p, ok := node.(*syntax.ParamExp)
		if !ok || p.Param == nil {
			continue
		}
		if name := u.written(p.Param); isName(p.Param.Value) && !known[name] {
			known[name] = true
			names = append(names, name)
		}
	}
	return names
}

func isName(s string) bool { return syntax.ValidName(s) }

func static(parts []syntax.WordPart) bool {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit, *syntax.SglQuoted:
		case *syntax.DblQuoted:
			if !static(p.Parts) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// quoting is the set of characters that a backslash takes the meaning from; what it does not escape keeps it.
type quoting string

const (
	plain     quoting = ""
	dquoted   quoting = "$`\"\\"
	heredoc   quoting = "$`\\"
	unescaped quoting = "raw"
)

func (u *unit) unquote(parts []syntax.WordPart, q quoting) string {
	if len(parts) == 1 {
		if lit, ok := parts[0].(*syntax.Lit); ok {
			return u.literal(u.local(lit), q)
		}
	}
	var b strings.Builder
	for _, p := range parts {
		at := u.local(p)
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(u.literal(at, q))
		case *syntax.SglQuoted:
			inside := u.inside(at, p.Dollar)
			if text := u.literal(inside, unescaped); p.Dollar {
				b.WriteString(ansiC(text))
			} else {
				b.WriteString(text)
			}
		case *syntax.DblQuoted:
			b.WriteString(u.unquote(p.Parts, dquoted))
		default:
			b.WriteString(u.src.text[at.Start:at.End])
		}
	}
	return b.String()
}

// inside is the part of a quoted text between its quotes.
func (u *unit) inside(at Span, dollar bool) Span {
	start := at.Start + 1
	if dollar {
		start++
	}
	end := max(start, at.End-1)
	return Span{min(start, len(u.src.text)), min(end, len(u.src.text))}
}

// literal is the meaning of source bytes that hold no expansion.
func (u *unit) literal(at Span, q quoting) string {
	text := u.src.text
	if strings.IndexByte(text[at.Start:at.End], '\\') < 0 {
		return text[at.Start:at.End]
	}
	var b strings.Builder
	for i := at.Start; i < at.End; i++ {
		switch {
		case text[i] != '\\':
			b.WriteByte(text[i])
		case slices.Contains(u.src.escapes, i):
			// CircleCI takes the backslash away.
		case q == unescaped || i+1 == at.End:
			b.WriteByte('\\')
		case text[i+1] == '\n':
			i++
		case q == plain || strings.IndexByte(string(q), text[i+1]) >= 0:
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte('\\')
		}
	}
	return b.String()
}

// ansiC decodes what stands in $'...', or the escapes that echo -e and printf know. An unknown escape stays.
func ansiC(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if j := strings.IndexByte(`abefnrtv\'"?`, s[i]); j >= 0 {
			b.WriteByte("\a\b\x1b\f\n\r\t\v\\'\"?"[j])
			continue
		}
		digits, base := s[i:], 8
		if s[i] == 'x' {
			digits, base = s[i+1:], 16
		}
		n := 0
		for n < len(digits) && n < 3-base/16 && digits[n] < 0x80 && isDigit(digits[n], base) {
			n++
		}
		if code, err := strconv.ParseUint(digits[:n], base, 16); err == nil {
			b.WriteByte(byte(code))
			i += n - 1 + base/16
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(s[i])
	}
	return b.String()
}

func isDigit(c byte, base int) bool {
	_, err := strconv.ParseUint(string(c), base, 8)
	return err == nil
}
