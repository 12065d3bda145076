package cmd

import (
	"path/filepath"
	"testing"
)

func TestOwnerAndName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want string }{
		{"https", "https://github.com/acme/shop.git", "acme/shop"},
		{"https with a user and no suffix", "https://git@example.com/acme/shop/", "acme/shop"},
		{"ssh", "ssh://git@example.com:22/acme/shop.git", "acme/shop"},
		{"scp-like", "git@github.com:acme/shop.git", "acme/shop"},
		{"group and subgroup", "https://gitlab.com/acme/web/shop.git", "web/shop"},
		{"path on this machine", "/srv/git/shop.git", ""},
		{"no owner", "https://example.com/shop", ""},
		{"none", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ownerAndName(tt.url); got != tt.want {
				t.Errorf("ownerAndName(%q) = %q, want %q", tt.url, got, tt.want)
			}
		})
	}
}

func TestRepoName(t *testing.T) {
	t.Parallel()
	const config = "[core]\n\tbare = false\n[remote \"up\"]\n\turl = https://example.com/up/stream\n" +
		"[remote \"origin\"]\n\tfetch = x\n\turl = git@example.com:acme/shop.git\n"
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, "repo/.git/config"), config)
	writeTestFile(t, filepath.Join(dir, "repo/.git/worktrees/w/commondir"), "../..\n")
	writeTestFile(t, filepath.Join(dir, "tree/.git"), "gitdir: ../repo/.git/worktrees/w\n")
	tests := []struct{ name, path, want string }{
		{"repo", "repo/.circleci/config.yml", "acme/shop"},
		{"worktree", "tree/a/.circleci/config.yml", "acme/shop"},
		{"outside of repos", "x/.circleci/config.yml", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := newRepos(dir).name(filepath.Join(dir, tt.path)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPatchName(t *testing.T) {
	t.Parallel()
	dir := realTempDir(t)
	writeTestFile(t, filepath.Join(dir, "repo/.git/config"), "")
	writeTestFile(t, filepath.Join(dir, "work/sub/x"), "")
	tests := []struct{ name, path, want string }{
		{"below the working directory", "work/sub/.circleci/config.yml", "sub/.circleci/config.yml"},
		{"in a repo elsewhere", "repo/sub/.circleci/config.yml", "sub/.circleci/config.yml"},
		{"elsewhere, no repo", "plain/.circleci/src/a.yml", ".circleci/src/a.yml"},
		{"a lone file", "plain/a.yml", "a.yml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			repos := newRepos(filepath.Join(dir, "work"))
			if got := repos.patchName(filepath.Join(dir, tt.path)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
