package cmd

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer is a terminal that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestProgressMakesRoom(t *testing.T) {
	t.Parallel()
	var term lockedBuffer
	p := &progress{term: &term, quit: make(chan struct{})}
	p.draw()
	p.found(3)
	p.step()
	if _, err := p.through(&term).Write([]byte("a finding\n")); err != nil {
		t.Fatal(err)
	}
	p.draw()
	p.stop()
	const want = "\r\x1b[Klooking for configs\r\x1b[Ka finding\n\r\x1b[K1 of 3 files\r\x1b[K"
	if got := term.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	world := func(tty bool, term string) *streams {
		return &streams{err: &lockedBuffer{}, errTTY: tty, environ: func(name string) string { return map[string]string{"TERM": term}[name] }}
	}
	for name, r := range map[string]*fixRun{
		"no terminal":         {fixOptions: &fixOptions{io: world(false, "xterm")}},
		"quiet":               {fixOptions: &fixOptions{io: world(true, "xterm"), quiet: true}},
		"a terminal too dumb": {fixOptions: &fixOptions{io: world(true, "dumb")}},
	} {
		if p := r.startProgress(); p != nil {
			t.Errorf("%s: there is progress", name)
			p.stop()
		}
	}
	var none *progress
	none.found(1)
	none.step()
	none.stop()
}

func TestProgressWaits(t *testing.T) {
	t.Parallel()
	term := &lockedBuffer{}
	r := &fixRun{fixOptions: &fixOptions{io: &streams{err: term, errTTY: true, environ: func(string) string { return "" }}}}
	p := r.startProgress()
	r.note("something")
	time.Sleep(progressDelay / 2)
	if got := term.String(); got != "cfgfix: note: something\n" {
		t.Errorf("half a second after the start: %q", got)
	}
	for end := time.Now().Add(10 * progressDelay); !strings.Contains(term.String(), "looking for configs"); time.Sleep(progressPause) {
		if time.Now().After(end) {
			t.Fatal("no progress is shown")
		}
	}
	p.stop()
	if !strings.HasSuffix(term.String(), "\r\x1b[K") {
		t.Errorf("the line stays: %q", term.String())
	}
}

func TestHasLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"nothing is known", map[string]string{"TERM": "xterm-256color"}, false},
		{"a program", map[string]string{"TERM_PROGRAM": "WezTerm"}, true},
		{"another program", map[string]string{"TERM_PROGRAM": "Apple_Terminal"}, false},
		{"a terminal's name", map[string]string{"TERM": "xterm-kitty"}, true},
		{"a variable", map[string]string{"WT_SESSION": "1"}, true},
		{"VTE", map[string]string{"VTE_VERSION": "7200"}, true},
		{"VTE before links", map[string]string{"VTE_VERSION": "4803"}, false},
		{"inside of tmux", map[string]string{"TERM": "tmux-256color", "WT_SESSION": "1"}, false},
		{"no colours wanted", map[string]string{"WT_SESSION": "1", "NO_COLOR": "1"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &fixRun{fixOptions: &fixOptions{color: "auto", io: &streams{errTTY: true, environ: func(name string) string { return tt.env[name] }}}}
			if got := r.hasLinks(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
