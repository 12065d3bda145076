package circle

import "testing"

func TestUsersOf(t *testing.T) {
	t.Parallel()
	c := parse(t, `
defaults: &defaults
  docker: [{image: default-image}]
  environment: {A: default-env}
  working_directory: default-dir
base: &base
  <<: *defaults
  environment: {A: base-env}
setup: &setup {run: shared-step}
list: &list [{run: in-list}]
script: &script aliased-script
unused: &unused {run: unused-step}
orbs: {in: {commands: {login: {steps: [{run: inline-step}]}}, jobs: {inner: {steps: [{run: inner-step}]}}}}
executors:
  py: {docker: [{image: exec-image}], environment: {A: exec-env}, shell: exec-shell, resource_class: exec-class}
commands:
  first: {steps: [second]}
  second: {steps: [{run: second-step}, *setup]}
jobs:
  one: {<<: *defaults, steps: [*setup]}
  two: {<<: *base, steps: *list}
  three: {<<: [*base, {shell: literal-merge}], docker: [{image: own}], steps: [first]}
  four: {executor: py, shell: own-shell, steps: [{run: {command: *script}}]}
  five: {executor: py, docker: [{image: own}], steps: &own [{when: {steps: [in/login]}}]}
  six: {executor: py, <<: {steps: *own}}
workflows:
  w: {jobs: [one: {context: entry-context, pre-steps: [second]}, in/inner: {context: inner-context}]}
`)
	for _, tt := range []struct{ text, want string }{
		{"default-image", "one two"},
		{"default-env", "one"},
		{"default-dir", "one two three"},
		{"base-env", "two three"},
		{"shared-step", "one three"},
		{"in-list", "two"},
		{"aliased-script", "four"},
		{"unused-step", ""},
		{"inline-step", "five six"},
		{"inner-step", "inner"},
		{"exec-image", "four six"},
		{"exec-env", "four five six"},
		{"exec-shell", "five six"},
		{"exec-class", "four five six"},
		{"second-step", "one three"},
		{"literal-merge", "three"},
		{"own-shell", "four"},
		{"entry-context", "one"},
		{"inner-context", "inner"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			n := find(t, c.Node, tt.text)
			if got := jobNames(c.UsersOf(n)); got != tt.want {
				t.Errorf("want %q\ngot  %q", tt.want, got)
			}
			if key := n.Entry().Key(); key.Exists() && jobNames(c.UsersOf(key)) != tt.want {
				t.Error("the key has other users than its value")
			}
		})
	}
	if got := jobNames(c.UsersOf(c.Node.Get("defaults"))); got != "one two three" {
		t.Errorf("defaults as a whole: got %q", got)
	}
	if got := jobNames(c.UsersOf(c.ExecutorByName("py").Node)); got != "four five six" {
		t.Errorf("executor as a whole: got %q", got)
	}
}
