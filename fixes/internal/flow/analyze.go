package flow

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// analyzer interprets one config and its inline orbs.
type analyzer struct {
	report  *Report
	scripts shell.Cache
	left    int // of maxActs

	programs map[*shell.Script]*program
}

// config adds the units of a config. prefix is that of an inline orb.
func (z *analyzer) config(c *circle.Config, prefix string) {
	for _, j := range c.Jobs() {
		z.job(j, prefix)
	}
	for _, w := range slices.Concat(c.Workflows(), c.JobGroups()) {
		for _, use := range w.Jobs() {
			if _, _, ok := use.OrbJob(); ok && use.Job() == nil {
				name := use.Name()
				if name == use.JobName {
					name = spelled(name)
				}
				z.orbJob(use, prefix+"orb-job:"+w.Name+"/"+name)
			}
		}
	}
	for _, cmd := range c.Commands() {
		if len(cmd.Callers()) == 0 {
			z.loose(prefix+"command:"+cmd.Name, walk(cmd.Steps(), nil, 0), nil)
		}
	}
	for _, f := range c.Fragments() {
		z.fragment(f, prefix+"anchor:"+f.Name)
	}
	for _, x := range c.Executors() {
		if len(x.Users()) == 0 {
			z.report.add(&unit{key: prefix + "executor:" + x.Name, where: prefix + "executor:" + x.Name, images: imagesOf(x.DockerItems())})
		}
	}
	for _, o := range c.Orbs() {
		if inline := o.Inline(); inline != nil && strings.Count(prefix, "/") < 3 {
			z.config(inline, prefix+"orb:"+o.Alias+"/")
		}
	}
}

// job adds a unit for the job, and one for each entry that gives it steps of its own.
func (z *analyzer) job(j *circle.Job, prefix string) {
	where := prefix + "job:" + j.Name
	contexts, known := j.Contexts()
	names := strings.Join(slices.Sorted(slices.Values(contexts)), ", ")
	if !known {
		names += " and others"
	}
	u := &unit{key: where, where: where, contexts: names, images: imagesOf(j.DockerItems())}
	z.run(u, j.Flow(), j)
	for _, use := range j.Uses() {
		if use.PreSteps() == nil && use.PostSteps() == nil && len(use.StepArgs()) == 0 {
			continue
		}
		key := where + " in " + use.Workflow.Name
		z.run(&unit{key: key, where: key, contexts: names}, use.Flow(), j)
	}
}

// orbJob adds a unit for a workflow entry that runs an orb's job: what the entry itself shows, and the job in it.
func (z *analyzer) orbJob(use *circle.WorkflowJob, where string) {
	var names []string
	for _, c := range use.Contexts() {
		names = append(names, c.Name)
	}
	u := &unit{key: where, where: where, contexts: strings.Join(slices.Sorted(slices.Values(names)), ", ")}
	orb, name, _ := use.OrbJob()
	visits := use.Flow()
	end := len(visits)
	if post := use.PostSteps(); post != nil {
		if i := slices.IndexFunc(visits, func(v circle.Visit) bool { return v.Step.List != nil && v.Step.List.Node.Same(post.Node) }); i >= 0 {
			end = i
		}
	}
	r := z.start(u, nil)
	r.visits(visits[:end])
	r.element(&element{orb, name, use.Args}, &act{name: orbName(orb, use.JobName, name)})
	r.visits(visits[end:])
	z.report.add(u)
}

// fragment adds a unit for a definition that nothing uses.
func (z *analyzer) fragment(f *circle.Fragment, where string) {
	switch {
	case f.Job != nil:
		u := &unit{key: where, where: where, images: imagesOf(f.Job.DockerItems())}
		z.run(u, f.Job.Flow(), f.Job)
	case f.Steps != nil:
		z.loose(where, walk(f.Steps, nil, 0), nil)
	case f.Step != nil:
		z.loose(where, inside(f.Step, nil, 0), nil)
	default:
		z.loose(where, nil, f.Docker)
	}
}

// loose adds a unit for steps without a job.
func (z *analyzer) loose(where string, visits []circle.Visit, docker []*circle.DockerItem) {
	z.run(&unit{key: where, where: where, images: imagesOf(docker)}, visits, nil)
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

func (z *analyzer) run(u *unit, visits []circle.Visit, j *circle.Job) {
	z.start(u, j).visits(visits)
	z.report.add(u)
}

// start is a unit before its first step.
func (z *analyzer) start(u *unit, j *circle.Job) *running {
	w := &world{job: map[string]value{}, bash: map[string]value{}, profiles: map[string]profile{}, held: map[cloud]value{}, taken: map[string]bool{}}
	r := &running{z: z, unit: u, worlds: []*world{w}}
	if j == nil {
		return r
	}
	r.shell = j.Shell().Value()
	w.job = variables(j.EffectiveEnvironments())
	return r
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
		if m := registry.FindStringSubmatch(x.name); m != nil {
			x.ecr, x.account = true, m[1]
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
