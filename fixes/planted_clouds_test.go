package fixes

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var cloudRules = []*Rule{azureStaticSecret, gcpImageAuth, gcpStaticKeys, publishToken, vaultStaticToken}

// cloudForm is one way of bringing a stored secret of another cloud to a config.
type cloudForm struct {
	rule  *Rule
	name  string
	least int // how many of the plants are fixed at least; the rest is held back, with a reason
	grow  func(p *planting) bool
}

const (
	plantedVault = "- run: vault kv get secret/planted"
	plantedAz    = "- run: az group list"
	plantedGCP   = "- run: gsutil ls gs://planted"

	plantedAzureSecret = "Qx78Q~3nkTzLm9.VbXcRt_2345Gf6Hj8KdAbc7"
	plantedVaultToken  = "hvs.CAESIJ4wq0pUeQkTz7Lm9VbXcRt2345Gf6Hj8Kd"
	plantedKeyJSON     = `{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n` + plantedKeyLine + `\\n-----END PRIVATE KEY-----\\n"}`
)

// environmentIn plants variables in a job and steps that use them.
func environmentIn(steps string, pairs ...string) func(*planting) bool {
	return func(p *planting) bool {
		j, ok := p.job()
		p.place = "job"
		return ok && p.environment(j.Node, false, pairs...) && p.stepsIn(j.Steps(), steps)
	}
}

var cloudForms = []cloudForm{
	{vaultStaticToken, "approle", 15, steps("- run: |\n    export VAULT_TOKEN=$(vault write -field=token auth/approle/login role_id=$PLANTED_ROLE_ID secret_id=$PLANTED_SECRET_ID)\n    vault kv get secret/planted")},
	{vaultStaticToken, "userpass", 15, steps("- run: vault write -field=token auth/userpass/login/planted password=$PLANTED_PASSWORD > ~/.vault-token", plantedVault)},
	{vaultStaticToken, "login", 4, steps("- run: vault login -no-print $PLANTED_VAULT_TOKEN", plantedVault)},
	{vaultStaticToken, "export", 4, steps("- run: |\n    export VAULT_TOKEN=$PLANTED_VAULT_TOKEN\n    vault kv get secret/planted")},
	{vaultStaticToken, "BASH_ENV", 4, steps("- run: echo 'export VAULT_TOKEN=$PLANTED_VAULT_TOKEN' >> $BASH_ENV", plantedVault)},
	{vaultStaticToken, "environment", 4, environmentIn(plantedVault, "VAULT_TOKEN", plantedVaultToken)},
	{vaultStaticToken, "curl login", 15, steps("- run: |\n    TOKEN=$(curl -s -d \"{\\\"role_id\\\":\\\"$PLANTED_ROLE_ID\\\",\\\"secret_id\\\":\\\"$PLANTED_SECRET_ID\\\"}\" $VAULT_ADDR/v1/auth/approle/login | jq -r .auth.client_token)\n    curl -H \"X-Vault-Token: $TOKEN\" $VAULT_ADDR/v1/secret/data/planted")},
	{vaultStaticToken, "curl header", 4, steps("- run: |\n    curl -sf -H \"X-Vault-Token: $PLANTED_VAULT_TOKEN\" $VAULT_ADDR/v1/secret/data/planted | jq .data")},
	{vaultStaticToken, "orb", 15, withOrb("planted-vault", "jmingtan/hashicorp-vault@0.2.0", "- planted-vault/login:\n    vault-addr: https://vault.planted.example\n    method: approle\n    role-id: $PLANTED_ROLE_ID\n    secret-id: $PLANTED_SECRET_ID", plantedVault)},
	{vaultStaticToken, "prefix", 4, steps("- run: VAULT_TOKEN=$PLANTED_VAULT_TOKEN vault kv get secret/planted")},
	{vaultStaticToken, "here-document for later steps", 4, steps("- run: |\n    cat >> $BASH_ENV \\<<END\n    export VAULT_TOKEN=$PLANTED_VAULT_TOKEN\n    END", plantedVault)},
	{vaultStaticToken, "login with a password", 4, steps("- run: vault login -method=userpass username=planted password=$PLANTED_PASSWORD", plantedVault)},
	{vaultStaticToken, "login by standard input", 4, steps("- run: echo \"$PLANTED_VAULT_TOKEN\" | vault login -no-print -", plantedVault)},
	{vaultStaticToken, "curl userpass", 15, steps("- run: |\n    TOKEN=$(curl -s --request POST --data \"{\\\"password\\\": \\\"$PLANTED_PASSWORD\\\"}\" $VAULT_ADDR/v1/auth/userpass/login/planted | jq -r .auth.client_token)\n    curl -H \"X-Vault-Token: $TOKEN\" $VAULT_ADDR/v1/secret/data/planted")},
	{vaultStaticToken, "wget header", 4, steps("- run: |\n    wget -qO- --header=\"X-Vault-Token: $PLANTED_VAULT_TOKEN\" $VAULT_ADDR/v1/secret/data/planted")},
	{vaultStaticToken, "orb with a secret", 0, withOrb("planted-vault", "planted/vault@1.2.3", "- planted-vault/get:\n    vault_token: PLANTED_VAULT_TOKEN")},

	{azureStaticSecret, "az login", 12, steps("- run: az login --service-principal -u $PLANTED_SP -p $PLANTED_SP_PASSWORD --tenant $PLANTED_TENANT", plantedAz)},
	{azureStaticSecret, "az login over lines", 12, steps("- run:\n    name: Log in\n    command: |\n      az login --service-principal \\\n        --username \"$PLANTED_SP\" \\\n        --password \"$PLANTED_SP_PASSWORD\" \\\n        --tenant \"$PLANTED_TENANT\"\n      az group list")},
	{azureStaticSecret, "environment", 8, environmentIn("- run: az login --service-principal -u planted -p $PLANTED_SP_SECRET -t planted", "PLANTED_SP_SECRET", plantedAzureSecret)},
	{azureStaticSecret, "environment that Azure's tools read", 1, environmentIn("- run: az login --service-principal -u planted -p $AZURE_CLIENT_SECRET -t planted", "AZURE_CLIENT_SECRET", plantedAzureSecret)},
	{azureStaticSecret, "orb", 12, withOrb("planted-az", "circleci/azure-cli@1.3.2", "- planted-az/login-with-service-principal", plantedAz)},
	{azureStaticSecret, "orb with names", 12, withOrb("planted-az", "circleci/azure-cli@1.2", "- planted-az/login-with-service-principal:\n    azure-sp: PLANTED_SP\n    azure-sp-password: PLANTED_SP_PASSWORD\n    azure-sp-tenant: PLANTED_TENANT", plantedAz)},
	{azureStaticSecret, "Terraform", 0, environmentIn("- run: terraform apply", "ARM_CLIENT_SECRET", "$PLANTED_SP_SECRET")},
	{azureStaticSecret, "registry", 0, steps("- run: docker login planted.azurecr.io -u $AZURE_SP -p $AZURE_SP_PASSWORD")},
	{azureStaticSecret, "Terraform in a script", 0, steps("- run: |\n    export ARM_CLIENT_SECRET=$PLANTED_SP_SECRET\n    terraform apply")},
	{azureStaticSecret, "Terraform, literal", 0, environmentIn("- run: terraform apply", "ARM_CLIENT_SECRET", plantedAzureSecret)},
	{azureStaticSecret, "Terraform by BASH_ENV", 0, steps("- run: echo 'export ARM_CLIENT_SECRET=$PLANTED_SP_SECRET' >> $BASH_ENV", "- run: terraform apply")},
	{azureStaticSecret, "certificate", 0, steps("- run: az login --service-principal -u $PLANTED_SP -p ~/planted.pem --tenant $PLANTED_TENANT", plantedAz)},
	{azureStaticSecret, "user", 0, steps("- run: az login -u $PLANTED_USER -p $PLANTED_PASSWORD", plantedAz)},
	{azureStaticSecret, "orb as a user", 0, withOrb("planted-az", "circleci/azure-cli@1.3.2", "- planted-az/login-with-user", plantedAz)},
	{azureStaticSecret, "orb's job", 0, inWorkflow("planted-acr", "circleci/azure-acr@0.2.3", "- planted-acr/build-and-push-image:\n    login-server-name: planted.azurecr.io\n    repo: planted")},
	{azureStaticSecret, "orb that is not known", 0, withOrb("planted-az", "planted/azure@1.2.3", "- planted-az/deploy:\n    client-secret: PLANTED_SP_SECRET")},

	{publishToken, "npmrc", 0, steps("- run: |\n    echo \"//registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\" > ~/.npmrc\n    npm publish")},
	{publishToken, "npm config", 0, steps("- run: npm config set //registry.npmjs.org/:_authToken $PLANTED_NPM_TOKEN && npm publish")},
	{publishToken, "npm environment", 0, environmentIn("- run: npm publish", "NODE_AUTH_TOKEN", "$PLANTED_NPM_TOKEN")},
	{publishToken, "npm as it is wanted", 15, withOrb("planted-node", "circleci/node@7.1.0", "- planted-node/install:\n    node-version: '24.15.0'", "- run: |\n    npm set //registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\n    npm publish")},
	{publishToken, "twine options", 12, steps("- run: |\n    pip install --upgrade twine\n    twine upload -u __token__ -p $PLANTED_PYPI_TOKEN dist/*")},
	{publishToken, "twine environment", 8, environmentIn("- run: pip install twine && twine upload dist/*", "TWINE_USERNAME", "__token__", "TWINE_PASSWORD", "$PLANTED_PYPI_TOKEN")},
	{publishToken, "npm option", 0, steps("- run: npm publish --//registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN")},
	{publishToken, "npm for a second look", 0, steps("- run: |\n    npm set //registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\n    npm stage publish")},
	{publishToken, "npm by BASH_ENV", 0, steps("- run: echo 'export NODE_AUTH_TOKEN=$PLANTED_NPM_TOKEN' >> $BASH_ENV", "- run: npm publish --access public")},
	{publishToken, "twine as a module", 12, steps("- run: |\n    python -m pip install --upgrade twine\n    python -m twine upload -u __token__ -p $PLANTED_PYPI_TOKEN dist/*")},
	{publishToken, "pypirc", 8, steps("- run: |\n    pip install 'twine>=6.1'\n    cat > ~/.pypirc \\<<END\n    [pypi]\n    username = __token__\n    password = $PLANTED_PYPI_TOKEN\n    END\n    twine upload dist/*")},

	{gcpStaticKeys, "pipe", 6, steps("- run: echo $GCLOUD_SERVICE_KEY | gcloud auth activate-service-account --key-file=-", plantedGCP)},
	{gcpStaticKeys, "file", 6, steps("- run: |\n    echo $GCLOUD_SERVICE_KEY | base64 -d > /tmp/planted.json\n    gcloud auth activate-service-account --key-file=/tmp/planted.json\n    gsutil ls gs://planted")},
	{gcpStaticKeys, "orb 2", 0, withOrb("planted-gcp", "circleci/gcp-cli@2.4.1", "- planted-gcp/initialize", plantedGCP)},
	{gcpStaticKeys, "orb 3", 8, withOrb("planted-gcp", "circleci/gcp-cli@3.3.2", "- planted-gcp/setup", plantedGCP)},
	{gcpStaticKeys, "docker login", 0, steps("- run: echo $GCLOUD_SERVICE_KEY | docker login -u _json_key --password-stdin gcr.io")},
	{gcpStaticKeys, "here-string", 6, steps("- run: gcloud auth activate-service-account --key-file=/dev/stdin <<< \"$GCLOUD_SERVICE_KEY\"", plantedGCP)},
	{gcpStaticKeys, "process substitution", 6, steps("- run: gcloud auth activate-service-account --key-file=<(echo \"$GCLOUD_SERVICE_KEY\")", plantedGCP)},
	{gcpStaticKeys, "here-document", 6, steps("- run: |\n    cat > $HOME/planted.json \\<<END\n    $GCLOUD_SERVICE_KEY\n    END\n    gcloud auth activate-service-account --key-file=$HOME/planted.json", plantedGCP)},
	{gcpStaticKeys, "auth login", 6, steps("- run: |\n    echo $GCLOUD_SERVICE_KEY > planted.json\n    gcloud auth login --cred-file=planted.json", plantedGCP)},
	{gcpStaticKeys, "libraries alone", 0, steps("- run: |\n    echo $GCLOUD_SERVICE_KEY > /tmp/planted.json\n    export GOOGLE_APPLICATION_CREDENTIALS=/tmp/planted.json\n    ./planted")},
	{gcpStaticKeys, "environment", 6, environmentIn("- run: echo $GCLOUD_SERVICE_KEY | gcloud auth activate-service-account --key-file=-\n- run: gsutil ls gs://planted", "GCLOUD_SERVICE_KEY", "'"+plantedKeyJSON+"'")},
	{gcpStaticKeys, "environment of a tool", 0, environmentIn("- run: terraform apply", "GOOGLE_CREDENTIALS", "'"+plantedKeyJSON+"'")},
	{gcpStaticKeys, "tool by BASH_ENV", 0, steps("- run: echo 'export GOOGLE_CREDENTIALS=$GCLOUD_SERVICE_KEY' >> $BASH_ENV", "- run: terraform apply")},
	{gcpStaticKeys, "container", 0, steps("- run: docker run -e GOOGLE_CREDENTIALS=\"$GCLOUD_SERVICE_KEY\" planted/planted")},
	{gcpStaticKeys, "orb 3 with a name", 8, withOrb("planted-gcp", "circleci/gcp-cli@3.3.2", "- planted-gcp/setup:\n    gcloud_service_key: PLANTED_SERVICE_KEY", plantedGCP)},
	{gcpStaticKeys, "orb for images", 8, withOrb("planted-gcr", "circleci/gcp-gcr@0.16.3", "- planted-gcr/gcr-auth")},
	{gcpStaticKeys, "orb's job", 15, inWorkflow("planted-gcr", "circleci/gcp-gcr@0.16.3", "- planted-gcr/build-and-push-image:\n    image: planted")},
	{gcpStaticKeys, "orb that is not known", 0, withOrb("planted-gcp", "planted/gcp@1.2.3", "- planted-gcp/deploy:\n    gcloud-service-key: PLANTED_SERVICE_KEY")},

	{gcpImageAuth, "Artifact Registry", 15, keyedImage("europe-west1-docker.pkg.dev/planted/ci/app:1", "_json_key", "$GCLOUD_SERVICE_KEY")},
	{gcpImageAuth, "Artifact Registry, base64", 15, keyedImage("us-docker.pkg.dev/planted/ci/app:1", "_json_key_base64", "${PLANTED_KEY_BASE64}")},
	{gcpImageAuth, "Container Registry", 15, keyedImage("eu.gcr.io/planted/app:1", "_json_key", "$GCLOUD_SERVICE_KEY")},
	{gcpImageAuth, "literal", 15, keyedImage("gcr.io/planted/app:1", "_json_key", "'"+plantedKeyJSON+"'")},
	{gcpImageAuth, "registry that is not shown", 0, keyedImage("$PLANTED_IMAGE", "_json_key", "$GCLOUD_SERVICE_KEY")},
}

// keyedImage plants a container whose image is pulled with a key.
func keyedImage(image, user, password string) func(*planting) bool {
	return func(p *planting) bool {
		return p.image("- image: " + image + "\n  auth:\n    username: " + user + "\n    password: " + password)
	}
}

// cloudLookalikes have to do with a cloud, and store no secret of it.
var cloudLookalikes = []plantForm{
	{"Vault with CircleCI's token", steps("- run: |\n    VAULT_TOKEN=$(vault write -field=token auth/jwt/login role=planted jwt=$CIRCLE_OIDC_TOKEN_V2)\n    export VAULT_TOKEN", plantedVault)},
	{"Vault of the job's own", steps("- run: |\n    vault server -dev -dev-root-token-id=planted &\n    export VAULT_ADDR=http://127.0.0.1:8200 VAULT_TOKEN=planted\n    vault kv put secret/planted a=b")},
	{"Vault alone", steps(plantedVault, "- run: vault version")},
	{"az with CircleCI's token", steps("- run: az login --service-principal -u $PLANTED_SP --tenant $PLANTED_TENANT --federated-token $CIRCLE_OIDC_TOKEN", plantedAz)},
	{"az with the machine's identity", steps("- run: az login --identity", plantedAz)},
	{"secret of a program that is not Azure's", environmentIn("- run: ./planted", "PLANTED_CLIENT_SECRET", "$OTHER_CLIENT_SECRET")},
	{"registry that is not Azure's", steps("- run: docker login registry.planted.example -u planted -p $PLANTED_PASSWORD")},
	{"npm that installs", steps("- run: |\n    echo \"//registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\" > ~/.npmrc\n    npm ci")},
	{"npm without a token in sight", steps("- run: npm publish")},
	{"npm that tries", steps("- run: |\n    npm set //registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\n    npm publish --dry-run")},
	{"npm of another registry", steps("- run: |\n    npm set //npm.planted.example/:_authToken=$PLANTED_NPM_TOKEN\n    npm publish --registry https://npm.planted.example/")},
	{"twine to another index", steps("- run: twine upload --repository-url https://pypi.planted.example/ -u planted -p $PLANTED_PASSWORD dist/*")},
	{"twine that checks", steps("- run: pip install twine && twine check dist/*")},
	{"gcloud with CircleCI's token", steps("- run: |\n    echo $CIRCLE_OIDC_TOKEN > /tmp/planted-token\n    gcloud iam workload-identity-pools create-cred-config projects/1/locations/global/workloadIdentityPools/p/providers/p --service-account=planted@planted.iam.gserviceaccount.com --credential-source-file=/tmp/planted-token --output-file=/tmp/planted.json\n    gcloud auth login --cred-file=/tmp/planted.json", plantedGCP)},
	{"gcloud alone", steps("- run: gcloud config set project planted", plantedGCP)},
	{"orb with workload identity", withOrb("planted-gcp", "circleci/gcp-cli@3.3.2", "- planted-gcp/setup:\n    use_oidc: true", plantedGCP)},
	{"file that is no key", steps("- run: echo $PLANTED_SETTINGS > planted.json && ./planted planted.json")},
	{"image with an access token", keyedImage("gcr.io/planted/app:1", "oauth2accesstoken", "$PLANTED_ACCESS_TOKEN")},
	{"image for everybody", func(p *planting) bool { return p.image("- image: gcr.io/planted/app:1") }},
	{"image with workload identity", func(p *planting) bool {
		return p.image("- image: us-docker.pkg.dev/planted/ci/app:1\n  gcp_auth:\n    oidc_service_account: ci@planted.iam.gserviceaccount.com\n    workload_identity_pool: projects/1/locations/global/workloadIdentityPools/p\n    workload_identity_provider: p")
	}},
}

// TestPlantedClouds plants each form into real configs that have to do with none of these clouds. It is to be found
// wherever it is planted; what is fixed keeps every credential in its place and every other line.
func TestPlantedClouds(t *testing.T) {
	t.Parallel()
	soils := cloudSoils(t)
	for _, form := range cloudForms {
		t.Run(form.rule.ID+"/"+form.name, func(t *testing.T) {
			t.Parallel()
			fixed, reasons := 0, map[string]int{}
			plantEach(t, soils, plantForm{form.name, form.grow}, func(p *planting) []string {
				fate, reason, wrong := p.judgeCloud(form.rule)
				if reasons[reason]++; fate == Applied {
					fixed++
				}
				return wrong
			})
			least := form.least
			if !*full {
				least = sown(least) - 1 // so few configs need not be a fair share
			}
			if fixed < least {
				t.Errorf("%d are fixed, want %d: %v", fixed, least, reasons)
			}
		})
	}
	for _, form := range cloudLookalikes {
		t.Run("look-alikes/"+form.name, func(t *testing.T) {
			t.Parallel()
			silent(t, soils, form, cloudRules, func(*planting) *Facts { return cloudFacts })
		})
	}
}

// cloudSoils are configs that have to do with none of the clouds.
func cloudSoils(t *testing.T) []*soil {
	t.Helper()
	return readSoils(t, func(s *soil) bool {
		fits := !touchesClouds.Match(s.src)
		if fits && !s.quiet(cloudRules, cloudFacts) {
			t.Errorf("%s: findings where nothing is planted", s.name)
		}
		return fits
	})
}

// cloudFacts are those that rules cannot do without.
var cloudFacts = &Facts{GCP: GCPFacts{ProjectNumber: "123456789012", Pool: "planted", Provider: "planted", ServiceAccount: "ci@planted.iam.gserviceaccount.com"}}

var touchesClouds = regexp.MustCompile(`(?i)vault|azure|\baz |npm publish|npm_token|_authtoken|twine|gcloud|gsutil|gcp|google|circleci/windows|windows|resource_class: *\S+/`)

// judgeCloud runs the engine. Besides what holds for all trials, just the one rule finds something, where it was planted;
// and every other line stays.
func (p *planting) judgeCloud(rule *Rule) (fate Status, reason string, wrong []string) {
	x := p.try(cloudRules, cloudFacts)
	for _, found := range x.Results {
		if found.Rule != rule {
			x.complain("%s is found as well", found.Rule.ID)
		}
	}
	x.onlyWhere(p.planted)
	if x.fate == Refused && !strings.HasPrefix(x.reason, "credential flow: ") { // of steps that several jobs share
		x.complain("refused: %s", x.reason)
	}
	if x.Status == Changed {
		x.keepsFlow(p)
		p.keepsLines(x)
	}
	return x.fate, x.reason, x.wrong
}

// keepsLines asks for every line that was not planted.
func (p *planting) keepsLines(x *trial) {
	at, lines := 0, strings.Split(string(x.Output), "\n")
	for l := range strings.SplitSeq(string(p.src), "\n") {
		i := slices.Index(lines[at:], l)
		if i < 0 {
			x.complain("gone: %s", l)
			continue
		}
		at += i + 1
	}
}
