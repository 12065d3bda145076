package cmd

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// writeSteps are the steps at which a write can fail.
var writeSteps = []string{"create", "write", "sync", "compare", "rename"}

const (
	oldText = "version: 2.1\n"
	newText = "version: 2.1\njobs: {}\n"
)

// newSnapshot is a file with oldText as it was read.
func newSnapshot(t *testing.T) *snapshot {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	writeTestFile(t, path, oldText)
	s, err := readFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func writeTestFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkAlone checks the text of a file and that nothing stands beside it.
func checkAlone(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("the file is %q (%v), want %q", got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v (%v)", entries, err)
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o644, 0o600, 0o755, 0o666} {
		s := newSnapshot(t)
		if err := os.Chmod(s.path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := readFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := (replacer{}).replace(s, []byte(newText)); err != nil {
			t.Fatal(err)
		}
		checkAlone(t, s.path, newText)
		if info, err := os.Stat(s.path); err != nil || info.Mode() != mode && runtime.GOOS != "windows" { // it has two modes
			t.Errorf("mode %v (%v), want %v", info.Mode(), err, mode)
		}
	}
}

func TestReplaceFailing(t *testing.T) {
	t.Parallel()
	for _, at := range writeSteps {
		s := newSnapshot(t)
		full := errors.New("no space left on device")
		r := replacer{before: func(step string) error {
			if step == at {
				return full
			}
			return nil
		}}
		if err := r.replace(s, []byte(newText)); !errors.Is(err, full) {
			t.Errorf("at %s: error %v", at, err)
		}
		checkAlone(t, s.path, oldText)
	}
}

func TestReplaceRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(s *snapshot) error
		want   string // part of the error
		left   string // text of the file afterwards
	}{
		{"other text of the same size and time", func(s *snapshot) error {
			text := strings.ToUpper(oldText)
			return errors.Join(os.WriteFile(s.path, []byte(text), 0o644),
				os.Chtimes(s.path, time.Time{}, s.info.ModTime()))
		}, "changed since it was read", strings.ToUpper(oldText)},
		{"other size", func(s *snapshot) error {
			return os.WriteFile(s.path, []byte("longer: "+oldText), 0o644)
		}, "changed since it was read", "longer: " + oldText},
		{"touched", func(s *snapshot) error {
			return os.Chtimes(s.path, time.Time{}, s.info.ModTime().Add(time.Second))
		}, "changed since it was read", oldText},
		{"read-only file", func(s *snapshot) error {
			if err := os.Chmod(s.path, 0o444); err != nil {
				return err
			}
			again, err := readFile(s.path)
			*s = *again
			return err
		}, "the file is read-only", oldText},
		{"read-only directory", func(s *snapshot) error {
			return os.Chmod(filepath.Dir(s.path), 0o555)
		}, "directory is read-only", oldText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && tt.name == "read-only directory" {
				t.Skip("skipped: there are none here")
			}
			s := newSnapshot(t)
			t.Cleanup(func() { _ = os.Chmod(filepath.Dir(s.path), 0o755) })
			if err := tt.change(s); err != nil {
				t.Fatal(err)
			}
			err := replacer{}.replace(s, []byte(newText))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			checkAlone(t, s.path, tt.left)
		})
	}
}

func TestReplaceGone(t *testing.T) {
	t.Parallel()
	s := newSnapshot(t)
	r := replacer{before: func(step string) error {
		if step == "compare" {
			return os.Remove(s.path)
		}
		return nil
	}}
	if err := r.replace(s, []byte(newText)); !errors.Is(err, errChanged) {
		t.Errorf("error %v, want %v", err, errChanged)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(s.path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReplaceKilled ends the process at each step of a write. The test program runs itself for that.
func TestReplaceKilled(t *testing.T) {
	const stepKey, pathKey = "KILL_AT_STEP", "KILL_PATH"
	if at := os.Getenv(stepKey); at != "" {
		s, err := readFile(os.Getenv(pathKey))
		if err != nil {
			t.Fatal(err)
		}
		_ = replacer{before: func(step string) error {
			if step == at {
				os.Exit(9)
			}
			return nil
		}}.replace(s, []byte(newText))
		t.Fatal("not killed")
	}
	t.Parallel()
	for _, at := range writeSteps {
		s := newSnapshot(t)
		c := exec.Command(os.Args[0], "-test.run=^TestReplaceKilled$")
		c.Env = append(os.Environ(), stepKey+"="+at, pathKey+"="+s.path)
		var exit *exec.ExitError
		if err := c.Run(); !errors.As(err, &exit) || exit.ExitCode() != 9 {
			t.Fatalf("at %s: %v", at, err)
		}
		if got, err := os.ReadFile(s.path); err != nil || string(got) != oldText {
			t.Errorf("at %s: the file is %q (%v)", at, got, err)
		}
		again, err := readFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := (replacer{}).replace(again, []byte(newText)); err != nil {
			t.Errorf("after a death at %s: %v", at, err)
		}
	}
}
