package setup

import (
	"maps"
	"slices"
)

// stored is a variable that jobs read, with what it has to hold: the ARN of a role, an input, a text or a part of Google
// Cloud's workload identity.
type stored struct {
	name  string
	at    place
	role  *role
	input string
	text  string
	part  string // project_number, pool or provider
}

// store works out the variables that have to be defined, and asks for those of their values that are not known.
func (p *Plan) store() {
	seen := map[string]bool{}
	add := func(s stored) {
		key := s.name + " " + s.at.key()
		switch {
		case seen[key]:
		case len(s.at.hidden) > 0:
			p.byHand = append(p.byHand, s)
		default:
			p.stored = append(p.stored, s)
		}
		seen[key] = true
	}
	for _, x := range p.roles {
		if x.use.Variable != "" {
			add(stored{name: x.use.Variable, at: x.at, role: x})
		}
	}
	for _, x := range p.gcp {
		for _, v := range x.variables {
			switch {
			case v.Fact != "service_account":
				add(stored{name: v.Name, at: x.at, part: v.Fact})
			case x.email != "":
				add(stored{name: v.Name, at: x.at, text: x.email})
			default:
				add(stored{name: v.Name, at: x.at, input: x.id + "_service_account"})
			}
		}
	}
	for _, x := range p.vault {
		for _, fact := range slices.Sorted(maps.Keys(x.variables)) {
			s := stored{name: x.variables[fact], at: x.at, input: "vault_" + fact}
			switch fact {
			case "role":
				s.input, s.text = "", x.name
			case "auth_path":
				s.input, s.text = "", x.path
			}
			add(s)
		}
	}
	for _, x := range p.azure {
		for _, fact := range slices.Sorted(maps.Keys(x.variables)) {
			s := stored{name: x.variables[fact], at: x.at, input: "azure_" + fact}
			if fact == "client_id" {
				s.input, s.text = x.input, x.client
			}
			add(s)
		}
	}
	for _, s := range p.stored {
		if s.input != "" {
			p.input(&input{name: s.input, text: "What the variable " + s.name + " in " + s.at.String() + " has to hold"})
		}
		if len(s.at.contexts) > 1 {
			p.input(&input{name: s.at.choice(), text: "Id (for commands the name will do) of the context that is to hold " + s.name + ", " + s.at.String() + ": that which has the keys today"})
		}
	}
}

// gap tells people to store a variable whose context is not known.
func (s stored) gap() string {
	text := "the config does not say which context is meant: set " + s.name + " by hand in " + s.at.String()
	switch {
	case s.role != nil:
		text += ", to the ARN of the role " + s.role.name
	case s.text != "":
		text += ", to " + s.text
	}
	return text
}

// choice is the input that chooses one of several contexts.
func (x place) choice() string {
	name := "context_id"
	for _, c := range x.contexts {
		name += "_" + c.id
	}
	return name
}
