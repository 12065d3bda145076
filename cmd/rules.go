package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cfgfix/fixes"
)

// rulesOptions are the arguments of cfgfix rules.
type rulesOptions struct {
	io  *streams
	all []*fixes.Rule
	id  string // "" for the list
	// page is the full text about a rule, when it has one.
	page func(id string) (string, bool)
}

func newRules(io *streams) *cobra.Command {
	o := &rulesOptions{io: io, all: fixes.All(), page: fixes.Doc}
	return &cobra.Command{
		Use:   "rules [ID]",
		Short: "List the rules, or tell all about one",
		Long: `rules lists the rules with their groups, or tells all about one. --select and --ignore take ids and groups; the group
all has every rule.`,
		Example: `  cfgfix rules                   # list them
  cfgfix rules ecr-image-auth    # what it finds, why, an example, how safe the fix is`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("rules: takes one ID, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return o.ids(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return o.list()
			}
			o.id = args[0]
			return o.show()
		},
	}
}

func (o *rulesOptions) ids() []string {
	ids := make([]string, len(o.all))
	for i, r := range o.all {
		ids[i] = r.ID
	}
	return ids
}

// list prints the table of all rules.
func (o *rulesOptions) list() error {
	w := tabwriter.NewWriter(o.io.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tGROUP\tSEVERITY\tSAFETY\tTITLE")
	for _, r := range o.all {
		title := r.Title
		if r.Off {
			title += " (off by default)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.ID, fixes.RuleGroup(r.ID), r.Severity, r.Safety, title)
	}
	return w.Flush()
}

// show prints one rule: what the table knows, then its page.
func (o *rulesOptions) show() error {
	if err := knownWord("rules", o.id, o.ids()); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range o.all {
		if r.ID == o.id {
			describe(&b, r)
		}
	}
	if page, ok := o.page(o.id); ok {
		b.WriteString("\n" + strings.TrimSpace(page) + "\n")
	}
	_, err := fmt.Fprint(o.io.out, b.String())
	return err
}

func describe(b *strings.Builder, r *fixes.Rule) {
	fmt.Fprintf(b, "%s: %s\n\n", r.ID, r.Title)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "%-12s%s\n", name, value)
		}
	}
	row("Group", fixes.RuleGroup(r.ID))
	row("Severity", r.Severity.String())
	row("Confidence", r.Confidence.String())
	row("Safety", r.Safety.String())
	var facts []string
	for _, k := range fixes.FactsOf(r.ID) {
		facts = append(facts, k.Name)
	}
	row("Facts", strings.Join(facts, ", "))
	row("CWE", strings.Join(r.CWE, ", "))
	row("Since", r.Since)
	if r.Off {
		row("Default", "off; turn it on with --select "+r.ID)
	}
}
