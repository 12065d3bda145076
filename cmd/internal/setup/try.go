package setup

import (
	"strconv"
	"strings"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

// Try is a config for a branch, whose jobs log in as the fixes will and ask who they are. With several repos there is one
// document for each.
func (p *Plan) Try() []byte {
	var docs []string
	for _, x := range p.projects {
		t := &trial{Plan: p, project: x}
		t.collect()
		if len(t.jobs) > 0 {
			docs = append(docs, t.text())
		}
	}
	return []byte(strings.Join(docs, "---\n"))
}

// trial is the config of one project.
type trial struct {
	*Plan
	project    *project
	jobs       []trialJob
	orb        bool
	parameters []string
}

// trialJob is a job that logs in, with its lines.
type trialJob struct {
	name     string
	contexts []*namedContext
	notes    []string
	lines    []string
}

func (t *trial) collect() {
	for _, x := range t.roles {
		if !has(x.users, t.project) {
			continue
		}
		if len(x.images) > 0 {
			t.images(x)
		}
		if len(x.uses) > len(x.images) || len(x.images) == 0 {
			t.role(x)
		}
	}
	for _, x := range t.gcp {
		if has(x.users, t.project) {
			t.google(x)
		}
	}
	for _, x := range t.vault {
		if has(x.users, t.project) {
			t.vaultLogin(x)
		}
	}
	for _, x := range t.azure {
		if has(x.users, t.project) {
			t.azureLogin(x)
		}
	}
}

func has(list users, x *project) bool {
	for _, o := range list {
		if o == x {
			return true
		}
	}
	return false
}

// arn is how the trial names a role: as the fixes do, or by a parameter when these wait for it.
func (t *trial) arn(x *role) string {
	switch {
	case x.use.ARN != "":
		return x.use.ARN
	case x.use.Variable != "":
		return "${" + x.use.Variable + "}"
	}
	name := x.id + "_role_arn"
	t.parameters = append(t.parameters, "  "+name+":", "    type: string", "    default: REPLACE-BY-THE-ARN-OF-"+x.name)
	return "<< pipeline.parameters." + name + " >>"
}

// limited says what stands in the way of a trial on another branch.
func (t *trial) limited(yes bool) []string {
	if !yes {
		return nil
	}
	return []string{"Only the branch " + t.branch + " gets at this: while you try it on another one, trust that one as well."}
}

func (t *trial) role(x *role) {
	t.orb = true
	lines := []string{
		"    docker:", "      - image: cimg/base:current",
		"    steps:", "      - aws-cli/setup:", "          role_arn: " + scalar(t.arn(x)),
	}
	if len(x.regions) == 1 {
		lines = append(lines, "          region: "+scalar(x.regions[0]))
	} else {
		lines = append(lines, "          region: "+homeRegion(x.account.partition))
	}
	lines = append(lines, "      - run: aws sts get-caller-identity")
	t.add("try_"+x.id, x.at, t.limited(t.limits(x)), lines)
}

// images runs a job in each image that the role pulls: CircleCI assumes the role before the job begins.
func (t *trial) images(x *role) {
	arn := t.arn(x)
	for i, image := range x.images {
		name := "try_" + x.id
		if len(x.images) > 1 {
			name += "_" + itoa(i+1)
		}
		if !plain(image) {
			continue // what is pulled is known when the pipeline is compiled
		}
		t.add(name, x.at, nil, []string{
			"    docker:", "      - image: " + scalar(image), "        aws_auth:", "          oidc_role_arn: " + scalar(arn),
			"    steps:", "      - run: echo the image was pulled",
		})
	}
}

func (t *trial) google(x *gcpAccount) {
	value := func(fact, fallback string) string {
		for _, v := range x.variables {
			if v.Fact == fact {
				return "${" + v.Name + "}"
			}
		}
		return fallback
	}
	account := value("service_account", x.email)
	if account == "" {
		return // a login waits for the fact
	}
	t.add("try_"+x.id, x.at, t.limited(t.branch != "" && len(x.images) == 0), []string{
		"    docker:", "      - image: cimg/gcp:current",
		"    steps:", "      - run: |",
		`          umask 077`,
		`          printf '%s' "$CIRCLE_OIDC_TOKEN" > "$HOME/oidc_token"`,
		`          gcloud iam workload-identity-pools create-cred-config \`,
		`            "projects/` + value("project_number", x.pool[0]) + `/locations/global/workloadIdentityPools/` + value("pool", t.poolName(1)) + `/providers/` + value("provider", t.poolName(2)) + `" \`,
		`            --service-account="` + account + `" \`,
		`            --credential-source-file="$HOME/oidc_token" \`,
		`            --output-file="$HOME/gcp_cred_config.json"`,
		`          gcloud auth login --brief --cred-file="$HOME/gcp_cred_config.json"`,
		`          gcloud auth print-access-token >/dev/null`,
	})
}

func (t *trial) vaultLogin(x *vaultRole) {
	role := single(x.name)
	if name := x.variables["role"]; name != "" {
		role = `"$` + name + `"`
	}
	t.add("try_"+x.id, x.at, t.limited(t.branch != ""), []string{
		"    docker:", "      - image: hashicorp/vault:latest",
		"    steps:", "      - run: |",
		"          set +x",
		`          VAULT_TOKEN="$(vault write -field=token auth/` + x.path + `/login role=` + role + ` jwt="$CIRCLE_OIDC_TOKEN_V2")"`,
		"          export VAULT_TOKEN",
		"          vault token lookup -format=json | grep display_name",
	})
}

func (t *trial) azureLogin(x *azureCredential) {
	value := func(fact, name string) string {
		if v := x.variables[fact]; v != "" {
			name = v
		}
		return `"$` + name + `"`
	}
	client := value("client_id", "AZURE_CLIENT_ID")
	if x.client != "" {
		client = single(x.client)
	}
	t.add("try_"+x.id, x.at, nil, []string{
		"    docker:", "      - image: mcr.microsoft.com/azure-cli:latest",
		"    steps:", "      - run: |",
		"          az login --service-principal --username " + client + " --tenant " + value("tenant_id", "AZURE_TENANT_ID") + ` --federated-token "$CIRCLE_OIDC_TOKEN" --output none`,
		"          az account show",
	})
}

func (t *trial) add(name string, at place, notes, lines []string) {
	if len(at.hidden) > 0 {
		notes = append(notes, "GAP: give it "+at.String()+".")
	}
	t.jobs = append(t.jobs, trialJob{name, at.contexts, notes, lines})
}

func (t *trial) text() string {
	var b strings.Builder
	line := func(text string) { b.WriteString(text + "\n") }
	line("# Tries what the fixes of cfgfix rely on in " + report.Visible(t.project.Name) + ": put it in place of .circleci/config.yml on a branch, push that, and look at its")
	line("# jobs. Each has to end well before the fixes are merged. Never merge this file.")
	line("version: 2.1")
	if t.orb {
		line("orbs:\n  aws-cli: " + fixes.OrbInUse("circleci/aws-cli"))
	}
	if len(t.parameters) > 0 {
		line("parameters:\n" + strings.Join(t.parameters, "\n"))
	}
	line("jobs:")
	for _, j := range t.jobs {
		for _, note := range j.notes {
			line("  # " + report.Visible(note))
		}
		line("  " + j.name + ":\n" + strings.Join(j.lines, "\n"))
	}
	line("workflows:\n  try:\n    jobs:")
	for _, j := range t.jobs {
		if len(j.contexts) == 0 {
			line("      - " + j.name)
			continue
		}
		line("      - " + j.name + ":\n          context:")
		for _, c := range j.contexts {
			line("            - " + scalar(c.name))
		}
	}
	return b.String()
}

// scalar is text as a scalar of YAML on one line. All escapes of Go's quotes are escapes of YAML's as well.
func scalar(text string) string { return strconv.Quote(text) }
