package shell

import (
	"slices"
	"strings"
)

// wrapper describes the command line of a program that runs the command given as its arguments.
type wrapper struct {
	short    string   // short options that take a value
	long     []string // long options that take the next word as their value
	operands int      // words before the command
	assigns  bool     // takes NAME=VALUE before the command
	inform   string   // short options that make it answer a question instead of running anything
	verbs    []string // of which the first operand has to be one; none when it runs whatever it is given
}

var wrappers = map[string]wrapper{
	"sudo": {short: "ughpCrtTUDR", long: []string{
		"--user", "--group", "--host", "--prompt", "--close-from", "--role", "--type", "--command-timeout", "--other-user", "--chdir", "--chroot",
	}, assigns: true, inform: "lvVKe"},
	"env":     {short: "uCSa", long: []string{"--unset", "--chdir", "--split-string", "--argv0"}, assigns: true},
	"time":    {short: "fo", long: []string{"--format", "--output"}},
	"command": {inform: "vV"},
	"builtin": {},
	"exec":    {short: "a"},
	"nohup":   {},
	"npx":     {short: "pc", long: []string{"--package", "--call"}},
	"bunx":    {},
	"npm":     {long: []string{"--package", "--prefix"}, verbs: []string{"exec", "x"}},
	"pnpm":    {short: "C", long: []string{"--dir", "--filter", "--package"}, verbs: []string{"exec", "dlx"}},
	"yarn":    {long: []string{"--cwd"}, verbs: []string{"exec", "dlx"}},
	"bundle":  {verbs: []string{"exec"}},
	"poetry":  {short: "C", long: []string{"--directory"}, verbs: []string{"run"}},
	"pipenv":  {verbs: []string{"run"}},
	"uv":      {short: "p", long: []string{"--directory", "--project", "--python", "--with"}, verbs: []string{"run"}},
	"nice":    {short: "n", long: []string{"--adjustment"}},
	"stdbuf":  {short: "ioe", long: []string{"--input", "--output", "--error"}},
	"timeout": {short: "ks", long: []string{"--kill-after", "--signal"}, operands: 1},
	"xargs": {short: "adEILnPs", long: []string{
		"--arg-file", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--max-chars", "--process-slot-var",
	}},
}

// modules are packages of Python that are programs, by which "python -m" runs them, and how these are called otherwise.
var modules = map[string]string{"awscli": "aws", "samcli": "sam"}

// module is where the name of such a package stands behind the command at words[i]; 0 for another command.
func module(words []Word, i int) int {
	if i+2 >= len(words) || !strings.HasPrefix(baseName(words[i].Value), "python") || words[i+1].Value != "-m" || modules[words[i+2].Value] == "" {
		return 0
	}
	return i + 2
}

// unwrap finds the command behind the wrappers, and the words that assign for it. Where a wrapper has nothing to run,
// the wrapper is the command.
func unwrap(words []Word) (command int, assigns []int) {
	for command < len(words) && words[command].Static {
		if at := module(words, command); at > 0 {
			return at, assigns
		}
		w, ok := wrappers[baseName(words[command].Value)]
		if !ok {
			break
		}
		next, given, ok := w.skip(words, command+1)
		assigns = append(assigns, given...)
		if !ok || next >= len(words) {
			break
		}
		command = next
	}
	return command, assigns
}

// skip passes over the wrapper's own options and operands, from words[i] on. It is not ok when the wrapper runs nothing.
func (w wrapper) skip(words []Word, i int) (next int, assigns []int, ok bool) {
	i, assigns, ok = w.skipOptions(words, i)
	if ok && len(w.verbs) > 0 {
		if i >= len(words) || !words[i].Static || !slices.Contains(w.verbs, words[i].Value) {
			return i, nil, false
		}
		i, assigns, ok = w.skipOptions(words, i+1)
	}
	return i + w.operands, assigns, ok
}

func (w wrapper) skipOptions(words []Word, i int) (next int, assigns []int, ok bool) {
	for ; i < len(words); i++ {
		arg := words[i].Value
		if arg == "--" {
			i++
			break
		}
		if !strings.HasPrefix(arg, "-") || !words[i].Static {
			break
		}
		if w.informs(arg) {
			return i, nil, false
		}
		if w.takesNext(arg) {
			i++
		}
	}
	for ; w.assigns && i < len(words) && assignedName(words[i]) != ""; i++ {
		assigns = append(assigns, i)
	}
	return i, assigns, true
}

func (w wrapper) informs(arg string) bool {
	if strings.HasPrefix(arg, "--") {
		return false
	}
	if i := strings.IndexAny(arg, w.short); i > 0 {
		arg = arg[:i] // the rest is that option's value
	}
	return strings.ContainsAny(arg, w.inform)
}

func (w wrapper) takesNext(arg string) bool {
	if strings.HasPrefix(arg, "--") {
		for _, long := range w.long {
			if arg == long {
				return true
			}
		}
		return false
	}
	i := strings.IndexAny(arg, w.short)
	return i == len(arg)-1 && i > 0
}

// assignedName is the name in a word that is written NAME=VALUE, "" for any other word.
func assignedName(w Word) string {
	name, _, found := strings.Cut(w.Value, "=")
	if !found || !isName(name) {
		return ""
	}
	return name
}
