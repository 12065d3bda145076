package fixes

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// credentialsFile is what a script writes into the AWS tools' credentials file.
type credentialsFile struct {
	parts    []shell.Span // the statements that write it
	profiles []string
	sources  [2]keySource
	region   string
	other    bool // it holds settings that are no keys
}

// readCredentialsFile collects the lines that a script writes to a file whose path ends so. It is nil when there are none.
func readCredentialsFile(script *shell.Script, path string) *credentialsFile {
	f := &credentialsFile{}
	for _, w := range script.Writes() {
		if !strings.HasSuffix(w.File.Value, path) {
			continue
		}
		if !slices.Contains(f.parts, w.Outer) { // a group with one redirection goes as a whole
			f.parts = append(f.parts, w.Outer)
		}
		for _, line := range strings.Split(w.Text(), "\n") {
			f.readLine(strings.TrimSpace(line))
		}
	}
	if len(f.parts) == 0 {
		return nil
	}
	return f
}

func (f *credentialsFile) readLine(line string) {
	if name, ok := strings.CutPrefix(line, "["); ok {
		f.profiles = append(f.profiles, strings.TrimSuffix(name, "]"))
		return
	}
	name, value, ok := strings.Cut(line, "=")
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	switch strings.TrimSpace(name) {
	case "aws_access_key_id":
		f.sources[0] = classify(value)
	case "aws_secret_access_key":
		f.sources[1] = classify(value)
	case "region":
		f.region = value
	case "aws_session_token":
	default:
		f.other = f.other || ok
	}
}

// scanFile finds keys that a script writes into the credentials file, or else into the config file.
func (v *awsView) scanFile(s *circle.Step, facts *stepFacts) *keyForm {
	if f := v.scanFileAt(s, facts, ".aws/credentials"); f != nil {
		return f
	}
	f := v.scanFileAt(s, facts, ".aws/config")
	if f != nil {
		f.blocker = orElse(f.blocker, "the keys stand in the config file, beside other settings or for a tool that looks for them there")
	}
	return f
}

func (v *awsView) scanFileAt(s *circle.Step, facts *stepFacts, path string) *keyForm {
	file := readCredentialsFile(facts.script, path)
	if file == nil {
		return nil
	}
	f := &keyForm{kind: fileForm, owner: s.Owner(), step: s, node: facts.text, stays: true, parts: file.parts, region: file.region}
	profile := ""
	if len(file.profiles) > 0 {
		profile = profileName(file.profiles[0])
	}
	if !f.describe(file.sources, profile) {
		return nil
	}
	switch {
	case len(file.profiles) > 1:
		f.blocker = "the file holds several profiles: each needs a role of its own"
	case file.other:
		f.blocker = "the file holds settings beside the keys"
	}
	f.parts = append(f.parts, v.aroundFile(facts.script)...)
	f.span = spanIn(facts.text, file.parts[0])
	f.message = fmt.Sprintf("the script writes AWS keys, from %s, into ~/%s", f.origin(), path)
	return f
}

// aroundFile are the statements that only make room for the credentials file: its directory, which the orb makes too,
// and its mode.
func (v *awsView) aroundFile(script *shell.Script) []shell.Span {
	var out []shell.Span
	needed := writesConfig(script) || v.webIdentity() && bytes.Contains(v.p.File.Source(), []byte(".aws/config"))
	for _, c := range script.Calls() {
		last := ""
		if n := len(c.Args()); n > 0 {
			last = strings.TrimSuffix(c.Args()[n-1].Value, "/")
		}
		dir := slices.Contains([]string{"mkdir", "chmod", "touch", "rm"}, c.Name()) && strings.HasSuffix(last, "/.aws")
		if dir && !needed || c.Name() != "mkdir" && slices.Contains([]string{"chmod", "touch", "rm"}, c.Name()) && strings.HasSuffix(last, ".aws/credentials") {
			out = append(out, c.Stmt)
		}
	}
	return out
}

// writesConfig reports whether the script needs the directory for another file.
func writesConfig(script *shell.Script) bool {
	return slices.ContainsFunc(script.Writes(), func(w shell.Write) bool { return strings.HasSuffix(w.File.Value, ".aws/config") })
}

// scanTools finds keys that a script hands to a tool on its command line.
func (v *awsView) scanTools(s *circle.Step, facts *stepFacts) []*keyForm {
	var out []*keyForm
	for _, c := range facts.script.Calls() {
		f := &keyForm{kind: toolForm, step: s, node: facts.text}
		var sources [2]keySource
		switch {
		case c.Is("serverless", "config", "credentials"), c.Is("sls", "config", "credentials"):
			sources = [2]keySource{optionSource(c, "--key", "-k"), optionSource(c, "--secret", "-s")}
			f.parts, f.stays = []shell.Span{c.Stmt}, true
		case c.Is("ecs-cli", "configure", "profile"):
			sources = [2]keySource{optionSource(c, "--access-key"), optionSource(c, "--secret-key")}
			f.blocker, f.stays = "the tool keeps the keys for itself", true
		case c.Name() == "s3cmd" && !otherHost(c):
			sources = [2]keySource{optionSource(c, "--access_key"), optionSource(c, "--secret_key")}
			f.blocker = "s3cmd takes the keys as options, and whether it takes a session token as well is not known"
		case c.Name() == "docker" && c.Has("build") || c.Is("docker", "buildx", "build"):
			if sources = buildArguments(c); sources[0].kind != noSource {
				f.blocker = "the keys go into a docker build as arguments: use a BuildKit secret"
			}
		}
		if sources[0].kind == noSource || !f.describe(sources, "") {
			continue
		}
		f.owner, f.span = s.Owner(), spanIn(facts.text, c.Span)
		f.message = fmt.Sprintf("%s is given AWS keys, from %s", callTitle(c), f.origin())
		out = append(out, f)
	}
	return out
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
	return ok && !strings.Contains(host.Value, "amazonaws.com")
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
