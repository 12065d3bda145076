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
	for _, from := range s.piped()[c] {
		given = true
		if from.Name() == "echo" && len(from.Args()) == 0 {
			lines = append(lines, Line{Span: from.Span})
		}
		lines = append(lines, from.lines()...)
	}
	return lines, given
}

// findPiped are the calls whose output goes into another one by a pipe, by that.
func (s *Script) findPiped() map[*Call][]*Call {
	into := map[*Call][]*Call{}
	for _, c := range s.calls {
		if out := c.Stdout(); out.To == ToPipe && out.Next != nil {
			into[out.Next] = append(into[out.Next], c)
		}
	}
	return into
}
