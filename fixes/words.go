package fixes

import (
	"cmp"
	"slices"
	"strings"
)

// word is a text that a rule looks for, in lower case and at least two bytes long.
type word struct {
	text string
	kind wordKind
}

// wordKind says what may stand beside a word.
type wordKind uint8

const (
	inWord    wordKind = iota // anything
	ownWord                   // no letter or digit, unless the case changes, as in npmToken
	asCommand                 // no letter or digit, and no '-' and '_' either
	asOption                  // the same in front; its value may follow at once
)

// wordsOf are words of one kind.
func wordsOf(kind wordKind, texts ...string) []word {
	out := make([]word, len(texts))
	for i, text := range texts {
		out[i] = word{text, kind}
	}
	return out
}

// wordIndex finds the words of many owners in one pass over a text, in any letter case.
type wordIndex struct {
	starts  [1 << startBits / 64]uint64 // how words begin, in each case, as startOf has it
	buckets [256][]ownedWord            // the words, by bucketOf
	owners  int
}

type ownedWord struct {
	word
	owner int
}

// newWordIndex takes the words of each owner, who is known by his place.
func newWordIndex(lists ...[]word) *wordIndex {
	x := &wordIndex{owners: len(lists)}
	for owner, list := range lists {
		for _, w := range slices.Compact(slices.SortedFunc(slices.Values(list), compareWords)) {
			first, second := w.text[0], w.text[1]
			bucket := &x.buckets[bucketOf(first, second)]
			*bucket = append(*bucket, ownedWord{w, owner})
			x.addStarts(w.text)
		}
	}
	return x
}

// addStarts adds how a word may begin: behind one of two bytes there may be any.
func (x *wordIndex) addStarts(word string) {
	var thirds []byte
	if len(word) > 2 {
		thirds = []byte{word[2], upper(word[2])}
	} else {
		for b := range 256 {
			thirds = append(thirds, byte(b))
		}
	}
	for _, a := range [2]byte{word[0], upper(word[0])} {
		for _, b := range [2]byte{word[1], upper(word[1])} {
			for _, c := range thirds {
				i := startOf(a, b, c)
				x.starts[i>>6] |= 1 << (i & 63)
			}
		}
	}
}

const startBits = 17

// startOf is a number for three bytes, which few others share.
func startOf(a, b, c byte) uint32 {
	return (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 0x9E3779B1 >> (32 - startBits)
}

func bucketOf(first, second byte) byte { return lower(first)*31 + lower(second) }

func compareWords(a, b word) int {
	return cmp.Or(strings.Compare(a.text, b.text), int(a.kind)-int(b.kind))
}

// ownerSet is a set of owners, a bit for each.
type ownerSet []uint64

func (s ownerSet) has(owner int) bool { return s[owner>>6]>>(owner&63)&1 == 1 }

func (s ownerSet) add(owner int) { s[owner>>6] |= 1 << (owner & 63) }

// in reports whether a text has any of the words.
func (x *wordIndex) in(text string) bool { return x.next(text, 0) >= 0 }

// mayStart reports whether a word may begin at p, which is not the last byte.
func mayStart[T string | []byte](x *wordIndex, text T, p int) bool {
	var third byte
	if p+2 < len(text) {
		third = text[p+2]
	}
	i := startOf(text[p], text[p+1], third)
	return x.starts[i>>6]&(1<<(i&63)) != 0
}

// next is where the first word at or behind an offset begins, -1 for none.
func (x *wordIndex) next(text string, p int) int {
	for ; p+1 < len(text); p++ {
		if !mayStart(x, text, p) {
			continue
		}
		for _, w := range x.buckets[bucketOf(text[p], text[p+1])] {
			if isWordAt(text, p, w.word) {
				return p
			}
		}
	}
	return -1
}

// wordsIn are the owners whose words a text has.
func wordsIn[T string | []byte](x *wordIndex, text T) ownerSet {
	met := make(ownerSet, x.owners>>6+1)
	for p, missing := 0, x.owners; p+1 < len(text) && missing > 0; p++ {
		if !mayStart(x, text, p) {
			continue
		}
		for _, w := range x.buckets[bucketOf(text[p], text[p+1])] {
			if !met.has(w.owner) && isWordAt(text, p, w.word) {
				met.add(w.owner)
				missing--
			}
		}
	}
	return met
}

// isWordAt reports whether a word stands at p. A letter behind a backslash may be an escape, which is no letter.
func isWordAt[T string | []byte](text T, p int, w word) bool {
	end := p + len(w.text)
	if end > len(text) {
		return false
	}
	for i := range len(w.text) {
		if lower(text[p+i]) != w.text[i] {
			return false
		}
	}
	begins := p == 0 || p > 1 && text[p-2] == '\\' || w.kind.ends(text[p-1], text[p])
	return w.kind == inWord || begins && (w.kind == asOption || end == len(text) || w.kind.ends(text[end-1], text[end]))
}

// ends reports whether a word may begin or end between two characters.
func (k wordKind) ends(a, b byte) bool {
	if k >= asCommand {
		return !isNameByte(a) || !isNameByte(b)
	}
	return !isWordByte(a) || !isWordByte(b) || 'a' <= a && a <= 'z' && 'A' <= b && b <= 'Z'
}

func isNameByte(c byte) bool { return isWordByte(c) || c == '-' || c == '_' }

func isWordByte(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - ('a' - 'A')
	}
	return b
}
