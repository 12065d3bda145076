package setup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// standIns are the programs that scripts call. Each records its arguments, and answers what scripts read from it.
const standIn = `#!/bin/sh
name=${0##*/}
printf '%s' "$name" >>"$RECORD"
for a; do printf ' [%s]' "$(printf '%s' "$a" | tr '\n' ' ')" >>"$RECORD"; done
printf '\n' >>"$RECORD"
case "$*" in
"context store-secret "* | "project secret create "*) cat >/dev/null ;;
*"projects describe"*) echo 4242 ;;
"version") echo "$CLI_VERSION" ;;
*"get-caller-identity"*) case "$*" in *--profile*) printf '%s' "$*" | tr -dc 0-9 | cut -c1-12 ;; *) echo 999999999999 ;; esac ;;
*"get-role --role-name"*"--query"*) echo "arn:aws:iam::999999999999:role/x" ;;
*"get-open-id-connect-provider"* | *"get-role"* | *" describe "* | *"read auth"* | "context get "* | "context show "* | *"credential show"*) exit 1 ;;
*"get-access-key-last-used"*) echo somebody ;;
esac
`

var needed = regexp.MustCompile(`(?m)^(?:\[ (-z )?"\$legacy" \] \|\| )?need (\w+) `)

// runScript runs a script with stand-ins for all programs, and returns what these were called with. The organisation has
// the name that the version of the CircleCI CLI takes, and the other one only where other commands use it.
func runScript(t *testing.T, src []byte, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"aws", "gcloud", "vault", "az", "circleci"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(standIn), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script, record := filepath.Join(dir, "script.sh"), filepath.Join(dir, "record")
	if err := os.WriteFile(script, src, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", script)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "RECORD=" + record, "CLI_VERSION=" + version}
	for _, m := range needed.FindAllStringSubmatch(string(src), -1) {
		name := m[2]
		if legacy := strings.HasPrefix(version, "0.1."); name == "ORG_SLUG" && legacy || m[1] != "" && !legacy {
			continue
		}
		value := "value-of-" + strings.ToLower(name)
		if number, ok := strings.CutPrefix(name, "AWS_PROFILE_"); ok {
			value = number
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left, _ := os.ReadDir(cmd.Dir); len(left) > 0 {
		t.Errorf("the script made files: %v", left)
	}
	calls, _ := os.ReadFile(record)
	return string(calls)
}

func TestScriptsRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs many programs")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	eachCase(t, func(t *testing.T, p *Plan) {
		for _, version := range []string{"1.0.0", "0.1.47860+abc (release)"} {
			for name, src := range map[string][]byte{"setup": p.Shell(), "after": p.After()} {
				calls := runScript(t, src, version)
				for _, x := range p.roles {
					if name == "setup" && !strings.Contains(calls, fmt.Sprintf("[create-role] [--role-name] [%s]", x.name)) {
						t.Errorf("%s does not make the role %s:\n%s", name, x.name, calls)
					}
				}
				if legacy := strings.Contains(calls, "[context] [secret]"); legacy == strings.HasPrefix(version, "0.1") && legacy {
					t.Errorf("version %s of the CLI is called as version 1:\n%s", version, calls)
				}
			}
		}
	})
}

// TestScriptCalls shows what a script does, by what it calls.
func TestScriptCalls(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	p := New("main", []Repo{{"github.com", "acme/site", siteResources}})
	calls := runScript(t, p.Shell(), "1.0.0")
	for _, want := range []string{
		"aws [iam] [create-open-id-connect-provider] [--url] [https://oidc.circleci.com/org/value-of-org_id] [--client-id-list] [value-of-org_id]",
		`"oidc.circleci.com/org/value-of-org_id:aud": [             "value-of-org_id"`,
		"org/value-of-org_id/project/value-of-project_id_site/user/*/vcs-origin/github.com/acme/site/vcs-ref/refs/heads/main",
		`"arn:aws:s3:::acme-site/*"`,
		"circleci [context] [create] [--org] [value-of-org_slug] [--] [new]",
		"circleci [context] [restriction] [create] [--org] [value-of-org_slug] [--type] [project] [--value] [value-of-project_id_site] [--] [new]",
		"circleci [context] [secret] [set] [--org] [value-of-org_slug] [--name] [AWS_OIDC_ROLE_ARN] [--value] [arn:aws:iam::999999999999:role/x] [--] [website]",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no %s in\n%s", want, calls)
		}
	}
	calls = runScript(t, p.After(), "0.1.47860")
	for _, want := range []string{
		"circleci [context] [remove-secret] [--org-id] [value-of-org_id] [--] [website] [AWS_ACCESS_KEY_ID]",
		"aws [iam] [update-access-key] [--user-name] [somebody] [--access-key-id] [value-of-website_old_key_ids] [--status] [Inactive]",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no %s in\n%s", want, calls)
		}
	}
}

// TestShellcheck asks shellcheck.
func TestShellcheck(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed")
	}
	eachCase(t, func(t *testing.T, p *Plan) {
		for _, src := range [][]byte{p.Shell(), p.After()} {
			cmd := exec.Command("shellcheck", "--severity=warning", "-")
			cmd.Stdin = strings.NewReader(string(src))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		}
	})
}
