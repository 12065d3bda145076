package fixes

import (
	"iter"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// shellOf is the shell that a run step is written for, as far as the step says it.
func shellOf(s *circle.Step) string {
	if text, ok := circle.Known(s.Shell()); ok {
		return text
	}
	return ""
}

// spanIn is where a part of a script stands in the file; the whole scalar when its layout cannot be mapped.
func spanIn(text rewrite.Node, part shell.Span) rewrite.Span {
	if span, err := text.Text().Span(part.Start, part.End); err == nil {
		return span
	}
	return text.Span()
}

// lineOf is the line of the file on which a part of a scalar's text begins.
func lineOf(text rewrite.Node, part shell.Span) int {
	return text.File().Position(spanIn(text, part).Start).Line
}

// callWords are the words of a call and of its redirections, without assignments that go away.
func callWords(c *shell.Call, removed []shell.Span) iter.Seq[shell.Word] {
	return func(yield func(shell.Word) bool) {
		for _, w := range c.Words {
			if !slices.Contains(removed, w.Span) && !yield(w) {
				return
			}
		}
		for _, a := range c.Assigns {
			if !slices.Contains(removed, a.Span) && !yield(a.Value) {
				return
			}
		}
		for _, r := range c.Redirects {
			if !yield(r.Target) {
				return
			}
			at := r.Body.Span.Start
			for line := range strings.Lines(r.Body.Text) {
				part := shell.Span{Start: at, End: at + len(line)}
				at = part.End
				if !slices.Contains(removed, part) && !yield(shell.Word{Text: line, Value: line}) {
					return
				}
			}
		}
	}
}

// statementOf is the statement that a call is, or ends: its pipeline, when it stands in one.
func statementOf(c *shell.Call) shell.Span {
	if c.Pipe.Len > 0 {
		return c.Pipe.Span
	}
	return c.Stmt
}

// isolated reports whether sudo or env runs a call without a variable of the job's environment, so that nothing which a
// setup step exports, or a context provides, reaches it by that name.
func isolated(c *shell.Call, name string) bool {
	short := func(w shell.Word, letter string) bool {
		return strings.HasPrefix(w.Value, "-") && !strings.HasPrefix(w.Value, "--") && strings.Contains(w.Value, letter)
	}
	sudo := c.Wrapper("sudo")
	if len(sudo) > 0 && !slices.ContainsFunc(sudo, func(w shell.Word) bool {
		list, some := strings.CutPrefix(w.Value, "--preserve-env=")
		return short(w, "E") || w.Value == "--preserve-env" || some && slices.Contains(strings.Split(list, ","), name)
	}) {
		return true
	}
	return slices.ContainsFunc(c.Wrapper("env"), func(w shell.Word) bool {
		return short(w, "i") || w.Value == "-" || w.Value == "--ignore-environment"
	})
}

// unsetNames are the variables that a call unsets, for itself by env or for what is behind it.
func unsetNames(c *shell.Call) []string {
	var out []string
	if c.Name() == "unset" {
		for _, w := range c.Args() {
			if w.Value != "-v" {
				out = append(out, w.Value)
			}
		}
	}
	words := c.Wrapper("env")
	for i, w := range words {
		if i > 0 && (words[i-1].Value == "-u" || words[i-1].Value == "--unset") {
			out = append(out, w.Value)
		}
	}
	return out
}

// tenders are the programs that look after files: see tending.
var tenders = []string{"rm", "chmod", "touch", "shred", "unlink"}

// tending are the statements that only look after a file: they make room for it, set its mode or delete it.
func tending(script *shell.Script, isKey func(file string) bool) []shell.Span {
	var out []shell.Span
	for _, c := range script.Calls() {
		if !slices.Contains(tenders, c.Name()) {
			continue
		}
		operands := slices.DeleteFunc(slices.Clone(c.Args()), func(w shell.Word) bool { return strings.HasPrefix(w.Value, "-") })
		if c.Name() == "chmod" && len(operands) > 0 {
			operands = operands[1:]
		}
		if len(operands) > 0 && !slices.ContainsFunc(operands, func(w shell.Word) bool { return !isKey(keyFile(script, w)) }) {
			out = append(out, c.Stmt)
		}
	}
	return out
}

// harmless reports whether a call does the same when the file that it names is not there.
func harmless(c *shell.Call) bool {
	return c.Name() == "rm" && c.Has("-f") || c.Name() == "rm" && c.Has("-rf")
}

// containerTools run containers, and hand them variables with -e and --env.
var containerTools = []string{"docker", "docker-compose", "podman"}

// runsTerraform reports whether a call is one of Terraform, of its fork or of its wrapper.
func runsTerraform(c *shell.Call) bool {
	return slices.Contains([]string{"terraform", "tofu", "terragrunt"}, c.Name())
}
