package report

import (
	"bytes"
	"fmt"
	"strings"

	"cfgfix/rewrite"
)

// hunk is a part of a unified diff, for those who show it otherwise than as text.
type hunk struct {
	old, new int // the numbers of its first lines
	lines    []diffLine
}

// diffLine is a line of a hunk without its end.
type diffLine struct {
	kind  byte // ' ', '-', '+', or '\\' for the remark that no line end follows
	text  string
	marks []rewrite.Span // of a changed line: what differs from the line in its place
	pair  int            // the number of a pair of lines that stand for each other, from 1; 0 for none
}

// hunksOf reads a unified diff of one file, as rewrite.Unified makes it.
func hunksOf(patch []byte) []hunk {
	var out []hunk
	for line := range bytes.Lines(patch) {
		text, _ := cutEnd(line)
		if rest, ok := strings.CutPrefix(string(text), "@@ -"); ok {
			h := hunk{}
			old, rest, _ := strings.Cut(rest, " +")
			h.old, h.new = leadingNumber(old), leadingNumber(rest)
			out = append(out, h)
			continue
		}
		if len(out) == 0 || len(text) == 0 {
			continue // the header
		}
		h := &out[len(out)-1]
		h.lines = append(h.lines, diffLine{kind: text[0], text: string(text[1:])})
	}
	for i := range out {
		pairLines(out[i].lines)
	}
	return out
}

func leadingNumber(text string) int {
	n := 0
	_, _ = fmt.Sscanf(text, "%d", &n) //nolint:errcheck // no number is 0
	return n
}

// pairLines finds in each run of changes the removed and the added lines that stand for each other, and marks what
// differs between them.
func pairLines(lines []diffLine) {
	pairs := 0
	for i := 0; i < len(lines); {
		first := i
		for i < len(lines) && lines[i].kind == '-' {
			i++
		}
		removed := lines[first:i]
		first = i
		for i < len(lines) && lines[i].kind == '+' {
			i++
		}
		added := lines[first:i]
		pairs = pairRun(removed, added, pairs)
		if len(removed)+len(added) == 0 {
			i++
		}
	}
}

// Lines are a pair when at least half of them is the same. In a run with more comparisons than maxPairs none are sought.
const (
	alike    = 0.5
	maxPairs = 1 << 10
)

// pairRun pairs each removed line with the added line that is most like it and stands behind those of the pairs before.
func pairRun(removed, added []diffLine, pairs int) int {
	if len(removed)*len(added) > maxPairs {
		return pairs
	}
	for r := range removed {
		best, bestAt := alike, -1
		for a := range added {
			if s := similarity(removed[r].text, added[a].text); s > best {
				best, bestAt = s, a
			}
		}
		if bestAt < 0 {
			continue
		}
		pairs++
		old, new := &removed[r], &added[bestAt]
		old.marks, new.marks = rewrite.Marks(old.text, new.text)
		old.pair, new.pair = pairs, pairs
		added = added[bestAt+1:]
	}
	return pairs
}

// similarity is the share of two lines that is common to them, blanks at the start aside.
func similarity(old, new string) float64 {
	old, new = strings.TrimLeft(old, " \t-"), strings.TrimLeft(new, " \t-")
	if len(old)+len(new) == 0 {
		return 0
	}
	del, ins := rewrite.Marks(old, new)
	marked := 0
	for _, m := range append(del, ins...) {
		marked += m.Len()
	}
	return 1 - float64(marked)/float64(len(old)+len(new))
}

// segments cuts a line into parts that are unmarked and marked in turns, beginning with one that is not and may be empty.
func (l diffLine) segments() []string {
	var out []string
	at := 0
	for _, m := range l.marks {
		out = append(out, l.text[at:m.Start], l.text[m.Start:m.End])
		at = m.End
	}
	return append(out, l.text[at:])
}
