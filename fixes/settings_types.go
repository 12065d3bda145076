package fixes

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"cfgfix/fixes/internal/pattern"
)

// valueType is what the text of a setting may be. Values end up in configs and in shell lines, so the patterns leave
// out whatever has a meaning there.
type valueType struct {
	name    string            // also of its definition in the schema
	want    string            // what is right; completes "must be"
	words   []string          // all legal texts, when these are few
	pattern *pattern.Pattern  // what every legal text matches; in the syntax that JSON Schema has too
	check   func(string) bool // the rest, which a pattern cannot say
	noun    string            // for words that are names of things: "unknown NOUN" is the fault
}

// The patterns that stand in several types. A reference is what CircleCI or the shell replaces when the pipeline runs.
const (
	referencePattern = `\$[A-Za-z_][A-Za-z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\}|<< *pipeline\.[A-Za-z0-9_.-]+ *>>`
	namePattern      = `[^\x00-\x1f\x7f]+`
	orReference      = ", a variable such as ${NAME}, or << pipeline.parameters.NAME >>"
)

var (
	roleARNType = referable("role-arn", "a role ARN such as arn:aws:iam::123456789012:role/NAME (partition aws, aws-us-gov or aws-cn)",
		`arn:(?:aws|aws-us-gov|aws-cn):iam::[0-9]{12}:role/(?:[A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}`)
	regionType   = referable("region", "an AWS region such as eu-west-1", `[a-z]{2,5}(?:-[a-z]+){1,2}-[0-9]{1,2}`)
	accountType  = literal("account", "an AWS account id: 12 digits", `[0-9]{12}`)
	durationType = &valueType{
		name: "session-duration", want: "a whole number of seconds from 900 to 43200",
		pattern: pattern.New(`^[1-9][0-9]{2,4}$`), check: isSessionDuration,
	}
	projectNumberType  = referable("project-number", "the number of a Google Cloud project (digits, not its id)", `[1-9][0-9]{0,19}`)
	poolType           = referable("pool-id", "an id of 4 to 32 lower-case letters, digits and dashes, not a full resource name", `[a-z0-9-]{4,32}`)
	serviceAccountType = referable("service-account", "the address of a service account such as ci@PROJECT.iam.gserviceaccount.com",
		`[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com`)
	urlType = referable("url", "an address such as https://vault.example.com:8200, without user, query or fragment",
		`https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?`)
	vaultNameType     = referable("vault-name", "a name of letters, digits, '_', '-' and '.'", `[A-Za-z0-9_.-]+`)
	vaultPathType     = referable("vault-path", "the path of an auth mount such as jwt or jwt/circleci", `[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*`)
	uuidType          = referable("uuid", "a UUID such as 00000000-0000-0000-0000-000000000000", `[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)
	resourceClassType = literal("resource-class", "a runner's resource class: NAMESPACE/NAME, the namespace in lower case", `[a-z0-9_-]+/[A-Za-z0-9:_+-]+`)
	hostType          = &valueType{
		name: "host", want: "a host name or glob such as *.corp.example, an address, or a CIDR such as 10.0.0.0/8",
		pattern: pattern.New(`^(?:[A-Za-z0-9*?_-]+(?:\.[A-Za-z0-9*?_-]+)*|[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?)$`), check: isHost,
	}
	nameType         = literal("name", "a name in one line", namePattern)
	nameGlobType     = &valueType{name: "name-glob", want: "a glob on names, such as deploy-*", pattern: whole(namePattern), check: doublestar.ValidatePattern}
	pathGlobType     = &valueType{name: "path-glob", want: "a glob on relative paths, such as legacy/**", pattern: whole(`[^\x00-\x1f\x7f/][^\x00-\x1f\x7f]*`), check: doublestar.ValidatePattern}
	variableGlobType = literal("variable-glob", "a glob on names of variables, such as AWS_*", `[A-Za-z0-9_*?]+`)

	methodType     = oneOf("aws-method", "orb", "web-identity")
	runnerKindType = oneOf("runner-kind", "container", "machine")
	routeType      = oneOf("network-route", "runner", "ip-ranges")
	booleanType    = oneOf("boolean", "true", "false")
	severityType   = oneOf("severity", severityNames[Low:]...)
	versionType    = literal("version", "1: no other version of settings is known", `1`)
)

func whole(expr string) *pattern.Pattern { return pattern.New("^(?:" + expr + ")$") }

func literal(name, want, expr string) *valueType {
	return &valueType{name: name, want: want, pattern: whole(expr)}
}

// referable is a type whose values may also be known only when the pipeline runs.
func referable(name, want, expr string) *valueType {
	return literal(name, want+orReference, expr+"|"+referencePattern)
}

func oneOf(name string, words ...string) *valueType {
	last := len(words) - 1
	return &valueType{name: name, want: strings.Join(words[:last], ", ") + " or " + words[last], words: words}
}

func (t *valueType) accepts(text string) bool {
	return (t.words == nil || slices.Contains(t.words, text)) &&
		(t.pattern == nil || t.pattern.MatchString(text)) &&
		(t.check == nil || t.check(text))
}

// fault is what is wrong with the text that subject names, nil when nothing is. It does not repeat the text, which
// might be a secret in the wrong place; names of things are none.
func (t *valueType) fault(key, subject, text string) *SettingsError {
	if t.accepts(text) {
		return nil
	}
	e := &SettingsError{Key: key, Message: subject + " must be " + t.want, Nearest: nearest(text, t.words)}
	if t.noun != "" {
		e.Message = fmt.Sprintf("unknown %s %q", t.noun, text)
		if e.Nearest == "" {
			e.Message += "; use " + strings.Join(t.words, ", ")
		}
	}
	return e
}

func isSessionDuration(text string) bool {
	seconds, err := strconv.Atoi(text)
	return err == nil && seconds >= 900 && seconds <= 43200
}

// isHost rejects what looks like an address or a CIDR and is none; all else that the pattern lets through is a name.
func isHost(text string) bool {
	if strings.Contains(text, "/") {
		_, err := netip.ParsePrefix(text)
		return err == nil
	}
	if strings.Contains(text, ":") || strings.Trim(text, "0123456789.") == "" {
		_, err := netip.ParseAddr(text)
		return err == nil
	}
	return true
}
