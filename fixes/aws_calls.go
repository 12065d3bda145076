package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// awsTools are the programs that call AWS, with the subcommands that do; none means all of them.
var awsTools = map[string][]string{
	"aws":        nil,
	"eb":         {"deploy", "create", "terminate", "use", "setenv", "status", "swap", "appversion", "upgrade", "scale"},
	"sam":        {"deploy", "package", "publish", "sync", "delete", "list", "remote"},
	"cdk":        {"deploy", "diff", "destroy", "bootstrap", "import"},
	"serverless": {"deploy", "remove", "info", "invoke", "logs", "rollback"},
	"sls":        {"deploy", "remove", "info", "invoke", "logs", "rollback"},
	"eksctl":     {"create", "delete", "get", "update", "upgrade", "scale", "drain", "utils", "enable", "associate"},
	"ecs-cli":    {"up", "down", "scale", "compose", "push", "pull", "ps", "logs", "images"},
	"copilot":    {"deploy", "init", "svc", "job", "env", "app", "pipeline", "secret", "task", "storage"},
	"zappa":      {"deploy", "update", "undeploy", "rollback", "status", "tail", "schedule", "unschedule", "invoke", "manage", "certify"},
	"chalice":    {"deploy", "delete", "invoke", "logs", "generate-sdk"},
	"chamber":    nil,
}

// packageManagers run the programs of a package by their names, or scripts that are called after them.
var packageManagers = []string{"yarn", "npm", "pnpm", "bun"}

// toolOf is the AWS tool that a package manager is told to run, or else the call as it is.
func toolOf(c *shell.Call) *shell.Call {
	if !slices.Contains(packageManagers, c.Name()) {
		return c
	}
	for i, w := range c.Args() {
		switch {
		case !w.Static:
			return c
		case strings.HasPrefix(w.Value, "-"), w.Value == "run", w.Value == "run-script":
			continue
		case awsTools[w.Value] != nil:
			return c.From(i)
		}
		return c
	}
	return c
}

// callsAWS reports whether a call asks a service of AWS for something, in sight, as the job's own user and on the
// credentials of its environment: whose a profile is has to be shown where it is set up.
func callsAWS(c *shell.Call) bool { return asksAWS(c) && !namesProfile(toolOf(c)) }

// namesProfile reports whether a call is told to use another profile than the default.
func namesProfile(c *shell.Call) bool {
	return slices.ContainsFunc([]string{"--profile", "--aws-profile"}, func(option string) bool {
		profile, ok := c.Option(option)
		return ok && profile.Value != "default"
	})
}

// asksAWS is callsAWS on whatever credentials.
func asksAWS(c *shell.Call) bool {
	c = toolOf(c)
	if runsCLI(c) {
		return true
	}
	subcommands, ok := awsTools[c.Name()]
	args := c.Args()
	if !ok || len(args) == 0 || isolated(c, keyVars[0]) || c.Has("--version") || c.Has("--help") || c.Has("help") {
		return false
	}
	if c.Name() == "aws" && len(c.AWS(1)) == 0 {
		return false // options alone ask for nothing
	}
	if len(subcommands) > 0 {
		return slices.ContainsFunc(args, func(w shell.Word) bool { return slices.Contains(subcommands, w.Value) })
	}
	return !toEndpoint(c) && !c.IsAWS("configure") && !c.Has("--no-sign-request") && (c.Name() != "chamber" || !c.Is("chamber", "version"))
}

// runsCLI reports whether a call runs the AWS CLI in a container, and hands it the keys that the job has.
func runsCLI(c *shell.Call) bool {
	if !c.Is("docker", "run") && !c.Is("podman", "run") {
		return false
	}
	image := slices.IndexFunc(c.Args(), func(w shell.Word) bool {
		name, _ := splitImage(w.Value)
		return slices.Contains(images().AWSCLI, name)
	})
	if _, foreign := c.Option("--endpoint-url"); image < 0 || foreign || c.Has("--version") {
		return false
	}
	handed := func(name string) bool {
		return slices.ContainsFunc(c.Args()[:image], func(w shell.Word) bool {
			text := handedVariable(w)
			return text == name || text == name+"=$"+name || text == name+"=${"+name+"}"
		})
	}
	return handed(keyIDVar) && handed(secretVar)
}

// callTitle is a call without its arguments, such as "aws s3 cp".
func callTitle(c *shell.Call) string {
	c = toolOf(c)
	title, args := c.Name(), c.Args()
	if title == "aws" {
		args = c.AWS(2)
	}
	for i, w := range args {
		if i > 1 || !w.Static || strings.HasPrefix(w.Value, "-") || strings.ContainsAny(w.Value, "/:=. ") {
			break
		}
		title += " " + w.Value
	}
	return title
}

// runners are programs that run what the repository says.
var runners = []string{
	"make", "npm", "yarn", "pnpm", "npx", "rake", "bundle", "gradle", "mvn", "go", "python", "python3", "node", "ruby", "php", "cargo",
	"docker-compose", "bash", "sh", "source", ".", "tox", "pytest", "poetry", "ansible-playbook", "terraform", "tofu", "terragrunt", "just", "task",
	"kubectl", "helm", "kops", "pulumi", "packer",
}

// unknownCommand is the command of a call that may run anything, and so use AWS out of sight; "" for another one.
func unknownCommand(c *shell.Call) string {
	for _, w := range slices.Backward(c.Leading()) { // behind wrappers such as sudo and timeout, or a wrapper such as npx
		name := w.Value[strings.LastIndexByte(w.Value, '/')+1:]
		system := strings.HasPrefix(w.Value, "/usr/") || strings.HasPrefix(w.Value, "/bin/")
		path := strings.Contains(w.Value, "/") && !system && !strings.HasPrefix(w.Value, "-") && !strings.Contains(w.Value, "=")
		if w.Static && slices.Contains(runners, name) || path && !isInstaller(w) {
			return w.Text
		}
	}
	return ""
}
