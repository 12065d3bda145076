package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// gcpView is what gcp-static-keys sees of one config: the places that use service account keys, and each job's way
// through its steps.
type gcpView struct {
	p      *Pass
	steps  map[rewrite.Node]*gcpStep // by physical step
	places []*gcpPlace
	single func() bool // isSingle, once
	register[*gcpForm, *gcpUnit]
}

// gcpUnit is what the rule sees of a unit.
type gcpUnit struct {
	placement
	forms []*gcpForm
	mixed string // why the unit cannot do with one login

	writes map[string]gcpWrites // of writesIn
	keys   map[string]bool      // of keyFiles, once somebody asks
}

// gcpForm is one place where a key is brought to Google Cloud: a script, an orb's element or an environment.
type gcpForm struct {
	owner   string
	span    rewrite.Span
	node    rewrite.Node // the scalar, step, entry or environment that span is in
	step    *gcpStep     // nil for an environment and for an orb's job
	key     givenKey
	stored  givenKey // of an environment: what key.name is set to
	message string
	blocker string          // why the form cannot be taken away by an edit
	parts   []shell.Span    // of a script: the statements to remove
	files   []string        // the key files that go away
	project string          // what the login makes the current project, as written
	remove  []rewrite.Entry // of an environment: the entries to remove
	orb     *gcpOrbUse      // of an orb's element
	logsIn  bool            // a login has to stand before the step
}

func newGCPView(p *Pass) *gcpView {
	v := &gcpView{p: p, steps: map[rewrite.Node]*gcpStep{}}
	v.single = sync.OnceValue(v.isSingle)
	for _, u := range p.everyUnit() {
		v.addUnit(u)
	}
	for _, u := range v.units {
		v.collect(u)
	}
	environments := map[rewrite.Node][]*gcpForm{}
	for _, u := range v.units {
		v.collectEnvironments(u, environments)
		v.findSites(u)
	}
	v.addPlaces()
	return v
}

func (v *gcpView) addUnit(u *unit) {
	v.units = append(v.units, &gcpUnit{placement: placement{unit: u}})
	for _, x := range u.steps {
		v.stepOf(x.Step)
	}
}

// collect gathers the forms of the unit's steps.
func (v *gcpView) collect(u *gcpUnit) {
	for _, x := range u.steps {
		s := v.stepOf(x.Step)
		if s.hinted && s.script() != nil && s.form == nil {
			v.judgeScript(s)
		}
		for _, f := range s.forms() {
			v.add(u, f)
		}
	}
	if u.use == nil {
		return
	}
	if f := v.scanOrbJob(u.use); f != nil {
		v.add(u, f)
	}
}

func (v *gcpView) add(u *gcpUnit, f *gcpForm) {
	u.forms = append(u.forms, f)
	v.note(f, u)
}

// forms are the forms of a step.
func (x *gcpStep) forms() []*gcpForm {
	var out []*gcpForm
	for _, f := range []*gcpForm{x.form, x.orb} {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// judgeScript makes a form of what a script does with keys. A key file that it writes counts as a login where each
// job that runs it logs in with that file, or names it to Google's libraries.
func (v *gcpView) judgeScript(s *gcpStep) {
	f := &gcpForm{owner: s.step.Owner(), node: s.text, step: s}
	for _, a := range s.activations {
		v.addActivation(f, a)
	}
	if f.logsIn {
		f.files = append(f.files, filesIn(s.script(), f.parts)...)
	}
	f.message = fmt.Sprintf("gcloud is logged in with %s", f.key)
	for _, w := range s.writes {
		v.addWrite(f, w)
	}
	for _, h := range s.handed {
		f.startAt(h.span, h.message)
		if h.key.literal {
			f.stored = h.key
		}
		f.blocker = cmp.Or(f.blocker, h.reason)
	}
	if f.span.Len() > 0 {
		s.form = f
	}
}

// addActivation adds a login to the form of its script.
func (v *gcpView) addActivation(f *gcpForm, a gcpActivation) {
	f.startAt(a.call.Span, "") // what to say depends on the keys of all logins
	f.logsIn = true
	f.blocker = cmp.Or(f.blocker, a.blocker)
	f.parts = append(f.parts, a.part)
	f.setProject(a.project.Text)
	if a.file == "" {
		f.take(a.key)
		return
	}
	f.files = append(f.files, a.file)
	key, several := v.written(f.step, a.file)
	if several {
		f.blocker = cmp.Or(f.blocker, "several keys are written to the file")
		return
	}
	f.take(key)
}

// addWrite adds a key file to the form of its script, or notes that what reads it is not shown.
func (v *gcpView) addWrite(f *gcpForm, w keyWrite) {
	message := fmt.Sprintf("the script writes %s to a file", w.key)
	switch v.read(f.step, w.file) {
	case everywhere:
		f.files, f.parts = append(f.files, v.paths(f.step, w.file)...), append(f.parts, w.part)
		f.take(w.key)
		f.logsIn = true
		f.startAt(w.part, message)
	case somewhere, nowhere:
		if keyed := w.key.literal || gcpTables().holdsKey(w.key.name) && (strings.HasSuffix(w.file, ".json") || isADC(w.file)); keyed {
			f.step.handed = append(f.step.handed, gcpHanded{w.key, w.call.Span, message, "what reads the key file " + w.file + " is not shown"})
		}
	}
}

// startAt makes a part of the script the place of the form, with what is to be said there, unless it has one.
func (f *gcpForm) startAt(part shell.Span, message string) {
	if f.span.Len() == 0 {
		f.span, f.message = spanIn(f.node, part), message
	}
}

// take notes whose key a form uses.
func (f *gcpForm) take(key givenKey) {
	switch {
	case key.expr:
		f.blocker = cmp.Or(f.blocker, "the value is an expression: whose key this is is known only when the pipeline is compiled")
	case !key.known():
		f.blocker = cmp.Or(f.blocker, "where the key file comes from is not shown")
	case f.key.known() && f.key != key:
		f.blocker = cmp.Or(f.blocker, "the script uses several keys")
	default:
		f.key = key
	}
}

func (f *gcpForm) setProject(project string) {
	if f.project != "" && project != f.project {
		f.blocker = cmp.Or(f.blocker, "the script logs in for several projects")
	}
	f.project = project
}

// written is the key that is in a file which a step reads: by the steps of all units that run it. several says that it
// is not one and the same.
func (v *gcpView) written(s *gcpStep, file string) (found givenKey, several bool) {
	if isADC(file) {
		file = anyFile
	}
	var all gcpWrites
	for _, u := range v.running(s.step) {
		all = all.and(v.writesIn(u)[file])
	}
	return all.last, all.several
}

// anyFile stands for all files that a unit writes.
const anyFile = ""

// gcpWrites are the keys that are written to a file, in their order.
type gcpWrites struct {
	any         bool
	first, last givenKey
	several     bool // they are not one and the same
}

// and are the writes with later ones.
func (w gcpWrites) and(later gcpWrites) gcpWrites {
	switch {
	case !later.any:
		return w
	case !w.any:
		return later
	}
	return gcpWrites{true, w.first, later.last, w.several || later.several || w.last.known() && w.last != later.first}
}

// writesIn are the writes of a unit by their file.
func (v *gcpView) writesIn(u *gcpUnit) map[string]gcpWrites {
	if u.writes == nil {
		u.writes = map[string]gcpWrites{}
		for _, x := range u.steps {
			for _, w := range v.stepOf(x.Step).writes {
				for _, file := range []string{w.file, anyFile} {
					u.writes[file] = u.writes[file].and(gcpWrites{any: true, first: w.key, last: w.key})
				}
			}
		}
	}
	return u.writes
}

// reach is in how many of the jobs that run a step something holds.
type reach int

const (
	nowhere reach = iota
	somewhere
	everywhere
)

// read tells in which of the units that run a step a file is used as a key file by gcloud or Google's libraries.
func (v *gcpView) read(s *gcpStep, file string) reach {
	runs, reads := v.running(s.step), 0
	for _, u := range runs {
		if v.keyFiles(u)[file] || isADC(file) && len(v.adcFiles(u, s)) > 0 {
			reads++
		}
	}
	switch {
	case reads == 0:
		return nowhere
	case reads < len(runs):
		return somewhere
	default:
		return everywhere
	}
}

// paths are a file and, of one that is named by adcVar, what the variable is set to in the units that run a step.
func (v *gcpView) paths(s *gcpStep, file string) []string {
	out := []string{file}
	if isADC(file) {
		for _, u := range v.running(s.step) {
			out = append(out, v.adcFiles(u, s)...)
		}
	}
	return out
}

// adcFiles are the paths that adcVar is set to for a step of a unit: by its script, and else by $BASH_ENV or by an
// environment.
func (v *gcpView) adcFiles(u *gcpUnit, s *gcpStep) []string {
	var out []string
	for _, a := range s.adcs() {
		out = append(out, a.file)
	}
	for _, x := range u.steps {
		if script := v.stepOf(x.Step).script(); script != nil && len(s.adcs()) == 0 {
			for _, e := range script.BashEnv() {
				if e.Name == adcVar {
					out = append(out, keyFile(script, e.Value))
				}
			}
		}
	}
	for _, env := range []circle.Environments{s.step.Environment(), u.environments()} {
		if x, ok := env.Lookup(adcVar); ok && len(out) == 0 {
			out = append(out, cleanPath(x.Text))
		}
	}
	return slices.DeleteFunc(out, func(file string) bool { return file == "" || isADC(file) })
}

// keyFiles are those that gcloud or Google's libraries use as key files in a unit.
func (v *gcpView) keyFiles(u *gcpUnit) map[string]bool {
	if u.keys != nil {
		return u.keys
	}
	u.keys = map[string]bool{}
	take := func(env circle.Environments) {
		if x, ok := env.Lookup(adcVar); ok {
			u.keys[cleanPath(x.Text)] = true
		}
	}
	take(u.environments())
	for _, x := range u.steps {
		s := v.stepOf(x.Step)
		if s.read == nil {
			continue
		}
		for _, a := range s.activations {
			u.keys[a.file] = true
		}
		for _, a := range s.adcs() {
			u.keys[a.file] = true
		}
		take(x.Step.Environment())
	}
	return u.keys
}

// collectEnvironments adds the keys that stand in the unit's environments. found are those of environments before.
func (v *gcpView) collectEnvironments(u *gcpUnit, found map[rewrite.Node][]*gcpForm) {
	for _, env := range u.allEnvironments() {
		forms, known := found[env.Node]
		if !known {
			forms = v.scanEnvironment(u, env)
			found[env.Node] = forms
		}
		for _, f := range forms {
			v.add(u, f)
		}
	}
}

// scanEnvironment finds keys in one physical environment. One goes away where the same owner's login uses it.
func (v *gcpView) scanEnvironment(u *gcpUnit, env *circle.Environment) []*gcpForm {
	var out []*gcpForm
	for _, x := range env.Vars() {
		key := environmentKey(x)
		if !key.known() {
			continue
		}
		f := &gcpForm{owner: v.p.Config.Owner(env.Node), node: env.Node, span: x.Entry.Span(), key: givenKey{name: x.Name}}
		f.message = fmt.Sprintf("the environment sets %s to %s", x.Name, key)
		f.stored, f.remove = key, []rewrite.Entry{x.Entry}
		uses := func(o *gcpForm) bool { return o.key.name == x.Name && o.owner == f.owner && o.blocker == "" }
		switch {
		case key.expr:
			f.blocker = "the value is an expression: whose key this is is known only when the pipeline is compiled"
		case !slices.ContainsFunc(u.forms, uses):
			f.blocker = "which program reads " + x.Name + " is not shown here"
		}
		out = append(out, f)
	}
	return out
}

// environmentKey is the key in a variable of an environment.
func environmentKey(x circle.Var) givenKey {
	if isGCPKey(x.Text) {
		return givenKey{literal: true, text: x.Text}
	}
	if !gcpTables().holdsKey(x.Name) || x.Name == adcVar {
		return givenKey{}
	}
	switch s := classify(x.Text); s.kind {
	case varSource:
		return givenKey{name: s.text}
	case exprSource:
		return givenKey{expr: true}
	default:
		return givenKey{}
	}
}

// groups are the forms by owner, in the order of the file.
func (v *gcpView) groups() [][]*gcpForm {
	forms := slices.Clone(v.forms)
	slices.SortStableFunc(forms, func(a, b *gcpForm) int { return a.span.Start - b.span.Start })
	return grouped(forms, func(f *gcpForm) string { return f.owner })
}
