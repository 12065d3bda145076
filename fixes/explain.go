package fixes

import (
	"fmt"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// Note is what was seen of a job or another owner, for people who wonder why something was done, or was not.
type Note struct {
	Owner string // as of a finding
	Text  string // one line; never holds a secret
}

// explain collects what there is to tell about each run of steps in the file: what it is, then what each rule sees.
func (e *Engine) explain(f *fileView, facts *Facts, scripts shell.Cache) []Note {
	var out []Note
	for _, c := range f.configs {
		if c == nil {
			continue
		}
		n := notebook{texts: map[string][]string{}, met: map[Note]bool{}}
		p := newPass(f, c, facts, scripts)
		p.Repo, p.note, p.untriggered = e.Repo, n.add, true // what no rule is about is told too
		for _, u := range p.units() {
			explainUnit(p, u)
		}
		for _, rule := range e.Rules {
			if rule.Explain != nil {
				rule.Explain(p)
			}
		}
		for _, owner := range n.owners {
			for _, text := range n.texts[owner] {
				out = append(out, Note{owner, text})
			}
		}
	}
	return out
}

// notebook keeps notes by owner, each once: rules that share a view say the same.
type notebook struct {
	owners []string
	texts  map[string][]string
	met    map[Note]bool
}

func (n *notebook) add(x Note) {
	if n.met[x] {
		return
	}
	n.met[x] = true
	texts, known := n.texts[x.Owner]
	if !known {
		n.owners = append(n.owners, x.Owner)
	}
	n.texts[x.Owner] = append(texts, x.Text)
}

// owner is whose steps the unit runs, as findings name it.
func (u *unit) owner(c *circle.Config) string {
	switch {
	case u.job != nil && u.job.Key().Exists():
		return c.Owner(u.job.Key())
	case u.use != nil:
		return c.Owner(u.use.Key)
	case len(u.steps) > 0:
		return u.steps[0].Step.Owner()
	default:
		return "file"
	}
}

// explainUnit tells where the steps run, and with which contexts.
func explainUnit(p *Pass, u *unit) {
	text := counted(len(u.steps), "step")
	if u.job != nil {
		text = runsIn(u.job) + ", " + text
	}
	switch {
	case !u.known:
		text += "; contexts chosen by an expression"
	case len(u.contexts) > 0:
		text += "; contexts " + strings.Join(u.contexts, ", ")
	case u.job != nil && len(u.job.Uses()) == 0:
		text += "; no workflow of the file runs it"
	}
	p.Note(u.owner(p.Config), "%s", text)
}

// runsIn is the job's executor in words.
func runsIn(j *circle.Job) string {
	images, ref := j.DockerItems(), j.ExecutorRef()
	class, known := circle.Known(j.ResourceClass())
	switch {
	case onRunner(j):
		return "on the self-hosted runner " + class
	case j.ResourceClass().Exists() && !known:
		return "in a resource class that an expression chooses"
	case j.Machine().Exists():
		return "in a virtual machine"
	case j.MacOS().Exists():
		return "on macOS"
	case len(images) > 0:
		return "in the image " + images[0].Image().Value()
	case ref.Node.Exists():
		return "in the executor " + ref.Name + ", which the file does not define"
	default:
		return "in an executor that the file does not show"
	}
}

// explainAWS tells whose keys each run of steps has, or why none are seen.
func explainAWS(p *Pass) {
	for _, u := range p.aws().units {
		owner := u.owner(p.Config)
		for _, f := range u.forms {
			p.Note(owner, "AWS, line %d: %s", p.File.Position(f.span.Start).Line, f.message)
		}
		if len(u.forms) == 0 {
			p.Note(owner, "AWS: %s", u.silence(p.File))
		}
	}
}

// silence is why nothing is said about a unit without keys.
func (u *awsUnit) silence(f *rewrite.File) string {
	line := func(x awsVisit) int { return f.Position(x.Step.Node.Span().Start).Line }
	unknown := ""
	for _, x := range u.visits {
		switch {
		case x.facts.assumes:
			return fmt.Sprintf("a role is assumed in line %d", line(x))
		case x.facts.supplied():
			return fmt.Sprintf("line %d brings credentials that are none of this file's", line(x))
		case x.facts.uses && u.standIn():
			return fmt.Sprintf("line %d calls AWS tools for a local service, or with the credentials of a runner", line(x))
		case x.facts.uses:
			return fmt.Sprintf("line %d calls AWS with credentials that came before", line(x))
		case x.facts.unknown() != "" && unknown == "":
			unknown = fmt.Sprintf("; line %d runs %s, which may call anything and is not looked into", line(x), x.facts.unknown())
		}
	}
	return "no key and no call in sight" + unknown
}

// explainImages tells how images in ECR are pulled.
func explainImages(p *Pass) {
	for _, x := range ecrImages(p.Config) {
		how := "without a login of its own"
		switch {
		case x.done:
			how = "with a role, or by other means than keys"
		case x.auth.Exists():
			how = "with keys"
		case x.login.Exists():
			how = "with a stored login token"
		}
		for _, j := range x.users(p.Config) {
			p.Note(p.Config.Owner(j.Key()), "image, line %d: %s is pulled %s", p.File.Position(x.item.Node.Span().Start).Line, x.name(), how)
		}
	}
}

// explainNetwork tells which hosts each run of steps reaches, and what is thought of them.
func explainNetwork(p *Pass) {
	v := p.network()
	told := map[string]bool{}
	for _, group := range []struct {
		signs []*networkSign
		kind  string
	}{
		{v.signs, "internal, so it takes a runner"},
		{v.allowed, "routed through CircleCI's IP ranges"},
		{v.others, "public"},
	} {
		for _, x := range group.signs {
			text := v.contact(x, group.kind)
			for _, owner := range p.ownersOf(x) {
				p.Note(owner, "network, line %d: %s", p.File.Position(x.span.Start).Line, text)
				told[owner] = true
			}
		}
	}
	for _, u := range p.units() {
		if owner := u.owner(p.Config); !told[owner] {
			p.Note(owner, "network: no host in sight")
		}
	}
}

// contact is what a sign shows, in words; kind is what is thought of its host.
func (v *networkView) contact(x *networkSign, kind string) string {
	host := strings.ToLower(strings.TrimSuffix(x.host, "."))
	addr, isAddr := parseAddr(host)
	switch {
	case x.tunnel != "":
		return x.message + ", so it takes a runner"
	case x.weak != "" && kind == "public":
		return x.message + ", and nothing else tells of a private network"
	case x.weak != "":
		return x.message + ", and with the others it takes a runner"
	case !isAddr && !isHostName(host):
		return "reaches a host that is known only when the job runs"
	case matchesHost(v.scope.facts.Public, host):
		kind = "public by the settings"
	case kind == "public" && (v.scope.isLocal(host, addr) || isAddr && !addr.IsGlobalUnicast()):
		kind = "the job's own"
	}
	return fmt.Sprintf("reaches %s (%s)", host, kind)
}

// ownersOf are the jobs that run a place, or its owner when none does.
func (p *Pass) ownersOf(x *networkSign) []string {
	var out []string
	for _, j := range x.users {
		out = append(out, p.Config.Owner(j.Key()))
	}
	if len(out) == 0 {
		out = append(out, x.owner)
	}
	return out
}
