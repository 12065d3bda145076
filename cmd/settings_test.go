package cmd

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// regionSettings is a settings file that can be told from others by its region.
func regionSettings(region string) string { return "version: 1\naws:\n  region: " + region + "\n" }

func TestFindSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		files  map[string]string // of region settings, but for .git
		work   string            // the working directory
		config string            // whose settings are wanted
		want   string            // the region
	}{
		{
			"beside the config",
			map[string]string{".circleci/.cfgfix.yml": "us-east-1", ".cfgfix.yml": "us-east-2"},
			"", ".circleci/config.yml", "us-east-1",
		},
		{
			"above the config, the other suffix",
			map[string]string{".cfgfix.yaml": "us-east-1"},
			"", "a/b/.circleci/config.yml", "us-east-1",
		},
		{
			"at the repo's root, above the working directory",
			map[string]string{"repo/.git/config": "", "repo/.cfgfix.yml": "us-east-1"},
			"repo/sub", "repo/sub/.circleci/config.yml", "us-east-1",
		},
		{
			"not above the repo's root",
			map[string]string{"repo/.git/config": "", ".cfgfix.yml": "us-east-1"},
			"", "repo/.circleci/config.yml", "",
		},
		{
			"outside of repos not above the working directory",
			map[string]string{".cfgfix.yml": "us-east-1"},
			"work", "work/.circleci/config.yml", "",
		},
		{
			"outside of repos and of the working directory",
			map[string]string{"other/.cfgfix.yml": "us-east-1", "other/.circleci/config.yml": "", ".cfgfix.yml": "us-east-2"},
			"work", "other/.circleci/src/a.yml", "us-east-1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := realTempDir(t)
			for name, region := range tt.files {
				writeTestFile(t, filepath.Join(dir, name), regionSettings(region))
			}
			finder := newSettingsFinder(newRepos(filepath.Join(dir, tt.work)))
			got, err := finder.find(filepath.Dir(filepath.Join(dir, tt.config)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Facts.AWS.Region != tt.want {
				t.Errorf("region %q, want %q", got.Facts.AWS.Region, tt.want)
			}
		})
	}
}

func TestPrepareSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		want  []string // names of the sources that are left
		fault string   // part of the error
	}{
		{
			"excluded files are dropped",
			map[string]string{".cfgfix.yml": "version: 1\nexclude: [legacy]\n", "legacy/.circleci/config.yml": "", ".circleci/config.yml": ""},
			[]string{"."},
			[]string{".circleci/config.yml"},
			"",
		},
		{
			"a named file is handled although it is excluded",
			map[string]string{".cfgfix.yml": "version: 1\nexclude: [legacy]\n", "legacy/.circleci/config.yml": ""},
			[]string{"legacy/.circleci/config.yml"},
			[]string{"legacy/.circleci/config.yml"},
			"",
		},
		{
			"two settings files in one directory",
			map[string]string{"a/.cfgfix.yml": "version: 1\n", "a/.cfgfix.yaml": "version: 1\n", "a/.circleci/config.yml": ""},
			[]string{"."},
			nil,
			"a: has both .cfgfix.yml and .cfgfix.yaml",
		},
		{
			"wrong settings of one repo of many",
			map[string]string{"a/.circleci/config.yml": "", "b/.cfgfix.yml": "version: 1\nasw: {}\n", "b/.circleci/config.yml": ""},
			[]string{"."},
			nil,
			"b/.cfgfix.yml:2:1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := realTempDir(t)
			for name, text := range tt.files {
				writeTestFile(t, filepath.Join(dir, name), text)
			}
			silent := func(string, ...any) {}
			d := &discovery{dir: dir, repos: newRepos(dir), note: silent, verbose: silent}
			sources, err := newSettingsFinder(newRepos(dir)).prepare(d.discover(t.Context(), tt.args), silent)
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("error %v, want %q", err, tt.fault)
			}
			var got []string
			for _, s := range sources {
				got = append(got, s.name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChoiceRules(t *testing.T) {
	t.Parallel()
	all := []*fixes.Rule{
		{ID: "aws-static-keys"}, {ID: "internal-network"}, {ID: "missing-context"}, {ID: "unrestricted-context", Off: true},
	}
	tests := []struct {
		name              string
		selected, ignored []string
		settings          fixes.Settings
		want              []string
	}{
		{"by default", nil, nil, fixes.Settings{}, []string{"aws-static-keys", "internal-network", "missing-context"}},
		{"one selected", []string{"internal-network"}, nil, fixes.Settings{}, []string{"internal-network"}},
		{"a group selected", []string{"contexts"}, nil, fixes.Settings{}, []string{"missing-context", "unrestricted-context"}},
		{"one ignored", nil, []string{"aws-static-keys"}, fixes.Settings{}, []string{"internal-network", "missing-context"}},
		{"selected but for one", []string{"all"}, []string{"contexts"}, fixes.Settings{}, []string{"aws-static-keys", "internal-network"}},
		{"settings turn one on", nil, nil, fixes.Settings{Select: []string{"unrestricted-context"}}, []string{"unrestricted-context"}},
		{
			"both ignore", nil,
			[]string{"internal-network"},
			fixes.Settings{Ignore: []string{"aws-static-keys"}},
			[]string{"missing-context"},
		},
		{
			"selected although the settings ignore it",
			[]string{"aws-static-keys"},
			nil,
			fixes.Settings{Ignore: []string{"oidc"}, Select: []string{"all"}},
			[]string{"aws-static-keys"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := newChoice(tt.selected, tt.ignored, nil)
			if err != nil {
				t.Fatal(err)
			}
			rules, err := c.rules(all, &tt.settings)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rules {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewChoiceFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                     string
		selected, ignored, facts []string
		want                     string
	}{
		{"beginning of a rule's id", []string{"aws-static"}, nil, nil, `--select: unknown "aws-static"; did you mean "aws-static-keys"?`},
		{"misspelled rule", nil, []string{"mising-context"}, nil, `--ignore: unknown "mising-context"; did you mean "missing-context"?`},
		{"fact without a value", nil, nil, []string{"aws.region"}, "--set aws.region: no value"},
		{"misspelled fact", nil, nil, []string{"aws.regoin=eu-west-1"}, "aws.region"},
		{"wrong value", nil, nil, []string{"aws.role_arn=ci"}, "must be a role ARN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newChoice(tt.selected, tt.ignored, tt.facts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestFinderForgets asks for the settings of more directories than are remembered: what is at their root holds in all of
// them, is read once, and a second look finds the same.
func TestFinderForgets(t *testing.T) {
	t.Parallel()
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, "tree", ".git", "config"), "")
	writeTestFile(t, filepath.Join(dir, "tree", ".cfgfix.yml"), regionSettings("us-east-1"))
	finder := newSettingsFinder(newRepos(filepath.Join(dir, "work")))
	var first *settingsFile
	for i := range 2 * (maxRecent + 1) {
		found, err := finder.find(filepath.Join(dir, "tree", strconv.Itoa(i%(maxRecent+1)), ".circleci"))
		if err != nil || found.Facts.AWS.Region != "us-east-1" {
			t.Fatalf("directory %d: region %q, error %v", i, found.Facts.AWS.Region, err)
		}
		if first == nil {
			first = found
		} else if found != first {
			t.Fatal("the settings were read again")
		}
	}
	if n, m := len(finder.dirs), len(finder.repos.roots); n > maxRecent || m > maxRecent {
		t.Errorf("%d and %d directories are remembered, want at most %d", n, m, maxRecent)
	}
}
