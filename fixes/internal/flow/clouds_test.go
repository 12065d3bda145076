package flow

import (
	"strings"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// TestClouds compares jobs before and after changes of their logins at other clouds than AWS.
func TestClouds(t *testing.T) {
	t.Parallel()
	const (
		gcpLogin = `- run: |
    printf '%s' "$CIRCLE_OIDC_TOKEN" > "$HOME/oidc_token"
    gcloud iam workload-identity-pools create-cred-config "projects/1" --service-account="$ACCOUNT" --credential-source-file="$HOME/oidc_token" --output-file="$HOME/cred.json"
    gcloud auth login --brief --cred-file="$HOME/cred.json"
    echo "export GOOGLE_APPLICATION_CREDENTIALS='$HOME/cred.json'" >> "$BASH_ENV"
`
		vaultLogin = `- run: |
    VAULT_TOKEN="$(vault write -field=token auth/jwt/login role="$VAULT_ROLE" jwt="$CIRCLE_OIDC_TOKEN_V2")"
    echo "export VAULT_TOKEN='$VAULT_TOKEN'" >> "$BASH_ENV"
`
		azOld = "- run: az login --service-principal -u $SP -p $SP_PASSWORD --tenant $T\n"
		azNew = "- run: az login --service-principal -u $SP --federated-token \"$CIRCLE_OIDC_TOKEN\" --tenant $T\n"
	)
	tests := []struct {
		name, before, after string
		want                string // a part of what is said; "" for nothing
	}{
		{"gcloud by a pipe", "- run: echo $KEY | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls\n", gcpLogin + "- run: gsutil ls\n", ""},
		{"gcloud without a login", "- run: echo $KEY | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls\n", "- run: gsutil ls\n", "gsutil: it had what is stored in KEY"},
		{"the login comes too late", "- run: echo $KEY | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls\n", "- run: gsutil ls\n" + gcpLogin, "none that the file shows"},
		{"a key file for libraries", "- run: |\n    echo $KEY > /tmp/k.json\n    echo 'export GOOGLE_APPLICATION_CREDENTIALS=/tmp/k.json' >> $BASH_ENV\n- run: python deploy.py\n", gcpLogin + "- run: python deploy.py\n", ""},
		{"libraries without a file", "- run: |\n    echo $KEY > /tmp/k.json\n    echo 'export GOOGLE_APPLICATION_CREDENTIALS=/tmp/k.json' >> $BASH_ENV\n- run: python deploy.py\n", "- run: python deploy.py\n", "Google's libraries"},
		{"another key", "- run: echo $KEY | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls\n", "- run: echo $OTHER | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls\n", "gets what is stored in OTHER"},
		{"az with a token", azOld + "- run: az group list\n", azNew + "- run: az group list\n", ""},
		{"az without a login", azOld + "- run: az group list\n", "- run: az group list\n", "az: it had what is stored in ${SP}"},
		{"az as somebody else", azNew + "- run: az group list\n", strings.ReplaceAll(azNew, "$SP ", "$OTHER ") + "- run: az group list\n", "gets a login with CircleCI's token as ${OTHER}"},
		{"a step that used az is gone", azOld + "- run: az group list\n", azNew, "the step that runs az is gone"},
		{"vault by approle", "- run: |\n    export VAULT_TOKEN=$(vault write -field=token auth/approle/login role_id=$R secret_id=$S)\n    vault kv get a\n", "- run: |\n    export VAULT_TOKEN=$(vault write -field=token auth/jwt/login role=\"$VAULT_ROLE\" jwt=\"$CIRCLE_OIDC_TOKEN_V2\")\n    vault kv get a\n", ""},
		{"vault with a token", "- run: |\n    export VAULT_TOKEN=$STORED\n    vault kv get a\n", vaultLogin + "- run: |\n    vault kv get a\n", ""},
		{"vault without a token", "- run: |\n    export VAULT_TOKEN=$STORED\n    vault kv get a\n", "- run: |\n    vault kv get a\n", "vault: it had what is stored in STORED"},
		{"curl at Vault", "- run: 'curl -H \"X-Vault-Token: $STORED\" $A/v1/x'\n", vaultLogin + "- run: 'curl -H \"X-Vault-Token: $VAULT_TOKEN\" $A/v1/x'\n", ""},
		{"curl at Vault without a login", "- run: 'curl -H \"X-Vault-Token: $STORED\" $A/v1/x'\n", "- run: 'curl -H \"X-Vault-Token: $VAULT_TOKEN\" $A/v1/x'\n", "curl: it had"},
		{"two identities of Vault", "- run: |\n    export VAULT_TOKEN=$ONE\n    vault kv get a\n- run: |\n    export VAULT_TOKEN=$TWO\n    vault kv get b\n", vaultLogin + "- run: |\n    vault kv get a\n- run: |\n    vault kv get b\n", "two identities become one"},
		{"npm", "- run: |\n    echo \"//r/:_authToken=$NPM_TOKEN\" > ~/.npmrc\n    npm publish\n", "- run: |\n    NPM_ID_TOKEN=\"$(circleci run oidc get --claims '{}')\"\n    export NPM_ID_TOKEN\n    npm publish\n", ""},
		{"npm without a token", "- run: |\n    echo \"//r/:_authToken=$NPM_TOKEN\" > ~/.npmrc\n    npm publish\n", "- run: |\n    npm publish\n", "npm: it had what is stored in NPM_TOKEN"},
		{"twine", "- run: twine upload -u __token__ -p $T dist/*\n", "- run: twine upload dist/*\n", ""},
		{"twine with half of a login", "- run: twine upload -u __token__ -p $T dist/*\n", "- run: twine upload -u __token__ dist/*\n", "twine: it had what is stored in T"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var said []string
			for _, v := range Compare(analyzeSteps(t, tt.before), analyzeSteps(t, tt.after)) {
				said = append(said, v.String())
			}
			if all := strings.Join(said, "\n"); (tt.want == "") != (all == "") || !strings.Contains(all, tt.want) {
				t.Errorf("want %q, got %q", tt.want, all)
			}
		})
	}
}

// analyzeSteps analyzes a job with these steps.
func analyzeSteps(t *testing.T, steps string) *Report {
	t.Helper()
	f, err := rewrite.Parse([]byte("version: 2.1\njobs:\n  j:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n      " + strings.ReplaceAll(strings.TrimSpace(steps), "\n", "\n      ") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Analyze(circle.New(f.Documents()[0]), shell.Cache{})
}
