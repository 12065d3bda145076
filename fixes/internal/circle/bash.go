package circle

import (
	"slices"
	"strings"
)

// ShowsBash reports whether a step of the job, or of another job of the config in the same image, uses bash. False
// says nothing.
func (j *Job) ShowsBash() bool {
	if image, ok := j.firstImage(); ok {
		return j.config.bashImages.get(j.config.imagesWithBash)[image]
	}
	return j.stepsShowBash()
}

// firstImage is the image that the steps run in.
func (j *Job) firstImage() (string, bool) {
	items := j.DockerItems()
	if len(items) == 0 {
		return "", false
	}
	return items[0].Image().Value(), true
}

func (c *Config) imagesWithBash() map[string]bool {
	out := map[string]bool{}
	for _, j := range c.Jobs() {
		if image, ok := j.firstImage(); ok && !out[image] {
			out[image] = j.stepsShowBash()
		}
	}
	return out
}

func (j *Job) stepsShowBash() bool { return slices.ContainsFunc(j.Flow(), visitShowsBash) }

func visitShowsBash(x Visit) bool {
	if x.Step.Kind != RunStep {
		return false
	}
	if text, ok := Known(x.Step.Shell()); ok {
		return strings.Contains(text, "bash")
	}
	text := x.Step.Command().Value()
	return slices.ContainsFunc(bashMarks, func(mark string) bool { return strings.Contains(text, mark) })
}

// bashMarks are parts of scripts that do not work without bash.
var bashMarks = []string{"BASH_ENV", "#!/bin/bash", "#!/usr/bin/env bash", "bash -", "| bash"}
