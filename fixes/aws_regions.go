package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/shell"
)

// regionVar is the variable that setup steps read the region from, and that beats the region of a profile.
const regionVar = "AWS_DEFAULT_REGION"

// configuredRegion is a region that a script puts into a profile in ~/.aws.
type configuredRegion struct {
	profile string // "" for the default
	text    string // as a setup step takes it; "" when it cannot be read
}

// regionsBefore are the regions, each once, that steps in front of the unit's setups configure for these profiles, "" for
// one that cannot be read. A variable beats what is configured, so that there is nothing to keep then.
func (u *awsUnit) regionsBefore(profiles ...string) []string {
	var out []string
	if _, ok := u.environments().Lookup(regionVar); ok {
		return nil
	}
	for _, x := range u.visits[:u.lastSetup()] {
		script := x.facts.script()
		if script == nil {
			continue
		}
		if slices.ContainsFunc(script.BashEnv(), func(e shell.EnvVar) bool { return e.Name == regionVar }) {
			return nil
		}
		for _, r := range configuredRegions(script) {
			if slices.Contains(profiles, r.profile) && !slices.Contains(out, r.text) {
				out = append(out, r.text)
			}
		}
	}
	return out
}

// firstSetup is the index of the visit that the unit's first setup stands in front of, 0 when there is none.
func (u *awsUnit) firstSetup() int {
	return max(slices.IndexFunc(u.visits, func(x awsVisit) bool { return u.hasSite(x.Step) }), 0)
}

// lastSetup is that of the last one.
func (u *awsUnit) lastSetup() int {
	for i, x := range slices.Backward(u.visits) {
		if u.hasSite(x.Step) {
			return i
		}
	}
	return 0
}

// configuredRegions are the regions that a script configures. A file that it gets from elsewhere may hold one.
func configuredRegions(script *shell.Script) []configuredRegion {
	out := writtenRegions(script)
	for _, c := range script.Calls() {
		if profile, name, value := configured(c); name == "region" {
			out = append(out, configuredRegion{profile, regionOf(script, value.Text)})
		}
		if takesConfig(script, c) {
			out = append(out, configuredRegion{})
		}
	}
	return out
}

// writtenRegions are the regions in what a script writes to ~/.aws/config.
func writtenRegions(script *shell.Script) []configuredRegion {
	var out []configuredRegion
	profile := ""
	for _, w := range script.Writes() {
		if !strings.HasSuffix(w.File.Value, ".aws/config") {
			continue
		}
		for _, l := range w.Lines {
			if section, ok := strings.CutPrefix(strings.TrimSpace(l.Text), "["); ok {
				profile = profileName(strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(section, "]"), "profile ")))
			}
			if name, value, _ := strings.Cut(l.Text, "="); strings.TrimSpace(name) == "region" {
				out = append(out, configuredRegion{profile, regionOf(script, strings.TrimSpace(value))})
			}
		}
	}
	return out
}

// configured is the setting that an aws configure set makes, wherever its options stand; "" for another call.
func configured(c *shell.Call) (profile, name string, value shell.Word) {
	words := c.AWS(5)
	if len(words) != 4 || !c.IsAWS("configure", "set") {
		return "", "", value
	}
	profile, name = settingOf(c, words[2].Value)
	return profile, name, words[3]
}

// regionOf is a region as a setup step takes it, "" for one that only the script itself knows.
func regionOf(script *shell.Script, text string) string {
	text = strings.Trim(text, `"'`)
	s := classify(text)
	assigned := func(m shell.Mention) bool { return m.Kind == shell.Assigned }
	if s.kind == varSource && !slices.ContainsFunc(script.Mentions(s.text), assigned) {
		return "${" + s.text + "}"
	}
	return plain(text)
}

// takesConfig reports whether a call puts settings into ~/.aws whose text is not in sight.
func takesConfig(script *shell.Script, c *shell.Call) bool {
	config := func(path string) bool {
		return strings.HasSuffix(path, ".aws/config") || strings.HasSuffix(strings.TrimSuffix(path, "/"), ".aws")
	}
	if args := c.Args(); len(args) > 0 && slices.Contains(copiers, c.Name()) {
		return config(args[len(args)-1].Value)
	}
	inSight := slices.ContainsFunc(script.Writes(), func(w shell.Write) bool { return w.Call == c })
	out := c.Stdout()
	return out.To == shell.ToFile && config(out.File.Value) && !inSight && len(c.Args()) > 0
}
