package rewrite

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// contextLines is how many unchanged lines a hunk shows on either side of a change.
const contextLines = 3

// maxCompared is the number of lines, old and new together, up to which a region is compared line by line. The cost
// grows with the square of the lines that differ, and go-diff cannot number more than about 1.1 million lines.
const maxCompared = 1 << 15

// Unified returns the unified diff between src and src with the edits made, for git apply and patch with -p1. It is
// empty when the text stays the same. name is the path of the file from the directory that the patch is for, with
// slashes. The errors are those of Apply.
//
// Lines end at "\n" alone; a carriage return is part of its line. An insertion among equal lines is shown where the
// edit makes it.
func Unified(name string, src []byte, edits []Edit) ([]byte, error) {
	dst, err := Apply(src, edits)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(src, dst) {
		return nil, nil
	}
	d := differ{src: src, dst: dst, old: lineCursor{line: 1}, new: lineCursor{line: 1}}
	for _, r := range regions(src, dst, Trim(src, edits)) {
		d.compare(r)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", headerName("a/"+name), headerName("b/"+name))
	for changes := d.changes; len(changes) > 0; {
		n := 1
		for n < len(changes) && changes[n].old.first-changes[n-1].old.end() <= 2*contextLines {
			n++
		}
		writeHunk(&out, src, dst, changes[:n])
		changes = changes[n:]
	}
	return out.Bytes(), nil
}

// diffRegion is a place that edits touched, widened to whole lines of both texts.
type diffRegion struct{ old, new Span }

// maxJoined is the number of bytes up to which regions on neighbouring lines are compared as one. Beyond it each is
// compared alone, so that the cost grows with the number of changed lines and not with its square.
const maxJoined = 1 << 13

// regions are the places that the sorted edits touched, in order. No line of either text is in two of them.
func regions(src, dst lfText, edits []Edit) []diffRegion {
	var out []diffRegion
	shift := 0 // from an offset in src to the same place in dst
	for _, e := range edits {
		grown := len(e.New) - e.Span.Len()
		if n := len(out) - 1; n >= 0 && e.Span.End < out[n].old.End { // on the lines of the last region
			shift += grown
			out[n].new.End += grown
			continue
		}
		start := src.start(e.Span.Start)
		r := diffRegion{old: Span{start, e.Span.End}, new: Span{Start: start + shift}}
		shift += grown
		if !src.starts(r.old.End) || !dst.starts(r.old.End+shift) {
			r.old.End = src.end(r.old.End)
		}
		if n := len(out) - 1; n >= 0 && out[n].joins(dst, start) {
			r.old.Start, r.new.Start = out[n].old.Start, out[n].new.Start
			out = out[:n]
		}
		r.new.End = r.old.End + shift
		out = append(out, r)
	}
	return out
}

// joins reports whether an edit on the line of src that starts at offset start belongs to the region before it.
func (r diffRegion) joins(dst lfText, start int) bool {
	switch {
	case start != r.old.End:
		return start < r.old.End
	case !dst.starts(r.new.End): // src ends here, without a line break
		return true
	default:
		return r.old.Len()+r.new.Len() < maxJoined
	}
}

// differ collects the changes of one pair of texts, from their start to their end.
type differ struct {
	src, dst lfText
	old, new lineCursor
	changes  []lineChange
}

// lineChange replaces lines of the old text by lines of the new one. Either may be none.
type lineChange struct{ old, new lineRange }

// lineRange is some whole lines of a text. first is the number of the first one; when there are none, of the line
// behind the place.
type lineRange struct {
	span         Span
	first, count int
}

// end is the number of the line behind the last one.
func (l lineRange) end() int { return l.first + l.count }

// lineCursor stands at the start of a line.
type lineCursor struct{ offset, line int }

// take moves the cursor over the next count lines of text.
func (c *lineCursor) take(text lfText, count int) lineRange {
	l := lineRange{Span{c.offset, c.offset}, c.line, count}
	for range count {
		l.span.End = text.end(l.span.End)
	}
	*c = lineCursor{l.span.End, l.end()}
	return l
}

// compare adds the changes inside the region, which lies behind those before.
func (d *differ) compare(r diffRegion) {
	skipped := d.src[d.old.offset:r.old.Start].count()
	d.old = lineCursor{r.old.Start, d.old.line + skipped}
	d.new = lineCursor{r.new.Start, d.new.line + skipped}
	for _, run := range compareLines(d.src[r.old.Start:r.old.End], d.dst[r.new.Start:r.new.End]) {
		d.old.take(d.src, run.equal)
		d.new.take(d.dst, run.equal)
		if run.deleted > 0 || run.inserted > 0 {
			d.add(lineChange{d.old.take(d.src, run.deleted), d.new.take(d.dst, run.inserted)})
		}
	}
}

// add appends a change, or joins it with one that it follows at once.
func (d *differ) add(c lineChange) {
	if n := len(d.changes) - 1; n >= 0 && d.changes[n].old.span.End == c.old.span.Start && d.changes[n].new.span.End == c.new.span.Start {
		last := &d.changes[n]
		last.old.span.End, last.old.count = c.old.span.End, last.old.count+c.old.count
		last.new.span.End, last.new.count = c.new.span.End, last.new.count+c.new.count
		return
	}
	d.changes = append(d.changes, c)
}

// lineRun is a number of equal lines and how many were deleted and inserted behind them.
type lineRun struct{ equal, deleted, inserted int }

// compareLines finds a shortest way from the lines of a to those of b.
func compareLines(a, b lfText) []lineRun {
	m, n := a.count(), b.count()
	if m == 0 || n == 0 || m+n > maxCompared {
		return []lineRun{{deleted: m, inserted: n}}
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // with a timeout the result would depend on the load of the machine
	aRunes, bRunes, _ := dmp.DiffLinesToRunes(string(a), string(b))
	runs := make([]lineRun, 1)
	for _, diff := range dmp.DiffMainRunes(aRunes, bRunes, false) {
		count := utf8.RuneCountInString(diff.Text) // each rune stands for a line
		last := &runs[len(runs)-1]
		switch diff.Type {
		case diffmatchpatch.DiffEqual:
			runs = append(runs, lineRun{equal: count})
		case diffmatchpatch.DiffDelete:
			last.deleted += count
		case diffmatchpatch.DiffInsert:
			last.inserted += count
		}
	}
	return runs
}

// writeHunk writes changes that lie so near to each other that their context meets.
func writeHunk(out *bytes.Buffer, src, dst lfText, changes []lineChange) {
	first, last := changes[0], changes[len(changes)-1]
	before, after := 0, 0
	start, end := first.old.span.Start, last.old.span.End
	for ; before < contextLines && start > 0; before++ {
		start = src.start(start - 1)
	}
	for ; after < contextLines && end < len(src); after++ {
		end = src.end(end)
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n",
		hunkRange(first.old.first-before, last.old.end()+after),
		hunkRange(first.new.first-before, last.new.end()+after))
	for _, c := range changes {
		writeLines(out, ' ', src[start:c.old.span.Start])
		writeLines(out, '-', src[c.old.span.Start:c.old.span.End])
		writeLines(out, '+', dst[c.new.span.Start:c.new.span.End])
		start = c.old.span.End
	}
	writeLines(out, ' ', src[start:end])
}

// hunkRange writes the lines from first up to, not including, end. No lines are placed behind the line before them.
func hunkRange(first, end int) string {
	switch count := end - first; count {
	case 0:
		return fmt.Sprintf("%d,0", first-1)
	case 1:
		return fmt.Sprint(first)
	default:
		return fmt.Sprintf("%d,%d", first, count)
	}
}

func writeLines(out *bytes.Buffer, mark byte, text []byte) {
	for line := range bytes.Lines(text) {
		out.WriteByte(mark)
		out.Write(line)
		if line[len(line)-1] != '\n' {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// headerName writes a path as git does. Without a tab behind it, patch takes a name to end at its first blank, and
// a blank at the end it reads only inside quotes.
func headerName(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); {
		c := path[i]
		r, size := utf8.DecodeRuneInString(path[i:])
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case '\a' <= c && c <= '\r':
			b.WriteString(`\` + string("abtnvfr"[c-'\a']))
		case c < ' ' || c == 0x7f || r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteString(path[i : i+size])
		}
		i += size
	}
	switch {
	case b.Len() > len(path) || strings.HasSuffix(path, " "): // longer when something was escaped
		return `"` + b.String() + `"`
	case strings.Contains(path, " "):
		return path + "\t"
	default:
		return path
	}
}

// lfText is a text whose lines end at "\n" alone, as those of a diff do whatever else ends a line in YAML.
type lfText []byte

// starts reports whether a line starts at offset, or would start there at the end of the text.
func (t lfText) starts(offset int) bool { return offset == 0 || t[offset-1] == '\n' }

// start is where the line that holds offset starts.
func (t lfText) start(offset int) int { return bytes.LastIndexByte(t[:offset], '\n') + 1 }

// end is the offset behind the line that holds offset, its "\n" included.
func (t lfText) end(offset int) int {
	if i := bytes.IndexByte(t[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(t)
}

// count is the number of lines.
func (t lfText) count() int {
	n := bytes.Count(t, []byte("\n"))
	if !t.starts(len(t)) {
		n++
	}
	return n
}
