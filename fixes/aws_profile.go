package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// profileVars are the variables that choose the profile of all AWS tools.
var profileVars = []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}

// missingProfile is the profile that the environment of the unit's first setup chooses, while no step before it puts the
// profile into ~/.aws: every call of the AWS CLI fails then, that by which the setup assumes its role among them.
func (u *awsUnit) missingProfile() (name string, missing bool) {
	name, missing = u.chosenProfile()
	for _, x := range u.visits[:u.firstSetup()] {
		script := x.facts.script()
		if script == nil {
			continue
		}
		for _, e := range script.BashEnv() {
			if slices.Contains(profileVars, e.Name) {
				name, missing = e.Value.Value, true
			}
		}
		if missing && makesProfile(script, name) {
			return "", false
		}
	}
	return name, missing
}

// chosenProfile is the profile that the unit's environment chooses.
func (u *awsUnit) chosenProfile() (name string, chosen bool) {
	for _, v := range profileVars {
		if x, ok := u.environments().Lookup(v); ok && x.Text != "" && !x.Value.IsNull() {
			return x.Text, true
		}
	}
	return "", false
}

// makesProfile reports whether a script puts a profile into ~/.aws, or files that may hold it.
func makesProfile(script *shell.Script, name string) bool {
	for _, w := range script.Writes() {
		section := func(l shell.Line) bool {
			return strings.Contains(l.Text, "["+name+"]") || strings.Contains(l.Text, "[profile "+name+"]")
		}
		if strings.Contains(w.File.Value, ".aws/") && slices.ContainsFunc(w.Lines, section) {
			return true
		}
	}
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		profile, setting, _ := configured(c)
		return setting != "" && profile == profileName(name) || takesConfig(script, c)
	})
}

var plainProfile = pattern.New(`^[A-Za-z0-9_.-]+$`)

// profileStep is a new step that makes a profile without settings, which is enough for the AWS CLI to go on. The CLI
// itself may not be installed yet.
func profileStep(name string) rewrite.Value {
	section := "[profile " + name + "]"
	if name == "default" {
		section = "[default]"
	}
	lines := []string{
		`mkdir -p ~/.aws`,
		`grep -qsF '` + section + `' ~/.aws/config || printf '\n%s\n' '` + section + `' >> ~/.aws/config`,
		"",
	}
	return rewrite.Map(rewrite.Pair{Key: "run", Value: rewrite.Map(
		rewrite.Pair{Key: "name", Value: rewrite.String("AWS profile")},
		rewrite.Pair{Key: "command", Value: rewrite.LiteralText(strings.Join(lines, "\n"))},
	)})
}
