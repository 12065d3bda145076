package fixes

import (
	"slices"
	"strings"
	"sync"
)

// mayHoldSecret reports whether a script may have a literal secret in it: most have none of the signs, and need not be
// read any closer.
func (t *secretTable) mayHoldSecret(script string) bool {
	return secretSigns().in(script) || t.mayName(script) || secretLogins().in(script) ||
		strings.Contains(script, "://") && strings.Contains(script, "@") || hasBase64(script) || len(t.tokens(script)) > 0
}

// secretSigns are words that tell of a secret by themselves, or of one behind them, and the files that hold some.
var secretSigns = sync.OnceValue(func() *wordIndex {
	list := wordsOf(inWord, "-----begin ", "authorization", "private_key", "auths")
	for name := range secretTables().Files {
		list = append(list, word{strings.ToLower(name), inWord})
	}
	return newWordIndex(list)
})

// secretNames are the words of which the name of a secret has one.
var secretNames = sync.OnceValue(func() *wordIndex {
	t := secretTables()
	list := wordsOf(inWord, "password", "token", "secret")
	for _, name := range slices.Concat(t.Names.Words, t.Names.Phrases) {
		list = append(list, word{strings.ToLower(name[strings.LastIndexByte(name, '_')+1:]), ownWord})
	}
	for name := range t.Keys {
		list = append(list, word{name, inWord})
	}
	return newWordIndex(list)
})

// mayName reports whether a text may give a value to a name of a secret: in front of a ':' or '=', whatever quotes and blanks
// are between, or as an option.
func (t *secretTable) mayName(text string) bool {
	names := secretNames()
	for at := names.next(text, 0); at >= 0; at = names.next(text, at) {
		start := at
		for start > 0 && isSettingByte(text[start-1]) {
			start--
		}
		for at < len(text) && isSettingByte(text[at]) {
			at++
		}
		behind := strings.TrimPrefix(strings.TrimLeft(text[at:], " \t\n\\\"'"), "+")
		if strings.HasPrefix(behind, ":") || strings.HasPrefix(behind, "=") {
			return true
		}
		if option, ok := strings.CutPrefix(text[start:at], "--"); ok && t.readName(option).secret {
			return true
		}
	}
	return false
}

func isSettingByte(c byte) bool { return isNameByte(c) || c == '.' }

// loginWords are the words of the commands that take a secret.
type loginWords struct {
	commands, options *wordIndex // by command
	operands          ownerSet   // those that take it without an option
}

var secretLogins = sync.OnceValue(func() *loginWords {
	x := &loginWords{}
	var commands, options [][]word
	for i, l := range secretTables().Logins {
		commands = append(commands, wordsOf(asCommand, l.Command[len(l.Command)-1]))
		options = append(options, wordsOf(asCommand, slices.DeleteFunc(append(slices.Clone(l.Options), l.Stdin), func(s string) bool { return s == "" })...))
		if l.Operand > 0 {
			x.operands |= 1 << i
		}
	}
	x.commands, x.options = newWordIndex(commands...), newWordIndex(options...)
	return x
})

// in reports whether a text may call one of the commands and give it a secret.
func (x *loginWords) in(text string) bool {
	met := wordsIn(x.commands, text, x.commands.owners)
	return met != 0 && met&(x.operands|wordsIn(x.options, text, x.options.owners)) != 0
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
