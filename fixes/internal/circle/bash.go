package circle

import (
	"slices"
	"strings"
)

// ShowsBash reports whether a step of the job, or of another job of the config in the same image, uses bash. False
// says nothing.
func (j *Job) ShowsBash() bool { return j.proof() == bashProof }

// CountsOnBash reports whether a step of the job, or of another one in the same image, deals with $BASH_ENV, or uses bash.
// Whoever wrote it takes bash to be there; where it is not, nobody reads that file.
func (j *Job) CountsOnBash() bool { return j.proof() != noProof }

// proof is how well steps show that there is bash.
type proof int

const (
	noProof proof = iota
	fileProof
	bashProof
)

func (j *Job) proof() proof {
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

func (c *Config) imagesWithBash() map[string]proof {
	out := map[string]proof{}
	for _, j := range c.Jobs() {
		if image, ok := j.firstImage(); ok && out[image] != bashProof {
			out[image] = max(out[image], j.stepsShowBash())
		}
	}
	return out
}

func (j *Job) stepsShowBash() proof {
	out := noProof
	for _, x := range j.Flow() {
		out = max(out, visitShowsBash(x))
	}
	return out
}

func visitShowsBash(x Visit) proof {
	if x.Step.Kind != RunStep {
		return noProof
	}
	text := x.Step.Command().Value()
	shell, known := Known(x.Step.Shell())
	switch {
	case known && strings.Contains(shell, "bash"):
		return bashProof
	case known:
		return noProof
	case slices.ContainsFunc(bashMarks, func(mark string) bool { return strings.Contains(text, mark) }):
		return bashProof
	case strings.Contains(text, "BASH_ENV"):
		return fileProof
	}
	return noProof
}

// bashMarks are parts of scripts that do not work without bash.
var bashMarks = []string{"#!/bin/bash", "#!/usr/bin/env bash", "bash -", "| bash"}
