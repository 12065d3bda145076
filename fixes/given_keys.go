package fixes

import (
	"encoding/json"
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// givenKey is where a service account key, or another secret that a command is given, comes from.
type givenKey struct {
	name    string // the variable that holds it; "" when none is shown
	literal bool   // it stands in the file itself
	text    string // the literal key
	expr    bool   // known only when the pipeline is compiled
}

// String names the key for people.
func (k givenKey) String() string {
	switch {
	case k.literal:
		return "a literal service account key"
	case k.name != "":
		return "the service account key in " + k.name
	default:
		return "a service account key"
	}
}

// secret names the secret for people.
func (k givenKey) secret() string {
	switch {
	case k.literal:
		return "a literal secret"
	case k.name != "":
		return "the secret in " + k.name
	default:
		return "a secret"
	}
}

func (k givenKey) known() bool { return k.literal || k.name != "" || k.expr }

// secrets are what is not to be shown of a key: itself, and the lines of its private key, which JSON writes as one.
func (k givenKey) secrets() []string {
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

// keyOf is the key in a text: one variable, or the key itself.
func keyOf(words []shell.Word) givenKey {
	var vars []string
	for _, w := range words {
		if w.Expr {
			return givenKey{expr: true}
		}
		if isGCPKey(w.Value) {
			return givenKey{literal: true, text: w.Value}
		}
		for _, v := range w.Vars {
			if v != "HOME" && !slices.Contains(vars, v) {
				vars = append(vars, v)
			}
		}
	}
	if len(vars) != 1 {
		return givenKey{}
	}
	return givenKey{name: vars[0]}
}

// source is where the text comes from that a call puts out, alone or at the end of a pipeline.
func source(c *shell.Call) givenKey {
	for ; c != nil; c = c.Prev() {
		if key, ok := input(c); ok {
			return key
		}
		if !slices.Contains(decoders, c.Name()) {
			break
		}
	}
	return givenKey{}
}

// decoders are programs that a key passes on its way into a file.
var decoders = []string{"base64", "openssl", "cat", "tee", "tr", "jq", "gunzip", "xxd", "sed", "envsubst"}

// input is the key that a call itself brings in: as an argument of echo and its like, or as its input.
func input(c *shell.Call) (key givenKey, ok bool) {
	switch c.Name() {
	case "echo", "printf":
		return keyOf(c.Args()), true
	case "printenv":
		for _, w := range c.Args() {
			if w.Static && envName.MatchString(w.Value) {
				return givenKey{name: w.Value}, true
			}
		}
		return givenKey{}, true
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
	return givenKey{}, false
}
