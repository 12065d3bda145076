package fixes

import (
	"maps"
	"slices"
)

// plannedRules are the ids that users may name whether or not this version has the rule, with the group of each. One
// settings file is shared by many versions of the tool: an id that a newer or older one knows must not stop this one.
// The id suppression is that of findings about suppression comments; it belongs to no group.
var plannedRules = map[string]string{
	"allowlisted-network":  "ip-ranges",
	"aws-implicit-keys":    "oidc",
	"aws-static-keys":      "oidc",
	"azure-static-secret":  "oidc",
	"ecr-image-auth":       "oidc",
	"gcp-image-auth":       "oidc",
	"gcp-static-keys":      "oidc",
	"inline-secret":        "contexts",
	"internal-network":     "runner",
	"missing-context":      "contexts",
	"publish-token":        "oidc",
	"suppression":          "",
	"unrestricted-context": "contexts",
	"vault-static-token":   "oidc",
}

// allRules is the group of every rule.
const allRules = "all"

// RuleIDs are the ids that settings and flags may name, sorted: those of All and those planned.
func RuleIDs() []string {
	ids := slices.Collect(maps.Keys(plannedRules))
	for _, r := range All() {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// RuleGroup is the group of a rule, "" when it is in none but that of all rules.
func RuleGroup(id string) string { return plannedRules[id] }

// RuleGroups are the names that stand for several rules, sorted.
func RuleGroups() []string {
	groups := []string{allRules}
	for _, g := range plannedRules {
		if g != "" {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// ResolveRules are the ids that ids and names of groups stand for, sorted and each once. The error is a *SettingsError
// that has the nearest name.
func ResolveRules(names []string) ([]string, error) {
	known, out := ruleNameType(), []string(nil)
	for _, name := range names {
		if fault := known.fault("", "", name); fault != nil {
			return nil, fault
		}
		for _, id := range RuleIDs() {
			if name == id || name == allRules || name == plannedRules[id] {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func ruleType() *valueType {
	return &valueType{name: "rule", want: "the id of a rule", words: RuleIDs(), noun: "rule"}
}

func ruleNameType() *valueType {
	return &valueType{name: "rule-name", want: "the id of a rule or the name of a group", words: append(RuleIDs(), RuleGroups()...), noun: "rule"}
}
