package fixes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cfgfix/rewrite"
)

// testRule reports each job that has the given key, with the fix that ops makes.
func testRule(id, key string, ops func(job rewrite.Node) []rewrite.Op) *Rule {
	return &Rule{ID: id, Severity: Low, Confidence: HighConfidence, Run: func(p *Pass) error {
		for _, j := range p.Config.Jobs() {
			n := j.Get(key)
			if !n.Exists() {
				continue
			}
			p.Report(Finding{
				Span: n.Entry().Key().Span(), Owner: "job:" + j.Name, Message: key + " is there",
				Fix: &Fix{Title: "change it", Safety: Safe, Ops: ops(j.Node)},
			})
		}
		return nil
	}}
}

func removeKey(key string) func(rewrite.Node) []rewrite.Op {
	return func(job rewrite.Node) []rewrite.Op { return []rewrite.Op{rewrite.Remove(job.Own(key).Entry())} }
}

func replaceKey(key, value string) func(rewrite.Node) []rewrite.Op {
	return func(job rewrite.Node) []rewrite.Op {
		return []rewrite.Op{rewrite.Replace(job.Own(key), rewrite.String(value))}
	}
}

const twoKeys = "jobs:\n  a:\n    x: 1\n    y: 2\n    z: 3\n  b:\n    x: 1\n    z: 3\n"

func TestEngine(t *testing.T) {
	t.Parallel()
	addsY := func(job rewrite.Node) []rewrite.Op {
		return append(removeKey("x")(job), rewrite.InsertAfter(job.Own("z").Entry(), rewrite.Pair{Key: "y", Value: rewrite.String("new")}))
	}
	tests := []struct {
		name     string
		rules    []*Rule
		src      string
		want     string   // the output
		statuses []Status // in the order of the findings
		why      string   // part of the first reason
	}{
		{
			"two fixes that have nothing to do with each other",
			[]*Rule{testRule("rx", "x", removeKey("x")), testRule("ry", "y", removeKey("y"))},
			twoKeys, "jobs:\n  a:\n    z: 3\n  b:\n    z: 3\n",
			[]Status{Applied, Applied, Applied},
			"",
		},
		{
			"a fix that leaves its finding is rolled back alone",
			[]*Rule{testRule("rx", "x", replaceKey("x", "other")), testRule("ry", "y", removeKey("y"))},
			twoKeys, "jobs:\n  a:\n    x: 1\n    z: 3\n  b:\n    x: 1\n    z: 3\n",
			[]Status{Refused, Applied, Refused},
			"the finding is still there",
		},
		{
			"a fix that brings a new finding is rolled back",
			[]*Rule{testRule("rx", "x", addsY), testRule("ry", "y", removeKey("y"))},
			"jobs:\n  b:\n    x: 1\n    z: 3\n", "jobs:\n  b:\n    x: 1\n    z: 3\n",
			[]Status{Refused},
			"would bring a new finding",
		},
		{
			"a fix inside what another one takes away goes with it",
			[]*Rule{testRule("ra", "x", removeKey("x")), testRule("rb", "x", replaceKey("x", "other"))},
			"jobs:\n  b:\n    x: 1\n    z: 3\n", "jobs:\n  b:\n    z: 3\n",
			[]Status{Applied, Applied},
			"",
		},
		{
			"two fixes that want different things at one place: the first wins",
			[]*Rule{testRule("ra", "x", replaceKey("x", "one")), testRule("rb", "x", replaceKey("x", "two"))},
			"jobs:\n  b:\n    x: 1\n", "jobs:\n  b:\n    x: 1\n",
			[]Status{Refused, Conflict},
			"the finding is still there",
		},
		{
			"what the editor refuses says why",
			[]*Rule{testRule("rx", "x", removeKey("x"))},
			"jobs:\n  b: &b\n    x: 1\n    z: 3\n  c: *b\n", "jobs:\n  b: &b\n    x: 1\n    z: 3\n  c: *b\n",
			[]Status{Refused, Refused},
			"shared through an anchor",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := (&Engine{Rules: tt.rules}).Run([]byte(tt.src), nil)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if string(r.Output) != tt.want {
				t.Errorf("output: want\n%s\ngot\n%s", tt.want, r.Output)
			}
			if len(r.Results) != len(tt.statuses) {
				t.Fatalf("want %d results, got %d", len(tt.statuses), len(r.Results))
			}
			for i, res := range r.Results {
				if res.Status != tt.statuses[i] {
					t.Errorf("result %d (%s): want %s, got %s: %s", i, res.Rule.ID, tt.statuses[i], res.Status, res.Why)
				}
			}
			if !strings.Contains(r.Results[0].Why, tt.why) {
				t.Errorf("why: want %q in it, got %q", tt.why, r.Results[0].Why)
			}
		})
	}
}

// TestEngineLater holds that a fix which only a later round can make is told with what it relies on.
func TestEngineLater(t *testing.T) {
	t.Parallel()
	waits := &Rule{ID: "rw", Severity: Low, Run: func(p *Pass) error {
		job := p.Config.Jobs()[0].Node
		found := Finding{Span: job.Own("y").Entry().Span(), Owner: "job:a", Message: "y", NoFix: "x stands there"}
		if !job.Own("y").Exists() {
			return nil
		}
		if !job.Own("x").Exists() {
			found.NoFix, found.Fix = "", &Fix{Safety: Setup, Ops: removeKey("y")(job), Requires: []Prerequisite{{Before, "check", "look", ""}}}
		}
		p.Report(found)
		return nil
	}}
	r := (&Engine{Rules: []*Rule{testRule("rx", "x", removeKey("x")), waits}, Apart: true}).Run([]byte("jobs:\n  a:\n    x: 1\n    y: 2\n    z: 3\n"), nil)
	if string(r.Output) != "jobs:\n  a:\n    z: 3\n" || len(r.Results) != 2 {
		t.Fatalf("%v, %d results:\n%s", r.Err, len(r.Results), r.Output)
	}
	if x := r.Results[1]; x.Status != Applied || x.NoFix != "" || x.Fix == nil || len(x.Fix.Requires) != 1 || len(x.Edits) > 0 {
		t.Errorf("%s %q: %+v, edits %v", x.Status, x.NoFix, x.Fix, x.Edits)
	}
}

// TestEngineOutgrown holds that fixes which would make a source too large are refused, and nothing is tried one by one.
func TestEngineOutgrown(t *testing.T) {
	t.Parallel()
	src := "jobs:\n  a:\n    x: 1\n  b:\n    x: 1\n"
	src += strings.Repeat("#"+strings.Repeat("-", 998)+"\n", (rewrite.MaxSize-len(src))/1000)
	engine := Engine{Rules: []*Rule{testRule("rx", "x", replaceKey("x", strings.Repeat("v", 1000)))}}
	r := engine.Run([]byte(src), nil)
	if r.Err != nil || r.Status != Unchanged || string(r.Output) != src {
		t.Errorf("status %s, error %v", r.Status, r.Err)
	}
	for _, res := range r.Results {
		if res.Status != Refused || !strings.Contains(res.Why, "over the bound") {
			t.Errorf("%s: %s %q", res.Owner, res.Status, res.Why)
		}
	}
}

// TestTrace holds that what fails in a round is traced to the fix that causes it. A fix is named by its rule here.
func TestTrace(t *testing.T) {
	t.Parallel()
	refused, proof, large := errors.New("no"), &rewrite.VerifyError{Message: "bug"}, &rewrite.LimitError{What: "size", Bound: 1}
	tests := []struct {
		name  string
		fails map[string]error // fixes that do not hold when all of them are applied
		tries int
		want  string // the fixes to leave out, or the error
	}{
		{"one does not hold", map[string]error{"b": refused}, 100, "b: no"},
		{"two do not hold", map[string]error{"b": refused, "g": refused}, 100, "b: no, g: no"},
		{
			"none holds",
			map[string]error{"a": refused, "b": refused, "c": refused, "d": refused, "e": refused, "f": refused, "g": refused},
			100,
			"a: no, b: no, c: no, d: no, e: no, f: no, g: no",
		},
		{"two do not go together", map[string]error{"ab": refused}, 100, "b: it does not go together with another change: no"},
		{"the last does not go with the first", map[string]error{"ag": refused}, 100, "g: it does not go together with another change: no"},
		{
			"one does not hold, and two others not together",
			map[string]error{"b": refused, "eg": refused},
			100,
			"b: no, g: it does not go together with another change: no",
		},
		{"the proof of one fails", map[string]error{"a": refused, "b": proof}, 100, "b: bug"},
		{"the proof of two together fails", map[string]error{"ab": proof}, 100, "b: bug"},
		{
			"the result of all is too large",
			map[string]error{"abcdefg": large},
			100,
			"a: size is over the bound of 1, b: size is over the bound of 1, c: size is over the bound of 1, d: size is over the bound of 1, " +
				"e: size is over the bound of 1, f: size is over the bound of 1, g: size is over the bound of 1",
		},
		{"the proof fails, and there are no more tries", map[string]error{"a": proof, "g": proof}, 0, "engine: bug"},
		{
			"there are no more tries",
			map[string]error{"a": refused, "g": refused},
			2,
			"a: no, d: it is one of many that do not hold together: no, e: it is one of many that do not hold together: no, " +
				"f: it is one of many that do not hold together: no, g: it is one of many that do not hold together: no",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			apply := func(some []Finding) error {
				rules := map[rune]bool{}
				for _, f := range some {
					rules[rune(f.Rule.ID[0])] = true
				}
				for _, fails := range slices.Sorted(maps.Keys(tt.fails)) {
					if !strings.ContainsFunc(fails, func(rule rune) bool { return !rules[rule] }) {
						return tt.fails[fails]
					}
				}
				return nil
			}
			var chosen []Finding
			for i, id := range strings.Split("abcdefg", "") {
				chosen = append(chosen, Finding{Rule: &Rule{ID: id}, Span: rewrite.Span{Start: i, End: i + 1}})
			}
			tracer := &tracer{apply: apply, left: tt.tries, culprits: map[string]culprit{}}
			err := tracer.trace(chosen, apply(chosen))
			culprits := tracer.culprits
			var out []string
			for _, f := range chosen {
				if x, ok := culprits[f.Key()]; ok {
					out = append(out, f.Rule.ID+": "+x.why)
				}
			}
			got := strings.Join(out, ", ")
			if failed := new(ProofError); errors.As(err, &failed) {
				got = failed.Rule + ": " + failed.Err.Error()
			}
			if got != tt.want {
				t.Errorf("want %q, got %q", tt.want, got)
			}
		})
	}
}

// TestTraceMany holds that of many fixes those are left out with whose owners something is wrong, without a try for each.
func TestTraceMany(t *testing.T) {
	t.Parallel()
	var chosen []Finding
	for i := range 100 {
		chosen = append(chosen, Finding{Rule: &Rule{ID: "r"}, Owner: fmt.Sprintf("job:%d", i)})
	}
	chosen = append(chosen, Finding{Rule: &Rule{ID: "s"}, Owner: "job:7"}) // that owner has two fixes: which one fails is tried
	tries := 0
	apply := func(some []Finding) error {
		tries++
		wrong := unexpected{}
		for _, f := range some {
			if f.Owner < "job:5" || f.Owner == "job:7" && f.Rule.ID == "r" {
				wrong.addAt(f.Owner+" step 1", "no")
			}
		}
		return wrong.err()
	}
	tracer := &tracer{apply: apply, left: 1000, culprits: map[string]culprit{}}
	if err := tracer.trace(chosen, apply(chosen)); err != nil {
		t.Fatal(err)
	}
	for _, f := range chosen {
		_, out := tracer.culprits[f.Key()]
		if want := f.Owner < "job:5" || f.Owner == "job:7" && f.Rule.ID == "r"; out != want {
			t.Errorf("%s of %s is left out: %v, want %v", f.Rule.ID, f.Owner, out, want)
		}
	}
	if tries > 20 {
		t.Errorf("%d tries", tries)
	}
}

func TestEngineSafety(t *testing.T) {
	t.Parallel()
	rule := func(s Safety) *Rule {
		return &Rule{ID: "r", Severity: Low, Run: func(p *Pass) error {
			if n := p.Config.Jobs()[0].Get("x"); n.Exists() {
				p.Report(Finding{Span: n.Span(), Message: "x", Fix: &Fix{Safety: s, Reason: "because", Ops: []rewrite.Op{rewrite.Remove(n.Entry())}}})
			}
			return nil
		}}
	}
	tests := []struct {
		name   string
		engine Engine
		safety Safety
		want   Status
	}{
		{"safe", Engine{}, Safe, Applied},
		{"setup", Engine{}, Setup, Applied},
		{"unsafe", Engine{}, Unsafe, HeldBack},
		{"unsafe, asked for", Engine{Unsafe: true}, Unsafe, Applied},
		{"manual, whatever is asked for", Engine{Unsafe: true}, Manual, NoFix},
		{"setup when only safe is wanted", Engine{SafeOnly: true}, Setup, HeldBack},
		{"dry run", Engine{DryRun: true}, Safe, Pending},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.engine.Rules = []*Rule{rule(tt.safety)}
			r := tt.engine.Run([]byte("jobs:\n  a:\n    x: 1\n    z: 2\n"), nil)
			if got := r.Results[0].Status; got != tt.want {
				t.Errorf("want %s, got %s", tt.want, got)
			}
		})
	}
}

func TestEngineFails(t *testing.T) {
	t.Parallel()
	src := []byte("jobs:\n  a:\n    x: 1\n")
	panics := &Rule{ID: "r", Run: func(*Pass) error { panic("a bug") }}
	r := (&Engine{Rules: []*Rule{panics}}).Run(src, nil)
	var proof *ProofError
	if r.Status != Failed || !errors.As(r.Err, &proof) || string(r.Output) != string(src) {
		t.Errorf("a rule that panics: status %s, error %v", r.Status, r.Err)
	}
	var parse *rewrite.ParseError
	if r := (&Engine{}).Run([]byte("a: [\n"), nil); r.Status != Failed || !errors.As(r.Err, &parse) {
		t.Errorf("broken YAML: status %s, error %v", r.Status, r.Err)
	}
	if r := (&Engine{}).Run([]byte("a: 1\n"), nil); r.Status != Skipped {
		t.Errorf("no config: status %s", r.Status)
	}
}
