package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// onTerminal runs cfgfix on a terminal of its own, which is width columns wide, and returns what it shows.
func onTerminal(t *testing.T, dir string, width uint16, env []string, args ...string) string {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	defer ours.Close()
	fd := int(ours.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: width})
	}
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.Args = append([]string{"cfgfix"}, args...) // TestMain goes by the name
	c.Dir, c.Env = dir, append([]string{"TERM=xterm-256color", "HOME=" + dir}, env...)
	c.Stdin, c.Stdout, c.Stderr = theirs, theirs, theirs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	shown, _ := io.ReadAll(ours) // ends with an error once nobody has the other end
	_ = c.Wait()
	return strings.ReplaceAll(string(shown), "\r\n", "\n")
}

var (
	colors = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	links  = regexp.MustCompile(`\x1b\]8;;[^\x1b]*\x1b\\`)
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const config = "version: 2.1\njobs:\n  smoke:\n    docker:\n      - image: cimg/base:2024.03\n    resource_class: small\n    steps:\n      - run: curl https://site.corp/health\n"
	if err := os.Mkdir(filepath.Join(dir, ".circleci"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".circleci", "config.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--dry-run", "--set", "runner.resource_class=acme/linux"}
	shown := onTerminal(t, dir, 60, []string{"WT_SESSION=1"}, args...)
	for _, want := range []string{
		"\x1b[31m-    resource_class: \x1b[7msmall\x1b[27m\x1b[m\n", "\x1b[32m+    resource_class: \x1b[7macme/linux\x1b[27m\x1b[m\n",
		"\x1b[33mmedium\x1b[m", "\x1b]8;;file://",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the terminal lacks %q:\n%q", want, shown)
		}
	}
	_, findings, _ := strings.Cut(links.ReplaceAllString(colors.ReplaceAllString(shown, ""), ""), "health\n")
	for line := range strings.Lines(findings) {
		if n := utf8.RuneCountInString(line) - 1; n > 60 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(findings, "\n    ") {
		t.Errorf("nothing is wrapped:\n%s", findings)
	}
	if shown := onTerminal(t, dir, 60, nil, "--dry-run", "--format", "html"); !strings.Contains(shown, "add --output FILE") {
		t.Errorf("a page for a terminal: %s", shown)
	}
	if shown := onTerminal(t, dir, 60, []string{"WT_SESSION=1", "NO_COLOR=1"}, args...); strings.Contains(shown, "\x1b") {
		t.Errorf("NO_COLOR, and yet: %q", shown)
	}
}
