package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// require says what has to be done outside the file.
func (b *awsFix) require() {
	add := b.fix.requiref
	d := b.group[0].keys
	if role := b.givenRole(); role != "" {
		add(Before, "role", "", "let the role %s, which the file names, trust CircleCI's OIDC provider for this organisation and project, with the permissions of the user behind the key", role)
	}
	for _, u := range b.units {
		b.requireFor(u)
	}
	for _, f := range b.group {
		if f.element.inPlace() {
			add(Before, "role", f.element.orb.Ref(), "limit the role by audience and project-id, not by branch: the orb sends the first version of the token")
		}
	}
	add(Before, "fork", "", forksGetNothing)
	add(Before, "check", "", "try it on a branch first: a job with the setup step and `aws sts get-caller-identity`")
	if d.isLiteral() {
		add(After, "key", "", "deactivate %s in IAM now and delete it then: it stays readable in the history of the repository, and until then nothing is safer than before", d)
		return
	}
	for _, u := range b.units {
		b.fix.requireIn(u.places(), After, "variable", "delete "+d.String()+" once no other step or image uses them")
	}
	add(After, "key", "", "deactivate, then delete, the access key behind %s in IAM: until then nothing is safer than before", d)
}

// requireFor says what a unit takes, outside the file, before it can run on its role.
func (b *awsFix) requireFor(u *awsUnit) {
	add := b.fix.requiref
	role, d := b.role(u), b.group[0].keys
	if b.givenRole() == "" {
		add(Before, "role", "", "create %s in place of %s: it trusts CircleCI's OIDC provider for this organisation and project, and has the permissions of the user behind the key", roleToCreate(role.role), d)
		if isVariable(role.role) {
			b.fix.requireIn(u.places(), Before, "variable", "define "+strings.Trim(role.role, "${}")+" with the ARN of the role in place of "+d.String())
		}
	}
	if u.calls(changesRole) || u.runsCommand(awsCLI, "role-arn-setup") {
		add(Before, "role", u.name, "let the roles that steps assume trust the new one, too: they may name the user behind the key")
	}
	if u.calls(entersCluster) || u.runsCommand("circleci/aws-eks", "update-kubeconfig-with-authenticator", "update-container-image") {
		add(Before, "role", u.name, "give the role access to the EKS cluster, by an access entry or in aws-auth: the cluster may know the user behind the key only")
	}
	if role.duration != "" {
		add(Before, "session", u.name, "allow the role sessions of %s seconds", role.duration)
	} else if t := u.longest(); t != "" {
		add(Before, "session", u.name, "allow the role sessions of more than one hour and set aws.session_duration: a step may run for %s", t)
	}
	command := Prerequisite{Before, "runner", "make sure that the runner has the `circleci` command: the aws-cli orb calls it", u.name}
	if u.job != nil && onRunner(u.job) {
		b.fix.require(command)
	} else {
		b.fix.onRunner = append(b.fix.onRunner, command)
	}
}

// changesRole reports whether a call assumes another role.
func changesRole(c *shell.Call) bool { return c.IsAWS("sts", "assume-role") }

// entersCluster reports whether a call gets access to an EKS cluster, which has a list of users and roles of its own.
func entersCluster(c *shell.Call) bool {
	return c.IsAWS("eks", "update-kubeconfig") || c.IsAWS("eks", "get-token") || c.Is("eksctl", "utils", "write-kubeconfig")
}

// calls reports whether a step of the unit makes such a call.
func (u *awsUnit) calls(such func(*shell.Call) bool) bool {
	return slices.ContainsFunc(u.visits, func(x awsVisit) bool {
		return x.facts.script() != nil && slices.ContainsFunc(x.facts.script().Calls(), such)
	})
}

// runsCommand reports whether the unit runs one of these commands or jobs of an orb, whose names newer versions spell with
// underscores.
func (u *awsUnit) runsCommand(orb string, names ...string) bool {
	such := func(o *circle.Orb, name string, ok bool) bool {
		return ok && o != nil && o.Name() == orb && slices.Contains(names, strings.ReplaceAll(name, "_", "-"))
	}
	if u.use != nil && such(u.use.OrbJob()) {
		return true
	}
	return slices.ContainsFunc(u.visits, func(x awsVisit) bool { return such(x.Step.OrbCall()) })
}

// roleToCreate names a role for people: a known one by its ARN, since it may be there already.
func roleToCreate(role string) string {
	if roleARN.MatchString(role) {
		return "the IAM role " + role + ", unless it is there,"
	}
	return "an IAM role"
}

func (d identity) isLiteral() bool { return d.literal != "" }
