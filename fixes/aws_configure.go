package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// dialogueDecides is why keys that aws configure is told in a dialogue are left to people.
const dialogueDecides = "aws configure reads the keys from its input, which no edit takes out: put a setup with the role in its place"

// scanDialogues finds keys that a script gives to aws configure as the answers to its questions.
func (v *awsView) scanDialogues(s *circle.Step, facts *stepFacts) []*keyForm {
	var out []*keyForm
	for _, c := range facts.script().Calls() {
		answers, ok := dialogue(facts.script(), c)
		if !ok {
			continue
		}
		f := &keyForm{
			kind: configureForm, owner: s.Owner(), step: s, node: facts.text, span: spanIn(facts.text, c.Span), stays: true,
			root: isolated(c, keyVars[0]), blocker: dialogueDecides,
		}
		profile, _ := c.Option("--profile")
		if !f.describe([2]keySource{classify(answers[0]), classify(answers[1])}, profileName(profile.Value)) {
			continue
		}
		f.message = fmt.Sprintf("aws configure is told AWS keys, from %s, on its standard input", f.origin())
		out = append(out, f)
	}
	return out
}

// dialogue are the answers that a call of aws configure without a subcommand reads for the key and its secret. ok is
// false for another call, and for one that nothing answers.
func dialogue(script *shell.Script, c *shell.Call) (answers [2]string, ok bool) {
	if !c.IsAWS("configure") || len(c.AWS(2)) > 1 {
		return answers, false
	}
	lines, ok := script.Input(c)
	if len(lines) == 0 {
		return [2]string{"$(cat)"}, ok // what it reads is not in sight
	}
	text := strings.ReplaceAll(shell.Write{Lines: lines}.Text(), `\n`, "\n") // the echo of some shells takes escapes as it is
	for i, line := range strings.Split(text, "\n") {
		if i < len(answers) {
			answers[i] = strings.TrimSpace(line)
		}
	}
	return answers, ok
}

// choosesByDialogue reports whether the script gives aws configure a key: an empty answer keeps what is there.
func choosesByDialogue(script *shell.Script) bool {
	return slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool {
		answers, ok := dialogue(script, c)
		return ok && answers[0] != ""
	})
}
