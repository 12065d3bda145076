package fixes

import (
	"strings"
)

// passwordAddress is what an address with user information is called.
const passwordAddress = "an address with a password"

// urlLogin is the password in an address, where it stands in the text; end is 0 for none.
type urlLogin struct{ start, end int }

// login finds the first address in a text that holds a password for a host elsewhere: what stands between "//" and '@'.
// A user name alone counts when it is random, as a token is.
func (t *secretTable) login(text string) urlLogin {
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			return urlLogin{}
		}
		at += i + len("://")
		if l, ok := t.loginAt(text, at); ok {
			return l
		}
	}
}

// loginAt reads what stands behind the "//" of an address.
func (t *secretTable) loginAt(text string, at int) (urlLogin, bool) {
	authority := text[at:]
	if i := strings.IndexAny(authority, "/?#\"'` \t\n,;|<>()"); i >= 0 {
		authority = authority[:i]
	}
	i := strings.LastIndexByte(authority, '@')
	if i < 0 || localHost(authority[i+1:]) {
		return urlLogin{}, false
	}
	user, password, both := strings.Cut(authority[:i], ":")
	l := urlLogin{at + len(user) + 1, at + i}
	if !both || password == "x-oauth-basic" || password == "" {
		l, password = urlLogin{at, at + len(user)}, user
		if !t.strong(password) || isDSN(text[at+i+1:]) {
			return urlLogin{}, false
		}
	}
	if isReference(authority) || t.dummy(password) && !random(password) || len(password) < 4 || strings.HasPrefix(password, "$") {
		return urlLogin{}, false
	}
	return l, true
}

// isDSN reports whether what follows the user of an address is a host and a number: such an address tells programs
// where to report their errors, and may be known to everybody.
func isDSN(rest string) bool {
	if i := strings.IndexAny(rest, "\"'` \t\n"); i >= 0 {
		rest = rest[:i]
	}
	host, path, _ := strings.Cut(rest, "/")
	return strings.Contains(host, "sentry") || path != "" && strings.Trim(path, "0123456789") == ""
}
