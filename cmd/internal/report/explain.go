package report

import (
	"bytes"
	"fmt"
	"io"

	"cfgfix/fixes"
)

// Explain tells for each job of a file, and each other owner of a finding, what was seen of it and what became of its
// findings.
func Explain(w io.Writer, f *File) error {
	var owners []string
	lines := map[string][]string{}
	add := func(owner, line string) {
		if len(lines[owner]) == 0 {
			owners = append(owners, owner)
		}
		lines[owner] = append(lines[owner], line)
	}
	for _, n := range f.Result.Notes {
		add(n.Owner, n.Text)
	}
	found := map[string]bool{}
	for i := range f.Result.Results {
		r := &f.Result.Results[i]
		add(r.Owner, outcome(f, r))
		found[r.Owner] = true
	}
	var b bytes.Buffer
	for _, owner := range owners {
		fmt.Fprintf(&b, "%s: %s\n", Visible(f.Name), Visible(owner))
		for _, line := range lines[owner] {
			fmt.Fprintf(&b, "    %s\n", Visible(line))
		}
		if !found[owner] {
			b.WriteString("    nothing to fix\n")
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// outcome is what became of a finding, and why.
func outcome(f *File, r *fixes.Result) string {
	text := fmt.Sprintf("%s, line %d: [%s] %s", r.Rule.ID, f.Result.Position(r.Span.Start).Line, r.Status, r.Message)
	why := reason(r)
	switch {
	case r.Status == fixes.NeedsFacts && r.Fix != nil && len(r.Fix.Needs) > 0:
		why = "it waits for " + r.Fix.Needs[0].Key
	case r.Fix != nil && done(r.Status) && r.Status != fixes.Suppressed:
		why = r.Fix.Title
		for _, fact := range r.Fix.Facts {
			why += ", by " + fact
		}
	}
	if why == "" {
		return text
	}
	return text + ": " + why
}
