package fixes

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"cfgfix/rewrite"
)

// benchmarkConfig is a config of about that many lines. Every fifth job, the first included, has static keys when keys
// is true.
func benchmarkConfig(lines int, keys bool) []byte {
	var b strings.Builder
	b.WriteString("version: 2.1\n\norbs:\n  node: circleci/node@5.2.0\n\njobs:\n")
	const perJob = 18 // with its line in the workflow
	jobs := max(1, lines/perJob)
	for i := range jobs {
		fmt.Fprintf(&b, `  job-%d:   # one of many
    docker:
      - image: cimg/node:20.11
        environment: {NODE_ENV: test, SHARD: "%[1]d"}
    steps:
      - checkout
      - restore_cache:
          key: v1-{{ checksum "package-lock.json" }}
      - run:
          name: Test
          command: |
            npm ci
            npm test -- --shard=%[1]d | tee log.txt
      - run: |
`, i)
		if keys && i%5 == 0 {
			b.WriteString("          export AWS_ACCESS_KEY_ID=$SITE_AWS_ACCESS_KEY_ID\n" +
				"          export AWS_SECRET_ACCESS_KEY=$SITE_AWS_SECRET_ACCESS_KEY\n" +
				"          aws s3 cp log.txt s3://acme-logs\n")
			continue
		}
		b.WriteString("          npm run lint\n          npm run build\n")
	}
	b.WriteString("\nworkflows:\n  main:\n    jobs:\n")
	for i := range jobs {
		fmt.Fprintf(&b, "      - job-%d\n", i)
	}
	return []byte(b.String())
}

func TestBenchmarkConfig(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{18, 500, 5000} {
		src := benchmarkConfig(lines, true)
		if got := strings.Count(string(src), "\n"); got < lines*9/10 || got > lines*11/10+15 {
			t.Errorf("%d lines, want about %d", got, lines)
		}
		engine := Engine{Rules: All()}
		if r := engine.Run(src, nil); r.Status != Changed {
			t.Errorf("%d lines: %s (%v), want changed", lines, r.Status, r.Err)
		}
		if r := engine.Run(benchmarkConfig(lines, false), nil); r.Status != Unchanged || len(r.Results) > 0 {
			t.Errorf("%d lines without keys: %s with %d findings, want unchanged", lines, r.Status, len(r.Results))
		}
	}
}

// BenchmarkRun runs all rules: over configs without findings, as most are, and over some that are fixed.
func BenchmarkRun(b *testing.B) {
	for _, kind := range []struct {
		name string
		keys bool
	}{{"clean", false}, {"fix", true}} {
		for _, size := range []struct {
			name  string
			lines int
		}{{"small", 18}, {"500 lines", 500}, {"5000 lines", 5000}} {
			b.Run(kind.name+"/"+size.name, func(b *testing.B) {
				src := benchmarkConfig(size.lines, kind.keys)
				engine := Engine{Rules: All()}
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				for b.Loop() {
					engine.Run(src, nil)
				}
			})
		}
	}
}

// BenchmarkCorpus holds a run to the least that any tool on yaml.v3 has to do, over the real configs without findings and
// those that are fixed: floor parses the same files to nodes. Between them is what the editor takes without any rule: map
// finds the places of all nodes as well, and edit makes one change and proves it.
func BenchmarkCorpus(b *testing.B) {
	engine := Engine{Rules: All()}
	names, _ := filepath.Glob("../../shared/corpus/configs/*")
	if len(names) == 0 {
		b.Skip("no corpus of real configs beside the repository")
	}
	kinds := map[string][][]byte{}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		switch r := engine.Run(src, nil); {
		case r.Status == Changed:
			kinds["fixed"] = append(kinds["fixed"], src)
		case r.Status == Unchanged && len(r.Results) == 0:
			kinds["clean"] = append(kinds["clean"], src)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, x := range []struct {
			name string
			work func(src []byte)
		}{{"floor", parseOnly}, {"map", func(src []byte) { parsed(b, src) }}, {"edit", func(src []byte) { editOnce(b, src) }}, {"run", func(src []byte) { engine.Run(src, nil) }}} {
			b.Run(kind+"/"+x.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, src := range kinds[kind] {
						x.work(src)
					}
				}
			})
		}
	}
}

func parsed(b *testing.B, src []byte) *rewrite.File {
	b.Helper()
	f, err := rewrite.Parse(src)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// editOnce changes the first value of a config, and proves that nothing else did.
func editOnce(b *testing.B, src []byte) {
	b.Helper()
	f := parsed(b, src)
	value := f.Documents()[0]
	for value.Kind() != rewrite.Scalar {
		value = value.Entries()[0].Value()
	}
	change, err := f.Plan([]rewrite.Op{rewrite.Replace(value, rewrite.String("other")).Shared().Accept(rewrite.DuplicateKey)})
	if err == nil {
		_, err = change.Prove()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// parseOnly has yaml.v3 parse all documents of a source.
func parseOnly(src []byte) {
	documents := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var n yaml.Node
		if documents.Decode(&n) != nil {
			return
		}
	}
}
