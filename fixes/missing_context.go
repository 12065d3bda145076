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
	u := &variableUse{p: p, met: map[string]bool{}, set: map[string]bool{}}
	steps, windows := use.Flow(), false
	if j := use.Job(); j != nil {
		windows = onWindows(&unit{job: j})
		u.environment(j.EffectiveEnvironments())
		if items := j.DockerItems(); len(items) > 0 {
			u.environment(items[0].Environment()) // of the container that the steps run in
		}
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
	if u.any {
		return nil
	}
	return slices.DeleteFunc(u.names, func(n string) bool {
		return u.set[n] || builtin(n) || slices.ContainsFunc(secretTables().Names.Brought, func(part string) bool { return strings.Contains(n, part) })
	})
}

// builtin reports whether jobs have a variable without any context.
func builtin(name string) bool {
	return strings.HasPrefix(name, "CIRCLE_") || slices.Contains(secretTables().Names.System, name)
}

// variableUse collects the variables that are read, and those that are set or may be missing.
type variableUse struct {
	p     *Pass
	names []string
	met   map[string]bool // those in names
	set   map[string]bool
	any   bool // a script sets what the file does not show, for later steps
}

func (u *variableUse) add(name string) {
	if !u.met[name] {
		u.met[name] = true
		u.names = append(u.names, name)
	}
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
				u.add(s.text)
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
			u.add(name)
		}
	}
}

// arguments adds the variables that an orb is given for its secrets, by name or as ${NAME}. One whose name it is given as
// just that, as in var-name: NAME, it may set.
func (u *variableUse) arguments(args rewrite.Node) {
	for _, e := range args.Fields() {
		text, name := e.Value().Resolve().Value(), secretTables().readName(e.Name())
		if slices.Contains(name.words, "VAR") || slices.Contains(name.words, "VARIABLE") {
			u.set[text] = true
		}
		if text == "" || !name.secret {
			continue
		}
		if s := classify(text); s.kind == varSource {
			u.add(s.text)
		} else if variableName.MatchString(text) {
			u.add(text)
		}
	}
}

var variableName = pattern.New(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$`)

// script adds what a script expands. What it sets, tests or has a default for may be missing, and so may all of it where
// the script takes in what the file does not show.
func (u *variableUse) script(s *shell.Script) {
	for _, name := range setForLater(s) {
		u.set[name] = true
	}
	u.any = u.any || writesUnseen(s)
	if slices.ContainsFunc(s.Calls(), bringsAny) {
		return
	}
	var read []string
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
			read = append(read, w.Vars...)
		}
		read = append(read, handedOn(c)...)
	}
	read = u.read(read)
	for _, e := range s.BashEnv() {
		u.set[e.Name] = true
	}
	for name := range setItself(s) {
		u.set[name] = u.set[name] || u.met[name]
	}
	for name := range s.Mentioned() {
		u.set[name] = u.set[name] || u.met[name] && optional(s, name)
	}
	u.guard(s, read)
}

// guard takes a script that asks for one variable of a context for one that does without the others of it: a login that
// is left out without its token reads no user either.
func (u *variableUse) guard(s *shell.Script, read []string) {
	guarded := map[int]bool{} // contexts
	for _, name := range read {
		if !builtin(name) && slices.ContainsFunc(s.Mentions(name), func(m shell.Mention) bool { return asksFor(s, m) }) {
			for _, i := range u.p.Facts.providers(name) {
				guarded[i] = true
			}
		}
	}
	for _, name := range read {
		u.set[name] = u.set[name] || slices.ContainsFunc(u.p.Facts.providers(name), func(i int) bool { return guarded[i] })
	}
}

// bringsAny reports whether a call takes in variables that the file does not show. What sets up a tool brings none of a
// context's.
func bringsAny(c *shell.Call) bool {
	exports := c.Name() == "export" && slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "$(") || strings.HasPrefix(w.Text, "`")
	})
	return (exports || setsAny(c)) && !slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		return slices.ContainsFunc(secretTables().Names.Tools, func(tool string) bool { return hasWord(w.Text, tool) })
	})
}

// read adds variables that a context may provide, and returns these, each once.
func (u *variableUse) read(names []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] && envName.MatchString(name) && len(u.p.Facts.providers(name)) > 0 {
			out = append(out, name)
			u.add(name)
		}
		seen[name] = true
	}
	return out
}

// handedOn are the variables that a call names without a value, so that a container or a build gets those of the job.
func handedOn(c *shell.Call) []string {
	var out []string
	args := c.Args()
	for i, w := range args {
		switch {
		case c.Name() == "printenv" && w.Static:
			out = append(out, w.Value)
		case slices.Contains(containerTools, c.Name()) && i > 0 && slices.Contains([]string{"-e", "--env", "--build-arg"}, args[i-1].Value):
			out = append(out, w.Value)
		}
	}
	return out
}

// optional reports whether a script does without a variable, or sets it itself.
func optional(s *shell.Script, name string) bool {
	return slices.ContainsFunc(s.Mentions(name), func(m shell.Mention) bool {
		switch m.Kind {
		case shell.Assigned:
			return true
		case shell.Expanded:
			rest, ok := strings.CutPrefix(s.Text()[m.Span.Start:m.Span.End], "${"+name)
			if ok && rest != "}" && !strings.HasPrefix(rest, "#") && !strings.HasPrefix(rest, "%") && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, ":?") {
				return true // it has a default
			}
		}
		return asksFor(s, m)
	})
}

// asksFor reports whether a script asks there whether a variable is set: -v NAME, or a test of its expansion.
func asksFor(s *shell.Script, m shell.Mention) bool {
	switch m.Kind {
	case shell.Named:
		return strings.HasSuffix(strings.TrimRight(s.Text()[:m.Span.Start], `"' `), "-v")
	case shell.Expanded:
		return tested(s.Text(), m.Span)
	default:
		return false
	}
}

// emptyPattern finds, behind an expansion, what it is compared with in order to see whether it is empty.
var emptyPattern = pattern.New(`^"?[ \t]+(?:!=|==?)[ \t]+(?:""|''|"?x"?)(?:[ \t;]|$)`)

// tested reports whether a script asks whether an expansion is empty: -z "$X", [ "$X" ], [ "$X" = "" ].
func tested(text string, at shell.Span) bool {
	before, after := strings.TrimRight(text[:at.Start], `"' `), text[at.End:]
	sole := strings.HasSuffix(before, "[") && strings.HasPrefix(strings.TrimLeft(after, `"' `), "]")
	return sole || strings.HasSuffix(before, "-z") || strings.HasSuffix(before, "-n") || emptyPattern.MatchString(after)
}
