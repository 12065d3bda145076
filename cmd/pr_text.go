package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// marker is a comment at the end of a pull request's body: digests of the title and the body as cfgfix wrote them. What
// does not fit was changed by people, and stays as they want it.
type marker struct{ title, body string }

var markerForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\s*<!-- cfgfix title=([0-9a-f]+) body=([0-9a-f]+) -->\s*$`)
})

func readMarker(body string) (marker, bool) {
	m := markerForm().FindStringSubmatch(body)
	if m == nil {
		return marker{}, false
	}
	return marker{m[1], m[2]}, true
}

func withoutMarker(body string) string {
	if at := markerForm().FindStringIndex(body); at != nil {
		return body[:at[0]]
	}
	return body
}

func withMarker(body string, m marker) string {
	return fmt.Sprintf("%s\n\n<!-- cfgfix title=%s body=%s -->\n", strings.TrimRight(body, "\n"), m.title, m.body)
}

// textDigest is the same for texts that differ in line ends or in space around them: servers change those.
func textDigest(text string) string {
	sum := sha256.Sum256([]byte(normalText(text)))
	return hex.EncodeToString(sum[:8])
}

func normalText(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// maxBody is below what GitHub takes, which is 65,536 characters.
const maxBody = 60_000

const bodyEnd = `
---
Made by ` + "`cfgfix pr`" + `, which brings this branch up to date when it runs again, unless somebody else pushes to it.
Close this pull request to be left alone.`

// finishBody adds to a report what every pull request says. A longer one is cut at a line.
func finishBody(title, text string) string {
	if len(text) > maxBody {
		cut := maxBody
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		if line := strings.LastIndexByte(text[:cut], '\n'); line > 0 {
			cut = line + 1
		}
		text = text[:cut] + "\nThe report goes on: `cfgfix --dry-run` shows all of it.\n"
	}
	text = strings.TrimRight(text, "\n") + "\n" + bodyEnd
	return withMarker(text, marker{textDigest(title), textDigest(text)})
}
