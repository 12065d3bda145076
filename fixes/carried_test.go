package fixes

import (
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// TestCarried has a key file and the login's own files, and steps that take them along or leave them where they are.
func TestCarried(t *testing.T) {
	t.Parallel()
	const relative, absolute = "secrets/key.json", "/tmp/key.json"
	tests := []struct{ file, step, want string }{
		{absolute, "persist_to_workspace: {root: /tmp, paths: [key.json]}", "/tmp/key.json"},
		{absolute, "persist_to_workspace: {root: /tmp, paths: ['*']}", "/tmp/*"},
		{absolute, "persist_to_workspace: {root: /tmp, paths: ['*.json']}", "/tmp/*.json"},
		{absolute, "persist_to_workspace: {root: /, paths: [tmp]}", "/tmp"},
		{absolute, "persist_to_workspace: {root: /tmp, paths: [dist, '*.txt']}", ""},
		{absolute, "persist_to_workspace: {root: ., paths: [tmp, .]}", ""},
		{relative, "persist_to_workspace: {root: ., paths: [secrets]}", "secrets"},
		{relative, "persist_to_workspace: {root: secrets, paths: [key.json]}", "secrets/key.json"},
		{relative, "persist_to_workspace: {root: ./, paths: ['**/*.json']}", "**/*.json"},
		{relative, "persist_to_workspace: {root: ~/app, paths: [.]}", "~/app"},
		{relative, "persist_to_workspace: {root: /home/circleci, paths: [app/secrets]}", "/home/circleci/app/secrets"},
		{relative, "persist_to_workspace: {root: ~/other, paths: [.]}", ""},
		{relative, "persist_to_workspace: {root: ., paths: [secrets2, dist/secret]}", ""},
		{relative, "save_cache: {key: x, paths: [secrets]}", "secrets"},
		{relative, "save_cache: {key: secrets, paths: [~/.m2]}", ""},
		{relative, "store_artifacts: {path: secrets/}", "secrets/"},
		{relative, "store_artifacts: {path: dist, destination: secrets}", ""},
		{relative, "store_test_results: {path: secrets}", ""},
		{"~/.aws", "persist_to_workspace: {root: ~, paths: [.]}", "~"},
		{"~/.aws", "persist_to_workspace: {root: ~/.aws, paths: [credentials]}", "~/.aws/credentials"},
		{"~/.aws", "persist_to_workspace: {root: /root, paths: ['.a*']}", "/root/.a*"},
		{"~/.aws", "save_cache: {key: x, paths: [<< parameters.home >>/.aws]}", "<< parameters.home >>/.aws"},
		{"~/.aws", "persist_to_workspace: {root: ~, paths: [app]}", ""},
		{"~/.aws", "save_cache: {key: x, paths: [~/.aws-sam]}", ""},
	}
	for _, tt := range tests {
		f, err := rewrite.Parse([]byte("version: 2.1\njobs:\n  a:\n    docker: [{image: x}]\n    working_directory: ~/app\n    steps:\n      - " + tt.step + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		for s := range circle.New(f.Documents()[0]).Walk {
			if got := carried(s, tt.file); got != tt.want {
				t.Errorf("%s, %s: want %q, got %q", tt.file, tt.step, tt.want, got)
			}
		}
	}
}
