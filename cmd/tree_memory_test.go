package cmd

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cfgfix/fixes"
)

// weighingEngine weighs the heap when it has handled some files.
type weighingEngine struct {
	wordEngine
	after int
	heap  *uint64
	done  *int
}

func (e weighingEngine) Run(src []byte, facts *fixes.Facts) *fixes.FileResult {
	r := e.wordEngine.Run(src, facts)
	if *e.done++; *e.done == e.after {
		*e.heap = weigh()
	}
	return r
}

// weigh is the heap that is in use.
func weigh() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// weighingWriter weighs the heap when it has got some lines.
type weighingWriter struct {
	after, lines int
	heap         uint64
}

func (w *weighingWriter) Write(p []byte) (int, error) {
	if w.lines += bytes.Count(p, []byte("\n")); w.lines >= w.after && w.heap == 0 {
		w.heap = weigh()
	}
	return len(p), nil
}

// TestTreeMemory handles trees of few and of many repos: a repo costs the memory of its path and no more, and nothing
// where it is not needed any more, as in cfgfix pr.
func TestTreeMemory(t *testing.T) { // not parallel: other tests would be weighed too
	long(t)
	const few, many = 100, 2000
	tests := map[string]struct {
		perRepo int64
		run     func(t *testing.T, world *streams, repos int) (heap uint64)
	}{
		"fix": {2048, func(t *testing.T, world *streams, repos int) (heap uint64) {
			done := 0
			code := run(t.Context(), []string{"-n", "-q", "-j", "1", "."}, world, func(e fixes.Engine) runner {
				return weighingEngine{wordEngine{e.DryRun}, repos, &heap, &done}
			})
			if code != exitLeft {
				t.Errorf("exit code %d after %d files", code, done)
			}
			return heap
		}},
		"pr": {128, func(t *testing.T, world *streams, repos int) uint64 {
			w := &weighingWriter{after: repos}
			world.err = w
			// Each is told to have no such remote: what git would do is not ours to weigh.
			if code := run(t.Context(), []string{"pr", "--remote", "none", "--ledger", "ledger"}, world, func(fixes.Engine) runner { return wordEngine{} }); code != exitFile {
				t.Errorf("exit code %d after %d repos", code, w.lines)
			}
			return w.heap
		}},
	}
	heap := map[string]map[int]int64{}
	for _, n := range []int{few, many} {
		dir := treeOfRepos(t, n)
		for name, tt := range tests {
			world := &streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard, dir: dir, environ: func(string) string { return "" }}
			if heap[name] == nil {
				heap[name] = map[int]int64{}
			}
			if heap[name][n] = int64(tt.run(t, world, n)); heap[name][n] == 0 {
				t.Fatalf("%s: not all of %d repos were handled", name, n)
			}
		}
	}
	for name, tt := range tests {
		growth := (heap[name][many] - heap[name][few]) / (many - few)
		t.Logf("%s: each repo takes %d bytes", name, growth)
		if growth > tt.perRepo {
			t.Errorf("%s: each repo takes %d bytes, want %d at most", name, growth, tt.perRepo)
		}
	}
}

// treeOfRepos is a directory with n repos, each with a config.
func treeOfRepos(t *testing.T, n int) string {
	t.Helper()
	dir := realTempDir(t)
	config := "bad: " + strings.Repeat("x", 8<<10) + "\n" // what is read must not be kept
	for i := range n {
		repo := filepath.Join(dir, fmt.Sprintf("org%02d", i%50), fmt.Sprintf("repo%04d", i))
		writeTestFile(t, filepath.Join(repo, ".git", "config"), "[remote \"origin\"]\n\turl = https://github.com/acme/app\n")
		writeTestFile(t, filepath.Join(repo, ".circleci", "config.yml"), config)
	}
	return dir
}
