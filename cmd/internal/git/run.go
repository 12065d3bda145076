// Package git makes branches for repos that nobody vouches for. Work is done in a scratch repo of its own, which borrows
// the objects of the user's clone: git never runs with the clone's configuration, so that hooks, filters, aliases,
// helpers and commands that it names cannot run, and the clone is not written to.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Credential is what git shows to one server. It reaches git through the environment of the process alone.
type Credential struct {
	Server   string // scheme://host[:port]; no other server is shown it
	User     string
	Password string
}

// Error is a git command that failed.
type Error struct {
	Command string // its first word
	Text    string // what git said, secrets masked
	Err     error
}

func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %s", e.Command, e.Text)
}

func (e *Error) Unwrap() error { return e.Err }

// What is wrong with git itself.
var (
	ErrMissing = errors.New("git is not installed, or not on the PATH")
	ErrOld     = errors.New("git is older than 2.31: update it")
)

// runner runs git in one directory with one environment.
type runner struct {
	dir     string
	env     []string
	secrets []string
}

// newRunner runs git in the scratch directory dir. environ is the environment of the user, whose own configuration is
// trusted. hooks is an empty directory.
func newRunner(dir, hooks string, environ []string, c Credential) *runner {
	r := &runner{dir: dir, env: slices.DeleteFunc(slices.Clone(environ), misleading)}
	set := [][2]string{
		{canary, "true"},
		{"core.hooksPath", hooks}, // those that the user has for all repos are not for this one
		{"core.fsmonitor", "false"},
		{"core.autocrlf", "false"}, // bytes are what they are
		{"core.quotePath", "false"},
		{"core.alternateRefsCommand", "true"}, // git would run in the clone to list them
		{"gc.auto", "0"},
		{"maintenance.auto", "false"},
		{"fetch.recurseSubmodules", "false"},
		{"push.recurseSubmodules", "no"},
		{"push.followTags", "false"},
		{"push.gpgSign", "false"},
		{"user.useConfigOnly", "true"},
		{"color.ui", "never"},
		{"http.lowSpeedLimit", "1"}, // a connection that stalls must not hold up a run over many repos
		{"http.lowSpeedTime", "300"},
	}
	if c.Password != "" {
		// An empty helper forgets those that were configured before: they might store what they see.
		key := "credential." + c.Server + ".helper"
		set = append(set, [2]string{key, ""}, [2]string{key, tokenHelper})
		r.env = append(r.env, "CFGFIX_GIT_USER="+c.User, "CFGFIX_GIT_PASSWORD="+c.Password)
		r.secrets = append(r.secrets, c.Password)
	}
	r.env = append(r.env,
		"GIT_ALLOW_PROTOCOL=https:http:ssh", // not ext, which runs commands, nor file, whose hooks do
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=",
		"GIT_PAGER=cat", "GIT_EDITOR=false", "GIT_SEQUENCE_EDITOR=false",
		"GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_ADVICE=0",
		"LC_ALL=C",
	)
	r.configure(set)
	return r
}

// canary is configuration that only a git has which reads it from the environment. An older one would read none of it.
const canary = "cfgfix.configured"

// tokenHelper is the credential helper that hands the token on. Its text, which other processes can see, has no secret.
const tokenHelper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$CFGFIX_GIT_USER" "$CFGFIX_GIT_PASSWORD"; }; f`

// misleading reports whether a variable of the environment would point git elsewhere, as in a hook, or make it print
// what it sends.
func misleading(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	switch name {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "GIT_CURL_VERBOSE",
		"GIT_TEMPLATE_DIR", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_EXTERNAL_DIFF", "GIT_CONFIG",
		"GIT_CONFIG_PARAMETERS", "GIT_ATTR_SOURCE", "GIT_DEFAULT_HASH", "GIT_QUARANTINE_PATH":
		return true
	}
	return strings.HasPrefix(name, "GIT_TRACE")
}

// configure adds configuration to the environment, behind what the user has there.
func (r *runner) configure(set [][2]string) {
	n, _ := strconv.Atoi(r.lookup("GIT_CONFIG_COUNT"))
	for i, s := range set {
		r.env = append(r.env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", n+i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", n+i, s[1]))
	}
	r.env = append(r.env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", n+len(set)))
}

func (r *runner) lookup(name string) (value string) {
	for _, entry := range r.env {
		if key, v, ok := strings.Cut(entry, "="); ok && key == name {
			value = v
		}
	}
	return value
}

// git runs a command and returns what it printed, without the line end.
func (r *runner) git(ctx context.Context, args ...string) (string, error) {
	out, err := r.pipe(ctx, nil, nil, args...)
	return strings.TrimRight(string(out), "\n"), err
}

// pipe runs a command with more environment and this input.
func (r *runner) pipe(ctx context.Context, in io.Reader, env []string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir, c.Stdin = r.dir, in
	c.Env = slices.Concat(r.env, env)
	c.WaitDelay = 5 * time.Second // for helpers of a git that was killed
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	err := c.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrMissing
	}
	return out.Bytes(), &Error{args[0], r.said(errOut.String()), err}
}

// said is what git said that helps people: its errors, else its last line, and no secrets.
func (r *runner) said(text string) string {
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	var kept []string
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		last = line
		for _, prefix := range []string{"fatal: ", "error: ", "remote: ", "ERROR: "} {
			if message, ok := strings.CutPrefix(line, prefix); ok && len(kept) < 6 {
				kept = append(kept, strings.TrimSpace(message))
			}
		}
	}
	if len(kept) == 0 {
		return last
	}
	return strings.Join(kept, "; ")
}

// Rewritten is a URL as the user's own configuration rewrites it (url.<base>.insteadOf).
func Rewritten(ctx context.Context, environ []string, url string) (string, error) {
	dir, err := os.MkdirTemp("", "cfgfix-pr-")
	if err != nil {
		return "", err
	}
	defer os.Remove(dir)
	r := newRunner(dir, dir, environ, Credential{})
	r.env = append(r.env, "GIT_DIR="+filepath.Join(dir, "none")) // no repo that the directory may be in
	return r.git(ctx, "ls-remote", "--get-url", "--", url)
}

// Transient reports whether a command failed for a reason that may be gone soon.
func (e *Error) Transient() bool {
	if strings.Contains(e.Text, "HTTP 4") && !strings.Contains(e.Text, "HTTP 429") {
		return false // the connection that ended behind it is a consequence
	}
	for _, sign := range []string{
		"returned error: 5", "returned error: 429", "HTTP 429", "HTTP 5", "Connection reset", "Connection timed out", "Operation timed out",
		"early EOF", "hung up unexpectedly", "Empty reply from server",
	} {
		if strings.Contains(e.Text, sign) {
			return true
		}
	}
	return false
}
