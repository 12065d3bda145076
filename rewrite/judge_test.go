package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	goccy "github.com/goccy/go-yaml"
	"gopkg.in/yaml.v3"
)

// meaning is what a decoded source says, whatever the types that a parser chooses for it.
func meaning(v any) string {
	var b strings.Builder
	writeMeaning(&b, v)
	return b.String()
}

func writeMeaning(b *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		pairs := make([]string, 0, len(v))
		for k, w := range v {
			pairs = append(pairs, fmt.Sprintf("%q: %s", k, meaning(w)))
		}
		slices.Sort(pairs)
		fmt.Fprintf(b, "{%s}", strings.Join(pairs, ", "))
	case map[any]any:
		pairs := make([]string, 0, len(v))
		for k, w := range v {
			pairs = append(pairs, fmt.Sprintf("%q: %s", fmt.Sprint(k), meaning(w)))
		}
		slices.Sort(pairs)
		fmt.Fprintf(b, "{%s}", strings.Join(pairs, ", "))
	case []any:
		b.WriteByte('[')
		for _, w := range v {
			writeMeaning(b, w)
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%q", fmt.Sprint(v))
	}
}

// decodeAll is the meaning of all documents as one parser has it.
func decodeAll(src []byte, decoder func(io.Reader) func(any) error) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	next := decoder(bytes.NewReader(src))
	for {
		var v any
		switch err := next(&v); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return "", err
		}
		out += meaning(v) + "\n"
	}
}

func byYAMLv3(r io.Reader) func(any) error { return yaml.NewDecoder(r).Decode }

func byGoccy(r io.Reader) func(any) error {
	d := goccy.NewDecoder(r)
	return func(v any) error { return d.Decode(v) }
}

// judged reports whether a second parser, which shares no code with the first, can judge: both must mean the same by
// the source already.
func judged(src []byte) bool {
	a, errA := decodeAll(src, byYAMLv3)
	b, errB := decodeAll(src, byGoccy)
	return errA == nil && errB == nil && a == b
}

// TestSecondParser holds that a parser that has no part in the edits reads the results as yaml.v3 does, wherever it
// reads the source so.
func TestSecondParser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads the corpus with two parsers")
	}
	agreed := 0
	eachForm(t, func(name string, f *File) {
		if strings.Contains(name, "(BOM)") || len(f.src) > smallFile/2 && !*full || !judged(f.src) {
			return
		}
		for _, e := range someEntries(f, 1) {
			ops := fourOperations(e)
			for kind, op := range otherOperations(e) {
				ops[kind] = op.Shared()
			}
			for kind, op := range ops {
				next, err := proved(f, op)
				if err != nil {
					continue
				}
				want, err := decodeAll(next.src, byYAMLv3)
				if err != nil {
					continue // what was asked for makes no sense, such as the merge of a text
				}
				got, err := decodeAll(next.src, byGoccy)
				if err != nil && inTricky(name) {
					continue // the second parser does not know every shape
				}
				if err != nil || got != want {
					t.Errorf("%s: %s at %s: %v\n%s\n%s", name, kind, e.Value().Path(), err, want, got)
				}
				agreed++
			}
		}
	})
	t.Logf("%d results read alike", agreed)
}

// inTricky reports whether a name is that of a file in the collection of pitfalls.
var inTricky = regexp.MustCompile(`^\d\d-`).MatchString
