package circle

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNever looks at which steps of an entry cannot run, by the condition around them and the arguments of the entry.
func TestNever(t *testing.T) {
	t.Parallel()
	const p = "<< parameters.p >>"
	for _, tt := range []struct {
		name, kind, condition, args string
		never                       bool
	}{
		{"argument that holds", "when", p, "p: x", false},
		{"argument false", "when", p, "p: false", true},
		{"argument False", "when", p, "p: False", true},
		{"argument zero", "when", p, "p: 0", true},
		{"empty argument", "when", p, "p: ''", true},
		{"argument of YAML's older version", "when", p, "p: off", false},
		{"default", "when", p, "", true},
		{"default, the other way", "unless", p, "", false},
		{"argument, the other way", "unless", p, "p: true", true},
		{"expression for an argument", "when", p, "p: << pipeline.parameters.x >>", false},
		{"parameter of the pipeline", "when", "<< pipeline.parameters.x >>", "", false},
		{"text around the parameter", "when", "x<< parameters.p >>", "", false},
		{"literal", "when", "false", "", true},
		{"equal", "when", "{equal: [a, " + p + "]}", "p: a", false},
		{"not equal", "when", "{equal: [a, " + p + "]}", "p: b", true},
		{"equal, the other way", "unless", "{equal: [a, " + p + "]}", "p: a", true},
		{"equal to what is not known", "when", "{equal: [<< pipeline.git.branch >>, " + p + "]}", "p: b", false},
		{"two that differ, and one that is not known", "when", "{equal: [<< pipeline.git.branch >>, a, " + p + "]}", "p: b", true},
		{"equal to nothing", "when", "{equal: []}", "", false},
		{"not", "when", "{not: " + p + "}", "p: true", true},
		{"not what is not known", "when", "{not: << pipeline.parameters.x >>}", "", false},
		{"and", "when", "{and: [" + p + ", << pipeline.parameters.x >>]}", "p: false", true},
		{"and with what is not known", "when", "{and: [" + p + ", << pipeline.parameters.x >>]}", "p: true", false},
		{"or", "when", "{or: [" + p + ", false]}", "p: false", true},
		{"or with what is not known", "when", "{or: [" + p + ", << pipeline.parameters.x >>]}", "p: false", false},
		{"matches", "when", "{matches: {pattern: '^a$', value: " + p + "}}", "p: b", false},
		{"several operators", "when", "{not: true, equal: [a, b]}", "", false},
		{"matrix with the value", "when", "{equal: [a, " + p + "]}", "matrix: {parameters: {p: [a, b]}}", false},
		{"matrix without the value", "when", "{equal: [a, " + p + "]}", "matrix: {parameters: {p: [c, b]}}", true},
		{"argument from the matrix", "when", "{equal: [a, " + p + "]}", "{p: << matrix.m >>, matrix: {parameters: {m: [c, b]}}}", true},
		{"list for an argument", "when", p, "p: [a]", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := tt.args
			if args == "" || args[0] != '{' {
				args = "{" + args + "}"
			}
			c := parse(t, fmt.Sprintf(`version: 2.1
commands:
  work:
    parameters: {q: {type: string, default: ''}}
    steps:
      - when: {condition: << parameters.q >>, steps: [{run: in the command}]}
jobs:
  a:
    parameters: {p: {type: string, default: ''}}
    steps:
      - %s: {condition: %s, steps: [{run: inside}, {when: {condition: true, steps: [{run: deeper}]}}]}
      - run: behind
      - work: {q: << parameters.p >>}
      - work: {q: false}
workflows: {w: {jobs: [{a: %s}]}}
`, tt.kind, tt.condition, args))
			got := map[string]bool{}
			for _, x := range c.Workflows()[0].Jobs()[0].Flow() {
				if command := x.Step.Command().Value(); command != "" && command != "in the command" {
					got[command] = x.Never
				}
			}
			if diff := cmp.Diff(map[string]bool{"inside": tt.never, "deeper": tt.never, "behind": false}, got); diff != "" {
				t.Errorf("steps that do not run (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNeverInCommands follows arguments into commands.
func TestNeverInCommands(t *testing.T) {
	t.Parallel()
	c := parse(t, `version: 2.1
commands:
  outer:
    parameters: {q: {type: boolean, default: false}}
    steps: [{inner: {r: << parameters.q >>}}]
  inner:
    parameters: {r: {type: boolean}}
    steps: [{when: {condition: << parameters.r >>, steps: [{run: x}]}}]
jobs:
  a:
    parameters: {p: {type: boolean, default: true}}
    steps: [outer, {outer: {q: << parameters.p >>}}, {outer: {q: << pipeline.parameters.z >>}}]
workflows: {w: {jobs: [a, {a: {p: false}}]}}
`)
	var got []bool
	for _, use := range c.Workflows()[0].Jobs() {
		for _, x := range use.Flow() {
			if x.Step.Kind == RunStep {
				got = append(got, x.Never)
			}
		}
	}
	if diff := cmp.Diff([]bool{true, false, false, true, true, false}, got); diff != "" {
		t.Errorf("steps that do not run (-want +got):\n%s", diff)
	}
}
