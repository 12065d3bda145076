package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// sourceKind is where the value of a key comes from, as far as the file shows it.
type sourceKind int

const (
	noSource      sourceKind = iota // empty, a dummy for a local service, or nothing that is a key
	literalSource                   // the key itself
	varSource                       // one variable
	inertSource                     // a text that can be no key, such as a variable's name without its dollar sign
	exprSource                      // a CircleCI expression
	namedSource                     // a variable whose name the script puts together
	otherSource                     // made by a command, or put together
)

// keySource is the origin of one key.
type keySource struct {
	kind sourceKind
	text string // the variable's name, or the key itself
}

var (
	keyIDPattern  = pattern.New(`^(?:AKIA|ASIA)[A-Z0-9]{12,}$`)
	secretPattern = pattern.New(`^[A-Za-z0-9/+=]{40}$`)
	varPattern    = pattern.New(`^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?\?[^{}$` + "`" + `]*|:?-)?\})$`) // it may have to be set, or be empty
	envName       = pattern.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// namedPattern is what a script writes for a variable whose name it puts together: ${!NAME}, a command that only looks the
	// name up, and, in a line that is read later, what makes the name at once.
	namedPattern = pattern.New(`^(?:\$\{![A-Za-z_][A-Za-z0-9_]*\}|(?:\$\(|` + "`" + `)\s*(?:eval\s+["']?\s*echo|printenv)\s[^|;&]*\$[^|;&]*|` +
		`\$(?:\$\{?[A-Za-z_]|[A-Za-z0-9_]*ACCESS_KEY[A-Za-z0-9_]*\$[({A-Za-z_]).*)$`)
)

// dummyKeys are values that local stand-ins for AWS take for a key, in lower case.
var dummyKeys = []string{
	"", "test", "testing", "dummy", "fake", "mock", "mocked", "local", "localstack", "minio", "minioadmin", "minio123", "example", "foo",
	"bar", "foobar", "x", "xx", "xxx", "xxxx", "key", "secret", "none", "null", "nil", "anything", "placeholder", "changeme", "id",
	"dummykey", "dummysecret", "fakekey", "fakesecret", "testkey", "testsecret", "access_key", "secret_key", "accesskey", "secretkey",
	"access-key", "secret-key", "your-access-key", "your-secret-key", "not-a-key", "noop", "1234", "12345", "123456", "abc", "abc123", "s3cr3t", "just-be-present",
}

// classify tells where a key's value as written comes from.
func classify(text string) keySource {
	if m := varPattern.FindStringSubmatch(text); m != nil {
		return keySource{varSource, m[1] + m[2]}
	}
	switch {
	case slices.Contains(dummyKeys, strings.ToLower(text)) || strings.HasSuffix(text, "EXAMPLE") || strings.HasSuffix(text, "EXAMPLEKEY"):
		return keySource{kind: noSource}
	case strings.Contains(text, "<<"):
		return keySource{exprSource, text}
	case keyIDPattern.MatchString(text) || secretPattern.MatchString(text):
		return keySource{literalSource, text}
	case strings.ContainsAny(text, "$`"):
		return keySource{otherSource, text}
	case strings.Contains(text, "KEY") && envName.MatchString(text):
		return keySource{inertSource, text}
	default:
		return keySource{kind: noSource}
	}
}

// classifyWord tells where the value of a shell word comes from.
func classifyWord(w shell.Word) keySource {
	switch {
	case w.Expr:
		return keySource{exprSource, w.Text}
	case w.Static:
		s := classify(w.Value)
		if s.kind == varSource { // a dollar sign in single quotes is text
			return keySource{inertSource, w.Value}
		}
		return s
	case len(w.Vars) == 1 && varPattern.MatchString(w.Value):
		return keySource{varSource, w.Vars[0]}
	default:
		return keySource{expanded(w.Value), w.Text}
	}
}

// classifyText tells where a key comes from in a text in which a shell expands variables.
func classifyText(text string) keySource {
	s := classify(text)
	if s.kind == otherSource {
		s.kind = expanded(text)
	}
	return s
}

// expanded is the kind of a value in which the shell expands more than one variable.
func expanded(value string) sourceKind {
	if namedPattern.MatchString(value) {
		return namedSource
	}
	return otherSource
}
