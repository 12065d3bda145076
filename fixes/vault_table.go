package fixes

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
)

//go:embed data/vault.json
var vaultJSON []byte

// vaultTable is what is known of logins to Vault by the names of things.
type vaultTable struct {
	Token           string     // what a token looks like, as a pattern
	Dummies         []string   // tokens of development servers
	Stems           []string   // the usual names of variables with credentials, the longer ones first
	Credentials     []string   // what a login is given, by the names that Vault has for it
	StaticMethods   []string   // auth methods whose credentials are stored
	LocalHosts      []string   // parts of addresses of servers that run beside the job
	Images          []string   // of such servers
	Readers         []string   // programs that take a token from the environment by themselves, for what they are told to read
	Orbs            []vaultOrb // whose login can be told
	SecretArguments []string   // arguments by which steps of other orbs are given stored credentials

	token *regexp.Regexp
}

// vaultOrb is an orb with a login.
type vaultOrb struct {
	Name                string
	Commands            []string
	Address             string   // the parameter with the server's address
	Secrets, Identities []string // the parameters with what is stored, and with whose it is
}

var vaultTables = sync.OnceValue(func() *vaultTable {
	t := embedded[vaultTable]("vault.json", vaultJSON)
	t.token = regexp.MustCompile(t.Token)
	return t
})

// secretIn tells where a token or password in a text comes from: a variable, the text itself, or neither.
func (t *vaultTable) secretIn(text string, named bool) (variable string, literal bool) {
	text = strings.TrimSpace(text)
	if m := varPattern.FindStringSubmatch(text); m != nil {
		return m[1] + m[2], false
	}
	if t.token.MatchString(text) {
		return "", true
	}
	random := len(text) >= 20 && strings.ContainsAny(text, "0123456789") && !strings.ContainsAny(text, " $<`")
	return "", named && random && !slices.Contains(t.Dummies, strings.ToLower(text)) && !strings.Contains(strings.ToUpper(text), "EXAMPLE")
}

// local reports whether an address is that of a server beside the job.
func (t *vaultTable) local(address string) bool {
	return slices.ContainsFunc(t.LocalHosts, func(h string) bool { return strings.Contains(address, h) })
}

// serves reports whether a container is a server of Vault.
func (t *vaultTable) serves(d *circle.DockerItem) bool {
	name, _ := splitImage(d.Image().Value())
	return slices.Contains(t.Images, strings.TrimPrefix(name, "docker.io/")) && d.Index > 0
}

func (t *vaultTable) orb(name string) *vaultOrb {
	if i := slices.IndexFunc(t.Orbs, func(o vaultOrb) bool { return o.Name == name }); i >= 0 {
		return &t.Orbs[i]
	}
	return nil
}
