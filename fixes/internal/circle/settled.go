package circle

import (
	"slices"

	"cfgfix/rewrite"
)

// Settled is a text of the step with the values of the parameters that its expressions are, and these parameters, where
// the values are the same wherever the step runs: defaults that no caller of its command or job overrides. It is not
// known for a step that callers outside of the config may run too, or one that an anchor shares.
func (s *Step) Settled(text string) (settled string, parameters []*Parameter, known bool) {
	if len(s.Node.Aliases()) > 0 || s.InCommand() == nil && len(s.Jobs()) != 1 {
		return "", nil, false
	}
	for _, e := range slices.Backward(Expressions(text)) {
		name, ok := e.Parameter()
		p := s.parameter(name)
		if !ok || p == nil || p.Overridden() {
			return "", nil, false
		}
		value, known := Known(p.Default())
		if !known {
			return "", nil, false
		}
		text = text[:e.Start] + value + text[e.End:]
		parameters = append(parameters, p)
	}
	return text, parameters, true
}

// parameter is the declaration of a parameter that the step may use, nil for none.
func (s *Step) parameter(name string) *Parameter {
	var declared []*Parameter
	if cmd := s.InCommand(); cmd != nil {
		declared = cmd.Parameters()
	} else if job := s.Job(); job != nil {
		declared = job.Parameters()
	}
	i := slices.IndexFunc(declared, func(p *Parameter) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return declared[i]
}

// Overridden reports whether a caller of the parameter's command or job gives it a value, or may do so out of sight.
func (p *Parameter) Overridden() bool { return p.overridden.get(p.isOverridden) }

func (p *Parameter) isOverridden() bool {
	h := p.holder
	switch {
	case h.config.Orb != nil || h.config.Packed() || len(h.config.Workflows()) == 0:
		return true
	case h.Command != nil:
		return slices.ContainsFunc(h.Command.Callers(), func(s *Step) bool { return s.Arg(p.Name).Exists() })
	default:
		return h.Job == nil || slices.ContainsFunc(h.Job.Uses(), func(w *WorkflowJob) bool { return len(w.values(p.Name)) > 0 })
	}
}

// Spare reports whether the parameter's command or job does not use it but in texts that are to go.
func (p *Parameter) Spare(gone map[rewrite.Node]bool) bool {
	var reads func(n rewrite.Node) bool
	reads = func(n rewrite.Node) bool {
		if n = n.Resolve(); n.Kind() != rewrite.Scalar {
			return slices.ContainsFunc(n.Entries(), func(e rewrite.Entry) bool { return reads(e.Value()) })
		}
		return !gone[n] && slices.ContainsFunc(Expressions(n.Value()), func(e Expr) bool { return e.reads(p.Name) })
	}
	return !reads(p.Entry.Parent().Parent())
}
