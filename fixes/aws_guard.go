package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// guard looks for what would break, or get worse, when temporary keys take the place of stored ones in a unit.
// removed are the parts of scripts that go away.
func (v *awsView) guard(u *awsUnit, removed map[rewrite.Node][]shell.Span) []doubt {
	out := v.p.tokenDoubts()
	if looksLikeOrb(v.config) {
		out = append(out, doubt{Manual, "the file is the source of an orb, whose users decide which credentials it gets"})
	}
	if u.elsewhere() {
		out = append(out, doubt{Manual, "the job uses the keys for a service that is not AWS, and a role opens only AWS"})
	}
	if d := bashDoubt(u.unit); d != nil {
		out = append(out, *d)
	}
	if v.webIdentity() {
		out = append(out, v.guardWebIdentity(u)...)
	}
	out = append(out, v.guardInstall(u)...)
	for _, use := range u.uses {
		orb, _, _ := use.OrbJob()
		out = append(out, v.guardArguments(orb, use.Args)...)
	}
	first, installs := u.firstSetup(), v.installs(u)
	for i, x := range u.visits {
		out = append(out, v.guardStep(x, removed[x.facts.text], installs && i >= first)...)
	}
	out = append(out, guardBashEnv(u, removed)...)
	if !v.webIdentity() {
		for _, x := range u.visits[u.firstSetup():] {
			out = append(out, v.guardToken(x, removed[x.facts.text])...)
		}
	}
	return out
}

// guardWebIdentity looks for what a token file and a role in the environment do not serve: a role that the job sets for
// another purpose, and steps that outlive the token, which nothing renews.
func (v *awsView) guardWebIdentity(u *awsUnit) []doubt {
	var out []doubt
	image := imageOf(u.unit)
	for _, x := range u.visits {
		if x.facts.script() != nil && slices.ContainsFunc(x.facts.script().Calls(), mountsCredentials) {
			out = append(out, doubt{Manual, "a container gets ~/.aws, and web identity writes nothing there"})
		}
		out = append(out, guardVersions(x, image)...)
		if x.facts.script() != nil && len(x.facts.script().Mentions("AWS_ROLE_ARN")) > 0 {
			out = append(out, doubt{Manual, "a step uses AWS_ROLE_ARN already, which web identity would set"})
		}
	}
	if u.job != nil {
		if _, ok := u.job.EffectiveEnvironments().Lookup("AWS_ROLE_ARN"); ok {
			out = append(out, doubt{Manual, "the job sets AWS_ROLE_ARN already, which web identity would set"})
		}
	}
	if t := u.longest(); t != "" {
		out = append(out, doubt{Unsafe, "a step may run for " + t + ", and the token of web identity lives for an hour and is not renewed"})
	}
	return out
}

// guardVersions looks for tools that a step installs in a version which does not know web identity.
func guardVersions(x awsVisit, image string) []doubt {
	if x.facts.script() == nil {
		return nil
	}
	for _, c := range x.facts.script().Calls() {
		if pin, needs := tooOld(c); pin != "" {
			return []doubt{{Manual, fmt.Sprintf("line %d installs %s, and web identity takes version %s at least", lineOf(x.facts.text, c.Span), pin, needs)}}
		}
		if packagesCLI(c, image) {
			return []doubt{{Unsafe, fmt.Sprintf("line %d installs the awscli of %s, and web identity takes version %s at least", lineOf(x.facts.text, c.Span), image, awsLimits().WebIdentity["awscli"])}}
		}
	}
	return nil
}

// mountsCredentials reports whether a call gives a container the directory with the credentials.
func mountsCredentials(c *shell.Call) bool {
	container := slices.Contains(containerTools, c.Name())
	return container && slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return strings.Contains(w.Value, ".aws") })
}

// guardStep looks at one step: it must not print or copy what the setup brings. behind says that a new setup of the orb
// comes before it.
func (v *awsView) guardStep(x awsVisit, removed []shell.Span, behind bool) []doubt {
	var out []doubt
	if x.Step.Kind == circle.BuiltinStep {
		if paths := carried(x.Step, awsFiles...); paths != "" {
			out = append(out, doubt{Manual, fmt.Sprintf("%s carries %s, with the credentials in it, to other jobs", x.Step.Name, paths)})
		}
		return out
	}
	if x.facts.script() == nil {
		orb, _, _ := x.Step.OrbCall()
		return v.guardArguments(orb, x.Step.Args())
	}
	if text, ok := circle.Known(x.Step.Shell()); ok && !shell.IsBash(text) && (x.facts.uses || len(x.facts.forms) > 0) {
		out = append(out, doubt{Unsafe, "a step that calls AWS runs in " + text + ", and the setup reaches later steps through bash only"})
	}
	removed = append(slices.Clone(removed), bodies(x.facts.script(), removed)...)
	gone := func(s shell.Span) bool { return goes(s, removed) }
	line := func(s shell.Span) int { return lineOf(x.facts.text, s) }
	for _, c := range x.facts.script().Calls() {
		if gone(c.Span) {
			continue
		}
		if longLivedOnly(c) {
			out = append(out, doubt{Manual, fmt.Sprintf("line %d calls `%s`, which STS refuses to temporary keys", line(c.Span), callTitle(c))})
		}
		if printsKeys(x.facts.script(), c) {
			out = append(out, doubt{Unsafe, fmt.Sprintf("line %d prints the keys, and temporary ones are not masked in the output", line(c.Span))})
		}
	}
	if chainsProfiles(x.facts.script()) {
		out = append(out, doubt{Manual, "a profile in ~/.aws/config takes its role from the keys of another one"})
	}
	out = append(out, v.guardFiles(x.Step, x.facts.script(), behind)...)
	for _, c := range keyCopies(x.facts.script()) {
		switch {
		case gone(c.span):
		case v.webIdentity():
			out = append(out, doubt{Manual, fmt.Sprintf("line %d hands %s on, and web identity sets no keys", line(c.span), secretVar)})
		case c.insert == "":
			out = append(out, doubt{Unsafe, fmt.Sprintf("line %d hands %s on without %s, which temporary keys need", line(c.span), secretVar, sessionVar)})
		}
	}
	return out
}

// bodies are the here-documents of removed statements, which go with them.
func bodies(script *shell.Script, removed []shell.Span) []shell.Span {
	var out []shell.Span
	for _, c := range script.Calls() {
		for _, r := range c.Redirects {
			if r.HereDoc() && goes(c.Span, removed) {
				out = append(out, r.Body.Span)
			}
		}
	}
	return out
}

// chainsProfiles reports whether a script sets up a profile that assumes a role with another profile's credentials.
func chainsProfiles(script *shell.Script) bool {
	chains := func(text string) bool {
		return strings.Contains(text, "source_profile") || strings.Contains(text, "credential_source")
	}
	for _, w := range script.Writes() {
		if strings.Contains(w.File.Value, ".aws/") && chains(w.Text()) {
			return true
		}
	}
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		_, name, _ := configured(c)
		return chains(name)
	})
}

// awsFiles are where the setup leaves AWS credentials.
var awsFiles = []string{"~/.aws", "$BASH_ENV"}

// printsKeys reports whether a call puts the keys into the job's output.
func printsKeys(script *shell.Script, c *shell.Call) bool {
	isKey := func(name string) bool { return slices.Contains(keyVars, name) }
	holds := func(w shell.Word) bool { return strings.HasSuffix(w.Value, ".aws/credentials") || w.IsVar("BASH_ENV") }
	all, names := c.Prints()
	if all || slices.ContainsFunc(names, isKey) || c.Name() == "cat" && slices.ContainsFunc(c.Args(), holds) {
		return reachesLog(c)
	}
	return script.Xtrace(c) && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return slices.ContainsFunc(w.Vars, isKey) })
}

// filters are programs that pass on what they read.
var filters = []string{"grep", "egrep", "fgrep", "sort", "uniq", "cat", "tee", "head", "tail", "sed", "awk", "cut", "tr", "column", "less", "more", "xargs", "base64", "rev"}

// reachesLog reports whether what a call prints ends in the job's output, through filters too.
func reachesLog(c *shell.Call) bool {
	for c != nil {
		switch out := c.Stdout(); {
		case out.To == shell.ToLog:
			return true
		case out.To != shell.ToPipe || out.Next == nil || !slices.Contains(filters, out.Next.Name()):
			return false
		default:
			c = out.Next
		}
	}
	return false
}
