package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"cfgfix/cmd/internal/report"
)

// unowned is the name of the report on files that nobody owns.
const unowned = "unowned"

// ownersDir writes one report for each owner of files with findings. The zero value writes none.
type ownersDir struct {
	dir     string
	options report.Options
	ending  string
	root    string // of the repo whose owners are known: files come repo by repo
	owners  codeOwners
	reports map[string]*ownerReport
	taken   map[string]bool
}

// ownerReport is the report for one owner.
type ownerReport struct {
	file *os.File
	report.Writer
	sum report.Summary
}

// openOwnersDir makes the directory of --owners-dir, which must be new or empty as that of --patch-dir.
func (r *fixRun) openOwnersDir() (*ownersDir, error) {
	if r.ownersDir == "" {
		return &ownersDir{}, nil
	}
	dir, err := r.newDirectory("--owners-dir", r.ownersDir)
	if err != nil {
		return nil, err
	}
	o := &ownersDir{dir: dir, reports: map[string]*ownerReport{}, taken: map[string]bool{}}
	o.options = report.Options{Format: r.format, Version: moduleVersion(), DryRun: r.dryRun, Redact: true}
	if r.format == "text" {
		o.options.Format = "markdown"
	}
	o.ending = map[string]string{"markdown": "md", "jsonl": "jsonl", "html": "html", "sarif": "sarif", "junit": "xml", "github": "txt"}[o.options.Format]
	if o.ending == "" {
		o.ending = "json"
	}
	return o, nil
}

// add reports a file to its owners.
func (o *ownersDir) add(src *source, f *report.File) error {
	if o.dir == "" || len(f.Result.Results) == 0 && f.Result.Err == nil {
		return nil
	}
	var owners []string
	if src.root != "" {
		if o.root != src.root {
			o.root, o.owners = src.root, readCodeOwners(src.root)
		}
		path, _ := below(src.root, src.path)
		owners = o.owners.of(filepath.ToSlash(path))
	}
	if len(owners) == 0 {
		owners = []string{unowned}
	}
	for _, name := range owners {
		rep, err := o.report(name)
		if err != nil {
			return err
		}
		rep.sum.Add(f)
		if err := rep.File(f); err != nil {
			return err
		}
	}
	return nil
}

func (o *ownersDir) report(owner string) (*ownerReport, error) {
	if rep, known := o.reports[owner]; known {
		return rep, nil
	}
	name := fileName(owner)
	for n := 2; o.taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d", fileName(owner), n)
	}
	o.taken[strings.ToLower(name)] = true // there are file systems that know no case
	file, err := os.Create(filepath.Join(o.dir, name+"."+o.ending))
	if err != nil {
		return nil, err
	}
	rep := &ownerReport{file: file, Writer: report.New(file, io.Discard, o.options)}
	rep.sum.DryRun = o.options.DryRun
	o.reports[owner] = rep
	return rep, nil
}

// fileName is an owner as the name of a file on any system: @acme/platform is acme-platform.
func fileName(owner string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.", r):
			return r
		default:
			return '-'
		}
	}, strings.TrimPrefix(owner, "@"))
	if name = strings.Trim(name, ".-"); name == "" {
		return "owner"
	}
	return name[:min(len(name), 100)]
}

// close ends all reports.
func (o *ownersDir) close() error {
	var failed error
	for _, rep := range o.reports {
		failed = errors.Join(failed, rep.Close(&rep.sum), rep.file.Close())
	}
	return failed
}
