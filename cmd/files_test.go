package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listed runs a discovery in dir and returns what it found, paths relative to dir, and its notes.
func listed(t *testing.T, dir string, paths ...string) (files []string, notes []string) {
	t.Helper()
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	d := &discovery{dir: dir, repos: newRepos(dir), note: note, verbose: note}
	for _, s := range d.discover(t.Context(), paths) {
		line := s.name
		if rel, err := filepath.Rel(dir, s.path); err == nil && filepath.ToSlash(rel) != s.name {
			line += " = " + filepath.ToSlash(rel)
		}
		if s.err != nil {
			line = s.name + ": " + s.err.Error()
		}
		files = append(files, line)
	}
	return files, notes
}

// realTempDir is a temporary directory by the name that has no links in it.
func realTempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// linkTo makes a link. The test is skipped where that takes a privilege.
func linkTo(t *testing.T, target, link string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: links take a privilege here")
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files []string
		links map[string]string // name to target
		paths []string
		want  []string
		notes []string
	}{
		{
			name:  "a repo has all YAML files below .circleci",
			files: []string{".circleci/config.yml", ".circleci/src/jobs/a.yaml", ".circleci/README.md", "deploy.yml"},
			paths: []string{"."},
			want:  []string{".circleci/config.yml", ".circleci/src/jobs/a.yaml"},
		},
		{
			name:  "a tree of repos in the order of names",
			files: []string{"z/.circleci/config.yml", "a/b/.circleci/config.yml", "a-b/.circleci/config.yml"},
			paths: []string{"."},
			want:  []string{"a-b/.circleci/config.yml", "a/b/.circleci/config.yml", "z/.circleci/config.yml"},
		},
		{
			name: "not through foreign directories",
			files: []string{
				".git/.circleci/config.yml", "node_modules/x/.circleci/config.yml", "vendor/x/.circleci/config.yml",
				".hidden/.circleci/config.yml",
			},
			paths: []string{"."},
			want:  []string{".hidden/.circleci/config.yml"},
		},
		{
			name:  "a foreign directory that is named is walked",
			files: []string{"vendor/x/.circleci/config.yml"},
			paths: []string{"vendor"},
			want:  []string{"vendor/x/.circleci/config.yml"},
		},
		{
			name:  "a directory inside .circleci",
			files: []string{".circleci/config.yml", ".circleci/src/a.yml"},
			paths: []string{".circleci/src"},
			want:  []string{".circleci/src/a.yml"},
		},
		{
			name:  "a settings file is no config",
			files: []string{".circleci/config.yml", ".circleci/.cfgfix.yml"},
			paths: []string{"."},
			want:  []string{".circleci/config.yml"},
		},
		{
			name:  "a file of any name",
			files: []string{"ci/pipeline.txt"},
			paths: []string{"./ci/../ci/pipeline.txt"},
			want:  []string{"ci/pipeline.txt"},
		},
		{
			name:  "each file once however often it is meant",
			files: []string{"a/.circleci/config.yml", "b/.circleci/config.yml"},
			paths: []string{"b", ".", "a/.circleci/config.yml", "a"},
			want:  []string{"a/.circleci/config.yml", "b/.circleci/config.yml"},
		},
		{
			name:  "a link to a file elsewhere is followed",
			files: []string{"shared/ci.yml"},
			links: map[string]string{"a/.circleci/config.yml": "../../shared/ci.yml"},
			paths: []string{"."},
			want:  []string{"a/.circleci/config.yml = shared/ci.yml"},
		},
		{
			name:  "the name of the file beats that of a link",
			files: []string{"b/.circleci/config.yml"},
			links: map[string]string{"a/.circleci/config.yml": "../../b/.circleci/config.yml"},
			paths: []string{"."},
			want:  []string{"b/.circleci/config.yml"},
		},
		{
			name:  "links to directories are not followed",
			files: []string{"b/.circleci/config.yml", "c/x.yml/y.txt"},
			links: map[string]string{"a": "b", "c/.circleci": "../b/.circleci", "b/.circleci/loop.yml": "../.."},
			paths: []string{"."},
			want:  []string{"b/.circleci/config.yml"},
			notes: []string{"b/.circleci/loop.yml: skipped: a link to a directory"},
		},
		{
			name:  "a named link to a directory is followed",
			files: []string{"b/.circleci/config.yml"},
			links: map[string]string{"a": "b"},
			paths: []string{"a"},
			want:  []string{"a/.circleci/config.yml = b/.circleci/config.yml"},
		},
		{
			name:  "a link out of the directory is skipped",
			files: []string{"a/x", "other/ci.yml"},
			links: map[string]string{"a/.circleci/config.yml": "../../other/ci.yml"},
			paths: []string{"a"},
			notes: []string{"a/.circleci/config.yml: skipped: a link that leads out of the directory; name the link to have it followed"},
		},
		{
			name:  "a link out of the repo is skipped, also below what is named",
			files: []string{"a/.git/HEAD", "b/.circleci/config.yml", "a/.circleci/config.yml"},
			links: map[string]string{"a/.circleci/more.yml": "../../b/.circleci/config.yml"},
			paths: []string{"."},
			want:  []string{"a/.circleci/config.yml", "b/.circleci/config.yml"},
			notes: []string{"a/.circleci/more.yml: skipped: a link that leads out of the repo; name the link to have it followed"},
		},
		{
			name:  "a link in a part of a repo may lead to another part",
			files: []string{".git/HEAD", "ci/shared.yml"},
			links: map[string]string{"a/.circleci/config.yml": "../../ci/shared.yml"},
			paths: []string{"a"},
			want:  []string{"a/.circleci/config.yml = ci/shared.yml"},
		},
		{
			name:  "links that lead out in two steps, or through a directory, are skipped",
			files: []string{"a/.git/HEAD", "b/ci.yml"},
			links: map[string]string{
				"a/.circleci/chain.yml": "../step.yml", "a/step.yml": "../b/ci.yml",
				"a/.circleci/through.yml": "../b/ci.yml", "a/b": "../b",
			},
			paths: []string{"a"},
			notes: []string{
				"a/.circleci/chain.yml: skipped: a link that leads out of the repo; name the link to have it followed",
				"a/.circleci/through.yml: skipped: a link that leads out of the repo; name the link to have it followed",
			},
		},
		{
			name:  "a link out of the repo that is named is followed",
			files: []string{"a/.git/HEAD", "b/ci.yml"},
			links: map[string]string{"a/.circleci/config.yml": "../../b/ci.yml"},
			paths: []string{"a/.circleci/config.yml"},
			want:  []string{"a/.circleci/config.yml = b/ci.yml"},
		},
		{
			name:  "a link to nothing is an error",
			links: map[string]string{".circleci/config.yml": "gone.yml"},
			paths: []string{"."},
			want:  []string{".circleci/config.yml: no such file or directory"},
		},
		{
			name:  "a missing file is an error, the others are found",
			files: []string{".circleci/config.yml"},
			paths: []string{"nope.yml", "."},
			want:  []string{".circleci/config.yml", "nope.yml: no such file or directory"},
		},
		{
			name:  "a device is an error",
			paths: []string{os.DevNull},
			want:  []string{os.DevNull + ": is a device, not a file; to read a config from a pipe use -"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := realTempDir(t)
			for _, f := range tt.files {
				writeTestFile(t, filepath.Join(dir, f), "")
			}
			for name, target := range tt.links {
				link := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
					t.Fatal(err)
				}
				linkTo(t, target, link)
			}
			files, notes := listed(t, dir, tt.paths...)
			if diff := cmp.Diff(tt.want, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiscoverOutside(t *testing.T) {
	t.Parallel()
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, "repo/.circleci/config.yml"), "")
	work := filepath.Join(dir, "work")
	writeTestFile(t, filepath.Join(work, "x"), "")
	files, _ := listed(t, work, "../repo")
	if diff := cmp.Diff([]string{"../repo/.circleci/config.yml"}, files); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDiscoverNamesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the file system takes no such names")
	}
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, ".circleci/caf\xe9.yml"), "")
	writeTestFile(t, filepath.Join(dir, "caf\xe9/.circleci/config.yml"), "")
	want := []string{".circleci/caf\xe9.yml: has a name that is not UTF-8", "caf\xe9/.circleci/config.yml: has a name that is not UTF-8"}
	for _, paths := range [][]string{{"."}, {".", ".circleci/caf\xe9.yml"}, {".circleci", "caf\xe9"}} {
		files, notes := listed(t, dir, paths...)
		if diff := cmp.Diff(want, files); diff != "" {
			t.Errorf("%q: files (-want +got):\n%s", paths, diff)
		}
		if len(notes) > 0 {
			t.Errorf("%q: notes %q", paths, notes)
		}
	}
}
