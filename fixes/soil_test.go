package fixes

import (
	"cmp"
	"hash/fnv"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// soil is a real config that can be planted into.
type soil struct {
	name   string
	src    []byte
	file   *rewrite.File
	config *circle.Config
	lists  map[string][]*circle.StepList // by the kind of place
}

// readSoils are the configs of the corpus that fit, those with the most kinds of places first, so that the rare ones are
// among those taken.
func readSoils(t *testing.T, fits func(*soil) bool) []*soil {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	all, err := corpusSoils()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("no corpus of real configs beside the repository")
	}
	var out []*soil
	for _, s := range all {
		if s = s.view(); fits(s) {
			out = append(out, s)
		}
	}
	return out
}

// maxSoil bounds the size of the configs, for the time that the tests take.
const maxSoil = 60000

// corpusSoils are all configs of the corpus with workflows and with jobs whose steps are in block style.
var corpusSoils = sync.OnceValues(func() ([]*soil, error) {
	paths, err := filepath.Glob("../../shared/corpus/configs/*")
	if err != nil {
		return nil, err
	}
	var out []*soil
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file, err := rewrite.Parse(src)
		if len(src) > maxSoil || err != nil || len(file.Documents()) != 1 || !circle.IsConfig(file.Documents()[0]) || generated(file) != "" {
			continue
		}
		s := (&soil{name: filepath.Base(path), src: src, file: file}).view()
		if len(s.config.Workflows()) > 0 && len(s.lists["job"]) > 0 {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b *soil) int {
		return cmp.Or(len(b.lists)-len(a.lists), cmp.Compare(seed(a.name), seed(b.name)))
	})
	return out, nil
})

// quiet reports whether rules have nothing to say of the config.
func (s *soil) quiet(rules []*Rule, facts *Facts) bool {
	r := (&Engine{Rules: rules}).Run(s.src, facts)
	return r.Err == nil && len(r.Results) == 0
}

// view is the soil with a view of its own: one view serves one goroutine.
func (s *soil) view() *soil {
	out := &soil{name: s.name, src: s.src, file: s.file, config: circle.New(s.file.Documents()[0]), lists: map[string][]*circle.StepList{}}
	out.collect(out.config, "")
	return out
}

// collect finds the step lists that can be planted into.
func (s *soil) collect(c *circle.Config, prefix string) {
	add := func(kind string, l *circle.StepList) {
		if l == nil || l.Node.Kind() != rewrite.Sequence || l.Node.Style() != rewrite.Block || l.Node.Len() == 0 {
			return
		}
		if l.Aliased || len(l.Node.Aliases()) > 0 {
			kind = "anchor"
		}
		if !slices.ContainsFunc(s.lists[prefix+kind], func(o *circle.StepList) bool { return o.Node.Same(l.Node) }) {
			s.lists[prefix+kind] = append(s.lists[prefix+kind], l)
		}
	}
	for _, j := range c.Jobs() {
		if slices.ContainsFunc(j.Uses(), func(w *circle.WorkflowJob) bool { return w.Matrix().Exists() }) {
			add("matrix", j.Steps())
		}
		add("job", j.Steps())
	}
	for _, cmd := range c.Commands() {
		if len(cmd.Callers()) > 0 {
			add("command", cmd.Steps())
		}
	}
	for step := range c.Walk {
		if step.Kind == circle.WhenStep || step.Kind == circle.UnlessStep {
			add("when", step.Nested())
		}
	}
	for _, o := range c.Orbs() {
		if inline := o.Inline(); inline != nil && prefix == "" {
			s.collect(inline, "orb ")
		}
	}
}

func seed(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// plants plants a form into configs that have a place for it, into so many at the most.
func plants(soils []*soil, form plantForm, most int) iter.Seq[*planting] {
	return func(yield func(*planting) bool) {
		for _, s := range soils {
			if most == 0 {
				return
			}
			if p := plant(s.view(), form); p != nil {
				if most--; !yield(p) {
					return
				}
			}
		}
	}
}
