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
	b, errB := decodeAll(forSecond(src), byGoccy)
	return errA == nil && errB == nil && a == b
}

// forSecond is a source as the second parser knows it: without a byte order mark, and with the line breaks of YAML 1.2,
// to which YAML 1.1 has all others than LS and PS normalised.
func forSecond(src []byte) []byte {
	text := strings.TrimPrefix(string(src), bom)
	return []byte(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n").Replace(text))
}

// judge fails the test when the second parser reads a result in another way than yaml.v3. It must have read the source
// alike, or be known not to.
func judge(t *testing.T, src, result []byte) {
	t.Helper()
	if !judged(src) {
		if unjudged[string(src)] == "" {
			t.Errorf("the second parser does not read the source as yaml.v3 does: %q", src)
		}
		return
	}
	want, err := decodeAll(result, byYAMLv3)
	if err != nil {
		t.Errorf("the result cannot be decoded: %v\n%s", err, result)
	}
	if got, err := decodeAll(forSecond(result), byGoccy); err != nil || got != want {
		t.Errorf("the second parser reads another result: %v\n%s\n%s", err, want, got)
	}
}

// unjudged are the sources of the tables that the second parser does not read as yaml.v3 does, and why.
var unjudged = map[string]string{
	"---\n":                                   "a document without content",
	"---\n--- # c\n---\n\n":                   "a document without content",
	"? h\n? # c\n  i\n? - x\n: y\nj: 1\n":     "'?' without a value",
	"{\"a\":1,\"b\":[1,2,],i, ? j, ?k : l}\n": "'?' without a value",
	"s: [? b : 2, ? c, d: , x]\n":             "'?' without a value",
	"a: !!null\nb: !t # d\nc: !\n":            "a tag alone",
	"a: !!null\nb: 1\n":                       "a tag alone",
	"a: !\nb: 1\n":                            "a tag alone",
	"a: !t\nb: 1\n":                           "a tag alone",
	"m: {a:, f:}\ns: [~, !!null , !t ]\n":     "a tag alone",

	// LS and PS end no line in YAML 1.2.
	"a: 1 # x\u2028b: 2\u2029c: 3\n":                                                               "LS and PS end no line in YAML 1.2",
	"s:\u2028- k: |\u2028    part\u2029- l: |\u2029    part\u2028- y\n":                            "LS and PS end no line in YAML 1.2",
	"a: part # c\u2028b: |\u0085  part\u2029  x\u0085c: 'one\u0085  part'\rs:\u2028- x\u0085- y\n": "LS and PS end no line in YAML 1.2",

	"a: |\nb: >-\nc: |+\n\nd: 1\n":                                 "a block scalar without text",
	"d: &d {k: 1}\ne: &e {l: 2}\nn:\n  <<: *d\n  <<: *e\n  a: 1\n": "a key twice is an error to readers",
	"m:\n  a: 1\n  b: 2\n  a: 3\nn: 4\n":                           "a key twice is an error to readers",
	"a: 1\na: 2\nb:\n  c: 3\n  d: 4\n":                             "a key twice is an error to readers",
	"b: &b {x: 1}\nc: &c {y: 1}\nm:\n  <<: *b\n  <<: *c\n":         "a key twice is an error to readers",
	"m: {\n\tk: 1,\t# d\n\tl: [x,\n\t\ty]\n}\n":                    "a tab before a key",
	"{a:, b: 1}\n":                        "a key that ends in a colon",
	"\"a b\": 1\n'c: d': 2\n1: x\n~: z\n": "a key that is a null",
	"a: &x\n  b: [*x]\n  c: 1\n":          "what contains itself is an error to readers",
}

// TestUnjudged holds that the list is no longer than it must be.
func TestUnjudged(t *testing.T) {
	t.Parallel()
	for src := range unjudged {
		if judged([]byte(src)) {
			t.Errorf("the second parser can judge %q", src)
		}
	}
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
				got, err := decodeAll(forSecond(next.src), byGoccy)
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
