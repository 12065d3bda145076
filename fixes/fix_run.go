package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/flow"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// fixRun is the state of the rounds over one file.
type fixRun struct {
	engine  *Engine
	facts   *Facts
	scripts shell.Cache
	file    *fileView
	fate    map[string]Result // by finding key
	barred  map[string]string // findings whose fix was rolled back, with the reason
	gone    map[string][]int  // the numbers of findings that fixes have taken away, by what they say
	made    map[string]*Fix   // by finding key
}

// outcome is a file after a round, and what is found in it.
type outcome struct {
	file  *fileView
	found []Finding
}

// round applies as many of the fixes as go together and hold.
func (run *fixRun) round(found []Finding) (*rewrite.Change, outcome, []Finding, error) {
	chosen := run.choose(found)
	for len(chosen) > 0 {
		change, next, culprits, err := run.try(found, chosen)
		if err != nil {
			return nil, outcome{}, nil, err
		}
		if len(culprits) == 0 {
			for _, f := range chosen {
				run.settleChosen(f)
			}
			return change, next, chosen, nil
		}
		chosen = slices.DeleteFunc(chosen, func(f Finding) bool {
			x, out := culprits[f.Key()]
			if out {
				run.settle(f, Refused, x.why)
			}
			if out && !x.later {
				run.barred[f.Key()] = x.why
			}
			return out
		})
	}
	return nil, outcome{}, nil, nil
}

func (run *fixRun) settle(f Finding, s Status, why string) {
	old, ok := run.fate[f.Key()]
	if ok && (old.Status == Applied || old.Status == Pending || old.Status == s) {
		return // the words of the first round speak of the file as it was given
	}
	run.fate[f.Key()] = Result{Status: s, Why: why}
}

// choose settles the findings whose fixes cannot be applied and returns the others, as many as can be planned together.
func (run *fixRun) choose(found []Finding) []Finding {
	var chosen []Finding
	for _, f := range found {
		if s, why := run.obstacle(f); s != "" {
			run.settle(f, s, why)
			continue
		}
		chosen = append(chosen, f)
	}
	return run.together(nil, chosen)
}

// together are the fixes of kept, which go together, with those more that can be planned beside them. The first wins.
func (run *fixRun) together(kept, more []Finding) []Finding {
	_, err := run.file.Plan(run.allOps(slices.Concat(kept, more)))
	switch half := len(more) / 2; {
	case err == nil || len(more) == 0:
		return append(kept, more...)
	case len(more) == 1:
		run.settle(more[0], Conflict, "it meets another change of this run: "+err.Error())
		return kept
	default:
		return run.together(run.together(kept, more[:half]), more[half:])
	}
}

// obstacle is why a finding's fix is not applied; the status is "" when nothing is in the way.
func (run *fixRun) obstacle(f Finding) (Status, string) {
	least := run.engine.least()
	if run.engine.SafeOnly {
		least = Safe
	}
	choice := run.engine.choice(&f)
	switch x := f.Fix; {
	case f.suppressed != "":
		return Suppressed, f.suppressed
	case choice.Ignore != "" && run.barred[f.Key()] == "":
		return run.ignoreObstacle(f)
	case x == nil:
		return NoFix, f.NoFix
	case run.barred[f.Key()] != "":
		return Refused, run.barred[f.Key()]
	case x.Safety == Manual:
		return NoFix, x.Reason
	case len(x.Needs) > 0:
		return NeedsFacts, ""
	case x.Safety < least:
		return HeldBack, x.Reason
	case choice.Skip:
		return NotChosen, ""
	}
	if _, err := run.file.Plan(f.Fix.Ops); err != nil {
		return Refused, err.Error()
	}
	return "", ""
}

func (run *fixRun) allOps(found []Finding) []rewrite.Op {
	var ops []rewrite.Op
	for _, f := range found {
		ops = append(ops, run.ops(f)...)
	}
	return ops
}

// with is the change of some fixes, and the file as they leave it.
func (run *fixRun) with(chosen []Finding) (*rewrite.Change, *fileView, error) {
	change, err := run.file.Plan(run.allOps(chosen))
	if err != nil {
		return nil, nil, err
	}
	file, err := change.Prove()
	if err != nil {
		return nil, nil, err
	}
	return change, viewOf(file), nil
}

// apply makes the change of some fixes and checks the result with all rules.
func (run *fixRun) apply(found, chosen []Finding) (*rewrite.Change, outcome, error) {
	change, file, err := run.with(chosen)
	if err != nil {
		return nil, outcome{}, err
	}
	if err := run.credentialFlow(chosen, file); err != nil {
		return nil, outcome{}, err
	}
	after, _, err := run.engine.check(file, run.facts, run.scripts)
	if err != nil {
		return nil, outcome{}, err
	}
	if err := run.checkFindings(found, chosen, after); err != nil {
		return nil, outcome{}, err
	}
	return change, outcome{file, after}, nil
}

// checkFindings is an error for what is found after a change and should not be: what the chosen fixes are about, and what
// was not there before. A finding that only says other words of the same owner, and is no worse, is no new one.
func (run *fixRun) checkFindings(found, chosen, after []Finding) error {
	expected := map[string]int{}
	for _, f := range found {
		expected[f.says()]++
	}
	for _, f := range chosen {
		expected[f.says()]--
		if ignored := run.ignored(f); ignored.suppressed != "" {
			expected[ignored.says()]++
		}
	}
	var fresh []Finding
	for _, f := range after {
		if expected[f.says()]--; expected[f.says()] < 0 {
			fresh = append(fresh, f)
		}
	}
	about := map[string]bool{}
	for _, f := range chosen {
		about[f.says()] = true
	}
	olds := map[string][]Finding{} // by rule and owner
	for _, f := range found {
		olds[f.topic()] = append(olds[f.topic()], f)
	}
	wrong := unexpected{}
	for _, f := range fresh {
		if about[f.says()] {
			wrong.add(f.Owner, "the finding is still there after the fix")
			continue
		}
		if f.Rule.Off {
			continue // advice for those who ask for it, which a fix may well give occasion for
		}
		if f.Rule == suppression && f.Fix != nil && f.Fix.Safety == Safe {
			continue // a comment whose finding went with the change: the next round takes it away
		}
		i := slices.IndexFunc(olds[f.topic()], func(old Finding) bool { return expected[old.says()] > 0 && f.rewords(old) })
		if i < 0 {
			wrong.add(f.Owner, fmt.Sprintf("the fix would bring a new finding: %s: %s", f.Rule.ID, f.Message))
			continue
		}
		expected[olds[f.topic()][i].says()]--
	}
	return wrong.err()
}

// credentialFlow checks what fixes of credentials do to every step: none may lose its credentials, or get others. They are
// held against the file as the other fixes leave it, such as those that move a literal secret into a context.
func (run *fixRun) credentialFlow(chosen []Finding, after *fileView) error {
	others := slices.DeleteFunc(slices.Clone(chosen), func(f Finding) bool {
		return slices.ContainsFunc(aboutCredentials, func(prefix string) bool { return strings.HasPrefix(f.Rule.ID, prefix) })
	})
	if len(others) == len(chosen) {
		return nil
	}
	before := run.file
	if len(others) > 0 {
		var err error
		if _, before, err = run.with(others); err != nil {
			return err
		}
	}
	given := run.facts.AWS.certain()
	found := unexpected{}
	for i, c := range before.configs {
		if c == nil {
			continue
		}
		now := after.configs[i]
		if now == nil { // no config any more: whatever used credentials is gone
			now = circle.New(after.Documents()[i])
		}
		was, is := flow.AnalyzeChange(c, now, run.scripts)
		for _, v := range flow.Compare(was, is, given...) {
			found.addAt(v.Where, "credential flow: "+v.String())
		}
	}
	return found.err()
}

// topic is what a finding is about, in whatever words.
func (f *Finding) topic() string { return f.Rule.ID + "\x00" + f.Owner }

// rewords reports whether a finding may be an old one on the same topic in other words, as when a stored secret is no
// literal any more.
func (f *Finding) rewords(old Finding) bool {
	return f.Severity <= old.Severity && f.suppressed == old.suppressed
}

// aboutCredentials are the beginnings of the ids of rules whose fixes change where steps get their credentials from.
var aboutCredentials = []string{"aws-", "ecr-", "gcp-", "azure-", "vault-", "publish-"}
