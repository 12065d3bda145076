package fixes

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"cfgfix/rewrite"
)

// Settings are what a settings file says. The zero value says nothing: defaults apply. Reading them touches nothing
// but the bytes given, and no value in them makes the tool open, write or run anything.
type Settings struct {
	Facts    Facts
	Ignore   []string            // ids and groups of rules not to run; nil when not given
	Select   []string            // ids and groups of the rules to run; nil when not given
	Severity map[string]Severity // by rule id, in place of the rule's own
	Exclude  []string            // path globs, see Excluded
	Repos    []RepoSettings      // in source order, see For
}

// RepoSettings override Settings for some repos.
type RepoSettings struct {
	Match string   // a glob on owner/name or on a path
	Over  Settings // without Exclude and Repos
}

// SettingsError says what does not hold in a settings file, or in a fact from the command line, which has no place.
type SettingsError struct {
	File         string // "" for none
	Line, Column int    // from 1
	Key          string // the path of the key, such as aws.roles[0].role_arn; may be empty
	Message      string // one line; never holds a value that could be a secret
	Nearest      string // the right word that the wrong one is closest to; may be empty
}

func (e *SettingsError) Error() string {
	s := e.Message
	if e.File != "" {
		s = fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, s)
	}
	if e.Nearest != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return s
}

// ParseSettings reads a settings file of version 1; name is for messages. It is strict: whatever it does not know is
// an error. The error is a *SettingsError for the first fault.
func ParseSettings(name string, src []byte) (*Settings, error) {
	file, err := rewrite.Parse(src)
	if err != nil {
		return nil, brokenSettings(name, err)
	}
	r := &settingsReader{name: name, file: file}
	docs := file.Documents()
	switch {
	case len(docs) == 0:
		return nil, &SettingsError{File: name, Line: 1, Column: 1, Key: "version", Message: missingVersion}
	case len(docs) > 1:
		return nil, r.fail(docs[1], "", "a settings file has one document: this is the second")
	}
	if err := r.version(docs[0]); err != nil {
		return nil, err
	}
	s := &Settings{}
	if err := r.object(docs[0], "", r.fileFields(s)); err != nil {
		return nil, err
	}
	return s, nil
}

const missingVersion = "a settings file has a version: begin it with 'version: 1'"

func brokenSettings(name string, err error) error {
	e := &SettingsError{File: name, Line: 1, Column: 1, Message: err.Error()}
	if parse := (*rewrite.ParseError)(nil); errors.As(err, &parse) {
		e.Line, e.Column, e.Message = parse.Line, parse.Column, "not valid YAML: "+parse.Message
	}
	return e
}

// version comes before all else: the keys of another version may have other meanings.
func (r *settingsReader) version(root rewrite.Node) error {
	if _, err := r.pairs(root, ""); err != nil {
		return err
	}
	version := root.Own("version")
	if !version.Exists() {
		return r.fail(root, "version", missingVersion)
	}
	_, err := r.text(version, "version", versionType)
	return err
}

// fileKeys are the keys that stand at the top level of a file only.
var fileKeys = []string{"version", "exclude", "repos"}

// fileFields are the fields of the file into s.
func (r *settingsReader) fileFields(s *Settings) []settingsField {
	return append(r.commonFields(s),
		settingsField{name: "version", read: func(rewrite.Node, string, string) error { return nil }}, // see version
		settingsField{name: "exclude", read: func(n rewrite.Node, key, _ string) (err error) {
			s.Exclude, err = readList(r, n, key, textItem(pathGlobType))
			return err
		}},
		settingsField{name: "repos", read: func(n rewrite.Node, key, _ string) (err error) {
			s.Repos, err = r.repos(n, key)
			return err
		}},
	)
}

// commonFields are the fields that the file and the overrides in it share.
func (r *settingsReader) commonFields(s *Settings) []settingsField {
	fields := make([]settingsField, 0, len(factKeys)+8)
	for _, k := range factKeys {
		fields = append(fields, r.factField(k, &s.Facts))
	}
	names := textItem(ruleNameType())
	return append(fields,
		settingsField{name: "rules.ignore", read: func(n rewrite.Node, key, _ string) (err error) {
			s.Ignore, err = readList(r, n, key, names)
			return err
		}},
		settingsField{name: "rules.select", read: func(n rewrite.Node, key, _ string) (err error) {
			s.Select, err = readList(r, n, key, names)
			return err
		}},
		settingsField{name: "rules.severity.<rule>", wild: ruleType(), read: func(n rewrite.Node, key, id string) error {
			text, err := r.text(n, key, severityType)
			if err != nil {
				return err
			}
			if s.Severity == nil {
				s.Severity = map[string]Severity{}
			}
			s.Severity[id], err = ParseSeverity(text)
			return err
		}},
	)
}

func (r *settingsReader) factField(k factKey, f *Facts) settingsField {
	field := settingsField{name: k.Name, wild: k.wild}
	field.read = func(n rewrite.Node, key, word string) error {
		if k.List() {
			return k.read(r, n, key, f)
		}
		text, err := r.text(n, key, k.value)
		if err == nil {
			k.set(f, word, text)
		}
		return err
	}
	return field
}

func (r *settingsReader) repos(n rewrite.Node, key string) ([]RepoSettings, error) {
	pairs, err := r.pairs(n, key)
	if err != nil {
		return nil, err
	}
	out := make([]RepoSettings, len(pairs))
	for i, e := range pairs {
		key := key + "[" + e.Name() + "]"
		if fault := pathGlobType.fault(key, strconv.Quote(e.Name()), e.Name()); fault != nil {
			return nil, r.place(e.Key(), fault)
		}
		out[i].Match = e.Name()
		if err := r.object(e.Value(), key, r.commonFields(&out[i].Over)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// For is the settings for one config: those of every entry of Repos that matches are laid over the general ones, in
// source order, each key on its own, so that the last entry to give a key wins. A list is replaced as a whole. An entry
// matches the repo's owner/name ("" when it is not known; letter case aside), or the path p, which is slash-separated
// and relative to the settings file, or a directory above it. s is not changed.
func (s *Settings) For(repo, p string) *Settings {
	out := *s
	out.Repos = nil
	for _, r := range s.Repos {
		if r.matches(repo, p) {
			out.overlay(&r.Over)
		}
	}
	return &out
}

func (r *RepoSettings) matches(repo, p string) bool {
	return repo != "" && doublestar.MatchUnvalidated(strings.ToLower(r.Match), strings.ToLower(repo)) ||
		matchesAbove(r.Match, p)
}

func (s *Settings) overlay(over *Settings) {
	s.Facts = s.Facts.Merge(over.Facts)
	if over.Ignore != nil {
		s.Ignore = over.Ignore
	}
	if over.Select != nil {
		s.Select = over.Select
	}
	if len(over.Severity) > 0 {
		merged := maps.Clone(over.Severity)
		for id, level := range s.Severity {
			if _, given := merged[id]; !given {
				merged[id] = level
			}
		}
		s.Severity = merged
	}
}

// Excluded reports whether a path, slash-separated and relative to the settings file, is left out: when a glob of
// Exclude matches it or a directory above it. A glob without a slash matches a name at any depth.
func (s *Settings) Excluded(p string) bool {
	return slices.ContainsFunc(s.Exclude, func(glob string) bool {
		glob = strings.TrimSuffix(glob, "/")
		if !strings.Contains(glob, "/") {
			glob = "**/" + glob
		}
		return matchesAbove(glob, p)
	})
}

// matchesAbove reports whether the glob matches the path or a directory above it.
func matchesAbove(glob, p string) bool {
	glob = strings.TrimSuffix(glob, "/")
	for p = path.Clean(p); p != "." && p != "/"; p = path.Dir(p) {
		if doublestar.MatchUnvalidated(glob, p) {
			return true
		}
	}
	return false
}

//go:embed data/settings.schema.json
var settingsSchema string

// SettingsSchema is the JSON Schema (draft 2020-12) of settings files, for editors.
func SettingsSchema() []byte { return []byte(settingsSchema) }
