package flow

import (
	"slices"
	"strings"
)

// pair is a step before and after; one of them is nil for a step that is gone, or new.
type pair struct{ before, after *act }

// maxShift bounds how many steps a change may insert or remove in one unit so that the rest still lines up.
const maxShift = 64

// align lines the steps of a unit up in their order, by what they are called and what they run.
func align(before, after []*act) []pair {
	head := 0
	for head < len(before) && head < len(after) && likeness(before[head], after[head]) == identical {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && likeness(before[len(before)-1-tail], after[len(after)-1-tail]) == identical {
		tail++
	}
	var out []pair
	for i := range head {
		out = append(out, pair{before[i], after[i]})
	}
	out = append(out, match(before[head:len(before)-tail], after[head:len(after)-tail])...)
	for i := range tail {
		out = append(out, pair{before[len(before)-tail+i], after[len(after)-tail+i]})
	}
	return out
}

// match finds the pairs with the most likeness in order, within a band around the diagonal.
func match(before, after []*act) []pair {
	width := 2*maxShift + 1
	best := make([]int, (len(before)+1)*width)
	at := func(i, j int) int {
		if k := j - i + maxShift; k >= 0 && k < width && j >= 0 && j <= len(after) {
			return i*width + k
		}
		return -1
	}
	value := func(i, j int) int {
		if k := at(i, j); k >= 0 {
			return best[k]
		}
		return 0
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := min(len(after)-1, i+maxShift); j >= max(0, i-maxShift); j-- {
			v := max(value(i+1, j), value(i, j+1))
			if l := likeness(before[i], after[j]); l > 0 {
				v = max(v, l+value(i+1, j+1))
			}
			best[at(i, j)] = v
		}
	}
	return trace(before, after, value)
}

func trace(before, after []*act, value func(i, j int) int) []pair {
	var out []pair
	i, j := 0, 0
	for i < len(before) && j < len(after) {
		l := likeness(before[i], after[j])
		switch {
		case l > 0 && value(i, j) == l+value(i+1, j+1):
			out = append(out, pair{before[i], after[j]})
			i, j = i+1, j+1
		case j+1-i <= maxShift && value(i, j+1) >= value(i+1, j):
			out = append(out, pair{nil, after[j]})
			j++
		default:
			out = append(out, pair{before[i], nil})
			i++
		}
	}
	for ; i < len(before); i++ {
		out = append(out, pair{before[i], nil})
	}
	for ; j < len(after); j++ {
		out = append(out, pair{nil, after[j]})
	}
	return out
}

// The likeness of two steps that are the same, and of two with nothing but the name in common.
const (
	identical = 100
	sameName  = 40
)

// likeness is how likely one step has become the other; 0 when it has not.
func likeness(a, b *act) int {
	switch {
	case a.name != b.name:
		return 0
	case a.text == b.text && a.title == b.title:
		return identical
	case a.name != "run":
		return sameName + 40 // an element with other arguments
	case a.text == b.text:
		return identical - 5
	}
	l := commonLines(a.lines(), b.lines()) * (identical - 20) / 100
	if a.title != "" && a.title == b.title {
		l = max(l, sameName)
	}
	if l < 10 {
		return 0
	}
	return l
}

// commonLines is the share of lines, in percent, that the shorter of two scripts shares with the other.
func commonLines(a, b []line) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return 0
	}
	common := 0
	for _, l := range a {
		if slices.ContainsFunc(b, func(o line) bool { return o.text == l.text }) {
			common++
		}
	}
	if common == 0 && !slices.ContainsFunc(a, func(l line) bool { return !l.sharesWords(b) }) {
		return 50
	}
	return 100 * common / len(a)
}

// line is a line of a script.
type line struct {
	text  string
	words []string
}

// sharesWords reports whether most words of a line stand in one of the others: a line that lost its assignments, or
// got an option, is still the same.
func (l line) sharesWords(others []line) bool {
	for _, o := range others {
		common := 0
		for _, w := range l.words {
			if slices.Contains(o.words, w) {
				common++
			}
		}
		if common > 0 && 2*common >= min(len(l.words), len(o.words)) {
			return true
		}
	}
	return false
}

// maxLines bounds how much of a script is compared.
const maxLines = 200

func (a *act) lines() []line {
	if a.read != nil {
		return a.read
	}
	a.read = []line{}
	for l := range strings.SplitSeq(a.text, "\n") {
		if l = strings.TrimSpace(l); l != "" && len(a.read) < maxLines {
			words := strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(" \t$()`\"'", r) })
			a.read = append(a.read, line{l, words})
		}
	}
	return a.read
}
