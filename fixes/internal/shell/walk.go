package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// walker builds the list of calls and the tree of statements of one unit.
type walker struct {
	script *Script
	unit   *unit
	depth  int // of scripts handed to inner shells
}

func (w *walker) list(nodes *[]*syntax.Stmt, kind listKind, parent *statement, ctx Context) {
	l := &list{kind: kind, nodes: nodes}
	for i, n := range *nodes {
		if kind == topList {
			ctx.Top = i
		}
		s := w.statement(n, parent, ctx)
		s.list, s.index = l, i
		l.items = append(l.items, s)
		w.descend(s)
	}
}

// sole is a statement that is the only one in its place.
func (w *walker) sole(n *syntax.Stmt, parent *statement, ctx Context) {
	w.descend(w.statement(n, parent, ctx))
}

func (w *walker) statement(n *syntax.Stmt, parent *statement, ctx Context) *statement {
	ctx.Negated = ctx.Negated || n.Negated
	ctx.Background = ctx.Background || n.Background || n.Coprocess || n.Disown
	s := &statement{node: n, unit: w.unit, parent: parent, context: ctx}
	for _, r := range n.Redirs {
		s.redirects = append(s.redirects, w.unit.redirect(r))
	}
	w.script.statements = append(w.script.statements, s)
	return s
}

// descend visits what is inside a statement whose place is known.
func (w *walker) descend(s *statement) {
	w.command(s, s.context)
	for _, r := range s.node.Redirs {
		w.substitutions(r.Word, s)
		if r.Hdoc != nil {
			w.substitutions(r.Hdoc, s)
		}
	}
}

func (w *walker) command(s *statement, ctx Context) {
	switch c := s.node.Cmd.(type) {
	case nil:
		w.add(s, &Call{Span: s.span()})
	case *syntax.CallExpr:
		w.simple(s, c)
	case *syntax.DeclClause:
		w.declaration(s, c)
	case *syntax.BinaryCmd:
		w.operation(s, c, ctx)
	case *syntax.Block:
		ctx.Group = true
		w.list(&c.Stmts, bodyList, s, ctx)
	case *syntax.Subshell:
		ctx.Subshell = true
		w.list(&c.Stmts, bodyList, s, ctx)
	case *syntax.FuncDecl:
		w.function(s, c, ctx)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			w.sole(c.Stmt, s, ctx)
		}
	case *syntax.CoprocClause:
		ctx.Background = true
		w.sole(c.Stmt, s, ctx)
	default:
		w.compound(s, c, ctx)
	}
}

func (w *walker) compound(s *statement, c syntax.Command, ctx Context) {
	condition, body := ctx, ctx
	condition.Condition = true
	body.Conditional, body.AfterAnd = true, false
	switch c := c.(type) {
	case *syntax.IfClause:
		w.branches(s, c, ctx)
	case *syntax.WhileClause:
		w.list(&c.Cond, conditionList, s, condition)
		w.list(&c.Do, bodyList, s, body)
	case *syntax.ForClause:
		w.substitutions(c.Loop, s)
		w.list(&c.Do, bodyList, s, body)
	case *syntax.CaseClause:
		w.substitutions(c.Word, s)
		for _, item := range c.Items {
			for _, p := range item.Patterns {
				w.substitutions(p, s)
			}
			w.list(&item.Stmts, bodyList, s, body)
		}
	default: // [[ ]], (( )), let: no command but those in substitutions
		w.substitutions(c, s)
	}
}

// branches visits an if with its elifs: only the first condition is always evaluated.
func (w *walker) branches(s *statement, c *syntax.IfClause, ctx Context) {
	for ; c != nil; c = c.Else {
		condition := ctx
		condition.Condition = true
		w.list(&c.Cond, conditionList, s, condition)
		ctx.Conditional, ctx.AfterAnd = true, false
		w.list(&c.Then, bodyList, s, ctx)
	}
}

func (w *walker) function(s *statement, c *syntax.FuncDecl, ctx Context) {
	if c.Name != nil {
		ctx.Function = w.unit.written(c.Name)
	}
	w.sole(c.Body, s, ctx)
}

func (w *walker) operation(s *statement, c *syntax.BinaryCmd, ctx Context) {
	op := &operation{pipe: isPipe(c.Op)}
	var nodes []*syntax.Stmt
	op.flatten(c, &nodes)
	s.operands = op
	if op.pipe {
		ctx.Pipe = Pipe{Len: len(nodes), Span: s.span()}
	} else {
		ctx.List = s.span()
	}
	for i, n := range nodes {
		if op.pipe {
			ctx.Pipe.Index = i
		} else if i > 0 {
			and := op.operators[i] == syntax.AndStmt
			ctx.AfterAnd = and && (ctx.AfterAnd || !ctx.Conditional)
			ctx.Conditional = true
		}
		operand := w.statement(n, s, ctx)
		operand.operation, operand.index = op, i
		op.operands = append(op.operands, operand)
	}
	for _, operand := range op.operands {
		w.descend(operand)
	}
}

func isPipe(op syntax.BinCmdOperator) bool { return op == syntax.Pipe || op == syntax.PipeAll }

// flatten takes a tree of operators of one precedence apart.
func (op *operation) flatten(c *syntax.BinaryCmd, nodes *[]*syntax.Stmt) {
	op.side(c.X, nodes)
	at := len(*nodes)
	op.side(c.Y, nodes)
	for len(op.operators) < len(*nodes) {
		op.operators = append(op.operators, c.Op)
	}
	op.operators[at] = c.Op
}

func (op *operation) side(n *syntax.Stmt, nodes *[]*syntax.Stmt) {
	c, ok := n.Cmd.(*syntax.BinaryCmd)
	if ok && isPipe(c.Op) == op.pipe && !n.Negated && len(n.Redirs) == 0 {
		op.flatten(c, nodes)
		return
	}
	*nodes = append(*nodes, n)
}

// substitutions visits the commands in the substitutions of a word or another node.
func (w *walker) substitutions(n syntax.Node, parent *statement) {
	ctx := parent.context
	ctx.Substitution, ctx.Negated, ctx.Pipe, ctx.List = true, false, Pipe{}, Span{}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.list(&n.Stmts, substitutionList, parent, ctx)
			return false
		case *syntax.ProcSubst:
			w.list(&n.Stmts, substitutionList, parent, ctx)
			return false
		}
		return true
	})
}

func (w *walker) simple(s *statement, n *syntax.CallExpr) {
	u := w.unit
	c := &Call{Span: u.nodeSpan(n)}
	for _, a := range n.Assigns {
		assign := u.assign(a)
		assign.Exported = len(n.Args) > 0
		c.Assigns = append(c.Assigns, assign)
	}
	for _, a := range n.Args {
		c.Words = append(c.Words, u.word(a))
	}
	var given []int
	c.command, given = unwrap(c.Words)
	for _, i := range given {
		word := c.Words[i]
		name := assignedName(word)
		c.Assigns = append(c.Assigns, Assign{Name: name, Value: word.after(len(name) + 1), Span: word.Span, Exported: true})
	}
	w.add(s, c)
	if strings.ContainsAny(u.written(n), "(`") {
		w.substitutions(n, s)
	}
	w.inner(c)
}

func (w *walker) declaration(s *statement, n *syntax.DeclClause) {
	u := w.unit
	variant := n.Variant.Value
	c := &Call{Span: u.nodeSpan(n)}
	first := u.describe(n.Variant)
	first.Value, first.Static = variant, true
	c.Words = append(c.Words, first)
	exported := variant == "export"
	for _, a := range n.Args {
		if a.Name == nil {
			word := u.word(a.Value)
			if strings.HasPrefix(word.Value, "-") {
				exported = exported && !strings.Contains(word.Value, "n") || strings.Contains(word.Value, "x")
			}
			c.Words = append(c.Words, word)
			continue
		}
		assign := u.assign(a)
		assign.Exported = exported
		c.Assigns = append(c.Assigns, assign)
		word := u.describe(a)
		word.Static = !word.Expr && a.Array == nil && (a.Naked || assign.Value.Static || a.Value == nil)
		word.Value = word.Text[:len(word.Text)-len(assign.Value.Text)] + assign.Value.Value
		c.Words = append(c.Words, word)
	}
	w.add(s, c)
	w.substitutions(n, s)
}

func (w *walker) add(s *statement, c *Call) {
	c.Context, c.stmt = s.context, s
	c.Context.Inner = w.depth > 0
	c.Stmt, c.Redirects = s.span(), s.redirects
	s.call = c
	w.script.calls = append(w.script.calls, c)
}

func (u *unit) assign(a *syntax.Assign) Assign {
	name := strings.ReplaceAll(u.written(a.Name), "\\\n", "") // which the shell takes out before all else
	out := Assign{Name: name, Span: u.nodeSpan(a), Append: a.Append, Naked: a.Naked}
	switch {
	case a.Value != nil:
		out.Value = u.word(a.Value)
	case a.Array != nil:
		out.Value = u.describe(a.Array)
		out.Value.Value = out.Value.Text
	case !a.Naked:
		end := u.local(a).End
		out.Value = Word{Span: u.span(end, end), Static: true}
	}
	return out
}

func (u *unit) redirect(n *syntax.Redirect) Redirect {
	out := Redirect{Op: n.Op.String(), Target: u.word(n.Word)}
	if n.N != nil {
		out.FD = n.N.Value
	}
	out.Span = u.span(u.src.withEscape(offset(n.Pos())), u.local(n.Word).End)
	if n.Hdoc != nil {
		out.Body = u.hereDoc(n)
	}
	return out
}
