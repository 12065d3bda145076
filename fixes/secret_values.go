package fixes

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"cfgfix/fixes/internal/pattern"
)

// secretName is what the name of a variable, parameter or option says about its value.
type secretName struct {
	words       []string
	secret      bool // the value is one, unless it looks like something else
	password    bool // chosen by people: it need not look random
	login       bool // the same, and for a host elsewhere
	service     bool // of a service that is started for the job
	application bool // made up by a program for itself
	test        bool
}

// readName takes a name apart: npmToken, npm-token and NPM_TOKEN are the same.
func (t *secretTable) readName(name string) secretName {
	n := secretName{words: nameWords(name)}
	if len(n.words) == 0 {
		return n
	}
	in := func(list []string) bool {
		return slices.ContainsFunc(n.words, func(w string) bool { return slices.Contains(list, w) })
	}
	joined := "_" + strings.Join(n.words, "_") + "_"
	last := n.words[len(n.words)-1]
	has := func(phrase string) bool { return strings.Contains(joined, "_"+phrase+"_") }
	if slices.ContainsFunc(t.Names.Anyway, has) {
		n.secret = true
		return n
	}
	if t.isBundlerLogin(name) {
		n.secret, n.login = true, true
		return n
	}
	if slices.Contains(t.Names.Endings, last) || slices.ContainsFunc(t.Names.Public, has) || t.bundled(name) {
		return n
	}
	n.secret = in(t.Names.Words) || slices.ContainsFunc(t.Names.Phrases, has) ||
		strings.HasSuffix(last, "PASSWORD") || strings.HasSuffix(last, "TOKEN") || strings.HasSuffix(last, "SECRET")
	n.password = in(t.Names.Passwords) || strings.HasSuffix(last, "PASSWORD")
	n.service, n.test = in(t.Names.Services), in(t.Names.Tests)
	n.application = slices.Contains(t.Names.Application, strings.Trim(joined, "_")) ||
		slices.ContainsFunc(t.Names.ApplicationEndings, func(ending string) bool { return strings.HasSuffix(joined, "_"+ending+"_") })
	if joined == "_PWD_" || joined == "_OLDPWD_" { // the shell's directories
		n.secret = false
	}
	return n
}

// isBundlerLogin reports whether a variable has the name of Bundler's login to a host: BUNDLE_GEMS__ACME__COM.
func (t *secretTable) isBundlerLogin(name string) bool {
	host, ok := strings.CutPrefix(name, bundlerPrefix)
	first, _, dotted := strings.Cut(host, "__")
	return ok && dotted && !slices.Contains(t.Names.BundlerSettings, first)
}

// bundlerPrefix begins the names of the variables that Bundler takes its settings from.
const bundlerPrefix = "BUNDLE_"

// bundlerVariable is the variable for a setting of Bundler: BUNDLE_GEMS__ACME__COM for gems.acme.com.
func bundlerVariable(setting string) string {
	return bundlerPrefix + strings.NewReplacer(".", "__", "-", "___").Replace(strings.ToUpper(setting))
}

// isReference reports whether a text is, or holds, what is known only later.
func isReference(text string) bool {
	if strings.Contains(text, "<<") || strings.Contains(text, "{{") || strings.ContainsRune(text, '`') {
		return true
	}
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '$' && (text[i+1] == '{' || text[i+1] == '(' || text[i+1] == '_' || isLetter(text[i+1])) {
			return true
		}
	}
	return false
}

// leadsToReference reports whether a text begins with what is known only later, in whatever quotes.
func leadsToReference(text string) bool {
	text = strings.TrimLeft(text, blanks+quoting)
	return isReference(text[:min(len(text), 2)])
}

// dummy reports whether a value is a stand-in for a secret.
func (t *secretTable) dummy(text string) bool {
	lower := strings.ToLower(text)
	return distinct(lower) < 4 || slices.ContainsFunc(t.Values.Dummies, func(d string) bool { return strings.Contains(lower, d) }) ||
		sequential(lower) || t.known(text)
}

// known reports whether a text holds what everybody has.
func (t *secretTable) known(text string) bool {
	return slices.ContainsFunc(t.Values.Known, func(k string) bool { return strings.Contains(text, k) })
}

// sequential reports whether most of a text counts up or down, as in 0123456789 and abcdefgh.
func sequential(text string) bool {
	steps := 0
	for i := 1; i < len(text); i++ {
		if d := int(text[i]) - int(text[i-1]); d == 1 || d == -1 || d == 0 {
			steps++
		}
	}
	return steps*2 > len(text)
}

// ordinaryPatterns are the looks of values that are no secrets, however they are named.
var ordinaryPatterns = sync.OnceValue(func() []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range []string{
		`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`,          // the name of a variable
		`^(?:~|\.{1,2})?/[\w./ @-]*$`,              // a path
		`^[\w./-]+\.[a-z]{2,5}$`,                   // a file or a host
		`^[\d.,:\s/-]*$`,                           // a number, a date, a version
		`^\d{4}-\d\d-\d\dT[\d:.Z+-]*$`,             // a time
		`^v?\d+\.\d+[\w.+-]*$`,                     // a version
		`^arn:`,                                    //
		`(?i)^(?:sha\d+|md5)[:-]`,                  // a digest, or the fingerprint of an SSH key
		`@sha256:[0-9a-f]{64}$`,                    // an image
		`^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-\S+) A`, // a public key
		`^-----BEGIN (?:[A-Z ]*PUBLIC KEY|[A-Z ]*CERTIFICATE)`,
		`^0x[0-9a-fA-F]{40}$`,               // an address on a blockchain
		`^(?:[0-9a-f]{2}:){15}[0-9a-f]{2}$`, // a fingerprint
		`^(?:[0-9A-F]{4} ?){10}$`,           // one of a PGP key
		`^[\w.+-]+@[\w-]+\.[\w.]+$`,         // a mail address
		`^pk_(?:live|test)_`,                // a publishable key
		`^pk\.eyJ`,                          // a public token of Mapbox
	} {
		out = append(out, regexp.MustCompile(p))
	}
	return out
})

// ordinary reports whether a value is something else than a secret by its looks.
func ordinary(text string) bool {
	return len(text) < 5 || slices.ContainsFunc(ordinaryPatterns(), func(r *regexp.Regexp) bool { return r.MatchString(text) })
}

var uuidPattern = pattern.New(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)

// minRandom is the length from which a text can be told to be random.
const minRandom = 16

// random reports whether a value looks as if a machine had made it up: one run of letters and digits that change often,
// or a UUID. Words with separators are written by people.
func random(text string) bool {
	if uuidPattern.MatchString(text) {
		return entropy(text) > 2.8
	}
	text = strings.TrimRight(text, "=")
	run := 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || r == ':' || r == ' ' || r == '/' || r == '+'
	}) {
		if changes(word, letterOrDigit) >= 3 || strings.ContainsAny(word, "0123456789") && changes(word, class)*9 >= len(word)*4 {
			run += len(word)
		}
	}
	return len(text) >= minRandom && !strings.ContainsAny(text, " \t\n") && run*3 >= len(text)*2 && entropy(text) >= 3
}

// minShort is the length from which a value that has the name of a secret can be told to be random.
const minShort = 12

// shortRandom reports whether a text that is too short for random looks as if a machine had made it up: letters of both
// cases and digits that change at every other place. Who sees it has to know by its name that it is a secret.
func (t *secretTable) shortRandom(text string) bool {
	if len(text) < minShort || len(text) >= minRandom || ordinary(text) || t.dummy(text) || t.unreal(text) {
		return false
	}
	for i := range len(text) {
		if !isLetter(text[i]) && (text[i] < '0' || text[i] > '9') {
			return false
		}
	}
	return changes(text, letterOrDigit) >= 3 && changes(text, class)*2 >= len(text)
}

// made reports whether a text that has the name of a secret looks as if a machine had made it up.
func (t *secretTable) made(text string) bool { return t.strong(text) || t.shortRandom(text) }

// changes counts how often characters of different kinds follow one another in a word. A machine changes the class of
// every other letter; in words written together two changes come for each.
func changes(word string, kind func(byte) int) int {
	n := 0
	for i := 1; i < len(word); i++ {
		if kind(word[i]) != kind(word[i-1]) {
			n++
		}
	}
	return n
}

func letterOrDigit(c byte) int {
	if isLetter(c) {
		return 1
	}
	return 0
}

// class tells digits, small and capital letters apart.
func class(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return 1
	case 'A' <= c && c <= 'Z':
		return 2
	default:
		return 0
	}
}

// entropy is Shannon's, in bits for each character.
func entropy(text string) float64 {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// strong reports whether a value is random and no stand-in.
func (t *secretTable) strong(text string) bool {
	return random(text) && !ordinary(text) && !t.dummy(text) && !t.unreal(text) && !t.encodesWords(text)
}

// encodesWords reports whether a text is the base64 of one that people wrote, and that holds no password.
func (t *secretTable) encodesWords(text string) bool {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	text = string(decoded)
	foreign := func(r rune) bool { return r < ' ' || r > '~' }
	return err == nil && !strings.ContainsFunc(text, foreign) && !t.strong(text) && !t.chosen(text)
}

// chosen reports whether a value is a password as people choose them: letters with digits or signs, and no stand-in.
func (t *secretTable) chosen(text string) bool {
	if len(text) < minSecret || len(text) > 128 || strings.ContainsAny(text, " \t\n") || ordinary(text) || t.dummy(text) || t.unreal(text) || strings.Contains(text, "://") {
		return false
	}
	letters := strings.ContainsFunc(text, unicode.IsLetter)
	others := strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune("-_./:", r) })
	return letters && others
}

// shaped reports whether a value has the shape of a password that a machine makes for such a name, and is no stand-in.
func (t *secretTable) shaped(words []string, text string) bool {
	for name, pattern := range t.Values.Shapes {
		if strings.Contains(strings.Join(words, "_"), name) {
			ok, _ := regexp.MatchString(pattern, text)
			return ok && !t.dummy(text)
		}
	}
	return false
}

// privateKey finds a private key in PEM: where it begins and ends, -1 for none. One whose text is left out is none.
func privateKey(text string) (start, end int) {
	start = strings.Index(text, "-----BEGIN ")
	if start < 0 {
		return -1, -1
	}
	header, rest, ok := strings.Cut(text[start+len("-----BEGIN "):], "-----")
	if !ok || !strings.HasSuffix(header, "PRIVATE KEY") && header != "PGP PRIVATE KEY BLOCK" || len(header) > 40 {
		return -1, -1
	}
	body, _, closed := strings.Cut(rest, "-----END")
	if isReference(body) || random64(body) < 64 {
		return -1, -1
	}
	end = start + len("-----BEGIN ") + len(header) + len("-----") + len(body)
	if closed {
		tail := text[end:]
		if i := strings.Index(tail[len("-----END"):], "-----"); i >= 0 {
			end += len("-----END") + i + len("-----")
		}
	}
	return start, end
}

// random64 counts the characters of base64 in a text.
func random64(text string) int {
	n := 0
	for i := range len(text) {
		if c := text[i]; isLetter(c) || '0' <= c && c <= '9' || c == '+' || c == '/' {
			n++
		}
	}
	return n
}

// keyFileKind is what a text is when it holds the credentials of a program as JSON, plain or in base64, or a private key in
// base64; "" for anything else.
func keyFileKind(text string) string {
	text = strings.TrimSpace(text)
	if len(text) < 40 {
		return ""
	}
	if strings.HasPrefix(text, "{") {
		return jsonKind(text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !isBase64(r) && !unicode.IsSpace(r) }) {
		return ""
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	if err != nil {
		return ""
	}
	text = strings.TrimSpace(string(decoded))
	kind := jsonKind(text)
	if start, _ := privateKey(text); start == 0 {
		kind = "private key"
	}
	if kind == "" {
		return ""
	}
	return kind + " in base64"
}

func isBase64(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '+' || r == '/' || r == '='
}

// accountKey is what a key of Google Cloud is called.
const accountKey = "service account key"

// jsonKind is what credentials as JSON are.
func jsonKind(text string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(text), &fields) != nil {
		return ""
	}
	if key, ok := fields["private_key"].(string); ok && len(key) > 40 && !isReference(key) {
		if isGCPKey(text) {
			return accountKey
		}
		return "key file"
	}
	if composerLogin(fields) {
		return "login for composer"
	}
	if auths, ok := fields["auths"].(map[string]any); ok {
		for _, v := range auths {
			if login, ok := v.(map[string]any); ok {
				if auth, ok := login["auth"].(string); ok && len(auth) > 8 && !isReference(auth) {
					return "docker login"
				}
			}
		}
	}
	return ""
}

// composerLogin reports whether the fields are those of Composer's auth.json, with a password or a token in it.
func composerLogin(fields map[string]any) bool {
	t := secretTables()
	literal := func(v any) bool {
		text, ok := v.(string)
		return ok && !isReference(text) && (t.strong(text) || t.chosen(text) || len(t.tokens(text)) > 0)
	}
	for _, kind := range t.Composer {
		hosts, _ := fields[kind].(map[string]any)
		for _, login := range hosts {
			fields, _ := login.(map[string]any)
			if literal(login) || literal(fields["password"]) || literal(fields["consumer-secret"]) {
				return true
			}
		}
	}
	return false
}
