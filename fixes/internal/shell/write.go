package shell

import (
	"slices"
	"strings"
)

// Write is text that the script puts into a file by echo, printf, cat or tee.
type Write struct {
	File   Word
	Append bool
	Lines  []Line
	Call   *Call // who has the text: the echo of "echo ... | tee FILE"
	Stmt   Span  // the statement to remove so that this text is not written, and nothing else goes
	Outer  Span  // the statement with the redirection or the pipe: Stmt, or a group that writes more than this
}

// Line is one line of a text, as the file gets it but for expansions, which stay as written.
type Line struct {
	Text string
	Span Span
	// HereDoc says that Span is a whole line of a here-document, with its line break, which Remove can take.
	HereDoc bool
}

// Text is all of the lines.
func (w Write) Text() string {
	var text []string
	for _, l := range w.Lines {
		text = append(text, l.Text)
	}
	return strings.Join(text, "\n")
}

// Writes lists the texts that the script writes to files, in order. One call may write to several files. The caller may
// not change what it gets.
func (s *Script) Writes() []Write { return s.writes() }

func (s *Script) findWrites() []Write {
	var out []Write
	for _, c := range s.calls {
		if lines := c.lines(); len(lines) > 0 {
			out = append(out, c.writes(lines)...)
		}
	}
	return out
}

// EnvVar is a variable that the script sets for later steps, by a line in the file that $BASH_ENV names.
type EnvVar struct {
	Name     string
	Value    Word // as bash reads it from the file; its Span is that of Line
	Exported bool
	Line     Line
	Write    Write
}

// BashEnv lists the variables that the script writes to $BASH_ENV. The caller may not change what it gets.
func (s *Script) BashEnv() []EnvVar { return s.bashEnv() }

func (s *Script) findBashEnv() []EnvVar {
	var out []EnvVar
	for _, w := range s.Writes() {
		if w.File.IsVar("BASH_ENV") {
			out = append(out, w.variables()...)
		}
	}
	return out
}

// variables reads the text as a script; a text that is none, for an expansion may hold half of a quote, line by line.
func (w Write) variables() []EnvVar {
	if script, err := Parse(w.Text()); err == nil {
		return w.assigned(script, 0)
	}
	var out []EnvVar
	for i, l := range w.Lines {
		if script, err := Parse(l.Text); err == nil {
			out = append(out, w.assigned(script, i)...)
		}
	}
	return out
}

// assigned lists the assignments in script, the part of the text that starts at line first.
func (w Write) assigned(script *Script, first int) []EnvVar {
	var out []EnvVar
	for _, c := range script.Calls() {
		if c.Substitution {
			continue
		}
		for _, a := range c.Assigns {
			if a.Exported && c.command < len(c.Words) && !declares(c.Name()) {
				continue // a prefix, for one command only
			}
			line := w.Lines[first+strings.Count(script.text[:a.Span.Start], "\n")]
			a.Value.Span = line.Span
			out = append(out, EnvVar{Name: a.Name, Value: a.Value, Exported: a.Exported, Line: line, Write: w})
		}
	}
	return out
}

func declares(name string) bool {
	return slices.Contains([]string{"export", "declare", "typeset", "readonly", "local"}, name)
}

// writes pairs the text of a call with the files it reaches.
func (c *Call) writes(lines []Line) []Write {
	w := Write{Lines: lines, Call: c, Stmt: c.Stmt}
	if c.Name() == "tee" {
		w.Outer = c.Stmt
		return w.tee(c)
	}
	out := c.Stdout()
	switch {
	case out.To == ToFile:
		w.File, w.Append, w.Outer = out.File, out.Append, out.at.span()
		return []Write{w}
	case out.To == ToPipe && out.Next != nil && out.Next.Name() == "tee":
		w.Outer = out.at.span()
		if c.stmt.parent == out.at {
			w.Stmt = w.Outer
		}
		return w.tee(out.Next)
	}
	return nil
}

// tee is w once for each file that the call of tee names.
func (w Write) tee(c *Call) []Write {
	var out []Write
	for _, a := range c.Args() {
		if strings.HasPrefix(a.Value, "-") {
			w.Append = w.Append || a.Value == "--append" || !strings.HasPrefix(a.Value, "--") && strings.Contains(a.Value, "a")
			continue
		}
		w.File = a
		out = append(out, w)
	}
	return out
}

// lines is the text that the call puts out by itself; none for commands that are not known to copy text.
func (c *Call) lines() []Line {
	switch c.Name() {
	case "echo":
		return echoLines(c.Args())
	case "printf":
		return printfLines(c.Args())
	case "cat", "tee":
		if c.Name() == "cat" && !slices.ContainsFunc(c.Args(), isFile) || c.Name() == "tee" {
			return inputLines(c.Redirects)
		}
	}
	return nil
}

func isFile(w Word) bool { return !strings.HasPrefix(w.Value, "-") }

// inputLines is the text of the last here-document or here-string.
func inputLines(redirects []Redirect) []Line {
	for _, r := range slices.Backward(redirects) {
		switch {
		case r.Op == "<<<":
			return linesOf([]Word{r.Target}, r.Target.Value)
		case r.HereDoc():
			return hereDocLines(r)
		}
	}
	return nil
}

func hereDocLines(r Redirect) []Line {
	values := strings.Split(strings.TrimSuffix(r.Body.Value, "\n"), "\n")
	places := strings.SplitAfter(strings.TrimSuffix(r.Body.Text, "\n"), "\n")
	exact := len(places) == len(values) && r.Body.Span.End-r.Body.Span.Start == len(r.Body.Text)
	var out []Line
	at := r.Body.Span.Start
	for i, v := range values {
		l := Line{Text: v, Span: r.Body.Span}
		if exact {
			n := len(places[i])
			if i == len(places)-1 {
				n = r.Body.Span.End - at
			}
			l.Span, l.HereDoc = Span{at, at + n}, true
			at += n
		}
		out = append(out, l)
	}
	return out
}

func echoLines(args []Word) []Line {
	escapes := false
	for len(args) > 0 && isEchoOption(args[0].Value) {
		escapes = escapes || strings.Contains(args[0].Value, "e")
		args = args[1:]
	}
	var values []string
	for _, a := range args {
		v := a.Value
		if escapes {
			v = ansiC(v)
		}
		values = append(values, v)
	}
	return linesOf(args, strings.Join(values, " "))
}

func isEchoOption(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "neE") == ""
}

// linesOf places the lines of text, which the words make up: in the one quoted word that has as many lines, else
// over all of the words.
func linesOf(words []Word, text string) []Line {
	if len(words) == 0 {
		return nil
	}
	text = strings.TrimSuffix(text, "\n")
	whole := Span{words[0].Span.Start, words[len(words)-1].Span.End}
	var out []Line
	for _, l := range strings.Split(text, "\n") {
		out = append(out, Line{Text: l, Span: whole})
	}
	places := strings.Split(words[0].Text, "\n")
	if len(words) > 1 || len(places) != len(out) || whole.End-whole.Start != len(words[0].Text) {
		return out
	}
	at := whole.Start
	for i, p := range places {
		out[i].Span = Span{at, at + len(p)}
		at += len(p) + 1
	}
	return out
}

// printfLines applies the format as often as the arguments ask for, as printf does.
func printfLines(args []Word) []Line {
	if len(args) > 0 && args[0].Value == "--" {
		args = args[1:]
	}
	if len(args) == 0 || strings.HasPrefix(args[0].Value, "-v") {
		return nil
	}
	format := ansiC(args[0].Value)
	var b strings.Builder
	for rest := args[1:]; ; {
		n := formatOnce(&b, format, rest)
		rest = rest[min(n, len(rest)):]
		if n == 0 || len(rest) == 0 {
			break
		}
	}
	return linesOf(args, b.String())
}

// formatOnce writes format once, and returns how many conversions it has.
func formatOnce(b *strings.Builder, format string, args []Word) int {
	n := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		verb := i + 1 + len(format[i+1:]) - len(strings.TrimLeft(format[i+1:], "-+ #0123456789.*"))
		if verb >= len(format) || format[verb] == '%' {
			b.WriteByte('%')
			i = verb
			continue
		}
		if n < len(args) {
			b.WriteString(args[n].Value)
		}
		n++
		i = verb
	}
	return n
}
