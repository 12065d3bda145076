package fixes

import (
	"encoding/json"
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// embedded decodes a file of fixes/data. One that cannot be decoded is our bug: every table is read by a test.
func embedded[T any](name string, data []byte) *T {
	t := new(T)
	if err := json.Unmarshal(data, t); err != nil {
		panic("data/" + name + ": " + err.Error())
	}
	return t
}

// command is a program with its first arguments. Tables write it as a shell does: "helm repo add".
type command []string

// UnmarshalText reads a command.
func (x *command) UnmarshalText(text []byte) error {
	*x = strings.Fields(string(text))
	return nil
}

// calledBy reports whether a call is one of the command.
func (x command) calledBy(c *shell.Call) bool { return c.Is(x[0], x[1:]...) }

// anyCalledBy reports whether a call is one of some command.
func anyCalledBy(commands []command, c *shell.Call) bool {
	return slices.ContainsFunc(commands, func(x command) bool { return x.calledBy(c) })
}
