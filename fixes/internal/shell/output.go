package shell

import (
	"slices"
	"strings"
)

// Destination is where the standard output of a call ends.
type Destination uint8

// The destinations. The zero value is the log of the step.
const (
	ToLog     Destination = iota
	ToFile                // a redirection
	ToPipe                // the next element of a pipeline
	ToCapture             // the value of a substitution
)

// Output is the standard output of a call.
type Output struct {
	To     Destination
	File   Word  // for ToFile
	Append bool  // for ToFile: the file keeps what it had
	Next   *Call // for ToPipe: the reader, when it is a simple command

	at *statement // the statement with the redirection, or the pipeline
}

// Stdout tells where the standard output of the call goes, redirections and pipelines of groups around it included.
// The output of a function goes to the log: where its callers send it is not looked at.
func (c *Call) Stdout() Output {
	for s := c.stmt; s != nil; s = s.parent {
		if out, ok := s.redirected(); ok {
			return out
		}
		if s.operation != nil && s.operation.pipe && s.index+1 < len(s.operation.operands) {
			return Output{To: ToPipe, Next: s.operation.operands[s.index+1].call, at: s.parent}
		}
		if s.list != nil && s.list.kind == substitutionList {
			return Output{To: ToCapture, at: s.parent}
		}
	}
	return Output{}
}

// redirected is where the statement's own redirections send its standard output: the last one counts.
func (s *statement) redirected() (out Output, ok bool) {
	for _, r := range s.redirects {
		if r.FD != "" && r.FD != "1" {
			continue
		}
		switch r.Op {
		case ">", ">>", ">|", "&>", "&>>":
			out, ok = Output{To: ToFile, File: r.Target, Append: strings.HasSuffix(r.Op, ">>"), at: s}, true
		case ">&":
			out, ok = Output{To: ToLog, at: s}, true
			if !strings.ContainsAny(r.Target.Value, "0123456789-") {
				out.To, out.File = ToFile, r.Target
			}
		}
	}
	return out, ok
}

// Prints tells what the call writes to its standard output: every variable, or those that are named. Where that
// output goes is for Stdout to tell.
func (c *Call) Prints() (all bool, names []string) {
	args := c.Args()
	switch c.Name() {
	case "env":
		return true, nil
	case "set":
		return len(args) == 0, nil
	case "export", "declare", "typeset", "readonly":
		return c.declares(args)
	case "printenv":
		for _, a := range args {
			if isName(a.Value) {
				names = append(names, a.Value)
			}
		}
		return len(names) == 0, names
	case "echo", "printf":
		return false, varsOf(args)
	case "cat":
		for _, r := range c.Redirects {
			if r.HereDoc() {
				names = append(names, r.Body.Vars...)
			} else if r.Op == "<<<" {
				names = append(names, r.Target.Vars...)
			}
		}
	}
	return false, names
}

// declares is what a declaring builtin prints: everything without names, those after -p with them.
func (c *Call) declares(args []Word) (all bool, names []string) {
	show := false
	for _, a := range args {
		switch {
		case strings.HasPrefix(a.Value, "-"):
			show = show || strings.Contains(a.Value, "p")
			if strings.ContainsAny(a.Value, "fF") {
				return false, nil // functions
			}
		case isName(a.Value):
			names = append(names, a.Value)
		default:
			return false, nil
		}
	}
	if len(names) == 0 {
		return true, nil
	}
	if !show {
		return false, nil
	}
	return false, names
}

func varsOf(words []Word) []string {
	var names []string
	for _, w := range words {
		for _, v := range w.Vars {
			if !slices.Contains(names, v) {
				names = append(names, v)
			}
		}
	}
	return names
}

// Xtrace reports whether the shell prints the call, with what its words expand to, before it runs. It reads the script
// from the top and takes every `set -x` for executed, but for those that a subshell keeps to itself.
func (s *Script) Xtrace(at *Call) bool {
	if name := at.Name(); name == "bash" || name == "sh" {
		return traceAfter(at.traced, at.Args())
	}
	if at.Inner {
		for outer := at.stmt.parent; outer != nil; outer = outer.parent {
			if outer.unit != at.stmt.unit && outer.call != nil {
				return traceAfter(at.traced, outer.call.Args())
			}
		}
	}
	return at.traced
}

// Traced reports whether the shell prints any of the calls.
func (s *Script) Traced() bool { return s.traced() }

func (s *Script) findTraced() bool { return slices.ContainsFunc(s.calls, s.Xtrace) }

// trace notes for each call whether xtrace is on when the script comes to it.
func (s *Script) trace() {
	on := false
	line, _, _ := strings.Cut(s.text, "\n")
	if shebang, ok := strings.CutPrefix(line, "#!"); ok {
		on = Traces(shebang)
	}
	for _, c := range s.calls {
		c.traced = on
		if c.Name() == "set" && !c.Substitution && !c.Subshell && !c.Inner && c.Pipe.Len == 0 {
			on = traceAfter(on, c.Args())
		}
	}
}

// traceAfter is the state of xtrace after the options at the front of args.
func traceAfter(on bool, args []Word) bool {
	for i, a := range args {
		if i > 0 && strings.HasSuffix(args[i-1].Value, "o") && a.Value != "" && strings.ContainsAny(args[i-1].Value[:1], "-+") {
			continue // the name of an option
		}
		if a.Value == "" || !strings.ContainsAny(a.Value[:1], "-+") || a.Value == "--" {
			break
		}
		next := ""
		if i+1 < len(args) {
			next = args[i+1].Value
		}
		on = xtraceAfter(on, a.Value, next)
	}
	return on
}
