package cmd

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A run shows how far it is once it took longer than people wait without asking, and then a few times a second.
const (
	progressDelay = time.Second
	progressPause = 100 * time.Millisecond
)

// progress is a line at the bottom of a terminal that says how far a run is. What else goes to the terminal takes its
// place, and it comes back below. The nil progress shows nothing.
type progress struct {
	mu    sync.Mutex
	term  io.Writer
	done  int
	total int  // 0 while the files are being looked for
	shown bool // the line is on the terminal
	quit  chan struct{}
	ended sync.WaitGroup
}

// startProgress begins to show the progress of the run on standard error, when that is a terminal and people want to hear
// of it. Until it is stopped, what is written to the terminal has to go through it: the run's streams do.
func (r *fixRun) startProgress() *progress {
	if !r.io.errTTY || r.quiet || r.io.environ("TERM") == "dumb" {
		return nil
	}
	p := &progress{term: r.io.err, quit: make(chan struct{})}
	through := *r.io
	through.err = p.through(r.io.err)
	if r.io.outTTY {
		through.out = p.through(r.io.out)
	}
	r.io = &through
	p.ended.Go(p.watch)
	return p
}

// watch draws the line from time to time until the end.
func (p *progress) watch() {
	timer := time.NewTimer(progressDelay)
	defer timer.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-timer.C:
			p.draw()
			timer.Reset(progressPause)
		}
	}
}

// stop takes the line away for good.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.quit)
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

// found says how many files there are.
func (p *progress) found(total int) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.total = total
	}
}

// step says that one more file is done.
func (p *progress) step() {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done++
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := "looking for configs"
	if p.total > 0 {
		text = fmt.Sprintf("%d of %d files", p.done, p.total)
	}
	fmt.Fprintf(p.term, "\r\x1b[K%s", text)
	p.shown = true
}

func (p *progress) erase() {
	if p.shown {
		fmt.Fprint(p.term, "\r\x1b[K")
		p.shown = false
	}
}

// through is w for text that takes the place of the line.
func (p *progress) through(w io.Writer) io.Writer { return throughProgress{p, w} }

type throughProgress struct {
	*progress
	w io.Writer
}

func (t throughProgress) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	return t.w.Write(text)
}
