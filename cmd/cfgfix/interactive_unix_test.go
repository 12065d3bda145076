//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

// terminal is cfgfix on a pseudo-terminal.
type terminal struct {
	t    *testing.T
	tty  *os.File
	cmd  *exec.Cmd
	done chan struct{}

	mu     sync.Mutex
	screen bytes.Buffer
	seen   int // of screen
}

// start runs cfgfix in dir on a terminal of its own. stdout nil is that terminal, too.
func start(t *testing.T, dir string, stdout io.Writer, args ...string) *terminal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	program, err := exec.LookPath("cfgfix")
	if err != nil {
		t.Fatal(err)
	}
	tty, end, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	x := &terminal{t: t, tty: tty, done: make(chan struct{})}
	x.cmd = exec.CommandContext(ctx, program, args...)
	x.cmd.Dir, x.cmd.Env = dir, append(os.Environ(), "NO_COLOR=1")
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = end, stdout, end
	if stdout == nil {
		x.cmd.Stdout = end
	}
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	t.Cleanup(func() { tty.Close() })
	go x.read()
	return x
}

func (x *terminal) read() {
	defer close(x.done)
	buffer := make([]byte, 4096)
	for {
		n, err := x.tty.Read(buffer)
		x.mu.Lock()
		x.screen.Write(buffer[:n])
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is all that was shown, with plain line ends.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.ReplaceAll(x.screen.String(), "\r\n", "\n")
}

// expect waits for a text behind what was waited for before.
func (x *terminal) expect(want string) *terminal {
	x.t.Helper()
	for range 1000 {
		text := x.text()
		if i := strings.Index(text[x.seen:], want); i >= 0 {
			x.seen += i + len(want)
			return x
		}
		select {
		case <-x.done:
			if !strings.Contains(x.text()[x.seen:], want) {
				x.t.Fatalf("cfgfix ended, and %q was not shown:\n%s", want, x.text())
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
	x.t.Fatalf("%q is not shown:\n%s", want, x.text())
	return nil
}

// send types a text.
func (x *terminal) send(text string) *terminal {
	x.t.Helper()
	if _, err := io.WriteString(x.tty, text); err != nil {
		x.t.Fatal(err)
	}
	return x
}

// answer types an answer to the next question.
func (x *terminal) answer(text string) *terminal {
	x.t.Helper()
	return x.expect(",?] ").send(text + "\n")
}

// exit waits for the end and checks the exit code.
func (x *terminal) exit(want int) {
	x.t.Helper()
	<-x.done
	err := x.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		x.t.Fatal(err)
	}
	if got := x.cmd.ProcessState.ExitCode(); got != want {
		x.t.Errorf("exit code %d, want %d:\n%s", got, want, x.text())
	}
}

const askedConfig = `version: 2.1
jobs:
  first:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: curl http://10.1.2.3/a # keep
  second:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: ssh -J bastion.acme.example ci@10.1.2.3 true
  third:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: curl http://10.1.2.3/c
workflows:
  main:
    jobs: [first, second, third]
`

// newRepo is a directory with configs of these names.
func newRepo(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(askedConfig), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func checkConfig(t *testing.T, dir, name, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

const (
	config  = ".circleci/config.yml"
	classed = "--set=runner.resource_class=acme/linux"
)

// moved is the config after the move of some of its jobs.
func moved(jobs ...string) string {
	text := askedConfig
	for _, job := range jobs {
		head, tail, _ := strings.Cut(text, "  "+job+":\n")
		text = head + "  " + job + ":\n" + strings.Replace(tail, "2026.01\n", "2026.01\n    resource_class: acme/linux\n", 1)
	}
	return text
}

// A fix is shown with its diff, its reason and what it takes; what was chosen is written after the confirmation.
func TestInteractiveChoose(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-i", classed)
	x.expect("1 of 3 in .circleci/config.yml\n").
		expect("config.yml:7:19 internal-network medium curl reaches the internal host 10.1.2.3\n").
		expect("fix (setup): run the job on a self-hosted runner\n").
		expect("\n+    resource_class: acme/linux\n").
		expect("Before you merge:\n  - install a container runner for the resource class acme/linux")
	x.answer("y")
	x.expect("2 of 3").expect("After you merge:\n  - take ssh -J out, with").answer("n")
	x.expect("3 of 3").answer("yes")
	x.expect("Write what was chosen to 1 file? [Y/n] ").send("\n")
	x.expect("note: wrote .circleci/config.yml\n").expect("3 findings: 2 fixed, 1 not chosen")
	x.exit(0)
	checkConfig(t, dir, config, moved("first", "third"))
}

func TestInteractiveAllOfRule(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config, ".circleci/other.yml")
	x := start(t, dir, nil, "-i", classed)
	x.answer("n").answer("a").expect("also .circleci/config.yml:17: curl").expect("also .circleci/other.yml:7: curl")
	x.expect("Write what was chosen to 2 files? [Y/n] ").send("y\n").exit(0)
	checkConfig(t, dir, config, moved("second", "third"))
	checkConfig(t, dir, ".circleci/other.yml", moved("first", "second", "third"))
}

// A reason is required; the comment is written with the fixes, and the next run is silent about the finding.
func TestInteractiveIgnore(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-i", classed)
	x.answer("i").expect("Reason: ").send(" - \n").expect("a comment needs a reason")
	x.answer("i").expect("Reason: ").send("the runner is on order\n")
	x.answer("i").expect("Reason: ").send("it moves\x1b[2Jin May\n")
	x.answer("y").expect("[Y/n] ").send("\n").expect("1 fixed, 2 suppressed").exit(0)
	want := strings.Replace(moved("third"), "      - run: curl http://10.1.2.3/a", "      # cfgfix: ignore[internal-network] the runner is on order\n      - run: curl http://10.1.2.3/a", 1)
	want = strings.Replace(want, "      - run: ssh", "      # cfgfix: ignore[internal-network] it moves [2Jin May\n      - run: ssh", 1)
	checkConfig(t, dir, config, want)
	start(t, dir, nil, "-i", classed).expect("nothing was chosen, so nothing was written").exit(0)
}

// A fact that is missing is asked for by its name; a wrong one is explained; the question comes again with the fix.
func TestInteractiveFact(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-i")
	x.expect("missing runner.resource_class: --set runner.resource_class=NAMESPACE/NAME").expect("What about it? [n,i,e,q,?] ")
	x.send("y\n").expect("n  leave it").answer("e").expect("runner.resource_class = ").send("linux\n")
	x.expect("runner.resource_class must be a runner's resource class").answer("e").expect("runner.resource_class = ").send("acme/linux\n")
	x.expect("+    resource_class: acme/linux").answer("y")
	x.answer("e").expect("Fact, as KEY=VALUE: ").send("runner.resource_clas=acme/big\n").expect(`did you mean "runner.resource_class"?`)
	x.answer("e").expect("Fact, as KEY=VALUE: ").send("nonsense\n").expect("nonsense: no value; write nonsense=VALUE")
	x.answer("e").expect("Fact, as KEY=VALUE: ").send("runner.resource_class=acme/big\n")
	x.expect("what was chosen before in this file changes with it").expect("-    resource_class: acme/linux\n+    resource_class: acme/big\n")
	x.answer("n").answer("n").expect("[Y/n] ").send("\n").exit(0)
	checkConfig(t, dir, config, strings.Replace(moved("first"), "acme/linux", "acme/big", 1))
}

// Whoever quits is asked whether what was chosen is to be written, and Enter means no.
func TestInteractiveQuit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, confirm, said, want string }{
		{"Enter", "\n", "note: nothing was written\n", askedConfig},
		{"no", "maybe\nno\n", "note: nothing was written\n", askedConfig},
		{"yes", "y\n", "note: wrote .circleci/config.yml\n", moved("first")},
		{"end of input", "\x04", "note: nothing was written\n", askedConfig},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newRepo(t, config, ".circleci/other.yml")
			x := start(t, dir, nil, "-i", classed)
			x.answer("y").answer("q").expect("not looked at to the end: 2 of 2 files")
			x.expect("Write what was chosen to 1 file? [y/N] ").send(test.confirm).expect(test.said).exit(0)
			checkConfig(t, dir, config, test.want)
			checkConfig(t, dir, ".circleci/other.yml", askedConfig)
		})
	}
}

func TestInteractiveInterrupted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		play func(*terminal)
	}{
		{"at a question", func(x *terminal) { x.answer("y").expect("2 of 3").expect(",?] ").send("\x03") }},
		{"at the confirmation", func(x *terminal) { x.answer("a").expect("[Y/n] ").send("\x03") }},
		{"at the reason", func(x *terminal) { x.answer("i").expect("Reason: ").send("because\x03") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newRepo(t, config)
			x := start(t, dir, nil, "-i", classed)
			test.play(x)
			x.expect("interrupted: nothing was written").exit(130)
			checkConfig(t, dir, config, askedConfig)
		})
	}
}

// With --dry-run the choices become a patch, which may go elsewhere.
func TestInteractiveDryRun(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	var out bytes.Buffer
	x := start(t, dir, &out, "-n", "-i", classed)
	x.answer("n").answer("y").answer("q").expect("would be fixed").exit(1)
	checkConfig(t, dir, config, askedConfig)
	if patch := out.String(); strings.Count(patch, "\n+ ") != 1 || !strings.HasPrefix(patch, "--- a/.circleci/config.yml\n") {
		t.Errorf("the patch is\n%s", patch)
	}
}

// A file that changes while questions are asked is not written over.
func TestInteractiveChangedMeanwhile(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-i", classed)
	x.answer("a").expect("[Y/n] ")
	if err := os.WriteFile(filepath.Join(dir, config), []byte("# mine\n"+askedConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	x.send("y\n").expect("the file changed since it was read").exit(3)
	checkConfig(t, dir, config, "# mine\n"+askedConfig)
}

func TestInteractiveHelp(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-i", classed)
	x.expect("Apply this fix? [y,n,a,i,e,q,?] ").send("?\n").expect("  y  apply this fix\n  n  leave it\n  a  apply this fix and all further ones of its rule\n")
	x.expect(",?] ").send("\n").expect("  q  ask no more\n").answer("q").expect("nothing was chosen, so nothing was written").exit(0)
	checkConfig(t, dir, config, askedConfig)
}

// A page of HTML is of no use on a terminal.
func TestPageOnTerminal(t *testing.T) {
	t.Parallel()
	dir := newRepo(t, config)
	x := start(t, dir, nil, "-n", "-f", "html")
	x.expect("cfgfix: --format html: standard output is a terminal; add --output FILE and open it in a browser\n").exit(2)
}
