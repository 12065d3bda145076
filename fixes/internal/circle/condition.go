package circle

import (
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// truth is what a condition comes to: no, maybe where that is known only when the pipeline is compiled, or yes.
type truth int8

const (
	no    truth = -1
	maybe truth = 0
	yes   truth = 1
)

// condition is what the condition of a when or unless step comes to where parameters mean what the frame says.
func (fr *frame) condition(n rewrite.Node, depth int) truth {
	n = n.Resolve()
	switch {
	case depth > maxFlowDepth || !n.Exists():
		return maybe
	case n.Kind() == rewrite.Scalar:
		return fr.holds(n)
	case n.Kind() != rewrite.Mapping || n.Len() != 1:
		return maybe
	}
	operator, operand := n.Fields()[0].Name(), n.Fields()[0].Value().Resolve()
	switch operator {
	case "not":
		return -fr.condition(operand, depth+1)
	case "and", "or":
		return fr.joined(operator, operand, depth)
	case "equal":
		return fr.equal(operand)
	default:
		return maybe
	}
}

// joined is what the items of a list come to with "and" or "or" between them.
func (fr *frame) joined(operator string, list rewrite.Node, depth int) truth {
	out := map[string]truth{"and": yes, "or": no}[operator]
	if list.Kind() != rewrite.Sequence {
		return maybe
	}
	for _, e := range list.Entries() {
		if t := fr.condition(e.Value(), depth+1); operator == "and" {
			out = min(out, t)
		} else {
			out = max(out, t)
		}
	}
	return out
}

// equal is what a comparison of the items of a list comes to.
func (fr *frame) equal(list rewrite.Node) truth {
	if list.Kind() != rewrite.Sequence {
		return maybe
	}
	var common []string
	first, sure := true, true
	for _, e := range list.Entries() {
		values, known := fr.valuesOf(e.Value())
		if sure = sure && known && len(values) == 1; !known {
			continue
		}
		if first {
			common, first = values, false
			continue
		}
		common = slices.DeleteFunc(slices.Clone(common), func(v string) bool { return !slices.Contains(values, v) })
	}
	switch {
	case !first && len(common) == 0:
		return no
	case sure:
		return yes
	default:
		return maybe
	}
}

// holds is what a scalar comes to as a condition: false, 0, null and an empty text do not hold.
func (fr *frame) holds(n rewrite.Node) truth {
	values, known := fr.valuesOf(n)
	if !known || len(values) == 0 {
		return maybe
	}
	out := truthOf(values[0])
	for _, v := range values[1:] {
		if truthOf(v) != out {
			return maybe
		}
	}
	return out
}

func truthOf(text string) truth {
	switch strings.ToLower(text) {
	case "false", "", "0", "null", "~":
		return no
	case "no", "off", "n": // of YAML's older version only
		return maybe
	default:
		return yes
	}
}

// valuesOf are the values that a scalar may have; known is false when there may be others.
func (fr *frame) valuesOf(n rewrite.Node) (values []string, known bool) {
	if text, ok := Known(n); ok {
		return []string{text}, true
	}
	name, ok := soleParameter(n)
	if !ok || fr == nil {
		return nil, false
	}
	return fr.values(name, 0)
}

// values are those that a parameter may have.
func (fr *frame) values(name string, depth int) (values []string, known bool) {
	if fr == nil || fr.given == nil || depth > maxFlowDepth {
		return nil, false
	}
	given := fr.given(name)
	if len(given) == 0 {
		for _, p := range fr.defaults {
			if p.Name == name && p.Default().Exists() {
				text, ok := Known(p.Default())
				return []string{text}, ok
			}
		}
		return nil, false
	}
	for _, n := range given {
		if text, ok := Known(n); ok {
			values = append(values, text)
			continue
		}
		inner, ok := soleParameter(n)
		if !ok {
			return nil, false
		}
		more, ok := fr.caller.values(inner, depth+1)
		if !ok {
			return nil, false
		}
		values = append(values, more...)
	}
	return values, true
}

// given are the values that an entry gives a parameter of its job, those of its matrix in place of their mention.
func (u *WorkflowJob) given(name string) []rewrite.Node {
	out := u.values(name)
	if len(out) != 1 {
		return out
	}
	text := strings.TrimSpace(out[0].Resolve().Value())
	if exprs := Expressions(text); len(exprs) == 1 && exprs[0].End-exprs[0].Start == len(text) {
		if of, ok := strings.CutPrefix(exprs[0].Body, "matrix."); ok {
			return u.values(of)
		}
	}
	return out
}
