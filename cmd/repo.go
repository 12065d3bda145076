package cmd

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cfgfix/cmd/internal/git"
)

// repos finds the repos that files are in. It remembers what it saw last, and is not safe for concurrent use.
type repos struct {
	dir     string            // the working directory, links followed
	adopted map[string]string // host/owner/name of the repos that it was told of, by root
	roots   recent[string]    // by directory
	names   recent[string]    // host/owner/name by root
}

// recent remembers values by directory, the latest of them only: files come in the order of their directories, and a
// tree may have any number.
type recent[V any] map[string]V

const maxRecent = 512

func (r recent[V]) add(dir string, v V) {
	if len(r) == maxRecent {
		clear(r)
	}
	r[dir] = v
}

func newRepos(dir string) *repos {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return &repos{dir: dir, adopted: map[string]string{}, roots: recent[string]{}, names: recent[string]{}}
}

// adopt makes dir the root of a repo, as if .git was there. origin is as origin gives it.
func (r *repos) adopt(dir, origin string) { r.adopted[dir] = origin }

// root is the directory with .git at or above dir, "" when there is none.
func (r *repos) root(dir string) string {
	root, known := r.roots[dir]
	if known {
		return root
	}
	if _, told := r.adopted[dir]; told || exists(filepath.Join(dir, ".git")) {
		root = dir
	} else if parent := filepath.Dir(dir); parent != dir {
		root = r.root(parent)
	}
	r.roots.add(dir, root)
	return root
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// base is the directory that a config's repo begins in: with .git, or else above .circleci. It is "" when neither is there.
func (r *repos) base(path string) string {
	if root := r.root(filepath.Dir(path)); root != "" {
		return root
	}
	slashed := filepath.ToSlash(path)
	if i := strings.LastIndex(slashed, "/.circleci/"); i > 0 {
		return filepath.FromSlash(slashed[:i])
	}
	return ""
}

// repoFS reads the files of one repo and nothing outside of it, whatever links say. Pipes and devices, which may never
// end, are not opened. The directory is opened for each file anew: few configs name any.
type repoFS string

func (dir repoFS) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // as openNow
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("is a %s", kindOf(info.Mode()))}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Stat looks at a file without opening it, which would wait forever for a named pipe.
func (dir repoFS) Stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Stat(name)
}

// patchName is the name of a file in patches: relative to the working directory, and for a file outside of it to its
// repo's root. A file that is in no repo is taken to be in one that begins above .circleci.
func (r *repos) patchName(path string) string {
	if rel, ok := below(r.dir, path); ok {
		return filepath.ToSlash(rel)
	}
	if root := r.root(filepath.Dir(path)); root != "" {
		rel, _ := filepath.Rel(root, path)
		return filepath.ToSlash(rel)
	}
	slashed := filepath.ToSlash(path)
	if i := strings.Index(slashed, "/.circleci/"); i >= 0 {
		return slashed[i+1:]
	}
	return filepath.Base(path)
}

// name is the owner/name that the repo's remote origin has, "" when it is not known.
func (r *repos) name(path string) string {
	_, name, _ := strings.Cut(r.origin(path), "/")
	return name
}

// host is the host of the repo's remote origin, "" when it is not known.
func (r *repos) host(path string) string {
	host, _, _ := strings.Cut(r.origin(path), "/")
	return host
}

// origin is the host/owner/name of the repo's remote origin. The host is empty when the URL does not show it.
func (r *repos) origin(path string) string {
	root := r.root(filepath.Dir(path))
	if root == "" {
		return ""
	}
	name, known := r.adopted[root]
	if !known {
		name, known = r.names[root]
	}
	if !known {
		url := originURL(root)
		if name = ownerAndName(url); name != "" {
			name = hostOf(url) + "/" + name
		}
		r.names.add(root, name)
	}
	return name
}

// originURL is the URL of the remote origin, "" when there is none.
func originURL(root string) string {
	clone := git.Open(root)
	if clone == nil {
		return ""
	}
	url, err := clone.RemoteURL("origin")
	if err != nil {
		return ""
	}
	return url
}

// ownerAndName are the last two parts of a remote's URL, as in https://host/owner/name.git and git@host:owner/name.
func ownerAndName(url string) string {
	_, path, ok := strings.Cut(url, "://")
	if ok {
		_, path, ok = strings.Cut(path, "/")
	} else {
		_, path, ok = strings.Cut(url, ":")
	}
	parts := strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".git"), "/")
	if n := len(parts); ok && n >= 2 {
		return parts[n-2] + "/" + parts[n-1]
	}
	return ""
}

// hostOf is the host in a remote's URL, "" for none.
func hostOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		rest = url
	}
	rest, _, _ = strings.Cut(rest, "/")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}
