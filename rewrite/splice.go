package rewrite

import (
	"cmp"
	"slices"
	"strings"
)

// splice is an edit, and its place among the insertions at the same offset: what ends a token or a line comes before
// what begins one, and there the outer comes before the inner.
type splice struct {
	Edit
	order int
}

// The orders of splices. What begins a node is ordered by begins.
const (
	inline = iota
	lineComment
	newLines
	firstBeginning
)

func begins(n *node) int { return firstBeginning + n.depth() }

func (p *planner) edit(start, end int, text string) { p.editAt(inline, start, end, text) }

func (p *planner) editAt(order, start, end int, text string) {
	if start < end || text != "" {
		p.splices = append(p.splices, splice{Edit{Span{start, end}, text}, order})
	}
}

// sorted are the edits so far.
func (p *planner) sorted() ([]Edit, error) {
	slices.SortStableFunc(p.splices, func(a, b splice) int { return cmp.Compare(a.order, b.order) })
	edits := make([]Edit, len(p.splices))
	for i, s := range p.splices {
		edits[i] = s.Edit
	}
	return Sort(edits)
}

// putLines replaces the lines from start to end by new ones, each with its break, that end with the value v. At the end
// of a source without a final line break the last line goes without, too, unless it needs one.
func (p *planner) putLines(n *node, start, end int, lines string, v Value) {
	p.noteLiteral(n, v, lines, end)
	if lines != "" && p.f.openEnd(end) {
		if !v.endsWithBreak() {
			lines = strings.TrimSuffix(lines, "\n")
		}
		if start != p.f.lineStart(start) {
			lines = "\n" + lines
		}
	} else if p.f.openEnd(end) && start == p.f.lineStart(start) {
		start -= breakBefore(p.f.src, start)
	}
	p.put(newLines, start, end, lines)
}

// put replaces source text by text of the renderer, with the line breaks of the place.
func (p *planner) put(order, start, end int, text string) {
	p.editAt(order, start, end, strings.ReplaceAll(text, "\n", p.f.lineBreak(start)))
}

// newLiteral is a literal at the end of new text, and the offset of the lines that it might take in as its text.
type newLiteral struct {
	n      *node
	indent int
	end    int
	breaks bool // whether it needs the line break behind it
}

// needsBreak reports whether a new literal ends above or in the place of the lines from start to end, and needs a line
// break there.
func (p *planner) needsBreak(start, end int) bool {
	return slices.ContainsFunc(p.literals, func(l newLiteral) bool { return l.breaks && start <= l.end && l.end <= end })
}

// noteLiteral remembers new lines that end with a literal.
func (p *planner) noteLiteral(n *node, v Value, lines string, end int) {
	if !v.endsLiteral() {
		return
	}
	all := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	first := len(all) - 1 - strings.Count(strings.TrimSuffix(v.last().text, "\n"), "\n")
	p.literals = append(p.literals, newLiteral{n, countSpaces([]byte(all[first])), end, v.endsWithBreak()})
}
