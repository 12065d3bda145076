package circle

import (
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// StepKind tells the forms of a step apart.
type StepKind int

// The kinds of steps. UnknownStep is whatever CircleCI would reject; a list within a list is one, with Nested.
const (
	UnknownStep   StepKind = iota
	RunStep                // run, or the old deploy
	BuiltinStep            // checkout and the other steps without a script
	WhenStep               // when, with Nested
	UnlessStep             // unless, with Nested
	CallStep               // a command of the file or of an orb
	ParameterStep          // the steps that a parameter holds
)

var builtins = map[string]bool{
	"add_ssh_keys": true, "attach_workspace": true, "checkout": true, "install_signing_bundle": true,
	"persist_to_workspace": true, "restore_cache": true, "save_cache": true, "setup_remote_docker": true,
	"store_artifacts": true, "store_test_results": true,
}

// Step is one item of a step list.
type Step struct {
	Kind  StepKind
	Name  string        // run, checkout, alias/command and so on; "" when the item has no such key
	List  *StepList     // nil for a step that a fragment consists of
	Index int           // in the list
	Entry rewrite.Entry // in the list
	Item  rewrite.Node  // as written in the list
	Node  rewrite.Node  // resolved, also behind an item that is only a merge; it stands for the physical step

	config *Config
	value  rewrite.Node // of the step's key, as written
	nested lazy[*StepList]
	args   lazy[[]*StepList]

	environment lazy[Environments]
}

func newStep(l *StepList, e rewrite.Entry, index int) *Step {
	s := &Step{List: l, Index: index, Entry: e, Item: e.Value(), Node: soleSource(e.Value().Resolve()), config: l.config}
	s.classify()
	return s
}

func (s *Step) classify() {
	switch s.Node.Kind() {
	case rewrite.Scalar:
		if hasExpression(s.Node) {
			s.Kind = ParameterStep
			s.value = s.Node
			return
		}
		s.Name = s.Node.Value()
		s.Kind = s.config.stepKind(s.Name)
	case rewrite.Mapping:
		e, sole := stepEntry(s.Node)
		s.Name, s.value = e.Name(), e.Value()
		s.Kind = s.config.stepKind(s.Name)
		if s.oldDeploy() {
			s.Kind = RunStep
		}
		if s.Kind == CallStep && !sole {
			s.Kind = UnknownStep
		}
		if s.Kind == ParameterStep && !hasExpression(s.value) {
			s.Kind = UnknownStep
		}
	}
}

// oldDeploy reports whether a step named deploy has a script, which the file's own command of that name does not take.
func (s *Step) oldDeploy() bool {
	if s.Kind != CallStep || s.Name != "deploy" {
		return false
	}
	if n := s.value.Resolve(); n.Kind() == rewrite.Scalar && !n.IsNull() {
		return true
	}
	return s.Arg("command").Exists() && !s.config.CommandByName(s.Name).Node.Get("parameters").Get("command").Exists()
}

// stepEntry is the pair of a step's mapping that names the step, and whether it is the only one. With a broken indent
// the step's fields stand beside it.
func stepEntry(n rewrite.Node) (e rewrite.Entry, sole bool) {
	fields := n.Fields()
	for _, name := range []string{"run", "deploy", "when", "unless"} {
		i := slices.IndexFunc(fields, func(e rewrite.Entry) bool { return e.Name() == name })
		if i >= 0 && (i == 0 || name == "run" || name == "deploy") {
			return fields[i], len(fields) == 1
		}
	}
	if len(fields) == 0 {
		return rewrite.Entry{}, false
	}
	return fields[0], len(fields) == 1
}

// stepKind is what a step of that name is here. A command of the file hides a builtin of its name, and the old deploy.
func (c *Config) stepKind(name string) StepKind {
	switch name {
	case "":
		return UnknownStep
	case "run":
		return RunStep
	case "deploy":
		if c.CommandByName(name) == nil {
			return RunStep
		}
	case "when":
		return WhenStep
	case "unless":
		return UnlessStep
	case "steps":
		return ParameterStep
	}
	if isBuiltin(name) && c.CommandByName(name) == nil {
		return BuiltinStep
	}
	return CallStep
}

// isBuiltin also knows the spelling with hyphens, save-cache, which old configs have.
func isBuiltin(name string) bool { return builtins[strings.ReplaceAll(name, "-", "_")] }

// Config is the config that the step's names of commands and orbs belong to.
func (s *Step) Config() *Config { return s.config }

// Value is what stands behind the step's key, as written; absent for a bare name.
func (s *Step) Value() rewrite.Node { return s.value }

// Args is the mapping of the step's arguments, resolved; absent for a bare name and for run: text.
func (s *Step) Args() rewrite.Node {
	if n := s.value.Resolve(); n.Kind() == rewrite.Mapping {
		return n
	}
	return rewrite.Node{}
}

// Arg is the value of that argument as written, merges included.
func (s *Step) Arg(name string) rewrite.Node { return s.Args().Get(name) }

// Command is the scalar with the script of a run step, resolved: from run: text or from its command.
func (s *Step) Command() rewrite.Node {
	if s.Kind != RunStep {
		return rewrite.Node{}
	}
	n := s.value.Resolve()
	if n.Kind() == rewrite.Mapping {
		n = n.Get("command").Resolve()
	}
	if n.Kind() != rewrite.Scalar || n.IsNull() {
		return rewrite.Node{}
	}
	return n
}

// Title is the name that a run step shows, "" for none.
func (s *Step) Title() string { return s.runField("name").Value() }

// Environment is the environment of a run step alone.
func (s *Step) Environment() Environments {
	if s.Kind != RunStep {
		return nil
	}
	return s.environment.get(func() Environments { return s.config.environmentsOf(s.Arg("environment")) })
}

// Shell is the scalar with a run step's own shell, resolved.
func (s *Step) Shell() rewrite.Node { return s.runField("shell") }

// WorkingDirectory is the scalar with a run step's own directory, resolved.
func (s *Step) WorkingDirectory() rewrite.Node { return s.runField("working_directory") }

// RunWhen is when a run step runs: always, on_success or on_fail; "" when it does not say.
func (s *Step) RunWhen() string { return s.runField("when").Value() }

// NoOutputTimeout is the scalar with a run step's timeout, resolved.
func (s *Step) NoOutputTimeout() rewrite.Node { return s.runField("no_output_timeout") }

// Background reports whether a run step goes on while later steps run.
func (s *Step) Background() bool { return isTrue(s.runField("background")) }

func (s *Step) runField(key string) rewrite.Node {
	if s.Kind != RunStep {
		return rewrite.Node{}
	}
	return s.Arg(key).Resolve()
}

// Condition is the condition of a when or unless step, resolved.
func (s *Step) Condition() rewrite.Node {
	if s.Kind != WhenStep && s.Kind != UnlessStep {
		return rewrite.Node{}
	}
	return s.Arg("condition").Resolve()
}

// Nested are the steps inside a when or unless step, or of a list within the list; else nil.
func (s *Step) Nested() *StepList {
	return s.nested.get(func() *StepList {
		h := holder{Step: s, config: s.config, Key: "steps"}
		value := s.value.Resolve()
		switch {
		case s.Kind == WhenStep || s.Kind == UnlessStep:
			return newStepList(value, "steps", h)
		case s.Kind != UnknownStep:
			return nil
		case s.Node.Kind() == rewrite.Sequence:
			return &StepList{holder: h, Node: s.Node, Written: s.Item, Aliased: s.Item.Kind() == rewrite.Alias}
		case s.Name == "steps" && value.Kind() == rewrite.Sequence:
			return &StepList{holder: h, Node: value, Written: s.value, Aliased: s.value.Kind() == rewrite.Alias}
		}
		return nil
	})
}

// StepArgs are the step lists that a call gives as arguments. Each has the argument's name as its Key.
func (s *Step) StepArgs() []*StepList {
	return s.args.get(func() []*StepList {
		if s.Kind != CallStep {
			return nil
		}
		return sequences(s.Args(), nil, holder{Step: s, config: s.config})
	})
}

// lists are the step lists inside the step.
func (s *Step) lists() []*StepList {
	if nested := s.Nested(); nested != nil {
		return []*StepList{nested}
	}
	return s.StepArgs()
}

// Callee is the command that a call means, when the file defines it: itself or in an inline orb.
func (s *Step) Callee() *Command {
	if s.Kind != CallStep {
		return nil
	}
	return s.config.command(s.Name)
}

// OrbCall is the orb and the command in it that a call of alias/command means. ok is false for every other step; orb is
// nil when the alias is not declared.
func (s *Step) OrbCall() (orb *Orb, command string, ok bool) {
	if s.Kind != CallStep || s.config.CommandByName(s.Name) != nil {
		return nil, "", false
	}
	alias, command, ok := splitElement(s.Name)
	if !ok {
		return nil, "", false
	}
	return s.config.OrbByAlias(alias), command, true
}

// ParameterName is the name of the parameter that a ParameterStep stands for, "" when it is another expression.
func (s *Step) ParameterName() string {
	if s.Kind != ParameterStep {
		return ""
	}
	name, _ := soleParameter(s.value)
	return name
}

// Job is the job that the step is written in or read through, nil when it is in a command, a workflow entry or a
// fragment. Of a physical step that several jobs share it is one of them; Jobs has them all.
func (s *Step) Job() *Job {
	if h := s.outer(); h != nil {
		return h.Job
	}
	return nil
}

// InCommand is the command that the step is written in or read through, or nil.
func (s *Step) InCommand() *Command {
	if h := s.outer(); h != nil {
		return h.Command
	}
	return nil
}

// Use is the workflow entry that the step is written in or read through, or nil.
func (s *Step) Use() *WorkflowJob {
	if h := s.outer(); h != nil {
		return h.Use
	}
	return nil
}

// outer is the holder of the outermost list around the step; nil for a step that a fragment consists of.
func (s *Step) outer() *holder {
	for s.List != nil {
		if s.List.Step == nil {
			return &s.List.holder
		}
		s = s.List.Step
	}
	return nil
}

// Jobs are the jobs whose steps this physical step is among: directly, or through commands that call one another.
func (s *Step) Jobs() []*Job { return s.config.root.UsersOf(s.Node) }

// Owner is the owner of a finding in this step, see [Config.Owner].
func (s *Step) Owner() string { return s.config.root.Owner(s.Node) }
