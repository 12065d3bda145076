package fixes

import "strings"

// The variables that the AWS tools read keys from.
const (
	keyIDVar   = "AWS_ACCESS_KEY_ID"
	secretVar  = "AWS_SECRET_ACCESS_KEY"
	sessionVar = "AWS_SESSION_TOKEN"
	roleVar    = "AWS_OIDC_ROLE_ARN" // what a fix reads the role from when no fact gives it
)

var keyVars = []string{keyIDVar, secretVar, sessionVar}

// identity says whose keys a use of AWS has: two uses with equal identities act as the same user.
type identity struct {
	id, secret string // names of the variables that hold the keys; "" for a literal
	literal    string // the literal key id, or "" for none
	profile    string // the profile that the keys are put under; "" for the default
}

// standard is the identity of the variables that every AWS tool reads by itself.
var standard = identity{id: keyIDVar, secret: secretVar}

// sameKeys reports whether two identities are the same keys, whatever the profile.
func (d identity) sameKeys(o identity) bool {
	return d.id == o.id && d.secret == o.secret && d.literal == o.literal
}

// affixes are what the names of both key variables have around the standard names. ok is false when they have neither
// the same prefix and suffix nor the standard names.
func (d identity) affixes() (prefix, suffix string, ok bool) {
	if d.literal != "" {
		return "", "", true
	}
	prefix, suffix, ok = strings.Cut(d.id, keyIDVar)
	if !ok || d.secret != "" && d.secret != prefix+secretVar+suffix {
		return "", "", false
	}
	return prefix, suffix, true
}

// roleVariable is the variable that holds the role by default, with the prefix and suffix of the key variables.
func (d identity) roleVariable() (string, bool) {
	prefix, suffix, ok := d.affixes()
	return prefix + roleVar + suffix, ok
}

// String names the keys for people; of a literal only the first four characters.
func (d identity) String() string {
	switch {
	case d.literal != "":
		return "the literal key " + redacted(d.literal)
	case d.secret == "":
		return d.id
	default:
		return d.id + " and " + d.secret
	}
}
