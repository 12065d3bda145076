package fixes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// corpusSecrets are the secrets in the corpus of real configs, each looked at: by file, the lines.
var corpusSecrets = map[string][]int{
	// A deploy key that stands in a script; whoever collected the corpus has overwritten its bytes.
	"AztecProtocol__aztec-connect@6c273204__.circleci__config.yml": {45},
}

// TestCorpusSecrets runs the rule over every text of the corpus. Whatever it finds is in the list above, with the reason.
func TestCorpusSecrets(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../shared/corpus/configs/*")
	if err != nil || len(paths) == 0 || testing.Short() {
		t.Skip("no corpus of real configs beside the repository, or -short")
	}
	got := map[string][]int{}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := (&Engine{Rules: []*Rule{inlineSecret}}).Run(src, nil)
		for _, x := range r.Results {
			got[filepath.Base(path)] = append(got[filepath.Base(path)], r.Position(x.Span.Start).Line)
		}
	}
	if diff := cmp.Diff(corpusSecrets, got); diff != "" {
		t.Errorf("secrets of the corpus (-want +got):\n%s", diff)
	}
}

func TestSecretTable(t *testing.T) {
	t.Parallel()
	table := secretTables()
	providers := map[string]bool{}
	for _, f := range table.Tokens {
		providers[f.Provider] = true
		if table.Sources[f.Source] == "" {
			t.Errorf("%s: the source %q is not named", f, f.Source)
		}
		if len(f.Prefix) < 2 || len(f.parts) == 0 || len(f.Variables) == 0 {
			t.Errorf("%s: prefix %q, parts %q, variables %q", f, f.Prefix, f.Parts, f.Variables)
		}
		for i, p := range f.parts {
			if p.alphabet == nil && (strings.ContainsAny(p.text, "{}") || p.text == "") {
				t.Errorf("%s: part %q is neither a text nor a run of a known alphabet", f, f.Parts[i])
			}
		}
		if f.Checksum != "" && f.Checksum != "crc32-base62" {
			t.Errorf("%s: unknown checksum %q", f, f.Checksum)
		}
	}
	if len(providers) < 30 || !providers["CircleCI"] {
		t.Errorf("%d providers: %v", len(providers), providers)
	}
}

// madeUp is a token of a format, of letters that a seed decides.
func (f *tokenFormat) madeUp(r *rand.Rand) string {
	var b strings.Builder
	for _, p := range f.parts {
		if p.alphabet == nil {
			b.WriteString(p.text)
			continue
		}
		var letters []byte
		for c := range 128 {
			if p.alphabet[c] && (c != '=' && c != '.' && c != '-' || p.min == 36) { // what ends a token is no part of one
				letters = append(letters, byte(c))
			}
		}
		for range p.min {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
	}
	body := b.String()
	if f.Checksum != "" {
		body = body[:len(body)-checksumLen]
		body += checksum(body)
	}
	return f.Prefix + body
}

// TestTokensAreFound makes tokens of each format up and puts them into texts; one byte less, or one more in front, makes
// none of them.
func TestTokensAreFound(t *testing.T) {
	t.Parallel()
	table := secretTables()
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range table.Tokens {
		if f.Prefix == webToken {
			continue // see TestWebTokens
		}
		token := f.madeUp(r)
		for table.known(token) || !f.real(token) { // by chance a sample
			token = f.madeUp(r)
		}
		for _, text := range []string{token, "Bearer " + token, `"` + token + `"`, "x=" + token + "&y", "//h/:_authToken=" + token + "\n"} {
			found := table.tokens(text)
			if !slices.ContainsFunc(found, func(x foundToken) bool { return text[x.start:x.end] == token }) {
				t.Errorf("%s: nothing is found in %q", f, text)
			}
		}
		if f.match(token[:len(token)-1]) == len(token)-1 && f.parts[len(f.parts)-1].min == f.parts[len(f.parts)-1].max {
			t.Errorf("%s: %q without its last byte is still one", f, token)
		}
		for _, x := range table.tokens("x" + token) {
			if x.format == f && x.start == 1 {
				t.Errorf("%s: found in the middle of a word", f)
			}
		}
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	// An example that GitHub's users have long known as valid, and the same with another last byte.
	if body := "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"; !checksumHolds(body) || checksumHolds(body[:35]+"8") || checksumHolds("x") {
		t.Error("the checksum of GitHub's tokens is worked out wrongly")
	}
}

func TestWebTokens(t *testing.T) {
	t.Parallel()
	const head, tail = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", ".K3jd9sLqW8xZ7vN2mB5cR6tY1uI0oP4aS"
	for payload, want := range map[string]int{
		"eyJyb2xlIjoic2VydmljZV9yb2xlIiwiaXNzIjoic3VwYWJhc2UifQ": 1, // a service's role
		"eyJyb2xlIjoiYW5vbiIsImlzcyI6InN1cGFiYXNlIn0":            0, // for everybody
		"eyJub3QgYmFzZTY0":     1,
		"eyJ-_-_-_-_-_-_-_-_-": 1,
	} {
		if got := len(secretTables().tokens(head + payload + tail)); got != want {
			t.Errorf("%s: found %d, want %d", payload, got, want)
		}
	}
}

func TestReadName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"GITHUB_TOKEN": true, "npmToken": true, "npm-token": true, "API_KEY": true, "apiKey": true, "DB_PASS": true, "PGPASSWORD": true,
		"SIGNING_KEY": true, "AWS_SECRET": true, "SLACK_WEBHOOK": true, "AccountKey": true, "_authToken": true, "access-token": true,
		"KEY": false, "CACHE_KEY": false, "TOKEN_PATH": false, "PASSWORD_FILE": false, "SECRET_NAME": false, "KEY_ID": false, "VAULT_SECRET_ID": true, "AWS_SECRET_ID": false, "PUBLIC_KEY": false,
		"PWD": false, "MONKEY": false, "TOKENIZERS_PARALLELISM": false, "AUTHOR": false, "": false, "PASSENGER": false, "AUTH_URL": false,
		"STRIPE_PUBLISHABLE_KEY": false, "PASSWORD_SHA256": false, "TOKEN_TTL": false,
	} {
		if got := secretTables().readName(name).secret; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestStrongAndChosen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text           string
		strong, chosen bool
	}{
		{"6f1c0d9a77ba4c1b8b1f2a3c4d5e6f70", true, true},
		{"y_NbAkKc66ryYTWUXYEu", true, true},
		{"3f1b7c52-9e0d-4a86-b2c4-7d5e91a0f638", true, true},
		{"gbqvXQqwuW8Y9XW1tSnBc0np9B9Udk7Z3KhXXZUo", true, true},
		{"hunter2cat", false, true},
		{"Wint3rholm!", false, true},
		{"just-be-present", false, false},
		{"correct-horse-battery-staple", false, false},
		{"acme-registry-pull-secret-2024", false, false},
		{"MyVeryLongSettingName2024ForEverything", false, true},
		{"00000000-0000-4000-8000-000000000000", false, false},
		{"0123456789abcdef0123456789abcdef", false, false},
		{"aaaaaaaaaaaaaaaa1", false, false},
		{"arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf", false, false},
		{"/run/secrets/9f8e7d6c5b4a3f2e", false, false},
		{"registry.acme.com", false, false},
		{"2026-11-23T02:00:00", false, false},
		{"ci@acme.com", false, false},
		{"SLACK_ACCESS_TOKEN_V2", false, false},
		{"true", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		if got := secretTables().strong(tt.text); got != tt.strong {
			t.Errorf("strong(%q): %v, want %v", tt.text, got, tt.strong)
		}
		if got := secretTables().chosen(tt.text); got != tt.chosen {
			t.Errorf("chosen(%q): %v, want %v", tt.text, got, tt.chosen)
		}
	}
}

func TestShortRandom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"k7Q2mV9xT4bL8s": true, "x8Kp2mQ9vL4z": true, "Zr7dQ2pX9aLm": true, "a1B2": false, "k7Q2mV9xT4bL8sW3": false, // that one is long enough for random
		"Adm1nistrator!": false, "Passw0rd2024": false, "MyAppName2024": false, "iPhone13ProMax": false, "staging-eu-1a": false, "2024-11-23-a": false,
		"abc123def456": false, "TestUser12345": false, "node18alpine3": false, "v12.4.1rc2b3": false, "JenkinsBot4CI": false,
	} {
		if got := secretTables().shortRandom(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://bot:Kq7zW2mmP@git.acme.com/x.git":                                      "Kq7zW2mmP",
		"see https://acme.com then https://bot:Kq7zW2mmP@git.acme.com":                  "Kq7zW2mmP",
		"https://6f5da2cec255404e4fb440034d6608697a8d41be@github.com/a/b":               "6f5da2cec255404e4fb440034d6608697a8d41be",
		"https://6f5da2cec255404e4fb440034d6608697a8d41be:x-oauth-basic@github.com/a/b": "6f5da2cec255404e4fb440034d6608697a8d41be",
		"https://8f14e45fceea167a5a36dedd4bea2543@o12345.ingest.sentry.io/4504":         "",
		"https://8f14e45fceea167a5a36dedd4bea2543@errors.acme.com/42":                   "",
		"postgres://root:Kq7zW2mmP@localhost:5432/db":                                   "",
		"postgres://root:Kq7zW2mmP@db/app":                                              "",
		"https://user:password@git.acme.com":                                            "",
		"https://user:$TOKEN@git.acme.com":                                              "",
		"https://git@github.com/a/b":                                                    "",
		"https://user:Kq7zW2mmP@example.com":                                            "",
		"https://acme.com/a@b:c":                                                        "",
	} {
		l := secretTables().login(text)
		if got := text[l.start:l.end]; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	token := "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"
	text := fmt.Sprintf("-  A: %s\n-  B: hunter2\n-  C: |\n-    first line of it\n-    second line\n+  D: $X\n", token)
	want := "-  A: ghp_…\n-  B: …\n-  C: |\n-    firs…\n-    seco…\n+  D: $X\n"
	if diff := cmp.Diff(want, string(Mask([]byte(text), []string{"hunter2", "first line of it\nsecond line\n"}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
