package shell

import (
	"path"
	"strings"
)

// Supported reports whether shell, the value of a `shell` key or of a shebang, runs scripts that this package can
// read: bash, or a POSIX shell. An empty value means the default, which is bash.
func Supported(shell string) bool {
	name, _ := interpreter(shell)
	switch name {
	case "bash", "sh", "dash", "ash":
		return true
	}
	return false
}

// IsBash reports whether shell, the value of a `shell` key or of a shebang, is bash, the only one that reads
// $BASH_ENV. An empty value means the default, which is bash.
func IsBash(shell string) bool {
	name, _ := interpreter(shell)
	return name == "bash"
}

// Traces reports whether shell, the value of a `shell` key or of a shebang, prints each command before it runs.
func Traces(shell string) bool {
	_, options := interpreter(shell)
	on := false
	for i, o := range options {
		next := ""
		if i+1 < len(options) {
			next = options[i+1]
		}
		on = xtraceAfter(on, o, next)
	}
	return on
}

// interpreter is the name of the program that shell starts, and what it is given.
func interpreter(shell string) (name string, options []string) {
	fields := strings.Fields(shell)
	if len(fields) == 0 {
		return "bash", nil
	}
	name, options = programName(fields[0]), fields[1:]
	if name != "env" {
		return name, options
	}
	for i, f := range options {
		if !strings.HasPrefix(f, "-") && !strings.Contains(f, "=") {
			return programName(f), options[i+1:]
		}
	}
	return name, nil
}

// programName is the last element of a path, of Windows too, without the extension of Git's bash.exe.
func programName(file string) string {
	name := path.Base(strings.ReplaceAll(strings.Trim(file, `"'`), `\`, "/"))
	if name == "bash.exe" || name == "sh.exe" {
		name = strings.TrimSuffix(name, ".exe")
	}
	return name
}

// xtraceAfter is the state of xtrace after one argument of `set` or of a shell; next is the argument behind it.
func xtraceAfter(on bool, arg, next string) bool {
	switch {
	case strings.HasPrefix(arg, "--") || len(arg) < 2 || arg[0] != '-' && arg[0] != '+':
		return on
	case strings.HasSuffix(arg, "o") && next == "xtrace", strings.Contains(arg, "x"):
		return arg[0] == '-'
	}
	return on
}
