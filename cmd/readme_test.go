package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

const readmePath = "../README.md"

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// region is what stands in the README between the two comments that bear the name.
func region(t *testing.T, readme, name string) string {
	t.Helper()
	_, rest, begins := strings.Cut(readme, fmt.Sprintf("<!-- begin %s -->\n", name))
	text, _, ends := strings.Cut(rest, fmt.Sprintf("<!-- end %s -->\n", name))
	if !begins || !ends {
		t.Fatalf("the README has no region %s", name)
	}
	return text
}

// code is the block of code in a region, without its fences.
func code(t *testing.T, readme, name string) []byte {
	t.Helper()
	text := region(t, readme, name)
	_, text, _ = strings.Cut(text, "\n")
	return []byte(strings.TrimSuffix(text, "```\n"))
}

// TestReadmeTables holds what the README says about rules and facts to the tables, and its example to the one that is
// tested. UPDATE=1 writes them.
func TestReadmeTables(t *testing.T) { // not parallel: other tests read what it writes
	readme := readReadme(t)
	example, err := txtar.ParseFile("../golden/aws-static-keys/example.txtar")
	if err != nil {
		t.Fatal(err)
	}
	want := readme
	for name, text := range map[string]string{
		"before":  yamlBlock(example, "config.yml"),
		"after":   yamlBlock(example, "want.yml"),
		"rules":   rulesTable(),
		"facts":   factsTable(),
		"formats": formatsTable(),
	} {
		old := region(t, readme, name)
		begin := fmt.Sprintf("<!-- begin %s -->\n", name)
		want = strings.Replace(want, begin+old, begin+text, 1)
	}
	if want == readme {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("the README is out of date; UPDATE=1 go test ./cmd writes it (-want +got):\n%s", cmp.Diff(want, readme))
	}
	if err := os.WriteFile(readmePath, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func yamlBlock(a *txtar.Archive, name string) string {
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		return "missing: " + name + "\n"
	}
	return "```yaml\n" + string(a.Files[i].Data) + "```\n"
}

func rulesTable() string {
	var b strings.Builder
	b.WriteString("| rule | group | severity | safety | finds |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range fixes.All() {
		fmt.Fprintf(&b, "| [%s](fixes/doc/%[1]s.md) | %s | %s | %s | %s |\n", r.ID, fixes.RuleGroup(r.ID), r.Severity, r.Safety, cell(r.Title))
	}
	return b.String()
}

func formatsTable() string {
	var b strings.Builder
	b.WriteString("| format | what it is |\n| --- | --- |\n")
	for _, f := range report.Formats() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, cell(f.Doc))
	}
	return b.String()
}

func factsTable() string {
	var b strings.Builder
	b.WriteString("| fact | such as | what it is for |\n| --- | --- | --- |\n")
	for _, k := range fixes.FactKeys() {
		doc := k.Doc
		if k.List() {
			doc += " (settings file only)"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", k.Name, cell(k.Example), cell(doc))
	}
	return b.String()
}

// cell is text as a cell of a table shows it.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// TestReadmeExample runs the config that the README shows first, as it stands there.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	readme := readReadme(t)
	engine := fixes.Engine{Rules: fixes.All()}
	got := engine.Run(code(t, readme, "before"), nil)
	if diff := cmp.Diff(string(code(t, readme, "after")), string(got.Output)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	var told strings.Builder
	for _, r := range got.Results {
		for _, p := range r.Fix.Requires {
			told.WriteString(p.Text)
		}
	}
	for _, want := range []string{"create an IAM role", "define ", "delete "} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("nothing tells people to %q, against what the README says", want)
		}
	}
}

func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	if _, err := fixes.ParseSettings("README.md", code(t, readReadme(t), "settings")); err != nil {
		t.Error(err)
	}
}

// TestReadmeFlags finds flags that the README names and cfgfix does not have.
func TestReadmeFlags(t *testing.T) {
	t.Parallel()
	readme := readReadme(t)
	root := newRoot(&streams{}, nil)
	readme = strings.ReplaceAll(readme, string(code(t, readme, "script")), "")
	readme = strings.ReplaceAll(readme, "git rev-parse --show-toplevel", "") // git's own
	for _, m := range regexp.MustCompile("[` ]--([a-z][a-z-]*)").FindAllStringSubmatch(readme, -1) {
		name := m[1]
		known := name == "help" || root.Flags().Lookup(name) != nil
		for _, c := range root.Commands() {
			known = known || c.Flags().Lookup(name) != nil
		}
		if !known {
			t.Errorf("the README names --%s, which cfgfix does not have", name)
		}
	}
}

func TestReadmeExitCodes(t *testing.T) {
	t.Parallel()
	readme := readReadme(t)
	for _, code := range []int{exitOK, exitLeft, exitUsage, exitFile, exitInterrupted} {
		if !strings.Contains(readme, fmt.Sprintf("\n| %d | ", code)) {
			t.Errorf("the README does not tell exit code %d", code)
		}
	}
}

// TestReadmeSample runs the README's first command. UPDATE=1 writes what it prints on standard output.
func TestReadmeSample(t *testing.T) {
	t.Parallel()
	top, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	world := &streams{in: strings.NewReader(""), out: &out, err: &errOut, dir: top, environ: func(string) string { return "" }}
	engine := func(e fixes.Engine) runner { return &e }
	if code := run(t.Context(), []string{"--dry-run", "golden/sample/.circleci/config.yml"}, world, engine); code != exitLeft {
		t.Errorf("exit code %d, want %d; stderr:\n%s", code, exitLeft, errOut.String())
	}
	const expected = "../golden/sample/expected.patch"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(expected, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(expected)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}
