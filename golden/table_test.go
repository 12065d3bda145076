package golden

import (
	"testing"

	"cfgfix/fixes"
)

// ruleRow is what is promised of one rule: how bad what it finds is, how safe its fix is, whether it is off by default,
// and what it finds and does, with the cases that show it.
type ruleRow struct {
	id       string
	severity fixes.Severity
	safety   fixes.Safety
	off      bool
	says     []statement
}

var ruleRows = []ruleRow{
	{"aws-static-keys", fixes.High, fixes.Setup, false, nil}, // see TestStatements
	{"aws-implicit-keys", fixes.Medium, fixes.Setup, false, nil},
	{"ecr-image-auth", fixes.High, fixes.Setup, false, nil},
	{"gcp-image-auth", fixes.High, fixes.Setup, false, []statement{
		{"images in Artifact Registry with a key are pulled with workload identity", []string{"gcp-image-auth/example applied"}},
		{"so are those in Container Registry, and those with a key in base64", []string{"gcp-image-auth/base64_and_gcr applied"}},
		{"an image without a login is silent", []string{"gcp-image-auth/silent " + silent}},
		{"an image of another host is left", []string{"gcp-image-auth/unknown_host manual"}},
	}},
	{"gcp-static-keys", fixes.High, fixes.Setup, false, []statement{
		{"keys in environments", []string{"gcp-static-keys/environment applied", "gcp-static-keys/environment_literal applied"}},
		{"keys that orbs log in with, by version", []string{"gcp-static-keys/orb_3 applied", "gcp-static-keys/orb_2_raised applied", "gcp-static-keys/orb_gcr manual"}},
		{"gcloud auth activate-service-account", []string{"gcp-static-keys/example applied"}},
		{"an orb or version outside the tables counts where the file shows the key", []string{"gcp-static-keys/orb_unknown_element manual"}},
		{"workload identity is silent", []string{"gcp-static-keys/silent_workload_identity " + silent}},
	}},
	{"vault-static-token", fixes.High, fixes.Setup, false, []statement{
		{"VAULT_TOKEN in environments and scripts", []string{"vault-static-token/token_in_environment applied", "vault-static-token/export applied", "vault-static-token/bash_env applied"}},
		{"secret ids of approle, by the CLI, by curl and by orbs", []string{"vault-static-token/example applied", "vault-static-token/curl_approle applied", "vault-static-token/orb applied"}},
		{"passwords of userpass", []string{"vault-static-token/userpass applied"}},
		{"a login with CircleCI's token is silent", []string{"vault-static-token/silent_jwt " + silent}},
	}},
	{"azure-static-secret", fixes.High, fixes.Setup, false, []statement{
		{"az login with a service principal's secret", []string{"azure-static-secret/example applied", "azure-static-secret/environment applied"}},
		{"logins of the orb", []string{"azure-static-secret/orb applied"}},
		{"variables of Terraform are advice", []string{"azure-static-secret/terraform manual"}},
		{"a federated login is silent", []string{"azure-static-secret/silent_federated " + silent}},
	}},
	{"publish-token", fixes.Medium, fixes.Setup, false, []statement{
		{"npm publish with a token in sight", []string{"publish-token/example applied", "publish-token/npm_environment applied"}},
		{"twine upload with a token in sight", []string{"publish-token/twine applied"}},
		{"versions of tools that cannot publish so are manual", []string{"publish-token/npm_old manual", "publish-token/twine_old manual"}},
		{"a token for installing, and publishing without a token in sight, are silent", []string{"publish-token/silent " + silent, "publish-token/silent_tokens_elsewhere " + silent}},
	}},
	{"inline-secret", fixes.Critical, fixes.Setup, false, []statement{
		{"literals in environments", []string{"inline-secret/example applied", "inline-secret/environment_executor applied", "inline-secret/environment_step applied"}},
		{"literals in commands", []string{"inline-secret/script_option applied", "inline-secret/script_export applied"}},
		{"defaults of parameters", []string{"inline-secret/parameter_default applied"}},
		{"every workflow use of the job gets the context", []string{"inline-secret/context_several_workflows applied", "inline-secret/context_job_group applied"}},
		{"an entry that cannot get to the secret gets none", []string{"inline-secret/script_step_condition applied"}},
		{"without the fact it waits", []string{"inline-secret/needs_fact needs-facts"}},
		{"an expression for a context is left alone", []string{"inline-secret/context_expression manual"}},
		{"passwords of services beside the job are silent", []string{"inline-secret/service_container_silent " + silent}},
		{"what another rule leaves is taken", []string{"inline-secret/gcp_keys applied", "multi/secret_of_held_back_fix applied"}},
	}},
	{"missing-context", fixes.Medium, fixes.Setup, false, []statement{
		{"an entry without the context gets it", []string{"missing-context/example applied", "missing-context/job_group applied", "missing-context/orb_job applied"}},
		{"an entry with a context that nothing is known of is silent", []string{"missing-context/unknown_context_silent " + silent}},
		{"an expression for a context is left alone", []string{"missing-context/expression_silent " + silent}},
		{"steps that do not run do not count", []string{"missing-context/conditions applied"}},
	}},
	{"unrestricted-context", fixes.Low, fixes.Manual, true, []statement{
		{"contexts that are named in the file, as commands", []string{"unrestricted-context/example manual"}},
	}},
	{"internal-network", fixes.Medium, fixes.Setup, false, nil},
	{"allowlisted-network", fixes.Low, fixes.Setup, false, nil},
}

// TestRuleTable holds the rules to what is promised of them, row by row.
func TestRuleTable(t *testing.T) {
	t.Parallel()
	for _, row := range ruleRows {
		t.Run(row.id, func(t *testing.T) {
			t.Parallel()
			r := fixes.ByID(row.id)
			if r == nil || r.Severity != row.severity || r.Safety != row.safety || r.Off != row.off {
				t.Fatalf("the rule is %+v", r)
			}
			for _, s := range row.says {
				s.check(t, "")
			}
		})
	}
	if len(ruleRows)+1 != len(fixes.All()) { // one is about suppression comments
		t.Errorf("%d rows for %d rules", len(ruleRows), len(fixes.All()))
	}
}
