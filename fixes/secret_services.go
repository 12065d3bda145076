package fixes

import (
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// scanContainers looks at what docker items are given. What serves a program that is started for the job is made up for it,
// and so are its copies elsewhere in the file: those of the containers beside the job's own come first.
func (v *secretView) scanContainers() {
	var own []*circle.DockerItem
	eachDockerList(v.p.Config, func(_ *circle.Config, items []*circle.DockerItem) {
		for i, d := range items {
			v.scanAuth(d)
			if i == 0 {
				own = append(own, d)
				continue
			}
			for _, x := range d.Environment().Vars() {
				v.scanService(x)
			}
		}
	})
	for _, d := range own {
		for _, e := range d.Environment() {
			for _, x := range e.Vars() {
				v.scanOwnContainer(e, x)
			}
		}
	}
}

// scanService looks at a variable of a container beside the job's own. A token of a provider was not made up for the job.
func (v *secretView) scanService(x circle.Var) {
	if v.seen[x.Value] {
		return
	}
	v.seen[x.Value] = true
	if v.table.published(x.Name, x.Text) {
		return
	}
	found := v.table.tokens(x.Text)
	if len(found) == 0 {
		v.madeUp(x)
		return
	}
	offset := len(x.Value.Value()) - len(x.Text)
	v.add(&secretSite{
		node: x.Value, start: offset + found[0].start, end: offset + found[0].end, format: found[0].format, what: found[0].format.String(),
		where:   "the environment of a container sets " + x.Name + " to",
		blocker: "contexts do not reach the containers beside a job: start the container in a step, and give it the variable there",
	})
}

// scanOwnContainer looks at a variable of the container that the steps run in. They see it, and so does the image's own
// command, which a context does not reach.
func (v *secretView) scanOwnContainer(e *circle.Environment, x circle.Var) {
	if v.seen[x.Value] {
		return
	}
	v.seen[x.Value] = true
	j := v.judge(x.Name, x.Text)
	if !j.secret || j.weak && v.serves(e, x) {
		v.madeUp(x)
		return
	}
	offset := len(x.Value.Value()) - len(x.Text)
	v.add(&secretSite{
		node: x.Value, start: offset, end: offset + len(x.Text), format: j.format, what: j.what, confidence: j.confidence,
		where:   "the environment of the job's container sets " + x.Name + " to",
		blocker: "the image's own command may read it, and gets nothing from contexts: where only steps do, take it out, and give the jobs a context that provides " + x.Name,
	})
}

// madeUp takes in what a container is given under the name of a secret.
func (v *secretView) madeUp(x circle.Var) {
	if v.table.readName(x.Name).secret && len(x.Text) > 2 {
		v.dummies[x.Text] = true
	}
}

// serves reports whether a value that need not be a secret is one for services or tests: the job starts services, or the
// environment or all jobs that have it say that a program runs its tests.
func (v *secretView) serves(e *circle.Environment, x circle.Var) bool {
	return v.startsServices(x.Value) || v.table.readName(x.Name).application && (v.table.testMode(e.Vars()) || v.inTestJobs(x.Value))
}

// inTestJobs reports whether all jobs that have the node say that a program runs its tests.
func (v *secretView) inTestJobs(n rewrite.Node) bool {
	jobs := v.p.Config.UsersOf(n)
	return len(jobs) > 0 && !slices.ContainsFunc(jobs, func(j *circle.Job) bool { return !v.tests(j) })
}

// tests reports whether the environment of a job, or of the container that its steps run in, says that a program runs its
// tests.
func (v *secretView) tests(j *circle.Job) bool {
	if known, ok := v.testing[j]; ok {
		return known
	}
	vars := j.EffectiveEnvironments().Vars()
	if items := j.DockerItems(); len(items) > 0 {
		vars = append(vars, items[0].Environment().Vars()...)
	}
	v.testing[j] = v.table.testMode(vars)
	return v.testing[j]
}

// testMode reports whether variables say that a program runs its tests.
func (t *secretTable) testMode(vars []circle.Var) bool {
	return slices.ContainsFunc(vars, func(o circle.Var) bool {
		return slices.Contains(t.Names.Modes, o.Name) && strings.Contains(strings.ToLower(o.Text), "test")
	})
}

// startsServices reports whether a job that has the node has containers beside its first, or starts some itself.
func (v *secretView) startsServices(n rewrite.Node) bool {
	return slices.ContainsFunc(v.p.Config.UsersOf(n), func(j *circle.Job) bool { return len(j.DockerItems()) > 1 || v.starters()[j] })
}

// starters are the jobs with a step that starts containers and leaves them running.
func (v *secretView) starters() map[*circle.Job]bool {
	if v.starting != nil {
		return v.starting
	}
	v.starting = map[*circle.Job]bool{}
	for s := range v.p.Config.Walk {
		text := s.Command().Value()
		if !starterIndex().in(text) {
			continue
		}
		if script := v.p.scripts.Parse(text); script != nil && slices.ContainsFunc(script.Calls(), v.table.starts) {
			for _, j := range s.Jobs() {
				v.starting[j] = true
			}
		}
	}
	return v.starting
}

var starterIndex = sync.OnceValue(func() *wordIndex {
	var names []word
	for _, s := range secretTables().Starters {
		names = append(names, word{s.Command[0], asCommand})
	}
	return newWordIndex(names)
})

// starts reports whether a call starts containers and leaves them running.
func (t *secretTable) starts(c *shell.Call) bool {
	return slices.ContainsFunc(t.Starters, func(s starter) bool {
		return s.Command.calledBy(c) && slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return slices.Contains(s.Words, w.Value) })
	})
}
