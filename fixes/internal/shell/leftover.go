package shell

import "strings"

// Leftover is what a script still does.
type Leftover uint8

// What can be left of a script. The zero value is an empty text.
const (
	LeftNothing  Leftover = iota // no bytes, or blanks and line breaks
	LeftComments                 // comments
	LeftInert                    // statements that change nothing once the shell ends, such as `set -e`
	LeftCode                     // anything else
)

// Leftover tells what the script would still do after the edits. A caller may remove the whole step for anything but
// LeftCode.
func (s *Script) Leftover(edits []Edit) (Leftover, error) {
	text := s.Apply(edits)
	if strings.TrimSpace(text) == "" {
		return LeftNothing, nil
	}
	left, err := Parse(text)
	if err != nil {
		return LeftCode, err
	}
	if len(left.statements) == 0 {
		return LeftComments, nil
	}
	for _, st := range left.statements {
		if st.call == nil || !st.call.inert() {
			return LeftCode, nil
		}
	}
	return LeftInert, nil
}

// inert reports whether a call, were it the last of a script, would do nothing.
func (c *Call) inert() bool {
	if len(c.Redirects) > 0 || len(c.Assigns) > 0 {
		return false
	}
	switch args := c.Args(); c.Name() {
	case ":", "true", "shopt":
		return allStatic(args)
	case "set":
		return len(args) > 0 && allStatic(args) && args[0].Value != "--"
	}
	return false
}

func allStatic(words []Word) bool {
	for _, w := range words {
		if !w.Static {
			return false
		}
	}
	return true
}
