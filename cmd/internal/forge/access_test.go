package forge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host  string
		given Given
		env   map[string]string
		kind  Kind
		api   string
		token string // GITHUB_TOKEN is gh, GH_TOKEN is gh2 and GITLAB_TOKEN is gl where env does not say otherwise
		fails string
	}{
		"GitHub":                      {host: "github.com", kind: GitHub, api: "https://api.github.com/", token: "gh"},
		"GitHub's ssh behind https":   {host: "ssh.github.com", kind: GitHub, api: "https://api.github.com/", token: "gh"},
		"GitLab":                      {host: "gitlab.com", kind: GitLab, api: "https://gitlab.com/api/v4", token: "gl"},
		"the second name":             {host: "github.com", env: map[string]string{"GITHUB_TOKEN": ""}, kind: GitHub, api: "https://api.github.com/", token: "gh2"},
		"space around the token":      {host: "github.com", env: map[string]string{"GITHUB_TOKEN": " x\n"}, kind: GitHub, api: "https://api.github.com/", token: "x"},
		"a host of the environment":   {host: "git.acme.example", env: map[string]string{"GH_HOST": "git.acme.example"}, kind: GitHub, api: "https://git.acme.example/api/v3/", token: "gh"},
		"data residency":              {host: "acme.ghe.com", env: map[string]string{"GH_HOST": "acme.ghe.com"}, kind: GitHub, api: "https://api.acme.ghe.com/", token: "gh"},
		"GitLab of the environment":   {host: "git.acme.example", env: map[string]string{"GITLAB_HOST": "https://git.acme.example"}, kind: GitLab, api: "https://git.acme.example/api/v4", token: "gl"},
		"a job of GitLab":             {host: "git.acme.example", env: map[string]string{"CI_SERVER_URL": "https://git.acme.example:8443", "CI_API_V4_URL": "https://git.acme.example:8443/api/v4"}, kind: GitLab, api: "https://git.acme.example:8443/api/v4", token: "gl"},
		"an API":                      {host: "git.acme.example", given: Given{API: "https://git.acme.example/api/v3"}, kind: GitHub, api: "https://git.acme.example/api/v3", token: "gh"},
		"an API of GitLab":            {host: "git.acme.example", given: Given{API: "https://git.acme.example/api/v4/"}, kind: GitLab, api: "https://git.acme.example/api/v4/", token: "gl"},
		"an API on a host of its own": {host: "acme.ghe.com", given: Given{API: "https://api.acme.ghe.com"}, kind: GitHub, api: "https://api.acme.ghe.com", token: "gh"},
		"a server nobody named":       {host: "evil.example", fails: "not a server that cfgfix knows"},
		"Bitbucket":                   {host: "bitbucket.org", fails: "no GitHub and no GitLab"},
		"one that looks like GitHub":  {host: "github.com.evil.example", fails: "not a server that cfgfix knows"},
		"an API elsewhere":            {host: "evil.example", given: Given{API: "https://git.acme.example/api/v3"}, fails: "not a server that cfgfix knows"},
		"an API in the clear":         {host: "git.acme.example", given: Given{API: "http://git.acme.example/api/v3"}, fails: "use https"},
		"an API with a password":      {host: "git.acme.example", given: Given{API: "https://a:b@git.acme.example/api/v3"}, fails: "holds a password"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"GITHUB_TOKEN": "gh", "GH_TOKEN": "gh2", "GITLAB_TOKEN": "gl"}
			for k, v := range tt.env {
				env[k] = v
			}
			a, err := Locate(tt.host, tt.given, func(name string) string { return env[name] })
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.Kind != tt.kind || a.API != tt.api || a.Token != tt.token {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestEnterprise looks at where the calls of each kind of server go, and what they bear.
func TestEnterprise(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{GitHub: "/api/v3/repos/acme/app/pulls", GitLab: "/api/v4/projects/acme%2Fapp/merge_requests"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			var path, auth string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path, auth = r.URL.EscapedPath(), r.Header.Get("Authorization")
				_, _ = w.Write([]byte("[]"))
			}))
			defer s.Close()
			api := s.URL + map[Kind]string{GitHub: "/api/v3", GitLab: "/api/v4"}[kind]
			f, err := Connect(&Access{Kind: kind, API: api, Token: "secret"}, Patience{Tries: 1, Clock: SystemClock()})
			if err != nil {
				t.Fatal(err)
			}
			if r, err := f.Find(t.Context(), "acme/app", "b", "main"); r != nil || err != nil {
				t.Errorf("%v, %v", r, err)
			}
			if path != want || auth != "Bearer secret" {
				t.Errorf("%s with %s", path, auth)
			}
		})
	}
}

// TestPatience counts how often a request is sent.
func TestPatience(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	tests := map[string]struct {
		status  int
		header  map[string]string
		body    string
		calls   int
		slept   time.Duration // at least
		limited bool
	}{
		"an answer":                        {status: 200, calls: 1},
		"not found":                        {status: 404, calls: 1},
		"forbidden":                        {status: 403, body: "no", calls: 1},
		"a fault of the server":            {status: 500, calls: 4, slept: 7 * time.Second},
		"a limit that ends soon":           {status: 429, header: map[string]string{"Retry-After": "5"}, calls: 4, slept: 15 * time.Second, limited: true},
		"a limit that ends late":           {status: 429, header: map[string]string{"Retry-After": "500"}, calls: 1, limited: true},
		"GitHub's limit":                   {status: 403, header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800003600"}, calls: 1, limited: true},
		"GitLab's limit":                   {status: 429, header: map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "1800003600"}, calls: 1, limited: true},
		"a limit that has ended":           {status: 403, header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1799999000"}, calls: 4, slept: 3 * time.Second, limited: true},
		"forbidden, with calls left":       {status: 403, header: map[string]string{"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "1800003600"}, calls: 1},
		"a limit that only the text tells": {status: 403, body: `{"message": "You have exceeded a secondary rate limit."}`, calls: 1, limited: true},
		"a limit that does not say when":   {status: 429, calls: 1, limited: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				for k, v := range tt.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer s.Close()
			var slept time.Duration
			clock := Clock{func() time.Time { return now }, func(_ context.Context, d time.Duration) error {
				slept += d
				return nil
			}}
			c := http.Client{Transport: &retrier{Patience{4, 30 * time.Second, clock, func(string, ...any) {}}, s.Client().Transport}}
			resp, err := c.Post(s.URL, "text/plain", strings.NewReader("x"))
			if limit := (*LimitError)(nil); errors.As(err, &limit) != tt.limited {
				t.Errorf("error %v", err)
			}
			if err == nil {
				if text, err := io.ReadAll(resp.Body); err != nil || string(text) != tt.body {
					t.Errorf("the answer is %q, %v", text, err)
				}
				resp.Body.Close()
			}
			if calls != tt.calls || slept < tt.slept || tt.slept == 0 && slept > 0 {
				t.Errorf("%d calls and %s between them, want %d and %s", calls, slept, tt.calls, tt.slept)
			}
		})
	}
}
