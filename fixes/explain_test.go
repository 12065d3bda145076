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
			engine := &Engine{Rules: []*Rule{awsImplicitKeys, awsStaticKeys, ecrImageAuth, internalNetwork}, Explain: true}
			var got []string
			for _, n := range engine.Run([]byte(test.src), nil).Notes {
				got = append(got, n.Owner+": "+n.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExplainOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	src := []byte("jobs: {a: {machine: true, steps: [checkout]}}\n")
	if notes := (&Engine{Rules: All()}).Run(src, nil).Notes; notes != nil {
		t.Errorf("nobody asked for %v", notes)
	}
}
