package fixes

import (
	"slices"

	"cfgfix/rewrite"
)

// internalNetwork wants jobs that work inside a private network to run there, on a self-hosted runner, instead of on
// CircleCI's machines and through a tunnel or an open door. See doc/internal-network.md.
var internalNetwork = &Rule{
	ID:         "internal-network",
	Title:      "hosted job that reaches an internal network",
	Severity:   Medium,
	Confidence: HighConfidence,
	Safety:     Setup, // the runner has to exist first
	Since:      "0.1.0",
	CWE:        []string{"CWE-668"},
	Triggers:   networkTriggers,
	Run:        runInternalNetwork,
	Explain:    explainNetwork,
}

func runInternalNetwork(p *Pass) error {
	v := p.network()
	for _, group := range byOwner(v.signs) {
		p.Report(v.finding(group))
	}
	return nil
}

// byOwner are the signs by owner, in the order of the file, each once.
func byOwner(signs []*networkSign) [][]*networkSign {
	var out [][]*networkSign
	index := map[string]int{}
	type place struct {
		owner, message string
		span           rewrite.Span
	}
	seen := map[place]bool{}
	for _, x := range signs {
		at := place{x.owner, x.message, x.span}
		if seen[at] {
			continue
		}
		seen[at] = true
		i, known := index[x.owner]
		if !known {
			i = len(out)
			index[x.owner] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], x)
	}
	return out
}

// finding is what is said of one owner's signs, with the fix that moves the job to a runner.
func (v *networkView) finding(group []*networkSign) Finding {
	first := group[0]
	out := Finding{Span: first.span, Path: first.node.Path(), Owner: first.owner, Message: first.message}
	for _, x := range group[1:] {
		out.Related = append(out.Related, Related{x.span, x.message})
	}
	if !slices.ContainsFunc(group, func(x *networkSign) bool { return x.weak == "" }) {
		out.Confidence = MediumConfidence
	}
	b := &runnerFix{view: v, group: group, fix: &Fix{Title: "run the job on a self-hosted runner", Safety: Setup}}
	if out.NoFix = b.build(); out.NoFix == "" {
		out.Fix = b.fix
	}
	return out
}
