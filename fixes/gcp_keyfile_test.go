package fixes

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes/internal/shell"
)

func TestGCPTables(t *testing.T) {
	t.Parallel()
	for _, o := range gcpTables().Orbs {
		for i := range o.Releases {
			r := &o.Releases[i]
			if err := r.check(); err != nil {
				t.Errorf("%s: %v", o.Name, err)
			}
			if r.OIDC && (r.With == "" || r.Role == "") || r.KeyID == "" {
				t.Errorf("%s: %s lacks the names of parameters", o.Name, r.releaseRange)
			}
			if to := r.Raise; to != "" && (o.release(to) == nil || !o.release(to).OIDC) {
				t.Errorf("%s: %s is raised to %s, which has no OIDC", o.Name, r.releaseRange, to)
			}
			if !r.OIDC && r.Raise == "" && r.Manual == "" && o.Use == "" {
				t.Errorf("%s: %s has neither a fix nor the reason why there is none", o.Name, r.releaseRange)
			}
		}
		for _, version := range o.Newest {
			if o.release(version) == nil {
				t.Errorf("%s: no release holds %s", o.Name, version)
			}
		}
	}
}

func TestGCPKeyNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want bool
	}{
		{"GCLOUD_SERVICE_KEY", true},
		{"GCLOUD_SERVICE_KEY_STAGING", true},
		{"PROD_GCP_KEY", true},
		{"GKE_SERVICE_ACCOUNT", true},
		{"GOOGLE_CREDENTIALS", true},
		{"GCLOUD_KEYFILE", true},
		{"FIREBASE_SERVICE_ACCOUNT_KEY", true},
		{"SA_KEY_JSON", true},
		{"GCP_SERVICE_ACCOUNT_EMAIL", false},
		{"GOOGLE_SERVICES_JSON", false},
		{"GOOGLE_MAPS_API_KEY", false},
		{"FIREBASE_TOKEN", false},
		{"GOOGLE_PROJECT_ID", false},
		{"AWS_SECRET_ACCESS_KEY", false},
		{"DEPLOY_KEY", false},
	}
	for _, tt := range tests {
		if got := gcpTables().holdsKey(tt.name); got != tt.want {
			t.Errorf("%s: want %v, got %v", tt.name, tt.want, got)
		}
	}
}

func TestGCPAccountName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, want string // "" when the name gives none
	}{
		{"GCLOUD_SERVICE_KEY", "OIDC_SERVICE_ACCOUNT_EMAIL"},
		{"GCLOUD_SERVICE_KEY_STAGING", "OIDC_SERVICE_ACCOUNT_EMAIL_STAGING"},
		{"PROD_GCP_KEY", "PROD_OIDC_SERVICE_ACCOUNT_EMAIL"},
		{"A_GCP_SA_KEY_B", "A_OIDC_SERVICE_ACCOUNT_EMAIL_B"},
		{"MYGCP_KEY", ""},
		{"BOT", ""},
	}
	for _, tt := range tests {
		if got, ok := accountName(tt.key); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: want %q, got %q, %v", tt.key, tt.want, got, ok)
		}
	}
}

func TestIsGCPKey(t *testing.T) {
	t.Parallel()
	const key = `{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n", "client_email": "a@b"}`
	tests := []struct {
		name, text string
		want       bool
	}{
		{"JSON", key, true},
		{"base64", base64.StdEncoding.EncodeToString([]byte(key)), true},
		{"a variable in JSON", `{"type": "service_account", "private_key": "$KEY"}`, false},
		{"configuration of workload identity", `{"type": "external_account", "audience": "//iam.googleapis.com/projects/1"}`, false},
		{"a path", "/tmp/key.json", false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		if got := isGCPKey(tt.text); got != tt.want {
			t.Errorf("%s: want %v, got %v", tt.name, tt.want, got)
		}
	}
}

func TestKeyWrites(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		want   map[string]string // what is written, by file
	}{
		{`echo $KEY > key.json`, map[string]string{"key.json": "KEY"}},
		{`echo "${KEY}" | base64 -di > ${HOME}/key.json`, map[string]string{"$HOME/key.json": "KEY"}},
		{`printf '%s' "$KEY" | tr -d '\n' | openssl base64 -d -A -out /dev/stdout > ./key.json`, map[string]string{"key.json": "KEY"}},
		{`base64 --decode <<< $KEY > ~/key.json`, map[string]string{"$HOME/key.json": "KEY"}},
		{`printenv KEY > key.json`, map[string]string{"key.json": "KEY"}},
		{"cat <<EOF > key.json\n$KEY\nEOF\n", map[string]string{"key.json": "KEY"}},
		{`echo $KEY | sudo tee /etc/key.json >/dev/null`, map[string]string{"/etc/key.json": "KEY"}},
		{`F=/tmp/key.json; echo $KEY > $F`, map[string]string{"/tmp/key.json": "KEY"}},
		{`echo $KEY >> log.txt`, nil},
		{`echo $A $B > both.json`, nil},
		{`echo text > key.json`, nil},
		{`echo $KEY | sha256sum > sum`, nil},
		{`X=$(echo $KEY > key.json)`, nil},
	}
	for _, tt := range tests {
		script, err := shell.Parse(tt.script)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		for _, w := range keyWrites(script) {
			if got == nil {
				got = map[string]string{}
			}
			got[w.file] = w.key.name
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.script, diff)
		}
	}
}
