package fixes

// Resource is something outside of the file that a fix relies on, as data from which it can be made: *AWSRole,
// *GCPAccount, *VaultRole, *AzureCredential, *TrustedPublisher, *RunnerClass or *NamedContext. Where a prerequisite tells people what to
// do, a resource says what is to be there. The words of calls and the arguments of elements are as the file has them, so
// that no more of them may be shown than the names of what they work on.
type Resource interface{ resource() }

// Use says who relies on a resource, and where the variables for it are stored.
type Use struct {
	// Contexts are those of the workflow entry, one of which has to hold the variables. Without any it is the project.
	Contexts []string
	Jobs     []string // the names of the jobs, or what stands for one
	Tags     bool     // a workflow runs them for tags
	Keys     string   // the long-lived credentials that the resource takes the place of, for people; "" for none
	KeyVars  []string // the variables that hold them
}

// AWSRole is an IAM role that jobs assume with CircleCI's token.
type AWSRole struct {
	Use
	ARN        string // as the jobs name it, or ""
	Variable   string // from which the jobs read the ARN; "" when they name it
	Fact       string // that the ARN becomes, when the fix waits for it
	Existing   bool   // the file has used the role before
	Account    string // 12 digits, as far as the file shows it
	Region     string // of the account's partition, or the only one that is used; "" when it is not shown
	Session    string // how long the sessions are to be, in seconds; "" for the default
	FirstToken bool   // the role is assumed with the first version of the token, which does not tell the branch

	Images   []string     // repositories in ECR that executors are pulled from
	Calls    []AWSCall    // what the jobs visibly ask of AWS
	Elements []OrbElement // steps and jobs of orbs that do
	Hidden   []string     // commands that may, out of sight
}

// AWSCall is one call of the AWS CLI.
type AWSCall struct {
	Words []string // behind "aws": what the shell or CircleCI expands stands as it is written
	Jobs  []string
}

// OrbElement is a step or job of an orb.
type OrbElement struct {
	Orb  string            // namespace/name
	Name string            // of the command or job
	Args map[string]string // its arguments that are plain values
}

// GCPAccount is a service account that jobs act as, by way of a workload identity pool.
type GCPAccount struct {
	Use
	ServiceAccount                string // the address, or "" when a variable holds it
	ProjectNumber, Pool, Provider string // of the pool as the facts give them, or ""
	Variables                     []GCPVariable
	Images                        []string // repositories that executors are pulled from
}

// GCPVariable is a variable that a login reads.
type GCPVariable struct {
	Name string
	Fact string // what it holds: the last part of a fact gcp.*
}

// VaultRole is a role of Vault's JWT method that jobs log in to.
type VaultRole struct {
	Use
	Address, Role, AuthPath string            // as the facts give them, or ""
	Variables               map[string]string // that the login reads, by the last part of a fact vault.*
	Reads                   []string          // the paths of secrets that the jobs visibly read
}

// AzureCredential is a federated credential of an application that jobs log in as.
type AzureCredential struct {
	Use
	ClientID, TenantID, SubscriptionID string            // as the facts give them, or ""
	Variables                          map[string]string // that the login reads, by the last part of a fact azure.*
}

// TrustedPublisher is a package registry that trusts the project.
type TrustedPublisher struct {
	Use
	Registry string // as people call it
}

// RunnerClass is the resource class of a self-hosted runner.
type RunnerClass struct {
	Use
	Name  string   // namespace/name
	Hosts []string // that have to be in its reach
}

// NamedContext is a context that a fix attaches to jobs.
type NamedContext struct {
	Use
	Name      string
	Variables []string // that it has to hold
}

func (*AWSRole) resource()          {}
func (*GCPAccount) resource()       {}
func (*VaultRole) resource()        {}
func (*AzureCredential) resource()  {}
func (*TrustedPublisher) resource() {}
func (*RunnerClass) resource()      {}
func (*NamedContext) resource()     {}
