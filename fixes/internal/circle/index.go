package circle

import (
	"strings"

	"cfgfix/rewrite"
)

// index knows, for one document, what the physical nodes are and who refers to whom by name.
type index struct {
	config *Config // the root

	// What is defined at a node. Of definitions that are aliases of one another there are several.
	jobs      map[rewrite.Node][]*Job
	executors map[rewrite.Node][]*Executor
	commands  map[rewrite.Node][]*Command
	entries   map[rewrite.Node][]*WorkflowJob

	order           map[*Job]int
	jobEntries      map[*Job][]*WorkflowJob
	executorJobs    map[*Executor][]*Job
	executorEntries map[*Executor][]*WorkflowJob

	users   map[rewrite.Node][]*Job // answers of UsersOf
	used    map[rewrite.Node]bool   // answers of isUsed
	calls   lazy[map[*Command][]*Step]
	sources map[rewrite.Node]mergers
}

func (c *Config) indexed() *index {
	return c.index.get(func() *index {
		x := &index{
			config:          c,
			jobs:            map[rewrite.Node][]*Job{},
			executors:       map[rewrite.Node][]*Executor{},
			commands:        map[rewrite.Node][]*Command{},
			entries:         map[rewrite.Node][]*WorkflowJob{},
			order:           map[*Job]int{},
			jobEntries:      map[*Job][]*WorkflowJob{},
			executorJobs:    map[*Executor][]*Job{},
			executorEntries: map[*Executor][]*WorkflowJob{},
			users:           map[rewrite.Node][]*Job{},
			used:            map[rewrite.Node]bool{},
			sources:         map[rewrite.Node]mergers{},
		}
		configs := c.configs()
		for _, c := range configs {
			x.addEntries(c)
			for _, cmd := range c.Commands() {
				x.commands[cmd.Node] = append(x.commands[cmd.Node], cmd)
			}
			for _, e := range c.Executors() {
				x.executors[e.Node] = append(x.executors[e.Node], e)
			}
		}
		for _, c := range configs {
			for _, j := range c.Jobs() {
				x.addJob(j)
			}
		}
		return x
	})
}

func (x *index) addEntries(c *Config) {
	for _, u := range c.entries() {
		x.entries[u.Node] = append(x.entries[u.Node], u)
		if j := u.Job(); j != nil {
			x.jobEntries[j] = append(x.jobEntries[j], u)
		}
		for _, arg := range u.Args.Fields() {
			if !strings.Contains(arg.Name(), "executor") {
				continue
			}
			if e := c.executor(executorRef(arg.Value()).Name); e != nil {
				x.executorEntries[e] = append(x.executorEntries[e], u)
			}
		}
	}
}

func (x *index) addJob(j *Job) {
	x.order[j] = len(x.order)
	x.jobs[j.Node] = append(x.jobs[j.Node], j)
	for _, e := range j.possibleExecutors(x.jobEntries[j]) {
		x.executorJobs[e] = append(x.executorJobs[e], j)
	}
}

// entries are the entries of all workflows and job groups.
func (c *Config) entries() []*WorkflowJob {
	var out []*WorkflowJob
	for _, w := range c.Workflows() {
		out = append(out, w.Jobs()...)
	}
	for _, g := range c.JobGroups() {
		out = append(out, g.Jobs()...)
	}
	return out
}

// callers are the physical steps that call each command.
func (x *index) callers() map[*Command][]*Step {
	return x.calls.get(func() map[*Command][]*Step {
		out := map[*Command][]*Step{}
		for s := range x.config.Walk {
			if cmd := s.Callee(); cmd != nil {
				out[cmd] = append(out[cmd], s)
			}
		}
		return out
	})
}
