package fixes

import (
	"bytes"
	"strings"
)

// Mask hides secrets in a text such as a patch: the given ones, line by line, and whatever has the format of a
// provider's tokens. Of a longer secret the first four characters stay.
func Mask(text []byte, secrets []string) []byte {
	for _, s := range secrets {
		for line := range strings.Lines(s) {
			if line = strings.TrimSpace(line); len(line) >= minMasked {
				text = bytes.ReplaceAll(text, []byte(line), []byte(redacted(line)))
			}
		}
	}
	t := secretTables()
	found := t.tokens(string(text))
	if len(found) == 0 {
		return text
	}
	var out []byte
	at := 0
	for _, f := range found {
		out = append(out, text[at:f.start]...)
		out = append(out, redacted(string(text[f.start:f.end]))...)
		at = f.end
	}
	return append(out, text[at:]...)
}

// minMasked is the length from which a line of a secret is one by itself.
const minMasked = 4

// Secrets are the literal secrets that the findings in the file are about, as values and as they are written.
func (r *FileResult) Secrets() []string {
	var out []string
	for _, x := range r.Results {
		if len(x.Secrets) == 0 {
			continue
		}
		for _, s := range x.Secrets {
			out = appendNew(out, s)
		}
		if x.Rule.ID != "inline-secret" {
			continue // its span is that of more than the secret
		}
		out = appendNew(out, string(r.Source[x.Span.Start:x.Span.End]))
	}
	return out
}

// redacted is what a message may show of a secret.
func redacted(secret string) string {
	if len(secret) <= 8 {
		return "…"
	}
	return secret[:4] + "…"
}
