package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// movable is the one job that runs all of a group's places and can be sent elsewhere by an edit of its own, or why
// there is none.
func (v *networkView) movable(group []*networkSign) (job *circle.Job, refusal string) {
	hosted := hostedUsers(group)
	kind, name, _ := strings.Cut(group[0].owner, ":")
	switch {
	case kind == "file" || orbSource(v.p.Config):
		return nil, "this is part of an orb: whoever uses it decides where it runs"
	case kind == "orb":
		return nil, "this is part of an inline orb: move the jobs that use it to a runner"
	case kind == "orb-job":
		return nil, "the job is an orb's: it can move when the orb has a parameter for the executor or the resource class"
	case kind != "job" && len(hosted) == 0:
		return nil, "no job of the file uses this, so there is none to move to a runner"
	case kind != "job" || len(hosted) > 1:
		return nil, "other jobs may share this: move all that use it to a runner, " + jobNames(hosted)
	}
	job = v.p.Config.JobByName(name)
	if job == nil || job.Entry.Value().Kind() == rewrite.Alias || job.Node.Kind() != rewrite.Mapping {
		return nil, "the job is defined elsewhere, by an alias"
	}
	return job, ""
}

// hostedUsers are the jobs that run the places on CircleCI's machines, each once.
func hostedUsers(group []*networkSign) []*circle.Job {
	var out []*circle.Job
	seen := map[*circle.Job]bool{}
	for _, x := range group {
		for _, j := range x.users {
			if !seen[j] && !onRunner(j) {
				out = append(out, j)
			}
			seen[j] = true
		}
	}
	return out
}

// orbSource reports whether the config is the source of an orb, whose jobs run in other projects.
func orbSource(c *circle.Config) bool {
	if len(c.Workflows()) > 0 {
		return false
	}
	return slices.ContainsFunc([]string{"description", "display", "examples"}, func(k string) bool { return c.Node.Get(k).Exists() })
}

func jobNames(jobs []*circle.Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, "job "+j.Name)
	}
	return strings.Join(names, ", ")
}

// runnerFix builds the fix that moves one job to a container runner.
type runnerFix struct {
	view  *networkView
	group []*networkSign
	job   *circle.Job
	fix   *Fix
}

// build fills in the fix, or says why there is none.
func (b *runnerFix) build() (refusal string) {
	if refusal := b.executor(); refusal != "" {
		return refusal
	}
	class, refusal := b.class()
	if refusal != "" {
		return refusal
	}
	for _, d := range b.doubts() {
		if d.safety < b.fix.Safety {
			b.fix.Safety, b.fix.Reason = d.safety, d.reason
		}
	}
	if len(b.fix.Needs) > 0 {
		return ""
	}
	if refusal := b.move(class); refusal != "" {
		return refusal
	}
	b.require(class)
	return ""
}

// executor says why the job's kind of executor cannot move to a container runner, which keeps images and nothing else.
func (b *runnerFix) executor() (refusal string) {
	j := b.job
	switch ref := j.ExecutorRef(); {
	case j.MacOS().Exists():
		return "the job runs on macOS: it needs a machine runner on a Mac"
	case j.Machine().Exists():
		return "the job runs in a virtual machine: a machine runner, with its tools installed, has to take its place"
	case len(j.DockerItems()) == 0 && ref.Node.Exists():
		return "the executor " + ref.Name + " is not defined in the file: whether a container runner can take its place is not shown"
	case len(j.DockerItems()) == 0:
		return "the file does not show what the job runs in"
	case b.view.p.Facts.Runner.Kind == "machine":
		return "runner.kind is machine, and a machine runner has no images: the tools of the job's image have to be installed there first"
	}
	return ""
}

// class is the resource class for what the job reaches: that of the hosts' routes, else the settings' own.
func (b *runnerFix) class() (class, refusal string) {
	facts := b.view.p.Facts
	var sources []string
	add := func(c, source string) {
		if class == "" {
			class = c
		}
		if !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
		if c != class {
			refusal = fmt.Sprintf("the job reaches hosts for two runners, %s and %s: split it", class, c)
		}
	}
	missing := false
	for _, x := range b.group {
		if x.host == "" {
			continue
		}
		switch route, i := b.view.scope.routeOf(x.host); {
		case route.ResourceClass != "":
			add(route.ResourceClass, fmt.Sprintf("network.routes[%d].resource_class=%s", i, route.ResourceClass))
		case facts.Runner.ResourceClass != "":
			add(facts.Runner.ResourceClass, "runner.resource_class="+facts.Runner.ResourceClass)
		default:
			missing = true
		}
	}
	if class == "" && facts.Runner.ResourceClass != "" { // tunnels alone
		add(facts.Runner.ResourceClass, "runner.resource_class="+facts.Runner.ResourceClass)
	}
	if class == "" || missing {
		b.fix.Needs = []Need{{"runner.resource_class", "--set runner.resource_class=NAMESPACE/NAME, the class of a container runner inside the network"}}
	}
	b.fix.Facts = sources
	return class, refusal
}

// move adds the operations.
func (b *runnerFix) move(class string) (refusal string) {
	job := b.job.Node
	if own := job.Own("resource_class"); own.Exists() {
		b.fix.Ops = []rewrite.Op{rewrite.Replace(own, rewrite.String(class))}
	} else {
		behind := insertBehind(job)
		if !behind.Exists() {
			return "the job has no place of its own for a resource class"
		}
		b.fix.Ops = []rewrite.Op{rewrite.InsertAfter(behind, rewrite.Pair{Key: "resource_class", Value: rewrite.String(class)})}
	}
	if ranges := job.Own(ipRangesKey); ranges.Exists() && usesIPRanges(b.job) {
		b.fix.Ops = append(b.fix.Ops, rewrite.Remove(ranges.Entry()))
	}
	return ""
}

// insertBehind is the entry behind which a job says on what it runs.
func insertBehind(job rewrite.Node) rewrite.Entry {
	for _, key := range []string{"docker", "executor"} {
		if n := job.Own(key); n.Exists() {
			return n.Entry()
		}
	}
	var merge rewrite.Entry
	for _, e := range job.Entries() {
		if e.IsMerge() {
			merge = e
		}
	}
	return merge
}

// usesIPRanges reports whether the job may ask for CircleCI's fixed addresses, which a runner has not.
func usesIPRanges(j *circle.Job) bool {
	n := j.Get(ipRangesKey).Resolve()
	return n.Exists() && n.Value() != "false"
}

func (b *runnerFix) flow() []circle.Visit { return jobFlow(b.job) }

// jobFlow are the steps of the job, also those that workflow entries add.
func jobFlow(j *circle.Job) []circle.Visit {
	out := j.Flow()
	for _, u := range j.Uses() {
		if u.PreSteps() != nil || u.PostSteps() != nil || len(u.StepArgs()) > 0 {
			out = append(out, u.Flow()...)
		}
	}
	return out
}

// require says what has to exist, and what can go afterwards.
func (b *runnerFix) require(class string) {
	add := func(when When, kind, text string) {
		if p := (Prerequisite{when, kind, text, ""}); !slices.Contains(b.fix.Requires, p) {
			b.fix.Requires = append(b.fix.Requires, p)
		}
	}
	name := "job " + b.job.Name
	where := "in the network that the tunnel leads to"
	if hosts := b.hosts(); len(hosts) > 0 {
		where = "where it reaches " + strings.Join(hosts, ", ")
	}
	add(Before, "runner", fmt.Sprintf("install a container runner for the resource class %s %s", class, where))
	add(Before, "check", "make sure that the project is private or does not build forked pull requests: public projects that do get no runner")
	if size, known := circle.Known(b.job.ResourceClass()); known {
		add(Before, "runner", fmt.Sprintf("give the runner's pods, in its Helm values, the size of %s, which %s has now", size, name))
	}
	if usesIPRanges(b.job) {
		add(Before, "runner", "allow the runner's addresses wherever CircleCI's IP ranges were allowed for "+name)
	}
	for _, x := range b.flow() {
		if x.Step.Name == "add_ssh_keys" {
			add(Before, "check", "make sure that the image of "+name+" has ssh-agent, which add_ssh_keys needs on a runner")
		}
		if orb, _, ok := x.Step.OrbCall(); ok && orb != nil && orb.Name() == awsCLI {
			add(Before, "runner", "make sure that the `circleci` command is on the runner of "+name+": the aws-cli orb calls it")
		}
	}
	for _, x := range b.group {
		if x.tunnel != "" {
			add(After, "check", fmt.Sprintf("take %s out of %s, with the credentials for it: the runner is inside the network", x.tunnel, name))
		}
	}
}

// hosts are the hosts that the job reaches, each once.
func (b *runnerFix) hosts() []string {
	var out []string
	for _, x := range b.group {
		if x.host != "" && !slices.Contains(out, x.host) {
			out = append(out, x.host)
		}
	}
	return out
}
