package cmd

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

const corpus = "../../shared/corpus/configs"

// corpusTree is a directory with each config of the corpus as that of a repo.
func corpusTree(t *testing.T) (dir string, configs map[string][]byte) {
	t.Helper()
	files, _ := filepath.Glob(corpus + "/*.yml")
	if len(files) == 0 || testing.Short() {
		t.Skip("there is no corpus, or the tests are to be short")
	}
	dir, configs = t.TempDir(), map[string][]byte{}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		repo := "repo" + strings.Repeat("x", i%3) + "-" + regexp.MustCompile(`[^a-z0-9]`).ReplaceAllString(strings.ToLower(filepath.Base(file)), "-")
		if err := os.MkdirAll(filepath.Join(dir, repo, ".circleci"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, repo, ".circleci/config.yml"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		configs[repo] = data
	}
	return dir, configs
}

// insideConfig has a job that moves to a runner: the corpus has none that can.
const insideConfig = `version: 2.1
jobs:
  smoke:
    docker:
      - image: cimg/base:2026.01
    steps:
      - run: curl -fsS https://api.acme.internal/health
workflows:
  main:
    jobs: [smoke]
`

// setupText is what cfgfix setup prints.
func setupText(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	io := &streams{in: strings.NewReader(""), out: &out, err: &errs, environ: func(string) string { return "" }, dir: dir}
	c := newRoot(io, func(e fixes.Engine) runner { return &e })
	c.SetArgs(append([]string{"setup", "."}, args...))
	_ = c.ExecuteContext(context.Background()) // some configs of the corpus are none
	if out.Len() == 0 {
		t.Fatal("nothing was printed: " + errs.String())
	}
	return out.String()
}

// corpusFacts let fixes name a class and a role beside the variables of their own.
var corpusFacts = map[string]string{"runner.resource_class": "acme/inside", "ecr.role_arn": "$ECR_ROLE_ARN"}

// mentioned finds what fixes write that has to exist, in the lines that they add.
var mentioned = []*regexp.Regexp{
	regexp.MustCompile(`[rR][oO][lL][eE][-_][aA][rR][nN]\S*[:=] *["']*(?:\$\{?)?(\w*ROLE_ARN\w*|arn:aws[a-z-]*:iam::\d+:role/[\w+=,.@/-]+)`),
	regexp.MustCompile(`export AWS_ROLE_ARN='\$(\w+)'`),
	regexp.MustCompile(`^\s*resource_class: (\w[\w-]*/[\w-]+)`),
}

// named finds the same in Terraform.
var named = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^\s*name\s+= "(\w*ROLE_ARN\w*)"`),
	regexp.MustCompile(`(?m)^# ---- (arn:\S+)`),
	regexp.MustCompile(`resource_class\s+= "([^"]+)"`),
}

// TestSetupCorpus holds the Terraform for the corpus to name every role, context and class that its fixes mention, and
// nothing else. What they mention is read from what they write and tell, not from the data that setup works from.
func TestSetupCorpus(t *testing.T) {
	t.Parallel()
	dir, configs := corpusTree(t)
	configs["inside"] = []byte(insideConfig)
	if err := os.MkdirAll(filepath.Join(dir, "inside/.circleci"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "inside/.circleci/config.yml"), configs["inside"], 0o600); err != nil {
		t.Fatal(err)
	}
	facts, args := &fixes.Facts{}, []string{"--unsafe"}
	for key, value := range corpusFacts {
		if err := facts.Set(key, value); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--set", key+"="+value)
	}
	tf := setupText(t, dir, args...)
	rules := slices.DeleteFunc(slices.Clone(fixes.All()), func(r *fixes.Rule) bool { return r.Off })
	written, contexts, choices := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, src := range configs {
		engine := fixes.Engine{Rules: rules, DryRun: true, Unsafe: true}
		r := engine.Run(src, facts)
		for _, line := range added(src, r) {
			for _, m := range mentioned {
				if found := m.FindStringSubmatch(line); found != nil {
					written[found[1]] = true
				}
			}
		}
		contextsOf(r, contexts, choices)
	}
	if len(written) < 4 || len(contexts) < 5 {
		t.Fatalf("the fixes of the corpus mention little: %v %v", written, contexts)
	}
	same(t, "role or class", written, written, allFound(tf, named))
	maps.Copy(choices, contexts)
	_, list, _ := strings.Cut(tf, `variable "context_ids"`)
	list, _, _ = strings.Cut(list, "\n}")
	same(t, "context", contexts, choices, allFound(list, []*regexp.Regexp{regexp.MustCompile(`(?m)^  #   "(.*)"$`)}))
}

// same holds got to have all of least, and nothing that is not in most.
func same(t *testing.T, what string, least, most, got map[string]bool) {
	t.Helper()
	for name := range least {
		if !got[name] {
			t.Errorf("the %s %s is mentioned by a fix and not in the Terraform", what, name)
		}
	}
	for name := range got {
		if !most[name] {
			t.Errorf("the %s %s is in the Terraform and not mentioned by a fix", what, name)
		}
	}
}

func allFound(text string, patterns []*regexp.Regexp) map[string]bool {
	out := map[string]bool{}
	for _, p := range patterns {
		for _, m := range p.FindAllStringSubmatch(text, -1) {
			out[m[1]] = true
		}
	}
	return out
}

// contextsOf adds the contexts that the prerequisites of fixes name: alone, or to choose from.
func contextsOf(r *fixes.FileResult, alone, choices map[string]bool) {
	for _, res := range r.Results {
		if res.Fix == nil || res.Status != fixes.Pending && res.Status != fixes.NeedsFacts {
			continue
		}
		for _, p := range res.Fix.Requires {
			if name, ok := strings.CutPrefix(p.Where, "context "); ok && !strings.Contains(name, "<<") {
				alone[name] = true
			}
			if names, ok := strings.CutPrefix(p.Where, "one of the contexts "); ok {
				for name := range strings.SplitSeq(names, ", ") {
					choices[name] = true
				}
			}
		}
	}
}

// added are the lines that fixes add to a config.
func added(src []byte, r *fixes.FileResult) []string {
	patch, err := rewrite.Unified("config.yml", src, r.Edits)
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(patch)) {
		if text, ok := strings.CutPrefix(line, "+"); ok && !strings.HasPrefix(line, "+++") {
			out = append(out, strings.TrimSuffix(text, "\n"))
		}
	}
	return out
}

var keyID = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)

// TestSetupHoldsNoSecret looks for the secrets of the corpus in all that setup prints.
func TestSetupHoldsNoSecret(t *testing.T) {
	t.Parallel()
	dir, configs := corpusTree(t)
	var secrets []string
	for _, src := range configs {
		secrets = append(secrets, keyID.FindAllString(string(src), -1)...)
		for _, m := range regexp.MustCompile(`(?i)(?:password|secret\w*|token)["']?[:=] *["']?([A-Za-z0-9/+_-]{16,})`).FindAllStringSubmatch(string(src), -1) {
			if !strings.Contains(m[1], "_") && strings.ContainsAny(m[1], "0123456789") {
				secrets = append(secrets, m[1])
			}
		}
	}
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	for _, args := range [][]string{{}, {"-f", "shell"}, {"-f", "markdown"}, {"--try"}, {"--after"}} {
		text := setupText(t, dir, args...)
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("setup %v prints a secret that begins with %s", args, s[:4])
			}
		}
	}
}
