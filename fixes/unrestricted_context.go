package fixes

import (
	"fmt"
	"strings"
)

// unrestrictedContext tells of each context how to limit who may use it. See doc/unrestricted-context.md.
var unrestrictedContext = &Rule{
	ID:         "unrestricted-context",
	Title:      "context that may be open to everybody",
	Severity:   Low,
	Confidence: LowConfidence, // how a context is restricted is not in the file
	Safety:     Manual,
	Off:        true,
	Since:      "0.2.0",
	CWE:        []string{"CWE-732"},
	Run:        runUnrestrictedContext,
}

func runUnrestrictedContext(p *Pass) error {
	seen := map[string]bool{}
	for _, use := range allEntries(p.Config) {
		for _, c := range use.Contexts() {
			if !c.Known || seen[c.Name] {
				continue
			}
			seen[c.Name] = true
			advice := contextAdvice(c.Name, p.byContext()[c.Name])
			fix := &Fix{Title: "restrict the context", Safety: Manual, Reason: strings.Join(advice, "; ")}
			for _, text := range advice {
				fix.Requires = append(fix.Requires, Prerequisite{Before, "context", text, ""})
			}
			p.Report(Finding{
				Span: c.Node.Span(), Path: c.Node.Path(), Owner: p.Config.Owner(c.Node), Fix: fix,
				Message: fmt.Sprintf("how the context %s is restricted is not in the file: without a restriction every member of the organisation, and every project, can use it", c.Name),
			})
		}
	}
	return nil
}
