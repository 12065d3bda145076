package cmd

import (
	"testing"

	"github.com/spf13/pflag"
)

// Wrong usage is one line and exit code 2, and nothing is read or written.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string // behind "cfgfix: "
	}{
		{"safe and unsafe", []string{"--safe-only", "--unsafe"}, "--safe-only and --unsafe exclude each other"},
		{"quiet and verbose", []string{"-q", "-v"}, "--quiet and --verbose exclude each other"},
		{"quiet and explain", []string{"-q", "--explain"}, "--quiet and --explain exclude each other"},
		{"no workers", []string{"-j", "0"}, "--jobs 0: must be 1 or more"},
		{"workers that are no number", []string{"-j", "all"}, "--jobs all: must be a number"},
		{"stdin and a path", []string{"-", "."}, "- stands for standard input and cannot be mixed with other PATHs"},
		{"empty path", []string{""}, "a PATH is empty; name a file, a directory or -"},
		{"an empty label among others", []string{"pr", "--label", "x", "--label", ""}, "--label has an empty value; give it one or leave the flag out"},
		{"two outputs on stdout", []string{"-", "-f", "json"}, "--format json: standard output has the fixed config; add --output FILE or --dry-run"},
		{"no boolean", []string{"--dry-run=maybe"}, "--dry-run=maybe: must be true or false, or left out"},
		{"masked patches", []string{"--patch-dir", "p", "--redact"}, "--patch-dir and --redact exclude each other: a masked patch does not apply"},
		{"patches of stdin", []string{"-", "--patch-dir", "p"}, "--patch-dir: a config on standard input is in no repo; add --dry-run for its patch"},
		{"owners of stdin", []string{"-", "--owners-dir", "o"}, "--owners-dir: a config on standard input is in no repo, and has no owner"},
		{"pr for stdin", []string{"pr", "-"}, "pr: standard input has no repo; name the directory of a clone"},
		{"pr for nothing", []string{"pr", ""}, "pr: a PATH is empty; name the directory of a clone"},
		{"pr, safe and unsafe", []string{"pr", "--safe-only", "--unsafe"}, "pr: --safe-only and --unsafe exclude each other"},
		{"pr, no jobs", []string{"pr", "-j", "0"}, "pr: --jobs 0: must be 1 or more"},
		{"pr, a wait that is negative", []string{"pr", "--wait", "-5s"}, "pr: --wait -5s: must not be negative"},
		{"pr, a wait that is none", []string{"pr", "--wait", "soon"}, "--wait soon: is no time, such as 90s or 70m"},
		{"pr, a title of two lines", []string{"pr", "--title", "a\nb"}, "pr: --title has more than one line"},
		{"pr, one branch for both", []string{"pr", "--base", "main", "--branch", "main"}, "pr: --branch and --base are both main; the branch is cfgfix's own"},
		{"pr, a branch that is none", []string{"pr", "--branch", "a..b"}, `pr: --branch "a..b": is no name of a branch`},
		{"pr, a base that is none", []string{"pr", "--base", "-x"}, `pr: --base "-x": is no name of a branch`},
		{"pr, a forge that is none", []string{"pr", "--forge", "githab"}, `--forge: unknown "githab"; did you mean "github"?`},
		{"pr, an API that is none", []string{"pr", "--api-url", "foo"}, "--api-url is not a URL, such as https://github.example.com/api/v3"},
		{"pr, an API in the clear", []string{"pr", "--api-url", "http://git.acme.example/api/v3"}, "--api-url begins with http://: the token would be sent for all to read; use https"},
		{"pr, an API with a password", []string{"pr", "--api-url", "https://a:b@git.acme.example"}, "--api-url holds a password: give the token in the environment only"},
		{"pr, a rule that is none", []string{"pr", "--select", "aws-static-kays"}, `--select: unknown "aws-static-kays"; did you mean "aws-static-keys"?`},
		{"pr, settings that are not there", []string{"pr", "--config", "none.yml"}, "--config: none.yml: no such file or directory"},
		{"a command with a typing error", []string{"rule", "aws-static-keys"}, "rule: is neither a command nor a file; did you mean cfgfix rules?"},
		{"the beginning of a command", []string{"comp"}, "comp: is neither a command nor a file; did you mean cfgfix completion?"},
		{"unknown flag", []string{"--dryrun"}, "unknown flag --dryrun; did you mean --dry-run?"},
		{"unknown flag like no other", []string{"--telemetry"}, "unknown flag --telemetry; see cfgfix --help"},
		{"unknown word", []string{"--fail-on", "hihg"}, `--fail-on: unknown "hihg"; did you mean "high"?`},
		{"unknown word like no other", []string{"--color", "blue"}, `--color: unknown "blue"; use auto, always, never`},
		{"output is a config", []string{"-o", ".circleci/config.yml"}, "--output .circleci/config.yml: is one of the configs; name another file"},
		{"output in no directory", []string{"-o", "no/where"}, "--output no/where: no such file or directory"},
		{"no settings", []string{"-c", "nope.yml"}, "--config: nope.yml: no such file or directory"},
		{"settings that are a directory", []string{"-c", ".circleci"}, "--config: .circleci: is a directory, not a file"},
		{"fact without a value", []string{"--set", "aws.region"}, "--set aws.region: no value; write --set aws.region=VALUE"},
		{"fact that is a list", []string{"--set", "aws.roles=[]"}, "--set: aws.roles is a list, which only a settings file can give"},
		{"questions and patches", []string{"-i", "--patch-dir", "p"}, "--interactive and --patch-dir exclude each other"},
		{"questions without a terminal", []string{"-i"}, "--interactive needs a terminal, and standard input is none; choose with --select, --ignore and --set instead"},
		{"init: stdin", []string{"init", "-"}, "init: standard input has no place for a settings file; name a file or a directory"},
		{"init: empty path", []string{"init", ""}, "init: a PATH is empty; name a file or a directory"},
		{"init: both", []string{"init", "--stdout", "--force"}, "init: --stdout and --force exclude each other"},
		{"init: schema of a repo", []string{"init", "--schema", "."}, "init: --schema looks at no config and writes no file: use it alone"},
		{"completion: unknown", []string{"completion", "tcsh"}, `completion: unknown "tcsh"; use bash, fish, powershell, zsh`},
		{"help: a typing error", []string{"help", "ruls"}, `help: unknown "ruls"; did you mean "rules"?`},
		{"help: unknown", []string{"help", "foo"}, `help: unknown "foo"; use completion, help, init, pr, rules, setup, version`},
		{"help: unknown below a command", []string{"help", "completion", "tcsh"}, `help: unknown "tcsh"; use bash, fish, powershell, zsh`},
		{"help: below a command that has none", []string{"help", "rules", "suppression"}, `help: unknown "suppression"`},
		{"unknown short flag", []string{"-z"}, "unknown flag -z; see cfgfix --help"},
		{"rules: two", []string{"rules", "suppression", "inline-secret"}, "rules: takes one ID, not 2"},
		{"rules: unknown", []string{"rules", "aws-static-key"}, `rules: unknown "aws-static-key"; did you mean "aws-static-keys"?`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
			got := runIn(t.Context(), dir, badConfig, test.args...)
			if got.code != exitUsage || got.out != "" {
				t.Errorf("exit code %d, and on stdout %q", got.code, got.out)
			}
			checkText(t, "stderr", got.errOut, "cfgfix: "+test.want+"\n")
			checkFile(t, dir+"/.circleci/config.yml", badConfig)
		})
	}
}

// A flag with an empty value is not one that was left out, whatever it stands for.
func TestEmptyFlags(t *testing.T) {
	t.Parallel()
	dir := newTree(t, map[string]string{".circleci/config.yml": badConfig})
	root := Root()
	for _, c := range append(root.Commands(), root) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			switch f.Value.Type() {
			case "bool", "int", "duration":
				return
			}
			var args []string
			if c != root {
				args = append(args, c.Name())
			}
			got := runIn(t.Context(), dir, badConfig, append(args, "--"+f.Name, "")...)
			if got.code != exitUsage || got.out != "" {
				t.Errorf("%s --%s: exit code %d, and on stdout %q", c.Name(), f.Name, got.code, got.out)
			}
			checkText(t, "stderr", got.errOut, "cfgfix: --"+f.Name+" has an empty value; give it one or leave the flag out\n")
		})
	}
	checkFile(t, dir+"/.circleci/config.yml", badConfig)
}
