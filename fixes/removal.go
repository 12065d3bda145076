package fixes

import (
	"errors"
	"fmt"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// takeOut takes parts out of the script that stands at text. emptied says that nothing is left that does something.
func takeOut(text rewrite.Node, script *shell.Script, parts []shell.Span) (ops []rewrite.Op, emptied bool, refusal string) {
	edits, err := script.Remove(wholeDocuments(script, parts)...)
	if err != nil {
		return nil, false, stays(text, err)
	}
	left, err := script.Leftover(edits)
	if err != nil {
		return nil, false, stays(text, err)
	}
	for _, e := range edits {
		ops = append(ops, shared(text, rewrite.ReplaceText(text, e.Start, e.End, e.New))...)
	}
	return ops, left != shell.LeftCode, ""
}

// stays is why keys cannot be taken out of the script that stands at text.
func stays(text rewrite.Node, err error) string {
	var refused *shell.RefusedError
	if !errors.As(err, &refused) {
		return "the keys cannot be taken out of the script: " + err.Error()
	}
	return fmt.Sprintf("the keys cannot be taken out of line %d: %s", lineOf(text, refused.Span), refused.Reason)
}

// wholeDocuments has the statement in the place of all lines of a here-document that it writes to a file.
func wholeDocuments(script *shell.Script, parts []shell.Span) []shell.Span {
	out := slices.Clone(parts)
	for _, w := range script.Writes() {
		stays := func(l shell.Line) bool { return !l.HereDoc || !slices.Contains(parts, l.Span) }
		if len(w.Lines) == 0 || slices.ContainsFunc(w.Lines, stays) {
			continue
		}
		out = slices.DeleteFunc(out, func(part shell.Span) bool {
			return slices.ContainsFunc(w.Lines, func(l shell.Line) bool { return l.Span == part })
		})
		out = append(out, w.Stmt)
	}
	return out
}

// partOf is what to remove so that a file does not get a line.
func partOf(w shell.Write, l shell.Line) shell.Span {
	if l.HereDoc {
		return l.Span
	}
	return w.Stmt
}

// setsBeside is why parts of a script cannot go: one of them gives later steps other variables than those that are to go,
// by the same command or line. It is "" when none does.
func setsBeside(script *shell.Script, parts []shell.Span, gone ...string) (refusal string) {
	for _, e := range script.BashEnv() {
		if !slices.Contains(gone, e.Name) && slices.Contains(parts, partOf(e.Write, e.Line)) {
			return "the command that has to go gives later steps " + e.Name + " as well: let it do so by a command of its own"
		}
	}
	return ""
}

// printsOnly are the statements of a script that do nothing but print the given variables.
func printsOnly(script *shell.Script, names []string) []shell.Span {
	var out []shell.Span
	for _, c := range script.Calls() {
		if c.Name() != "echo" && c.Name() != "printf" || c.Stdout().To != shell.ToLog || c.Substitution {
			continue
		}
		_, printed := c.Prints()
		if len(printed) > 0 && !slices.ContainsFunc(printed, func(n string) bool { return !slices.Contains(names, n) }) {
			out = append(out, c.Stmt)
		}
	}
	return out
}

// goes reports whether a part of a script is among those that are removed.
func goes(part shell.Span, removed []shell.Span) bool {
	return slices.ContainsFunc(removed, func(r shell.Span) bool { return r.Contains(part) })
}

// removeStep takes a step out of its list, and its script out of the file when it is defined elsewhere for such steps alone.
func removeStep(s *circle.Step) (ops []rewrite.Op, refusal string) {
	if s.Item.Kind() == rewrite.Alias || len(s.Node.Aliases()) > 0 || s.List == nil || s.List.Node.Kind() != rewrite.Sequence {
		return nil, "nothing would be left of the script, and its step is shared by an anchor"
	}
	return append(shared(s.Entry.Parent(), rewrite.Remove(s.Entry)), removeDefinitions(s)...), ""
}

// removeDefinitions takes away where the script of a step that goes is defined, when no other step uses that.
func removeDefinitions(s *circle.Step) []rewrite.Op {
	return append(removeDefinition(s.Config(), s.Args()), removeDefinition(s.Config(), s.Command())...)
}

// removeDefinition takes away what a node outside the sections is or stands in, when nothing uses it any more.
func removeDefinition(c *circle.Config, n rewrite.Node) []rewrite.Op {
	var ops []rewrite.Op
	for _, e := range c.Definitions(n) {
		ops = append(ops, rewrite.RemoveUnused(e))
	}
	return ops
}

// removeVariable takes a variable out of an environment, and the definition of its value when nothing else uses that.
func removeVariable(c *circle.Config, e rewrite.Entry) []rewrite.Op {
	ops := shared(e.Parent(), rewrite.Prune(e))
	if e.Value().Kind() == rewrite.Alias {
		ops = append(ops, removeDefinition(c, e.Value().Resolve())...)
	}
	return ops
}
