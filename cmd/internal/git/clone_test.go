package git

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRemoteURL reads remotes as git writes them, and as people do.
func TestRemoteURL(t *testing.T) {
	t.Parallel()
	const url = "https://github.com/acme/app.git"
	tests := map[string]struct{ config, want string }{
		"as git writes it":       {"[core]\n\tbare = false\n[remote \"origin\"]\n\turl = " + url + "\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n", url},
		"where it is pushed to":  {"[remote \"origin\"]\n\turl = https://mirror.acme.example/acme/app\n\tpushurl = " + url + "\n", url},
		"a comment":              {"[remote \"origin\"] ; ours\n\turl = " + url + " # the one\n", url},
		"quotes":                 {"[remote \"origin\"]\n\turl = \"https://github.com/acme/app.git\" ; it\n", url},
		"quotes in the middle":   {"[remote \"origin\"]\n\turl = https://github.com/\"acme\"/app.git\n", url},
		"on one line":            {"[remote \"origin\"] url = " + url + "\n", url},
		"on two lines":           {"[remote \"origin\"]\n\turl = https://github.com/\\\nacme/app.git\n", url},
		"the case of keys":       {"[REMOTE \"origin\"]\n\tURL=" + url + "\n", url},
		"the case of names":      {"[remote \"Origin\"]\n\turl = " + url + "\n", ""},
		"escapes":                {"[remote \"origin\"]\n\turl = \"C:\\\\repos\\\\\\\"app\\\"\"\n", `C:\repos\"app"`},
		"space in quotes":        {"[remote \"origin\"]\n\turl = \"/srv/a # b \"  \n", "/srv/a # b "},
		"CRLF":                   {"[remote \"origin\"]\r\n\turl = " + url + "\r\n", url},
		"another remote":         {"[remote \"upstream\"]\n\turl = " + url + "\n", ""},
		"another section":        {"[remote \"origin\"]\n[branch \"main\"]\n\turl = " + url + "\n", ""},
		"a section that is none": {"[remote \"origin\"\n\turl = " + url + "\n", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config"), []byte(tt.config), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := (&Clone{Root: dir, dir: dir}).RemoteURL("origin")
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
