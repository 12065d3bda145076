package fixes

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// learned sees to it that what the file makes has been taken in. It is asked for by the first host that looks internal.
func (s *networkScope) learned() {
	if learn := s.learn; learn != nil {
		s.learn = nil
		learn()
	}
}

// learnAll takes in what the file itself makes: containers, Docker networks, clusters and names in /etc/hosts. They look
// like an internal network, and are none.
func (s *networkScope) learnAll(v *networkView) {
	s.learnConfig(v.p.Config)
	for _, x := range v.order {
		script := x.read()
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			s.learnCall(c)
		}
		for _, w := range script.Writes() {
			if !strings.HasSuffix(w.File.Value, "etc/hosts") {
				continue
			}
			for _, line := range w.Lines {
				s.learnHostsLine(line.Text)
			}
		}
	}
}

// hasCluster reports whether a job makes a cluster of its own.
func (s *networkScope) hasCluster() bool {
	s.learned()
	return s.cluster
}

// learnConfig takes in the names of containers, and orbs that make a cluster.
func (s *networkScope) learnConfig(c *circle.Config) {
	for _, x := range c.Executors() {
		s.learnContainers(x.DockerItems())
	}
	for _, j := range c.Jobs() {
		s.learnContainers(j.DockerItems())
	}
	for _, fr := range c.Fragments() {
		s.learnContainers(fr.Docker)
		if fr.Job != nil {
			s.learnContainers(fr.Job.DockerItems())
		}
	}
	for _, o := range c.Orbs() {
		name := path.Base(o.Name())
		s.cluster = s.cluster || slices.ContainsFunc(s.table.Cluster.Orbs, func(part string) bool { return strings.Contains(name, part) })
		if inline := o.Inline(); inline != nil {
			s.learnConfig(inline)
		}
	}
}

func (s *networkScope) learnContainers(items []*circle.DockerItem) {
	for _, d := range items {
		s.addLocal(d.Name())
	}
}

func (s *networkScope) addLocal(name string) {
	if name != "" {
		s.localNames[strings.ToLower(name)] = true
	}
}

// addNets takes in networks, each once: every host is looked for in all of them.
func (s *networkScope) addNets(nets ...netip.Prefix) {
	for _, p := range nets {
		s.localNets = appendNew(s.localNets, p)
	}
}

// addMapped takes in a name for an address, unless that is internal.
func (s *networkScope) addMapped(name, address string) {
	if host, _, ok := strings.Cut(address, ":"); ok && strings.Count(address, ":") == 1 {
		address = host
	}
	if s.kind(address) == publicHost {
		s.addLocal(name)
	}
}

// hostsLinePattern finds a line of /etc/hosts in a text, with an address of the machine itself.
var hostsLinePattern = pattern.New(`(?:\b127(?:\.\d+){3}|::1)[ \t]+[\w.-]+(?:[ \t]+[\w.-]+)*`)

// learnCall takes in what one call makes.
func (s *networkScope) learnCall(c *shell.Call) {
	switch c.Name() {
	case "docker", "podman", "nerdctl":
		s.learnDocker(c)
	case "curl":
		for _, option := range []string{"--resolve", "--connect-to"} {
			w, _ := c.Option(option) // NAME:PORT:ADDRESS
			if parts := strings.SplitN(w.Value, ":", 3); len(parts) == 3 {
				s.addMapped(parts[0], parts[2])
			}
		}
	}
	if slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.HasSuffix(w.Value, "etc/hosts") }) {
		for _, w := range c.Words { // as in sed -i '1s/^/127.0.0.1 NAME\n/' /etc/hosts
			s.learnHostsLine(hostsLinePattern.FindString(w.Value))
		}
	}
	for _, made := range s.table.Made {
		if anyCalledBy(made.Commands, c) {
			s.addNets(made.Ranges...)
		}
	}
	s.cluster = s.cluster || anyCalledBy(s.table.Cluster.Commands, c)
}

// learnDocker takes in the names and networks that a docker command gives to containers.
func (s *networkScope) learnDocker(c *shell.Call) {
	if c.Is(c.Name(), "network", "create") {
		for _, option := range []string{"--subnet", "--ip-range", "--gateway"} {
			w, _ := c.Option(option)
			if p, err := netip.ParsePrefix(w.Value); err == nil {
				s.addNets(p)
			}
		}
		return
	}
	for _, option := range []string{"--name", "--hostname", "--network-alias", "--net-alias"} {
		if w, ok := c.Option(option); ok {
			s.addLocal(w.Value)
		}
	}
	if w, ok := c.Option("--add-host"); ok {
		name, address, _ := strings.Cut(w.Value, ":")
		s.addMapped(name, address)
	}
}

// learnHostsLine takes in the names of one line of /etc/hosts, unless they lead to an internal address.
func (s *networkScope) learnHostsLine(line string) {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) < 2 || s.kind(fields[0]) != publicHost {
		return
	}
	for _, name := range fields[1:] {
		s.addLocal(name)
	}
}
