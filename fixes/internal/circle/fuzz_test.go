package circle

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cfgfix/rewrite"
)

// FuzzView asks every question of the view about whatever YAML comes. It must neither panic nor loop.
func FuzzView(f *testing.F) {
	for _, src := range oddSources {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<12 {
			t.Skip("size is not what this is about")
		}
		file, err := rewrite.Parse(src)
		if err != nil {
			t.Skip("no YAML")
		}
		for _, doc := range file.Documents() {
			IsConfig(doc)
			exercise(t, New(doc))
		}
	})
}

// oddSources are trees that a careless view would stumble over.
var oddSources = []string{
	"",
	"~",
	"[]",
	"jobs",
	"jobs: [a, {b: c}]\nworkflows: 3\ncommands: ~\nexecutors: [x]\norbs: {a: [], b: ~, c: 1}\nparameters: x",
	"jobs: {1: {steps: [1, ~, [], {}, [[checkout]], {run: }, {run: []}, {when: x}, {unless: {steps: 3}}]}}",
	"jobs: {a: &a {steps: [*a], docker: *a, environment: [*a, *a, {b: *a}], executor: *a}}",
	"jobs: {a: &a {<<: *a, steps: &s [{when: {steps: *s}}]}}",
	"jobs: {a: {steps: [b]}, a: {steps: [c]}}\ncommands: {b: {steps: [c, b]}, c: {steps: [b, c]}}",
	"commands: {c: {parameters: {p: {type: steps, default: [{steps: << parameters.p >>}]}}, steps: [{steps: << parameters.p >>}]}}\njobs: {j: {steps: [c, {c: {p: [c]}}]}}",
	"orbs: &o {a: {orbs: *o, jobs: *o, commands: {x: {steps: [a/x]}}}}\njobs: {j: {steps: [a/x, a/, /x, /]}}",
	"a: &a {x: 1}\nb: &b {<<: [*a, *a]}\nc: &c {<<: [*b, *b], <<: {y: 2}}\njobs: {j: {<<: [*c, [*c], 3], steps: []}}",
	"x: &s [checkout]\ny: &t [{when: {steps: *s}}, {when: {steps: *s}}]\nz: &u [{when: {steps: *t}}, {when: {steps: *t}}]\njobs: {j: {steps: *u}}",
	"workflows: {version: 2, w: {jobs: [a, ~, {}, {a: }, {a: [b]}, {[a]: b}, *x]}, v: &x {jobs: {a: b}}}",
	"workflows: {w: {jobs: &l [{a: {pre-steps: *l, matrix: {parameters: {e: [x, y]}}, e: {name: z}}}]}}\njobs: {a: {executor: << parameters.e >>}}",
	"? {a: b}\n: c\n? [d]\n: e\njobs: {? {a: b} : {steps: [checkout]}}",
	"steps: << parameters.s >>\nparameters: {s: {type: steps}}\nexecutor: e",
	"anything: [{run: x}, &a {name: n, command: c}, {docker: [{image: i}]}, {image: j}]\njobs: {}",
	"!!binary jobs: {}\n--- &a\njobs: {a: *a}\n--- *a",
}

func TestOddSources(t *testing.T) {
	t.Parallel()
	for _, src := range oddSources {
		file, err := rewrite.Parse([]byte(src))
		if err != nil {
			t.Logf("not parsed: %v", err)
			continue
		}
		for _, doc := range file.Documents() {
			exercise(t, New(doc))
		}
	}
}

// exercise asks everything once and checks what holds for any tree.
func exercise(t *testing.T, c *Config) {
	t.Helper()
	c.Version()
	c.Is21()
	c.Setup()
	for _, c := range c.configs() {
		exerciseConfig(c)
	}
	seen := map[rewrite.Node]bool{}
	for s := range c.Walk {
		if seen[s.Node] {
			t.Errorf("step at %v visited twice", s.Node.Span())
		}
		seen[s.Node] = true
		exerciseStep(s)
	}
	each(c.Node, func(n rewrite.Node) {
		if owner := c.Owner(n); owner == "" {
			t.Errorf("%v has no owner", n.Span())
		}
		c.UsersOf(n)
		Known(n)
	})
}

func exerciseConfig(c *Config) {
	c.Parameters()
	for _, o := range c.Orbs() {
		_, _, _, _ = o.Name(), o.Version(), o.Parameterised(), o.Key()
	}
	for _, j := range c.Jobs() {
		exerciseJob(j)
		j.Uses()
		j.Contexts()
		j.Flow()
	}
	for _, x := range c.Executors() {
		_, _, _, _ = x.DockerItems(), x.Environment().Vars(), x.ResourceClass(), x.Shell()
		_, _, _, _, _ = x.Machine(), x.MacOS(), x.Parameters(), x.Users(), x.Entries()
	}
	for _, cmd := range c.Commands() {
		_, _, _ = cmd.Steps(), cmd.Parameters(), cmd.Callers()
	}
	for _, u := range c.entries() {
		_, _, _, _ = u.Name(), u.Job(), u.Approval(), u.Contexts()
		_, _, _, _ = u.Requires(), u.BranchFilter(), u.Matrix(), u.Flow()
		u.OrbJob()
	}
	for _, f := range c.Fragments() {
		if f.Job != nil {
			exerciseJob(f.Job)
		}
	}
}

func exerciseJob(j *Job) {
	_, _, _, _ = j.EffectiveEnvironments().Vars(), j.Executor(), j.Machine(), j.MacOS()
	_, _, _ = j.ResourceClass(), j.Shell(), j.Parameters()
	for _, d := range j.DockerItems() {
		_, _, _, _, _, _ = d.Image(), d.Name(), d.Auth(), d.AWSAuth(), d.GCPAuth(), d.Environment()
	}
}

func exerciseStep(s *Step) {
	_, _, _, _, _ = s.Args(), s.Command(), s.Title(), s.Environment().Vars(), s.Shell()
	_, _, _, _, _ = s.WorkingDirectory(), s.RunWhen(), s.NoOutputTimeout(), s.Background(), s.Condition()
	_, _, _, _, _ = s.Callee(), s.ParameterName(), s.Job(), s.InCommand(), s.Use()
	_, _ = s.Jobs(), s.Owner()
	s.OrbCall()
	if s.List != nil {
		s.List.Users()
	}
}

// TestCorpus reads every real config whole, and checks that no run step of the sections is missed.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files := corpusFiles(t, "configs")
	steps := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, err := rewrite.Parse(files[name])
		if err != nil {
			continue
		}
		for _, doc := range file.Documents() {
			c := New(doc)
			exercise(t, c)
			if !IsConfig(doc) {
				continue
			}
			visited := map[rewrite.Node]bool{}
			for s := range c.Walk {
				visited[s.Node] = true
				steps++
			}
			each(doc, func(n rewrite.Node) {
				run := n.Own("run")
				if run.Exists() && !visited[n] && n.Path() != "workflows" && !strings.HasPrefix(n.Path(), "examples") {
					t.Errorf("%s: %s is not visited", name, n.Path())
				}
			})
		}
	}
	t.Logf("%d steps", steps)
}

// TestTricky reads small files that are hard on a YAML reader, as configs of their own and as the body of a job.
func TestTricky(t *testing.T) {
	t.Parallel()
	for name, src := range corpusFiles(t, "tricky") {
		inJob := "jobs:\n  j:\n    " + strings.ReplaceAll(string(src), "\n", "\n    ")
		for _, src := range []string{string(src), inJob} {
			file, err := rewrite.Parse([]byte(src))
			if err != nil {
				continue
			}
			for _, doc := range file.Documents() {
				exercise(t, New(doc))
			}
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
