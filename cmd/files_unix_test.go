//go:build unix

package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// A pipe that takes the place of a file after it was read must not make a run wait for a reader or writer of it.
func TestPipeInPlaceOfFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		open func(s *snapshot) error
	}{
		{"when the file is written", func(s *snapshot) error { return replacer{}.replace(s, []byte(newText)) }},
		{"when the file of a repo is read", func(s *snapshot) error {
			_, err := repoFS(filepath.Dir(s.path)).Open(filepath.Base(s.path))
			return err
		}},
		{"when it can be written to", func(s *snapshot) error {
			_, err := openNow(s.path, os.O_WRONLY)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSnapshot(t)
			if err := errors.Join(os.Remove(s.path), syscall.Mkfifo(s.path, 0o644)); err != nil {
				t.Skip(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- test.open(s) }()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("no error")
				}
			case <-ctx.Done():
				t.Error("waits for the pipe")
			}
		})
	}
}
