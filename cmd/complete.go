package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// completions give the shell what may stand where the cursor is. A description goes behind a tab.
type completions func(toComplete string) ([]string, cobra.ShellCompDirective)

// wordCompletion gives cobra's command completion our words, and an error for a shell that it does not know.
func wordCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c := command(root, "completion")
	c.Short = "Print a script that completes commands, flags, rules and facts in a shell"
	c.Long = c.Short + ".\nThe help of each shell tells where the script goes."
	var shells []string
	for _, shell := range c.Commands() {
		shell.Short = "Print the script for " + shell.Name()
		shells = append(shells, shell.Name())
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return knownWord("completion", args[0], shells)
	}
}

func completeFlag(c *cobra.Command, flag string, f completions) {
	complete := func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return f(toComplete)
	}
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the flag is not defined
	}
}

// oneOf completes a value that is one of some words.
func oneOf(words ...string) completions {
	return func(string) ([]string, cobra.ShellCompDirective) { return words, cobra.ShellCompDirectiveNoFileComp }
}

// formats completes the name of a report's format.
func formats(string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, f := range report.Formats() {
		out = append(out, f.Name+"\t"+f.Doc)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// ruleLists completes the last of several rules or groups that are separated by commas.
func ruleLists(toComplete string) ([]string, cobra.ShellCompDirective) {
	given := toComplete[:strings.LastIndexByte(toComplete, ',')+1]
	used := strings.Split(given, ",")
	var out []string
	for _, name := range ruleNames() {
		if slices.Contains(used, name) {
			continue
		}
		text := given + name
		if r := fixes.ByID(name); r != nil {
			text += "\t" + r.Title
		}
		out = append(out, text)
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// factSettings completes KEY=VALUE: the names of facts, and behind the sign the words that a fact may be.
func factSettings(toComplete string) ([]string, cobra.ShellCompDirective) {
	key, _, valued := strings.Cut(toComplete, "=")
	var out []string
	for _, k := range fixes.FactKeys() {
		switch {
		case k.List():
			continue
		case valued && k.Name == key:
			for _, word := range k.Words {
				out = append(out, key+"="+word)
			}
		case !valued:
			name, _, wild := strings.Cut(k.Name, "<") // what the user has to name comes from the user
			if !wild {
				name += "="
			}
			out = append(out, name+"\t"+k.Doc)
		}
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	if !valued {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return out, directive
}
