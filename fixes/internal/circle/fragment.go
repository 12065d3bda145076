package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// Fragment is a definition outside the sections that CircleCI knows, made to be used by alias, with what no job,
// command, executor or workflow uses of it. One of Step, Steps, Job and Docker is set.
type Fragment struct {
	Name   string        // of its anchor, else of the nearest key
	Node   rewrite.Node  // the definition
	Step   *Step         // a step, or the body of a run step
	Steps  *StepList     // a list of steps
	Job    *Job          // a mapping with keys of a job; it shows only the keys that are not used
	Docker []*DockerItem // containers

	config *Config
}

// sections are the top-level keys that are no place for fragments.
var sections = map[string]bool{
	"commands": true, "description": true, "display": true, "examples": true, "executors": true,
	"experimental": true, "job-groups": true, "jobs": true, "notify": true, "orbs": true, "parameters": true,
	"setup": true, "usage": true, "version": true, "workflows": true,
}

// isSection reports whether a top-level key has a meaning of its own.
func (c *Config) isSection(key string) bool { return sections[key] || c.Packed() }

// Fragments are the unused definitions outside the sections, in source order.
func (c *Config) Fragments() []*Fragment {
	return c.fragments.get(func() []*Fragment {
		f := fragmentFinder{config: c, index: c.root.indexed()}
		for _, e := range c.Node.Entries() {
			if !e.IsMerge() && !c.isSection(e.Name()) {
				f.find(e.Value(), e.Name())
			}
		}
		return f.out
	})
}

// taken reports whether a value of the fragment is used somewhere.
func (f *Fragment) taken(value rewrite.Node) bool {
	return value.Exists() && f.config.root.indexed().isUsed(value)
}

type fragmentFinder struct {
	config *Config
	index  *index
	out    []*Fragment
}

func (f *fragmentFinder) find(n rewrite.Node, name string) {
	if n.Anchor() != "" {
		name = n.Anchor()
	}
	shape := f.config.shape(n)
	if shape == shapeless || shape == stepListShape && n.Anchor() == "" {
		for _, e := range n.Entries() {
			inner := name
			if e.Name() != "" {
				inner = e.Name()
			}
			f.find(e.Value(), inner)
		}
		return
	}
	frag := &Fragment{Name: name, Node: n, config: f.config}
	if shape == jobShape {
		frag.Job = &Job{Name: name, Node: n, config: f.config, fragment: frag}
		if slices.ContainsFunc(jobKeys, func(k string) bool { return frag.Job.Get(k).Exists() }) {
			f.out = append(f.out, frag)
		}
		return
	}
	if !f.index.isUsed(n) {
		frag.fill(shape)
		f.out = append(f.out, frag)
	}
}

func (f *Fragment) fill(shape shape) {
	h := holder{Fragment: f, Key: f.Name, config: f.config}
	switch shape {
	case stepShape:
		f.Step = &Step{Item: f.Node, Node: f.Node, Entry: f.Node.Entry(), config: f.config}
		f.Step.classify()
	case runBodyShape:
		f.Step = &Step{
			Kind: RunStep, Name: "run",
			Item: f.Node, Node: f.Node, Entry: f.Node.Entry(), config: f.config, value: f.Node,
		}
	case stepListShape:
		f.Steps = &StepList{holder: h, Node: f.Node, Written: f.Node}
	case dockerListShape:
		f.Docker = f.config.dockerItems(f.Node)
	case dockerItemShape:
		f.Docker = []*DockerItem{{Entry: f.Node.Entry(), Node: f.Node, config: f.config}}
	}
}

// shape is what a node outside the sections looks like.
type shape int

const (
	shapeless shape = iota
	stepShape
	runBodyShape
	stepListShape
	jobShape
	dockerListShape
	dockerItemShape
)

// The keys that make a mapping job-like, and all that a run step and a container can have.
var (
	jobKeys = []string{"docker", "environment", "executor", "machine", "macos", "steps"}
	runKeys = []string{
		"auto_rerun_delay", "background", "command", "environment", "max_auto_reruns", "name", "no_output_timeout",
		"shell", "when", "working_directory",
	}
	dockerKeys = []string{
		"auth", "aws_auth", "command", "entrypoint", "environment", "gcp_auth", "image", "name", "user",
	}
)

// shape looks at the node as written: what an alias means is looked at where it stands.
func (c *Config) shape(n rewrite.Node) shape {
	switch n.Kind() {
	case rewrite.Sequence:
		return c.listShape(n)
	case rewrite.Mapping:
		return c.mappingShape(n)
	}
	return shapeless
}

func (c *Config) listShape(n rewrite.Node) shape {
	steps, docker := n.Len() > 0, n.Len() > 0
	for _, e := range n.Entries() {
		item := e.Value().Resolve()
		steps = steps && c.isStep(item)
		docker = docker && isDockerItem(item)
	}
	switch {
	case steps:
		return stepListShape
	case docker:
		return dockerListShape
	}
	return shapeless
}

func (c *Config) mappingShape(n rewrite.Node) shape {
	switch {
	case c.isStep(n):
		return stepShape
	case n.Get("command").Resolve().Kind() == rewrite.Scalar && hasOnly(n, runKeys):
		return runBodyShape
	case isDockerItem(n):
		return dockerItemShape
	case slices.ContainsFunc(n.Fields(), isJobField):
		return jobShape
	}
	return shapeless
}

func isDockerItem(n rewrite.Node) bool {
	return n.Get("image").Resolve().Kind() == rewrite.Scalar && hasOnly(n, dockerKeys)
}

func hasOnly(n rewrite.Node, keys []string) bool {
	return !slices.ContainsFunc(n.Fields(), func(e rewrite.Entry) bool { return !slices.Contains(keys, e.Name()) })
}

// isJobField reports whether a pair has a key of a job and a value that fits it.
func isJobField(e rewrite.Entry) bool {
	switch value := e.Value().Resolve(); e.Name() {
	case "docker", "steps":
		return value.Kind() == rewrite.Sequence
	case "environment":
		return value.Kind() == rewrite.Mapping || value.Kind() == rewrite.Sequence
	case "machine", "macos", "executor":
		return value.Exists()
	}
	return false
}

// isStep reports whether a resolved node can only be a step. A mapping whose only key happens to be named like a
// step, but that holds a definition, is not.
func (c *Config) isStep(n rewrite.Node) bool {
	if n.Kind() == rewrite.Scalar {
		return c.isStepName(n.Value())
	}
	fields := n.Fields()
	if len(fields) != 1 {
		return false
	}
	value := fields[0].Value().Resolve()
	switch name := fields[0].Name(); name {
	case "run", "deploy":
		return value.Kind() == rewrite.Mapping && !hasAny(value, "run") || value.Kind() == rewrite.Scalar && !value.IsNull()
	case "when", "unless":
		return value.Get("steps").Exists()
	default:
		return c.isStepName(name) && !holdsDefinition(value)
	}
}

func (c *Config) isStepName(name string) bool {
	if isBuiltin(name) || c.CommandByName(name) != nil {
		return true
	}
	alias, _, ok := splitElement(name)
	return ok && c.OrbByAlias(alias) != nil
}

// holdsDefinition reports whether a value looks like a definition of its own instead of the arguments of a step.
func holdsDefinition(n rewrite.Node) bool {
	return n.Kind() == rewrite.Sequence || hasAny(n, "run", "docker", "steps", "command")
}
