package fixes

import (
	"maps"
	"slices"
)

// Facts are what a fix must know and a config does not say. The zero value knows nothing: defaults apply.
type Facts struct {
	AWS     AWSFacts
	ECR     ECRFacts
	GCP     GCPFacts
	Vault   VaultFacts
	Azure   AzureFacts
	Runner  RunnerFacts
	Network NetworkFacts
	Circle  CircleFacts
	// Contexts is what each context is known to provide.
	Contexts []ContextFact
}

// AWSFacts are the facts aws.*.
type AWSFacts struct {
	Roles           []RoleFact        // aws.roles; settings file only; the first whose given selectors all match beats the rest
	RoleARN         string            // aws.role_arn
	Accounts        map[string]string // aws.accounts.<12 digits>.role_arn
	Region          string            // aws.region
	SessionDuration string            // aws.session_duration, in seconds
	Method          string            // aws.method: "orb", "web-identity" or "" for the default
}

// certain are the roles that are given for certain uses only.
func (f *AWSFacts) certain() []string {
	out := slices.Sorted(maps.Values(f.Accounts))
	for _, r := range f.Roles {
		out = append(out, r.RoleARN)
	}
	return out
}

// RoleFact chooses a role for the uses of AWS that its given selectors match. Selectors are globs; an empty one is not given.
type RoleFact struct {
	Jobs, Contexts, Keys []string
	Profile              string
	RoleARN, Region      string
	SessionDuration      string
}

// ECRFacts are the facts ecr.*.
type ECRFacts struct{ RoleARN string }

// GCPFacts are the facts gcp.*.
type GCPFacts struct{ ProjectNumber, Pool, Provider, ServiceAccount string }

// VaultFacts are the facts vault.*.
type VaultFacts struct{ Address, Role, AuthPath string }

// AzureFacts are the facts azure.*.
type AzureFacts struct{ ClientID, TenantID, SubscriptionID string }

// RunnerFacts are the facts runner.*.
type RunnerFacts struct {
	ResourceClass string // namespace/name
	Kind          string // "container", "machine" or "" for the default
}

// NetworkFacts are the facts network.*.
type NetworkFacts struct {
	Internal []string // host globs and CIDRs that are internal, beside the built-in ones
	Public   []string // host globs and CIDRs never to be taken for internal
	Route    string   // "runner", "ip-ranges" or "" for the default
	Routes   []RouteFact
}

// RouteFact routes the hosts that match one of its globs. The first match wins.
type RouteFact struct {
	Hosts         []string
	Route         string
	ResourceClass string
	Kind          string // of the runner: "container", "machine" or "" for that of runner.kind
}

// CircleFacts are the facts circleci.*.
type CircleFacts struct {
	Server bool
	Given  bool // circleci.server was written, so that a false beats the true of a lower layer
}

// ContextFact is what one context provides, as globs on variable names.
type ContextFact struct {
	Name     string
	Provides []string
}
