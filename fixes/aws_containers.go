package fixes

import (
	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// reportContainers reports the literal keys that the containers of jobs and executors are started with. Steps are said not
// to see them, so that they are no key of a job; they stand in the file all the same.
func (v *awsView) reportContainers(p *Pass) {
	seen := map[rewrite.Node]bool{}
	eachDockerList(v.config, func(_ *circle.Config, items []*circle.DockerItem) {
		for _, d := range items {
			for _, env := range d.Environment() {
				if !seen[env.Node] {
					seen[env.Node] = true
					v.reportContainer(p, env)
				}
			}
		}
	})
}

func (v *awsView) reportContainer(p *Pass, env *circle.Environment) {
	if foreignEndpoint(env.Vars()) {
		return
	}
	for _, x := range env.Vars() {
		if x.Name != keyIDVar || classify(x.Text).kind != literalSource || !keyIDPattern.MatchString(x.Text) {
			continue
		}
		p.Report(Finding{
			Span: x.Entry.Span(), Path: x.Value.Path(), Owner: v.config.Owner(env.Node), Severity: Critical,
			Message: "the environment of a container holds the literal key " + redacted(x.Text),
			NoFix:   "a container starts before any step can assume a role: take the keys out, or start the container in a step behind the setup",
		})
	}
}
