package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// movable are the jobs of the file that have to move for a group's places to run inside the network, or why an edit
// cannot move them.
func (v *networkView) movable(group []*networkSign) (jobs []*circle.Job, refusal string) {
	jobs = hostedUsers(group)
	kind, name, _ := strings.Cut(group[0].owner, ":")
	switch {
	case kind == "file" || isOrb(v.p.Config):
		return nil, "this is part of an orb: whoever uses it decides where it runs"
	case kind == "orb" && slices.ContainsFunc(jobs, func(j *circle.Job) bool { return j.Config() != v.p.Config }):
		return nil, "this is part of an inline orb: move the jobs that use it to a runner"
	case kind != "job" && len(jobs) == 0:
		return nil, "no job of the file uses this, so there is none to move to a runner"
	case len(jobs) == 0:
		jobs = []*circle.Job{v.p.Config.JobByName(name)}
	case !slices.ContainsFunc(group, func(x *networkSign) bool { return x.entry == "" }):
		return nil, "the entry " + group[0].entry + " brings this to the job, and other entries run it without: give that one a job of its own"
	case !shownFor(group):
		return nil, "the jobs that share this may not all use it: move those that do to a runner, of " + jobNames(jobs)
	}
	for _, j := range jobs {
		if j == nil || j.Entry.Value().Kind() == rewrite.Alias && len(j.Node.Users()) > 1 || j.Node.Kind() != rewrite.Mapping {
			return nil, "the job is defined elsewhere, for others as well"
		}
	}
	return jobs, ""
}

// shownFor reports whether a group shows for each job that shares its places that it reaches the network. Jobs that are on a
// runner count: they may be the ones that do.
func shownFor(group []*networkSign) bool {
	if slices.ContainsFunc(group, (*networkSign).contacted) {
		return true
	}
	var user *circle.Job
	for _, x := range group {
		for _, j := range x.users {
			if user != nil && j != user {
				return false
			}
			user = j
		}
	}
	return true
}

// contacted reports whether a step reaches the network in any case: no variable only names what it may reach, and no
// condition stands above it, which may hold for some of the jobs alone.
func (x *networkSign) contacted() bool { return !x.variable && !x.conditional }

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

func jobNames(jobs []*circle.Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, "job "+j.Name)
	}
	return strings.Join(names, ", ")
}

// runnerFix builds the fix that moves all jobs that run one owner's places to a runner.
type runnerFix struct {
	view  *networkView
	group []*networkSign
	jobs  []*circle.Job
	fix   *Fix
}

// runnerMove is the part of the fix for one job.
type runnerMove struct {
	*runnerFix
	job     *circle.Job
	class   string // "" while the fact is missing
	machine bool   // a machine runner, in place of a container runner
}

// build fills in the fix, or says why there is none.
func (b *runnerFix) build() (refusal string) {
	if use := b.view.orbJob(b.group[0].owner); use != nil {
		refusal = b.moveOrbJob(use)
	} else if b.jobs, refusal = b.view.movable(b.group); refusal == "" {
		refusal = b.moveJobs()
	}
	if len(b.fix.Needs) > 0 {
		b.fix.Ops, b.fix.Requires, b.fix.Relies = nil, nil, nil
	}
	return refusal
}

func (b *runnerFix) moveJobs() (refusal string) {
	for _, j := range b.jobs {
		if refusal := b.add(j); refusal != "" {
			if len(b.jobs) > 1 {
				refusal = "job " + j.Name + " shares this: " + refusal
			}
			return refusal
		}
	}
	return ""
}

// add moves one job.
func (b *runnerFix) add(j *circle.Job) (refusal string) {
	m := &runnerMove{runnerFix: b, job: j}
	kind, refusal := m.chooseClass()
	if refusal != "" {
		return refusal
	}
	if refusal = m.chooseKind(kind); refusal != "" {
		return refusal
	}
	b.fix.lower(m.doubts()...)
	if m.class == "" {
		return ""
	}
	if user := m.bystander(); user != nil {
		return "job " + user.Name + " takes its definition over and does not reach these hosts"
	}
	if !m.inherits() {
		ops, refusal := m.ops()
		if refusal != "" {
			return refusal
		}
		b.fix.Ops = append(b.fix.Ops, shared(j.Node, ops...)...) // some again: jobs may share a new executor
	}
	m.require("job " + j.Name)
	return ""
}

// bystander is a job that merges this one in, or is its alias, without being moved; nil for none.
func (m *runnerMove) bystander() *circle.Job {
	for _, user := range m.view.p.Config.UsersOf(m.job.Node) {
		if !slices.Contains(m.jobs, user) && !onRunner(user) {
			return user
		}
	}
	return nil
}

// inherits reports whether the job says nothing itself about where it runs and merges another one in that is moved.
func (m *runnerMove) inherits() bool {
	for _, key := range []string{"docker", "machine", "executor", "resource_class"} {
		if m.job.Node.Own(key).Exists() {
			return false
		}
	}
	return slices.ContainsFunc(m.jobs, func(o *circle.Job) bool {
		return o.Node != m.job.Node && slices.Contains(m.view.p.Config.UsersOf(o.Node), m.job)
	})
}

// chooseClass takes the resource class for what the job reaches: that of the hosts' routes, else the settings' own.
// kind is the kind of its runner by the same facts, "" when they do not say.
func (m *runnerMove) chooseClass() (kind, refusal string) {
	facts := m.view.p.Facts
	missing := false
	use := func(class, its, source string) {
		switch {
		case class == "":
			missing = true
		case m.class != "" && class != m.class:
			refusal = fmt.Sprintf("the job reaches hosts for two runners, %s and %s: split it", m.class, class)
		default:
			m.fix.use(source)
		}
		if m.class == "" {
			m.class, kind = class, its
		}
	}
	hosts := m.hosts()
	for _, host := range hosts {
		if route, i := m.view.scope.routeOf(host); route.ResourceClass != "" {
			use(route.ResourceClass, cmp.Or(route.Kind, facts.Runner.Kind), fmt.Sprintf("network.routes[%d].resource_class=%s", i, route.ResourceClass))
		} else {
			use(facts.Runner.ResourceClass, facts.Runner.Kind, "runner.resource_class="+facts.Runner.ResourceClass)
		}
	}
	if len(hosts) == 0 { // tunnels alone
		use(facts.Runner.ResourceClass, facts.Runner.Kind, "runner.resource_class="+facts.Runner.ResourceClass)
	}
	if missing {
		m.class = ""
		m.fix.need(Need{"runner.resource_class", "--set runner.resource_class=NAMESPACE/NAME, the class of a runner inside the network"})
	}
	return kind, refusal
}

// chooseKind decides between the two kinds of runner: images stay on a container runner unless the facts say otherwise,
// and what runs in a virtual machine takes a machine runner. It says why the job can run on neither.
func (m *runnerMove) chooseKind(kind string) (refusal string) {
	j := m.job
	switch ref := j.ExecutorRef(); {
	case j.MacOS().Exists():
		return "the job runs on macOS: it needs a machine runner on a Mac"
	case len(hardware(j)) > 1:
		return "a parameter chooses the hardware that the job runs on, and the machines of a runner's resource class are alike"
	case m.mixed():
		return "the job runs on " + hardware(j)[0] + ", and others that share its runner's resource class may not: it needs a class of its own"
	case isMachine(j) && kind == "container":
		return "the job runs in a virtual machine and the runner is of kind container: it needs the class of a machine runner, by network.routes for one"
	case isMachine(j):
		m.machine = true
		if kind == "" {
			m.fix.need(Need{"runner.kind", "--set runner.kind=machine, when the resource class is that of a machine runner: the job runs in a virtual machine"})
		}
	case len(j.DockerItems()) > 0:
		m.machine = kind == "machine"
	case ref.Node.Exists() && !ref.Known:
		return "a parameter chooses the executor: whether a runner can take its place is not shown"
	case ref.Node.Exists():
		return "the executor " + ref.Name + " is not defined in the file: whether a runner can take its place is not shown"
	default:
		return "the file does not show what the job runs in"
	}
	return ""
}

// mixed reports whether a job needs what machines do not have as a rule, and its runner's resource class would serve, or
// serves already, jobs that may do without.
func (m *runnerMove) mixed() bool {
	needs := hardware(m.job)[0]
	if needs == "" {
		return false
	}
	use := m.view.classUses()[m.class]
	return use != nil && (use.there || use.needing[needs] < use.jobs)
}

// classUse is what of the file a runner's resource class serves.
type classUse struct {
	there   bool           // jobs that are in it already
	jobs    int            // that would move to it
	needing map[string]int // of these, those that may run on such hardware
}

// classUses are those of all resource classes.
func (v *networkView) classUses() map[string]*classUse {
	if v.classes != nil {
		return v.classes
	}
	v.classes = map[string]*classUse{}
	at := func(class string) *classUse {
		if v.classes[class] == nil {
			v.classes[class] = &classUse{needing: map[string]int{}}
		}
		return v.classes[class]
	}
	for _, j := range v.p.Config.Jobs() {
		if onRunner(j) {
			at(j.ResourceClass().Value()).there = true
		}
	}
	for _, j := range hostedUsers(v.signs) {
		move := &runnerMove{runnerFix: &runnerFix{view: v, fix: &Fix{}}, job: j}
		move.chooseClass()
		use := at(move.class)
		use.jobs++
		for _, needs := range hardware(j) {
			use.needing[needs]++
		}
	}
	return v.classes
}

// hardware is what a job needs that machines do not have as a rule, "" for nothing of the kind. It is more than one where
// a parameter decides.
func hardware(j *circle.Job) []string {
	classes, _ := j.Values(j.ResourceClass())
	if len(classes) == 0 {
		classes = []string{""}
	}
	var out []string
	for _, class := range classes {
		needs := ""
		switch image, _ := circle.Known(j.Machine().Get("image")); {
		case strings.Contains(strings.ToLower(image+class), "windows"):
			needs = "Windows"
		case strings.HasPrefix(class, "arm."):
			needs = "ARM"
		case strings.Contains(class, "gpu"):
			needs = "a GPU"
		}
		out = appendNew(out, needs)
	}
	return out
}

func isMachine(j *circle.Job) bool {
	m := j.Machine()
	return m.Exists() && m.Value() != "false"
}

// hosts are the hosts that the job reaches inside the network, each once, whoever else owns the place.
func (m *runnerMove) hosts() []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range m.signs() {
		if x.host != "" && !seen[x.host] {
			seen[x.host] = true
			out = append(out, x.host)
		}
	}
	return out
}

// signs are those of the group and of all that the job runs, in the order of the file.
func (m *runnerMove) signs() []*networkSign {
	out := slices.Clone(m.group)
	grouped := map[*networkSign]bool{}
	for _, x := range m.group {
		grouped[x] = true
	}
	for _, x := range m.view.signsOf(m.job) {
		if !grouped[x] {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, inFile)
	return out
}

// signsOf are the signs of what a job runs; there are none for nil.
func (v *networkView) signsOf(j *circle.Job) []*networkSign {
	if v.byUser == nil {
		v.byUser = map[*circle.Job][]*networkSign{}
		for _, x := range v.signs {
			for _, user := range x.users {
				v.byUser[user] = append(v.byUser[user], x)
			}
		}
	}
	return v.byUser[j]
}

// usesIPRanges reports whether the job may ask for CircleCI's fixed addresses, which a runner has not.
func usesIPRanges(j *circle.Job) bool {
	n := j.Get(ipRangesKey).Resolve()
	return n.Exists() && n.Value() != "false"
}

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
func (m *runnerMove) require(name string) {
	where := "in the network that the tunnel leads to"
	if hosts := m.hosts(); len(hosts) > 0 {
		where = "where it reaches " + strings.Join(hosts, ", ")
	}
	kind := "container"
	if m.machine {
		kind = "machine"
	}
	m.fix.Relies = append(m.fix.Relies, &RunnerClass{Use: Use{Jobs: []string{strings.TrimPrefix(name, "job ")}}, Name: m.class, Hosts: m.hosts()})
	m.requires(Before, "runner", fmt.Sprintf("install a %s runner for the resource class %s %s", kind, m.class, where))
	m.requires(Before, "check", "make sure that the project is private or does not build forked pull requests: public projects that do get no runner")
	for _, x := range m.signs() {
		if x.tunnel != "" {
			m.requiresOf(name, After, "check", fmt.Sprintf("take %s out, with the credentials for it: the runner is inside the network", x.tunnel))
		}
	}
	if m.job == nil {
		return // what an orb's job is and does is not in the file
	}
	if m.machine {
		m.requireMachine(name)
	} else if size, known := circle.Known(m.job.ResourceClass()); known {
		m.requiresOf(name, Before, "runner", fmt.Sprintf("give the pods of the resource class %s, in the runner's Helm values, %s of %s, which the job has now", m.class, m.shape(), size))
	}
	if usesIPRanges(m.job) {
		m.requiresOf(name, Before, "runner", "allow the runner's addresses wherever CircleCI's IP ranges were allowed for the job")
	}
	m.requireForSteps(name)
}

func (b *runnerFix) requires(when When, kind, text string) { b.requiresOf("", when, kind, text) }

// requiresOf is requires for one job; its name is "" for no particular one.
func (b *runnerFix) requiresOf(name string, when When, kind, text string) {
	b.fix.require(Prerequisite{when, kind, text, name})
}

// requireMachine is what a machine runner has to have, and does not do by itself.
func (m *runnerMove) requireMachine(name string) {
	if items := m.job.DockerItems(); len(items) > 0 {
		m.requiresOf(name, Before, "runner", fmt.Sprintf("install what the job uses of the image %s on the machines of the resource class %s, which run no images", items[0].Image().Value(), m.class))
	} else {
		image := "its machine image"
		if name, known := circle.Known(m.job.Machine().Get("image")); known {
			image = name
		}
		m.requiresOf(name, Before, "runner", fmt.Sprintf("install what the job uses of %s on the machines of the resource class %s", image, m.class))
	}
	if size, known := circle.Known(m.job.ResourceClass()); known {
		m.requiresOf(name, Before, "runner", fmt.Sprintf("let the machines of the resource class %s have %s of %s, which the job has now", m.class, m.shape(), size))
	}
	m.requiresOf(name, Before, "check", "make sure that the job cleans up before it starts: on a machine runner files and containers stay from one job to the next")
	if on, _ := circle.Known(m.job.Machine().Get("docker_layer_caching")); on != "" && on != "false" {
		m.requiresOf(name, Before, "check", "reckon without Docker layer caching: on a machine runner layers stay as long as the machine keeps them")
	}
}

// shape is what of a job's resource class its runner has to have.
func (m *runnerMove) shape() string {
	switch hardware(m.job)[0] {
	case "":
		return "the size"
	case "Windows":
		return "Windows and the size"
	default:
		return "the hardware and the size"
	}
}

// requireForSteps is what single steps need on the runner.
func (m *runnerMove) requireForSteps(name string) {
	for _, x := range jobFlow(m.job) {
		if x.Step.Name == "add_ssh_keys" {
			place := "the job's image"
			if m.machine {
				place = "the runner"
			}
			m.requiresOf(name, Before, "check", "make sure that "+place+" has ssh-agent, which add_ssh_keys needs there")
		}
		if orb, _, ok := x.Step.OrbCall(); ok && orb != nil && orb.Name() == awsCLI {
			m.requiresOf(name, Before, "runner", "make sure that the runner has the `circleci` command: the aws-cli orb calls it")
		}
	}
}
