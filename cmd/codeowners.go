package cmd

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// codeOwners are the rules of a CODEOWNERS file. The zero value says that nobody owns anything.
type codeOwners []ownerRule

// ownerRule says who owns what a pattern matches. Of the rules of a section the last that matches counts; GitHub has no
// sections, so that all rules are of one.
type ownerRule struct {
	section  int
	globs    []string
	owners   []string
	excludes bool // the section says nothing of what matches, whatever stands behind
}

// ownersPlaces are where CODEOWNERS may be in a repo, in the order that GitHub and GitLab look.
var ownersPlaces = [...]string{".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// readCodeOwners reads the CODEOWNERS of the repo with that root. One that leads out of the repo is not followed.
func readCodeOwners(root string) codeOwners {
	for _, name := range ownersPlaces {
		path := filepath.Join(root, filepath.FromSlash(name))
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		if _, ok := below(root, real); !ok {
			continue
		}
		if file, err := readFile(real); err == nil {
			return parseCodeOwners(string(file.data))
		}
	}
	return nil
}

// parseCodeOwners reads the form of GitHub, and the sections and exclusions of GitLab. Lines that mean nothing are left
// out, as servers do.
func parseCodeOwners(text string) codeOwners {
	var rules codeOwners
	section := 0
	sections := map[string]int{} // those of one name are one
	var sectionOwners []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, owners, ok := sectionHeader(line); ok {
			if _, known := sections[name]; !known {
				sections[name] = len(sections) + 1
			}
			section, sectionOwners = sections[name], owners
			continue
		}
		words := ownerWords(line)
		pattern, excludes := strings.CutPrefix(words[0], "!")
		rule := ownerRule{section, ownerGlobs(pattern), words[1:], excludes}
		if len(rule.owners) == 0 {
			rule.owners = sectionOwners
		}
		rules = append(rules, rule)
	}
	return rules
}

// sectionHeader reads a section of GitLab, [Name], ^[Name] or [Name][2], with the owners of what it does not give others.
// The case of names does not matter.
func sectionHeader(line string) (name string, owners []string, ok bool) {
	head := strings.TrimPrefix(line, "^")
	end := strings.LastIndex(head, "]")
	if !strings.HasPrefix(head, "[") || end < 0 {
		return "", nil, false
	}
	name, _, _ = strings.Cut(head[1:], "]")
	return strings.ToLower(name), strings.Fields(head[end+1:]), true
}

// ownerWords splits a line at spaces that have no backslash before them.
func ownerWords(line string) []string {
	const escaped = "\x00"
	words := strings.Fields(strings.ReplaceAll(line, `\ `, escaped))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], escaped, " ")
	}
	return words
}

// plainBraces escapes what has a meaning in globs and none in a CODEOWNERS file.
var plainBraces = strings.NewReplacer("{", `\{`, "}", `\}`)

// ownerGlobs is a pattern, whose meaning is that of a .gitignore, as globs on paths from the repo's root on.
func ownerGlobs(pattern string) []string {
	anchored := strings.Contains(strings.TrimSuffix(pattern, "/"), "/")
	glob := plainBraces.Replace(strings.TrimPrefix(pattern, "/"))
	if !anchored && !strings.HasPrefix(glob, "**/") {
		glob = "**/" + glob
	}
	switch {
	case strings.HasSuffix(glob, "/"):
		return []string{glob + "**"}
	case anchored && strings.HasSuffix(glob, "/*"):
		return []string{glob} // the files in it, and not those further down
	default:
		return []string{glob, glob + "/**"}
	}
}

func (r *ownerRule) matches(path string) bool {
	return slices.ContainsFunc(r.globs, func(glob string) bool {
		match, err := doublestar.Match(glob, path)
		return err == nil && match
	})
}

// of are the owners of a path, which is slash-separated and relative to the repo's root.
func (c codeOwners) of(path string) []string {
	last := map[int][]string{}
	excluded := map[int]bool{}
	var sections []int
	for _, rule := range c {
		if !rule.matches(path) {
			continue
		}
		excluded[rule.section] = excluded[rule.section] || rule.excludes
		if _, known := last[rule.section]; !known {
			sections = append(sections, rule.section)
		}
		last[rule.section] = rule.owners
	}
	var owners []string
	for _, s := range sections {
		for _, o := range last[s] {
			if !excluded[s] && !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	return owners
}
