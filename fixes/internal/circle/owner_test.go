package circle

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cfgfix/rewrite"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	const src = `
version: 2.1
parameters: {image: {type: string, default: in-parameter}}
references:
  setup: &setup
    run: in-anchor
  plain:
    run: in-unnamed
  script: &script aliased-script
defaults: &defaults
  docker: [{image: in-defaults}]
list:
  - run: in-list
orbs:
  aws: circleci/aws-cli@5.1
  in:
    orbs: {deep: {commands: {c: {steps: [{run: in-deep}]}}}}
    commands: {login: {steps: [{run: in-inline}]}}
    jobs: {j: {steps: [{run: in-inline-job}]}}
    description: in-orb
executors: {py: {docker: [{image: in-executor}]}}
commands: {login: {steps: [{run: in-command}]}}
jobs:
  build:
    <<: *defaults
    environment: &env {A: in-job-anchor}
    steps: [*setup, {run: {command: *script}}, {run: in-job}]
workflows:
  main:
    when: in-when
    jobs:
      - build: {context: in-entry, after: &after [{run: in-entry-anchor}]}
      - aws/run: {script: in-orb-job}
      - aws/run: {name: named, script: in-named-orb-job, pre-steps: &pre [{run: in-orb-anchor}]}
      - hold: {type: approval, filters: in-approval}
`
	c := parse(t, src)
	for _, tt := range []struct{ text, want string }{
		{"in-parameter", "parameter:image"},
		{"in-anchor", "anchor:setup"},
		{"in-unnamed", "anchor:plain"},
		{"aliased-script", "job:build"},
		{"in-defaults", "anchor:defaults"},
		{"in-list", "anchor:list"},
		{"circleci/aws-cli@5.1", "file"},
		{"in-deep", "orb:in/orb:deep/command:c"},
		{"in-inline", "orb:in/command:login"},
		{"in-inline-job", "orb:in/job:j"},
		{"in-orb", "orb:in"},
		{"in-executor", "executor:py"},
		{"in-command", "command:login"},
		{"in-job-anchor", "job:build"},
		{"in-job", "job:build"},
		{"in-when", "workflow:main"},
		{"in-entry", "job:build"},
		{"in-entry-anchor", "anchor:after"},
		{"in-orb-job", "orb-job:main/aws/run"},
		{"in-named-orb-job", "orb-job:main/named"},
		{"in-orb-anchor", "orb-job:main/named"},
		{"in-approval", "workflow:main"},
		{"2.1", "file"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			var n rewrite.Node
			each(c.Node, func(m rewrite.Node) {
				if m.Value() == tt.text && !n.Exists() {
					n = m
				}
			})
			if got := c.Owner(n); got != tt.want {
				t.Errorf("want %s\ngot  %s", tt.want, got)
			}
		})
	}
}

func TestOwnerOfPart(t *testing.T) {
	t.Parallel()
	c := parse(t, "parameters: {a: {type: string}}\nsteps:\n  - run: &x text\nextra: {run: more}\n")
	for _, text := range []string{"text", "string", "more"} {
		if got := c.Owner(find(t, c.Node, text)); got != "file" {
			t.Errorf("%s: want file, got %s", text, got)
		}
	}
}

// ownerExceptions are labels (file, owner, line) whose owner is not that of the line, with the reason.
var ownerExceptions = map[string]string{
	"CircleCI-Public__aws-ecr-orb@267e1a71__src__@orb.yml orb-job:build_and_push_image/aws-ecr/build_and_push_image 29": inExample,
	"eddiewebb__circleci-dmz-orb__src__orb.yml job:build 80":                                                            inExample,
	"mergermarket__acuris-orb-appgate__src__orb.yml job:test-appgate-connect 22":                                        inExample,
}

const inExample = "a usage example in an orb source is no config and has no owner of its own"

func TestOwnersOfLabels(t *testing.T) {
	t.Parallel()
	files := corpusFiles(t, "configs")
	labels, err := os.ReadFile(filepath.Join(corpus, "labels.tsv"))
	if err != nil {
		t.Skip("no labels beside the repository")
	}
	checked := 0
	for _, row := range strings.Split(string(labels), "\n")[1:] {
		col := strings.Split(row, "\t")
		if len(col) < 4 || col[2] == "-" {
			continue
		}
		line, err := strconv.Atoi(col[3])
		if err != nil || line == 0 {
			continue
		}
		f, err := rewrite.Parse(files[col[0]])
		if err != nil {
			continue
		}
		key := col[0] + " " + col[2] + " " + col[3]
		docs := f.Documents()
		if len(docs) == 0 || !IsConfig(docs[0]) {
			continue
		}
		checked++
		got := New(docs[0]).Owner(nodeOnLine(f, docs[0], line))
		_, excepted := ownerExceptions[key]
		if same := got == col[2]; same == excepted {
			t.Errorf("%s: got %s; listed as an exception: %v", key, got, excepted)
		}
	}
	t.Logf("%d labels checked", checked)
}

// nodeOnLine is the innermost node whose text touches the line; of several the first.
func nodeOnLine(f *rewrite.File, root rewrite.Node, line int) rewrite.Node {
	var best rewrite.Node
	bestDepth := -1
	each(root, func(n rewrite.Node) {
		if n.Span().Len() == 0 || f.Position(n.Span().Start).Line > line || f.Position(n.Span().End-1).Line < line {
			return
		}
		depth := 0
		for p := n.Parent(); p.Exists(); p = p.Parent() {
			depth++
		}
		if depth > bestDepth {
			best, bestDepth = n, depth
		}
	})
	return best
}
