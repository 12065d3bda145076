package rewrite

import (
	"errors"
	"testing"
)

// edited plans, proves and applies operations on a source.
func edited(t *testing.T, src string, ops func(root Node) []Op) (string, error) {
	t.Helper()
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Plan(ops(f.Documents()[0]))
	if err != nil {
		return "", err
	}
	next, err := c.Prove()
	if err != nil {
		return "", err
	}
	return string(next.Source()), nil
}

func TestOperations(t *testing.T) {
	t.Parallel()
	role := Pair{"aws-cli/setup", Map(Pair{"role_arn", String("${ROLE}")})}
	own := func(n Node, keys ...string) Node {
		for _, k := range keys {
			n = n.Own(k)
		}
		return n
	}
	tests := []struct {
		name, src, want string
		ops             func(root Node) []Op
	}{
		{
			"insert a step before another", "steps:\n  - checkout\n  # about x\n  - run: x\n", "steps:\n  - checkout\n  - aws-cli/setup:\n      role_arn: ${ROLE}\n  # about x\n  - run: x\n",
			func(r Node) []Op {
				return []Op{InsertBefore(r.Own("steps").Entries()[1], Item(Map(role)))}
			},
		},
		{
			"new top-level block copies the blank line", "version: 2.1\n\njobs:\n  a:\n    b: 1\n", "version: 2.1\n\norbs:\n  x: a/b@1\n\njobs:\n  a:\n    b: 1\n",
			func(r Node) []Op {
				return []Op{InsertAfter(r.Entries()[0], Pair{"orbs", Map(Pair{"x", String("a/b@1")})})}
			},
		},
		{
			"wrap a bare item, keep its comment", "steps:\n- checkout # c\n- aws-cli/setup # d\n- x\n", "steps:\n- checkout # c\n- aws-cli/setup: # d\n    role_arn: ${ROLE}\n- x\n",
			func(r Node) []Op {
				return []Op{Wrap(r.Own("steps").Entries()[1].Value(), role.Value)}
			},
		},
		{
			"remove both entries and the emptied parent", "job:\n  environment:\n    A: 1 # one\n    B: 2\n  steps: []\n", "job:\n  steps: []\n",
			func(r Node) []Op {
				e := own(r, "job", "environment").Entries()
				return []Op{Prune(e[0]), Prune(e[1])}
			},
		},
		{
			"replace two keys by one at the first's place", "setup:\n    a: 1\n    b: 2\n    region: x\n", "setup:\n    role_arn: arn:aws:iam::1:role/x\n    region: x\n",
			func(r Node) []Op {
				e := own(r, "setup").Entries()
				return []Op{InsertBefore(e[0], Pair{"role_arn", String("arn:aws:iam::1:role/x")}), Remove(e[0]), Remove(e[1])}
			},
		},
		{
			"first entry behind a dash", "- image: a\n  auth: b\n- c\n", "- auth: b\n- c\n",
			func(r Node) []Op { return []Op{Remove(r.Entries()[0].Value().Entries()[0])} },
		},
		{
			"no final newline stays so", "a: 1\nb:\n  - x", "a: 1\nb:\n  - x\n  - z: 1",
			func(r Node) []Op {
				return []Op{Append(r.Own("b"), Item(Map(Pair{"z", Value{kind: wordValue, text: "1"}})))}
			},
		},
		{
			"behind a literal at the end without newline", "- run: |\n    x", "- run: |-\n    x\n- z",
			func(r Node) []Op { return []Op{Append(r, Item(String("z")))} },
		},
		{
			"lines of a literal", "run: |\r\n  export A=1\r\n  aws s3 ls\r\n\r\n  export B=2\r\n", "run: |\r\n  aws s3 ls\r\n\r\n",
			func(r Node) []Op {
				n := r.Own("run")
				return []Op{ReplaceText(n, 0, 11, ""), ReplaceText(n, 22, 33, "")}
			},
		},
		{
			"part of a line of a literal", "run: |\n  A=1 B=2 x\n  y\n", "run: |\n  B=2 x\n  y\n",
			func(r Node) []Op { return []Op{ReplaceText(r.Own("run"), 0, 4, "")} },
		},
		{
			"part of a double quoted scalar", `run: "A=\"1\" x"`, `run: "x"`,
			func(r Node) []Op { return []Op{ReplaceText(r.Own("run"), 0, 6, "")} },
		},
		{
			"orb version, quotes and comment kept", "orbs:\n  a: \"circleci/aws-cli@2.1\" # c\n", "orbs:\n  a: \"circleci/aws-cli@3.2.0\" # c\n",
			func(r Node) []Op { return []Op{ReplaceText(own(r, "orbs", "a"), 17, 20, "3.2.0")} },
		},
		{
			"null becomes a mapping", "orbs:\njobs: 1\n", "orbs:\n  a: b/c@1\njobs: 1\n",
			func(r Node) []Op { return []Op{Append(r.Own("orbs"), Pair{"a", String("b/c@1")})} },
		},
		{
			"flow list", "steps: [checkout, x]\n", "steps: [checkout, {aws-cli/setup: {role_arn: \"${ROLE}\"}}, x]\n",
			func(r Node) []Op { return []Op{InsertBefore(r.Own("steps").Entries()[1], Item(Map(role)))} },
		},
		{
			"flow map", "e: {A: 1, B: 2, C: 3}\n", "e: {B: 2}\n",
			func(r Node) []Op { return []Op{Remove(r.Own("e").Entries()[0]), Remove(r.Own("e").Entries()[2])} },
		},
		{
			"multi-line run with a literal", "steps:\n- checkout\n", "steps:\n- run:\n    name: a\n    command: |\n      x\n\n      y \"z\"\n- checkout\n",
			func(r Node) []Op {
				return []Op{InsertBefore(r.Own("steps").Entries()[0], Item(Map(Pair{"run", Map(Pair{"name", String("a")}, Pair{"command", LiteralText("x\n\ny \"z\"\n")})})))}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := edited(t, tt.src, tt.ops)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("want:\n%s\ngot:\n%s", tt.want, got)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src string
		want      Reason
		ops       func(root Node) []Op
	}{
		{"shared anchor", "a: &x\n  k: 1\n  l: 2\nb: *x\n", SharedAnchor, func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[0])} }},
		{"sole entry", "a:\n  k: 1\n", EmptyCollection, func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[0])} }},
		{"merge supplies the key", "x: &x {k: 1}\na:\n  <<: *x\n  k: 2\n", MergeSupplies, func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[1])} }},
		{"duplicate key", "a:\n  k: 1\n  k: 2\n  l: 3\n", DuplicateKey, func(r Node) []Op { return []Op{Remove(r.Own("a").Entries()[0])} }},
		{"deep comment below a literal", "- a: |\n    x\n- b: 1\n    # deep\n- c: 1\n", 0, func(r Node) []Op { return []Op{Remove(r.Entries()[1])} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := edited(t, tt.src, tt.ops)
			var refused *RefusedError
			if tt.want == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &refused) || refused.Reason != tt.want {
				t.Errorf("want refusal %q, got %v %q", tt.want, err, got)
			}
		})
	}
}
