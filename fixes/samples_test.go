package fixes

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var full = flag.Bool("full", false, "run the tests of the whole over all samples instead of over some")

// sample is a config with all that a run of it needs.
type sample struct {
	name     string
	src      []byte
	engine   *Engine
	facts    *Facts
	settings string // whatever gave the facts
}

func (s *sample) run(src []byte) *FileResult { return s.engine.Run(src, s.facts) }

// corpusFacts let as many fixes of the corpus as can be go ahead.
const corpusFacts = `ecr.role_arn=$AWS_ECR_ROLE_ARN
gcp.project_number=123456789012
gcp.pool=circleci
gcp.provider=circleci
gcp.service_account=ci@acme.iam.gserviceaccount.com
vault.address=https://vault.acme.example:8200
vault.role=ci
runner.resource_class=acme/internal
runner.kind=container
`

// someSamples are a share of the golden cases and of the corpus, every one with -full. Each name decides for itself, so
// that a new case takes no other one's place.
func someSamples(t *testing.T, share uint64) []*sample {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	configs, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "configs", "*"))
	if len(configs) == 0 {
		t.Log("no corpus of real configs beside the repository: the golden cases alone")
	}
	cases, _ := filepath.Glob(filepath.Join("..", "golden", "*", "*.txtar"))
	var out []*sample
	for _, path := range slices.Concat(configs, cases) {
		if !*full && seed(filepath.Base(path))%share != 0 {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := &sample{name: filepath.Base(path), src: data, engine: &Engine{Rules: All()}, settings: corpusFacts}
		if strings.HasSuffix(path, ".txtar") {
			s = goldenSample(t, path, data)
		} else {
			s.facts = lineFacts(t, &Facts{}, corpusFacts)
		}
		out = append(out, s)
	}
	return out
}

// goldenSample is a golden case; see golden for its sections.
func goldenSample(t *testing.T, path string, data []byte) *sample {
	t.Helper()
	s := &sample{name: filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path), engine: &Engine{Rules: All()}, facts: &Facts{}}
	sections := map[string]string{}
	for _, f := range txtar.Parse(data).Files {
		sections[f.Name] = string(f.Data)
	}
	if text, ok := sections["settings.yml"]; ok {
		settings, err := ParseSettings("settings.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s.facts = &settings.Facts
	}
	s.src, s.settings = []byte(sections["config.yml"]), sections["settings.yml"]+sections["facts"]
	_, s.engine.Unsafe = sections["unsafe"]
	s.facts = lineFacts(t, s.facts, sections["facts"])
	return s
}

// lineFacts adds the facts of lines KEY=VALUE.
func lineFacts(t *testing.T, facts *Facts, lines string) *Facts {
	t.Helper()
	for line := range strings.Lines(lines) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if err := facts.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return facts
}

// lineEnds reports whether all lines of a source end in the one way.
func lineEnds(src []byte, end string) bool {
	if bytes.ContainsAny(src, "\u0085\u2028\u2029") {
		return false
	}
	return bytes.Count(src, []byte("\n")) == bytes.Count(src, []byte(end)) && bytes.Count(src, []byte("\r")) == strings.Count(end, "\r")*bytes.Count(src, []byte("\n"))
}
