package cmd

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// boundedConfig has something for every rule that reads facts.
const boundedConfig = `version: 2.1
orbs:
  aws-cli: circleci/aws-cli@5.4.1
jobs:
  deploy:
    docker:
      - image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/ci:1
    environment:
      AWS_ACCESS_KEY_ID: $KEY_ID
      AWS_SECRET_ACCESS_KEY: $SECRET
    steps:
      - run: aws s3 ls
      - run: gcloud auth activate-service-account --key-file key.json
  report:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: curl http://10.1.2.3/
workflows:
  main:
    jobs: [deploy, report]
`

const outsideSecret = "hunter2-is-outside"

// runBounded runs the real engine in a repo with these settings, and returns what became of all files of the tree
// around it but for the config.
func runBounded(t *testing.T, settings func(repo string)) (got ran, changed string) {
	t.Helper()
	dir := newTree(t, map[string]string{
		"outside.yml":                "version: 1\n" + outsideSecret + ": x\n",
		"repo/.git/config":           "",
		"repo/.circleci/config.yml":  boundedConfig,
		"other/.circleci/config.yml": boundedConfig,
	})
	repo := filepath.Join(dir, "repo")
	settings(repo)
	before := readTree(t, dir)
	var out, errOut bytes.Buffer
	got.code = run(t.Context(), nil, &streams{
		in: strings.NewReader(""), out: &out, err: &errOut, dir: repo, environ: func(string) string { return "" },
	}, func(e fixes.Engine) runner { return &e })
	got.out, got.errOut = out.String(), errOut.String()
	after := readTree(t, dir)
	delete(before, "repo/.circleci/config.yml")
	delete(after, "repo/.circleci/config.yml")
	return got, cmp.Diff(before, after)
}

func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever a fact of a repo's settings is, it changes nothing but the config, runs nothing and shows nothing of other
// files.
func TestSettingsStayInTheRepo(t *testing.T) {
	t.Parallel()
	values := []string{
		"'../outside.yml'", "'../../outside.yml'", "/etc/passwd", "'file:///etc/passwd'", "'$(touch ran)'", "'`touch ran`'", "'; touch ran'",
		"'| touch ran'", "!!python/object ran", "!include ../outside.yml", "'${file:../outside.yml}'", "'<< include(../outside.yml) >>'",
		"\"x\\n      - run: touch ran\"",
	}
	settings := map[string]string{}
	for _, k := range fixes.FactKeys() {
		name := strings.ReplaceAll(k.Name, "<account>", "123456789012")
		for _, v := range values {
			settings[name+" is "+v] = name + ": " + v + "\n"
			settings[name+" has "+v] = name + ": [" + v + "]\n"
		}
	}
	for _, v := range values {
		settings["role of "+v] = "aws.roles: [{profile: " + v + ", role_arn: 'arn:aws:iam::123456789012:role/ci'}, {jobs: [" + v + "], role_arn: 'arn:aws:iam::123456789012:role/ci'}]\n"
		settings["context "+v] = "contexts: [{name: " + v + ", provides: ['*']}]\n"
		settings["excluded "+v] = "exclude: [" + v + "]\n"
		settings["override for "+v] = "repos: {" + v + ": {aws.region: eu-west-1}}\n"
		settings["unknown key "+v] = "include: " + v + "\n"
	}
	for name, text := range settings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, changed := runBounded(t, func(repo string) { writeTestFile(t, filepath.Join(repo, ".cfgfix.yml"), "version: 1\n"+text) })
			if changed != "" {
				t.Errorf("files changed (-before +after):\n%s", changed)
			}
			if got.code != exitOK && got.code != exitUsage {
				t.Errorf("exit code %d: %s", got.code, got.errOut)
			}
			if strings.Contains(got.out+got.errOut, outsideSecret) || strings.Contains(got.out+got.errOut, "root:") {
				t.Errorf("the output shows another file:\n%s%s", got.out, got.errOut)
			}
			if strings.Contains(got.out, "\n+      - run: touch ran") {
				t.Errorf("a setting became a step:\n%s", got.out)
			}
		})
	}
}

// A settings file that is a link to what the repo does not hold is not read.
func TestSettingsLinkOutOfTheRepo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links take rights there")
	}
	for _, test := range []struct{ name, at, to, want string }{
		{"at the root", ".cfgfix.yml", "../outside.yml", "cfgfix: .cfgfix.yml: is a link that leads out of the repo; name what it leads to with --config\n"},
		{"beside the config", ".circleci/.cfgfix.yml", "../../outside.yml", "cfgfix: .circleci/.cfgfix.yml: is a link that leads out of the repo; name what it leads to with --config\n"},
		{"to a device", ".cfgfix.yml", "/dev/zero", "cfgfix: .cfgfix.yml: is a link that leads out of the repo; name what it leads to with --config\n"},
		{"to nothing", ".cfgfix.yml", "nothing.yml", "cfgfix: .cfgfix.yml: no such file or directory\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, changed := runBounded(t, func(repo string) {
				if err := os.Symlink(test.to, filepath.Join(repo, test.at)); err != nil {
					t.Fatal(err)
				}
			})
			if got.code != exitUsage || changed != "" {
				t.Errorf("exit code %d; files changed: %s", got.code, changed)
			}
			checkText(t, "stderr", got.errOut, test.want)
		})
	}
}

// A link within the repo is as good as the file.
func TestSettingsLinkWithinTheRepo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links take rights there")
	}
	got, _ := runBounded(t, func(repo string) {
		writeTestFile(t, filepath.Join(repo, "ci", "settings.yml"), "version: 1\nrules.ignore: [all]\n")
		if err := os.Symlink("ci/settings.yml", filepath.Join(repo, ".cfgfix.yml")); err != nil {
			t.Fatal(err)
		}
	})
	checkText(t, "stderr", got.errOut, "1 file, no findings\n")
}
