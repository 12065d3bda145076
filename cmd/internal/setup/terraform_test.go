package setup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"
)

// eachCase runs a test on the plan of each case in testdata.
func eachCase(t *testing.T, test func(t *testing.T, p *Plan)) {
	t.Helper()
	eachArchive(t, func(t *testing.T, _ string, a *txtar.Archive) { test(t, planOf(t, a)) })
}

func TestTerraformResolves(t *testing.T) {
	t.Parallel()
	eachCase(t, func(t *testing.T, p *Plan) {
		for _, fault := range unresolved(p.Terraform()) {
			t.Error(fault)
		}
	})
}

// unresolved are the faults of a file of Terraform: what does not parse, what is there twice, and what is referred to
// and is not there.
func unresolved(src []byte) []string {
	file, diags := hclsyntax.ParseConfig(src, "setup.tf", hcl.InitialPos)
	if diags.HasErrors() {
		return []string{diags.Error()}
	}
	body := file.Body.(*hclsyntax.Body)
	var faults []string
	defined := map[string]bool{}
	for _, b := range body.Blocks {
		for _, name := range addresses(b) {
			if defined[name] {
				faults = append(faults, name+" is there twice")
			}
			defined[name] = true
		}
	}
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		e, ok := n.(hclsyntax.Expression)
		if !ok {
			return nil
		}
		for _, ref := range e.Variables() {
			if name := address(ref); name != "" && !defined[name] {
				faults = append(faults, fmt.Sprintf("%s: %s is not there", ref.SourceRange(), name))
			}
		}
		return nil
	})
	slices.Sort(faults)
	return slices.Compact(faults)
}

// addresses are the names that a block defines.
func addresses(b *hclsyntax.Block) []string {
	switch b.Type {
	case "variable":
		return []string{"var." + b.Labels[0]}
	case "resource":
		return []string{strings.Join(b.Labels, ".")}
	case "data":
		return []string{"data." + strings.Join(b.Labels, ".")}
	case "provider":
		if alias, ok := b.Body.Attributes["alias"]; ok {
			v, _ := alias.Expr.Value(nil)
			return []string{b.Labels[0] + "." + v.AsString()}
		}
		return []string{"provider " + b.Labels[0]}
	case "output":
		return []string{"output " + b.Labels[0]}
	case "locals":
		var out []string
		for name := range b.Body.Attributes {
			out = append(out, "local."+name)
		}
		return out
	}
	return nil
}

// address is what a reference needs to be there, "" for what a block gives itself.
func address(ref hcl.Traversal) string {
	var parts []string
	for _, step := range ref {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, step.Name)
		case hcl.TraverseAttr:
			parts = append(parts, step.Name)
		}
	}
	switch parts[0] {
	case "each", "repo", "id", "pair", "string", "map", "set", "list":
		return ""
	case "data":
		return strings.Join(parts[:3], ".")
	}
	if len(parts) < 2 {
		return parts[0]
	}
	return strings.Join(parts[:2], ".")
}

// TestTerraformFormat asks Terraform itself.
func TestTerraformFormat(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not installed")
	}
	eachCase(t, func(t *testing.T, p *Plan) {
		file := filepath.Join(t.TempDir(), "setup.tf")
		if err := os.WriteFile(file, p.Terraform(), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("terraform", "fmt", "-check", "-diff", file)
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

var unquotedTemplate = regexp.MustCompile(`\$\{[^}]*\$\{`)

// TestHostileNames holds names to be text in Terraform: nothing in them is expanded.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/hostile.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tf := string(planOf(t, a).Terraform())
	if strings.Contains(tf, "${x}") && !strings.Contains(tf, "$${x}") || unquotedTemplate.MatchString(tf) {
		t.Errorf("a name is a template:\n%s", tf)
	}
}

// blocks are the arguments of what the plans make, as the documentation of the providers has them: hashicorp's, and that
// of CircleCI-Public/terraform-provider-circleci. Those behind the bar may be left out.
var blocks = map[string]string{
	"data aws_caller_identity":                          "| provider",
	"data aws_iam_policy_document":                      "statement |",
	"data aws_iam_role":                                 "name | provider",
	"data google_project":                               "project_id |",
	"data azuread_application":                          "client_id |",
	"aws_iam_openid_connect_provider":                   "url client_id_list | count provider",
	"aws_iam_role":                                      "name assume_role_policy depends_on | path description max_session_duration provider",
	"aws_iam_role_policy":                               "name role policy | provider",
	"aws_iam_role_policy_attachment":                    "role policy_arn for_each | provider",
	"google_iam_workload_identity_pool":                 "workload_identity_pool_id | display_name",
	"google_iam_workload_identity_pool_provider":        "workload_identity_pool_id workload_identity_pool_provider_id attribute_mapping oidc |",
	"google_service_account_iam_member":                 "service_account_id role member for_each |",
	"google_artifact_registry_repository_iam_member":    "project location repository role member |",
	"vault_jwt_auth_backend":                            "path oidc_discovery_url bound_issuer |",
	"vault_jwt_auth_backend_role":                       "backend role_name role_type user_claim bound_audiences bound_claims token_policies token_ttl token_max_ttl |",
	"azuread_application_federated_identity_credential": "application_id display_name issuer audiences subject for_each |",
	"circleci_context":                                  "organization_id name |",
	"circleci_context_restriction":                      "context_id type value | for_each",
	"circleci_context_environment_variable":             "context_id name value |",
	"circleci_project_environment_variable":             "project_slug name value |",
	"circleci_runner_resource_class":                    "organization_id resource_class description |",
}

// TestTerraformArguments holds blocks to the arguments that they have: providers are not there to say so.
func TestTerraformArguments(t *testing.T) {
	t.Parallel()
	eachCase(t, func(t *testing.T, p *Plan) {
		file, diags := hclsyntax.ParseConfig(p.Terraform(), "setup.tf", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			name := b.Type + " " + strings.Join(b.Labels[:min(len(b.Labels), 1)], "")
			if name = strings.TrimPrefix(name, "resource "); b.Type != "resource" && b.Type != "data" {
				continue
			}
			required, optional, known := strings.Cut(blocks[name], "|")
			if !known {
				t.Errorf("%s is not known", name)
			}
			given := map[string]bool{}
			for arg := range b.Body.Attributes {
				given[arg] = true
			}
			for _, inner := range b.Body.Blocks {
				given[inner.Type] = true
			}
			for _, arg := range strings.Fields(required) {
				if !given[arg] {
					t.Errorf("%s %s has no %s", name, b.Labels[1], arg)
				}
				delete(given, arg)
			}
			for arg := range given {
				if !slices.Contains(strings.Fields(optional), arg) {
					t.Errorf("%s %s has %s", name, b.Labels[1], arg)
				}
			}
		}
	})
}
