package flow

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// certainty is how sure it is that something uses AWS.
type certainty uint8

const (
	faint  certainty = iota // another orb's element: only what the file gives it counts
	likely                  // a program that may do anything
	sure                    // a call of AWS in sight
)

// callers are the programs that talk to AWS whatever they are told, version questions aside.
var callers = []string{"aws", "eb", "sam", "cdk", "serverless", "sls", "eksctl", "ecs-cli", "copilot", "chamber", "s3cmd", "zappa", "chalice"}

// preparing are subcommands that work on files in the first place, and may look something up.
var preparing = []string{"build", "config", "init", "local", "ls", "package", "synth", "synthesize", "validate"}

// answering are subcommands that ask nobody.
var answering = []string{"completion", "docs", "help", "version"}

// programs may talk to AWS out of sight: they run what the repository, a plan or a package says.
var programs = []string{
	"ansible", "ansible-playbook", "bash", "bun", "bundle", "cargo", "composer", "deno", "docker-compose", "dotnet", "fastlane",
	"go", "gradle", "helm", "invoke", "just", "kops", "kubectl", "lein", "lerna", "make", "mix", "mvn", "node", "npm", "npx", "nx",
	"packer", "php", "pipenv", "pnpm", "poetry", "pulumi", "pytest", "python", "python2", "python3", "rake", "ruby", "sbt", "sh",
	"task", "terraform", "terragrunt", "tofu", "tox", "yarn", "zsh",
}

// systemFolders hold programs that are no part of the repository.
var systemFolders = []string{"/usr/", "/bin/", "/sbin/", "/opt/", "/etc/", "/proc/"}

// installers are what the archives of the AWS tools bring to install these: they ask nobody.
var installers = []string{"/aws/install", "/sam-installation/install"}

// certaintyOf is how sure it is that a call uses AWS; ok is false for one that does not.
func certaintyOf(c *shell.Call) (how certainty, ok bool) {
	c = behindScripts(c)
	name := c.Name()
	switch {
	case slices.Contains(callers, name):
		if name != "aws" && len(c.Args()) > 0 && slices.Contains(preparing, c.Args()[0].Value) {
			return likely, true
		}
		return sure, asksAWS(c)
	case slices.Contains(programs, name):
		return likely, len(c.Args()) > 0 || name == "make"
	case slices.ContainsFunc(c.Leading(), func(w shell.Word) bool { return slices.Contains(programs, w.Value) }):
		return likely, true // npx and its like, in front of what they run
	case name == "docker":
		return likely, c.Is("docker", "compose")
	case name == "source" || name == ".":
		return likely, len(c.Args()) > 0 && !c.Args()[0].IsVar("BASH_ENV")
	case len(c.Words) == 0:
		return 0, false
	}
	word := c.Words[len(c.Words)-len(c.Args())-1].Value
	return likely, strings.Contains(word, "/") && !strings.HasPrefix(word, "http") &&
		!slices.ContainsFunc(systemFolders, func(f string) bool { return strings.HasPrefix(word, f) }) &&
		!slices.ContainsFunc(installers, func(f string) bool { return strings.HasSuffix("/"+word, f) })
}

// behindScripts is the tool that a package manager runs when a script is called after it, or else the call as it is.
func behindScripts(c *shell.Call) *shell.Call {
	if name := c.Name(); name != "yarn" && name != "npm" && name != "pnpm" && name != "bun" {
		return c
	}
	args := c.Args()
	i := slices.IndexFunc(args, func(w shell.Word) bool { return !strings.HasPrefix(w.Value, "-") && !strings.HasPrefix(w.Value, "run") })
	if i >= 0 && args[i].Static && args[i].Value != "aws" && slices.Contains(callers, args[i].Value) {
		return c.From(i)
	}
	return c
}

// asksAWS reports whether the call of an AWS tool needs credentials.
func asksAWS(c *shell.Call) bool {
	if len(c.Args()) == 0 || c.Has("--version") || c.Has("--help") || c.Has("help") || c.Has("--no-sign-request") {
		return false
	}
	if c.Name() == "aws" && len(c.AWS(1)) == 0 {
		return false // options alone ask for nothing
	}
	return !slices.Contains(answering, c.Args()[0].Value) && !c.IsAWS("configure") && !c.IsAWS("sts", "assume-role-with-web-identity")
}

// asRoot reports whether sudo runs the call with an environment of its own.
func asRoot(c *shell.Call) bool {
	words := c.Wrapper("sudo")
	keeps := func(w shell.Word) bool {
		return strings.HasPrefix(w.Value, "--preserve-env") || strings.HasPrefix(w.Value, "-") && !strings.HasPrefix(w.Value, "--") && strings.Contains(w.Value, "E")
	}
	return len(words) > 0 && !slices.ContainsFunc(words, keeps)
}

// elsewhere reports whether a call goes to a service that is not AWS.
func elsewhere(c *shell.Call) bool {
	for _, option := range []string{"--endpoint-url", "--endpoint", "--host"} {
		if w, ok := c.Option(option); ok && (option != "--host" || c.Name() == "s3cmd") {
			return !atAWS(w.Value)
		}
	}
	return false
}

// atAWS reports whether the address of a service names a host of AWS.
func atAWS(address string) bool { return strings.Contains(address, "amazonaws.com") }

// profileOption is the profile that a call is given, "" for none.
func profileOption(s *scope, c *shell.Call, given map[string]value) string {
	for _, option := range []string{"--profile", "--aws-profile"} {
		w, ok := c.Option(option)
		if !ok {
			continue
		}
		if name := variableIn(w.Text); name != "" {
			if v := s.lookup(name, given); v.origin == literal {
				return v.text
			}
		}
		return w.Value
	}
	return ""
}

// bystanders may name the keys without handing them to anybody.
var bystanders = []string{"", ":", "[", "[[", "test", "export", "unset", "declare", "typeset", "local", "readonly", "read", "printenv", "grep", "echo", "printf", "cat", "tee", "set"}

// copies reports whether a call hands the keys on by their names, and whether the session token goes with them.
func copies(c *shell.Call) (found, whole bool) {
	if slices.Contains(bystanders, c.Name()) || c.IsAWS("configure") {
		return false, false
	}
	for _, w := range c.Words {
		found = found || strings.Contains(w.Text, secretVar)
		whole = whole || strings.Contains(w.Text, tokenVar)
	}
	return found && !c.Inner, whole
}
