package circle

import (
	"fmt"
	"testing"

	"cfgfix/rewrite"
)

func TestIsConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src string
		want      bool
	}{
		{"jobs alone", "jobs: {}", true},
		{"orbs alone", "orbs: {a: b/c@1}", true},
		{"workflows without a value", "workflows:", true},
		{"packed command", "description: d\nsteps: [checkout]", true},
		{"packed job on a machine", "machine: true\nsteps: [checkout]", true},
		{"packed executor", "docker: [{image: i}]", false},
		{"usage example", "description: d\nusage: {version: 2.1, jobs: {}}", false},
		{"usage example beside a section", "usage: {version: 2.1}\norbs: {}", false},
		{"anchors under usage in a config", "usage: &u {a: b}\njobs: {}", true},
		{"CircleCI 1.0", "machine: {node: {version: 6}}\ntest: {override: [make]}", false},
		{"CircleCI 1.0 with a word that is a section today", "machine: {}\ncommands: [a]", false},
		{"settings of another tool", "version: 2\nupdates: []", false},
		{"commands without their key", "login: {steps: [checkout]}", false},
		{"a list", "[jobs]", false},
		{"a text", "jobs", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := IsConfig(parse(t, tt.src).Node); got != tt.want {
				t.Errorf("want %v, got %v", tt.want, got)
			}
		})
	}
	if IsConfig(rewrite.Node{}) {
		t.Error("nothing is a config")
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src, version string
		is21, setup        bool
	}{
		{"number", "version: 2.1\nsetup: true", "2.1", true, true},
		{"text", "version: '2.1'", "2.1", true, false},
		{"old", "version: 2\njobs: {}", "2", false, false},
		{"old, as a text", "version: \"2.0\"\norbs: {}", "2.0", false, false},
		{"none, with an orb", "orbs: {}", "", true, false},
		{"none, without", "jobs: {}\nsetup: 'true'", "", false, false},
		{"packed", "steps: []", "", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parse(t, tt.src)
			if c.Version() != tt.version || c.Is21() != tt.is21 || c.Setup() != tt.setup {
				t.Errorf("got version %q, 2.1 %v, setup %v", c.Version(), c.Is21(), c.Setup())
			}
		})
	}
}

func TestPacked(t *testing.T) {
	t.Parallel()
	command := parse(t, "parameters: {a: {type: string}}\nsteps: [{run: x}]")
	if len(command.Jobs()) != 0 || len(command.Commands()) != 1 || len(command.Commands()[0].Parameters()) != 1 {
		t.Errorf("command: %d jobs, %d commands", len(command.Jobs()), len(command.Commands()))
	}
	job := parse(t, "docker: [{image: i}]\nsteps: [{run: x}]")
	if len(job.Jobs()) != 1 || len(job.Commands()) != 0 || len(job.Jobs()[0].DockerItems()) != 1 {
		t.Errorf("job: %d jobs, %d commands", len(job.Jobs()), len(job.Commands()))
	}
	if got := len(job.UsersOf(find(t, job.Node, "x"))); got != 1 {
		t.Errorf("want the packed job as user, got %d", got)
	}
}

func TestOrbs(t *testing.T) {
	t.Parallel()
	c := parse(t, `
orbs:
  cli: circleci/aws-cli@5.1
  dev: a/b@dev:first
  param: circleci/slack@<< pipeline.parameters.v >>
  bare: a/b
  url: https://example.com/a@b/orb.yml
  in: {orbs: {x: c/d@1}, commands: {login: {steps: []}}}
`)
	for _, tt := range []struct {
		alias, name, version string
		parameterised        bool
	}{
		{"cli", "circleci/aws-cli", "5.1", false},
		{"dev", "a/b", "dev:first", false},
		{"param", "circleci/slack", "<< pipeline.parameters.v >>", true},
		{"bare", "a/b", "", false},
		{"url", "", "", false},
		{"in", "", "", false},
	} {
		o := c.OrbByAlias(tt.alias)
		if o.Name() != tt.name || o.Version() != tt.version || o.Parameterised() != tt.parameterised {
			t.Errorf("%s: got %q %q %v", tt.alias, o.Name(), o.Version(), o.Parameterised())
		}
		if inline := o.Inline(); (inline != nil) != (tt.alias == "in") {
			t.Errorf("%s: inline %v", tt.alias, inline)
		}
	}
	inline := c.OrbByAlias("in").Inline()
	if inline.OrbByAlias("x") == nil || inline.OrbByAlias("cli") != nil {
		t.Error("an inline orb sees its own orbs and no others")
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, body string
		known            bool
	}{
		{"none", "plain", "", true},
		{"parameter", "a<< parameters.x >>b", "parameters.x", false},
		{"no blanks", "<<parameters.x>>", "parameters.x", false},
		{"operators", `<< pipeline.number > 3 and "a" or "b" >>`, `pipeline.number > 3 and "a" or "b"`, false},
		{"include", "<<include(scripts/a.sh)>>", "include(scripts/a.sh)", false},
		{"escaped", `\<< parameters.x >>`, "", true},
		{"not closed", "a << b", "", true},
		{"closed on another line", "<< a.b\n>>", "", true},
		{"here-document with a redirect", "cat <<EOF >> $BASH_ENV\n", "", true},
		{"quoted here-document with a redirect", "cat <<-'EOF' >> f", "", true},
		{"here-document, then an expression", "cat <<EOF >> << parameters.f >>", "parameters.f", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := ""
			for _, e := range Expressions(tt.text) {
				body += e.Body
			}
			if known := len(Expressions(tt.text)) == 0; body != tt.body || known != tt.known {
				t.Errorf("want %q, got %q", tt.body, body)
			}
		})
	}
	if text, known := Known(parse(t, "a: &x text\nb: *x").Node.Get("b")); text != "text" || !known {
		t.Errorf("through an alias: got %q %v", text, known)
	}
	if _, known := Known(rewrite.Node{}); known {
		t.Error("an absent node is not known")
	}
}

func TestContextLists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		entry, want string
		known       bool
	}{
		{"{}", "[[]]", true},
		{"{context: [a, b]}", "[[a b]]", true},
		{"{context: 'aws-<< matrix.env >>', matrix: {parameters: {env: [dev, prod]}}}", "[[aws-dev] [aws-prod]]", true},
		{"{context: [all, '<<matrix.a>>-<< matrix.b >>'], matrix: {parameters: {a: [x, y], b: [1], c: [z, z]}}}", "[[all x-1] [all y-1]]", true},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y, z]}, exclude: [{a: x}]}}", "[[y] [z]]", true},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y], b: [1, 2]}, exclude: [{a: x, b: 1}, {b: 2, a: x}]}}", "[[y]]", true},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y], b: [1, 2]}, exclude: [{a: x}]}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y]}, exclude: [{a: << pipeline.parameters.a >>}]}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y]}, exclude: << pipeline.parameters.all >>}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x, y], b: << pipeline.parameters.all >>}, exclude: [{a: x, b: 1}]}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: [x]}, exclude: [{a: x}]}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< matrix.b >>', matrix: {parameters: {a: [x, y]}, exclude: [{a: x}]}}", "[[<< matrix.b >>]]", false},
		{"{context: a, matrix: {parameters: {a: [x]}, exclude: [{b: x}]}}", "[[a]]", true},
		{"{context: '<< matrix.a >>', matrix: {parameters: {a: << pipeline.parameters.all >>}}}", "[[<< matrix.a >>]]", false},
		{"{context: '<< pipeline.parameters.context >>'}", "[[<< pipeline.parameters.context >>]]", false},
	}
	for _, tt := range tests {
		c := parse(t, "jobs: {j: {}}\nworkflows: {w: {jobs: [j: "+tt.entry+"]}}\n")
		lists, known := c.Workflows()[0].Jobs()[0].ContextLists()
		if got := fmt.Sprint(lists); got != tt.want || known != tt.known {
			t.Errorf("%s: want %s %v, got %s %v", tt.entry, tt.want, tt.known, got, known)
		}
	}
}
