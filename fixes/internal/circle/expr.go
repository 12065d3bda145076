package circle

import (
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/rewrite"
)

// Expr is one << ... >> expression in a text.
type Expr struct {
	Start, End int    // byte offsets in the text, markers included
	Body       string // what stands between the markers, without blanks around it
}

// Parameter is the name of the parameter that the expression is, as in << parameters.name >>.
func (e Expr) Parameter() (name string, ok bool) {
	return strings.CutPrefix(e.Body, "parameters.")
}

// reads reports whether the expression uses a parameter, by itself or in a condition.
func (e Expr) reads(parameter string) bool { return strings.Contains(e.Body, "parameters."+parameter) }

// heredocRedirect is what follows the marker in a shell line such as cat <<EOF >> file. It is no expression: these name
// something with a dot, a call or an operator.
var heredocRedirect = pattern.New(`^(-?\w+|-?"\w+"|-?'\w+')[ \t]*$`)

// Expressions finds the expressions in a text, which stand on one line each. An escaped marker (\<<) starts none.
func Expressions(text string) []Expr {
	var out []Expr
	lineEnd := 0
	for at := 0; ; {
		i := strings.Index(text[at:], "<<")
		if i < 0 {
			return out
		}
		start := at + i
		at = start + len("<<")
		if start > 0 && text[start-1] == '\\' {
			continue
		}
		if at > lineEnd {
			line, _, _ := strings.Cut(text[at:], "\n")
			lineEnd = at + len(line)
		}
		body, _, closed := strings.Cut(text[at:lineEnd], ">>")
		if !closed {
			at = lineEnd // none of the line is
			continue
		}
		if heredocRedirect.MatchString(body) {
			continue
		}
		at += len(body) + len(">>")
		out = append(out, Expr{start, at, strings.TrimSpace(body)})
	}
}

// Known is the text of a scalar, resolved, and whether it is what the pipeline will see. The text is not known when it
// holds an expression, when the node is no scalar, or when it is absent.
func Known(n rewrite.Node) (string, bool) {
	n = n.Resolve()
	if n.Kind() != rewrite.Scalar {
		return "", false
	}
	return n.Value(), len(Expressions(n.Value())) == 0
}

// hasExpression reports whether a scalar, resolved, holds an expression.
func hasExpression(n rewrite.Node) bool { return len(Expressions(n.Resolve().Value())) > 0 }

// soleParameter is the name of the parameter that makes up the whole text of a scalar.
func soleParameter(n rewrite.Node) (string, bool) {
	text := strings.TrimSpace(n.Resolve().Value())
	exprs := Expressions(text)
	if len(exprs) != 1 || exprs[0].Start != 0 || exprs[0].End != len(text) {
		return "", false
	}
	return exprs[0].Parameter()
}
