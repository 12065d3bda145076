package fixes

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

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
