//go:build unix

// Command bench holds cfgfix to the least that any tool on yaml.v3 has to do: it runs the program and the command floor,
// which only parses, over the same files in turn, and tells time, memory and size.
//
//	go run ./cmd/internal/bench [DIR]
//
// DIR has the configs to use, as plain files; without it they are those of the golden cases.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"cfgfix/fixes"
)

func main() {
	dir := ""
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := run(dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures and writes a table. The programs and copies of the configs live in a temporary directory.
func run(dir string, w io.Writer) error {
	configs, err := load(dir)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "cfgfix-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	b := &bench{dir: temp, table: tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)}
	if err := b.build(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d configs, %d processors; times are the least of several runs in turn, of the wall clock\n\n", len(configs), runtime.GOMAXPROCS(0))
	fmt.Fprintln(b.table, "what\tcfgfix\tfloor\tratio\twanted")
	if err := b.measure(configs); err != nil {
		return err
	}
	return b.table.Flush()
}

// load reads the configs of a directory, or those of the golden cases.
func load(dir string) ([][]byte, error) {
	pattern := filepath.Join(dir, "*")
	if dir == "" {
		pattern = filepath.Join("golden", "*", "*.txtar")
	}
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("there are no files %s: run this in the project's directory, or name one with configs", pattern)
	}
	var out [][]byte
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if dir != "" {
			out = append(out, src)
			continue
		}
		for _, f := range txtar.Parse(src).Files {
			if f.Name == "config.yml" {
				out = append(out, f.Data)
			}
		}
	}
	return out, nil
}

// bench holds the two programs and the table that is written.
type bench struct {
	dir           string
	cfgfix, floor string
	table         *tabwriter.Writer
}

// build makes both programs as a release does.
func (b *bench) build() error {
	b.cfgfix, b.floor = filepath.Join(b.dir, "cfgfix"), filepath.Join(b.dir, "floor")
	for out, pkg := range map[string]string{b.cfgfix: "./cmd/cfgfix", b.floor: "./cmd/internal/bench/floor"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go build %s: %w", pkg, err)
		}
	}
	return nil
}

func (b *bench) measure(configs [][]byte) error {
	if err := b.measureAlone(configs); err != nil {
		return err
	}
	clean, fixed := sorted(configs)
	if len(clean) == 0 || len(fixed) == 0 {
		return errors.New("the configs need some with findings to fix, and some without findings")
	}
	for _, x := range []struct {
		what    string
		configs [][]byte
		files   int
		runs    int
		wanted  string
	}{
		{"one small file", [][]byte{smallest(clean)}, 1, 31, "1.5"},
		{"nothing found, 1,000 files", clean, 1000, 7, "1.25"},
		{"with fixes, 1,000 files", fixed, 1000, 3, "3.0"},
		{"all, 10,000 files", configs, 10_000, 1, "1.6"},
	} {
		if err := b.compare(x.what, x.configs, x.files, x.runs, x.wanted); err != nil {
			return err
		}
	}
	return nil
}

// measureAlone takes what needs no comparison. It comes first: Linux counts the memory of the process that starts another
// as that one's own.
func (b *bench) measureAlone(configs [][]byte) error {
	info, err := os.Stat(b.cfgfix)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.table, "stripped binary\t%.1f MB\t\t\t20 MB\n", float64(info.Size())/1e6)
	start, _, err := b.least(31, b.cfgfix, "version")
	if err != nil {
		return err
	}
	fmt.Fprintf(b.table, "start-up\t%s\t\t\t5ms\n", short(start))
	for _, files := range []int{1000, 10_000} {
		dir, err := b.repos(configs, files)
		if err != nil {
			return err
		}
		_, memory, err := b.least(1, b.cfgfix, "--dry-run", dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(b.table, "peak memory, %d files\t%.1f MiB\t\t\t40 MiB\n", files, float64(memory)/(1<<20))
	}
	return nil
}

// sorted are the configs without findings and those that fixes change.
func sorted(configs [][]byte) (clean, fixed [][]byte) {
	var on []*fixes.Rule
	for _, r := range fixes.All() {
		if !r.Off {
			on = append(on, r)
		}
	}
	engine := fixes.Engine{Rules: on}
	for _, src := range configs {
		switch r := engine.Run(src, nil); {
		case r.Status == fixes.Changed:
			fixed = append(fixed, src)
		case r.Status == fixes.Unchanged && len(r.Results) == 0:
			clean = append(clean, src)
		}
	}
	return clean, fixed
}

func smallest(configs [][]byte) []byte {
	return slices.MinFunc(configs, func(a, b []byte) int { return len(a) - len(b) })
}

// compare runs both programs over copies of the configs and writes a line.
func (b *bench) compare(what string, configs [][]byte, files, runs int, wanted string) error {
	dir, err := b.repos(configs, files)
	if err != nil {
		return err
	}
	var ours, theirs time.Duration
	for range runs { // in turn, so that whatever else the machine does hits both
		own, _, err := b.least(1, b.cfgfix, "--dry-run", dir)
		if err != nil {
			return err
		}
		other, _, err := b.least(1, b.floor, dir)
		if err != nil {
			return err
		}
		ours, theirs = sooner(ours, own), sooner(theirs, other)
	}
	_, err = fmt.Fprintf(b.table, "%s\t%s\t%s\t%.2f\t%s\n", what, short(ours), short(theirs), float64(ours)/float64(theirs), wanted)
	return err
}

// sooner is the lesser of two times, of which the first may be none yet.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// repos makes directories that each have a config where CircleCI looks for it, in one whose name it returns.
func (b *bench) repos(configs [][]byte, files int) (string, error) {
	dir, err := os.MkdirTemp(b.dir, "repos-")
	if err != nil {
		return "", err
	}
	for i := range files {
		at := filepath.Join(dir, fmt.Sprintf("repo-%05d", i), ".circleci")
		if err := os.MkdirAll(at, 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(at, "config.yml"), configs[i%len(configs)], 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Base(dir), nil
}

// least is the shortest time of several runs of a program, and the most memory of one, in bytes. That it finds something
// is no failure. It runs where the repos are, as somebody would who has clones of them.
func (b *bench) least(runs int, program string, args ...string) (shortest time.Duration, memory int64, err error) {
	for range runs {
		cmd := exec.Command(program, args...)
		cmd.Dir = b.dir
		start := time.Now()
		err := cmd.Run()
		took := time.Since(start)
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() < 0 || cmd.ProcessState.ExitCode() == 2 {
			return 0, 0, fmt.Errorf("%s: %w", filepath.Base(program), err)
		}
		shortest = sooner(shortest, took)
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, maxRSS(usage))
		}
	}
	return shortest, memory, nil
}

// maxRSS is the most memory that a process had: macOS tells bytes, others tell units of 1,024.
func maxRSS(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}
