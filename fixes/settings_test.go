package fixes

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fullSettings gives every fact and every other key once.
const fullSettings = `# what our configs cannot say
version: 1
aws:
  roles:
    - jobs: [deploy-*, release]
      contexts: [aws-prod]
      keys: [PROD_*]
      profile: prod
      role_arn: arn:aws:iam::123456789012:role/ci/deploy
      region: eu-west-1
      session_duration: 7200
  role_arn: ${CI_ROLE_ARN}
  accounts:
    012345678901: {role_arn: arn:aws-us-gov:iam::012345678901:role/gov}
    123456789012.role_arn: arn:aws:iam::123456789012:role/ci
  region: us-gov-west-1
  session_duration: 3600
  method: web-identity
ecr.role_arn: << pipeline.parameters.ecr-role >>
gcp: {project_number: 123456789012, pool: circleci, provider: circleci-oidc, service_account: ci@acme.iam.gserviceaccount.com}
vault:
  address: https://vault.acme.example:8200
  role: ci
  auth_path: jwt/circleci
azure:
  client_id: 11111111-2222-3333-4444-555555555555
  tenant_id: $AZURE_TENANT
  subscription_id: 11111111-2222-3333-4444-777777777777
contexts:
  - {name: aws-prod, provides: [AWS_*, "*_TOKEN"]}
runner:
  resource_class: acme/linux+gpu:2
  kind: machine
network:
  internal: ["*.acme.example", 203.0.113.0/24, fd00::1]
  public: [status.acme.example]
  route: runner
  routes:
    - hosts: [git.acme.example]
      route: ip-ranges
    - hosts: ["db-?.acme.example"]
      resource_class: acme/db
circleci.server: true
rules:
  ignore: [unrestricted-context]
  select: [oidc, internal-network]
  severity: {aws-implicit-keys: high}
exclude:
  - legacy/**
  - vendored
repos:
  acme/*:
    aws.region: eu-central-1
    rules: {ignore: []}
  "acme/server-*":
    circleci: {server: false}
    rules.severity.aws-static-keys: critical
`

func wantFullSettings() *Settings {
	return &Settings{
		Facts: Facts{
			AWS: AWSFacts{
				Roles: []RoleFact{{
					Jobs: []string{"deploy-*", "release"}, Contexts: []string{"aws-prod"}, Keys: []string{"PROD_*"}, Profile: "prod",
					RoleARN: "arn:aws:iam::123456789012:role/ci/deploy", Region: "eu-west-1", SessionDuration: "7200",
				}},
				RoleARN: "${CI_ROLE_ARN}",
				Accounts: map[string]string{
					"012345678901": "arn:aws-us-gov:iam::012345678901:role/gov",
					"123456789012": "arn:aws:iam::123456789012:role/ci",
				},
				Region: "us-gov-west-1", SessionDuration: "3600", Method: "web-identity",
			},
			ECR:      ECRFacts{RoleARN: "<< pipeline.parameters.ecr-role >>"},
			GCP:      GCPFacts{"123456789012", "circleci", "circleci-oidc", "ci@acme.iam.gserviceaccount.com"},
			Vault:    VaultFacts{"https://vault.acme.example:8200", "ci", "jwt/circleci"},
			Azure:    AzureFacts{"11111111-2222-3333-4444-555555555555", "$AZURE_TENANT", "11111111-2222-3333-4444-777777777777"},
			Contexts: []ContextFact{{"aws-prod", []string{"AWS_*", "*_TOKEN"}}},
			Runner:   RunnerFacts{"acme/linux+gpu:2", "machine"},
			Network: NetworkFacts{
				Internal: []string{"*.acme.example", "203.0.113.0/24", "fd00::1"},
				Public:   []string{"status.acme.example"},
				Route:    "runner",
				Routes: []RouteFact{
					{Hosts: []string{"git.acme.example"}, Route: "ip-ranges"},
					{Hosts: []string{"db-?.acme.example"}, ResourceClass: "acme/db"},
				},
			},
			Circle: CircleFacts{Server: true, Given: true},
		},
		Ignore:   []string{"unrestricted-context"},
		Select:   []string{"oidc", "internal-network"},
		Severity: map[string]Severity{"aws-implicit-keys": High},
		Exclude:  []string{"legacy/**", "vendored"},
		Repos: []RepoSettings{
			{Match: "acme/*", Over: Settings{Facts: Facts{AWS: AWSFacts{Region: "eu-central-1"}}, Ignore: []string{}}},
			{Match: "acme/server-*", Over: Settings{
				Facts:    Facts{Circle: CircleFacts{Given: true}},
				Severity: map[string]Severity{"aws-static-keys": Critical},
			}},
		},
	}
}

func parseSettings(t *testing.T, src string) *Settings {
	t.Helper()
	s, err := ParseSettings(".cfgfix.yml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		src  string
		want *Settings
	}{
		{"every key", fullSettings, wantFullSettings()},
		{"CRLF and a byte order mark", "\ufeff" + strings.ReplaceAll(fullSettings, "\n", "\r\n"), wantFullSettings()},
		{"version alone", "version: 1", &Settings{}},
		{"JSON", `{"version": 1, "ecr": {"role_arn": "$R"}}`, &Settings{Facts: Facts{ECR: ECRFacts{"$R"}}}},
		{"sections whose keys are commented out", "version: 1\naws:\n  # role_arn: x\nrules:\nexclude:\nrepos:\n  acme/*:\n", &Settings{
			Repos: []RepoSettings{{Match: "acme/*"}},
		}},
		{"a section both nested and dotted", "version: 1\naws: {region: eu-west-1}\naws.method: orb\n", &Settings{
			Facts: Facts{AWS: AWSFacts{Region: "eu-west-1", Method: "orb"}},
		}},
		{"dotted name of a section", "version: 1\naws.accounts: {'012345678901': {role_arn: $R}}\n", &Settings{
			Facts: Facts{AWS: AWSFacts{Accounts: map[string]string{"012345678901": "$R"}}},
		}},
		{"account inside an override", "version: 1\nrepos:\n  a.b/*:\n    aws.accounts.012345678901.role_arn: $R\n", &Settings{
			Repos: []RepoSettings{{Match: "a.b/*", Over: Settings{
				Facts: Facts{AWS: AWSFacts{Accounts: map[string]string{"012345678901": "$R"}}},
			}}},
		}},
		{"numbers in quotes", "version: '1'\naws.session_duration: '3600'\n", &Settings{Facts: Facts{AWS: AWSFacts{SessionDuration: "3600"}}}},
		{"aliases", "version: 1\nnetwork: {internal: &hosts [a.example], public: *hosts}\n", &Settings{
			Facts: Facts{Network: NetworkFacts{Internal: []string{"a.example"}, Public: []string{"a.example"}}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parseSettings(t, tt.src)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A fact that the full file leaves at zero has no key, or one that the reader forgets.
func TestFullSettingsGiveEveryFact(t *testing.T) {
	t.Parallel()
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		} else if v.IsZero() {
			t.Errorf("%s is not given", path)
		}
	}
	walk("Facts", reflect.ValueOf(parseSettings(t, fullSettings).Facts))
}

func TestParseSettingsErrors(t *testing.T) {
	t.Parallel()
	const ref = ", a variable such as ${NAME}, or << pipeline.parameters.NAME >>"
	const arn = "a role ARN such as arn:aws:iam::123456789012:role/NAME (partition aws, aws-us-gov or aws-cn)" + ref
	rules, groups := strings.Join(RuleIDs(), ", "), "all, contexts, ip-ranges, oidc, runner"
	tests := []struct {
		name string
		src  string // behind "version: 1\n", unless it begins with "="
		want string // behind "f.yml:"
	}{
		{"empty file", "=", `1:1: a settings file has a version: begin it with 'version: 1'`},
		{"comment alone", "=# nothing\n", `1:1: a settings file has a version: begin it with 'version: 1'`},
		{"no version", "=aws.region: eu-west-1\n", `1:1: a settings file has a version: begin it with 'version: 1'`},
		{"version of the future, before its unknown keys", "=new: x\nversion: 2\n", `2:10: version must be 1: no other version of settings is known`},
		{"no mapping", "=- version: 1\n", `1:1: a settings file must be a mapping of keys to values`},
		{"two documents", "---\nversion: 1\n", `3:1: a settings file has one document: this is the second`},
		{"broken YAML", "aws: [\n", `2:1: not valid YAML: did not find expected node content`},
		{"UTF-16", "=\xff\xfev\x00", `1:1: not valid YAML: the file is UTF-16, which is not supported; save it as UTF-8`},

		{"unknown key, dotted", "aws.rolearn: x\n", `2:1: unknown key "aws.rolearn"; did you mean "aws.role_arn"?`},
		{"unknown key, nested", "aws:\n  rolearn: x\n", `3:3: unknown key "aws.rolearn"; did you mean "aws.role_arn"?`},
		{"unknown section", "awss: {region: x}\n", `2:1: unknown key "awss"; did you mean "aws"?`},
		{"key without its section", "resource_class: a/b\n", `2:1: unknown key "resource_class"; did you mean "runner.resource_class"?`},
		{"key in camel case", "aws: {roleArn: x}\n", `2:7: unknown key "aws.roleArn"; did you mean "aws.role_arn"?`},
		{"unknown key of an account", "aws.accounts.123456789012.role: x\n", `2:1: unknown key "aws.accounts.123456789012.role"; did you mean "aws.accounts.123456789012.role_arn"?`},
		{"unknown key of an override", "repos: {acme/*: {aws: {regoin: x}}}\n", `2:24: unknown key "repos[acme/*].aws.regoin"; did you mean "repos[acme/*].aws.region"?`},
		{"exclude in an override", "repos: {acme/*: {exclude: [x]}}\n", `2:18: unknown key "repos[acme/*].exclude": exclude belongs at the top level of the file`},
		{"unknown key of a list's item", "aws.roles:\n  - {job: [a], role_arn: $R}\n", `3:6: unknown key "aws.roles[0].job"; did you mean "aws.roles[0].jobs"?`},
		{"unknown key like no other", "telemetry: true\n", `2:1: unknown key "telemetry"`},
		{"empty key", "aws: {'': {region: x}}\n", `2:7: unknown key "aws."; did you mean "aws"?`},

		{"duplicate key", "aws.region: eu-west-1\n\naws.region: eu-west-2\n", `4:1: duplicate key "aws.region": line 2 has it already`},
		{"duplicate section", "aws: {}\naws: {}\n", `3:1: duplicate key "aws": line 2 has it already`},
		{"duplicate of a dotted key in a section", "aws.region: eu-west-1\naws:\n  region: eu-west-2\n", `4:3: duplicate key "aws.region": line 2 has it already`},
		{"duplicate override", "repos:\n  a/b:\n  a/b:\n", `4:3: duplicate key "repos.a/b": line 3 has it already`},
		{"merge key", "aws: &a {region: eu-west-1}\necr:\n  <<: *a\n", `4:3: ecr has a merge key: write its keys out`},
		{"key that is a list", "? [a]\n: b\n", `2:3: a settings file has a key that is not a word`},

		{"section that is a list", "aws: [region]\n", `2:6: aws must be a mapping of keys to values`},
		{"list that is a scalar", "network.internal: a.example\n", `2:19: network.internal must be a list`},
		{"list of roles that is a mapping", "aws.roles: {role_arn: $R}\n", `2:12: aws.roles must be a list`},
		{"scalar that is a list", "aws.method: [orb]\n", `2:13: aws.method must be orb or web-identity`},
		{"value with a tag of its own", "aws.method: !env orb\n", `2:13: aws.method must be orb or web-identity`},
		{"no value", "aws:\n  region:\n", `3:10: aws.region has no value: give one or remove the key`},
		{"recursive alias", "aws.roles: &r [*r]\n", `2:16: aws.roles[0] must be a mapping of keys to values`},

		{"user's ARN", "aws.role_arn: arn:aws:iam::123456789012:user/ci\n", `2:15: aws.role_arn must be ` + arn},
		{"ARN with a short account", "ecr: {role_arn: 'arn:aws:iam::12345:role/ci'}\n", `2:17: ecr.role_arn must be ` + arn},
		{"ARN of an unknown partition", "ecr.role_arn: arn:amazon:iam::123456789012:role/ci\n", `2:15: ecr.role_arn must be ` + arn},
		{"ARN without a name", "ecr.role_arn: 'arn:aws:iam::123456789012:role/'\n", `2:15: ecr.role_arn must be ` + arn},
		{"ARN of a session", "ecr.role_arn: 'arn:aws:sts::123456789012:assumed-role/ci/x'\n", `2:15: ecr.role_arn must be ` + arn},
		{"command instead of a variable", "ecr.role_arn: $(id)\n", `2:15: ecr.role_arn must be ` + arn},
		{"expression that is none of the pipeline's", "ecr.role_arn: << parameters.role >>\n", `2:15: ecr.role_arn must be ` + arn},
		{"a secret is not repeated", "aws.role_arn: not-to-be-shown\n", `2:15: aws.role_arn must be ` + arn},
		{"short account", "aws:\n  accounts:\n    12345: {role_arn: $R}\n", `4:5: "12345" in "aws.accounts.12345" must be an AWS account id: 12 digits`},
		{"region's zone", "aws.region: eu-west-1a\n", `2:13: aws.region must be an AWS region such as eu-west-1` + ref},
		{"session too short", "aws.session_duration: 899\n", `2:23: aws.session_duration must be a whole number of seconds from 900 to 43200`},
		{"session too long", "aws.session_duration: 43201\n", `2:23: aws.session_duration must be a whole number of seconds from 900 to 43200`},
		{"session with a unit", "aws.session_duration: 1h\n", `2:23: aws.session_duration must be a whole number of seconds from 900 to 43200`},
		{"misspelt word", "aws.method: webidentity\n", `2:13: aws.method must be orb or web-identity; did you mean "web-identity"?`},
		{"project's id", "gcp.project_number: acme-prod\n", `2:21: gcp.project_number must be the number of a Google Cloud project (digits, not its id)` + ref},
		{"full name of a pool", "gcp.pool: projects/1/locations/global/workloadIdentityPools/ci\n", `2:11: gcp.pool must be an id of 4 to 32 lower-case letters, digits and dashes, not a full resource name` + ref},
		{"somebody's address", "gcp.service_account: ci@acme.example\n", `2:22: gcp.service_account must be the address of a service account such as ci@PROJECT.iam.gserviceaccount.com` + ref},
		{"address with a password", "vault.address: https://user:word@vault.example\n", `2:16: vault.address must be an address such as https://vault.example.com:8200, without user, query or fragment` + ref},
		{"role with a space", "vault.role: a b\n", `2:13: vault.role must be a name of letters, digits, '_', '-' and '.'` + ref},
		{"mount with a slash in front", "vault.auth_path: /jwt\n", `2:18: vault.auth_path must be the path of an auth mount such as jwt or jwt/circleci` + ref},
		{"no UUID", "azure.client_id: ci\n", `2:18: azure.client_id must be a UUID such as 00000000-0000-0000-0000-000000000000` + ref},
		{"hosted resource class", "runner.resource_class: large\n", `2:24: runner.resource_class must be a runner's resource class: NAMESPACE/NAME, the namespace in lower case`},
		{"namespace in capitals", "runner.resource_class: Acme/linux\n", `2:24: runner.resource_class must be a runner's resource class: NAMESPACE/NAME, the namespace in lower case`},
		{"kind of runner", "runner.kind: docker\n", `2:14: runner.kind must be container or machine`},
		{"route", "network.route: iprange\n", `2:16: network.route must be runner or ip-ranges; did you mean "ip-ranges"?`},
		{"CIDR out of range", "network.internal: [10.0.0.0/33]\n", `2:20: network.internal[0] must be a host name or glob such as *.corp.example, an address, or a CIDR such as 10.0.0.0/8`},
		{"address out of range", "network.public: [a.example, 10.0.0.256]\n", `2:29: network.public[1] must be a host name or glob such as *.corp.example, an address, or a CIDR such as 10.0.0.0/8`},
		{"URL as a host", "network.internal: ['https://a.example']\n", `2:20: network.internal[0] must be a host name or glob such as *.corp.example, an address, or a CIDR such as 10.0.0.0/8`},
		{"boolean", "circleci.server: yes\n", `2:18: circleci.server must be true or false`},

		{"role without an ARN", "aws.roles:\n  - jobs: [a]\n", `3:5: aws.roles[0] has no role_arn`},
		{"selector without a value", "aws.roles: [{jobs: , role_arn: $R}]\n", `2:19: aws.roles[0].jobs must list at least one: a glob on names, such as deploy-*`},
		{"empty selector", "aws.roles: [{keys: [], role_arn: $R}]\n", `2:20: aws.roles[0].keys must list at least one: a glob on names of variables, such as AWS_*`},
		{"broken glob", "aws.roles: [{jobs: ['a[b'], role_arn: $R}]\n", `2:21: aws.roles[0].jobs[0] must be a glob on names, such as deploy-*`},
		{"route without hosts", "network.routes: [{route: runner}]\n", `2:18: network.routes[0] has no hosts`},
		{"context without a name", "contexts: [{provides: [A]}]\n", `2:12: contexts[0] has no name`},
		{"context without variables", "contexts: [{name: a}]\n", `2:12: contexts[0] has no provides`},
		{"context's name on two lines", "contexts: [{name: \"a\\nb\", provides: [A]}]\n", `2:19: contexts[0].name must be a name in one line`},
		{"kind of a route's runner", "network.routes: [{hosts: [a], kind: vm}]\n", `2:37: network.routes[0].kind must be container or machine`},
		{"unknown key of a route", "network.routes: [{hosts: [a], class: a/b}]\n", `2:31: unknown key "network.routes[0].class"`},
		{"context as a word", "contexts: [aws]\n", `2:12: contexts[0] must be a mapping of keys to values`},
		{"variable with a dollar", "contexts: [{name: a, provides: [$A]}]\n", `2:33: contexts[0].provides[0] must be a glob on names of variables, such as AWS_*`},

		{"unknown rule", "rules: {ignore: [aws-static-key]}\n", `2:18: unknown rule "aws-static-key"; did you mean "aws-static-keys"?`},
		{"unknown rule like no other", "rules: {ignore: [foo]}\n", `2:18: unknown rule "foo"; use ` + rules + ", " + groups},
		{"unknown group", "rules.select: [odic]\n", `2:16: unknown rule "odic"; did you mean "oidc"?`},
		{"list as a rule", "rules.ignore: [[a]]\n", `2:16: rules.ignore[0] must be the id of a rule or the name of a group`},
		{"severity of an unknown rule", "rules:\n  severity:\n    aws-statickeys: low\n", `4:5: unknown rule "aws-statickeys"; did you mean "aws-static-keys"?`},
		{"severity of a group", "rules.severity: {oidc: low}\n", `2:18: unknown rule "oidc"; use ` + rules},
		{"level", "rules.severity.inline-secret: hgih\n", `2:31: rules.severity.inline-secret must be low, medium, high or critical; did you mean "high"?`},
		{"absolute path", "exclude: [/legacy]\n", `2:11: exclude[0] must be a glob on relative paths, such as legacy/**`},
		{"broken glob of paths", "exclude: ['{a']\n", `2:11: exclude[0] must be a glob on relative paths, such as legacy/**`},
		{"overrides as a list", "repos: [{match: a}]\n", `2:8: repos must be a mapping of keys to values`},
		{"broken glob of repos", "repos: {'acme/[': {}}\n", `2:9: "acme/[" must be a glob on relative paths, such as legacy/**`},
		{"override as a word", "repos: {acme/*: off}\n", `2:17: repos[acme/*] must be a mapping of keys to values`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, whole := strings.CutPrefix(tt.src, "=")
			if !whole {
				src = "version: 1\n" + src
			}
			_, err := ParseSettings("f.yml", []byte(src))
			if e := (*SettingsError)(nil); !errors.As(err, &e) {
				t.Fatalf("want a *SettingsError, got %v", err)
			}
			if diff := cmp.Diff("f.yml:"+tt.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSettingsErrorFields(t *testing.T) {
	t.Parallel()
	_, err := ParseSettings("f.yml", []byte("version: 1\naws: {rolearn: x}\n"))
	want := &SettingsError{File: "f.yml", Line: 2, Column: 7, Key: "aws.rolearn", Message: `unknown key "aws.rolearn"`, Nearest: "aws.role_arn"}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseSettingsBoundsAliases(t *testing.T) {
	t.Parallel()
	src := "version: 1\nnetwork.routes: [&r {hosts: [" + strings.Repeat("a,", 1000) + "]}" + strings.Repeat(",*r", 1000) + "]\n"
	_, err := ParseSettings("f.yml", []byte(src))
	if err == nil || !strings.Contains(err.Error(), "a settings file is bounded to 200000 values, aliases counted each time") {
		t.Errorf("want the bound, got %v", err)
	}
}

// No input makes the reader panic, and an error is always one line.
func FuzzParseSettings(f *testing.F) {
	f.Add(fullSettings)
	f.Add("version: 1\naws.roles: &r [*r]\n")
	f.Add("version: 1\nrepos: {'a[': {aws.: x}}\n")
	f.Fuzz(func(t *testing.T, src string) {
		s, err := ParseSettings("f.yml", []byte(src))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		s.For("acme/api", "a/b")
		s.Excluded("a/b")
	})
}

func TestFactsSet(t *testing.T) {
	t.Parallel()
	for _, k := range FactKeys() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(k.Name, "<account>", "123456789012")
			fromFile := parseSettings(t, "version: 1\n"+name+": "+k.Example+"\n").Facts
			var set Facts
			err := set.Set(name, k.Example)
			if k.List() {
				if err == nil {
					t.Error("want an error for a list")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fromFile, set); diff != "" {
				t.Errorf("-file +set:\n%s", diff)
			}
		})
	}
}

func TestFactsSetErrors(t *testing.T) {
	t.Parallel()
	const settable = "aws.role_arn, aws.accounts.<account>.role_arn, aws.region, aws.session_duration, aws.method, ecr.role_arn, " +
		"gcp.project_number, gcp.pool, gcp.provider, gcp.service_account, vault.address, vault.role, vault.auth_path, " +
		"azure.client_id, azure.tenant_id, azure.subscription_id, runner.resource_class, runner.kind, network.route, circleci.server"
	tests := []struct {
		name, key, value string
		want             string
	}{
		{"unknown key", "aws.rolearn", "x", `unknown key "aws.rolearn"; did you mean "aws.role_arn"?`},
		{"unknown key of an account", "aws.accounts.123456789012.role", "x", `unknown key "aws.accounts.123456789012.role"; did you mean "aws.accounts.123456789012.role_arn"?`},
		{"key like a list", "awsrole", "x", `unknown key "awsrole"; use ` + settable},
		{"key like a section", "awss", "x", `unknown key "awss"; use ` + settable},
		{"key of settings that is no fact", "rules.ignore", "x", `unknown key "rules.ignore"; use ` + settable},
		{"empty key", "", "x", `unknown key ""; use ` + settable},
		{"list", "aws.roles", "[]", `aws.roles is a list, which only a settings file can give`},
		{"list of hosts", "network.internal", "a", `network.internal is a list, which only a settings file can give`},
		{"section", "aws", "x", `aws is a group of facts: set one of them, such as aws.role_arn`},
		{"section of an account", "aws.accounts.123456789012", "x", `aws.accounts.123456789012 is a group of facts: set one of them, such as aws.accounts.<account>.role_arn`},
		{"short account", "aws.accounts.1.role_arn", "$R", `"1" in "aws.accounts.1.role_arn" must be an AWS account id: 12 digits`},
		{"no account", "aws.accounts..role_arn", "$R", `"" in "aws.accounts..role_arn" must be an AWS account id: 12 digits`},
		{"empty value", "aws.method", "", `aws.method must be orb or web-identity`},
		{"wrong value", "circleci.server", "ture", `circleci.server must be true or false; did you mean "true"?`},
		{"value of two lines", "vault.role", "a\nb", `vault.role must be a name of letters, digits, '_', '-' and '.', a variable such as ${NAME}, or << pipeline.parameters.NAME >>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f Facts
			err := f.Set(tt.key, tt.value)
			if err == nil {
				t.Fatal("want an error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(Facts{}, f); diff != "" {
				t.Errorf("facts changed: %s", diff)
			}
		})
	}
}

func TestFactsSetNamesAFactOfEachSection(t *testing.T) {
	t.Parallel()
	for _, k := range FactKeys() {
		section, _, nested := strings.Cut(k.Name, ".")
		if !nested {
			continue
		}
		var f Facts
		if err := f.Set(section, "x"); err == nil || !strings.Contains(err.Error(), "such as "+section+".") {
			t.Errorf("%s: want one of its facts, got %v", section, err)
		}
	}
}

func TestFactsSetKeepsCopies(t *testing.T) {
	t.Parallel()
	f := Facts{AWS: AWSFacts{Accounts: map[string]string{"123456789012": "$A"}}}
	g := f
	if err := g.Set("aws.accounts.123456789012.role_arn", "$B"); err != nil {
		t.Fatal(err)
	}
	if got := f.AWS.Accounts["123456789012"]; got != "$A" {
		t.Errorf("the copy's source became %s", got)
	}
}

func TestFactsMerge(t *testing.T) {
	t.Parallel()
	full := wantFullSettings().Facts
	tests := []struct {
		name             string
		low, over, wants Facts
	}{
		{"nothing over all", full, Facts{}, full},
		{"all over nothing", Facts{}, full, full},
		{"each key on its own", Facts{AWS: AWSFacts{Region: "a", Method: "orb"}}, Facts{AWS: AWSFacts{Region: "b"}}, Facts{AWS: AWSFacts{Region: "b", Method: "orb"}}},
		{
			"accounts are keys",
			Facts{AWS: AWSFacts{Accounts: map[string]string{"1": "a", "2": "b"}}},
			Facts{AWS: AWSFacts{Accounts: map[string]string{"2": "c", "3": "d"}}},
			Facts{AWS: AWSFacts{Accounts: map[string]string{"1": "a", "2": "c", "3": "d"}}},
		},
		{"a list is replaced", Facts{Network: NetworkFacts{Public: []string{"a"}}}, Facts{Network: NetworkFacts{Public: []string{"b"}}}, Facts{Network: NetworkFacts{Public: []string{"b"}}}},
		{"by an empty one too", Facts{Contexts: []ContextFact{{Name: "a"}}}, Facts{Contexts: []ContextFact{}}, Facts{Contexts: []ContextFact{}}},
		{"false beats true when given", Facts{Circle: CircleFacts{true, true}}, Facts{Circle: CircleFacts{false, true}}, Facts{Circle: CircleFacts{false, true}}},
		{"false not given", Facts{Circle: CircleFacts{true, true}}, Facts{}, Facts{Circle: CircleFacts{true, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.wants, tt.low.Merge(tt.over)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSettingsFor(t *testing.T) {
	t.Parallel()
	const src = `version: 1
aws: {region: general, method: orb}
rules: {ignore: [oidc], severity: {inline-secret: low, aws-static-keys: low}}
exclude: [x]
repos:
  acme/*: {aws.region: eu-west-1, rules: {severity: {inline-secret: high}}}
  Acme/Api: {aws.region: eu-west-2, rules: {ignore: []}}
  teams/*/infra: {aws.method: web-identity, rules: {select: [all]}}
`
	base := parseSettings(t, strings.Replace(src, "general", "us-east-1", 1))
	tests := []struct {
		name, repo, path string
		region, method   string
		ignore, selected []string
		inline           Severity
	}{
		{"no match", "other/api", "", "us-east-1", "orb", []string{"oidc"}, nil, Low},
		{"nothing known", "", "", "us-east-1", "orb", []string{"oidc"}, nil, Low},
		{"one match", "acme/web", "", "eu-west-1", "orb", []string{"oidc"}, nil, High},
		{"the later of two, letter case aside", "acme/API", "", "eu-west-2", "orb", []string{}, nil, High},
		{"a directory above the path", "", "teams/core/infra/.circleci/config.yml", "us-east-1", "web-identity", []string{"oidc"}, []string{"all"}, Low},
		{"the path itself", "", "./teams/core/infra", "us-east-1", "web-identity", []string{"oidc"}, []string{"all"}, Low},
		{"repo and path", "acme/web", "teams/core/infra/c.yml", "eu-west-1", "web-identity", []string{"oidc"}, []string{"all"}, High},
		{"path that goes on in the same word", "", "teams/core/infrastructure", "us-east-1", "orb", []string{"oidc"}, nil, Low},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := &Settings{
				Facts:    Facts{AWS: AWSFacts{Region: tt.region, Method: tt.method}},
				Ignore:   tt.ignore,
				Select:   tt.selected,
				Severity: map[string]Severity{"inline-secret": tt.inline, "aws-static-keys": Low},
				Exclude:  []string{"x"},
			}
			if diff := cmp.Diff(want, base.For(tt.repo, tt.path)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if base.Severity["inline-secret"] != Low || len(base.Repos) != 3 {
				t.Error("the general settings were changed")
			}
		})
	}
}

func TestSettingsExcluded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, glob, path string
		want             bool
	}{
		{"file", "a/.circleci/config.yml", "a/.circleci/config.yml", true},
		{"directory above", "legacy/api", "legacy/api/.circleci/config.yml", true},
		{"directory above, with a slash behind", "legacy/api/", "legacy/api/.circleci/config.yml", true},
		{"everything below", "legacy/**", "legacy/api/config.yml", true},
		{"star stays in its directory", "legacy/*/x.yml", "legacy/a/b/x.yml", false},
		{"name at any depth", "vendored", "a/b/vendored/c.yml", true},
		{"name with a slash behind", "vendored/", "a/vendored/c.yml", true},
		{"name in front", "vendored", "vendored/c.yml", true},
		{"part of a name", "vendor", "vendored/c.yml", false},
		{"glob on names", "*.orb.yml", "a/b.orb.yml", true},
		{"alternatives", "{a,b}/c", "b/c/d", true},
		{"rooted by its slash", "a/b", "x/a/b", false},
		{"path from here", "a/b", "./a/b", true},
		{"root", "**", ".", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Settings{Exclude: []string{"other", tt.glob}}
			if got := s.Excluded(tt.path); got != tt.want {
				t.Errorf("want %v, got %v", tt.want, got)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, word string
		candidates []string
		want       string
	}{
		{"one letter less", "regon", []string{"role", "region"}, "region"},
		{"letters swapped", "regoin", []string{"region"}, "region"},
		{"other case", "REGION", []string{"region"}, "region"},
		{"the first of equals", "pool", []string{"poll", "tool"}, "poll"},
		{"the last part alone", "region", []string{"aws.role_arn", "aws.region"}, "aws.region"},
		{"too far", "region", []string{"method", "legion-of-honour"}, ""},
		{"short words", "ab", []string{"cd"}, ""},
		{"a very long word", strings.Repeat("a", 1<<20), []string{"aws"}, ""},
		{"no candidates", "a", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest(tt.word, tt.candidates); got != tt.want {
				t.Errorf("want %q, got %q", tt.want, got)
			}
		})
	}
}

// TestRuleGroup finds every group beside a rule of it, so that the lists of rules show all that can be chosen.
func TestRuleGroup(t *testing.T) {
	t.Parallel()
	listed := []string{allRules}
	for _, r := range All() {
		if group := RuleGroup(r.ID); group != "" {
			listed = append(listed, group)
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(RuleGroups(), slices.Compact(listed)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestResolveRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		names []string
		want  []string
		err   string
	}{
		{"nothing", nil, nil, ""},
		{"id", []string{"inline-secret"}, []string{"inline-secret"}, ""},
		{"group and an id of it", []string{"missing-context", "contexts"}, []string{"inline-secret", "missing-context", "unrestricted-context"}, ""},
		{"all", []string{"all"}, RuleIDs(), ""},
		{"unknown", []string{"oidc", "inline-secrets"}, nil, `unknown rule "inline-secrets"; did you mean "inline-secret"?`},
		{"empty", []string{""}, nil, `unknown rule ""; use ` + strings.Join(RuleIDs(), ", ") + ", all, contexts, ip-ranges, oidc, runner"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ResolveRules(tt.names)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("want %q, got %v", tt.err, err)
			}
		})
	}
}
