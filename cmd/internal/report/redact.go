package report

import (
	"bytes"
	"regexp"
	"sync"

	"cfgfix/fixes"
)

// keyPatterns match what may be an AWS key: the ids of access keys, and runs of base64 that are long enough for a secret
// key or a session token. Most runs never redact, so they are compiled on first use.
var keyPatterns = sync.OnceValues(func() (id, secret *regexp.Regexp) {
	return regexp.MustCompile(`(?:AKIA|ASIA)[A-Z0-9]{16,}`), regexp.MustCompile(`[A-Za-z0-9/+]{40,}={0,2}`)
})

// redact masks the given secrets, tokens of a known format, and what looks like an AWS key, in whichever line of a patch
// they stand.
func redact(patch []byte, secrets ...string) []byte {
	patch = fixes.Mask(patch, secrets)
	id, secret := keyPatterns()
	patch = secret.ReplaceAllFunc(patch, func(run []byte) []byte {
		if !random(run) {
			return run
		}
		return mask(run)
	})
	return id.ReplaceAllFunc(patch, mask)
}

// random tells keys from the other long runs of a config: hashes are lower case, and so are most paths.
func random(run []byte) bool {
	return bytes.ContainsAny(run, "abcdefghijklmnopqrstuvwxyz") && bytes.ContainsAny(run, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

func mask(secret []byte) []byte { return append(secret[:4:4], "…"...) }
