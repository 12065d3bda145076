package fixes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// scanStep finds what one physical step shows.
func (v *awsView) scanStep(s *circle.Step) *stepFacts {
	facts := &stepFacts{}
	switch s.Kind {
	case circle.RunStep:
		v.scanScript(s, facts)
		facts.forms = append(facts.forms, v.strayKeys(s, facts.forms)...)
	case circle.CallStep:
		v.scanCall(s, facts)
	}
	return facts
}

// scanScript finds the forms of a run step.
func (v *awsView) scanScript(s *circle.Step, facts *stepFacts) {
	for _, env := range s.Environment() {
		if f := v.scanEnvironment(env, s); f != nil {
			facts.forms = append(facts.forms, f)
		}
	}
	text := s.Command()
	if text.Kind() != rewrite.Scalar || !shell.Supported(shellOf(s)) {
		return
	}
	facts.text = text
	facts.read = sync.OnceValue(func() *shell.Script { return v.p.scripts.Parse(text.Value()) })
	facts.runs = sync.OnceValue(func() string { return firstUnknown(facts.script()) })
	facts.leaves = sync.OnceValue(func() bool { return mayLeave(text.Value()) && leavesCredentials(facts.script()) })
	if !v.p.mayHold(awsIndex(), text.Value()) || facts.script() == nil {
		return
	}
	if f := v.scanAssignments(s, facts); f != nil {
		facts.forms = append(facts.forms, f)
	}
	facts.forms = append(facts.forms, v.scanConfigure(s, facts)...)
	facts.forms = append(facts.forms, v.scanDialogues(s, facts)...)
	if f := v.scanFile(s, facts); f != nil {
		facts.forms = append(facts.forms, f)
	}
	facts.forms = append(facts.forms, v.scanTools(s, facts)...)
	v.scanCalls(s, facts)
}

// firstUnknown is the first command of a script that may run anything, "" for none.
func firstUnknown(script *shell.Script) string {
	if script == nil {
		return ""
	}
	for _, c := range script.Calls() {
		if name := unknownCommand(c); name != "" {
			return name
		}
	}
	return ""
}

// severalPairs is why the keys of a script are left to people that is given more than one pair for the same place.
const severalPairs = "the script uses several pairs of keys"

// scanAssignments finds keys that a script assigns, for itself, for one command or for later steps.
func (v *awsView) scanAssignments(s *circle.Step, facts *stepFacts) *keyForm {
	f := &keyForm{kind: exportForm, step: s, node: facts.text}
	var sources [2]keySource
	take := func(name string, value shell.Word, part shell.Span) {
		i := slices.Index(keyVars, name)
		if i < 0 {
			return
		}
		source := classifyWord(value)
		if i < 2 && sources[i].kind != noSource && source.kind != noSource && sources[i] != source {
			f.blocker = severalPairs
		}
		if i < 2 && source.kind != noSource {
			sources[i] = source
		}
		f.parts = append(f.parts, part)
	}
	for _, c := range facts.script().Calls() {
		for _, a := range c.Assigns {
			if !a.Naked {
				take(a.Name, a.Value, a.Span)
				f.root = f.root || slices.Contains(keyVars, a.Name) && isolated(c, a.Name)
			}
		}
	}
	for _, e := range facts.script().BashEnv() {
		f.stays = f.stays || slices.Contains(keyVars, e.Name)
		take(e.Name, e.Value, partOf(e.Write, e.Line))
	}
	if !f.describe(sources, "") || f.chained(facts.script()) {
		return nil
	}
	f.owner, f.span = s.Owner(), spanIn(facts.text, f.parts[0])
	f.parts = append(f.parts, unsetKeys(facts.script())...)
	f.message = fmt.Sprintf("the script sets AWS keys from %s", f.origin())
	return f
}

// chained reports whether the assigned keys come with a session token: then they are temporary ones, made elsewhere.
func (f *keyForm) chained(script *shell.Script) bool {
	asks := slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool { return c.IsAWS("sts") })
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			kind := classifyWord(a.Value).kind
			if a.Name == sessionVar && (kind == otherSource || kind == namedSource || kind == varSource && asks) {
				return true
			}
		}
	}
	return false
}

// scanConfigure finds keys that a script writes into profiles with aws configure set, a form for each profile.
func (v *awsView) scanConfigure(s *circle.Step, facts *stepFacts) []*keyForm {
	type pending struct {
		form    *keyForm
		sources [2]keySource
	}
	var found []*pending
	for _, c := range facts.script().Calls() {
		profile, name, value := configured(c)
		i := slices.Index([]string{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}, name)
		if i < 0 {
			continue
		}
		at := slices.IndexFunc(found, func(p *pending) bool { return p.form.keys.profile == profile })
		if at < 0 {
			at = len(found)
			found = append(found, &pending{form: &keyForm{kind: configureForm, step: s, node: facts.text, stays: true, keys: identity{profile: profile}}})
		}
		p := found[at]
		p.form.parts = append(p.form.parts, c.Stmt)
		p.form.root = p.form.root || isolated(c, keyVars[0])
		if i == 2 {
			continue
		}
		if source := classifyWord(value); p.sources[i].kind == noSource {
			p.sources[i] = source
		} else if p.sources[i] != source {
			p.form.blocker = severalPairs
		}
	}
	var out []*keyForm
	for _, p := range found {
		if !p.form.describe(p.sources, p.form.keys.profile) {
			continue
		}
		p.form.owner, p.form.span = s.Owner(), spanIn(facts.text, p.form.parts[0])
		p.form.message = fmt.Sprintf("aws configure set stores AWS keys, from %s, in a profile", p.form.origin())
		out = append(out, p.form)
	}
	return out
}

// settingOf is the profile that an aws configure set writes to, "" for the default, and the name of the setting without
// the profile's, which may be in its full name.
func settingOf(c *shell.Call, name string) (profile, short string) {
	if rest, ok := strings.CutPrefix(name, "profile."); ok {
		if i := strings.LastIndexByte(rest, '.'); i >= 0 {
			return rest[:i], rest[i+1:]
		}
	}
	if rest, ok := strings.CutPrefix(name, "default."); ok {
		return "", rest
	}
	w, _ := c.Option("--profile")
	return profileName(w.Value), name
}

// scanCalls notes the AWS calls of a script: the logins and role changes, and the first of the others. What a script
// gets by a role change serves the calls behind it.
func (v *awsView) scanCalls(s *circle.Step, facts *stepFacts) {
	later := choosesLater(facts.script())
	facts.supplies = later || keepsSession(facts.script())
	covered := later || choosesHere(facts.script()) || choosesEnvironment(s.Environment()) || loadsCredentials(facts.script())
	assumed := false // a role, with CircleCI's token
	for _, c := range facts.script().Calls() {
		facts.v1Only = facts.v1Only || c.IsAWS("ecr", "get-login")
		facts.userInstall = facts.userInstall || installsCLI(c) && c.Has("--user")
		assumes := c.IsAWS("sts", "assume-role-with-web-identity")
		assumed = assumed || assumes
		covered = covered || runsLogin(c)
		if !callsAWS(c) {
			continue
		}
		facts.uses = true
		chain := changesRole(c)
		switch {
		case assumes:
			facts.assumes, covered = true, true
		case covered && !chain || facts.assumes || assumed:
		case chain || c.IsAWS("ecr", "get-login") || c.IsAWS("ecr", "get-login-password"):
			v.scanLogin(s, facts, c)
			covered = true
		default:
			facts.forms = append(facts.forms, &keyForm{
				kind: implicitForm, owner: s.Owner(), step: s, node: facts.text, span: spanIn(facts.text, c.Span), keys: standard,
				message: fmt.Sprintf("`%s` is called with AWS keys that are stored outside of the file", callTitle(c)),
			})
			covered = true
		}
	}
	for _, e := range facts.script().BashEnv() {
		facts.assumes = facts.assumes || e.Name == "AWS_WEB_IDENTITY_TOKEN_FILE"
	}
}

// installsCLI reports whether a call installs the AWS CLI by a package manager.
func installsCLI(c *shell.Call) bool {
	switch c.Name() {
	case "pip", "pip3", "pipx", "apt-get", "apt", "brew", "apk", "yum", "python", "python3":
		return slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
			return strings.HasPrefix(w.Value, "awscli") || strings.HasPrefix(w.Value, "aws-cli")
		})
	}
	return false
}

// scanLogin adds an ambient form: a call that hands stored keys on. Whether something in the file supplies temporary
// ones is decided by the flow of each job.
func (v *awsView) scanLogin(s *circle.Step, facts *stepFacts, c *shell.Call) {
	f := &keyForm{kind: ambientForm, owner: s.Owner(), step: s, node: facts.text, span: spanIn(facts.text, c.Span), keys: standard}
	f.message = "the login to ECR reads AWS keys that are stored outside of the file"
	if changesRole(c) {
		f.message = "the role is assumed with AWS keys that are stored outside of the file"
		if d, ok := c.Option("--duration-seconds"); ok && !withinAnHour(d) {
			f.blocker = "a role that is assumed from a session lasts an hour at most, and this one asks for " + d.Text + " seconds"
		}
	}
	if w, ok := c.Option("--profile"); ok {
		f.keys.profile = w.Value
		f.blocker = "the profile " + w.Text + " is not set up in this file"
	}
	facts.forms = append(facts.forms, f)
}

// withinAnHour reports whether a duration in seconds is known and at most an hour, the longest that a session of a role
// assumed from another session may have.
func withinAnHour(seconds shell.Word) bool {
	n, err := strconv.Atoi(seconds.Value)
	return seconds.Static && err == nil && n <= 3600
}
