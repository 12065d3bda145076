package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"mvdan.cc/sh/v3/syntax"

	"cfgfix/fixes"
)

// hostileNames are legal names of directories and contexts that try to be something else in what is printed.
var hostileNames = []string{
	"\u2028aws.role_arn: x\u2028#", "\nid >pwned #", "\rid", "\u0085id", "\u2029id", "x\x1b[31m", "x\u009b31m", "\u202egnp.exe",
	"'; id; '", `"; id; "`, "$(id)", "`id`", "${x:=$(id)}", "%{ if true }x%{ endif }", `x\`, `\'`, "# x", "--host=evil", "-rf", "\nJSON\nid\n", "a|b", "<b>x", "```", "[a](b)", "*", "{a,b}",
}

const namedConfig = `version: 2.1
jobs:
  NAME:
    docker: [{image: cimg/aws:2025.01}]
    environment: {FOO_TOKEN: ghp_R4nd0mT0kenR4nd0mT0kenR4nd0mT0ken1234}
    steps:
      - run: aws s3 cp x s3://acme/
  test:
    docker: [{image: cimg/base:2026.01}]
    steps: [{run: curl -f https://api.acme.internal/}]
workflows: {w: {jobs: [{NAME: {context: NAME}}, test]}}
`

const namedSettings = `version: 1
contexts: [{name: NAME, provides: [FOO_TOKEN]}]
runner.resource_class: acme/inside
`

// hostileTree is a repo that is called so in every way, and its settings as well.
func hostileTree(t *testing.T, name string) string {
	t.Helper()
	called := func(text string) string { return strings.ReplaceAll(text, "NAME", strconv.Quote(name)) }
	settings := strings.ReplaceAll(namedSettings, "NAME", "new")
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) { // settings take no such name
		settings = strings.ReplaceAll(namedSettings, "NAME", strconv.Quote(name+" new"))
	}
	return newTree(t, map[string]string{
		name + "/.git/config":                "[remote \"origin\"]\n\turl = " + strings.NewReplacer("\r", "", `\x1b`, "").Replace(strconv.Quote("https://github.com/acme/"+name)) + "\n",
		name + "/.circleci/config.yml":       called(namedConfig),
		name + "/.circleci/" + name + ".yml": called(namedConfig),
		name + "/CODEOWNERS":                 "* @" + strings.ReplaceAll(name, "\n", " ") + "\n",
		"settings.yml":                       settings,
	})
}

// heads are the first words of the commands of a script.
func heads(t *testing.T, script string) []string {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	var out []string
	syntax.Walk(file, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 && c.Args[0].Lit() != "need" {
			out = append(out, c.Args[0].Lit())
		}
		return true
	})
	return out
}

// printed is what cfgfix prints about a repo that is called so, by its arguments, and the directory that the repo is in. The
// patches and the owners' files are in there.
func printed(t *testing.T, name string) (out map[string]string, dir string) {
	t.Helper()
	dir = hostileTree(t, name)
	out = map[string]string{}
	for _, args := range []string{
		"setup -f shell", "setup -f terraform", "setup -f markdown", "setup --try", "setup --after", "init --stdout",
		"-n -f markdown", "-n -f html", "-n -f json", "-n -q --patch-dir patches --owners-dir owners",
	} {
		words := strings.Fields(args)
		if words[0] != "init" {
			words = append(words, "-c", "settings.yml")
		}
		got := runReal(t, dir, words...)
		if got.code != exitOK && got.code != exitLeft {
			t.Errorf("%q: %s ends with %d: %s", name, args, got.code, got.errOut)
		}
		out[args] = got.out
		if i := strings.IndexFunc(got.out+got.errOut, steers); i >= 0 {
			t.Errorf("%q: %s prints %q", name, args, (got.out + got.errOut)[max(i-20, 0):])
		}
	}
	return out, dir
}

// TestHostileNames holds what is printed and written to be about the same, whatever a repo, its contexts and its jobs are
// called.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("names of files are plainer there")
	}
	harmless, _ := printed(t, "prod")
	for _, name := range hostileNames {
		out, dir := printed(t, name)
		for _, form := range []string{"setup -f shell", "setup --after"} {
			if diff := cmp.Diff(heads(t, harmless[form]), heads(t, out[form])); diff != "" {
				t.Errorf("%q: commands of %s (-harmless +got):\n%s", name, form, diff)
			}
		}
		if _, diags := hclsyntax.ParseConfig([]byte(out["setup -f terraform"]), "", hcl.InitialPos); diags.HasErrors() {
			t.Errorf("%q: %v", name, diags)
		}
		if _, err := fixes.ParseSettings("", []byte(out["init --stdout"])); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if got := engineOn(t, out["setup --try"]); got != engineOn(t, harmless["setup --try"]) {
			t.Errorf("%q: the trial is %s", name, got)
		}
		entries, _ := os.ReadDir(dir)
		var made []string
		for _, e := range entries {
			made = append(made, e.Name())
		}
		if want := []string{name, "owners", "patches", "settings.yml"}; !slices.Equal(slices.Sorted(slices.Values(want)), made) {
			t.Errorf("%q: there is %q", name, made)
		}
		if patch, err := os.ReadFile(filepath.Join(dir, "patches", name+".patch")); err != nil || bytes.Count(patch, []byte("\n+++ ")) != 2 {
			t.Errorf("%q: the patch is %q (%v)", name, patch, err)
		}
	}
}

// steers reports whether a rune does something to a terminal, hides or reorders text.
func steers(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r))
}

// engineOn is what becomes of a config.
func engineOn(t *testing.T, config string) string {
	t.Helper()
	engine := fixes.Engine{Rules: fixes.All(), DryRun: true}
	r := engine.Run([]byte(config), &fixes.Facts{})
	if r.Err != nil {
		t.Errorf("%v\n%s", r.Err, config)
	}
	return string(r.Status)
}
