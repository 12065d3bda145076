package fixes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goccy "github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// decoder reads one document after the other.
type decoder func(io.Reader) func(any) error

func byYAMLv3(r io.Reader) func(any) error { return yaml.NewDecoder(r).Decode }

func byGoccy(r io.Reader) func(any) error {
	d := goccy.NewDecoder(r)
	return func(v any) error { return d.Decode(v) }
}

// valueOf are the documents of a source as one parser has them.
func valueOf(src []byte, by decoder) (docs []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	next := by(bytes.NewReader(src))
	for {
		var v any
		switch err := next(&v); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		docs = append(docs, v)
	}
}

// meaning is a decoded value in words, whatever types a parser chose for it, in which the order of pairs is none.
func meaning(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, fmt.Sprintf("%q: %s", k, meaning(v[k])))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	case map[any]any:
		named := map[string]any{}
		for k, w := range v {
			named[fmt.Sprint(k)] = w
		}
		return meaning(named)
	case []any:
		var items []string
		for _, w := range v {
			items = append(items, meaning(w))
		}
		return "[" + strings.Join(items, ", ") + "]"
	default:
		return fmt.Sprintf("%q", fmt.Sprint(v))
	}
}

// agreed is an error when the second parser, which has no part in the edits, reads a result in another way than yaml.v3
// does. A source that it reads otherwise already is not for it to judge.
func agreed(r *FileResult) error {
	before, err := valueOf(r.Source, byYAMLv3)
	if err != nil {
		return nil
	}
	if second, err := valueOf(r.Source, byGoccy); err != nil || meaning(second) != meaning(before) {
		return nil
	}
	after, err := valueOf(r.Output, byYAMLv3)
	if err != nil {
		return fmt.Errorf("yaml.v3 does not read the result: %w", err)
	}
	second, err := valueOf(r.Output, byGoccy)
	switch {
	case err != nil:
		return fmt.Errorf("the second parser does not read the result: %w", err)
	case meaning(second) != meaning(after):
		return fmt.Errorf("the second parser reads the result otherwise:\n%s\n%s", meaning(after), meaning(second))
	}
	return nil
}

// circleSchema is CircleCI's published schema.
var circleSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "reference", "circleci-schema.json"))
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("circleci.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("circleci.json")
})

// rejected is an error when the schema accepts the source of a result and rejects its output.
func rejected(r *FileResult) error {
	schema, err := circleSchema()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := valueOf(r.Source, byYAMLv3)
	if err != nil || slices.ContainsFunc(before, func(doc any) bool { return schema.Validate(asJSON(doc)) != nil }) {
		return nil
	}
	after, err := valueOf(r.Output, byYAMLv3)
	if err != nil {
		return err
	}
	for _, doc := range after {
		if err := schema.Validate(asJSON(doc)); err != nil {
			return err
		}
	}
	return nil
}

// unknown are keys that the documentation has and the published schema lacks: no reason to reject a config.
var unknown = []string{"gcp_auth", "setup"}

// asJSON is a value as JSON has it, without what the schema lacks.
func asJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, w := range v {
			if !slices.Contains(unknown, k) {
				out[k] = asJSON(w)
			}
		}
		return out
	case map[any]any:
		out := map[string]any{}
		for k, w := range v {
			out[fmt.Sprint(k)] = w
		}
		return asJSON(out)
	case []any:
		out := make([]any, len(v))
		for i, w := range v {
			out[i] = asJSON(w)
		}
		return out
	case time.Time:
		return v.Format(time.RFC3339)
	case uint64:
		return float64(v)
	}
	return v
}

// TestOutsideJudges holds every result to a second parser and to CircleCI's published schema.
func TestOutsideJudges(t *testing.T) {
	t.Parallel()
	accepted, changed := 0, 0
	for _, s := range someSamples(t, 4) {
		r := s.run(s.src)
		if r.Status != Changed {
			continue
		}
		changed++
		if err := agreed(r); err != nil {
			t.Errorf("%s: %v\n%s", s.name, err, patchOf(r))
		}
		if err := rejected(r); err != nil {
			t.Errorf("%s: %v\n%s", s.name, err, patchOf(r))
		}
		accepted += accepts(r.Source)
	}
	t.Logf("%d results, %d of configs that the schema accepts", changed, accepted)
	if _, err := circleSchema(); errors.Is(err, fs.ErrNotExist) {
		t.Log("CircleCI's schema is not beside the repository: the second parser judges alone")
	} else if accepted < 10 {
		t.Errorf("the schema accepts only %d of %d configs: it judges nothing", accepted, changed)
	}
}

// accepts is 1 for a config that the schema accepts.
func accepts(src []byte) int {
	schema, err := circleSchema()
	docs, bad := valueOf(src, byYAMLv3)
	if err != nil || bad != nil || slices.ContainsFunc(docs, func(doc any) bool { return schema.Validate(asJSON(doc)) != nil }) {
		return 0
	}
	return 1
}

// TestPlantedJudges holds the fixes of what is planted into real configs to the same judges.
func TestPlantedJudges(t *testing.T) {
	t.Parallel()
	soils, changed, accepted := awsSoils(t), 0, 0
	for _, form := range plantForms {
		for _, s := range soils {
			if !*full && seed(form.name+s.name)%64 != 0 {
				continue
			}
			p := plant(s.view(), form)
			if p == nil {
				continue
			}
			r := (&Engine{Rules: awsRules}).Run(p.out, plantedFacts)
			if r.Status != Changed {
				continue
			}
			changed++
			accepted += accepts(p.out)
			if err := errors.Join(agreed(r), rejected(r)); err != nil {
				t.Errorf("%s in %s (%s): %v\n%s", form.name, s.name, p.place, err, patchOf(r))
			}
		}
	}
	t.Logf("%d results, %d of configs that the schema accepts", changed, accepted)
}
