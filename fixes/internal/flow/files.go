package flow

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// awsFile reports whether a word names one of the files that hold profiles.
func awsFile(w shell.Word) bool {
	return credentialsFile(w) || strings.HasSuffix(w.Value, ".aws/config")
}

func credentialsFile(w shell.Word) bool { return strings.HasSuffix(w.Value, ".aws/credentials") }

// write takes up what a script writes to $BASH_ENV or to a file with profiles.
func (in *interpreter) write(w shell.Write, s *scope, given map[string]value) {
	switch {
	case w.File.IsVar("BASH_ENV"):
		in.toBashEnv(w, s, given)
	case awsFile(w.File):
		if !w.Append {
			s.section = ""
		}
		owner := func(name string) string { return name }
		if rootsFile(w) {
			owner = rootProfile
		}
		for _, l := range w.Lines {
			s.profileLine(l.Text, owner, given)
		}
	}
}

// rootsFile reports whether sudo writes the file into root's home directory.
func rootsFile(w shell.Write) bool {
	absolute := strings.HasPrefix(w.File.Value, "/root/")
	next := w.Call.Next()
	switch {
	case w.Call.Wrapper("sudo") != nil:
		return absolute || w.Call.Inner
	case next != nil && next.Name() == "tee" && next.Wrapper("sudo") != nil:
		return absolute
	}
	return false
}

// toBashEnv takes up lines for later steps. Variables that the line expands when it is written, and those that are
// expanded when it is read, make no difference to whose keys they are.
func (in *interpreter) toBashEnv(w shell.Write, s *scope, given map[string]value) {
	for _, l := range w.Lines {
		script := in.scripts.Parse(l.Text)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			if c.Substitution {
				continue
			}
			if c.Name() == "unset" {
				for _, name := range c.Args() {
					s.bash[name.Value] = value{origin: unset}
				}
			}
			for _, a := range c.Assigns {
				if !a.Naked && !prefixed(c) {
					s.bash[a.Name] = textOrAssumed(a.Value, s, given)
				}
			}
		}
	}
}

func textOrAssumed(w shell.Word, s *scope, given map[string]value) value {
	if v, ok := loginOutput(w.Text, s, given); ok {
		return v
	}
	if len(w.Vars) > 0 {
		for _, name := range w.Vars {
			if v := s.lookup(name, given); v.origin == chained || v.origin == session || v.origin == federated {
				return v
			}
		}
	}
	return textValue(w.Value, s, given)
}

// profileLine takes up a line of ~/.aws/credentials or ~/.aws/config.
// owner says under which name its profile is kept.
func (s *scope) profileLine(line string, owner func(string) string, given map[string]value) {
	line = strings.TrimSpace(line)
	if section, ok := strings.CutPrefix(line, "["); ok {
		s.section = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(section, "]"), "profile "))
		return
	}
	if name, text, ok := strings.Cut(line, "="); ok {
		section := s.section
		if section == "" {
			section = "default"
		}
		s.setting(owner(section), strings.TrimSpace(name), strings.TrimSpace(text), given)
	}
}

// setting makes one setting of a profile.
func (s *scope) setting(section, name, text string, given map[string]value) {
	v := textValue(text, s, given)
	switch name {
	case "aws_access_key_id":
		s.setProfile(section, func(p *profile) { p.id = v })
	case "aws_secret_access_key":
		s.setProfile(section, func(p *profile) { p.secret = v })
	case "role_arn":
		s.setProfile(section, func(p *profile) { p.role = roleText(text) })
	case "web_identity_token_file":
		s.setProfile(section, func(p *profile) { p.web = true })
	}
}

// configure takes up what `aws configure` sets.
func (s *scope) configure(c *shell.Call, given map[string]value) {
	section := "default"
	if name := profileOption(s, c, given); name != "" {
		section = name
	}
	if asRoot(c) {
		section = rootProfile(section)
	}
	args := c.AWS(4)
	switch {
	case c.IsAWS("configure", "set") && len(args) >= 4:
		name := args[2].Value
		if rest, ok := strings.CutPrefix(name, "profile."); ok {
			section, name, _ = strings.Cut(rest, ".")
		} else if before, after, ok := strings.Cut(name, "."); ok {
			section, name = before, after
		}
		s.setting(section, name, args[3].Value, given)
	case c.IsAWS("configure", "import"):
		s.setProfile(anyProfile, func(p *profile) { p.keys = keys{value{opaque, "import"}, value{opaque, "import"}} })
	case c.IsAWS("configure") && !slices.ContainsFunc(c.Args(), func(w shell.Word) bool {
		return slices.Contains([]string{"set", "get", "list", "list-profiles", "sso", "export-credentials", "add-model", "help"}, w.Value)
	}):
		s.setProfile(section, func(p *profile) { p.keys = s.answers(c, given) })
	}
}

// answers are the keys that are piped into `aws configure`, which asks for them one after the other.
func (s *scope) answers(c *shell.Call, given map[string]value) keys {
	var names []string
	if prev := c.Prev(); prev != nil {
		_, names = prev.Prints()
	}
	for _, r := range c.Redirects {
		names = append(names, r.Body.Vars...)
		if r.Op == "<<<" {
			names = append(names, r.Target.Vars...)
		}
	}
	if len(names) < 2 {
		return keys{value{opaque, "aws configure"}, value{opaque, "aws configure"}}
	}
	return keys{s.lookup(names[0], given).shown(), s.lookup(names[1], given).shown()}
}

// configureServerless takes up keys that the serverless framework writes to a profile.
func (s *scope) configureServerless(c *shell.Call, given map[string]value) {
	if len(c.Args()) < 2 || c.Args()[0].Value != "config" {
		return
	}
	section := "default"
	if name := profileOption(s, c, given); name != "" {
		section = name
	}
	for option, name := range map[string]string{"--key": "aws_access_key_id", "-k": "aws_access_key_id", "--secret": "aws_secret_access_key", "-s": "aws_secret_access_key"} {
		if w, ok := c.Option(option); ok {
			s.setting(section, name, w.Value, given)
		}
	}
}
