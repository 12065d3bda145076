package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// executorTypes are the keys that say what kind of machine runs a job. One place has one of them.
var executorTypes = []string{"docker", "machine", "macos"}

// Executor is one definition under executors.
type Executor struct {
	Name  string
	Entry rewrite.Entry
	Node  rewrite.Node // the definition, resolved

	config      *Config
	parameters  lazy[[]*Parameter]
	environment lazy[Environments]
	containers  lazy[[]*DockerItem]
}

func newExecutor(c *Config, e rewrite.Entry) *Executor {
	return &Executor{Name: e.Name(), Entry: e, Node: e.Value().Resolve(), config: c}
}

// Key is the node of the executor's name.
func (x *Executor) Key() rewrite.Node { return x.Entry.Key() }

// Config is the config that defines the executor.
func (x *Executor) Config() *Config { return x.config }

// Get is the value of that key as written, merges included.
func (x *Executor) Get(key string) rewrite.Node { return x.Node.Get(key) }

// DockerItems are the containers, none for another kind of executor.
func (x *Executor) DockerItems() []*DockerItem {
	return x.containers.get(func() []*DockerItem { return x.config.dockerItems(x.Node.Get("docker")) })
}

// Environment is the environment of the jobs that use the executor, their own aside.
func (x *Executor) Environment() Environments {
	return x.environment.get(func() Environments { return x.config.environmentsOf(x.Node.Get("environment")) })
}

// Machine is the value of the machine key, resolved.
func (x *Executor) Machine() rewrite.Node { return x.Node.Get("machine").Resolve() }

// MacOS is the value of the macos key, resolved.
func (x *Executor) MacOS() rewrite.Node { return x.Node.Get("macos").Resolve() }

// ResourceClass is the scalar with the resource class, resolved.
func (x *Executor) ResourceClass() rewrite.Node { return resourceClass(x.Node.Get) }

// Shell is the scalar with the shell of the run steps, resolved.
func (x *Executor) Shell() rewrite.Node { return x.Node.Get("shell").Resolve() }

// Parameters are the executor's own parameters.
func (x *Executor) Parameters() []*Parameter {
	return x.parameters.get(func() []*Parameter { return parametersOf(x.Node, holder{config: x.config}) })
}

// Users are the jobs that run in this executor, or may: a job that chooses it by a parameter counts.
func (x *Executor) Users() []*Job { return x.config.root.indexed().executorJobs[x] }

// Entries are the workflow entries that pass this executor's name to the job they run. Of an orb's job that
// is all one can see of the use.
func (x *Executor) Entries() []*WorkflowJob { return x.config.root.indexed().executorEntries[x] }

// ExecutorRef is how a job says which executor it runs in.
type ExecutorRef struct {
	Node  rewrite.Node // the scalar with the name, resolved; absent when the job names no executor
	Name  string       // its text: a name, alias/name, or an expression
	Known bool         // the text is no expression
	Args  rewrite.Node // the mapping with the executor's arguments, absent for a bare name
}

func executorRef(n rewrite.Node) ExecutorRef {
	ref := ExecutorRef{Node: n.Resolve()}
	if ref.Node.Kind() == rewrite.Mapping {
		ref.Args = ref.Node
		ref.Node = ref.Args.Get("name").Resolve()
	}
	ref.Name, ref.Known = Known(ref.Node)
	return ref
}

// executor is the executor that a name means here: one of this config, or alias/name of one of its inline orbs.
func (c *Config) executor(name string) *Executor {
	if x := c.ExecutorByName(name); x != nil {
		return x
	}
	if body, element := c.inOrb(name); body != nil {
		return body.ExecutorByName(element)
	}
	return nil
}

// resourceClass reads a resource class beside the executor type or, as is also allowed, inside it.
func resourceClass(get func(string) rewrite.Node) rewrite.Node {
	if n := get("resource_class").Resolve(); n.Exists() {
		return n
	}
	for _, t := range []string{"machine", "macos"} {
		if n := get(t).Get("resource_class").Resolve(); n.Exists() {
			return n
		}
	}
	return rewrite.Node{}
}

// definesExecutor reports whether a job or fragment names a kind of machine itself.
func definesExecutor(get func(string) rewrite.Node) bool {
	return slices.ContainsFunc(executorTypes, func(t string) bool { return get(t).Exists() })
}
