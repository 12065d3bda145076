package report

import (
	"bytes"
	"fmt"
	"io"

	"cfgfix/fixes"
)

// Offer is a fix that somebody is asked about.
type Offer struct {
	File   *File         // with all that was found in it
	Result *fixes.Result // the finding
	Number int           // of the finding, from 1
	Count  int           // of findings that are asked about in the file, as far as it is known
	Diff   []byte        // what the fix would change; empty when it cannot be applied
	Redact bool
	Color  bool
}

// Write shows the offer: what was found, what would change and why, and what that takes.
func (o *Offer) Write(w io.Writer) error {
	t := &textWriter{Options: Options{Verbose: true, Redact: o.Redact, Terminal: true, OutColor: o.Color}, palette: palette{on: o.Color}}
	var b bytes.Buffer
	fmt.Fprintf(&b, "\n%s\n", t.palette.paint(cyan, fmt.Sprintf("%d of %d in %s", o.Number, o.Count, Visible(o.File.Name))))
	found := *o.Result
	if found.Status == fixes.NotChosen {
		found.Status = ""
	}
	t.finding(&b, o.File, &found)
	if len(o.Diff) > 0 {
		b.WriteByte('\n')
		b.Write(t.patch(&File{Patch: o.Diff, Result: o.File.Result}))
	}
	var needs Summary
	if o.Result.Fix != nil {
		for _, p := range o.Result.Fix.Requires {
			needs.require(p)
		}
	}
	t.section(&b, "Before you merge", needs.before.sorted(), "")
	t.section(&b, "After you merge", needs.after.sorted(), "")
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// Diff shows the patch of a file to people.
func Diff(w io.Writer, f *File, redacted, color bool) error {
	t := &textWriter{Options: Options{Redact: redacted, Terminal: true, OutColor: color}}
	_, err := w.Write(t.patch(f))
	return err
}
