package fixes

import "strings"

// nearest is the candidate that word is most likely a misspelling of, the first of equals; "" when none is close.
func nearest(word string, candidates []string) string {
	best, least := "", 2+len(word)/4
	for _, c := range candidates {
		if d := misspelling(word, c, least); d < least {
			best, least = c, d
		}
	}
	return best
}

// misspelling is the number of edits between the words, or limit when it is not below that. A dotted candidate may
// also be meant by its last part alone, at the price of one edit.
func misspelling(word, candidate string, limit int) int {
	d := limit
	if last := candidate[strings.LastIndexByte(candidate, '.')+1:]; last != candidate && !strings.Contains(word, ".") {
		d = min(d, 1+editDistance(word, last, limit))
	}
	return min(d, editDistance(word, candidate, limit))
}

// editDistance is the number of insertions, deletions, replacements and swaps of neighbours that make a into b, letter
// case aside; limit when the lengths alone show that it is not below that.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
