package shell

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Call is one simple command.
type Call struct {
	Context
	Span      Span       // assignments and words
	Stmt      Span       // the statement: with "!", redirections and "&"; without here-document bodies, ";" and the rest of its pipeline
	Words     []Word     // name and arguments as written; empty when the call only assigns or redirects
	Assigns   []Assign   // prefix or bare assignments, those of a declaring builtin, and those given to env or sudo
	Redirects []Redirect // its own; not those of a group around it

	command int  // index in Words of the command behind the wrappers
	traced  bool // see Script.Xtrace
	stmt    *statement
}

// Context is where a call stands.
type Context struct {
	Top          int    // index of the top-level statement that the call is part of
	Function     string // the function whose body it is in; "" for none
	Substitution bool   // in $(...), `...`, <(...) or >(...)
	Subshell     bool   // in ( ... )
	Group        bool   // in { ...; }
	Condition    bool   // in what an if or a loop tests
	Conditional  bool   // may be passed over: in the body of an if, loop or case, or right of && or ||
	AfterAnd     bool   // Conditional, and only for commands to the left of && that must succeed
	Background   bool   // started with &
	Negated      bool   // after !
	Inner        bool   // in a script given as text to a shell, to su or to eval
	Pipe         Pipe   // the innermost pipeline around it
	List         Span   // the innermost and-or list around it; zero when there is none
}

// Pipe is a place in a pipeline. The zero Pipe is that of a command outside of any.
type Pipe struct {
	Index, Len int
	Span       Span // of the whole pipeline, a statement that Remove can take
}

// Assign is one assignment, or one name given to a declaring builtin.
type Assign struct {
	Name     string
	Value    Word // of an array, all of it
	Span     Span
	Exported bool // processes see it: by export or declare -x, or as a prefix of the one command it is for
	Append   bool // written with +=
	Naked    bool // only named, as in "export NAME"
}

// Redirect is one redirection.
type Redirect struct {
	FD     string // the descriptor in front of the operator; "" for its default
	Op     string // ">>", "<<-", "&>" ...
	Target Word   // a file, a descriptor, a here-string's text or a here-document's delimiter
	Span   Span   // without the here-document's body
	Body   Word   // a here-document's text: lines, its Value without leading tabs for "<<-"
}

// HereDoc reports whether the redirection is a here-document.
func (r Redirect) HereDoc() bool { return r.Op == "<<" || r.Op == "<<-" }

// Name is the command behind wrappers such as sudo, env and timeout; of a path, the last element; of a package that
// Python runs as a program, the program's. It is "" when the call has no words or its command cannot be known.
func (c *Call) Name() string {
	if c.command >= len(c.Words) || !c.Words[c.command].Static {
		return ""
	}
	name := baseName(c.Words[c.command].Value)
	if c.command > 0 && c.Words[c.command-1].Value == "-m" {
		return cmp.Or(modules[name], name)
	}
	return name
}

// Dir is the directory in the path by which the command is called; "" for one that is called by its name, which the shell
// looks for in PATH.
func (c *Call) Dir() string {
	if c.Name() == "" {
		return ""
	}
	file := c.Words[c.command].Value
	return file[:max(strings.LastIndexByte(file, '/'), 0)]
}

func baseName(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }

// Wrapper is the named wrapper, such as sudo, with its options and what follows it, when it runs the call: directly, or
// as a script that it hands to a shell. It is nil when it does not.
func (c *Call) Wrapper(name string) []Word {
	for s := c.stmt; s != nil && (s.list == nil || s.list.kind != substitutionList); s = s.parent {
		if s.call == nil {
			continue
		}
		for i, w := range s.call.Words[:min(s.call.command, len(s.call.Words))] {
			if w.Static && baseName(w.Value) == name {
				return s.call.Words[i:s.call.command]
			}
		}
	}
	return nil
}

// From is the call that the arguments from the i-th on make, of a command that runs what it is given.
func (c *Call) From(i int) *Call {
	out := *c
	out.command += 1 + i
	return &out
}

// Leading are the command and the wrappers in front of it, with their options.
func (c *Call) Leading() []Word { return c.Words[:min(c.command+1, len(c.Words))] }

// Args are the words after the command that Name tells.
func (c *Call) Args() []Word {
	if c.command >= len(c.Words) {
		return nil
	}
	return c.Words[c.command+1:]
}

// Is reports whether the command is name and its first arguments are args, as in Is("aws", "configure", "set").
func (c *Call) Is(name string, args ...string) bool {
	words := c.Args()
	if c.Name() != name || len(words) < len(args) {
		return false
	}
	for i, a := range args {
		if !words[i].Static || words[i].Value != a {
			return false
		}
	}
	return true
}

// Optional reports whether a run of the script that meets no failure may pass the call over: it is Conditional for more
// than the success of what stands left of &&.
func (c *Call) Optional() bool {
	if c.Conditional && !c.AfterAnd {
		return true
	}
	for s := c.stmt; s != nil; s = s.parent {
		if s.operation != nil && !s.operation.pipe && slices.ContainsFunc(s.operation.operands[:s.index], (*statement).tests) {
			return true
		}
	}
	return false
}

// Option finds the value of an option written "--name VALUE" or "--name=VALUE" among the arguments.
func (c *Call) Option(name string) (Word, bool) {
	args := c.Args()
	for i, a := range args {
		switch {
		case a.Static && a.Value == "--":
			return Word{}, false
		case a.Static && a.Value == name:
			if i+1 == len(args) {
				return Word{}, false
			}
			return args[i+1], true
		case strings.HasPrefix(a.Value, name+"="):
			return a.after(len(name) + 1), true
		}
	}
	return Word{}, false
}

// Operands are the arguments without options. Those that are named take the next argument for their value.
func (c *Call) Operands(valued ...string) []Word { return slices.Collect(c.operands(valued)) }

func (c *Call) operands(valued []string) iter.Seq[Word] {
	return func(yield func(Word) bool) {
		args := c.Args()
		for i, a := range args {
			value := i > 0 && slices.Contains(valued, args[i-1].Value)
			if !value && !strings.HasPrefix(a.Value, "--") && !yield(a) {
				return
			}
		}
	}
}

// awsOptions are the options of the AWS CLI that take a value and may stand in front of its commands.
var awsOptions = []string{"--profile", "--region", "--output", "--query", "--endpoint-url", "--ca-bundle", "--color", "--cli-binary-format", "--cli-read-timeout", "--cli-connect-timeout"}

// AWS are the first words of a call of the AWS CLI, n at most, without its global options, which may stand anywhere; nil for
// another call.
func (c *Call) AWS(n int) []Word {
	var out []Word
	if c.Name() != "aws" {
		return nil
	}
	for w := range c.operands(awsOptions) {
		if len(out) == n {
			break
		}
		out = append(out, w)
	}
	return out
}

// IsAWS reports whether the call is of the AWS CLI, for the command of these words.
func (c *Call) IsAWS(words ...string) bool {
	if c.Name() != "aws" {
		return false
	}
	for w := range c.operands(awsOptions) {
		if len(words) == 0 {
			break
		}
		if !w.Static || w.Value != words[0] {
			return false
		}
		words = words[1:]
	}
	return len(words) == 0
}

// Has reports whether one of the arguments is word.
func (c *Call) Has(word string) bool {
	for _, a := range c.Args() {
		if a.Static && a.Value == word {
			return true
		}
	}
	return false
}

// Prev is the simple command that pipes into the innermost pipeline element around the call; nil when there is none.
func (c *Call) Prev() *Call { return c.stmt.neighbour(-1) }

// Next is the simple command that the innermost pipeline element around the call pipes into; nil when there is none.
func (c *Call) Next() *Call { return c.stmt.neighbour(+1) }
