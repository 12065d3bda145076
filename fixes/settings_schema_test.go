package fixes

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaNode is as much of a schema as these tests look into.
type schemaNode struct {
	Ref               string                `json:"$ref"`
	Description       string                `json:"description"`
	Pattern           string                `json:"pattern"`
	Enum              []string              `json:"enum"`
	Type              any                   `json:"type"`
	Items             *schemaNode           `json:"items"`
	Properties        map[string]schemaNode `json:"properties"`
	PatternProperties map[string]schemaNode `json:"patternProperties"`
	Defs              map[string]schemaNode `json:"$defs"`
}

func loadSchema(t *testing.T) (schemaNode, *jsonschema.Schema) {
	t.Helper()
	var node schemaNode
	if err := json.Unmarshal(SettingsSchema(), &node); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SettingsSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("settings.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("settings.json")
	if err != nil {
		t.Fatal(err)
	}
	return node, compiled
}

// leaves maps each dotted name that the schema allows below node to the definitions it has: nested and dotted
// spellings must lead to the same one.
func (s schemaNode) leaves(defs map[string]schemaNode, node schemaNode, prefix string, out map[string]map[string]bool) {
	unpattern := strings.NewReplacer("^", "", "$", "", `\.`, ".", "[0-9]{12}", "<account>", "[a-z0-9-]+", "<rule>")
	all := maps.Clone(node.Properties)
	for p, child := range node.PatternProperties {
		if all == nil {
			all = map[string]schemaNode{}
		}
		all[unpattern.Replace(p)] = child
	}
	for name, child := range all {
		name = strings.TrimPrefix(prefix+"."+name, ".")
		def := strings.TrimPrefix(child.Ref, "#/$defs/")
		target := defs[def]
		if target.Properties != nil || target.PatternProperties != nil {
			s.leaves(defs, target, name, out)
			continue
		}
		if out[name] == nil {
			out[name] = map[string]bool{}
		}
		out[name][def] = true
	}
}

func TestSchemaHasTheKeysOfTheTable(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	got := map[string]map[string]bool{}
	schema.leaves(schema.Defs, schema.Defs["settings"], "", got)

	want := []string{"rules.ignore", "rules.select", "rules.severity", "rules.severity.<rule>"}
	for _, k := range FactKeys() {
		want = append(want, k.Name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("keys, -table +schema:\n%s", diff)
	}
	for _, k := range FactKeys() {
		defs := slices.Collect(maps.Keys(got[k.Name]))
		if len(defs) != 1 {
			t.Errorf("%s: want one definition, got %v", k.Name, defs)
			continue
		}
		def := schema.Defs[defs[0]]
		if def.Description != k.Doc {
			t.Errorf("%s: want the description %q, got %q", k.Name, k.Doc, def.Description)
		}
		if !k.List() && def.Ref != "#/$defs/"+k.Type {
			t.Errorf("%s: want the type %s, got %s", k.Name, k.Type, def.Ref)
		}
		if k.List() && def.Items == nil {
			t.Errorf("%s: want a list", k.Name)
		}
	}
}

func TestSchemaHasTheTypes(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	types := []*valueType{nameType, nameGlobType, pathGlobType, variableGlobType, hostType, severityType, ruleType(), ruleNameType()}
	for _, k := range factKeys {
		if k.value != nil {
			types = append(types, k.value)
		}
	}
	for _, typ := range types {
		def, ok := schema.Defs[typ.name]
		if !ok {
			t.Errorf("%s is not in the schema", typ.name)
		}
		if typ == booleanType || typ == durationType {
			continue // of another JSON type; the samples hold them
		}
		if diff := cmp.Diff(typ.words, def.Enum); diff != "" {
			t.Errorf("%s, words, -table +schema:\n%s", typ.name, diff)
		}
		if typ.pattern != nil && typ.pattern.String() != def.Pattern {
			t.Errorf("%s: want the pattern %s, got %s", typ.name, typ.pattern, def.Pattern)
		}
	}
}

func TestSchemaAndReaderAgree(t *testing.T) {
	t.Parallel()
	_, schema := loadSchema(t)
	tests := []struct {
		name string
		src  string
		good bool
	}{
		{"every key", fullSettings, true},
		{"version alone", `{"version": 1}`, true},
		{"no version", `{"aws.region": "eu-west-1"}`, false},
		{"other version", `{"version": 2}`, false},
		{"no mapping", `[1]`, false},
		{"empty sections", `{"version": 1, "aws": null, "aws.accounts": null, "rules": null, "exclude": null, "repos": {"a/*": null}}`, true},
		{"no value", `{"version": 1, "aws": {"region": null}}`, false},
		{"unknown key", `{"version": 1, "aws.rolearn": "$R"}`, false},
		{"unknown key in a section", `{"version": 1, "aws": {"rolearn": "$R"}}`, false},
		{"unknown key in an override", `{"version": 1, "repos": {"a/*": {"exclude": []}}}`, false},
		{"version in an override", `{"version": 1, "repos": {"a/*": {"version": 1}}}`, false},
		{"absolute glob of repos", `{"version": 1, "repos": {"/a": {}}}`, false},
		{"accounts, dotted in all ways", `{"version": 1, "aws.accounts.123456789012.role_arn": "$R", "aws.accounts": {"123456789013.role_arn": "$R"},
			"aws": {"accounts.123456789014": {"role_arn": "$R"}, "accounts": {"123456789015": {"role_arn": "$R"}}}}`, true},
		{"short account", `{"version": 1, "aws": {"accounts": {"12345": {"role_arn": "$R"}}}}`, false},
		{"malformed ARN", `{"version": 1, "aws.role_arn": "arn:aws:iam::1:role/ci"}`, false},
		{"duration", `{"version": 1, "aws.session_duration": 43200}`, true},
		{"long duration", `{"version": 1, "aws.session_duration": 43201}`, false},
		{"wrong word", `{"version": 1, "runner.kind": "docker"}`, false},
		{"server", `{"version": 1, "circleci": {"server": false}}`, true},
		{"server as a word", `{"version": 1, "circleci": {"server": "on"}}`, false},
		{"role without an ARN", `{"version": 1, "aws.roles": [{"jobs": ["a"]}]}`, false},
		{"empty selector", `{"version": 1, "aws.roles": [{"jobs": [], "role_arn": "$R"}]}`, false},
		{"context without variables", `{"version": 1, "contexts": [{"name": "a"}]}`, false},
		{"route without hosts", `{"version": 1, "network": {"routes": [{"route": "runner"}]}}`, false},
		{"list as a word", `{"version": 1, "network.internal": "a.example"}`, false},
		{"rules", `{"version": 1, "rules": {"ignore": ["all"], "severity.inline-secret": "low"}, "rules.severity": {"missing-context": "high"}}`, true},
		{"unknown rule", `{"version": 1, "rules": {"ignore": ["inline-secrets"]}}`, false},
		{"severity of an unknown rule", `{"version": 1, "rules": {"severity": {"inline-secrets": "low"}}}`, false},
		{"severity of a group", `{"version": 1, "rules.severity": {"oidc": "low"}}`, false},
		{"wrong level", `{"version": 1, "rules.severity": {"inline-secret": "none"}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, err := yaml.YAMLToJSON([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); (err == nil) != tt.good {
				t.Errorf("schema: want good %v, got %v", tt.good, err)
			}
			if _, err := ParseSettings("f.yml", []byte(tt.src)); (err == nil) != tt.good {
				t.Errorf("reader: want good %v, got %v", tt.good, err)
			}
		})
	}
}
