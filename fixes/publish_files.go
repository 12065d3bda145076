package fixes

import (
	"fmt"
	"maps"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// tend takes out what only looks after the files that held a token and are not written any more.
func (b *publishFix) tend() {
	if b.index(); len(b.files) == 0 || len(b.files) > mostFiles {
		return
	}
	defer b.index()
	done := map[*shell.Script]bool{}
	for _, u := range b.units {
		for _, x := range u.steps {
			script := b.view.script(x.Step)
			if script == nil || done[script] || x.Step.Owner() != b.group[0].owner {
				continue
			}
			done[script] = true
			if parts := tending(script, b.abandoned); len(parts) > 0 {
				f := b.publish.form(x.Step, parts[0], "")
				f.parts = parts
				b.publish.facts[f] = &publishFacts{registry: b.publish.facts[b.group[0]].registry}
				b.group, b.grouped[f] = append(b.group, f), true
			}
		}
	}
}

// mostFiles is how many files with tokens are looked for in all steps.
const mostFiles = 8

// index notes which parts of scripts go away, and the files that held a token with whether something still writes them.
func (b *publishFix) index() {
	b.parts, b.files = map[rewrite.Node][]shell.Span{}, map[string]bool{}
	for _, f := range b.group {
		if f.step != nil {
			b.parts[f.node] = append(b.parts[f.node], f.parts...)
			for _, e := range f.edits {
				b.parts[f.node] = append(b.parts[f.node], shell.Span{Start: e.Start, End: e.End})
			}
		}
		if file := b.publish.facts[f].file; file != "" {
			b.files[file] = false
		}
	}
	for _, u := range b.units {
		for _, x := range u.steps {
			if len(b.files) > 0 {
				b.noteWrites(x.Step)
			}
		}
	}
}

// noteWrites notes the files that what is left of a step's script writes.
func (b *publishFix) noteWrites(s *circle.Step) {
	script := b.view.script(s)
	if script == nil {
		return
	}
	parts := b.parts[s.Command()]
	for _, w := range script.Writes() {
		file := cleanPath(w.File.Value)
		if _, held := b.files[file]; held && !slices.Contains(parts, w.Stmt) &&
			slices.ContainsFunc(w.Lines, func(l shell.Line) bool { return !slices.Contains(parts, partOf(w, l)) }) {
			b.files[file] = true
		}
	}
}

// abandoned reports whether a file that held a token is not written any more.
func (b *publishFix) abandoned(file string) bool {
	written, held := b.files[file]
	return held && !written
}

// fileDoubt says when a step uses a file that held a token, for more than the programs that publish.
func (b *publishFix) fileDoubt(s *circle.Step) *doubt {
	if len(b.files) > mostFiles {
		return &doubt{Unsafe, "the token is written to many files, and something may read one of them"}
	}
	for _, file := range slices.Sorted(maps.Keys(b.files)) {
		if path := carried(s, file); path != "" {
			return &doubt{Unsafe, fmt.Sprintf("%s carries %s, where the token was, to other jobs", s.Name, path)}
		}
		if at, uses := b.usesFile(s, file); uses {
			return &doubt{Manual, fmt.Sprintf("line %d uses %s, and the token is there no more", lineOf(s.Command(), at), file)}
		}
	}
	return nil
}

// usesFile reports whether what is left of a step's script needs a file to be there, or what it held.
func (b *publishFix) usesFile(s *circle.Step, file string) (at shell.Span, uses bool) {
	script := b.view.script(s)
	if script == nil {
		return shell.Span{}, false
	}
	parts, gone := b.parts[s.Command()], b.abandoned(file)
	for _, c := range script.Calls() {
		if harmless(c) || slices.Contains(publishTables().SettingsTools, c.Name()) || !gone && (slices.Contains(tenders, c.Name()) || c.Name() == "twine") || goes(c.Span, parts) {
			continue
		}
		for w := range callWords(c, nil) {
			if names(w.Value, file) && !writesTo(c, w) {
				return c.Span, true
			}
		}
	}
	return shell.Span{}, false
}

// writesTo reports whether a call puts what it prints into the file that one of its words names.
func writesTo(c *shell.Call, w shell.Word) bool {
	return c.Name() == "tee" || slices.ContainsFunc(c.Redirects, func(r shell.Redirect) bool { return r.Target.Span == w.Span && r.Op != "<" })
}
