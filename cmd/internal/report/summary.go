package report

import (
	"slices"

	"cfgfix/fixes"
)

// Summary is what the files of a run add up to. The zero value is a run without files.
type Summary struct {
	DryRun   bool
	Files    int
	Changed  int
	Failed   int
	Findings int
	Statuses map[fixes.Status]int // of the findings

	worst  fixes.Severity
	before prerequisites
	after  prerequisites
}

// Add counts a file.
func (s *Summary) Add(f *File) {
	s.Files++
	switch f.Result.Status {
	case fixes.Changed:
		s.Changed++
	case fixes.Failed:
		s.Failed++
	case fixes.Unchanged, fixes.Skipped:
	}
	for i := range f.Result.Results {
		s.addResult(&f.Result.Results[i])
	}
}

func (s *Summary) addResult(r *fixes.Result) {
	if s.Statuses == nil {
		s.Statuses = map[fixes.Status]int{}
	}
	s.Findings++
	s.Statuses[r.Status]++
	switch {
	case !done(r.Status):
		s.worst = max(s.worst, Severity(&r.Finding))
	case r.Fix != nil && r.Status != fixes.Suppressed:
		for _, p := range r.Fix.Requires {
			s.require(p)
		}
	}
}

// done reports whether nothing is left of a finding with that status.
func done(s fixes.Status) bool {
	return s == fixes.Applied || s == fixes.Pending || s == fixes.Suppressed
}

// Worst is the highest severity of a finding that is left unfixed; None when nothing is left.
func (s *Summary) Worst() fixes.Severity { return s.worst }

func (s *Summary) require(p fixes.Prerequisite) {
	if p.When == fixes.After {
		s.after.add(p)
		return
	}
	s.before.add(p)
}

// prerequisites keeps each text once, with all the places it was asked for.
type prerequisites struct {
	list  []prerequisite // in the order they were first met
	index map[string]int // by text
}

type prerequisite struct {
	kind  string
	text  string
	where []string
}

func (ps *prerequisites) add(p fixes.Prerequisite) {
	i, known := ps.index[p.Text]
	if !known {
		if ps.index == nil {
			ps.index = map[string]int{}
		}
		i = len(ps.list)
		ps.index[p.Text] = i
		ps.list = append(ps.list, prerequisite{kind: p.Kind, text: p.Text})
	}
	if q := &ps.list[i]; p.Where != "" && !slices.Contains(q.where, p.Where) {
		q.where = append(q.where, p.Where)
	}
}

// sorted is the list in the order of the work: what is to be tried out comes behind what is to be made.
func (ps *prerequisites) sorted() []prerequisite {
	late := func(p prerequisite) int {
		if p.kind == "check" {
			return 1
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(ps.list), func(a, b prerequisite) int { return late(a) - late(b) })
}
