package shell

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
)

// source is a text with the CircleCI expressions hidden from the shell grammar.
type source struct {
	text    string // as written
	masked  string // as parsed: same length, same line breaks
	exprs   []Span // expressions, in order
	escapes []int  // offsets of the backslashes that only keep "<<" from being an expression
}

const (
	exprName    = `[a-z_][\w-]*(?:\.[\w-]+)+`
	exprOperand = `(?:` + exprName + `|"[^"]*"|'[^']*'|/[^/]*/|\d+(?:\.\d+)?|true|false)`
	exprPrefix  = `(?:not[ \t]+|\([ \t]*)*`
	exprInfix   = `(?:[ \t]*\)|[ \t]*(?:and|or|starts-with|matches|==|!=|>=|<=|>|<)[ \t]*` + exprPrefix + exprOperand + `)`
)

var (
	exprBody = pattern.New(`^[ \t]*(?:[#/^][ \t]*)?(?:include\([^()]*\)|` + exprPrefix + exprOperand + exprInfix + `*)[ \t]*$`)
	// A here-document's delimiter has no dots; an expression names something, and its name has.
	exprNamed = pattern.New(`(?:^|[^\w"'])` + exprName + `|include\(`)
)

// mask hides every expression behind as many underscores, and turns the escape "\<<" into " <<", the operator that
// the shell gets to see. Here-documents and here-strings keep their operators.
func mask(text string) source {
	src := source{text: text}
	if !strings.Contains(text, "<<") {
		src.masked = text
		return src
	}
	masked := []byte(text)
	for i := 0; i+1 < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, `\<<`):
			masked[i] = ' '
			src.escapes = append(src.escapes, i)
			i += len(`\<<`)
		case strings.HasPrefix(rest, "<<<"):
			i += len("<<<")
		case strings.HasPrefix(rest, "<<"):
			n := exprLen(rest)
			if n == 0 {
				i += len("<<")
				continue
			}
			for j := i; j < i+n; j++ {
				masked[j] = '_'
			}
			src.exprs = append(src.exprs, Span{i, i + n})
			i += n
		default:
			i++
		}
	}
	src.masked = string(masked)
	return src
}

// exprLen is the length of the expression that text starts with, 0 when its "<<" is an operator of the shell.
func exprLen(text string) int {
	line, _, _ := strings.Cut(text[:min(len(text), maxExpr)], "\n")
	end := strings.Index(line, ">>")
	if end < 0 {
		return 0
	}
	body := line[len("<<"):end]
	if !exprBody.MatchString(body) || !exprNamed.MatchString(body) {
		return 0
	}
	return end + len(">>")
}

// maxExpr bounds the look-ahead for the end of an expression: without it a line of many "<<" costs quadratic time.
const maxExpr = 4096

// withEscape is the offset of the operator at offset at, with the backslash that keeps it from being an expression.
func (src source) withEscape(at int) int {
	if slices.Contains(src.escapes, at-1) {
		return at - 1
	}
	return at
}

// slice is the part of src between two offsets, as a source of its own.
func (src source) slice(at Span) source {
	out := source{text: src.text[at.Start:at.End], masked: src.masked[at.Start:at.End]}
	for _, e := range src.exprs {
		if at.Start <= e.Start && e.End <= at.End {
			out.exprs = append(out.exprs, Span{e.Start - at.Start, e.End - at.Start})
		}
	}
	for _, e := range src.escapes {
		if at.Start <= e && e < at.End {
			out.escapes = append(out.escapes, e-at.Start)
		}
	}
	return out
}
