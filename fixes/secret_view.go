package fixes

import (
	"cmp"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// secretView is what inline-secret sees of one config: each literal secret in it, once, by its place.
type secretView struct {
	p       *Pass
	table   *secretTable
	dummies map[string]bool // what containers are given: values made up for the job
	sites   []*secretSite
	seen    map[rewrite.Node]bool

	settings map[rewrite.Node]*secretSite // of environments outside of steps, by the scalar with the value
	taken    map[rewrite.Entry]bool       // the variables that these take away
	starting map[*circle.Job]bool         // the jobs that start containers, once that is asked for
	testing  map[*circle.Job]bool         // whether a job says that a program runs its tests, once that is asked for

	passing map[rewrite.Node][]*circle.WorkflowJob // the entries that pass a step, once they are asked for
	names   map[string]string                      // the variable that holds a value, by the value
	proved  map[*shell.Script]int                  // how much text was read to take secrets out of a script

	mentions map[string]map[shell.MentionKind]bool // how scripts mention a variable, once that is asked for
	reading  map[reading]bool                      // of reads
	// promised are the fixes that store something in a variable, by its name.
	promised map[string][]*secretFix
}

// secretSite is one literal secret.
type secretSite struct {
	node       rewrite.Node // the scalar that holds it
	start, end int          // where it stands in the scalar's text
	value      string
	format     *tokenFormat // of a provider, when it shows
	what       string       // what it is, for people: "a GitHub personal access token"
	where      string       // how it comes into the config, for people: "the environment sets X to"
	variables  []string     // where it could be kept, the most likely first
	confidence Confidence
	blocker    string // why no edit takes it away

	step *circle.Step // that it is part of; nil outside of steps

	// By what kind of place it is; one of them is set.
	setting   *circle.Var         // of an environment; see repeats
	script    *secretScript       // of a run step
	parameter *secretParameter    // the default of a parameter, or an argument
	auth      bool                // the password of an image
	use       *circle.WorkflowJob // the workflow entry whose own text it is

	repeats []rewrite.Entry // that set the variable to the same value by an alias, in other environments
}

func newSecretView(p *Pass) *secretView {
	v := &secretView{p: p, table: secretTables(), dummies: map[string]bool{}, seen: map[rewrite.Node]bool{}, settings: map[rewrite.Node]*secretSite{}, taken: map[rewrite.Entry]bool{}, testing: map[*circle.Job]bool{}, names: map[string]string{}, proved: map[*shell.Script]int{}, mentions: map[string]map[shell.MentionKind]bool{}, reading: map[reading]bool{}, promised: map[string][]*secretFix{}}
	v.scanContainers()
	v.scanEnvironments()
	v.scanSteps()
	v.scanParameters()
	v.scanRest()
	for _, s := range v.sites {
		if s.setting != nil {
			v.names[s.value] = cmp.Or(v.names[s.value], s.setting.Name)
		}
	}
	slices.SortStableFunc(v.sites, func(a, b *secretSite) int { return a.span().Start - b.span().Start })
	return v
}

func (v *secretView) add(s *secretSite) {
	s.value = s.node.Value()[s.start:s.end]
	v.sites = append(v.sites, s)
}

// span is where the secret stands in the file.
func (s *secretSite) span() rewrite.Span {
	return spanIn(s.node, shell.Span{Start: s.start, End: s.end})
}

func (s *secretSite) message() string {
	return s.where + " " + s.what + ", " + s.shown()
}

// shown is what people may see of the secret: its beginning, where that tells it from others.
func (s *secretSite) shown() string {
	if strings.HasPrefix(s.value, "-----") || strings.HasPrefix(strings.TrimSpace(s.value), "{") || strings.Contains(s.value, "://") {
		return "…"
	}
	return redacted(s.value)
}

// scanAuth looks at the login to an image's registry. What the rule about ECR has is its own.
func (v *secretView) scanAuth(d *circle.DockerItem) {
	user := d.Auth().Get("username").Resolve().Value()
	password := d.Auth().Get("password").Resolve()
	text := password.Value()
	if v.seen[password] || user == "AWS" || !password.Exists() {
		return
	}
	v.seen[password] = true
	kind := keyFileKind(text)
	byKey := strings.HasPrefix(user, "_json_key")
	if text == "" || isReference(text) || strings.HasPrefix(text, "$") || ordinary(text) && len(text) >= 5 || v.table.sample(text) || byKey && kind == "" {
		return
	}
	s := &secretSite{
		node: password, end: len(text), auth: true, what: "a literal password", where: "the image " + imageName(d) + " is pulled with",
		variables: v.table.registryVariables(registryOfImage(d.Image().Value())),
	}
	if found := v.table.tokens(text); len(found) > 0 {
		s.format, s.what = found[0].format, found[0].format.String()
	}
	if kind != "" {
		s.what = "a " + kind
	}
	if byKey {
		s.variables = append([]string{gcpKeyVar}, s.variables...)
	}
	v.add(s)
}

func imageName(d *circle.DockerItem) string {
	name, _ := splitImage(d.Image().Value())
	return name
}

// registryOfImage is the host of the registry that an image is pulled from.
func registryOfImage(image string) string {
	host, _, ok := strings.Cut(image, "/")
	if !ok || !strings.ContainsAny(host, ".:") {
		return dockerHub
	}
	return host
}

// dockerHub is the registry of what names no other.
const dockerHub = "docker.io"

// registryVariables are where the password for the host of a registry is usually kept.
func (t *secretTable) registryVariables(host string) []string {
	for _, table := range []map[string][]string{t.Registries, t.Hosts} {
		if known := ofHost(table, host); known != nil {
			return known
		}
	}
	return t.Registries[""]
}

// sample reports whether a text stands for a secret in an example.
func (t *secretTable) sample(text string) bool {
	lower := strings.ToLower(text)
	return distinct(lower) < 3 || strings.ContainsAny(text, "<>*") && distinct(strings.Trim(lower, "*")) < 20 || strings.HasPrefix(lower, "your") ||
		slices.ContainsFunc(t.Values.Samples, func(s string) bool { return strings.Contains(lower, s) })
}

// scanEnvironments looks at the variables of jobs, executors and steps, wherever they are written.
func (v *secretView) scanEnvironments() {
	c := v.p.Config
	scan := func(envs circle.Environments, step *circle.Step) {
		for _, e := range envs {
			for _, x := range e.Vars() {
				switch {
				case v.seen[x.Value]:
					v.repeat(x, step)
				case x.Value.Kind() == rewrite.Scalar:
					v.seen[x.Value] = true
					v.scanVariable(e, x, step)
				}
			}
		}
	}
	for _, c := range withInline(c) {
		for _, j := range c.Jobs() {
			scan(j.Environments(), nil)
		}
		for _, x := range c.Executors() {
			scan(x.Environment(), nil)
		}
	}
	for _, fr := range c.Fragments() {
		if fr.Job != nil {
			scan(fr.Job.Environments(), nil)
		}
	}
	for s := range c.Walk {
		scan(s.Environment(), s)
	}
}

func (v *secretView) scanVariable(e *circle.Environment, x circle.Var, step *circle.Step) {
	j := v.judge(x.Name, x.Text)
	if !j.secret {
		return
	}
	if j.weak && v.serves(e, x) {
		return
	}
	offset := len(x.Value.Value()) - len(x.Text) // of a NAME=value item
	s := &secretSite{
		node: x.Value, start: offset, end: offset + len(x.Text), setting: &x, step: step, format: j.format, what: j.what,
		where: "the environment sets " + x.Name + " to", variables: []string{x.Name}, confidence: j.confidence,
	}
	v.add(s)
	if step == nil {
		v.settings[x.Value], v.taken[x.Entry] = s, true
	}
}

// repeat notes a variable that has a value with others of its name. A step's is not among them: its users are others.
func (v *secretView) repeat(x circle.Var, step *circle.Step) {
	s := v.settings[x.Value]
	if s == nil || step != nil || s.setting.Name != x.Name || v.taken[x.Entry] {
		return
	}
	v.taken[x.Entry] = true
	s.repeats = append(s.repeats, x.Entry)
}

// judgement is what a value is, by its name and its looks.
type judgement struct {
	secret     bool
	weak       bool // it may as well be made up for the job: what is around it decides
	format     *tokenFormat
	what       string
	confidence Confidence
}

// minSecret is the length of the shortest password that is told from other values.
const minSecret = 6

// judge looks at a value that has a name.
func (v *secretView) judge(name, text string) judgement {
	if len(text) < minSecret {
		return judgement{}
	}
	if strings.TrimSpace(text) == "" || isReference(text) || v.dummies[text] {
		return judgement{}
	}
	t := v.table
	n := t.readName(name)
	if ofAWS(n.words, text) || t.published(name, text) {
		return judgement{}
	}
	if found := t.tokens(text); len(found) > 0 {
		return judgement{secret: true, format: found[0].format, what: found[0].format.String()}
	}
	if kind := keyFileKind(text); kind != "" {
		return judgement{secret: true, what: "a " + kind}
	}
	if start, _ := privateKey(text); start >= 0 {
		return judgement{secret: true, what: "a private key"}
	}
	if login := t.login(text); login.end > 0 && !v.dummies[text[login.start:login.end]] {
		return judgement{secret: true, what: passwordAddress, weak: n.service}
	}
	if t.connection(text) {
		return judgement{secret: true, what: "a connection string"}
	}
	switch {
	case !n.secret || n.test:
		return judgement{}
	case t.shaped(n.words, text):
		return judgement{secret: true, what: "a literal password"}
	case n.login && (t.strong(text) || t.chosen(text)):
		return judgement{secret: true, what: "a literal login"}
	case t.strong(text):
		return judgement{secret: true, what: "a literal value", weak: n.service || n.application}
	case t.shortRandom(text):
		return judgement{secret: true, what: "a literal value", weak: n.service || n.application, confidence: MediumConfidence}
	case n.password && !n.service && t.chosen(text):
		return judgement{secret: true, weak: true, what: "a literal value", confidence: MediumConfidence}
	default:
		return judgement{}
	}
}

// connection reports whether a text has settings, as the connection strings of databases have, among them a secret for a
// host elsewhere.
func (t *secretTable) connection(text string) bool {
	if !strings.Contains(text, ";") || !t.mayName(text) || strings.Contains(text, "localhost") || strings.Contains(text, "127.0.0.1") {
		return false
	}
	return slices.ContainsFunc(settingsIn(text), func(p setting) bool {
		value := text[p.start:p.end]
		n := t.readName(p.name)
		return n.secret && (t.strong(value) || n.password && t.chosen(value))
	})
}

// ofAWS reports whether a value is a key for AWS, which other rules are about.
func ofAWS(words []string, text string) bool {
	joined := strings.Join(words, "_")
	return keyIDPattern.MatchString(text) || secretPattern.MatchString(text) && strings.Contains(joined, "ACCESS_KEY") ||
		slices.Contains(words, "AWS") && strings.Contains(joined, "KEY") || strings.HasPrefix(joined, "AWS_S")
}
