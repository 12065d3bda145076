package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// guardInstall says when a setup step that the fix puts in has to install the CLI and cannot: the orb unpacks it with unzip,
// which the image is known to lack.
func (v *awsView) guardInstall(u *awsUnit) []doubt {
	inserted := slices.ContainsFunc(u.sites, func(s site) bool { return s.step != nil && !s.given })
	image := imageOf(u.unit)
	if v.webIdentity() || !inserted || !lacksUnzip(image) {
		return nil
	}
	for _, x := range u.visits[:u.firstSetup()] {
		orb, _, _ := x.Step.OrbCall()
		script := x.facts.script()
		if orb != nil || script != nil && slices.ContainsFunc(script.Calls(), bringsCLI) {
			return nil
		}
	}
	name, _ := splitImage(image)
	return []doubt{{Unsafe, fmt.Sprintf("the image %s has no unzip, with which the orb installs the CLI: install one of them in a step in front, or set aws.method to web-identity", name)}}
}

// bringing is what names of scripts that install something have in them.
var bringing = pattern.New(`(?i)install|set-?_?up|bootstrap|provision|deps|dependenc|prepare|init`)

// bringsCLI reports whether a call may leave the CLI behind, or unzip: one that installs or uses them, or a script that
// installs something out of sight.
func bringsCLI(c *shell.Call) bool {
	if installsCLI(c) || c.Name() == "aws" || c.Name() == "unzip" || c.Has("unzip") {
		return true
	}
	return unknownCommand(c) != "" && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return bringing.MatchString(w.Text) })
}

// lacksUnzip reports whether an official image is known to have no unzip. Copies under other names may have it.
func lacksUnzip(image string) bool {
	t := images()
	name, tag := splitImage(image)
	name = strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/")
	slim := slices.Contains(strings.FieldsFunc(tag, func(r rune) bool { return r == '-' }), "slim")
	return slices.Contains(t.NoUnzip, name) || slim && slices.Contains(t.Bash.Families, name)
}

// installs reports whether the unit gets a new setup of the orb, which installs the CLI where there is none.
func (v *awsView) installs(u *awsUnit) bool {
	return !v.webIdentity() && slices.ContainsFunc(u.sites, func(s site) bool { return !s.given })
}

// allowUpdate gives --update to each installer of the CLI behind a new setup that installs it: the orb puts it into the same
// directory, and the installer would end the step. Where there is no CLI yet, the option changes nothing.
func (b *awsFix) allowUpdate() (refusal string) {
	for _, u := range b.units {
		if !b.view.installs(u) {
			continue
		}
		for _, x := range u.visits[u.firstSetup():] {
			if x.facts.script() == nil {
				continue
			}
			for _, c := range plainInstallers(x.facts.script()) {
				at := c.Words[slices.IndexFunc(c.Words, isInstaller)].Span.End
				b.fix.Ops = append(b.fix.Ops, shared(x.facts.text, rewrite.ReplaceText(x.facts.text, at, at, " --update"))...)
			}
		}
	}
	return ""
}

// plainInstallers are the calls of an installer of the CLI that fail where the orb has installed it.
func plainInstallers(script *shell.Script) []*shell.Call {
	var out []*shell.Call
	for _, c := range script.Calls() {
		i := slices.IndexFunc(c.Words, isInstaller)
		runs := c.Name() == "install" || c.Name() == "sh" || c.Name() == "bash"
		if i >= 0 && runs && !slices.ContainsFunc(c.Words[i+1:], installsApart) {
			out = append(out, c)
		}
	}
	return out
}

// isInstaller reports whether a word is the installer that the archive of the CLI's version 2 brings.
func isInstaller(w shell.Word) bool { return strings.HasSuffix("/"+w.Value, "/aws/install") }

// installsApart reports whether an argument of the installer has it take a CLI that is there, or install into another
// directory.
func installsApart(w shell.Word) bool {
	option, _, _ := strings.Cut(w.Value, "=")
	return slices.Contains([]string{"-u", "--update", "-i", "--install-dir"}, option)
}
