package fixes

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, src string
		want      []string
	}{
		{
			"keys, a role and a call that nothing is known of", `version: 2.1
orbs:
  aws-cli: circleci/aws-cli@5.4.1
jobs:
  keys:
    docker: [{image: cimg/aws:2025.01}]
    environment: {AWS_ACCESS_KEY_ID: $A_AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: $A_AWS_SECRET_ACCESS_KEY}
    steps: [checkout]
  role:
    docker: [{image: cimg/aws:2025.01}]
    steps:
      - aws-cli/setup: {role_arn: $AWS_OIDC_ROLE_ARN}
      - run: aws s3 ls
  make:
    machine: true
    steps:
      - run: make deploy
workflows:
  main:
    jobs:
      - keys
      - role: {context: [aws, slack]}
`, []string{
				"job:keys: in the image cimg/aws:2025.01, 1 step",
				"job:keys: AWS, line 7: the environment sets AWS keys from A_AWS_ACCESS_KEY_ID and A_AWS_SECRET_ACCESS_KEY",
				"job:keys: network: no host in sight",
				"job:role: in the image cimg/aws:2025.01, 2 steps; contexts aws, slack",
				"job:role: AWS: a role is assumed in line 12",
				"job:role: network: no host in sight",
				"job:make: in a virtual machine, 1 step; no workflow of the file runs it",
				"job:make: AWS: no key and no call in sight; line 17 runs make, which may call anything and is not looked into",
				"job:make: network: no host in sight",
			},
		},
		{
			"hosts of all kinds", `version: 2.1
commands:
  notify:
    steps:
      - run: curl https://hooks.acme.corp/
  unused:
    steps:
      - run: curl https://old.acme.corp/
jobs:
  test:
    docker:
      - image: cimg/base:2026.01
      - image: cimg/postgres:16.2
        name: db
    steps:
      - run: |
          curl https://api.github.com/
          psql -h db
          curl "https://$HOST/"
          ssh -J bastion.acme.example ci@10.0.0.5
      - notify
`, []string{
				"job:test: in the image cimg/base:2026.01, 3 steps; no workflow of the file runs it",
				"job:test: AWS: no key and no call in sight",
				"job:test: network, line 5: reaches hooks.acme.corp (internal, so it takes a runner)",
				"job:test: network, line 20: ssh -J opens a tunnel, so it takes a runner",
				"job:test: network, line 20: reaches 10.0.0.5 (internal, so it takes a runner)",
				"job:test: network, line 17: reaches api.github.com (public)",
				"job:test: network, line 18: reaches db (the job's own)",
				"job:test: network, line 19: reaches a host that is known only when the job runs",
				"command:unused: 1 step",
				"command:unused: AWS: no key and no call in sight",
				"command:unused: network, line 8: reaches old.acme.corp (internal, so it takes a runner)",
			},
		},
		{
			"images and executors", `version: 2.1
executors:
  tools:
    docker:
      - image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/tools:7
jobs:
  one: {executor: tools, steps: [checkout]}
  two: {executor: node/default, steps: [checkout]}
  three: {docker: [{image: cimg/base:2026.01}], resource_class: acme/k8s, steps: [checkout]}
`, []string{
				"job:one: in the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/tools:7, 1 step; no workflow of the file runs it",
				"job:one: AWS: no key and no call in sight",
				"job:one: image, line 5: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/tools is pulled without a login of its own",
				"job:one: network: no host in sight",
				"job:two: in the executor node/default, which the file does not define, 1 step; no workflow of the file runs it",
				"job:two: AWS: no key and no call in sight",
				"job:two: network: no host in sight",
				"job:three: on the self-hosted runner acme/k8s, 1 step; no workflow of the file runs it",
				"job:three: AWS: no key and no call in sight",
				"job:three: network: no host in sight",
			},
		},
		{
			"hosts that look internal", `version: 2.1
jobs:
  one:
    docker: [{image: cimg/base:2026.01}]
    steps: [{run: ssh ci@bastion.acme.example true}]
  two:
    docker: [{image: cimg/base:2026.01}]
    steps: [{run: ssh ci@bastion.acme.example true && kubectl --insecure-skip-tls-verify get pods}]
`, []string{
				"job:one: in the image cimg/base:2026.01, 1 step; no workflow of the file runs it",
				"job:one: AWS: no key and no call in sight",
				"job:one: network, line 5: ssh reaches bastion.acme.example, whose name looks internal, and nothing else tells of a private network",
				"job:two: in the image cimg/base:2026.01, 1 step; no workflow of the file runs it",
				"job:two: AWS: no key and no call in sight; line 8 runs kubectl, which may call anything and is not looked into",
				"job:two: network, line 8: ssh reaches bastion.acme.example, whose name looks internal, and with the others it takes a runner",
				"job:two: network, line 8: kubectl works without a check of the server's certificate, and with the others it takes a runner",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkNotes(t, []*Rule{awsImplicitKeys, awsStaticKeys, ecrImageAuth, internalNetwork}, nil, test.src, test.want)
		})
	}
}

func checkNotes(t *testing.T, rules []*Rule, facts *Facts, src string, want []string) {
	t.Helper()
	var got []string
	for _, n := range (&Engine{Rules: rules, Explain: true}).Run([]byte(src), facts).Notes {
		got = append(got, n.Owner+": "+n.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestExplainStoredSecrets(t *testing.T) {
	t.Parallel()
	rules := []*Rule{azureStaticSecret, gcpImageAuth, gcpStaticKeys, inlineSecret, missingContext, publishToken, vaultStaticToken}
	facts := &Facts{Contexts: []ContextFact{{Name: "app", Provides: []string{"APP*"}}, {Name: "vault", Provides: []string{"VAULT_KEY"}}}}
	checkNotes(t, rules, facts, `version: 2.1
jobs:
  keys:
    docker:
      - image: gcr.io/acme/tools:1
        auth: {username: _json_key, password: $GCLOUD_SERVICE_KEY}
    environment:
      DEPLOY_TOKEN: k7Q2mV9xT4bL8sW3nR6pY1cH5dJ0fGzA
      OTHER_TOKEN: $DEPLOY_TOKEN
      SIGN_PASSWORD: changeme
      TEST_TOKEN: k7Q2mV9xT4bL8sW3nR6pY1cH5dJ0fGzB
      REGION: eu
    steps:
      - run: echo $GCLOUD_SERVICE_KEY | gcloud auth activate-service-account --key-file=-
      - run: az login --service-principal -u $APP -p $APP_SECRET --tenant $T
      - run: vault login -no-print $VAULT_KEY
      - run: npm set //registry.npmjs.org/:_authToken=$NPM_TOKEN && npm publish
  none:
    docker: [{image: cimg/base:2026.01}]
    steps:
      - run: gcloud run deploy && az group list && vault kv get a && npm publish
workflows:
  main:
    jobs:
      - keys: {context: app}
      - none
`, []string{
		"job:keys: in the image gcr.io/acme/tools:1, 4 steps; contexts app",
		"job:keys: Azure, line 15: az logs in with a service principal's secret",
		"job:keys: image, line 5: gcr.io/acme/tools is pulled with a service account key",
		"job:keys: Google Cloud, line 14: gcloud is logged in with the service account key in GCLOUD_SERVICE_KEY",
		"job:keys: secrets, line 8: the environment sets DEPLOY_TOKEN to a literal value, k7Q2…",
		"job:keys: secrets, line 9: the value of OTHER_TOKEN is none: it is a reference",
		"job:keys: secrets, line 10: the value of SIGN_PASSWORD is none: it is a stand-in, or a sample",
		"job:keys: secrets, line 11: the value of TEST_TOKEN is none: the name says that it is for tests",
		"job:keys: contexts, line 25: keys reads APP, which the context app provides, and has it",
		"job:keys: contexts, line 25: keys reads APP_SECRET, which the context app provides, and has it",
		"job:keys: contexts, line 25: keys reads VAULT_KEY, which the context vault provides, and does not have it",
		"job:keys: registry, line 17: npm publish uses a stored token",
		"job:keys: registry, line 17: npm is given a stored token",
		"job:keys: Vault, line 16: vault logs in with a stored token or password",
		"job:none: in the image cimg/base:2026.01, 1 step",
		"job:none: Azure: line 21 works with it, and no stored secret is in sight",
		"job:none: Google Cloud: line 21 works with it, and no key is in sight",
		"job:none: registry: line 21 works with it, and no stored secret is in sight",
		"job:none: Vault: line 21 works with it, and no stored secret is in sight",
	})
}

func TestExplainOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	src := []byte("jobs: {a: {machine: true, steps: [checkout]}}\n")
	if notes := (&Engine{Rules: All()}).Run(src, nil).Notes; notes != nil {
		t.Errorf("nobody asked for %v", notes)
	}
}
