package fixes

import (
	"encoding/base64"
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// adcVar is where Google's libraries look for the path of their credentials.
const adcVar = "GOOGLE_APPLICATION_CREDENTIALS"

// isADC reports whether a path is the one that adcVar holds.
func isADC(path string) bool { return path == "$"+adcVar || path == "${"+adcVar+"}" }

// gcpKeyVar is where CircleCI's orbs and most scripts look for a key.
const gcpKeyVar = "GCLOUD_SERVICE_KEY"

// isGCPKey reports whether a text is a service account key itself, as JSON or in base64.
func isGCPKey(text string) bool {
	text = strings.TrimSpace(text)
	isJSON := func(text string) bool {
		return strings.Contains(text, `"private_key"`) && strings.Contains(text, "service_account")
	}
	if isJSON(text) {
		return !strings.Contains(text, "$") && !strings.Contains(text, "<<")
	}
	if len(text) < 100 {
		return false
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	return err == nil && isJSON(string(decoded))
}

// keyWrite is a file that a script writes from a variable.
type keyWrite struct {
	file string // as keyFile makes it
	key  givenKey
	part shell.Span // the statement that writes it
	call *shell.Call
}

// keyWrites lists the files that a script writes from one variable or from a literal key, encoded or not.
func keyWrites(script *shell.Script) []keyWrite {
	var out []keyWrite
	for _, c := range script.Calls() {
		if c.Substitution || c.Pipe.Len > 0 && c.Pipe.Index != c.Pipe.Len-1 {
			continue
		}
		file, ok := target(c)
		if !ok {
			continue
		}
		if key := source(c); key.known() {
			out = append(out, keyWrite{keyFile(script, file), key, statementOf(c), c})
		}
	}
	return out
}

// filesIn are the files that parts of a script write: a key may pass through tee on its way to a login.
func filesIn(script *shell.Script, parts []shell.Span) []string {
	within := shell.NewSpans(parts...)
	var out []string
	for _, c := range script.Calls() {
		if !within.Contain(c.Span) {
			continue
		}
		if file, ok := target(c); ok {
			out = append(out, keyFile(script, file))
		}
	}
	return out
}

// target is the one file that a call writes to.
func target(c *shell.Call) (file shell.Word, ok bool) {
	if out := c.Stdout(); out.To == shell.ToFile && out.File.Value != "/dev/null" {
		return out.File, !out.Append && slices.ContainsFunc(c.Redirects, func(r shell.Redirect) bool { return r.Target.Span == out.File.Span })
	}
	if c.Name() == "tee" {
		for _, w := range c.Args() {
			if !strings.HasPrefix(w.Value, "-") {
				file, ok = w, !ok
			}
		}
	}
	return file, ok
}

// keyFile is the path in a word, so that paths which mean the same read the same: the home directory as $HOME, and
// variables that the script itself sets as what they are set to.
func keyFile(script *shell.Script, w shell.Word) string {
	if len(w.Vars) != 1 || !w.IsVar(w.Vars[0]) || w.Vars[0] == adcVar {
		return cleanPath(w.Value)
	}
	path := w.Value
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Value.Value != "" && a.Name == w.Vars[0] {
				path = a.Value.Value
			}
		}
	}
	return cleanPath(path)
}
