package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// setupStep is a call of the aws-cli orb's setup command.
type setupStep struct {
	step    *circle.Step
	orb     *circle.Orb
	release *orbRelease // nil when the table does not know the version
	role    string      // as written; "" for none
	hasKeys bool
	profile string
}

// scanCall notes a call of an orb that has to do with AWS.
func (v *awsView) scanCall(s *circle.Step, facts *stepFacts) {
	orb, command, ok := s.OrbCall()
	switch {
	case !ok || s.Callee() != nil:
	case orb == nil || orbTables()[orb.Name()] == nil:
		facts.supplies = mayLogIn(s.Name) || orb != nil && mayLogIn(orb.Name())
	case orb.Name() != awsCLI:
		v.scanElement(s, orb, command, facts)
	case command == "assume-role-with-web-identity" || command == "assume_role_with_web_identity":
		facts.assumes = true
	case command == "setup", command == "configure": // configure is what setup was called at first
		v.scanSetup(s, orb, facts)
	}
}

// mayLogIn reports whether a step of an orb that the tables do not know may leave credentials for AWS behind, by its
// name: then a call behind it is not one that shows none.
func mayLogIn(name string) bool {
	return slices.ContainsFunc([]string{"aws", "assume", "role", "oidc", "credential", "vault"}, func(part string) bool {
		return strings.Contains(strings.ToLower(name), part)
	})
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
		x.hasKeys, f.keys = true, identity{}
		f.values = append(f.values, n)
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
	f.message = fmt.Sprintf("aws-cli/setup uses AWS keys, from %s", f.origin())
	if !x.hasKeys && x.role == "" {
		f.message = "aws-cli/setup without a role uses AWS keys that are stored outside of the file"
	}
	facts.forms = append(facts.forms, f)
}

// passesNames reports whether the step belongs to the source of an orb: there a key parameter that is an expression
// only passes a name on.
func (v *awsView) passesNames(s *circle.Step) bool {
	return v.config.Packed() || len(v.config.Workflows()) == 0 && (s.InCommand() != nil || s.Job() != nil) || s.Config().Orb != nil
}
