package cmd

import (
	"context"
	"path/filepath"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// stdin handles a config on standard input. The config goes to standard output, fixed or, when it could not be handled,
// as it came; a dry run shows the patch instead.
func (r *fixRun) stdin(ctx context.Context) error {
	src, err := r.stdinSource()
	if err != nil {
		return err
	}
	data, readErr := r.readStdin(ctx)
	if ctx.Err() != nil {
		return codeError(exitInterrupted)
	}
	out, err := r.openOutput([]source{*src}) // only now: it may be what is read
	if err != nil {
		return err
	}
	f := failedFile(src.name, readErr)
	if readErr == nil {
		f = r.fix(src, data, r.choice.facts, nil)
	}
	rep := r.newReport(out)
	return r.finish(ctx, rep, out, r.showStdin(rep, f, data))
}

// showStdin passes the config on and reports what was done to it.
func (r *fixRun) showStdin(rep report.Writer, f *report.File, data []byte) error {
	if !r.dryRun {
		if err := r.passOn(f, data); err != nil {
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
func (r *fixRun) passOn(f *report.File, data []byte) error {
	if f.Result.Status == fixes.Changed {
		data = f.Result.Output
	}
	if r.output == "" || r.output == "-" {
		f.Patch = nil
	}
	_, err := r.io.out.Write(data)
	return err
}

// readStdin reads all of standard input, or less when ctx ends first.
func (r *fixRun) readStdin(ctx context.Context) ([]byte, error) {
	type input struct {
		data []byte
		err  error
	}
	read := make(chan input, 1)
	go func() {
		data, err := readBounded(r.io.in)
		read <- input{data, err}
	}()
	select {
	case in := <-read:
		return in.data, in.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
