package circle

import (
	"strings"

	"cfgfix/rewrite"
)

// Orb is one declaration under orbs.
type Orb struct {
	Alias string
	Entry rewrite.Entry
	Node  rewrite.Node // resolved: the scalar with the reference, or the body of an inline orb

	config *Config
	inline lazy[*Config]
}

func newOrb(c *Config, e rewrite.Entry) *Orb {
	return &Orb{Alias: e.Name(), Entry: e, Node: e.Value().Resolve(), config: c}
}

// Key is the node of the alias under which the orb is declared.
func (o *Orb) Key() rewrite.Node { return o.Entry.Key() }

// Ref is the reference as it is written, such as circleci/aws-cli@5.1; "" for an inline orb.
func (o *Orb) Ref() string { return strings.TrimSpace(o.Node.Value()) }

// IsURL reports whether the orb is fetched from an address instead of the registry.
func (o *Orb) IsURL() bool { return strings.Contains(o.Ref(), "://") }

// Name is the orb's name in the registry, such as circleci/aws-cli; "" for inline and URL orbs.
func (o *Orb) Name() string {
	name, _ := o.split()
	return name
}

// Version is the text behind the name, such as 5.1, volatile, dev:first or an expression; "" when there is none.
func (o *Orb) Version() string {
	_, version := o.split()
	return version
}

func (o *Orb) split() (name, version string) {
	if o.IsURL() {
		return "", ""
	}
	name, version, _ = strings.Cut(o.Ref(), "@")
	return name, version
}

// Parameterised reports whether the reference holds an expression.
func (o *Orb) Parameterised() bool { return len(Expressions(o.Ref())) > 0 }

// Inline is the view of an inline orb's body, with its own orbs, commands and so on; nil for an orb from elsewhere.
func (o *Orb) Inline() *Config {
	return o.inline.get(func() *Config {
		if o.Node.Kind() != rewrite.Mapping {
			return nil
		}
		return &Config{Node: o.Node, Orb: o, root: o.config.root}
	})
}

// inOrb is the body of the inline orb that alias/element points into and the element's name; nil when the orb is not
// declared here or is not inline.
func (c *Config) inOrb(name string) (body *Config, element string) {
	alias, element, ok := splitElement(name)
	if !ok {
		return nil, ""
	}
	orb := c.OrbByAlias(alias)
	if orb == nil {
		return nil, ""
	}
	return orb.Inline(), element
}
