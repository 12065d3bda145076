package fixes

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// networkSign is one place that shows that whatever runs it has to be inside the network, or gets there by a tunnel.
type networkSign struct {
	owner       string
	node        rewrite.Node // the scalar or mapping that span is in
	span        rewrite.Span
	message     string
	host        string        // "" for a tunnel
	tunnel      string        // what opens it; "" for a contact
	weak        weakKind      // what makes it look internal, where nothing shows that it is; "" for all others
	variable    bool          // a variable names the host: whether a step reaches it is not shown
	conditional bool          // a condition in the file decides whether it runs
	entry       string        // the workflow entry that has it for itself, while others of its job do not; "" for none
	users       []*circle.Job // that run it
}

// netScript is the script of one physical step. It is read when it is asked for, which is seldom.
type netScript struct {
	step *circle.Step
	text rewrite.Node
	read func() *shell.Script // nil when it cannot be read
}

// networkView is what the network rules see of one config.
type networkView struct {
	p       *Pass
	table   *networkTable
	scope   *networkScope
	scripts map[rewrite.Node]*netScript // by physical step
	order   []*netScript
	signs   []*networkSign        // of what needs a runner
	allowed []*networkSign        // of hosts that the settings route through CircleCI's addresses
	weak    []*networkSign        // of hosts that look internal; judgeWeak deals them out
	others  []*networkSign        // of hosts that take neither
	seen    map[rewrite.Node]bool // environments

	orbJobs map[string]*circle.WorkflowJob // by owner, once somebody asks
	byUser  map[*circle.Job][]*networkSign // signs, once somebody asks
	classes map[string]*classUse           // by the runner's resource class, once somebody asks
}

func newNetworkView(p *Pass) *networkView {
	t := networkData()
	v := &networkView{p: p, table: t, scripts: map[rewrite.Node]*netScript{}, seen: map[rewrite.Node]bool{}}
	v.scope = &networkScope{facts: &p.Facts.Network, table: t, localNames: map[string]bool{}}
	for s := range p.Config.Walk {
		if x := v.scriptOf(s); x != nil {
			v.scripts[s.Node] = x
			v.order = append(v.order, x)
		}
	}
	v.scope.learn = func() { v.scope.learnAll(v) }
	for _, c := range withInline(p.Config) {
		v.scanConfig(c)
	}
	for s := range p.Config.Walk {
		v.scanStep(s)
	}
	v.judgeWeak()
	for _, signs := range []*[]*networkSign{&v.signs, &v.allowed} {
		*signs = slices.DeleteFunc(*signs, v.runsOnRunner)
		slices.SortStableFunc(*signs, inFile)
	}
	return v
}

func inFile(a, b *networkSign) int { return a.span.Start - b.span.Start }

// scriptOf is nil for a step without a script for a shell that is known.
func (v *networkView) scriptOf(s *circle.Step) *netScript {
	text := s.Command()
	if !text.Exists() || !shell.Supported(shellOf(s)) {
		return nil
	}
	if j := s.Job(); j != nil && !s.Shell().Exists() {
		if name, known := circle.Known(j.Shell()); known && !shell.Supported(name) {
			return nil
		}
	}
	return &netScript{s, text, sync.OnceValue(func() *shell.Script { return v.p.scripts.Parse(text.Value()) })}
}

// runsOnRunner reports whether all that run the sign's place are in the network already.
func (v *networkView) runsOnRunner(x *networkSign) bool {
	if use := v.orbJob(x.owner); use != nil {
		class, known := circle.Known(use.Get("resource_class"))
		if name, ok := circle.Known(use.Get("executor")); ok && !known {
			if e := v.p.Config.ExecutorByName(name); e != nil {
				class, _ = circle.Known(e.ResourceClass())
			}
		}
		return strings.Contains(class, "/")
	}
	return len(x.users) > 0 && !slices.ContainsFunc(x.users, func(j *circle.Job) bool { return !onRunner(j) })
}

// scanConfig looks at the environments of jobs, executors and containers in a config, or the body of an inline orb.
func (v *networkView) scanConfig(c *circle.Config) {
	for _, x := range c.Executors() {
		if class, known := circle.Known(x.ResourceClass()); !known || !strings.Contains(class, "/") {
			v.scanEnvironments(x.Environment())
			v.scanContainers(x.DockerItems())
		}
	}
	for _, j := range c.Jobs() {
		v.scanJob(j)
	}
	for _, fr := range c.Fragments() {
		if fr.Job != nil {
			v.scanJob(fr.Job)
		}
		v.scanContainers(fr.Docker)
	}
}

func (v *networkView) scanJob(j *circle.Job) {
	if !onRunner(j) {
		v.scanEnvironments(j.EffectiveEnvironments())
		v.scanContainers(j.DockerItems())
	}
}

func (v *networkView) scanContainers(items []*circle.DockerItem) {
	for _, d := range items {
		v.scanEnvironments(d.Environment())
	}
}

func (v *networkView) scanEnvironments(places circle.Environments) {
	for _, env := range places {
		if v.seen[env.Node] {
			continue
		}
		v.seen[env.Node] = true
		sign := networkSign{owner: v.p.Config.Owner(env.Node), node: env.Node, users: v.p.Config.UsersOf(env.Node)}
		for _, x := range env.Vars() {
			sign.span = x.Value.Span()
			v.scanVariable(sign, x.Name, x.Text)
		}
	}
}

// scanVariable looks at a value that reaches the environment of a command.
func (v *networkView) scanVariable(at networkSign, name, value string) {
	switch {
	case v.table.namesHost(name):
		at.variable = true
		bundled := secretTables().bundled(name) // what is built reaches it, wherever that runs
		for _, host := range hostsIn(value) {
			if !bundled && !v.table.Own.has(name, host) || matchesHost(v.scope.facts.Internal, strings.ToLower(host)) {
				v.addContact(at, name+" names", host)
			}
		}
	case slices.Contains(v.table.Shells, name):
		if script, err := shell.Parse(value); err == nil {
			v.addTunnels(script, func(shell.Span) networkSign { return at })
		}
	}
}

func (v *networkView) addContact(at networkSign, who, host string) {
	at.host = host
	switch {
	case v.scope.needsRunner(host):
		at.message = fmt.Sprintf("%s the internal host %s", who, host)
		v.signs = append(v.signs, &at)
	case v.scope.allowsIPRanges(host):
		at.message = fmt.Sprintf("%s %s, which the settings route through CircleCI's IP ranges", who, host)
		v.allowed = append(v.allowed, &at)
	case v.addWeak(at, who, host):
	default:
		v.others = append(v.others, &at)
	}
}

func (v *networkView) addTunnel(at networkSign, by, opens string) {
	at.tunnel, at.message = by, fmt.Sprintf("%s opens %s", by, opens)
	v.signs = append(v.signs, &at)
}

// scanStep looks at one physical step.
func (v *networkView) scanStep(s *circle.Step) {
	if l := s.List; l != nil && l.Fragment != nil && l.Fragment.Job != nil && onRunner(l.Fragment.Job) {
		return
	}
	v.scanEnvironments(s.Environment())
	orb, command, ok := s.OrbCall()
	connects := ok && orb != nil && v.table.connects(orb.Name(), command)
	x := v.scripts[s.Node]
	reaches := x != nil && v.mayReach(x.text.Value()) && x.read() != nil
	if !connects && !reaches {
		return
	}
	at := networkSign{owner: s.Owner(), node: s.Node, span: s.Node.Span(), users: s.Jobs(), conditional: conditional(circle.Visit{Step: s}), entry: soleEntry(s)}
	if connects {
		at.span = s.Entry.Value().Span()
		if e := s.Node.Entries(); len(e) > 0 {
			at.span = e[0].Key().Span()
		}
		v.addTunnel(at, "the step "+s.Name, "a VPN or tunnel")
	}
	if reaches {
		at.node = x.text
		v.scanScript(x.read(), func(part shell.Span) networkSign {
			sign := at
			sign.span = spanIn(x.text, part)
			return sign
		})
	}
}

// soleEntry is the workflow entry that brings a step to its job, where other entries of that job run without; "" for none.
func soleEntry(s *circle.Step) string {
	list := s.List
	for list != nil && list.Use == nil && list.Step != nil {
		list = list.Step.List
	}
	if list == nil || list.Use == nil || list.Use.Job() == nil {
		return ""
	}
	for _, use := range list.Use.Job().Uses() {
		if !slices.ContainsFunc(use.Flow(), func(x circle.Visit) bool { return x.Step.Node == s.Node }) {
			return list.Use.Name()
		}
	}
	return ""
}

// connects reports whether a command of an orb opens a VPN, by their names.
func (t *networkTable) connects(orb, command string) bool {
	return slices.ContainsFunc(t.Orbs.Names, func(part string) bool { return strings.Contains(orb, part) }) &&
		!slices.ContainsFunc(t.Orbs.Quiet, func(start string) bool { return strings.HasPrefix(command, start) })
}

// mayReach reports whether a script may have a sign. What the settings say of hosts may be about any.
func (v *networkView) mayReach(script string) bool {
	return networkTriggers(v.p.Facts) == nil || v.p.mayHold(networkIndex(), script)
}

func (v *networkView) scanScript(script *shell.Script, at func(shell.Span) networkSign) {
	v.addTunnels(script, at)
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Exported && !a.Naked {
				v.scanVariable(at(a.Span), a.Name, a.Value.Value)
			}
		}
		for _, r := range c.Redirects {
			if parts := strings.Split(r.Target.Value, "/"); len(parts) > 3 && parts[1] == "dev" && (parts[2] == "tcp" || parts[2] == "udp") {
				v.addContact(at(r.Span), "a redirection reaches", parts[3])
			}
		}
		cmd := v.table.command(c)
		for _, a := range v.table.contacts(cmd) {
			for _, host := range a.hosts {
				v.addContact(at(a.word.Span), cmd.name+" reaches", host)
			}
		}
		v.scanInsecure(cmd, at(c.Span))
	}
	for _, e := range script.BashEnv() {
		if e.Exported {
			v.scanVariable(at(e.Line.Span), e.Name, e.Value.Value)
		}
	}
	for _, w := range script.Writes() {
		v.scanWrite(w, at)
	}
}

// netContact is an argument that stands where a command takes hosts.
type netContact struct {
	word  shell.Word
	hosts []string
}

// contacts are the hosts that a command is given.
func (t *networkTable) contacts(cmd netCommand) []netContact {
	if cmd.name == "" {
		return nil
	}
	client := t.client(cmd)
	if client.Operands == "words" || client.Operands == "run" {
		return t.wordContacts(client, cmd.words)
	}
	var out []netContact
	operands, options := client.arguments(cmd.words)
	for _, o := range options {
		if slices.Contains(client.Hosts, o.option) {
			out = append(out, netContact{o.word, hostsIn(o.text)})
		}
	}
	for _, o := range operands {
		var hosts []string
		switch client.Operands {
		case "host":
			if strings.HasPrefix(o.word.Text, "$") && !strings.Contains(o.word.Text, "@") {
				continue // options, or the host itself: then what follows is no host either
			}
			if strings.ContainsAny(o.text, " \t\n") {
				return out // a command for the host that stood before
			}
			return append(out, netContact{o.word, hostsIn(o.text)})
		case "hosts":
			hosts = hostsIn(o.text)
		case "remotes":
			hosts = remoteHosts(o.text)
		case "shares":
			if share, ok := strings.CutPrefix(o.text, "//"); ok {
				hosts = hostsIn(share)
			}
		case "images":
			hosts = imageHosts(o.text)
		}
		out = append(out, netContact{o.word, hosts})
	}
	return out
}

// wordContacts looks at arguments one by one, whatever their places mean.
func (t *networkTable) wordContacts(client *netClient, words []shell.Word) []netContact {
	var out []netContact
	for _, w := range words {
		hosts := t.wordHosts(w.Value)
		if len(hosts) == 0 && client.Operands == "run" {
			hosts = imageHosts(w.Value)
		}
		out = append(out, netContact{w, hosts})
	}
	return out
}
