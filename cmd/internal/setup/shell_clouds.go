package setup

import (
	"encoding/json"
	"strings"

	"cfgfix/cmd/internal/report"
)

func (s *script) google() {
	if len(s.gcp) == 0 {
		return
	}
	pool, provider := single(s.poolName(1)), single(s.poolName(2))
	s.section("Google Cloud: a pool that takes CircleCI's tokens for identities")
	s.line(`GCP_PROJECT_NUMBER="$(gcloud projects describe "$GCP_PROJECT" --format 'value(projectNumber)')"`)
	s.line("gcloud iam workload-identity-pools describe %s --project \"$GCP_PROJECT\" --location global >/dev/null 2>&1 ||", pool)
	s.line("  gcloud iam workload-identity-pools create %s --project \"$GCP_PROJECT\" --location global --display-name CircleCI", pool)
	s.line("gcloud iam workload-identity-pools providers describe %s --project \"$GCP_PROJECT\" --location global \\\n  --workload-identity-pool %s >/dev/null 2>&1 ||", provider, pool)
	s.line("  gcloud iam workload-identity-pools providers create-oidc %s --project \"$GCP_PROJECT\" --location global \\\n    --workload-identity-pool %s --issuer-uri \"https://$ISSUER\" --allowed-audiences \"$ORG_ID\" \\", provider, pool)
	mapping := "google.subject=" + s.subjectMapping() + ",attribute.org_id=assertion.aud,attribute.project=" + projectMapping
	if s.branch != "" {
		mapping += ",attribute.project_ref=" + refMapping
	}
	s.line("    --attribute-mapping %s", single(mapping))
	for _, x := range s.gcp {
		s.googleAccount(x)
	}
}

func (s *script) googleAccount(x *gcpAccount) {
	s.comment("Jobs " + strings.Join(x.jobs, ", ") + " of " + strings.Join(x.users.names(), ", ") + ".")
	email := `"$` + env(x.id) + `_SERVICE_ACCOUNT"`
	if x.email != "" {
		email = single(x.email)
	}
	attribute, behind := s.members(x)
	for _, u := range x.users {
		s.line("gcloud iam service-accounts add-iam-policy-binding %s --role roles/iam.workloadIdentityUser \\", email)
		s.line("  --member \"principalSet://iam.googleapis.com/projects/$GCP_PROJECT_NUMBER/locations/global/workloadIdentityPools/%s/%s${%s}%s\"", double(s.poolName(1)), attribute, u.idVar(), double(behind))
	}
	for _, r := range x.repositories() {
		s.line("gcloud artifacts repositories add-iam-policy-binding %s --project %s --location %s \\", single(r.name), single(r.project), single(r.location))
		s.line("  --role roles/artifactregistry.reader --member serviceAccount:%s", email)
	}
}

func (s *script) vaultRoles() {
	seen := map[string]bool{}
	for _, x := range s.vault {
		if !seen[x.path] {
			seen[x.path] = true
			s.section("Vault: the method " + x.path + ". Vault has to reach https://oidc.circleci.com")
			s.line("vault read %s >/dev/null 2>&1 || {\n  vault auth enable -path %s jwt", single("auth/"+x.path+"/config"), single(x.path))
			s.line("  vault write %s oidc_discovery_url=\"https://$ISSUER\" bound_issuer=\"https://$ISSUER\"\n}", single("auth/"+x.path+"/config"))
		}
		s.comment("Jobs " + strings.Join(x.jobs, ", ") + " of " + strings.Join(x.users.names(), ", ") + x.shows() + ".")
		var ids []string
		for _, u := range x.users {
			ids = append(ids, `"$`+u.idVar()+`"`)
		}
		claims := `"oidc.circleci.com/project-id": [` + strings.Join(ids, ", ") + `]`
		if s.branch != "" {
			ref, _ := json.Marshal("refs/heads/" + s.branch)
			claims += `, "oidc.circleci.com/vcs-ref": ` + heredoc(string(ref))
		}
		s.line("vault write %s - <<JSON\n{\n  \"role_type\": \"jwt\",\n  \"user_claim\": \"sub\",\n  \"bound_audiences\": [\"$ORG_ID\"],\n  \"bound_claims\": {%s},", single("auth/"+x.path+"/role/"+x.name), claims)
		s.line("  \"token_policies\": \"${%s_POLICIES// /,}\",\n  \"token_ttl\": \"10m\",\n  \"token_max_ttl\": \"15m\"\n}\nJSON", env(x.id))
	}
}

func (s *script) azureCredentials() {
	for _, x := range s.azure {
		s.section("Azure: jobs " + strings.Join(x.jobs, ", ") + " of " + strings.Join(x.users.names(), ", "))
		s.comment("A credential is for one project and one user, since its subject is matched as a whole; it cannot be limited to a branch.")
		client := `"$` + env(x.input) + `"`
		if x.client != "" {
			client = single(x.client)
		}
		for _, u := range x.users {
			s.line(`azure_credential %s "$%s"`, client, u.idVar())
		}
	}
}

// allContexts makes the contexts that no config names yet, restricts them and fills in the variables.
func (s *script) allContexts() {
	for _, c := range s.contexts {
		s.section("the context " + c.name + " of " + strings.Join(c.users.names(), ", "))
		restrict := func(write func(format string, args ...any)) {
			for _, u := range c.users {
				write("context_restrict %s project \"$%s\"", single(c.name), u.idVar())
			}
		}
		if !c.isNew() {
			s.comment("It is there. If no other project uses it, restrict it to these:")
			restrict(s.off)
		} else {
			s.line("context_create %s", single(c.name))
			restrict(s.line)
			if s.branch != "" {
				s.line("context_restrict %s expression %s", single(c.name), single(branchExpression(s.branch)))
			}
		}
		for _, v := range c.variables {
			s.comment("It has to hold " + v + ". Set its value by hand, so that it stays out of files and of the history of the shell:")
			s.off("circleci context secret set --org \"$ORG_SLUG\" --name %s -- %s", single(v), single(c.name))
		}
	}
	if len(s.stored) > 0 {
		s.section("the variables that jobs read")
	}
	for _, v := range s.stored {
		s.store(v)
	}
	for _, v := range s.byHand {
		s.section("GAP: " + v.gap())
		if v.role != nil {
			s.line(`echo %s"$%s"`, single("set "+v.name+" by hand in "+v.at.String()+" to "), v.role.arnVar())
		}
	}
}

func (s *script) store(v stored) {
	value := s.value(v)
	switch len(v.at.contexts) {
	case 0:
		for _, x := range v.at.projects {
			s.line("project_set \"$%s\" %s %s", x.slugVar(), word(v.name), value)
		}
	case 1:
		s.line("context_set %s %s %s", single(v.at.contexts[0].name), word(v.name), value)
	default:
		s.line("context_set \"$%s\" %s %s", env(v.at.choice()), word(v.name), value)
	}
}

// value is what a variable has to hold, as a word of the shell.
func (s *script) value(v stored) string {
	switch {
	case v.role != nil:
		return `"$` + v.role.arnVar() + `"`
	case v.input != "":
		return `"$` + env(v.input) + `"`
	case v.part == "project_number":
		return `"$GCP_PROJECT_NUMBER"`
	case v.part == "pool":
		return single(s.poolName(1))
	case v.part == "provider":
		return single(s.poolName(2))
	default:
		return single(v.text)
	}
}

func (s *script) runnerClasses() {
	for _, c := range s.classes {
		s.section("the runner " + c.name + ", for " + strings.Join(c.jobs, ", "))
		s.comment("This makes no runner: install one with the token that is printed, where it reaches " + orWords(c.hosts, "what the tunnels of these jobs lead to") + ".")
		s.line("runner_class %s %s", single(c.name), single("For "+clip(report.Visible(strings.Join(c.jobs, ", ")), 200)))
	}
}
