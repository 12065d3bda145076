// Package cmd is the command line of cfgfix. Only this package touches the file system, the environment and the terminal.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"cfgfix/cmd/internal/forge"
	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// The exit codes are a contract for scripts.
const (
	exitOK          = 0
	exitLeft        = 1   // --fail-on: something is left; --dry-run: something would change
	exitUsage       = 2   // wrong flags or settings; nothing was written
	exitFile        = 3   // some file could not be handled; the others were
	exitInterrupted = 130 // by a signal; files are whole, some were not handled
)

// streams is the world that a command runs in.
type streams struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	dir     string // the working directory
	environ func(string) string
	env     []string    // all of it, for programs that are started
	clock   forge.Clock // the zero value is the machine's
	inTTY   bool        // in is a terminal
	outTTY  bool
	errTTY  bool
	width   func() int // of the terminal that err is, in columns; 0 when it is not known
}

// codeError ends the program with that code. What there was to say has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// fileError is an error about a file of the run, not about how cfgfix was called.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// Main runs cfgfix with the arguments behind the program's name and returns its exit code. The process ends with it: signals
// stay caught.
func Main(args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cfgfix:", err)
		return exitFile
	}
	ctx, stop := signal.NotifyContext(context.Background(), endingSignals()...)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return run(ctx, args, &streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		dir: dir, environ: os.Getenv, env: os.Environ(),
		inTTY: isTerminal(os.Stdin), outTTY: isTerminal(os.Stdout), errTTY: isTerminal(os.Stderr),
		width: func() int { return terminalWidth(os.Stderr) },
	}, func(e fixes.Engine) runner { return &e })
}

// endingSignals are those that end a run as Ctrl-C does, so that no temporary file stays behind. SIGPIPE is a reader of
// standard output that went away, SIGHUP a terminal that did; nohup asks to go on without one.
func endingSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run is Main in a given world. engine makes what handles the files.
func run(ctx context.Context, args []string, io *streams, engine engineFunc) int {
	world := *io
	out := &checkedWriter{Writer: io.out}
	world.out = out
	root := newRoot(&world, engine)
	root.SetArgs(args)
	root.SetIn(io.in)
	root.SetErr(io.err)
	err := root.ExecuteContext(ctx)
	var code codeError
	var file *fileError
	interrupted := errors.As(err, &code) && code == exitInterrupted
	if !interrupted && out.err != nil && !errors.As(err, &file) {
		err = &fileError{fmt.Errorf("standard output could not be written: %w", pathCause(out.err))}
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(io.err, "cfgfix:", report.Visible(err.Error()))
	if errors.As(err, &file) {
		return exitFile
	}
	return exitUsage
}

// checkedWriter remembers that a write failed. Not all that write to standard output tell, as the help does not.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(text []byte) (int, error) {
	n, err := w.Writer.Write(text)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// isTerminal reports whether f is a character device other than the null device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
