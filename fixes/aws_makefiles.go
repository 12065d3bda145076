package fixes

import (
	"path"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// makes reports whether a call runs make.
func makes(c *shell.Call) bool { return c.Name() == "make" || c.Name() == "gmake" }

// makefile is what is read of one, with the files that it includes.
type makefile struct {
	first string // the goal when none is given
	rules map[string]*makeRule
	files map[string]bool // that are read
}

// makeRule is what makes one target.
type makeRule struct {
	needs  []string // other targets that are made before
	recipe []string // its lines, as the shell gets them
}

var (
	includePattern = pattern.New(`^[-s]?include\s+(.+)$`)
	rulePattern    = pattern.New(`^([^\s:=#][^:=]*):(?:[^=:].*)?$`)
	makeVariable   = pattern.New(`\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)
)

// read adds the rules of a text, as far as that takes no evaluation of it. includes are the files that it names.
func (m *makefile) read(text string) (includes []string) {
	var open []*makeRule
	for line := range strings.Lines(strings.NewReplacer("\\\r\n", " ", "\\\n", " ", "\r\n", "\n").Replace(text)) {
		line = strings.TrimRight(line, "\n")
		if recipe, ok := strings.CutPrefix(line, "\t"); ok {
			for _, r := range open {
				r.recipe = append(r.recipe, shellLine(recipe))
			}
			continue
		}
		if x := includePattern.FindStringSubmatch(line); x != nil {
			includes = append(includes, strings.Fields(x[1])...)
		}
		if x := rulePattern.FindStringSubmatch(line); x != nil {
			open = m.rule(x[1], line[len(x[1])+1:])
		}
	}
	return includes
}

// rule adds a rule for some targets.
func (m *makefile) rule(targets, needs string) []*makeRule {
	needs, _, _ = strings.Cut(needs, "#")
	var out []*makeRule
	for _, name := range strings.Fields(targets) {
		r := m.rules[name]
		if r == nil {
			r = &makeRule{}
			m.rules[name] = r
		}
		if m.first == "" && !strings.HasPrefix(name, ".") {
			m.first = name
		}
		r.needs = append(r.needs, strings.Fields(needs)...)
		out = append(out, r)
	}
	return out
}

// shellLine is a line of a recipe as the shell gets it, but for make's variables, which become those of the shell.
func shellLine(recipe string) string {
	recipe = strings.TrimLeft(recipe, "@-+ \t")
	recipe = strings.NewReplacer("$(MAKE)", "make", "${MAKE}", "make", "$$", "$").Replace(recipe)
	return makeVariable.ReplaceAllString(recipe, "${$1}")
}

// goals are the targets that a call of make asks for.
func (m *makefile) goals(c *shell.Call) []string {
	var out []string
	for _, w := range c.Operands("-C", "-f", "-j", "-I", "--directory", "--file") {
		if !strings.HasPrefix(w.Value, "-") && !strings.Contains(w.Value, "=") {
			out = append(out, w.Value)
		}
	}
	if len(out) == 0 {
		return []string{m.first}
	}
	return out
}

// commands are the lines that make some targets, behind those of what they need.
func (m *makefile) commands(goals []string) []string {
	var out []string
	met := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		r := m.rules[name]
		if r == nil || met[name] {
			return
		}
		met[name] = true
		for _, need := range r.needs {
			add(need)
		}
		out = append(out, r.recipe...)
	}
	for _, name := range goals {
		add(name)
	}
	return out
}

// make looks into a Makefile, and into what a call of make runs by it.
func (g *repoGuard) make(c *shell.Call, name, dir string, depth int) {
	if _, moved := c.Option("-C"); moved {
		dir = path.Dir(name)
	}
	m := &makefile{rules: map[string]*makeRule{}, files: map[string]bool{}}
	g.read(m, name, dir, depth)
	goals := m.goals(c)
	key := name + " " + strings.Join(goals, " ")
	if g.seen[key] {
		return
	}
	g.seen[key] = true
	for _, line := range m.commands(goals) {
		if script := g.view.p.scripts.Parse(line); script != nil {
			g.follow(script, dir, depth-1)
		}
	}
}

// read adds a Makefile, and those that it includes.
func (g *repoGuard) read(m *makefile, name, dir string, depth int) {
	text, ok := g.view.p.repoFile(name)
	if !ok || depth <= 0 || m.files[name] {
		return
	}
	m.files[name] = true
	g.judge(name, text)
	for _, file := range m.read(text) {
		g.read(m, path.Join(dir, file), dir, depth-1)
	}
}
