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
	"chamber":    nil,
}

// callsAWS reports whether a call asks a service of AWS for something, in sight.
func callsAWS(c *shell.Call) bool {
	subcommands, ok := awsTools[c.Name()]
	args := c.Args()
	if !ok || len(args) == 0 || c.Has("--version") || c.Has("--help") || c.Has("help") {
		return false
	}
	if len(subcommands) > 0 {
		return slices.ContainsFunc(args, func(w shell.Word) bool { return slices.Contains(subcommands, w.Value) })
	}
	if profile, ok := c.Option("--profile"); ok && profile.Value != "default" {
		return false // whose profile that is has to be shown where it is set up
	}
	endpoint, foreign := c.Option("--endpoint-url")
	foreign = foreign && !strings.Contains(endpoint.Value, "amazonaws.com")
	return !foreign && !c.Is("aws", "configure") && !c.Has("--no-sign-request") && (c.Name() != "chamber" || !c.Is("chamber", "version"))
}

// callTitle is a call without its arguments, such as "aws s3 cp".
func callTitle(c *shell.Call) string {
	title := c.Name()
	for i, w := range c.Args() {
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
	args := c.Args()
	if len(c.Words) == 0 || len(c.Words) == len(args) {
		return ""
	}
	word := c.Words[len(c.Words)-len(args)-1] // behind wrappers such as sudo and timeout
	system := strings.HasPrefix(word.Value, "/usr/") || strings.HasPrefix(word.Value, "/bin/")
	if slices.Contains(runners, c.Name()) || strings.Contains(word.Value, "/") && !system {
		return word.Text
	}
	return ""
}
