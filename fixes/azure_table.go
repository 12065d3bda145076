package fixes

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

//go:embed data/azure.json
var azureJSON []byte

// azureTable is what is known of secrets of service principals by the names of things.
type azureTable struct {
	SecretName      string    // what a variable with such a secret is called, as a pattern
	Standard        []string  // such variables that Terraform's provider and Azure's libraries read by themselves
	Harmless        []command // commands that do not
	FederatedSince  string    // the release of the Azure CLI that takes a token in the place of a secret
	Images          []string
	Orbs            []*azureOrb
	SecretArguments []string // arguments by which steps of other orbs are given a secret

	secretName *regexp.Regexp
}

// azureOrb is an orb whose elements log in with a stored secret.
type azureOrb struct {
	Name                 string
	Newest               []string          // release of each major version
	User, Secret, Tenant string            // its parameters, which name variables
	Elements             map[string]string // why one has no fix, "" for one that has
	Jobs                 map[string]string // the same, of those that log in as a job only: a command of that name does not
	Asked                map[string]string // the parameter that has to be true for an element to log in
}

var azureTables = sync.OnceValue(func() *azureTable {
	t := embedded[azureTable]("azure.json", azureJSON)
	t.secretName = regexp.MustCompile(t.SecretName)
	return t
})

func (t *azureTable) orb(name string) *azureOrb {
	if i := slices.IndexFunc(t.Orbs, func(o *azureOrb) bool { return o.Name == name }); i >= 0 {
		return t.Orbs[i]
	}
	return nil
}

// login tells why an element of the orb that logs in has no fix; ok is false for one that does not log in.
func (o *azureOrb) login(element string, job bool, args rewrite.Node) (why string, ok bool) {
	if why, ok = o.Elements[element]; !ok && job {
		why, ok = o.Jobs[element]
	}
	if parameter := o.Asked[element]; parameter != "" {
		ok = ok && args.Get(parameter).Resolve().Value() == "true"
	}
	return why, ok
}

// old reports whether an image is pinned to an Azure CLI that takes no token.
func (t *azureTable) old(image string) bool {
	name, tag := splitImage(image)
	return slices.Contains(t.Images, name) && t.oldRelease(tag)
}

// oldRelease reports whether a release of the Azure CLI, or a package of it, takes no token.
func (t *azureTable) oldRelease(version string) bool {
	number, _, _ := strings.Cut(version, "-") // 2.20.0-1~focal
	r := releaseOf(number)
	return r != "" && strings.Contains(number, ".") && r.before(releaseOf(t.FederatedSince))
}

// harmless reports whether a call is known to read none of the standard variables by itself.
func (t *azureTable) harmless(c *shell.Call) bool {
	return len(c.Words) == 0 || anyCalledBy(t.Harmless, c)
}

// knows reports whether the table speaks of a version of the orb.
func (o *azureOrb) knows(version string) bool {
	return (&orbTable{Newest: o.Newest}).resolve(version) != ""
}
