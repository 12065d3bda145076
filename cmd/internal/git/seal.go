package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A seal is a trailer of a commit that tells whether it is as cfgfix made it: a commit that somebody amended, rebased
// or wrote has none, or one that does not fit. baseKey tells where the branch began.
const (
	baseKey = "Cfgfix-Base: "
	sealKey = "Cfgfix-Seal: "
)

// seal adds the trailers to a message.
func seal(message, base, parent, tree string) string {
	text := strings.TrimSpace(message) + "\n\n" + baseKey + base + "\n"
	return text + sealKey + digest(text, parent, tree) + "\n"
}

func digest(text, parent, tree string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{parent, tree, text}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Sealed is a commit that is as cfgfix made it.
type Sealed struct {
	ID      string
	Message string // without the trailers
	base    string
	parent  string
}

// open reads a commit object; ok is false when it is not sealed.
func open(id, raw string) (c Sealed, ok bool) {
	head, text, _ := strings.Cut(raw, "\n\n")
	c.ID = id
	var tree string
	parents := 0
	for line := range strings.Lines(head) {
		if v, found := strings.CutPrefix(line, "tree "); found {
			tree = strings.TrimSpace(v)
		}
		if v, found := strings.CutPrefix(line, "parent "); found {
			c.parent, parents = strings.TrimSpace(v), parents+1
		}
	}
	at := strings.LastIndex(text, sealKey)
	begin := strings.LastIndex(text, "\n\n"+baseKey)
	if parents != 1 || begin < 0 || at < begin {
		return c, false
	}
	c.Message = text[:begin]
	base, _, _ := strings.Cut(text[begin+len("\n\n"+baseKey):], "\n")
	c.base = base
	return c, strings.TrimSpace(text[at+len(sealKey):]) == digest(text[:at], c.parent, tree)
}

// maxSealed bounds how far back a branch of cfgfix may go: a commit a rule, and some.
const maxSealed = 200

// Own are the commits of a branch from its base to its tip, when all of them are as cfgfix made them. ok is false when
// somebody else has a part in the branch.
func (s *Scratch) Own(ctx context.Context, tip string) (commits []Sealed, ok bool, err error) {
	for id := tip; len(commits) < maxSealed; {
		raw, err := s.pipe(ctx, nil, nil, "cat-file", "commit", id)
		if err != nil {
			return nil, false, err
		}
		c, sealed := open(id, string(raw))
		if !sealed {
			return nil, false, nil
		}
		commits = append([]Sealed{c}, commits...)
		if c.parent == c.base {
			return commits, true, nil
		}
		id = c.parent
	}
	return nil, false, nil
}

// Changes are what a commit does to files, in git's raw form: modes, blobs and paths.
func (s *Scratch) Changes(ctx context.Context, id string) (string, error) {
	return s.git(ctx, "diff-tree", "-r", "--no-commit-id", "--no-renames", "--full-index", id)
}
