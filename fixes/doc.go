// Package fixes finds insecure patterns in CircleCI configs and plans the edits that take them away. Each rule is a
// value in one table; an Engine runs rules over a file, proves what their fixes do, and never writes.
package fixes

import "embed"

//go:embed doc/*.md
var docs embed.FS

// Doc is the page about a rule in Markdown. It is false when there is none.
func Doc(id string) (string, bool) {
	page, err := docs.ReadFile("doc/" + id + ".md")
	return string(page), err == nil
}
