package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"cfgfix/fixes"
)

// textWriter writes the patch for programs and everything else for people.
type textWriter struct {
	Options
	out, errw io.Writer
	palette   palette
}

func newText(out, errw io.Writer, o Options) Writer {
	return &textWriter{Options: o, out: out, errw: errw, palette: palette{on: o.ErrColor}}
}

func (t *textWriter) File(f *File) error {
	if !t.Quiet && len(f.Patch) > 0 {
		if _, err := t.out.Write(t.patch(f)); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := f.Result.Err; err != nil {
		fmt.Fprintln(&b, t.palette.paint(red, faultOf(err).in(f.Name)))
	}
	if !t.Quiet {
		for i := range f.Result.Results {
			t.finding(&b, f, &f.Result.Results[i])
		}
	}
	_, err := t.errw.Write(b.Bytes())
	return err
}

func (t *textWriter) patch(f *File) []byte {
	p := f.Patch
	if t.Redact {
		p = redact(p, f.Result.Secrets()...)
	}
	if t.Terminal {
		p = visibleLines(p)
	}
	return palette{on: t.OutColor}.patch(p)
}

func (t *textWriter) finding(b *bytes.Buffer, f *File, r *fixes.Result) {
	if r.Status == fixes.Suppressed && !t.Verbose {
		return
	}
	pos := f.Result.Position(r.Span.Start)
	phrases := []phrase{
		{fmt.Sprintf("%s:%d:%d", Visible(f.Name), pos.Line, pos.Column), t.place(f)},
		{r.Rule.ID, nil},
		{Severity(&r.Finding).String(), t.palette.severity(Severity(&r.Finding))},
		{Visible(r.Message), nil},
	}
	if r.Status != "" { // of a fix on offer it is not decided
		phrases = append(phrases, phrase{"[" + string(r.Status) + "]", t.palette.status(r.Status)})
	}
	paragraph(b, t.Width, 4, phrases...)
	for _, line := range t.details(f, r) {
		b.WriteString("    ")
		paragraph(b, max(t.Width-4, 0), 6, phrase{text: Visible(line)})
	}
}

// place is how the place of a finding looks: a link, where the terminal has them.
func (t *textWriter) place(f *File) func(string) string {
	return func(text string) string {
		text = t.palette.paint(bold, text)
		if t.Links && f.Link != "" {
			text = "\x1b]8;;" + f.Link + "\x1b\\" + text + "\x1b]8;;\x1b\\"
		}
		return text
	}
}

// details are the lines below a finding: why it is left and what would change that.
func (t *textWriter) details(f *File, r *fixes.Result) []string {
	var lines []string
	switch why := reason(r); {
	case r.Status == fixes.NeedsFacts && r.Fix != nil: // the reason is one of the facts
		for _, n := range r.Fix.Needs {
			lines = append(lines, fmt.Sprintf("missing %s: %s", n.Key, n.Hint))
		}
	case why != "":
		lines = append(lines, why)
	}
	if t.Verbose && r.Fix != nil {
		lines = append(lines, verboseDetails(f, r)...)
	}
	return lines
}

// reason is why a finding is left, in words; "" for one that is not, or when nobody said.
func reason(r *fixes.Result) string {
	if r.Why != "" {
		return r.Why
	}
	if r.Fix == nil {
		return r.NoFix
	}
	return ""
}

func verboseDetails(f *File, r *fixes.Result) []string {
	lines := []string{fmt.Sprintf("fix (%s): %s", r.Fix.Safety, r.Fix.Title)}
	if r.Fix.Reason != "" {
		lines = append(lines, r.Fix.Reason)
	}
	for _, rel := range r.Related {
		pos := f.Result.Position(rel.Span.Start)
		lines = append(lines, fmt.Sprintf("%s:%d:%d %s", f.Name, pos.Line, pos.Column, rel.Message))
	}
	return lines
}

func (t *textWriter) Close(s *Summary) error {
	if t.Quiet || s.Files == 0 {
		return nil
	}
	var b bytes.Buffer
	t.section(&b, "Before you merge", s.before.sorted(), "`cfgfix setup` prints Terraform or commands for what is to be made")
	t.section(&b, "After you merge", s.after.sorted(), "`cfgfix setup --after` prints commands for what is to be deleted")
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	paragraph(&b, t.Width, 4, phrase{summaryLine(s), t.palette.painter(bold)})
	_, err := t.errw.Write(b.Bytes())
	return err
}

// section is a list of what is to be done. hint says what prints it as commands, as far as that is possible, "" for nothing.
func (t *textWriter) section(b *bytes.Buffer, title string, list []prerequisite, hint string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", t.palette.paint(bold, title))
	for _, p := range list {
		text := Visible(p.text)
		if len(p.where) > 0 {
			text += " (" + Visible(strings.Join(p.where, ", ")) + ")"
		}
		b.WriteString("  - ")
		paragraph(b, max(t.Width-4, 0), 4, phrase{text: text})
	}
	if hint != "" && slices.ContainsFunc(list, func(p prerequisite) bool { return slices.Contains(madeBySetup, p.kind) }) {
		b.WriteString("  ")
		paragraph(b, max(t.Width-2, 0), 2, phrase{text: hint})
	}
}

// madeBySetup are the kinds of prerequisites that cfgfix setup makes or deletes.
var madeBySetup = []string{"role", "variable", "context", "runner", "key"}

// statusWords are the statuses as the summary names them, in its order: of one finding, and of several.
var statusWords = [...]struct {
	status    fixes.Status
	one, many string
}{
	{fixes.Applied, "fixed", "fixed"},
	{fixes.Pending, "would be fixed", "would be fixed"},
	{fixes.NeedsFacts, "needs facts", "need facts"},
	{fixes.HeldBack, "held back", "held back"},
	{fixes.NotChosen, "not chosen", "not chosen"},
	{fixes.Conflict, "in conflict", "in conflict"},
	{fixes.Refused, "refused", "refused"},
	{fixes.NoFix, "manual", "manual"},
	{fixes.Suppressed, "suppressed", "suppressed"},
}

// summaryLine is the run in one line, such as "3 files, 5 findings: 4 fixed, 1 needs facts".
func summaryLine(s *Summary) string {
	line := Count(s.Files, "file")
	if s.Failed > 0 {
		line += fmt.Sprintf(" (%d failed)", s.Failed)
	}
	line += ", " + Count(s.Findings, "finding")
	var parts []string
	for _, w := range statusWords {
		switch n := s.Statuses[w.status]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+w.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, w.many))
		}
	}
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	return line
}

// Count is a number of things in words, as in 1 file and no findings.
func Count(n int, noun string) string {
	number := strconv.Itoa(n)
	if n == 0 {
		number = "no"
	}
	if n != 1 {
		noun += "s"
	}
	return number + " " + noun
}
