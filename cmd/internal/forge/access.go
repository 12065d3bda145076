package forge

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Kind is a kind of forge.
type Kind string

// The kinds of forges.
const (
	GitHub Kind = "github"
	GitLab Kind = "gitlab"
)

// Kinds are the names of the kinds of forges.
func Kinds() []string { return []string{string(GitHub), string(GitLab)} }

const (
	gitHubAPI      = "https://api.github.com/"
	userAgent      = "cfgfix"
	requestTimeout = 2 * time.Minute
)

// Access is how a forge is reached.
type Access struct {
	Kind    Kind
	API     string // its base URL
	Token   string // "" when the environment has none
	names   []string
	GitUser string // whom git shows the token as
}

// TokenNames are the variables that may hold the token, in words.
func (a *Access) TokenNames() string { return strings.Join(a.names, " or ") }

// Given is what the command line says about the forge; "" for nothing.
type Given struct{ Kind, API string }

// Check is the error for an API that no token may be sent to, whatever the host.
func (g Given) Check() error {
	if g.API == "" {
		return nil
	}
	return checkAPI(g.API)
}

// Locate says how to reach the forge of a host, by what was given and by the environment. A token goes to the server
// that it was made for and to no other: a repo could name any server as its remote.
func Locate(host string, given Given, env func(string) string) (*Access, error) {
	kind, api := Kind(given.Kind), given.API
	trusted := api != "" && serves(hostOf(api), host)
	for _, known := range servers(env) {
		if sameHost(known.host, host) && (kind == "" || kind == known.kind) {
			trusted = true
			kind = known.kind
			if api == "" {
				api = known.api
			}
			break
		}
	}
	switch {
	case !trusted && strings.Contains(strings.ToLower(host), "bitbucket"):
		return nil, fmt.Errorf("%s is no GitHub and no GitLab: run cfgfix in the clone and open the pull request by hand", host)
	case !trusted:
		return nil, fmt.Errorf("%s is not a server that cfgfix knows: name its API, as with --api-url https://%[1]s/api/v3 "+
			"for GitHub or --forge gitlab --api-url https://%[1]s/api/v4", host)
	case kind == "" && strings.HasSuffix(strings.TrimSuffix(api, "/"), "/api/v4"):
		kind = GitLab
	case kind == "":
		kind = GitHub
	}
	if err := checkAPI(api); err != nil {
		return nil, err
	}
	a := &Access{Kind: kind, API: api, GitUser: "x-access-token", names: []string{"GITHUB_TOKEN", "GH_TOKEN"}}
	if kind == GitLab {
		a.GitUser, a.names = "oauth2", []string{"GITLAB_TOKEN"}
	}
	for _, name := range a.names {
		if a.Token == "" {
			a.Token = strings.TrimSpace(env(name))
		}
	}
	return a, nil
}

// server is a forge that is known by its host.
type server struct {
	host string
	kind Kind
	api  string
}

// servers are the public forges, and those that the environment of a CI job or of the forge's own tool names.
func servers(env func(string) string) []server {
	const gitLabAPI = "https://gitlab.com/api/v4"
	list := []server{
		{"github.com", GitHub, gitHubAPI},
		{"ssh.github.com", GitHub, gitHubAPI}, // for networks that block ssh's port
		{"gitlab.com", GitLab, gitLabAPI},
		{"altssh.gitlab.com", GitLab, gitLabAPI},
	}
	add := func(kind Kind, host, api string) {
		if host != "" && api != "" {
			list = append([]server{{host, kind, api}}, list...)
		}
	}
	if host := hostOf(env("GH_HOST")); host != "" && host != "github.com" {
		add(GitHub, host, enterpriseAPI(host))
	}
	add(GitHub, hostOf(env("GITHUB_SERVER_URL")), env("GITHUB_API_URL"))
	if host := hostOf(env("GITLAB_HOST")); host != "" {
		add(GitLab, host, "https://"+host+"/api/v4")
	}
	add(GitLab, hostOf(env("CI_SERVER_URL")), env("CI_API_V4_URL"))
	return list
}

// enterpriseAPI is the API of GitHub at a host of its own, or with data residency.
func enterpriseAPI(host string) string {
	if strings.HasSuffix(host, ".ghe.com") {
		return "https://api." + host + "/"
	}
	return "https://" + host + "/api/v3/"
}

// hostOf is the host of a URL, or the text itself when it is a host.
func hostOf(text string) string {
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Host
	}
	return text
}

// sameHost compares hosts; that of ssh has no port.
func sameHost(known, host string) bool {
	return strings.EqualFold(known, host) || strings.EqualFold(hostName(known), host)
}

// serves reports whether an API's host is that of the repos of another host.
func serves(api, host string) bool { return sameHost(api, host) || sameHost(api, "api."+host) }

// Confidential reports whether what is sent to a URL of that scheme and host can be read there only.
func Confidential(scheme, host string) bool {
	return scheme == "https" || scheme == "http" && isLoopback(hostName(host))
}

func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// checkAPI refuses to send a token where others could read it.
func checkAPI(api string) error {
	u, err := url.Parse(api)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("--api-url is not a URL, such as https://github.example.com/api/v3")
	case u.User != nil:
		return errors.New("--api-url holds a password: give the token in the environment only")
	case Confidential(u.Scheme, u.Host):
		return nil
	default:
		return fmt.Errorf("--api-url begins with %s://: the token would be sent for all to read; use https", u.Scheme)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ErrNoToken says that the environment has no token.
var ErrNoToken = errors.New("no token in the environment")

// Connect is the forge of an access. Nothing is sent yet.
func Connect(a *Access, p Patience) (Forge, error) {
	if a.Token == "" {
		return nil, fmt.Errorf("%w: set %s to one that may write the repo's contents and pull requests", ErrNoToken, a.TokenNames())
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // with the proxy that the environment names
	transport.MaxIdleConnsPerHost, transport.ResponseHeaderTimeout = 8, requestTimeout
	retry := &retrier{p, transport}
	client := &http.Client{Transport: retry, CheckRedirect: sameServer}
	if a.Kind == GitLab {
		return &gitLab{client, a}, nil
	}
	return newGitHub(a, client)
}

// sameServer follows redirects, as to a repo's new name, but never with the token to another server.
func sameServer(req *http.Request, via []*http.Request) error {
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || len(via) > 5 {
		return fmt.Errorf("the server sent us on to %s", req.URL.Host)
	}
	return nil
}

// Unreachable says that a server did not answer.
type Unreachable struct {
	doing string
	err   error
}

func (e *Unreachable) Error() string {
	err := e.err
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // the URL is long, and says nothing new
	}
	return fmt.Sprintf("cannot %s: %v: check the network and the proxy, then run cfgfix pr again", e.doing, err)
}

func (e *Unreachable) Unwrap() error { return e.err }
