package fixes

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// survey adds configs, named a.yml and so on, and returns the settings.
func survey(t *testing.T, configs ...string) string {
	t.Helper()
	s := &Survey{}
	for i, src := range configs {
		if err := s.Add(string(rune('a'+i))+".yml", []byte(src)); err != nil {
			t.Fatal(err)
		}
	}
	return string(s.Settings())
}

// settingLines are the lines of settings, on or off, that belong to facts with that prefix.
func settingLines(settings, prefix string) string {
	var out []string
	within := false
	for line := range strings.Lines(settings) {
		text := strings.TrimPrefix(line, "#")
		within = strings.HasPrefix(text, prefix) || within && strings.HasPrefix(text, "  - ")
		if within {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	job := func(name, body string) string { return "version: 2.1\njobs:\n  " + name + ":\n" + body }
	for _, test := range []struct {
		name    string
		configs []string
		fact    string
		want    string
	}{
		{
			"an image shows its account",
			[]string{
				job("a", "    docker:\n      - image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/x:1\n    steps: [checkout]\n"),
				job("b", "    docker:\n      - image: 222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn/x:1\n    steps: [checkout]\n"),
			},
			"aws.accounts.",
			"#aws.accounts.111111111111.role_arn: arn:aws:iam::111111111111:role/NAME\n#aws.accounts.222222222222.role_arn: arn:aws-cn:iam::222222222222:role/NAME\n",
		},
		{
			"a role that pulls an image already is filled in",
			[]string{
				job("a", "    docker:\n      - image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/x:1\n        aws_auth: {oidc_role_arn: 'arn:aws:iam::111111111111:role/pull'}\n    steps: [checkout]\n"),
			},
			"aws.accounts.",
			"aws.accounts.111111111111.role_arn: arn:aws:iam::111111111111:role/pull\n",
		},
		{
			"one identity needs no entry for each", []string{
				job("a", "    docker: [{image: cimg/aws:2025.01}]\n    steps:\n      - run: aws s3 ls\n"),
			}, "aws.roles", "#aws.roles: [{jobs: [deploy-*], role_arn: arn:aws:iam::123456789012:role/deploy}]\n",
		},
		{
			"several identities are told apart, the general one last", []string{
				job("a", "    docker: [{image: cimg/aws:2025.01}]\n    steps:\n      - run: aws s3 ls\n"),
				job("a", "    docker: [{image: cimg/aws:2025.01}]\n    steps:\n      - run: aws s3 ls\n") + "workflows:\n  main:\n    jobs:\n      - a: {context: it's prod}\n",
				job("a", "    docker: [{image: cimg/aws:2025.01}]\n    environment:\n      AWS_ACCESS_KEY_ID: $TEST_AWS_ACCESS_KEY_ID\n      AWS_SECRET_ACCESS_KEY: $TEST_AWS_SECRET_ACCESS_KEY\n    steps: [checkout]\n"),
			}, "aws.roles", `#aws.roles:
#  - {keys: ['TEST_AWS_ACCESS_KEY_ID'], role_arn: 'arn:aws:iam::ACCOUNT:role/NAME'} # c.yml:6: TEST_AWS_ACCESS_KEY_ID and TEST_AWS_SECRET_ACCESS_KEY
#  - {contexts: ['it''s prod'], role_arn: 'arn:aws:iam::ACCOUNT:role/NAME'} # b.yml:6: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
#  - {role_arn: 'arn:aws:iam::ACCOUNT:role/NAME'} # a.yml:6: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
`,
		},
		{
			"internal names may be public, private addresses are not", []string{
				job("a", "    docker: [{image: cimg/base:2026.01}]\n    steps:\n      - run: curl http://git.acme.corp/ && curl http://10.0.0.5/\n      - run: curl http://GIT.acme.corp/ http://ci.acme.corp/\n"),
			}, "network.public", "#network.public:\n#  - 'git.acme.corp' # a.yml:6, a.yml:7: internal by its name: list it if it is public\n#  - 'ci.acme.corp' # a.yml:7: internal by its name: list it if it is public\n",
		},
		{
			"a host that looks internal may be", []string{
				job("a", "    docker: [{image: cimg/base:2026.01}]\n    steps:\n      - run: ssh ci@bastion.acme.example true\n"),
			}, "network.internal", "#network.internal:\n#  - 'bastion.acme.example' # a.yml:6: its name looks internal: list it if it is\n",
		},
		{
			"the only runner is filled in", []string{
				job("a", "    machine: true\n    resource_class: acme/linux\n    steps: [checkout]\n"),
			}, "runner.resource_class", "runner.resource_class: acme/linux\n",
		},
		{
			"a runner that looks like a key", []string{
				job("a", "    machine: true\n    resource_class: 'acme/linux:'\n    steps: [checkout]\n"),
			}, "runner.resource_class", "runner.resource_class: 'acme/linux:'\n",
		},
		{
			"of several runners somebody has to choose", []string{
				job("a", "    machine: true\n    resource_class: acme/linux\n    steps: [checkout]\n"),
				job("a", "    machine: true\n    resource_class: acme/arm\n    steps: [checkout]\n"),
			}, "runner.resource_class", "#runner.resource_class: acme/linux\n#runner.resource_class: acme/arm\n",
		},
		{
			"contexts by name",
			[]string{job("a", "    machine: true\n    steps: [checkout]\n") + "workflows:\n  main:\n    jobs:\n      - a: {context: [npm, << pipeline.parameters.x >>]}\n"},
			"contexts", "#contexts:\n#  - {name: 'npm', provides: [NAME]} # a.yml:9\n",
		},
		{"nothing was seen", []string{"jobs: {}\n"}, "network.public", "#network.public: [status.acme.example]\n"},
		{"what is no config does not count", []string{"a: b\n", "jobs: {}\n"}, " Settings", "# Settings of cfgfix, made by `cfgfix init` from 1 config.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, settingLines(survey(t, test.configs...), test.fact)); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSurveyOfBrokenFile(t *testing.T) {
	t.Parallel()
	if err := new(Survey).Add("a.yml", []byte("jobs: [\n")); err == nil {
		t.Error("a file that cannot be parsed is no error")
	}
}

func TestSurveyShowsNoSecrets(t *testing.T) {
	t.Parallel()
	const key, secret = "AKIA4ZT7QPLM2XVHRC5D", "q9Wv3LmZ0tYx7RbK2sHd5NfJ8uGa1PcE6iOyTkBv"
	literal := "jobs:\n  a:\n    docker: [{image: cimg/aws:2025.01}]\n    environment: {AWS_ACCESS_KEY_ID: " + key + ", AWS_SECRET_ACCESS_KEY: " + secret + "}\n    steps: [checkout]\n"
	named := "jobs:\n  a:\n    docker: [{image: cimg/aws:2025.01}]\n    steps:\n      - run: aws s3 ls\n      - run: curl http://me:hunter2@git.acme.corp/\n"
	settings := survey(t, literal, named)
	for _, word := range []string{key, secret, "hunter2"} {
		if strings.Contains(settings, word) {
			t.Errorf("the settings hold %s:\n%s", word, settings)
		}
	}
}

// TestSurveyedSettingsHold parses what is written for the examples of all rules and for configs of the corpus: as it
// stands, and with every setting on, once the unknown names are filled in.
func TestSurveyedSettingsHold(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("surveys all golden cases")
	}
	_, schema := loadSchema(t)
	off := regexp.MustCompile(`(?m)^#([^ \n])`)
	again := regexp.MustCompile(`(?m)^(runner\.resource_class|aws\.role_arn|aws\.accounts\.\d+\.role_arn): .*\n(?:# .*\n)*((?:runner\.resource_class|aws\.role_arn|aws\.accounts\.\d+\.role_arn): .*\n)`)
	for name, src := range surveyedConfigs(t) {
		s := &Survey{}
		if s.Add(name, src) != nil {
			continue
		}
		asWritten := string(s.Settings())
		allOn := off.ReplaceAllString(strings.ReplaceAll(asWritten, "::ACCOUNT:", "::123456789012:"), "$1")
		for again.MatchString(allOn) { // of several values one has to be chosen
			allOn = again.ReplaceAllString(allOn, "$2")
		}
		for what, text := range map[string]string{"as written": asWritten, "all on": allOn} {
			if _, err := ParseSettings(".cfgfix.yml", []byte(text)); err != nil {
				t.Fatalf("%s, %s: %v\n%s", name, what, err, text)
			}
			var doc any
			if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
				t.Fatalf("%s, %s: %v\n%s", name, what, err, text)
			}
			if err := schema.Validate(doc); err != nil && what == "as written" {
				t.Fatalf("%s: the schema does not accept it: %v\n%s", name, err, text)
			}
		}
	}
}

func surveyedConfigs(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	cases, _ := filepath.Glob(filepath.Join("..", "golden", "*", "*.txtar"))
	for _, name := range cases {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == "config.yml" {
				out[name] = f.Data
			}
		}
	}
	corpus, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "configs", "*"))
	for i, name := range corpus {
		if i%5 != 0 {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = src
	}
	return out
}
