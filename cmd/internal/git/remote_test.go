package git

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRemote(t *testing.T) {
	t.Parallel()
	tests := map[string]*Remote{
		"https://github.com/acme/app.git":            {"https://github.com/acme/app.git", "https", "github.com", "acme/app"},
		"https://bot:secret@github.com/acme/app":     {"https://github.com/acme/app", "https", "github.com", "acme/app"},
		"http://127.0.0.1:8080/acme/app.git/":        {"http://127.0.0.1:8080/acme/app.git/", "http", "127.0.0.1:8080", "acme/app"},
		"git@github.com:acme/app.git":                {"git@github.com:acme/app.git", "ssh", "github.com", "acme/app"},
		"github.com:acme/app":                        {"github.com:acme/app", "ssh", "github.com", "acme/app"},
		"ssh://git@gitlab.com:22/acme/tools/a.git":   {"ssh://git@gitlab.com:22/acme/tools/a.git", "ssh", "gitlab.com", "acme/tools/a"},
		"ssh://git:secret@gitlab.com/acme/app.git":   {"ssh://git@gitlab.com/acme/app.git", "ssh", "gitlab.com", "acme/app"},
		"https://github.com/acme/app?token=secret#x": {"https://github.com/acme/app", "https", "github.com", "acme/app"},
		"/srv/git/app.git":                           nil,
		"../app":                                     nil,
		`C:\repos\app`:                               nil,
		"C:/repos/app":                               nil,
		`\\server\share\app`:                         nil,
		"file:///srv/git/app.git":                    nil,
		"ext::sh -c id":                              nil,
		"ext::ssh:a/b":                               nil,
		"git://github.com/acme/app":                  nil,
		"--upload-pack=id:a/b":                       nil,
		"ssh://-oProxyCommand=id/acme/app":           nil,
		"-oProxyCommand=id:acme/app":                 nil,
		"git@-oProxyCommand=id:acme/app":             nil,
		"https://github.com/acme/app\nx":             nil,
		"https://github.com/app":                     nil,
		"https://github.com/":                        nil,
		"":                                           nil,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := ParseRemote(text)
			if (err != nil) != (want == nil) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidBranch(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"main": true, "cfgfix/fixes": true, "a.b": true,
		"": false, "HEAD": false, "-x": false, "a b": false, "a..b": false, "a/": false, "/a": false, "a.lock": false,
		".a": false, "a/.b": false, "a~1": false, "a:b": false, "@": false, "a@{1}": false, "a\n": false, `a\b`: false,
	} {
		if got := ValidBranch(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
