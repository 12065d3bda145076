package cmd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// messageSources are the files whose errors are about flags and settings.
var messageSources = []string{"root.go", "init.go", "nearest.go", "pr.go", "rules.go", "run.go", "settings.go", "../fixes/settings*.go"}

// messageMakers are the functions that make such an error of a text or format.
var messageMakers = []string{"errors.New", "fmt.Errorf", "r.fail"}

// TestEveryMessageIsTested holds the tests to the code: whatever can be said about wrong flags and settings stands in a
// test or a script, at least by its longest part that is the same each time.
func TestEveryMessageIsTested(t *testing.T) {
	t.Parallel()
	tests := testTexts(t)
	messages := 0
	for _, pattern := range messageSources {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no such file", pattern)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, format := range messagesIn(t, path) {
				messages++
				if part := longestPart(format); !strings.Contains(tests, part) {
					t.Errorf("%s: no test shows %q", path, format)
				}
			}
		}
	}
	if messages < 60 {
		t.Errorf("only %d messages were found: they are made in another way now", messages)
	}
}

// testTexts is all that tests and scripts of the two packages hold, without the backslashes of patterns.
func testTexts(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*_test.go", "../fixes/*_test.go", "cfgfix/*_test.go", "cfgfix/testdata/script/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no such file", pattern)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return strings.ReplaceAll(b.String(), `\`, "")
}

// messagesIn are the texts and formats of errors in a Go file.
func messagesIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	add := func(e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				if len(longestPart(text)) > 3 {
					out = append(out, text)
				}
			}
			return true
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "literal" || fn.Name == "referable") && len(n.Args) > 1 {
				add(n.Args[1]) // what a value must be
			}
			if slices.Contains(messageMakers, callName(n.Fun)) {
				for _, arg := range n.Args {
					if lit, ok := arg.(*ast.BasicLit); ok {
						add(lit)
					}
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "Message" || key.Name == "want") {
				add(n.Value)
			}
		case *ast.ValueSpec:
			if len(n.Names) == 1 && strings.HasPrefix(n.Names[0].Name, "missing") && len(n.Values) == 1 {
				add(n.Values[0])
			}
		}
		return true
	})
	return out
}

func callName(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return pkg.Name + "." + s.Sel.Name
}

var formatVerb = regexp.MustCompile(`%[a-z]`)

// longestPart is the longest part of a format that does not vary.
func longestPart(format string) string {
	return slices.MaxFunc(formatVerb.Split(format, -1), func(a, b string) int { return len(a) - len(b) })
}
