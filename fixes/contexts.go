package fixes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// providers are the contexts that are known to provide a variable, as indexes of the fact.
func (f *Facts) providers(variable string) []int {
	var out []int
	for i, c := range f.Contexts {
		if slices.ContainsFunc(c.Provides, func(glob string) bool { return doublestar.MatchUnvalidated(glob, variable) }) {
			out = append(out, i)
		}
	}
	return out
}

// provides reports whether one of the contexts that an entry has is known to provide a variable.
func (f *Facts) provides(use *circle.WorkflowJob, variable string) bool {
	return slices.ContainsFunc(f.providers(variable), func(i int) bool { return hasContext(use, f.Contexts[i].Name) })
}

func hasContext(use *circle.WorkflowJob, name string) bool {
	return slices.ContainsFunc(use.Contexts(), func(c circle.Context) bool { return c.Known && c.Name == name })
}

// attachment gives workflow entries the context that provides a variable.
type attachment struct {
	p        *Pass
	fix      *Fix
	variable string
	users    []*circle.WorkflowJob // the entries
	contexts []string              // that the entries have or get, in order, each once
	given    []string              // those among them that some entry gets
}

// to adds what the entries need to the fix: operations, facts and what they rely on. The words say why it cannot be.
func (a *attachment) to(uses []*circle.WorkflowJob) (refusal string) {
	a.users = uses
	providers := a.p.Facts.providers(a.variable)
	if len(providers) == 0 {
		a.fix.Needs = append(a.fix.Needs, contextNeed(a.variable))
		return ""
	}
	if len(uses) == 0 {
		return "no workflow of this file runs it, so that there is no entry to attach a context to"
	}
	for _, use := range uses {
		chosen := providers[0]
		if i := slices.IndexFunc(providers, func(i int) bool { return hasContext(use, a.p.Facts.Contexts[i].Name) }); i >= 0 {
			chosen = providers[i]
		} else {
			ops, refusal := a.attach(use, a.p.Facts.Contexts[chosen].Name)
			if refusal != "" {
				return refusal
			}
			a.fix.Ops = append(a.fix.Ops, ops...)
			a.given = appendNew(a.given, a.p.Facts.Contexts[chosen].Name)
		}
		name := a.p.Facts.Contexts[chosen].Name
		a.contexts = appendNew(a.contexts, name)
		a.fix.Facts = appendNew(a.fix.Facts, fmt.Sprintf("contexts[%d].name=%s", chosen, name))
	}
	return ""
}

func contextNeed(variable string) Need {
	return Need{"contexts", fmt.Sprintf("which context provides %s; in the settings file: contexts: [{name: CONTEXT, provides: [%s]}]", variable, variable)}
}

func appendNew[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

// attach is what gives one entry one more context. The new one comes last: of contexts with the same variable the last
// counts.
func (a *attachment) attach(use *circle.WorkflowJob, name string) (ops []rewrite.Op, refusal string) {
	contexts := use.Contexts()
	if slices.ContainsFunc(contexts, func(c circle.Context) bool { return !c.Known }) {
		return nil, fmt.Sprintf("the entry %s of %s takes its context from an expression", use.Name(), workflowName(use.Workflow))
	}
	if a.p.Facts.Circle.Server && len(contexts) > 0 {
		return nil, "circleci.server is set, and CircleCI Server may know one context for a workflow only"
	}
	if other := a.sharer(use); other != "" {
		return nil, "the entry is shared through an anchor with " + other
	}
	written := use.Get("context")
	pair := rewrite.Pair{Key: "context", Value: rewrite.String(name)}
	if n := written.Resolve(); n.Exists() && !n.IsNull() && (n.Kind() != rewrite.Scalar || n.Value() != "") {
		return extendContext(use, written, name), ""
	}
	switch place := ownArgs(use); {
	case use.Bare:
		return shared(use.Node, rewrite.Wrap(use.Node, rewrite.Map(pair))), ""
	case place.Own("context").Exists():
		return shared(place, rewrite.Replace(written, pair.Value)), ""
	case written.Exists() || place.Kind() == rewrite.Alias:
		return shared(place, rewrite.Override(place, pair)), ""
	case use.Args.Len() == 0:
		return shared(use.Node, rewrite.Append(place, pair)), ""
	}
	first := use.Args.Entries()[0]
	for e := first; e.Exists(); e = e.Sibling(1) {
		if e.IsMerge() || e.Name() == "name" {
			continue
		}
		return shared(use.Args, rewrite.InsertBefore(e, pair)), ""
	}
	return shared(use.Args, rewrite.Append(use.Args, pair)), ""
}

// workflowName is a workflow, or a job group, for people.
func workflowName(w *circle.Workflow) string {
	if w.Group {
		return "the job group " + w.Name
	}
	return "the workflow " + w.Name
}

// extendContext adds a context to those that an entry has: a list in place of a name, one more item in a list. What other
// entries share stays theirs.
func extendContext(use *circle.WorkflowJob, written rewrite.Node, name string) []rewrite.Op {
	place := ownArgs(use)
	own := place.Own("context").Exists()
	if own && written.Kind() == rewrite.Sequence && len(written.Aliases()) == 0 {
		return shared(written, rewrite.Append(written, rewrite.Item(rewrite.String(name))))
	}
	var items []rewrite.Value
	for _, c := range use.Contexts() {
		items = append(items, rewrite.String(c.Name))
	}
	list := rewrite.List(append(items, rewrite.String(name))...)
	if own && len(written.Aliases()) == 0 {
		return shared(place, rewrite.Replace(written, list))
	}
	return shared(place, rewrite.Override(place, rewrite.Pair{Key: "context", Value: list}))
}

// ownArgs are the arguments of an entry where they stand: an alias to those that it shares with others.
func ownArgs(use *circle.WorkflowJob) rewrite.Node { return use.Key.Entry().Value() }

// sharer is another entry that would get the context through an anchor and does not run the same job; "" for none.
func (a *attachment) sharer(use *circle.WorkflowJob) string {
	if use.Item.Kind() == rewrite.Alias {
		return "the place of its anchor"
	}
	place := use.Args
	if value := use.Key.Entry().Value(); value.Kind() == rewrite.Alias {
		return "" // an override stays at the alias
	}
	if use.Bare {
		place = use.Node
	}
	if len(place.Users()) == 0 {
		return ""
	}
	for _, other := range allEntries(a.p.Config) {
		if other.JobName == use.JobName {
			continue
		}
		touched := other.Args.Same(place) || other.Node.Same(place) || slices.ContainsFunc(other.Args.Fields(), func(e rewrite.Entry) bool { return e.Parent().Same(place) })
		if touched {
			return other.Name()
		}
	}
	return ""
}

// require says what the contexts must be: they have to hold the variables, and to be open to nobody else.
func (a *attachment) require(variables ...string) {
	add := func(kind, where, format string, args ...any) {
		a.fix.requiref(Before, kind, where, format, args...)
	}
	for _, name := range a.given {
		a.fix.Relies = append(a.fix.Relies, &NamedContext{Name: name, Variables: variables})
		add("context", "", "make sure that the context %s exists: without it the jobs fail. Or create it: `circleci context create %s --org gh/ORG`", name, shellWord(name))
		for _, text := range contextAdvice(name, slices.Concat(a.p.byContext()[name], a.users)) {
			add("context", "", "%s", text)
		}
	}
}

// entriesByContext are the workflow entries that have a context, by its name.
func entriesByContext(c *circle.Config) map[string][]*circle.WorkflowJob {
	out := map[string][]*circle.WorkflowJob{}
	for _, use := range allEntries(c) {
		for _, x := range use.Contexts() {
			if x.Known {
				out[x.Name] = append(out[x.Name], use)
			}
		}
	}
	return out
}

// contextAdvice says how to restrict a context to those who need it, as commands. The branch is part of it where all of
// the entries that use the context show the same one: on any other branch the jobs would fail.
func contextAdvice(name string, uses []*circle.WorkflowJob) []string {
	word, condition, provided := shellWord(name), `not job.ssh.enabled and not (pipeline.config_source starts-with "api")`, ""
	if branch := onlyBranch(uses); branch != "" {
		condition = `pipeline.git.branch == "` + branch + `" and ` + condition
		provided = ", provided that every job with it runs on " + branch + " only"
	}
	return []string{
		fmt.Sprintf("restrict the context %s to the projects that need it: `circleci context restriction create %s --type project --value PROJECT_ID --org gh/ORG`", name, word),
		fmt.Sprintf("restrict the context %s to what may use it%s: `circleci context restriction create %s --type expression --value '%s' --org gh/ORG`", name, provided, word, condition),
		fmt.Sprintf("restrict the context %s to the people who may use it: `circleci context restriction create %s --type group --value GROUP --org gh/ORG`", name, word),
	}
}

// onlyBranch is the one branch on which entries run, as the filters of each have it; "" when they may run on others.
func onlyBranch(uses []*circle.WorkflowJob) string {
	branch := ""
	for _, use := range uses {
		filters := use.Filters()
		only := textsOf(filters.Get("branches").Resolve().Get("only").Resolve())
		if len(only) != 1 || filters.Get("tags").Exists() || strings.HasPrefix(only[0], "/") || shellWord(only[0]) != only[0] {
			return ""
		}
		if branch != "" && only[0] != branch {
			return ""
		}
		branch = only[0]
	}
	return branch
}

// shellWord is a text as one word of a shell command.
func shellWord(text string) string {
	for _, r := range text {
		if !(r == '-' || r == '_' || r == '.' || r == '/' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z') {
			return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
		}
	}
	return text
}
