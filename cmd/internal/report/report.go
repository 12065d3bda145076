// Package report shows what a run found and changed. A report is written file by file, so that its memory does not
// grow with the number of files; only the prerequisites, each kept once, are held until the end.
package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// File is one handled file.
type File struct {
	Name   string            // for people: relative to the working directory when it is below it
	Repo   string            // the repo it is in: owner/name, or its directory; "" when it is not known
	Path   string            // inside of the repo, when that is known
	Link   string            // its URL, for terminals
	Patch  []byte            // the unified diff of the change; empty when none is to be shown
	Result *fixes.FileResult // never nil; of a file that could not be read it holds Status and Err only
}

// Writer takes the files of a run in their order, then what they add up to. Each method reports the first error of the
// streams it writes to.
type Writer interface {
	File(*File) error
	Close(*Summary) error
}

// Options say what a report shows and how. The zero value is the plain text report.
type Options struct {
	Format   string // one of Formats; text when empty
	Version  string // of cfgfix, for formats that name the program
	DryRun   bool   // nothing is written
	Quiet    bool   // in text: errors only
	Verbose  bool   // in text: suppressed findings, fix titles and related places too
	Redact   bool   // in text: what looks like an AWS key is masked in the patch
	Terminal bool   // out is a terminal: control characters of a patch are made visible
	OutColor bool
	ErrColor bool
	Width    int  // in text: the columns of the terminal that errw is; 0 when it is none, and nothing is wrapped
	Links    bool // in text: that terminal has hyperlinks
}

// Format is a way to write a report.
type Format struct {
	Name  string
	Doc   string // what it is for, in a few words
	Patch bool   // it shows File.Patch
	Repos bool   // it shows File.Repo
	Apart bool   // it shows the edits of each fix by itself, as fixes.Engine.Apart makes them
	write func(out, errw io.Writer, o Options) Writer
}

// Formats are all formats, text first.
func Formats() []Format {
	return []Format{
		{Name: "text", Doc: "for people: the patch on standard output, the rest on standard error", Patch: true, write: newText},
		{Name: "json", Doc: "one object with all findings and edits", Apart: true, write: newJSON},
		{Name: "jsonl", Doc: "the same, one file a line, as each is done", Apart: true, write: newJSONLines},
		{Name: "markdown", Doc: "the text of a pull request", write: newMarkdown},
		{Name: "html", Doc: "one page to read in a browser, for many repos", Patch: true, Repos: true, write: newHTML},
		{Name: "sarif", Doc: "SARIF 2.1.0 with fixes, for code scanning", Apart: true, write: newSARIF},
		{Name: "github", Doc: "annotations of a GitHub Actions workflow", write: newGitHub},
		{Name: "gitlab", Doc: "code quality report of GitLab", write: newGitLab},
		{Name: "rdjsonl", Doc: "reviewdog's diagnostics, with suggestions", Apart: true, write: newReviewdog},
		{Name: "junit", Doc: "test results: one suite a file", write: newJUnit},
	}
}

// FormatByName is the format of that name; the zero Format when there is none.
func FormatByName(name string) Format {
	for _, f := range Formats() {
		if f.Name == name {
			return f
		}
	}
	return Format{}
}

// New is a Writer of the format that o names. out takes what other programs read: the patch or the report. errw takes what
// people read: findings, errors and the summary. In all formats but text and html it takes the errors only.
func New(out, errw io.Writer, o Options) Writer {
	f := FormatByName(o.Format)
	if f.write == nil {
		return newText(out, errw, o)
	}
	return f.write(out, errw, o)
}

// Severity is how bad a finding is: its own severity, else its rule's.
func Severity(f *fixes.Finding) fixes.Severity {
	if f.Severity != fixes.None {
		return f.Severity
	}
	return f.Rule.Severity
}

func confidence(f *fixes.Finding) fixes.Confidence {
	if f.Confidence != 0 {
		return f.Confidence
	}
	return f.Rule.Confidence
}

// fault is an error about a file, with the place when it is known.
type fault struct {
	line, column int // 0 when not known
	what         string
}

func faultOf(err error) fault {
	var parse *rewrite.ParseError
	if errors.As(err, &parse) {
		return fault{parse.Line, parse.Column, parse.Message}
	}
	// The name of the file is shown in front; the operating system's errors would say it again.
	var path *fs.PathError
	if errors.As(err, &path) && path == err { //nolint:errorlint // not one that is wrapped in words of its own
		return fault{what: path.Op + ": " + path.Err.Error()}
	}
	return fault{what: err.Error()}
}

// Fault is an error about the file of that name as one line that editors can jump to.
func Fault(name string, err error) string { return faultOf(err).in(name) }

// in is the fault as one line that editors can jump to.
func (f fault) in(name string) string {
	if f.line == 0 {
		return fmt.Sprintf("%s: %s", Visible(name), Visible(f.what))
	}
	return fmt.Sprintf("%s:%d:%d: %s", Visible(name), f.line, f.column, Visible(f.what))
}
