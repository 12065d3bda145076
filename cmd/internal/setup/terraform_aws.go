package setup

import (
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
)

// identityProviders makes CircleCI known to each account.
func (t *terraform) identityProviders() {
	for _, a := range t.accounts {
		name := t.accountID(a)
		if a.used {
			continue
		}
		if a.number == "" {
			t.line("data \"aws_caller_identity\" %q {%s}\n", name, t.providerIn(a))
		}
		t.line("resource \"aws_iam_openid_connect_provider\" %q {\ncount = contains(var.existing_oidc_providers, %q) ? 0 : 1", name, accountName(a))
		t.providerLine(a)
		t.line("url = \"https://${local.issuer}\"\nclient_id_list = [var.org_id]\n}\n")
	}
}

func (t *terraform) accountID(a *account) string {
	if alias := t.alias(a); alias != "" {
		return alias
	}
	return "circleci"
}

// number is the number of an account, in a string of Terraform.
func (t *terraform) number(a *account) string {
	if a.number != "" {
		return a.number
	}
	return "${data.aws_caller_identity." + t.accountID(a) + ".account_id}"
}

// role writes a role: whom it trusts, what it may do, and where its ARN goes.
func (t *terraform) role(x *role) {
	t.comment("---- "+roleTitle(x), "Used by "+strings.Join(x.jobs, ", ")+" in "+strings.Join(x.users.names(), ", ")+".")
	if len(x.keys) > 0 {
		t.comment("In place of " + strings.Join(x.keys, ", ") + ".")
	}
	if x.account.number == "" {
		t.comment("The configs do not say in which account: this is that of the provider. Once the ARN is in the settings file, so is the account.")
	}
	t.gap()
	t.trust(x)
	if x.use.Existing {
		t.comment("The configs use this role already: it is left as it is, but for what it may do. See that its trust is as above.")
		t.line("data \"aws_iam_role\" %q {", x.id)
		t.providerLine(x.account)
		t.line("name = %s\n}\n", quote(x.name))
	} else {
		t.line("resource \"aws_iam_role\" %q {", x.id)
		t.providerLine(x.account)
		t.line("name = %s", quote(x.name))
		if x.path != "/" {
			t.line("path = %s", quote(x.path))
		}
		t.line("description = %s", quote("CircleCI: "+clip(report.Visible(strings.Join(x.users.names(), ", ")), 200)))
		if x.session > 0 {
			t.line("max_session_duration = %d", x.session)
		}
		t.line("assume_role_policy = data.aws_iam_policy_document.%s_trust.json\n\ndepends_on = [aws_iam_openid_connect_provider.%s]\n}\n", x.id, t.accountID(x.account))
	}
	t.permissions(x)
	t.attachments(x)
}

// clip cuts what is too long for a field.
func clip(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}

// roleTitle is what a role is for, in a line.
func roleTitle(x *role) string {
	switch {
	case x.use.ARN != "":
		return x.use.ARN
	case x.use.Variable != "":
		return x.use.Variable + " in " + x.at.String()
	case len(x.images) > 0 && x.use.Account != "":
		return "the role that pulls images of account " + x.use.Account
	default:
		return "the role of " + strings.Join(x.keys, ", ")
	}
}

// ref is the role in expressions.
func (x *role) ref() string {
	if x.use.Existing {
		return "data.aws_iam_role." + x.id
	}
	return "aws_iam_role." + x.id
}

func (t *terraform) trust(x *role) {
	t.line("data \"aws_iam_policy_document\" \"%s_trust\" {\nstatement {\nactions = [\"sts:AssumeRoleWithWebIdentity\"]\n", x.id)
	t.line("principals {\ntype = \"Federated\"\nidentifiers = [\"arn:%s:iam::%s:oidc-provider/${local.issuer}\"]\n}\n", x.account.partition, t.number(x.account))
	t.line("condition {\ntest = \"StringEquals\"\nvariable = \"${local.issuer}:aud\"\nvalues = [var.org_id]\n}\n")
	t.line("condition {\ntest = \"StringEquals\"\nvariable = \"${local.issuer}:oidc.circleci.com/project-id\"\nvalues = %s\n}", lines(t.projectIDs(x.users)))
	switch {
	case t.branch != "" && len(x.images) > 0:
		t.gap()
		t.comment("Not limited to the branch " + t.branch + ": jobs of all branches may run in these images.")
	case t.branch != "" && x.use.FirstToken:
		t.gap()
		t.comment("Not limited to the branch " + t.branch + ": an orb here sends the first version of the token, which does not tell the branch.")
	case t.limits(x):
		t.gap()
		if x.use.Tags {
			t.comment(tagsNote)
		}
		t.line("condition {\ntest = \"StringLike\"\nvariable = \"${local.issuer}:sub\"\nvalues = %s\n}", lines(t.subjects(x.users)))
	}
	t.line("}\n}\n")
}

// projectIDs are the ids of projects, as expressions.
func (t *terraform) projectIDs(list users) []string {
	var out []string
	for _, x := range list {
		out = append(out, "var.project_ids["+quote(x.Name)+"]")
	}
	return out
}

// lines is a list of expressions: on one line when it has one element, else a line each.
func lines(items []string) string {
	if len(items) == 1 {
		return "[" + items[0] + "]"
	}
	return "[\n" + strings.Join(items, ",\n") + ",\n]"
}

// subjects are those of the second version of the token, on the branch.
func (t *terraform) subjects(list users) []string {
	var out []string
	for _, x := range list {
		out = append(out, `"org/${var.org_id}/project/${var.project_ids[`+quote(x.Name)+`]}/user/*/vcs-origin/`+escape(x.origin())+`/vcs-ref/refs/heads/`+escape(t.branch)+`"`)
	}
	return out
}

// permissions writes what the role visibly needs.
func (t *terraform) permissions(x *role) {
	if len(x.statements) == 0 {
		return
	}
	t.line("data \"aws_iam_policy_document\" %q {", x.id)
	for i, s := range x.statements {
		if i > 0 {
			t.gap()
		}
		var quoted []string
		for _, a := range s.actions {
			quoted = append(quoted, quote(a))
		}
		t.line("statement {")
		if slices.Equal(s.resources, []string{"*"}) {
			t.comment("On everything: the calls name nothing that can be told, or IAM knows nothing narrower.")
		}
		t.line("actions = %s", lines(quoted))
		var arns []string
		for _, r := range s.resources {
			arns = append(arns, t.arn(r, x))
		}
		t.line("resources = %s\n}", lines(arns))
	}
	t.line("}\n\nresource \"aws_iam_role_policy\" %q {", x.id)
	t.providerLine(x.account)
	t.line("name = \"what-the-configs-show\"\nrole = %s.name\npolicy = data.aws_iam_policy_document.%s.json\n}\n", x.ref(), x.id)
}

// arn is a resource of a statement as a string of Terraform.
func (t *terraform) arn(resource string, x *role) string {
	return `"` + fillIn(resource, escape, func(name string) string {
		switch name {
		case "partition":
			return x.account.partition
		case "account":
			return t.number(x.account)
		default:
			return "${var." + name + "}"
		}
	}) + `"`
}

// attachments lets those who apply the plan add what the configs do not show.
func (t *terraform) attachments(x *role) {
	if len(x.gaps) == 0 {
		return
	}
	t.comment("GAP: the configs do not show all that the role needs. Policies for it go to " + x.id + "_policy_arns:")
	for _, g := range x.gaps {
		t.comment("- " + g)
	}
	t.line("resource \"aws_iam_role_policy_attachment\" %q {", x.id)
	t.providerLine(x.account)
	t.line("for_each = toset(var.%s_policy_arns)\nrole = %s.name\npolicy_arn = each.value\n}\n", x.id, x.ref())
}
