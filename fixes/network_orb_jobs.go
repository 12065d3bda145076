package fixes

import (
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// orbJob is the workflow entry that owner names, nil when it names something else.
func (v *networkView) orbJob(owner string) *circle.WorkflowJob {
	if !strings.HasPrefix(owner, "orb-job:") {
		return nil
	}
	if v.orbJobs == nil {
		v.orbJobs = map[string]*circle.WorkflowJob{}
		for _, w := range v.p.Config.Workflows() {
			for _, u := range w.Jobs() {
				if name := v.p.Config.Owner(u.Key); v.orbJobs[name] == nil {
					v.orbJobs[name] = u
				}
			}
		}
	}
	return v.orbJobs[owner]
}

// moveOrbJob moves an orb's job by the parameter of it that the entry gives: the resource class, or the executor. Whether
// the orb has others is not in the file.
func (b *runnerFix) moveOrbJob(u *circle.WorkflowJob) (refusal string) {
	m := &runnerMove{runnerFix: b, job: u.Job()}
	kind, refusal := m.chooseClass()
	if refusal != "" {
		return refusal
	}
	m.machine = kind == "machine"
	var ops []rewrite.Op
	switch class, executor := u.Args.Own("resource_class"), u.Args.Own("executor"); {
	case executor.Exists() && m.class != "":
		ops, refusal = m.otherExecutor(executor)
	case executor.Exists():
	case class.Exists():
		ops, refusal = m.otherClass(class)
	default:
		refusal = "the job is an orb's: it can move when the orb has a parameter for the executor or the resource class, and the entry gives it"
	}
	if refusal != "" {
		return refusal
	}
	b.weighOrbJob(m, u)
	b.fix.Ops = append(b.fix.Ops, ops...)
	if m.class != "" {
		m.require("the orb's job " + u.Name())
	}
	return ""
}

// weighOrbJob looks for what the job would miss on the runner, as far as the file shows what it does.
func (b *runnerFix) weighOrbJob(m *runnerMove, u *circle.WorkflowJob) {
	if m.job != nil {
		b.fix.lower(m.doubts()...)
		return
	}
	b.fix.lower(doubt{Unsafe, "what " + u.JobName + " does is not in the file: a runner has no remote Docker, for one, and the orb's parameter may take CircleCI's own classes only"})
}

// otherClass gives the entry's parameter the runner's class.
func (m *runnerMove) otherClass(class rewrite.Node) (ops []rewrite.Op, refusal string) {
	if _, known := circle.Known(class); !known {
		return nil, "the resource class is an expression: it may be a runner's already"
	}
	return []rewrite.Op{rewrite.Replace(class, rewrite.String(m.class))}, ""
}

// otherExecutor gives the entry's parameter an executor with the runner's class.
func (m *runnerMove) otherExecutor(executor rewrite.Node) (ops []rewrite.Op, refusal string) {
	name, _ := circle.Known(executor)
	x := m.view.p.Config.ExecutorByName(name)
	if x == nil || len(x.DockerItems()) == 0 {
		return nil, "the executor that the entry gives the orb's job is none of the file's with images"
	}
	name, ops, refusal = m.newExecutor(x)
	return append(ops, rewrite.Replace(executor, rewrite.String(name))), refusal
}
