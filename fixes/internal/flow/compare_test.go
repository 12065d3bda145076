package flow

import (
	"strings"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// analyze is the report on a source that has to parse.
func analyze(t *testing.T, src string) *Report {
	t.Helper()
	f, err := rewrite.Parse([]byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return Analyze(circle.New(f.Documents()[0]), shell.Cache{})
}

// orbs are what the sources of the tests declare.
const orbs = `version: 2.1
orbs:
  aws-cli: circleci/aws-cli@5.4.1
  old-cli: circleci/aws-cli@2.0.3
  s3: circleci/aws-s3@3.0
  s3-role: circleci/aws-s3@3.1.1
  ecr: circleci/aws-ecr@8.2.1
  ecr-old: circleci/aws-ecr@7.3.0
`

// config completes a source that is no whole config: one that starts with a dash is the steps of a job, one that
// starts with "environment" the job from there on.
func config(src string) string {
	src = strings.Trim(src, "\n")
	switch {
	case strings.HasPrefix(src, "version"):
		return src
	case strings.HasPrefix(src, "- "):
		return orbs + "jobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n" + indented(src, "      ")
	case strings.HasPrefix(src, "environment"), strings.HasPrefix(src, "shell"), strings.HasPrefix(src, "steps"):
		return orbs + "jobs:\n  deploy:\n    docker: [{image: cimg/base:2026.01}]\n" + indented(src, "    ")
	}
	return orbs + src
}

func indented(src, by string) string {
	return by + strings.ReplaceAll(src, "\n", "\n"+by) + "\n"
}

// setup is the step that most fixes insert.
const setup = `
- aws-cli/setup:
    role_arn: ${AWS_OIDC_ROLE_ARN}`

// webIdentity is the step that fixes insert where there are no orbs. The unset line is replaced in some tests.
const webIdentity = `
- run:
    name: AWS web identity
    command: |
      umask 077
      TOKEN_FILE="$(mktemp)"
      printf '%s' "$CIRCLE_OIDC_TOKEN_V2" > "$TOKEN_FILE"
      {
        echo "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
        echo "export AWS_WEB_IDENTITY_TOKEN_FILE='$TOKEN_FILE'"
        echo "export AWS_ROLE_ARN='$AWS_OIDC_ROLE_ARN'"
        echo "export AWS_ROLE_SESSION_NAME='circleci-$CIRCLE_WORKFLOW_JOB_ID'"
      } >> "$BASH_ENV"`

// exports are a step with keys of its own.
const exports = `
- run: |
    export AWS_ACCESS_KEY_ID=$PROD_AWS_ACCESS_KEY_ID
    export AWS_SECRET_ACCESS_KEY=$PROD_AWS_SECRET_ACCESS_KEY
    aws s3 sync out s3://site`

const prodSetup = `
- aws-cli/setup:
    role_arn: ${PROD_AWS_OIDC_ROLE_ARN}`

const jobKeys = `
environment:
  AWS_ACCESS_KEY_ID: AKIAABCDEFGHIJKLMNOP
  AWS_SECRET_ACCESS_KEY: secret
  STAGE: test
`

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, rows := range [][]compareRow{goodFixes, badFixes, badPlaces, badSharing} {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				before, after := analyze(t, config(row.before)), analyze(t, config(row.after))
				found := Compare(before, after, row.given...)
				if row.want == "" && len(found) > 0 {
					t.Errorf("a good fix is refused: %v", found)
				}
				if row.want != "" && !strings.Contains(text(found), row.want) {
					t.Errorf("want a violation with %q, got %v", row.want, found)
				}
				if again := Compare(after, analyze(t, config(row.after)), row.given...); len(again) > 0 {
					t.Errorf("nothing changed, but %v", again)
				}
			})
		}
	}
}

func text(found []Violation) string {
	var b strings.Builder
	for _, v := range found {
		b.WriteString(v.String() + "\n")
	}
	return b.String()
}

// compareRow is a config before and after a fix. want is part of a violation, "" for a fix that is right.
type compareRow struct {
	name, before, after, want string
	given                     []string
}

// Fixes that the rows below break again.
var bothUsers = compareRow{
	name:   "executor environment, both users set up",
	before: "executors:\n  e:\n    docker: [{image: i}]\n    environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\njobs:\n  a: {executor: e, steps: [{run: aws s3 ls}]}\n  b: {executor: e, steps: [{run: make deploy}]}",
	after:  "executors:\n  e:\n    docker: [{image: i}]\njobs:\n  a: {executor: e, steps: [{aws-cli/setup: {role_arn: $R}}, {run: aws s3 ls}]}\n  b: {executor: e, steps: [{aws-cli/setup: {role_arn: $R}}, {run: make deploy}]}",
}

var namedProfile = compareRow{
	name:   "aws configure set, named profile",
	before: "- run: |\n    aws configure set aws_access_key_id $KEY --profile prod\n    aws configure set aws_secret_access_key $SECRET --profile prod\n- run: aws s3 ls --profile prod",
	after:  setup[1:] + "\n    profile_name: prod\n- run: aws s3 ls --profile prod",
}

var imageRole = compareRow{
	name:   "image in ECR gets a role in place of keys",
	before: "jobs:\n  a:\n    docker:\n      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app\n        aws_auth: {aws_access_key_id: $K, aws_secret_access_key: $S}\n    steps: [checkout]",
	after:  "jobs:\n  a:\n    docker:\n      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app\n        aws_auth: {oidc_role_arn: $R}\n    steps: [checkout]",
}

var chosenRole = compareRow{
	name:   "one role for two identities, chosen by the settings",
	before: "jobs:\n  a: {docker: [{image: i}], steps: [{run: 'AWS_ACCESS_KEY_ID=$A AWS_SECRET_ACCESS_KEY=$B aws s3 ls'}]}\n  b: {docker: [{image: i}], steps: [{run: aws s3 ls}]}",
	after:  "jobs:\n  a: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: 'arn:x'}}, {run: aws s3 ls}]}\n  b: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: 'arn:x'}}, {run: aws s3 ls}]}",
	given:  []string{"arn:x"},
}

var twoContexts = compareRow{
	name:   "standard names in two contexts, a variable for the role",
	before: "jobs:\n  a: {docker: [{image: i}], steps: [{run: aws s3 ls}]}\n  b: {docker: [{image: i}], steps: [{run: aws s3 ls}]}\nworkflows: {w: {jobs: [{a: {context: one}}, {b: {context: two}}]}}",
	after:  "jobs:\n  a: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: '${R}'}}, {run: aws s3 ls}]}\n  b: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: '${R}'}}, {run: aws s3 ls}]}\nworkflows: {w: {jobs: [{a: {context: one}}, {b: {context: two}}]}}",
}

var goodFixes = []compareRow{
	{
		name:   "a role in the profile that the environment of a command chooses",
		before: "- run: aws configure set aws_access_key_id $K --profile prod\n- run: aws configure set aws_secret_access_key $S --profile prod\n- run: AWS_PROFILE=prod npx cdk deploy",
		after:  "- aws-cli/setup: {role_arn: $R, profile_name: prod, set_aws_env_vars: false}\n- run: AWS_PROFILE=prod npx cdk deploy",
	}, {
		name:   "job environment, setup before the first run",
		before: jobKeys + "steps:\n  - checkout\n  - run: make test\n  - run: aws s3 ls",
		after:  "environment:\n  STAGE: test\nsteps:\n  - checkout" + indented(setup, "  ") + "  - run: make test\n  - run: aws s3 ls",
	}, {
		name:   "exports in one step",
		before: "- checkout" + exports,
		after:  "- checkout" + prodSetup + "\n- run: |\n    aws s3 sync out s3://site",
	}, {
		name:   "prefix assignments",
		before: "- run: AWS_ACCESS_KEY_ID=$K_AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$K_AWS_SECRET_ACCESS_KEY aws s3 ls",
		after:  "- aws-cli/setup:\n    role_arn: ${K_AWS_OIDC_ROLE_ARN}\n- run: aws s3 ls",
	}, {
		name:   "lines in $BASH_ENV",
		before: "- run: |\n    echo 'export AWS_ACCESS_KEY_ID=$KEY' >> $BASH_ENV\n    echo 'export AWS_SECRET_ACCESS_KEY=$SECRET' >> $BASH_ENV\n- run: aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls",
	}, {
		name:   "aws configure set, default profile",
		before: "- run: |\n    aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID\n    aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY\n    aws configure set region eu-west-1\n    aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    aws configure set region eu-west-1\n    aws s3 ls",
	}, namedProfile, {
		name:   "credentials file in a here-document",
		before: "- run: |\n    mkdir -p ~/.aws\n    cat > ~/.aws/credentials <<END\n    [default]\n    aws_access_key_id = $KEY\n    aws_secret_access_key = $SECRET\n    END\n- run: aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls",
	}, {
		name:   "setup step with keys becomes one with a role, orb raised",
		before: "version: 2.1\norbs: {aws-cli: circleci/aws-cli@2.0.3}\njobs:\n  deploy:\n    docker: [{image: i}]\n    steps:\n      - aws-cli/setup:\n          aws-access-key-id: AWS_ACCESS_KEY_ID\n          aws-secret-access-key: AWS_SECRET_ACCESS_KEY\n      - run: aws s3 ls\n",
		after:  "version: 2.1\norbs: {aws-cli: circleci/aws-cli@3.2.0}\njobs:\n  deploy:\n    docker: [{image: i}]\n    steps:\n      - aws-cli/setup:\n          role-arn: ${AWS_OIDC_ROLE_ARN}\n      - run: aws s3 ls\n",
	}, {
		name:   "setup step of an old orb becomes one of a second alias",
		before: "- old-cli/setup:\n    aws-access-key-id: KEY\n    aws-secret-access-key: SECRET\n- run: aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls",
	}, {
		name:   "bare setup step",
		before: "- aws-cli/setup\n- run: aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls",
	}, {
		name:   "calls of AWS with keys from outside",
		before: "- run: npm ci\n- run: $(aws ecr get-login --no-include-email)\n- run: aws s3 ls",
		after:  "- run: npm ci" + setup + "\n- run: $(aws ecr get-login --no-include-email)\n- run: aws s3 ls",
	}, {
		name:   "web identity that unsets the keys",
		before: "- checkout\n- run: aws s3 ls",
		after:  "- checkout" + webIdentity + "\n- run: aws s3 ls",
	}, {
		name:   "orb step that logs in by itself, in place",
		before: "- s3-role/sync:\n    from: out\n    to: s3://site",
		after:  "- s3-role/sync:\n    from: out\n    to: s3://site\n    role-arn: ${AWS_OIDC_ROLE_ARN}",
	}, {
		name:   "orb step that reads the environment, setup before it",
		before: "- s3/sync:\n    from: out\n    to: s3://site",
		after:  setup[1:] + "\n- s3/sync:\n    from: out\n    to: s3://site",
	}, {
		name:   "ECR orb with a role and web identity turned on",
		before: "- ecr/build-and-push-image:\n    repo: app",
		after:  "- ecr/build-and-push-image:\n    repo: app\n    assume-web-identity: true\n    role-arn: ${AWS_OIDC_ROLE_ARN}",
	}, {
		name:   "orb's job gets the setup as a pre-step",
		before: "workflows:\n  main:\n    jobs:\n      - eks/update-container-image\n",
		after:  "workflows:\n  main:\n    jobs:\n      - eks/update-container-image:\n          pre-steps:" + indented(setup, "            ")[1:] + "\n",
	}, {
		name:   "setup inside the condition that holds the only use",
		before: "- when:\n    condition: << pipeline.parameters.deploy >>\n    steps:\n      - run: aws s3 ls",
		after:  "- when:\n    condition: << pipeline.parameters.deploy >>\n    steps:" + indented(setup, "      ") + "      - run: aws s3 ls",
	}, bothUsers, {
		name:   "command used by two jobs",
		before: "commands:\n  login:\n    steps:\n      - run: aws ecr get-login-password\njobs:\n  a: {docker: [{image: i}], steps: [login]}\n  b: {docker: [{image: i}], steps: [login]}",
		after:  "commands:\n  login:\n    steps:\n      - aws-cli/setup: {role_arn: $R}\n      - run: aws ecr get-login-password\njobs:\n  a: {docker: [{image: i}], steps: [login]}\n  b: {docker: [{image: i}], steps: [login]}",
	}, {
		name:   "chain of roles after stored keys",
		before: "- run: |\n    CREDS=$(aws sts assume-role --role-arn arn:aws:iam::123456789012:role/deploy --role-session-name ci)\n    export AWS_ACCESS_KEY_ID=$(echo $CREDS | jq -r .Credentials.AccessKeyId)\n    export AWS_SECRET_ACCESS_KEY=$(echo $CREDS | jq -r .Credentials.SecretAccessKey)\n    export AWS_SESSION_TOKEN=$(echo $CREDS | jq -r .Credentials.SessionToken)\n    aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    CREDS=$(aws sts assume-role --role-arn arn:aws:iam::123456789012:role/deploy --role-session-name ci)\n    export AWS_ACCESS_KEY_ID=$(echo $CREDS | jq -r .Credentials.AccessKeyId)\n    export AWS_SECRET_ACCESS_KEY=$(echo $CREDS | jq -r .Credentials.SecretAccessKey)\n    export AWS_SESSION_TOKEN=$(echo $CREDS | jq -r .Credentials.SessionToken)\n    aws s3 ls",
	}, {
		name:   "copy into a container completed by the session token",
		before: "- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY app",
		after:  setup[1:] + "\n- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY -e AWS_SESSION_TOKEN app",
	}, twoContexts, chosenRole, imageRole, {
		name:   "printing of the keys goes with them",
		before: "- run: |\n    echo $AWS_ACCESS_KEY_ID\n    aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID\n    aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY\n    aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    aws s3 ls",
	}, {
		name:   "clean-up after a failure, setup before the use in front of it",
		before: "- run: make test\n- run: aws s3 cp a s3://b\n- run:\n    when: on_fail\n    command: aws s3 rm s3://b/a",
		after:  "- run: make test" + setup + "\n- run: aws s3 cp a s3://b\n- run:\n    when: on_fail\n    command: aws s3 rm s3://b/a",
	}, {
		name:   "other service with keys of its own is left alone",
		before: "- run: AWS_ACCESS_KEY_ID=minio AWS_SECRET_ACCESS_KEY=minio123 aws --endpoint-url http://localhost:9000 s3 ls\n- run: aws s3 ls",
		after:  "- run: AWS_ACCESS_KEY_ID=minio AWS_SECRET_ACCESS_KEY=minio123 aws --endpoint-url http://localhost:9000 s3 ls" + setup + "\n- run: aws s3 ls",
	},
}

// badFixes leave a use without the credentials that it needs.
var badFixes = []compareRow{
	{
		name:   "a role in a profile, behind keys of the environment",
		before: exports[1:],
		after:  "- aws-cli/setup: {role_arn: $R, profile_name: prod, set_aws_env_vars: false}\n- run: AWS_PROFILE=prod aws s3 sync out s3://site",
		want:   "stored keys of the same names would win over the role ${R}",
	}, {
		name:   "the session token is unset",
		before: "- run: |\n    unset AWS_SESSION_TOKEN" + exports[len("\n- run: |"):],
		after:  prodSetup[1:] + "\n- run: |\n    unset AWS_SESSION_TOKEN\n    aws s3 sync out s3://site",
		want:   "aws: it had the stored keys PROD_AWS_ACCESS_KEY_ID and PROD_AWS_SECRET_ACCESS_KEY and gets keys that do not belong together",
	}, {
		name:   "one command goes without the session token",
		before: jobKeys + "steps:\n  - run: env -u AWS_SESSION_TOKEN aws s3 ls",
		after:  "environment:\n  STAGE: test\nsteps:\n  - aws-cli/setup: {role_arn: $R}\n  - run: env -u AWS_SESSION_TOKEN aws s3 ls",
		want:   "gets keys that do not belong together",
	}, {
		name:   "keys removed and no setup",
		before: jobKeys + "steps:\n  - run: make deploy",
		after:  "environment:\n  STAGE: test\nsteps:\n  - run: make deploy",
		want:   "job:deploy step 1 (run): make: it had the stored keys AKIA… and may end with none",
	}, {
		name:   "executor environment removed, one user not set up",
		before: bothUsers.before,
		after:  strings.Replace(bothUsers.after, "[{aws-cli/setup: {role_arn: $R}}, {run: make deploy}]", "[{run: make deploy}]", 1),
		want:   "job:b step 1 (run): make: it had the stored keys K and S and may end with none",
	}, {
		name:   "environment of the job goes, that of the executor stays",
		before: "executors:\n  e:\n    docker: [{image: i}]\n    environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\njobs:\n  a: {executor: e, environment: {AWS_ACCESS_KEY_ID: $J, AWS_SECRET_ACCESS_KEY: $JS}, steps: [{run: aws s3 ls}]}",
		after:  "executors:\n  e:\n    docker: [{image: i}]\n    environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\njobs:\n  a: {executor: e, steps: [{run: aws s3 ls}]}",
		want:   "gets the stored keys K and S",
	}, {
		name:   "only one of the two keys removed",
		before: "- run: |\n    export AWS_ACCESS_KEY_ID=$K\n    export AWS_SECRET_ACCESS_KEY=$S\n    aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    export AWS_SECRET_ACCESS_KEY=$S\n    aws s3 ls",
		want:   "keys that do not belong together",
	}, {
		name:   "exports stay behind the setup",
		before: "- checkout" + exports,
		after:  "- checkout" + prodSetup + exports,
		want:   "it is left on the stored keys PROD_AWS_ACCESS_KEY_ID and PROD_AWS_SECRET_ACCESS_KEY, though a role is set up here",
	}, {
		name:   "keys that a command makes beside the token of the session",
		before: "- run: |\n    export AWS_ACCESS_KEY_ID=$(pick id)\n    export AWS_SECRET_ACCESS_KEY=$(pick secret)\n    aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    export AWS_ACCESS_KEY_ID=$(pick id)\n    export AWS_SECRET_ACCESS_KEY=$(pick secret)\n    aws s3 ls",
		want:   "keys that do not belong together",
	}, {
		name:   "keys removed in one of two places",
		before: "environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\nsteps:\n  - run: aws s3 ls\n  - run:\n      environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\n      command: make deploy",
		after:  "steps:" + indented(setup, "  ") + "  - run: aws s3 ls\n  - run:\n      shell: sh\n      environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}\n      command: make deploy",
		want:   "make: it is left on the stored keys K and S",
	}, {
		name:   "line in $BASH_ENV stays and beats the setup",
		before: "- run: |\n    echo 'export AWS_ACCESS_KEY_ID=$KEY' >> $BASH_ENV\n    echo 'export AWS_SECRET_ACCESS_KEY=$SECRET' >> $BASH_ENV\n- run: aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    echo 'export AWS_ACCESS_KEY_ID=$KEY' >> $BASH_ENV\n    echo 'export AWS_SECRET_ACCESS_KEY=$SECRET' >> $BASH_ENV\n- run: aws s3 ls",
		want:   "left on the stored keys",
	}, {
		name:   "profile lost",
		before: namedProfile.before,
		after:  setup[1:] + "\n- run: aws s3 ls --profile prod",
		want:   "nothing sets the profile prod up any more",
	}, {
		name:   "web identity sets no profile",
		before: namedProfile.before,
		after:  webIdentity[1:] + "\n- run: aws s3 ls --profile prod",
		want:   "nothing sets the profile prod up any more",
	}, {
		name:   "web identity without unset",
		before: "- checkout\n- run: aws s3 ls",
		after:  "- checkout" + strings.Replace(webIdentity, "unset AWS", "true AWS", 1) + "\n- run: aws s3 ls",
		want:   "stored keys of the same names would win over the role ${AWS_OIDC_ROLE_ARN}",
	}, {
		name:   "web identity beside keys of the job",
		before: jobKeys + "steps:\n  - run: aws s3 ls",
		after:  jobKeys + "steps:" + indented(strings.Replace(webIdentity, "unset AWS", "true AWS", 1), "  ") + "  - run: aws s3 ls",
		want:   "left on the stored keys AKIA…",
	}, {
		name:   "role parameter of a version that has none for OIDC",
		before: "- old-cli/setup\n- run: aws s3 ls --profile default",
		after:  "- old-cli/setup:\n    role-arn: $R\n- run: aws s3 ls --profile default",
		want:   "a role assumed with other credentials",
	}, {
		name:   "role beside a key parameter, which fills the profile",
		before: "- aws-cli/setup:\n    profile_name: prod\n    aws_access_key_id: $K\n    aws_secret_access_key: $S\n- run: aws --profile prod s3 ls",
		after:  "- aws-cli/setup:\n    role_arn: $R\n    profile_name: prod\n    aws_access_key_id: $K\n    aws_secret_access_key: $S\n- run: aws --profile prod s3 ls",
		want:   "left on the stored keys K and S in the profile prod",
	}, {
		name:   "ECR orb with a role, web identity not turned on",
		before: "- ecr/build-and-push-image:\n    aws-access-key-id: K\n    aws-secret-access-key: S\n- run: aws s3 ls",
		after:  setup[1:] + "\n- ecr/build-and-push-image:\n    role-arn: $R\n- run: aws s3 ls",
		want:   "keys that do not belong together",
	}, {
		name:   "ECR orb whose profile holds no session token",
		before: "- ecr-old/build-and-push-image",
		after:  setup[1:] + "\n- ecr-old/build-and-push-image",
		want:   "keys that do not belong together",
	}, {
		name:   "step with the only use removed",
		before: "- checkout" + exports,
		after:  "- checkout" + prodSetup,
		want:   "the step that runs aws is gone",
	}, {
		name:   "copy into a container without the session token",
		before: "- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY app",
		after:  setup[1:] + "\n- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY app",
		want:   "without AWS_SESSION_TOKEN",
	}, {
		name:   "copy by build arguments",
		before: "- run: docker build --build-arg AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID --build-arg AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY .",
		after:  setup[1:] + "\n- run: docker build --build-arg AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID --build-arg AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY .",
		want:   "without AWS_SESSION_TOKEN",
	}, {
		name:   "copy of keys that web identity does not have",
		before: "- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY app",
		after:  webIdentity[1:] + "\n- run: docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY app",
		want:   "may end with none",
	}, {
		name:   "image in ECR loses its keys",
		before: imageRole.before,
		after:  "jobs:\n  a:\n    docker:\n      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app\n    steps: [checkout]",
		want:   "job:a image 1: it was pulled with the stored keys K and S and gets the stored keys of the project",
	}, {
		name:   "image in ECR with a role beside its keys",
		before: imageRole.before,
		after:  strings.Replace(imageRole.before, "{aws_access_key_id", "{oidc_role_arn: $R, aws_access_key_id", 1),
		want:   "keys that do not belong together",
	}, {
		name:   "login of an image elsewhere lost",
		before: "jobs:\n  a:\n    docker:\n      - {image: app, auth: {username: u, password: $P}}\n    steps: [checkout]",
		after:  "jobs:\n  a:\n    docker:\n      - {image: app}\n    steps: [checkout]",
		want:   "has nothing now",
	},
}

// badPlaces put the setup where it does not reach all uses, or into the light.
var badPlaces = []compareRow{
	{
		name:   "setup after the use",
		before: "- run: aws s3 ls\n- run: aws s3 cp a s3://b",
		after:  "- run: aws s3 ls" + setup + "\n- run: aws s3 cp a s3://b",
		want:   "job:deploy step 1 (run): aws: it is left on the stored keys of the project or a context, though a role is set up here",
	}, {
		name:   "setup after a use of the job's keys",
		before: jobKeys + "steps:\n  - run: aws s3 ls\n  - run: aws s3 cp a s3://b",
		after:  "environment:\n  STAGE: test\nsteps:\n  - run: aws s3 ls" + indented(setup, "  ") + "  - run: aws s3 cp a s3://b",
		want:   "step 1 (run): aws: it had the stored keys AKIA… and may end with none",
	}, {
		name:   "setup inside a condition, use outside",
		before: "- run: aws s3 ls",
		after:  "- when:\n    condition: << pipeline.parameters.deploy >>\n    steps:" + indented(setup, "      ") + "- run: aws s3 ls",
		want:   "it is left on the stored keys of the project",
	}, {
		name:   "setup under the opposite condition",
		before: jobKeys + "steps:\n  - when: {condition: << parameters.x >>, steps: [{run: aws s3 ls}]}",
		after:  "steps:\n  - unless: {condition: << parameters.x >>, steps: [{aws-cli/setup: {role_arn: $R}}]}\n  - when: {condition: << parameters.x >>, steps: [{run: aws s3 ls}]}",
		want:   "may end with none",
	}, {
		name:   "setup in one of two branches",
		before: jobKeys + "steps:\n  - run: make deploy",
		after:  "steps:\n  - unless: {condition: << parameters.x >>, steps: [{aws-cli/setup: {role_arn: $R}}]}\n  - run: make deploy",
		want:   "may end with none",
	}, {
		name:   "setup right before a clean-up that runs after a failure",
		before: jobKeys + "steps:\n  - run: make test\n  - run: {when: always, command: aws s3 cp log s3://b}",
		after:  "steps:\n  - run: make test" + indented(setup, "  ") + "  - run: {when: always, command: aws s3 cp log s3://b}",
		want:   "step 3 (run): aws: it had the stored keys AKIA… and may end with none",
	}, {
		name:   "setup where the shell reads no $BASH_ENV",
		before: "shell: /bin/sh" + jobKeys + "steps:\n  - run: aws s3 ls",
		after:  "shell: /bin/sh\nsteps:" + indented(setup, "  ") + "  - run: aws s3 ls",
		want:   "stored keys of the same names would win over the role",
	}, {
		name:   "setup in the command, a caller comes too early",
		before: "commands:\n  push: {steps: [{run: aws s3 ls}]}\njobs:\n  a: {docker: [{image: i}], environment: {AWS_ACCESS_KEY_ID: $K, AWS_SECRET_ACCESS_KEY: $S}, steps: [{run: make}, push]}",
		after:  "commands:\n  push: {steps: [{aws-cli/setup: {role_arn: $R}}, {run: aws s3 ls}]}\njobs:\n  a: {docker: [{image: i}], steps: [{run: make}, push]}",
		want:   "make: it had the stored keys K and S and may end with none",
	}, {
		name:   "setup as a post-step of an orb's job",
		before: "workflows:\n  main:\n    jobs:\n      - s3/deploy: {aws-access-key-id: K}\n",
		after:  "workflows:\n  main:\n    jobs:\n      - s3/deploy:\n          post-steps:" + indented(setup, "            ")[1:] + "\n      - s3/other:\n          pre-steps:" + indented(setup, "            ")[1:] + "\n",
		want:   "left on",
	}, {
		name:   "new step prints the keys",
		before: "- run: aws s3 ls",
		after:  setup[1:] + "\n- run: env\n- run: aws s3 ls",
		want:   "step 2 (run): it prints the keys by env",
	}, {
		name:   "changed step prints the keys",
		before: "- run: aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    echo $AWS_SESSION_TOKEN\n    aws s3 ls",
		want:   "prints the keys by echo",
	}, {
		name:   "new step shows the token by set -x",
		before: "version: 2\njobs:\n  a:\n    docker: [{image: i}]\n    shell: bash -x\n    steps:\n      - run: aws s3 ls",
		after:  "version: 2\njobs:\n  a:\n    docker: [{image: i}]\n    shell: bash -x\n    steps:" + indented(webIdentity, "      ") + "      - run: aws s3 ls",
		want:   "shows CircleCI's token by set -x",
	}, {
		name:   "session written to a file by tee",
		before: "- run: aws s3 ls",
		after:  setup[1:] + "\n- run: |\n    echo \"$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY\" | tee keys.txt\n    aws s3 ls",
		want:   "writes the keys to keys.txt",
	}, {
		name:   "profile with a session carried to other jobs",
		before: exports[1:] + "\n- persist_to_workspace: {root: ~/, paths: [.aws]}",
		after:  prodSetup[1:] + "\n- run: |\n    aws s3 sync out s3://site\n- persist_to_workspace: {root: ~/, paths: [.aws]}",
		want:   "carries a session of ${PROD_AWS_OIDC_ROLE_ARN} to other jobs",
	},
}

// badSharing mix identities up.
var badSharing = []compareRow{
	{
		name:   "one role for two identities",
		before: chosenRole.before,
		after:  chosenRole.after,
		want:   "two identities become one",
	}, {
		name:   "one literal role for two contexts",
		before: twoContexts.before,
		after:  strings.ReplaceAll(twoContexts.after, "'${R}'", "'arn:aws:iam::123456789012:role/ci'"),
		want:   "two identities become one",
	}, {
		name:   "one identity gets two roles",
		before: "jobs:\n  a: {docker: [{image: i}], steps: [{run: aws s3 ls}]}\n  b: {docker: [{image: i}], steps: [{run: aws s3 ls}]}",
		after:  "jobs:\n  a: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: $R}}, {run: aws s3 ls}]}\n  b: {docker: [{image: i}], steps: [{aws-cli/setup: {role_arn: $Q}}, {run: aws s3 ls}]}",
		want:   "one identity became two",
	}, {
		name:   "second identity of the job merged",
		before: "- run: AWS_ACCESS_KEY_ID=$A AWS_SECRET_ACCESS_KEY=$AS aws s3 ls\n- run: AWS_ACCESS_KEY_ID=$B AWS_SECRET_ACCESS_KEY=$BS aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls\n- run: aws s3 ls",
		want:   "two identities become one",
	}, {
		name:   "role reaches a script that had other keys",
		before: "- checkout" + exports + "\n- run: make notify",
		after:  "- checkout" + prodSetup + "\n- run: |\n    aws s3 sync out s3://site\n- run: make notify",
		want:   "two identities become one",
	}, {
		name:   "role of a use changes",
		before: setup[1:] + "\n- run: aws s3 ls",
		after:  prodSetup[1:] + "\n- run: aws s3 ls",
		want:   "it had the role ${AWS_OIDC_ROLE_ARN} and gets the role ${PROD_AWS_OIDC_ROLE_ARN}",
	}, {
		name:   "second setup takes over from the first",
		before: setup[1:] + "\n- run: aws s3 ls" + exports,
		after:  setup[1:] + prodSetup + "\n- run: aws s3 ls\n- run: |\n    aws s3 sync out s3://site",
		want:   "gets the role ${PROD_AWS_OIDC_ROLE_ARN}",
	}, {
		name:   "role in place of keys that a program fetched",
		before: "- run: |\n    export AWS_ACCESS_KEY_ID=$(vault read -field=id aws/creds/ci)\n    export AWS_SECRET_ACCESS_KEY=$(vault read -field=secret aws/creds/ci)\n    aws s3 ls",
		after:  setup[1:] + "\n- run: aws s3 ls",
		want:   "it had credentials that the file does not show and gets the role",
	}, {
		name:   "keys of another service taken away",
		before: "- run: AWS_ACCESS_KEY_ID=minio AWS_SECRET_ACCESS_KEY=minio123 aws --endpoint-url http://localhost:9000 s3 ls",
		after:  setup[1:] + "\n- run: aws --endpoint-url http://localhost:9000 s3 ls",
		want:   "a service that is not AWS",
	}, {
		name:   "role of another account on an image",
		before: "jobs:\n  a:\n    docker:\n      - image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app\n      - image: 210987654321.dkr.ecr.us-east-1.amazonaws.com/db\n    steps: [checkout]",
		after:  "jobs:\n  a:\n    docker:\n      - {image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/app, aws_auth: {oidc_role_arn: 'arn:aws:iam::123456789012:role/r'}}\n      - {image: 210987654321.dkr.ecr.us-east-1.amazonaws.com/db, aws_auth: {oidc_role_arn: 'arn:aws:iam::123456789012:role/r'}}\n    steps: [checkout]",
		want:   "belongs to another account than the image",
	},
}
