package fixes

import "testing"

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, file string
		want       bool
	}{
		{"key.json", "key.json", true},
		{"-var=credentials=./key.json", "key.json", true},
		{"~/key.json", "$HOME/key.json", true},
		{"/tmp/key.json:/key.json:ro", "/tmp/key.json", true},
		{"api-key.json", "key.json", false},
		{"key.json.enc", "key.json", false},
		{"key.json", "", false},
		{"/root/key.json", "$HOME/key.json", true},
		{"--key=/home/circleci/key.json", "$HOME/key.json", true},
		{"src=${HOME}/key.json:/key.json", "$HOME/key.json", true},
		{"/srv/root/key.json", "$HOME/key.json", false},
		{"/root/keys/key.json", "$HOME/key.json", false},
	}
	for _, tt := range tests {
		if got := names(tt.text, tt.file); got != tt.want {
			t.Errorf("%q in %q: want %v, got %v", tt.file, tt.text, tt.want, got)
		}
	}
}

func TestMayName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word, file string
		want       bool
	}{
		{"key.json", "$HOME/app/key.json", true},
		{"--key=./key.json", "/tmp/key.json", true},
		{"../app/key.json", "$HOME/app/key.json", true},
		{"other/key.json", "$HOME/app/key.json", false},
		{"/etc/key.json", "$HOME/app/key.json", false},
		{"api-key.json", "/tmp/key.json", false},
		{"", "/tmp/key.json", false},
	}
	for _, tt := range tests {
		if got := mayName(tt.word, tt.file); got != tt.want {
			t.Errorf("%q for %q: want %v, got %v", tt.word, tt.file, tt.want, got)
		}
	}
}

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"~/key.json":                           "$HOME/key.json",
		"/root/key.json":                       "$HOME/key.json",
		"/home/circleci/key.json":              "$HOME/key.json",
		"$(pwd)/key.json":                      "key.json",
		"`pwd`/key.json":                       "key.json",
		"${PWD}/key.json":                      "key.json",
		"~/project/key.json":                   "key.json",
		"${CIRCLE_WORKING_DIRECTORY}/key.json": "key.json",
		"./key.json":                           "key.json",
		"/tmp/key.json":                        "/tmp/key.json",
		"$HOMEPATH/key.json":                   "$HOMEPATH/key.json",
	} {
		if got := cleanPath(path); got != want {
			t.Errorf("%s: want %s, got %s", path, want, got)
		}
	}
}
