package setup

import (
	"encoding/json"
	"strings"

	"cfgfix/cmd/internal/report"
)

// policy is a policy document of IAM, in which names in braces stand for what is not known.
type policy struct {
	Version   string
	Statement []policyStatement
}

type policyStatement struct {
	Effect    string
	Principal map[string]string              `json:",omitempty"`
	Action    []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"` // by test and key
}

// policyOf is what a role may do.
func policyOf(x *role) policy {
	out := policy{Version: "2012-10-17"}
	for _, s := range x.statements {
		out.Statement = append(out.Statement, policyStatement{Effect: "Allow", Action: s.actions, Resource: s.resources})
	}
	return out
}

// trust is whom a role trusts: jobs of the organisation and projects, on the branch when there is one.
func (p *Plan) trust(x *role) policy {
	issuer := "{issuer}"
	var ids, subjects []string
	for _, u := range x.users {
		ids = append(ids, "{project_id:"+u.id+"}")
		subjects = append(subjects, "org/{org_id}/project/{project_id:"+u.id+"}/user/*/vcs-origin/"+u.origin()+"/vcs-ref/refs/heads/"+p.branch)
	}
	s := policyStatement{
		Effect:    "Allow",
		Principal: map[string]string{"Federated": "arn:{partition}:iam::{account}:oidc-provider/" + issuer},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: map[string]map[string][]string{"StringEquals": {
			issuer + ":aud":                          {"{org_id}"},
			issuer + ":oidc.circleci.com/project-id": ids,
		}},
	}
	if p.limits(x) {
		s.Condition["StringLike"] = map[string][]string{issuer + ":sub": subjects}
	}
	return policy{"2012-10-17", []policyStatement{s}}
}

// limits reports whether the role is limited to the plan's branch. Images are pulled by jobs of all branches, with a
// token whose version is not documented, and the first version does not tell the branch.
func (p *Plan) limits(x *role) bool { return p.branch != "" && len(x.images) == 0 && !x.use.FirstToken }

// tagsNote tells of builds of tags, which no branch has.
const tagsNote = "Workflows here run jobs for tags too, which this shuts out: to let them in, add subjects that end with vcs-ref/refs/tags/ and their pattern."

// origin is the repo as the token's subject names it, as far as it is known.
func (x *project) origin() string {
	if x.Host == "" || !strings.Contains(x.Name, "/") || !plain(x.Host+x.Name) {
		return "*"
	}
	return x.Host + "/" + x.Name
}

// json is the document, a line each, with what stands for the names in braces. literal escapes the rest.
func (p policy) json(literal, named func(string) string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p.marked()); err != nil {
		panic(err) // a struct of strings
	}
	var out strings.Builder
	for i, part := range strings.FieldsFunc(string(report.VisibleJSON([]byte(strings.TrimSuffix(b.String(), "\n")))), func(r rune) bool { return r == open || r == end }) {
		if i%2 == 0 { // JSON begins with a brace, and a name is never empty
			out.WriteString(literal(part))
		} else {
			out.WriteString(named(part))
		}
	}
	return out.String()
}

// In a document names are between these, since JSON has braces of its own.
const open, end = '\uE000', '\uE001'

// marked is the document with the names in braces between other marks.
func (p policy) marked() policy {
	mark := strings.NewReplacer("{", string(open), "}", string(end), string(open), "", string(end), "").Replace
	all := func(list []string) []string {
		var out []string
		for _, t := range list {
			out = append(out, mark(t))
		}
		return out
	}
	out := policy{Version: p.Version}
	for _, s := range p.Statement {
		m := policyStatement{Effect: s.Effect, Action: s.Action, Resource: all(s.Resource)}
		for key, value := range s.Principal {
			m.Principal = map[string]string{key: mark(value)}
		}
		for test, values := range s.Condition {
			if m.Condition == nil {
				m.Condition = map[string]map[string][]string{}
			}
			m.Condition[test] = map[string][]string{}
			for key, list := range values {
				m.Condition[test][mark(key)] = all(list)
			}
		}
		out.Statement = append(out.Statement, m)
	}
	return out
}

// shell is the document inside of a here-document.
func (p policy) shell(s *script, x *role) string {
	return p.json(heredoc, func(name string) string {
		switch id, project := strings.CutPrefix(name, "project_id:"); {
		case project:
			return "$PROJECT_ID_" + env(id)
		case name == "partition":
			return x.account.partition
		case name == "account":
			return s.number(x.account)
		default:
			return "${" + env(name) + "}"
		}
	})
}
