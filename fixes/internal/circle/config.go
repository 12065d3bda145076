package circle

import (
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// Config is the view of one document, or of the body of an inline orb, which has the same sections.
type Config struct {
	Node rewrite.Node // the mapping that holds the sections, resolved
	Orb  *Orb         // the inline orb whose body this is; nil for a document

	root       *Config
	orbs       lazy[table[*Orb]]
	jobs       lazy[table[*Job]]
	executors  lazy[table[*Executor]]
	commands   lazy[table[*Command]]
	workflows  lazy[table[*Workflow]]
	groups     lazy[table[*Workflow]]
	parameters lazy[[]*Parameter]
	fragments  lazy[[]*Fragment]
	steps      lazy[[]*Step] // of Walk
	bashImages lazy[map[string]proof]
	index      lazy[*index] // of the root only

	// Of the root only: see bounds.go.
	limit                 error
	flowed, places, looks int
	variables, images     int

	// Of the root only, by the node with the list or mapping: many jobs may share one.
	environments map[rewrite.Node]Environments
	containers   map[rewrite.Node][]*DockerItem
}

// New is the view of the document with that root. A root of any kind will do; see [IsConfig].
func New(doc rewrite.Node) *Config {
	c := &Config{Node: doc.Resolve(), environments: map[rewrite.Node]Environments{}, containers: map[rewrite.Node][]*DockerItem{}}
	c.root = c
	return c
}

// configKeys make a mapping a CircleCI config.
var configKeys = []string{"jobs", "orbs", "workflows", "executors", "commands", "steps"}

// IsConfig reports whether the document is something CircleCI would run or pack: a config, an orb's source, or one
// part of an orb that is kept in a file of its own. Usage examples of orbs and configs of CircleCI 1.0 are not.
func IsConfig(doc rewrite.Node) bool {
	root := doc.Resolve()
	if root.Kind() != rewrite.Mapping || !hasAny(root, configKeys...) {
		return false
	}
	if hasAny(root, "jobs", "workflows") {
		return true
	}
	if hasAny(root, "usage", "dependencies", "test", "deployment") && !hasAny(root, "version") {
		return false
	}
	return !hasAny(root, "machine") || hasAny(root, "steps")
}

func hasAny(n rewrite.Node, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return n.Get(k).Exists() })
}

// Version is the text of the top-level version, "" when there is none. Whether it is written as a number or as a
// string makes no difference.
func (c *Config) Version() string {
	return strings.TrimSpace(c.root.Node.Get("version").Resolve().Value())
}

// Is21 reports whether orbs, commands, executors and parameters have a meaning here. A file without a version does
// when it has one of these, or is part of an orb.
func (c *Config) Is21() bool {
	if v := c.Version(); v != "" {
		return v == "2.1"
	}
	return c.root.Packed() || hasAny(c.root.Node, "orbs", "commands", "executors")
}

// Setup reports whether the config goes on with another one (setup: true).
func (c *Config) Setup() bool { return isTrue(c.root.Node.Get("setup").Resolve()) }

// Packed reports whether the document is one command or job of an orb, kept in a file of its own. It is then the
// only member of Jobs or of Commands, without a name.
func (c *Config) Packed() bool {
	return c.Orb == nil && c.Node.Get("steps").Exists() &&
		!hasAny(c.Node, "jobs", "workflows", "commands", "executors", "orbs")
}

// packedJob tells a packed job from a packed command: only a job says where it runs.
func (c *Config) packedJob() bool {
	return c.Packed() && hasAny(c.Node, "docker", "machine", "macos", "executor")
}

// Orbs are the orbs declared, inline ones included.
func (c *Config) Orbs() []*Orb { return c.orbTable().list }

// OrbByAlias is the orb declared under that alias, or nil.
func (c *Config) OrbByAlias(alias string) *Orb { return c.orbTable().byName[alias] }

func (c *Config) orbTable() *table[*Orb] {
	return section(c, &c.orbs, "orbs", func(e rewrite.Entry) *Orb { return newOrb(c, e) })
}

// Jobs are the jobs defined, whether a workflow runs them or not.
func (c *Config) Jobs() []*Job { return c.jobTable().list }

// JobByName is the job of that name, or nil.
func (c *Config) JobByName(name string) *Job { return c.jobTable().byName[name] }

func (c *Config) jobTable() *table[*Job] {
	t := section(c, &c.jobs, "jobs", func(e rewrite.Entry) *Job { return newJob(c, e) })
	if len(t.list) == 0 && c.packedJob() {
		t.add("", &Job{Node: c.Node, config: c})
	}
	return t
}

// Executors are the executors defined.
func (c *Config) Executors() []*Executor { return c.executorTable().list }

// ExecutorByName is the executor of that name, or nil. It does not look into inline orbs.
func (c *Config) ExecutorByName(name string) *Executor { return c.executorTable().byName[name] }

func (c *Config) executorTable() *table[*Executor] {
	return section(c, &c.executors, "executors", func(e rewrite.Entry) *Executor { return newExecutor(c, e) })
}

// Commands are the commands defined.
func (c *Config) Commands() []*Command { return c.commandTable().list }

// CommandByName is the command of that name, or nil. It does not look into inline orbs.
func (c *Config) CommandByName(name string) *Command { return c.commandTable().byName[name] }

func (c *Config) commandTable() *table[*Command] {
	t := section(c, &c.commands, "commands", func(e rewrite.Entry) *Command { return newCommand(c, e) })
	if len(t.list) == 0 && c.Packed() && !c.packedJob() {
		t.add("", &Command{Node: c.Node, config: c})
	}
	return t
}

// Workflows are the workflows defined.
func (c *Config) Workflows() []*Workflow { return c.workflowTable().list }

// WorkflowByName is the workflow of that name, or nil.
func (c *Config) WorkflowByName(name string) *Workflow { return c.workflowTable().byName[name] }

func (c *Config) workflowTable() *table[*Workflow] {
	return section(c, &c.workflows, "workflows", func(e rewrite.Entry) *Workflow { return newWorkflow(c, e, false) })
}

// JobGroups are the groups of workflow entries that workflows run by name.
func (c *Config) JobGroups() []*Workflow { return c.groupTable().list }

func (c *Config) groupTable() *table[*Workflow] {
	return section(c, &c.groups, "job-groups", func(e rewrite.Entry) *Workflow { return newWorkflow(c, e, true) })
}

// Parameters are the pipeline parameters.
func (c *Config) Parameters() []*Parameter {
	return c.parameters.get(func() []*Parameter { return parametersOf(c.Node, holder{config: c}) })
}

// section reads one top-level mapping into a table. Entries for which build gives nil are left out.
func section[T any](c *Config, cache *lazy[table[*T]], key string, build func(rewrite.Entry) *T) *table[*T] {
	if !cache.done {
		cache.done = true
		for _, e := range c.Node.Get(key).Fields() {
			if v := build(e); v != nil {
				cache.value.add(e.Name(), v)
			}
		}
	}
	return &cache.value
}

// configs are this config and the bodies of the inline orbs in it, at any depth, each physical one once.
func (c *Config) configs() []*Config {
	var out []*Config
	seen := map[rewrite.Node]bool{}
	var add func(*Config)
	add = func(c *Config) {
		if seen[c.Node] {
			return
		}
		seen[c.Node] = true
		out = append(out, c)
		for _, o := range c.Orbs() {
			if inline := o.Inline(); inline != nil {
				add(inline)
			}
		}
	}
	add(c)
	return out
}

func isTrue(n rewrite.Node) bool {
	if n.Tag() != "!!bool" {
		return false
	}
	switch strings.ToLower(n.Value()) {
	case "true", "yes", "on", "y":
		return true
	}
	return false
}

// splitElement splits alias/element, the name of something in an orb.
func splitElement(name string) (alias, element string, ok bool) {
	return strings.Cut(name, "/")
}
