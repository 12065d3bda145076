package fixes

import (
	"cmp"
	"slices"

	"cfgfix/fixes/internal/circle"
)

// givenTokens are the tokens that an owner's calls are given which publish to a registry.
type givenTokens struct {
	any     bool
	secret  string   // of the first
	values  []string // of literal ones
	blocker string
}

// givenTo are the tokens that the calls of a step are given.
func (v *publishView) givenTo(s *circle.Step, r registry) givenTokens {
	owner := s.Owner()
	var out givenTokens
	for _, u := range v.running(s) {
		out = out.and(v.givenIn(u, r, owner))
	}
	return out
}

// givenIn are those of one unit, of which many calls may have the same.
func (v *publishView) givenIn(u *storedUnit, r registry, owner string) givenTokens {
	at := ownerPlace{publishPlace{u, r}, owner}
	out, known := v.given[at]
	if known {
		return out
	}
	for _, t := range v.tokensOf(u, r) {
		out = out.and(t.to(owner, r))
	}
	out.values = slices.Clip(out.values) // what another unit adds is no part of it
	v.given[at] = out
	return out
}

// to is one token that the calls of an owner are given.
func (t givenToken) to(owner string, r registry) givenTokens {
	out := givenTokens{any: true, secret: t.secret}
	if t.literal != "" {
		out.values = []string{t.literal}
	}
	switch {
	case t.blocker != "":
		out.blocker = t.blocker
	case t.owner != owner && r == pypi:
		out.blocker = "the token is set by " + t.owner + ": twine uses it whatever else there is"
	}
	return out
}

// and are the tokens with more of them.
func (g givenTokens) and(more givenTokens) givenTokens {
	switch {
	case !more.any:
		return g
	case !g.any:
		return more
	}
	if g.secret == "" || g.secret == twineVar {
		g.secret = cmp.Or(more.secret, g.secret)
	}
	g.values = append(g.values, more.values...)
	g.blocker = cmp.Or(g.blocker, more.blocker)
	return g
}

// givenToken is what a call that publishes has to know of a token.
type givenToken struct {
	secret  string
	literal string
	owner   string
	blocker string
}

// ownerPlace is an owner that publishes in a unit.
type ownerPlace struct {
	publishPlace
	owner string
}

// publishPlace is a unit that publishes to a registry.
type publishPlace struct {
	unit     *storedUnit
	registry registry
}

// tokensOf are the tokens with which a unit publishes to a registry, each once. A unit may have many calls that do.
func (v *publishView) tokensOf(u *storedUnit, r registry) []givenToken {
	place := publishPlace{u, r}
	out, known := v.tokens[place]
	if !known && v.toPublic(u, r) && !v.trusted(u, r) {
		met, open := map[givenToken]bool{}, v.open(u, r)
		for _, use := range v.tokensIn(u, r).all {
			if t := (givenToken{use.secret, use.literal, use.owner, cmp.Or(use.blocker, open)}); !met[t] {
				met[t] = true
				out = append(out, t)
			}
		}
	}
	v.tokens[place] = out
	return out
}

// trusted reports whether a unit has CircleCI's token for npm already.
func (v *publishView) trusted(u *storedUnit, r registry) bool {
	return r == npm && slices.ContainsFunc(u.steps, func(x circle.Visit) bool {
		script := v.script(x.Step)
		return script != nil && len(script.Mentions("NPM_ID_TOKEN")) > 0
	})
}
