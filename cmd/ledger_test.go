package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLedgerOfOthers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a text": "keep me\n", "a text without a line end": "keep me", "other JSON": `{"a": 1}` + "\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "file")
			writeTestFile(t, path, text)
			if _, err := openLedger("", path); err == nil {
				t.Error("it is taken for a ledger")
			}
			checkFile(t, path, text)
		})
	}
}

func done(repo string) *prOutcome {
	return &prOutcome{status: prOpened, entry: &ledgerEntry{Repo: repo, Status: string(prOpened), Inputs: "inputs of " + repo}}
}

func addDone(t *testing.T, l *ledger, repo string) {
	t.Helper()
	if err := l.add(done(repo)); err != nil {
		t.Error(err)
	}
}

func knows(l *ledger, repo string) bool { return l.unchanged(repo, "inputs of "+repo) }

// TestLedgerCutOff cuts a ledger at each byte, as a machine that stops does. What was written before stays known, and
// what comes after is added.
func TestLedgerCutOff(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	open := func() *ledger {
		l, err := openLedger("", path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	addDone(t, l, "a")
	addDone(t, l, "b")
	l.close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for at := range len(whole) + 1 {
		writeTestFile(t, path, string(whole[:at]))
		l := open()
		if knows(l, "a") != (at >= first-1) || knows(l, "b") != (at >= len(whole)-1) {
			t.Errorf("cut at byte %d: knows a: %v, b: %v", at, knows(l, "a"), knows(l, "b"))
		}
		addDone(t, l, "c")
		l.close()
		l = open()
		if !knows(l, "c") || knows(l, "a") != (at >= first-1) {
			t.Errorf("cut at byte %d: afterwards it knows c: %v, a: %v", at, knows(l, "c"), knows(l, "a"))
		}
		l.close()
	}
}

// TestLedgerShared has several runs that write to one ledger at once.
func TestLedgerShared(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	var runs sync.WaitGroup
	for run := range 4 {
		runs.Go(func() {
			l, err := openLedger("", path)
			if err != nil {
				t.Error(err)
				return
			}
			defer l.close()
			for i := range 25 {
				addDone(t, l, fmt.Sprintf("%d/%d", run, i))
			}
		})
	}
	runs.Wait()
	l, err := openLedger("", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for run := range 4 {
		for i := range 25 {
			if repo := fmt.Sprintf("%d/%d", run, i); !knows(l, repo) {
				t.Errorf("%s is lost", repo)
			}
		}
	}
}
