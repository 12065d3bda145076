// Package fakeforge is a server for tests that speaks what cfgfix needs of GitHub, of GitLab and of git over HTTP. Its
// repos are real ones, served by git's own http-backend.
package fakeforge

import (
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Token is the one token that the server takes.
const Token = "fake-token-0123456789abcdef"

// Request is a pull request on the server.
type Request struct {
	Number      int
	Head, Base  string
	Title, Body string
	State       string // open or closed
	Merged      bool
	Draft       bool
	Labels      []string
	Reviewers   []string
}

// Server is a forge. Its fields may be changed with the lock held.
type Server struct {
	sync.Mutex
	URL      string
	Dir      string // the bare repos, as OWNER/NAME.git
	Requests map[string][]*Request
	Reviews  int               // of each pull request
	Moved    map[string]string // the new names of repos by their old ones

	// Intercept, when set, sees each request first and reports whether it has answered. It is called without the lock.
	Intercept func(w http.ResponseWriter, r *http.Request) bool

	log []string
	git http.Handler
}

// New starts a server. The test is skipped where git cannot serve HTTP.
func New(t testing.TB) *Server {
	t.Helper()
	s := newServer(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// NewProxied starts a server that is https://example.com behind a proxy, and returns the proxy's URL and a file with the
// certificate that the server's is signed by.
func NewProxied(t testing.TB) (s *Server, proxy, certificate string) {
	t.Helper()
	s = newServer(t)
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	s.URL = "https://example.com" // the name in the certificate of httptest
	certificate = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(certificate, block, 0o644); err != nil {
		t.Fatal(err)
	}
	tunnel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		s.log = append(s.log, r.Method+" "+r.Host)
		s.Unlock()
		if r.Method != http.MethodConnect || r.Host != "example.com:443" {
			http.Error(w, "no such host", http.StatusBadGateway)
			return
		}
		connect(w, server.Listener.Addr().String())
	}))
	t.Cleanup(tunnel.Close)
	return s, tunnel.URL, certificate
}

// connect joins the connection of a request to an address.
func connect(w http.ResponseWriter, address string) {
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer far.Close()
	_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}

func newServer(t testing.TB) *Server {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	backend := filepath.Join(strings.TrimSpace(string(path)), "git-http-backend")
	if _, statErr := os.Stat(backend); err != nil || statErr != nil {
		t.Skip("skipped: there is no git http-backend")
	}
	s := &Server{Dir: t.TempDir(), Requests: map[string][]*Request{}}
	s.git = &cgi.Handler{
		Path:   backend,
		Env:    []string{"GIT_PROJECT_ROOT=" + s.Dir, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=test", "GIT_CONFIG_GLOBAL=" + os.DevNull},
		Stderr: io.Discard, // what it says of requests that it refuses
	}
	return s
}

// ServeHTTP answers API calls, and hands the rest to git.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	s.log = append(s.log, r.Method+" "+r.URL.Path)
	intercept := s.Intercept
	s.Unlock()
	if intercept != nil && intercept(w, r) {
		return
	}
	switch {
	case s.moved(w, r): // also for those whom nobody knows, or git would not go on with the new name
	case !authorized(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, `{"message": "Bad credentials"}`, http.StatusUnauthorized)
	case strings.HasPrefix(r.URL.Path, "/api/v3/"):
		s.gitHub(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/v4/"):
		s.gitLab(w, r)
	default:
		s.git.ServeHTTP(w, r)
	}
}

// moved sends on what asks for a repo by its old name, and reports whether it did. GitLab's API does so for reading only.
func (s *Server) moved(w http.ResponseWriter, r *http.Request) bool {
	s.Lock()
	defer s.Unlock()
	for before, now := range s.Moved {
		head, tail, found := strings.Cut(r.URL.Path, "/"+before)
		if !found {
			continue
		}
		to := &url.URL{Path: head + "/" + now + tail, RawQuery: r.URL.RawQuery}
		if head == "/api/v4/projects" {
			to.RawPath = head + "/" + url.PathEscape(now) + tail
			if r.Method != http.MethodGet {
				refuse(w, http.StatusMethodNotAllowed, "Non GET methods are not allowed for moved projects")
				return true
			}
		}
		http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
		return true
	}
	return false
}

func authorized(r *http.Request) bool {
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if kind == "Bearer" {
		return value == Token
	}
	text, _ := base64.StdEncoding.DecodeString(value)
	_, password, _ := strings.Cut(string(text), ":")
	return kind == "Basic" && password == Token
}

// Log is the method and path of each request since the last call of it.
func (s *Server) Log() []string {
	s.Lock()
	defer s.Unlock()
	log := s.log
	s.log = nil
	return log
}

// Changes are the requests since the last call of Log that could have changed something.
func (s *Server) Changes() []string {
	var list []string
	for _, line := range s.Log() {
		if method, path, _ := strings.Cut(line, " "); method != http.MethodGet && !strings.HasSuffix(path, "/git-upload-pack") {
			list = append(list, line)
		}
	}
	return list
}

// Of are the pull requests of a repo.
func (s *Server) Of(repo string) []Request {
	s.Lock()
	defer s.Unlock()
	var list []Request
	for _, r := range s.Requests[repo] {
		list = append(list, *r)
	}
	return list
}

// Git runs git in a directory as a person with a name would, and returns what it printed.
func Git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=Pat", "GIT_AUTHOR_EMAIL=pat@acme.example", "GIT_COMMITTER_NAME=Pat", "GIT_COMMITTER_EMAIL=pat@acme.example")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

// Bare is the directory of a repo on the server.
func (s *Server) Bare(repo string) string {
	return filepath.Join(s.Dir, filepath.FromSlash(repo)+".git")
}

// Add makes a repo on the server with these files on its branch main.
func (s *Server) Add(t testing.TB, repo string, files map[string]string) {
	t.Helper()
	bare := s.Bare(repo)
	if err := os.MkdirAll(bare, 0o755); err != nil {
		t.Fatal(err)
	}
	Git(t, bare, "init", "--quiet", "--bare", "--initial-branch=main")
	Git(t, bare, "config", "http.receivepack", "true")
	s.Commit(t, repo, "main", "begin", files)
}

// Commit puts files on a branch of a repo, as a person would.
func (s *Server) Commit(t testing.TB, repo, branch, message string, files map[string]string) {
	t.Helper()
	work := t.TempDir()
	Git(t, work, "clone", "--quiet", s.Bare(repo), "tree")
	tree := filepath.Join(work, "tree")
	if from := existing(tree, "origin/"+branch, "HEAD"); from != "" {
		Git(t, tree, "checkout", "--quiet", "-B", branch, "--no-track", from)
	}
	for name, text := range files {
		path := filepath.Join(tree, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	Git(t, tree, "add", "--all")
	Git(t, tree, "commit", "--quiet", "--allow-empty", "--message", message)
	Git(t, tree, "push", "--quiet", "origin", branch)
}

// existing is the first of the revisions that there is; "" in an empty repo.
func existing(tree string, revisions ...string) string {
	for _, revision := range revisions {
		c := exec.Command("git", "rev-parse", "--quiet", "--verify", revision)
		c.Dir = tree
		if c.Run() == nil {
			return revision
		}
	}
	return ""
}

// Clone clones a repo of the server into a directory, with the server as its remote.
func (s *Server) Clone(t testing.TB, repo, dir string) {
	t.Helper()
	Git(t, filepath.Dir(dir), "clone", "--quiet", s.Bare(repo), dir)
	Git(t, dir, "remote", "set-url", "origin", s.URL+"/"+repo+".git")
}
