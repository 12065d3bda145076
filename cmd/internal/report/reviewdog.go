package report

import (
	"bytes"
	"io"
	"strings"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// reviewdogWriter writes a line for each problem in the format that reviewdog calls rdjsonl.
type reviewdogWriter struct {
	out, errw io.Writer
	dryRun    bool
}

func newReviewdog(out, errw io.Writer, o Options) Writer {
	return &reviewdogWriter{out, errw, o.DryRun}
}

func (w *reviewdogWriter) File(f *File) error {
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	for _, p := range problems(f, w.dryRun) {
		line, err := encode(w.diagnostic(f, p))
		if err != nil {
			return err
		}
		if _, err := w.out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (w *reviewdogWriter) Close(*Summary) error { return nil }

func (w *reviewdogWriter) diagnostic(f *File, p problem) rdDiagnostic {
	src := remaining(f, w.dryRun)
	d := rdDiagnostic{
		Message: p.text(), Location: rdLocation{f.Name, rdRangeOf(src, p.start, p.end)},
		Severity: rdSeverity(Severity(&p.Finding)), Source: rdSource{"cfgfix"}, Code: rdCode{p.Rule.ID},
	}
	if s, ok := w.suggestion(f, p.Result); ok {
		// A comment can only suggest lines that it is about. Where the finding is, the message says.
		d.Suggestions = []rdSuggestion{s}
		d.Location.Range = s.Range
	}
	return d
}

// maxSuggested is the number of lines up to which a fix is suggested: beyond it nobody would read the comment.
const maxSuggested = 60

// suggestion is a fix as one replacement of whole lines, with the finding among them: reviewdog takes suggestions for
// alternatives, and shows one that has the lines of its diagnostic.
func (w *reviewdogWriter) suggestion(f *File, r *fixes.Result) (rdSuggestion, bool) {
	edits := ownEdits(f, r, w.dryRun)
	if len(edits) == 0 {
		return rdSuggestion{}, false
	}
	src := f.Result.Source
	span := lines(src, rewrite.Span{Start: min(edits[0].Span.Start, r.Span.Start), End: max(edits[len(edits)-1].Span.End, r.Span.End)})
	text := replaced(src, span, edits)
	if text == "" && span.End < len(src) { // the lines go: they are replaced by the one behind them
		span = lines(src, rewrite.Span{Start: span.Start, End: span.End + 1})
		text = replaced(src, span, edits)
	}
	if secretive(text, f.Result.Secrets()) || strings.Count(text, "\n") > maxSuggested {
		return rdSuggestion{}, false
	}
	if strings.HasSuffix(text, "\n") && src[span.End-1] == '\n' {
		span.End, text = span.End-1, strings.TrimSuffix(text, "\n")
	}
	start, end := placesOf(f, span, true)
	return rdSuggestion{rdRangeOf(src, start, end), text}, true
}

// lines widens a span to whole lines, of which it holds one at least.
func lines(src []byte, s rewrite.Span) rewrite.Span {
	s.Start = bytes.LastIndexByte(src[:s.Start], '\n') + 1
	if s.Len() > 0 && src[s.End-1] == '\n' {
		return s
	}
	if i := bytes.IndexByte(src[s.End:], '\n'); i >= 0 {
		return rewrite.Span{Start: s.Start, End: s.End + i + 1}
	}
	return rewrite.Span{Start: s.Start, End: len(src)}
}

// replaced is the text of a span with the edits made, which lie inside of it.
func replaced(src []byte, s rewrite.Span, edits []rewrite.Edit) string {
	inside := make([]rewrite.Edit, len(edits))
	for i, e := range edits {
		inside[i] = rewrite.Edit{Span: rewrite.Span{Start: e.Span.Start - s.Start, End: e.Span.End - s.Start}, New: e.New}
	}
	text, err := rewrite.Apply(src[s.Start:s.End], inside)
	if err != nil {
		panic(err) // the edits were applied to the whole text before
	}
	return string(text)
}

// rdRangeOf counts columns in bytes, as the format does.
func rdRangeOf(src []byte, start, end place) rdRange {
	return rdRange{rdPosition{start.Line, byteColumn(src, start)}, rdPosition{end.Line, byteColumn(src, end)}}
}

func rdSeverity(s fixes.Severity) string {
	switch s {
	case fixes.Critical, fixes.High:
		return "ERROR"
	case fixes.Medium:
		return "WARNING"
	default:
		return "INFO"
	}
}

type (
	rdDiagnostic struct {
		Message     string         `json:"message"`
		Location    rdLocation     `json:"location"`
		Severity    string         `json:"severity"`
		Source      rdSource       `json:"source"`
		Code        rdCode         `json:"code"`
		Suggestions []rdSuggestion `json:"suggestions,omitempty"`
	}
	rdLocation struct {
		Path  string  `json:"path"`
		Range rdRange `json:"range"`
	}
	rdRange struct {
		Start rdPosition `json:"start"`
		End   rdPosition `json:"end"`
	}
	rdPosition struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	}
	rdSource struct {
		Name string `json:"name"`
	}
	rdCode struct {
		Value string `json:"value"`
	}
	rdSuggestion struct {
		Range rdRange `json:"range"`
		Text  string  `json:"text"`
	}
)
