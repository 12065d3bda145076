package shell

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Edit replaces the bytes from Start to End of a script by New. Remove makes deletions only.
type Edit struct {
	Start, End int
	New        string
}

// Reason is why something cannot be removed.
type Reason string

// The reasons for a refusal.
const (
	ReasonUnknown        Reason = "no statement, assignment or line of a here-document has this place"
	ReasonInner          Reason = "it is part of a script inside a quoted text"
	ReasonOnly           Reason = "it is the only statement of a body"
	ReasonPipeline       Reason = "it is in a pipeline with other commands"
	ReasonSubstitution   Reason = "it is in a command substitution"
	ReasonCondition      Reason = "it is part of a condition"
	ReasonNegated        Reason = "it is negated"
	ReasonOr             Reason = "what follows it runs only if it fails, or it runs only if something fails"
	ReasonTest           Reason = "only a test would be left, which fails the step when it is false"
	ReasonHereDocument   Reason = "a here-document stands in between"
	ReasonComment        Reason = "a comment stands in between"
	ReasonAllLines       Reason = "nothing would be left of the here-document"
	ReasonCarriageReturn Reason = "the script holds a carriage return, which ends a line for some and not for others"
	ReasonCommand        Reason = "another word would be taken for the command"
	ReasonUnproven       Reason = "the script without it does not parse to what it should"
)

// RefusedError says that a removal is not possible without changing what the rest of the script does.
type RefusedError struct {
	Reason Reason
	Span   Span // what could not be removed
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("shell: bytes %d to %d cannot be removed: %s", e.Span.Start, e.Span.End, string(e.Reason))
}

// removal is what is to go, resolved to parts of the tree.
type removal struct {
	script     *Script
	statements map[*statement]bool
	unused     map[*statement]bool // of statements: those that only end the script when one fails that goes
	assigns    map[*Call]map[Span]bool
	lines      map[*syntax.Redirect][]Span // of here-documents
	places     places

	hereDocLines map[*syntax.Redirect]Span // where all of them stand
}

// Remove returns the deletions that take the given parts out of the script. A part is named by its span: that of any
// statement (Call.Stmt, or Call.Span of a call without redirections; Pipe.Span; Context.List; Write.Stmt and Outer),
// of an assignment (Assign.Span) or of lines of a here-document (Line.Span).
//
// A statement alone on its lines goes with these lines and a comment behind it; from a list on one line it goes with
// its operator; an assignment goes with the blanks beside it, and a statement that only made assignments goes with
// the last of them. What ends the script when a statement fails, as in "X || exit 1", goes with it. Edits are in order
// and do not overlap. The error is a *RefusedError for what cannot be removed.
func (s *Script) Remove(parts ...Span) ([]Edit, error) {
	if i := strings.IndexByte(s.text, '\r'); i >= 0 {
		return nil, &RefusedError{ReasonCarriageReturn, Span{i, i + 1}}
	}
	r, err := s.removal(parts)
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	cuts, err := r.cuts()
	if err != nil {
		return nil, err
	}
	edits := merge(s.text, cuts)
	if len(edits) == 0 {
		return nil, nil
	}
	if !r.proves(edits) {
		return nil, &RefusedError{ReasonUnproven, Span{edits[0].Start, edits[len(edits)-1].End}}
	}
	return edits, nil
}

// Apply returns the script's text with the edits made. The edits must be in order, as Remove returns them.
func (s *Script) Apply(edits []Edit) string { return apply(s.text, edits) }

func apply(text string, edits []Edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start])
		b.WriteString(e.New)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String()
}

func (s *Script) removal(parts []Span) (*removal, error) {
	r := &removal{
		script: s, statements: map[*statement]bool{}, unused: map[*statement]bool{}, assigns: map[*Call]map[Span]bool{}, lines: map[*syntax.Redirect][]Span{},
		hereDocLines: s.units[0].hereDocLines(), places: s.places(),
	}
	for _, p := range parts {
		if !r.resolve(p) {
			return nil, &RefusedError{ReasonUnknown, p}
		}
	}
	r.promote()
	return r, nil
}

// resolve finds the part that has a span. A statement that is one assignment has the span of that assignment.
func (r *removal) resolve(p Span) bool {
	if st := r.places.statements[p]; st != nil {
		r.statements[st] = true
		return true
	}
	if c := r.places.assigns[p]; c != nil {
		if r.assigns[c] == nil {
			r.assigns[c] = map[Span]bool{}
		}
		r.assigns[c][p] = true
		return true
	}
	for _, st := range r.script.statements {
		for _, n := range st.node.Redirs {
			if n.Hdoc != nil && wholeLines(st.unit, n, p) {
				r.lines[n] = append(r.lines[n], p)
				return true
			}
		}
	}
	return false
}

// places are the parts of a script by their spans; of several with one span the first that the walk meets.
type places struct {
	statements map[Span]*statement
	assigns    map[Span]*Call
}

func (s *Script) places() places {
	out := places{map[Span]*statement{}, map[Span]*Call{}}
	for _, st := range slices.Backward(s.statements) {
		out.statements[st.span()] = st
		if st.call != nil && len(st.redirects) == 0 {
			out.statements[st.call.Span] = st
		}
	}
	for _, c := range slices.Backward(s.calls) {
		for _, a := range slices.Backward(c.Assigns) {
			out.assigns[a.Span] = c
		}
	}
	return out
}

func wholeLines(u *unit, n *syntax.Redirect, p Span) bool {
	at, text := u.bodyAt(n), u.src.text
	return u.at == nil && u.base == 0 && at.Contains(p) && p.Start < p.End && lineStart(text, p.Start) == p.Start && text[p.End-1] == '\n'
}

// promote turns the removal of every assignment of a statement, or of every operand of an and-or list, into the
// removal of the statement; operands come after the list in the order of statements, so lists are visited last to first.
// Operands that are left without use go with the others.
func (r *removal) promote() {
	for c, spans := range r.assigns {
		if c.onlyAssigns() && len(spans) == len(c.Assigns) {
			r.statements[c.stmt] = true
			delete(r.assigns, c)
		}
	}
	for _, st := range slices.Backward(r.script.statements) {
		if st.operands == nil || st.operands.pipe {
			continue
		}
		r.dropUnused(st.operands)
		if !slices.ContainsFunc(st.operands.operands, r.kept) {
			r.statements[st] = true
		}
	}
}

// dropUnused lets "|| exit 1" go with all that is in front of it: nothing is left that could fail.
func (r *removal) dropUnused(op *operation) {
	for i, st := range op.operands {
		if r.kept(st) {
			if i == 0 || op.operators[i] != syntax.OrStmt || !failsOnly(st.node) {
				return
			}
			r.statements[st], r.unused[st] = true, true
		}
	}
}

// failsOnly reports whether a statement does nothing but end the script with an error, be it with words about it.
func failsOnly(n *syntax.Stmt) bool {
	if n.Negated || n.Background || n.Coprocess || n.Disown || len(n.Redirs) > 0 {
		return false
	}
	switch c := n.Cmd.(type) {
	case *syntax.Block:
		last := len(c.Stmts) - 1
		return last >= 0 && failsOnly(c.Stmts[last]) && !slices.ContainsFunc(c.Stmts[:last], func(n *syntax.Stmt) bool { return !says(n) })
	case *syntax.CallExpr:
		if len(c.Assigns) > 0 || len(c.Args) != 2 || c.Args[0].Lit() != "exit" && c.Args[0].Lit() != "return" {
			return false
		}
		status, err := strconv.ParseUint(c.Args[1].Lit(), 10, 8)
		return err == nil && status > 0
	}
	return false
}

// says reports whether a statement only shows a text, if need be as an error.
func says(n *syntax.Stmt) bool {
	c, ok := n.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) == 0 || c.Args[0].Lit() != "echo" && c.Args[0].Lit() != "printf" {
		return false
	}
	for part := range syntax.Preorder(n) {
		switch part := part.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			return false
		case *syntax.Redirect:
			if part.Op != syntax.DplOut {
				return false
			}
		}
	}
	return true
}

func (r *removal) kept(st *statement) bool { return !r.statements[st] }

// gone reports whether st goes with a statement around it.
func (r *removal) gone(st *statement) bool {
	for p := st.parent; p != nil; p = p.parent {
		if r.statements[p] {
			return true
		}
	}
	return false
}

// onlyAssigns reports whether nothing useful is left of the call without its Assigns. A declaring builtin without
// names prints what there is, so that it goes even when it is redirected.
func (c *Call) onlyAssigns() bool {
	if len(c.Words) == 0 {
		return len(c.Redirects) == 0
	}
	if _, ok := c.stmt.node.Cmd.(*syntax.DeclClause); !ok {
		return false
	}
	for _, w := range c.Words[1:] {
		if !strings.HasPrefix(w.Value, "-") && !slices.ContainsFunc(c.Assigns, func(a Assign) bool { return a.Span == w.Span }) {
			return false
		}
	}
	return true
}

// check refuses what would change the rest of the script.
func (r *removal) check() error {
	for _, st := range r.script.statements {
		if !r.statements[st] || r.gone(st) {
			continue
		}
		if reason := r.refuses(st); reason != "" {
			return &RefusedError{reason, st.span()}
		}
	}
	for c, spans := range r.assigns {
		switch {
		case c.Inner:
			return &RefusedError{ReasonInner, c.Span}
		case !c.runsTheSame(spans):
			return &RefusedError{ReasonCommand, c.Span}
		}
	}
	return r.checkLines()
}

// runsTheSame reports whether a call without some of its assignments has the command that it has with them: in
// "sudo A=1 -0" the last word is the command, and an option without the one in front.
func (c *Call) runsTheSame(without map[Span]bool) bool {
	if len(c.Words) == 0 {
		return true
	}
	words := slices.DeleteFunc(slices.Clone(c.Words), func(w Word) bool { return without[w.Span] })
	command, _ := unwrap(words)
	return command < len(words) && c.command < len(c.Words) && words[command].Span == c.Words[c.command].Span
}

func (r *removal) refuses(st *statement) Reason {
	switch ctx := st.context; {
	case st.unit != r.script.units[0]:
		return ReasonInner
	case ctx.Substitution:
		return ReasonSubstitution
	case ctx.Condition:
		return ReasonCondition
	case ctx.Negated:
		return ReasonNegated
	case st.list != nil:
		if st.list.kind != topList && !slices.ContainsFunc(st.list.items, r.kept) {
			return ReasonOnly
		}
		return ""
	case st.operation == nil:
		return ReasonOnly
	case st.operation.pipe:
		return ReasonPipeline
	}
	return r.refusesOperand(st)
}

// refusesOperand takes the operand for a command that succeeds, and asks whether the and-or list without it does the
// same. It does where the operator in front is &&, and for the first of what is left where the next operator is &&.
func (r *removal) refusesOperand(st *statement) Reason {
	op := st.operation
	first := !slices.ContainsFunc(op.operands[:st.index], r.kept)
	next := st.index + 1
	for first && r.unused[op.operands[next]] {
		next++
	}
	switch {
	case r.unused[st]:
		return ""
	case first && op.operators[next] != syntax.AndStmt, st.index > 0 && op.operators[st.index] != syntax.AndStmt:
		return ReasonOr
	case slices.ContainsFunc(op.operands[st.index+1:], r.kept):
		return ""
	}
	for i, left := range slices.Backward(op.operands[:st.index]) {
		if r.kept(left) {
			if op.operands[i].tests() {
				return ReasonTest
			}
			break
		}
	}
	return ""
}

// tests reports whether a statement only answers a question. Left of && its failure goes unnoticed; alone it stops a
// script that runs under set -e, as CircleCI's do.
func (s *statement) tests() bool {
	switch s.node.Cmd.(type) {
	case *syntax.TestClause, *syntax.ArithmCmd:
		return true
	}
	if s.call == nil {
		return false
	}
	switch s.call.Name() {
	case "[", "test", "grep", "command", "which", "type", "diff", "cmp", "false":
		return true
	}
	return false
}

func (r *removal) checkLines() error {
	for _, st := range r.script.statements {
		for _, n := range st.node.Redirs {
			spans := r.lines[n]
			if len(spans) == 0 {
				continue
			}
			if withoutSpans(st.unit.src.text, st.unit.bodyAt(n), spans) == "" {
				return &RefusedError{ReasonAllLines, spans[0]}
			}
		}
	}
	return nil
}

// withoutSpans is the text at a place without the spans in it.
func withoutSpans(text string, at Span, spans []Span) string {
	var b strings.Builder
	pos := at.Start
	for _, s := range slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Compare(a.Start, b.Start) }) {
		if s.Start > pos {
			b.WriteString(text[pos:s.Start])
		}
		pos = max(pos, s.End)
	}
	b.WriteString(text[min(pos, at.End):at.End])
	return b.String()
}

// merge makes edits of cuts, in order and without overlaps. A text without a final line break stays one.
func merge(text string, cuts []Span) []Edit {
	slices.SortFunc(cuts, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	var edits []Edit
	for _, c := range cuts {
		if c.Start >= c.End {
			continue
		}
		if n := len(edits); n > 0 && c.Start <= edits[n-1].End {
			edits[n-1].End = max(edits[n-1].End, c.End)
			continue
		}
		edits = append(edits, Edit{Start: c.Start, End: c.End})
	}
	if n := len(edits); n > 0 && !strings.HasSuffix(text, "\n") {
		if last := &edits[n-1]; last.End == len(text) && last.Start > 0 && text[last.Start-1] == '\n' {
			last.Start--
		}
	}
	return edits
}
