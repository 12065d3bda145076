package fixes

import (
	"encoding/json"
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

// maxFollowed bounds how deep scripts of the repo are followed into one another.
const maxFollowed = 3

// guardFiles looks into the files of the repo that a script names: one that hands the secret key on without the session
// token would fail with temporary keys. The files are read to hold a fix back, and never edited.
// Behind a new setup, which installs the CLI, one that installs it again would fail, too.
func (v *awsView) guardFiles(s *circle.Step, script *shell.Script, behind bool) []doubt {
	if v.p.Repo == nil {
		return nil
	}
	root := ""
	if j := s.Job(); j != nil {
		root, _ = circle.Known(j.Get("working_directory"))
	}
	dir, _ := circle.Known(s.WorkingDirectory())
	g := &repoGuard{view: v, root: root, behind: behind, seen: map[string]bool{}}
	g.follow(script, g.path(dir), maxFollowed)
	return g.doubts
}

// repoGuard follows the files that a step runs.
type repoGuard struct {
	view   *awsView
	root   string // the directory that the job checks the repo out to, "" for the default
	behind bool   // a new setup of the orb comes before the step
	seen   map[string]bool
	doubts []doubt
}

// path is a path in the repo, of one that may begin with the directory that the repo is checked out to.
func (g *repoGuard) path(name string) string {
	for _, root := range []string{"$PWD", "${PWD}", "$(pwd)", "$CIRCLE_WORKING_DIRECTORY", "${CIRCLE_WORKING_DIRECTORY}", "~/project", g.root} {
		if rest, ok := strings.CutPrefix(name, root+"/"); ok && root != "" {
			return rest
		}
		if name == root {
			return ""
		}
	}
	return name
}

// follow looks into the files that the calls of a script name, which runs in a directory of the repo.
func (g *repoGuard) follow(script *shell.Script, dir string, depth int) {
	for _, c := range script.Calls() {
		if c.Is("cd") && len(c.Args()) == 1 && c.Args()[0].Static && !c.Subshell {
			dir = path.Join(dir, g.path(c.Args()[0].Value))
		}
		for _, name := range namedFiles(c) {
			if local := g.path(name); local == name {
				name = path.Join(dir, name)
			} else {
				name = local
			}
			for _, name := range g.view.p.repoFiles(name) {
				g.look(c, name, dir, depth)
			}
		}
	}
}

// look judges one file, and follows a script into what it runs.
func (g *repoGuard) look(c *shell.Call, name, dir string, depth int) {
	if makes(c) {
		g.make(c, name, dir, depth)
		return
	}
	text, ok := g.view.p.repoFile(name)
	if !ok || g.seen[name] || depth <= 0 {
		return
	}
	g.judge(name, text)
	if path.Base(name) == "package.json" {
		text, dir = packageScript(text, c), path.Dir(name)
	} else if !strings.HasSuffix(name, ".sh") && !strings.HasPrefix(text, "#!") {
		return
	}
	if script := g.view.p.scripts.Parse(text); script != nil {
		g.judgeInstaller(name, text, script)
		g.follow(script, dir, depth-1)
	}
}

// judge notes a file that hands the secret key on without the session token, once.
func (g *repoGuard) judge(name, text string) {
	if g.seen[name] {
		return
	}
	g.seen[name] = true
	line := 1 + strings.Count(text[:max(strings.Index(text, secretVar), 0)], "\n")
	switch {
	case !strings.Contains(text, secretVar):
	case g.view.webIdentity():
		g.doubts = append(g.doubts, doubt{Unsafe, fmt.Sprintf("%s:%d uses %s, and web identity sets no keys", name, line, secretVar)})
	case !strings.Contains(text, sessionVar):
		g.doubts = append(g.doubts, doubt{Unsafe, fmt.Sprintf("%s:%d uses %s without %s, which temporary keys need", name, line, secretVar, sessionVar)})
	}
}

// judgeInstaller notes a script with an installer of the CLI that fails where there is one.
func (g *repoGuard) judgeInstaller(name, text string, script *shell.Script) {
	for _, c := range plainInstallers(script) {
		if g.behind && (!c.Conditional || c.AfterAnd) {
			line := 1 + strings.Count(text[:c.Span.Start], "\n")
			g.doubts = append(g.doubts, doubt{Unsafe, fmt.Sprintf("%s:%d installs the AWS CLI where the setup has done so, and fails: give the installer --update", name, line)})
			return
		}
	}
}

// packageScript is the script of a package.json that a call runs, "" for none.
func packageScript(text string, c *shell.Call) string {
	var pkg struct{ Scripts map[string]string }
	if json.Unmarshal([]byte(text), &pkg) != nil {
		return ""
	}
	for _, w := range c.Args() {
		if script := pkg.Scripts[w.Value]; script != "" {
			return script
		}
	}
	return ""
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

// maxGlobbed bounds how many files of a kind are looked into.
const maxGlobbed = 100

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
	case makes(c):
		return inDirectory(c, "-C", orDefaults(c, "GNUmakefile", "makefile", "Makefile"))
	case name == "docker-compose" || c.Is("docker", "compose"):
		return orDefaults(c, compose...)
	case name == "docker" && c.Has("build"):
		return dockerfiles(c)
	case name == "terraform" || name == "tofu" || name == "terragrunt":
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
