//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var full = flag.Bool("full", false, "run the fault tests at their full size")

// staticKeys is a config with a fix, to which text can be added; name tells files apart.
const staticKeys = `# %s
version: 2.1
jobs:
  deploy:
    docker: [{image: cimg/aws:2024.03}]
    steps:
      - checkout
      - run: |
          aws configure set aws_access_key_id $SITE_AWS_ACCESS_KEY_ID
          aws configure set aws_secret_access_key $SITE_AWS_SECRET_ACCESS_KEY
          aws s3 sync . s3://site
workflows:
  main:
    jobs: [deploy]
`

// program is the path of cfgfix. TestMain makes of the test program what its name says.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cfgfix")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// farm is a tree of n configs that have a fix each, with what cfgfix makes of them.
type farm struct {
	dir      string
	names    []string
	old, new map[string][]byte
}

func newFarm(t *testing.T, cfgfix string, n int) *farm {
	t.Helper()
	f := &farm{dir: t.TempDir(), old: map[string][]byte{}, new: map[string][]byte{}}
	for i := range n {
		name := fmt.Sprintf("repo-%03d/.circleci/config.yml", i)
		f.names = append(f.names, name)
		f.old[name] = fmt.Appendf(nil, staticKeys, name)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(f.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.reset(t)
	if out, err := command(cfgfix, f.dir, "-q", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range f.names {
		f.new[name] = read(t, filepath.Join(f.dir, name))
		if bytes.Equal(f.new[name], f.old[name]) {
			t.Fatalf("%s was not fixed", name)
		}
	}
	return f
}

// reset writes the files as they were.
func (f *farm) reset(t *testing.T) {
	t.Helper()
	for _, name := range f.names {
		write(t, filepath.Join(f.dir, name), f.old[name])
	}
}

// check counts the files that are new, and fails for each that is neither new nor old.
func (f *farm) check(t *testing.T) (fixed int) {
	t.Helper()
	for _, name := range f.names {
		switch got := read(t, filepath.Join(f.dir, name)); {
		case bytes.Equal(got, f.new[name]):
			fixed++
		case !bytes.Equal(got, f.old[name]):
			t.Errorf("%s is neither the old file nor the new one:\n%s", name, got)
		}
	}
	return fixed
}

func command(name, dir string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	return c
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKilled ends runs at random instants. Whatever a run has done until then, each file is whole, and the next run
// does the rest.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	cfgfix := program(t)
	files, kills := 60, 12
	if *full {
		files, kills = 500, 200
	}
	f := newFarm(t, cfgfix, files)
	f.reset(t)
	begin := time.Now()
	if err := command(cfgfix, f.dir, "-q", ".").Run(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begin)
	random := rand.New(rand.NewPCG(1, 2))
	partly := 0
	for range kills {
		f.reset(t)
		c := command(cfgfix, f.dir, "-q", ".")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Float64() * float64(whole)))
		_ = c.Process.Kill() // it may have ended by itself
		_ = c.Wait()
		if fixed := f.check(t); fixed > 0 && fixed < files {
			partly++
		}
	}
	t.Logf("%d of %d kills met a run that had written some of %d files", partly, kills, files)
	if err := command(cfgfix, f.dir, "-q", ".").Run(); err != nil {
		t.Fatal(err)
	}
	if fixed := f.check(t); fixed != files {
		t.Errorf("a run after the kills fixed %d of %d files", fixed, files)
	}
}

// TestInterrupt is Ctrl-C, or the end of the terminal: the files under way are finished, no further one is begun, and the
// exit code says so.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many files")
	}
	cfgfix := program(t)
	f := newFarm(t, cfgfix, 300)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) { interrupt(t, cfgfix, f, signal) })
	}
}

// interrupt sends a signal to runs, later and later, until one meets a run that wrote some files and not all.
func interrupt(t *testing.T, cfgfix string, f *farm, signal os.Signal) {
	for wait := 2 * time.Millisecond; wait < 10*time.Second; wait = wait * 3 / 2 {
		f.reset(t)
		var stderr bytes.Buffer
		c := command(cfgfix, f.dir, "-q", "-j", "1", ".")
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(wait)
		_ = c.Process.Signal(signal)
		err := c.Wait()
		fixed := f.check(t)
		if fixed == 0 {
			continue // the signal came before the first file, perhaps before there was anybody to take it
		}
		if fixed == len(f.names) {
			t.Skip("no signal met a run under way")
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("%d of %d files were written: %v, want exit code 130; %s", fixed, len(f.names), err, &stderr)
		}
		if left, _ := filepath.Glob(filepath.Join(f.dir, "*/.circleci/.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		return
	}
}

// TestNohup is a run that was told to go on when the terminal goes away.
func TestNohup(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many files")
	}
	cfgfix := program(t)
	f := newFarm(t, cfgfix, 100)
	f.reset(t)
	c := command("sh", f.dir, "-c", `trap "" HUP; echo ready; exec "$0" -q -j 1 .`, cfgfix)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	_, _ = stdout.Read(make([]byte, len("ready\n")))
	for range 20 {
		time.Sleep(5 * time.Millisecond)
		_ = c.Process.Signal(syscall.SIGHUP)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if fixed := f.check(t); fixed != len(f.names) {
		t.Errorf("%d of %d files were fixed", fixed, len(f.names))
	}
}

// TestDiskFull bounds the size of the files that the program may write, which fails as a full disk does.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("sh is not installed")
	}
	cfgfix, dir := program(t), t.TempDir()
	small, large := filepath.Join(dir, "small.yml"), filepath.Join(dir, "large.yml")
	text := fmt.Appendf(nil, staticKeys, "small")
	long := append(bytes.Clone(text), strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 700)...)
	write(t, small, text)
	write(t, large, long)
	// In blocks of 512 or 1024 bytes.
	c := command("sh", dir, "-c", `ulimit -f 40; "$0" -q large.yml small.yml`, cfgfix)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3", err)
	}
	if !strings.Contains(string(out), "large.yml: not written: file too large") {
		t.Errorf("the error is %q", out)
	}
	if !bytes.Equal(read(t, large), long) {
		t.Error("the file that could not be written is not as it was")
	}
	if bytes.Equal(read(t, small), text) {
		t.Error("the other file was not fixed")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestReplacedMeanwhile has somebody else write to the files all the time. Whatever text wins, it is a whole one.
func TestReplacedMeanwhile(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many files")
	}
	cfgfix := program(t)
	f := newFarm(t, cfgfix, 40)
	f.reset(t)
	other := fmt.Appendf(nil, "version: 2.1\njobs: {}\n# written by somebody else, %s\n", strings.Repeat("x", 3000))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		random := rand.New(rand.NewPCG(3, 4))
		for ctx.Err() == nil {
			path := filepath.Join(f.dir, f.names[random.IntN(len(f.names))])
			if err := errors.Join(os.WriteFile(path+".new", other, 0o644), os.Rename(path+".new", path)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 5 {
		var exit *exec.ExitError
		if err := command(cfgfix, f.dir, "-q", ".").Run(); errors.As(err, &exit) && exit.ExitCode() != 3 {
			t.Errorf("exit code %d", exit.ExitCode())
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, name := range f.names {
		got := read(t, filepath.Join(f.dir, name))
		if !bytes.Equal(got, other) && !bytes.Equal(got, f.new[name]) && !bytes.Equal(got, f.old[name]) {
			t.Errorf("%s is mixed:\n%s", name, got)
		}
	}
}

// TestOddEntries has beside a config all that a directory may hold in place of one.
func TestOddEntries(t *testing.T) {
	t.Parallel()
	cfgfix, dir := program(t), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, ".circleci", name) }
	if err := os.MkdirAll(at("directory.yml/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, at("config.yml"), fmt.Appendf(nil, staticKeys, "config"))
	write(t, at("new\nline\x1b[2J.yml"), fmt.Appendf(nil, staticKeys, "newline"))
	for link, target := range map[string]string{
		"dangling.yml": "nowhere.yml", "loop.yml": "pool.yml", "pool.yml": "loop.yml", "self.yml": "self.yml",
		"up.yml": "..", "device.yml": "/dev/zero", "tree": "..",
	} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(at("pipe.yml"), 0o644); err != nil {
		t.Skip(err)
	}
	write(t, at("caf\xe9.yml"), fmt.Appendf(nil, staticKeys, "bytes"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a program that waits on the pipe for ever
	defer cancel()
	c := exec.CommandContext(ctx, cfgfix, ".")
	c.Dir = dir
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3 for the links that lead nowhere\n%s", err, &stderr)
	}
	for _, want := range []string{
		".circleci/dangling.yml: no such file", ".circleci/loop.yml: ", ".circleci/self.yml: ",
		".circleci/pipe.yml: skipped: a named pipe", ".circleci/device.yml: skipped: a device",
		"has a name that is not UTF-8", `new\nline\x1b[2J.yml`,
	} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("standard error lacks %q:\n%s", want, &stderr)
		}
	}
	if strings.ContainsRune(stdout.String()+stderr.String(), '\x1b') {
		t.Error("an escape sequence reaches the terminal")
	}
	for _, name := range []string{"config.yml", "new\nline\x1b[2J.yml"} {
		if !strings.Contains(string(read(t, at(name))), "aws-cli/setup") {
			t.Errorf("%q was not fixed", name)
		}
	}
}

// TestCrowdedDirectory has many files in one directory.
func TestCrowdedDirectory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many files")
	}
	n := 1000
	if *full {
		n = 10_000
	}
	cfgfix, dir := program(t), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".circleci"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		write(t, filepath.Join(dir, ".circleci", fmt.Sprintf("part-%d.yml", i)), fmt.Appendf(nil, staticKeys, "part"))
	}
	if out, err := command(cfgfix, dir, "-q", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, ".circleci")); len(entries) != n {
		t.Errorf("%d entries, want %d", len(entries), n)
	}
	if err := command(cfgfix, dir, "-n", "-q", ".").Run(); err != nil {
		t.Errorf("a second run would change something: %v", err)
	}
}

// TestHugeFiles has files that are larger than any config is: they are refused by name, and the one beside
// them is fixed.
func TestHugeFiles(t *testing.T) {
	t.Parallel()
	cfgfix, dir := program(t), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, ".circleci", name) }
	if err := os.Mkdir(at(""), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, at("config.yml"), fmt.Appendf(nil, staticKeys, "config"))
	write(t, at("holes.yml"), nil)
	if err := os.Truncate(at("holes.yml"), 200<<20); err != nil {
		t.Skip(err)
	}
	write(t, at("line.yml"), append([]byte("a: "), bytes.Repeat([]byte("x"), 50<<20)...))
	c := command(cfgfix, dir, ".")
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 3 {
		t.Errorf("%v, want exit code 3\n%s", err, out)
	}
	for _, name := range []string{"holes.yml", "line.yml"} {
		if want := ".circleci/" + name + ": file size in bytes is over the bound"; !strings.Contains(string(out), want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if !strings.Contains(string(read(t, at("config.yml"))), "aws-cli/setup") {
		t.Error("the config beside them was not fixed")
	}
}
