package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// register holds what a rule makes of the units of a config, and the forms that it has found in them.
type register[F comparable, U placed] struct {
	units   []U
	forms   []F                  // each once, as they were met
	users   map[F][]U            // the units that a form acts in
	runners map[rewrite.Node][]U // the units that run a physical step, once somebody asks
}

// placed is what a rule makes of a unit.
type placed interface {
	comparable
	self() *placement
}

// running are the units that run a step, in the order of the config. All units have to be known by then.
func (r *register[F, U]) running(s *circle.Step) []U {
	if r.runners == nil {
		r.runners = map[rewrite.Node][]U{}
		for _, u := range r.units {
			for _, x := range u.self().steps {
				if others := r.runners[x.Step.Node]; len(others) == 0 || others[len(others)-1] != u {
					r.runners[x.Step.Node] = append(others, u)
				}
			}
		}
	}
	return r.runners[s.Node]
}

// note adds a form that acts in a unit. The forms of a unit come one unit after the other.
func (r *register[F, U]) note(f F, u U) {
	if r.users == nil {
		r.users = map[F][]U{}
	}
	users := r.users[f]
	if len(users) == 0 {
		r.forms = append(r.forms, f)
	}
	if len(users) == 0 || users[len(users)-1] != u {
		r.users[f] = append(users, u)
	}
}

// unitsOf are the units that a form acts in, in the order of the config.
func (r *register[F, U]) unitsOf(f F) []U { return r.users[f] }

// unitsOfAll are the units that any of the forms acts in, each once.
func (r *register[F, U]) unitsOfAll(forms []F) []U {
	var out []U
	met := map[U]bool{}
	for _, f := range forms {
		for _, u := range r.users[f] {
			if !met[u] {
				met[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// grouped are the values by their key, groups and values in the order of the values.
func grouped[V any, K comparable](values []V, key func(V) K) [][]V {
	var out [][]V
	at := map[K]int{}
	for _, v := range values {
		k := key(v)
		i, known := at[k]
		if !known {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], v)
	}
	return slices.Clip(out)
}
