package fixes

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// maxRepoFile bounds the files of the repo that are looked into, in bytes. A larger one is no script.
const maxRepoFile = 1 << 20

// guardFiles looks into the files of the repo that a script names: one that hands the secret key on without the session
// token would fail with temporary keys. The files are read to hold a fix back, and never edited.
func (v *awsView) guardFiles(script *shell.Script) []doubt {
	if v.p.Repo == nil {
		return nil
	}
	var out []doubt
	for _, c := range script.Calls() {
		for _, name := range namedFiles(c) {
			text, ok := v.p.repoFile(name)
			if !ok {
				continue
			}
			line := 1 + strings.Count(text[:max(strings.Index(text, secretVar), 0)], "\n")
			switch {
			case !strings.Contains(text, secretVar):
			case v.webIdentity():
				out = append(out, doubt{Unsafe, fmt.Sprintf("%s:%d uses %s, and web identity sets no keys", name, line, secretVar)})
			case !strings.Contains(text, sessionVar):
				out = append(out, doubt{Unsafe, fmt.Sprintf("%s:%d uses %s without %s, which temporary keys need", name, line, secretVar, sessionVar)})
			}
		}
	}
	return out
}

// repoFile is the text of a file of the repo. Names that lead out of it are not there.
func (p *Pass) repoFile(name string) (string, bool) {
	if p.Repo == nil {
		return "", false
	}
	name = path.Clean(strings.TrimPrefix(name, "./"))
	if !fs.ValidPath(name) {
		return "", false
	}
	info, err := fs.Stat(p.Repo, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxRepoFile {
		return "", false
	}
	text, err := fs.ReadFile(p.Repo, name)
	return string(text), err == nil
}

// namedFiles are the files that a call runs or reads, by name or by the habit of the tool.
func namedFiles(c *shell.Call) []string {
	switch c.Name() {
	case "make", "gmake":
		return orDefaults(c, []string{"-f", "--file"}, "GNUmakefile", "makefile", "Makefile")
	case "docker-compose":
		return orDefaults(c, []string{"-f", "--file"}, "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
	case "docker":
		if c.Is("docker", "compose") {
			return orDefaults(c, []string{"-f", "--file"}, "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
		}
		if c.Has("build") {
			return orDefaults(c, []string{"-f", "--file"}, "Dockerfile")
		}
		return nil
	case "terraform", "tofu", "terragrunt":
		return []string{"main.tf", "provider.tf", "providers.tf", "variables.tf", "terragrunt.hcl"}
	case "bash", "sh", "source", ".", "python", "python3", "node", "ruby":
		for _, w := range c.Args() {
			if w.Static && !strings.HasPrefix(w.Value, "-") {
				return []string{w.Value}
			}
		}
		return nil
	}
	if len(c.Words) > 0 && c.Words[0].Static && strings.Contains(c.Words[0].Value, "/") {
		return []string{c.Words[0].Value}
	}
	return nil
}

// orDefaults are the files that options name, or else those that the tool looks for.
func orDefaults(c *shell.Call, options []string, defaults ...string) []string {
	for _, o := range options {
		if w, ok := c.Option(o); ok && w.Static {
			return []string{w.Value}
		}
	}
	return defaults
}
