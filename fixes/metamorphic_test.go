package fixes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/rewrite"
)

// TestMetamorphic writes configs anew in ways that mean the same: the same is found, the same becomes of it, and the
// result means the same.
func TestMetamorphic(t *testing.T) {
	t.Parallel()
	samples := someSamples(t, 12)
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			judged := 0
			for _, s := range samples {
				if l.judge(t, s) {
					judged++
				}
			}
			t.Logf("%d of %d samples", judged, len(samples))
			if judged < 10 {
				t.Errorf("only %d of %d samples can be written so", judged, len(samples))
			}
		})
	}
}

// judge is false for a sample that cannot be written so.
func (l layout) judge(t *testing.T, s *sample) bool {
	f, err := rewrite.Parse(s.src)
	if err != nil || slices.Contains(l.not, s.name) {
		return false
	}
	text := l.write(s, f)
	before, errBefore := valueOf(s.src, byYAMLv3)
	after, errAfter := valueOf(text, byYAMLv3)
	if text == nil || errBefore != nil || errAfter != nil || l.meaning(after) != l.meaning(before) {
		return false
	}
	want, got := s.run(s.src), s.run(text)
	if diff := cmp.Diff(l.said(want), l.said(got)); diff != "" {
		t.Errorf("%s: findings (-as it was +written anew):\n%s\n%s", s.name, diff, text)
		return true
	}
	before, errBefore = valueOf(want.Output, byYAMLv3)
	after, errAfter = valueOf(got.Output, byYAMLv3)
	if errBefore != nil || errAfter != nil || l.meaning(before) != l.meaning(after) {
		t.Errorf("%s: the results mean different things (%v, %v):\n%s\nwritten anew:\n%s", s.name, errBefore, errAfter, patchOf(want), patchOf(got))
	}
	return true
}

func patchOf(r *FileResult) string {
	patch, _ := rewrite.Unified("config.yml", r.Source, r.Edits) // of edits that make the output
	return string(patch)
}

// meaning is that of the documents, without what the layout has brought.
func (l layout) meaning(docs []any) string {
	var out strings.Builder
	for _, doc := range docs {
		if m, ok := doc.(map[string]any); ok {
			for name := range m {
				if strings.HasPrefix(name, movedName) {
					delete(m, name)
				}
			}
		}
		out.WriteString(meaning(doc) + "\n")
	}
	return l.undone(out.String())
}

func (l layout) undone(s string) string {
	if l.back == nil {
		return s
	}
	return l.back(s)
}

// linesIn are parts of messages that say where something stands.
var linesIn = regexp.MustCompile(`\b(lines?|column) \d+`)

// said is what a run says, apart from places, in any order.
func (l layout) said(r *FileResult) []string {
	out := []string{fmt.Sprint(r.Status, r.Err != nil)}
	for _, x := range r.Results {
		line := fmt.Sprintf("%s %s %s: %s [%s] %s", x.Rule.ID, x.Severity, x.Owner, x.Message, x.Status, x.Why)
		out = append(out, linesIn.ReplaceAllString(l.undone(line), "$1 N"))
	}
	slices.Sort(out)
	return out
}
