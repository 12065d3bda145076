package fixes

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed data/gcp.json
var gcpJSON []byte

// gcpCLI is the orb that sets gcloud up.
const gcpCLI = "circleci/gcp-cli"

// gcpTable is what is known of keys for Google Cloud by the names of things.
type gcpTable struct {
	KeyName       string   // what a variable is called that holds a service account key, as a pattern
	NoKeyName     string   // what it is not called
	Stems         []string // such names without prefix and suffix, the longer ones first
	ToolVariables []string // the variables from which tools such as Terraform read a key
	Gcloud        struct {
		Images []string // that have gcloud, without tag; those with the release as their tag among them
		Since  int      // a release that surely knows workload identity federation
	}
	Orbs []*orbTable

	keyName, noKeyName *regexp.Regexp
}

var gcpTables = sync.OnceValue(func() *gcpTable {
	t := embedded[gcpTable]("gcp.json", gcpJSON)
	t.keyName, t.noKeyName = regexp.MustCompile(t.KeyName), regexp.MustCompile(t.NoKeyName)
	return t
})

// holdsKey reports whether a variable holds a service account key, by its name.
func (t *gcpTable) holdsKey(name string) bool {
	return t.keyName.MatchString(name) && !t.noKeyName.MatchString(name)
}

// orb is the table of one orb, nil for an orb that is not known.
func (t *gcpTable) orb(name string) *orbTable {
	if i := slices.IndexFunc(t.Orbs, func(o *orbTable) bool { return o.Name == name }); i >= 0 {
		return t.Orbs[i]
	}
	return nil
}

// affixes are what a key variable has around one of the usual names.
func (t *gcpTable) affixes(name string) (prefix, suffix string, ok bool) {
	return stem(name, t.Stems)
}

// hasGcloud reports whether an image brings gcloud, by its name.
func (t *gcpTable) hasGcloud(image string) bool {
	name, _ := splitImage(image)
	return slices.Contains(t.Gcloud.Images, name)
}

// oldImage reports whether an image is pinned to a release of gcloud that may not know workload identity federation.
func (t *gcpTable) oldImage(image string) bool {
	_, tag := splitImage(image)
	return t.hasGcloud(image) && !strings.HasPrefix(image, "cimg/") && t.oldRelease(tag)
}

// oldRelease reports whether a release of gcloud may not know workload identity federation.
func (t *gcpTable) oldRelease(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	release, err := strconv.Atoi(major)
	return err == nil && release < t.Gcloud.Since
}
