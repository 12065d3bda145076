package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// scanTools finds keys that a script hands to a tool on its command line.
func (v *awsView) scanTools(s *circle.Step, facts *stepFacts) []*keyForm {
	var out []*keyForm
	own := setByScript(facts.script())
	for _, c := range facts.script().Calls() {
		c, profile := toolOf(c), ""
		f := &keyForm{kind: toolForm, step: s, node: facts.text}
		var sources [2]keySource
		title := callTitle(c)
		assigned, variables, container := terraformAssigned(c), commandVariables(c), containerKeys(c, own)
		switch {
		case assigned.ofAWS():
			title, sources, f.blocker = "Terraform", assigned.sources, terraformDecides
		case c.Is("serverless", "config", "credentials"), c.Is("sls", "config", "credentials"):
			sources = [2]keySource{optionSource(c, "--key", "-k"), optionSource(c, "--secret", "-s")}
			f.parts, f.stays = []shell.Span{c.Stmt}, true
			if w, ok := c.Option("--profile"); ok {
				profile = profileName(w.Value)
			}
		case c.Is("ecs-cli", "configure", "profile"):
			sources = [2]keySource{optionSource(c, "--access-key"), optionSource(c, "--secret-key")}
			f.blocker, f.stays = "the tool keeps the keys for itself", true
		case c.Name() == "s3cmd" && !otherHost(c):
			sources = [2]keySource{optionSource(c, "--access_key"), optionSource(c, "--secret_key")}
			f.blocker = "s3cmd takes the keys as options, and whether it takes a session token as well is not known"
		case variables.ofAWS() && !givesEndpoint(c):
			sources, f.blocker = variables.sources, variableTools[c.Name()].decides
		case container[0].kind != noSource:
			sources, f.blocker = container, "the keys are for a container alone: it would have to be given those of a role, and their session token"
		case c.Name() == "docker" && c.Has("build") || c.Is("docker", "buildx", "build"):
			if sources = buildArguments(c); sources[0].kind != noSource {
				f.blocker = "the keys go into a docker build as arguments: use a BuildKit secret"
			}
		default:
			if given := keyOptions(c); given.ofAWS() && !givesEndpoint(c) && !slices.Contains(containerTools, c.Name()) && !slices.ContainsFunc(given.sources[:], own) {
				sources, f.blocker = given.sources, fmt.Sprintf("%s takes the keys as options, and whether it takes a session token as well is not known", c.Name())
			}
		}
		if sources[0].kind == noSource || !f.describe(sources, profile) {
			continue
		}
		f.owner, f.span = s.Owner(), spanIn(facts.text, c.Span)
		f.message = fmt.Sprintf("%s is given AWS keys, from %s", title, f.origin())
		out = append(out, f)
	}
	return out
}

// terraformDecides is why variables and backends of Terraform are left to people.
const terraformDecides = "the keys are for Terraform's configuration: whether they may go is written there"

// terraformNames are what configurations of Terraform call the variables for the two keys.
var terraformNames = [2][]string{
	{"access_key", "access_key_id", "aws_access_key", "aws_access_key_id"},
	{"secret_key", "secret_access_key", "aws_secret_key", "aws_secret_access_key"},
}

// terraformKey is which of the two keys a variable of Terraform's configuration is for; -1 for another variable.
func terraformKey(name string) int {
	return slices.IndexFunc(terraformNames[:], func(names []string) bool { return slices.Contains(names, strings.ToLower(name)) })
}

// keyIndex is which of the keys a variable of the environment is: one that every AWS tool reads, or one that
// Terraform hands to its configuration; -1 for another one.
func keyIndex(name string) (index int, terraform bool) {
	if rest, ok := strings.CutPrefix(name, "TF_VAR_"); ok {
		return terraformKey(rest), true
	}
	return slices.Index(keyVars, name), false
}

// terraformKeys are keys that Terraform's configuration is given by variables.
type terraformKeys struct {
	sources [2]keySource
	first   string // the variable that is given the key id
}

func (k *terraformKeys) add(index int, name string, source keySource) {
	k.sources[index] = source
	if index == 0 {
		k.first = name
	}
}

// ofAWS reports whether both keys are given, and are for AWS: other clouds call theirs access_key and secret_key too.
func (k *terraformKeys) ofAWS() bool {
	id := k.sources[0]
	named := strings.Contains(strings.ToLower(k.first), "aws") || strings.Contains(id.text, "AWS")
	return id.kind != noSource && k.sources[1].kind != noSource && (named || id.kind == literalSource)
}

// variableTools take variables for a configuration on the command line, as NAME=VALUE behind an option. decides is why
// these are left to people.
var variableTools = map[string]struct {
	options []string
	decides string
}{
	"terraform":  {terraformOptions, terraformDecides},
	"tofu":       {terraformOptions, terraformDecides},
	"terragrunt": {terraformOptions, terraformDecides},
	"packer":     {[]string{"var"}, "the keys are for Packer's template: whether they may go is written there"},

	"ansible-playbook": {[]string{"e", "extra-vars"}, "the keys are for Ansible's playbooks: whether they may go is written there"},
}

var terraformOptions = []string{"var", "backend-config"}

// commandVariables are the keys among the variables that a tool is given.
func commandVariables(c *shell.Call) (keys terraformKeys) {
	args := c.Args()
	for i, w := range args {
		option, text, ok := strings.Cut(strings.TrimLeft(w.Value, "-"), "=")
		if !strings.HasPrefix(w.Value, "-") || !slices.Contains(variableTools[c.Name()].options, option) {
			continue
		}
		if !ok && i+1 < len(args) {
			text = args[i+1].Value
		}
		for _, text := range strings.Fields(text) { // Ansible takes several in one word
			name, value, given := strings.Cut(text, "=")
			if j := terraformKey(name); given && j >= 0 {
				keys.add(j, name, classify(value))
			}
		}
	}
	return keys
}

// keyOptions are the keys that a call gives any tool by options of their names, such as --access-key-id.
func keyOptions(c *shell.Call) (keys terraformKeys) {
	args := c.Args()
	for i, w := range args {
		option, value, given := strings.Cut(w.Value, "=")
		name, dashed := strings.CutPrefix(option, "--")
		j := terraformKey(strings.ReplaceAll(name, "-", "_"))
		switch {
		case dashed && strings.HasSuffix(name, "session-token"):
			return terraformKeys{} // these are temporary
		case !dashed || j < 0:
		case given:
			keys.add(j, name, classify(value))
		case i+1 < len(args):
			keys.add(j, name, classifyWord(args[i+1]))
		}
	}
	return keys
}

// givesEndpoint reports whether a call names the address of a service that is not AWS, for a backend or a provider.
func givesEndpoint(c *shell.Call) bool {
	return slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		text := strings.TrimLeft(w.Value, "-")
		for _, option := range terraformOptions {
			text = strings.TrimPrefix(text, option+"=")
		}
		return strings.HasPrefix(text, "endpoint") && !atAWS(text)
	})
}

// terraformAssigned are the keys that a call assigns to variables which Terraform reads.
func terraformAssigned(c *shell.Call) (keys terraformKeys) {
	for _, a := range c.Assigns {
		if i, terraform := keyIndex(a.Name); terraform && i >= 0 && !a.Naked {
			keys.add(i, a.Name, classifyWord(a.Value))
		}
	}
	return keys
}

// optionSource is where the value of the first of these options comes from.
func optionSource(c *shell.Call, names ...string) keySource {
	for _, name := range names {
		if w, ok := c.Option(name); ok {
			return classifyWord(w)
		}
	}
	return keySource{}
}

// otherHost reports whether s3cmd talks to a service that is not AWS.
func otherHost(c *shell.Call) bool {
	host, ok := c.Option("--host")
	return ok && !atAWS(host.Value)
}

// buildArguments are the keys among the arguments of a docker build; one that is only named is the variable itself.
func buildArguments(c *shell.Call) (sources [2]keySource) {
	for _, w := range c.Args() {
		text := strings.TrimPrefix(w.Value, "--build-arg=")
		for i, name := range keyVars[:2] {
			if text == name {
				sources[i] = keySource{varSource, name}
			} else if value, ok := strings.CutPrefix(text, name+"="); ok {
				sources[i] = classify(value)
			}
		}
	}
	return sources
}

// containerKeys are the keys that a container is given from other variables than its own, both or none. With a session
// token they are temporary ones, and those that the script assigns come from elsewhere.
func containerKeys(c *shell.Call, own func(keySource) bool) (sources [2]keySource) {
	service := func(w shell.Word) bool {
		return strings.Contains(strings.ToLower(w.Value), "endpoint") && !atAWS(w.Value)
	}
	if !slices.Contains(containerTools, c.Name()) || !c.Has("run") && !c.Has("exec") || slices.ContainsFunc(c.Args(), service) {
		return sources
	}
	for _, w := range c.Args() {
		name, value, _ := strings.Cut(handedVariable(w), "=")
		if name == sessionVar {
			return [2]keySource{}
		}
		i, s := slices.Index(keyVars[:2], name), classify(value)
		if i >= 0 && !w.Static && s.kind == varSource && s.text != name && !own(s) {
			sources[i] = s
		}
	}
	if sources[0].kind == noSource || sources[1].kind == noSource {
		return [2]keySource{}
	}
	return sources
}

// setByScript tells of a source whether the script itself gives its variable a value. Each variable is looked for once.
func setByScript(script *shell.Script) func(keySource) bool {
	given := map[string]bool{}
	return func(s keySource) bool {
		if s.kind != varSource {
			return false
		}
		if _, known := given[s.text]; !known {
			given[s.text] = slices.ContainsFunc(script.Mentions(s.text), func(m shell.Mention) bool { return m.Kind == shell.Assigned })
		}
		return given[s.text]
	}
}

// handedVariable is a word of a call as the options -e and --env take it: NAME or NAME=VALUE.
func handedVariable(w shell.Word) string {
	return strings.TrimPrefix(strings.TrimPrefix(w.Value, "--env="), "-e=")
}
