package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// settingsReader turns the nodes of one settings file into values. Aliases are followed; an error names the place
// where the value is used.
type settingsReader struct {
	name   string
	file   *rewrite.File
	values int // scalars read so far
}

// maxSettingsValues bounds the scalars that a settings file gives, as aliases can make many of few bytes.
const maxSettingsValues = 200_000

// settingsField is one key of an object and what reads its value.
type settingsField struct {
	name string                                       // dotted: a.b is written as {a: {b: ...}} or as {a.b: ...}; a part in angle brackets is any word
	wild *valueType                                   // of that part
	read func(n rewrite.Node, key, word string) error // word: what stands for the part in angle brackets
}

// itemReader reads one item of a list; key is its path.
type itemReader[T any] func(r *settingsReader, n rewrite.Node, key string) (T, error)

// textTags are what plain and quoted scalars resolve to. All are taken as the text that is written, so that an account
// id keeps its leading zeros; any other tag asks for something that settings do not have.
var textTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}

func (r *settingsReader) fail(at rewrite.Node, key, format string, args ...any) error {
	return r.place(at, &SettingsError{Key: key, Message: fmt.Sprintf(format, args...)})
}

func (r *settingsReader) place(at rewrite.Node, e *SettingsError) error {
	p := r.file.Position(at.Span().Start)
	e.File, e.Line, e.Column = r.name, p.Line, p.Column
	return e
}

// text reads a scalar.
func (r *settingsReader) text(n rewrite.Node, key string, t *valueType) (string, error) {
	if r.values++; r.values > maxSettingsValues {
		return "", r.fail(n, key, "a settings file is bounded to %d values, aliases counted each time", maxSettingsValues)
	}
	v := n.Resolve()
	if v.IsNull() {
		return "", r.fail(n, key, "%s has no value: give one or remove the key", key)
	}
	if v.Kind() != rewrite.Scalar || !slices.Contains(textTags, v.Tag()) {
		return "", r.fail(n, key, "%s must be %s", key, t.want)
	}
	if fault := t.fault(key, key, v.Value()); fault != nil {
		return "", r.place(n, fault)
	}
	return v.Value(), nil
}

func textItem(t *valueType) itemReader[string] {
	return func(r *settingsReader, n rewrite.Node, key string) (string, error) { return r.text(n, key, t) }
}

// readList reads a list. One without a value is nil, as if it were not given; an empty one is not.
func readList[T any](r *settingsReader, n rewrite.Node, key string, item itemReader[T]) ([]T, error) {
	v := n.Resolve()
	if v.IsNull() {
		return nil, nil
	}
	if v.Kind() != rewrite.Sequence {
		return nil, r.fail(n, key, "%s must be a list", key)
	}
	out := make([]T, 0, v.Len())
	for i, e := range v.Entries() {
		x, err := item(r, e.Value(), fmt.Sprintf("%s[%d]", key, i))
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// textField is a field that is one scalar.
func (r *settingsReader) textField(name string, t *valueType, to *string) settingsField {
	return settingsField{name: name, read: func(n rewrite.Node, key, _ string) (err error) {
		*to, err = r.text(n, key, t)
		return err
	}}
}

// listField is a field that is a list of scalars, with one at least: an empty selector would select everything.
func (r *settingsReader) listField(name string, t *valueType, to *[]string) settingsField {
	return settingsField{name: name, read: func(n rewrite.Node, key, _ string) (err error) {
		if *to, err = readList(r, n, key, textItem(t)); err == nil && len(*to) == 0 {
			err = r.fail(n, key, "%s must list at least one: %s", key, t.want)
		}
		return err
	}}
}

func readRole(r *settingsReader, n rewrite.Node, key string) (role RoleFact, err error) {
	err = r.object(n, key, []settingsField{
		r.listField("jobs", nameGlobType, &role.Jobs),
		r.listField("contexts", nameGlobType, &role.Contexts),
		r.listField("keys", variableGlobType, &role.Keys),
		r.textField("profile", nameGlobType, &role.Profile),
		r.textField("role_arn", roleARNType, &role.RoleARN),
		r.textField("region", regionType, &role.Region),
		r.textField("session_duration", durationType, &role.SessionDuration),
	}, "role_arn")
	return role, err
}

func readRoute(r *settingsReader, n rewrite.Node, key string) (route RouteFact, err error) {
	err = r.object(n, key, []settingsField{
		r.listField("hosts", hostType, &route.Hosts),
		r.textField("route", routeType, &route.Route),
		r.textField("resource_class", resourceClassType, &route.ResourceClass),
		r.textField("kind", runnerKindType, &route.Kind),
	}, "hosts")
	return route, err
}

func readContext(r *settingsReader, n rewrite.Node, key string) (c ContextFact, err error) {
	err = r.object(n, key, []settingsField{
		r.textField("name", nameType, &c.Name),
		r.listField("provides", variableGlobType, &c.Provides),
	}, "name", "provides")
	return c, err
}

// object reads a mapping with the given fields and no others.
func (r *settingsReader) object(n rewrite.Node, key string, fields []settingsField, required ...string) error {
	o := objectReader{r, key, fields, map[string]rewrite.Node{}}
	if err := o.section(n, ""); err != nil {
		return err
	}
	for _, name := range required {
		if _, given := o.given[name]; !given {
			return r.fail(n, joinKey(key, name), "%s has no %s", key, name)
		}
	}
	return nil
}

// objectReader reads one object, whose sections may be spread over nested and dotted keys.
type objectReader struct {
	*settingsReader
	key    string // the object's path, "" for the file
	fields []settingsField
	given  map[string]rewrite.Node // the key of each field that was read
}

// section reads what stands below the dotted name.
func (o *objectReader) section(n rewrite.Node, name string) error {
	key := o.key
	if name != "" {
		key = joinKey(key, name)
	}
	pairs, err := o.pairs(n, key)
	for _, e := range pairs {
		if err = o.pair(e, joinKey(name, e.Name())); err != nil {
			break
		}
	}
	return err
}

func (o *objectReader) pair(e rewrite.Entry, name string) error {
	key := joinKey(o.key, name)
	i := slices.IndexFunc(o.fields, func(f settingsField) bool { return coversName(f.name, name) })
	if i < 0 {
		return o.place(e.Key(), unknownKey(key, o.key, name, o.names()))
	}
	field := &o.fields[i]
	word, fault := wildWord(field.name, field.wild, name)
	if fault != nil {
		fault.Key = key
		return o.place(e.Key(), fault)
	}
	if strings.Count(name, ".") < strings.Count(field.name, ".") {
		return o.section(e.Value(), name)
	}
	if first, twice := o.given[name]; twice {
		return o.duplicate(e.Key(), key, first)
	}
	o.given[name] = e.Key()
	return field.read(e.Value(), key, word)
}

func (o *objectReader) names() []string {
	names := make([]string, len(o.fields))
	for i, f := range o.fields {
		names[i] = f.name
	}
	return names
}

// pairs are the pairs of a mapping, whose keys must be scalars and differ. A section without a value has none: a file
// in which all keys of a section are commented out is fine.
func (r *settingsReader) pairs(n rewrite.Node, key string) ([]rewrite.Entry, error) {
	v := n.Resolve()
	if v.IsNull() {
		return nil, nil
	}
	if v.Kind() != rewrite.Mapping {
		return nil, r.fail(n, key, "%s must be a mapping of keys to values", describe(key))
	}
	seen := map[string]rewrite.Node{}
	for _, e := range v.Entries() {
		switch first, twice := seen[e.Name()]; {
		case e.IsMerge():
			return nil, r.fail(e.Key(), key, "%s has a merge key: write its keys out", describe(key))
		case e.Key().Kind() != rewrite.Scalar:
			return nil, r.fail(e.Key(), key, "%s has a key that is not a word", describe(key))
		case twice:
			return nil, r.duplicate(e.Key(), joinKey(key, e.Name()), first)
		}
		seen[e.Name()] = e.Key()
	}
	return v.Entries(), nil
}

func (r *settingsReader) duplicate(at rewrite.Node, key string, first rewrite.Node) error {
	return r.fail(at, key, "duplicate key %q: line %d has it already", key, r.file.Position(first.Span().Start).Line)
}

func describe(key string) string {
	if key == "" {
		return "a settings file"
	}
	return key
}

func joinKey(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func isWild(part string) bool { return strings.HasPrefix(part, "<") }

// coversName reports whether name is the field's name or that of a section around it.
func coversName(field, name string) bool {
	fields, names := strings.Split(field, "."), strings.Split(name, ".")
	if len(names) > len(fields) {
		return false
	}
	for i, n := range names {
		if n != fields[i] && !isWild(fields[i]) {
			return false
		}
	}
	return true
}

// wildWord is the part of name that stands where field has angle brackets, "" when name is without one, and what is
// wrong with it by its type.
func wildWord(field string, t *valueType, name string) (string, *SettingsError) {
	i := slices.IndexFunc(strings.Split(field, "."), isWild)
	parts := strings.Split(name, ".")
	if i < 0 || i >= len(parts) {
		return "", nil
	}
	return parts[i], t.fault(name, fmt.Sprintf("%q in %q", parts[i], name), parts[i])
}

// unknownKey is the error for a name below base that is covered by none of the fields.
func unknownKey(key, base, name string, fields []string) *SettingsError {
	e := &SettingsError{Key: key, Message: fmt.Sprintf("unknown key %q", key)}
	if base != "" && slices.Contains(fileKeys, name) {
		e.Message += ": " + name + " belongs at the top level of the file"
	} else if n := nearest(name, spellings(name, fields)); n != "" {
		e.Nearest = joinKey(base, n)
	}
	return e
}

// spellings are the fields and the sections around them, with the word that name has in place of angle brackets.
func spellings(name string, fields []string) []string {
	var out []string
	for _, f := range fields {
		parts := filledIn(f, name)
		for i := range parts {
			out = append(out, strings.Join(parts[:i+1], "."))
		}
	}
	return out
}

// filledIn are the parts of a field, with the word that name has in place of angle brackets.
func filledIn(field, name string) []string {
	parts, words := strings.Split(field, "."), strings.Split(name, ".")
	for i, p := range parts {
		if isWild(p) && i < len(words) {
			parts[i] = words[i]
		}
	}
	return parts
}
