package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cfgfix/fixes"
)

// corpusRepos is how many real repos init is tried on.
const corpusRepos = 10

// What init writes for a real repo is all that its fixes wait for: once the names that nobody can know are filled in,
// none waits any more.
func TestInitOnCorpus(t *testing.T) {
	t.Parallel()
	for _, path := range needyConfigs(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := newTree(t, map[string]string{".git/config": "", ".circleci/config.yml": string(src)})
			if got := runReal(t, dir, "init"); got.code != exitOK {
				t.Fatalf("init ends with %d: %s", got.code, got.errOut)
			}
			settings := filepath.Join(dir, ".cfgfix.yml")
			text, err := os.ReadFile(settings)
			if err != nil {
				t.Fatal(err)
			}
			todo, rest, _ := strings.Cut(string(text), "# ---- What")
			for _, m := range missingFact.FindAllStringSubmatch(runReal(t, dir, "-n").errOut, -1) {
				one, several := "\n#"+m[1]+":", "\n#aws.roles:"
				if !strings.Contains(todo, one) && !(m[1] == "aws.role_arn" && strings.Contains(todo, several)) {
					t.Errorf("%s is missing and not to be filled in:\n%s", m[1], todo)
				}
			}
			writeTestFile(t, settings, fillIn(todo)+"# ---- What"+rest)
			got := runReal(t, dir, "-n")
			if got.code != exitOK && got.code != exitLeft {
				t.Errorf("with the names filled in it ends with %d: %s", got.code, got.errOut)
			}
			if still := missingFact.FindString(got.errOut); still != "" {
				t.Errorf("%s\n%s", still, fillIn(todo))
			}
		})
	}
}

var missingFact = regexp.MustCompile(`(?m)^    missing ([\w.]+):.*`)

// fillIn turns the settings on that are to be filled in.
func fillIn(settings string) string {
	settings = regexp.MustCompile(`(?m)^#([a-z]|  - )`).ReplaceAllString(settings, "$1")
	return strings.NewReplacer("ACCOUNT", "123456789012", "/NAME", "/ci", "[NAME]", "['*']").Replace(settings)
}

// runReal runs cfgfix with the real engine.
func runReal(t *testing.T, dir string, args ...string) ran {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(t.Context(), args, &streams{
		in: strings.NewReader(""), out: &out, err: &errOut, dir: dir, environ: func(string) string { return "" },
	}, func(e fixes.Engine) runner { return &e })
	return ran{code, out.String(), errOut.String()}
}

// needyConfigs are configs of different repos: first those whose fixes wait for facts, then others with fixes, by name.
func needyConfigs(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../shared/corpus/configs/*config.yml")
	if err != nil || len(paths) == 0 {
		t.Skip("no corpus of real configs beside the repository")
	}
	engine := fixes.Engine{Rules: fixes.All(), DryRun: true}
	var needy, others []string
	seen := map[string]bool{}
	for _, path := range paths {
		repo, _, _ := strings.Cut(strings.Split(filepath.Base(path), "__.circleci")[0], "@")
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		results := engine.Run(src, &fixes.Facts{}).Results
		switch {
		case seen[repo] || !slices.ContainsFunc(results, func(x fixes.Result) bool { return x.Fix != nil }):
			continue
		case slices.ContainsFunc(results, func(x fixes.Result) bool { return x.Status == fixes.NeedsFacts }):
			needy = append(needy, path)
		default:
			others = append(others, path)
		}
		seen[repo] = true
	}
	out := append(needy, others...)
	if len(needy) == 0 || len(out) < corpusRepos {
		t.Fatalf("of %d configs %d wait for facts", len(out), len(needy))
	}
	return out[:corpusRepos]
}
