package cmd

import (
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
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		*e.heap = m.HeapAlloc
	}
	return r
}

// TestTreeMemory handles trees of few and of many repos: a repo costs the memory of its path and no more.
func TestTreeMemory(t *testing.T) { // not parallel: other tests would be weighed too
	long(t)
	const few, many, perRepo = 100, 2000, 2048
	config := "bad: " + strings.Repeat("x", 8<<10) + "\n" // what is read must not be kept
	heap := map[int]uint64{}
	for _, n := range []int{few, many} {
		dir := realTempDir(t)
		for i := range n {
			repo := filepath.Join(dir, fmt.Sprintf("org%02d", i%50), fmt.Sprintf("repo%04d", i))
			writeTestFile(t, filepath.Join(repo, ".git", "config"), "[remote \"origin\"]\n\turl = https://github.com/acme/app\n")
			writeTestFile(t, filepath.Join(repo, ".circleci", "config.yml"), config)
		}
		var weight uint64
		done := 0
		world := &streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard, dir: dir, environ: func(string) string { return "" }}
		code := run(t.Context(), []string{"-n", "-q", "-j", "1", "."}, world, func(e fixes.Engine) runner {
			return weighingEngine{wordEngine{e.DryRun}, n, &weight, &done}
		})
		if code != exitLeft || weight == 0 {
			t.Fatalf("exit code %d after %d files", code, done)
		}
		heap[n] = weight
	}
	if growth := (int64(heap[many]) - int64(heap[few])) / (many - few); growth > perRepo {
		t.Errorf("each repo takes %d bytes, want %d at most", growth, perRepo)
	} else {
		t.Logf("each repo takes %d bytes", growth)
	}
}
