package circle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cfgfix/rewrite"
)

// corpus is a folder of real configs that is not part of the repository.
const corpus = "../../../../shared/corpus"

// parse is the view of the first document of a source that has to parse.
func parse(t *testing.T, src string) *Config {
	t.Helper()
	f, err := rewrite.Parse([]byte(src))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, src)
	}
	return New(f.Documents()[0])
}

// corpusFiles are the sources in a folder of the corpus by name. The test is skipped where there is none.
func corpusFiles(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(corpus, folder, "*"))
	if err != nil || len(paths) == 0 {
		t.Skip("no corpus of real configs beside the repository")
	}
	files := map[string][]byte{}
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = src
	}
	return files
}

// find is the first node in source order whose scalar text contains part.
func find(t *testing.T, n rewrite.Node, part string) rewrite.Node {
	t.Helper()
	var found rewrite.Node
	each(n, func(n rewrite.Node) {
		if !found.Exists() && n.Kind() == rewrite.Scalar && strings.Contains(n.Value(), part) {
			found = n
		}
	})
	if !found.Exists() {
		t.Fatalf("no scalar with %q", part)
	}
	return found
}

// each calls visit for every node below n as written, keys included, and n itself.
func each(n rewrite.Node, visit func(rewrite.Node)) {
	visit(n)
	for _, e := range n.Entries() {
		if e.Key().Exists() {
			visit(e.Key())
		}
		each(e.Value(), visit)
	}
}

func jobNames(jobs []*Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	return strings.Join(names, " ")
}
