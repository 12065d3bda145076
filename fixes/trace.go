package fixes

import (
	"errors"

	"cfgfix/rewrite"
)

// culprit is a fix that a round has to do without.
type culprit struct {
	why   string
	later bool // it holds by itself: the next round may have it
}

// try applies fixes and proves them: the file means what the operations say, their findings are gone, and no new one
// is there. When something does not hold, the fixes to leave out are named.
func (run *fixRun) try(found, chosen []Finding) (*rewrite.Change, outcome, map[string]culprit, error) {
	change, next, err := run.apply(found, chosen)
	if err == nil {
		return change, next, nil, nil
	}
	t := &tracer{culprits: map[string]culprit{}, left: triesOf(len(run.file.Source()))}
	t.apply = func(some []Finding) error {
		_, _, err := run.apply(found, some)
		return err
	}
	if err := t.trace(chosen, err); err != nil {
		return nil, outcome{}, nil, err
	}
	return nil, outcome{}, t.culprits, nil
}

// triesOf bounds how often fixes are tried for a source of a size, which each time takes as long as a run: an ordinary
// config has hundreds of tries, one of ten megabytes four.
func triesOf(size int) int { return 4 + (4<<20)/(size+1) }

// tracer finds the fixes that do not hold.
type tracer struct {
	apply    func([]Finding) error
	left     int // how many more tries there are
	culprits map[string]culprit
}

// trace finds those among some fixes, which fail together, that do not hold by themselves: of many those with whose owners
// something is wrong, and else it looks into each half that fails. Where both hold, it is the first fix that does not go
// with all before it. A failed proof of the editor is an error that names its rule, or the engine where tries run out.
func (t *tracer) trace(some []Finding, err error) error {
	if limit := new(rewrite.LimitError); errors.As(err, &limit) {
		t.blameAll(some, err.Error())
		return nil
	}
	if len(some) == 1 {
		return t.blame(some[0], err, culprit{why: err.Error()})
	}
	if t.left <= 0 && isProof(err) {
		return &ProofError{"engine", err}
	}
	if t.left <= 0 {
		t.blameAll(some, "it is one of many that do not hold together: "+err.Error())
		return nil
	}
	if left := t.suspect(some, err); len(left) < len(some) {
		if err = t.retry(left); err == nil {
			return nil
		}
		return t.trace(left, err)
	}
	half := len(some) / 2
	both := true
	for _, part := range [][]Finding{some[:half], some[half:]} {
		t.left--
		if failed := t.apply(part); failed != nil {
			both = false
			if err := t.trace(part, failed); err != nil {
				return err
			}
		}
	}
	if !both {
		return nil
	}
	last, err := t.firstFailing(some, half, err)
	return t.blame(some[last], err, culprit{"it does not go together with another change: " + err.Error(), true})
}

// unexpected is the error of a change after which something is not as it should be.
type unexpected struct {
	first  string
	owners map[string]string // what is wrong with each owner
}

func (e *unexpected) Error() string { return e.first }

func (e *unexpected) err() error {
	if len(e.owners) == 0 {
		return nil
	}
	return e
}

func (e *unexpected) add(owner, why string) {
	if e.owners == nil {
		e.first, e.owners = why, map[string]string{}
	}
	if e.owners[owner] == "" {
		e.owners[owner] = why
	}
}

// addAt adds what is wrong at a place that begins with its owner, such as "job:deploy step 2". Names may have spaces.
func (e *unexpected) addAt(place, why string) {
	e.add(place, why)
	for i, c := range place {
		if c == ' ' {
			e.add(place[:i], why)
		}
	}
}

// manyFixes is from how many fixes on those are taken for the culprits with whose owners something is wrong.
const manyFixes = 16

// suspect leaves out of many fixes those that are the only one of an owner with which something is wrong. It returns the
// others.
func (t *tracer) suspect(some []Finding, err error) []Finding {
	wrong := new(unexpected)
	if len(some) < manyFixes || !errors.As(err, &wrong) {
		return some
	}
	fixes := map[string]int{}
	for _, f := range some {
		fixes[f.Owner]++
	}
	var left []Finding
	for _, f := range some {
		if why := wrong.owners[f.Owner]; why != "" && fixes[f.Owner] == 1 {
			t.culprits[f.Key()] = culprit{why: why}
		} else {
			left = append(left, f)
		}
	}
	return left
}

func (t *tracer) retry(some []Finding) error {
	if len(some) == 0 {
		return nil
	}
	t.left--
	return t.apply(some)
}

// firstFailing is the first fix that does not go with all before it, and why. The first n go together, and all do not,
// which err says.
func (t *tracer) firstFailing(some []Finding, n int, err error) (int, error) {
	for end := len(some); ; {
		if end-n == 1 {
			return n, err
		}
		mid := (n + end) / 2
		if failed := t.apply(some[:mid]); failed != nil {
			end, err = mid, failed
		} else {
			n = mid
		}
	}
}

func (t *tracer) blame(f Finding, err error, c culprit) error {
	if isProof(err) {
		return &ProofError{f.Rule.ID, err}
	}
	t.culprits[f.Key()] = c
	return nil
}

func (t *tracer) blameAll(some []Finding, why string) {
	for _, f := range some {
		t.culprits[f.Key()] = culprit{why: why}
	}
}

// isProof reports whether the editor's proof failed, which is a bug.
func isProof(err error) bool {
	var proof *rewrite.VerifyError
	return errors.As(err, &proof)
}
