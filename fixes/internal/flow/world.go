package flow

import (
	"maps"
	"slices"
)

// world is one way things may stand between two steps of a job.
type world struct {
	job      map[string]value // the environment of the job and its executor; never changed
	bash     map[string]value // what $BASH_ENV sets, and unsets, in every bash step
	profiles map[string]profile
	held     map[cloud]value // logins at other clouds, and what files hold
	section  string          // of the credentials file, the one that was written last
	taken    map[string]bool // conditions that were decided on the way, and how
}

// profile is a section of the files in ~/.aws. Of a profile with a role the keys are not used.
type profile struct {
	keys
	role string // assumed with the keys of another profile or of the environment
	web  bool   // the role is opened by a token file instead
}

// anyProfile stands for all profiles of a credentials file whose content is not shown.
const anyProfile = "*"

func (w *world) clone() *world {
	return &world{w.job, maps.Clone(w.bash), maps.Clone(w.profiles), maps.Clone(w.held), w.section, maps.Clone(w.taken)}
}

// same reports whether later steps can tell the worlds apart by nothing but the conditions that were decided.
func (w *world) same(o *world) bool {
	return w.section == o.section && maps.Equal(w.bash, o.bash) && maps.Equal(w.profiles, o.profiles) && maps.Equal(w.held, o.held)
}

// federated reports whether a job is logged in at another cloud with CircleCI's token.
func (w *world) federated() bool {
	is := func(v value) bool { return v.origin == federated }
	return slices.ContainsFunc(slices.Collect(maps.Values(w.held)), is) || slices.ContainsFunc(slices.Collect(maps.Values(w.bash)), is)
}

// maxWorlds bounds the ways that are followed. Beyond it the later ones are left out.
const maxWorlds = 32

// distinct are the worlds that differ, in their order.
func distinct(worlds []*world) []*world {
	return differing(worlds, func(a, b *world) bool { return a.same(b) && maps.Equal(a.taken, b.taken) })
}

// differing are the first maxWorlds items that are not the same as one before them.
func differing[T any](items []T, same func(a, b T) bool) []T {
	if len(items) < 2 {
		return items
	}
	var out []T
	for _, x := range items {
		if len(out) < maxWorlds && !slices.ContainsFunc(out, func(o T) bool { return same(o, x) }) {
			out = append(out, x)
		}
	}
	return out
}

// scope is a world as the script of one step sees it.
type scope struct {
	*world
	step  map[string]value // the step's own environment
	local map[string]value // what the script has set so far
	inner map[string]value // the same, in the subshell that is running
	reads bool             // the shell reads $BASH_ENV
}

func newScope(w *world, step map[string]value, reads bool) *scope {
	return &scope{world: w, step: step, local: map[string]value{}, inner: map[string]value{}, reads: reads}
}

func (s *scope) clone() *scope {
	return &scope{s.world.clone(), s.step, maps.Clone(s.local), maps.Clone(s.inner), s.reads}
}

// lookup is the value of a variable as the script sees it. given holds what is assigned for one command.
func (s *scope) lookup(name string, given map[string]value) value {
	layers := []map[string]value{given, s.inner, s.local, nil, s.step, s.job}
	if s.reads {
		layers[3] = s.bash
	}
	for _, layer := range layers {
		if v, ok := layer[name]; ok {
			return v
		}
	}
	return value{ambient, name}
}

// environmentKeys are the keys in the environment of a command.
func (s *scope) environmentKeys(given map[string]value) keys {
	return keys{s.lookup(idVar, given), s.lookup(secretVar, given)}
}

// credentials is what a tool finds that is given no profile, or the named one. Keys in the environment come first, then
// web identity, then the profile that the environment names; a profile given on the command line beats all of these.
func (s *scope) credentials(named string, given map[string]value) source {
	if named != "" {
		src := s.fromProfile(named)
		src.profile = named
		return src
	}
	env := sourceOf(s.environmentKeys(given))
	if (env.kind == assumed || env.kind == chain) && s.lookup(tokenVar, given).missing() {
		env.kind = broken
	}
	if env.kind == hidden && s.lookup(tokenVar, given).origin == session {
		env.kind = broken // the token of the session does not belong to other keys
	}
	if env.kind != noCredentials && env.kind != outside {
		return env
	}
	if role, file := s.lookup(roleVar, given), s.lookup(fileVar, given); role.origin != ambient && file.origin != ambient && !role.missing() && !file.missing() {
		if env.kind == outside {
			return source{kind: shadowed, role: role.roleText()}
		}
		return source{kind: assumed, role: role.roleText()}
	}
	name := "default"
	if v := s.lookup(profileVar, given); v.origin != ambient && !v.missing() {
		name = v.text
	}
	switch src := s.fromProfile(name); {
	case src.kind == noCredentials:
		return env
	case src.kind == assumed && env.kind == outside:
		return source{kind: shadowed, role: src.role}
	default:
		return src
	}
}

// rootProfile is the name under which a profile of the user root is kept.
func rootProfile(name string) string { return "root's " + name }

// rootCredentials is what a tool finds that sudo runs: what sudo is told to set for it, or root's own profiles.
func (s *scope) rootCredentials(named string, given map[string]value) source {
	if src := sourceOf(keys{given[idVar], given[secretVar]}); len(given) > 0 && src.kind != outside {
		return src
	}
	if named == "" {
		named = "default"
	}
	return s.fromProfile(rootProfile(named))
}

// roleText is the role that a variable names.
func (v value) roleText() string {
	if v.origin == variable {
		return "${" + v.text + "}"
	}
	return roleText(v.text)
}

func (s *scope) fromProfile(name string) source {
	p, ok := s.profiles[name]
	if !ok {
		if p, ok = s.profiles[anyProfile]; !ok {
			return source{}
		}
	}
	switch {
	case p.role != "" && p.web:
		return source{kind: assumed, role: p.role}
	case p.role != "":
		return source{kind: chain, role: p.role}
	}
	return sourceOf(keys{p.id.shown(), p.secret.shown()})
}

// setProfile changes a profile.
func (w *world) setProfile(name string, change func(*profile)) {
	p, ok := w.profiles[name]
	if !ok {
		p.id, p.secret = value{origin: unset}, value{origin: unset}
	}
	change(&p)
	w.profiles[name] = p
}
