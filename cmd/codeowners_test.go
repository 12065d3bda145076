package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodeOwners(t *testing.T) {
	t.Parallel()
	const config = ".circleci/config.yml"
	tests := map[string]struct {
		file, path string
		want       string
	}{
		"everything":                   {"* @acme/all\n", config, "@acme/all"},
		"the last one counts":          {"* @acme/all\n/.circleci/ @acme/ci\n", config, "@acme/ci"},
		"the last one, which is wider": {"/.circleci/ @acme/ci\n* @acme/all\n", config, "@acme/all"},
		"several":                      {"*.yml @a b@acme.example @acme/c\n", config, "@a b@acme.example @acme/c"},
		"a directory anywhere":         {".circleci/ @a\n", "apps/web/.circleci/config.yml", "@a"},
		"a directory at the root":      {"/.circleci/ @a\n", "apps/web/.circleci/config.yml", ""},
		"a directory without a slash":  {"/.circleci @a\n", config, "@a"},
		"a path in the middle":         {"web/.circleci @a\n", "apps/web/.circleci/config.yml", ""},
		"two stars":                    {"**/web/** @a\n", "apps/web/.circleci/config.yml", "@a"},
		"the files of a directory":     {"/.circleci/* @a\n", config, "@a"},
		"not those further down":       {"/.circleci/* @a\n", ".circleci/jobs/a.yml", ""},
		"nobody, on purpose":           {"* @a\n/.circleci/\n", config, ""},
		"comments and empty lines":     {"# all\n\n  * @a # and b\n", config, "@a"},
		"a space in the name":          {`/my\ app/ @a` + "\n", "my app/.circleci/config.yml", "@a"},
		"sections":                     {"* @a\n[CI]\n/.circleci/ @b\n", config, "@a @b"},
		"owners of a section":          {"[CI][2] @b @c\n/.circleci/\n", config, "@b @c"},
		"an optional section":          {"^[CI] @b\n/.circleci/ @d\n", config, "@d"},
		"sections of one name":         {"[CI] @a\n/.circleci/\n[Docs] @d\n*.md\n[ci]\n/.circleci/config.yml @b\n", config, "@b"},
		"a section with a count only":  {"[CI][1]\n* @a\n", config, "@a"},
		"an exclusion":                 {"[CI] @a\n*\n!/.circleci/\n*.yml @b\n[All] @c\n*\n", config, "@c"},
		"a role":                       {"* @@developers @a\n", config, "@@developers @a"},
		"a comma":                      {"/.circleci/a,b.yml @a\n", ".circleci/a,b.yml", "@a"},
		"a comma is no choice":         {"/.circleci/a,b.yml @a\n", "b.yml", ""},
		"braces are no choice":         {"/.circleci/{a,b}.yml @a\n", ".circleci/a.yml", ""},
		"braces":                       {"/.circleci/{a,b}.yml @a\n", ".circleci/{a,b}.yml", "@a"},
		"a question mark":              {"/.circleci/confi?.yml @a\n", config, "@a"},
		"a star stops at a slash":      {"/*/config.yml @a\n", "apps/.circleci/config.yml", ""},
		"the case counts":              {"/.CircleCI/ @a\n", config, ""},
		"CRLF":                         {"* @a\r\n/.circleci/ @b\r\n", config, "@b"},
		"a pattern that is none":       {"[z @a\n", config, ""},
		"nothing":                      {"", config, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, strings.Join(parseCodeOwners(tt.file).of(tt.path), " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOwnersDir cuts the report over a tree of repos by owner.
func TestOwnersDir(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{
		"a/.git/HEAD": "x", "a/.circleci/config.yml": "bad\n", "a/.github/CODEOWNERS": "* @acme/web @pat\n",
		"b/.git/HEAD": "x", "b/.circleci/config.yml": "left\n", "b/CODEOWNERS": "* @acme/web\n",
		"c/.git/HEAD": "x", "c/.circleci/config.yml": "bad\n",
		"d/.git/HEAD": "x", "d/.circleci/config.yml": "fine\n", "d/CODEOWNERS": "* @fine\n",
	})
	outside := filepath.Join(newTree(t, map[string]string{"owners": "* @outside\n"}), "owners")
	if err := os.Symlink(outside, filepath.Join(dir, "c", "CODEOWNERS")); err != nil {
		t.Logf("no link: %v", err)
	}
	if got := runIn(t.Context(), dir, "", "--owners-dir", "owners"); got.code != exitOK {
		t.Fatalf("exit code %d\n%s", got.code, got.errOut)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "owners"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, "owners", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, repo := range []string{"a", "b", "c", "d"} {
			if strings.Contains(string(text), repo+"/.circleci/config.yml") {
				files[e.Name()] += repo
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"acme-web.md": "ab", "pat.md": "a", "unowned.md": "c"}, files); diff != "" {
		t.Errorf("repos by report (-want +got):\n%s", diff)
	}
	if got := runIn(t.Context(), dir, "", "--owners-dir", "owners"); got.code != exitUsage || !strings.Contains(got.errOut, "is not empty") {
		t.Errorf("again: exit code %d\n%s", got.code, got.errOut)
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for owner, want := range map[string]string{
		"@acme/platform": "acme-platform", "pat@acme.example": "pat-acme.example", "@..": "owner", `@a\..\b`: "a-..-b", "@C:": "C",
	} {
		if got := fileName(owner); got != want {
			t.Errorf("%s: %s, want %s", owner, got, want)
		}
	}
}
