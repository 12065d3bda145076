package fixes

import (
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// secretParameter is a secret that is the value of a parameter: its default, or what a call gives it.
type secretParameter struct {
	name string
	body rewrite.Node // the definition that has the parameter
}

// scanParameters looks at the defaults of parameters and at what workflow entries give their jobs.
func (v *secretView) scanParameters() {
	c := v.p.Config
	for _, p := range c.Parameters() {
		v.scanDefault(p, nil, "whoever triggers a pipeline may give the parameter: take it out of the file and let the jobs read a variable of a context")
	}
	for _, c := range withInline(c) {
		v.scanDefinitions(c)
	}
	for _, use := range allEntries(c) {
		var target *secretParameter
		if j := use.Job(); j != nil {
			target = &secretParameter{body: j.Node}
		}
		for _, e := range use.Args.Fields() {
			v.scanArgument(e, target, use, nil)
		}
		for _, e := range use.Matrix().Get("parameters").Fields() {
			for _, item := range e.Value().Resolve().Entries() {
				v.scanNamed(e.Name(), item.Value().Resolve(), nil, "a matrix gives it to the job, and the values of one job differ", use, nil)
			}
		}
	}
}

// scanDefinitions looks at the parameters of the definitions in a config, or the body of an inline orb.
func (v *secretView) scanDefinitions(c *circle.Config) {
	for _, j := range c.Jobs() {
		for _, p := range j.Parameters() {
			v.scanDefault(p, &secretParameter{body: j.Node}, "")
		}
	}
	for _, cmd := range c.Commands() {
		for _, p := range cmd.Parameters() {
			v.scanDefault(p, &secretParameter{body: cmd.Node}, "")
		}
	}
	for _, x := range c.Executors() {
		for _, p := range x.Parameters() {
			v.scanDefault(p, nil, "the parameter of an executor ends in its environment, where no variable is expanded")
		}
	}
}

// scanDefault looks at a parameter that takes a text.
func (v *secretView) scanDefault(p *circle.Parameter, target *secretParameter, blocker string) {
	if t := p.Type(); t != "" && t != "string" {
		return
	}
	v.scanNamed(p.Name, p.Default(), target, blocker, nil, nil)
}

// scanArguments looks at what a step gives a command.
func (v *secretView) scanArguments(s *circle.Step) {
	var target *secretParameter
	if cmd := s.Callee(); cmd != nil {
		target = &secretParameter{body: cmd.Node}
	}
	for _, e := range s.Args().Fields() {
		v.scanArgument(e, target, nil, s)
	}
}

func (v *secretView) scanArgument(e rewrite.Entry, target *secretParameter, use *circle.WorkflowJob, step *circle.Step) {
	blocker := ""
	if target == nil {
		blocker = "an orb that the file does not show takes it: give it the name of a variable, or ${NAME}, as the orb's page says"
	}
	v.scanNamed(e.Name(), e.Value().Resolve(), target, blocker, use, step)
}

// scanNamed looks at the value of a parameter.
func (v *secretView) scanNamed(name string, value rewrite.Node, target *secretParameter, blocker string, use *circle.WorkflowJob, step *circle.Step) {
	text := value.Value()
	if value.Kind() != rewrite.Scalar || v.seen[value] || value.IsNull() {
		return
	}
	j := v.judge(name, text)
	if !j.secret || j.weak && (j.confidence == MediumConfidence || v.startsServices(value)) {
		return
	}
	v.seen[value] = true
	s := &secretSite{
		node: value, end: len(text), format: j.format, what: j.what, where: "the parameter " + name + " is", confidence: j.confidence,
		blocker: blocker, use: use, step: step, variables: []string{strings.Join(nameWords(name), "_")},
	}
	if j.format != nil {
		s.variables = append(s.variables, j.format.Variables...)
	}
	if target != nil {
		s.parameter = &secretParameter{name, target.body}
	}
	v.add(s)
}

// readsOnly reports whether a parameter is used in scripts alone, and there only where the shell expands variables, so
// that ${NAME} can be its value.
func (x *secretParameter) readsOnly(p *Pass) bool {
	mention := regexpParameter(x.name)
	uses, good := 0, true
	var look func(n, as rewrite.Node) // as is n, or the mapping that n is merged into
	look = func(n, as rewrite.Node) {
		for _, e := range n.Entries() {
			value := e.Value().Resolve()
			if e.Name() == "parameters" && n.Same(x.body) {
				continue
			}
			for _, span := range mention(value.Value()) {
				uses++
				script := p.scripts.Parse(value.Value())
				inRun := e.Name() == "command" || e.Name() == "run"
				good = good && inRun && script != nil && script.Expands(span) && shell.Supported(as.Get("shell").Resolve().Value())
			}
			if e.IsMerge() || !n.Same(as) && n.Kind() == rewrite.Sequence {
				look(value, as)
			} else {
				look(value, value)
			}
		}
	}
	look(x.body, x.body)
	return uses > 0 && good
}

// regexpParameter finds the mentions of a parameter in a text.
func regexpParameter(name string) func(text string) []shell.Span {
	return func(text string) []shell.Span {
		var out []shell.Span
		for _, e := range circle.Expressions(text) {
			if p, ok := e.Parameter(); ok && p == name || strings.Contains(e.Body, "parameters."+name) {
				out = append(out, shell.Span{Start: e.Start, End: e.End})
			}
		}
		return out
	}
}

// minText is less than the length of any text that is a secret by its looks alone.
const minText = 12

// scanRest looks at all other texts of the file for what is a secret by its looks alone.
func (v *secretView) scanRest() {
	var look func(n rewrite.Node, depth int)
	look = func(n rewrite.Node, depth int) {
		switch n.Kind() {
		case rewrite.Scalar:
			if len(n.Value()) >= minText && !v.seen[n] {
				v.scanText(n, "the text holds", "what this text is for is not known")
			}
		case rewrite.Mapping, rewrite.Sequence:
			for _, e := range n.Entries() {
				if depth == 0 && (e.Name() == "examples" || e.Name() == "description" || e.Name() == "display" || e.Name() == "usage") {
					continue
				}
				look(e.Value(), depth+1)
			}
		}
	}
	look(v.p.Config.Node, 0)
}

// scanText looks for secrets in a text that nothing else is known of.
func (v *secretView) scanText(n rewrite.Node, where, blocker string) {
	text := n.Value()
	add := func(start, end int, what string, format *tokenFormat) {
		v.add(&secretSite{node: n, start: start, end: end, format: format, what: what, where: where, blocker: blocker})
	}
	for _, found := range v.table.tokens(text) {
		add(found.start, found.end, found.format.String(), found.format)
	}
	if kind := keyFileKind(text); kind != "" {
		add(0, len(text), "a "+kind, nil)
	} else if start, end := privateKey(text); start >= 0 {
		add(start, end, "a private key", nil)
	}
	if l := v.table.login(text); l.end > 0 && !v.dummies[text[l.start:l.end]] && !strings.Contains(text[l.start:l.end], "\n") {
		add(l.start, l.end, passwordAddress, nil)
	}
}
