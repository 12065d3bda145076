package golden

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// repoConfig is a config whose only finding is a setup without a role, followed by one more step.
const repoConfig = `version: 2.1
orbs:
  aws-cli: circleci/aws-cli@5.4.1
jobs:
  deploy:
    docker:
      - image: cimg/aws:2025.01
    steps:
      - checkout
      - aws-cli/setup
      - run: %s
`

// The two ways a file of the repo can use keys: without the session token, and with it.
const (
	twoKeys   = "docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY acme/deployer\n"
	threeKeys = "docker run -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY -e AWS_SESSION_TOKEN acme/deployer\n"
)

// TestRepoFilesHoldFixesBack shows which files of the repo are looked into: one that a step runs or a tool reads by
// habit, and that hands two keys on where temporary ones are three.
func TestRepoFilesHoldFixesBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		run   string
		files map[string]string
		at    string // the place that the reason names; "" when the fix is applied
	}{
		{name: "script that hands two keys on", run: "./deploy.sh", files: map[string]string{"deploy.sh": "#!/bin/sh\n" + twoKeys}, at: "deploy.sh:2"},
		{name: "script that hands the token on too", run: "./deploy.sh", files: map[string]string{"deploy.sh": "#!/bin/sh\n" + threeKeys}},
		{name: "script without keys", run: "./deploy.sh", files: map[string]string{"deploy.sh": "#!/bin/sh\naws s3 ls\n"}},
		{name: "script that is not there", run: "./deploy.sh", files: map[string]string{"other.sh": twoKeys}},
		{name: "script that the job does not run", run: "make", files: map[string]string{"deploy.sh": twoKeys, "Makefile": "all:\n\ttrue\n"}},
		{name: "script in a folder", run: "ci/deploy.sh live", files: map[string]string{"ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "script behind a shell and its options", run: "bash -e ci/deploy.sh", files: map[string]string{"ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "script that is read in", run: "source ci/env.sh && make", files: map[string]string{"ci/env.sh": twoKeys}, at: "ci/env.sh:1"},
		{name: "program in Python", run: "python3 ci/deploy.py", files: map[string]string{"ci/deploy.py": "import os\nsecret = os.environ['AWS_SECRET_ACCESS_KEY']\n"}, at: "ci/deploy.py:2"},
		{name: "Makefile by habit", run: "make deploy", files: map[string]string{"Makefile": "deploy:\n\t" + twoKeys}, at: "Makefile:2"},
		{name: "Makefile by name", run: "make -f ci/live.mk deploy", files: map[string]string{"Makefile": twoKeys, "ci/live.mk": "deploy:\n\ttrue\n"}},
		{name: "compose file by habit", run: "docker-compose up -d", files: map[string]string{"docker-compose.yml": "services:\n  app:\n    environment:\n      - AWS_ACCESS_KEY_ID\n      - AWS_SECRET_ACCESS_KEY\n"}, at: "docker-compose.yml:5"},
		{name: "compose file by name", run: "docker compose -f ci/compose.yml run app", files: map[string]string{"ci/compose.yml": "environment: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]\n"}, at: "ci/compose.yml:1"},
		{name: "compose file with the token", run: "docker compose up", files: map[string]string{"compose.yaml": "environment: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN]\n"}},
		{name: "Dockerfile by habit", run: "docker build -t acme/app .", files: map[string]string{"Dockerfile": "FROM alpine\nARG AWS_SECRET_ACCESS_KEY\n"}, at: "Dockerfile:2"},
		{name: "Dockerfile by name", run: "docker build -f ci/app.Dockerfile .", files: map[string]string{"ci/app.Dockerfile": "FROM alpine\nARG AWS_SECRET_ACCESS_KEY\n"}, at: "ci/app.Dockerfile:2"},
		{name: "script behind a wrapper", run: "sudo ./deploy.sh", files: map[string]string{"deploy.sh": twoKeys}, at: "deploy.sh:1"},
		{name: "script behind an option with a value", run: "bash -eo pipefail deploy.sh", files: map[string]string{"deploy.sh": twoKeys}, at: "deploy.sh:1"},
		{name: "script in the directory changed to", run: "cd ci && ./deploy.sh", files: map[string]string{"ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "Makefile in a directory", run: "make -C ci deploy", files: map[string]string{"ci/Makefile": "deploy:\n\t" + twoKeys}, at: "ci/Makefile:2"},
		{name: "script of a goal", run: "make deploy", files: map[string]string{"Makefile": "all:\n\ttrue\ndeploy: image\n\ttrue\nimage:\n\t@cd ci && \\\n\t  ./image.sh\n", "ci/image.sh": twoKeys}, at: "ci/image.sh:1"},
		{name: "script of the first goal", run: "make -j 4", files: map[string]string{"Makefile": ".PHONY: all other\nX := ./other.sh\nall other:\n\t-bash $(X)\n\tbash ci/deploy.sh $$HOME\n", "ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "script of another goal", run: "make deploy", files: map[string]string{"Makefile": "all:\n\t./image.sh\ndeploy:\n\ttrue\n", "image.sh": twoKeys}},
		{name: "script of a goal that a goal runs", run: "make all", files: map[string]string{"Makefile": "all:\n\t$(MAKE) deploy\ndeploy:\n\t./deploy.sh\n", "deploy.sh": twoKeys}, at: "deploy.sh:1"},
		{name: "script of a Makefile in a directory", run: "make -C ci deploy", files: map[string]string{"ci/Makefile": "deploy:\n\t./deploy.sh\n", "ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "file that a Makefile includes", run: "make deploy", files: map[string]string{"Makefile": "-include ci/a.mk ci/b.mk\n", "ci/b.mk": "deploy:\n\t" + twoKeys}, at: "ci/b.mk:2"},
		{name: "script of a goal in an included file", run: "make deploy X=1", files: map[string]string{"Makefile": "all:\n\t./image.sh\ninclude ci/a.mk\n", "ci/a.mk": "lint:\n\t./image.sh\ndeploy:\n\t./deploy.sh\n", "deploy.sh": twoKeys}, at: "deploy.sh:1"},
		{name: "goals that are not there", run: "make deploy", files: map[string]string{"Makefile": "all:\n\t./image.sh\n%.out:\n\t./image.sh\n", "image.sh": twoKeys}},
		{name: "goals that run each other", run: "make a", files: map[string]string{"Makefile": "a: b\n\tmake b\nb: a\n\tmake a\n"}},
		{name: "Dockerfile of the context", run: "docker build ci", files: map[string]string{"ci/Dockerfile": "FROM alpine\nARG AWS_SECRET_ACCESS_KEY\n"}, at: "ci/Dockerfile:2"},
		{name: "second compose file", run: "docker-compose -f a.yml -f b.yml up", files: map[string]string{"b.yml": "environment: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]\n"}, at: "b.yml:1"},
		{name: "provider of Terraform", run: "terraform apply -auto-approve", files: map[string]string{"main.tf": "# reads AWS_SECRET_ACCESS_KEY\n"}, at: "main.tf:1"},
		{name: "file of Terraform with any name", run: "terraform apply", files: map[string]string{"network.tf": "# reads AWS_SECRET_ACCESS_KEY\n"}, at: "network.tf:1"},
		{name: "Terraform in another directory", run: "terraform -chdir=infra apply", files: map[string]string{"infra/main.tf": "# reads AWS_SECRET_ACCESS_KEY\n"}, at: "infra/main.tf:1"},
		{name: "script of a package", run: "npm run deploy -- --live", files: map[string]string{"package.json": `{"scripts": {"deploy": "node ci/deploy.js", "lint": "eslint ."}}`, "ci/deploy.js": "const s = process.env.AWS_SECRET_ACCESS_KEY\n"}, at: "ci/deploy.js:1"},
		{name: "other script of the package", run: "npm run lint", files: map[string]string{"package.json": `{"scripts": {"deploy": "node ci/deploy.js", "lint": "eslint ."}}`, "ci/deploy.js": "const s = process.env.AWS_SECRET_ACCESS_KEY\n"}},
		{name: "script of a package in a directory", run: "yarn --cwd app deploy", files: map[string]string{"app/package.json": `{"scripts": {"deploy": "./deploy.sh"}}`, "app/deploy.sh": twoKeys}, at: "app/deploy.sh:1"},
		{name: "keys in a script of a package", run: "pnpm deploy", files: map[string]string{"package.json": "{\n\"scripts\": {\"deploy\": \"docker run -e AWS_SECRET_ACCESS_KEY acme/deployer\"}}"}, at: "package.json:2"},
		{name: "recipes of just", run: "just deploy", files: map[string]string{"justfile": "deploy:\n  " + twoKeys}, at: "justfile:2"},
		{name: "script in the working directory", run: `"$PWD/ci/deploy.sh"`, files: map[string]string{"ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "script where the repo is checked out", run: "bash ~/project/ci/deploy.sh", files: map[string]string{"ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "script that a script runs", run: "./all.sh", files: map[string]string{"all.sh": "#!/bin/bash\ncd ci\n./deploy.sh\n", "ci/deploy.sh": twoKeys}, at: "ci/deploy.sh:1"},
		{name: "scripts that run each other", run: "./a.sh", files: map[string]string{"a.sh": "./b.sh\n", "b.sh": "./a.sh\n"}},
		{name: "folder in place of a file", run: "./deploy", files: map[string]string{"deploy/run.sh": twoKeys}},
		{name: "file outside of the repo", run: "../shared/deploy.sh", files: map[string]string{"shared/deploy.sh": twoKeys}},
		{name: "file of the image", run: "/opt/acme/deploy.sh", files: map[string]string{"opt/acme/deploy.sh": twoKeys}},
		{name: "name that a variable makes up", run: `./"$SCRIPT"`, files: map[string]string{"deploy.sh": twoKeys}},
		{name: "file too large for a script", run: "./deploy.sh", files: map[string]string{"deploy.sh": strings.Repeat("x", 2<<20) + "\n" + twoKeys}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			repo := fstest.MapFS{}
			for name, text := range tt.files {
				repo[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o755}
			}
			x := onlyResult(t, &fixes.Engine{Repo: repo}, fmt.Sprintf(repoConfig, tt.run))
			if tt.at == "" {
				if x.Status != fixes.Applied {
					t.Errorf("status %s (%s), want %s", x.Status, x.Why, fixes.Applied)
				}
				return
			}
			want := tt.at + " uses AWS_SECRET_ACCESS_KEY without AWS_SESSION_TOKEN, which temporary keys need"
			if diff := cmp.Diff(want, x.Why); diff != "" || x.Status != fixes.HeldBack {
				t.Errorf("status %s, want %s; reason (-want +got):\n%s", x.Status, fixes.HeldBack, diff)
			}
		})
	}
}

// TestRepoFilesOfWebIdentity shows that a file which uses a key at all fails with web identity, which sets none.
func TestRepoFilesOfWebIdentity(t *testing.T) {
	t.Parallel()
	config := strings.NewReplacer(
		"version: 2.1\norbs:\n  aws-cli: circleci/aws-cli@5.4.1\n", "version: 2\n",
		"- aws-cli/setup\n", "- run: aws configure set aws_access_key_id $ACME_AWS_ACCESS_KEY_ID && aws configure set aws_secret_access_key $ACME_AWS_SECRET_ACCESS_KEY\n",
	).Replace(fmt.Sprintf(repoConfig, "./deploy.sh"))
	repo := fstest.MapFS{"deploy.sh": &fstest.MapFile{Data: []byte(threeKeys), Mode: 0o755}}
	x := onlyResult(t, &fixes.Engine{Repo: repo}, config)
	if want := "deploy.sh:1 uses AWS_SECRET_ACCESS_KEY, and web identity sets no keys"; x.Why != want || x.Status != fixes.HeldBack {
		t.Errorf("%s: %s, want %s: %s", x.Status, x.Why, fixes.HeldBack, want)
	}
}

// TestRepoFilesOfOtherJobs shows that only the steps that get temporary keys are followed into the repo.
func TestRepoFilesOfOtherJobs(t *testing.T) {
	t.Parallel()
	config := fmt.Sprintf(repoConfig, "aws s3 ls") + `  pack:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: ./pack.sh
`
	repo := fstest.MapFS{"pack.sh": &fstest.MapFile{Data: []byte(twoKeys), Mode: 0o755}}
	if x := onlyResult(t, &fixes.Engine{Repo: repo}, config); x.Status != fixes.Applied {
		t.Errorf("status %s (%s), want %s", x.Status, x.Why, fixes.Applied)
	}
}

// TestRepoFilesThatInstallCLI shows that a script behind a new setup may not install the CLI where the setup has done so.
func TestRepoFilesThatInstallCLI(t *testing.T) {
	t.Parallel()
	const keys = "aws configure set aws_access_key_id $ACME_AWS_ACCESS_KEY_ID && aws configure set aws_secret_access_key $ACME_AWS_SECRET_ACCESS_KEY"
	config := strings.NewReplacer("orbs:\n  aws-cli: circleci/aws-cli@5.4.1\n", "", "aws-cli/setup", "run: "+keys).Replace(fmt.Sprintf(repoConfig, "ci/prepare.sh"))
	for _, tt := range []struct {
		name, config, script string
		held                 bool
	}{
		{name: "installer", config: config, script: "#!/bin/sh\nunzip -q awscliv2.zip && sudo ./aws/install\n", held: true},
		{name: "installer that updates", config: config, script: "sudo ./aws/install --update\n"},
		{name: "installer where there is none", config: config, script: "if ! command -v aws; then\n  ./aws/install\nfi\n"},
		{name: "setup that was there", config: fmt.Sprintf(repoConfig, "ci/prepare.sh"), script: "./aws/install\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := onlyResult(t, &fixes.Engine{Repo: fstest.MapFS{"ci/prepare.sh": {Data: []byte(tt.script)}}}, tt.config)
			want := "ci/prepare.sh:2 installs the AWS CLI where the setup has done so, and fails: give the installer --update"
			if held := x.Status == fixes.HeldBack && x.Why == want; held != tt.held || !held && x.Status != fixes.Applied {
				t.Errorf("status %s (%s), want it held back: %t", x.Status, x.Why, tt.held)
			}
		})
	}
}

// onlyResult runs the rules that are on by default over a config in which they find one thing.
func onlyResult(t *testing.T, engine *fixes.Engine, config string) fixes.Result {
	t.Helper()
	for _, r := range fixes.All() {
		if !r.Off {
			engine.Rules = append(engine.Rules, r)
		}
	}
	r := engine.Run([]byte(config), &fixes.Facts{})
	if r.Err != nil || len(r.Results) != 1 {
		t.Fatalf("%d results, want one (%v)", len(r.Results), r.Err)
	}
	return r.Results[0]
}
