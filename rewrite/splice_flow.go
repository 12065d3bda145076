package rewrite

import "strings"

// spliceFlow edits the entries of a flow collection.
func (p *planner) spliceFlow(n *node, l *listGoal) error {
	if n.implicit(p.f.src) {
		return p.refuse(n, ImplicitPair, "")
	}
	for i := range n.items {
		e := &n.items[i]
		if key, ok := l.rename[i]; ok && !l.remove[i] {
			p.edit(e.key.body.Start, e.key.body.End, restyle(e.key, key))
		}
		for _, pair := range l.before[i] {
			p.edit(e.span.Start, e.span.Start, flowEntry(n, pair)+", ")
		}
		var b strings.Builder
		for _, pair := range l.after[i] {
			b.WriteString(", " + flowEntry(n, pair))
		}
		if b.Len() > 0 {
			text := b.String()
			if e.value.span.Len() == 0 && e.colon >= 0 {
				text = " " + text // a ',' right behind a ':' would be part of a key
			}
			p.edit(e.span.End, e.span.End, text)
		}
	}
	return p.removeFlow(n, l)
}

func flowEntry(n *node, pair Pair) string {
	if n.kind == Sequence {
		return pair.Value.flow(true)
	}
	return quoteByNeed(pair.Key, true) + ": " + pair.Value.flow(true)
}

// removeFlow takes entries with the comma and the blanks behind them, the last ones with the comma before. A trailing
// comma stays as it is.
func (p *planner) removeFlow(n *node, l *listGoal) error {
	kept := -1 // the last entry that stays, so far
	for i := 0; i < len(n.items); i++ {
		if !l.remove[i] {
			kept = i
			continue
		}
		last := i
		for last+1 < len(n.items) && l.remove[last+1] {
			last++
		}
		var span Span
		switch {
		case last+1 < len(n.items):
			span = Span{n.items[i].span.Start, n.items[last+1].span.Start}
		case kept >= 0:
			span = Span{n.items[kept].span.End, n.items[last].span.End}
		default:
			return p.refuse(n, EmptyCollection, "")
		}
		if len(p.f.commentsIn(span)) > 0 {
			return p.refuse(n, CommentInside, "")
		}
		p.edit(span.Start, span.End, "")
		i = last
	}
	return nil
}
