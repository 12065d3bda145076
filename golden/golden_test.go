// Package golden holds the cases that show what cfgfix finds and writes, and the test that runs them.
//
// A case is a txtar archive. Its comment says in a sentence or two what the case shows. Its sections:
//
//	facts         optional: lines KEY=VALUE, as for --set
//	settings.yml  optional: a settings file
//	unsafe        optional, empty: run with unsafe fixes
//	select        optional: ids of rules that are off by default, one a line, to be run as well
//	config.yml    the input
//	findings.txt  LINE:COL RULE SEVERITY OWNER: MESSAGE [STATUS], with the reason below it when there is one
//	requires.txt  optional: what has to be done outside the file, as before: or after: and where; of a finding that
//	              lacks a fact, needs: and how to give it
//	secrets.txt   optional: the literal secrets that the findings are about, one a line in Go's quotes
//	want.yml      the output; absent when nothing changes
//
// With UPDATE=1 in the environment the test writes findings.txt, requires.txt and secrets.txt where there are, and want.yml.
package golden

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// testCase is one archive, read.
type testCase struct {
	name    string // the path without its extension, such as aws-static-keys/example
	archive *txtar.Archive
	apart   bool // each fix has its own edits
}

func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("UPDATE") != "" {
				c.update(t)
			}
			c.check(t)
			if testing.Short() {
				return
			}
			for _, v := range variants {
				t.Run(v.name, func(t *testing.T) {
					t.Parallel()
					c.checkVariant(t, v)
				})
			}
		})
	}
}

// readCases reads all archives, in the order of their names.
func readCases(t *testing.T) []*testCase {
	t.Helper()
	paths, err := filepath.Glob("*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var out []*testCase
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &testCase{name: strings.TrimSuffix(filepath.ToSlash(path), ".txtar"), archive: archive})
	}
	return out
}

// section is the text of a section; ok is false when there is none.
func (c *testCase) section(name string) (text []byte, ok bool) {
	i := c.index(name)
	if i < 0 {
		return nil, false
	}
	return c.archive.Files[i].Data, true
}

func (c *testCase) index(name string) int {
	return slices.IndexFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
}

// files are the input and the output that is wanted.
func (c *testCase) files(t *testing.T) (config, want []byte) {
	t.Helper()
	config, ok := c.section("config.yml")
	if !ok {
		t.Fatal("there is no section config.yml")
	}
	if want, ok = c.section("want.yml"); !ok {
		want = config
	}
	return config, want
}

// run runs all rules that are on by default over a text, with the facts of the case.
func (c *testCase) run(t *testing.T, src []byte) *fixes.FileResult {
	t.Helper()
	facts := &fixes.Facts{}
	if text, ok := c.section("settings.yml"); ok {
		settings, err := fixes.ParseSettings("settings.yml", text)
		if err != nil {
			t.Fatal(err)
		}
		facts = &settings.Facts
	}
	text, _ := c.section("facts")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if err := facts.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	_, unsafe := c.section("unsafe")
	engine := &fixes.Engine{Unsafe: unsafe, Apart: c.apart}
	selected, _ := c.section("select")
	for _, r := range fixes.All() {
		if !r.Off || slices.Contains(strings.Fields(string(selected)), r.ID) {
			engine.Rules = append(engine.Rules, r)
		}
	}
	return engine.Run(src, facts)
}

// check runs the case as it stands and compares all that it says.
func (c *testCase) check(t *testing.T) {
	config, want := c.files(t)
	r := c.run(t, config)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	findings, ok := c.section("findings.txt")
	if !ok {
		t.Error("there is no section findings.txt")
	}
	if diff := cmp.Diff(string(findings), findingsText(r)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if requires, ok := c.section("requires.txt"); ok {
		if diff := cmp.Diff(string(requires), requiresText(r)); diff != "" {
			t.Errorf("what has to be done outside (-want +got):\n%s", diff)
		}
	}
	if secrets, ok := c.section("secrets.txt"); ok {
		if diff := cmp.Diff(string(secrets), secretsText(r)); diff != "" {
			t.Errorf("secrets (-want +got):\n%s", diff)
		}
	}
	c.checkOutput(t, r, want)
}

// secretsText is the section secrets.txt of a result.
func secretsText(r *fixes.FileResult) string {
	var out strings.Builder
	for _, x := range r.Results {
		for _, s := range x.Secrets {
			fmt.Fprintf(&out, "%q\n", s)
		}
	}
	return out.String()
}

// checkOutput compares the bytes, holds the result's edits and patch to them, and runs once more: a fixed file is
// left alone.
func (c *testCase) checkOutput(t *testing.T, r *fixes.FileResult, want []byte) {
	t.Helper()
	if diff := cmp.Diff(string(want), string(r.Output)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	applied, err := rewrite.Apply(r.Source, r.Edits)
	if err != nil || !bytes.Equal(applied, r.Output) {
		t.Errorf("the edits do not give the output (%v):\n%s", err, applied)
	}
	changed := r.Status == fixes.Changed
	if changed == bytes.Equal(r.Source, r.Output) {
		t.Errorf("status %s, but the bytes say otherwise", r.Status)
	}
	patch, err := rewrite.Unified("config.yml", r.Source, r.Edits)
	if err != nil || changed != (len(patch) > 0) {
		t.Errorf("status %s with this patch (%v):\n%s", r.Status, err, patch)
	}
	again := c.run(t, r.Output)
	if again.Err != nil || !bytes.Equal(again.Output, r.Output) {
		t.Errorf("a second run changes the file (%v):\n%s", again.Err, cmp.Diff(string(r.Output), string(again.Output)))
	}
	for _, x := range again.Results {
		if x.Status == fixes.Applied || x.Status == fixes.Pending {
			t.Errorf("a second run fixes: %s", findingText(again, &x))
		}
	}
}

// variant is a way to write the same file with other bytes.
type variant struct {
	name  string
	write func([]byte) []byte
	skip  func(src []byte) bool // the file means something else when it is written so
	moves bool                  // lines and columns are others
}

var variants = []variant{
	{name: "line ends of Windows", write: func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }},
	{name: "byte order mark", write: func(b []byte) []byte { return append([]byte("\uFEFF"), b...) }},
	{name: "no final newline", write: func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\n")) }},
	{name: "second document", write: func(b []byte) []byte { return append([]byte("note: no config\n---\n"), b...) }, skip: hasMarks, moves: true},
}

// hasMarks reports whether the file has document marks or directives of its own, which cannot stand behind a mark.
func hasMarks(src []byte) bool {
	return bytes.HasPrefix(src, []byte("---")) || bytes.HasPrefix(src, []byte("%")) || len(bytes.TrimSpace(src)) == 0
}

// checkVariant runs the case with both sides written otherwise.
func (c *testCase) checkVariant(t *testing.T, v variant) {
	config, want := c.files(t)
	if v.skip != nil && (v.skip(config) || v.skip(want)) {
		t.Skip("the file means something else when it is written so")
	}
	r := c.run(t, v.write(config))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	findings, _ := c.section("findings.txt")
	if diff := cmp.Diff(string(findings), findingsText(r)); diff != "" && !v.moves {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	c.checkOutput(t, r, v.write(want))
}

// findingsText is the section findings.txt of a result.
func findingsText(r *fixes.FileResult) string {
	var out strings.Builder
	for i := range r.Results {
		out.WriteString(findingText(r, &r.Results[i]))
	}
	return out.String()
}

func findingText(r *fixes.FileResult, x *fixes.Result) string {
	at := r.Position(x.Span.Start)
	text := fmt.Sprintf("%d:%d %s %s %s: %s [%s]\n", at.Line, at.Column, x.Rule.ID, x.Severity, x.Owner, x.Message, x.Status)
	if x.Why != "" {
		text += "  " + x.Why + "\n"
	}
	return text
}

// requiresText is the section requires.txt of a result: each line once.
func requiresText(r *fixes.FileResult) string {
	var lines []string
	add := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, x := range r.Results {
		switch x.Status {
		case fixes.Applied:
			for _, p := range x.Fix.Requires {
				where := ""
				if p.Where != "" {
					where = " (" + p.Where + ")"
				}
				add("%s: %s%s\n", p.When, p.Text, where)
			}
		case fixes.NeedsFacts:
			for _, n := range x.Fix.Needs {
				add("needs: %s: %s\n", n.Key, n.Hint)
			}
		}
	}
	return strings.Join(lines, "")
}

// update writes what the rules say today into the archive.
func (c *testCase) update(t *testing.T) {
	t.Helper()
	config, _ := c.files(t)
	r := c.run(t, config)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	c.set("findings.txt", findingsText(r))
	if c.index("requires.txt") >= 0 {
		c.set("requires.txt", requiresText(r))
	}
	if c.index("secrets.txt") >= 0 {
		c.set("secrets.txt", secretsText(r))
	}
	if r.Status == fixes.Changed {
		c.set("want.yml", string(r.Output))
	} else if i := c.index("want.yml"); i >= 0 {
		c.archive.Files = slices.Delete(c.archive.Files, i, i+1)
	}
	if err := os.WriteFile(filepath.FromSlash(c.name)+".txtar", txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c *testCase) set(name, text string) {
	if i := c.index(name); i >= 0 {
		c.archive.Files[i].Data = []byte(text)
		return
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
}

func TestCasesHaveComments(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t) {
		if len(bytes.TrimSpace(c.archive.Comment)) == 0 {
			t.Errorf("%s: the comment that says what the case shows is missing", c.name)
		}
	}
}

// TestCasesLeaveAlone holds the share of cases that do not touch the file: to leave alone what is not sure is half of
// the work.
func TestCasesLeaveAlone(t *testing.T) {
	t.Parallel()
	cases := readCases(t)
	unchanged := 0
	for _, c := range cases {
		if c.index("want.yml") < 0 {
			unchanged++
		}
	}
	if unchanged*4 < len(cases) {
		t.Errorf("%d of %d cases leave the file as it is: that should be a quarter at least", unchanged, len(cases))
	}
}

// TestRulesHaveCases asks for the kinds of cases that every rule has in its own folder.
func TestRulesHaveCases(t *testing.T) {
	t.Parallel()
	cases := readCases(t)
	for _, r := range fixes.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			missing := map[string]bool{"example.txtar": true, "a case that fires and is fixed": true, "a silent case": true, "a case that is left unfixed": true}
			if r.Safety == fixes.Manual {
				delete(missing, "a case that fires and is fixed") // a rule without fixes shows what it finds
			}
			for _, c := range cases {
				folder, name, _ := strings.Cut(c.name, "/")
				if folder != r.ID {
					continue
				}
				if name == "example" {
					delete(missing, "example.txtar")
				}
				findings, _ := c.section("findings.txt")
				delete(missing, kindOf(r.ID, string(findings)))
			}
			for what := range missing {
				t.Errorf("golden/%s lacks %s", r.ID, what)
			}
		})
	}
}

// kindOf tells what a case shows of a rule by its section findings.txt.
func kindOf(id, findings string) string {
	kind := "a silent case"
	for line := range strings.Lines(findings) {
		if !strings.Contains(line, " "+id+" ") || strings.HasPrefix(line, " ") {
			continue
		}
		if strings.HasSuffix(line, "[applied]\n") {
			return "a case that fires and is fixed"
		}
		kind = "a case that is left unfixed"
	}
	return kind
}

// TestFixesApart splices each fix in by itself: the file parses, and its finding is gone.
func TestFixesApart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs all golden cases again")
	}
	apart := 0
	for _, c := range readCases(t) {
		c.apart = true
		config, _ := c.files(t)
		r := c.run(t, config)
		done := 0
		for i := range r.Results {
			if x := &r.Results[i]; x.Edits != nil {
				apart++
				c.checkApart(t, r, x)
			}
			if r.Results[i].Status == fixes.Applied {
				done++
			}
		}
		if i := slices.IndexFunc(r.Results, func(x fixes.Result) bool { return x.Status == fixes.Applied && x.Edits == nil }); i >= 0 && done == 1 {
			t.Errorf("%s: the only fix has no edits of its own", c.name)
		}
	}
	if apart < 100 {
		t.Errorf("only %d fixes have edits of their own", apart)
	}
}

func (c *testCase) checkApart(t *testing.T, r *fixes.FileResult, x *fixes.Result) {
	t.Helper()
	if x.Status != fixes.Applied && x.Status != fixes.HeldBack && x.Status != fixes.Conflict {
		t.Errorf("%s: edits of: %s", c.name, findingText(r, x))
	}
	alone, err := rewrite.Apply(r.Source, x.Edits)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	again := c.run(t, alone)
	if again.Err != nil {
		t.Errorf("%s: %v in:\n%s", c.name, again.Err, alone)
	}
	if n := count(again, x); n != count(r, x)-1 {
		t.Errorf("%s: %d findings like this are left: %s", c.name, n, findingText(r, x))
	}
}

// count is the number of findings that say the same as x, wherever they stand.
func count(r *fixes.FileResult, x *fixes.Result) int {
	n := 0
	for _, y := range r.Results {
		if y.Rule == x.Rule && y.Owner == x.Owner && y.Message == x.Message && (y.Status == fixes.Suppressed) == (x.Status == fixes.Suppressed) {
			n++
		}
	}
	return n
}

// TestForeignLineBreaks shows that no proof fails in files whose lines end as YAML 1.1 allows, all or some of them: NEL, LS
// and PS, of which the last two are text in a literal, and lone carriage returns.
func TestForeignLineBreaks(t *testing.T) {
	t.Parallel()
	changed := 0
	for i, c := range readCases(t) {
		if testing.Short() && i%5 != 0 {
			continue
		}
		config, _ := c.files(t)
		lines := bytes.SplitAfter(config, []byte("\n"))
		for _, br := range []string{"\r", "\u0085", "\u2028", "\u2029"} {
			for _, every := range []int{1, 2, 3} {
				var src []byte
				for i, line := range lines {
					if i%every == 0 {
						line = bytes.ReplaceAll(line, []byte("\n"), []byte(br))
					}
					src = append(src, line...)
				}
				r := c.run(t, src)
				if proof := new(fixes.ProofError); errors.As(r.Err, &proof) {
					t.Errorf("%s with %q at the end of every line of %d: %v", c.name, br, every, r.Err)
				}
				if r.Status == fixes.Changed {
					changed++
				}
			}
		}
	}
	if changed < 500 {
		t.Errorf("%d files were changed: the test shows little", changed)
	}
}
