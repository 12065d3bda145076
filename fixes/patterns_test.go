package fixes

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestHostilePatterns writes texts for every regular expression of the engine that nearly match it, many times over or at
// great length, wherever a config can hold them: no search may cost more than in proportion. Go's expressions do not
// go back, but what asks them may ask too often.
func TestHostilePatterns(t *testing.T) {
	long := 10_000
	if testing.Short() {
		long = 500
	}
	patterns := patternsIn(t, ".", "../rewrite")
	if len(patterns) < 60 {
		t.Fatalf("%d patterns found: the test does not see them all", len(patterns))
	}
	for _, p := range patterns {
		re, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		for name, text := range nearMatches(re.Simplify(), long) {
			done := make(chan *FileResult, 1)
			src := []byte(inAllPlaces(text))
			go func() { done <- (&Engine{Rules: All(), Unsafe: true}).Run(src, nil) }()
			select {
			case r := <-done:
				if r.Err != nil {
					t.Errorf("%s, %s: %v", p, name, r.Err)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s, %s: no end within a minute", p, name)
			}
		}
	}
}

// inAllPlaces is a config with a text in all places that rules look at.
func inAllPlaces(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return "version: 2.1\norbs:\n  aws-cli: circleci/aws-cli@4.1\njobs:\n  deploy:\n    docker:\n      - image: " + quoted +
		"\n        auth: {username: me, password: " + quoted + "}\n    environment:\n      ACCESS_TOKEN: " + quoted +
		"\n      AWS_ACCESS_KEY_ID: " + quoted + "\n    steps:\n      - aws-cli/setup: {aws_access_key_id: " + quoted + "}\n      - run: " + quoted +
		"\n      - run: " + strconv.QuoteToASCII("curl -H '"+text+"' https://example.com/"+text+"\naws s3 ls "+text+"\ngcloud auth "+text+"\nnpm publish\nexport TOKEN="+text) +
		"\n      - run: {name: " + quoted + ", command: make}\n# " + strings.Map(printable, text) + "\n"
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// nearMatches are texts that a pattern nearly matches: a match without its end again and again, and matches whose parts
// that may be of any length are long, whole and without their end.
func nearMatches(re *syntax.Regexp, long int) map[string]string {
	short, wide := matching(re, 1), matching(re, long)
	but := func(text string) string { return text[:max(1, len(text)-1)] }
	if short == "" {
		short = "x"
	}
	if wide == "" {
		wide = "x"
	}
	return map[string]string{
		"again and again":  strings.Repeat(but(short), long/len(short)+1),
		"long":             wide,
		"long, no end":     but(wide) + "\x7f",
		"matches in a row": strings.Repeat(short+" ", long/(len(short)+1)+1),
	}
}

// matching is a text that a pattern matches, but for what stands around it, with n turns of what may repeat.
func matching(re *syntax.Regexp, n int) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(inClass(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpQuest:
		return matching(re.Sub[0], n)
	case syntax.OpStar, syntax.OpPlus:
		return strings.Repeat(matching(re.Sub[0], 1), n)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(matching(sub, n))
		}
		return b.String()
	case syntax.OpAlternate:
		return matching(re.Sub[0], n)
	default: // what stands around
		return ""
	}
}

// inClass is a character of a class, a letter or a digit if it has one.
func inClass(ranges []rune) rune {
	for i := 0; i+1 < len(ranges); i += 2 {
		for _, c := range "a7A" {
			if ranges[i] <= c && c <= ranges[i+1] {
				return c
			}
		}
	}
	return max(ranges[0], ' ')
}

// patternsIn are the regular expressions in the Go files below some folders, and in their data.
func patternsIn(t *testing.T, roots ...string) (out []string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				out = append(out, patternsOfGo(t, path)...)
			case strings.HasSuffix(path, ".json"):
				out = append(out, patternsOfJSON(t, path)...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// patternsOfGo are the raw strings of a file that are given to a function that takes patterns, or could be.
func patternsOfGo(t *testing.T, path string) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || !strings.HasPrefix(lit.Value, "`") {
			return true
		}
		if text := strings.Trim(lit.Value, "`"); looksLikePattern(text) {
			out = append(out, text)
		}
		return true
	})
	return out
}

func patternsOfJSON(t *testing.T, path string) (out []string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var data any
	if err := json.Unmarshal(src, &data); err != nil {
		t.Fatal(err)
	}
	var walk func(x any)
	walk = func(x any) {
		switch x := x.(type) {
		case string:
			if looksLikePattern(x) {
				out = append(out, x)
			}
		case []any:
			for _, y := range x {
				walk(y)
			}
		case map[string]any:
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(data)
	return out
}

// looksLikePattern tells patterns from other texts by what only they have.
func looksLikePattern(text string) bool {
	_, err := regexp.Compile(text)
	return err == nil && !strings.Contains(text, "\n") && strings.ContainsAny(text, `\^[(`) && regexp.QuoteMeta(text) != text &&
		(strings.HasPrefix(text, "^") || strings.Contains(text, `\`) || strings.Contains(text, "]+") || strings.Contains(text, "]*") || strings.Contains(text, "(?"))
}
