package fixes

import (
	"slices"

	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// moveLogins turns logins by `aws ecr get-login`, which version 2 of the CLI does not have, into ones that both versions
// have, where the setup may put version 2 in front. That takes the name of the registry; without it the fix is unsafe.
func (b *awsFix) moveLogins() (refusal string) {
	if !b.swapsCLI() {
		return ""
	}
	for _, u := range b.units {
		for _, x := range u.visits {
			if !x.facts.v1Only {
				continue
			}
			ops, ok := u.moveLogin(x.facts)
			if !ok {
				b.doubts = append(b.doubts, doubt{Unsafe, "a step calls `aws ecr get-login`, which only version 1 of the CLI has, and nothing shows that it stays in front"})
			}
			b.fix.Ops = append(b.fix.Ops, ops...)
		}
	}
	return ""
}

// moveLogin rewrites the logins of one script. It is not ok when the registry or the shape of one is not known.
func (u *awsUnit) moveLogin(facts *stepFacts) (ops []rewrite.Op, ok bool) {
	for _, c := range facts.script().Calls() {
		if !c.IsAWS("ecr", "get-login") {
			continue
		}
		outer, host, region := loginAround(facts.script(), c), "", ""
		if host, region = u.registry(c); outer == nil || host == "" {
			return nil, false
		}
		text := "aws ecr get-login-password --region " + region + " | docker login --username AWS --password-stdin " + host
		ops = append(ops, shared(facts.text, rewrite.ReplaceText(facts.text, outer.Span.Start, outer.Span.End, text))...)
	}
	return ops, true
}

// loginAround is the command that runs what a get-login prints, and nothing else: $(...), or eval of it.
func loginAround(script *shell.Script, c *shell.Call) *shell.Call {
	if !c.Substitution || c.Inner {
		return nil
	}
	for _, o := range script.Calls() {
		alone := len(o.Words) == 1 && o.Words[0].Span.Contains(c.Span) || o.Name() == "eval" && len(o.Args()) == 1 && o.Args()[0].Span.Contains(c.Span)
		if o != c && alone && !o.Substitution && !o.Inner && o.Pipe.Len == 0 && len(o.Redirects)+len(o.Assigns) == 0 {
			return o
		}
	}
	return nil
}

// registry is the host of the registry that a get-login logs in to, with its region, as far as the call and the scripts
// of the unit show it.
func (u *awsUnit) registry(c *shell.Call) (host, region string) {
	var hosts []string
	for _, x := range u.visits {
		if x.facts.script() == nil {
			continue
		}
		for _, m := range registryHost.FindAllStringSubmatch(x.facts.script().Text(), -1) {
			if !slices.Contains(hosts, m[0]) {
				hosts = append(hosts, m[0])
			}
			host, region = m[0], m[2]
		}
	}
	given, ok := c.Option("--region")
	if len(hosts) != 1 || ok && given.Value != region || c.Has("--registry-ids") || c.Has("--profile") {
		return "", ""
	}
	return host, region
}

// swapsCLI reports whether the setup step may put version 2 of the CLI in front of a version 1 that a step needs.
func (b *awsFix) swapsCLI() bool {
	for _, u := range b.units {
		for _, f := range b.group {
			if f.setup == nil || f.setup.release == nil || f.setup.release.OIDC || f.setup.release.Raise != "" {
				continue
			}
			if slices.ContainsFunc(u.visits, func(x awsVisit) bool { return x.facts.v1Only }) {
				return true
			}
		}
	}
	return false
}
