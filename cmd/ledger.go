package cmd

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ledgerEntry is a line of the ledger: what was done for a repo, and for what inputs.
type ledgerEntry struct {
	Repo   string `json:"repo"`   // the remote's URL
	Status string `json:"status"` // a prStatus
	URL    string `json:"url,omitempty"`
	Base   string `json:"base,omitempty"`   // the commit that the fix starts from
	Branch string `json:"branch,omitempty"` // the commit that our branch is at
	Inputs string `json:"inputs,omitempty"` // a digest of all that the result depends on
	Error  string `json:"error,omitempty"`
}

// ledger is the file of --ledger: one line of JSON a repo, the last one counts. Lines are only ever added, so that what
// was done stays written when a run is killed, and when two runs write at once. A nil ledger keeps nothing.
type ledger struct {
	file *os.File
	done map[[16]byte]string // inputs by a digest of the repo's URL
}

// openLedger reads a ledger and opens it to be added to.
func openLedger(dir, name string) (*ledger, error) {
	if name == "" {
		return nil, nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("--ledger: %w", err)
	}
	l := &ledger{file: file, done: map[[16]byte]string{}}
	if err := l.read(); err != nil {
		file.Close()
		return nil, fmt.Errorf("--ledger %s: %w", name, err)
	}
	return l, nil
}

// ledgerStart is what each line of a ledger begins with.
const ledgerStart = `{"repo":`

// read takes in the lines that are whole. One that was cut off, as when the machine stopped, tells nothing; when it is
// the last one it is ended, so that the next begins a line.
func (l *ledger) read() error {
	in := bufio.NewReader(l.file)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if !bytes.HasPrefix(line, []byte(ledgerStart[:min(len(bytes.TrimSpace(line)), len(ledgerStart))])) {
			return fmt.Errorf("line %d is none of a ledger; name another file", n)
		}
		var e ledgerEntry
		if json.Unmarshal(line, &e) == nil {
			l.done[shortDigest(e.Repo)] = e.Inputs
		}
		switch {
		case err == io.EOF && len(line) > 0:
			_, err := l.file.WriteString("\n")
			return err
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func shortDigest(text string) [16]byte {
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16])
}

// unchanged reports whether a repo was handled for the same inputs before.
func (l *ledger) unchanged(repo, inputs string) bool {
	return l != nil && inputs != "" && l.done[shortDigest(repo)] == inputs
}

// add writes down what was done. It is on the disk before the next repo's line.
func (l *ledger) add(out *prOutcome) error {
	if l == nil || out.entry == nil || out.status == prSkipped {
		return nil
	}
	line, err := json.Marshal(out.entry)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("--ledger: %w", err)
	}
	return l.file.Sync()
}

func (l *ledger) close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// key is the repo's name in the ledger.
func (p *prRepo) key() string { return p.remote.URL }

// inputs is a digest of what the result for a repo depends on: the program, what it was told, and what the remote has.
func (p *prRepo) inputs() string { return p.inputsAt(p.oldTip) }

func (p *prRepo) inputsAt(branchTip string) string {
	var settings []byte
	if file, err := readFile(p.fix.config); err == nil {
		settings = file.data
	}
	text := fmt.Sprintf("%q", []any{
		buildVersion(), settings, p.fix.facts, p.fix.selected, p.fix.ignored, p.fix.safeOnly, p.fix.unsafe,
		p.branch, p.base, p.title, p.labels, p.reviewers, p.split, p.reopen, p.baseTip, branchTip,
	})
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// remember makes the entry of a repo that was looked at. One that failed has no inputs, so that it is tried again.
func (p *prRepo) remember() {
	if p.dryRun || p.done == nil {
		return
	}
	e := &ledgerEntry{Repo: p.key(), Status: string(p.out.status), URL: p.out.masked(p.out.url), Base: p.baseTip, Branch: p.tip}
	switch {
	case p.out.err != nil:
		e.Error = p.out.masked(p.out.err.Error())
	case len(p.out.faults) == 0:
		e.Inputs = p.inputsAt(p.tip)
	}
	p.out.entry = e
}
