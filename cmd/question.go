package cmd

import (
	"context"
	"fmt"
	"strings"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// question is what a person is asked about one finding.
type question struct {
	*walk
	file    *walkedFile
	finding *fixes.Result
	applies bool // the fix can be applied
}

// answers are what can be said to a question, by its first letter.
var answers = [...]struct {
	word, help string
	applies    bool // only where the fix can be applied
	do         func(*question, context.Context) (settled bool, err error)
}{
	{"yes", "apply this fix", true, (*question).yes},
	{"no", "leave it", false, (*question).no},
	{"all", "apply this fix and all further ones of its rule", true, (*question).yesToAll},
	{"ignore", "write a comment that ignores it, with a reason", false, (*question).ignore},
	{"edit", "give a fact for this run, and ask again", false, (*question).edit},
	{"quit", "ask no more", false, (*question).quit},
}

// ask takes one answer. settled says that the question is done with.
func (q *question) ask(ctx context.Context) (settled bool, err error) {
	prompt := "Apply this fix?"
	if !q.applies {
		prompt = "What about it?"
	}
	var letters []string
	for _, a := range answers {
		if q.applies || !a.applies {
			letters = append(letters, a.word[:1])
		}
	}
	text, err := q.line(ctx, fmt.Sprintf("%s [%s,?] ", prompt, strings.Join(letters, ",")))
	if err != nil {
		return false, err
	}
	for _, a := range answers {
		if text != "" && strings.HasPrefix(a.word, strings.ToLower(text)) && (q.applies || !a.applies) {
			return a.do(q, ctx)
		}
	}
	q.help()
	return false, nil
}

func (q *question) help() {
	for _, a := range answers {
		if q.applies || !a.applies {
			q.say("%s  %s", a.word[:1], a.help)
		}
	}
}

func (q *question) say(format string, args ...any) {
	fmt.Fprintln(q.io.err, "  "+report.Visible(fmt.Sprintf(format, args...)))
}

func (q *question) choose(c fixes.Choice) { q.file.choices[q.finding.Key()] = c }

func (q *question) yes(context.Context) (settled bool, err error) {
	q.choose(fixes.Choice{})
	return true, nil
}

func (q *question) no(context.Context) (settled bool, err error) {
	q.choose(fixes.Choice{Skip: true})
	return true, nil
}

func (q *question) yesToAll(ctx context.Context) (settled bool, err error) {
	q.all[q.finding.Rule.ID] = true
	return q.yes(ctx)
}

func (q *question) quit(context.Context) (settled bool, err error) { return false, errQuit }

// ignore takes a reason, and makes sure that a comment with it does what it should.
func (q *question) ignore(ctx context.Context) (settled bool, err error) {
	text, err := q.line(ctx, "Reason: ")
	if err != nil {
		return false, err
	}
	reason := fixes.CleanReason(text)
	if reason == "" {
		q.say("a comment needs a reason; nothing was chosen")
		return false, nil
	}
	q.choose(fixes.Choice{Ignore: reason})
	for _, x := range q.with(q.file).Result.Results {
		if x.Key() == q.finding.Key() && x.Status != fixes.Suppressed {
			delete(q.file.choices, q.finding.Key())
			q.say("it cannot be ignored by a comment: %s", x.Why)
			return false, nil
		}
	}
	return true, nil
}

// edit takes a fact: KEY=VALUE, or the value alone of the one that is missing.
func (q *question) edit(ctx context.Context) (settled bool, err error) {
	prompt, missing := "Fact, as KEY=VALUE: ", ""
	if needs := q.finding.Fix.Needs; len(needs) == 1 {
		missing = needs[0].Key
		prompt = missing + " = "
	}
	text, err := q.line(ctx, prompt)
	if err != nil || text == "" {
		return false, err
	}
	key, value, ok := strings.Cut(text, "=")
	if _, known := fixes.FactKeyOf(strings.TrimSpace(key)); missing != "" && (!ok || !known) {
		key, value, ok = missing, text, true
	}
	if !ok {
		q.say("%s: no value; write %s=VALUE", key, key)
		return false, nil
	}
	given := q.file.facts
	if err := given.Set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
		q.say("%v", err)
		return false, nil
	}
	return true, q.use(given)
}

// use makes facts hold for this file and those to come, and shows what that does to what was chosen before.
func (q *question) use(given fixes.Facts) error {
	q.file.facts, q.choice.facts = given, given
	diff, err := difference(q.file, q.with(q.file).Result)
	if err != nil || len(diff) == 0 {
		return err
	}
	q.say("what was chosen before in this file changes with it:")
	return report.Diff(q.io.err, &report.File{Patch: diff, Result: q.file.now.Result}, q.redact, q.colored(q.io.errTTY))
}
