package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// patchDir writes one patch for each repo that changes, with names from the repo's root on. The zero value writes none.
type patchDir struct {
	dir   string
	repos *repos
	files map[string]string // the patch of each repo, by its root
	taken map[string]bool   // the names of patches
}

// openPatchDir makes the directory of --patch-dir.
func (r *fixRun) openPatchDir() (patchDir, error) {
	if r.patchDir == "" {
		return patchDir{}, nil
	}
	dir, err := r.newDirectory("--patch-dir", r.patchDir)
	if err != nil {
		return patchDir{}, err
	}
	return patchDir{dir: dir, repos: r.finder.repos, files: map[string]string{}, taken: map[string]bool{}}, nil
}

// newDirectory makes the directory that a flag names. It must be new or empty: an older file in it would be taken for one
// of this run.
func (r *fixRun) newDirectory(flag, name string) (string, error) {
	dir := name
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(r.io.dir, dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("%s %s: %w", flag, name, pathCause(err))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", flag, name, pathCause(err))
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s %s: is not empty; name a new directory, so that nothing older is among the files of this run", flag, name)
	}
	return dir, nil
}

// pathCause is an error of the file system without the path, which the message has.
func pathCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// add appends the change of a file to the patch of its repo.
func (p *patchDir) add(src *source, r *fixes.FileResult) error {
	if p.dir == "" || r.Status != fixes.Changed {
		return nil
	}
	root := src.root
	if root == "" {
		root = filepath.Dir(src.path)
	}
	name, _ := below(root, src.path)
	patch, err := rewrite.Unified(filepath.ToSlash(name), r.Source, r.Edits)
	if err != nil {
		return err
	}
	path := p.path(root)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(patch)
	return errors.Join(err, f.Close())
}

// path is the patch of the repo with that root: its path from the working directory on, or its own name when it is
// elsewhere, with a number when another one has that.
func (p *patchDir) path(root string) string {
	if path, known := p.files[root]; known {
		return path
	}
	base, ok := below(p.repos.dir, root)
	if !ok || base == "." {
		base = filepath.Base(root)
	}
	// A directory must not have the name of a patch: a.patch/b and a could not both be there.
	separator := string(filepath.Separator)
	base = strings.ReplaceAll(base, ".patch"+separator, ".patch-2"+separator)
	name := base
	for n := 2; p.taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	p.taken[name] = true
	p.files[root] = filepath.Join(p.dir, name+".patch")
	return p.files[root]
}
