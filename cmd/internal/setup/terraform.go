package setup

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
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
	return []byte(formatHCL(text + "\n"))
}

// terraform writes blocks. formatHCL indents and aligns them.
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
		t.line("# %s", report.Visible(l))
	}
}

// gap separates blocks.
func (t *terraform) gap() { t.b.WriteByte('\n') }

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
