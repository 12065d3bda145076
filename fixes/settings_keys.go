package fixes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// FactKey describes one fact to users.
type FactKey struct {
	Name    string   // dotted; a part in angle brackets stands for a word of the user's
	Type    string   // of its value, such as role-arn; list for a fact that only a settings file can give
	Words   []string // all legal values, when these are few
	Example string   // a value as --set takes it; of a list, the YAML
	Doc     string   // what it is for and what holds without it; no period
}

// List reports whether the fact is a list, which --set does not take.
func (k FactKey) List() bool { return k.Type == "list" }

// factKey is a FactKey with what it does to Facts. Of a list, read is set; of all others, value and set.
type factKey struct {
	FactKey
	wild  *valueType // of the part in angle brackets, which set gets as word
	value *valueType
	set   func(f *Facts, word, text string)
	read  func(r *settingsReader, n rewrite.Node, key string, f *Facts) error
	merge func(f, over *Facts) // makes f's value over's, if that is given
}

// factKeys is the one table of facts: for settings, --set, help texts, the search for the nearest key and the schema.
var factKeys = []factKey{
	listKey("aws.roles", "[{jobs: [deploy-*], role_arn: arn:aws:iam::123456789012:role/deploy}]",
		"Roles by job, context, key variable and profile; the first whose given selectors all match beats every other fact about roles",
		readRole, func(f *Facts) *[]RoleFact { return &f.AWS.Roles }),
	textKey("aws.role_arn", roleARNType, "arn:aws:iam::123456789012:role/ci",
		"Role that jobs assume with their OIDC token; without it ${AWS_OIDC_ROLE_ARN}, or the same with the prefix or suffix of the key variables",
		func(f *Facts) *string { return &f.AWS.RoleARN }),
	accountRoleKey(),
	textKey("aws.region", regionType, "eu-west-1",
		"Region of the setup step; one that the job configures in ~/.aws is kept instead",
		func(f *Facts) *string { return &f.AWS.Region }),
	textKey("aws.session_duration", durationType, "3600",
		"Seconds that a session lasts; without it the orb's default",
		func(f *Facts) *string { return &f.AWS.SessionDuration }),
	textKey("aws.method", methodType, "orb",
		"How a role is assumed: with the aws-cli orb, or with the AWS CLI's web identity alone; without it orb in configs of version 2.1",
		func(f *Facts) *string { return &f.AWS.Method }),
	textKey("ecr.role_arn", roleARNType, "arn:aws:iam::123456789012:role/ecr-pull",
		"Role that pulls the images of docker executors from ECR",
		func(f *Facts) *string { return &f.ECR.RoleARN }),
	textKey("gcp.project_number", projectNumberType, "123456789012",
		"Number of the Google Cloud project that holds the workload identity pool",
		func(f *Facts) *string { return &f.GCP.ProjectNumber }),
	textKey("gcp.pool", poolType, "circleci",
		"Id of the workload identity pool",
		func(f *Facts) *string { return &f.GCP.Pool }),
	textKey("gcp.provider", poolType, "circleci-oidc",
		"Id of the provider in the workload identity pool",
		func(f *Facts) *string { return &f.GCP.Provider }),
	textKey("gcp.service_account", serviceAccountType, "ci@acme-prod.iam.gserviceaccount.com",
		"Address of the service account that jobs act as",
		func(f *Facts) *string { return &f.GCP.ServiceAccount }),
	textKey("vault.address", urlType, "https://vault.example.com:8200",
		"Address of the Vault server",
		func(f *Facts) *string { return &f.Vault.Address }),
	textKey("vault.role", vaultNameType, "ci",
		"Role of Vault's JWT auth method that jobs log in as",
		func(f *Facts) *string { return &f.Vault.Role }),
	textKey("vault.auth_path", vaultPathType, "jwt",
		"Where the JWT auth method is mounted; without it jwt",
		func(f *Facts) *string { return &f.Vault.AuthPath }),
	textKey("azure.client_id", uuidType, "11111111-2222-3333-4444-555555555555",
		"Client (application) id of the identity with the federated credential",
		func(f *Facts) *string { return &f.Azure.ClientID }),
	textKey("azure.tenant_id", uuidType, "11111111-2222-3333-4444-666666666666",
		"Id of the Azure tenant",
		func(f *Facts) *string { return &f.Azure.TenantID }),
	textKey("azure.subscription_id", uuidType, "11111111-2222-3333-4444-777777777777",
		"Id of the Azure subscription; no fix asks for it so far",
		func(f *Facts) *string { return &f.Azure.SubscriptionID }),
	listKey("contexts", "[{name: aws-prod, provides: [AWS_*]}]",
		"Contexts and the variables that each provides",
		readContext, func(f *Facts) *[]ContextFact { return &f.Contexts }),
	textKey("runner.resource_class", resourceClassType, "acme/linux",
		"Resource class of the self-hosted runner for jobs that reach internal hosts",
		func(f *Facts) *string { return &f.Runner.ResourceClass }),
	textKey("runner.kind", runnerKindType, "container",
		"Kind of that runner: container keeps a job's docker image, machine replaces its executor",
		func(f *Facts) *string { return &f.Runner.Kind }),
	listKey("network.internal", "['*.acme.example', 203.0.113.0/24]",
		"Hosts that are internal, besides private addresses and the usual internal domains",
		textItem(hostType), func(f *Facts) *[]string { return &f.Network.Internal }),
	listKey("network.public", "[status.acme.example]",
		"Hosts that are never taken for internal",
		textItem(hostType), func(f *Facts) *[]string { return &f.Network.Public }),
	textKey("network.route", routeType, "runner",
		"How jobs reach internal hosts: on a runner, or from the addresses of CircleCI's IP ranges; without it runner",
		func(f *Facts) *string { return &f.Network.Route }),
	listKey("network.routes", "[{hosts: ['*.acme.example'], route: ip-ranges}]",
		"Routes by host; the first that names the host beats network.route and runner.resource_class",
		readRoute, func(f *Facts) *[]RouteFact { return &f.Network.Routes }),
	serverKey(),
}

func scalarKey(name string, t *valueType, example, doc string) factKey {
	return factKey{FactKey: FactKey{Name: name, Type: t.name, Words: t.words, Example: example, Doc: doc}, value: t}
}

func textKey(name string, t *valueType, example, doc string, field func(*Facts) *string) factKey {
	k := scalarKey(name, t, example, doc)
	k.set = func(f *Facts, _, text string) { *field(f) = text }
	k.merge = func(f, over *Facts) {
		if text := *field(over); text != "" {
			*field(f) = text
		}
	}
	return k
}

func listKey[T any](name, example, doc string, item itemReader[T], field func(*Facts) *[]T) factKey {
	return factKey{
		FactKey: FactKey{Name: name, Type: "list", Example: example, Doc: doc},
		read: func(r *settingsReader, n rewrite.Node, key string, f *Facts) (err error) {
			*field(f), err = readList(r, n, key, item)
			return err
		},
		merge: func(f, over *Facts) {
			if list := *field(over); list != nil {
				*field(f) = list
			}
		},
	}
}

func accountRoleKey() factKey {
	k := scalarKey("aws.accounts.<account>.role_arn", roleARNType, "arn:aws:iam::123456789012:role/ci",
		"Role for uses that show their account, as in an image or an ARN; beats aws.role_arn and ecr.role_arn")
	k.wild = accountType
	k.set = func(f *Facts, account, text string) { f.AWS.setAccount(account, text) }
	k.merge = func(f, over *Facts) {
		for account, text := range over.AWS.Accounts {
			f.AWS.setAccount(account, text)
		}
	}
	return k
}

// setAccount replaces the map, which other copies of the facts may share.
func (f *AWSFacts) setAccount(account, role string) {
	accounts := maps.Clone(f.Accounts)
	if accounts == nil {
		accounts = map[string]string{}
	}
	accounts[account] = role
	f.Accounts = accounts
}

func serverKey() factKey {
	k := scalarKey("circleci.server", booleanType, "true",
		"Whether the configs run on CircleCI Server; then fixes that exist on cloud only are held back; without it false")
	k.set = func(f *Facts, _, text string) { f.Circle = CircleFacts{Server: text == "true", Given: true} }
	k.merge = func(f, over *Facts) {
		if over.Circle.Given || over.Circle.Server {
			f.Circle = over.Circle
		}
	}
	return k
}

// FactKeys are all facts, in the order in which documents should show them.
func FactKeys() []FactKey {
	out := make([]FactKey, len(factKeys))
	for i, k := range factKeys {
		k.Words = slices.Clone(k.Words)
		out[i] = k.FactKey
	}
	return out
}

// FactKeyOf is the fact that a key means, as in aws.accounts.123456789012.role_arn.
func FactKeyOf(key string) (fact FactKey, known bool) {
	i := slices.IndexFunc(factKeys, func(k factKey) bool {
		return coversName(k.Name, key) && strings.Count(key, ".") == strings.Count(k.Name, ".")
	})
	if i < 0 {
		return FactKey{}, false
	}
	return factKeys[i].FactKey, true
}

// Set gives one fact, as --set does. The error is a *SettingsError without a place; f is then unchanged.
func (f *Facts) Set(key, value string) error {
	i := slices.IndexFunc(factKeys, func(k factKey) bool { return coversName(k.Name, key) })
	if i < 0 {
		return unknownFact(key)
	}
	k := &factKeys[i]
	switch {
	case strings.Count(key, ".") < strings.Count(k.Name, "."):
		return &SettingsError{Key: key, Message: fmt.Sprintf("%s is a group of facts: set one of them, such as %s", key, firstSettable(key))}
	case k.List():
		return &SettingsError{Key: key, Message: key + " is a list, which only a settings file can give"}
	}
	word, fault := wildWord(k.Name, k.wild, key)
	if fault != nil {
		return fault
	}
	if fault := k.value.fault(key, key, value); fault != nil {
		return fault
	}
	k.set(f, word, value)
	return nil
}

// firstSettable is the first fact below the key that --set takes; every section has one.
func firstSettable(key string) string {
	i := slices.IndexFunc(factKeys, func(k factKey) bool { return coversName(k.Name, key) && !k.List() })
	return factKeys[i].Name
}

// unknownFact is the error for a key that is no fact. It names those that --set takes: no lists and no sections.
func unknownFact(key string) *SettingsError {
	e := &SettingsError{Key: key, Message: fmt.Sprintf("unknown key %q", key)}
	var names, spelt []string
	for _, k := range factKeys {
		if !k.List() {
			names = append(names, k.Name)
			spelt = append(spelt, strings.Join(filledIn(k.Name, key), "."))
		}
	}
	if e.Nearest = nearest(key, spelt); e.Nearest == "" {
		e.Message += "; use " + strings.Join(names, ", ")
	}
	return e
}

// Merge is f with all that over gives in its place, each fact on its own; a list is replaced as a whole. Neither of
// the two is changed, but the result may share lists with them.
func (f Facts) Merge(over Facts) Facts {
	for _, k := range factKeys {
		k.merge(&f, &over)
	}
	return f
}
