package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// installsAfter reports whether a job installs packages behind a token, and may need it for that.
func (v *publishView) installsAfter(use tokenUse) bool {
	if use.step == nil && len(use.reach) > 0 {
		return slices.ContainsFunc(use.reach, v.installs)
	}
	if use.step == nil {
		return slices.ContainsFunc(v.reached(use.node), func(u *storedUnit) bool { return v.order(u).lastInstaller >= 0 })
	}
	return slices.ContainsFunc(v.running(use.step), func(u *storedUnit) bool {
		if first, last := v.order(u).first[use.step.Node], v.order(u).lastInstaller; first != last {
			return first < last
		}
		return slices.ContainsFunc(v.installing(v.script(use.step)), func(c *shell.Call) bool {
			return spanIn(use.step.Command(), c.Span).Start > use.span.Start
		})
	})
}

// stepOrder says where steps stand in a unit.
type stepOrder struct {
	first         map[rewrite.Node]int // a physical step stands for the first time
	lastInstaller int                  // -1 when no step installs packages
}

func (v *publishView) order(u *storedUnit) *stepOrder {
	o := v.orders[u]
	if o == nil {
		o = &stepOrder{map[rewrite.Node]int{}, -1}
		v.orders[u] = o
		for i, x := range u.steps {
			if _, met := o.first[x.Step.Node]; !met {
				o.first[x.Step.Node] = i
			}
			if v.installs(x.Step) {
				o.lastInstaller = i
			}
		}
	}
	return o
}

// reached are the units that have an environment.
func (v *publishView) reached(environment rewrite.Node) []*storedUnit {
	if v.environments == nil {
		v.environments = map[rewrite.Node][]*storedUnit{}
		for _, u := range v.units {
			for _, e := range u.allEnvironments() {
				v.environments[e.Node] = append(v.environments[e.Node], u)
			}
		}
	}
	return v.environments[environment]
}

func (v *publishView) installs(s *circle.Step) bool {
	if script := v.script(s); script != nil {
		return len(v.installing(script)) > 0
	}
	orb, command, ok := s.OrbCall()
	return ok && orb != nil && command == "install-packages"
}

// installing are the calls of a script that install packages.
func (v *publishView) installing(script *shell.Script) []*shell.Call {
	found, known := v.installers[script]
	if !known {
		for _, c := range script.Calls() {
			if installsPackages(c) {
				found = append(found, c)
			}
		}
		v.installers[script] = found
	}
	return found
}

func installsPackages(c *shell.Call) bool {
	if slices.ContainsFunc([]string{"npx", "bunx"}, func(name string) bool { return c.Wrapper(name) != nil }) {
		return true // what is not there yet
	}
	switch c.Name() {
	case "npm":
		global := c.Has("-g") || c.Has("--global") || c.Has("--location=global")
		return len(c.Args()) > 0 && slices.Contains(publishTables().NPM.Installs, c.Args()[0].Value) && !global
	case "yarn":
		return len(c.Args()) == 0 || c.Args()[0].Value == "install" || c.Args()[0].Value == "add" || strings.HasPrefix(c.Args()[0].Value, "-")
	case "pnpm", "bun":
		return len(c.Args()) > 0 && slices.Contains(publishTables().NPM.Installs, c.Args()[0].Value)
	case "npx", "lerna":
		return true
	}
	return false
}
