package fixes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// actor is a job that acts at a cloud as somebody.
type actor struct {
	orbs    string // that the job needs
	job     string // what it is
	context string // that it runs with, if any
}

// TestSingleIdentity plays through files in which two jobs are two identities, and facts that name one: none gets it, in
// whatever order and round, nor in a second run over what the first one made of the file. Alone each gets it.
func TestSingleIdentity(t *testing.T) {
	t.Parallel()
	clouds := []struct {
		name   string
		facts  Facts
		given  string // what the facts name
		actors []actor
		others []actor // that act with a token as another one already
	}{
		{
			"AWS",
			Facts{AWS: AWSFacts{RoleARN: "arn:aws:iam::123456789012:role/given"}},
			"role/given",
			[]actor{
				{job: `docker: [{image: cimg/aws:2025.01}]
    steps: [run: "AWS_ACCESS_KEY_ID=$STG_AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$STG_AWS_SECRET_ACCESS_KEY aws s3 ls"]`},
				{job: `docker: [{image: cimg/aws:2025.01}]
    steps: [run: "AWS_ACCESS_KEY_ID=$KEY1 AWS_SECRET_ACCESS_KEY=$SECRET1 aws s3 ls"]`},
				{job: `docker: [{image: cimg/aws:2025.01}]
    environment: {AWS_ACCESS_KEY_ID: AKIA4ZT7QPLM2XVHRC5D, AWS_SECRET_ACCESS_KEY: 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}
    steps: [run: aws s3 ls]`},
			},
			[]actor{{orbs: "aws-cli: circleci/aws-cli@5.4.1", job: `docker: [{image: cimg/aws:2025.01}]
    steps: [aws-cli/setup: {role_arn: "${OTHER_ROLE}"}, run: aws s3 ls]`}},
		},
		{
			"ECR",
			Facts{ECR: ECRFacts{RoleARN: "arn:aws:iam::210987654321:role/given"}},
			"role/given",
			[]actor{
				{job: `docker: [{image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1", aws_auth: {aws_access_key_id: $STG_AWS_ACCESS_KEY_ID, aws_secret_access_key: $STG_AWS_SECRET_ACCESS_KEY}}]
    steps: [checkout]`},
				{job: `docker: [{image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/b:1", aws_auth: {aws_access_key_id: $KEY1, aws_secret_access_key: $SECRET1}}]
    steps: [checkout]`},
			},
			[]actor{{job: `docker: [{image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/c:1", aws_auth: {oidc_role_arn: "arn:aws:iam::123456789012:role/other"}}]
    steps: [checkout]`}},
		},
		{
			"GCP",
			Facts{GCP: GCPFacts{ProjectNumber: "120034005600", Pool: "p", Provider: "p", ServiceAccount: "given@acme.iam.gserviceaccount.com"}},
			"given@",
			[]actor{
				{job: `docker: [{image: "google/cloud-sdk:latest"}]
    steps: [run: "echo $STG_GCLOUD_SERVICE_KEY | gcloud auth activate-service-account --key-file=-"]`},
				{job: `docker: [{image: "google/cloud-sdk:latest"}]
    steps: [run: "echo $DEPLOY_JSON_KEY | gcloud auth activate-service-account --key-file=-"]`},
				{job: `docker: [{image: us-docker.pkg.dev/acme/ci/go:1, auth: {username: _json_key, password: $ACME_KEY}}]
    steps: [checkout]`},
			},
			[]actor{
				{job: `docker: [{image: "google/cloud-sdk:latest"}]
    steps: [run: "gcloud iam workload-identity-pools create-cred-config p --service-account=o@acme.iam.gserviceaccount.com --credential-source-file=t --output-file=c.json && gcloud auth login --cred-file=c.json"]`},
				{orbs: "gcp: circleci/gcp-cli@3.3.2", job: `docker: [{image: cimg/gcp:2026.01}]
    steps: [gcp/setup: {use_oidc: true}, run: gsutil ls]`},
				{job: `docker: [{image: us-docker.pkg.dev/acme/ci/go:1, gcp_auth: {oidc_service_account: o@acme.iam.gserviceaccount.com, workload_identity_pool: p, workload_identity_provider: p}}]
    steps: [checkout]`},
			},
		},
		{
			"Vault",
			Facts{Vault: VaultFacts{Address: "https://vault.acme.example", Role: "given"}, Contexts: []ContextFact{{Name: "vault", Provides: []string{"VAULT_TOKEN"}}}},
			"given",
			[]actor{
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: "export VAULT_TOKEN=$(vault write -field=token auth/approle/login role_id=$STG_ROLE_ID secret_id=$STG_SECRET_ID); vault kv get a"]`},
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: "vault login $ONE; vault kv get a"]`},
				{job: `docker: [{image: cimg/base:2026.01}]
    environment: {VAULT_TOKEN: hvs.CAESIJ4wq0pUeQkTz7Lm9VbXcRt2345Gf6Hj8Kd}
    steps: [run: vault kv get a]`},
				{job: `docker: [{image: cimg/base:2026.01}]
    environment: {VAULT_TOKEN: hvs.CAESIKd8jH6fG5432tRcXbV9mL7zTkQeUp0qw4J}
    steps: [run: vault kv get a]`},
			},
			[]actor{
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: 'export VAULT_TOKEN=$(vault write -field=token auth/jwt/login role=other jwt="$CIRCLE_OIDC_TOKEN_V2"); vault kv get a']`},
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: "vault login -method=jwt role=other jwt=$CIRCLE_OIDC_TOKEN_V2; vault kv get a"]`},
			},
		},
		{
			"Azure",
			Facts{Azure: AzureFacts{ClientID: "11111111-2222-3333-4444-555555555555"}},
			"11111111",
			[]actor{
				{orbs: "az: circleci/azure-cli@1.3.2", job: `docker: [{image: cimg/base:2026.01}]
    steps: [az/login-with-service-principal, run: az group list]`},
			},
			[]actor{
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: "az login --service-principal -u $STG_SP -p $STG_SP_PASSWORD --tenant $T; az group list"]`},
				{job: `docker: [{image: cimg/base:2026.01}]
    steps: [run: "az login --service-principal -u $STG_SP --federated-token $CIRCLE_OIDC_TOKEN --tenant $T; az group list"]`},
			},
		},
	}
	for _, cloud := range clouds {
		run := func(jobs ...actor) (first, second *FileResult) {
			e := &Engine{Rules: All(), Unsafe: true}
			first = e.Run([]byte(configOf(jobs)), &cloud.facts)
			return first, e.Run(first.Output, &cloud.facts)
		}
		for i, a := range cloud.actors {
			if first, _ := run(a); !strings.Contains(string(first.Output), cloud.given) {
				t.Errorf("%s, actor %d alone does not get %s: %v\n%s", cloud.name, i, cloud.given, first.Err, first.Output)
			}
			for k, b := range slices.Concat(cloud.actors, cloud.others) {
				if k == i && cloud.name == "ECR" {
					continue // an account has one role that pulls its images, whoever stored the keys before
				}
				if k == i {
					a.context, b.context = "staging", "production"
				} else {
					a.context = ""
				}
				for _, jobs := range [][]actor{{a, b}, {b, a}} {
					first, second := run(jobs...)
					if first.Err != nil || strings.Contains(string(first.Output)+string(second.Output), cloud.given) {
						t.Errorf("%s, actors %d and %d: %v\n%s", cloud.name, i, k, first.Err, second.Output)
					}
					if second.Status == Changed {
						t.Errorf("%s, actors %d and %d: a second run changes the file\n%s", cloud.name, i, k, second.Output)
					}
				}
			}
		}
	}
}

// TestSingleRoleOfRoles is the same where aws.roles gives one of the jobs the role that aws.role_arn names as well.
func TestSingleRoleOfRoles(t *testing.T) {
	t.Parallel()
	step := "docker: [{image: cimg/aws:2025.01}]\n    steps: [run: \"AWS_ACCESS_KEY_ID=$%s AWS_SECRET_ACCESS_KEY=$%s aws s3 ls\"]"
	src := configOf([]actor{{job: fmt.Sprintf(step, "STG_ID", "STG_SECRET")}, {job: fmt.Sprintf(step, "KEY1", "SECRET1")}})
	role := "arn:aws:iam::123456789012:role/given"
	facts := &Facts{AWS: AWSFacts{RoleARN: role, Roles: []RoleFact{{Jobs: []string{"j0"}, RoleARN: role}}}}
	e := &Engine{Rules: All()}
	first := e.Run([]byte(src), facts)
	second := e.Run(first.Output, facts)
	if strings.Count(string(first.Output), role) != 1 || second.Status != Unchanged {
		t.Errorf("%v\n%s", first.Err, second.Output)
	}
}

// configOf is a config in which each of the actors is a job of a workflow.
func configOf(jobs []actor) string {
	var orbs, definitions, entries strings.Builder
	for i, j := range jobs {
		if j.orbs != "" {
			orbs.WriteString("  " + j.orbs + "\n")
		}
		fmt.Fprintf(&definitions, "  j%d:\n    %s\n", i, j.job)
		fmt.Fprintf(&entries, "      - j%d: {context: [%s]}\n", i, j.context)
	}
	out := "version: 2.1\n"
	if orbs.Len() > 0 {
		out += "orbs:\n" + orbs.String()
	}
	return out + "jobs:\n" + definitions.String() + "workflows:\n  w:\n    jobs:\n" + entries.String()
}
