package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"cfgfix/cmd/internal/fakeforge"
)

const top = "../.."

// unfixedConfig has one finding, of high severity, whose fix waits for a fact.
const unfixedConfig = "version: 2.1\njobs:\n  test:\n    docker: [{image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/ci:3}]\n    steps: [checkout]\n"

// load reads a YAML file of the repository.
func load(t *testing.T, name string, into any) {
	t.Helper()
	decode(t, name, into, false)
}

// loadAll is load for a type that has all keys that the format knows, as far as the file uses them: another key, as from
// a typing error, is a fault.
func loadAll(t *testing.T, name string, into any) {
	t.Helper()
	decode(t, name, into, true)
}

func decode(t *testing.T, name string, into any, all bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(all)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// checkWith runs the checker of a format over a file, where it is on the PATH.
func checkWith(t *testing.T, checker string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(checker)
	if err != nil {
		return
	}
	if code, out := execIn(t, top, os.Environ(), path, args...); code != 0 {
		t.Errorf("%s: %s", checker, out)
	}
}

// repoWith is a directory with a config.
func repoWith(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".circleci"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, ".circleci", "config.yml"), config)
	return dir
}

// forgeAndClone is a forge with the repo acme/app, whose config is bad, and a clone of it.
func forgeAndClone(t *testing.T) (s *fakeforge.Server, clone string) {
	t.Helper()
	s, clone = fakeforge.New(t), filepath.Join(t.TempDir(), "app")
	s.Add(t, "acme/app", map[string]string{".circleci/config.yml": badConfig})
	s.Clone(t, "acme/app", clone)
	return s, clone
}

// bash runs a script as the shells of CI jobs do.
func bash(t *testing.T, dir string, env []string, script string) (code int, out string) {
	t.Helper()
	path, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("skipped: there is no bash")
	}
	code, out = execIn(t, dir, env, path, "-e", "-o", "pipefail", "-c", script)
	checkNoKey(t, script, out)
	return code, out
}

// checkNoKey looks for the keys of badConfig in what a job logs, which more people may read than the repo.
func checkNoKey(t *testing.T, name, out string) {
	t.Helper()
	if regexp.MustCompile(`AKIA\w|q9Wv3`).MatchString(out) {
		t.Errorf("%s shows a key:\n%s", name, out)
	}
}

// preCommitHook has the keys of pre-commit that the hooks use.
type preCommitHook struct {
	ID, Name, Description, Language, Entry, Files string
	Types                                         []string
	PassFilenames                                 *bool `yaml:"pass_filenames"`
	Verbose                                       bool
}

// TestPreCommit runs the hooks as pre-commit does: in the repo's root, and as they take no names of files, on all there is.
func TestPreCommit(t *testing.T) {
	t.Parallel()
	var hooks []preCommitHook
	loadAll(t, ".pre-commit-hooks.yaml", &hooks)
	codes := map[string]int{"cfgfix": 1, "cfgfix-fix": 0}
	if len(hooks) != len(codes) {
		t.Errorf("%d hooks, want %d", len(hooks), len(codes))
	}
	for _, hook := range hooks {
		checkTrigger(t, hook)
		dir := preCommitRepo(t)
		entry := strings.Fields(hook.Entry)
		code, out := execIn(t, dir, os.Environ(), entry[0], entry[1:]...)
		checkNoKey(t, hook.ID, out)
		if code != codes[hook.ID] || hook.Language != "golang" {
			t.Errorf("%s: exit code %d\n%s", hook.ID, code, out)
		}
		for name, fixed := range map[string]bool{".circleci/config.yml": true, "app/.circleci/jobs/a.yaml": true, "legacy/.circleci/config.yml": false} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if changed := string(text) != badConfig; err != nil || changed != (fixed && hook.ID == "cfgfix-fix") {
				t.Errorf("%s: %s: changed %v, %v", hook.ID, name, changed, err)
			}
		}
	}
}

// checkTrigger holds a hook to the files whose commit runs it. A file that is named has to be a config, and is fixed even
// where it is excluded, so no names may be passed.
func checkTrigger(t *testing.T, hook preCommitHook) {
	t.Helper()
	files := regexp.MustCompile(hook.Files)
	for name, want := range map[string]bool{
		".circleci/config.yml": true, "app/.circleci/jobs/a.yaml": true, "circleci/config.yml": false, ".circleci/run.sh": false,
	} {
		if files.MatchString(name) != want {
			t.Errorf("%s: %s: %v, want %v", hook.ID, name, !want, want)
		}
	}
	if hook.PassFilenames == nil || *hook.PassFilenames { // it is true by default
		t.Errorf("%s takes the names of the files", hook.ID)
	}
}

// TestPreCommitShowsWhatIsLeft runs the hooks where a finding has no fix: neither fails, and the one that checks has pre-commit
// show what it prints, which is hidden otherwise when a hook passes.
func TestPreCommitShowsWhatIsLeft(t *testing.T) {
	t.Parallel()
	var hooks []preCommitHook
	loadAll(t, ".pre-commit-hooks.yaml", &hooks)
	for _, hook := range hooks {
		entry := strings.Fields(hook.Entry)
		code, out := execIn(t, repoWith(t, unfixedConfig), os.Environ(), entry[0], entry[1:]...)
		if code != 0 || !strings.Contains(out, "ecr-image-auth high ") || hook.Verbose != (hook.ID == "cfgfix") {
			t.Errorf("%s: verbose %v, exit code %d\n%s", hook.ID, hook.Verbose, code, out)
		}
	}
}

// preCommitRepo is a directory with bad configs, one of them excluded, and with files that are no config.
func preCommitRepo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		".cfgfix.yml":                 "version: 1\nexclude: ['legacy/**']\n",
		".circleci/config.yml":        badConfig,
		".circleci/empty.yml":         "",
		".circleci/values.yml":        "replicas: 2\n",
		"app/.circleci/jobs/a.yaml":   badConfig,
		"legacy/.circleci/config.yml": badConfig,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeText(t, path, text)
	}
	return dir
}

func TestGoreleaser(t *testing.T) {
	t.Parallel()
	var config struct {
		Version int
		Before  struct{ Hooks []string }
		Builds  []struct {
			Main         string
			Goos, Goarch []string
		}
		Archives []struct{ Files []struct{ Src, Dst string } }
		Checksum map[string]string
		Sboms    []map[string]string
	}
	load(t, ".goreleaser.yaml", &config)
	if config.Version != 2 || len(config.Builds) != 1 || len(config.Checksum) == 0 || len(config.Sboms) == 0 {
		t.Errorf("%+v", config)
	}
	if oses := config.Builds[0].Goos; !slices.Equal(oses, []string{"linux", "darwin", "windows"}) {
		t.Errorf("builds for %q", oses)
	}
	paths := []string{config.Builds[0].Main}
	for _, hook := range config.Before.Hooks {
		if words := strings.Fields(hook); len(words) > 2 && words[1] == "run" {
			paths = append(paths, words[2])
		}
	}
	for _, f := range config.Archives[0].Files {
		if made, ok := strings.CutPrefix(f.Src, "build/"); !ok {
			paths = append(paths, f.Src)
		} else if made != f.Dst+"/*" { // what the hooks make stands at the top of the archive
			t.Errorf("%s goes to %q", f.Src, f.Dst)
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(top, path)); err != nil {
			t.Error(err)
		}
	}
	checkWith(t, "goreleaser", "check")
}

// TestDockerfile holds the image to the version of Go and to the paths that the repository has.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top, ".docker", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(top, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)[1]
	for _, want := range []string{"FROM golang:" + string(version) + "-", "./cmd/cfgfix", " git ", "ca-certificates", `ENTRYPOINT ["cfgfix"]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile has no %q", want)
		}
	}
	// A ledger looks at a repo anew when the program's version changed. It comes from git, and is not that of the commit
	// when files of the commit are missing.
	ignored, err := os.ReadFile(filepath.Join(top, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(top, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		if !strings.Contains(string(kept), line) {
			t.Errorf(".dockerignore leaves out %s, which is in the repository", strings.TrimSpace(line))
		}
	}
	if build := string(text[:bytes.LastIndex(text, []byte("\nFROM "))]); !strings.Contains(build, "apk add --no-cache git\n") {
		t.Error("there is no git where the program is built")
	}
}

// checkCircle holds a config or an orb to CircleCI's schema, where that is at hand, and to cfgfix itself.
func checkCircle(t *testing.T, name string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	if code, out := execIn(t, t.TempDir(), os.Environ(), "cfgfix", "-n", "--fail-on", "low", path); code != 0 {
		t.Errorf("%s: exit code %d\n%s", name, code, out)
	}
	data, err := os.ReadFile(filepath.Join(top, "../shared/reference/circleci-schema.json"))
	if err != nil {
		t.Logf("%s is not held to the schema: %v", name, err)
		return
	}
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	load(t, name, &doc)
	asJSON, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// circleStep is a step that runs a script; other kinds have no script.
type circleStep struct {
	Run struct {
		Command     string
		Environment map[string]string
	}
}

func (s *circleStep) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	type plain circleStep
	return n.Decode((*plain)(s))
}

// scripts are those of the steps, with parameters put in.
func scripts(steps []circleStep, parameters map[string]string) (all []string, env []string) {
	render := func(text string) string {
		for name, value := range parameters {
			text = strings.ReplaceAll(text, "<< parameters."+name+" >>", value)
			section := regexp.MustCompile(`<<# parameters\.` + name + ` >>(.*?)<</ parameters\.` + name + ` >>`)
			text = section.ReplaceAllString(text, map[bool]string{true: "$1", false: ""}[value == "true"])
		}
		return text
	}
	for _, s := range steps {
		if s.Run.Command == "" {
			continue
		}
		all = append(all, render(s.Run.Command))
		for k, v := range s.Run.Environment {
			env = append(env, k+"="+render(v))
		}
	}
	return all, env
}

// TestOrb runs the scripts of the orb's commands with its defaults.
func TestOrb(t *testing.T) {
	t.Parallel()
	checkCircle(t, ".orb/orb.yml")
	var orb struct {
		Commands map[string]struct {
			Parameters map[string]struct{ Default string }
			Steps      []circleStep
		}
	}
	load(t, ".orb/orb.yml", &orb)
	s, clone := forgeAndClone(t)
	want := map[string]struct {
		code int
		out  string
	}{"check": {1, "aws-static-keys"}, "pr": {0, "acme/app: opened "}}
	for name, command := range orb.Commands {
		parameters := map[string]string{}
		for p, def := range command.Parameters {
			parameters[p] = def.Default
		}
		texts, env := scripts(command.Steps, parameters)
		code, out := bash(t, clone, environment(s, env...), strings.Join(texts, "\n"))
		if w := want[name]; code != w.code || !strings.Contains(out, w.out) {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
	}
	if len(orb.Commands) != len(want) || len(s.Of("acme/app")) != 1 {
		t.Errorf("%d commands, pull requests %+v", len(orb.Commands), s.Of("acme/app"))
	}
}

// TestOrbFailOn holds the orb's parameter to what its text says: it is about what is left without a fix only.
func TestOrbFailOn(t *testing.T) {
	t.Parallel()
	type parameters struct {
		Parameters map[string]struct{ Description string }
	}
	var orb struct {
		Commands map[string]struct {
			parameters `yaml:",inline"`
			Steps      []circleStep
		}
		Jobs map[string]parameters
	}
	load(t, ".orb/orb.yml", &orb)
	text := orb.Commands["check"].Parameters["fail_on"].Description
	if !strings.Contains(text, "at any severity") || orb.Jobs["check"].Parameters["fail_on"].Description != text {
		t.Errorf("the command's fail_on is %q", text)
	}
	const unused = "# cfgfix: ignore[inline-secret] it was there once\n" + goodConfig // a low finding with a fix
	for _, test := range []struct {
		name, config, failOn string
		code                 int
	}{
		{"a fix, of low severity", unused, "critical", 1},
		{"no fix, as severe as that", unfixedConfig, "high", 1},
		{"no fix, less severe", unfixedConfig, "critical", 0},
	} {
		texts, env := scripts(orb.Commands["check"].Steps, map[string]string{"path": ".", "fail_on": test.failOn})
		if code, out := bash(t, repoWith(t, test.config), append(os.Environ(), env...), strings.Join(texts, "\n")); code != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s", test.name, code, test.code, out)
		}
	}
}

// TestExampleCircleCI runs the jobs of the example for CircleCI.
func TestExampleCircleCI(t *testing.T) {
	t.Parallel()
	checkCircle(t, ".examples/circleci.yml")
	var config struct {
		Jobs map[string]struct{ Steps []circleStep }
	}
	load(t, ".examples/circleci.yml", &config)
	check, _ := scripts(config.Jobs["check"].Steps, nil)
	if code, out := bash(t, repoWith(t, badConfig), os.Environ(), check[0]); code != 1 {
		t.Errorf("check: exit code %d\n%s", code, out)
	}
	if code, out := bash(t, repoWith(t, goodConfig), os.Environ(), check[0]); code != 0 {
		t.Errorf("check of what is in order: exit code %d\n%s", code, out)
	}

	s := fakeforge.New(t)
	dir := t.TempDir()
	var urls string
	for i, text := range []string{badConfig, goodConfig, badConfig} {
		repo := fmt.Sprintf("acme/r%d", i)
		s.Add(t, repo, map[string]string{".circleci/config.yml": text})
		urls += s.URL + "/" + repo + ".git\n"
	}
	urls += s.URL + "/acme/none.git\n"
	writeText(t, filepath.Join(dir, "repos.txt"), urls)
	fleet, _ := scripts(config.Jobs["fleet"].Steps, nil)
	env := append(environment(s), "GIT_CONFIG_GLOBAL="+filepath.Join(dir, "gitconfig"))
	if code, out := bash(t, dir, env, fleet[0]); code != 0 || strings.Count(out, ": opened ") != 2 || !strings.Contains(out, "not cloned: "+s.URL+"/acme/none.git") {
		t.Errorf("fleet: exit code %d\n%s", code, out)
	}
}

// workflow has the keys of GitHub Actions that the example uses.
type workflow struct {
	Name string
	On   struct {
		PullRequest struct{ Paths []string } `yaml:"pull_request"`
		Schedule    []struct{ Cron string }
	}
	Permissions map[string]string
	Jobs        map[string]struct {
		If          string
		RunsOn      string                          `yaml:"runs-on"`
		Container   struct{ Image, Options string } // checkout needs to be root, and the image is somebody else
		Permissions map[string]string
		Steps       []struct {
			Uses, Run string
			With      map[string]string
			Env       map[string]string
		}
	}
}

// TestExampleGitHubActions runs the scripts of the example for GitHub Actions.
func TestExampleGitHubActions(t *testing.T) {
	t.Parallel()
	var workflow workflow
	loadAll(t, ".examples/github-actions.yml", &workflow)
	checkWith(t, "actionlint", ".examples/github-actions.yml")
	s, clone := forgeAndClone(t)
	want := map[string]struct {
		code int
		out  string
	}{
		"cfgfix --dry-run --exit-zero --format github": {0, "::error "},
		"cfgfix --dry-run --quiet --fail-on high":      {1, ""},
		"cfgfix pr --label security":                   {0, "acme/app: opened "},
	}
	ran := 0
	for name, job := range workflow.Jobs {
		if !strings.Contains(job.Container.Options, "--user root") {
			t.Errorf("%s: checkout cannot write where the image's user may not", name)
		}
		for _, step := range job.Steps {
			if step.Run == "" {
				if !regexp.MustCompile(`@[0-9a-f]{40}$`).MatchString(step.Uses) || step.With["persist-credentials"] != "false" {
					t.Errorf("%s: %s is not pinned, or keeps the token in the checkout", name, step.Uses)
				}
				continue
			}
			ran++
			code, out := bash(t, clone, environment(s), step.Run)
			if w, known := want[step.Run]; !known || code != w.code || !strings.Contains(out, w.out) {
				t.Errorf("%s: %s: exit code %d\n%s", name, step.Run, code, out)
			}
		}
	}
	if fix := workflow.Jobs["fix"].Permissions; ran != len(want) || fix["contents"] != "write" || fix["pull-requests"] != "write" {
		t.Errorf("%d steps ran, permissions %v", ran, fix)
	}
}

// batchSpec has the keys of Sourcegraph's batch specs that the example uses.
type batchSpec struct {
	Version           int
	Name, Description string
	On                []struct {
		Query string `yaml:"repositoriesMatchingQuery"`
	}
	Steps []struct {
		Run, Container string
		Outputs        map[string]struct{ Value string }
	}
	ChangesetTemplate struct {
		Title, Body, Branch string
		Commit              struct{ Message string }
		Published           string
	} `yaml:"changesetTemplate"`
}

// TestExampleSourcegraph runs the step of the batch spec in a repo.
func TestExampleSourcegraph(t *testing.T) {
	t.Parallel()
	var spec batchSpec
	loadAll(t, ".examples/sourcegraph.batch.yaml", &spec)
	if spec.Version != 2 || !regexp.MustCompile(`^[\w.-]+$`).MatchString(spec.Name) || len(spec.On) != 1 || len(spec.Steps) != 1 ||
		spec.Steps[0].Container == "" || spec.ChangesetTemplate.Branch == "" || spec.ChangesetTemplate.Title == "" ||
		spec.ChangesetTemplate.Commit.Message == "" || !slices.Contains([]string{"true", "false", "draft"}, spec.ChangesetTemplate.Published) {
		t.Fatalf("%+v", spec)
	}
	for name := range spec.Steps[0].Outputs {
		if !strings.Contains(spec.ChangesetTemplate.Body, "outputs."+name) {
			t.Errorf("the body does not show %s", name)
		}
	}
	query := spec.On[0].Query
	files := regexp.MustCompile(strings.TrimPrefix(strings.Fields(query)[0], "file:"))
	if !files.MatchString(".circleci/config.yml") || files.MatchString("config.yml") {
		t.Errorf("the query %s", query)
	}
	dir := repoWith(t, badConfig)
	code, out := bash(t, dir, os.Environ(), strings.ReplaceAll(spec.Steps[0].Run, "/tmp/", filepath.ToSlash(t.TempDir())+"/"))
	text, err := os.ReadFile(filepath.Join(dir, ".circleci", "config.yml"))
	if code != 0 || err != nil || strings.Contains(string(text), "AKIA") || !strings.Contains(out, "## CircleCI configs checked by cfgfix") {
		t.Errorf("exit code %d, %v\n%s", code, err, out)
	}
}
