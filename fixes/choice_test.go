package fixes

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const chosenConfig = `version: 2.1
jobs:
  first:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: curl http://10.1.2.3/a
  second:
    docker: [{image: cimg/base:2026.01}]
    steps: [{run: curl http://10.1.2.3/b}]
  third:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: |
          make
          ssh -J bastion.acme.example ci@10.1.2.3 true
workflows:
  main:
    jobs: [first, second, third]
`

// choosing is an engine that asks for a choice by the owner of a finding.
func choosing(choices map[string]Choice) *Engine {
	return &Engine{Rules: []*Rule{internalNetwork, suppression}, Choose: func(f *Finding) Choice { return choices[f.Owner] }}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	const class = "\n    resource_class: acme/linux"
	first := strings.NewReplacer("base:2026.01\n    steps:\n      - run: curl", "base:2026.01"+class+"\n    steps:\n      - run: curl").Replace(chosenConfig)
	for _, test := range []struct {
		name    string
		choices map[string]Choice
		want    string
		status  []Status // of the findings of first, second and third
	}{
		{"one of three", map[string]Choice{"job:second": {Skip: true}, "job:third": {Skip: true}}, first, []Status{Applied, NotChosen, NotChosen}},
		{"none", map[string]Choice{"job:first": {Skip: true}, "job:second": {Skip: true}, "job:third": {Skip: true}}, chosenConfig, []Status{NotChosen, NotChosen, NotChosen}},
		{
			"ignored: a comment above the step, above a job on one line, and above a script",
			map[string]Choice{"job:first": {Ignore: "it may fail"}, "job:second": {Ignore: "on order"}, "job:third": {Ignore: "for now"}},
			strings.NewReplacer(
				"      - run: curl", "      # cfgfix: ignore[internal-network] it may fail\n      - run: curl",
				"    steps: [{", "    # cfgfix: ignore[internal-network] on order\n    steps: [{",
				"      - run: |", "      # cfgfix: ignore[internal-network] for now\n      - run: |",
			).Replace(chosenConfig),
			[]Status{Suppressed, Suppressed, Suppressed},
		},
		{
			"one of each",
			map[string]Choice{"job:second": {Skip: true}, "job:third": {Ignore: "for now"}},
			strings.Replace(first, "      - run: |", "      # cfgfix: ignore[internal-network] for now\n      - run: |", 1),
			[]Status{Applied, NotChosen, Suppressed},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			facts := &Facts{Runner: RunnerFacts{ResourceClass: "acme/linux"}}
			r := choosing(test.choices).Run([]byte(chosenConfig), facts)
			if diff := cmp.Diff(test.want, string(r.Output)); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
			var got []Status
			for _, x := range r.Results {
				got = append(got, x.Status)
			}
			if diff := cmp.Diff(test.status, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			again := choosing(test.choices).Run(r.Output, facts)
			if diff := cmp.Diff(test.want, string(again.Output)); diff != "" {
				t.Errorf("a second run changes more:\n%s", diff)
			}
		})
	}
}

// A finding that no fix is for can be ignored just as well.
func TestIgnoreManual(t *testing.T) {
	t.Parallel()
	src := strings.Replace(chosenConfig, "docker: [{image: cimg/base:2026.01}]", "macos: {xcode: 16.2.0}", 1)
	r := choosing(map[string]Choice{"job:first": {Skip: true}, "job:second": {Ignore: "a Mac is on order"}, "job:third": {Skip: true}}).Run([]byte(src), nil)
	want := strings.Replace(src, "    steps: [{", "    # cfgfix: ignore[internal-network] a Mac is on order\n    steps: [{", 1)
	if diff := cmp.Diff(want, string(r.Output)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if r.Results[1].Status != Suppressed || r.Results[1].Why != "a Mac is on order" {
		t.Errorf("the finding is %s: %s", r.Results[1].Status, r.Results[1].Why)
	}
}

// Comments about comments have no use, and where the whole file is one line there is no place for one.
func TestIgnoreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, src, want string }{
		{"about a comment", "# cfgfix: ignore[internal-network] nothing is here\nversion: 2.1\njobs: {}\n", "no comment suppresses what is said about comments"},
		{"one line", "{version: 2.1, jobs: {a: {docker: [{image: x}], steps: [{run: curl http://10.1.2.3/}]}}}\n", "there is no place for a comment about it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := &Engine{Rules: []*Rule{internalNetwork, suppression}, Choose: func(*Finding) Choice { return Choice{Ignore: "because"} }}
			r := e.Run([]byte(test.src), nil)
			if len(r.Results) != 1 || r.Results[0].Status != Refused || r.Results[0].Why != test.want || string(r.Output) != test.src {
				t.Errorf("got %v and\n%s", r.Results, r.Output)
			}
		})
	}
}

func TestCleanReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"plain", "the runner is on order", "the runner is on order"},
		{"blanks and a dash in front", "  - on order ", "on order"},
		{"lines", "one\ntwo\r\nthree\u2028four", "one two three four"},
		{"control characters", "a\x1b[31mb\x7fc", "a [31mb c"},
		{"nothing", " :- ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := CleanReason(test.text); got != test.want {
				t.Errorf("CleanReason(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}
