package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replacer writes files so that each is whole at any instant: the old one or the new one. The zero value is ready.
type replacer struct {
	// before, when set, is called ahead of each step of a write. Its error is that of the step.
	before func(step string) error
}

// errChanged says that somebody else wrote to a file meanwhile.
var errChanged = errors.New("not written: the file changed since it was read; run cfgfix again")

// replace puts data in the place of a file that was read. It keeps the file's mode, and its owner where that is allowed.
// After an error the file is as it was, and nothing else is left behind.
func (r replacer) replace(old *snapshot, data []byte) (err error) {
	if err := checkWritable(old); err != nil {
		return err
	}
	dir := filepath.Dir(old.path)
	temp, err := r.writeTemp(dir, old.info, data)
	defer func() {
		if err != nil && temp != "" {
			_ = os.Remove(temp)
		}
	}()
	if err != nil {
		return writeError(err)
	}
	if err := r.step("compare"); err != nil {
		return writeError(err)
	}
	if err := checkUnchanged(old); err != nil {
		return err
	}
	if err := r.step("rename"); err != nil {
		return writeError(err)
	}
	if err := os.Rename(temp, old.path); err != nil {
		return writeError(err)
	}
	syncDir(dir)
	return nil
}

func (r replacer) step(name string) error {
	if r.before == nil {
		return nil
	}
	return r.before(name)
}

// writeTemp writes data to a new file in dir and makes sure that it is on the disk. The name it returns is "" when there
// is no file to remove. The name has no extension of YAML, so that no other run takes it for a config.
func (r replacer) writeTemp(dir string, like fs.FileInfo, data []byte) (name string, err error) {
	if err := r.step("create"); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, ".cfgfix-*.tmp")
	if err != nil {
		return "", err
	}
	name = f.Name()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := r.step("write"); err != nil {
		return name, err
	}
	if _, err := f.Write(data); err != nil {
		return name, err
	}
	keepOwner(f, like)
	// The mode comes after the owner: a change of owner takes bits of the mode away.
	if err := f.Chmod(like.Mode()); err != nil {
		return name, err
	}
	if err := r.step("sync"); err != nil {
		return name, err
	}
	return name, f.Sync()
}

// checkWritable refuses a file or directory that is meant not to be written to, which a rename would not notice.
func checkWritable(old *snapshot) error {
	const anyone = 0o222
	if old.info.Mode().Perm()&anyone == 0 {
		return errors.New("not written: the file is read-only; make it writable with chmod u+w")
	}
	dir, err := os.Stat(filepath.Dir(old.path))
	if err != nil {
		return writeError(err)
	}
	if dir.Mode().Perm()&anyone == 0 {
		return errors.New("not written: its directory is read-only; make it writable with chmod u+w")
	}
	if err := checkSame(old); err != nil {
		return err
	}
	f, err := openNow(old.path, os.O_WRONLY)
	if err != nil {
		return writeError(err)
	}
	return f.Close()
}

// checkSame compares a file with the one that was read, without opening it.
func checkSame(old *snapshot) error {
	// Lstat: a link that took the file's place would be replaced by the rename.
	info, err := os.Lstat(old.path)
	if err != nil || !os.SameFile(info, old.info) || info.Size() != old.info.Size() ||
		!info.ModTime().Equal(old.info.ModTime()) {
		return errChanged
	}
	return nil
}

// checkUnchanged compares a file with what was read of it.
func checkUnchanged(old *snapshot) error {
	if err := checkSame(old); err != nil {
		return err
	}
	if now, err := readFile(old.path); err != nil || !bytes.Equal(now.data, old.data) {
		return errChanged
	}
	return nil
}

// syncDir makes a rename last. Some file systems cannot sync a directory; the file is whole in any case.
func syncDir(dir string) {
	if d, err := openNow(dir, os.O_RDONLY); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// writeError says why a file was not written. The operating system's error names the temporary file, which means
// nothing to people.
func writeError(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("not written: %w", err)
}
