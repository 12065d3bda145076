package fixes

import (
	"encoding/base64"
	"hash/crc32"
	"slices"
	"strings"
	"unicode"
)

// foundToken is a token in a text.
type foundToken struct {
	start, end int
	format     *tokenFormat
}

// tokens finds the tokens in a text that have the format of a provider. Samples and tokens with a wrong checksum are none,
// and neither are those that a web page shows.
func (t *secretTable) tokens(text string) []foundToken {
	var out []foundToken
	for i := 0; i < len(text); i++ {
		if t.byFirst[text[i]] == nil || i > 0 && isTokenByte(text[i-1]) {
			continue
		}
		for _, f := range t.byFirst[text[i]] {
			n := f.match(text[i:])
			if n == 0 || !f.real(text[i:i+n]) || f.Public && t.bundled(nameBefore(text[:i])) {
				continue
			}
			out = append(out, foundToken{i, i + n, f})
			i += n - 1
			break
		}
	}
	return out
}

// bundled reports whether a variable of this name is compiled into a web page or an app, for everybody to read.
func (t *secretTable) bundled(name string) bool {
	return slices.ContainsFunc(t.Names.Bundled, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// nameBefore is the name that a text ends with which sets something to what follows: NAME of "export NAME='".
func nameBefore(text string) string {
	text = strings.TrimRight(text, `"'=: `)
	return text[strings.LastIndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !isTokenByte(byte(r)) })+1:]
}

// published reports whether the value of a variable is a token that a web page shows.
func (t *secretTable) published(name, value string) bool {
	if !t.bundled(name) {
		return false
	}
	found := t.tokens(value)
	return len(found) > 0 && !slices.ContainsFunc(found, func(x foundToken) bool { return !x.format.Public })
}

// isTokenByte reports whether a byte in front of a token would make it part of something longer.
func isTokenByte(c byte) bool {
	return c == '_' || isWordByte(c)
}

// real tells tokens from samples of them.
func (f *tokenFormat) real(token string) bool {
	body := token[len(f.Prefix):]
	lower := strings.ToLower(body)
	if secretTables().known(body) || slices.ContainsFunc(secretTables().Values.Samples, func(s string) bool { return strings.Contains(lower, s) }) {
		return false
	}
	if distinct(body) < min(8, len(body)/3) {
		return false
	}
	if f.Prefix == webToken {
		return !publicWebToken(token)
	}
	return f.Checksum == "" || checksumHolds(body)
}

// webToken is how a JSON web token begins.
const webToken = "eyJ"

// publicWebToken reports whether a JSON web token says that everybody may have it: it is for anonymous access, or one that
// an emulator comes with.
func publicWebToken(token string) bool {
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	text := strings.ReplaceAll(string(payload), " ", "")
	return err != nil || secretTables().known(token) || strings.Contains(text, `"role":"anon"`) || strings.Contains(text, `"iss":"supabase-demo"`)
}

// unreal reports whether a text has the format of a token and is a sample of it.
func (t *secretTable) unreal(text string) bool {
	return text != "" && slices.ContainsFunc(t.byFirst[text[0]], func(f *tokenFormat) bool {
		return f.match(text) == len(text) && !f.real(text)
	})
}

func distinct(text string) int {
	var seen [256]bool
	n := 0
	for i := range len(text) {
		if !seen[text[i]] {
			seen[text[i]] = true
			n++
		}
	}
	return n
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// checksumLen is how many characters of a token are its checksum: 32 bits in base 62.
const checksumLen = 6

// checksumHolds reports whether the last characters of a token's body are the CRC-32 of the others.
func checksumHolds(body string) bool {
	if len(body) < checksumLen {
		return false
	}
	at := len(body) - checksumLen
	return body[at:] == checksum(body[:at])
}

func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var out [checksumLen]byte
	for i := range slices.Backward(out[:]) {
		out[i] = base62[sum%62]
		sum /= 62
	}
	return string(out[:])
}
