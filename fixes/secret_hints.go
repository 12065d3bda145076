package fixes

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// mayHoldSecret reports whether a script may have a literal secret in it: most have none of the signs, and need not be
// read any closer.
func (t *secretTable) mayHoldSecret(script string) bool {
	signs := secretSigns()
	met := wordsIn(signs.index, script)
	return met.has(aloneSign) || met.has(fileSign) && met.has(passwordSign) || signs.login(met, script) ||
		met.has(authorizationSign) && mayAuthorize(script) || t.mayName(script) || mayAddress(script) || hasBase64(script) || len(t.tokens(script)) > 0
}

// The kinds of signs that are words. Behind the last come those of the commands that take a secret.
const (
	aloneSign         = iota // tells of a secret by itself
	fileSign                 // a file that holds passwords
	passwordSign             // stands before a password in such a file
	authorizationSign        // a header
	loginSigns
)

// signWords are words that tell of a secret, alone or together.
type signWords struct {
	index  *wordIndex
	logins []loginHints
}

// loginHints are what a script has that gives a secret to a command: the command, and what stands before the secret.
type loginHints struct {
	command, before int
	letter          byte // in lower case, of an option that may be the last of several letters, -fsSu; 0 for none
	bare            bool // nothing needs to stand before the secret
}

var secretSigns = sync.OnceValue(func() *signWords {
	t, x := secretTables(), &signWords{}
	lists := make([][]word, loginSigns)
	lists[aloneSign] = wordsOf(inWord, "-----begin ", `private_key"`, `private_key\`, `auths"`, `auths\`) // JSON's quotes may be escaped
	for name := range t.Files {
		lists[fileSign] = append(lists[fileSign], word{strings.ToLower(name), inWord})
	}
	lists[passwordSign] = wordsOf(inWord, "password")
	lists[authorizationSign] = wordsOf(inWord, "authorization")
	for _, l := range t.Logins {
		command, before := l.signs()
		signs := loginHints{command: len(lists), before: len(lists) + 1, bare: l.Operand > 0}
		if i := slices.IndexFunc(l.Options, isLetterOption); l.Pair != "" && i >= 0 {
			signs.letter = l.Options[i][1] | 0x20
		}
		x.logins, lists = append(x.logins, signs), append(lists, command, before)
	}
	x.index = newWordIndex(lists...)
	return x
})

// signs are words of which a script that calls the command has one each: the last word of the command, and what stands
// before the secret.
func (l *loginCommand) signs() (command, before []word) {
	command = wordsOf(asCommand, l.Programs...)
	if n := len(l.Arguments); n > 0 {
		command = wordsOf(asCommand, l.Arguments[n-1])
	}
	before = wordsOf(asOption, slices.Concat(l.Options, l.Glued)...)
	if l.Stdin != "" {
		before = append(before, word{l.Stdin, asCommand})
	}
	for _, list := range [...][]word{command, before} {
		for i := range list {
			list[i].text = strings.ToLower(list[i].text)
		}
	}
	return command, before
}

// login reports whether a text with some of the words may call a command and give it a secret.
func (x *signWords) login(met ownerSet, text string) bool {
	return slices.ContainsFunc(x.logins, func(l loginHints) bool {
		return met.has(l.command) && (l.bare || met.has(l.before) || l.letter != 0 && hasLetterOption(text, l.letter))
	})
}

// hasLetterOption reports whether a letter, in either case, stands among those behind a hyphen.
func hasLetterOption(text string, letter byte) bool {
	for {
		_, behind, found := strings.Cut(text, "-")
		if !found {
			return false
		}
		for text = behind; text != "" && isLetter(text[0]); text = text[1:] {
			if text[0]|0x20 == letter {
				return true
			}
		}
	}
}

// secretNames are the words of which the name of a secret has one.
var secretNames = sync.OnceValue(func() *wordIndex {
	t := secretTables()
	list := wordsOf(inWord, "password", "token", "secret")
	for _, name := range slices.Concat(t.Names.Words, t.Names.Phrases) {
		list = append(list, word{strings.ToLower(name[strings.LastIndexByte(name, '_')+1:]), ownWord})
	}
	list = append(list, word{strings.ToLower(bundlerPrefix), inWord})
	for name := range t.Keys {
		list = append(list, word{name, inWord})
	}
	return newWordIndex(list)
})

// mayName reports whether a text may give a literal to a name of a secret: in front of a ':' or '=', whatever quotes and
// blanks are between, as an option, or as a word to one of the commands that are given a setting as two words.
func (t *secretTable) mayName(text string) bool {
	names, sets := secretNames(), strings.Contains(text, "config ") || strings.Contains(text, "npm set ")
	for at := names.next(text, 0); at >= 0; at = names.next(text, at) {
		start := at
		for start > 0 && isSettingByte(text[start-1]) {
			start--
		}
		for at < len(text) && (isSettingByte(text[at]) || strings.IndexByte(quoting, text[at]) >= 0) {
			at++
		}
		name, behind := text[start:at], text[at:]
		sign := strings.TrimPrefix(strings.TrimLeft(behind, blanks+quoting), "+")
		if isAssigning(sign) && mayBeLiteral(sign[1:]) && t.namesSecret(name) {
			return true
		}
		if (sets || strings.HasPrefix(name, "--")) && !isAssigning(behind) && mayBeLiteral(behind) && t.readName(name).secret {
			return true
		}
	}
	return false
}

// namesSecret reports whether a name that may be in quotes, or the property behind -D, is that of a secret.
func (t *secretTable) namesSecret(name string) bool {
	property := propertyName(name, len(name)-len(strings.TrimLeft(name, "-")), len(name))
	for _, n := range []string{name, property} {
		if t.readName(n).secret || t.Keys[strings.ToLower(strings.Trim(n, quoting+"-"))] != nil {
			return true
		}
	}
	return false
}

func isAssigning(text string) bool {
	return strings.HasPrefix(text, "=") || strings.HasPrefix(text, ":")
}

// blanks stand between words, and quoting within them.
const (
	blanks  = " \t\n"
	quoting = "\\\"'"
)

func isSettingByte(c byte) bool { return isNameByte(c) || c == '.' }

func isSettingName(text string) bool {
	return strings.TrimFunc(text, func(r rune) bool { return r < utf8.RuneSelf && isSettingByte(byte(r)) }) == ""
}

// maxLook bounds how much of a text is looked at for each place in it.
const maxLook = 256

// mayBeLiteral reports whether a literal secret may stand where a text begins: it begins with no reference, is not too
// short, and has more than letters, as all passwords and tokens that are told from words.
func mayBeLiteral(text string) bool {
	text = strings.TrimLeft(text, blanks+"\\")
	if leadsToReference(text) {
		return false
	}
	if len(text) > maxLook {
		text = text[:maxLook]
	}
	if i := strings.IndexAny(text, blanks); i >= 0 {
		text = text[:i]
	} else if len(text) == maxLook {
		return true
	}
	if last := len(text) - 1; strings.IndexAny(text, quoting) == last && last > 0 {
		text = text[:last] // it closes what began before the name
	}
	return len(text) >= minSecret && strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !strings.ContainsRune("_./:", r)
	})
}

var authorizationIndex = sync.OnceValue(func() *wordIndex { return newWordIndex(wordsOf(inWord, "authorization")) })

// mayAuthorize reports whether a literal may be the value of a header Authorization, behind the name of the scheme.
func mayAuthorize(text string) bool {
	headers := authorizationIndex()
	for at := headers.next(text, 0); at >= 0; at = headers.next(text, at) {
		at += len("authorization")
		scheme := strings.TrimLeft(text[at:], blanks+quoting+":=")
		end := 0
		for end < min(len(scheme), maxLook) && isNameByte(scheme[end]) {
			end++
		}
		if end > 0 && mayBeLiteral(scheme[end:]) {
			return true
		}
	}
	return false
}

// mayAddress reports whether an address in a text may have a literal login.
func mayAddress(text string) bool {
	for _, behind := range strings.Split(text, "://")[1:] {
		if i := strings.IndexAny(behind, "/?# \t\n"); i >= 0 {
			behind = behind[:i]
		}
		if login, _, ok := strings.Cut(behind, "@"); ok && !isReference(login) {
			return true
		}
	}
	return false
}

// minBase64 is less than the length of any line of a file of credentials in base64.
const minBase64 = 40

// hasBase64 reports whether a text has a run of base64 that is long enough for credentials, and begins as those do: with
// '{', '-' or white space.
func hasBase64(text string) bool {
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && (isWordByte(text[i]) || text[i] == '+' || text[i] == '/') {
			i++
		}
		if i-start >= minBase64 && strings.IndexByte("eLICD", text[start]) >= 0 {
			return true
		}
	}
	return false
}
