package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// cuts lists the bytes that have to go.
func (r *removal) cuts() ([]Span, error) {
	var cuts []Span
	done := map[any]bool{}
	for _, st := range r.script.statements {
		if !r.statements[st] || r.gone(st) {
			continue
		}
		switch {
		case st.list != nil && !done[st.list]:
			done[st.list] = true
			cuts = append(cuts, r.cutList(st.list)...)
		case st.operation != nil && !done[st.operation]:
			done[st.operation] = true
			spans, err := r.cutOperands(st.operation)
			if err != nil {
				return nil, err
			}
			cuts = append(cuts, spans...)
		}
	}
	for c, spans := range r.assigns {
		if !r.statements[c.stmt] && !r.gone(c.stmt) {
			cuts = append(cuts, c.cutAssigns(spans)...)
		}
	}
	for _, spans := range r.lines {
		cuts = append(cuts, spans...)
	}
	return cuts, nil
}

// cutList cuts statements out of a list: runs of neighbours that share lines are cut as one.
func (r *removal) cutList(l *list) []Span {
	var cuts []Span
	for i := 0; i < len(l.items); i++ {
		if r.kept(l.items[i]) {
			continue
		}
		first := i
		for i+1 < len(l.items) && !r.kept(l.items[i+1]) && l.joined(i) {
			i++
		}
		cuts = append(cuts, l.cutRun(first, i))
		for _, st := range l.items[first : i+1] {
			cuts = append(cuts, r.hereDocs(st)...)
		}
	}
	return cuts
}

// joined reports whether items i and i+1 stand on one logical line.
func (l *list) joined(i int) bool {
	text := l.items[i].unit.src.text
	next := l.items[i+1].local().Start
	between := text[min(l.items[i].separatorEnd(), next):next]
	return !strings.Contains(strings.ReplaceAll(between, "\\\n", ""), "\n")
}

// cutRun cuts items first to last, which share lines and are not joined with another item that goes.
//
//	one line each:    whole lines, with a comment behind the last
//	"a; X" newline:   the statement and the separator that a now has no use for
//	"X; b":           the statement and its separator
//	"{ a; X; }":      the statement and its own separator, for the token that follows needs one
func (l *list) cutRun(first, last int) Span {
	text := l.items[first].unit.src.text
	start, end := l.items[first].local().Start, l.items[last].separatorEnd()
	if last+1 < len(l.items) && l.joined(last) {
		return Span{start, l.items[last+1].local().Start}
	}
	rest := skipBlanks(text, end)
	atEnd := rest == len(text) || text[rest] == '\n' || text[rest] == '#' && rest > end
	line := trimContinued(text, start)
	switch {
	case first > 0 && l.joined(first-1):
		prev := l.items[first-1]
		if atEnd || !l.items[last].node.Semicolon.IsValid() {
			return Span{prev.local().End, end}
		}
		return Span{prev.separatorEnd(), end}
	case !atEnd:
		return Span{start, rest}
	case line > 0 && text[line-1] != '\n':
		return Span{line, end} // behind the word that opens a body
	}
	return Span{line, lineEnd(text, rest)}
}

func skipBlanks(text string, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
	}
	return at
}

func trimBlanks(text string, at int) int {
	return len(strings.TrimRight(text[:at], " \t"))
}

// hereDocs are the lines of the here-documents that a statement reads, of those in its parts too.
func (r *removal) hereDocs(st *statement) []Span {
	var out []Span
	for n := range syntax.Preorder(st.node) {
		if redirect, ok := n.(*syntax.Redirect); ok {
			if lines, ok := r.hereDocLines[redirect]; ok {
				out = append(out, lines)
			}
		}
	}
	return out
}

// cutOperands cuts operands out of an and-or list. In front of the first operand that is kept everything up to it
// goes; behind it, every operand goes with the operator in front. A list over several lines keeps its shape so.
func (r *removal) cutOperands(op *operation) ([]Span, error) {
	var cuts []Span
	keptEnd := -1
	for i := 0; i < len(op.operands); i++ {
		if r.kept(op.operands[i]) {
			keptEnd = op.operands[i].local().End
			continue
		}
		first := i
		for i+1 < len(op.operands) && !r.kept(op.operands[i+1]) {
			i++
		}
		cut := Span{keptEnd, op.operands[i].local().End}
		if keptEnd < 0 {
			cut = Span{op.operands[first].local().Start, op.operands[i+1].local().Start}
		}
		if reason := r.foreign(op, cut); reason != "" {
			return nil, &RefusedError{reason, cut}
		}
		cuts = append(cuts, cut)
		for _, st := range op.operands[first : i+1] {
			cuts = append(cuts, r.hereDocs(st)...)
		}
	}
	return cuts, nil
}

// foreign tells what a cut between operands would take along that nobody asked for.
func (r *removal) foreign(op *operation, cut Span) Reason {
	for _, st := range op.operands {
		if !r.kept(st) {
			continue
		}
		for _, body := range r.hereDocs(st) {
			if body.overlaps(cut) {
				return ReasonHereDocument
			}
		}
	}
	for n := range syntax.Preorder(op.operands[0].unit.file) {
		if c, ok := n.(*syntax.Comment); ok && cut.overlaps(op.operands[0].unit.local(c)) {
			return ReasonComment
		}
	}
	return ""
}

// cutAssigns cuts some of a call's assignments: each with the blanks behind it, or, for the last of a call that has
// nothing behind it, with those in front.
func (c *Call) cutAssigns(spans map[Span]bool) []Span {
	text := c.stmt.unit.src.text
	var cuts []Span
	for _, a := range c.Assigns {
		if !spans[a.Span] {
			continue
		}
		end := skipContinued(text, a.Span.End)
		if a.Span.End < c.Stmt.End && end < len(text) && end <= c.Stmt.End {
			cuts = append(cuts, Span{a.Span.Start, end})
			continue
		}
		start := a.Span.Start
		for i := len(cuts) - 1; i >= 0 && cuts[i].End == start; i-- {
			start = cuts[i].Start
		}
		cuts = append(cuts, Span{trimContinued(text, start), a.Span.End})
	}
	return cuts
}

// skipContinued and trimContinued pass over blanks and escaped line breaks.
func skipContinued(text string, at int) int {
	for {
		at = skipBlanks(text, at)
		if !strings.HasPrefix(text[at:], "\\\n") {
			return at
		}
		at += len("\\\n")
	}
}

func trimContinued(text string, at int) int {
	for {
		at = trimBlanks(text, at)
		if !strings.HasSuffix(text[:at], "\\\n") {
			return at
		}
		at -= len("\\\n")
	}
}
