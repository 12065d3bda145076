// Package circle is a typed, read-only view of one CircleCI config document over [rewrite.Node].
//
// Nothing is decoded: a Job, a Step or an Orb is a small struct of handles whose methods read the tree when they are
// asked, so every answer still knows its place in the file, and keys the view does not know do no harm. The forms
// that CircleCI allows for one thing (a bare name, a one-key map, a list or a map, an alias or a merge) are told
// apart here and nowhere else.
//
// Three words recur in the comments:
//   - as written: the node that stands in the file, which may be an alias;
//   - resolved: the node that is meant, behind aliases; a missing or impossible one is absent;
//   - physical: counted by the place of its text, however many jobs reach it.
//
// Any tree is accepted. Sections of the wrong kind are empty, traversals meet each physical place once, and those
// that inline one place into another are bounded. A Config fills caches as it is read: it is not safe for concurrent
// use.
package circle
