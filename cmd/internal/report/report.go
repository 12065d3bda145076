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
	Format   string // text (also when empty), json or jsonl
	Quiet    bool   // in text: errors only
	Verbose  bool   // in text: suppressed findings, fix titles and related places too
	Redact   bool   // in text: what looks like an AWS key is masked in the patch
	Terminal bool   // out is a terminal: control characters of a patch are made visible
	OutColor bool
	ErrColor bool
}

// Formats are the names that Options.Format knows.
func Formats() []string { return []string{"text", "json", "jsonl"} }

// New is a Writer of the format that o names. out takes what other programs read: the patch or the JSON. errw takes what
// people read: findings, errors and the summary. In the JSON formats it takes the errors only.
func New(out, errw io.Writer, o Options) Writer {
	switch o.Format {
	case "json":
		return &jsonWriter{out: out, errw: errw}
	case "jsonl":
		return &jsonWriter{out: out, errw: errw, lines: true}
	default:
		return &textWriter{Options: o, out: out, errw: errw, palette: palette{on: o.ErrColor}}
	}
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
