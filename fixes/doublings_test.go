package fixes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cfgfix/rewrite"
)

// doublingTests are configs that grow in one way each. Most have findings that are fixed: n of them, or one with n
// things around it.
var doublingTests = []struct {
	name string
	n    int // to begin with
	src  func(n int) string
}{
	{"jobs", 100, func(n int) string { return string(benchmarkConfig(18*n, false)) }},
	{"findings", 50, func(n int) string { return string(benchmarkConfig(18*5*n, true)) }},
	{"script lines", 500, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          echo line %d && ./configure --prefix=/opt/%[1]d\n"))
	}},
	{"script lines with keys", 200, func(n int) string {
		return oneJob("      - run: |\n          export AWS_ACCESS_KEY_ID=$A_ID\n          export AWS_SECRET_ACCESS_KEY=$A_SECRET\n" + repeated(n, "          aws s3 cp file-%d s3://acme\n"))
	}},
	{"steps", 200, func(n int) string { return oneJob(repeated(n, "      - run: make target-%d\n") + keySteps) }},
	{"steps with findings", 100, func(n int) string {
		return oneJob(repeated(n, "      - run: curl --fail https://artifacts-%d.corp.internal/x\n"))
	}},
	{"callers of one command", 100, func(n int) string {
		return "version: 2.1\ncommands:\n  deploy:\n    steps:\n" + keySteps + "jobs:\n" + repeated(n, "  job-%d:\n    docker: [{image: cimg/base:2026.01}]\n    steps: [deploy]\n") + entries(n)
	}},
	{"users of one anchor", 100, func(n int) string {
		return "version: 2.1\nenv: &env\n  AWS_ACCESS_KEY_ID: $A_ID\n  AWS_SECRET_ACCESS_KEY: $A_SECRET\njobs:\n" +
			repeated(n, "  job-%d:\n    docker: [{image: cimg/base:2026.01}]\n    environment: *env\n    steps: [checkout, {run: aws s3 ls}]\n") + entries(n)
	}},
	{"merges of one mapping", 100, func(n int) string {
		return "version: 2.1\ndefaults: &defaults\n  docker: [{image: cimg/base:2026.01}]\n  environment: {AWS_ACCESS_KEY_ID: $A_ID, AWS_SECRET_ACCESS_KEY: $A_SECRET}\njobs:\n" +
			repeated(n, "  job-%d:\n    <<: *defaults\n    steps: [checkout, {run: aws s3 ls}]\n") + entries(n)
	}},
	{"entries of one job", 200, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + keySteps +
			"workflows:\n  main:\n    jobs:\n" + repeated(n, "      - deploy: {name: deploy-%d, context: [org]}\n")
	}},
	{"jobs with contexts and findings", 100, func(n int) string {
		return "version: 2.1\njobs:\n" + repeated(n, "  job-%d:\n    docker: [{image: cimg/base:2026.01}]\n    steps: [checkout, {run: aws s3 ls}]\n") +
			"workflows:\n  main:\n    jobs:\n" + repeated(n, "      - job-%[1]d: {context: [org-%[1]d]}\n")
	}},
	{"jobs of an orb with findings", 100, func(n int) string {
		return "version: 2.1\norbs: {aws-ecr: circleci/aws-ecr@8.2.1}\nworkflows:\n  main:\n    jobs:\n" +
			repeated(n, "      - aws-ecr/build-and-push-image: {name: push-%d, pre-steps: [{run: 'curl https://x.corp.internal'}]}\n")
	}},
	{"script lines that publish", 100, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          npm config set //registry.npmjs.org/:_authToken $TOKEN_%d\n          npm publish\n"))
	}},
	{"steps that publish", 50, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/node:24.15.0}]\n    steps:\n" +
			repeated(n, "      - run: NODE_AUTH_TOKEN=$TOKEN npm publish ./part-%d\n") + entries(0)
	}},
	{"steps with tokens to publish", 50, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/node:24.15.0}]\n    steps:\n" +
			repeated(n, "      - run: echo //registry.npmjs.org/:_authToken=6f1c0d9a-77ba-4c1b-8b1f-2a3c%08d > .npmrc\n      - run: npm publish\n") + entries(0)
	}},
	{"script lines that hand tokens on", 100, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          docker run -e VAULT_TOKEN vault vault kv get secret/%d\n          terraform apply -var client_secret=$ARM_CLIENT_SECRET -var n=%[1]d\n"))
	}},
	{"setups with keys by parameters", 50, func(n int) string {
		return "version: 2.1\norbs: {aws-cli: circleci/aws-cli@5.4.1}\njobs:\n  deploy:\n    parameters:\n      id: {type: env_var_name, default: A_ID}\n      secret: {type: env_var_name, default: A_SECRET}\n" +
			"    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + repeated(n, "      - aws-cli/setup: {aws_access_key_id: << parameters.id >>, aws_secret_access_key: << parameters.secret >>}\n      - run: aws s3 ls s3://acme-%d\n") +
			entries(0)
	}},
	{"jobs that share variables", 100, func(n int) string {
		return "version: 2.1\nx: &shared {URL: https://x.corp.internal, TOKEN: $TOKEN}\njobs:\n" +
			repeated(n, "  job-%d: {docker: [{image: cimg/base:current}], environment: *shared, steps: [run: curl $URL]}\n")
	}},
	{"script lines with tokens for later steps", 100, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          echo 'export NPM_TOKEN=$TOKEN_%d' >> $BASH_ENV\n") + "          npm publish\n")
	}},
	{"script lines that log in at Google", 100, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          echo $GCLOUD_SERVICE_KEY | tee key-%d.json | gcloud auth activate-service-account --key-file=-\n"))
	}},
	{"steps that make networks", 100, func(n int) string {
		return oneJob(repeated(n, "      - run: docker-compose up -d && curl http://10.0.0.5/%d\n"))
	}},
	{"jobs on ARM that reach the network", 100, func(n int) string {
		return "version: 2.1\njobs:\n" + repeated(n, "  job-%d: {docker: [{image: x}], resource_class: arm.medium, steps: [run: 'curl https://x.corp.internal']}\n")
	}},
	{"jobs that log in with stored secrets", 50, func(n int) string {
		return "version: 2.1\norbs: {gcp-cli: circleci/gcp-cli@3.3.0}\njobs:\n" + repeated(n, storedJobs) +
			"workflows:\n  main:\n    jobs:\n" + repeated(n, "      - google-%[1]d: {context: [google]}\n      - orb-%[1]d: {context: [google]}\n      - azure-%[1]d: {context: [azure]}\n      - vault-%[1]d: {context: [vault]}\n      - npm-%[1]d: {context: [npm]}\n")
	}},
	{"steps that log in with stored secrets", 50, func(n int) string { return oneJob(repeated(n, storedSteps)) }},
	{"callers of one command that reaches the network", 100, func(n int) string {
		return "version: 2.1\ncommands:\n  fetch:\n    steps: [{run: 'curl https://x.corp.internal'}]\njobs:\n" +
			repeated(n, "  job-%d:\n    docker: [{image: cimg/base:2026.01}]\n    steps: [fetch]\n") + entries(n)
	}},
	{"jobs with fixes that do not hold", 100, func(n int) string {
		return "version: 2.1\norbs: {aws-ecr: circleci/aws-ecr@8.0.0}\njobs:\n" +
			repeated(n, "  job-%d:\n    docker: [{image: cimg/base:2026.01}]\n    steps: [aws-ecr/push-image: {repo: a}, run: aws s3 ls]\n") +
			"workflows:\n  main:\n    jobs:\n" + repeated(n, "      - job-%d: {filters: {branches: {only: main}}}\n")
	}},
	{"uses of an orb to raise", 100, func(n int) string {
		return "version: 2.1\norbs: {aws-ecs: circleci/aws-ecs@2.0.0}\nworkflows:\n  main:\n    jobs:\n" +
			repeated(n, "      - aws-ecs/deploy-service-update: {name: deploy-%d, family: a, cluster: b}\n")
	}},
	{"images in ECR", 100, func(n int) string {
		return "version: 2.1\njobs:\n" + repeated(n, "  job-%[1]d:\n    docker:\n      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app-%[1]d:1\n        aws_auth: {aws_access_key_id: $A_ID, aws_secret_access_key: $A_SECRET}\n    steps: [checkout]\n") + entries(n)
	}},
	{"settings in one another", 2000, func(n int) string {
		return oneJob("      - run: make --set=token=" + strings.Repeat("token:", n) + "x\n")
	}},
	{"variables", 500, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    environment:\n" + repeated(n, "      NAME_%d: value\n") + "    steps:\n" + keySteps + entries(0)
	}},
	{"literal secrets", 100, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    environment:\n" +
			repeated(n, "      TOKEN_%d: q7Rk2mX9vB4nT8wZ1cL6pD3s%04[1]d\n") + "    steps: [checkout]\n" + entries(0)
	}},
	{"when steps", 50, func(n int) string {
		return oneJob(repeated(n, "      - when:\n          condition: << pipeline.parameters.p%d >>\n          steps:\n            - run: make\n") + keySteps)
	}},
	{"documents", 20, func(n int) string { return repeated(n, "---\n# %d\n"+oneJob(keySteps)) }},
	{"anchors", 50, func(n int) string {
		return "version: 2.1\n" + repeated(n, "env-%[1]d: &env-%[1]d\n  AWS_ACCESS_KEY_ID: $A_%[1]d\n  AWS_SECRET_ACCESS_KEY: $B_%[1]d\n") + "jobs:\n" +
			repeated(n, "  job-%[1]d:\n    docker: [{image: cimg/base:2026.01}]\n    environment: *env-%[1]d\n    steps: [run: aws s3 ls]\n")
	}},
	{"definitions of variables", 150, func(n int) string {
		return "version: 2.1\nvalues:\n" + repeated(n, "  id-%[1]d: &id-%[1]d $A_%[1]d\n  secret-%[1]d: &secret-%[1]d $B_%[1]d\n") + "jobs:\n" +
			repeated(n, "  job-%[1]d:\n    docker: [{image: cimg/base:2026.01}]\n    environment: {AWS_ACCESS_KEY_ID: *id-%[1]d, AWS_SECRET_ACCESS_KEY: *secret-%[1]d}\n    steps: [run: aws s3 ls]\n")
	}},
	{"users of one step with keys", 400, func(n int) string {
		return "version: 2.1\nlogin: &login\n  run: |\n    aws configure set aws_access_key_id $A_ID\n    aws configure set aws_secret_access_key $A_SECRET\njobs:\n" +
			repeated(n, "  job-%d:\n    docker: [{image: cimg/aws:2026.01}]\n    steps: [*login, run: aws s3 ls]\n") + entries(n)
	}},
	{"script lines that call programs with logins", 200, func(n int) string {
		return oneJob("      - run: |\n" + repeated(n, "          ID_%d=$(./aws-tool id)\n") + "          aws s3 ls\n")
	}},
	{"entries that share arguments", 100, func(n int) string {
		return "version: 2.1\norbs: {ecs: circleci/aws-ecs@3.2.0}\njobs:\n  build: {docker: [{image: cimg/base:2026.01}], steps: [checkout]}\nworkflows:\n" +
			repeated(n, "  main-%[1]d:\n    jobs:\n      - ecs/deploy-service-update: &deploy-%[1]d {context: aws-%[1]d, filters: {branches: {only: main}}}\n      - build: *deploy-%[1]d\n")
	}},
	{"mappings in one merge", 50, func(n int) string {
		return "version: 2.1\n" + repeated(n, "env-%[1]d: &env-%[1]d {NAME_%[1]d: value}\n") + "jobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    environment:\n" +
			"      <<: [" + strings.TrimSuffix(repeated(n, "*env-%d, "), ", ") + "]\n    steps:\n" + keySteps
	}},
	{"contexts of one entry", 100, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + keySteps + "workflows:\n  main:\n    jobs:\n      - deploy:\n          context:\n" + repeated(n, "            - org-%d\n")
	}},
	{"entries with contexts and steps of their own", 50, func(n int) string {
		return "version: 2.1\njobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + keySteps +
			"workflows:\n  main:\n    jobs:\n" + repeated(n, "      - deploy: {name: deploy-%[1]d, context: [org-%[1]d]}\n      - deploy: {name: again-%[1]d, context: [org], pre-steps: [run: echo %[1]d]}\n")
	}},
	{"variables in one here-document", 100, func(n int) string {
		return oneJob("      - run: |\n          cat >~/.aws/credentials <<EOF\n" + repeated(n, "          [profile-%[1]d]\n          aws_access_key_id=$A_%[1]d\n          aws_secret_access_key=$B_%[1]d\n") + "          EOF\n")
	}},
	{"comments", 2000, func(n int) string { return oneJob(keySteps) + repeated(n, "# a comment, number %d\n") }},
}

// storedJobs are jobs that log in at Google, Azure, Vault and npm with secrets of their contexts.
const storedJobs = `  google-%[1]d:
    docker: [{image: google/cloud-sdk:500.0.0}]
    steps:
      - run: |
          echo $GCLOUD_SERVICE_KEY > key.json
          gcloud auth activate-service-account --key-file=key.json
      - run: gcloud storage ls gs://bucket-%[1]d
  orb-%[1]d:
    docker: [{image: cimg/base:2026.01}]
    steps:
      - gcp-cli/setup
      - run: gcloud storage ls gs://bucket-%[1]d
  azure-%[1]d:
    docker: [{image: mcr.microsoft.com/azure-cli:2.60.0}]
    steps:
      - run: az login --service-principal -u $AZURE_SP -p $AZURE_SP_PASSWORD --tenant $AZURE_SP_TENANT
      - run: az storage blob list --container-name c%[1]d
  vault-%[1]d:
    docker: [{image: hashicorp/vault:1.15}]
    steps:
      - run: vault login $VAULT_TOKEN_%[1]d
      - run: vault kv get secret/app-%[1]d
  npm-%[1]d:
    docker: [{image: cimg/node:24.1}]
    steps:
      - run: |
          echo "//registry.npmjs.org/:_authToken=$NPM_TOKEN" > ~/.npmrc
          npm publish
`

// storedSteps do the same in one job.
const storedSteps = `      - run: |
          echo $GCLOUD_SERVICE_KEY_%[1]d > key.json
          gcloud auth activate-service-account --key-file=key.json
      - run: gcloud storage ls gs://bucket-%[1]d
      - run: az login --service-principal -u $AZURE_SP -p $AZURE_SP_PASSWORD_%[1]d --tenant $AZURE_SP_TENANT
      - run: vault login $VAULT_TOKEN_%[1]d
      - run: vault kv get secret/app-%[1]d
      - run: |
          echo "//registry.npmjs.org/:_authToken=$NPM_TOKEN_%[1]d" > ~/.npmrc
          npm publish
`

const keySteps = `      - checkout
      - run: |
          export AWS_ACCESS_KEY_ID=$A_ID
          export AWS_SECRET_ACCESS_KEY=$A_SECRET
          aws s3 cp file s3://acme
`

func oneJob(steps string) string {
	return "version: 2.1\njobs:\n  job-0:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + steps + entries(1)
}

// entries are a workflow that runs the jobs job-0 to job-N, or the job deploy.
func entries(n int) string {
	if n == 0 {
		return "workflows:\n  main:\n    jobs: [deploy]\n"
	}
	return "workflows:\n  main:\n    jobs:\n" + repeated(n, "      - job-%d\n")
}

func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// BenchmarkDoublings is the time of a run for configs that double: x/doubling is how many times as much it takes. They go
// up to 200 kB, and with -full up to the largest source there may be, with more than 10,000 findings.
func BenchmarkDoublings(b *testing.B) { benchmarkDoublings(b, &Engine{Rules: All()}, nil) }

// BenchmarkDoublingsGiven is the same where the facts are given, so that all fixes are made, and where the run explains itself.
func BenchmarkDoublingsGiven(b *testing.B) {
	benchmarkDoublings(b, &Engine{Rules: All(), Unsafe: true, Explain: true}, &Facts{
		AWS:      AWSFacts{RoleARN: "arn:aws:iam::123456789012:role/ci", Region: "us-east-1"},
		ECR:      ECRFacts{RoleARN: "arn:aws:iam::123456789012:role/pull"},
		GCP:      GCPFacts{ProjectNumber: "120034005600", Pool: "circleci", Provider: "oidc", ServiceAccount: "ci@acme.iam.gserviceaccount.com"},
		Vault:    VaultFacts{Address: "https://vault.example.com", Role: "ci"},
		Azure:    AzureFacts{ClientID: "client", TenantID: "tenant", SubscriptionID: "subscription"},
		Runner:   RunnerFacts{ResourceClass: "acme/linux"},
		Contexts: []ContextFact{{Name: "all", Provides: []string{"*"}}},
	})
}

func benchmarkDoublings(b *testing.B, engine *Engine, facts *Facts) {
	b.Helper()
	largest := 200_000
	if *full {
		largest = rewrite.MaxSize
	}
	for _, tt := range doublingTests {
		before := time.Duration(0)
		for n := tt.n; len(tt.src(n)) <= largest; n *= 2 {
			src := []byte(tt.src(n))
			b.Run(fmt.Sprintf("%s/%d", tt.name, n), func(b *testing.B) {
				findings := 0
				for b.Loop() {
					findings = len(engine.Run(src, facts).Results)
				}
				took := b.Elapsed() / time.Duration(b.N)
				b.ReportMetric(float64(findings), "findings")
				if before > 0 {
					b.ReportMetric(float64(took)/float64(before), "x/doubling")
				}
				before = took
			})
		}
	}
}
