// Package rewrite edits YAML without rewriting it: a file is parsed, operations on its nodes become replacements of
// byte ranges, and each change is proved before anybody sees it. It knows YAML and nothing of what the YAML is for.
//
// # The way of an edit
//
// Parse lets yaml.v3 decide what a source means and finds, for every node, where its bytes stand. An Op says what the
// file shall mean afterwards: this value replaced, that entry gone. File.Plan turns operations into Edits of the
// source, and Change.Prove parses the result and compares it with what was meant. Unified shows a change as a patch;
// Compose makes one change of two rounds.
//
//	f, err := rewrite.Parse(src)
//	version := f.Documents()[0].Own("version")
//	change, err := f.Plan([]rewrite.Op{rewrite.Replace(version, rewrite.String("2.1"))})
//	next, err := change.Prove()
//
// # The laws
//
//  1. Identity. Without an edit every byte is as it was: line ends, blanks at their ends, byte order mark, the missing
//     final newline.
//  2. Locality. Bytes outside the edits are kept, in their order. New text looks like its neighbours: indentation,
//     dashes, quotes, blank lines, line ends.
//  3. Meaning. In the result every place that no operation names has the kind, tag, value and anchor it had, also to a
//     reader who follows aliases and merge keys; the comments outside removed text are the same. Prove checks it each
//     time. A failure is a bug of this package, and nothing may be written then.
//  4. Refusal. A shape that cannot be edited faithfully is refused with its place and a Reason. Nothing is approximated.
//
// # What belongs to an entry
//
// The comment at the end of an entry's last line belongs to the entry, and so do comment lines below it that are
// indented deeper. They go with it. Comment lines above an entry stay when it goes, and new entries are written above
// them. Of the blank lines on both sides of a removed entry one stays.
//
// # Through an anchor
//
// A place inside an anchored node is read wherever an alias means that node. Op.Users names those aliases. The caller
// has the choice: Op.Shared, when the change is right for all of them; Override, which writes a pair of its own beside
// a merge key or in place of an alias; or no edit, which is what Plan insists on otherwise. RemoveUnused takes a definition
// along with the last alias that means it.
//
// # What is refused, and why
//
// The first four leave a choice to the caller, who may edit what uses the place too, or Accept the reason (for
// AnchorNeeded there is only the former).
//
//   - SharedAnchor: others would see the change through an anchor, and the operation does not say that it is meant.
//   - AnchorNeeded: an alias that stays means a node that would go; it would mean nothing, or another node.
//   - MergeSupplies: a merge key would give a removed or renamed pair's name back, in its mapping or in one that has it from
//     there, so that the name does not go.
//   - DuplicateKey: readers disagree about which pair of a key that stands twice counts, so none of that mapping is
//     edited.
//   - KeyThere: the mapping has the new pair's name, or the new name of a pair, already.
//   - EmptyCollection: without its last entry a block collection would silently become a null. Prune and Clear say
//     what shall become of it instead.
//   - EmptyText: a scalar that loses all its text would be an empty command or the like; remove its entry.
//   - BlockScalarAbove: lines that stay would become text of a literal or folded scalar above them: a comment that is
//     indented as deep as its text, or lines of blanks below a new literal; or the break behind a new literal, LS or PS.
//     Or the text ends where the source does, and no header gives it the same end above another line.
//   - CommentInside: a comment stands where the new value must.
//   - CommentThere: a line has room for one comment.
//   - SameLine: a comment cannot have a line of its own inside a flow collection on one line.
//   - MultiLineText: a flow scalar over several lines cannot hold the new text without being laid out anew, cannot
//     become a key, and a comment at the end of its line would be text.
//   - FoldedText: the part begins or ends inside a fold, or the text around it would be folded in another way.
//   - NotEditable: the operation does not fit: a pair for a sequence, a scalar to append to, a key or a merge that is a
//     text, text that is no UTF-8, a place that does not exist; or yaml.v3 reads nothing else there: a comment or a
//     line's end behind tabs, a value that stands no deeper than its key. The message says which.
//
// Sources that yaml.v3 does not read are a *ParseError, and so are the few that it reads but whose layout is not
// understood: see locator. UTF-16 is one of them, more than 10,000 levels of nesting another.
//
// # Bounds
//
// Each stage takes time and memory by the size of the source and the number of operations. Sources and results over
// MaxSize are a *LimitError, and so are those whose mappings would have more than two million pairs with their merges.
// Aliases are never expanded.
//
// # Reading the package
//
// An edit passes through the files in this order: file.go (Parse), locate*.go (where each node stands), node.go, entry.go
// and fields.go (the tree, as callers see it), ops.go and value.go (what can be asked for), plan.go and admit.go (what
// the operations add up to: goal.go), check.go and uncover.go (whether that can be), splice*.go (the bytes; look.go and
// quote.go say how new text looks, layout.go what lies around it, text.go where the parts of a scalar stand), prove*.go
// (whether the result means it) and diff.go.
package rewrite
