//go:build unix

package cmd

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A pipe that nobody writes to would block a reader for ever.
func TestPipes(t *testing.T) {
	t.Parallel()
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, ".circleci/config.yml"), "")
	pipe := filepath.Join(dir, ".circleci/pipe.yml")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip(err)
	}
	files, notes := listed(t, dir, ".", ".circleci/pipe.yml")
	want := []string{
		".circleci/config.yml",
		".circleci/pipe.yml: is a named pipe, not a file; to read a config from a pipe use -",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{".circleci/pipe.yml: skipped: a named pipe"}, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if _, err := readFile(pipe); err == nil || !strings.Contains(err.Error(), "named pipe") {
		t.Errorf("readFile: %v", err)
	}
}
