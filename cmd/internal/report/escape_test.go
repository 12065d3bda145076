package report

import "testing"

func TestVisible(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain text", "job:déploy 日本 🚀", "job:déploy 日本 🚀"},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"line ends and tabs", "a\nb\r\tc", `a\nb\r\tc`},
		{"delete and NUL", "\x7f\x00", `\x7f\x00`},
		{"Latin-1 control", "a\u009b2J", `a\u009b2J`},
		{"marks of direction", "a\u202eb\u2066c", `a\u202eb\u2066c`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"not UTF-8", "caf\xe9", `caf\xe9`},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Visible(tt.in); got != tt.want {
				t.Errorf("Visible(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestVisibleLines(t *testing.T) {
	t.Parallel()
	const in = "-\ta\x1bb\r\n+c\rd\n e"
	const want = "-\ta\\x1bb\r\n+c\\rd\n e"
	if got := string(visibleLines([]byte(in))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const (
		id     = "AKIA" + "Q3EGRIWFFNX7JT2L"
		secret = "kWcrlUX5JEDGM/LtmEENI" + "/aVmYvHNif5zB+d9+ct"
	)
	tests := []struct{ name, in, want string }{
		{"id of a key", "-      AWS_ACCESS_KEY_ID: " + id, "-      AWS_ACCESS_KEY_ID: AKIA…"},
		{"id in quotes, in context", ` key: "` + id + `"`, ` key: "AKIA…"`},
		{"secret key", "-      AWS_SECRET_ACCESS_KEY: " + secret, "-      AWS_SECRET_ACCESS_KEY: kWcr…"},
		{"both on one line", "-run: aws " + id + " " + secret, "-run: aws AKIA… kWcr…"},
		{"session token", "-token: " + secret + secret + "==", "-token: kWcr…"},
		{"variable", "-run: export AWS_ACCESS_KEY_ID=$KEY", "-run: export AWS_ACCESS_KEY_ID=$KEY"},
		{"hash", " sha: 0123456789abcdef0123456789abcdef01234567", " sha: 0123456789abcdef0123456789abcdef01234567"},
		{"path", "-run: /usr/local/share/applications/data/files/x", "-run: /usr/local/share/applications/data/files/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(redact([]byte(tt.in))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
