// Package pattern has regular expressions that are compiled when they are first used: most runs use few of them, and a run
// over one config lasts no longer than compiling them all.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression. It is safe for concurrent use.
type Pattern struct {
	compiled func() *regexp.Regexp
}

// New is the regular expression of a pattern; its first use panics when it is none.
func New(pattern string) *Pattern {
	return &Pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })}
}

// MatchString is that of [regexp.Regexp], and so are the others.
func (r *Pattern) MatchString(text string) bool { return r.compiled().MatchString(text) }

// FindString is that of [regexp.Regexp].
func (r *Pattern) FindString(text string) string { return r.compiled().FindString(text) }

// FindStringIndex is that of [regexp.Regexp].
func (r *Pattern) FindStringIndex(text string) []int { return r.compiled().FindStringIndex(text) }

// FindStringSubmatch is that of [regexp.Regexp].
func (r *Pattern) FindStringSubmatch(text string) []string {
	return r.compiled().FindStringSubmatch(text)
}

// FindStringSubmatchIndex is that of [regexp.Regexp].
func (r *Pattern) FindStringSubmatchIndex(text string) []int {
	return r.compiled().FindStringSubmatchIndex(text)
}

// FindAllString is that of [regexp.Regexp].
func (r *Pattern) FindAllString(text string, n int) []string {
	return r.compiled().FindAllString(text, n)
}

// FindAllStringSubmatch is that of [regexp.Regexp].
func (r *Pattern) FindAllStringSubmatch(text string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(text, n)
}

// FindAllStringSubmatchIndex is that of [regexp.Regexp].
func (r *Pattern) FindAllStringSubmatchIndex(text string, n int) [][]int {
	return r.compiled().FindAllStringSubmatchIndex(text, n)
}

// ReplaceAllString is that of [regexp.Regexp].
func (r *Pattern) ReplaceAllString(text, by string) string {
	return r.compiled().ReplaceAllString(text, by)
}

// String is the pattern itself.
func (r *Pattern) String() string { return r.compiled().String() }
