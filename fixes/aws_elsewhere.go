package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// isElsewhere reports whether the unit's keys are for a service that only speaks the protocol of S3: the unit names one, and
// asks AWS itself for nothing in sight.
func (u *awsUnit) isElsewhere() bool {
	other := slices.ContainsFunc(u.environments().Vars(), namesService) || u.use != nil && sentElsewhere(u.use.Args)
	for _, x := range u.visits {
		aws, foreign := x.services()
		if aws {
			return false
		}
		other = other || foreign
	}
	return other
}

// services reports whether a step asks AWS for something in sight, and whether it names another service.
func (x awsVisit) services() (aws, other bool) {
	if orb, _, ok := x.Step.OrbCall(); ok && orb != nil && orb.Name() != awsCLI && orbTables()[orb.Name()] != nil {
		other = sentElsewhere(x.Step.Args())
		return !other, other
	}
	other = slices.ContainsFunc(x.Step.Environment().Vars(), namesService)
	if x.facts.script() == nil {
		return false, other
	}
	for _, c := range x.facts.script().Calls() {
		foreign := asksElsewhere(c)
		aws = aws || !foreign && asksAWS(c)
		other = other || foreign || namesHost(c)
	}
	return aws, other
}

// asksElsewhere reports whether a call of an AWS tool, or of Terraform, goes to a service that is not AWS.
func asksElsewhere(c *shell.Call) bool {
	c = toolOf(c)
	_, tool := awsTools[c.Name()]
	switch {
	case tool:
		w, _ := endpoint(c)
		return toEndpoint(c) && !(w.Static && standsIn(w.Value))
	case c.Name() == "s3cmd":
		return otherHost(c)
	default:
		return variableTools[c.Name()].options != nil && givesEndpoint(c)
	}
}

// toEndpoint reports whether a call is given the address of a service that is not AWS.
func toEndpoint(c *shell.Call) bool {
	w, ok := endpoint(c)
	return ok && !atAWS(w.Value)
}

// endpoint is the address that a call is given for its service. The AWS CLI takes the beginning of the option for the whole.
func endpoint(c *shell.Call) (shell.Word, bool) {
	for _, option := range []string{"--endpoint-url", "--endpoint"} {
		if w, ok := c.Option(option); ok {
			return w, true
		}
	}
	return shell.Word{}, false
}

// standsIn reports whether an address is a local one: what is there stands in for AWS in tests, and says nothing about the
// keys.
func standsIn(address string) bool {
	return strings.Contains(address, "localhost") || !strings.Contains(address, ".") || strings.Contains(address, "127.0.0.1")
}

// endpointArgument is the address in the arguments that a parameter of an orb passes on to the AWS CLI.
var endpointArgument = pattern.New(`--endpoint(?:-url)?[=\s]+["']?([^\s"']+)`)

// sentElsewhere reports whether the arguments of an element send it to a service that is not AWS.
func sentElsewhere(args rewrite.Node) bool {
	m := endpointArgument.FindStringSubmatch(args.Get("arguments").Resolve().Value())
	return m != nil && !atAWS(m[1])
}

// endpointName is what variables with the address of a service of this protocol are called.
var endpointName = pattern.New(`^(?:[A-Z0-9_]*_)?(?:AWS|S3|MINIO|SPACES|R2)_(?:[A-Z0-9]+_)*ENDPOINT(?:_[A-Z0-9_]+)?$`)

// namesService reports whether a variable holds the address of such a service.
func namesService(x circle.Var) bool {
	text := strings.ToLower(x.Text)
	return namesCompatible(text) || endpointName.MatchString(x.Name) && !standsIn(text) && !atAWS(text)
}

// fetchers are programs that get files from anywhere, for any purpose.
var fetchers = []string{"curl", "wget", "git", "docker", "echo"}

// namesHost reports whether a call is given the host of such a service.
func namesHost(c *shell.Call) bool {
	if slices.Contains(fetchers, c.Name()) {
		return false
	}
	holds := func(w shell.Word) bool { return namesCompatible(strings.ToLower(w.Text)) }
	return slices.ContainsFunc(c.Words, holds) || slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return holds(a.Value) }) ||
		slices.ContainsFunc(c.Redirects, func(r shell.Redirect) bool { return r.HereDoc() && holds(r.Body) })
}

// namesCompatible reports whether a text, in lower case, names a host that speaks the protocol.
func namesCompatible(text string) bool {
	return slices.ContainsFunc(awsLimits().Compatible, func(host string) bool { return strings.Contains(text, host) })
}

// dropElsewhere takes away the forms that act for another service than AWS wherever they act. A literal key stays: one that
// looks like a key of AWS is one.
func (v *awsView) dropElsewhere() {
	gone := map[*keyForm]bool{}
	aws := func(u *awsUnit) bool { return !u.elsewhere() }
	for _, f := range v.forms {
		may := !f.literal && (f.kind.shown() || f.element != nil)
		gone[f] = may && !slices.ContainsFunc(v.unitsOf(f), aws)
	}
	dropped := func(f *keyForm) bool { return gone[f] }
	v.forms = slices.DeleteFunc(v.forms, dropped)
	for _, u := range v.units {
		u.forms = slices.DeleteFunc(u.forms, dropped)
	}
}
