package fixes

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var settingPattern = regexp.MustCompile(`([A-Za-z_][\w.-]*)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?([^\s"'&;,{}()<>\\|]+)`)

// settingsByPattern says what settingsIn finds, as an expression has it: slower, and by the square for settings in settings.
func settingsByPattern(text string, at int) []setting {
	var out []setting
	for _, m := range settingPattern.FindAllStringSubmatchIndex(text[at:], -1) {
		for i := range m {
			m[i] += at
		}
		if strings.HasPrefix(text[m[4]:m[5]], "//") {
			return append(out, settingsByPattern(text, m[4])...)
		}
		out = append(out, setting{propertyName(text, m[2], m[3]), m[4], m[5]})
		out = append(out, settingsByPattern(text[:m[5]], m[4])...)
	}
	return out
}

// TestSettingsIn holds the search for settings to the expression, on texts that are put together at random.
func TestSettingsIn(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"token", "a", "D", "P", "Pass", "-D", "-", "_", ".", "1", "=", ":", "//", "https://", " ", "   ", "\t", "\"", "'", "&", ";", "{", "|", "\\", "é", "\n", "x=y",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		text := "token: "
		for range random.IntN(16) {
			text += pieces[random.IntN(len(pieces))]
		}
		if diff := cmp.Diff(settingsByPattern(text, 0), settingsIn(text), cmp.AllowUnexported(setting{})); diff != "" {
			t.Fatalf("settings in %q (-want +got):\n%s", text, diff)
		}
	}
}
