package circle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStepForms(t *testing.T) {
	t.Parallel()
	const head = `
orbs: {aws: circleci/aws-cli@5.1, in: {commands: {login: {steps: []}}}}
commands: {install: {steps: []}, save_cache: {steps: []}}
setup: &setup {run: shared}
body: &body {name: n, command: from-body}
text: &text from-text
jobs:
  j:
    steps:
      - `
	for _, tt := range []struct {
		name, src    string
		kind         StepKind
		key, command string
	}{
		{"bare builtin", "checkout", BuiltinStep, "checkout", ""},
		{"builtin with arguments", "restore_cache: {keys: [a]}", BuiltinStep, "restore_cache", ""},
		{"builtin with hyphens", "store-artifacts: {path: p}", BuiltinStep, "store-artifacts", ""},
		{"builtin hidden by a command", "save_cache", CallStep, "save_cache", ""},
		{"run with a text", "run: make", RunStep, "run", "make"},
		{"run with a mapping", "run: {name: n, command: make}", RunStep, "run", "make"},
		{"run with an aliased mapping", "run: *body", RunStep, "run", "from-body"},
		{"run that merges", "run: {<<: *body, name: other}", RunStep, "run", "from-body"},
		{"run with an aliased script", "run: {command: *text}", RunStep, "run", "from-text"},
		{"run with its fields beside it", "{run: , name: n}", RunStep, "run", ""},
		{"deploy", "deploy: {command: make}", RunStep, "deploy", "make"},
		{"alias", "*setup", RunStep, "run", "shared"},
		{"merge of a step", "<<: *setup", RunStep, "run", "shared"},
		{"when", "when: {condition: true, steps: [checkout]}", WhenStep, "when", ""},
		{"unless", "unless: {condition: true, steps: []}", UnlessStep, "unless", ""},
		{"command", "install", CallStep, "install", ""},
		{"command of an orb", "aws/setup: {region: r}", CallStep, "aws/setup", ""},
		{"command that is not in sight", "elsewhere", CallStep, "elsewhere", ""},
		{"parameter", "steps: << parameters.s >>", ParameterStep, "steps", ""},
		{"bare parameter", "<< parameters.s >>", ParameterStep, "", ""},
		{"steps in steps", "steps: [checkout]", UnknownStep, "steps", ""},
		{"list in a list", "[checkout]", UnknownStep, "", ""},
		{"nothing", "", UnknownStep, "", ""},
		{"two calls in one item", "{install: , aws/setup: }", UnknownStep, "install", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, head+tt.src+"\n").JobByName("j").Steps().Steps()[0]
			if s.Kind != tt.kind || s.Name != tt.key || s.Command().Value() != tt.command {
				t.Errorf("want %v %q %q\ngot  %v %q %q", tt.kind, tt.key, tt.command, s.Kind, s.Name, s.Command().Value())
			}
		})
	}
}

// TestDeployCommand looks at a command that has the name of the old step deploy: the file's own definition counts, where it
// takes what the step is given.
func TestDeployCommand(t *testing.T) {
	t.Parallel()
	const head = "commands: {deploy: {parameters: {env: {type: string, default: dev}}, steps: [{run: make}]}}\njobs: {j: {steps: ["
	for _, tt := range []struct {
		step string
		kind StepKind
	}{
		{"deploy", CallStep},
		{"{deploy: {env: prod}}", CallStep},
		{"{deploy: }", CallStep},
		{"{deploy: {name: n, command: make}}", RunStep},
		{"{deploy: make}", RunStep},
	} {
		if s := parse(t, head+tt.step+"]}}\n").JobByName("j").Steps().Steps()[0]; s.Kind != tt.kind || (s.Callee() != nil) != (tt.kind == CallStep) {
			t.Errorf("%s: want %v, got %v", tt.step, tt.kind, s.Kind)
		}
	}
}

func TestStepListForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src string
		names     string
		aliased   bool
	}{
		{"list", "steps: [checkout, {run: x}]", "checkout run", false},
		{"aliased list", "steps: *list", "checkout", true},
		{"merged list", "<<: *base", "checkout run", true},
		{"one step in place of a list", "steps: {run: x}", "run", false},
		{"one name in place of a list", "steps: checkout", "checkout", false},
		{"nothing", "steps:", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parse(t, "list: &list [checkout]\nbase: &base {steps: [checkout, {run: x}]}\njobs:\n  j:\n    "+tt.src+"\n")
			l := c.JobByName("j").Steps()
			var names []string
			for _, s := range l.Steps() {
				names = append(names, s.Name)
				if s.Entry.Value() != s.Item || s.Job() == nil {
					t.Errorf("%s: entry or job is wrong", s.Name)
				}
			}
			if got := strings.Join(names, " "); got != tt.names || l.Aliased != tt.aliased {
				t.Errorf("want %s %v, got %s %v", tt.names, tt.aliased, got, l.Aliased)
			}
		})
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	c := parse(t, `
setup: &setup {run: shared}
unused: &unused {run: unused-step}
body: &unused-body {command: unused-body}
lists:
  - &list [{run: unused-list}]
base: &base
  environment: {A: b}
  steps: [{run: unused-in-base}]
orbs: {in: {commands: {c: {steps: [{run: inline}]}}}}
commands:
  c:
    parameters: {after: {type: steps, default: [{run: default}]}}
    steps: [{when: {condition: x, steps: [{run: nested}, *setup]}}]
jobs:
  a: {steps: [*setup, {c: {after: [{run: argument}]}}]}
  b: {<<: *base, steps: [<<: *setup]}
workflows:
  w: {jobs: [a: {pre-steps: [{run: pre}], post-steps: [{run: post}], extra: [{run: entry-argument}]}]}
examples: {e: {usage: {jobs: {x: {steps: [{run: example}]}}}}}
`)
	var got []string
	for s := range c.Walk {
		if s.Kind == RunStep {
			got = append(got, s.Command().Value())
		}
	}
	want := strings.Fields("shared argument nested default pre entry-argument post unused-step unused-body unused-list unused-in-base inline")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range c.Walk {
		break // ends without a complaint
	}
}

func TestFlow(t *testing.T) {
	t.Parallel()
	c := parse(t, `
orbs: {in: {commands: {login: {steps: [{run: login}]}}}}
commands:
  outer:
    parameters: {s: {type: steps, default: [{run: default}]}}
    steps: [{run: outer}, {inner: {s: << parameters.s >>}}]
  inner:
    parameters: {s: {type: steps}}
    steps: [{run: inner}, {steps: << parameters.s >>}, outer]
jobs:
  j:
    parameters: {auth: {type: steps, default: []}}
    steps: [checkout, {steps: << parameters.auth >>}, {outer: {s: [{run: given}]}}, {when: {steps: [outer]}}, in/login]
workflows:
  w: {jobs: [j: {pre-steps: [{run: pre}], auth: [{run: auth}]}, x/y: {auth: [{run: foreign}]}]}
`)
	show := func(visits []Visit) string {
		var out []string
		for _, v := range visits {
			text := v.Step.Name
			if v.Step.Kind == RunStep {
				text = v.Step.Command().Value()
			}
			for _, call := range v.Calls {
				text += "<" + call.Name
			}
			if v.Step.Kind != ParameterStep {
				out = append(out, text)
			}
		}
		return strings.Join(out, " ")
	}
	const calls = "outer outer<outer inner<outer inner<outer<inner given<outer<inner outer<outer<inner " +
		"when outer outer<outer inner<outer inner<outer<inner default<outer<inner outer<outer<inner in/login login<in/login"
	if diff := cmp.Diff("checkout "+calls, show(c.JobByName("j").Flow())); diff != "" {
		t.Error(diff)
	}
	uses := c.WorkflowByName("w").Jobs()
	if diff := cmp.Diff("pre checkout auth "+calls, show(uses[0].Flow())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("foreign", show(uses[1].Flow())); diff != "" {
		t.Error(diff)
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	c := parse(t, `
commands: {a: {steps: [{run: x}]}, b: {steps: [a]}, lonely: {steps: [lonely]}}
jobs: {j: {steps: [b]}, k: {steps: [{when: {steps: [a]}}]}, l: {steps: [checkout]}}
`)
	a := c.CommandByName("a")
	if got := len(a.Callers()); got != 2 {
		t.Errorf("want 2 callers, got %d", got)
	}
	if got := jobNames(a.Steps().Steps()[0].Jobs()); got != "j k" {
		t.Errorf("want j k, got %s", got)
	}
	if got := jobNames(c.CommandByName("lonely").Steps().Users()); got != "" {
		t.Errorf("want none, got %s", got)
	}
}
