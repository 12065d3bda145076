package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// hostOfCall is the host in the first address that a call names, "" for none.
func hostOfCall(c *shell.Call) string {
	for _, w := range c.Words {
		if host, ok := addressHost(w.Value); ok {
			return host
		}
	}
	return ""
}

// addressHost is the host of an address, or of a word such as localhost:5000.
func addressHost(text string) (host string, ok bool) {
	if _, rest, cut := strings.Cut(text, "://"); cut {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		return rest[strings.LastIndexByte(rest, '@')+1:], true
	}
	if strings.HasPrefix(text, "localhost") || strings.HasPrefix(text, "127.") {
		host, _, _ = strings.Cut(text, "/")
		return host, true
	}
	return "", false
}

// loginHost is the host of an address with a password.
func loginHost(text string, l urlLogin) string {
	at := strings.IndexByte(text[l.end:], '@') + l.end + 1
	host := text[at:]
	if i := strings.IndexAny(host, ":/?#\"'` \t\n"); i >= 0 {
		host = host[:i]
	}
	return host
}

// onlyLocal reports whether all hosts that a call names are local.
func onlyLocal(c *shell.Call) bool {
	local, others := 0, 0
	for _, w := range c.Args() {
		host, ok := addressHost(w.Value)
		switch {
		case !ok:
		case localHost(host):
			local++
		default:
			others++
		}
	}
	return local > 0 && others == 0
}

// ofHost is what a table has for a host, by the end of its name.
func ofHost(table map[string][]string, host string) []string {
	for name, variables := range table {
		if host == name || strings.HasSuffix(host, "."+name) {
			return variables
		}
	}
	return nil
}

// hostBase is the part of a host's name that tells whose it is, as in a variable: ACME of git.acme.com; "" for none.
func hostBase(host string) string {
	words := nameWords(host)
	if len(words) > 1 {
		words = words[len(words)-2 : len(words)-1]
	}
	if base := strings.Join(words, "_"); base != "" && base[0] > '9' {
		return base
	}
	return ""
}

// localHost reports whether a host is the machine itself, a container beside it, or one of examples.
func localHost(host string) bool {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	host = strings.ToLower(host)
	if !strings.Contains(host, ".") || strings.HasPrefix(host, "127.") || host == "0.0.0.0" || strings.HasPrefix(host, "host.docker.") {
		return true
	}
	return slices.ContainsFunc([]string{".example", ".test", ".invalid", ".localhost", ".local", "example.com", "example.org", "example.net"}, func(s string) bool {
		return strings.HasSuffix(host, s)
	})
}
