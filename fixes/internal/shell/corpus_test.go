package shell

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// corpus is where real configs lie beside the repository, if they do.
const corpus = "../../../../shared/corpus/configs"

// corpusScripts are the texts of the run steps of all configs; each once, in order.
func corpusScripts(t *testing.T) []string {
	t.Helper()
	configs := os.DirFS(corpus)
	names, err := fs.Glob(configs, "*.y*ml")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("no corpus beside the repository")
	}
	var scripts []string
	for _, name := range names {
		data, err := fs.ReadFile(configs, name)
		if err != nil {
			t.Fatal(path.Base(name), err)
		}
		var config any
		if yaml.Unmarshal(data, &config) == nil {
			collect(config, &scripts)
		}
	}
	slices.Sort(scripts)
	return slices.Compact(scripts)
}

func collect(node any, scripts *[]string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			collect(item, scripts)
		}
	case map[string]any:
		command, isStep := node["command"].(string)
		run, isShort := node["run"].(string)
		shell, _ := node["shell"].(string)
		if isStep && Supported(shell) {
			*scripts = append(*scripts, command)
		}
		if isShort {
			*scripts = append(*scripts, run)
		}
		for _, value := range node {
			collect(value, scripts)
		}
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	var parsed, calls, removals, refusals int
	texts := corpusScripts(t)
	for _, text := range texts {
		s, err := Parse(text)
		if err != nil {
			t.Logf("%v: %.60q", err, text)
			continue
		}
		parsed++
		calls += len(s.Calls())
		checkSpans(t, s)
		for i, part := range removable(s) {
			if (i+len(text))%5 != 0 {
				continue // each removal is proved by parsing all of the script
			}
			reason := checkRemoval(t, s, []Span{part})
			if reason == ReasonUnproven || reason == ReasonUnknown {
				t.Errorf("remove %q from %q: %s", text[part.Start:part.End], text, string(reason))
			}
			removals++
			if reason != "" {
				refusals++
			}
		}
	}
	t.Logf("%d of %d scripts parsed, %d calls, %d removals tried, %d refused", parsed, len(texts), calls, removals, refusals)
	if parsed < len(texts)*95/100 {
		t.Errorf("only %d of %d scripts parsed", parsed, len(texts))
	}
}

// checkSpans holds the words, assignments and expressions against the text.
func checkSpans(t *testing.T, s *Script) {
	t.Helper()
	for _, e := range s.Expressions() {
		if at := s.text[e.Start:e.End]; !strings.HasPrefix(at, "<<") || !strings.HasSuffix(at, ">>") {
			t.Errorf("expression at %q", at)
		}
	}
	for _, c := range s.Calls() {
		if !c.Stmt.Contains(c.Span) || c.Span.End > len(s.text) {
			t.Errorf("call at %v is outside of its statement at %v", c.Span, c.Stmt)
		}
		for _, w := range c.Words {
			if at := s.text[w.Span.Start:w.Span.End]; at != w.Text && !c.Inner {
				t.Errorf("word %q stands at %q", w.Text, at)
			}
		}
		for _, a := range c.Assigns {
			// Quotes may stand within the name: of the outer script, and of an argument that sudo takes for an assignment.
			plain := strings.NewReplacer("\\\n", "", "'", "", `"`, "", `\`, "")
			at := plain.Replace(s.text[a.Span.Start:a.Span.End])
			if !strings.Contains(at, plain.Replace(a.Name)) {
				t.Errorf("assignment of %q stands at %q", a.Name, at)
			}
		}
	}
}
