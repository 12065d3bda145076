package fixes

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestGCPRepoFiles looks into files of the repo that a step names: one that needs the key holds the fix back.
func TestGCPRepoFiles(t *testing.T) {
	t.Parallel()
	const config = `version: 2.1
jobs:
  deploy:
    docker: [{image: cimg/gcp:2026.01}]
    steps:
      - run: |
          echo $GCLOUD_SERVICE_KEY > /tmp/key.json
          gcloud auth activate-service-account --key-file /tmp/key.json
      - run: make deploy
`
	tests := []struct {
		name, makefile string
		want           string // the place; "" when the fix is applied
	}{
		{"nothing of the key", "deploy:\n\tgcloud run deploy app\n", ""},
		{"the key's variable", "deploy:\n\techo $(GCLOUD_SERVICE_KEY)\n", "Makefile:2"},
		{"the key file", "KEY = /tmp/key.json\ndeploy:\n", "Makefile:1"},
		{"a login of its own", "deploy:\n\tgcloud auth activate-service-account --key-file x.json\n", "Makefile:2"},
		{"a file of another name", "deploy:\n\tcat /tmp/key.json.enc\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			engine := Engine{Rules: All(), Repo: fstest.MapFS{"Makefile": {Data: []byte(tt.makefile)}}}
			r := engine.Run([]byte(config), nil)
			if len(r.Results) != 1 {
				t.Fatalf("%d findings, want one", len(r.Results))
			}
			x := r.Results[0]
			if want := map[bool]Status{true: Applied, false: HeldBack}[tt.want == ""]; x.Status != want || !strings.Contains(x.Why, tt.want) {
				t.Errorf("want %s %q, got %s %q", want, tt.want, x.Status, x.Why)
			}
		})
	}
}
