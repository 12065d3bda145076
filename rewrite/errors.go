package rewrite

import "fmt"

// ParseError says that a source is not YAML that can be edited. yaml.v3 gives no column, and its line can be one off.
type ParseError struct {
	Line    int // from 1
	Column  int // from 1; 1 when it is not known
	Message string
}

func (e *ParseError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// LimitError says that a source is beyond a bound that keeps time and memory in hand.
type LimitError struct {
	What  string // what is bounded, such as "file size in bytes"
	Bound int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is over the bound of %d", e.What, e.Bound)
}

// Reason is why an edit is refused.
type Reason uint8

// The reasons, with the sentence of each in reasonTexts. The package comment says when each is given.
const (
	SharedAnchor Reason = iota + 1
	AnchorNeeded
	MergeSupplies
	DuplicateKey
	KeyThere
	EmptyCollection
	EmptyText
	BlockScalarAbove
	CommentInside
	CommentThere
	SameLine
	MultiLineText
	FoldedText
	NotEditable
	lastReason = NotEditable
)

var reasonTexts = [...]string{
	SharedAnchor:     "the place is shared through an anchor",
	AnchorNeeded:     "an anchor inside is used elsewhere",
	MergeSupplies:    "a merge would supply the removed key again",
	DuplicateKey:     "the mapping has a key twice",
	KeyThere:         "the mapping has this key already",
	EmptyCollection:  "nothing would be left of the collection",
	EmptyText:        "nothing would be left of the text",
	BlockScalarAbove: "kept lines would become text of the block scalar above",
	CommentInside:    "a comment stands inside the place",
	CommentThere:     "the line has a comment already",
	SameLine:         "the entry shares its line with another",
	MultiLineText:    "the flow scalar runs over several lines",
	FoldedText:       "the text is folded over lines",
	NotEditable:      "the operation does not fit the kind of the node",
}

func (r Reason) String() string { return reasonTexts[r] }

// RefusedError says that a shape cannot be edited faithfully. Nothing was changed.
type RefusedError struct {
	Path   string
	Reason Reason
	Detail string // further words, such as the users of an anchor; may be empty
}

func (e *RefusedError) Error() string {
	s := e.Reason.String()
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return placed(e.Path, s)
}

// placed puts a path before a message; a document's root has none.
func placed(path, message string) string {
	if path == "" {
		return message
	}
	return path + ": " + message
}

// ClashError says that two operations want different things at one place.
type ClashError struct{ Path string }

func (e *ClashError) Error() string { return placed(e.Path, "two changes meet here") }

// VerifyError says that an edited source does not mean what its operations say. It is a bug of this package.
type VerifyError struct {
	Path    string
	Message string
}

func (e *VerifyError) Error() string { return placed(e.Path, e.Message) }
