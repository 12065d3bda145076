package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// problem is a finding for programs that show the problems of a file to its authors: where it is in the file as the run
// leaves it, and what can be done about it.
type problem struct {
	*fixes.Result
	start, end  place
	fingerprint string
}

// place is an offset of the file as the run leaves it.
type place struct {
	rewrite.Position
	offset int
}

// problems are the findings of a file that are still there after the run, in order. What a dry run would fix is.
func problems(f *File, dryRun bool) []problem {
	var out []problem
	prints := fingerprints{}
	for i := range f.Result.Results {
		r := &f.Result.Results[i]
		print := prints.of(f.Name, r)
		if r.Status == fixes.Applied || r.Status == fixes.Suppressed {
			continue
		}
		p := problem{Result: r, fingerprint: print}
		p.start, p.end = placesOf(f, r.Span, dryRun)
		out = append(out, p)
	}
	return out
}

// placesOf are the ends of a span of the file as it was read, in the file as the run leaves it.
func placesOf(f *File, s rewrite.Span, dryRun bool) (start, end place) {
	at := func(offset int) place {
		if dryRun {
			return place{f.Result.Position(offset), offset}
		}
		moved, pos := f.Result.Left(offset)
		return place{pos, moved}
	}
	return at(s.Start), at(s.End)
}

// remaining is the text of a file as the run leaves it.
func remaining(f *File, dryRun bool) []byte {
	if dryRun {
		return f.Result.Source
	}
	return f.Result.Output
}

// ownEdits are the edits of a result's fix, when they can be made in the file as the run leaves it and show no secret.
func ownEdits(f *File, r *fixes.Result, dryRun bool) []rewrite.Edit {
	if !dryRun && len(f.Result.Edits) > 0 {
		return nil
	}
	for _, e := range r.Edits {
		if secretive(e.New, f.Result.Secrets()) {
			return nil
		}
	}
	return r.Edits
}

func secretive(text string, secrets []string) bool {
	return !bytes.Equal(redact([]byte(text), secrets...), []byte(text))
}

// byteColumn is the column in bytes, from 1.
func byteColumn(src []byte, p place) int {
	start := p.offset
	for range p.Column - 1 {
		_, n := utf8.DecodeLastRune(src[:start])
		start -= n
	}
	return p.offset - start + 1
}

// text is what the problem is, and what can be done or why nothing was.
func (p problem) text() string {
	text := Visible(p.Message)
	if next := nextStep(p.Result); next != "" {
		if !strings.HasSuffix(text, "?") {
			text += "."
		}
		text += " " + Visible(next)
	}
	return text
}

// nextStep is what would take a finding away, or what is in the way of that; "" when nobody knows.
func nextStep(r *fixes.Result) string {
	switch {
	case r.Status == fixes.Pending:
		return "cfgfix can " + r.Fix.Title
	case r.Status == fixes.NeedsFacts && r.Fix != nil && len(r.Fix.Needs) > 0:
		n := r.Fix.Needs[0]
		return fmt.Sprintf("cfgfix can %s, once it is told %s: %s", r.Fix.Title, n.Key, n.Hint)
	case r.Status == fixes.HeldBack && r.Fix != nil:
		text := fmt.Sprintf("cfgfix can %s %s", r.Fix.Title, permission(r.Fix.Safety))
		if why := reason(r); why != "" {
			text += ": " + why
		}
		return text
	default:
		return reason(r)
	}
}

// permission is how a fix of that safety is asked for that was held back.
func permission(s fixes.Safety) string {
	if s == fixes.Unsafe {
		return "with --unsafe"
	}
	return "without --safe-only"
}

// fingerprints tell findings of a file apart by what they say, so that they stay the same when lines move. Findings
// that say the same are counted.
type fingerprints map[string]int

func (seen fingerprints) of(file string, r *fixes.Result) string {
	key := strings.Join([]string{file, r.Rule.ID, r.Owner, r.Message}, "\x00")
	seen[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
	return hex.EncodeToString(sum[:16])
}

// uri is the name of a file as a reference: relative when the name is.
func uri(name string) string {
	if path.IsAbs(name) {
		return (&url.URL{Scheme: "file", Path: name}).String()
	}
	return (&url.URL{Path: name}).String()
}

// tellFault writes the error of a file for people, if it has one.
func tellFault(errw io.Writer, f *File) error {
	if f.Result.Err == nil {
		return nil
	}
	_, err := fmt.Fprintln(errw, faultOf(f.Result.Err).in(f.Name))
	return err
}

// list writes the elements of a JSON array one by one.
type list struct {
	out    io.Writer
	encode func(any) ([]byte, error)
	some   bool
}

func (l *list) add(v any) error {
	line, err := l.encode(v)
	if err != nil {
		return err
	}
	comma := ",\n"
	if !l.some {
		comma, l.some = "\n", true
	}
	_, err = fmt.Fprintf(l.out, "%s%s", comma, line)
	return err
}
