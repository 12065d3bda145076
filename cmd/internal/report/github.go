package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"cfgfix/fixes"
)

// githubWriter writes workflow commands: GitHub Actions shows them at the lines of a pull request.
type githubWriter struct {
	out, errw io.Writer
	dryRun    bool
}

func newGitHub(out, errw io.Writer, o Options) Writer { return &githubWriter{out, errw, o.DryRun} }

func (w *githubWriter) File(f *File) error {
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := f.Result.Err; err != nil {
		at := faultOf(err)
		properties := []string{"file=" + property(f.Name)}
		if at.line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d,col=%d", at.line, at.column))
		}
		annotate(&b, "error", properties, at.what)
	}
	for _, p := range problems(f, w.dryRun) {
		properties := []string{"file=" + property(f.Name), fmt.Sprintf("line=%d,endLine=%d", p.start.Line, p.lastLine())}
		if p.start.Line == p.end.Line && p.start.Column < p.end.Column { // GitHub knows columns on a single line only
			properties = append(properties, fmt.Sprintf("col=%d,endColumn=%d", p.start.Column, p.end.Column))
		}
		properties = append(properties, "title="+property(p.Rule.ID))
		annotate(&b, githubLevel(Severity(&p.Finding)), properties, p.text())
	}
	_, err := w.out.Write(b.Bytes())
	return err
}

func (w *githubWriter) Close(*Summary) error { return nil }

func annotate(b *bytes.Buffer, level string, properties []string, message string) {
	fmt.Fprintf(b, "::%s %s::%s\n", level, strings.Join(properties, ","), commandData.Replace(Visible(message)))
}

// The runner reads the data of a command up to the end of the line, and its properties up to commas and colons.
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func property(text string) string { return commandProperty.Replace(Visible(text)) }

// lastLine is the last line that the problem has a character on.
func (p problem) lastLine() int {
	if p.end.Column == 1 && p.end.Line > p.start.Line {
		return p.end.Line - 1
	}
	return p.end.Line
}

func githubLevel(s fixes.Severity) string {
	switch s {
	case fixes.Critical, fixes.High:
		return "error"
	case fixes.Medium:
		return "warning"
	default:
		return "notice"
	}
}
