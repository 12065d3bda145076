package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

var (
	staticKeys = &fixes.Rule{ID: "aws-static-keys", Severity: fixes.High, Confidence: fixes.HighConfidence, Safety: fixes.Setup}
	network    = &fixes.Rule{ID: "internal-network", Severity: fixes.Medium, Confidence: fixes.LowConfidence}
)

// testFiles have a finding in each state that reports tell apart.
func testFiles() []*File {
	applied := fixes.Result{
		Status: fixes.Applied,
		Finding: fixes.Finding{
			Rule: staticKeys, Span: rewrite.Span{Start: 4, End: 9}, Path: "jobs.deploy.environment", Owner: "job:deploy",
			Message: "job deploy uses long-lived AWS keys", Severity: fixes.Critical,
			Related: []fixes.Related{{Span: rewrite.Span{Start: 20, End: 22}, Message: "the key is used here"}},
			Fix: &fixes.Fix{
				Title: "assume a role", Safety: fixes.Setup, Reason: "the role must exist",
				Facts: []string{"aws.region=eu-west-1"},
				Requires: []fixes.Prerequisite{
					{When: fixes.Before, Kind: "check", Text: "Try it"},
					{When: fixes.Before, Kind: "role", Text: "Create the role", Where: "account 1"},
					{When: fixes.After, Kind: "key", Text: "Deactivate the keys"},
				},
			},
		},
	}
	again := applied
	fix := *applied.Fix
	fix.Requires = []fixes.Prerequisite{{When: fixes.Before, Kind: "role", Text: "Create the role", Where: "account 2"}}
	again.Fix = &fix
	needs := fixes.Result{
		Status: fixes.NeedsFacts, Why: "--set aws.role_arn=ARN",
		Finding: fixes.Finding{
			Rule: staticKeys, Message: "job test uses long-lived AWS keys",
			Fix: &fixes.Fix{
				Title: "assume a role", Safety: fixes.Setup,
				Needs:    []fixes.Need{{Key: "aws.role_arn", Hint: "--set aws.role_arn=ARN"}},
				Requires: []fixes.Prerequisite{{When: fixes.Before, Text: "Not asked for: the fix is not applied"}},
			},
		},
	}
	manual := fixes.Result{
		Status:  fixes.NoFix,
		Finding: fixes.Finding{Rule: network, Message: "reaches \x1b[31m10.0.0.1", NoFix: "no runner is known"},
	}
	suppressed := fixes.Result{Status: fixes.Suppressed, Why: "by a comment", Finding: fixes.Finding{Rule: network, Message: "is known"}}
	return []*File{
		{
			Name: "a/.circleci/config.yml", Patch: []byte("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two\n"),
			Result: &fixes.FileResult{
				Status:  fixes.Changed,
				Edits:   []rewrite.Edit{{Span: rewrite.Span{Start: 4, End: 9}, New: "a\u009bb<"}},
				Results: []fixes.Result{applied, again, needs, manual, suppressed},
			},
		},
		{Name: "b\x1b/config.yml", Result: &fixes.FileResult{
			Status: fixes.Failed, Err: &rewrite.ParseError{Line: 3, Column: 7, Message: "mapping values are not allowed"},
		}},
		{Name: "c.yml", Result: &fixes.FileResult{Status: fixes.Failed, Err: errors.New("no such file or directory")}},
		{Name: "d.yml", Result: &fixes.FileResult{Status: fixes.Unchanged}},
	}
}

// write makes a whole report of files.
func write(t *testing.T, o Options, files []*File) (out, errOut string) {
	t.Helper()
	var b, e bytes.Buffer
	w, s := New(&b, &e, o), &Summary{DryRun: o.DryRun}
	for _, f := range files {
		s.Add(f)
		if err := w.File(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(s); err != nil {
		t.Fatal(err)
	}
	return b.String(), e.String()
}

const wantText = `a/.circleci/config.yml:1:1 aws-static-keys critical job deploy uses long-lived AWS keys [applied]
a/.circleci/config.yml:1:1 aws-static-keys critical job deploy uses long-lived AWS keys [applied]
a/.circleci/config.yml:1:1 aws-static-keys high job test uses long-lived AWS keys [needs-facts]
    missing aws.role_arn: --set aws.role_arn=ARN
a/.circleci/config.yml:1:1 internal-network medium reaches \x1b[31m10.0.0.1 [manual]
    no runner is known
b\x1b/config.yml:3:7: mapping values are not allowed
c.yml: no such file or directory

Before you merge:
  - Create the role (account 1, account 2)
  - Try it
  ` + "`cfgfix setup`" + ` prints Terraform or commands for what is to be made

After you merge:
  - Deactivate the keys
  ` + "`cfgfix setup --after`" + ` prints commands for what is to be deleted

4 files (2 failed), 5 findings: 2 fixed, 1 needs facts, 1 manual, 1 suppressed
`

func TestText(t *testing.T) {
	t.Parallel()
	out, errOut := write(t, Options{}, testFiles())
	if diff := cmp.Diff("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two\n", out); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantText, errOut); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestTextQuiet(t *testing.T) {
	t.Parallel()
	out, errOut := write(t, Options{Quiet: true}, testFiles())
	want := "b\\x1b/config.yml:3:7: mapping values are not allowed\nc.yml: no such file or directory\n"
	if out != "" || errOut != want {
		t.Errorf("stdout %q, stderr %q", out, errOut)
	}
}

func TestTextVerbose(t *testing.T) {
	t.Parallel()
	_, errOut := write(t, Options{Verbose: true}, testFiles())
	for _, want := range []string{
		"internal-network medium is known [suppressed]\n    by a comment\n",
		"    fix (setup): assume a role\n    the role must exist\n",
		"    a/.circleci/config.yml:1:1 the key is used here\n",
	} {
		if !strings.Contains(errOut, want) {
			t.Errorf("stderr lacks %q:\n%s", want, errOut)
		}
	}
}

func TestTextColor(t *testing.T) {
	t.Parallel()
	out, errOut := write(t, Options{OutColor: true, ErrColor: true}, testFiles()[:1])
	want := "\x1b[1m--- a/x\x1b[m\n\x1b[1m+++ b/x\x1b[m\n\x1b[36m@@ -1 +1 @@\x1b[m\n\x1b[31m-one\x1b[m\n\x1b[32m+two\x1b[m\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if !strings.Contains(errOut, "\x1b[31mcritical\x1b[m") || !strings.Contains(errOut, "\x1b[32m[applied]\x1b[m") {
		t.Errorf("stderr %q", errOut)
	}
}

func TestSummaryLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		s    Summary
		want string
	}{
		{"nothing found", Summary{Files: 1}, "1 file, no findings"},
		{"dry run", Summary{Files: 3, Findings: 1, Statuses: map[fixes.Status]int{fixes.Pending: 1}}, "3 files, 1 finding: 1 would be fixed"},
		{"one that needs facts", Summary{Files: 1, Findings: 1, Statuses: map[fixes.Status]int{fixes.NeedsFacts: 1}}, "1 file, 1 finding: 1 needs facts"},
		{"several that need facts", Summary{Files: 1, Findings: 2, Statuses: map[fixes.Status]int{fixes.NeedsFacts: 2}}, "1 file, 2 findings: 2 need facts"},
		{"failures", Summary{Files: 2, Failed: 2}, "2 files (2 failed), no findings"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := summaryLine(&tt.s); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	var s Summary
	for _, f := range testFiles() {
		s.Add(f)
	}
	// The critical findings are fixed.
	if s.Worst() != fixes.High {
		t.Errorf("worst is %v, want high", s.Worst())
	}
}

// schema compiles the embedded schema, or the part of it that ref names.
func schema(t *testing.T, ref string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.schema.json" + ref)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%v", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := schema(t, "")
	for _, files := range [][]*File{nil, testFiles()[3:], testFiles()} {
		out, _ := write(t, Options{Format: "json"}, files)
		validate(t, s, out)
		var got struct{ Files []json.RawMessage }
		if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Files) != len(files) {
			t.Errorf("%d files (%v), want %d", len(got.Files), err, len(files))
		}
		if strings.Contains(out, "null") || strings.ContainsAny(out, "\x1b\u009b") {
			t.Errorf("null or a raw control character in %s", out)
		}
	}
	out, errOut := write(t, Options{Format: "json"}, testFiles())
	for _, want := range []string{
		`"edits":[{"start":4,"end":9,"text":"a\u009bb<"}]`,
		`"error":{"message":"mapping values are not allowed","line":3,"column":7}`,
		`"needs":[{"key":"aws.role_arn","hint":"--set aws.role_arn=ARN"}]`,
		`{"path":"d.yml","status":"unchanged","findings":[],"edits":[]}`,
		`"summary":{"dry_run":false,"files":4,"changed":1,"failed":2,"findings":5,` +
			`"statuses":{"applied":2,"manual":1,"needs-facts":1,"suppressed":1}}`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %s:\n%s", want, out)
		}
	}
	if strings.Count(errOut, "\n") != 2 {
		t.Errorf("stderr has more than the errors: %q", errOut)
	}
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	s := schema(t, "#/$defs/file")
	out, _ := write(t, Options{Format: "jsonl"}, testFiles())
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 4 {
		t.Errorf("%d lines, want 4", len(lines))
	}
	for _, line := range lines {
		validate(t, s, line)
	}
}
