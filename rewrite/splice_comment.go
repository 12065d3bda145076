package rewrite

import (
	"slices"
	"strings"
)

// spliceComments writes the new comments of entry i.
func (p *planner) spliceComments(n *node, l *listGoal, i int) error {
	if l.remove[i] {
		return nil
	}
	if lines := l.above[i]; len(lines) > 0 {
		if err := p.commentAbove(n, i, lines); err != nil {
			return err
		}
	}
	if text := l.behind[i]; text != "" {
		return p.commentBehind(n, i, text)
	}
	return nil
}

// commentAbove writes comment lines above an entry. An entry behind a dash or the like moves to a line of its own.
func (p *planner) commentAbove(n *node, i int, lines []string) error {
	e := &n.items[i]
	start := p.f.lineStart(e.span.Start)
	indent := string(p.f.src[start:e.span.Start])
	own := p.f.startsLine(e.span.Start)
	switch {
	case !own && n.style == Flow:
		return p.refuse(n, SameLine, "")
	case own && strings.Contains(indent, "\t"): // which yaml.v3 does not take before a comment
		return p.refuse(n, NotEditable, "the line is indented by tabs")
	}
	if !own {
		start, indent = e.span.Start, spaces(n.column)
	}
	br := p.f.lineBreak(e.span.Start)
	for _, line := range lines {
		text := indent + line + br
		if !own {
			text = line + br + indent
		}
		p.editAt(begins(n), start, start, text)
		p.goal.comments = append(p.goal.comments, note{start, line})
	}
	return nil
}

// commentBehind writes a comment at the end of the line that an entry begins on, where that is between two tokens.
func (p *planner) commentBehind(n *node, i int, text string) error {
	start := n.items[i].span.Start
	end := p.f.lineEnd(start)
	if p.lineEnds[end] || len(p.f.commentsIn(Span{start, end})) > 0 {
		return p.refuse(n, CommentThere, "")
	}
	p.lineEnds[end] = true
	if s := p.f.Innermost(end).n; s != nil && s.kind == Scalar && s.block == nil && s.body().Start < end && end < s.body().End {
		return p.refuse(n, MultiLineText, "")
	}
	p.goal.comments = append(p.goal.comments, note{end, text})
	p.editAt(lineComment, end, end, " "+text)
	return nil
}

// removeComments takes comments away that nothing else takes.
func (p *planner) removeComments() error {
	if len(p.uncomments) == 0 {
		return nil
	}
	others, err := p.sorted()
	if err != nil {
		return err
	}
	for _, c := range p.uncomments {
		i, _ := slices.BinarySearchFunc(others, c.Start+1, func(e Edit, at int) int { return e.Span.End - at })
		if i < len(others) && others[i].Span.Start <= c.Start {
			continue
		}
		if !p.f.startsLine(c.Start) {
			p.edit(p.f.trimBlanks(c.Start), c.End, "")
			continue
		}
		if err := p.cutLines(p.f.Innermost(c.Start).n, p.f.lineStart(c.Start), p.f.nextLine(c.Start)); err != nil {
			return err
		}
	}
	return nil
}
