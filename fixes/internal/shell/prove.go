package shell

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// proves parses the edited script and compares its tree with that of the original without the removed parts.
// Positions and comments do not count, everything else does. It fails for scripts that only look alike, as "A= do"
// without the assignment; any other failure is a bug of ours, and is refused just the same.
func (r *removal) proves(edits []Edit) bool {
	src := mask(apply(r.script.text, edits))
	if parsable(src.text) != nil {
		return false // a comment has become a shebang
	}
	if src.masked != apply(r.script.units[0].src.masked, edits) {
		return false // the edits brought the two ends of another expression together
	}
	got, err := parseFile(src.masked)
	if err != nil {
		return false
	}
	want, err := r.expected()
	return err == nil && shapeOf(&unit{src: src, file: got}, nil) == want
}

// expected is the shape of a fresh tree with the removed parts taken out.
func (r *removal) expected() (string, error) {
	fresh, err := Parse(r.script.text)
	if err != nil {
		return "", err
	}
	bodies := map[*syntax.Redirect]string{}
	gone := map[*syntax.Stmt]bool{}
	for i, old := range r.script.statements {
		st := fresh.statements[i]
		for j, n := range old.node.Redirs {
			if spans := r.lines[n]; len(spans) > 0 {
				bodies[st.node.Redirs[j]] = withoutSpans(old.unit.src.text, old.unit.bodyAt(n), spans)
			}
		}
		if old.call != nil && len(r.assigns[old.call]) > 0 {
			st.dropAssigns(r.assigns[old.call])
		}
		if r.statements[old] {
			gone[st.node] = true
		}
	}
	dropFrom(fresh.statements, gone)
	for _, st := range fresh.statements {
		st.rebuild()
	}
	return shapeOf(fresh.units[0], bodies), nil
}

func (s *statement) dropAssigns(spans map[Span]bool) {
	goes := func(n syntax.Node) bool { return spans[s.unit.nodeSpan(n)] }
	switch c := s.node.Cmd.(type) {
	case *syntax.CallExpr:
		c.Assigns = slices.DeleteFunc(c.Assigns, func(a *syntax.Assign) bool { return goes(a) })
		c.Args = slices.DeleteFunc(c.Args, func(w *syntax.Word) bool { return goes(w) })
		if len(c.Assigns)+len(c.Args) == 0 {
			s.node.Cmd = nil // its redirections stay
		}
	case *syntax.DeclClause:
		c.Args = slices.DeleteFunc(c.Args, func(a *syntax.Assign) bool { return goes(a) })
	}
}

// dropFrom takes statements out of their lists, or, with the operator in front of each, out of the operands that they are
// among.
func dropFrom(statements []*statement, gone map[*syntax.Stmt]bool) {
	lists, operations := map[*list]bool{}, map[*operation]bool{}
	for _, s := range statements {
		switch {
		case !gone[s.node]:
		case s.list != nil && !lists[s.list]:
			lists[s.list] = true
			*s.list.nodes = slices.DeleteFunc(*s.list.nodes, func(n *syntax.Stmt) bool { return gone[n] })
		case s.list == nil && s.operation != nil && !operations[s.operation]:
			operations[s.operation] = true
			s.operation.drop(gone)
		}
	}
}

func (op *operation) drop(gone map[*syntax.Stmt]bool) {
	kept := 0
	for i, o := range op.operands {
		if !gone[o.node] {
			op.operands[kept], op.operators[kept] = o, op.operators[i]
			kept++
		}
	}
	op.operands, op.operators = op.operands[:kept], op.operators[:kept]
}

// rebuild makes the tree of an and-or list from the operands that are left.
func (s *statement) rebuild() {
	op := s.operands
	if op == nil || op.pipe || len(op.operands) == 0 {
		return
	}
	tree := op.operands[0].node
	for i, operand := range op.operands[1:] {
		tree = &syntax.Stmt{Cmd: &syntax.BinaryCmd{Op: op.operators[i+1], X: tree, Y: operand.node}}
	}
	s.node.Cmd, s.node.Redirs, s.node.Negated = tree.Cmd, tree.Redirs, tree.Negated
}

// shapeOf writes down everything about a tree but where it stands. The body of a here-document counts as its text,
// for a line less in it joins pieces of text that were apart; bodies replaces that text for some.
func shapeOf(u *unit, bodies map[*syntax.Redirect]string) string {
	var b strings.Builder
	shape{&b, u, bodies}.write(reflect.ValueOf(u.file))
	return b.String()
}

type shape struct {
	out    *strings.Builder
	unit   *unit
	bodies map[*syntax.Redirect]string
}

var (
	positionType = reflect.TypeFor[syntax.Pos]()
	commentsType = reflect.TypeFor[[]syntax.Comment]()
)

func (s shape) write(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			s.out.WriteString("-")
			return
		}
		if r, ok := v.Interface().(*syntax.Redirect); ok {
			s.redirect(r)
			return
		}
		s.write(v.Elem())
	case reflect.Struct:
		s.out.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			if t := v.Field(i).Type(); t != positionType && t != commentsType {
				s.write(v.Field(i))
				s.out.WriteByte(',')
			}
		}
		s.out.WriteString("}")
	case reflect.Slice:
		s.out.WriteString("[")
		for i := range v.Len() {
			s.write(v.Index(i))
			s.out.WriteByte(',')
		}
		s.out.WriteString("]")
	default:
		fmt.Fprintf(s.out, "%#v", v.Interface())
	}
}

func (s shape) redirect(r *syntax.Redirect) {
	body, ok := s.bodies[r]
	if !ok && r.Hdoc != nil {
		at := s.unit.bodyAt(r)
		body = s.unit.src.text[at.Start:at.End]
	}
	fmt.Fprintf(s.out, "Redirect{%v %q ", r.Op, body)
	s.write(reflect.ValueOf(r.N))
	s.write(reflect.ValueOf(r.Word))
	s.out.WriteString("}")
}
