package git

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Clone is a repo on this machine. Only files of it are read; git never runs in it.
type Clone struct {
	Root string // the directory with .git, or the bare repo itself
	dir  string // git's directory: that with objects in it
}

// ErrNoRepo says that a directory is in no repo.
var ErrNoRepo = errors.New("is in no git repo")

// Find is the clone that a directory is in, or that it is when it is a bare one.
func Find(dir string) (*Clone, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if c := Open(at); c != nil {
			return c, nil
		}
		if at == filepath.Dir(at) {
			return nil, ErrNoRepo
		}
	}
}

// Open is the clone whose root is dir, nil when it is none.
func Open(dir string) *Clone {
	git := gitDir(dir)
	if git == "" && isGitDir(dir) {
		git = dir
	}
	if git == "" {
		return nil
	}
	return &Clone{Root: dir, dir: git}
}

// gitDir is git's directory of a checkout. The .git of a worktree or submodule is a file that says where it is, and that
// of a worktree says where the one it shares is.
func gitDir(root string) string {
	dir := filepath.Join(root, ".git")
	if link, ok := strings.CutPrefix(readLine(dir), "gitdir: "); ok {
		dir = resolve(root, link)
		if common := readLine(filepath.Join(dir, "commondir")); common != "" {
			dir = resolve(dir, common)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func isGitDir(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "objects"))
	if err != nil || !info.IsDir() {
		return false
	}
	_, err = os.Lstat(filepath.Join(dir, "HEAD"))
	return err == nil
}

func resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// readLine is the text of a small file, "" when it cannot be read. It never waits: a pipe is no file.
func readLine(path string) string {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return ""
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// RemoteURL is the URL of a remote, as it stands in the clone's configuration.
func (c *Clone) RemoteURL(name string) (string, error) {
	section := fmt.Sprintf("remote %q", name)
	for _, key := range [...]string{"pushurl", "url"} {
		if url := c.configValue(section, key); url != "" {
			return url, nil
		}
	}
	return "", fmt.Errorf("has no remote %s: add it with git remote add %[1]s URL, or name another one with --remote", name)
}

// configValue is the first value of a key in the file of the clone's configuration; files that it includes are not read.
func (c *Clone) configValue(section, key string) string {
	text := strings.ReplaceAll(readLine(filepath.Join(c.dir, "config")), "\\\n", "") // lines that go on
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if end := strings.IndexByte(line, ']'); strings.HasPrefix(line, "[") && end > 0 {
			inside = sameSection(line[1:end], section)
			line = line[end+1:]
		}
		k, v, ok := strings.Cut(line, "=")
		if inside && ok && strings.EqualFold(strings.TrimSpace(k), key) {
			return plainValue(v)
		}
	}
	return ""
}

// plainValue is a value of git's configuration without its quotes, escapes and comment.
func plainValue(text string) string {
	var b strings.Builder
	quoted := false
	end := 0 // of what counts: space at the end does only in quotes
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
			end = b.Len()
			continue
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(unescaped(text[i]))
		case (c == '#' || c == ';') && !quoted:
			return b.String()[:end]
		case (c == ' ' || c == '\t') && !quoted:
			if b.Len() > 0 {
				b.WriteByte(c)
			}
			continue
		default:
			b.WriteByte(c)
		}
		end = b.Len()
	}
	return b.String()[:end]
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	default:
		return c
	}
}

// sameSection compares the heads of sections: case matters in the quoted part only.
func sameSection(a, b string) bool {
	kindA, nameA, _ := strings.Cut(a, " ")
	kindB, nameB, _ := strings.Cut(b, " ")
	return strings.EqualFold(kindA, kindB) && strings.TrimSpace(nameA) == strings.TrimSpace(nameB)
}

// borrowable reports whether another repo can use the clone's objects. A partial clone lacks some that it seems to have,
// and a path with a line end would be two.
func (c *Clone) borrowable() bool {
	return !strings.Contains(c.dir, "\n") && c.configValue("extensions", "partialclone") == "" && c.configValue(`remote "origin"`, "promisor") == ""
}

// shallow are the commits whose parents the clone does not have, one a line.
func (c *Clone) shallow() []byte {
	var b bytes.Buffer
	for line := range strings.Lines(readLine(filepath.Join(c.dir, "shallow"))) {
		if id := strings.TrimSpace(line); isID(id) {
			fmt.Fprintln(&b, id)
		}
	}
	return b.Bytes()
}

// tip is the commit that a ref of the clone points at, "" when it is not known.
func (c *Clone) tip(ref string) string {
	if id := readLine(filepath.Join(c.dir, filepath.FromSlash(ref))); isID(id) {
		return id
	}
	for line := range strings.Lines(readLine(filepath.Join(c.dir, "packed-refs"))) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref && isID(id) {
			return id
		}
	}
	return ""
}

// sha256 reports whether the clone's ids are of the longer kind.
func (c *Clone) sha256() bool { return c.configValue("extensions", "objectformat") == "sha256" }

func isID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
