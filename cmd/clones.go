package cmd

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path/filepath"

	"cfgfix/cmd/internal/git"
)

var errNoClone = errors.New("is a file; a pull request is for a repo: name the directory of a clone")

// foundClone is a repo to make a pull request for.
type foundClone struct {
	name  string // the directory, as people know it
	clone *git.Clone
	err   error
}

// clonesBelow finds the clones that PATHs mean, one after the other: the one that a PATH is in, else those below it.
// Clones inside of clones are not looked for.
func clonesBelow(ctx context.Context, dir string, paths []string) iter.Seq[foundClone] {
	return func(yield func(foundClone) bool) {
		d := &discovery{dir: dir}
		for _, p := range paths {
			if !walkClones(ctx, d, p, yield) {
				return
			}
		}
	}
}

// walkClones handles one PATH. It reports whether to go on.
func walkClones(ctx context.Context, d *discovery, name string, yield func(foundClone) bool) bool {
	path, info, err := follow(d.abs(name))
	switch {
	case err != nil:
		return yield(foundClone{name: d.shown(name), err: readError(err)})
	case !info.IsDir():
		return yield(foundClone{name: d.shown(name), err: errNoClone})
	}
	if clone, err := git.Find(path); err == nil {
		return yield(foundClone{name: d.shown(name), clone: clone})
	}
	found, goOn := false, true
	_ = filepath.WalkDir(path, func(at string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil || !goOn {
			return fs.SkipAll
		}
		if err != nil {
			goOn = yield(foundClone{name: d.shown(at), err: readError(err)})
			return fs.SkipDir
		}
		if !e.IsDir() {
			return nil
		}
		if at != path && isForeign(e.Name()) {
			return fs.SkipDir
		}
		clone := git.Open(at)
		if clone == nil {
			return nil
		}
		found = true
		goOn = yield(foundClone{name: d.shown(at), clone: clone})
		return fs.SkipDir
	})
	if !found && goOn && ctx.Err() == nil {
		return yield(foundClone{name: d.shown(name), err: git.ErrNoRepo})
	}
	return goOn
}
