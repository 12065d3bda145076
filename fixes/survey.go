package fixes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// Survey collects what configs show about facts, to write a settings file for them. The zero value has seen none. Its
// size grows with the number of different values, not with that of configs.
type Survey struct {
	configs int
	facts   map[string]*surveyedFact // by the name in the table of facts
	roles   []*surveyedRole
}

// surveyedFact is what was seen of one fact.
type surveyedFact struct {
	rules   []string // whose fixes may use it
	missing places   // of fixes that wait for it
	values  []*surveyedValue
}

// surveyedValue is a value that the configs show, or one to fill in.
type surveyedValue struct {
	key    string // of an item of a list, the list
	text   string // as YAML
	filled bool   // it is right as it stands, so that the setting is on
	remark string
	places places
}

// surveyedRole is one AWS identity, which may need a role of its own.
type surveyedRole struct {
	selectors string // as entries of a flow mapping; "" for whatever no other entry selects
	keys      string // for people
	places    places
}

// places are where something was seen: the first few, and how many there are.
type places struct {
	first []string
	count int
}

const maxPlaces = 3

func (p *places) add(place string) {
	if slices.Contains(p.first, place) {
		return
	}
	if p.count++; p.count <= maxPlaces {
		p.first = append(p.first, place)
	}
}

func (p *places) String() string {
	text := strings.Join(p.first, ", ")
	if more := p.count - len(p.first); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Empty reports whether no config was taken in.
func (s *Survey) Empty() bool { return s.configs == 0 }

// Add takes in one file; name is how people know it. A file that is no config adds nothing. The error is that of
// [FileResult].
func (s *Survey) Add(name string, src []byte) error {
	engine := Engine{DryRun: true}
	for _, r := range All() {
		if !r.Off && r != suppression {
			engine.Rules = append(engine.Rules, r)
		}
	}
	r := engine.Run(src, nil)
	switch r.Status {
	case Failed:
		return r.Err
	case Skipped:
		return nil
	}
	s.configs++
	if s.facts == nil {
		s.facts = map[string]*surveyedFact{}
	}
	at := func(offset int) string { return fmt.Sprintf("%s:%d", shown(name), r.Position(offset).Line) }
	for _, x := range r.Results {
		if x.Status != Suppressed {
			s.addResult(&x, at)
		}
	}
	view := viewOf(r.file)
	for _, c := range view.configs {
		if c != nil {
			p := newPass(view, c, &Facts{}, shell.Cache{})
			for _, look := range []func(*Pass, func(int) string){s.lookAtImages, s.lookAtIdentities, s.lookAtHosts, s.lookAtClasses, s.lookAtContexts} {
				look(p, at)
			}
		}
	}
	return nil
}

// factUsers says which facts the fixes of a rule may use, by the beginnings of their names.
var factUsers = []struct{ rule, fact string }{
	{"aws-", "aws."},
	{"ecr-", "ecr."},
	{"ecr-", "aws.accounts."},
	{"ecr-", "aws.roles"},
	{"gcp-", "gcp."},
	{"vault-", "vault."},
	{"azure-", "azure."},
	{"inline-secret", "contexts"},
	{"missing-context", "contexts"},
	{"internal-network", "runner."},
	{"internal-network", "network."},
	{"allowlisted-network", "network."},
}

// FactsOf are the facts that fixes of the rule with that id may use, in the order of FactKeys.
func FactsOf(id string) []FactKey {
	return slices.DeleteFunc(FactKeys(), func(k FactKey) bool {
		for _, u := range factUsers {
			if strings.HasPrefix(id, u.rule) && strings.HasPrefix(k.Name, u.fact) {
				return false
			}
		}
		return true
	})
}

// fact is what was seen of the fact that a key means.
func (s *Survey) fact(key string) *surveyedFact {
	i := slices.IndexFunc(factKeys, func(k factKey) bool { return coversName(k.Name, key) })
	name := factKeys[i].Name
	if s.facts[name] == nil {
		s.facts[name] = &surveyedFact{}
	}
	return s.facts[name]
}

// addResult takes in which facts the fix of a finding uses or lacks.
func (s *Survey) addResult(x *Result, at func(int) string) {
	for _, k := range FactsOf(x.Rule.ID) {
		if f := s.fact(k.Name); !slices.Contains(f.rules, x.Rule.ID) {
			f.rules = append(f.rules, x.Rule.ID)
		}
	}
	if x.Status == NeedsFacts {
		for _, n := range x.Fix.Needs {
			s.fact(n.Key).missing.add(at(x.Span.Start))
		}
	}
}

// value takes in a value, or a place for one, that was seen of a fact.
func (s *Survey) value(v surveyedValue, place string) {
	f := s.fact(v.key)
	i := slices.IndexFunc(f.values, func(o *surveyedValue) bool { return o.key == v.key && o.text == v.text })
	if i < 0 {
		i = len(f.values)
		f.values = append(f.values, &v)
	}
	f.values[i].places.add(place)
}

// lookAtImages finds the accounts that images are pulled from, and the roles that already pull them.
func (s *Survey) lookAtImages(p *Pass, at func(int) string) {
	for _, x := range ecrImages(p.Config) {
		if x.account == "" {
			continue
		}
		v := surveyedValue{key: "aws.accounts." + x.account + ".role_arn", text: "arn:" + Partition(x.region) + ":iam::" + x.account + ":role/NAME"}
		if role := x.auth.Get("oidc_role_arn").Resolve().Value(); roleARNType.accepts(role) && !strings.ContainsAny(role, "$<") {
			v.text, v.filled, v.remark = role, true, "the role that pulls an image already"
		}
		s.value(v, at(x.item.Node.Span().Start))
	}
}

// lookAtIdentities finds whose long-lived keys the jobs use, and the roles that others assume already.
func (s *Survey) lookAtIdentities(p *Pass, at func(int) string) {
	for _, u := range p.aws().units {
		for _, f := range u.forms {
			r := surveyedRole{selectors: selectors(f.keys, u.contexts), keys: f.keys.String()}
			i := slices.IndexFunc(s.roles, func(o *surveyedRole) bool { return o.selectors == r.selectors })
			if i < 0 {
				i = len(s.roles)
				s.roles = append(s.roles, &r)
			}
			s.roles[i].places.add(at(f.span.Start))
		}
		for _, x := range u.visits {
			if setup := x.facts.setup; setup != nil && roleARN.MatchString(setup.role) && roleARNType.accepts(setup.role) {
				s.value(surveyedValue{key: "aws.role_arn", text: setup.role, remark: "a role that a job assumes already"}, at(x.Step.Node.Span().Start))
			}
		}
	}
}

// selectors choose an identity in aws.roles: keys by their names, the standard ones by the contexts that hold them.
func selectors(d identity, contexts []string) string {
	var out []string
	list := func(name string, words []string, t *valueType) {
		var quoted []string
		for _, w := range words {
			if t.accepts(w) {
				quoted = append(quoted, quote(w))
			}
		}
		if len(quoted) > 0 {
			out = append(out, name+": ["+strings.Join(quoted, ", ")+"]")
		}
	}
	if d.id != "" && !d.sameKeys(standard) {
		list("keys", []string{d.id}, variableGlobType)
	} else {
		var globs []string
		for _, name := range slices.Sorted(slices.Values(contexts)) {
			globs = append(globs, onlyName(name))
		}
		list("contexts", globs, nameGlobType)
	}
	if profile := onlyName(d.profile); nameGlobType.accepts(profile) {
		out = append(out, "profile: "+quote(profile))
	}
	return strings.Join(out, ", ")
}

// onlyName is a glob that matches a name and nothing else.
var onlyName = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`, `}`, `\}`).Replace

// lookAtHosts finds the hosts that are internal by their names, of which some may be public all the same, and those that
// only look internal. Private addresses are internal in any case.
func (s *Survey) lookAtHosts(p *Pass, at func(int) string) {
	v := p.network()
	for _, x := range slices.Concat(v.signs, v.others) {
		take := func(key, remark string) {
			if hostType.accepts(x.host) {
				s.value(surveyedValue{key: key, text: quote(strings.ToLower(x.host)), remark: remark}, at(x.span.Start))
			}
		}
		switch {
		case x.host == "":
		case x.weak != "":
			take("network.internal", "its name looks internal: list it if it is")
		case v.scope.kind(x.host) == internalHost:
			take("network.public", "internal by its name: list it if it is public")
		}
	}
}

// lookAtClasses finds the self-hosted runners that jobs use already.
func (s *Survey) lookAtClasses(p *Pass, at func(int) string) {
	take := func(class rewrite.Node) {
		if name, known := circle.Known(class); known && resourceClassType.accepts(name) {
			if strings.HasSuffix(name, ":") {
				name = quote(name) // YAML would take it for a key
			}
			s.value(surveyedValue{key: "runner.resource_class", text: name}, at(class.Span().Start))
		}
	}
	for _, j := range allJobs(p.Config) {
		take(j.ResourceClass())
	}
	for _, x := range p.Config.Executors() {
		take(x.ResourceClass())
	}
}

// lookAtContexts finds the names of contexts. What they provide is not in the file.
func (s *Survey) lookAtContexts(p *Pass, at func(int) string) {
	for _, w := range p.Config.Workflows() {
		for _, use := range w.Jobs() {
			for _, c := range use.Contexts() {
				if c.Known && nameType.accepts(c.Name) {
					s.value(surveyedValue{key: "contexts", text: "{name: " + quote(c.Name) + ", provides: [NAME]}"}, at(use.Item.Span().Start))
				}
			}
		}
	}
}

// quote writes a text as a scalar of YAML on one line: in single quotes or, where some of it would not show or would end the
// line, in double ones. All escapes of Go's quotes are escapes of YAML's as well.
func quote(text string) string {
	if visible(text) {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return strconv.Quote(text)
}

// shown is a text for comments: as it is, or as quote writes it when some of it would not show or would end the comment.
func shown(text string) string {
	if visible(text) {
		return text
	}
	return strconv.Quote(text)
}

// visible reports whether all of a text can be seen. Line ends, what steers a terminal and what reorders text cannot.
func visible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
