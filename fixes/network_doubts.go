package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
)

// doubts are what the job has on CircleCI's machines and may miss on a container runner.
func (b *runnerFix) doubts() []doubt {
	var out []doubt
	if says := generated(b.view.p.File); says != "" {
		out = append(out, doubt{Manual, says})
	}
	if class := b.job.ResourceClass(); class.Exists() {
		if _, known := circle.Known(class); !known {
			out = append(out, doubt{Manual, "the resource class is an expression: it may be a runner's already"})
		}
	}
	if usesIPRanges(b.job) && !b.job.Node.Own(ipRangesKey).Exists() {
		out = append(out, doubt{Manual, "circleci_ip_ranges is merged in from elsewhere, and a runner has no use for it"})
	}
	flow := b.flow()
	items := b.job.DockerItems()
	for i, d := range items {
		out = append(out, b.imageDoubts(d)...)
		if d.Name() == "" || len(items) == 1 {
			continue
		}
		if b.mentions(flow, i, d.Name()) {
			out = append(out, doubt{Manual, fmt.Sprintf("the job reaches a service container by its name, %s, and a container runner has it on localhost only", d.Name())})
		} else {
			out = append(out, doubt{Unsafe, fmt.Sprintf("something may reach the container %s by its name, and a container runner has it on localhost only", d.Name())})
		}
	}
	for _, x := range flow {
		out = append(out, b.stepDoubts(x.Step)...)
	}
	return out
}

func (b *runnerFix) imageDoubts(d *circle.DockerItem) []doubt {
	image, _ := splitImage(d.Image().Value())
	switch {
	case d.AWSAuth().Exists() || strings.Contains(image, ".dkr.ecr."):
		return []doubt{{Manual, "the image " + image + " is in ECR, and a container runner cannot use oidc_role_arn: let the cluster's service account pull it first"}}
	case d.GCPAuth().Exists():
		return []doubt{{Unsafe, "the image " + image + " is pulled with gcp_auth: whether a container runner knows it is not documented"}}
	}
	return nil
}

// mentions reports whether the job's steps or environments, or another container, have the name of a container.
func (b *runnerFix) mentions(flow []circle.Visit, index int, name string) bool {
	inEnvironment := func(places circle.Environments) bool {
		return slices.ContainsFunc(places.Vars(), func(x circle.Var) bool { return hasWord(x.Text, name) })
	}
	for i, d := range b.job.DockerItems() {
		if i != index && inEnvironment(d.Environment()) {
			return true
		}
	}
	return inEnvironment(b.job.EffectiveEnvironments()) || slices.ContainsFunc(flow, func(x circle.Visit) bool {
		return hasWord(x.Step.Command().Value(), name) || inEnvironment(x.Step.Environment())
	})
}

// hasWord reports whether a name stands in a text with no letter, digit or hyphen beside it.
func hasWord(text, name string) bool {
	part := func(c byte) bool {
		return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
			return true
		}
		from = end
	}
}

func (b *runnerFix) stepDoubts(s *circle.Step) []doubt {
	if s.Name == "setup_remote_docker" && s.Kind == circle.BuiltinStep {
		return []doubt{{Manual, "the job uses setup_remote_docker, which a container runner has not"}}
	}
	if orb, _, ok := s.OrbCall(); ok && orb != nil && slices.Contains(b.view.table.RemoteDocker, orb.Name()) {
		return []doubt{{Unsafe, "the step " + s.Name + " may set up remote Docker, which a container runner has not"}}
	}
	x := b.view.scripts[s.Node]
	if x == nil {
		return nil
	}
	for _, c := range x.script.Calls() {
		if c.Name() == "circleci" {
			line := b.view.p.File.Position(spanIn(x.text, c.Span).Start).Line
			return []doubt{{Unsafe, fmt.Sprintf("line %d calls `circleci`, and on a runner that command is circleci-agent", line)}}
		}
	}
	return nil
}
