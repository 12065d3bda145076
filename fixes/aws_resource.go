package fixes

import (
	"cmp"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// roles are the roles that the fix relies on: one for each unit and, where the entries that run it have other contexts,
// for each of those.
func (b *awsFix) roles() []Resource {
	var out []Resource
	for _, u := range b.units {
		choice := b.role(u)
		c := b.credentials(u, choice.credentials)
		r := &AWSRole{Use: b.group[0].keys.use(nil, strings.TrimPrefix(u.name, "job ")), Region: cmp.Or(plain(c.region), u.region()), Session: c.duration, Account: u.account()}
		switch {
		case choice.need != nil:
			r.Fact = choice.need.Key
		case roleARN.MatchString(c.role):
			r.ARN, r.Existing = c.role, choice.fact == ""
		case isVariable(c.role) && envName.MatchString(strings.Trim(c.role, "${}")):
			r.Variable = strings.Trim(c.role, "${}")
		default:
			continue // an expression: the file says elsewhere which role that is
		}
		r.FirstToken = slices.ContainsFunc(b.group, func(f *keyForm) bool { return f.element.inPlace() })
		r.Tags = slices.ContainsFunc(u.uses, (*circle.WorkflowJob).TagFilter)
		r.show(u)
		for _, contexts := range orOne(u.entries, u.contexts) {
			under := *r
			under.Contexts = contexts
			out = append(out, &under)
		}
	}
	return out
}

// use says that jobs use an identity under the contexts of a workflow entry.
func (d identity) use(contexts []string, jobs ...string) Use {
	out := Use{Contexts: contexts, Jobs: jobs, Keys: d.String()}
	for _, name := range []string{d.id, d.secret} {
		if name != "" {
			out.KeyVars = append(out.KeyVars, name)
		}
	}
	return out
}

// plain is a text that nothing expands, "" for another one.
func plain(text string) string {
	if strings.ContainsAny(text, "$`<") {
		return ""
	}
	return text
}

// show adds what the unit's steps ask of AWS.
func (r *AWSRole) show(u *awsUnit) {
	hidden := map[string]bool{}
	for _, x := range u.visits {
		if orb, command, ok := x.Step.OrbCall(); ok && orb != nil {
			r.addElement(orb, command, plainArguments(x.Step.Args()))
		}
		if x.facts == nil || x.facts.script() == nil {
			continue
		}
		for _, c := range x.facts.script().Calls() {
			r.addCall(c, hidden)
		}
	}
	if u.use == nil {
		return
	}
	if orb, job, ok := u.use.OrbJob(); ok && orb != nil {
		r.addElement(orb, job, plainArguments(u.use.Args))
	}
}

func (r *AWSRole) addElement(orb *circle.Orb, name string, args map[string]string) {
	if t := orbTables()[orb.Name()]; t != nil && orb.Name() != awsCLI {
		r.Elements = append(r.Elements, OrbElement{orb.Name(), name, args})
	}
}

// addCall adds a call of the AWS CLI, one of Docker that names a registry, and what may call AWS out of sight, unless it
// is among the hidden ones.
func (r *AWSRole) addCall(c *shell.Call, hidden map[string]bool) {
	words := make([]string, 0, len(c.Args()))
	for _, w := range c.Args() {
		words = append(words, w.Value)
	}
	switch {
	case c.Name() == "aws" && callsAWS(c):
		r.Calls = append(r.Calls, AWSCall{words, r.Jobs})
	case c.Name() == "docker" && len(words) > 1 && (words[0] == "push" || words[0] == "pull"):
		image, _ := splitImage(words[len(words)-1])
		if i := strings.IndexByte(image, '/'); i > 0 && strings.Contains(image, ".dkr.ecr.") || strings.HasPrefix(image, "$") {
			r.Calls = append(r.Calls, AWSCall{[]string{"ecr", words[0], "--repository-name", image}, r.Jobs})
		}
	case c.Name() != "aws" && asksAWS(c), unknownCommand(c) != "":
		if title := hiddenTitle(c); !hidden[title] {
			hidden[title] = true
			r.Hidden = append(r.Hidden, title)
		}
	}
}

// hiddenTitle is a command that may call AWS out of sight, with the target or script that it is told to run and without
// other arguments, which may be anything.
func hiddenTitle(c *shell.Call) string {
	if c.Name() == "" || c.Name() != unknownCommand(c) && unknownCommand(c) != "" {
		return unknownCommand(c)
	}
	title := c.Name()
	for i, w := range c.Args() {
		if i > 1 || i == 1 && !slices.Contains([]string{"run", "exec"}, c.Args()[0].Value) || !w.Static || strings.HasPrefix(w.Value, "-") || strings.ContainsAny(w.Value, "= ") {
			break
		}
		title += " " + w.Value
	}
	return title
}

// plainArguments are the arguments of a step or workflow entry that are scalars.
func plainArguments(args rewrite.Node) map[string]string {
	out := map[string]string{}
	for _, e := range args.Entries() {
		if n := e.Value().Resolve(); n.Kind() == rewrite.Scalar {
			out[e.Name()] = n.Value()
		}
	}
	return out
}
