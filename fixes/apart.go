package fixes

import (
	"cfgfix/rewrite"

	"cfgfix/fixes/internal/shell"
)

// setApart works out what each fix would change if it were the only one. All findings are of the file as it was read, so
// that this holds also for fixes that came in later rounds. Each takes a check of the whole file, so in a large one only
// the first get their edits: see triesOf.
func (e *Engine) setApart(r *FileResult, view *fileView, found []Finding, facts *Facts, scripts shell.Cache) {
	if only := onlyDone(r.Results); only != nil {
		only.Edits = r.Edits // proved already
	}
	run := &fixRun{engine: e, facts: facts, scripts: scripts, file: view}
	left := triesOf(len(r.Source))
	for i := range r.Results {
		x := &r.Results[i]
		if x.Edits != nil || !splices(x) || left == 0 {
			continue
		}
		left--
		if change, _, err := run.apply(found, []Finding{x.Finding}); err == nil {
			x.Edits = rewrite.Trim(r.Source, change.Edits)
		}
	}
}

// onlyDone is the only result whose fix is part of the change, or nil.
func onlyDone(results []Result) *Result {
	var only *Result
	for i := range results {
		if s := results[i].Status; s != Applied && s != Pending {
			continue
		}
		if only != nil {
			return nil
		}
		only = &results[i]
	}
	return only
}

// splices reports whether the fix of a finding is complete: it was made, or could be.
func splices(x *Result) bool {
	switch x.Status {
	case Applied, Pending, HeldBack, Conflict:
		return x.Fix != nil && len(x.Fix.Ops) > 0
	default:
		return false
	}
}

// Left is where an offset of Source is in Output: the offset, and what people call it. Inside of what an edit replaced
// that is where the replacement begins.
func (r *FileResult) Left(offset int) (int, rewrite.Position) {
	if r.after == nil || len(r.Edits) == 0 {
		return offset, r.Position(offset)
	}
	offset = rewrite.Shift(r.Edits, offset)
	return offset, r.after.Position(offset)
}
