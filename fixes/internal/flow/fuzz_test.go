package flow

import (
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// FuzzFlow analyzes whatever YAML comes. It must neither panic nor loop, and a config that stays as it is has become no
// worse.
func FuzzFlow(f *testing.F) {
	for _, src := range odd {
		f.Add([]byte(src), []byte(src))
	}
	for _, rows := range [][]compareRow{goodFixes, badFixes, badPlaces, badSharing} {
		for _, row := range rows {
			f.Add([]byte(config(row.before)), []byte(config(row.after)))
		}
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		if len(before)+len(after) > 1<<13 {
			t.Skip("size is not what this is about")
		}
		checkUnchanged(t, before)
		var reports []*Report
		for _, src := range [][]byte{before, after} {
			if file, err := rewrite.Parse(src); err == nil && len(file.Documents()) > 0 {
				reports = append(reports, Analyze(circle.New(file.Documents()[0]), shell.Cache{}))
			}
		}
		if len(reports) == 2 {
			Compare(reports[0], reports[1])
		}
	})
}

// odd are trees that a careless interpreter would stumble over.
var odd = []string{
	"~",
	"jobs: {a: &a {steps: [*a], docker: *a, environment: [*a, *a, {b: *a}], executor: *a}}",
	"jobs: {j: {steps: [a]}}\ncommands: {a: {steps: [b]}, b: {steps: [a, {run: aws s3 ls}]}, c: {steps: [c, d]}, d: {steps: [c]}}",
	"orbs: &o {a: {orbs: *o, jobs: *o, commands: {x: {steps: [a/x, {run: make}]}}}}\njobs: {j: {steps: [a/x]}}",
	"x: &s [checkout]\ny: &t [{when: {condition: c, steps: *s}}, {unless: {condition: c, steps: *s}}]\njobs: {j: {steps: *t}}",
	"orbs: {e: circleci/aws-cli@<< pipeline.parameters.v >>, f: circleci/aws-ecr@99999999999999999999.1}\njobs: {j: {steps: [e/setup, {e/setup: }, {e/setup: [a]}, {f/build-and-push-image: {auth: [e/setup, {f/x: {auth: [e/setup]}}]}}]}}",
	"jobs: {j: {steps: [{run: {command: 'export AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID$(', shell: sh}}, {run: {when: on_fail, command: aws s3 ls}}]}}",
	"workflows: {w: {jobs: &l [{o/j: {pre-steps: *l, post-steps: [{when: {condition: x, steps: [o/c]}}], auth: [o/c]}}]}}",
	"jobs: {j: {steps: [{run: 'if a; then export AWS_ACCESS_KEY_ID=$A; elif b; then export AWS_ACCESS_KEY_ID=$B; else export AWS_ACCESS_KEY_ID=$C; fi; aws s3 ls'}]}}",
}

func TestOdd(t *testing.T) {
	t.Parallel()
	for _, src := range odd {
		checkUnchanged(t, []byte(src))
	}
}
