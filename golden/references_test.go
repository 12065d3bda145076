package golden

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// storedAs is the variable that a fix of inline-secret has somebody store the secret in.
var storedAs = regexp.MustCompile(` as ([A-Z][A-Z0-9_]*): `)

// stored are the variables that the fixes of a case rely on, with the secrets as their values.
func (c *testCase) stored(t *testing.T) []string {
	t.Helper()
	config, _ := c.files(t)
	var env []string
	for _, x := range c.run(t, config).Results {
		if x.Rule.ID != "inline-secret" || x.Status != fixes.Applied {
			continue
		}
		for _, p := range x.Fix.Requires {
			if m := storedAs.FindStringSubmatch(p.Text); m != nil {
				env = append(env, m[1]+"="+x.Secrets[0])
			}
		}
	}
	return env
}

// inScript are the ways of a script to name a program of the repository: the stand-ins are found on the path alone.
var inScript = regexp.MustCompile(`(^|[\s;&|(])\./`)

// TestReferences runs scripts with a secret in them, and those that inline-secret made of them with the secret in the
// variable that it names: every program is called with the same words, and the same files are written.
func TestReferences(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs some hundred programs")
	}
	ran := 0
	for _, c := range readCases(t) {
		config, want := c.files(t)
		before, after, env := scriptsIn(t, config), scriptsIn(t, want), c.stored(t)
		if len(env) == 0 || len(before) != len(after) {
			continue
		}
		for i := range before {
			was, is := before[i].text, after[i].text
			if was == is || strings.Contains(strings.ReplaceAll(was, `\<<`, ""), "<< ") || strings.Contains(is, "oidc") || strings.Contains(is, "OIDC") {
				continue
			}
			ran++
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				checkSame(t, was, is, env)
			})
		}
	}
	if ran < 30 {
		t.Errorf("only %d scripts are run", ran)
	}
}

// checkSame runs two scripts, the second one with more variables.
func checkSame(t *testing.T, was, is string, env []string) {
	t.Helper()
	var outcomes, files [2][]string
	for i, script := range []string{was, is} {
		b := newBench(t)
		b.more = []string{`BASH_FUNC_command_not_found_handle%%=() { any "$@"; }`}
		if i == 1 {
			b.more = append(b.more, env...)
		}
		script = inScript.ReplaceAllString(strings.ReplaceAll(script, `\<<`, "<<"), "$1")
		for _, call := range b.run(t, script, -1).calls {
			outcomes[i] = append(outcomes[i], call.Name+" "+strings.Join(call.Args, "\x00"))
		}
		files[i] = filesIn(t, b.home)
	}
	if diff := cmp.Diff(outcomes[0], outcomes[1]); diff != "" {
		t.Errorf("calls (-with the secret +with the variable):\n%s\n%s\n%s", diff, was, is)
	}
	if diff := cmp.Diff(files[0], files[1]); diff != "" {
		t.Errorf("files (-with the secret +with the variable):\n%s\n%s\n%s", diff, was, is)
	}
}

// filesIn are the files in a folder with their texts.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range slices.Concat(names, hidden) {
		if text, err := os.ReadFile(name); err == nil {
			out = append(out, filepath.Base(name)+": "+string(text))
		}
	}
	return out
}
