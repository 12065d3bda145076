package setup

import (
	"slices"
	"strings"
)

// call is a call of the AWS CLI.
type call struct {
	service, operation string
	args               []string          // that are no options
	options            map[string]string // the first value of each
}

// globalFlags are options of the CLI that take no value, behind which a word is an argument.
var globalFlags = []string{
	"--debug", "--no-verify-ssl", "--no-paginate", "--no-sign-request", "--no-cli-pager", "--recursive", "--delete", "--quiet", "--dryrun", "--only-show-errors",
	"--no-progress", "--exact-timestamps", "--size-only", "--force", "--no-guess-mime-type", "--follow-symlinks", "--no-follow-symlinks", "--human-readable", "--summarize",
	"--no-include-email", "--include-email", "--force-new-deployment", "--overwrite", "--publish", "--no-fail-on-empty-changeset", "--with-decryption",
}

// parseCall reads the words of a call. It is false when the service or the operation is not shown.
func parseCall(words []string) (c call, ok bool) {
	c.options = map[string]string{}
	var names []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.HasPrefix(word, "-") {
			names = append(names, word)
			continue
		}
		name, value, given := strings.Cut(word, "=")
		if !given && !slices.Contains(globalFlags, name) && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			i++
			value = words[i]
		}
		if _, twice := c.options[name]; !twice {
			c.options[name] = value
		}
	}
	if len(names) < 2 || !plain(names[0]) || !plain(names[1]) {
		return c, false
	}
	c.service, c.operation, c.args = names[0], names[1], names[2:]
	return c, true
}

// has reports whether an option is given, be it in an argument that holds several.
func (c call) has(option string) bool {
	if _, ok := c.options[option]; ok {
		return true
	}
	return slices.ContainsFunc(c.args, func(a string) bool { return slices.Contains(strings.Fields(a), option) })
}

// first is the first argument, in quotes, or "".
func (c call) first() string {
	if len(c.args) == 0 {
		return ""
	}
	return "`" + c.args[0] + "`"
}
