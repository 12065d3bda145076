package fixes

import (
	"slices"
	"strings"
)

// Settings is a settings file with every fact in it: first those that fixes of the configs wait for, then those that
// they may use, then the others. What the configs show is filled in; all else is off, as a comment of a '#' and the setting without a blank
// between, with an example.
func (s *Survey) Settings() []byte {
	w := &settingsWriter{}
	w.comment("Settings of cfgfix, made by `cfgfix init` from " + counted(s.configs, "config") + ".")
	w.comment("A setting that is off has a # and no blank before it: fill it in and take that sign away.")
	w.comment("`cfgfix init --schema` prints a JSON Schema for editors.")
	w.line("version: 1")
	var missing, used, rest []factKey
	for _, k := range factKeys {
		switch f := s.surveyed(k.Name); {
		case f.missing.count > 0:
			missing = append(missing, k)
		case len(f.rules) > 0 || len(f.values) > 0 && f.values[0].filled:
			used = append(used, k)
		default:
			rest = append(rest, k)
		}
	}
	w.section("To be filled in: fixes of these configs wait for it")
	if len(missing) == 0 {
		w.line("")
		w.comment("Nothing: no fix waits for a fact.")
	}
	for _, part := range []struct {
		title string
		keys  []factKey
	}{{"", missing}, {"What fixes of these configs may use", used}, {"What they do not ask for", rest}} {
		if part.title != "" && len(part.keys) > 0 {
			w.section(part.title)
		}
		for _, k := range part.keys {
			w.fact(k, s.surveyed(k.Name))
		}
	}
	return []byte(w.String())
}

// surveyed is what was seen of a fact, with what only all configs together tell.
func (s *Survey) surveyed(name string) surveyedFact {
	f := surveyedFact{}
	if seen := s.facts[name]; seen != nil {
		f = *seen
	}
	several := len(s.roles) > 1 // so that one role cannot serve them
	switch name {
	case "aws.roles":
		f.values = slices.Concat(f.values, s.roleValues())
		if one := s.facts["aws.role_arn"]; several && one != nil {
			f.missing = one.missing
		}
	case "aws.role_arn":
		if several {
			f.missing = places{}
		}
	case "runner.resource_class":
		if len(f.values) == 1 {
			only := *f.values[0]
			only.filled, only.remark = true, "the runner that a job uses already"
			f.values = []*surveyedValue{&only}
		}
	}
	return f
}

// roleValues are entries for aws.roles, one for each identity. One identity alone needs no entry: aws.role_arn serves it.
func (s *Survey) roleValues() []*surveyedValue {
	if len(s.roles) < 2 {
		return nil
	}
	var out []*surveyedValue
	const role = "role_arn: 'arn:aws:iam::ACCOUNT:role/NAME'}"
	for _, r := range s.roles {
		v := &surveyedValue{key: "aws.roles", text: "{" + r.selectors + ", " + role, remark: r.keys, places: r.places}
		if r.selectors == "" {
			v.text = "{" + role
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b *surveyedValue) int { return a.rank() - b.rank() })
	return out
}

// rank puts entries of aws.roles into an order in which each gets its chance: the first that matches wins, and other
// keys may be used in the same contexts.
func (v *surveyedValue) rank() int {
	return slices.IndexFunc([]string{"{keys:", "{contexts:", "{"}, func(start string) bool { return strings.HasPrefix(v.text, start) })
}

// settingsWriter writes YAML line by line.
type settingsWriter struct{ strings.Builder }

func (w *settingsWriter) line(text string) { w.WriteString(text + "\n") }

// commentWidth is how wide a comment becomes before it goes on in the next line.
const commentWidth = 110

// comment writes a text as comment lines.
func (w *settingsWriter) comment(text string) {
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > commentWidth && line != "#" {
			w.line(line)
			line = "#"
		}
		line += " " + word
	}
	w.line(line)
}

func (w *settingsWriter) section(title string) {
	w.line("")
	w.comment("---- " + title + " ----")
}

// fact writes one fact: what it is for, what was seen of it, and its setting.
func (w *settingsWriter) fact(k factKey, f surveyedFact) {
	w.line("")
	w.comment(k.Name + ": " + k.Doc + ".")
	if len(f.rules) > 0 {
		w.comment("Used by fixes of " + strings.Join(slices.Sorted(slices.Values(f.rules)), ", ") + ".")
	}
	if f.missing.count > 0 {
		w.comment("Missing at " + f.missing.String() + ".")
	}
	switch {
	case len(f.values) == 0:
		w.example(k)
	case k.List():
		w.list(k.Name, f.values)
	default:
		for _, v := range f.values {
			w.comment("Seen at " + v.note())
			w.setting(v.filled, v.key+": "+v.text)
		}
	}
}

// note is where a value was seen, and what it is.
func (v *surveyedValue) note() string {
	text := v.places.String()
	if v.remark != "" {
		text += ": " + shown(v.remark)
	}
	return text
}

// setting writes a line of YAML, as a comment when it is off.
func (w *settingsWriter) setting(on bool, text string) {
	if !on {
		text = "#" + text
	}
	w.line(text)
}

// example writes a fact of which nothing was seen.
func (w *settingsWriter) example(k factKey) {
	name := k.Name
	if k.wild != nil {
		name = strings.Replace(name, "<account>", "123456789012", 1)
	}
	w.setting(false, name+": "+k.Example)
}

// list writes a fact that is a list, whose items are all filled in or all off.
func (w *settingsWriter) list(name string, items []*surveyedValue) {
	on := items[0].filled
	w.setting(on, name+":")
	for _, v := range items {
		w.setting(on, "  - "+v.text+" # "+v.note())
	}
}
