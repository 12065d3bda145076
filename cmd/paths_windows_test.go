package cmd

import (
	"os"
	"path/filepath"
	"testing"

	"cfgfix/cmd/internal/git"
)

// TestWindowsPaths looks at what people, patches and patterns see of paths with backslashes and drives.
func TestWindowsPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		`C:\repo\.circleci\config.yml`: true, `C:\repo\.circleci\jobs\a.yaml`: true, `C:\repo\circleci\config.yml`: false,
	} {
		if got := isConfigName(path); got != want {
			t.Errorf("isConfigName(%s): %v, want %v", path, got, want)
		}
	}
	d := &discovery{dir: `C:\repo`}
	checkText(t, "shown below", d.shown(`.circleci\config.yml`), ".circleci/config.yml")
	checkText(t, "shown elsewhere", d.shown(`D:\other\.circleci\config.yml`), "D:/other/.circleci/config.yml")
	checkText(t, "relative", relativeTo(`C:\repo`, `C:\repo\.circleci\config.yml`), ".circleci/config.yml")
	if _, ok := below(`C:\repo`, `D:\repo\x`); ok {
		t.Error("a path on another drive is below")
	}
	checkText(t, "patch", newRepos(`C:\none`).patchName(`D:\other\.circleci\config.yml`), ".circleci/config.yml")
	settings := &settingsFile{dir: `C:\repo`}
	checkText(t, "settings", settings.relative(&source{path: `C:\repo\legacy\.circleci\config.yml`}), "legacy/.circleci/config.yml")
}

// TestWindowsWorktree reads the .git of a worktree, whose path has a drive and slashes.
func TestWindowsWorktree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shared := filepath.Join(dir, "app", ".git")
	writeTestFile(t, filepath.Join(shared, "config"), "[remote \"origin\"]\n\turl = https://github.com/acme/app\n")
	writeTestFile(t, filepath.Join(shared, "worktrees", "side", "commondir"), "../..\n")
	side := filepath.Join(dir, "side")
	if err := os.Mkdir(side, 0o755); err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, filepath.Join(side, ".git"), "gitdir: "+filepath.ToSlash(filepath.Join(shared, "worktrees", "side"))+"\n")
	url, err := git.Open(side).RemoteURL("origin")
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, "remote", url, "https://github.com/acme/app")
}
