package fixes

import (
	"cmp"
	_ "embed"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/secrets.json
var secretsJSON []byte

// secretTable is what is known of secrets by their looks and by the names of what holds them.
type secretTable struct {
	Sources   map[string]string // where the formats are from
	Alphabets map[string]string // the characters of an alphabet, with ranges such as a-z
	Tokens    []*tokenFormat
	Names     struct {
		Words       []string // of which the name of a secret has one
		Phrases     []string // the same, of several words
		Anyway      []string // phrases that a secret's name has whatever else is in it
		Passwords   []string // those of Words that people choose themselves
		Endings     []string // last words of names that hold something about a secret
		Public      []string // words and phrases of names that hold what everybody may know
		Bundled     []string // beginnings of the names of variables that are compiled into web pages and apps
		Tests       []string // words of names that only tests use
		Services    []string // words of names that services started for a job read their passwords from
		Application []string // secrets that a program makes up for itself: any value serves a test
		// The same by the last words of the name: the first tell which program.
		ApplicationEndings []string
		BundlerSettings    []string // what a variable of Bundler with a "__" in its name begins with that is no host
		Brought            []string // parts of the names of variables that fixes bring, and whose prerequisites say where they belong
		System             []string // variables that every job has, or that the shell or setup_remote_docker makes
		Tools              []string // words of what is sourced or evaluated to set up a tool, and brings no variable of a context
		Modes              []string // variables that say what a program runs as, such as test
	}
	Values struct {
		Dummies []string          // parts of values that are no secret, in lower case
		Samples []string          // parts of tokens that are none, in lower case
		Known   []string          // what tools and their documentation give to everybody: test keys of blockchains, emulators and manuals
		Shapes  map[string]string // patterns of passwords that a machine makes, by parts of the name
	}
	Logins            []*loginCommand
	Starters          []starter           // commands that start containers and leave them running
	Composer          []string            // the kinds of logins in Composer's auth.json
	Receivers         []command           // commands that hand passwords to services elsewhere, which they are given by the names of settings
	Setters           []command           // commands that are given the name of a setting and its value as two words
	Hosts, Registries map[string][]string // where the passwords for hosts are kept, by the ends of their names; "" is any other registry
	Files             map[string][]string // files that hold passwords, by their names, with variables for them
	Keys              map[string][]string // variables for the values of headers and settings, by their names in lower case

	byFirst [256][]*tokenFormat        // by the first byte of the prefix
	logins  map[string][]*loginCommand // by the program's name
}

// tokenFormat is what the tokens of one provider look like.
type tokenFormat struct {
	Provider, Kind string
	Prefix         string
	Parts          []string // texts, and runs such as hex{40} or base62{20,24}: an alphabet with a length
	Checksum       string   // how the last characters follow from the others: crc32-base62, or "" for not at all
	Variables      []string // where such a token is usually kept, the most usual first
	Source         string
	Public         bool // everybody may know it where it serves a web page or an app, as Firebase documents it

	parts []tokenPart
}

// tokenPart is a text, or a run of min to max characters of an alphabet.
type tokenPart struct {
	text     string
	alphabet *[256]bool
	min, max int
}

// starter is a command that does something with one of the words among its arguments.
type starter struct {
	Command command
	Words   []string
}

// loginCommand is a command that is given a secret in a way that shows what it is.
type loginCommand struct {
	Programs  []string
	Arguments []string // the first ones
	Within    string   // what a word of the call has to hold, or of the one that pipes into it; "" for nothing
	Options   []string // whose value is the secret; one with a letter may be written with others, or with the value
	Glued     []string // what a word begins with whose rest is the secret
	Assigned  []string // variables that the secret is given by, in front of the call
	Host      []string // the options for the host, without which the command goes to the machine itself; none when it does not
	Pair      string   // what stands between the user and the secret in that value; "" when it is the secret alone
	Stdin     string   // the option with which it reads the secret from its input
	Operand   int      // the operand that is the secret, from 1; 0 for none
	Registry  bool     // the secret is that of the registry among the operands: its host tells the variables
	Address   bool     // the secret is that of the host in an address among the words, if that is none of Hosts
	Variables []string // where the secret is usually kept
}

var secretTables = sync.OnceValue(func() *secretTable {
	t := embedded[secretTable]("secrets.json", secretsJSON)
	t.logins = map[string][]*loginCommand{}
	alphabets := map[string]*[256]bool{}
	for name, ranges := range t.Alphabets {
		alphabets[name] = readAlphabet(ranges)
	}
	for _, l := range t.Logins {
		for _, name := range l.Programs {
			t.logins[name] = append(t.logins[name], l)
		}
	}
	run := regexp.MustCompile(`^([a-z0-9.=]+)\{(\d+)(?:,(\d+))?\}$`)
	for _, f := range t.Tokens {
		for _, p := range f.Parts {
			m := run.FindStringSubmatch(p)
			if m == nil {
				f.parts = append(f.parts, tokenPart{text: p})
				continue
			}
			least, _ := strconv.Atoi(m[2])
			most, _ := strconv.Atoi(cmp.Or(m[3], m[2]))
			f.parts = append(f.parts, tokenPart{alphabet: alphabets[m[1]], min: least, max: most})
		}
		t.byFirst[f.Prefix[0]] = append(t.byFirst[f.Prefix[0]], f)
	}
	return t
})

// readAlphabet reads characters and ranges such as 0-9. A '-' that stands last is one of the characters.
func readAlphabet(ranges string) *[256]bool {
	set := new([256]bool)
	for i := 0; i < len(ranges); i++ {
		if i+2 < len(ranges) && ranges[i+1] == '-' {
			for c := int(ranges[i]); c <= int(ranges[i+2]); c++ {
				set[c] = true
			}
			i += 2
			continue
		}
		set[ranges[i]] = true
	}
	return set
}

// String names such a token for people, with its article.
func (f *tokenFormat) String() string {
	article := "a "
	if strings.Contains("aeiouAEIOU", f.Provider[:1]) || f.Provider == "npm" {
		article = "an "
	}
	return article + f.Provider + " " + f.Kind
}

// match is the length of the token that text begins with, 0 when it begins with none. What follows may not go on as
// the token's last run does.
func (f *tokenFormat) match(text string) int {
	if !strings.HasPrefix(text, f.Prefix) {
		return 0
	}
	at := len(f.Prefix)
	for i, p := range f.parts {
		if p.alphabet == nil {
			if !strings.HasPrefix(text[at:], p.text) {
				return 0
			}
			at += len(p.text)
			continue
		}
		n := 0
		for n < p.max && at+n < len(text) && p.alphabet[text[at+n]] {
			n++
		}
		if i+1 < len(f.parts) && f.parts[i+1].alphabet == nil { // a run gives way to the text behind it
			if j := strings.LastIndex(text[at:min(len(text), at+n+len(f.parts[i+1].text))], f.parts[i+1].text); j >= 0 {
				n = min(n, j)
			}
		}
		if n < p.min || i+1 == len(f.parts) && at+n < len(text) && p.alphabet[text[at+n]] {
			return 0
		}
		at += n
	}
	return at
}
