package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Terraform is the plan as one file of Terraform, formatted as terraform fmt does it.
func (p *Plan) Terraform() []byte {
	t := &terraform{Plan: p}
	t.header()
	t.providers()
	t.variables()
	t.locals()
	t.identityProviders()
	for _, x := range p.roles {
		t.role(x)
	}
	t.google()
	t.vaultRoles()
	t.azureCredentials()
	t.allContexts()
	t.runnerClasses()
	for _, x := range t.packages {
		t.comment("---- " + x.byHand() + ".")
		t.gap()
	}
	t.outputs()
	text := strings.ReplaceAll(strings.TrimSpace(t.b.String()), "\n\n\n", "\n\n") // blocks may bring a gap along
	return hclwrite.Format([]byte(text + "\n"))
}

// terraform writes blocks. The formatter indents and aligns them.
type terraform struct {
	*Plan
	b strings.Builder
}

func (t *terraform) line(format string, args ...any) {
	fmt.Fprintf(&t.b, format, args...)
	t.b.WriteByte('\n')
}

// comment writes text as comments, a line each.
func (t *terraform) comment(lines ...string) {
	for _, l := range lines {
		t.line("# %s", oneLine(l))
	}
}

// gap separates blocks.
func (t *terraform) gap() { t.b.WriteByte('\n') }

// oneLine is text without what ends a line or steers a terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// quote is text as a string of Terraform, in which nothing is expanded.
func quote(text string) string { return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes()) }

func (t *terraform) header() {
	t.comment(
		"What the fixes of cfgfix rely on in "+strings.Join(users(t.projects).names(), ", ")+".",
		"Look it over, give the variables their values, and apply it before the fixes are merged.",
		"Credentials come from the environment, as the providers' documentation tells: CIRCLE_TOKEN for CircleCI.",
	)
	t.gap()
}

// provider is a provider of Terraform that the plan needs.
type provider struct {
	name, source, version string
	needed                bool
}

func (t *terraform) providers() {
	t.line("terraform {\nrequired_version = \">= 1.5\"\n\nrequired_providers {")
	for _, x := range []provider{
		{"aws", "hashicorp/aws", ">= 5.81", len(t.roles) > 0},
		{"azuread", "hashicorp/azuread", ">= 3.0", len(t.azure) > 0},
		{"circleci", "CircleCI-Public/circleci", ">= 0.3", len(t.contexts)+len(t.classes) > 0 || t.projectVariables()},
		{"google", "hashicorp/google", ">= 6.0", len(t.gcp) > 0},
		{"vault", "hashicorp/vault", ">= 4.0", len(t.vault) > 0},
	} {
		if x.needed {
			t.line("%s = {\nsource = %q\nversion = %q\n}", x.name, x.source, x.version)
		}
	}
	t.line("}\n}\n")
	for _, a := range t.accounts {
		if alias := t.alias(a); alias != "" {
			t.comment("Give this provider credentials for the account " + a.number + ": a profile or assume_role.")
			t.line("provider \"aws\" {\nalias = %q\nregion = %q\nallowed_account_ids = [%q]\n}\n", alias, homeRegion(a.partition), a.number)
		}
	}
	if len(t.gcp) > 0 {
		t.line("provider \"google\" {\nproject = var.gcp_project\n}\n")
	}
}

// homeRegion is the region whose endpoint serves IAM in a partition.
func homeRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}

// alias is the provider of an account, "" for the one at hand: that of an account that nobody names.
func (t *terraform) alias(a *account) string {
	switch {
	case a.number != "":
		return "account_" + a.number
	case a.partition != "aws":
		return slug(a.partition)
	default:
		return ""
	}
}

// providerLine chooses the provider of an account in a block.
func (t *terraform) providerLine(a *account) {
	if alias := t.alias(a); alias != "" {
		t.line("provider = aws.%s", alias)
	}
}

// providerIn is the choice in a block of which it is the only line.
func (t *terraform) providerIn(a *account) string {
	if alias := t.alias(a); alias != "" {
		return "\nprovider = aws." + alias + "\n"
	}
	return ""
}

func (t *terraform) variables() {
	for _, in := range t.inputs {
		t.line("variable %q {\ndescription = %s", in.name, quote(in.text))
		if in.list {
			t.line("type = list(string)")
		} else {
			t.line("type = string")
		}
		if in.none {
			t.line("default = []")
		}
		t.line("}\n")
	}
	t.keyed("project_ids", "Ids of the CircleCI projects, UUIDs, by repository: Project Settings > Overview", users(t.projects).names(), nil)
	if len(t.accountNames()) > 0 {
		t.line("variable \"existing_oidc_providers\" {\ndescription = %s\ntype = set(string)\ndefault = []\n}\n",
			quote("Those of the accounts "+strings.Join(t.accountNames(), ", ")+" that have CircleCI's identity provider already"))
	}
	t.slugs()
	t.contextVariables()
}

// keyed asks for a text for each of some names. fallback holds the default values; with none the names are a comment.
func (t *terraform) keyed(name, text string, keys, fallback []string) {
	t.line("variable %q {\ndescription = %s\ntype = map(string)", name, quote(text))
	if len(fallback) == 0 {
		t.comment("Its keys:")
		for _, k := range keys {
			t.comment("  " + quote(k))
		}
	} else {
		t.line("default = {")
		for i, k := range keys {
			t.line("%s = %s", quote(k), quote(fallback[i]))
		}
		t.line("}")
	}
	t.line("}\n")
}

// accountName is an account for people and in existing_oidc_providers.
func accountName(a *account) string {
	switch {
	case a.number != "":
		return a.number
	case a.partition != "aws":
		return a.partition
	default:
		return "default"
	}
}

// accountNames are the accounts to which CircleCI has to be made known.
func (t *terraform) accountNames() []string {
	var out []string
	for _, a := range t.accounts {
		if !a.used {
			out = append(out, accountName(a))
		}
	}
	return out
}

func (t *terraform) locals() {
	t.line("locals {\nissuer = \"oidc.circleci.com/org/${var.org_id}\"\n}\n")
}

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
		t.line("description = %s", quote("CircleCI: "+clip(strings.Join(x.users.names(), ", "), 200)))
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

// escape is text inside of a string of Terraform.
func escape(text string) string {
	quoted := quote(text)
	return quoted[1 : len(quoted)-1]
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

func (t *terraform) outputs() {
	for _, x := range t.roles {
		text := "ARN of the role in place of " + strings.Join(x.keys, ", ")
		if x.use.Fact != "" {
			text = "What the fixes wait for: give it to cfgfix as the fact " + x.use.Fact
		}
		t.line("output \"%s_role_arn\" {\ndescription = %s\nvalue = %s.arn\n}\n", x.id, quote(text), x.ref())
	}
}

// projectVariables reports whether variables of projects are set.
func (t *terraform) projectVariables() bool {
	return slices.ContainsFunc(t.stored, func(s stored) bool { return len(s.at.contexts) == 0 })
}
