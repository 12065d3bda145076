package setup

import (
	"fmt"
	"strings"

	"cfgfix/cmd/internal/report"
)

// Markdown is the plan as a list for people who make it by hand, or want to know what the other forms do.
func (p *Plan) Markdown() []byte {
	m := &markdown{Plan: p}
	m.line("# What the fixes rely on\n")
	m.line("For %s. All of it has to be there before the fixes are merged.", code(users(p.projects).names()...))
	m.unknown()
	m.aws()
	m.google()
	m.others()
	m.circle()
	return []byte(m.b.String())
}

type markdown struct {
	*Plan
	b strings.Builder
}

func (m *markdown) line(format string, args ...any) {
	fmt.Fprintf(&m.b, format, args...)
	m.b.WriteByte('\n')
}

// code are texts as code, from which nothing gets out.
func code(texts ...string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = report.MarkdownCode(t)
	}
	return strings.Join(out, ", ")
}

// row writes a row of a table, whose cells end at a bar even in code.
func (m *markdown) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	m.line("| %s |", strings.Join(cells, " | "))
}

func (m *markdown) unknown() {
	m.line("\n## What no config says\n\n| name | what it is |\n| --- | --- |")
	for _, in := range m.inputs {
		if !in.none {
			m.row(code(in.name), report.MarkdownText(in.text))
		}
	}
	for _, x := range m.projects {
		m.row(code("project_id_"+x.id), "Id of the CircleCI project of "+code(x.Name)+", a UUID: Project Settings &gt; Overview")
	}
}

func (m *markdown) aws() {
	for _, a := range m.accounts {
		name := "the AWS account " + a.number
		if a.number == "" {
			name = "the AWS account that the configs do not name"
		}
		m.line("\n## %s\n", strings.ToUpper(name[:1])+name[1:])
		box := "[ ] An"
		if a.used {
			box = "The account has an"
		}
		m.line("- %s OIDC identity provider for `https://oidc.circleci.com/org/<org_id>` with the audience `<org_id>`, once for the account", box)
		for _, x := range m.roles {
			if x.account == a {
				m.role(x)
			}
		}
	}
}

func (m *markdown) role(x *role) {
	m.line("\n### Role %s\n", code(x.path[1:]+x.name))
	switch {
	case x.use.Existing:
		m.line("- [ ] It is there: see that its trust is as below")
	case x.session > 0:
		m.line("- [ ] The role, for sessions of up to %d seconds", x.session)
	default:
		m.line("- [ ] The role, with this trust")
	}
	switch {
	case x.use.Variable != "":
		m.line("- [ ] Its ARN as %s in %s", code(x.use.Variable), report.MarkdownText(x.at.String()))
	case x.use.Fact != "":
		m.line("- [ ] Its ARN as the fact %s of cfgfix: the fixes wait for it", code(x.use.Fact))
	}
	m.line("- For %s in %s, in place of %s", code(x.jobs...), code(x.users.names()...), report.MarkdownText(strings.Join(x.keys, ", ")))
	if m.branch != "" && !m.limits(x) {
		m.line("- Not limited to the branch %s: images are pulled for jobs of all branches, and old orbs send a token that does not tell the branch", code(m.branch))
	}
	if x.use.Tags && m.limits(x) {
		m.line("- %s", tagsNote)
	}
	m.line("\n```json\n%s\n```", m.document(m.trust(x), x))
	if len(x.statements) > 0 {
		m.line("\nWhat the configs show that it has to be allowed:\n\n```json\n%s\n```", m.document(policyOf(x), x))
	}
	if len(x.gaps) > 0 {
		m.line("\n**Gap**: the configs do not show what else it needs:\n")
		for _, g := range x.gaps {
			m.line("- [ ] %s", report.MarkdownText(g))
		}
	}
}

// document is a policy for people: what is not known stands in angle brackets.
func (m *markdown) document(p policy, x *role) string {
	return p.json(func(s string) string { return strings.ReplaceAll(s, "```", "'''") }, func(name string) string {
		switch {
		case name == "partition":
			return x.account.partition
		case name == "account" && x.account.number != "":
			return x.account.number
		case name == "issuer":
			return "oidc.circleci.com/org/<org_id>"
		default:
			return "<" + strings.Replace(name, ":", "_", 1) + ">"
		}
	})
}

func (m *markdown) google() {
	if len(m.gcp) == 0 {
		return
	}
	m.line("\n## Google Cloud\n")
	m.line("- [ ] A workload identity pool %s with an OIDC provider %s: the issuer `https://oidc.circleci.com/org/<org_id>`, the audience `<org_id>`", code(m.poolName(1)), code(m.poolName(2)))
	m.line("- [ ] Its mapping: %s, %s, `attribute.org_id=assertion.aud`", code("google.subject="+m.subjectMapping()), code("attribute.project="+projectMapping))
	if m.branch != "" {
		m.line("- [ ] And %s", code("attribute.project_ref="+refMapping))
	}
	for _, x := range m.gcp {
		account := code(x.email)
		if x.email == "" {
			account = "the service account behind " + code(x.keys...)
		}
		for _, u := range x.users {
			attribute, behind := m.members(x)
			m.line("- [ ] `roles/iam.workloadIdentityUser` on %s for %s of the pool: jobs %s", account, code(attribute+"<project_id_"+u.id+">"+behind), code(x.jobs...))
		}
		for _, r := range x.repositories() {
			m.line("- [ ] `roles/artifactregistry.reader` for %s on the repository %s in %s of project %s", account, code(r.name), code(r.location), code(r.project))
		}
	}
}

// others are Vault and Azure.
func (m *markdown) others() {
	for _, x := range m.vault {
		m.line("\n## Vault role %s\n", code(x.name))
		m.line("- [ ] The JWT method at %s: `oidc_discovery_url` and `bound_issuer` are `https://oidc.circleci.com/org/<org_id>`, which Vault has to reach", code(x.path))
		m.line("- [ ] The role: `role_type=jwt user_claim=sub bound_audiences=<org_id>`, bound to `oidc.circleci.com/project-id`")
		m.line("- [ ] Its policies for %s%s", code(x.jobs...), report.MarkdownText(x.shows()))
	}
	for _, x := range m.azure {
		m.line("\n## Azure application of %s\n", code(x.jobs...))
		m.line("- [ ] A federated credential for each project and each user who starts these jobs: the issuer `https://oidc.circleci.com/org/<org_id>`, the audience `<org_id>`, the subject `org/<org_id>/project/<project_id>/user/<user_id>`")
	}
}

func (m *markdown) circle() {
	for i, x := range m.packages {
		if i == 0 {
			m.line("\n## Package registries\n")
		}
		m.line("- [ ] %s", report.MarkdownText(x.byHand()))
	}
	if len(m.contexts)+len(m.classes)+len(m.stored)+len(m.byHand) > 0 {
		m.line("\n## CircleCI\n")
	}
	for _, c := range m.contexts {
		if c.isNew() {
			m.line("- [ ] The context %s, restricted to %s", code(c.name), code(c.users.names()...))
		} else {
			m.line("- The context %s is there: if nobody else uses it, restrict it to %s", code(c.name), code(c.users.names()...))
		}
		for _, v := range c.variables {
			m.line("- [ ] %s in it, set by hand", code(v))
		}
	}
	for _, v := range m.stored {
		m.line("- [ ] The variable %s in %s", code(v.name), report.MarkdownText(v.at.String()))
	}
	for _, v := range m.byHand {
		m.line("- [ ] **Gap**: %s", report.MarkdownText(v.gap()))
	}
	for _, c := range m.classes {
		m.line("- [ ] The resource class %s, and a runner for it that reaches %s", code(c.name), report.MarkdownText(orWords(c.hosts, "what the tunnels of its jobs lead to")))
	}
}
