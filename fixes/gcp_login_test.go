package fixes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gcloudStandIn writes down its arguments, one a line, and what a real one would write: the configuration that names
// the token's file. FAIL_AT names a word of the call that fails.
const gcloudStandIn = `#!/usr/bin/env bash
printf '%s\n' '[gcloud]' "$@" >> "$RECORD"
for arg; do
  if [ "$arg" = "${FAIL_AT:-}" ]; then exit 3; fi
  case $arg in
    --credential-source-file=*) [ "$(cat "${arg#*=}")" = "$CIRCLE_OIDC_TOKEN" ] || exit 4 ;;
    --output-file=*) echo config > "${arg#*=}" ;;
    --cred-file=*) [ -f "${arg#*=}" ] || exit 5 ;;
  esac
done
`

// job is what a login finds when it runs, and what it leaves.
type job struct {
	home, record, bashEnv string
	env                   []string
}

func newJob(t *testing.T, env ...string) *job {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a home") // with a blank, as on some machines
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "gcloud"), []byte(gcloudStandIn), 0o755); err != nil {
		t.Fatal(err)
	}
	j := &job{home: dir, record: filepath.Join(dir, "record"), bashEnv: filepath.Join(dir, "bash env")}
	j.env = append([]string{
		"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "RECORD=" + j.record, "BASH_ENV=" + j.bashEnv,
		"CIRCLE_OIDC_TOKEN=a.b$c%d\\e",
	}, env...)
	return j
}

// run runs a script as CircleCI does.
func (j *job) run(script string) error {
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", script)
	cmd.Env = j.env
	return cmd.Run()
}

func (j *job) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), j.home, "HOME")
}

var gcpVariables = []string{
	"GOOGLE_PROJECT_NUMBER=120034005600", "OIDC_WIP_ID=circleci", "OIDC_WIP_PROVIDER_ID=circleci-oidc", "OIDC_SERVICE_ACCOUNT_EMAIL=ci@acme.iam.gserviceaccount.com",
	"ACCOUNT=other@acme.iam.gserviceaccount.com", "PROJECT=acme prod",
}

// recorded is what the stand-in writes down for a login.
func recorded(account string, more ...string) string {
	lines := []string{
		"[gcloud]", "iam", "workload-identity-pools", "create-cred-config",
		"projects/120034005600/locations/global/workloadIdentityPools/circleci/providers/circleci-oidc",
		"--service-account=" + account, "--credential-source-file=HOME/oidc_token", "--output-file=HOME/gcp_cred_config.json",
		"[gcloud]", "auth", "login", "--brief", "--cred-file=HOME/gcp_cred_config.json",
	}
	return strings.Join(append(lines, more...), "\n") + "\n"
}

// TestGCPLoginRuns runs what a fix writes with a real bash.
func TestGCPLoginRuns(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	tests := []struct {
		name    string
		facts   GCPFacts
		account string // the variable
		project string
		want    string
	}{
		{"variables", GCPFacts{}, gcpAccountVar, "", recorded("ci@acme.iam.gserviceaccount.com")},
		{"a variable of its own", GCPFacts{}, "ACCOUNT", "", recorded("other@acme.iam.gserviceaccount.com")},
		{
			"facts",
			GCPFacts{"120034005600", "circleci", "circleci-oidc", "docs@acme.iam.gserviceaccount.com"},
			gcpAccountVar, "",
			recorded("docs@acme.iam.gserviceaccount.com"),
		},
		{
			"facts that are variables",
			GCPFacts{"$GOOGLE_PROJECT_NUMBER", "${OIDC_WIP_ID}", "$OIDC_WIP_PROVIDER_ID", "$ACCOUNT"},
			gcpAccountVar, "",
			recorded("other@acme.iam.gserviceaccount.com"),
		},
		{"project", GCPFacts{}, gcpAccountVar, `"$PROJECT"`, recorded("ci@acme.iam.gserviceaccount.com", "--project", "acme prod")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, gcpVariables...)
			facts := tt.facts.facts(tt.account)
			login := gcpLogin{facts[0].text(), facts[1].text(), facts[2].text(), facts[3].text(), tt.project, ""}
			if err := j.run(login.script()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, j.read(t, j.record)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if want, got := "export GOOGLE_APPLICATION_CREDENTIALS='HOME/gcp_cred_config.json'\n", j.read(t, j.bashEnv); got != want {
				t.Errorf("for later steps: want %q, got %q", want, got)
			}
			if info, err := os.Stat(filepath.Join(j.home, "oidc_token")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the token's file is open to others: %v, %v", info.Mode(), err)
			}
			if err := j.run(`[ -f "$GOOGLE_APPLICATION_CREDENTIALS" ]`); err != nil {
				t.Error("a later step does not find the credentials")
			}
		})
	}
}

// TestGCPLoginStops lets a call fail: nothing behind it may run, and the step has to fail.
func TestGCPLoginStops(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	for _, at := range []string{"create-cred-config", "login"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, append(gcpVariables, "FAIL_AT="+at)...)
			facts := new(GCPFacts).facts(gcpAccountVar)
			login := gcpLogin{facts[0].text(), facts[1].text(), facts[2].text(), facts[3].text(), "", ""}
			if err := j.run(login.script()); err == nil {
				t.Error("the step goes on")
			}
			if calls := strings.Count(j.read(t, j.record), "[gcloud]"); at == "create-cred-config" && calls != 1 || calls > 2 {
				t.Errorf("%d calls", calls)
			}
			if got := j.read(t, j.bashEnv); got != "" {
				t.Errorf("later steps are told of credentials: %q", got)
			}
		})
	}
}
