package fixes

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// judge lowers the fix's safety for what it might break.
func (b *gcpFix) judge() {
	b.fix.lower(b.view.p.tokenDoubts()...)
	for _, f := range b.group {
		if f.orb != nil && f.orb.release.Swap != "" {
			b.fix.lower(doubt{Unsafe, f.orb.orb.Ref() + ": " + f.orb.release.Swap})
		}
	}
	for _, u := range b.units {
		b.fix.lower(b.guard(u)...)
	}
}

// guard looks for what would break in a unit, or get worse.
func (b *gcpFix) guard(u *gcpUnit) []doubt {
	var out []doubt
	if d := bashDoubt(u.unit); d != nil {
		out = append(out, *d)
	}
	if t := u.longest(); t != "" {
		out = append(out, doubt{Unsafe, "a step may run for " + t + ", and CircleCI's token lives for an hour and is not renewed"})
	}
	found := sync.OnceValue(func() bool {
		return gcpTables().hasGcloud(imageOf(u.unit)) || slices.ContainsFunc(u.steps, func(v circle.Visit) bool { return b.callsGcloud(v.Step) })
	})
	for _, s := range u.sites {
		if d := b.gcloudDoubt(s, found); d != nil {
			out = append(out, *d)
		}
	}
	for _, x := range u.steps {
		out = append(out, b.guardStep(b.view.stepOf(x.Step))...)
	}
	for _, d := range []*doubt{b.pathDoubt(u), b.namedDoubt(u)} {
		if d != nil {
			out = append(out, *d)
		}
	}
	return out
}

// namedDoubt says when an environment names a key file to programs that are not seen to read it.
func (b *gcpFix) namedDoubt(u *gcpUnit) *doubt {
	for _, env := range u.allEnvironments() {
		for _, x := range env.Vars() {
			switch {
			case !b.isKeyFile(cleanPath(x.Text)):
			case x.Name != adcVar:
				return &doubt{Unsafe, "the environment names the key file in " + x.Name + ", and any program may read it there"}
			case !b.has(env):
				return &doubt{Manual, "an environment that others use too names the key file in " + adcVar}
			}
		}
	}
	return nil
}

// pathDoubt says when Google's libraries have other credentials in a job before its login, which changes them.
func (b *gcpFix) pathDoubt(u *gcpUnit) *doubt {
	changes := func(file string) *doubt {
		return &doubt{Unsafe, fmt.Sprintf("%s names %s in the job, and the login changes it", adcVar, file)}
	}
	if x, ok := u.environments().Lookup(adcVar); ok && !b.isKeyFile(cleanPath(x.Text)) {
		return changes(x.Text)
	}
	for _, x := range u.steps {
		if u.hasSite(x.Step) {
			return nil
		}
		if s := b.view.stepOf(x.Step); s.script() != nil {
			for _, a := range s.adcs() {
				if !slices.Contains(b.removed[s.text], a.part) {
					return changes(a.file)
				}
			}
		}
	}
	return nil
}

// gcloudDoubt says when gcloud may be missing at a site: because the step behind it installs it first, or because
// nothing in the job shows it on PATH, as found tells.
func (b *gcpFix) gcloudDoubt(s site, found func() bool) *doubt {
	if s.given || s.step == nil {
		return nil
	}
	x := b.view.stepOf(s.step)
	if x.script() == nil {
		return nil
	}
	for _, c := range x.script().Calls() {
		if len(x.activations) > 0 && c.Span.Start >= x.activations[0].call.Span.Start {
			break
		}
		if installsGcloud(c) {
			return &doubt{Manual, "the script installs gcloud before it logs in: put the installation into a step of its own"}
		}
	}
	switch {
	case found():
		return nil
	case len(x.activations) > 0:
		return &doubt{Unsafe, "gcloud is called by its path, " + x.activations[0].call.Dir() + "/gcloud: whether the login finds it without is not shown"}
	}
	return &doubt{Unsafe, "no step shows that gcloud is installed, which the login needs"}
}

// installsGcloud reports whether a call installs gcloud or puts it on PATH.
func installsGcloud(c *shell.Call) bool {
	words := slices.Clone(c.Words)
	for _, a := range c.Assigns {
		if a.Name == "PATH" {
			words = append(words, a.Value)
		}
	}
	return c.Name() != "gcloud" && slices.ContainsFunc(words, func(w shell.Word) bool {
		return strings.Contains(w.Value, "google-cloud-sdk") || strings.Contains(w.Value, "google-cloud-cli") || strings.Contains(w.Value, "sdk.cloud.google.com")
	})
}

// callsGcloud reports whether a step calls gcloud, or what comes with it, in a way that shows it on PATH.
func (b *gcpFix) callsGcloud(s *circle.Step) bool {
	x := b.view.stepOf(s)
	return x.script() != nil && slices.ContainsFunc(x.script().Calls(), func(c *shell.Call) bool {
		return slices.Contains(googleTools, c.Name()) && slices.Contains([]string{"", "/usr/bin", "/usr/local/bin", "/snap/bin"}, c.Dir())
	})
}

// googleTools are the programs of Google Cloud's SDK that take gcloud's login.
var googleTools = []string{"gcloud", "gsutil", "bq"}

// isGcloud reports whether a call is a command of gcloud, wherever its options stand.
func isGcloud(c *shell.Call, command ...string) bool {
	if c.Name() != "gcloud" {
		return false
	}
	found := 0
	for _, w := range c.Args() {
		switch {
		case strings.HasPrefix(w.Value, "-"):
		case w.Value == command[found]:
			if found++; found == len(command) {
				return true
			}
		default:
			found = 0
		}
	}
	return false
}

// guardStep looks at one step: what is left of it may need neither the key nor its file.
func (b *gcpFix) guardStep(x *gcpStep) []doubt {
	if x.step.Kind == circle.BuiltinStep {
		if path := carried(x.step, slices.Concat(b.files, gcpFiles)...); path != "" {
			return []doubt{{Manual, fmt.Sprintf("%s carries %s, with the credentials in it, to other jobs", x.step.Name, path)}}
		}
		return nil
	}
	if d := b.callDoubt(x.step); d != nil {
		return []doubt{*d}
	}
	if x.script() == nil {
		return nil
	}
	var out []doubt
	if x.form != nil && slices.Contains(b.group, x.form) {
		if d := conditionDoubt(x.script(), x.form.parts); d != nil {
			out = append(out, *d)
		}
	}
	removed := b.removedFrom(x)
	gone, form, own := shell.NewSpans(removed...), shell.Spans{}, x.form != nil && !slices.Contains(b.group, x.form)
	if own {
		form = shell.NewSpans(x.form.parts...)
	}
	for _, c := range x.script().Calls() {
		if gone.Contain(c.Span) || form.Contain(c.Span) || own && slices.ContainsFunc(x.handed, func(h gcpHanded) bool { return h.span == c.Span }) {
			continue
		}
		if safety, what := b.needs(c, removed); what != "" {
			out = append(out, doubt{safety, fmt.Sprintf("line %d %s", lineOf(x.text, c.Span), what)})
		}
		out = append(out, b.guardFiles(c)...)
	}
	for _, m := range x.script().Mentions(b.key()) {
		handed := own && slices.ContainsFunc(x.handed, func(h gcpHanded) bool { return h.span.Contains(m.Span) })
		if !handed && !form.Contain(m.Span) && !gone.Contain(m.Span) {
			out = append(out, doubt{Unsafe, fmt.Sprintf("line %d uses %s for something else than the login", lineOf(x.text, m.Span), b.key())})
		}
	}
	if at, copies := copiesTo(x.script(), b.key()); copies {
		out = append(out, doubt{Manual, fmt.Sprintf("line %d sets %s from elsewhere: whose key that is differs from what the name tells", lineOf(x.text, at), b.key())})
	}
	return out
}

// callDoubt says when a step of an orb is given the key file, or a variable with the key that goes away.
func (b *gcpFix) callDoubt(s *circle.Step) *doubt {
	gone := slices.ContainsFunc(b.group, func(f *gcpForm) bool { return len(f.remove) > 0 })
	switch {
	case s.Kind != circle.CallStep || s.Callee() != nil:
	case uses(s.Args(), func(text string) bool {
		return slices.ContainsFunc(b.files, func(file string) bool { return names(text, file) })
	}):
		return &doubt{Manual, s.Name + " is given the key file"}
	case gone && b.view.stepOf(s).orb == nil && uses(s.Args(), func(text string) bool { return names(text, b.key()) }):
		return &doubt{Manual, s.Name + " is given the key in " + b.key()}
	}
	return nil
}

// copiesTo reports whether a script sets a variable, for itself or for later steps, to what others hold.
func copiesTo(script *shell.Script, name string) (at shell.Span, copies bool) {
	elsewhere := func(value shell.Word) bool { return len(value.Vars) > 0 && !slices.Contains(value.Vars, name) }
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Name == name && !a.Naked && elsewhere(a.Value) {
				return a.Span, true
			}
		}
	}
	for _, e := range script.BashEnv() {
		if e.Name == name && elsewhere(e.Value) {
			return e.Write.Stmt, true
		}
	}
	return shell.Span{}, false
}

// removedFrom are the parts of a script that go away, with the texts that their statements read.
func (b *gcpFix) removedFrom(x *gcpStep) []shell.Span {
	out, gone := slices.Clone(b.removed[x.text]), shell.NewSpans(b.removed[x.text]...)
	for _, c := range x.script().Calls() {
		if !gone.Contain(c.Span) {
			continue
		}
		for _, r := range c.Redirects {
			if r.HereDoc() {
				out = append(out, r.Body.Span)
			}
		}
	}
	return out
}

// gcpFiles are where a login leaves credentials of Google Cloud.
var gcpFiles = []string{"~/.config/gcloud", "~/gcp_cred_config.json", "~/oidc_token", "$BASH_ENV"}

// needs says what a call that stays does which a login with workload identity does not serve; "" for nothing.
func (b *gcpFix) needs(c *shell.Call, removed []shell.Span) (safety Safety, what string) {
	container := slices.Contains(containerTools, c.Name()) || slices.Contains([]string{"kubectl", "helm"}, c.Name())
	for w := range callWords(c, removed) {
		switch file := b.fileIn(w); {
		case file != "" && harmless(c):
		case file != "":
			return Manual, "uses the key file " + file
		case b.mayName(w) != "" && !harmless(c):
			return Unsafe, "names " + w.Value + ", which may be the key file " + b.mayName(w)
		case container && gcloudHome.MatchString(w.Value):
			return Manual, "hands gcloud's login to a container, which cannot see CircleCI's token"
		case container && b.besideIn(w) != "":
			return Unsafe, "hands " + b.besideIn(w) + ", where the key file is, to a container"
		case !strings.Contains(w.Value, adcVar) || c.Name() == "export":
		case container:
			return Manual, "hands " + adcVar + " to a container, which cannot see CircleCI's token"
		case slices.Contains(w.Vars, adcVar):
			return Unsafe, "reads the file in " + adcVar + ", which holds no key any more"
		}
	}
	return gcloudState(c)
}

// gcloudHome is where gcloud keeps its logins, in a word that mounts or copies it.
var gcloudHome = pattern.New(`^[^:]*/\.config(?:/gcloud)?/?(?:[:,]|$)`)

// fileIn is the key file that a word names, "" for none.
func (b *gcpFix) fileIn(w shell.Word) string {
	for _, f := range b.files {
		if names(w.Value, f) {
			return f
		}
	}
	return ""
}

// besideIn is the directory of a key file that a word names, "" for none and for those that hold much else.
func (b *gcpFix) besideIn(w shell.Word) string {
	for _, f := range b.files {
		if dir := path.Dir(f); !slices.Contains([]string{".", "/", "/tmp", "$HOME"}, dir) && names(w.Value, dir) {
			return dir
		}
	}
	return ""
}

// mayName is the key file that a word may name from another directory, "" for none.
func (b *gcpFix) mayName(w shell.Word) string {
	i := slices.IndexFunc(b.files, func(file string) bool { return mayName(w.Value, file) })
	if i < 0 {
		return ""
	}
	return b.files[i]
}

// gcloudState says when a call works on another state of gcloud than the one that the login leaves behind.
func gcloudState(c *shell.Call) (safety Safety, what string) {
	switch {
	case slices.Contains(googleTools, c.Name()) && c.Words[0].Value == "sudo" && !isGcloud(c, "components"):
		return Unsafe, "calls " + c.Name() + " as root, which does not see the login"
	case isGcloud(c, "config", "configurations", "activate"), isGcloud(c, "config", "configurations", "create"):
		return Unsafe, "changes gcloud's configuration, and the login is part of the one before"
	case isGcloud(c, "config", "set", "account"), isGcloud(c, "config", "set", "core/account"):
		return Unsafe, "chooses gcloud's account by its name"
	case isGcloud(c, "auth", "print-identity-token") && !impersonates(c):
		return Unsafe, "asks for an identity token, which gcloud has for no login with workload identity"
	case slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool { return a.Name == "CLOUDSDK_CONFIG" && !a.Naked }):
		return Unsafe, "moves gcloud's configuration, of which the login is part"
	default:
		return 0, ""
	}
}

// impersonates reports whether a call of gcloud acts as a service account that it names.
func impersonates(c *shell.Call) bool {
	_, ok := c.Option("--impersonate-service-account")
	return ok
}

// guardFiles looks into the files of the repo that a call names: one that needs the key would fail without it.
func (b *gcpFix) guardFiles(c *shell.Call) []doubt {
	for _, name := range namedFiles(c) {
		text, ok := b.view.p.repoFile(name)
		if !ok {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			keyed := b.key() != "" && names(line, b.key()) || strings.Contains(line, "activate-service-account")
			if keyed || slices.ContainsFunc(b.files, func(f string) bool { return names(line, f) }) {
				return []doubt{{Unsafe, fmt.Sprintf("%s:%d uses the key or its file", name, i+1)}}
			}
		}
	}
	return nil
}
