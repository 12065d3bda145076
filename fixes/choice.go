package fixes

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"cfgfix/rewrite"
)

// Choice is what somebody wants to be done about one finding. The zero value applies its fix, if that can be.
type Choice struct {
	Skip   bool   // leave it
	Ignore string // write a suppression comment with this reason, in the form of CleanReason, in place of the fix
}

// Key tells the findings of a file apart, from one run to the next and from one round to the next: edits move offsets,
// not owners and messages. Of those that say the same the first is told from the second.
func (f *Finding) Key() string { return f.says() + "\x00" + strconv.Itoa(f.nth) }

// says is what is found, wherever it stands. A finding that is suppressed may be like one that is not.
func (f *Finding) says() string {
	return strings.Join([]string{f.Rule.ID, f.Owner, f.Message, f.suppressed}, "\x00")
}

// number tells findings that say the same apart. Those that a fix has taken away keep their numbers for themselves.
func (run *fixRun) number(found []Finding) {
	seen := map[string]int{}
	for i := range found {
		says := found[i].says()
		n := seen[says]
		for gone := run.gone[says]; slices.Contains(gone, n); {
			n++
		}
		found[i].nth, seen[says] = n, n+1
	}
}

// CleanReason is the reason of a suppression comment as it is read back; "" for a text that gives none.
func CleanReason(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(lineBreaks, r) }), " ")
	return strings.TrimLeft(strings.TrimSpace(text), ":-–— ")
}

func (e *Engine) choice(f *Finding) Choice {
	if e.Choose == nil {
		return Choice{}
	}
	return e.Choose(f)
}

// ops are the operations that do what is chosen for a finding.
func (run *fixRun) ops(f Finding) []rewrite.Op {
	if reason := run.engine.choice(&f).Ignore; reason != "" {
		return run.commentOps(f, reason)
	}
	return f.Fix.Ops
}

// ignored is the finding as its comment makes it; nothing is suppressed in it when none is chosen.
func (run *fixRun) ignored(f Finding) Finding {
	f.suppressed = run.engine.choice(&f).Ignore
	return f
}

// settleChosen records that what was chosen for a finding is done.
func (run *fixRun) settleChosen(f Finding) {
	if ignored := run.ignored(f); ignored.suppressed != "" {
		run.settle(f, Suppressed, ignored.suppressed)
		return
	}
	run.settle(f, run.engine.done(), "")
}

// ignoreObstacle is why no comment can suppress a finding; the status is "" when one can.
func (run *fixRun) ignoreObstacle(f Finding) (Status, string) {
	if f.Rule == suppression {
		return Refused, "no comment suppresses what is said about comments"
	}
	if len(run.commentOps(f, run.engine.choice(&f).Ignore)) == 0 {
		return Refused, "there is no place for a comment about it"
	}
	return "", ""
}

// commentOps write a suppression comment above the line that the finding begins on, or above what is around it where a
// comment has no place: not in a script, and not in a collection on one line.
func (run *fixRun) commentOps(f Finding, reason string) []rewrite.Op {
	text := "cfgfix: ignore[" + f.Rule.ID + "] " + reason
	for n := run.file.Innermost(f.Span.Start); n.Entry().Exists(); n = n.Parent() {
		ops := []rewrite.Op{rewrite.CommentAbove(n.Entry(), text)}
		if !run.beginsLine(n.Entry()) {
			continue
		}
		if _, err := run.file.Plan(ops); err == nil {
			return ops
		}
	}
	return nil
}

// beginsLine reports whether nothing but blanks stands before an entry on its line.
func (run *fixRun) beginsLine(e rewrite.Entry) bool {
	before := run.file.Source()[:e.Span().Start]
	line := before[bytes.LastIndexAny(before, lineBreaks)+1:]
	return len(bytes.TrimLeft(line, " ")) == 0
}
