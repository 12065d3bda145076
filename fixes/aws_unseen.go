package fixes

import (
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

var (
	// loginPart is what names of programs that log in to AWS have in them, where their output becomes the environment.
	loginPart = pattern.New(`(?i)aws|assume|role|oidc|creds|credential|vault|\bsso`)
	// loginName is what such programs are called that need no other sign.
	loginName = pattern.New(`(?i)assume|creds|credential|aws[-_]?(?:login|auth|sso|configure)|(?:log-?in|auth|configure)[-_]?(?:to[-_])?aws`)
	// looksName is what programs and targets are called that only look at credentials.
	looksName = pattern.New(`(?i)(?:^|/)(?:test_|(?:check|verify|validate|scan)[-_:])[^/]*$`)
	// sourcing is a line, for $BASH_ENV, that reads such a script in.
	sourcing = pattern.New(`(?im)^\s*(?:source|\.|eval)\s.*(?:assume|creds|credential|oidc|vault|aws[-_/])`)
)

// loadsCredentials reports whether a script takes variables for its own calls from a program that knows credentials, or from
// a script of the repository that does by its name: whose they are is not shown.
func loadsCredentials(script *shell.Script) bool {
	taken := 0 // the end of what becomes variables, as far as its call has begun
	for _, c := range script.Calls() {
		reads := c.Is("source") || c.Is(".")
		switch {
		case reads && len(c.Args()) > 0 && loginPart.MatchString(c.Args()[0].Text):
			return true
		case c.Substitution && c.Span.End <= taken && tellsCredentials(c):
			return true
		}
		if reads || c.Name() == "eval" || c.Name() == "export" {
			taken = max(taken, c.Span.End)
		}
	}
	return false
}

// loginWords are the beginnings that all that loginName is about has, from the sign of a login to that of AWS.
var loginWords = sync.OnceValue(func() *wordIndex {
	words := []string{"assume", "creds", "credential", "aws-", "aws_", "to-aws", "to_aws"}
	for _, what := range []string{"login", "auth", "sso", "configure"} {
		words = append(words, "aws"+what)
	}
	for _, what := range []string{"in", "auth", "configure"} {
		words = append(words, what+"aws", what+"-aws", what+"_aws")
	}
	return newWordIndex(wordsOf(inWord, words...))
})

// mayLeave is the cheap question whether a script can be one that leavesCredentials is about.
func mayLeave(text string) bool {
	return strings.Contains(text, "BASH_ENV") || loginWords().in(text) && loginName.MatchString(text)
}

// leavesCredentials reports whether a script leaves such credentials to the steps behind it: in $BASH_ENV, or where a program
// of the repository that is called after a login puts them.
func leavesCredentials(script *shell.Script) bool {
	if script == nil {
		return false
	}
	for _, w := range script.Writes() {
		if w.File.IsVar("BASH_ENV") && sourcing.MatchString(w.Text()) {
			return true
		}
	}
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		if runsLogin(c) {
			return true
		}
		if !feedsBashEnv(c) {
			return false
		}
		for p := c; p != nil; p = p.Prev() {
			if tellsCredentials(p) {
				return true
			}
		}
		return false
	})
}

// runsLogin reports whether a call runs a program of the repository that logs in by its name.
func runsLogin(c *shell.Call) bool {
	return unknownCommand(c) != "" && slices.ContainsFunc(c.Words, logsIn)
}

// logsIn reports whether a word names a program that logs in.
func logsIn(w shell.Word) bool {
	return loginName.MatchString(w.Text) && !looksName.MatchString(w.Text)
}

// tellsCredentials reports whether a call prints credentials: one of a program that is for that, or that has such a name.
func tellsCredentials(c *shell.Call) bool {
	if slices.Contains(awsLimits().CredentialTools, c.Name()) || loginName.MatchString(c.Name()) {
		return true
	}
	return unknownCommand(c) != "" && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return loginPart.MatchString(w.Text) })
}
