package circle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJobExecutor(t *testing.T) {
	t.Parallel()
	c := parse(t, `
executors:
  py:
    docker: [{image: py-image, environment: {C: d}}, {image: second}]
    environment: {A: executor, B: executor}
    resource_class: large
    shell: /bin/sh
  vm: {machine: {image: vm-image, resource_class: medium}}
  spare: {docker: [{image: spare-image}]}
images: &images [{image: shared-image}]
defaults: &defaults {docker: *images, environment: &env {A: defaults, D: defaults}}
jobs:
  by-name: {executor: py, environment: {A: job}}
  by-map: {executor: {name: py, tag: '3'}}
  own-docker: {executor: py, docker: [{image: own-image}]}
  on-vm: {executor: vm}
  merged: {<<: *defaults}
  both: {<<: *defaults, environment: {<<: *env, A: own}}
  by-param: {parameters: {e: {type: executor, default: py}}, executor: << parameters.e >>}
  elsewhere: {executor: other/default}
workflows:
  w: {jobs: [by-param: {e: vm, matrix: {parameters: {e: [spare]}}}]}
`)
	for _, tt := range []struct{ job, images, env, class string }{
		{"by-name", "py-image second", "A=job B=executor", "large"},
		{"by-map", "py-image second", "A=executor B=executor", "large"},
		{"own-docker", "own-image", "A=executor B=executor", "large"},
		{"on-vm", "", "", "medium"},
		{"merged", "shared-image", "A=defaults D=defaults", ""},
		{"both", "shared-image", "A=own D=defaults", ""},
		{"by-param", "", "", ""},
		{"elsewhere", "", "", ""},
	} {
		t.Run(tt.job, func(t *testing.T) {
			j := c.JobByName(tt.job)
			var images, env []string
			for _, d := range j.DockerItems() {
				images = append(images, d.Image().Value())
			}
			for _, v := range j.EffectiveEnvironments().Vars() {
				env = append(env, v.Name+"="+v.Text)
			}
			got := []string{strings.Join(images, " "), strings.Join(env, " "), j.ResourceClass().Value()}
			if diff := cmp.Diff([]string{tt.images, tt.env, tt.class}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, want := range map[string]string{"py": "by-name by-map own-docker by-param", "vm": "on-vm by-param", "spare": "by-param"} {
		if got := jobNames(c.ExecutorByName(name).Users()); got != want {
			t.Errorf("users of %s: want %s, got %s", name, want, got)
		}
	}
	if ref := c.JobByName("by-param").ExecutorRef(); ref.Known || ref.Name != "<< parameters.e >>" {
		t.Errorf("got %+v", ref)
	}
}

func TestEnvironmentForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src, want string
		places          int
		removable       string // text of the entry that removes the first variable
	}{
		{"map", "{A: 1, B: 'x'}", "A=1 B=x", 1, "A: 1"},
		{"map with a merge", "{<<: *m, A: 1}", "A=1 M=merged", 2, "A: 1"},
		{"alias", "*m", "M=merged", 1, "M: merged"},
		{"list of one-key maps", "[{A: 1}, {B: 2}]", "A=1 B=2", 1, "{A: 1}"},
		{"list of a longer map", "[{A: 1, B: 2}]", "A=1 B=2", 1, "A: 1"},
		{"list of texts", "[A=1=2, 'B=']", "A=1=2 B=", 1, "A=1=2"},
		{"list with an alias", "[A=1, *m]", "A=1 M=merged", 2, "A=1"},
		{"aliased text in a list", "[*t]", "T=text", 1, "*t"},
		{"key twice", "{A: 1, A: 2}", "A=2", 1, "A: 2"},
		{"expression", "<< parameters.env >>", "", 0, ""},
		{"nothing", "", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := "m: &m {M: merged}\nt: &t T=text\njobs: {j: {environment: " + tt.src + "}}\n"
			envs := parse(t, src).JobByName("j").Environments()
			var got []string
			for _, v := range envs.Vars() {
				got = append(got, v.Name+"="+v.Text)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			if len(envs) != tt.places {
				t.Errorf("want %d places, got %d", tt.places, len(envs))
			}
			if vars := envs.Vars(); len(vars) > 0 {
				span := vars[0].Entry.Span()
				if text := src[span.Start:span.End]; text != tt.removable {
					t.Errorf("want to remove %q, got %q", tt.removable, text)
				}
			}
		})
	}
}

func TestContextsAndEntries(t *testing.T) {
	t.Parallel()
	c := parse(t, `
orbs: {in: {jobs: {inner: {steps: []}}}}
jobs: {build: {}, test: {}, lint: {}}
job-groups: {g: {jobs: [lint: {context: c5}]}}
workflows:
  version: 2
  one:
    jobs:
      - build
      - build: {name: second, context: [c1, c2], requires: [build, {test: [success, failed]}], filters: {branches: {only: main}}}
      - test: {context: << pipeline.parameters.c >>, filters: pipeline.git.branch == "main"}
      - in/inner: {context: c4}
      - other/job: {executor: x, pre-steps: [checkout]}
      - hold: {type: approval}
      - g
  two: {jobs: [build: {context: c3}]}
`)
	contexts := func(name string) string {
		names, known := c.JobByName(name).Contexts()
		if !known {
			names = append(names, "?")
		}
		return strings.Join(names, " ")
	}
	for name, want := range map[string]string{"build": "c1 c2 c3", "test": "?", "lint": "c5"} {
		if got := contexts(name); got != want {
			t.Errorf("contexts of %s: want %s, got %s", name, want, got)
		}
	}
	if got := len(c.Workflows()); got != 2 {
		t.Fatalf("want 2 workflows, got %d", got)
	}
	type entry struct {
		Name, Job, OrbJob, Requires string
		Bare, Branches, Approval    bool
	}
	var got []entry
	for _, u := range c.WorkflowByName("one").Jobs() {
		e := entry{Name: u.Name(), Requires: strings.Join(u.Requires(), " "), Bare: u.Bare, Branches: u.BranchFilter(), Approval: u.Approval()}
		if j := u.Job(); j != nil {
			e.Job = j.Name
		}
		_, e.OrbJob, _ = u.OrbJob()
		got = append(got, e)
	}
	want := []entry{
		{Name: "build", Job: "build", Bare: true},
		{Name: "second", Job: "build", Requires: "build test", Branches: true},
		{Name: "test", Job: "test", Branches: true},
		{Name: "in/inner", Job: "inner", OrbJob: "inner"},
		{Name: "other/job", OrbJob: "job"},
		{Name: "hold", Approval: true},
		{Name: "g", Bare: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
