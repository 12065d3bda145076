package setup

import (
	"strings"

	"cfgfix/cmd/internal/report"
)

// isNew reports whether the plan makes the context: no config names it yet.
func (c *namedContext) isNew() bool { return !c.named }

// ref is the id of a context in expressions.
func (c *namedContext) ref() string {
	if c.isNew() {
		return "circleci_context." + c.id + ".id"
	}
	return "var.context_ids[" + quote(c.name) + "]"
}

// contextVariables asks for the ids of contexts that are there.
func (t *terraform) contextVariables() {
	var there []string
	for _, c := range t.contexts {
		if !c.isNew() {
			there = append(there, c.name)
		}
	}
	if len(there) == 0 {
		return
	}
	t.keyed("context_ids", "Ids of the contexts that the configs name already, by name, as far as they get variables or are restricted: circleci context list", there, nil)
	t.line("variable \"restricted_contexts\" {\ndescription = %s\ntype = set(string)\ndefault = []\n}\n",
		quote("Those among these contexts to restrict to the projects here: other projects that use them would be shut out"))
}

// allContexts writes the contexts with their restrictions, then the variables in contexts and projects.
func (t *terraform) allContexts() {
	for _, c := range t.contexts {
		t.context(c)
	}
	for _, s := range t.stored {
		t.store(s)
	}
	for _, s := range t.byHand {
		t.comment("GAP: " + s.gap())
	}
}

func (t *terraform) context(c *namedContext) {
	t.comment("---- the context " + c.name + " of " + strings.Join(c.users.names(), ", "))
	for _, v := range c.variables {
		t.comment("It has to hold " + v + ", whose value is set by hand: it is a secret.")
	}
	if c.isNew() {
		t.line("\nresource \"circleci_context\" %q {\norganization_id = var.org_id\nname = %s\n}\n", c.id, quote(c.name))
	}
	var pairs []string
	for _, x := range c.users {
		pairs = append(pairs, quote(x.Name)+" = var.project_ids["+quote(x.Name)+"]")
	}
	each := "{\n" + strings.Join(pairs, "\n") + "\n}"
	if !c.isNew() {
		each = "{\nfor repo, id in " + each + " : repo => id if contains(var.restricted_contexts, " + quote(c.name) + ")\n}"
	}
	t.line("\nresource \"circleci_context_restriction\" \"%s_project\" {\nfor_each = %s\n\ncontext_id = %s\ntype = \"project\"\nvalue = each.value\n}\n", c.id, each, c.ref())
	if t.branch != "" && c.isNew() {
		t.line("resource \"circleci_context_restriction\" \"%s_branch\" {\ncontext_id = %s\ntype = \"expression\"\nvalue = %s\n}\n", c.id, c.ref(), quote(branchExpression(t.branch)))
	}
}

// branchExpression lets only pipelines of a branch at a context: none that somebody reached into by SSH, and none whose
// config was sent to the API.
func branchExpression(branch string) string {
	return `pipeline.git.branch == "` + branch + `" and not job.ssh.enabled and not (pipeline.config_source starts-with "api")`
}

// store writes a variable of a context, or of each project.
func (t *terraform) store(s stored) {
	id := slug(s.name)
	if len(s.at.contexts) > 0 {
		ref := "var." + s.at.choice()
		if len(s.at.contexts) == 1 {
			ref = s.at.contexts[0].ref()
		}
		for _, c := range s.at.contexts {
			id = c.id + "_" + id
		}
		t.line("resource \"circleci_context_environment_variable\" %q {\ncontext_id = %s\nname = %s\nvalue = %s\n}\n", id, ref, quote(s.name), t.value(s))
		return
	}
	for _, x := range s.at.projects {
		t.line("resource \"circleci_project_environment_variable\" %q {\nproject_slug = var.project_slugs[%s]\nname = %s\nvalue = %s\n}\n",
			x.id+"_"+id, quote(x.Name), quote(s.name), t.value(s))
	}
}

// value is what a variable has to hold, as an expression.
func (t *terraform) value(s stored) string {
	switch {
	case s.role != nil:
		return s.role.ref() + ".arn"
	case s.input != "":
		return "var." + s.input
	case s.part == "project_number":
		return "data.google_project.circleci.number"
	case s.part == "pool":
		return "google_iam_workload_identity_pool.circleci.workload_identity_pool_id"
	case s.part == "provider":
		return "google_iam_workload_identity_pool_provider.circleci.workload_identity_pool_provider_id"
	default:
		return quote(s.text)
	}
}

// slugs asks for the names by which CircleCI knows projects whose variables are set.
func (t *terraform) slugs() {
	need := t.slugged()
	if len(need) == 0 {
		return
	}
	var known []string
	for _, x := range need {
		if x.slug() != "" {
			known = append(known, x.slug())
		}
	}
	if len(known) < len(need) {
		known = nil
	}
	t.keyed("project_slugs", "Slugs of the CircleCI projects whose variables are set, by repository: Project Settings > Overview", need.names(), known)
}

// hostedName is what GitHub and Bitbucket take for owner/name.
var hostedName = expression(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+$`)

// slug is how CircleCI names the project, "" where that cannot be told from the remote.
func (x *project) slug() string {
	switch {
	case !hostedName().MatchString(x.Name):
		return ""
	case x.Host == "github.com":
		return "github/" + x.Name
	case x.Host == "bitbucket.org":
		return "bitbucket/" + x.Name
	default:
		return ""
	}
}

func (t *terraform) runnerClasses() {
	for _, c := range t.classes {
		t.comment("---- the runner " + c.name + ", for " + strings.Join(c.jobs, ", "))
		t.comment("Making the class makes no runner: install one that reaches " + orWords(c.hosts, "what the tunnels of these jobs lead to") + ".")
		t.line("\nresource \"circleci_runner_resource_class\" %q {\norganization_id = var.org_id\nresource_class = %s\ndescription = %s\n}\n",
			c.id, quote(c.name), quote("For "+clip(report.Visible(strings.Join(c.jobs, ", ")), 200)))
	}
}

// orWords are the items, or words when there are none.
func orWords(items []string, words string) string {
	if len(items) == 0 {
		return words
	}
	return strings.Join(items, ", ")
}
