package circle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFragments(t *testing.T) {
	t.Parallel()
	c := parse(t, `
version: 2.1
orbs: {aws: circleci/aws-cli@5}
references:
  used: &used {run: used}
  step: &step {aws/setup: {region: r}}
  plain: {run: text}
  body: &body {name: n, command: text}
  merged: &merged {name: n, command: text}
  list: &list [checkout, {run: text}]
  loose: [{run: one}, *used, &two {run: two}]
  image: &image {image: i, aws_auth: {}}
  arguments: &arguments {image: i, platform: p}
  images: &images [{image: i}, *image]
  cache: &cache {key: k, paths: [p]}
  filters: &filters {branches: {only: main}}
  checkout: {run: &odd {name: n, command: c}}
defaults: &defaults {docker: [{image: d}], environment: {A: b}, working_directory: w}
job: &job {environment: {A: b}, steps: [{run: text}]}
all: &all {<<: *used}
jobs:
  j: {<<: *defaults, docker: [{image: own}], steps: [*used, {run: {<<: *merged, shell: sh}}]}
commands: {c: {steps: *list}}
`)
	var got []string
	for _, f := range c.Fragments() {
		text := f.Name
		switch {
		case f.Step != nil:
			text += ":step"
		case f.Steps != nil:
			text += ":list"
		case f.Job != nil:
			text += ":job"
			for _, key := range jobKeys {
				if f.Job.Get(key).Exists() {
					text += "," + key
				}
			}
		default:
			text += ":docker"
		}
		got = append(got, text)
	}
	want := []string{
		"step:step", "plain:step", "body:step", "loose:step", "two:step", "image:docker", "images:docker",
		"checkout:step", "defaults:job,docker", "job:job,environment,steps", "all:step",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := c.Owner(find(t, c.Node.Get("references").Get("loose"), "one")); got != "anchor:loose" {
		t.Errorf("got %s", got)
	}
	if strings.Contains(strings.Join(got, " "), "cache") {
		t.Error("a cache is no fragment")
	}
}
