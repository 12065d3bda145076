package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// hostile is text that each format has to tame: quotes, markup, signs of its own syntax, a terminal's orders.
const hostile = "a\x1b[2J\u202e </script><img src=x onerror=alert(1)> ::error::%0A, \"']]> `*_[x](y)_*` @acme #1 | \x00\n- b"

// hostileFiles have findings whose every word is hostile, beside those of testFiles.
func hostileFiles() []*File {
	r := fixes.Result{
		Status: fixes.NeedsFacts, Why: hostile,
		Finding: fixes.Finding{
			Rule: staticKeys, Path: hostile, Owner: "job:" + hostile, Message: hostile,
			Related: []fixes.Related{{Message: hostile}},
			Fix: &fixes.Fix{
				Title: hostile, Safety: fixes.Setup, Reason: hostile, Facts: []string{hostile},
				Needs: []fixes.Need{{Key: "aws.role_arn", Hint: hostile}},
			},
		},
	}
	done := r
	done.Status, done.Why = fixes.Pending, ""
	fix := *r.Fix
	fix.Needs, fix.Requires = nil, []fixes.Prerequisite{{When: fixes.Before, Kind: "role", Text: hostile, Where: hostile}}
	done.Fix = &fix
	again := done
	return append(testFiles(), &File{
		Name: hostile, Patch: []byte("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-" + hostile[:20] + "\n+two\n"),
		Result: &fixes.FileResult{Status: fixes.Changed, Results: []fixes.Result{r, done, again}},
	})
}

// fileSchema compiles a schema of testdata.
func fileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFormatsHold(t *testing.T) {
	t.Parallel()
	checks := map[string]func(*testing.T, string){
		"text":     func(*testing.T, string) {},
		"json":     func(t *testing.T, out string) { validate(t, schema(t, ""), out) },
		"jsonl":    func(t *testing.T, out string) { validateLines(t, schema(t, "#/$defs/file"), out) },
		"sarif":    func(t *testing.T, out string) { validate(t, fileSchema(t, "sarif.schema.json"), out) },
		"gitlab":   checkGitLab,
		"rdjsonl":  func(t *testing.T, out string) { validateLines(t, fileSchema(t, "rdjsonl.schema.json"), out) },
		"github":   func(t *testing.T, out string) { parseCommands(t, out) },
		"junit":    func(t *testing.T, out string) { parseJUnit(t, out) },
		"html":     checkPage,
		"markdown": func(t *testing.T, out string) { parseMarkdown(t, out) },
	}
	sets := map[string][]*File{"no files": nil, "nothing found": testFiles()[3:], "all states": testFiles(), "hostile": hostileFiles(), "golden cases": goldenFiles(t, true)}
	for _, f := range Formats() {
		check := checks[f.Name]
		if check == nil {
			t.Errorf("no parser reads %s", f.Name)
			continue
		}
		for name, files := range sets {
			t.Run(f.Name+", "+name, func(t *testing.T) {
				t.Parallel()
				out, errOut := write(t, Options{Format: f.Name, DryRun: true, Terminal: true}, files)
				check(t, out)
				if strings.ContainsAny(out+errOut, "\x00\x1b\u009b\u202e") {
					t.Error("the report holds control characters")
				}
				if again, _ := write(t, Options{Format: f.Name, DryRun: true, Terminal: true}, files); again != out {
					t.Error("a second report of the same files differs")
				}
			})
		}
	}
}

func validateLines(t *testing.T, s *jsonschema.Schema, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		validate(t, s, line)
	}
}

func checkGitLab(t *testing.T, out string) {
	validate(t, fileSchema(t, "gitlab.schema.json"), out)
	var issues []gitlabIssue
	if err := json.Unmarshal([]byte(out), &issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range issues {
		if seen[x.Fingerprint] {
			t.Errorf("two issues have the fingerprint of %s: %s", x.Location.Path, x.Description)
		}
		seen[x.Fingerprint] = true
	}
}

// command is a workflow command as the runner of GitHub Actions reads it.
type command struct {
	level, message string
	properties     map[string]string
}

var commandLine = regexp.MustCompile(`^::(error|warning|notice) ([^:]*)::(.*)$`)

func parseCommands(t *testing.T, out string) []command {
	t.Helper()
	var all []command
	data := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	value := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	for line := range strings.Lines(out) {
		m := commandLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			t.Fatalf("no command: %q", line)
		}
		c := command{m[1], data.Replace(m[3]), map[string]string{}}
		for _, p := range strings.Split(m[2], ",") {
			k, v, ok := strings.Cut(p, "=")
			if !ok || !slices.Contains([]string{"file", "line", "endLine", "col", "endColumn", "title"}, k) {
				t.Errorf("property %q in %q", p, line)
			}
			c.properties[k] = value.Replace(v)
		}
		all = append(all, c)
	}
	return all
}

func TestGitHubEscapes(t *testing.T) {
	t.Parallel()
	f := hostileFiles()[4]
	f.Name = "a,b: c%.yml"
	out, _ := write(t, Options{Format: "github", DryRun: true}, []*File{f})
	got := parseCommands(t, out)
	if len(got) != 3 {
		t.Fatalf("%d commands in %s", len(got), out)
	}
	if got[0].properties["file"] != f.Name || !strings.HasPrefix(got[0].message, Visible(hostile)) {
		t.Errorf("the command reads as %+v", got[0])
	}
}

func parseJUnit(t *testing.T, out string) (suites struct {
	Suites []junitSuite `xml:"testsuite"`
},
) {
	t.Helper()
	if err := xml.Unmarshal([]byte(out), &suites); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, s := range suites.Suites {
		got := junitSuite{}
		for _, c := range s.Cases {
			got.add(c)
		}
		if got.Tests != s.Tests || got.Failures != s.Failures || got.Errors != s.Errors || got.Skipped != s.Skipped || s.Tests == 0 {
			t.Errorf("%s: the counts are %d %d %d %d, the cases %d %d %d %d", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped,
				got.Tests, got.Failures, got.Errors, got.Skipped)
		}
	}
	return suites
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	out, _ := write(t, Options{Format: "junit"}, hostileFiles())
	var got []string
	for _, s := range parseJUnit(t, out).Suites {
		got = append(got, fmt.Sprintf("%d %d %d %d", s.Tests, s.Failures, s.Errors, s.Skipped))
	}
	// Applied fixes pass, failed files are errors.
	want := []string{"5 2 0 1", "1 0 1 0", "1 0 1 0", "1 0 0 0", "3 3 0 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tests, failures, errors, skipped (-want +got):\n%s", diff)
	}
}

// TestJUnitNames holds that each test case of a file has a name of its own.
func TestJUnitNames(t *testing.T) {
	t.Parallel()
	const src = "version: 2.1\njobs:\n  a: {docker: [{image: x}], steps: [run: 'curl http://10.2.3.4/']}\n  b: {docker: [{image: x}], steps: [run: 'curl http://10.2.3.4/']}\n"
	engine := fixes.Engine{Rules: fixes.All(), DryRun: true}
	out, _ := write(t, Options{Format: "junit", DryRun: true}, []*File{{Name: "x.yml", Result: engine.Run([]byte(src), nil)}})
	var got []string
	for _, c := range parseJUnit(t, out).Suites[0].Cases {
		got = append(got, c.Name)
	}
	const name = "internal-network: curl reaches the internal host 10.2.3.4"
	if diff := cmp.Diff([]string{name, name + " (2)"}, got); diff != "" {
		t.Errorf("test cases (-want +got):\n%s", diff)
	}
}

// markdownPage is what a reader of Markdown sees of a report.
type markdownPage struct {
	text     string // code included
	tasks    int
	headings []string
}

// parseMarkdown reads a report and refuses what a hostile text might bring: links, images, HTML.
func parseMarkdown(t *testing.T, out string) markdownPage {
	t.Helper()
	src := []byte(out)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
	var page markdownPage
	var b strings.Builder
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link, *ast.Image, *ast.AutoLink, *ast.RawHTML, *ast.HTMLBlock, *ast.CodeBlock, *ast.ThematicBreak, *ast.Blockquote, *extast.Table, *extast.Strikethrough:
			t.Errorf("%s in the report:\n%s", n.Kind(), out)
		case *ast.Text:
			b.Write(n.Segment.Value(src))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *extast.TaskCheckBox:
			page.tasks++
		case *ast.Heading:
			page.headings = append(page.headings, string(n.Lines().Value(src)))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page.text = b.String()
	return page
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	out, _ := write(t, Options{Format: "markdown"}, testFiles())
	page := parseMarkdown(t, out)
	want := []string{"CircleCI configs checked by cfgfix", "What changes", "Before you merge", "After you merge", "What is left", "What could not be handled"}
	if diff := cmp.Diff(want, page.headings); diff != "" {
		t.Errorf("headings (-want +got):\n%s", diff)
	}
	if page.tasks != 3 {
		t.Errorf("%d tasks, want 3", page.tasks)
	}
	for _, want := range []string{
		"4 files (2 failed), 5 findings: 2 fixed, 1 needs facts, 1 manual, 1 suppressed.",
		"aws-static-keys (critical): job deploy uses long-lived AWS keys", "change (setup): assume a role", "the role must exist",
		"by aws.region=eu-west-1", "Create the role (account 1, account 2)", "missing aws.role_arn: --set aws.role_arn=ARN",
		"no runner is known", "mapping values are not allowed",
	} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page lacks %q:\n%s", want, page.text)
		}
	}
}

// TestMarkdownShowsText holds that a reader of Markdown sees the text as it was.
func TestMarkdownShowsText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		hostile, "`a` b", "a ` b", "``", "*", "_x_ y", "1. x", "- x", "<b>", "&amp;", "https://x.example/y", "www.x.example", "a@b.example", "x  y", "| a | b |",
		"\\", "\\*", "~~x~~", "[x]: y", "`", "(AWS_KEY, OTHER_KEY).", "it's 5% of \"all\"",
	} {
		got := strings.TrimSuffix(parseMarkdown(t, "- x: "+MarkdownText(text)+"\n").text, "\n")
		want := strings.NewReplacer("`", "").Replace("x: " + Visible(text))
		if strings.NewReplacer("\\`", "", "`", "").Replace(got) != want {
			t.Errorf("%q is shown as %q", want, got)
		}
	}
}

// TestMarkdownMarksNames holds that what stands around a name is no part of it.
func TestMarkdownMarksNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`did you mean "internal-network"?`:  `did you mean "internal-network"?`,
		`did you mean "runner.kind"?`:       "did you mean \"`runner.kind`\"?",
		"the form is `# cfgfix: ignore[x]`": "the form is `# cfgfix: ignore[x]`",
	} {
		if got := MarkdownText(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	const before = "version: 2.1\njobs:\n  \u00e9\U0001f680: {docker: [{image: x}], environment: {A: $A}, steps: [run: 'export AWS_ACCESS_KEY_ID=$X_AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$X_AWS_SECRET_ACCESS_KEY; aws s3 ls']}\n"
	read := func(src string) (sarifResult, string) {
		engine := fixes.Engine{Rules: fixes.All(), DryRun: true, Apart: true}
		out, _ := write(t, Options{Format: "sarif", DryRun: true}, []*File{{Name: "a b/%.yml", Result: engine.Run([]byte(src), nil)}})
		var log struct {
			Runs []struct{ Results []sarifResult }
		}
		if err := json.Unmarshal([]byte(out), &log); err != nil || len(log.Runs[0].Results) == 0 {
			t.Fatalf("%v in %s", err, out)
		}
		return log.Runs[0].Results[0], out
	}
	first, _ := read(before)
	if len(first.Fixes) != 1 || len(first.Fixes[0].Changes[0].Replacements) == 0 {
		t.Fatalf("the fix has no replacements: %+v", first)
	}
	if got := first.Locations[0].Physical.Artifact.URI; got != "a%20b/%25.yml" {
		t.Errorf("URI %s", got)
	}
	moved, _ := read("# A new line.\n" + before)
	if moved.Locations[0].Physical.Region.StartLine != first.Locations[0].Physical.Region.StartLine+1 {
		t.Error("the finding did not move")
	}
	if diff := cmp.Diff(first.Fingerprints, moved.Fingerprints); diff != "" {
		t.Errorf("the fingerprint changed with the line (-before +after):\n%s", diff)
	}
	line := []rune(strings.Split(before, "\n")[first.Locations[0].Physical.Region.StartLine-1])
	region := first.Locations[0].Physical.Region
	if got := string(line[region.StartColumn-1:]); !strings.HasPrefix(got, "AWS_ACCESS_KEY_ID=") {
		t.Errorf("in code points the region begins at %q", got)
	}
}

// TestSARIFFixes makes the replacements of the golden cases as a reader of SARIF would: each fix gives what its edits give.
func TestSARIFFixes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("applies the fixes of all golden cases")
	}
	made := 0
	for _, f := range goldenFiles(t, true) {
		out, _ := write(t, Options{Format: "sarif", DryRun: true}, []*File{f})
		var log struct {
			Runs []struct{ Results []sarifResult }
		}
		if err := json.Unmarshal([]byte(out), &log); err != nil {
			t.Fatal(err)
		}
		for i, r := range log.Runs[0].Results {
			if len(r.Fixes) == 0 {
				continue
			}
			made++
			var edits []rewrite.Edit
			for _, x := range r.Fixes[0].Changes[0].Replacements {
				e := rewrite.Edit{Span: regionSpan(f.Result.Source, x.Deleted)}
				if x.Inserted != nil {
					e.New = x.Inserted.Text
				}
				edits = append(edits, e)
			}
			if diff := cmp.Diff(f.Result.Results[i].Edits, edits); diff != "" {
				t.Errorf("%s: edits (-want +got):\n%s", f.Name, diff)
			}
		}
	}
	if made < 100 {
		t.Errorf("only %d fixes", made)
	}
}

// regionSpan finds a region whose columns count code points. The cases have no line ends but LF.
func regionSpan(src []byte, r sarifRegion) rewrite.Span {
	lines := strings.SplitAfter(string(src), "\n")
	offset := func(line, column int) int {
		start := len(strings.Join(lines[:line-1], ""))
		if line > len(lines) {
			return start
		}
		return start + len(string([]rune(lines[line-1])[:column-1]))
	}
	return rewrite.Span{Start: offset(r.StartLine, r.StartColumn), End: offset(r.EndLine, r.EndColumn)}
}

// TestStreams holds that the formats which are streamed keep nothing of the files they have written.
func TestStreams(t *testing.T) { // not parallel: it measures the heap
	if testing.Short() {
		t.Skip("writes many reports")
	}
	files := goldenFiles(t, true)
	for _, f := range Formats() {
		if f.Name == "markdown" { // its summary comes first
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			s := &Summary{DryRun: true}
			w := New(io.Discard, io.Discard, Options{Format: f.Name, DryRun: true})
			heap := func() int {
				for _, f := range files {
					s.Add(f)
					if err := w.File(f); err != nil {
						t.Fatal(err)
					}
				}
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return int(m.HeapAlloc)
			}
			heap() // tables are read, patterns compiled, prerequisites met
			first := heap()
			for range 3 {
				heap()
			}
			if grown := heap() - first; grown > 256<<10 {
				t.Errorf("the heap grew by %d KB over %d files", grown>>10, 4*len(files))
			}
			if err := w.Close(s); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestSuggestions makes the suggestions of the golden cases as reviewdog would: each gives what the fix by itself gives.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	made := 0
	for _, f := range goldenFiles(t, true) {
		out, _ := write(t, Options{Format: "rdjsonl", DryRun: true}, []*File{f})
		var wants []string
		for _, r := range f.Result.Results {
			if fixed, err := rewrite.Apply(f.Result.Source, r.Edits); err == nil && r.Edits != nil {
				wants = append(wants, string(fixed))
			}
		}
		for line := range strings.Lines(out) {
			var d rdDiagnostic
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				t.Fatal(err)
			}
			for _, s := range d.Suggestions {
				made++
				if d.Location.Range != s.Range {
					t.Errorf("%s: the comment is about other lines than its suggestion", f.Name)
				}
				if got := suggest(string(f.Result.Source), s); !slices.Contains(wants, got) {
					t.Errorf("%s: a suggestion gives\n%s", f.Name, got)
				}
			}
		}
	}
	if made < 50 {
		t.Errorf("only %d suggestions", made)
	}
}

// suggest replaces the range of a suggestion, whose columns count bytes.
func suggest(src string, s rdSuggestion) string {
	lines := strings.SplitAfter(src, "\n")
	offset := func(p rdPosition) int { return len(strings.Join(lines[:p.Line-1], "")) + p.Column - 1 }
	return src[:offset(s.Range.Start)] + s.Text + src[offset(s.Range.End):]
}

// TestProblemsMove looks for what is left in the file as an in-place run leaves it.
func TestProblemsMove(t *testing.T) {
	t.Parallel()
	for _, f := range goldenFiles(t, false) {
		for _, p := range problems(f, false) {
			if f.Result.Status != fixes.Changed || p.Span.Len() == 0 {
				continue
			}
			want := string(f.Result.Source[p.Span.Start:p.Span.End])
			edited := slices.ContainsFunc(f.Result.Edits, func(e rewrite.Edit) bool {
				return e.Span.Start <= p.Span.End && p.Span.Start <= e.Span.End
			})
			if got := string(f.Result.Output[p.start.offset:p.end.offset]); got != want && !edited {
				t.Errorf("%s: %s is at %q, was at %q", f.Name, p.Rule.ID, got, want)
			}
		}
	}
}
