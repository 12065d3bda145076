package rewrite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// config is a file of about n bytes that looks like those of users.
func config(n int) string {
	var b strings.Builder
	b.WriteString("version: 2.1\n\norbs:\n  aws-cli: circleci/aws-cli@3.1.0 # pinned\n\njobs:\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "  build-%d:\n    docker:\n      - image: cimg/go:1.22\n    environment: {STAGE: test, \"N\": '%d'}\n    steps:\n      - checkout # é\n"+
			"      - run:\n          name: Build number %d\n          command: |\n            make all\n            make test && echo \"done\"\n\n", i, i, i)
	}
	return b.String()
}

// everyJob are operations at all jobs of a config: a changed script and a removed variable, and in every fourth a new step.
func everyJob(f *File) []Op {
	var ops []Op
	for i, e := range f.Documents()[0].Own("jobs").Entries() {
		steps := e.Value().Own("steps")
		run := steps.Entries()[1].Value().Own("run")
		ops = append(ops, ReplaceText(run.Own("command"), 0, 4, "gmake"), Remove(e.Value().Own("environment").Entries()[0]))
		if i%4 == 0 {
			ops = append(ops, InsertBefore(steps.Entries()[0], Item(Map(Pair{"aws-cli/setup", Map(Pair{"role_arn", String("${ROLE}")})}))))
		}
	}
	return ops
}

// BenchmarkStages is the time of each stage by the size of the file: yaml.v3's parse, the map of the places, a plan with
// operations at every job, its proof, and the patch.
func BenchmarkStages(b *testing.B) {
	for _, size := range []int{1e3, 1e4, 1e5, 1e6, 1e7} {
		src := []byte(config(size))
		f, err := Parse(src)
		if err != nil {
			b.Fatal(err)
		}
		docs, err := decode(src)
		if err != nil {
			b.Fatal(err)
		}
		ops := everyJob(f)
		change, err := f.Plan(ops)
		if err != nil {
			b.Fatal(err)
		}
		stages := []struct {
			name string
			run  func() error
		}{
			{"parse", func() error { _, err := decode(src); return err }},
			{"map", func() error { return locate(&File{src: src, lines: newLineIndex(src)}, docs) }},
			{"operate", func() error { _, err := f.Plan(ops); return err }},
			{"prove", func() error { _, err := change.Prove(); return err }},
			{"diff", func() error { _, err := Unified("config.yml", src, change.Edits); return err }},
		}
		for _, s := range stages {
			b.Run(fmt.Sprintf("%s/%dkB", s.name, size/1000), func(b *testing.B) {
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				cpuLoop(b, s.run)
			})
		}
	}
}

// cpuLoop is the time, in seconds, that one run takes of the processors; the benchmark reports it beside that of the clock.
func cpuLoop(b *testing.B, run func() error) float64 {
	b.Helper()
	start := cpuTime()
	for b.Loop() {
		err := run()
		if limit := new(LimitError); errors.As(err, &limit) {
			b.Skip(err)
		} else if err != nil {
			b.Fatal(err)
		}
	}
	seconds := (cpuTime() - start).Seconds() / float64(b.N)
	b.ReportMetric(1000*seconds, "cpu-ms/op")
	return seconds
}

// BenchmarkCorpus is the map's share of a parse on real files.
func BenchmarkCorpus(b *testing.B) {
	var sources [][]byte
	size := 0
	for _, src := range corpusFiles(b, "configs") {
		if _, err := Parse(src); err == nil {
			sources = append(sources, src)
			size += len(src)
		}
	}
	for name, run := range map[string]func(src []byte) error{
		"yaml.v3 alone": func(src []byte) error { _, err := decode(src); return err },
		"with the map":  func(src []byte) error { _, err := Parse(src); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, src := range sources {
					if err := run(src); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkDoublings is the CPU time of all stages together, for sources of the shapes that could be slow, each twice the
// size of the one before: x/doubling is how many times as much it is. They go up to a megabyte, and with -full up to the
// largest source whose result is still within the bound.
func BenchmarkDoublings(b *testing.B) {
	largest := 1 << 20
	if *full {
		largest = MaxSize
	}
	for _, tt := range linearTests {
		before := 0.0
		for n := tt.n; len(tt.src(n)) <= largest; n *= 2 {
			src := []byte(tt.src(n))
			b.Run(fmt.Sprintf("%s/%dkB", tt.name, len(src)/1000), func(b *testing.B) {
				took := cpuLoop(b, func() error { return fromParseToPatch(src, tt.ops) })
				if before > 0 {
					b.ReportMetric(took/before, "x/doubling")
				}
				before = took
			})
		}
	}
}
