package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible is s on one line with everything that a terminal would obey, or that would hide or reorder text, written out
// as an escape.
func Visible(s string) string {
	if strings.IndexFunc(s, harmful) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		writeVisible(&b, r, s[i:i+n])
		i += n
	}
	return b.String()
}

// visibleLines does for a text of many lines what Visible does for one: tabs and line ends stay.
func visibleLines(p []byte) []byte {
	lines := bytes.SplitAfter(p, []byte("\n"))
	for i, line := range lines {
		text, end := cutEnd(line)
		fields := strings.Split(string(text), "\t")
		for j := range fields {
			fields[j] = Visible(fields[j])
		}
		lines[i] = append([]byte(strings.Join(fields, "\t")), end...)
	}
	return bytes.Join(lines, nil)
}

// cutEnd splits a line from the CRLF or LF that ends it.
func cutEnd(line []byte) (text, end []byte) {
	n := len(line)
	if bytes.HasSuffix(line, []byte("\r\n")) {
		n -= 2
	} else if bytes.HasSuffix(line, []byte("\n")) {
		n--
	}
	return line[:n:n], line[n:]
}

func writeVisible(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\r':
		b.WriteString(`\r`)
	case !harmful(r):
		b.WriteString(raw)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}

// harmful reports whether a rune does something to a terminal rather than showing: the control characters of ASCII and
// Latin-1, the line separators, and the marks that change the direction of text.
func harmful(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// VisibleJSON escapes in encoded JSON what its encoder leaves as it is. Such runes stand inside of strings only.
func VisibleJSON(p []byte) []byte {
	unsafe := func(r rune) bool { return r >= 0x7f && harmful(r) }
	if bytes.IndexFunc(p, unsafe) < 0 {
		return p
	}
	var b bytes.Buffer
	for _, r := range string(p) {
		if unsafe(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.Bytes()
}
