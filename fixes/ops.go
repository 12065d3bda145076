package fixes

import (
	"strconv"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// shared marks operations as meant for all users of an anchor where there are any.
func shared(n rewrite.Node, ops ...rewrite.Op) []rewrite.Op {
	if len(n.Users()) > 0 {
		for i := range ops {
			ops[i] = ops[i].Shared()
		}
	}
	return ops
}

// runStep is a run step with a name and a script. when is empty for the default.
func runStep(name, when, script string) rewrite.Value {
	return rewrite.Map(runPair(name, when, script))
}

func runPair(name, when, script string) rewrite.Pair {
	pairs := []rewrite.Pair{{Key: "name", Value: rewrite.String(name)}}
	if when != "" {
		pairs = append(pairs, rewrite.Pair{Key: "when", Value: rewrite.String(when)})
	}
	pairs = append(pairs, rewrite.Pair{Key: "command", Value: rewrite.LiteralText(script)})
	return rewrite.Pair{Key: "run", Value: rewrite.Map(pairs...)}
}

// raiseOrb gives an orb another version.
func raiseOrb(o *circle.Orb, version string) []rewrite.Op {
	ref := o.Ref()
	return []rewrite.Op{rewrite.ReplaceText(o.Node, len(ref)-len(o.Version()), len(ref), version)}
}

// declareOrb adds an orb of the registry as the last one, under a free alias; a config without orbs gets them behind
// its version.
func declareOrb(c *circle.Config, name, version string) (alias string, ops []rewrite.Op, refusal string) {
	alias = freeAlias(c, name[strings.LastIndexByte(name, '/')+1:])
	pair := rewrite.Pair{Key: alias, Value: rewrite.String(name + "@" + version)}
	switch orbs := c.Node.Own("orbs"); {
	case orbs.Exists():
		return alias, []rewrite.Op{rewrite.Append(orbs, pair)}, ""
	case c.Node.Get("orbs").Exists():
		return alias, nil, "the orbs are merged in from elsewhere"
	}
	block := rewrite.Pair{Key: "orbs", Value: rewrite.Map(pair)}
	at, found := versionEntry(c.Node)
	if !found {
		return alias, []rewrite.Op{rewrite.InsertBefore(at, block)}, ""
	}
	return alias, []rewrite.Op{rewrite.InsertAfter(at, block)}, ""
}

// versionEntry is the pair that a new block of orbs goes behind: version, or setup when that follows. Without a
// version it is the first pair, and found is false.
func versionEntry(root rewrite.Node) (at rewrite.Entry, found bool) {
	for _, e := range root.Entries() {
		if e.Name() == "version" {
			if next := e.Sibling(1); next.Name() == "setup" {
				return next, true
			}
			return e, true
		}
	}
	return root.Entries()[0], false
}

// freeAlias is a name for an orb that no other orb of the config has.
func freeAlias(c *circle.Config, name string) string {
	alias := name
	for i := 1; c.OrbByAlias(alias) != nil; i++ {
		alias = name + "-oidc"
		if i > 1 {
			alias += strconv.Itoa(i)
		}
	}
	return alias
}
