package git

import (
	"fmt"
	"net/url"
	"strings"
)

// Remote is where a repo is pushed to.
type Remote struct {
	URL    string // without the user names of http, passwords and queries
	Scheme string // https, http or ssh
	Host   string // with the port of http, when there is one
	Path   string // owner/name, or group/subgroup/name
}

// Server is the part of the URL that credentials are for.
func (r *Remote) Server() string { return r.Scheme + "://" + r.Host }

// ParseRemote reads a remote's URL, as in https://host/owner/name.git, ssh://git@host/owner/name and git@host:owner/name.
func ParseRemote(text string) (*Remote, error) {
	if strings.HasPrefix(text, "-") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		return nil, fmt.Errorf("the remote's URL is not one that is safe to use")
	}
	if !strings.Contains(text, "://") {
		return parseSCP(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the remote's URL cannot be understood") // the error may show a password
	}
	r := &Remote{Scheme: u.Scheme, Host: u.Host, Path: repoPath(u.Path)}
	switch u.Scheme {
	case "https", "http":
		u.User = nil
	case "ssh":
		r.Host = u.Hostname()
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
	default:
		return nil, fmt.Errorf("the remote's URL begins with %s://; a pull request needs https or ssh", u.Scheme)
	}
	u.RawPath, u.RawQuery, u.Fragment = "", "", ""
	r.URL = u.String()
	return r.checked()
}

// parseSCP reads the short form of ssh. What has no colon before its first slash is a path.
func parseSCP(text string) (*Remote, error) {
	host, path, ok := strings.Cut(text, ":")
	if !ok || strings.Contains(host, "/") || len(host) == 1 || strings.HasPrefix(path, ":") {
		return nil, fmt.Errorf("the remote is a directory; a pull request needs a remote on GitHub or GitLab")
	}
	if _, after, ok := strings.Cut(host, "@"); ok {
		host = after
	}
	r := &Remote{URL: text, Scheme: "ssh", Host: host, Path: repoPath(path)}
	return r.checked()
}

func repoPath(path string) string { return strings.TrimSuffix(strings.Trim(path, "/"), ".git") }

func (r *Remote) checked() (*Remote, error) {
	if r.Host == "" || strings.HasPrefix(r.Host, "-") || !strings.Contains(r.Path, "/") {
		return nil, fmt.Errorf("the remote's URL names no OWNER/NAME on a server")
	}
	for part := range strings.SplitSeq(r.Path, "/") {
		if !plainName(part) {
			return nil, fmt.Errorf("the remote's URL has a part that is no name of an owner or a repo: %q", part)
		}
	}
	return r, nil
}

// plainName reports whether a part of a path means the same for git's server and in a call of its API, where another
// character could lead to another repo, or to something else that the token may change.
func plainName(part string) bool {
	return strings.Trim(part, ".") != "" && !strings.ContainsFunc(part, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.~+", r)
	})
}

// ValidBranch reports whether git takes a name for that of a branch.
func ValidBranch(name string) bool {
	bad := name == "" || name == "HEAD" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") ||
		strings.ContainsAny(name, " ~^:?*[\\\x7f") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || name == "@"
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock")
	}
	return !bad
}
