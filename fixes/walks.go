package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// withInline are a config and the bodies of the inline orbs in it, at any depth.
func withInline(c *circle.Config) []*circle.Config {
	out := []*circle.Config{c}
	for _, o := range c.Orbs() {
		if inline := o.Inline(); inline != nil {
			out = append(out, withInline(inline)...)
		}
	}
	return out
}

// allJobs are the jobs of the config and of the inline orbs in it.
func allJobs(c *circle.Config) []*circle.Job {
	var out []*circle.Job
	for _, c := range withInline(c) {
		out = append(out, c.Jobs()...)
	}
	return out
}

// allEntries are all entries of the workflows and job groups of a config.
func allEntries(c *circle.Config) []*circle.WorkflowJob {
	var out []*circle.WorkflowJob
	for _, w := range slices.Concat(c.Workflows(), c.JobGroups()) {
		out = append(out, w.Jobs()...)
	}
	return out
}

// eachDockerList visits the lists of docker items of a config and of the inline orbs in it. Lists that are shared by an
// anchor come once for each user.
func eachDockerList(c *circle.Config, visit func(c *circle.Config, items []*circle.DockerItem)) {
	for _, c := range withInline(c) {
		for _, x := range c.Executors() {
			visit(c, x.DockerItems())
		}
		for _, j := range c.Jobs() {
			visit(c, j.DockerItems())
		}
		for _, fr := range c.Fragments() {
			visit(c, fr.Docker)
			if fr.Job != nil {
				visit(c, fr.Job.DockerItems())
			}
		}
	}
}

// uses reports whether a text for which is holds stands anywhere in a node, as a key or as a value.
func uses(n rewrite.Node, is func(text string) bool) bool {
	if n.Kind() == rewrite.Scalar {
		return is(n.Value())
	}
	return slices.ContainsFunc(n.Entries(), func(e rewrite.Entry) bool { return is(e.Name()) || uses(e.Value(), is) })
}
