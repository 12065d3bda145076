package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// walk asks about fixes, one after the other, and writes nothing until the answers are confirmed.
type walk struct {
	*fixRun
	lines <-chan string   // what is typed; closed at its end
	all   map[string]bool // rules whose further fixes are all wanted
	files []*walkedFile   // with something to tell
}

// walkedFile is a file with the choices that were made for it.
type walkedFile struct {
	src     *source
	old     *snapshot // nil for a file that could not be read
	facts   fixes.Facts
	choices map[string]fixes.Choice // by the findings' keys
	now     *report.File            // what the choices make of it
}

// errQuit says that there are no more answers.
var errQuit = errors.New("quit")

// interactive is paths with a question about each fix.
func (r *fixRun) interactive(ctx context.Context) error {
	d, sources, err := r.sources(ctx)
	if err != nil {
		return err
	}
	out, err := r.openOutput(sources)
	if err != nil {
		return err
	}
	w := &walk{fixRun: r, lines: readLines(r.io.in), all: map[string]bool{}}
	asked, err := w.askAll(ctx, sources)
	if err == nil && asked < len(sources) {
		r.note("not looked at to the end: %d of %s", len(sources)-asked, report.Count(len(sources), "file"))
	}
	if err == nil && len(sources) == 0 {
		d.noteNone()
	}
	rep := r.newReport(out)
	if err == nil {
		err = w.end(ctx, rep, asked < len(sources))
	}
	if ctx.Err() != nil {
		return errors.Join(codeError(exitInterrupted), out.close())
	}
	return r.finish(ctx, rep, out, err)
}

// readLines sends the lines of in, without their ends.
func readLines(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// line is what is typed next.
func (w *walk) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(w.io.err, prompt)
	select {
	case <-ctx.Done():
		fmt.Fprintln(w.io.err)
		w.note("interrupted: nothing was written")
		return "", ctx.Err()
	case text, more := <-w.lines:
		if !more {
			fmt.Fprintln(w.io.err)
			return "", errQuit
		}
		return strings.TrimSpace(text), nil
	}
}

// askAll asks about one file after the other and returns how many it came to the end of.
func (w *walk) askAll(ctx context.Context, sources []source) (asked int, err error) {
	for i := range sources {
		f := w.open(&sources[i])
		if f.now.Result.Err != nil || len(f.now.Result.Results) > 0 {
			w.files = append(w.files, f)
		}
		switch err := w.askFile(ctx, f); {
		case errors.Is(err, errQuit):
			return i, nil
		case err != nil:
			return i, err
		}
	}
	return len(sources), nil
}

func (w *walk) open(src *source) *walkedFile {
	f := &walkedFile{src: src, facts: w.choice.facts, choices: map[string]fixes.Choice{}}
	err := src.err
	if err == nil {
		f.old, err = readFile(src.path)
	}
	if err != nil {
		f.now = failedFile(src.name, err)
		return f
	}
	f.now = w.with(f)
	return f
}

// with is the file with what is chosen for it, and with the fixes of further findings.
func (w *walk) with(f *walkedFile, more ...string) *report.File {
	return w.fix(f.src, f.old.data, f.facts, func(x *fixes.Finding) fixes.Choice {
		key := x.Key()
		if choice, made := f.choices[key]; made {
			return choice
		}
		return fixes.Choice{Skip: !slices.Contains(more, key)}
	})
}

// askFile asks about the findings of a file whose fixes can be applied, or could be if a fact were known.
func (w *walk) askFile(ctx context.Context, f *walkedFile) error {
	for f.old != nil {
		f.now = w.with(f)
		next, left := f.next()
		switch {
		case next == nil:
			return nil
		case w.all[next.Rule.ID] && next.Status == fixes.NotChosen:
			f.choices[next.Key()] = fixes.Choice{}
			pos := f.now.Result.Position(next.Span.Start)
			fmt.Fprintf(w.io.err, "also %s:%d: %s\n", report.Visible(f.src.name), pos.Line, report.Visible(next.Message))
			continue
		}
		if err := w.ask(ctx, f, next, left); err != nil {
			return err
		}
	}
	return nil
}

// next is the first finding to ask about, nil for none, and how many there are.
func (f *walkedFile) next() (next *fixes.Result, left int) {
	for i := range f.now.Result.Results {
		x := &f.now.Result.Results[i]
		_, made := f.choices[x.Key()]
		if made || x.Fix == nil || x.Status != fixes.NotChosen && x.Status != fixes.NeedsFacts {
			continue
		}
		if left++; next == nil {
			next = x
		}
	}
	return next, left
}

// ask shows one fix and takes answers until one settles it, or gives a fact that may change it.
func (w *walk) ask(ctx context.Context, f *walkedFile, x *fixes.Result, left int) error {
	offer := &report.Offer{
		File: f.now, Result: x, Number: len(f.choices) + 1, Count: len(f.choices) + left,
		Redact: w.redact, Color: w.colored(w.io.errTTY),
	}
	if x.Status == fixes.NotChosen {
		if err := w.preview(f, offer); err != nil {
			return err
		}
	}
	if err := offer.Write(w.io.err); err != nil {
		return err
	}
	q := question{walk: w, file: f, finding: x, applies: len(offer.Diff) > 0}
	for {
		settled, err := q.ask(ctx)
		if settled || err != nil {
			return err
		}
	}
}

// preview finds out what the fix on offer would change beside what is chosen already, or why it cannot be applied.
func (w *walk) preview(f *walkedFile, offer *report.Offer) (err error) {
	then := w.with(f, offer.Result.Key()).Result
	for i := range then.Results {
		if x := &then.Results[i]; x.Key() == offer.Result.Key() && x.Status != fixes.Applied && x.Status != fixes.Pending {
			offer.Result = x
			return nil
		}
	}
	if then.Err != nil {
		return then.Err
	}
	offer.Diff, err = difference(f, then)
	return err
}

// difference is the patch from what the choices make of a file to what further ones would.
func difference(f *walkedFile, then *fixes.FileResult) ([]byte, error) {
	now := f.now.Result.Output
	return rewrite.Unified(f.src.patch, now, []rewrite.Edit{{Span: rewrite.Span{End: len(now)}, New: string(then.Output)}})
}

// end asks for the confirmation and does what was chosen, or says that nothing was written.
func (w *walk) end(ctx context.Context, rep report.Writer, quit bool) error {
	changed := 0
	for _, f := range w.files {
		if f.now.Result.Status == fixes.Changed {
			changed++
		}
	}
	write, err := w.confirm(ctx, changed, quit)
	if err != nil {
		return err
	}
	written := 0
	for _, f := range w.files {
		switch {
		case f.now.Result.Status != fixes.Changed:
		case !write:
			f.choices = map[string]fixes.Choice{}
			f.now = w.with(f)
		case !w.dryRun && ctx.Err() == nil:
			if err := w.replacer.replace(f.old, f.now.Result.Output); err != nil {
				f.now = &report.File{Name: f.src.name, Result: withdrawn(f.now.Result, err)}
				break
			}
			written++
			w.note("wrote %s", f.src.name)
		}
	}
	if ctx.Err() != nil {
		w.note("interrupted: wrote %d of %s", written, report.Count(changed, "file"))
		return nil
	}
	return w.tellAll(rep)
}

// confirm reports whether what was chosen is to be written. Whoever quits before the end has to say so; the end of the
// questions needs no more than Enter.
func (w *walk) confirm(ctx context.Context, changed int, quit bool) (bool, error) {
	if changed == 0 || w.dryRun {
		if changed == 0 {
			w.note("nothing was chosen, so nothing was written")
		}
		return w.dryRun, nil
	}
	choice := "[Y/n]"
	if quit {
		choice = "[y/N]"
	}
	for {
		text, err := w.line(ctx, fmt.Sprintf("\nWrite what was chosen to %s? %s ", report.Count(changed, "file"), choice))
		answer := strings.ToLower(text)
		switch {
		case errors.Is(err, errQuit), err == nil && (answer == "n" || answer == "no" || answer == "" && quit):
			w.note("nothing was written")
			return false, nil
		case err != nil:
			return false, err
		case answer == "y" || answer == "yes" || answer == "":
			return true, nil
		}
	}
}

// tellAll reports the files. What a terminal was shown piece by piece it is not shown again.
func (w *walk) tellAll(rep report.Writer) error {
	for _, f := range w.files {
		if f.now.Result.Status != fixes.Changed && f.now.Result.Err == nil {
			w.summary.Add(f.now)
			continue
		}
		shown := *f.now
		if w.io.outTTY && w.output == "" && !w.dryRun {
			shown.Patch = nil
		}
		if err := w.tell(rep, &shown); err != nil {
			return err
		}
	}
	return nil
}
