package fixes

import (
	"path"
	"strings"

	"cfgfix/fixes/internal/pattern"
)

// homePattern is the home directory, of whatever user the job has.
var homePattern = pattern.New(`^(?:~|\$HOME|\$\{HOME\}|/root|/(?:home|Users)/[^/]+)(/|$)`)

// workingDirectory is where steps run by default, in front of a path.
var workingDirectory = pattern.New("^(?:\\./|\\$(?:PWD|\\{PWD\\}|\\(pwd\\)|CIRCLE_WORKING_DIRECTORY|\\{CIRCLE_WORKING_DIRECTORY\\}|HOME/project)/|`pwd`/)")

// cleanPath is a path as all that mean the same file are compared: the home directory as $HOME, and nothing for the
// directory that steps run in.
func cleanPath(path string) string {
	return workingDirectory.ReplaceAllString(homePattern.ReplaceAllString(path, "$$HOME$1"), "")
}

// homesIn are the home directories in a text, of whatever user.
var homesIn = pattern.New(`(^|[^\w./-])(?:~|\$HOME|\$\{HOME\}|/root|/(?:home|Users)/[^/\s"']+)/`)

// names reports whether a text names a file: its path stands in it, with nothing before or behind that makes another
// name of it.
func names(text, file string) bool {
	if file == "" || !strings.Contains(text, path.Base(file)) {
		return false
	}
	return hasAlone(cleanPath(homesIn.ReplaceAllString(text, "$1$$HOME/")), file, inPath)
}

// mayName reports whether a word is, or ends in, a path from some directory that leads to a file.
func mayName(word, file string) bool {
	if !strings.HasSuffix(word, path.Base(file)) {
		return false
	}
	named := cleanPath(word[strings.LastIndexAny(word, "=@:")+1:])
	return named != "" && !strings.HasPrefix(named, "/") && !strings.HasPrefix(named, "$") && strings.HasSuffix(file, "/"+strings.TrimLeft(named, "./"))
}

// inPath reports whether a character next to a path may be part of a longer one.
func inPath(c byte) bool { return c == '.' || isNameByte(c) }
