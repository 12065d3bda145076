package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// setting is a NAME=VALUE or NAME: VALUE in a text.
type setting struct {
	name       string
	start, end int // of the value
}

// maxSetting is the length of the longest value that is taken for a secret. What is longer is no value of a setting, and
// a text may have as many settings in one another as it has colons.
const maxSetting = 16 << 10

// settingsIn finds the settings in a text, such as a header, a line of a file, a query or JSON, and those in their values,
// as in --from-literal=password=...
func settingsIn(text string) []setting {
	var out []setting
	limit, run := len(text), 0 // what is searched: a value, or all; and where the last value ended
	for i := 0; i < len(text); {
		if i >= limit {
			limit = len(text)
		}
		s, next, ok := nextSetting(text[:limit], i, run)
		i, run = next, max(run, s.end)
		if !ok || strings.HasPrefix(text[s.start:s.end], "//") { // an address, which may have settings in its query
			continue
		}
		limit = s.end
		if s.end-s.start <= maxSetting {
			out = append(out, s)
		}
	}
	return out
}

// settingsOf are the settings in a word, and those in what it gives an option: --header='X-Api-Key: VALUE'.
func settingsOf(word string) []setting {
	out := settingsIn(word)
	option, value, ok := strings.Cut(word, "=")
	if !ok || !strings.HasPrefix(option, "--") {
		return out
	}
	for _, s := range settingsIn(value) {
		s.start += len(option) + 1
		s.end += len(option) + 1
		if !slices.ContainsFunc(out, func(o setting) bool { return o.start == s.start }) {
			out = append(out, s)
		}
	}
	return out
}

// nextSetting is the setting whose name begins at or behind an offset, before anything else that could be a name, and
// where to go on: at its value. A name may be quoted and has letters, digits, '_', '.' and '-'; at most three blanks may
// stand on each side of the ':' or '='; a value may be quoted and ends before a blank or a sign. One that begins before run,
// where the last value ended, ends there too.
func nextSetting(text string, i, run int) (s setting, next int, ok bool) {
	for i < len(text) && !isLetter(text[i]) && text[i] != '_' {
		i++
	}
	name := i
	for i < len(text) && (isNameByte(text[i]) || text[i] == '.') {
		i++
	}
	end := i
	i = skipBlanks(text, skipQuote(text, i))
	if end == name || i >= len(text) || text[i] != ':' && text[i] != '=' {
		return setting{}, end, false
	}
	value := skipQuote(text, skipBlanks(text, i+1))
	stop := max(value, run)
	for stop < len(text) && strings.IndexByte(settingEnds, text[stop]) < 0 {
		stop++
	}
	if stop == value {
		return setting{}, end, false
	}
	return setting{propertyName(text, name, end), value, stop}, value, true
}

// settingEnds are the characters that a value does not have.
const settingEnds = " \t\n\f\r\"'&;,{}()<>\\|"

// skipBlanks passes over at most three blanks, and skipQuote over one quote.
func skipBlanks(text string, i int) int {
	for n := 0; n < 3 && i < len(text) && (text[i] == ' ' || text[i] == '\t'); n++ {
		i++
	}
	return i
}

func skipQuote(text string, i int) int {
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		i++
	}
	return i
}

// propertyName is the name at a place of a text, without the D of a property of Java, -Dname=value, and the P of Gradle's.
func propertyName(text string, start, end int) string {
	name := text[start:end]
	if start == 0 || text[start-1] != '-' {
		return name
	}
	name = strings.TrimPrefix(name, "D")
	if rest, ok := strings.CutPrefix(name, "P"); ok && !strings.HasPrefix(rest, "ass") {
		name = rest
	}
	return name
}

// substitutionPattern finds where a script of sed or perl begins to replace a text, with the sign between the parts.
var substitutionPattern = pattern.New(`(?:^|[^A-Za-z_.\\-])s([/#@!~%:+])`)

// substitutions are those in a text, as sed and perl understand them: s/A/token=VALUE/g.
type substitutions struct {
	text  string
	signs []int // where the first sign of each stands
}

func substitutionsIn(text string) substitutions {
	out := substitutions{text: text}
	for _, m := range substitutionPattern.FindAllStringSubmatchIndex(text, -1) {
		out.signs = append(out.signs, m[2])
	}
	return out
}

// substitutes reports whether a call runs sed or perl, by itself or through another program.
func substitutes(c *shell.Call) bool {
	return slices.ContainsFunc(c.Words, func(w shell.Word) bool {
		return slices.ContainsFunc([]string{"sed", "gsed", "perl"}, func(name string) bool { return hasWord(w.Value, name) })
	})
}

// end is where a value ends that begins at start: before the sign that ends its part of a substitution, else where it
// would without. escaped says that the value has the sign in it, behind a backslash.
func (s substitutions) end(start, end int) (at int, escaped bool) {
	i, _ := slices.BinarySearch(s.signs, start)
	if i == 0 {
		return end, false
	}
	sign := s.text[s.signs[i-1]]
	if j := strings.IndexByte(s.text[start:end], sign); j >= 0 {
		return start + j, false
	}
	return end, strings.HasPrefix(s.text[end:], "\\"+string(sign))
}

// settings are those in the parts of the substitutions, each part by itself: s/token: .*/token: VALUE/.
func (s substitutions) settings() []setting {
	var out []setting
	for i, at := range s.signs {
		rest := s.text[at+1:]
		if i+1 < len(s.signs) {
			rest = s.text[at+1 : s.signs[i+1]]
		}
		from := at + 1
		for part := range strings.SplitSeq(rest, s.text[at:at+1]) {
			for _, p := range settingsIn(part) {
				out = append(out, setting{p.name, from + p.start, from + p.end})
			}
			from += len(part) + 1
		}
	}
	return out
}
