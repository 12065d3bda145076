package fixes

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func ids() []string {
	var out []string
	for _, r := range All() {
		out = append(out, r.ID)
	}
	return out
}

func TestRegistryIsSorted(t *testing.T) {
	t.Parallel()
	if want := slices.Compact(slices.Sorted(slices.Values(ids()))); !slices.Equal(ids(), want) {
		t.Errorf("the ids are not sorted, or one is there twice: %v", ids())
	}
}

func TestRegistryEntries(t *testing.T) {
	t.Parallel()
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	version := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	weakness := regexp.MustCompile(`^CWE-\d+$`)
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			for what, holds := range map[string]bool{
				"the id is in kebab-case":              kebab.MatchString(r.ID),
				"the id can be named in settings":      slices.Contains(RuleIDs(), r.ID),
				"ByID finds the rule":                  ByID(r.ID) == r,
				"the title is a line without a period": r.Title != "" && !strings.ContainsAny(r.Title, "\n.") && r.Title == strings.TrimSpace(r.Title),
				"there is a severity":                  r.Severity > None && r.Severity <= Critical,
				"there is a confidence":                r.Confidence >= LowConfidence && r.Confidence <= HighConfidence,
				"Since is a version":                   version.MatchString(r.Since),
				"CWEs have their usual form":           !slices.ContainsFunc(r.CWE, func(s string) bool { return !weakness.MatchString(s) }),
				"it can be run":                        r.Run != nil,
			} {
				if !holds {
					t.Errorf("does not hold: %s", what)
				}
			}
		})
	}
}

// TestRegistryIsComplete looks into the sources: a rule that is defined and missing in the table would never run.
func TestRegistryIsComplete(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var defined []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		defined = append(defined, definedRules(file)...)
	}
	slices.Sort(defined)
	if diff := cmp.Diff(defined, ids()); diff != "" {
		t.Errorf("rules in the sources and in the table (-sources +table):\n%s", diff)
	}
}

// definedRules are the ids of the literals of type Rule in a file.
func definedRules(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if name, ok := lit.Type.(*ast.Ident); !ok || name.Name != "Rule" {
			return true
		}
		for _, e := range lit.Elts {
			field, ok := e.(*ast.KeyValueExpr)
			if !ok || fmt.Sprint(field.Key) != "ID" {
				continue
			}
			if value, ok := field.Value.(*ast.BasicLit); ok {
				id, _ := strconv.Unquote(value.Value)
				out = append(out, id)
			}
		}
		return true
	})
	return out
}

// headings are those of every page, in their order.
var headings = []string{
	"What it finds", "Why it matters", "Before", "After", "Fix safety", "When to ignore it", "References",
}

func TestDocPages(t *testing.T) {
	t.Parallel()
	for _, id := range ids() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			page, ok := Doc(id)
			if !ok {
				t.Fatalf("doc/%s.md is missing", id)
			}
			var got []string
			for line := range strings.Lines(page) {
				if heading, ok := strings.CutPrefix(line, "## "); ok {
					got = append(got, strings.TrimSpace(heading))
				}
			}
			if diff := cmp.Diff(headings, got); diff != "" {
				t.Errorf("headings (-want +got):\n%s", diff)
			}
			if title := "# " + id + "\n\n## "; !strings.HasPrefix(page, title) {
				t.Errorf("the page does not begin with %q", title)
			}
			for _, h := range headings {
				if strings.TrimSpace(section(page, h)) == "" {
					t.Errorf("nothing is said under %q", h)
				}
			}
		})
	}
}

func TestDocPagesHaveRules(t *testing.T) {
	t.Parallel()
	pages, err := fs.Glob(docs, "doc/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if id := strings.TrimSuffix(filepath.Base(page), ".md"); ByID(id) == nil {
			t.Errorf("%s is the page of no rule", page)
		}
	}
}

// TestDocExamples holds Before and After of each page to the rule's example, which is run as a test of its own. UPDATE=1
// writes them.
func TestDocExamples(t *testing.T) {
	t.Parallel()
	for _, id := range ids() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			before, after := example(t, id)
			page, _ := Doc(id)
			want := withSection(withSection(page, "Before", before), "After", after)
			if want == page {
				return
			}
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(filepath.Join("doc", id+".md"), []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("the page differs from the example; UPDATE=1 go test ./fixes writes it (-want +got):\n%s", cmp.Diff(want, page))
		})
	}
}

// example are the config of a rule's example and what the fix makes of it, as blocks of Markdown.
func example(t *testing.T, id string) (before, after string) {
	t.Helper()
	name := filepath.Join("..", "golden", id, "example.txtar")
	archive, err := txtar.ParseFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("golden/%s/example.txtar is missing: each rule has an example", id)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		switch block := "\n```yaml\n" + string(f.Data) + "```\n\n"; f.Name {
		case "config.yml":
			before = block
		case "want.yml":
			after = block
		}
	}
	if after == "" && ByID(id).Safety == Manual {
		after = "\nThe file stays as it is: the report says what to do.\n\n"
	}
	if before == "" || after == "" {
		t.Fatalf("golden/%s/example.txtar lacks config.yml or want.yml", id)
	}
	return before, after
}

// bounds are where the text under a heading begins and ends.
func bounds(page, heading string) (start, end int) {
	_, rest, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		return len(page), len(page)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	start = len(page) - len(rest)
	return start, min(start+len(text)+len("\n"), len(page))
}

func section(page, heading string) string {
	start, end := bounds(page, heading)
	return page[start:end]
}

func withSection(page, heading, text string) string {
	start, end := bounds(page, heading)
	return page[:start] + text + page[end:]
}
