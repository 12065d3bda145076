package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// Schema is the JSON Schema of the json format; its $defs/file is that of a line of jsonl.
//
//go:embed report.schema.json
var Schema []byte

// jsonVersion is raised when a reader of the format would have to change.
const jsonVersion = 1

// jsonWriter writes one object for the run, with a line for each file, or just the lines.
type jsonWriter struct {
	out, errw io.Writer
	lines     bool
	begun     bool
}

func newJSON(out, errw io.Writer, _ Options) Writer { return &jsonWriter{out: out, errw: errw} }

func newJSONLines(out, errw io.Writer, _ Options) Writer {
	return &jsonWriter{out: out, errw: errw, lines: true}
}

func (w *jsonWriter) File(f *File) error {
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	line, err := encode(newFileObject(f))
	if err != nil {
		return err
	}
	if w.lines {
		_, err = w.out.Write(append(line, '\n'))
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s\n%s", w.separator(), line)
	return err
}

// separator is what stands between the previous file and the next.
func (w *jsonWriter) separator() string {
	if w.begun {
		return ","
	}
	w.begun = true
	return fmt.Sprintf(`{"version":%d,"files":[`, jsonVersion)
}

func (w *jsonWriter) Close(s *Summary) error {
	if w.lines {
		return nil
	}
	head := "\n"
	if !w.begun {
		head = w.separator()
	}
	line, err := encode(newSummaryObject(s))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s],\"summary\":%s}\n", head, line)
	return err
}

func encode(v any) ([]byte, error) { return encodeWith(v, false) }

// encodeForPage writes JSON that can stand in a script element: nothing in it begins or ends markup.
func encodeForPage(v any) ([]byte, error) { return encodeWith(v, true) }

func encodeWith(v any, escapeHTML bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return VisibleJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

type fileObject struct {
	Path     string           `json:"path"`
	Status   fixes.FileStatus `json:"status"`
	Error    *errorObject     `json:"error,omitempty"`
	Findings []findingObject  `json:"findings"`
	Edits    []editObject     `json:"edits"`
}

type errorObject struct {
	Message string `json:"message"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}

type findingObject struct {
	Rule       string          `json:"rule"`
	Severity   string          `json:"severity"`
	Confidence string          `json:"confidence,omitempty"`
	Path       string          `json:"path,omitempty"`
	Owner      string          `json:"owner,omitempty"`
	Span       spanObject      `json:"span"`
	Message    string          `json:"message"`
	Status     fixes.Status    `json:"status"`
	Why        string          `json:"why,omitempty"`
	Related    []relatedObject `json:"related,omitempty"`
	Fix        *fixObject      `json:"fix,omitempty"`
}

type spanObject struct {
	Start positionObject `json:"start"`
	End   positionObject `json:"end"`
}

type positionObject struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

type relatedObject struct {
	Span    spanObject `json:"span"`
	Message string     `json:"message"`
}

type fixObject struct {
	Title         string               `json:"title"`
	Safety        string               `json:"safety"`
	Status        fixes.Status         `json:"status"`
	Reason        string               `json:"reason,omitempty"`
	Facts         []string             `json:"facts,omitempty"`
	Needs         []needObject         `json:"needs,omitempty"`
	Prerequisites []prerequisiteObject `json:"prerequisites,omitempty"`
	Edits         []editObject         `json:"edits,omitempty"`
}

type needObject struct {
	Key  string `json:"key"`
	Hint string `json:"hint,omitempty"`
}

type prerequisiteObject struct {
	When  fixes.When `json:"when"`
	Kind  string     `json:"kind,omitempty"`
	Text  string     `json:"text"`
	Where string     `json:"where,omitempty"`
}

type editObject struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

type summaryObject struct {
	DryRun   bool                 `json:"dry_run"`
	Files    int                  `json:"files"`
	Changed  int                  `json:"changed"`
	Failed   int                  `json:"failed"`
	Findings int                  `json:"findings"`
	Statuses map[fixes.Status]int `json:"statuses"`
}

func newSummaryObject(s *Summary) summaryObject {
	statuses := s.Statuses
	if statuses == nil {
		statuses = map[fixes.Status]int{}
	}
	return summaryObject{s.DryRun, s.Files, s.Changed, s.Failed, s.Findings, statuses}
}

func newFileObject(f *File) fileObject {
	o := fileObject{Path: f.Name, Status: f.Result.Status, Findings: []findingObject{}, Edits: []editObject{}}
	if err := f.Result.Err; err != nil {
		at := faultOf(err)
		o.Error = &errorObject{at.what, at.line, at.column}
	}
	for i := range f.Result.Results {
		o.Findings = append(o.Findings, newFindingObject(f.Result, &f.Result.Results[i]))
	}
	o.Edits = appendEdits(o.Edits, f.Result.Edits)
	return o
}

func appendEdits(to []editObject, edits []rewrite.Edit) []editObject {
	for _, e := range edits {
		to = append(to, editObject{e.Span.Start, e.Span.End, e.New})
	}
	return to
}

func newFindingObject(file *fixes.FileResult, r *fixes.Result) findingObject {
	o := findingObject{
		Rule:       r.Rule.ID,
		Severity:   Severity(&r.Finding).String(),
		Confidence: confidence(&r.Finding).String(),
		Path:       r.Path,
		Owner:      r.Owner,
		Span:       newSpanObject(file, r.Span),
		Message:    r.Message,
		Status:     r.Status,
		Why:        reason(r),
	}
	for _, rel := range r.Related {
		o.Related = append(o.Related, relatedObject{newSpanObject(file, rel.Span), rel.Message})
	}
	if r.Fix != nil {
		o.Fix = newFixObject(r)
	}
	return o
}

func newFixObject(r *fixes.Result) *fixObject {
	f := r.Fix
	o := &fixObject{Title: f.Title, Safety: f.Safety.String(), Status: r.Status, Reason: f.Reason, Facts: f.Facts}
	for _, n := range f.Needs {
		o.Needs = append(o.Needs, needObject(n))
	}
	for _, p := range f.Requires {
		o.Prerequisites = append(o.Prerequisites, prerequisiteObject(p))
	}
	o.Edits = appendEdits(nil, r.Edits)
	return o
}

func newSpanObject(file *fixes.FileResult, s rewrite.Span) spanObject {
	return spanObject{newPositionObject(file, s.Start), newPositionObject(file, s.End)}
}

func newPositionObject(file *fixes.FileResult, offset int) positionObject {
	p := file.Position(offset)
	return positionObject{p.Line, p.Column, offset}
}
