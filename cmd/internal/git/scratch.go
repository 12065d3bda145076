package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Scratch is a temporary repo with one worktree. Nobody else uses it, and nothing in it outlives Close.
type Scratch struct {
	Tree string // the worktree
	*runner
	clone  *Clone
	top    string
	remote string // its URL
	signed bool   // the user signs all commits
}

// NewScratch makes a scratch repo for a clone, with a remote and what git shows to the remote's server.
func NewScratch(ctx context.Context, c *Clone, remote string, environ []string, cred Credential) (*Scratch, error) {
	top, err := os.MkdirTemp("", "cfgfix-pr-")
	if err != nil {
		return nil, err
	}
	s := &Scratch{Tree: filepath.Join(top, "tree"), clone: c, top: top, remote: remote}
	if err := s.create(ctx, environ, cred); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// create makes the repo.
func (s *Scratch) create(ctx context.Context, environ []string, cred Credential) error {
	dir, hooks := filepath.Join(s.top, "git"), filepath.Join(s.top, "hooks")
	for _, d := range []string{dir, hooks, s.Tree} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return err
		}
	}
	s.runner = newRunner(dir, hooks, environ, cred)
	format := "sha1"
	if s.clone.sha256() {
		format = "sha256"
	}
	if _, err := s.git(ctx, "init", "--quiet", "--bare", "--template=", "--object-format="+format, "."); err != nil {
		return err
	}
	s.env = append(s.env, "GIT_DIR="+dir)
	return s.prepare(ctx)
}

// prepare borrows the clone's objects, and makes files in the worktree have the bytes that are in the repo: no attribute
// of the repo may name a filter or change line ends.
func (s *Scratch) prepare(ctx context.Context) error {
	info := filepath.Join(s.dir, "info")
	if err := os.MkdirAll(info, 0o700); err != nil {
		return err
	}
	const plain = "* !filter -text !eol -ident !working-tree-encoding\n"
	if err := os.WriteFile(filepath.Join(info, "attributes"), []byte(plain), 0o600); err != nil {
		return err
	}
	switch known, _ := s.git(ctx, "config", "--type=bool", "--get-regexp", "^("+regexp.QuoteMeta(canary)+"|commit\\.gpgsign)$"); {
	case ctx.Err() != nil:
		return ctx.Err()
	case !strings.Contains(known, canary+" true"):
		return ErrOld
	default:
		s.signed = strings.LastIndex(known, "commit.gpgsign true") > strings.LastIndex(known, "commit.gpgsign false")
	}
	if !s.clone.borrowable() {
		return nil
	}
	if shallow := s.clone.shallow(); len(shallow) > 0 {
		if err := os.WriteFile(filepath.Join(s.dir, "shallow"), shallow, 0o600); err != nil {
			return err
		}
	}
	alternates := filepath.ToSlash(filepath.Join(s.clone.dir, "objects")) + "\n"
	return os.WriteFile(filepath.Join(s.dir, "objects", "info", "alternates"), []byte(alternates), 0o600)
}

// Close removes the scratch repo.
func (s *Scratch) Close() {
	// A checked out directory may have been made read-only by nobody: all modes are git's own.
	_ = os.RemoveAll(s.top)
}

// Heads is what a remote has: its default branch, and the tips of branches.
type Heads struct {
	Default string            // "" when the remote does not say
	Tips    map[string]string // by branch
	Empty   bool              // there is no branch at all
}

// Heads asks the remote for its default branch and for the tips of these branches.
func (s *Scratch) Heads(ctx context.Context, branches ...string) (*Heads, error) {
	args := []string{"ls-remote", "--symref", "--", s.remote, "HEAD"}
	for _, b := range branches {
		args = append(args, "refs/heads/"+b)
	}
	out, err := s.git(ctx, args...)
	if err != nil {
		return nil, err
	}
	h := &Heads{Tips: map[string]string{}}
	if out == "" { // a repo without branches, or without the one that is its default
		all, err := s.git(ctx, "ls-remote", "--heads", "--", s.remote)
		h.Empty = all == ""
		return h, err
	}
	for line := range strings.Lines(out) {
		id, ref, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if target, ok := strings.CutPrefix(id, "ref: refs/heads/"); ok && ref == "HEAD" {
			if ValidBranch(target) {
				h.Default = target
			}
		} else if ref == "HEAD" && h.Default != "" {
			h.Tips[h.Default] = id
		} else if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok && isID(id) {
			h.Tips[branch] = id
		}
	}
	return h, nil
}

// Need makes sure that a commit of a branch of the remote is here, with its files.
func (s *Scratch) Need(ctx context.Context, branch, id string) error {
	if s.complete(ctx, id) {
		return nil
	}
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head"}
	if s.offer(ctx, "refs/remotes/origin/"+branch, "refs/remotes/origin/HEAD", "refs/heads/"+branch, "HEAD") == 0 {
		args = append(args, "--depth=50") // there is no history here to build on
	}
	if _, err := s.git(ctx, append(args, "--", s.remote, "refs/heads/"+branch)...); err != nil {
		return err
	}
	if !s.complete(ctx, id) {
		return fmt.Errorf("branch %s changed on the remote meanwhile; run cfgfix pr again", branch)
	}
	return nil
}

// offer makes refs of those that the clone has, so that a fetch gets no more than what is new, and counts them.
func (s *Scratch) offer(ctx context.Context, refs ...string) (n int) {
	for _, ref := range refs {
		if id := s.clone.tip(ref); id != "" && s.complete(ctx, id) {
			if _, err := s.git(ctx, "update-ref", fmt.Sprintf("refs/have/%d", n), id); err == nil {
				n++
			}
		}
	}
	return n
}

// complete reports whether a commit and its tree are here. What is behind them comes with them.
func (s *Scratch) complete(ctx context.Context, id string) bool {
	_, err := s.git(ctx, "cat-file", "-e", id+"^{tree}")
	return err == nil
}

// HasDir reports whether a commit has a directory of that name, at any depth.
func (s *Scratch) HasDir(ctx context.Context, id, name string) (bool, error) {
	out, err := s.git(ctx, "ls-tree", "-r", "-d", "-z", "--name-only", id)
	if err != nil {
		return false, err
	}
	for path := range strings.SplitSeq(out, "\x00") {
		if path == name || strings.HasSuffix(path, "/"+name) {
			return true, nil
		}
	}
	return false, nil
}

// Checkout puts the files of a commit into the worktree.
func (s *Scratch) Checkout(ctx context.Context, id string) error {
	if _, err := s.inTree(ctx, "read-tree", id); err != nil {
		return err
	}
	_, err := s.inTree(ctx, "checkout-index", "--all", "--force", "--quiet")
	return err
}

// inTree runs a command that needs the worktree.
func (s *Scratch) inTree(ctx context.Context, args ...string) (string, error) {
	return s.git(ctx, append([]string{"--work-tree=" + s.Tree}, args...)...)
}

// Stage records what the worktree has at these paths, which are slash-separated and relative to it.
func (s *Scratch) Stage(ctx context.Context, paths []string) error {
	list := strings.Join(paths, "\x00") + "\x00"
	_, err := s.pipe(ctx, strings.NewReader(list), nil, "--work-tree="+s.Tree, "update-index", "-z", "--stdin")
	return err
}

// Identity are the variables for the author and committer of commits: the user's own, else cfgfix.
func (s *Scratch) identity(ctx context.Context) []string {
	if _, err := s.git(ctx, "var", "GIT_COMMITTER_IDENT"); err == nil {
		return nil
	}
	const name, email = "cfgfix", "cfgfix@localhost.invalid"
	return []string{
		"GIT_AUTHOR_NAME=" + name, "GIT_AUTHOR_EMAIL=" + email, "GIT_COMMITTER_NAME=" + name, "GIT_COMMITTER_EMAIL=" + email,
	}
}

// Commit makes a sealed commit of what is staged on top of parent. base is where the branch begins.
func (s *Scratch) Commit(ctx context.Context, parent, base, message string) (string, error) {
	tree, err := s.git(ctx, "write-tree")
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", "-p", parent, "-F", "-"}
	if s.signed {
		args = append(args, "-S")
	}
	text := strings.NewReader(seal(message, base, parent, tree))
	out, err := s.pipe(ctx, text, s.identity(ctx), append(args, tree)...)
	return strings.TrimSpace(string(out)), err
}

// PushError is a push that the remote did not take.
type PushError struct {
	Ref    string
	Reason string
}

func (e *PushError) Error() string { return fmt.Sprintf("the push was rejected: %s", e.Reason) }

// Push makes a branch of the remote point at a commit, "" for none, if its tip is still the old one, "" for none.
func (s *Scratch) Push(ctx context.Context, branch, old, id string) error {
	ref := "refs/heads/" + branch
	out, err := s.git(ctx, "push", "--porcelain", "--no-verify", "--force-with-lease="+ref+":"+old, "--", s.remote, id+":"+ref)
	if err == nil {
		return nil
	}
	var failed *Error
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) == 3 && fields[0] == "!" && errors.As(err, &failed) {
			reason := fields[2] // as [remote rejected] (pre-receive hook declined)
			if _, why, ok := strings.Cut(reason, "("); ok {
				reason = strings.TrimSuffix(why, ")")
			}
			if failed.Text != "" {
				reason += ": " + failed.Text
			}
			return &PushError{ref, reason}
		}
	}
	return err
}
