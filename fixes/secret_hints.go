package fixes

import (
	"slices"
	"strings"
	"sync"
)

// secretHints are the words of which a script has one when it gives a secret a name or hands one to a program.
var secretHints = sync.OnceValue(func() *wordIndex {
	t := secretTables()
	list := wordsOf(inWord, "-----begin ", "authorization", "password", "token", "secret", "private_key", "auths")
	for _, name := range slices.Concat(t.Names.Words, t.Names.Phrases) {
		list = append(list, word{strings.ToLower(name[strings.LastIndexByte(name, '_')+1:]), ownWord})
	}
	for name := range t.Keys {
		list = append(list, word{name, inWord})
	}
	for _, l := range t.Logins {
		list = append(list, word{l.Command[len(l.Command)-1], asCommand})
	}
	return newWordIndex(list)
})

// mayHoldSecret reports whether a script may have a literal secret in it: most have none of the signs, and need not be
// read any closer.
func (t *secretTable) mayHoldSecret(script string) bool {
	return secretHints().in(script) || strings.Contains(script, "://") && strings.Contains(script, "@") || hasBase64(script) || len(t.tokens(script)) > 0
}

// minBase64 is less than the length of any line of a file of credentials in base64.
const minBase64 = 40

// hasBase64 reports whether a text has a run of base64 that is long enough for credentials.
func hasBase64(text string) bool {
	run := 0
	for i := range len(text) {
		if c := text[i]; isWordByte(c) || c == '+' || c == '/' {
			if run++; run == minBase64 {
				return true
			}
			continue
		}
		run = 0
	}
	return false
}
