package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// wordEngine stands for the engine: it finds the word bad and makes it good.
type wordEngine struct{ dryRun bool }

var badWord = &fixes.Rule{ID: "bad-word", Severity: fixes.High, Confidence: fixes.HighConfidence, Safety: fixes.Setup}

func (e wordEngine) Run(src []byte, facts *fixes.Facts) *fixes.FileResult {
	text := string(src)
	r := &fixes.FileResult{Status: fixes.Unchanged, Source: src, Output: src}
	switch at := strings.Index(text, "bad"); {
	case strings.Contains(text, "broken"):
		r.Status, r.Err = fixes.Failed, &rewrite.ParseError{Line: 3, Column: 5, Message: "not YAML"}
	case strings.Contains(text, "other"):
		r.Status = fixes.Skipped
	case strings.Contains(text, "left"):
		r.Results = []fixes.Result{{Finding: fixes.Finding{Rule: badWord, Message: "left"}, Status: fixes.NoFix}}
	case at >= 0:
		e.fixWord(r, at, facts)
	}
	return r
}

func (e wordEngine) fixWord(r *fixes.FileResult, at int, facts *fixes.Facts) {
	word := rewrite.Span{Start: at, End: at + len("bad")}
	good := "good" + facts.AWS.Region
	status := fixes.Applied
	if e.dryRun {
		status = fixes.Pending
	}
	r.Status = fixes.Changed
	r.Edits = []rewrite.Edit{{Span: word, New: good}}
	r.Output = []byte(string(r.Source[:word.Start]) + good + string(r.Source[word.End:]))
	r.Results = []fixes.Result{{
		Status: status,
		Finding: fixes.Finding{
			Rule: badWord, Span: word, Message: "bad is bad",
			Fix: &fixes.Fix{Title: "say good", Safety: fixes.Setup, Requires: []fixes.Prerequisite{
				{When: fixes.Before, Kind: "check", Text: "Tell everybody", Where: "the team"},
			}},
		},
	}}
}

// ran is what a run left behind.
type ran struct {
	code        int
	out, errOut string
}

// runIn runs cfgfix with wordEngine in dir.
func runIn(ctx context.Context, dir, stdin string, args ...string) ran {
	var out, errOut bytes.Buffer
	code := run(ctx, args, &streams{
		in: strings.NewReader(stdin), out: &out, err: &errOut,
		dir: dir, environ: func(string) string { return "" },
	}, func(e fixes.Engine) runner { return wordEngine{e.DryRun} })
	return ran{code, out.String(), errOut.String()}
}

// newTree is a directory with these files.
func newTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := realTempDir(t)
	for name, text := range files {
		writeTestFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

func checkText(t *testing.T, what, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, path, string(got), want)
}

const badPatch = `--- a/.circleci/config.yml
+++ b/.circleci/config.yml
@@ -1,3 +1,3 @@
 one: 1
-two: bad
+two: good
 three: 3
`

const badConfig = "one: 1\ntwo: bad\nthree: 3\n"

func TestFixInPlace(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig, ".circleci/fine.yml": "one: 1\n"})
	got := runIn(t.Context(), dir, "")
	if got.code != exitOK {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stdout", got.out, badPatch)
	checkText(t, "stderr", got.errOut, `.circleci/config.yml:1:1 bad-word high bad is bad [applied]

Before you merge:
  - Tell everybody (the team)

2 files, 1 finding: 1 fixed
`)
	checkFile(t, filepath.Join(dir, ".circleci/config.yml"), strings.Replace(badConfig, "bad", "good", 1))

	again := runIn(t.Context(), dir, "")
	checkText(t, "stdout of the second run", again.out, "")
	checkText(t, "stderr of the second run", again.errOut, "2 files, no findings\n")
}

func TestFixDryRun(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
	got := runIn(t.Context(), dir, "", "--dry-run")
	if got.code != exitLeft {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stdout", got.out, badPatch)
	if !strings.HasSuffix(got.errOut, "1 file, 1 finding: 1 would be fixed\n") {
		t.Errorf("stderr %q", got.errOut)
	}
	checkFile(t, filepath.Join(dir, ".circleci/config.yml"), badConfig)
}

func TestFixThroughLink(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{"shared.yml": badConfig, ".circleci/x": ""})
	link := filepath.Join(dir, ".circleci/config.yml")
	linkTo(t, "../shared.yml", link)
	got := runIn(t.Context(), dir, "")
	checkText(t, "stdout", got.out, strings.ReplaceAll(badPatch, ".circleci/config.yml", "shared.yml"))
	checkFile(t, filepath.Join(dir, "shared.yml"), strings.Replace(badConfig, "bad", "good", 1))
	if target, err := os.Readlink(link); err != nil || target != "../shared.yml" {
		t.Errorf("the link is %q, %v", target, err)
	}
}

func TestFixReadOnly(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/a.yml": badConfig, ".circleci/b.yml": badConfig})
	if err := os.Chmod(filepath.Join(dir, ".circleci/a.yml"), 0o444); err != nil {
		t.Fatal(err)
	}
	got := runIn(t.Context(), dir, "")
	if got.code != exitFile {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stdout", got.out, strings.ReplaceAll(badPatch, "config.yml", "b.yml"))
	for _, want := range []string{
		".circleci/a.yml: not written: the file is read-only",
		"[refused]",
		"2 files (1 failed), 2 findings: 1 fixed, 1 refused",
	} {
		if !strings.Contains(got.errOut, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.errOut)
		}
	}
	checkFile(t, filepath.Join(dir, ".circleci/a.yml"), badConfig)
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	const name = ".circleci/config.yml"
	tests := []struct {
		name, config string
		args         []string
		want         int
	}{
		{"nothing to fix", "one: 1", nil, exitOK},
		{"fixed", "bad", nil, exitOK},
		{"left", "left", nil, exitOK},
		{"no config", "other", nil, exitOK},
		{"nothing would change", "one: 1", []string{"-n"}, exitOK},
		{"left, dry run", "left", []string{"-n"}, exitOK},
		{"would change", "bad", []string{"-n"}, exitLeft},
		{"would change, exit zero", "bad", []string{"-n", "--exit-zero"}, exitOK},
		{"left at the level", "left", []string{"--fail-on", "high"}, exitLeft},
		{"left above the level", "left", []string{"--fail-on", "low"}, exitLeft},
		{"left below the level", "left", []string{"--fail-on", "critical"}, exitOK},
		{"left, exit zero", "left", []string{"--fail-on", "low", "--exit-zero"}, exitOK},
		{"fixed, with a level", "bad", []string{"--fail-on", "low"}, exitOK},
		{"broken", "broken", nil, exitFile},
		{"broken, exit zero", "broken", []string{"--exit-zero"}, exitFile},
		{"named and no config", "other", []string{name}, exitFile},
		{"named and missing", "one: 1", []string{"nope.yml", name}, exitFile},
		{"wrong flag", "bad", []string{"--dryrun"}, exitUsage},
		{"wrong word", "bad", []string{"-f", "yaml"}, exitUsage},
		{"wrong level", "bad", []string{"--fail-on", "hihg"}, exitUsage},
		{"wrong fact", "bad", []string{"--set", "aws.rolearn=x"}, exitUsage},
		{"no workers", "bad", []string{"-j", "0"}, exitUsage},
		{"empty path", "bad", []string{""}, exitUsage},
		{"stdin and a path", "bad", []string{"-", "."}, exitUsage},
		{"json and a fixed config on stdout", "bad", []string{"-", "-f", "json"}, exitUsage},
		{"exclusive flags", "bad", []string{"--safe-only", "--unsafe"}, exitUsage},
		{"missing settings file", "bad", []string{"-c", "nope.yml"}, exitUsage},
		{"output over a config", "bad", []string{"-o", name}, exitUsage},
		{"output in no directory", "bad", []string{"-o", "no/where"}, exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := newTree(t, map[string]string{name: tt.config})
			got := runIn(t.Context(), dir, "", tt.args...)
			if got.code != tt.want {
				t.Errorf("exit code %d, want %d; stderr:\n%s", got.code, tt.want, got.errOut)
			}
			if tt.want != exitUsage {
				return
			}
			if strings.Count(got.errOut, "\n") != 1 || got.out != "" {
				t.Errorf("want one line, got:\n%s%s", got.out, got.errOut)
			}
			checkFile(t, filepath.Join(dir, name), tt.config)
		})
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{"a/.circleci/config.yml": "broken", "b/.circleci/config.yml": badConfig})
	got := runIn(t.Context(), dir, "", "--quiet")
	checkText(t, "stderr", got.errOut, "a/.circleci/config.yml:3:5: not YAML\n")
	checkText(t, "stdout", got.out, "")
	checkFile(t, filepath.Join(dir, "b/.circleci/config.yml"), strings.Replace(badConfig, "bad", "good", 1))
}

func TestSettingsStopTheRun(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{
		"a/.circleci/config.yml": badConfig,
		"z/.circleci/config.yml": "one: 1", "z/.cfgfix.yml": "version: 1\nawss: {}\n",
	})
	got := runIn(t.Context(), dir, "")
	if got.code != exitUsage || !strings.Contains(got.errOut, "z/.cfgfix.yml:2:1") {
		t.Errorf("exit code %d, stderr %q", got.code, got.errOut)
	}
	checkFile(t, filepath.Join(dir, "a/.circleci/config.yml"), badConfig)
}

func TestFactsInOrder(t *testing.T) {
	t.Parallel()
	settings := "version: 1\naws: {region: us-east-1}\nrepos:\n  acme/*: {aws: {region: us-east-2}}\n"
	origin := "[remote \"origin\"]\n\turl = git@example.com:acme/shop.git\n"
	tests := []struct {
		name, origin string
		args         []string
		want         string
	}{
		{"settings", "", nil, "goodus-east-1"},
		{"overrides of the repo", origin, nil, "goodus-east-2"},
		{"command line", origin, []string{"--set", "aws.region=eu-west-1"}, "goodeu-west-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := newTree(t, map[string]string{".git/config": tt.origin, ".cfgfix.yml": settings, ".circleci/config.yml": "bad"})
			got := runIn(t.Context(), dir, "", tt.args...)
			checkFile(t, filepath.Join(dir, ".circleci/config.yml"), tt.want)
			if got.code != exitOK {
				t.Errorf("exit code %d: %s", got.code, got.errOut)
			}
		})
	}
}

func TestStdin(t *testing.T) {
	t.Parallel()
	fixed := strings.Replace(badConfig, "bad", "good", 1)
	tests := []struct {
		name, in string
		args     []string
		out      string
		code     int
	}{
		{"fixed", badConfig, []string{"-"}, fixed, exitOK},
		{"fixed, quiet", badConfig, []string{"-", "-q"}, fixed, exitOK},
		{"nothing to fix", "one: 1", []string{"-"}, "one: 1", exitOK},
		{"patch", badConfig, []string{"-", "-n"}, badPatch, exitLeft},
		{
			"patch by another name", badConfig,
			[]string{"-n", "-", "--stdin-filename=ci/x.yml"},
			strings.ReplaceAll(badPatch, ".circleci/config.yml", "ci/x.yml"), exitLeft,
		},
		{"broken comes out as it was", "broken", []string{"-"}, "broken", exitFile},
		{"no config comes out as it was", "other", []string{"-"}, "other", exitFile},
		{"json to a file", badConfig, []string{"-", "-f", "json", "-o", os.DevNull}, fixed, exitOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runIn(t.Context(), realTempDir(t), tt.in, tt.args...)
			checkText(t, "stdout", got.out, tt.out)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d: %s", got.code, tt.code, got.errOut)
			}
		})
	}
}

// What is too large to be handled is passed on all the same.
func TestStdinTooLarge(t *testing.T) {
	t.Parallel()
	in := badConfig + strings.Repeat("# comment\n", 3<<20/2)
	got := runIn(t.Context(), realTempDir(t), in, "-")
	if got.code != exitFile || !strings.Contains(got.errOut, "file size in bytes is over the bound") {
		t.Errorf("exit code %d: %s", got.code, got.errOut)
	}
	if got.out != in {
		t.Errorf("%d bytes came out, of %d that went in", len(got.out), len(in))
	}
	if got := runIn(t.Context(), realTempDir(t), in, "-n", "-"); got.code != exitFile || got.out != "" {
		t.Errorf("dry run: exit code %d, and on stdout %d bytes", got.code, len(got.out))
	}
}

// A writer that stops in the middle of what is too large does not keep a run from being interrupted.
func TestStdinInterruptedWhilePassedOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	go func() {
		_, _ = io.WriteString(write, strings.Repeat("# comment\n", 3<<20/2))
		cancel()
	}()
	code := run(ctx, []string{"-"}, &streams{
		in: read, out: io.Discard, err: io.Discard, dir: realTempDir(t), environ: func(string) string { return "" },
	}, func(e fixes.Engine) runner { return &e })
	if code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

func TestOutputFile(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
	got := runIn(t.Context(), dir, "", "-n", "-o", "fix.patch")
	checkText(t, "stdout", got.out, "")
	checkFile(t, filepath.Join(dir, "fix.patch"), badPatch)
}

// Whatever name a config has as the output, it is not written to.
func TestOutputIsAConfig(t *testing.T) {
	t.Parallel()
	const config = ".circleci/config.yml"
	for _, test := range []struct {
		name   string
		output string
		args   []string
	}{
		{"by its name", config, []string{"-n"}},
		{"by a hard link", "report.txt", []string{"-n"}},
		{"by a hard link, in place", "report.txt", nil},
		{"by a hard link, setup", "report.txt", []string{"setup"}},
		{"read by standard input", "report.txt", []string{"-n", "-"}},
		{"read by standard input, by another name", "report.txt", []string{"--stdin-filename=x.yml", "-"}},
		{"that standard input stands for", config, []string{"-n", "-"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newTree(t, map[string]string{config: badConfig})
			if err := os.Link(filepath.Join(dir, config), filepath.Join(dir, "report.txt")); err != nil {
				t.Skip(err)
			}
			in, err := os.Open(filepath.Join(dir, config))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			var out, errOut bytes.Buffer
			code := run(t.Context(), append(test.args, "-o", test.output), &streams{
				in: in, out: &out, err: &errOut, dir: dir, environ: func(string) string { return "" },
			}, func(e fixes.Engine) runner { return wordEngine{e.DryRun} })
			if code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			checkText(t, "stderr", errOut.String(), "cfgfix: --output "+test.output+": is one of the configs; name another file\n")
			checkFile(t, filepath.Join(dir, config), badConfig)
		})
	}
}

func TestManyWorkersOneOrder(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 120 {
		files[fmt.Sprintf("r%03d/.circleci/config.yml", i)] = badConfig
	}
	dir := newTree(t, files)
	want := runIn(t.Context(), dir, "", "-n", "-j", "1")
	for _, jobs := range []string{"3", "32"} {
		got := runIn(t.Context(), dir, "", "-n", "-j", jobs)
		checkText(t, "stdout", got.out, want.out)
		checkText(t, "stderr", got.errOut, want.errOut)
	}
	if strings.Count(want.errOut, "Tell everybody") != 1 {
		t.Errorf("a prerequisite is not named once:\n%s", want.errOut)
	}
}

func TestNoConfigBelow(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{"a/.circleci/config.yml": "one: 1", "b/x": "", "c/.circleci/config.yml": "other"})
	got := runIn(t.Context(), dir, "", "a", "b", "c")
	if got.code != exitOK {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stderr", got.errOut,
		"cfgfix: note: no CircleCI config below b\ncfgfix: note: no CircleCI config below c\n1 file, no findings\n")
}

// A config that cannot be named is not handled, which is no success and no absence of configs.
func TestConfigWithNameThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the file system takes no such names")
	}
	dir := newTree(t, map[string]string{"c/caf\xe9/.circleci/config.yml": badConfig})
	const want = `c/caf\xe9/.circleci/config.yml: has a name that is not UTF-8` + "\n"
	got := runIn(t.Context(), dir, "", "-q", "c")
	if got.code != exitFile {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stderr", got.errOut, want)
	got = runIn(t.Context(), dir, "", "c")
	if got.code != exitFile {
		t.Errorf("exit code %d", got.code)
	}
	checkText(t, "stderr", got.errOut, want+"1 file (1 failed), no findings\n")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
	for _, args := range [][]string{{"."}, {"-"}} {
		if got := runIn(ctx, dir, "", args...); got.code != exitInterrupted || got.out != "" {
			t.Errorf("%v: exit code %d, stdout %q", args, got.code, got.out)
		}
	}
	checkFile(t, filepath.Join(dir, ".circleci/config.yml"), badConfig)
}

// brokenPipe is a standard output whose reader went away.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestOutputFails(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
	var errOut bytes.Buffer
	code := run(t.Context(), []string{"-n"}, &streams{
		out: brokenPipe{}, err: &errOut, dir: dir, environ: func(string) string { return "" },
	}, func(e fixes.Engine) runner { return wordEngine{e.DryRun} })
	if code != exitFile || !strings.Contains(errOut.String(), "the report could not be written: broken pipe") {
		t.Errorf("exit code %d, stderr %q", code, errOut.String())
	}
}

// An output that cannot be written is the same fault whichever command it is of.
func TestOutputFailsEverywhere(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--help"},
		{"--version"},
		{"version"},
		{"rules"},
		{"rules", "suppression"},
		{"completion", "bash"},
		{"init", "--schema"},
		{"init", "--stdout"},
		{"init", "--help"},
		{"setup"},
		{"-n", "--format", "json"},
		{"-"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			dir := newTree(t, map[string]string{".circleci/config.yml": boundedConfig})
			var errOut bytes.Buffer
			code := run(t.Context(), args, &streams{
				in: strings.NewReader(boundedConfig), out: brokenPipe{}, err: &errOut, dir: dir, environ: func(string) string { return "" },
			}, func(e fixes.Engine) runner { return &e })
			if code != exitFile || !strings.Contains(errOut.String(), "broken pipe") {
				t.Errorf("exit code %d, stderr %q", code, errOut.String())
			}
		})
	}
}
