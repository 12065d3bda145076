package circle

import "cfgfix/rewrite"

// Parameter is a declaration under parameters of a job, command, executor or of the pipeline.
type Parameter struct {
	Name  string
	Entry rewrite.Entry
	Node  rewrite.Node // the declaration, resolved

	holder     holder
	steps      lazy[*StepList]
	overridden lazy[bool]
}

func parametersOf(n rewrite.Node, h holder) []*Parameter {
	var out []*Parameter
	for _, e := range n.Get("parameters").Fields() {
		p := &Parameter{Name: e.Name(), Entry: e, Node: e.Value().Resolve(), holder: h}
		p.holder.Key = e.Name()
		out = append(out, p)
	}
	return out
}

// Key is the node of the parameter's name.
func (p *Parameter) Key() rewrite.Node { return p.Entry.Key() }

// Type is the declared type, such as string or steps.
func (p *Parameter) Type() string { return p.Node.Get("type").Resolve().Value() }

// Default is the default value, resolved.
func (p *Parameter) Default() rewrite.Node { return p.Node.Get("default").Resolve() }

// Steps is the default of a parameter of type steps, nil when it has none.
func (p *Parameter) Steps() *StepList {
	return p.steps.get(func() *StepList {
		if p.Type() != "steps" {
			return nil
		}
		return newStepList(p.Node, "default", p.holder)
	})
}
