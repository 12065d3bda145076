package fixes

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// hostileNames try to become settings of their own, or to end the settings. All are legal names of contexts.
var hostileNames = []string{
	"\u2028aws.role_arn: arn:aws:iam::666666666666:role/evil\u2028#", "\u2029version: 2\u2029", "a\u0085b", "\u0085---\u0085", "x\u009b31m", "\u202egnp.exe", "\u2066x\u2069", "\u200f", "\ufeff", "\u00a0x",
	"'", "''", `"`, `"a" 'b'`, `\`, `x\`, `\n`, `\'`, "#", " # x", "x #y", ": x", "{a: b}", "]", "}, provides: [X]} #", "[x", "*", "?", "prod-*", "{a,b}", "[a-z]", `\*`, "&a *b", "!!str x", "%YAML 1.1", "---", "...", "- x", "null", "~", "1", "é 日本 🚀", "\ue000", "$(id)", "${x}", "`id`",
}

// hostileConfig names a context, a job, a profile and an orb, and runs on different keys.
func hostileConfig(name string) string {
	q := strconv.Quote(name)
	return `version: 2.1
jobs:
  ` + q + `:
    docker: [{image: cimg/aws:2025.01}]
    environment: {FOO_TOKEN: ghp_R4nd0mT0kenR4nd0mT0kenR4nd0mT0ken1234}
    steps: [{run: aws s3 ls}]
  keys:
    docker: [{image: cimg/aws:2025.01}]
    environment: {AWS_ACCESS_KEY_ID: $TEST_AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: $TEST_AWS_SECRET_ACCESS_KEY}
    steps: [checkout]
  profile:
    docker: [{image: cimg/aws:2025.01}]
    steps:
      - run: ` + strconv.Quote("aws configure set aws_access_key_id $A_AWS_ACCESS_KEY_ID --profile '"+strings.ReplaceAll(name, "'", `'\''`)+"'\naws configure set aws_secret_access_key $A_AWS_SECRET_ACCESS_KEY --profile '"+strings.ReplaceAll(name, "'", `'\''`)+"'\n") + `
workflows:
  main:
    jobs:
      - ` + q + `: {context: [` + q + `]}
`
}

var turnedOff = regexp.MustCompile(`(?m)^#`)

// TestHostileNamesInSettings holds settings to the same whatever a config calls things and whatever it is called itself:
// as they are written, and with those about contexts and roles on.
func TestHostileNamesInSettings(t *testing.T) {
	t.Parallel()
	settings := func(name string) (written, on string) {
		s := &Survey{}
		if err := s.Add(name+"/.circleci/config.yml", []byte(hostileConfig(name))); err != nil {
			t.Fatal(err)
		}
		written = string(s.Settings())
		for _, prefix := range []string{"contexts", "aws.roles"} {
			on += strings.ReplaceAll(turnedOff.ReplaceAllString(settingLines(written, prefix), ""), "::ACCOUNT:", "::123456789012:")
		}
		return written, "version: 1\n" + on
	}
	harmless, harmlessOn := settings("prod")
	for _, name := range hostileNames {
		written, on := settings(name)
		if i := strings.IndexFunc(written, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q: does not show: %q", name, written[i:min(len(written), i+20)])
		}
		if diff := cmp.Diff(yamlOf(t, harmless), yamlOf(t, written)); diff != "" {
			t.Errorf("%q: (-harmless +got):\n%s\n%s", name, diff, written)
		}
		want, err := ParseSettings("", []byte(harmlessOn))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSettings("", []byte(on))
		if err != nil {
			t.Errorf("%q: %v\n%s", name, err, on)
			continue
		}
		want.Facts.Contexts[0].Name = name
		for i, r := range want.Facts.AWS.Roles {
			for j := range r.Contexts {
				r.Contexts[j] = onlyName(name)
			}
			if r.Profile == "prod" {
				want.Facts.AWS.Roles[i].Profile = onlyName(name)
			}
		}
		if !reflect.DeepEqual(want.Facts, got.Facts) {
			t.Errorf("%q: other facts than for a harmless name:\n%s", name, on)
		}
		if !matchAny([]string{onlyName(name)}, name) || matchAny([]string{onlyName(name)}, name+"x", "prod-live", "a") {
			t.Errorf("%q: %q does not match it alone", name, onlyName(name))
		}
	}
}

// yamlOf is what YAML 1.1 makes of a text.
func yamlOf(t *testing.T, text string) any {
	t.Helper()
	var out any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	return out
}
