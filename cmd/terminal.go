package cmd

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The widths that text is wrapped at: less cannot be read, and lines that are longer are hard to.
const (
	minWidth = 40
	maxWidth = 120
)

// wrapWidth is the width that the findings are wrapped at, 0 when standard error is no terminal.
func (r *fixRun) wrapWidth() int {
	if !r.io.errTTY || r.io.width == nil {
		return 0
	}
	width := min(r.io.width(), maxWidth)
	if width < minWidth {
		return 0
	}
	return width
}

// The terminals that have hyperlinks (OSC 8) and how they show themselves in the environment. Those of the VTE library
// and Konsole have them from a version on; others would print a part of them as text.
var (
	linkPrograms  = []string{"iTerm.app", "WezTerm", "vscode", "Hyper", "ghostty", "Tabby", "rio", "WarpTerminal"}
	linkTerms     = []string{"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "contour", "wezterm"}
	linkVariables = []string{"WT_SESSION", "KITTY_WINDOW_ID", "DOMTERM"}
	linkVersions  = map[string]int{"VTE_VERSION": 5000, "KONSOLE_VERSION": 201100}
)

// hasLinks reports whether the terminal that standard error is has hyperlinks. One that runs inside of a multiplexer is not
// known.
func (r *fixRun) hasLinks() bool {
	env := r.io.environ
	term := env("TERM")
	if !r.colored(r.io.errTTY) || !r.io.errTTY || strings.HasPrefix(term, "screen") || strings.HasPrefix(term, "tmux") {
		return false
	}
	for name, least := range linkVersions {
		if version, err := strconv.Atoi(env(name)); err == nil && version >= least {
			return true
		}
	}
	return slices.Contains(linkPrograms, env("TERM_PROGRAM")) || slices.Contains(linkTerms, term) ||
		slices.ContainsFunc(linkVariables, func(name string) bool { return env(name) != "" })
}

// fileURL is the address of a file for terminals, which may show those of another machine.
func fileURL(path string) string {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive's letter
	}
	return (&url.URL{Scheme: "file", Host: host, Path: slashed}).String()
}
