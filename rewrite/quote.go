package rewrite

import (
	"regexp"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// reserved are the plain words, in small letters, that YAML 1.1 or yaml.v3 take for something else than a string.
var reserved = map[string]bool{
	"y": true, "yes": true, "on": true, "n": true, "no": true, "off": true, "=": true, "<<": true,
	"true": true, "false": true, "null": true,
}

// base60 are the plain numbers of YAML 1.1 with colons, which yaml.v3 takes for strings.
var base60 = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)
})

// quoteByNeed writes a string plain when it is read back as that string, by YAML 1.1 too, and else in double quotes.
func quoteByNeed(s string, inFlow bool) string {
	if plainFits(s, inFlow) {
		return s
	}
	return doubleQuote(s)
}

// plainFits reports whether a plain scalar can hold the text on one line.
func plainFits(s string, inFlow bool) bool {
	switch {
	case s == "" || reserved[strings.ToLower(s)]:
		return false
	case isLetter(s[0]) && isWord(s, "_./-"):
		return true
	case base60().MatchString(s) || strings.TrimSpace(s) != s || !singleFits(s) || strings.Contains(s, "\t") || likeMarker(s):
		return false
	default:
		return readsPlain(s, inFlow)
	}
}

// isWord reports whether the text holds only ASCII letters, digits and the other characters named.
func isWord(s, others string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// readsPlain asks yaml.v3 whether a plain scalar is read as the text.
func readsPlain(s string, inFlow bool) bool {
	context := "k: " + s
	if inFlow {
		context = "k: [" + s + " ]" // a ':' before a blank is no text
	}
	var y yaml.Node
	if yaml.Unmarshal([]byte(context), &y) != nil || len(y.Content[0].Content) != 2 {
		return false
	}
	got := y.Content[0].Content[1]
	if inFlow {
		if len(got.Content) != 1 {
			return false
		}
		got = got.Content[0]
	}
	return got.Kind == yaml.ScalarNode && got.Tag == "!!str" && got.Style == 0 && got.Value == s &&
		got.LineComment == "" && got.Anchor == ""
}

// likeMarker reports whether the text could be read as the marker of a document at the start of a line.
func likeMarker(s string) bool { return strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") }

// printable reports whether the text can be written without escapes.
func printable(s string) bool {
	for _, r := range s {
		if r != '\n' && r != '\t' && needsEscape(r) {
			return false
		}
	}
	return true
}

// needsEscape reports whether yaml.v3 refuses the character, or takes it for a line break.
func needsEscape(r rune) bool {
	return r < ' ' || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF
}

// singleFits reports whether single quotes can hold the text on one line.
func singleFits(s string) bool { return printable(s) && !strings.Contains(s, "\n") }

func singleQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func doubleQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	writeEscaped(&b, s)
	b.WriteByte('"')
	return b.String()
}

// writeEscaped writes a string as it stands between double quotes.
func writeEscaped(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case needsEscape(r):
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[r>>shift&15])
			}
		default:
			b.WriteRune(r)
		}
	}
}

// escapeFor writes text as it stands inside a scalar of that style.
func escapeFor(style Style, text string) string {
	switch style {
	case SingleQuoted:
		return strings.ReplaceAll(text, "'", "''")
	case DoubleQuoted:
		var b strings.Builder
		writeEscaped(&b, text)
		return b.String()
	default:
		return text
	}
}

// restyle writes a scalar's new text in the quotes of the old one when they can hold it.
func restyle(n *node, s string) string {
	switch {
	case n.style == DoubleQuoted:
		return doubleQuote(s)
	case n.style == SingleQuoted && singleFits(s):
		return singleQuote(s)
	default:
		return quoteByNeed(s, inFlow(n))
	}
}

func inFlow(n *node) bool { return n.parent != nil && n.parent.style == Flow }

// literalFits reports whether a literal block scalar can hold the text without an indentation digit.
func literalFits(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1], " \n\t") && !strings.HasSuffix(s, "\n\n") && printable(s)
}
