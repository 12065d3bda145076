package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// credentialsFile is what a script writes into the AWS tools' credentials file.
type credentialsFile struct {
	parts    []shell.Span // the statements that write it
	profiles []string
	sources  [2]keySource
	region   string
	other    bool // it holds settings that are no keys
	anew     bool // it is written again, with other keys for a profile
	root     bool // it is another user's
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
		f.root = f.root || ofOtherUser(script, w)
		for _, line := range strings.Split(w.Text(), "\n") {
			f.readLine(strings.TrimSpace(line))
		}
	}
	if len(f.parts) == 0 {
		return nil
	}
	return f
}

// ofOtherUser reports whether sudo writes a file into a home directory that is not the user's own. A tilde is expanded
// by the user's shell, but for one in a script that sudo runs.
func ofOtherUser(script *shell.Script, w shell.Write) bool {
	if w.Call.Inner && w.Call.Wrapper("sudo") != nil {
		return true
	}
	writer := callAround(script, w.File.Span)
	return writer != nil && writer.Wrapper("sudo") != nil && strings.HasPrefix(w.File.Value, "/") && !strings.HasPrefix(w.File.Value, "/home/circleci/")
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
		f.take(0, classifyText(value))
	case "aws_secret_access_key":
		f.take(1, classifyText(value))
	case "region":
		f.region = value
	case "aws_session_token":
	default:
		f.other = f.other || ok
	}
}

// take notes one of the two keys. A profile that is written anew, with others, has several pairs.
func (f *credentialsFile) take(i int, source keySource) {
	n := len(f.profiles)
	again := n > 1 && slices.Contains(f.profiles[:n-1], f.profiles[n-1])
	f.anew = f.anew || again && f.sources[i] != source
	f.sources[i] = source
}

// scanFile finds keys that a script writes into the credentials file, or else into one that the environment names
// instead, or into the config file.
func (v *awsView) scanFile(s *circle.Step, facts *stepFacts) *keyForm {
	if f := v.scanFileAt(s, facts, ".aws/credentials"); f != nil {
		return f
	}
	if path := sharedFile(s, facts.script()); path != "" {
		if f := v.scanFileAt(s, facts, path); f != nil {
			f.blocker = cmp.Or(f.blocker, sharedFileVar+" names the file, and it may serve more than the steps that are seen")
			return f
		}
	}
	f := v.scanFileAt(s, facts, ".aws/config")
	if f != nil {
		f.blocker = cmp.Or(f.blocker, "the keys stand in the config file, beside other settings or for a tool that looks for them there")
	}
	return f
}

// sharedFileVar is the variable that names a credentials file in another place.
const sharedFileVar = "AWS_SHARED_CREDENTIALS_FILE"

// sharedFile is the credentials file that a step's environment or its script names, "" for none.
func sharedFile(s *circle.Step, script *shell.Script) string {
	for _, c := range script.Calls() {
		for _, a := range c.Assigns {
			if a.Name == sharedFileVar && a.Value.Value != "" {
				return a.Value.Value
			}
		}
	}
	env := s.Environment()
	if j := s.Job(); j != nil {
		env = slices.Concat(env, j.EffectiveEnvironments())
	}
	x, _ := env.Lookup(sharedFileVar)
	return x.Text
}

func (v *awsView) scanFileAt(s *circle.Step, facts *stepFacts, path string) *keyForm {
	file := readCredentialsFile(facts.script(), path)
	if file == nil {
		return nil
	}
	f := &keyForm{kind: fileForm, owner: s.Owner(), step: s, node: facts.text, stays: true, root: file.root, parts: file.parts, region: file.region}
	profile := ""
	if len(file.profiles) > 0 {
		profile = profileName(file.profiles[0])
	}
	if !f.describe(file.sources, profile) {
		return nil
	}
	switch {
	case file.anew:
		f.blocker = severalPairs
	case len(file.profiles) > 1:
		f.blocker = "the file holds several profiles: each needs a role of its own"
	case file.other:
		f.blocker = "the file holds settings beside the keys"
	}
	f.parts = append(f.parts, v.aroundFile(facts.script())...)
	f.span = spanIn(facts.text, file.parts[0])
	if strings.HasPrefix(path, ".aws/") {
		path = "~/" + path
	}
	f.message = fmt.Sprintf("the script writes AWS keys, from %s, into %s", f.origin(), path)
	return f
}

// aroundFile are the statements that only make room for the credentials file: its directory, which the orb makes too,
// and its mode.
func (v *awsView) aroundFile(script *shell.Script) []shell.Span {
	var out []shell.Span
	needed := writesConfig(script) || v.webIdentity() && v.p.fileMentions(".aws/config")
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

// allowDirectory gives -p to each mkdir behind a new setup that makes ~/.aws: the setup has made it by then, and mkdir
// would end the step.
func (b *awsFix) allowDirectory() (refusal string) {
	if b.view.webIdentity() {
		return "" // which makes none
	}
	for _, u := range b.units {
		if !slices.ContainsFunc(u.sites, func(s site) bool { return !s.given }) {
			continue
		}
		for _, x := range u.visits[u.firstSetup():] {
			if x.facts.script() == nil {
				continue
			}
			for _, at := range plainMkdirs(x.facts.script(), b.removed[x.facts.text]) {
				b.fix.Ops = append(b.fix.Ops, shared(x.facts.text, rewrite.ReplaceText(x.facts.text, at, at, " -p"))...)
			}
		}
	}
	return ""
}

// plainMkdirs are the ends of each mkdir that fails where ~/.aws is there.
func plainMkdirs(script *shell.Script, removed []shell.Span) []int {
	var out []int
	directory := func(w shell.Word) bool { return strings.HasSuffix("/"+strings.TrimSuffix(w.Value, "/"), "/.aws") }
	for _, c := range script.Calls() {
		if c.Name() != "mkdir" || !slices.ContainsFunc(c.Args(), directory) || slices.ContainsFunc(c.Args(), makesParents) || goes(c.Span, removed) {
			continue
		}
		name := c.Leading()[len(c.Leading())-1]
		out = append(out, name.Span.End)
	}
	return out
}

// makesParents reports whether an argument of mkdir has it take a directory that is there.
func makesParents(w shell.Word) bool {
	letters, long := strings.CutPrefix(w.Value, "--")
	if long {
		return letters == "parents"
	}
	return strings.HasPrefix(w.Value, "-") && strings.Contains(w.Value, "p")
}
