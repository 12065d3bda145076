package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// allowlistedNetwork wants jobs that reach hosts behind an allow-list of CircleCI's addresses to run from these, and no
// job to ask for them where they do not exist. See doc/allowlisted-network.md.
var allowlistedNetwork = &Rule{
	ID:         "allowlisted-network",
	Title:      "job that does not use the IP ranges its hosts allow",
	Severity:   Low,
	Confidence: HighConfidence,
	Safety:     Setup, // the plan has to have the feature, and the hosts to allow the addresses
	Since:      "0.2.0",
	CWE:        []string{"CWE-668"},
	Run:        runAllowlistedNetwork,
	Explain:    explainNetwork,
}

// ipRangesKey is the key of a job that asks for CircleCI's fixed addresses.
const ipRangesKey = "circleci_ip_ranges"

func runAllowlistedNetwork(p *Pass) error {
	seen := map[rewrite.Node]bool{} // jobs may be aliases of one another
	for _, j := range allJobs(p.Config) {
		if why := failsWithIPRanges(j); why != "" && !seen[j.Node] {
			p.Report(impossible(p, j, why))
		}
		seen[j.Node] = true
	}
	if f := p.Facts.Network; f.Route != ipRanges && !slices.ContainsFunc(f.Routes, func(r RouteFact) bool { return r.Route == ipRanges }) {
		return nil
	}
	v := p.network()
	for _, group := range byOwner(v.allowed) {
		b := &rangesFix{view: v, group: group}
		if b.addJobs() {
			p.Report(b.finding())
		}
	}
	return nil
}

// failsWithIPRanges says why CircleCI refuses to run a job that asks for the IP ranges, "" when it does not.
func failsWithIPRanges(j *circle.Job) string {
	if on, known := circle.Known(j.Get(ipRangesKey)); !known || !slices.Contains([]string{"true", "yes", "on"}, strings.ToLower(on)) {
		return ""
	}
	if m := j.Machine(); m.Exists() && m.Value() != "false" {
		return "runs in a virtual machine"
	}
	for _, x := range j.Flow() {
		if isRemoteDocker(x.Step) && !conditional(x) {
			return "uses setup_remote_docker"
		}
	}
	return ""
}

func isRemoteDocker(s *circle.Step) bool {
	return s.Kind == circle.BuiltinStep && s.Name == "setup_remote_docker"
}

// conditional reports whether a step, or a call that leads to it, may be left out when the pipeline is compiled.
func conditional(x circle.Visit) bool {
	return slices.ContainsFunc(append(slices.Clone(x.Calls), x.Step), func(s *circle.Step) bool {
		for s.List != nil && s.List.Step != nil {
			if s = s.List.Step; s.Kind == circle.WhenStep || s.Kind == circle.UnlessStep {
				return true
			}
		}
		return false
	})
}

// impossible is the finding about a job that cannot run with the IP ranges it asks for.
func impossible(p *Pass, j *circle.Job, why string) Finding {
	at := j.Key()
	if own := j.Node.Own(ipRangesKey); own.Exists() {
		at = own.Entry().Key()
	}
	return Finding{
		Span: at.Span(), Path: at.Path(), Owner: p.Config.Owner(at), Severity: High,
		Message: fmt.Sprintf("the job asks for CircleCI's IP ranges and %s: together they fail", why),
		NoFix:   "which of the two the job can do without is not shown: split it, or run it on a self-hosted runner",
	}
}

// rangesFix builds the fix that lets the jobs of one owner's places run from CircleCI's addresses.
type rangesFix struct {
	view  *networkView
	group []*networkSign
	jobs  []*circle.Job // that lack the key
	fix   *Fix
}

// addJobs collects the jobs that do not run from these addresses. It is false when all that run the places do. Jobs on
// macOS have addresses of their own.
func (b *rangesFix) addJobs() bool {
	all := 0
	for _, x := range b.group {
		for _, j := range x.users {
			all++
			if !slices.Contains(b.jobs, j) && !onRunner(j) && !usesIPRanges(j) && !j.MacOS().Exists() {
				b.jobs = append(b.jobs, j)
			}
		}
	}
	return all == 0 || len(b.jobs) > 0
}

func (b *rangesFix) finding() Finding {
	first := b.group[0]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	for _, x := range b.group[1:] {
		out.Related = append(out.Related, Related{x.span, x.message})
	}
	b.fix = &Fix{Title: "run the job from CircleCI's IP ranges", Safety: Setup, Facts: b.facts()}
	if out.NoFix = b.build(); out.NoFix == "" {
		out.Fix = b.fix
	}
	return out
}

// facts are those that route the hosts.
func (b *rangesFix) facts() []string {
	var out []string
	for _, x := range b.group {
		fact := "network.route=" + ipRanges
		if _, i := b.view.scope.routeOf(x.host); i >= 0 {
			fact = fmt.Sprintf("network.routes[%d].route=%s", i, ipRanges)
		}
		if !slices.Contains(out, fact) {
			out = append(out, fact)
		}
	}
	return out
}

// build fills in the fix, or says why there is none.
func (b *rangesFix) build() (refusal string) {
	kind, _, _ := strings.Cut(b.group[0].owner, ":")
	switch {
	case b.view.p.Facts.Circle.Server:
		return "circleci.server is set, and IP ranges exist on CircleCI's cloud only"
	case generated(b.view.p.File) != "":
		return generated(b.view.p.File)
	case kind == "file" || isOrb(b.view.p.Config):
		return "this is part of an orb: whoever uses it decides where it runs"
	case kind == "orb-job":
		return "the job is an orb's, and " + ipRangesKey + " is no key of a workflow entry"
	case len(b.jobs) == 0:
		return "no job of the file uses this, so there is none to give the IP ranges to"
	}
	for _, j := range b.jobs {
		if refusal := b.obstacle(j); refusal != "" {
			return "job " + j.Name + " " + refusal
		}
	}
	for _, j := range b.jobs {
		if refusal := b.add(j); refusal != "" {
			return "job " + j.Name + " " + refusal
		}
	}
	b.require()
	return ""
}

// obstacle says what keeps the job from having IP ranges. It completes "job NAME".
func (b *rangesFix) obstacle(j *circle.Job) string {
	class := j.ResourceClass()
	_, known := circle.Known(class)
	ref := j.ExecutorRef()
	switch {
	case j.Config().Orb != nil:
		return "is part of an inline orb"
	case class.Exists() && !known:
		return "may be on a runner already: its resource class is an expression"
	case j.Machine().Exists():
		return "runs in a virtual machine, and IP ranges are for the docker executor: let it reach the hosts from a self-hosted runner"
	case len(j.DockerItems()) == 0 && ref.Node.Exists() && !ref.Known:
		return "runs in an executor that a parameter chooses, and IP ranges are for the docker executor"
	case len(j.DockerItems()) == 0 && ref.Node.Exists():
		return "runs in the executor " + ref.Name + ", which the file does not define: IP ranges are for the docker executor"
	case len(j.DockerItems()) == 0:
		return "does not show what it runs in"
	}
	if signs := b.view.signsOf(j); len(signs) > 0 {
		return "also reaches the network from within (" + signs[0].message + "), which IP ranges do not allow: let the hosts allow the runner's addresses"
	}
	for _, x := range jobFlow(j) {
		if isRemoteDocker(x.Step) {
			return "uses setup_remote_docker, with which IP ranges fail: split it, or let it reach the hosts from a self-hosted runner"
		}
		if orb, _, ok := x.Step.OrbCall(); ok && orb != nil && slices.Contains(b.view.table.RemoteDocker, orb.Name()) {
			b.fix.Safety = Unsafe
			b.fix.Reason = "the step " + x.Step.Name + " may set up remote Docker, with which IP ranges fail"
		}
	}
	return ""
}

// add gives a job the key, as its first. A job that others merge in gets it when it is right for all of them.
func (b *rangesFix) add(j *circle.Job) (refusal string) {
	if j.Node.Kind() != rewrite.Mapping || j.Node.Len() == 0 {
		return "is no mapping"
	}
	for _, user := range b.view.p.Config.UsersOf(j.Node) {
		if !slices.Contains(b.jobs, user) && !usesIPRanges(user) {
			return "shares its definition with job " + user.Name + ", which does not reach these hosts"
		}
	}
	if b.inherits(j) {
		return ""
	}
	op := rewrite.InsertBefore(j.Node.Entries()[0], rewrite.Pair{Key: ipRangesKey, Value: rewrite.True()})
	if own := j.Node.Own(ipRangesKey); own.Exists() {
		op = rewrite.Replace(own, rewrite.True())
	}
	b.fix.Ops = append(b.fix.Ops, shared(j.Node, op)...)
	return ""
}

// inherits reports whether the job merges another one in that gets the key, and so gets it too.
func (b *rangesFix) inherits(j *circle.Job) bool {
	return !j.Node.Own(ipRangesKey).Exists() && slices.ContainsFunc(b.jobs, func(o *circle.Job) bool {
		return o.Node != j.Node && slices.Contains(b.view.p.Config.UsersOf(o.Node), j)
	})
}

// require says what has to be there for the IP ranges to work, and what they cost.
func (b *rangesFix) require() {
	var hosts []string
	for _, x := range b.group {
		if !slices.Contains(hosts, x.host) {
			hosts = append(hosts, x.host)
		}
	}
	b.fix.Requires = []Prerequisite{
		{Before, "plan", "make sure that the organisation has the Performance or the Scale plan: IP ranges need one of them", ""},
		{Before, "network", "let CircleCI's IP ranges (the addresses of jobs.knownips.circleci.com) in at " + strings.Join(hosts, ", ") +
			", and keep asking for credentials there: all customers of CircleCI share them", ""},
		{Before, "check", "reckon with 450 credits for each GB that " + jobNames(b.jobs) + " sends and receives", ""},
	}
}
