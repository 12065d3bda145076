package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// otherVars are the variables by which a job gives AWS tools credentials, or a service, of its own choice. A call behind
// one of them is not one that shows no credentials.
var otherVars = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE",
	"AWS_CONFIG_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
}

// ownChoice reports whether a variable with this value is such a choice: one of otherVars, or a key that is none, or that a
// command makes: beside it the session token of a setup in front would be wrong.
func ownChoice(name string, source keySource, empty bool) bool {
	switch {
	case empty:
		return false
	case slices.Contains(otherVars, name) || strings.HasPrefix(name, "AWS_ENDPOINT_URL"):
		return true
	default:
		return name == keyIDVar && slices.Contains([]sourceKind{noSource, otherSource, namedSource}, source.kind)
	}
}

// choosesEnvironment reports whether an environment makes such a choice. A service of AWS itself is none.
func choosesEnvironment(env circle.Environments) bool {
	return slices.ContainsFunc(env.Vars(), func(x circle.Var) bool {
		aws := strings.HasPrefix(x.Name, "AWS_ENDPOINT_URL") && atAWS(x.Text)
		profile := strings.HasSuffix(x.Name, "PROFILE") && x.Text == "default"
		return ownChoice(x.Name, classify(x.Text), x.Text == "" || x.Value.IsNull()) && !aws && !profile
	})
}

// choosesHere reports whether a script makes such a choice for its own calls, by an assignment, be it in a text that is
// evaluated.
func choosesHere(script *shell.Script) bool {
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		if c.Name() == "eval" && slices.ContainsFunc(c.Args(), func(w shell.Word) bool { return strings.Contains(w.Text, keyIDVar+"=") }) {
			return true
		}
		return slices.ContainsFunc(c.Assigns, func(a shell.Assign) bool {
			aws := strings.HasPrefix(a.Name, "AWS_ENDPOINT_URL") && atAWS(a.Value.Value)
			return !a.Naked && !aws && ownChoice(a.Name, classifyWord(a.Value), a.Value.Text == "" || a.Value.Static && a.Value.Value == "")
		})
	})
}

// choosesLater reports whether a script makes such a choice for the steps behind it: by $BASH_ENV, by the files in
// ~/.aws, or with aws configure.
func choosesLater(script *shell.Script) bool {
	for _, e := range script.BashEnv() {
		if ownChoice(e.Name, classifyWord(e.Value), e.Value.Text == "") {
			return true
		}
	}
	for _, w := range script.Writes() {
		file := strings.TrimSuffix(w.File.Value, "/")
		if strings.HasSuffix(file, ".aws/credentials") || strings.HasSuffix(file, ".aws/config") && choosesText(w.Text()) {
			return true
		}
	}
	return slices.ContainsFunc(script.Calls(), choosesByCall) || choosesByDialogue(script)
}

// choosesText reports whether settings of ~/.aws/config say where credentials come from.
func choosesText(text string) bool {
	return slices.ContainsFunc([]string{"web_identity_token_file", "credential_process", "sso_", "aws_access_key_id", "credential_source", "source_profile"},
		func(setting string) bool { return strings.Contains(text, setting) })
}

// copiers are programs that put files where their last argument says.
var copiers = []string{"cp", "mv", "ln", "rsync", "install", "tar", "unzip"}

// choosesByCall reports whether a call puts a file of credentials in its place, or sets one up.
func choosesByCall(c *shell.Call) bool {
	args := c.Args()
	for _, r := range c.Redirects {
		if strings.Contains(r.Op, ">") && strings.HasSuffix(r.Target.Value, ".aws/credentials") {
			return true
		}
	}
	if _, name, value := configured(c); name != "" {
		return choosesText(name) && (name != "aws_access_key_id" || classifyWord(value).kind == noSource)
	}
	if !slices.Contains(copiers, c.Name()) || len(args) == 0 {
		return false
	}
	to := strings.TrimSuffix(args[len(args)-1].Value, "/")
	return strings.HasSuffix(to, ".aws") || strings.Contains(to, ".aws/")
}

// keyParametersElsewhere reports whether an element's key parameters come from a merge, where an edit of the element's
// own arguments does not reach them.
func (x *elementUse) keyParametersElsewhere() bool {
	if x.release == nil || x.args.Kind() != rewrite.Mapping {
		return false
	}
	for _, name := range []string{x.release.KeyID, x.release.Secret} {
		if name != "" && x.args.Get(name).Exists() && !x.args.Own(name).Exists() {
			return true
		}
	}
	return false
}
