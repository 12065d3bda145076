package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// formKind tells the ways apart in which a config brings long-lived keys to AWS tools. The letters are the order in
// which the documentation lists them.
type formKind byte

const (
	environmentForm formKind = 'A' // variables in an environment
	exportForm      formKind = 'C' // assignments in a script
	configureForm   formKind = 'D' // aws configure set
	fileForm        formKind = 'E' // a credentials file
	setupForm       formKind = 'F' // aws-cli/setup without a role
	ambientForm     formKind = 'G' // a login or role change in shell that reads keys from outside of the file
	elementForm     formKind = 'H' // a step or job of an orb that logs in with keys
	toolForm        formKind = 'I' // options of a tool
	implicitForm    formKind = 'J' // any other call of AWS that reads keys from outside of the file
)

// shown reports whether the file itself names the keys, or a step that stores them.
func (k formKind) shown() bool { return k != ambientForm && k != implicitForm }

// keyForm is one place where long-lived keys are brought to AWS tools.
type keyForm struct {
	kind    formKind
	owner   string
	span    rewrite.Span
	node    rewrite.Node // the mapping, scalar or step that span is in
	step    *circle.Step // nil for the environment of a job or executor
	keys    identity
	literal bool
	message string
	blocker string              // why the form cannot be taken away by an edit
	remove  []rewrite.Entry     // of an environment: the entries to remove
	vars    []circle.Var        // the same, with their values
	parts   []shell.Span        // of a script: the statements and assignments to remove
	setup   *setupStep          // of an aws-cli/setup
	region  string              // the region that goes away with the form, as written
	chain   bool                // an ambient form that changes the role
	use     *circle.WorkflowJob // of an orb\'s job
	element *elementUse         // of an elementForm, or an implicitForm of an orb
	stays   bool                // the keys reach the steps behind, by a profile or $BASH_ENV
}

// setupStep is a call of the aws-cli orb's setup command.
type setupStep struct {
	step     *circle.Step
	orb      *circle.Orb
	release  *orbRelease // nil when the table does not know the version
	role     string      // as written; "" for none
	hasKeys  bool
	profile  string
	badValue bool // a key parameter is an expression
}

// stepFacts is what a physical step shows about AWS.
type stepFacts struct {
	script   *shell.Script
	text     rewrite.Node // the script's scalar
	setup    *setupStep
	forms    []*keyForm
	assumes  bool   // the step leaves temporary credentials of CircleCI's own identity behind
	supplies bool   // it leaves keys behind that are not this file\'s business
	uses     bool   // it calls AWS by itself, in sight
	unknown  string // a command that may run anything, such as a script of the repository
	v1Only   bool   // it calls what only version 1 of the CLI has
	// userInstall says that the step installs the CLI for the user alone, where an installation for all may come before it.
	userInstall bool
}

// scanEnvironment finds keys in one physical environment.
func (v *awsView) scanEnvironment(env *circle.Environment, step *circle.Step) *keyForm {
	f := &keyForm{kind: environmentForm, node: env.Node, step: step}
	var sources [2]keySource
	for _, x := range env.Vars() {
		i := slices.Index(keyVars, x.Name)
		if i < 0 {
			continue
		}
		f.remove, f.vars = append(f.remove, x.Entry), append(f.vars, x)
		if i > 1 {
			continue
		}
		sources[i] = classify(x.Text)
		if x.Value.IsNull() {
			sources[i] = keySource{}
		}
		if f.span.Len() == 0 {
			f.span = x.Entry.Span()
		}
	}
	if !f.describe(sources, "") || v.foreignEndpoint(env.Vars(), f.literal) {
		return nil
	}
	f.owner = v.config.Owner(env.Node)
	f.message = fmt.Sprintf("the environment sets AWS keys from %s", f.origin())
	return f
}

// describe takes the identity from the sources of both keys. It is false when they are no long-lived keys.
func (f *keyForm) describe(sources [2]keySource, profile string) bool {
	f.keys.profile = profile
	id, secret := sources[0], sources[1]
	if id.kind == noSource && secret.kind == noSource || id.kind == otherSource || id.kind == noSource && secret.kind == otherSource {
		return false
	}
	for i, s := range sources {
		switch s.kind {
		case literalSource:
			f.literal = true
			if i == 0 || f.keys.literal == "" {
				f.keys.literal = s.text
			}
		case inertSource:
			f.blocker = "the value is no key: the job runs on other credentials, and a role would be a guess"
		case exprSource:
			f.blocker = "the value is an expression: whose keys these are is known only when the pipeline is compiled"
		}
	}
	if f.literal {
		return true
	}
	if id.kind == varSource {
		f.keys.id = id.text
	}
	if secret.kind == varSource {
		f.keys.secret = secret.text
	}
	if f.keys.id == "" && f.blocker == "" {
		f.keys.id = f.keys.secret
		f.blocker = "only one of the two keys is shown"
	}
	return true
}

// origin says in words where the keys come from.
func (f *keyForm) origin() string {
	switch {
	case f.literal:
		return f.keys.String()
	case f.keys.id != "":
		return f.keys.String()
	default:
		return "a value that is not known"
	}
}

// scanStep finds what one physical step shows.
func (v *awsView) scanStep(s *circle.Step) *stepFacts {
	facts := &stepFacts{}
	switch s.Kind {
	case circle.RunStep:
		v.scanScript(s, facts)
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
	script, err := shell.Parse(text.Value())
	if err != nil {
		return
	}
	facts.script, facts.text = script, text
	if f := v.scanAssignments(s, facts); f != nil {
		facts.forms = append(facts.forms, f)
	}
	facts.forms = append(facts.forms, v.scanConfigure(s, facts)...)
	if f := v.scanFile(s, facts); f != nil {
		facts.forms = append(facts.forms, f)
	}
	facts.forms = append(facts.forms, v.scanTools(s, facts)...)
	v.scanCalls(s, facts)
}

// shellOf is the shell that a run step is written for, as far as the step says it.
func shellOf(s *circle.Step) string {
	if text, ok := circle.Known(s.Shell()); ok {
		return text
	}
	return ""
}

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
			f.blocker = "the script uses several pairs of keys"
		}
		if i < 2 && source.kind != noSource {
			sources[i] = source
		}
		f.parts = append(f.parts, part)
	}
	for _, c := range facts.script.Calls() {
		for _, a := range c.Assigns {
			if !a.Naked {
				take(a.Name, a.Value, a.Span)
			}
		}
	}
	for _, e := range facts.script.BashEnv() {
		f.stays = f.stays || slices.Contains(keyVars, e.Name)
		part := e.Write.Stmt
		if e.Line.HereDoc {
			part = e.Line.Span
		}
		take(e.Name, e.Value, part)
	}
	if !f.describe(sources, "") || f.chained(facts.script) {
		return nil
	}
	f.owner, f.span = s.Owner(), spanIn(facts.text, f.parts[0])
	f.message = fmt.Sprintf("the script sets AWS keys from %s", f.origin())
	return f
}

// chained reports whether the assigned keys come with a session token: then they are temporary ones, made elsewhere.
func (f *keyForm) chained(script *shell.Script) bool {
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Name == sessionVar && classifyWord(a.Value).kind == otherSource {
				return true
			}
		}
	}
	return false
}

// spanIn is where a part of a script stands in the file; the whole scalar when its layout cannot be mapped.
func spanIn(text rewrite.Node, part shell.Span) rewrite.Span {
	if span, err := text.Text().Span(part.Start, part.End); err == nil {
		return span
	}
	return text.Span()
}

// scanConfigure finds keys that a script writes into profiles with aws configure set, a form for each profile.
func (v *awsView) scanConfigure(s *circle.Step, facts *stepFacts) []*keyForm {
	type pending struct {
		form    *keyForm
		sources [2]keySource
	}
	var found []*pending
	for _, c := range facts.script.Calls() {
		if !c.Is("aws", "configure", "set") || len(c.Args()) < 4 {
			continue
		}
		profile, name := profileOf(c)
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
		if i < 2 {
			p.sources[i] = classifyWord(c.Args()[3])
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

// profileOf is the profile that an aws configure set writes to, "" for the default, and the name of the setting.
func profileOf(c *shell.Call) (profile, name string) {
	name = c.Args()[2].Value
	if w, ok := c.Option("--profile"); ok {
		profile = w.Value
	}
	if rest, ok := strings.CutPrefix(name, "profile."); ok {
		if i := strings.LastIndexByte(rest, '.'); i >= 0 {
			return rest[:i], rest[i+1:]
		}
	}
	if rest, ok := strings.CutPrefix(name, "default."); ok {
		name = rest
	}
	if profile == "default" {
		profile = ""
	}
	return profile, name
}

// scanCalls notes the AWS calls of a script: the logins and role changes, and the first of the others. What a script
// gets by a role change serves the calls behind it.
func (v *awsView) scanCalls(s *circle.Step, facts *stepFacts) {
	covered := false
	for _, c := range facts.script.Calls() {
		facts.v1Only = facts.v1Only || c.Is("aws", "ecr", "get-login")
		facts.userInstall = facts.userInstall || installsCLI(c) && c.Has("--user")
		facts.unknown = orElse(facts.unknown, unknownCommand(c))
		if !callsAWS(c) {
			continue
		}
		facts.uses = true
		chain := c.Is("aws", "sts", "assume-role")
		switch {
		case c.Is("aws", "sts", "assume-role-with-web-identity"):
			facts.assumes, covered = true, true
		case covered && !chain || facts.assumes:
		case chain || c.Is("aws", "ecr", "get-login") || c.Is("aws", "ecr", "get-login-password"):
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
	for _, e := range facts.script.BashEnv() {
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
	f.chain = c.Is("aws", "sts", "assume-role")
	f.message = "the login to ECR reads AWS keys that are stored outside of the file"
	if f.chain {
		f.message = "the role is assumed with AWS keys that are stored outside of the file"
		if d, ok := c.Option("--duration-seconds"); ok && (!d.Static || len(d.Value) > 4 || len(d.Value) == 4 && d.Value > "3600") {
			f.blocker = "a role that is assumed from a session lasts an hour at most, and this one asks for " + d.Text + " seconds"
		}
	}
	if w, ok := c.Option("--profile"); ok {
		f.keys.profile = w.Value
		f.blocker = "the profile " + w.Text + " is not set up in this file"
	}
	facts.forms = append(facts.forms, f)
}

// scanCall notes a call of an orb that has to do with AWS.
func (v *awsView) scanCall(s *circle.Step, facts *stepFacts) {
	orb, command, ok := s.OrbCall()
	switch {
	case !ok || orb == nil:
	case orb.Name() != awsCLI:
		v.scanElement(s, orb, command, facts)
	case command == "assume-role-with-web-identity" || command == "assume_role_with_web_identity":
		facts.assumes = true
	case command == "setup", command == "configure": // configure is what setup was called at first
		v.scanSetup(s, orb, facts)
	}
}

// scanSetup reads the parameters of an aws-cli/setup. One without a role that CircleCI's token opens is a form.
func (v *awsView) scanSetup(s *circle.Step, orb *circle.Orb, facts *stepFacts) {
	x := &setupStep{step: s, orb: orb, release: orbTables()[awsCLI].release(orb.Version())}
	facts.setup = x
	get := func(kebab string) rewrite.Node {
		if n := s.Arg(kebab).Resolve(); n.Exists() {
			return n
		}
		return s.Arg(strings.ReplaceAll(kebab, "-", "_")).Resolve()
	}
	x.role = get("role-arn").Value()
	x.profile = get("profile-name").Value()
	f := &keyForm{kind: setupForm, owner: s.Owner(), step: s, node: s.Node, span: s.Item.Span(), keys: standard, setup: x}
	var sources [2]keySource
	for i, name := range []string{"aws-access-key-id", "aws-secret-access-key"} {
		n := get(name)
		if !n.Exists() {
			sources[i] = keySource{varSource, keyVars[i]}
			continue
		}
		x.hasKeys = true
		sources[i] = classify(n.Value())
		if envName.MatchString(n.Value()) && sources[i].kind != literalSource {
			sources[i] = keySource{varSource, n.Value()}
		}
		if sources[i].kind == noSource {
			sources[i] = keySource{otherSource, ""}
		}
	}
	if sources[0].kind == exprSource && v.passesNames(s) {
		facts.supplies = true
		return
	}
	if !f.describe(sources, profileName(x.profile)) {
		return
	}
	v.judgeSetup(f, facts)
}

func profileName(p string) string {
	if p == "default" {
		return ""
	}
	return p
}

// judgeSetup decides whether a setup step uses long-lived keys.
func (v *awsView) judgeSetup(f *keyForm, facts *stepFacts) {
	x := f.setup
	known := x.release != nil
	switch {
	case x.role != "" && known && x.release.OIDC && !x.hasKeys:
		facts.assumes = true
		return
	case x.role != "" && known && !x.release.OIDC:
		f.blocker = "role-arn of " + x.orb.Ref() + " is a role that is assumed from stored keys, not with CircleCI's token"
	case x.role != "" && !x.hasKeys:
		facts.assumes = true // a version that the table does not know: the role is taken at its word
		return
	case !known && !x.hasKeys:
		return
	case !known:
		f.blocker = "the version of " + x.orb.Ref() + " is not known"
	}
	f.message = fmt.Sprintf("aws-cli/setup uses the AWS keys %s", f.origin())
	if !x.hasKeys {
		f.message = "aws-cli/setup without a role uses AWS keys that are stored outside of the file"
	}
	facts.forms = append(facts.forms, f)
}

// passesNames reports whether the step belongs to the source of an orb: there a key parameter that is an expression
// only passes a name on.
func (v *awsView) passesNames(s *circle.Step) bool {
	return v.config.Packed() || len(v.config.Workflows()) == 0 && (s.InCommand() != nil || s.Job() != nil) || s.Config().Orb != nil
}

// foreignEndpoint reports whether an environment points AWS tools at a service that is not AWS.
func (v *awsView) foreignEndpoint(vars []circle.Var, literal bool) bool {
	for _, x := range vars {
		if strings.HasPrefix(x.Name, "AWS_ENDPOINT_URL") && x.Text != "" && !strings.Contains(x.Text, "amazonaws.com") {
			return true
		}
	}
	return false
}
