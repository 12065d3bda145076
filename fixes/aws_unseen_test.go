package fixes

import (
	"fmt"
	"testing"
)

// TestLoginWords writes out all names that loginName knows, and some that it does not.
func TestLoginWords(t *testing.T) {
	t.Parallel()
	names := []string{"assume", "creds", "credential"}
	for _, dash := range []string{"", "-", "_"} {
		for _, what := range []string{"login", "auth", "sso", "configure"} {
			names = append(names, "aws"+dash+what)
		}
		for _, what := range []string{"login", "log-in", "auth", "configure"} {
			for _, to := range []string{"", "to-", "to_"} {
				names = append(names, what+dash+to+"aws")
			}
		}
	}
	for _, name := range names {
		for _, form := range []string{"%s", "./bin/%s.sh --quiet", "make %s-prod", "do_%sed\n"} {
			if text := fmt.Sprintf(form, name); !loginName.MatchString(text) || !mayLeave(text) {
				t.Errorf("%q: matched %v, asked for %v", text, loginName.MatchString(text), mayLeave(text))
			}
		}
	}
	for _, text := range []string{"", "aws", "aws s3 ls", "make login", "npm ci && npm test"} {
		if mayLeave(text) {
			t.Errorf("asked for %q", text)
		}
	}
}
