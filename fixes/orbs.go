package fixes

import (
	_ "embed"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

//go:embed data/orbs.json
var orbsJSON []byte

// awsCLI is the orb that assumes a role with CircleCI's token.
const awsCLI = "circleci/aws-cli"

// orbTable is what is known of one orb, by version.
type orbTable struct {
	Name     string            // as in a reference: namespace/orb
	Newest   []string          // the newest release of each major version
	Use      string            // the release that a fix declares
	Releases []orbRelease      // by range of versions
	Setups   map[string]setup  // the parameters of its setup command, by style of their names
	Renames  map[string]string // parameters of old releases and what the release to Use calls them
}

// orbRelease is what holds of a range of an orb's releases.
type orbRelease struct {
	releaseRange
	Setup            string // key of orbTable.Setups
	Keys             string // how a key parameter is given: "name" of a variable, or "text" that expands one
	OIDC             bool   // setup assumes a role with CircleCI's token
	Raise            string // the lowest version with OIDC that differs in nothing else
	RaiseForVariable string // the version to raise to when the role is given by a variable
	ProfileOnly      string // the switch of setup that, when false, keeps the keys out of the environment
	Swap             string // why going over to a version with OIDC changes more than credentials

	Commands, Jobs map[string]string // how each element gets its credentials: a login
	Provider       string            // the parameter that names the cloud of an element: another one needs no credentials of AWS
	KeyID, Secret  string            // the key parameters of elements that log in by themselves
	Role           string            // their role parameter, for OIDC
	With           string            // a boolean parameter that has to be true for the role to be used
	Keep           map[string]string // parameters to write when a raise changes their defaults
	Rename         map[string]string // parameters that a raise calls otherwise
	Major          *majorRaise       // the way to another major version, when there is no other
	OneWord        string            // a parameter that a raise passes on as one word
	SetupBefore    bool              // a setup step before the element is enough
	Manual         string            // why there is no edit
}

// majorRaise is what going over to another major version of an orb changes.
type majorRaise struct {
	To         string
	Elements   map[string]string // new names of commands and jobs
	Parameters map[string]string // new names of parameters; "" for one that goes with the keys
	Texts      []string          // parameters that were numbers and are texts
	Region     string            // the region that the old version took when it was given none
}

// The logins of an orb's elements.
const (
	loginKeys        = "keys"        // by itself, from key parameters that name variables
	loginEnvironment = "environment" // none: the environment has to hold credentials
	loginAuth        = "auth"        // by the steps given in auth, which is required
	loginOptional    = "optional"    // by the steps given in auth, else as with loginEnvironment
)

// setup is what the setup command calls its parameters.
type setup struct {
	KeyID, Secret, Role, Region, Profile, Duration string
	RegionByName                                   bool // the region is given as a variable's name
}

// orbTables are the embedded tables, read when first needed.
var orbTables = sync.OnceValue(func() map[string]*orbTable {
	data := embedded[struct{ Orbs []*orbTable }]("orbs.json", orbsJSON)
	out := map[string]*orbTable{}
	for _, o := range data.Orbs {
		out[o.Name] = o
	}
	return out
})

// release finds what is known of a version as a config writes it: exact, or floating over patches or minors, which
// is the newest that it may mean. A newer release of a known major counts as the newest known one. It is nil for
// another major, for dev: versions and for expressions.
func (t *orbTable) release(version string) *orbRelease {
	v := t.resolve(version)
	for i := range t.Releases {
		if t.Releases[i].holds(v) {
			return &t.Releases[i]
		}
	}
	return nil
}

func (t *orbTable) resolve(version string) release {
	if version == "volatile" {
		return releaseOf(t.Newest[len(t.Newest)-1])
	}
	v := newestOf(version)
	for _, newest := range t.Newest {
		n := releaseOf(newest)
		switch {
		case !v.sameMajor(n) || v.preview():
		case n.before(v):
			return n
		default:
			return v
		}
	}
	return ""
}

// OrbInUse is the reference, such as circleci/aws-cli@5.4.1, that fixes declare an orb by; "" for one that none declares.
func OrbInUse(name string) string {
	if t := orbTables()[name]; t != nil && t.Use != "" {
		return name + "@" + t.Use
	}
	return ""
}

// elementUse is a call of an orb's command, or a workflow entry that runs an orb's job.
type elementUse struct {
	orb     *circle.Orb
	release *orbRelease
	node    rewrite.Node // the step or entry, resolved
	value   rewrite.Node // what stands behind its name; absent for a bare name
	args    rewrite.Node // the mapping of arguments, absent when there are none
	hasKeys bool
	login   string       // how it gets its credentials
	step    *circle.Step // nil for a workflow entry
}

// arg is the value of an argument, resolved.
func (x *elementUse) arg(name string) rewrite.Node { return x.args.Get(name).Resolve() }
