package fixes

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// plantedClouds is how many real configs every form of other clouds is planted into.
const plantedClouds = 20

var cloudRules = []*Rule{azureStaticSecret, gcpStaticKeys, publishToken, vaultStaticToken}

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
	{vaultStaticToken, "environment", 4, environmentIn(plantedVault, "VAULT_TOKEN", "hvs.CAESIJ4wq0pUeQkTz7Lm9VbXcRt2345Gf6Hj8Kd")},
	{vaultStaticToken, "curl login", 15, steps("- run: |\n    TOKEN=$(curl -s -d \"{\\\"role_id\\\":\\\"$PLANTED_ROLE_ID\\\",\\\"secret_id\\\":\\\"$PLANTED_SECRET_ID\\\"}\" $VAULT_ADDR/v1/auth/approle/login | jq -r .auth.client_token)\n    curl -H \"X-Vault-Token: $TOKEN\" $VAULT_ADDR/v1/secret/data/planted")},
	{vaultStaticToken, "curl header", 4, steps("- run: |\n    curl -sf -H \"X-Vault-Token: $PLANTED_VAULT_TOKEN\" $VAULT_ADDR/v1/secret/data/planted | jq .data")},
	{vaultStaticToken, "orb", 15, withOrb("planted-vault", "jmingtan/hashicorp-vault@0.2.0", "- planted-vault/login:\n    vault-addr: https://vault.planted.example\n    method: approle\n    role-id: $PLANTED_ROLE_ID\n    secret-id: $PLANTED_SECRET_ID", plantedVault)},

	{azureStaticSecret, "az login", 12, steps("- run: az login --service-principal -u $PLANTED_SP -p $PLANTED_SP_PASSWORD --tenant $PLANTED_TENANT", plantedAz)},
	{azureStaticSecret, "az login over lines", 12, steps("- run:\n    name: Log in\n    command: |\n      az login --service-principal \\\n        --username \"$PLANTED_SP\" \\\n        --password \"$PLANTED_SP_PASSWORD\" \\\n        --tenant \"$PLANTED_TENANT\"\n      az group list")},
	{azureStaticSecret, "environment", 8, environmentIn("- run: az login --service-principal -u planted -p $AZURE_CLIENT_SECRET -t planted", "AZURE_CLIENT_SECRET", "Qx78Q~3nkTzLm9.VbXcRt_2345Gf6Hj8KdAbc7")},
	{azureStaticSecret, "orb", 12, withOrb("planted-az", "circleci/azure-cli@1.3.2", "- planted-az/login-with-service-principal", plantedAz)},
	{azureStaticSecret, "orb with names", 12, withOrb("planted-az", "circleci/azure-cli@1.2", "- planted-az/login-with-service-principal:\n    azure-sp: PLANTED_SP\n    azure-sp-password: PLANTED_SP_PASSWORD\n    azure-sp-tenant: PLANTED_TENANT", plantedAz)},
	{azureStaticSecret, "Terraform", 0, environmentIn("- run: terraform apply", "ARM_CLIENT_SECRET", "$PLANTED_SP_SECRET")},
	{azureStaticSecret, "registry", 0, steps("- run: docker login planted.azurecr.io -u $AZURE_SP -p $AZURE_SP_PASSWORD")},

	{publishToken, "npmrc", 0, steps("- run: |\n    echo \"//registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\" > ~/.npmrc\n    npm publish")},
	{publishToken, "npm config", 0, steps("- run: npm config set //registry.npmjs.org/:_authToken $PLANTED_NPM_TOKEN && npm publish")},
	{publishToken, "npm environment", 0, environmentIn("- run: npm publish", "NODE_AUTH_TOKEN", "$PLANTED_NPM_TOKEN")},
	{publishToken, "npm as it is wanted", 15, withOrb("planted-node", "circleci/node@7.1.0", "- planted-node/install:\n    node-version: '24.15.0'", "- run: |\n    npm set //registry.npmjs.org/:_authToken=$PLANTED_NPM_TOKEN\n    npm publish")},
	{publishToken, "twine options", 12, steps("- run: |\n    pip install --upgrade twine\n    twine upload -u __token__ -p $PLANTED_PYPI_TOKEN dist/*")},
	{publishToken, "twine environment", 8, environmentIn("- run: pip install twine && twine upload dist/*", "TWINE_USERNAME", "__token__", "TWINE_PASSWORD", "$PLANTED_PYPI_TOKEN")},

	{gcpStaticKeys, "pipe", 6, steps("- run: echo $GCLOUD_SERVICE_KEY | gcloud auth activate-service-account --key-file=-", plantedGCP)},
	{gcpStaticKeys, "file", 6, steps("- run: |\n    echo $GCLOUD_SERVICE_KEY | base64 -d > /tmp/planted.json\n    gcloud auth activate-service-account --key-file=/tmp/planted.json\n    gsutil ls gs://planted")},
	{gcpStaticKeys, "orb 2", 0, withOrb("planted-gcp", "circleci/gcp-cli@2.4.1", "- planted-gcp/initialize", plantedGCP)},
	{gcpStaticKeys, "orb 3", 8, withOrb("planted-gcp", "circleci/gcp-cli@3.3.2", "- planted-gcp/setup", plantedGCP)},
	{gcpStaticKeys, "docker login", 0, steps("- run: echo $GCLOUD_SERVICE_KEY | docker login -u _json_key --password-stdin gcr.io")},
}

// TestPlantedClouds plants each form into real configs that have to do with none of these clouds. It is to be found
// wherever it is planted; what is fixed keeps every credential in its place and every other line.
func TestPlantedClouds(t *testing.T) {
	t.Parallel()
	soils := readSoils(t, func(s *soil) bool {
		fits := !touchesClouds.Match(s.src)
		if fits && !s.quiet(cloudRules, nil) {
			t.Errorf("%s: findings where nothing is planted", s.name)
		}
		return fits
	})
	for _, form := range cloudForms {
		t.Run(form.rule.ID+"/"+form.name, func(t *testing.T) {
			t.Parallel()
			planted, fixed := 0, 0
			reasons := map[string]int{}
			for p := range plants(soils, plantForm{form.name, form.grow}, plantedClouds) {
				planted++
				fate, reason, wrong := p.judgeCloud(form.rule)
				if len(wrong) > 0 {
					t.Errorf("%s (%s): %s\nplanted:\n%s", p.name, p.place, strings.Join(wrong, "\n"), p.added())
				}
				if reasons[reason]++; fate == Applied {
					fixed++
				}
			}
			if planted < plantedClouds {
				t.Errorf("only %d configs have a place for it", planted)
			}
			if fixed < form.least {
				t.Errorf("%d of %d are fixed, want %d: %v", fixed, planted, form.least, reasons)
			}
		})
	}
}

var touchesClouds = regexp.MustCompile(`(?i)vault|azure|\baz |npm publish|npm_token|_authtoken|twine|gcloud|gsutil|gcp|google|circleci/windows|windows|resource_class: *\S+/`)

// judgeCloud runs the engine. Besides what holds for all trials, just the one rule finds something, where it was planted;
// and every other line stays.
func (p *planting) judgeCloud(rule *Rule) (fate Status, reason string, wrong []string) {
	x := p.try(cloudRules, nil)
	for _, found := range x.Results {
		if found.Rule != rule {
			x.complain("%s is found as well", found.Rule.ID)
		}
	}
	x.onlyWhere(p.planted)
	if x.fate == Refused {
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
