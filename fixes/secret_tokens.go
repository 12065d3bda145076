package fixes

import (
	"encoding/base64"
	"hash/crc32"
	"slices"
	"strings"
)

// foundToken is a token in a text.
type foundToken struct {
	start, end int
	format     *tokenFormat
}

// tokens finds the tokens in a text that have the format of a provider. Samples and tokens with a wrong checksum are none.
func (t *secretTable) tokens(text string) []foundToken {
	var out []foundToken
	for i := 0; i < len(text); i++ {
		if t.byFirst[text[i]] == nil || i > 0 && isTokenByte(text[i-1]) {
			continue
		}
		for _, f := range t.byFirst[text[i]] {
			n := f.match(text[i:])
			if n == 0 || !f.real(text[i:i+n]) {
				continue
			}
			out = append(out, foundToken{i, i + n, f})
			i += n - 1
			break
		}
	}
	return out
}

// isTokenByte reports whether a byte in front of a token would make it part of something longer.
func isTokenByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
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
