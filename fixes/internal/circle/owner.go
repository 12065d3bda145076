package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// fileOwner owns what belongs to no definition: a packed part of an orb, and the sections that hold none.
const fileOwner = "file"

// Owner is whose text a node is, by where it stands: job:NAME, executor:NAME, command:NAME, orb-job:WORKFLOW/NAME for an
// entry that runs an orb's job, parameter:NAME for a pipeline parameter, anchor:NAME for a definition elsewhere, and
// orb:ALIAS/ before these inside an inline orb. Text in an entry that runs a job of the file is that job's, unless
// it has an anchor; the rest of a workflow is workflow:NAME. A packed part of an orb, and what is left, is file.
//
// A scalar that is defined outside all of these to be used by alias has the owner of its first use.
func (c *Config) Owner(n rewrite.Node) string {
	chain := c.root.chain(n)
	if len(chain) == 0 || c.root.Packed() {
		return fileOwner
	}
	last := chain[len(chain)-1].Value()
	if last.Kind() == rewrite.Scalar && !c.root.isSection(chain[0].Name()) {
		if uses := last.Aliases(); len(uses) > 0 {
			return c.Owner(uses[0])
		}
	}
	return c.root.owner(chain)
}

// Definitions are the pairs and items around a node that stands outside the sections which have a meaning of their own, as
// far as they have anchors: nothing uses them but by alias.
func (c *Config) Definitions(n rewrite.Node) []rewrite.Entry {
	chain := c.root.chain(n)
	if len(chain) == 0 || c.root.isSection(chain[0].Name()) {
		return nil
	}
	return slices.DeleteFunc(chain, func(e rewrite.Entry) bool { return e.Value().Anchor() == "" })
}

// chain are the pairs and items around a node, from the top-level key inwards, merge keys left out.
func (c *Config) chain(n rewrite.Node) []rewrite.Entry {
	var inside []rewrite.Entry
	for ; n.Exists() && !n.Same(c.Node); n = n.Parent() {
		if e := n.Entry(); e.Exists() && !e.IsMerge() {
			inside = append(inside, e)
		}
	}
	chain := make([]rewrite.Entry, len(inside))
	for i, e := range inside {
		chain[len(inside)-1-i] = e
	}
	return chain
}

// owner is Owner for a chain of entries that starts in this config.
func (c *Config) owner(chain []rewrite.Entry) string {
	section := chain[0].Name()
	if !c.isSection(section) {
		return "anchor:" + c.definitionName(chain)
	}
	if len(chain) == 1 {
		return fileOwner
	}
	name := chain[1].Name()
	switch section {
	case "jobs":
		return "job:" + name
	case "executors":
		return "executor:" + name
	case "commands":
		return "command:" + name
	case "parameters":
		return "parameter:" + name
	case "workflows", "job-groups":
		return c.workflowOwner(chain)
	case "orbs":
		return c.orbOwner(chain)
	}
	return fileOwner
}

// orbOwner is the owner of what stands under orbs: the file's for a reference, the orb's inside an inline one.
func (c *Config) orbOwner(chain []rewrite.Entry) string {
	orb := c.OrbByAlias(chain[1].Name())
	if orb == nil || orb.Inline() == nil {
		return fileOwner
	}
	prefix := "orb:" + orb.Alias
	if len(chain) < 3 {
		return prefix
	}
	inner := orb.Inline().owner(chain[2:])
	if inner == fileOwner {
		return prefix
	}
	return prefix + "/" + inner
}

// workflowOwner is the owner of what stands in a workflow or job group: workflows, NAME, jobs, the entry and so on.
func (c *Config) workflowOwner(chain []rewrite.Entry) string {
	name := chain[1].Name()
	if len(chain) > 3 && chain[2].Name() == "jobs" {
		w := &Workflow{Name: name, Node: chain[1].Value().Resolve(), config: c}
		if u := newWorkflowJob(w, chain[3]); u != nil {
			return u.owner(chain[4:])
		}
	}
	if anchor, ok := nearestAnchor(chain[2:]); ok {
		return "anchor:" + anchor
	}
	return "workflow:" + name
}

func (u *WorkflowJob) owner(inside []rewrite.Entry) string {
	if _, _, ok := u.OrbJob(); ok {
		return "orb-job:" + u.Workflow.Name + "/" + u.Name()
	}
	if anchor, ok := nearestAnchor(inside); ok {
		return "anchor:" + anchor
	}
	if u.Job() != nil {
		return "job:" + u.JobName
	}
	return "workflow:" + u.Workflow.Name
}

func nearestAnchor(chain []rewrite.Entry) (string, bool) {
	for i := len(chain) - 1; i >= 0; i-- {
		if anchor := chain[i].Value().Anchor(); anchor != "" {
			return anchor, true
		}
	}
	return "", false
}

// definitionName names a definition outside the sections: by the nearest anchor, else by the key of the nearest thing
// that looks like a step, a job or a list of these, else by the top-level key.
func (c *Config) definitionName(chain []rewrite.Entry) string {
	if anchor, ok := nearestAnchor(chain); ok {
		return anchor
	}
	name := chain[0].Name()
	for _, e := range chain {
		if e.Name() != "" {
			name = e.Name()
		}
		if c.shape(e.Value()) != shapeless {
			return name
		}
	}
	return chain[0].Name()
}
