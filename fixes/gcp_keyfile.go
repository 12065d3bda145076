package fixes

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// adcVar is where Google's libraries look for the path of their credentials.
const adcVar = "GOOGLE_APPLICATION_CREDENTIALS"

// isADC reports whether a path is the one that adcVar holds.
func isADC(path string) bool { return path == "$"+adcVar || path == "${"+adcVar+"}" }

// gcpKey is where a service account key comes from.
type gcpKey struct {
	name    string // the variable that holds it; "" when none is shown
	literal bool   // it stands in the file itself
	text    string // the literal key
	expr    bool   // known only when the pipeline is compiled
}

// String names the key for people.
func (k gcpKey) String() string {
	switch {
	case k.literal:
		return "a literal service account key"
	case k.name != "":
		return "the service account key in " + k.name
	default:
		return "a service account key"
	}
}

func (k gcpKey) known() bool { return k.literal || k.name != "" || k.expr }

// secrets are what is not to be shown of a key: itself, and the lines of its private key, which JSON writes as one.
func (k gcpKey) secrets() []string {
	if !k.literal {
		return nil
	}
	out := []string{k.text}
	var fields struct {
		PrivateKey string `json:"private_key"`
	}
	if json.Unmarshal([]byte(k.text), &fields) == nil {
		for line := range strings.Lines(fields.PrivateKey) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") {
				out = append(out, line)
			}
		}
	}
	return out
}

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
	key  gcpKey
	part shell.Span // the statement that writes it
	call *shell.Call
}

// decoders are programs that a key passes on its way into a file.
var decoders = []string{"base64", "openssl", "cat", "tee", "tr", "jq", "gunzip", "xxd", "sed", "envsubst"}

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

// statementOf is the statement that a call is, or ends: its pipeline, when it stands in one.
func statementOf(c *shell.Call) shell.Span {
	if c.Pipe.Len > 0 {
		return c.Pipe.Span
	}
	return c.Stmt
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

// source is where the text comes from that a call puts out, alone or at the end of a pipeline.
func source(c *shell.Call) gcpKey {
	for ; c != nil; c = c.Prev() {
		if key, ok := input(c); ok {
			return key
		}
		if !slices.Contains(decoders, c.Name()) {
			break
		}
	}
	return gcpKey{}
}

// input is the key that a call itself brings in: as an argument of echo and its like, or as its input.
func input(c *shell.Call) (key gcpKey, ok bool) {
	switch c.Name() {
	case "echo", "printf":
		return keyOf(c.Args()), true
	case "printenv":
		for _, w := range c.Args() {
			if w.Static && envName.MatchString(w.Value) {
				return gcpKey{name: w.Value}, true
			}
		}
		return gcpKey{}, true
	}
	for _, r := range c.Redirects {
		switch {
		case r.HereDoc():
			return keyOf([]shell.Word{r.Body}), true
		case r.Op == "<<<":
			return keyOf([]shell.Word{r.Target}), true
		case r.Op == "<" && strings.Contains(r.Target.Text, "<("):
			return keyOf([]shell.Word{r.Target}), true
		}
	}
	return gcpKey{}, false
}

// keyOf is the key in a text: one variable, or the key itself.
func keyOf(words []shell.Word) gcpKey {
	var vars []string
	for _, w := range words {
		if w.Expr {
			return gcpKey{expr: true}
		}
		if isGCPKey(w.Value) {
			return gcpKey{literal: true, text: w.Value}
		}
		for _, v := range w.Vars {
			if v != "HOME" && !slices.Contains(vars, v) {
				vars = append(vars, v)
			}
		}
	}
	if len(vars) != 1 {
		return gcpKey{}
	}
	return gcpKey{name: vars[0]}
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
