package flow

import (
	"strings"

	"cfgfix/fixes/internal/pattern"
)

// The variables that AWS tools read by themselves.
const (
	idVar      = "AWS_ACCESS_KEY_ID"
	secretVar  = "AWS_SECRET_ACCESS_KEY"
	tokenVar   = "AWS_SESSION_TOKEN"
	profileVar = "AWS_PROFILE"
	roleVar    = "AWS_ROLE_ARN"
	fileVar    = "AWS_WEB_IDENTITY_TOKEN_FILE"
)

// keyVars are the variables that make up a set of keys.
var keyVars = []string{idVar, secretVar, tokenVar}

// origin tells where a value comes from.
type origin uint8

const (
	ambient   origin = iota // a variable that the file never sets: of a context, of the project, or missing
	variable                // the value of such a variable, handed on by the file
	literal                 // text in the file
	session                 // what CircleCI's OIDC token opened
	chained                 // a role assumed with other credentials
	opaque                  // the output of a program, or an expression
	unset                   // explicitly nothing
	federated               // what CircleCI's OIDC token opened at another cloud
)

// value is what a variable or half of a key pair holds. Its text is the variable's name, the literal, the role, or
// what stands in the file. The zero value stands for a variable that nobody sets.
type value struct {
	origin origin
	text   string
}

// shown is the value as somebody holds it who got it from the file.
func (v value) shown() value {
	if v.origin == ambient {
		v.origin = variable
	}
	return v
}

// missing reports whether AWS tools take the value for none.
func (v value) missing() bool { return v.origin == unset || v.origin == literal && v.text == "" }

// keys are the halves of a key pair.
type keys struct{ id, secret value }

// kind tells the sources of credentials apart.
type kind uint8

const (
	noCredentials kind = iota
	outside            // the standard variables, if a context or the project has them
	stored             // long-lived keys that the file names
	assumed            // a role opened by CircleCI's OIDC token
	chain              // a role assumed with other credentials
	hidden             // something that the file does not show
	shadowed           // a role for web identity, which the standard variables would beat
	broken             // halves that do not belong together, or temporary keys without their token
)

// source is where one use of AWS gets its credentials from.
type source struct {
	kind    kind
	keys    keys   // of outside and stored
	role    string // of assumed, chain and shadowed
	profile string // the profile that was asked for, "" for none
}

// standardKeys are the keys of the variables that every tool reads.
var standardKeys = keys{value{variable, idVar}, value{variable, secretVar}}

// sourceOf is the source that a key pair is. It is noCredentials when tools would not take the pair for one.
func sourceOf(k keys) source {
	id, secret := k.id, k.secret
	switch {
	case id.missing() || secret.missing():
		return source{}
	case id.origin == ambient && secret.origin == ambient:
		return source{kind: outside, keys: keys{id.shown(), secret.shown()}}
	case id.origin == opaque || secret.origin == opaque:
		return source{kind: hidden, role: id.text}
	case id.origin == session && secret == id:
		return source{kind: assumed, role: id.text}
	case id.origin == chained && secret == id:
		return source{kind: chain, role: id.text}
	case id.origin == session || secret.origin == session || id.origin == chained || secret.origin == chained:
		return source{kind: broken}
	}
	return source{kind: stored, keys: keys{id.shown(), secret.shown()}}
}

// String names the source for people. A literal shows by its first characters only.
func (s source) String() string {
	text := ""
	switch s.kind {
	case noCredentials:
		text = "no credentials"
	case outside:
		text = "the stored keys of the project or a context"
	case stored:
		text = "the stored keys " + s.keys.String()
	case assumed:
		text = "the role " + s.role
	case chain:
		text = "a role assumed with other credentials (" + s.role + ")"
	case hidden:
		text = "credentials that the file does not show"
	case shadowed:
		text = "the role " + s.role + " only if no stored keys are there"
	case broken:
		text = "keys that do not belong together"
	}
	if s.profile != "" {
		text += " in the profile " + s.profile
	}
	return text
}

// String names the keys by their variables.
func (k keys) String() string {
	if k.id.origin == literal {
		return redacted(k.id.text)
	}
	if k.secret.origin == literal {
		return k.id.text
	}
	return k.id.text + " and " + k.secret.text
}

// redacted is what may be told of a literal key.
func redacted(text string) string {
	if len(text) < 9 {
		return "…"
	}
	return text[:4] + "…"
}

var (
	plainName     = pattern.New(`^[A-Za-z_][A-Za-z0-9_]*$`)
	wholeVariable = pattern.New(`^['"]?\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?\?[^{}$` + "`" + `]*|:?-)?\}|([A-Za-z_][A-Za-z0-9_]*))['"]?$`)
)

// variableIn is the name of the variable that a text expands and consists of, "" for every other text.
func variableIn(text string) string {
	m := wholeVariable.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// roleText is a role in one spelling, however its variable is written.
func roleText(text string) string {
	if name := variableIn(text); name != "" {
		return "${" + name + "}"
	}
	return strings.Trim(strings.TrimSpace(text), `'"`)
}
