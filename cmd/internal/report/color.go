package report

import (
	"bytes"

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

// palette colours text when it is on.
type palette struct{ on bool }

func (p palette) paint(color, s string) string {
	if !p.on || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[m"
}

func (p palette) severity(s fixes.Severity) string {
	switch s {
	case fixes.Critical, fixes.High:
		return p.paint(red, s.String())
	case fixes.Medium:
		return p.paint(yellow, s.String())
	case fixes.Low, fixes.None:
	}
	return p.paint(blue, s.String())
}

func (p palette) status(s fixes.Status) string {
	text := "[" + string(s) + "]"
	if done(s) {
		return p.paint(green, text)
	}
	return p.paint(yellow, text)
}

// patch colours a unified diff line by line. A line end stays outside of the colour, so that a terminal does not fill
// the rest of the line.
func (p palette) patch(diff []byte) []byte {
	if !p.on {
		return diff
	}
	var b bytes.Buffer
	header := true
	for line := range bytes.Lines(diff) {
		text, end := cutEnd(line)
		if bytes.HasPrefix(text, []byte("@@")) {
			header = false
		}
		b.WriteString(p.paint(lineColor(text, header), string(text)))
		b.Write(end)
	}
	return b.Bytes()
}

func lineColor(line []byte, header bool) string {
	switch {
	case header:
		return bold
	case len(line) == 0:
		return ""
	}
	return map[byte]string{'@': cyan, '-': red, '+': green}[line[0]]
}
