package circle

import (
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// Environment is one physical mapping or list of variables.
type Environment struct {
	Node rewrite.Node // the mapping or list, resolved

	vars   []Var
	byName lazy[map[string][]Var]
}

// Var is one variable of an Environment.
type Var struct {
	Name  string
	Value rewrite.Node  // the value, resolved; of a KEY=value item the whole item
	Text  string        // the value's text; what it expands to is not known when it holds an expression, see Known
	Entry rewrite.Entry // what to remove to remove the variable and nothing else
	Map   rewrite.Node  // the mapping or list that the variable is written in
}

// Known is the value, and whether it is what the pipeline will see.
func (v Var) Known() (string, bool) { return v.Text, len(Expressions(v.Text)) == 0 }

// Vars are the variables written in this place, in source order, without those merged in.
func (e *Environment) Vars() []Var { return e.vars }

// Named are the variables of that name that are written in this place: one, but for a list that has several.
func (e *Environment) Named(name string) []Var {
	return e.byName.get(func() map[string][]Var {
		out := make(map[string][]Var, len(e.vars))
		for _, v := range e.vars {
			out[v.Name] = append(out[v.Name], v)
		}
		return out
	})[name]
}

// Environments are the physical places that make up one environment: the one that wins first, then those merged into it.
type Environments []*Environment

// Vars are the variables as they take effect: of a name that is set in several places the winning one.
func (es Environments) Vars() []Var {
	var out []Var
	seen := map[string]bool{}
	for _, e := range es {
		for _, v := range e.vars {
			if !seen[v.Name] {
				seen[v.Name] = true
				out = append(out, v)
			}
		}
	}
	return out
}

// Lookup is the variable of that name as it takes effect.
func (es Environments) Lookup(name string) (Var, bool) {
	for _, e := range es {
		if named := e.Named(name); len(named) > 0 {
			return named[0], true
		}
	}
	return Var{}, false
}

// environmentsOf reads the value of an environment key: a mapping, or a list of mappings and of KEY=value texts.
func (c *Config) environmentsOf(n rewrite.Node) Environments {
	n = n.Resolve()
	out, known := c.root.environments[n]
	if !known && c.root.variables <= maxVariables {
		r := environmentReader{seen: map[rewrite.Node]bool{}}
		r.read(n)
		out = slices.Clip(r.out)
		c.root.environments[n] = out
	}
	return c.counted(out)
}

// counted are environments that one more job has, none when the jobs have too many variables.
func (c *Config) counted(es Environments) Environments {
	for _, e := range es {
		c.root.variables += len(e.vars)
	}
	if !c.within("number of variables in the environments of all jobs", c.root.variables, maxVariables) {
		return nil
	}
	return es
}

type environmentReader struct {
	out  Environments
	seen map[rewrite.Node]bool
}

func (r *environmentReader) read(n rewrite.Node) {
	n = n.Resolve()
	if r.seen[n] || n.Kind() != rewrite.Mapping && n.Kind() != rewrite.Sequence {
		return
	}
	r.seen[n] = true
	env := &Environment{Node: n}
	r.out = append(r.out, env)
	if n.Kind() == rewrite.Mapping {
		r.pairs(env, n)
		return
	}
	for _, item := range n.Entries() {
		r.item(env, item)
	}
}

// pairs takes a mapping's own variables into env and reads what it merges in as places of their own.
func (r *environmentReader) pairs(env *Environment, n rewrite.Node) {
	for _, e := range n.Fields() {
		if e.Parent().Same(n) && !e.IsMerge() {
			env.vars = append(env.vars, pairVar(e))
		}
	}
	for _, source := range mergeSources(n) {
		r.read(source)
	}
}

func pairVar(e rewrite.Entry) Var {
	value := e.Value().Resolve()
	return Var{Name: e.Name(), Value: value, Text: value.Value(), Entry: e, Map: e.Parent()}
}

// item reads one item of a list. A mapping that is written there belongs to the list; a shared one is a place of its own.
func (r *environmentReader) item(env *Environment, item rewrite.Entry) {
	value := item.Value()
	switch value.Kind() {
	case rewrite.Mapping:
		from := len(env.vars)
		r.pairs(env, value)
		if value.Len() == 1 && len(env.vars) == from+1 {
			env.vars[from].Entry = item
		}
	case rewrite.Scalar:
		if name, text, ok := strings.Cut(value.Value(), "="); ok {
			env.vars = append(env.vars, Var{Name: name, Value: value, Text: text, Entry: item, Map: item.Parent()})
		}
	case rewrite.Alias:
		if target := value.Resolve(); target.Kind() == rewrite.Scalar {
			if name, text, ok := strings.Cut(target.Value(), "="); ok {
				env.vars = append(env.vars, Var{Name: name, Value: target, Text: text, Entry: item, Map: item.Parent()})
			}
			return
		}
		r.read(value)
	case rewrite.Sequence:
		r.read(value)
	}
}

// mergeSources are the mappings that a mapping merges in directly, resolved.
func mergeSources(n rewrite.Node) []rewrite.Node {
	var out []rewrite.Node
	for _, e := range n.Entries() {
		if !e.IsMerge() {
			continue
		}
		source := e.Value().Resolve()
		if source.Kind() != rewrite.Sequence {
			out = append(out, source)
			continue
		}
		for _, item := range source.Entries() {
			out = append(out, item.Value().Resolve())
		}
	}
	return out
}
