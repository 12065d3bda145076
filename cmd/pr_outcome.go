package cmd

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
)

// prStatus is what became of a repo.
type prStatus string

// The states of a repo after cfgfix pr.
const (
	prOpened    prStatus = "opened"
	prUpdated   prStatus = "updated"
	prSame      prStatus = "unchanged"
	prClean     prStatus = "clean"    // nothing to fix
	prForeign   prStatus = "foreign"  // somebody else pushed to the branch
	prDeclined  prStatus = "declined" // the pull request was closed and not merged
	prSkipped   prStatus = "skipped"  // the ledger has it, and nothing changed since
	prTwice     prStatus = "twice"    // another clone of the repo was handled in this run
	prWouldOpen prStatus = "would-open"
	prWouldEdit prStatus = "would-update"
	prFailed    prStatus = "failed" // also: no config could be handled
)

// words are the state for people. What can be done about it stands behind.
func (s prStatus) words() string {
	switch s {
	case prClean:
		return "nothing to fix"
	case prForeign:
		return "left alone: somebody else pushed to the branch"
	case prDeclined:
		return "left alone: the pull request was closed; --reopen opens a new one"
	case prSkipped:
		return "skipped: unchanged since the last run"
	case prTwice:
		return "skipped: another clone of it was handled"
	case prFailed:
		return "not fixed"
	case prWouldOpen:
		return "would open a pull request"
	case prWouldEdit:
		return "would update"
	default:
		return string(s)
	}
}

// pending reports whether a run that is no dry one would do something.
func (s prStatus) pending() bool { return s == prWouldOpen || s == prWouldEdit }

// prOutcome is what became of one repo.
type prOutcome struct {
	name    string // owner/name, or the directory while that is not known
	status  prStatus
	url     string   // of the pull request
	details []string // what a dry run shows
	faults  []string // what went wrong beside the pull request
	err     error    // why the repo was not handled
	entry   *ledgerEntry
	token   string // never to be shown, whoever says it
}

// masked is a text without the token, which a server may repeat.
func (o *prOutcome) masked(text string) string {
	if o.token == "" {
		return text
	}
	return strings.ReplaceAll(text, o.token, "***")
}

// visible is a text as it is shown.
func (o *prOutcome) visible(text string) string { return report.Visible(o.masked(text)) }

// prTally counts what became of repos.
type prTally struct {
	repos, failed, pending int
	of                     map[string]int
}

// tallied are the words of a tally, in its order.
var tallied = [...]struct {
	status prStatus
	words  string
}{
	{prOpened, "opened"},
	{prUpdated, "updated"},
	{prWouldOpen, "to be opened"},
	{prWouldEdit, "to be updated"},
	{prSame, "unchanged"},
	{prSkipped, "skipped"},
	{prTwice, "skipped"},
	{prClean, "with nothing to fix"},
	{prForeign, "left alone"},
	{prDeclined, "left alone"},
	{prFailed, "failed"},
}

func (t *prTally) add(out *prOutcome) {
	t.repos++
	switch {
	case out.err != nil || len(out.faults) > 0:
		t.failed++
	case out.status.pending():
		t.pending++
	}
	for _, x := range tallied {
		if x.status == out.status {
			t.of[x.words]++
		}
	}
}

// String is such as 50 repos: 30 opened, 20 with nothing to fix.
func (t *prTally) String() string {
	var parts []string
	for _, x := range tallied {
		if part := fmt.Sprintf("%d %s", t.of[x.words], x.words); t.of[x.words] > 0 && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return report.Count(t.repos, "repo") + ": " + strings.Join(parts, ", ")
}
