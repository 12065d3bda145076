package flow

import (
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/rewrite"
)

const cliOrb = "circleci/aws-cli"

// login is how elements of an orb get credentials by themselves, for a range of versions.
type login struct {
	orb, below string   // up to, but not including, that version
	from       string   // the first version, "" for all
	elements   []string // those that log in; a job and a command of one name are one
	role, with string   // the parameter for a role, and the one that turns it on
	stores     bool     // they read keys from a profile that they write, without a session token
}

// logins are the elements that take keys or a role themselves, read from the orbs' sources.
var logins = []login{
	{orb: "circleci/aws-s3", below: "3.1.0", elements: []string{"copy", "sync"}},
	{orb: "circleci/aws-s3", from: "3.1.0", below: "4.0.0", elements: []string{"copy", "sync"}, role: "role-arn"},
	{orb: "circleci/aws-ecr", below: "8.1.0", elements: []string{"build-and-push-image", "ecr-login"}, stores: true},
	{orb: "circleci/aws-ecr", from: "8.1.0", below: "9.0.0", elements: []string{"build-and-push-image", "ecr-login"}, role: "role-arn", with: "assume-web-identity", stores: true},
	{orb: "circleci/aws-ecs", below: "3.2.0", elements: ecsJobs},
	{orb: "circleci/aws-ecs", from: "3.2.0", below: "4.0.0", elements: ecsJobs, role: "role-arn"},
	{orb: "circleci/aws-sam-serverless", below: "4.0.0", elements: []string{"install"}},
}

var ecsJobs = []string{"deploy-service-update", "run-task", "update-task-definition", "update-task-definition-from-json"}

// idle are elements of AWS orbs that never ask AWS for anything.
var idle = []string{"install", "install_sam", "install-aws-cli", "build-image", "build_image", "push-image", "push_image"}

func (l *login) covers(orb, element string, v string) bool {
	return l.orb == orb && slices.Contains(l.elements, element) && v != "" && !atLeast(v, l.below) && (l.from == "" || atLeast(v, l.from))
}

var numbers = pattern.New(`^\d{1,6}(\.\d{1,6}){0,2}$`)

// version reads an orb's version; parts that are left open stand for the highest. It is "" for what is not known.
func version(text string) string {
	if text == "volatile" {
		text = "999999"
	}
	if !numbers.MatchString(text) {
		return ""
	}
	for strings.Count(text, ".") < 2 {
		text += ".999999"
	}
	return semver.Canonical("v" + text)
}

// atLeast takes a version that is not known for a new one.
func atLeast(v string, least string) bool {
	return v == "" || semver.Compare(v, "v"+least) >= 0
}

// element is a call of an orb's command, or a workflow entry that runs an orb's job.
type element struct {
	orb  *circle.Orb
	name string
	args rewrite.Node
	at   circle.Visit // zero for a workflow entry
}

// arg is the text of the first of these arguments that is given.
func (e *element) arg(names ...string) (string, bool) {
	for _, name := range names {
		if n := e.args.Get(name).Resolve(); n.Exists() {
			return n.Value(), true
		}
	}
	return "", false
}

// parameter is the variable, literal or expression that a key parameter stands for.
func (e *element) parameter(s *scope, standard string, names ...string) value {
	text, ok := e.arg(names...)
	if !ok {
		text = standard
	}
	text = compiled(e.at, text)
	if name := strings.TrimSpace(text); plainName.MatchString(name) && !looksLikeKey(name) {
		text = "$" + name
	}
	return textValue(text, s, nil)
}

// compiled is a text of a step in which one parameter may stand: as the call of its command gives it, or as it is by
// default. A job's parameter counts while all of its entries leave it at that.
func compiled(v circle.Visit, text string) string {
	expressions := circle.Expressions(text)
	if v.Step == nil || len(expressions) != 1 || expressions[0].End-expressions[0].Start != len(strings.TrimSpace(text)) {
		return text
	}
	name, ok := expressions[0].Parameter()
	if !ok {
		return text
	}
	var declared []*circle.Parameter
	if n := len(v.Calls); n > 0 {
		call := v.Calls[n-1]
		if arg := call.Arg(name).Resolve(); arg.Exists() {
			return compiled(circle.Visit{Step: call, Calls: v.Calls[:n-1]}, arg.Value())
		}
		if cmd := call.Callee(); cmd != nil {
			declared = cmd.Parameters()
		}
	} else if job := v.Step.Job(); job != nil {
		declared = job.Parameters()
	}
	for _, p := range declared {
		if p.Name == name && p.Default().Exists() && (len(v.Calls) > 0 || !p.Overridden()) {
			return p.Default().Value()
		}
	}
	return text
}

// keys are the keys that the key parameters stand for.
func (e *element) keys(s *scope) keys {
	return keys{
		e.parameter(s, idVar, "aws-access-key-id", "aws_access_key_id"),
		e.parameter(s, secretVar, "aws-secret-access-key", "aws_secret_access_key"),
	}
}

var keyID = pattern.New(`^(?:AKIA|ASIA)[A-Z0-9]{12,}$`)

func looksLikeKey(text string) bool { return keyID.MatchString(text) }

// run does what an element does: it may leave credentials behind, and it may use AWS.
func (e *element) run(s *scope) *use {
	if e.orb == nil {
		return &use{how: faint}
	}
	v := version(e.orb.Version())
	if e.orb.Name() == cliOrb {
		e.setUp(s, v)
		return nil
	}
	for i := range logins {
		if logins[i].covers(e.orb.Name(), e.name, v) {
			u := &use{how: sure, foreign: e.sentElsewhere()}
			u.add(e.logIn(s, &logins[i]))
			return u
		}
	}
	u := &use{how: faint, foreign: e.sentElsewhere()}
	if strings.HasPrefix(e.orb.Name(), "circleci/aws-") {
		if slices.Contains(idle, e.name) {
			return nil
		}
		u.how = sure
	}
	profile, _ := e.arg("profile_name", "profile-name", "aws_profile", "aws-profile")
	if profile == "default" || u.how == faint {
		profile = ""
	}
	u.add(s.credentials(profile, nil))
	return u
}

var endpointArgument = pattern.New(`--endpoint(?:-url)?[=\s]+(\S+)`)

// sentElsewhere reports whether the arguments that an element passes on name a service that is not AWS.
func (e *element) sentElsewhere() bool {
	text, _ := e.arg("arguments")
	m := endpointArgument.FindStringSubmatch(text)
	return m != nil && !atAWS(m[1])
}

// setUp interprets the commands of the aws-cli orb.
func (e *element) setUp(s *scope, v string) {
	role, _ := e.arg("role-arn", "role_arn")
	name, ok := e.arg("profile-name", "profile_name")
	if !ok || name == "" {
		name = "default"
	}
	opened := value{session, roleText(role)}
	k := e.keys(s)
	environment, _ := e.arg("set_aws_env_vars")
	switch {
	case strings.HasPrefix(e.name, "assume"):
		s.openSession(opened)
	case e.name == "role-arn-setup" || e.name == "role_arn_setup":
		s.profiles[name] = profile{role: opened.text}
	case e.name != "setup":
	case role != "" && !atLeast(v, "3.1.0"):
		s.profiles[name] = profile{keys: k, role: opened.text}
	case role != "" && environment == "false":
		s.profiles[name] = profile{keys: keys{opened, opened}}
	case role != "":
		s.openSession(opened)
		// The profile is filled from the key parameters even so: it gets the session only by their standard names.
		s.profiles[name] = profile{keys: e.keys(newScope(s.world, nil, true))}
	default:
		s.profiles[name] = profile{keys: k}
	}
}

// openSession puts a session into the environment of later steps.
func (s *scope) openSession(opened value) {
	for _, name := range keyVars {
		s.bash[name] = opened
	}
}

// logIn is the source of an element that logs in by itself. What it logs in with stays behind for later steps.
func (e *element) logIn(s *scope, l *login) source {
	if role, _ := e.arg(l.role); l.role != "" && role != "" {
		if on, _ := e.arg(l.with); l.with == "" || on == "true" {
			opened := value{session, roleText(role)}
			s.openSession(opened)
			if name, _ := e.arg("profile-name"); name != "" {
				s.profiles[name] = profile{keys: e.keys(newScope(s.world, nil, true))}
			}
			return source{kind: assumed, role: opened.text}
		}
	}
	k := e.keys(s)
	src := sourceOf(k)
	if name, _ := e.arg("profile-name"); name == "" {
		s.profiles["default"] = profile{keys: k}
	} else {
		s.profiles[name] = profile{keys: k}
	}
	_, named := e.arg("aws-access-key-id", "aws_access_key_id")
	if src.kind == stored && !named && src.keys == standardKeys && s.environmentKeys(nil).id.origin == ambient {
		src.kind = outside
	}
	if src.kind == assumed && l.stores {
		src.kind = broken
	}
	return src
}
