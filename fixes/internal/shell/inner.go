package shell

import (
	"slices"
	"strings"
)

// maxInner bounds how deep scripts may hand on scripts.
const maxInner = 4

// inner lists the calls of a script that c hands as text to a shell, to su or to eval. Text that does not parse is
// left alone: it is a word like any other.
func (w *walker) inner(c *Call) {
	if w.depth == maxInner {
		return
	}
	var u *unit
	if words := handedOver(c); len(words) > 0 {
		u = w.unit.innerUnit(words)
	} else if body, ok := c.input(); ok {
		u = w.unit.inputUnit(body)
	}
	if u == nil || parsable(u.src.text) != nil {
		return
	}
	file, err := parseFile(u.src.masked)
	if err != nil {
		return
	}
	u.file = file
	w.script.units = append(w.script.units, u)
	nested := walker{script: w.script, unit: u, depth: w.depth + 1}
	nested.list(&file.Stmts, innerList, c.stmt, c.Context)
}

// handedOver are the words whose values make up the script that c hands over.
func handedOver(c *Call) []Word {
	args := c.Args()
	switch name := c.Name(); {
	case slices.Contains(shells, name):
		return scriptOption(args, "oO")
	case name == "su":
		if word, ok := c.Option("--command"); ok {
			return []Word{word}
		}
		if i := slices.IndexFunc(args, func(a Word) bool { return a.Value == "-c" }); i >= 0 && i+1 < len(args) {
			return args[i+1 : i+2]
		}
	case name == "eval":
		return args
	}
	return nil
}

var shells = []string{"bash", "sh", "dash", "ash", "ksh", "zsh"}

// input is the here-document that a shell without operands reads its script from.
func (c *Call) input() (body Word, ok bool) {
	operand := func(a Word) bool { return !strings.HasPrefix(a.Value, "-") && a.Value != "pipefail" }
	if !slices.Contains(shells, c.Name()) || slices.ContainsFunc(c.Args(), operand) || len(c.Redirects) == 0 {
		return Word{}, false
	}
	last := c.Redirects[len(c.Redirects)-1]
	return last.Body, last.HereDoc() && last.FD == ""
}

// scriptOption is the operand that "-c", alone or among other short options, makes a script.
func scriptOption(args []Word, valued string) []Word {
	found := false
	for i := 0; i < len(args); i++ {
		arg := args[i].Value
		switch {
		case arg == "--" || strings.HasPrefix(arg, "--"):
		case len(arg) > 1 && strings.ContainsAny(arg[:1], "-+"):
			found = found || arg[0] == '-' && strings.Contains(arg, "c")
			if strings.ContainsAny(arg[len(arg)-1:], valued) {
				i++
			}
		case found:
			return args[i : i+1]
		default:
			return nil
		}
	}
	return nil
}

// innerUnit is the text of words as a unit: with its own place in the script when a single quoted word says it as it
// is, with the place of the words when its text has to be made up, nil when it cannot be known.
func (u *unit) innerUnit(words []Word) *unit {
	if len(words) == 1 && u.at == nil && verbatim(words[0]) {
		at := Span{words[0].Span.Start + 1 - u.base, words[0].Span.End - 1 - u.base}
		return &unit{src: u.src.slice(at), base: u.base + at.Start}
	}
	var text []string
	for _, w := range words {
		if !w.Static {
			return nil
		}
		text = append(text, w.Value)
	}
	place := Span{words[0].Span.Start, words[len(words)-1].Span.End}
	return &unit{src: mask(strings.Join(text, " ")), at: &place}
}

// inputUnit is the body of a here-document as a unit, nil when the outer shell changes more of it than variables, which
// read the same from inside.
func (u *unit) inputUnit(body Word) *unit {
	if u.at != nil || body.Span.End-body.Span.Start != len(body.Text) || body.Text != body.Value || strings.Contains(body.Text, "$(") || strings.Contains(body.Text, "`") {
		return nil
	}
	at := Span{body.Span.Start - u.base, body.Span.End - u.base}
	return &unit{src: u.src.slice(at), base: body.Span.Start}
}

// verbatim reports whether a word is one quoted text that holds nothing but itself: no escapes, and of what the outer
// shell expands at most variables, which read the same from inside.
func verbatim(w Word) bool {
	text := w.Text
	if len(text) < 2 || text[0] != text[len(text)-1] {
		return false
	}
	inside := text[1 : len(text)-1]
	switch text[0] {
	case '\'':
		return !strings.Contains(inside, "'")
	case '"':
		return !strings.ContainsAny(inside, "\"\\`") && !strings.Contains(inside, "$(")
	}
	return false
}
