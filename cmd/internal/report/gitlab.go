package report

import (
	"io"

	"cfgfix/fixes"
)

// gitlabWriter writes the array of GitLab's code quality report.
type gitlabWriter struct {
	out, errw io.Writer
	dryRun    bool
	issues    list
	begun     bool
}

func newGitLab(out, errw io.Writer, o Options) Writer {
	return &gitlabWriter{out: out, errw: errw, dryRun: o.DryRun, issues: list{out: out, encode: encode}}
}

func (w *gitlabWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	_, err := io.WriteString(w.out, "[")
	return err
}

func (w *gitlabWriter) File(f *File) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	for _, p := range problems(f, w.dryRun) {
		issue := gitlabIssue{
			Description: p.text(), Check: p.Rule.ID, Fingerprint: p.fingerprint, Severity: gitlabSeverity(Severity(&p.Finding)),
			Location: gitlabLocation{f.Name, gitlabLines{p.start.Line, p.lastLine()}},
		}
		if err := w.issues.add(issue); err != nil {
			return err
		}
	}
	return nil
}

func (w *gitlabWriter) Close(*Summary) error {
	if err := w.begin(); err != nil {
		return err
	}
	_, err := io.WriteString(w.out, "\n]\n")
	return err
}

func gitlabSeverity(s fixes.Severity) string {
	return [...]string{fixes.None: "info", fixes.Low: "minor", fixes.Medium: "major", fixes.High: "critical", fixes.Critical: "blocker"}[s]
}

type gitlabIssue struct {
	Description string         `json:"description"`
	Check       string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}
