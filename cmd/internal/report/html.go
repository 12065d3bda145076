package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io"
	"regexp"
	"strings"
	"sync"

	"cfgfix/fixes"
)

//go:embed page
var pageFiles embed.FS

// htmlWriter writes one page that needs nothing else: the data as JSON, which the page's own script shows. The files are
// streamed into it.
type htmlWriter struct {
	Options
	out, errw io.Writer
	files     list
	begun     bool
}

func newHTML(out, errw io.Writer, o Options) Writer {
	return &htmlWriter{Options: o, out: out, errw: errw, files: list{out: out, encode: encodeForPage}}
}

// part is a file of the page with values in the places that are marked {{NAME}}. The package html/template would do more
// than the page needs, and has the linker keep every method of every type in the program.
func part(name string, values ...string) string {
	text, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.NewReplacer(values...).Replace(string(text))
}

func (w *htmlWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	style := part("page.css")
	head := part("head.html", "{{STYLE}}", style, "{{POLICY}}", "default-src 'none'; style-src "+hashSource(style)+
		"; script-src "+hashSource(part("page.js"))+"; base-uri 'none'; form-action 'none'")
	_, err := io.WriteString(w.out, head+`<script type="application/json" id="data">[`)
	return err
}

// hashSource names a style or a script in a content security policy by what it says.
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (w *htmlWriter) File(f *File) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	return w.files.add(newPageFile(f))
}

func (w *htmlWriter) Close(s *Summary) error {
	if err := w.begin(); err != nil {
		return err
	}
	if _, err := io.WriteString(w.out, "\n]</script>\n"); err != nil {
		return err
	}
	meta, err := encodeForPage(newPageMeta(s, w.Version))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w.out, part("foot.html", "{{META}}", string(meta), "{{SCRIPT}}", part("page.js")))
	if err != nil || w.Quiet {
		return err
	}
	_, err = io.WriteString(w.errw, summaryLine(s)+"\n")
	return err
}

// pageMeta is what the page knows beside the files.
type pageMeta struct {
	DryRun   bool        `json:"dryRun"`
	Summary  string      `json:"summary"`
	Version  string      `json:"version"`
	Statuses []pageWord  `json:"statuses"` // in the order of the summary
	Rules    []pageTitle `json:"rules"`
}

type pageWord struct {
	Status fixes.Status `json:"status"`
	Word   string       `json:"word"`
}

type pageTitle struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

func newPageMeta(s *Summary, version string) pageMeta {
	m := pageMeta{DryRun: s.DryRun, Summary: summaryLine(s), Version: version}
	for _, w := range statusWords {
		m.Statuses = append(m.Statuses, pageWord{w.status, w.many})
	}
	for _, r := range fixes.All() {
		m.Rules = append(m.Rules, pageTitle{r.ID, r.Title, docSection(r.ID, "Why it matters")})
	}
	return m
}

// The objects of a file. Texts are those of Visible: what would hide or reorder text on a page is written out.
type (
	pageFile struct {
		Repo     string           `json:"repo"`
		Path     string           `json:"path"` // inside of the repo
		Status   fixes.FileStatus `json:"status"`
		Error    string           `json:"error,omitempty"`
		Findings []pageFinding    `json:"findings,omitempty"`
		Diff     []pageHunk       `json:"diff,omitempty"`
	}
	pageFinding struct {
		Rule       string        `json:"rule"`
		Severity   string        `json:"severity"`
		Confidence string        `json:"confidence,omitempty"`
		Line       int           `json:"line"`
		Column     int           `json:"column"`
		Owner      string        `json:"owner,omitempty"`
		Place      string        `json:"place,omitempty"`
		Message    string        `json:"message"`
		Status     fixes.Status  `json:"status"`
		Next       string        `json:"next,omitempty"`
		Fix        string        `json:"fix,omitempty"`
		Safety     string        `json:"safety,omitempty"`
		Reason     string        `json:"reason,omitempty"`
		Facts      []string      `json:"facts,omitempty"`
		Needs      []string      `json:"needs,omitempty"`
		Tasks      []pageTask    `json:"tasks,omitempty"`
		Related    []pageRelated `json:"related,omitempty"`
	}
	pageRelated struct {
		Line    int    `json:"line"`
		Message string `json:"message"`
	}
	pageTask struct {
		When  fixes.When `json:"when"`
		Group string     `json:"group"` // account, context, runner, project or other
		Name  string     `json:"name,omitempty"`
		Text  string     `json:"text"`
	}
	pageHunk struct {
		Old   int   `json:"old"`
		New   int   `json:"new"`
		Lines []any `json:"lines"` // [kind, pair, segments...]
	}
)

func newPageFile(f *File) pageFile {
	p := pageFile{Status: f.Result.Status}
	p.Repo, p.Path = Visible(f.Repo), Visible(f.Name)
	if f.Repo == "" {
		p.Repo, p.Path = splitRepo(p.Path)
	} else if f.Path != "" {
		p.Path = Visible(f.Path)
	}
	if err := f.Result.Err; err != nil {
		at := faultOf(err)
		p.Error = strings.TrimPrefix(at.in(f.Name), Visible(f.Name)+":")
	}
	for i := range f.Result.Results {
		p.Findings = append(p.Findings, newPageFinding(f, &f.Result.Results[i]))
	}
	for _, h := range hunksOf(visibleLines(redact(f.Patch, f.Result.Secrets()...))) {
		x := pageHunk{Old: h.old, New: h.new}
		for _, l := range h.lines {
			line := []any{string(l.kind), l.pair}
			for _, s := range l.segments() {
				line = append(line, s)
			}
			x.Lines = append(x.Lines, line)
		}
		p.Diff = append(p.Diff, x)
	}
	return p
}

// splitRepo takes what is ahead of .circleci for a repo.
func splitRepo(name string) (repo, path string) {
	if i := strings.Index("/"+name, "/.circleci/"); i > 0 {
		return name[:i-1], name[i:]
	}
	return ".", name
}

func newPageFinding(f *File, r *fixes.Result) pageFinding {
	at := f.Result.Position(r.Span.Start)
	p := pageFinding{
		Rule: r.Rule.ID, Severity: Severity(&r.Finding).String(), Confidence: confidence(&r.Finding).String(),
		Line: at.Line, Column: at.Column, Owner: Visible(r.Owner), Place: Visible(r.Path),
		Message: Visible(r.Message), Status: r.Status,
	}
	if r.Status != fixes.Applied && r.Status != fixes.Pending {
		p.Next = Visible(nextStep(r))
	}
	for _, rel := range r.Related {
		p.Related = append(p.Related, pageRelated{f.Result.Position(rel.Span.Start).Line, Visible(rel.Message)})
	}
	if r.Fix != nil {
		p.addFix(r)
	}
	return p
}

func (p *pageFinding) addFix(r *fixes.Result) {
	p.Fix, p.Safety, p.Reason = Visible(r.Fix.Title), r.Fix.Safety.String(), Visible(r.Fix.Reason)
	for _, fact := range r.Fix.Facts {
		p.Facts = append(p.Facts, Visible(fact))
	}
	for _, n := range r.Fix.Needs {
		p.Needs = append(p.Needs, Visible(n.Key+": "+n.Hint))
	}
	if r.Status != fixes.Applied && r.Status != fixes.Pending {
		return
	}
	for _, q := range r.Fix.Requires {
		group, name := taskGroup(q)
		p.Tasks = append(p.Tasks, pageTask{q.When, group, Visible(name), Visible(q.Text)})
	}
}

// taskPatterns find the context, the account and the runner class in the words of a prerequisite.
var taskPatterns = sync.OnceValue(func() [3]*regexp.Regexp {
	return [...]*regexp.Regexp{regexp.MustCompile(`\bthe context ([\w.-]*\w)`), regexp.MustCompile(`(?:account |arn:aws[a-z-]*:iam::|^)(\d{12})\b`), regexp.MustCompile(`resource class ([\w.-]+/[\w.-]+)`)}
})

// taskGroup is for whom a prerequisite is: who has the account, the context, or the runner class.
func taskGroup(p fixes.Prerequisite) (group, name string) {
	switch where, inContext := strings.CutPrefix(p.Where, "context "); {
	case inContext:
		return "context", where
	case strings.HasPrefix(p.Where, "one of the contexts "):
		return "context", strings.TrimPrefix(p.Where, "one of the contexts ")
	case p.Where == "the project":
		return "project", ""
	}
	for i, pattern := range taskPatterns() {
		if m := pattern.FindStringSubmatch(p.Where + " " + p.Text); m != nil {
			return [...]string{"context", "account", "runner"}[i], m[1]
		}
	}
	if p.Kind == "role" || p.Kind == "key" || p.Kind == "session" {
		return "account", ""
	}
	if p.Kind == "runner" {
		return "runner", ""
	}
	return "other", ""
}
