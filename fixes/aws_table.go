package fixes

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

//go:embed data/aws.json
var awsJSON []byte

// awsTable is what is known of tools and calls that do not work with every kind of credentials.
type awsTable struct {
	WebIdentity     map[string]string // Python packages, and the first version that reads a web identity from the environment
	OldReleases     []string          // of distributions whose awscli is older than that: parts of a tag, behind an image's name for numbers
	LongLivedOnly   []command         // of the AWS CLI, that STS refuses to temporary keys
	CredentialTools []string          // programs that print credentials, or the environment that others keep
	Compatible      []string          // in hosts of services that speak the protocol of S3 and take keys of their own
}

var awsLimits = sync.OnceValue(func() *awsTable { return embedded[awsTable]("aws.json", awsJSON) })

// longLivedOnly reports whether AWS refuses a call to temporary keys.
func longLivedOnly(c *shell.Call) bool {
	return slices.ContainsFunc(awsLimits().LongLivedOnly, func(x command) bool { return c.IsAWS(x...) })
}

// packagesCLI reports whether a call installs the AWS CLI from the packages of a distribution whose version is one
// without web identity, by the tag of the image.
func packagesCLI(c *shell.Call, image string) bool {
	name, tag := splitImage(image)
	name = name[strings.LastIndexByte(name, '/')+1:]
	parts := strings.FieldsFunc(tag, func(r rune) bool { return r == '-' || r == '_' })
	return (c.Name() == "apt-get" || c.Name() == "apt") && installsCLI(c) && slices.ContainsFunc(parts, func(part string) bool {
		return slices.Contains(awsLimits().OldReleases, part) || slices.Contains(awsLimits().OldReleases, name+":"+part)
	})
}

// pinPattern takes a requirement of pip apart.
var pinPattern = pattern.New(`^([a-z0-9]+)(?:\[[^\]]*\])?\s*([=~<>!][^;]*)$`)

// tooOld is a package that a call of pip installs in a version without web identity, as written, and the first version
// with it; "" for none.
func tooOld(c *shell.Call) (pin, needs string) {
	args := c.Args()
	i := slices.IndexFunc(args, func(w shell.Word) bool { return w.Value == "install" })
	if i < 0 || !strings.HasPrefix(c.Name(), "pip") && !c.Has("pip") {
		return "", ""
	}
	for _, w := range args[i:] {
		m := pinPattern.FindStringSubmatch(w.Value)
		if m == nil || awsLimits().WebIdentity[m[1]] == "" {
			continue
		}
		needs = awsLimits().WebIdentity[m[1]]
		below := func(bound string) bool { return endsBelow(strings.TrimSpace(bound), releaseOf(needs)) }
		if slices.ContainsFunc(strings.Split(m[2], ","), below) {
			return w.Value, needs
		}
	}
	return "", ""
}

// endsBelow reports whether a bound of pip lets no version through that is at least this one.
func endsBelow(bound string, least release) bool {
	text := strings.TrimLeft(bound, "=~<")
	op := bound[:len(bound)-len(text)]
	text = strings.TrimSpace(text)
	if op == "~=" && strings.Contains(text, ".") {
		op, text = "==", text[:strings.LastIndexByte(text, '.')]+".*" // any version that differs in the last part
	}
	r := releaseOf(strings.ReplaceAll(text, ".*", last))
	switch {
	case r == "":
		return false
	case op == "<":
		return !least.before(r)
	default:
		return (op == "==" || op == "<=") && r.before(least)
	}
}
