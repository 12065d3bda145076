package fixes

import (
	"fmt"
	"strings"
	"unicode"

	"cfgfix/rewrite"
)

// hasWord reports whether a name stands in a text with no letter, digit or hyphen beside it.
func hasWord(text, name string) bool { return hasAlone(text, name, isNameByte) }

// hasAlone reports whether a part stands in a text with no character beside it that may belong to a longer one.
func hasAlone(text, part string, belongs func(byte) bool) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], part)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(part)
		if (start == 0 || !belongs(text[start-1])) && (end == len(text) || !belongs(text[end])) {
			return true
		}
		from = start + 1
	}
}

// nameWords are the words of a name in upper case.
func nameWords(name string) []string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToUpper(b.String()), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// textsOf are the texts of a scalar or of a list of scalars.
func textsOf(n rewrite.Node) []string {
	if n.Kind() == rewrite.Scalar {
		return []string{n.Value()}
	}
	var out []string
	for _, e := range n.Entries() {
		out = append(out, e.Value().Resolve().Value())
	}
	return out
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// counted is a number of things in words.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
