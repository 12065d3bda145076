package shell

// Input is the text that the call reads from a here-document, a here-string, or echo, printf and cat in front of it in
// a pipeline. given is false when nothing is shown to be its input; a file or another command gives it no lines.
func (s *Script) Input(c *Call) (lines []Line, given bool) {
	for _, r := range c.Redirects {
		given = given || (r.Op == "<" || r.Op == "<<<" || r.HereDoc()) && (r.FD == "" || r.FD == "0")
	}
	if given {
		return inputLines(c.Redirects), true
	}
	for _, from := range s.calls {
		if out := from.Stdout(); out.To != ToPipe || out.Next != c {
			continue
		}
		given = true
		if from.Name() == "echo" && len(from.Args()) == 0 {
			lines = append(lines, Line{Span: from.Span})
		}
		lines = append(lines, from.lines()...)
	}
	return lines, given
}
