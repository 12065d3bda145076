package report

import (
	"bytes"
	"regexp"
	"testing"
)

func TestParagraph(t *testing.T) {
	t.Parallel()
	loud := func(s string) string { return "<" + s + ">" }
	tests := []struct {
		name    string
		width   int
		phrases []phrase
		want    string
	}{
		{"no width", 0, []phrase{{"one two three", nil}}, "one two three\n"},
		{"wide enough", 13, []phrase{{"one two three", nil}}, "one two three\n"},
		{"too narrow by one", 12, []phrase{{"one two three", nil}}, "one two\n  three\n"},
		{"colours count nothing", 13, []phrase{{"one two", loud}, {"three", nil}}, "<one two> three\n"},
		{"a phrase over two lines", 8, []phrase{{"one two three", loud}}, "<one two>\n  <three>\n"},
		{"a long word", 8, []phrase{{"a https://example.com/x b", nil}}, "a\n  https://example.com/x\n  b\n"},
		{"blanks in a row", 20, []phrase{{"a  b", nil}}, "a  b\n"},
		{"wide characters", 8, []phrase{{"日本 日本", nil}}, "日本\n  日本\n"},
		{"nothing", 10, []phrase{{"", nil}}, "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			paragraph(&b, tt.width, 2, tt.phrases...)
			if got := b.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestPatchColors holds that colours are all that is added to a patch.
func TestPatchColors(t *testing.T) {
	t.Parallel()
	for _, f := range goldenFiles(t, true) {
		colored := palette{on: true}.patch(f.Patch)
		if got := sequences.ReplaceAll(colored, nil); !bytes.Equal(got, f.Patch) {
			t.Errorf("%s: without its colours the patch is\n%s", f.Name, got)
		}
	}
}

var sequences = regexp.MustCompile(`\x1b\[[0-9;]*m`)
