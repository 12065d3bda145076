package fixes

import (
	"strings"
	"testing"
)

// inContext plants one more entry for a job, with a context.
func inContext(text string) func(*planting) bool {
	return func(p *planting) bool {
		jobs := p.config.Jobs()
		return p.entry("- " + jobs[p.IntN(len(jobs))].Name + ":\n    name: planted\n    " + text)
	}
}

// openForms name a context in every form that there is.
var openForms = []plantForm{
	{"name", inContext("context: planted-context")},
	{"name in quotes", inContext("context: \"planted-context\"")},
	{"flow list", inContext("context: [planted-context]")},
	{"block list", inContext("context:\n      - planted-context")},
	{"list with an expression", inContext("context:\n      - << pipeline.parameters.planted >>\n      - planted-context")},
	{"matrix", inContext("context: planted-context\n    matrix: {parameters: {planted: [a, b]}}")},
	{"approval", func(p *planting) bool {
		return p.entry("- planted:\n    type: approval\n    context: planted-context")
	}},
	{"job group", func(p *planting) bool {
		return p.define("job-groups", "planted:\n  jobs:\n    - "+p.config.Jobs()[0].Name+":\n        context: planted-context")
	}},
	{"orb's job", inWorkflow("planted-orb", "planted/orb@1.2.3", "- planted-orb/job:\n    context: planted-context")},
	{"twice", func(p *planting) bool {
		entry := "- " + p.config.Jobs()[0].Name + ":\n    context: planted-context\n    name: planted"
		return p.entry(entry + "\n" + entry + "-again")
	}},
}

// closedForms name none, or one that is known only when the pipeline is compiled.
var closedForms = []plantForm{
	{"expression", inContext("context: << pipeline.parameters.planted >>")},
	{"expression in a list", inContext("context: [<< pipeline.parameters.planted >>]")},
	{"null", inContext("context:")},
	{"empty list", inContext("context: []")},
	{"parameter of that name", steps("- run: echo context planted-context")},
}

// TestPlantedOpenContexts plants contexts into real configs without any: each is told of once, with how to restrict it.
func TestPlantedOpenContexts(t *testing.T) {
	t.Parallel()
	rules := []*Rule{unrestrictedContext}
	soils := readSoils(t, func(s *soil) bool { return s.quiet(rules, nil) })
	for _, form := range openForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			plantEach(t, soils, form, func(p *planting) []string {
				x := p.try(rules, nil)
				x.onlyWhere(p.planted)
				if len(x.Results) != 1 || x.fate != NoFix {
					x.complain("%d findings, %s", len(x.Results), x.fate)
				}
				for _, kind := range []string{"project", "expression", "group"} {
					if len(x.Results) == 1 && !strings.Contains(x.Results[0].Why, "`circleci context restriction create planted-context --type "+kind+" ") {
						x.complain("how to restrict it by %s is missing: %s", kind, x.reason)
					}
				}
				return x.wrong
			})
		})
	}
	for _, form := range closedForms {
		t.Run("look-alikes/"+form.name, func(t *testing.T) {
			t.Parallel()
			silent(t, soils, form, rules, func(*planting) *Facts { return nil })
		})
	}
}
