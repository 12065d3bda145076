package cmd

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// stdin handles a config on standard input. The config goes to standard output, fixed or, when it could not be handled,
// as it came, of whatever size; a dry run shows the patch instead.
func (r *fixRun) stdin(ctx context.Context) error {
	src, err := r.stdinSource()
	if err != nil {
		return err
	}
	in, err := untilDone(ctx, r.readStdin)
	if err != nil {
		return err
	}
	out, err := r.openOutput([]source{*src}) // only now: it may be what is read
	if err != nil {
		return err
	}
	f := failedFile(src.name, in.err)
	if in.err == nil {
		f = r.fix(src, in.data, r.choice.facts, nil)
	}
	rep := r.newReport(out)
	return r.finish(ctx, rep, out, r.showStdin(ctx, rep, f, in))
}

// showStdin passes the config on and reports what was done to it.
func (r *fixRun) showStdin(ctx context.Context, rep report.Writer, f *report.File, in stdinText) error {
	if !r.dryRun {
		if err := r.passOn(ctx, f, in); err != nil {
			return err
		}
	}
	return r.tell(rep, f)
}

// stdinSource stands for the config on standard input. Its settings are those of the working directory.
func (r *fixRun) stdinSource() (*source, error) {
	dir := r.finder.repos.dir
	found, err := r.finder.find(dir)
	if err != nil {
		return nil, err
	}
	src := &source{
		name: filepath.ToSlash(r.stdinName), path: filepath.Join(dir, r.stdinName),
		named: true, settings: found, patch: filepath.ToSlash(r.stdinName),
	}
	src.repo = r.finder.repos.name(src.path)
	src.root = r.finder.repos.base(src.path)
	return src, nil
}

// passOn writes the config to standard output. The patch would get in its way there.
func (r *fixRun) passOn(ctx context.Context, f *report.File, in stdinText) error {
	data := in.data
	if f.Result.Status == fixes.Changed {
		data = f.Result.Output
	}
	if r.output == "" || r.output == "-" {
		f.Patch = nil
	}
	if _, err := r.io.out.Write(data); err != nil || !in.more() {
		return err
	}
	failed, err := untilDone(ctx, func() error {
		_, err := io.Copy(r.io.out, r.io.in)
		return err
	})
	return errors.Join(failed, err)
}

// stdinText is what was read of standard input.
type stdinText struct {
	data []byte
	err  error // why it is not a config to handle
}

// more reports whether standard input was too large to be read to its end.
func (in *stdinText) more() bool {
	var limit *rewrite.LimitError
	return errors.As(in.err, &limit)
}

func (r *fixRun) readStdin() stdinText {
	data, err := readBounded(r.io.in)
	return stdinText{data, err}
}

// untilDone does what may wait for standard input for ever, but no longer than until ctx ends.
func untilDone[T any](ctx context.Context, do func() T) (result T, err error) {
	ended := make(chan T, 1)
	go func() { ended <- do() }()
	select {
	case result = <-ended:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		err = codeError(exitInterrupted)
	}
	return result, err
}
