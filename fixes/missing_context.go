package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// missingContext wants each workflow entry to have the contexts that are known to provide what its job uses. See
// doc/missing-context.md.
var missingContext = &Rule{
	ID:         "missing-context",
	Title:      "job run without the context that provides its variables",
	Severity:   Medium,
	Confidence: MediumConfidence,
	Safety:     Setup, // whether the context is there, and is meant for the project, is not in the file
	Since:      "0.2.0",
	CWE:        []string{"CWE-1188"},
	Run:        runMissingContext,
	Explain:    explainContexts,
}

func runMissingContext(p *Pass) error {
	if len(p.Facts.Contexts) == 0 {
		return nil
	}
	for _, use := range allEntries(p.Config) {
		if !knownContexts(p.Facts, use) {
			continue
		}
		for _, m := range missingAt(p, use) {
			p.Report(m.finding(p))
		}
	}
	return nil
}

// knownContexts reports whether it is known what all contexts of an entry provide.
func knownContexts(f *Facts, use *circle.WorkflowJob) bool {
	return !slices.ContainsFunc(use.Contexts(), func(c circle.Context) bool {
		return !c.Known || !f.lists(c.Name)
	})
}

// lists reports whether a fact says what a context provides.
func (f *Facts) lists(name string) bool {
	return slices.ContainsFunc(f.Contexts, func(o ContextFact) bool { return o.Name == name })
}

// missing is a context that an entry lacks, with the variables that are used for it.
type missing struct {
	use       *circle.WorkflowJob
	context   int
	variables []string
}

// missingAt are the contexts that an entry lacks, as few as serve all variables.
func missingAt(p *Pass, use *circle.WorkflowJob) []*missing {
	var out []*missing
	for _, name := range used(p, use) {
		providers := p.Facts.providers(name)
		if len(providers) == 0 || p.Facts.provides(use, name) {
			continue
		}
		i := slices.IndexFunc(out, func(m *missing) bool { return slices.Contains(providers, m.context) })
		if i < 0 {
			i = len(out)
			out = append(out, &missing{use: use, context: providers[0]})
		}
		out[i].variables = append(out[i].variables, name)
	}
	return out
}

func (m *missing) finding(p *Pass) Finding {
	name := p.Facts.Contexts[m.context].Name
	out := Finding{
		Span: m.use.Key.Span(), Path: m.use.Key.Path(), Owner: p.Config.Owner(m.use.Item),
		// The variables are told by the prerequisites: a message with them would be another one once a fix adds a use.
		Message: fmt.Sprintf("%s runs %s without the context %s, which provides variables that it reads", workflowName(m.use.Workflow), m.use.Name(), name),
	}
	fix := &Fix{Title: "attach the context", Safety: Setup, Facts: []string{fmt.Sprintf("contexts[%d].name=%s", m.context, name)}}
	a := &attachment{p: p, fix: fix, given: []string{name}, users: []*circle.WorkflowJob{m.use}}
	ops, refusal := a.attach(m.use, name)
	if refusal != "" {
		out.NoFix = refusal
		return out
	}
	fix.Ops = ops
	if says := generated(p.File); says != "" {
		fix.Safety, fix.Reason = Manual, says
	}
	for _, v := range m.variables {
		fix.Requires = append(fix.Requires, Prerequisite{Before, "variable", fmt.Sprintf(
			"make sure that %s is there: `circleci context get %s --org gh/ORG` lists the names. It takes the place of a variable of the project with that name", v, shellWord(name)), "context " + name})
	}
	a.require(m.variables...)
	out.Fix = fix
	return out
}

// used are the variables that an entry's job reads and nothing in the file sets.
func used(p *Pass, use *circle.WorkflowJob) []string {
	u := &variableUse{p: p, set: map[string]bool{}}
	steps, windows := use.Flow(), false
	if j := use.Job(); j != nil {
		windows = onWindows(&unit{job: j})
		u.environment(j.EffectiveEnvironments())
		u.images(j)
		u.named(j.Parameters(), use.Args)
	} else {
		u.arguments(use.Args)
	}
	for _, x := range steps {
		if x.Never {
			continue
		}
		u.environment(x.Step.Environment())
		if cmd := x.Step.Callee(); cmd != nil {
			u.named(cmd.Parameters(), x.Step.Args())
		} else if _, _, ok := x.Step.OrbCall(); ok {
			u.arguments(x.Step.Args())
		}
		if windows && shellOf(x.Step) == "" {
			continue // PowerShell has its own variables
		}
		if x.Step.Kind == circle.RunStep && shell.Supported(shellOf(x.Step)) {
			if script := p.scripts.Parse(x.Step.Command().Value()); script != nil {
				u.script(script)
			}
		}
	}
	return slices.DeleteFunc(u.names, func(n string) bool {
		return u.set[n] || strings.HasPrefix(n, "CIRCLE_") || slices.Contains(secretTables().Names.System, n) ||
			slices.ContainsFunc(secretTables().Names.Brought, func(part string) bool { return strings.Contains(n, part) })
	})
}

// variableUse collects the variables that are read, and those that are set or may be missing.
type variableUse struct {
	p     *Pass
	names []string
	set   map[string]bool
}

func (u *variableUse) environment(envs circle.Environments) {
	for _, x := range envs.Vars() {
		u.set[x.Name] = true
	}
}

// images adds what the logins to the registries of a job's images read.
func (u *variableUse) images(j *circle.Job) {
	for _, d := range j.DockerItems() {
		for _, e := range d.Auth().Fields() {
			if s := classify(e.Value().Resolve().Value()); s.kind == varSource {
				u.names = appendNew(u.names, s.text)
			}
		}
	}
}

// named adds the variables whose names a job or a command of the file is given, or takes by default.
func (u *variableUse) named(parameters []*circle.Parameter, args rewrite.Node) {
	for _, p := range parameters {
		given := args.Get(p.Name)
		if !given.Exists() {
			given = p.Default()
		}
		if name, ok := circle.Known(given); ok && p.Type() == "env_var_name" && envName.MatchString(name) {
			u.names = appendNew(u.names, name)
		}
	}
}

// arguments adds the variables that an orb is given for its secrets, by name or as ${NAME}.
func (u *variableUse) arguments(args rewrite.Node) {
	for _, e := range args.Fields() {
		text := e.Value().Resolve().Value()
		if text == "" || !secretTables().readName(e.Name()).secret {
			continue
		}
		if s := classify(text); s.kind == varSource {
			u.names = appendNew(u.names, s.text)
		} else if variableName.MatchString(text) {
			u.names = appendNew(u.names, text)
		}
	}
}

var variableName = pattern.New(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)

// script adds what a script expands. What it assigns, tests or has a default for may be missing.
func (u *variableUse) script(s *shell.Script) {
	for _, c := range s.Calls() {
		words := slices.Clone(c.Words)
		for _, a := range c.Assigns {
			words = append(words, a.Value)
			u.set[a.Name] = u.set[a.Name] || !a.Naked
		}
		for _, r := range c.Redirects {
			words = append(words, r.Target, r.Body)
		}
		for _, w := range words {
			u.read(w.Vars...)
		}
		u.read(handedOn(c)...)
	}
	for _, e := range s.BashEnv() {
		u.set[e.Name] = true
	}
	for _, name := range u.names {
		u.set[name] = u.set[name] || optional(s, name)
	}
}

// read adds variables that a context may provide.
func (u *variableUse) read(names ...string) {
	for _, name := range names {
		if envName.MatchString(name) && len(u.p.Facts.providers(name)) > 0 {
			u.names = appendNew(u.names, name)
		}
	}
}

// handedOn are the variables that a call names without a value, so that a container or a build gets those of the job.
func handedOn(c *shell.Call) []string {
	var out []string
	args := c.Args()
	for i, w := range args {
		switch {
		case c.Name() == "printenv" && w.Static:
			out = append(out, w.Value)
		case slices.Contains([]string{"docker", "podman", "docker-compose"}, c.Name()) && i > 0 && slices.Contains([]string{"-e", "--env", "--build-arg"}, args[i-1].Value):
			out = append(out, w.Value)
		}
	}
	return out
}

// optional reports whether a script does without a variable, or sets it itself.
func optional(s *shell.Script, name string) bool {
	text := s.Text()
	for _, m := range s.Mentions(name) {
		if m.Kind == shell.Assigned {
			return true
		}
		if at := m.Span; m.Kind == shell.Expanded {
			if rest, ok := strings.CutPrefix(text[at.Start:at.End], "${"+name); ok && rest != "}" && !strings.HasPrefix(rest, "#") && !strings.HasPrefix(rest, "%") && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, ":?") {
				return true
			}
			before := strings.TrimRight(text[:at.Start], `"' `)
			if strings.HasSuffix(before, "-z") || strings.HasSuffix(before, "-n") {
				return true
			}
		}
	}
	return false
}
