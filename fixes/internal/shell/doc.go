// Package shell is a typed, read-only view of the scripts in run steps, and the one place that takes statements out of them.
//
// [Parse] hides CircleCI expressions from the shell grammar, parses the script as bash and lists its simple commands
// with their assignments, words, redirections and surroundings. Every offset is a byte offset in the text that was
// given, so that a caller can map it on to the file the script came from. On top of the list stand three questions
// that many rules ask: what a script writes to files ([Script.Writes], [Script.BashEnv]), where it names a variable
// ([Script.Mentions]), and what reaches the log ([Call.Prints], [Call.Stdout], [Script.Xtrace]).
//
// [Script.Remove] deletes statements, single assignments and lines of here-documents. It returns deletions only, and
// proves them: the edited script is parsed again and must have the syntax tree of the original without the removed
// nodes. It refuses, with a [*RefusedError], whatever would leave an empty body, take a command out of a pipeline or
// a substitution, change a condition, or change what the rest of an and-or list does.
//
// The package never prints a script back: no byte outside a deletion changes. It never runs anything and never
// guesses at values; a word that the shell expands, or that holds an expression, says so. Text that is no shell
// (another interpreter's shebang), that does not parse, or that is too large or too deeply nested is a
// [*ParseError], never a partial view.
package shell
