package rewrite

import (
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// maxWords is the number of words, of both lines together, up to which Marks compares them one by one.
const maxWords = 1 << 12

// Marks are the parts of a changed line that differ from the line in its place, for a terminal or a page that shows
// them stronger: what was deleted from old, and what was inserted into new. They begin and end between words, and what
// is only blank between two of them is part of them. Lines that have no word in common are marked whole.
func Marks(old, new string) (del, ins []Span) {
	oldWords, newWords := words(old), words(new)
	if len(oldWords)+len(newWords) > maxWords {
		return wholeLine(old), wholeLine(new)
	}
	numbers := map[string]rune{}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // with a timeout the result would depend on the load of the machine
	common := false
	o, n := 0, 0 // offsets in old and new
	for _, d := range dmp.DiffMainRunes(numbered(numbers, oldWords), numbered(numbers, newWords), false) {
		for range utf8.RuneCountInString(d.Text) { // each rune stands for a word
			switch d.Type {
			case diffmatchpatch.DiffEqual:
				common = common || !isSpace(oldWords[0])
				o, n = o+len(oldWords[0]), n+len(newWords[0])
				oldWords, newWords = oldWords[1:], newWords[1:]
			case diffmatchpatch.DiffDelete:
				del = mark(del, old, Span{o, o + len(oldWords[0])})
				o, oldWords = o+len(oldWords[0]), oldWords[1:]
			case diffmatchpatch.DiffInsert:
				ins = mark(ins, new, Span{n, n + len(newWords[0])})
				n, newWords = n+len(newWords[0]), newWords[1:]
			}
		}
	}
	if !common {
		return wholeLine(old), wholeLine(new)
	}
	return del, ins
}

func wholeLine(s string) []Span {
	if s == "" {
		return nil
	}
	return []Span{{0, len(s)}}
}

// mark adds a span, joined with the last one when only blanks are between them.
func mark(marks []Span, line string, s Span) []Span {
	if last := len(marks) - 1; last >= 0 && isSpace(line[marks[last].End:s.Start]) {
		marks[last].End = s.End
		return marks
	}
	return append(marks, s)
}

func isSpace(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// words cuts a line into runs of letters, digits and '_', runs of white space, and single other characters.
func words(line string) []string {
	var out []string
	start, last := 0, 0
	for i, r := range line {
		kind := wordKind(r)
		if i > start && (kind != last || kind == 0) {
			out = append(out, line[start:i])
			start = i
		}
		last = kind
	}
	if start < len(line) {
		out = append(out, line[start:])
	}
	return out
}

func wordKind(r rune) int {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
		return 1
	case unicode.IsSpace(r):
		return 2
	default:
		return 0
	}
}

// numbered gives each word a rune that stands for it.
func numbered(numbers map[string]rune, words []string) []rune {
	out := make([]rune, len(words))
	for i, w := range words {
		if _, ok := numbers[w]; !ok {
			numbers[w] = rune(len(numbers) + 1) // far below the surrogates: see maxWords
		}
		out[i] = numbers[w]
	}
	return out
}
