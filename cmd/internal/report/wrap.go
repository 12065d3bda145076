package report

import (
	"bytes"
	"strings"
	"unicode"
)

// phrase is text of one look.
type phrase struct {
	text  string              // as it is counted
	paint func(string) string // nil for plain text
}

// paragraph writes phrases, with a blank between them, as a paragraph of lines of at most width columns, those behind the
// first indented. A word that is longer has a line of its own; a width of 0 means one line.
func paragraph(b *bytes.Buffer, width, indent int, phrases ...phrase) {
	column := 0
	for _, p := range phrases {
		part := "" // what of the phrase is to be written on this line
		for i, word := range strings.Split(p.text, " ") {
			n := columns(word)
			switch {
			case column == 0:
			case width > 0 && n > 0 && column+1+n > width:
				b.WriteString(p.painted(part) + "\n" + strings.Repeat(" ", indent))
				column, part = indent, ""
			case i == 0:
				b.WriteByte(' ')
				column++
			default:
				part += " "
				column++
			}
			part += word
			column += n
		}
		b.WriteString(p.painted(part))
	}
	b.WriteByte('\n')
}

func (p phrase) painted(text string) string {
	if p.paint == nil || text == "" {
		return text
	}
	return p.paint(text)
}

// columns is how many columns of a terminal a text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), 0xFF01 <= r && r <= 0xFF60, r >= 0x1F300 && r <= 0x1FAFF:
			n += 2
		default:
			n++
		}
	}
	return n
}
