package rewrite

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

func TestPlainFits(t *testing.T) {
	t.Parallel()
	plain := []string{"a", "a b", "a#b", "a:b", "-x", "?y", "https://h:1/x?y#z", "<< parameters.x >>", "<<x>>", "1.2.3", "8080:80", "v1", "0.0.0.0", "e3", "~x", "arn:aws:iam::1:role/x"}
	quoted := []string{
		"", " a", "a ", "a: b", "a:", "a #b", "# a", "- a", "-", "? a", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "'a", "\"a", "[a]", "{a}", "a\nb", "a\tb", "---", "--- a", "...",
		"true", "False", "yes", "No", "ON", "off", "y", "N", "null", "~", "Null", "=", "<<", "1", "-1", "0x1f", "0o17", "017", "1_000", "1.5", "3.10", "1e3", ".inf", ".NaN",
		"2001-01-01", "12:30:45", "22:30", "123456789012", "012345678901", "\u0085", "a\u2028b", "\ufeffa", "\x00",
	}
	for _, s := range plain {
		if !plainFits(s, false) {
			t.Errorf("%q needs quotes", s)
		}
	}
	for _, s := range quoted {
		if plainFits(s, false) {
			t.Errorf("%q needs no quotes", s)
		}
	}
	for _, s := range []string{"a,b", "a]", "{a", "${A}"} {
		if plainFits(s, true) {
			t.Errorf("%q needs no quotes in flow", s)
		}
	}
}

// Whatever the text, it is read again as it was written.
func TestQuotesProperty(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_./-]{1,6}`), rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("a1:# -?[]{},&*!|>'\"%@`~<=.\n\t\u0085\u2028\ufeff\uffff")), 0, 6, -1),
	).Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		written := []string{"k: " + quoteByNeed(s, false), "[" + quoteByNeed(s, true) + "]", "k: " + doubleQuote(s)}
		if singleFits(s) {
			written = append(written, "k: "+singleQuote(s))
		}
		for _, src := range written {
			var y yaml.Node
			if err := yaml.Unmarshal([]byte(src), &y); err != nil {
				t.Fatalf("%q: %v", src, err)
			}
			c := y.Content[0].Content
			if got := c[len(c)-1]; got.Value != s || got.Tag != "!!str" {
				t.Fatalf("%q is read as %s %q, want %q", src, got.Tag, got.Value, s)
			}
		}
	})
}
