package fixes

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// maxRepoFile bounds the files of the repo that are looked into, in bytes. A larger one is no script.
const maxRepoFile = 1 << 20

// guardFiles looks into the files of the repo that a script names: one that hands the secret key on without the session
// token would fail with temporary keys. The files are read to hold a fix back, and never edited.
func (v *awsView) guardFiles(s *circle.Step, script *shell.Script) []doubt {
	if v.p.Repo == nil {
		return nil
	}
	var out []doubt
	dir, _ := circle.Known(s.WorkingDirectory())
	for _, c := range script.Calls() {
		if c.Is("cd") && len(c.Args()) == 1 && c.Args()[0].Static && !c.Subshell {
			dir = path.Join(dir, c.Args()[0].Value)
		}
		for _, name := range namedFiles(c) {
			name = path.Join(dir, name)
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
	compose := []string{"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"}
	switch name := c.Name(); {
	case name == "make" || name == "gmake":
		return inDirectory(c, "-C", orDefaults(c, "GNUmakefile", "makefile", "Makefile"))
	case name == "docker-compose" || c.Is("docker", "compose"):
		return orDefaults(c, compose...)
	case name == "docker" && c.Has("build"):
		return dockerfiles(c)
	case name == "terraform" || name == "tofu" || name == "terragrunt":
		return []string{"main.tf", "provider.tf", "providers.tf", "variables.tf", "terragrunt.hcl"}
	case slices.Contains([]string{"bash", "sh", "source", ".", "python", "python3", "node", "ruby"}, name):
		return interpreted(c)
	}
	if at := len(c.Words) - len(c.Args()) - 1; at >= 0 && c.Words[at].Static && strings.Contains(c.Words[at].Value, "/") {
		return []string{c.Words[at].Value}
	}
	return nil
}

// dockerfiles are those that a docker build reads: by option, or in the directory that is its last argument.
func dockerfiles(c *shell.Call) []string {
	args := c.Args()
	if named := orDefaults(c); len(named) > 0 || len(args) == 0 {
		return named
	}
	if last := args[len(args)-1]; last.Static && !strings.HasPrefix(last.Value, "-") && last.Value != "build" {
		return []string{path.Join(last.Value, "Dockerfile")}
	}
	return []string{"Dockerfile"}
}

// interpreted is the script that an interpreter is given, behind its options.
func interpreted(c *shell.Call) []string {
	args := c.Args()
	for i := 0; i < len(args); i++ {
		switch w := args[i]; {
		case !w.Static || w.Value == "-c":
			return nil
		case strings.HasPrefix(w.Value, "-") && strings.HasSuffix(w.Value, "o"), w.Value == "-m":
			i++ // an option with a value, such as -eo pipefail
		case !strings.HasPrefix(w.Value, "-"):
			return []string{w.Value}
		}
	}
	return nil
}

// inDirectory puts the directory that an option names in front of files.
func inDirectory(c *shell.Call, option string, files []string) []string {
	dir, ok := c.Option(option)
	if !ok || !dir.Static {
		return files
	}
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = path.Join(dir.Value, f)
	}
	return out
}

// orDefaults are the files that the options -f and --file name, or else those that the tool looks for.
func orDefaults(c *shell.Call, defaults ...string) []string {
	var named []string
	args := c.Args()
	for i, w := range args {
		if value, ok := strings.CutPrefix(w.Value, "--file="); ok && w.Static {
			named = append(named, value)
		}
		if (w.Value == "-f" || w.Value == "--file") && i+1 < len(args) && args[i+1].Static {
			named = append(named, args[i+1].Value)
		}
	}
	if len(named) > 0 {
		return named
	}
	return defaults
}
