package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"cfgfix/fixes"
)

// markdownWriter writes the text of a pull request. The summary comes first, so the parts are kept until the end; they
// hold no file's text.
type markdownWriter struct {
	Options
	out, errw    io.Writer
	made, left   bytes.Buffer
	failed       bytes.Buffer
	suppressions int
}

func newMarkdown(out, errw io.Writer, o Options) Writer {
	return &markdownWriter{Options: o, out: out, errw: errw}
}

func (w *markdownWriter) File(f *File) error {
	if err := f.Result.Err; err != nil {
		fmt.Fprintf(&w.failed, "- %s: %s\n", MarkdownCode(f.Name), MarkdownText(faultOf(err).what))
	}
	made, left := 0, 0
	for i := range f.Result.Results {
		switch r := &f.Result.Results[i]; r.Status {
		case fixes.Applied, fixes.Pending:
			heading(&w.made, f.Name, &made)
			w.change(f, r)
		case fixes.Suppressed:
			w.suppressions++
		default:
			heading(&w.left, f.Name, &left)
			w.rest(f, r)
		}
	}
	return tellFault(w.errw, f)
}

// heading names the file above the first of its items.
func heading(b *bytes.Buffer, name string, items *int) {
	if *items++; *items == 1 {
		fmt.Fprintf(b, "\n**%s**\n\n", MarkdownCode(name))
	}
}

// item is a finding as the first line of a list's entry.
func item(b *bytes.Buffer, f *File, r *fixes.Result) {
	fmt.Fprintf(b, "- line %d, %s (%s): %s\n", f.Result.Position(r.Span.Start).Line, MarkdownCode(r.Rule.ID),
		Severity(&r.Finding), MarkdownText(r.Message))
}

// change is a finding that is fixed, with the change and its reasons.
func (w *markdownWriter) change(f *File, r *fixes.Result) {
	item(&w.made, f, r)
	fmt.Fprintf(&w.made, "  - change (%s): %s\n", r.Fix.Safety, MarkdownText(r.Fix.Title))
	if r.Fix.Reason != "" {
		fmt.Fprintf(&w.made, "  - %s\n", MarkdownText(r.Fix.Reason))
	}
	if len(r.Fix.Facts) > 0 {
		facts := make([]string, len(r.Fix.Facts))
		for i, fact := range r.Fix.Facts {
			facts[i] = MarkdownCode(fact)
		}
		fmt.Fprintf(&w.made, "  - by %s\n", strings.Join(facts, ", "))
	}
}

// rest is a finding that is left, with what is in the way.
func (w *markdownWriter) rest(f *File, r *fixes.Result) {
	item(&w.left, f, r)
	if r.Status == fixes.NeedsFacts && r.Fix != nil && len(r.Fix.Needs) > 0 {
		for _, n := range r.Fix.Needs {
			fmt.Fprintf(&w.left, "  - missing %s: %s\n", MarkdownCode(n.Key), MarkdownText(n.Hint))
		}
		return
	}
	if why := nextStep(r); why != "" {
		fmt.Fprintf(&w.left, "  - %s\n", MarkdownText(why))
	}
}

func (w *markdownWriter) Close(s *Summary) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## CircleCI configs checked by cfgfix\n\n%s.\n", MarkdownText(summaryLine(s)))
	part := func(title, text string) {
		if text = strings.Trim(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", title, text)
		}
	}
	changes := "What changes"
	if s.DryRun {
		changes = "What would change"
	}
	part(changes, w.made.String())
	part("Before you merge", checklist(s.before.sorted()))
	part("After you merge", checklist(s.after.sorted()))
	part("What is left", w.left.String())
	part("What could not be handled", w.failed.String())
	_, err := w.out.Write(b.Bytes())
	return err
}

// checklist is a list of tasks to tick off.
func checklist(list []prerequisite) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "- [ ] %s", MarkdownText(p.text))
		if len(p.where) > 0 {
			fmt.Fprintf(&b, " (%s)", MarkdownText(strings.Join(p.where, ", ")))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// MarkdownText is text that Markdown shows as it is, on one line. What stands between backquotes is code, as in messages, and so
// is each word with a sign that Markdown or a code host may take for its own: in code nobody is mentioned, and no issue.
func MarkdownText(text string) string {
	parts := strings.Split(Visible(text), "`")
	for i, part := range parts {
		if i%2 == 1 && i < len(parts)-1 {
			parts[i] = MarkdownCode(part)
			if part == "" {
				parts[i] = "\\`\\`" // code cannot be empty
			}
			continue
		}
		words := strings.Split(part, " ")
		for j, word := range words {
			words[j] = plainWord(word)
		}
		parts[i] = strings.Join(words, " ")
	}
	if len(parts)%2 == 0 { // the last backquote has no partner
		parts[len(parts)-1] = "\\`" + parts[len(parts)-1]
	}
	return strings.Join(parts, "")
}

func plainWord(word string) string {
	text := strings.TrimLeft(word, "(\"'")
	head := word[:len(word)-len(text)]
	core := strings.TrimRight(text, ".,:;?!)\"'")
	if strings.IndexFunc(core, isSign) < 0 {
		return word
	}
	if core == ">" {
		return head + `\>` + text[1:] // as in the way to a page
	}
	return head + MarkdownCode(core) + text[len(core):]
}

func isSign(r rune) bool {
	return r < 0x7f && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("'-%,", r))
}

// MarkdownCode is text as Markdown's code, fenced by more backquotes than it holds in a row.
func MarkdownCode(text string) string {
	text = Visible(text)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if text == "" || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return fence + text + fence
}
