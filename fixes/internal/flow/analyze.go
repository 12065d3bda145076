package flow

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// task is a unit that is to be interpreted: its steps, and whose job they are.
type task struct {
	unit   *unit
	visits []circle.Visit
	shell  string
	job    map[string]value // the environment of the job and its executor

	// Of an entry that runs an orb's job, whose steps are elsewhere: the entry, and how many of the visits come before
	// the job.
	use    *circle.WorkflowJob
	before int
}

// lister collects the units of one config and its inline orbs.
type lister struct {
	tasks []*task
	keys  map[string]int // of units: how many have that one, or asked for it
}

func tasksOf(c *circle.Config) []*task {
	l := &lister{keys: map[string]int{}}
	l.config(c, "")
	return l.tasks
}

// config adds the units of a config. prefix is that of an inline orb.
func (l *lister) config(c *circle.Config, prefix string) {
	for _, j := range c.Jobs() {
		l.job(j, prefix)
	}
	for _, w := range slices.Concat(c.Workflows(), c.JobGroups()) {
		for _, use := range w.Jobs() {
			if _, _, ok := use.OrbJob(); ok && use.Job() == nil {
				name := use.Name()
				if name == use.JobName {
					name = spelled(name)
				}
				l.orbJob(use, prefix+"orb-job:"+w.Name+"/"+name)
			}
		}
	}
	for _, cmd := range c.Commands() {
		if len(cmd.Callers()) == 0 {
			l.loose(prefix+"command:"+cmd.Name, walk(cmd.Steps(), nil, 0), nil)
		}
	}
	for _, f := range c.Fragments() {
		l.fragment(f, prefix+"anchor:"+f.Name)
	}
	for _, x := range c.Executors() {
		if len(x.Users()) == 0 {
			l.loose(prefix+"executor:"+x.Name, nil, x.DockerItems())
		}
	}
	for _, o := range c.Orbs() {
		if inline := o.Inline(); inline != nil && strings.Count(prefix, "/") < 3 {
			l.config(inline, prefix+"orb:"+o.Alias+"/")
		}
	}
}

// add takes up a task under a key that tells its unit apart.
func (l *lister) add(t *task) {
	key := t.unit.key
	for l.keys[t.unit.key] > 0 {
		l.keys[key]++
		t.unit.key = fmt.Sprintf("%s#%d", key, l.keys[key])
	}
	l.keys[t.unit.key] = 1
	l.tasks = append(l.tasks, t)
}

// job adds a unit for the job, and one for each entry that gives it steps of its own.
func (l *lister) job(j *circle.Job, prefix string) {
	where := prefix + "job:" + j.Name
	contexts, known := j.Contexts()
	names := strings.Join(slices.Sorted(slices.Values(contexts)), ", ")
	if !known {
		names += " and others"
	}
	l.steps(&unit{key: where, where: where, contexts: names, images: imagesOf(j.DockerItems())}, j.Flow(), j)
	for _, use := range j.Uses() {
		if use.PreSteps() == nil && use.PostSteps() == nil && len(use.StepArgs()) == 0 {
			continue
		}
		key := where + " in " + use.Workflow.Name
		l.steps(&unit{key: key, where: key, contexts: names}, use.Flow(), j)
	}
}

// orbJob adds a unit for a workflow entry that runs an orb's job: what the entry itself shows, and the job in it.
func (l *lister) orbJob(use *circle.WorkflowJob, where string) {
	var names []string
	for _, c := range use.Contexts() {
		names = append(names, c.Name)
	}
	t := &task{
		unit:   &unit{key: where, where: where, contexts: strings.Join(slices.Sorted(slices.Values(names)), ", ")},
		visits: use.Flow(), use: use,
	}
	t.before = len(t.visits)
	if post := use.PostSteps(); post != nil {
		if i := slices.IndexFunc(t.visits, func(v circle.Visit) bool { return v.Step.List != nil && v.Step.List.Node.Same(post.Node) }); i >= 0 {
			t.before = i
		}
	}
	l.add(t)
}

// fragment adds a unit for a definition that nothing uses.
func (l *lister) fragment(f *circle.Fragment, where string) {
	switch {
	case f.Job != nil:
		l.steps(&unit{key: where, where: where, images: imagesOf(f.Job.DockerItems())}, f.Job.Flow(), f.Job)
	case f.Steps != nil:
		l.loose(where, walk(f.Steps, nil, 0), nil)
	case f.Step != nil:
		l.loose(where, inside(f.Step, nil, 0), nil)
	default:
		l.loose(where, nil, f.Docker)
	}
}

// steps adds a unit of steps that are those of a job, or of none.
func (l *lister) steps(u *unit, visits []circle.Visit, j *circle.Job) {
	t := &task{unit: u, visits: visits}
	if j != nil {
		t.shell, t.job = j.Shell().Value(), variables(j.EffectiveEnvironments())
	}
	l.add(t)
}

// loose adds a unit for steps without a job.
func (l *lister) loose(where string, visits []circle.Visit, docker []*circle.DockerItem) {
	l.steps(&unit{key: where, where: where, images: imagesOf(docker)}, visits, nil)
}

// maxDepth bounds how deep lists of steps that no job runs are followed into each other.
const maxDepth = 8

// walk are the steps of a list that no job runs. What its parameters hold is not known.
func walk(l *circle.StepList, calls []*circle.Step, depth int) []circle.Visit {
	var out []circle.Visit
	if l == nil || depth > maxDepth {
		return nil
	}
	for _, s := range l.Steps() {
		out = append(out, inside(s, calls, depth)...)
	}
	return out
}

func inside(s *circle.Step, calls []*circle.Step, depth int) []circle.Visit {
	out := []circle.Visit{{Step: s, Calls: calls}}
	if nested := s.Nested(); nested != nil {
		return append(out, walk(nested, calls, depth+1)...)
	}
	if cmd := s.Callee(); cmd != nil {
		return append(out, walk(cmd.Steps(), append(slices.Clip(calls), s), depth+1)...)
	}
	for _, l := range s.StepArgs() {
		out = append(out, walk(l, calls, depth+1)...)
	}
	return out
}

// analyzer interprets units.
type analyzer struct {
	scripts  shell.Cache
	programs map[*shell.Script]*program
	left     int // of maxActs
}

// report interprets the units of one config.
func (z *analyzer) report(tasks []*task) *Report {
	z.left = maxActs
	r := &Report{index: map[string]*unit{}}
	for _, t := range tasks {
		z.run(t)
		r.index[t.unit.key] = t.unit
		r.units = append(r.units, t.unit)
	}
	return r
}

func (z *analyzer) run(t *task) {
	w := &world{job: t.job, bash: map[string]value{}, profiles: map[string]profile{}, held: map[cloud]value{}, taken: map[string]bool{}}
	r := &running{z: z, unit: t.unit, shell: t.shell, worlds: []*world{w}}
	if t.use == nil {
		r.visits(t.visits)
		return
	}
	orb, name, _ := t.use.OrbJob()
	r.visits(t.visits[:t.before])
	r.element(&element{orb: orb, name: name, args: t.use.Args}, &act{name: orbName(orb, t.use.JobName, name)})
	r.visits(t.visits[t.before:])
}

// variables are what an environment gives to a shell.
func variables(environments circle.Environments) map[string]value {
	out := map[string]value{}
	empty := &scope{world: &world{}}
	for _, x := range environments.Vars() {
		switch {
		case x.Value.IsNull():
			out[x.Name] = value{origin: unset}
		default:
			out[x.Name] = textValue(x.Text, empty, nil)
		}
	}
	return out
}

var registry = pattern.New(`(?:^|/)(\d{12})?[^/]*\.dkr\.ecr[.-]`)

// imagesOf are the containers with what they are pulled with.
func imagesOf(items []*circle.DockerItem) []image {
	var out []image
	for _, d := range items {
		x := image{name: d.Image().Value(), other: d.Auth().Exists()}
		if strings.Contains(x.name, ".dkr.ecr") {
			if m := registry.FindStringSubmatch(x.name); m != nil {
				x.ecr, x.account = true, m[1]
			}
		}
		if auth := d.GCPAuth(); auth.Exists() {
			x.auth = source{kind: assumed, role: auth.Get("oidc_service_account").Resolve().Value()}
		} else if auth := d.AWSAuth(); auth.Exists() {
			x.ecr = true
			x.auth = authSource(auth)
		} else if x.ecr && !x.other {
			x.auth = source{kind: outside, keys: standardKeys}
		}
		out = append(out, x)
	}
	return out
}

// authSource reads an aws_auth block. Keys that are left beside a role count: which of the two is taken is not said.
func authSource(auth rewrite.Node) source {
	role := auth.Get("oidc_role_arn").Resolve().Value()
	id, secret := auth.Get("aws_access_key_id").Resolve(), auth.Get("aws_secret_access_key").Resolve()
	empty := &scope{world: &world{}}
	switch {
	case role != "" && (id.Exists() || secret.Exists()):
		return source{kind: broken}
	case role != "":
		return source{kind: assumed, role: roleText(role)}
	}
	return sourceOf(keys{textValue(id.Value(), empty, nil), textValue(secret.Value(), empty, nil)})
}
