package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// running is a unit while its steps are interpreted.
type running struct {
	z      *analyzer
	unit   *unit
	shell  string
	worlds []*world
	failed []*world // how things may stand when a step has failed
	number int
}

// visits interprets steps in the order they run. A call that takes steps as arguments acts behind these.
func (r *running) visits(visits []circle.Visit) {
	var open []circle.Visit
	for _, v := range visits {
		for len(open) > 0 && !below(v, open[len(open)-1].Step) {
			r.visit(open[len(open)-1])
			open = open[:len(open)-1]
		}
		if v.Step.Kind == circle.CallStep && v.Step.Callee() == nil && len(v.Step.StepArgs()) > 0 {
			open = append(open, v)
			continue
		}
		r.visit(v)
	}
	for _, v := range slices.Backward(open) {
		r.visit(v)
	}
}

// below reports whether a step stands in a list that a step holds or is given.
func below(v circle.Visit, outer *circle.Step) bool {
	for _, s := range slices.Concat(v.Calls, []*circle.Step{v.Step}) {
		for depth := 0; s != nil && s.List != nil && depth < 100; depth++ {
			if s = s.List.Step; s != nil && s.Node == outer.Node {
				return true
			}
		}
	}
	return false
}

func (r *running) visit(v circle.Visit) {
	if r.z.left <= 0 {
		r.unit.cut = true
		return
	}
	s := v.Step
	switch s.Kind {
	case circle.RunStep:
		r.z.left--
		r.script(v)
	case circle.BuiltinStep:
		r.z.left--
		r.builtin(v)
	case circle.CallStep:
		r.z.left--
		if orb, name, ok := s.OrbCall(); ok && s.Callee() == nil {
			r.conditional(v, func(w []*world) []*world {
				return r.elementIn(w, &element{orb, name, s.Args(), v}, r.act(orbName(orb, s.Name, name), "", textOfNode(s.Args())))
			})
			return
		}
		r.act(s.Name, "", "")
	}
}

// orbName is an element of an orb, however the orb is called in the file.
func orbName(orb *circle.Orb, written, name string) string {
	if orb == nil || orb.Name() == "" {
		return written
	}
	return orb.Name() + "/" + spelled(name)
}

// spelled is the name of an element in the one spelling: newer versions of an orb write it with underscores.
func spelled(name string) string { return strings.ReplaceAll(name, "-", "_") }

func textOfNode(n rewrite.Node) string {
	if !n.Exists() {
		return ""
	}
	return n.File().Text(n.Span())
}

// act adds a step to the unit.
func (r *running) act(name, title, text string) *act {
	r.number++
	return r.add(&act{name: name, title: title, number: r.number, text: text})
}

func (r *running) add(a *act) *act {
	a.leaks, a.roles = map[string]bool{}, map[string]bool{}
	r.unit.acts = append(r.unit.acts, a)
	return a
}

// conditional runs a step wherever its conditions let it. A condition that decides about credentials splits a world.
func (r *running) conditional(v circle.Visit, run func([]*world) []*world) {
	var next []*world
	decided := conditions(v)
	for _, w := range r.worlds {
		if len(decided) == 0 {
			next = append(next, run([]*world{w})...)
			continue
		}
		runs := !slices.ContainsFunc(decided, func(c condition) bool { taken, known := w.taken[c.text]; return known && taken != c.holds })
		if !runs {
			next = append(next, w)
			continue
		}
		after := run([]*world{w.clone()})
		open := slices.DeleteFunc(slices.Clone(decided), func(c condition) bool { _, known := w.taken[c.text]; return known })
		if len(open) == 0 {
			next = append(next, after...)
			continue
		}
		if len(after) == 1 && after[0].same(w) {
			next = append(next, w)
			continue
		}
		for _, a := range after {
			for _, c := range open {
				a.taken[c.text] = c.holds
			}
			next = append(next, a)
		}
		other := w.clone()
		if len(open) == 1 {
			other.taken[open[0].text] = !open[0].holds
		}
		next = append(next, other)
	}
	r.worlds = distinct(next)
}

// condition is what a when or unless step asks for.
type condition struct {
	text  string
	holds bool
}

// conditions are all that decide whether a step runs. A condition that reads parameters means another one in each call.
func conditions(v circle.Visit) []condition {
	var out []condition
	frame := ""
	for _, s := range slices.Concat(v.Calls, []*circle.Step{v.Step}) {
		call := s
		for depth := 0; s != nil && s.List != nil && depth < 100; depth++ {
			if s = s.List.Step; s != nil && (s.Kind == circle.WhenStep || s.Kind == circle.UnlessStep) {
				out = append(out, condition{frame + textOfNode(s.Condition()), s.Kind == circle.WhenStep})
			}
		}
		frame = fmt.Sprintf("%s%d/", frame, call.Node.Span().Start)
	}
	return out
}

// element runs an orb's element in every world.
func (r *running) element(e *element, a *act) {
	r.worlds = distinct(r.elementIn(r.worlds, e, r.add(a)))
}

func (r *running) elementIn(worlds []*world, e *element, a *act) []*world {
	for _, w := range worlds {
		if e.orb == nil || e.orb.Name() != cliOrb { // a setup step is taken to work
			r.mayFail(w)
		}
		before := sessions(w)
		s := newScope(w, nil, true)
		u := e.run(s)
		e.cloudLogin(s)
		if u != nil {
			u.name, u.text = a.name, a.text
			if u.sources == nil {
				u.add(s.credentials("", nil))
			}
			a.merge(u)
		}
		a.note(before, w)
	}
	return worlds
}

// mayFail takes up how things stand where a step may fail.
func (r *running) mayFail(w *world) {
	known := func(o *world) bool { return w.same(o) && maps.Equal(w.taken, o.taken) }
	if len(r.failed) < maxWorlds && !slices.ContainsFunc(r.failed, known) {
		r.failed = append(r.failed, w.clone())
	}
}

// merge adds what a use of an element sees in one more world.
func (a *act) merge(u *use) {
	if len(a.uses) == 0 {
		a.uses = append(a.uses, u)
		return
	}
	for s := range u.sources {
		a.uses[0].add(s)
	}
}

// sessions are the roles that a world holds, and where. Most worlds hold none.
func sessions(w *world) map[string]bool {
	var out map[string]bool
	add := func(role, place string) {
		if out == nil {
			out = map[string]bool{}
		}
		out[role+"\x00"+place] = true
	}
	for name, v := range w.bash {
		if v.origin == session {
			add(v.text, name)
		}
	}
	for name, p := range w.profiles {
		if p.id.origin == session {
			add(p.id.text, name)
		}
	}
	if v := w.bash[roleVar]; v.origin != ambient && w.bash[fileVar].origin != ambient {
		add(v.roleText(), fileVar)
	}
	return out
}

// note takes up what a step has left behind.
func (a *act) note(before map[string]bool, w *world) {
	for s := range sessions(w) {
		if !before[s] {
			role, _, _ := strings.Cut(s, "\x00")
			a.roles[role] = true
			a.keeps = true
		}
	}
}

// builtin looks at what a step carries to other jobs.
func (r *running) builtin(v circle.Visit) {
	a := r.act(v.Step.Name, v.Step.Title(), textOfNode(v.Step.Args()))
	if !slices.Contains([]string{"persist_to_workspace", "save_cache", "store_artifacts"}, v.Step.Name) {
		return
	}
	profiles, bash := carried(v.Step)
	for _, w := range r.worlds {
		for held := range sessions(w) {
			role, name, _ := strings.Cut(held, "\x00")
			_, isProfile := w.profiles[name]
			if profiles && isProfile || bash && !isProfile {
				a.leaks["carries a session of "+role+" to other jobs"] = true
			}
		}
	}
}

// carried reports whether a step takes ~/.aws along, or what $BASH_ENV names.
func carried(step *circle.Step) (profiles, bash bool) {
	root := strings.TrimSuffix(step.Arg("root").Resolve().Value(), "/")
	paths := []rewrite.Node{step.Arg("path")}
	for _, e := range step.Arg("paths").Resolve().Entries() {
		paths = append(paths, e.Value())
	}
	for _, n := range paths {
		p := strings.TrimSuffix(n.Resolve().Value(), "/")
		whole := isHome(p) || isHome(root) && (p == "." || p == "*")
		profiles = profiles || whole || strings.HasSuffix(p, ".aws") || strings.Contains(p, ".aws/")
		bash = bash || strings.Contains(p, "BASH_ENV")
	}
	return profiles, bash
}

func isHome(path string) bool {
	return slices.Contains([]string{"~", "/root", "/home/circleci", "$HOME", "${HOME}"}, path)
}

// script interprets a run step.
func (r *running) script(v circle.Visit) {
	step := v.Step
	text := step.Command().Value()
	a := r.act("run", step.Title(), text)
	kind := step.Shell().Value()
	if kind == "" {
		kind = r.shell
	}
	script := r.z.scripts.Parse(text)
	if script == nil || !shell.Supported(kind) {
		if text != "" {
			r.blind(v, a, shell.IsBash(kind))
		}
		return
	}
	in := newInterpreter(r.z.program(script), shell.Traces(kind))
	run := func(ws []*world) []*world { return r.interpret(in, ws, step, shell.IsBash(kind), a) }
	failed := r.failed
	r.conditional(v, run)
	if step.RunWhen() == "always" || step.RunWhen() == "on_fail" {
		passed := r.worlds
		r.worlds = failures(failed)
		r.conditional(v, run)
		r.failed, r.worlds = distinct(append(r.failed, r.worlds...)), passed
	}
	for _, n := range slices.Sorted(maps.Keys(in.uses)) {
		a.uses = append(a.uses, in.uses[n])
	}
	for _, n := range slices.Sorted(maps.Keys(in.cloudUses)) {
		a.clouds = append(a.clouds, in.cloudUses[n])
	}
	a.leaks = in.leaks
}

// failures are the worlds in which a step may have failed before one that runs in any case. When a role was there by
// the time of the last of them, earlier ones do not count: what a step did that never got that far needs no undoing.
func failures(failed []*world) []*world {
	var open []*world
	for _, w := range failed {
		if len(sessions(w)) > 0 || w.federated() {
			open = append(open, w)
		}
	}
	if len(open) > 0 {
		return open
	}
	return failed
}

func (r *running) interpret(in *interpreter, worlds []*world, step *circle.Step, bash bool, a *act) []*world {
	var out []*world
	fails := !onlyKeeps(in)
	for _, w := range worlds {
		if fails {
			r.mayFail(w)
		}
		before := sessions(w)
		for _, s := range in.run([]*scope{newScope(w, variables(step.Environment()), bash)}) {
			a.note(before, s.world)
			out = append(out, s.world)
		}
	}
	return out
}

// onlyKeeps reports whether a script does nothing but put credentials in place. Whatever else there is may fail.
func onlyKeeps(in *interpreter) bool {
	return len(in.writes) > 0 && !slices.ContainsFunc(in.calls, func(c *shell.Call) bool {
		return !slices.Contains([]string{"", "umask", "echo", "printf", "cat", "mktemp", "mkdir", "chmod", "export"}, c.Name())
	})
}

// blind is a step whose script cannot be read: it may use whatever there is.
func (r *running) blind(v circle.Visit, a *act, bash bool) {
	u := &use{name: "script", text: a.text, how: likely}
	r.conditional(v, func(ws []*world) []*world {
		for _, w := range ws {
			u.add(newScope(w, variables(v.Step.Environment()), bash).credentials("", nil))
		}
		return ws
	})
	if u.sources != nil {
		a.uses = append(a.uses, u)
	}
}
