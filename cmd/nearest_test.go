package cmd

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"text", "json", "jsonl", "aws-static-keys", "--dry-run"}
	tests := []struct{ name, word, want string }{
		{"letter left out", "jsn", "json"},
		{"letters swapped", "tetx", "text"},
		{"letter too many", "jsoon", "json"},
		{"beginning of a word", "aws-static", "aws-static-keys"},
		{"flag", "--dryrun", "--dry-run"},
		{"nothing near", "yaml", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest(tt.word, known); got != tt.want {
				t.Errorf("nearest(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}
