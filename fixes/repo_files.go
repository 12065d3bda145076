package fixes

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

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

// repoFiles are the files that a name stands for, which may end in a pattern for all of a kind.
func (p *Pass) repoFiles(name string) []string {
	if !strings.Contains(path.Base(name), "*") {
		return []string{name}
	}
	found, err := fs.Glob(p.Repo, path.Clean(name))
	if err != nil {
		return nil
	}
	return found[:min(len(found), maxGlobbed)]
}

// maxRepoFile bounds the files of the repo that are looked into, in bytes. A larger one is no script.
const maxRepoFile = 1 << 20

// maxGlobbed bounds how many files of a kind are looked into.
const maxGlobbed = 100

// namedFiles are the files that a call runs or reads, by name or by the habit of the tool.
func namedFiles(c *shell.Call) []string {
	compose := []string{"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"}
	switch name := c.Name(); {
	case makes(c):
		return inDirectory(c, "-C", orDefaults(c, "GNUmakefile", "makefile", "Makefile"))
	case name == "docker-compose" || c.Is("docker", "compose"):
		return orDefaults(c, compose...)
	case name == "docker" && c.Has("build"):
		return dockerfiles(c)
	case runsTerraform(c):
		return inDirectory(c, "-chdir", []string{"*.tf", "terragrunt.hcl"})
	case slices.Contains(packageManagers, name):
		return inDirectory(c, "--cwd", inDirectory(c, "--dir", inDirectory(c, "--prefix", []string{"package.json"})))
	case name == "just":
		return orDefaults(c, "justfile", "Justfile", ".justfile")
	case name == "rake":
		return orDefaults(c, "Rakefile", "rakefile")
	case name == "task":
		return orDefaults(c, "Taskfile.yml", "Taskfile.yaml")
	case slices.Contains([]string{"bash", "sh", "source", ".", "python", "python3", "node", "ruby"}, name):
		return interpreted(c)
	}
	if words := c.Leading(); len(words) > 0 {
		if word := words[len(words)-1]; strings.Contains(word.Value, "/") && !word.Expr {
			return []string{word.Value}
		}
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
		case w.Expr || w.Value == "-c":
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
