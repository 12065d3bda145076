package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
)

// doubts are what the job has on CircleCI's machines and may miss on the runner.
func (m *runnerMove) doubts() []doubt {
	var out []doubt
	if says := generated(m.view.p.File); says != "" {
		out = append(out, doubt{Manual, says})
	}
	if says := m.classDoubt(); says != "" {
		out = append(out, doubt{Manual, says})
	}
	if usesIPRanges(m.job) && !m.job.Node.Own(ipRangesKey).Exists() {
		out = append(out, doubt{Manual, "circleci_ip_ranges is merged in from elsewhere, and a runner has no use for it"})
	}
	flow := jobFlow(m.job)
	if m.machine {
		out = append(out, m.imagesLost()...)
	} else {
		out = append(out, m.containerDoubts(flow)...)
	}
	for _, x := range flow {
		out = append(out, m.stepDoubts(x)...)
	}
	return out
}

// classDoubt says why the resource class may be a runner's already: it is an expression, and the parameters that make
// it up are not all known to be CircleCI's own sizes.
func (m *runnerMove) classDoubt() string {
	class := m.job.ResourceClass()
	if _, known := circle.Known(class); !class.Exists() || known {
		return ""
	}
	values, known := m.job.Values(class)
	if !known || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "/") }) {
		return "the resource class is an expression: it may be a runner's already"
	}
	return ""
}

// containerDoubts are about images and service containers, which a container runner treats in its own way.
func (m *runnerMove) containerDoubts(flow []circle.Visit) []doubt {
	var out []doubt
	items := m.job.DockerItems()
	for i, d := range items {
		out = append(out, imageDoubts(d)...)
		if d.Name() == "" || len(items) == 1 {
			continue
		}
		if m.mentions(flow, i, d.Name()) {
			out = append(out, doubt{Manual, fmt.Sprintf("the job reaches a service container by its name, %s, and a container runner has it on localhost only", d.Name())})
		} else {
			out = append(out, doubt{Unsafe, fmt.Sprintf("something may reach the container %s by its name, and a container runner has it on localhost only", d.Name())})
		}
	}
	return out
}

func imageDoubts(d *circle.DockerItem) []doubt {
	image, _ := splitImage(d.Image().Value())
	switch {
	case d.AWSAuth().Exists() || strings.Contains(image, ".dkr.ecr."):
		return []doubt{{Manual, "the image " + image + " is in ECR, and a container runner cannot use oidc_role_arn: let the cluster's service account pull it first"}}
	case d.GCPAuth().Exists():
		return []doubt{{Unsafe, "the image " + image + " is pulled with gcp_auth: whether a container runner knows it is not documented"}}
	}
	return nil
}

// imagesLost is what goes away with the images of a job that moves to a machine runner.
func (m *runnerMove) imagesLost() []doubt {
	var out []doubt
	for i, d := range m.job.DockerItems() {
		image, _ := splitImage(d.Image().Value())
		if i > 0 {
			out = append(out, doubt{Manual, "the service container " + cmp.Or(d.Name(), image) + " has no place on a machine runner"})
			continue
		}
		for _, key := range []string{"environment", "entrypoint", "command", "user"} {
			if d.Node.Get(key).Exists() {
				out = append(out, doubt{Manual, fmt.Sprintf("the %s of the image %s would go away with it on a machine runner", key, image)})
			}
		}
	}
	return out
}

// mentions reports whether the job's steps or environments, or another container, have the name of a container.
func (m *runnerMove) mentions(flow []circle.Visit, index int, name string) bool {
	inEnvironment := func(places circle.Environments) bool {
		return slices.ContainsFunc(places.Vars(), func(x circle.Var) bool { return hasWord(x.Text, name) })
	}
	for i, d := range m.job.DockerItems() {
		if i != index && inEnvironment(d.Environment()) {
			return true
		}
	}
	return inEnvironment(m.job.EffectiveEnvironments()) || slices.ContainsFunc(flow, func(x circle.Visit) bool {
		return hasWord(x.Step.Command().Value(), name) || inEnvironment(x.Step.Environment())
	})
}

// stepDoubts are about one step, and the first line in it that gives reason to doubt.
func (m *runnerMove) stepDoubts(v circle.Visit) []doubt {
	s := v.Step
	switch orb, _, ok := s.OrbCall(); {
	case isRemoteDocker(s) && !m.machine:
		return []doubt{{Manual, "the job uses setup_remote_docker" + layerCaching(s) + ", which a container runner has not"}}
	case isRemoteDocker(s) && !m.ownStep(v):
		return []doubt{{Manual, "the job uses setup_remote_docker in steps that others may share, and a machine runner has a Docker of its own"}}
	case ok && orb != nil && slices.Contains(m.view.table.RemoteDocker, orb.Name()):
		return []doubt{{Unsafe, "the step " + s.Name + " may set up remote Docker, which a runner has not"}}
	}
	x := m.view.scripts[s.Node]
	if x == nil || x.read() == nil {
		return nil
	}
	for _, c := range x.read().Calls() {
		if c.Name() == "circleci" {
			return []doubt{{Unsafe, fmt.Sprintf("line %d calls `circleci`, and on a runner that command is circleci-agent", lineOf(x.text, c.Span))}}
		}
	}
	for _, name := range m.view.table.HostedVariables {
		if hasWord(x.text.Value(), name) {
			return []doubt{{Unsafe, "a step uses " + name + ", which is not set on a runner"}}
		}
	}
	return nil
}

// layerCaching names the part of remote Docker that its name does not tell.
func layerCaching(s *circle.Step) string {
	if on := s.Value().Get("docker_layer_caching").Resolve(); on.Exists() && on.Value() != "false" {
		return " with layer caching"
	}
	return ""
}
