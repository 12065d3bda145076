package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"cfgfix/rewrite"
)

// source is one file to handle.
type source struct {
	name  string // for people: relative to the working directory when below it, else as it was given
	path  string // where its bytes are: absolute, links followed
	link  bool   // name is that of a link to the file
	named bool   // on the command line, so that it must hold a config
	err   error  // why it cannot be read

	// What settingsFinder.prepare adds.
	settings *settingsFile
	repo     string // owner/name when it is known and the settings ask for it
	patch    string // the name in patches
	root     string // the directory of the repo; "" when it is not known
}

// discovery finds the files that the PATHs of a command line mean.
type discovery struct {
	dir     string // the working directory
	repos   *repos
	files   []source
	dirs    []directory
	note    func(format string, args ...any) // what people should know
	verbose func(format string, args ...any) // what they may want to know
}

// directory is a PATH that is a directory.
type directory struct {
	name string // as it was given
	path string // absolute, links followed
}

// discover lists the files that paths mean, each real file once, sorted by name. A path costs some hundred bytes; what
// is in the files is read later, one by one.
// When ctx ends the list ends too.
func (d *discovery) discover(ctx context.Context, paths []string) []source {
	for _, p := range paths {
		d.add(ctx, p)
	}
	slices.SortFunc(d.files, func(a, b source) int {
		return cmp.Or(strings.Compare(a.path, b.path), compareBool(a.link, b.link), strings.Compare(a.name, b.name))
	})
	merged := d.files[:0]
	for _, f := range d.files {
		if n := len(merged); n > 0 && merged[n-1].path == f.path {
			merged[n-1].named = merged[n-1].named || f.named
			continue
		}
		merged = append(merged, f)
	}
	slices.SortFunc(merged, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return merged
}

// noteNone says of each directory that there is no config below it.
func (d *discovery) noteNone() {
	for _, dir := range d.dirs {
		d.note("no CircleCI config below %s", dir.name)
	}
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// add takes one PATH.
func (d *discovery) add(ctx context.Context, name string) {
	abs := d.abs(name)
	fail := func(err error) {
		d.files = append(d.files, source{name: name, path: abs, named: true, err: err})
	}
	path, info, err := follow(abs)
	switch {
	case err != nil:
		fail(readError(err))
	case info.IsDir():
		d.dirs = append(d.dirs, directory{name, path})
		d.walk(ctx, name, path)
	case !info.Mode().IsRegular():
		fail(fmt.Errorf("is a %s, not a file; to read a config from a pipe use -", kindOf(info.Mode())))
	case !utf8.ValidString(name):
		fail(errNotUTF8)
	default:
		d.files = append(d.files, source{name: d.shown(name), path: path, link: isLink(abs), named: true})
	}
}

// errNotUTF8 refuses a file that patches and reports could not name.
var errNotUTF8 = errors.New("has a name that is not UTF-8")

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func (d *discovery) abs(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(d.dir, name)
}

// shown is how people see a path that was given as name: relative when it is below the working directory.
func (d *discovery) shown(name string) string {
	if rel, ok := below(d.dir, d.abs(name)); ok {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(filepath.Clean(name))
}

// below is path relative to dir when it is dir or below it.
func below(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	return rel, err == nil && filepath.IsLocal(rel)
}

// walk adds the configs below a directory. Directories that are links are not followed, nor are links that lead out.
func (d *discovery) walk(ctx context.Context, name, root string) {
	shown := func(path string) string {
		rel, _ := filepath.Rel(root, path)
		return endOf(path, d.shown(filepath.Join(name, rel)))
	}
	// The callback never fails: what cannot be read becomes a source with an error.
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			d.files = append(d.files, source{name: shown(path), path: path, err: readError(err)})
		case e.IsDir() && path != root && isForeign(e.Name()):
			return fs.SkipDir
		case !e.IsDir() && isConfigName(path):
			d.addEntry(shown(path), root, path, e.Type())
		}
		return nil
	})
}

// endOf is name in the memory of path when path ends with it: a run over many files keeps both of each.
func endOf(path, name string) string {
	if strings.HasSuffix(path, name) {
		return path[len(path)-len(name):]
	}
	return name
}

// isForeign reports whether a directory of that name holds other people's files, or git's own.
func isForeign(name string) bool { return name == ".git" || name == "node_modules" || name == "vendor" }

// isConfigName reports whether CircleCI, or a tool that packs configs, takes the file for part of a config.
func isConfigName(path string) bool {
	ext := filepath.Ext(path)
	return (ext == ".yml" || ext == ".yaml") && !slices.Contains(settingsNames[:], filepath.Base(path)) &&
		strings.Contains(filepath.ToSlash(path), "/.circleci/")
}

// addEntry adds what a walk of root met at path, following a link to a file.
func (d *discovery) addEntry(shown, root, path string, mode fs.FileMode) {
	link := mode&fs.ModeSymlink != 0
	left := ""
	if link {
		target, info, err := follow(path)
		if err != nil {
			d.files = append(d.files, source{name: shown, path: path, err: readError(err)})
			return
		}
		left = d.leaves(root, path, target)
		path, mode = target, info.Mode()
	}
	switch {
	case mode.IsDir():
		d.verbose("%s: skipped: a link to a directory", shown)
	case !mode.IsRegular():
		d.note("%s: skipped: a %s", shown, kindOf(mode))
	case left != "":
		d.note("%s: skipped: a link that leads out of the %s; name the link to have it followed", shown, left)
	case !utf8.ValidString(shown):
		d.files = append(d.files, source{name: shown, path: path, err: errNotUTF8})
	default:
		d.files = append(d.files, source{name: shown, path: path, link: link})
	}
}

// leaves tells what a link leads out of: its repo, or where there is none the directory that is walked. It is "" when the
// link stays inside. What a repo holds must not make this write to what it does not hold.
func (d *discovery) leaves(walked, link, target string) string {
	bounds, what := d.repos.root(filepath.Dir(link)), "repo"
	if bounds == "" {
		bounds, what = walked, "directory"
	}
	if _, inside := below(bounds, target); inside {
		return ""
	}
	return what
}

func follow(link string) (target string, info fs.FileInfo, err error) {
	if target, err = filepath.EvalSymlinks(link); err == nil {
		info, err = os.Stat(target)
	}
	return target, info, err
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	default:
		return "special file"
	}
}

// snapshot is a file as it was read.
type snapshot struct {
	path string
	data []byte
	info fs.FileInfo
}

// readFile reads a regular file that Parse may take. It never waits: a file that turned into a pipe is refused.
func readFile(path string) (*snapshot, error) {
	f, err := openNow(path, os.O_RDONLY)
	if err != nil {
		return nil, readError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, readError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("is a %s, not a file", kindOf(info.Mode()))
	}
	data, err := readBounded(f)
	if err != nil {
		return nil, err
	}
	return &snapshot{path, data, info}, nil
}

// openNow opens what is there without waiting. Somebody may put a pipe in the place of a file at any time, and a plain
// open of one waits for its other end, maybe for ever.
func openNow(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
}

// readBounded reads as much as Parse takes. What is larger is the error that Parse would give, without the memory. With an
// error comes what was read.
func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, rewrite.MaxSize+1))
	if err != nil {
		return data, readError(err)
	}
	if len(data) > rewrite.MaxSize {
		return data, &rewrite.LimitError{What: "file size in bytes", Bound: rewrite.MaxSize}
	}
	return data, nil
}

var errMissing = errors.New("no such file or directory")

// readError says why something cannot be read. The name of the file is left out: reports put it in front.
func readError(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case errors.As(err, &path):
		return fmt.Errorf("cannot be read: %w", path.Err)
	default:
		return fmt.Errorf("cannot be read: %w", err)
	}
}
