package fixes

import (
	"path"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// carried is the path that a workspace, cache or artifact step takes along and that one of the files is at, below or
// above; "" for none.
func carried(s *circle.Step, files ...string) string {
	dir := "~/project"
	if j := s.Job(); j != nil {
		if own, known := circle.Known(j.Get("working_directory")); known && own != "" {
			dir = under(dir, own)
		}
	}
	for _, p := range takenAlong(s) {
		holds := func(file string) bool {
			return file != "" && (names(p, strings.TrimPrefix(file, "~/")) || meets(under(dir, p), under(dir, file)))
		}
		if slices.ContainsFunc(files, holds) {
			return p
		}
	}
	return ""
}

// takenAlong are the paths that a step hands on to other jobs or to people, as written but for the root of a workspace.
func takenAlong(s *circle.Step) []string {
	if !slices.Contains([]string{"persist_to_workspace", "save_cache", "store_artifacts"}, s.Name) {
		return nil
	}
	var out []string
	var look func(n rewrite.Node)
	look = func(n rewrite.Node) {
		n = n.Resolve()
		if n.Kind() == rewrite.Scalar && n.Value() != "" {
			out = append(out, under(s.Arg("root").Resolve().Value(), n.Value()))
		}
		for _, e := range n.Entries() {
			look(e.Value())
		}
	}
	look(s.Arg("path"))
	look(s.Arg("paths"))
	return out
}

// under is a path in a directory, unless it begins elsewhere.
func under(dir, p string) string {
	if dir == "" || strings.HasPrefix(p, "/") || strings.HasPrefix(p, "~") || strings.HasPrefix(p, "$") {
		return p
	}
	return path.Join(dir, p)
}

// meets reports whether a path, which may have wildcards as workspaces know them, is that of a file, or one of the two is
// a directory around the other.
func meets(p, file string) bool {
	parts := func(p string) []string { return strings.Split(path.Clean(homePattern.ReplaceAllString(p, "~$1")), "/") }
	ps, fs := parts(p), parts(file)
	for i := range min(len(ps), len(fs)) {
		if ps[i] == "**" {
			return true
		}
		if same, err := path.Match(ps[i], fs[i]); err == nil && !same {
			return false
		}
	}
	return true
}
