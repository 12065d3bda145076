package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/flow"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// trial is a run over a config that something was planted into, with what holds whatever that was.
type trial struct {
	*FileResult
	fate   Status        // of the findings; the config had none before
	reason string        // when they are left
	wrong  []string      // what the run did that it should not have done
	after  *rewrite.File // the result, nil when nothing is changed or it does not parse
	again  *FileResult
}

func (x *trial) complain(format string, args ...any) {
	x.wrong = append(x.wrong, fmt.Sprintf(format, args...))
}

// try runs rules over what was planted. It is found, and fixed or left for a reason; a result parses and is at rest.
func (p *planting) try(rules []*Rule, facts *Facts) *trial {
	e := &Engine{Rules: rules}
	x := &trial{FileResult: e.Run(p.out, facts)}
	if x.Err != nil {
		x.complain("the run failed: %v", x.Err)
		return x
	}
	switch x.fate, x.reason = p.fate(x.Results); {
	case x.fate == "":
		x.complain("nothing is found")
	case x.fate != Applied && x.reason == "":
		x.complain("%s without a reason", x.fate)
	}
	if x.Status != Changed {
		return x
	}
	x.again = e.Run(x.Output, facts)
	if x.again.Status == Changed {
		x.complain("a second run changes the file")
	}
	var err error
	if x.after, err = rewrite.Parse(x.Output); err != nil {
		x.complain("the output does not parse: %v", err)
	}
	return x
}

// keepsFlow asks for every credential to be where it belongs.
func (x *trial) keepsFlow(p *planting) {
	for _, v := range p.flow(x.after) {
		x.complain("flow: %s", v)
	}
}

// onlyWhere asks for findings to be in what was planted.
func (x *trial) onlyWhere(planted []rewrite.Span) {
	for _, found := range x.Results {
		if !slices.ContainsFunc(planted, func(s rewrite.Span) bool { return s.Contains(found.Span) }) {
			x.complain("found elsewhere: %s", found.Message)
		}
	}
}

// noneLeft asks for a result in which nothing is found.
func (x *trial) noneLeft() {
	for _, left := range x.again.Results {
		x.complain("left, or new: %s", left.Message)
	}
}

// flow compares the planted config with one that was made of it.
func (p *planting) flow(after *rewrite.File) []flow.Violation {
	before, err := rewrite.Parse(p.out)
	if err != nil || after == nil || len(after.Documents()) != len(before.Documents()) {
		return nil
	}
	return flow.Compare(flow.Analyze(circle.New(before.Documents()[0]), shell.Cache{}), flow.Analyze(circle.New(after.Documents()[0]), shell.Cache{}))
}

// fate is what became of all findings: Applied only when each was. The configs had none before. It is "" for none.
func (p *planting) fate(results []Result) (Status, string) {
	fate := Status("")
	for _, r := range results {
		switch {
		case r.Status == Applied:
			if fate == "" {
				fate = Applied
			}
			continue
		case len(r.Fix.needs()) > 0:
			return r.Status, "needs facts: " + r.Fix.needs()[0].Key
		}
		return r.Status, inGeneral(cmp.Or(r.Why, r.NoFix))
	}
	return fate, ""
}

// silent plants what only looks like something that rules are about: nothing may be said of it.
func silent(t *testing.T, soils []*soil, form plantForm, rules []*Rule, facts func(*planting) *Facts) {
	t.Helper()
	plantEach(t, soils, form, func(p *planting) (wrong []string) {
		for _, r := range (&Engine{Rules: rules}).Run(p.out, facts(p)).Results {
			wrong = append(wrong, r.Rule.ID+": "+r.Message)
		}
		return wrong
	})
}

// plantEach plants a form into as many configs as each has to be planted into, and reports what is wrong with a run over
// one.
func plantEach(t *testing.T, soils []*soil, form plantForm, judge func(*planting) (wrong []string)) {
	t.Helper()
	planted := 0
	for p := range plants(soils, form, sown(minPlanted)) {
		planted++
		if wrong := judge(p); len(wrong) > 0 {
			t.Errorf("%s (%s): %s\nplanted:\n%s", p.name, p.place, strings.Join(wrong, "\n"), p.added())
		}
	}
	if planted < sown(minPlanted) {
		t.Errorf("only %d configs have a place for it", planted)
	}
}
