package report

import (
	"bytes"
	"strings"

	"cfgfix/fixes"
)

// The SGR parameters of the colours in use.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

// Between these the colours of text and ground are swapped.
const (
	reverse = "\x1b[7m"
	forward = "\x1b[27m"
)

// palette colours text when it is on.
type palette struct{ on bool }

func (p palette) paint(color, s string) string {
	if !p.on || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[m"
}

func (p palette) painter(color string) func(string) string {
	return func(text string) string { return p.paint(color, text) }
}

func (p palette) severity(s fixes.Severity) func(string) string {
	switch s {
	case fixes.Critical, fixes.High:
		return p.painter(red)
	case fixes.Medium:
		return p.painter(yellow)
	case fixes.Low, fixes.None:
	}
	return p.painter(blue)
}

func (p palette) status(s fixes.Status) func(string) string {
	if done(s) {
		return p.painter(green)
	}
	return p.painter(yellow)
}

// patch colours a unified diff line by line, and shows stronger what differs within lines that stand for each other. A
// line end stays outside of the colour, so that a terminal does not fill the rest of the line.
func (p palette) patch(diff []byte) []byte {
	if !p.on {
		return diff
	}
	var lines []diffLine
	var ends [][]byte
	header := true
	for line := range bytes.Lines(diff) {
		text, end := cutEnd(line)
		header = header && !bytes.HasPrefix(text, []byte("@@"))
		l := diffLine{kind: headerLine, text: string(text)}
		if !header && len(text) > 0 {
			l = diffLine{kind: text[0], text: string(text[1:])}
		}
		lines, ends = append(lines, l), append(ends, end)
	}
	pairLines(lines)
	var b bytes.Buffer
	for i, l := range lines {
		b.WriteString(p.line(l))
		b.Write(ends[i])
	}
	return b.Bytes()
}

// headerLine is the kind of the lines ahead of the first hunk.
const headerLine = 'h'

func (p palette) line(l diffLine) string {
	color := map[byte]string{headerLine: bold, '@': cyan, '-': red, '+': green}[l.kind]
	head := string(l.kind)
	if l.kind == headerLine {
		head = ""
	}
	if len(l.marks) == 0 {
		return p.paint(color, head+l.text)
	}
	var b strings.Builder
	for i, s := range l.segments() {
		if i%2 == 1 {
			s = reverse + s + forward
		}
		b.WriteString(s)
	}
	return p.paint(color, head+b.String())
}
