package shell

import "mvdan.cc/sh/v3/syntax"

// statement is one statement of the syntax tree with what is around it. It stands in one of three places: in a list,
// as an operand of an and-or list or a pipeline, or alone (the body of a function, what time measures).
type statement struct {
	node      *syntax.Stmt
	unit      *unit
	parent    *statement // the statement that this one is part of; nil at the top level
	list      *list
	operation *operation
	index     int        // in list or operation
	operands  *operation // what the statement itself joins, nil when it is no and-or list or pipeline
	context   Context
	redirects []Redirect
	call      *Call // the simple command it is, or nil
}

// list is a sequence of statements: the script, or a body.
type list struct {
	kind  listKind
	nodes *[]*syntax.Stmt // where the tree keeps them
	items []*statement
}

type listKind uint8

const (
	topList listKind = iota
	bodyList
	conditionList
	substitutionList
	innerList // the top level of a script handed to an inner shell
)

// operation is a pipeline, or an and-or list. Chains of one precedence are flat: operator i stands in front of
// operand i, operator 0 is meaningless.
type operation struct {
	pipe      bool
	operators []syntax.BinCmdOperator
	operands  []*statement
}

// neighbour is the simple command at a distance in the innermost pipeline around s.
func (s *statement) neighbour(distance int) *Call {
	for ; s != nil; s = s.parent {
		if s.list != nil && s.list.kind == substitutionList {
			return nil
		}
		if s.operation == nil || !s.operation.pipe {
			continue
		}
		if i := s.index + distance; i >= 0 && i < len(s.operation.operands) {
			return s.operation.operands[i].call
		}
		return nil
	}
	return nil
}

// local is where the statement stands in its unit: from "!" to the last word or redirection, or the "&".
// A ";" and bodies of here-documents are not part of it.
func (s *statement) local() Span {
	end := commandEnd(s.node)
	if s.backgrounded() {
		end = s.separatorEnd()
	}
	return s.unit.clip(s.unit.src.withEscape(offset(s.node.Pos())), end)
}

func (s *statement) span() Span {
	at := s.local()
	return s.unit.span(at.Start, at.End)
}

func (s *statement) backgrounded() bool {
	return (s.node.Background || s.node.Coprocess || s.node.Disown) && s.node.Semicolon.IsValid()
}

// separatorEnd is the end of the ";" or "&" behind the statement, or of the statement when it has none.
func (s *statement) separatorEnd() int {
	if s.node.Semicolon.IsValid() {
		return offset(s.node.End())
	}
	return s.local().End
}

// commandEnd is where the last token of a statement ends. The parser counts the body of a here-document as part of
// its redirection; here it is not, since the rest of the line stands in between.
func commandEnd(n *syntax.Stmt) int {
	end := offset(n.Position)
	if n.Negated {
		end++
	}
	switch c := n.Cmd.(type) {
	case nil:
	case *syntax.BinaryCmd:
		end = commandEnd(c.Y)
	case *syntax.FuncDecl:
		end = commandEnd(c.Body)
	case *syntax.CoprocClause:
		end = commandEnd(c.Stmt)
	case *syntax.TimeClause:
		end = offset(c.Time) + len("time")
		if c.Stmt != nil {
			end = commandEnd(c.Stmt)
		}
	default:
		end = offset(c.End())
	}
	for _, r := range n.Redirs {
		end = max(end, offset(r.Word.End()))
	}
	return end
}
