package cmd

import (
	"fmt"
	"slices"
	"strings"
)

// unknownWord is the error for a word that is none of known. It names the nearest of them, else all.
func unknownWord(what, word string, known []string) error {
	if near := nearest(word, known); near != "" {
		return fmt.Errorf("%s: unknown %q; did you mean %q?", what, word, near)
	}
	if len(known) == 0 {
		return fmt.Errorf("%s: unknown %q", what, word)
	}
	return fmt.Errorf("%s: unknown %q; use %s", what, word, strings.Join(known, ", "))
}

// nearest is the word of known that is most like word: one that begins with it, else one within a third of its length
// in typing errors. It is "" when none is near.
func nearest(word string, known []string) string {
	best, least := "", max(1, len(word)/3)+1
	for _, k := range known {
		if word != "" && strings.HasPrefix(k, word) {
			return k
		}
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, drop, replace or swap with their neighbour to make b of a.
func distance(a, b string) int {
	var before, row []int
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, row, next = row, next, make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
	}
	return next[len(b)]
}

// knownWord checks that word is one of known.
func knownWord(what, word string, known []string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return unknownWord(what, word, known)
}
