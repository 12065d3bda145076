package setup

import (
	"strings"
)

// google writes the pool with its provider, and who may act as which service account.
func (t *terraform) google() {
	if len(t.gcp) == 0 {
		return
	}
	t.comment("---- Google Cloud: a pool that takes CircleCI's tokens for identities")
	t.line("\ndata \"google_project\" \"circleci\" {\nproject_id = var.gcp_project\n}\n")
	t.line("resource \"google_iam_workload_identity_pool\" \"circleci\" {\nworkload_identity_pool_id = %s\ndisplay_name = \"CircleCI\"\n}\n", quote(t.poolName(1)))
	t.line("resource \"google_iam_workload_identity_pool_provider\" \"circleci\" {")
	t.line("workload_identity_pool_id = google_iam_workload_identity_pool.circleci.workload_identity_pool_id")
	t.line("workload_identity_pool_provider_id = %s\n", quote(t.poolName(2)))
	t.line("attribute_mapping = {")
	if t.longSubject() {
		t.comment("Images are pulled with the second version of the token, whose subject is too long for Google.")
	}
	t.line("\"google.subject\" = %s\n\"attribute.org_id\" = \"assertion.aud\"\n\"attribute.project\" = %s", quote(t.subjectMapping()), quote(projectMapping))
	if t.branch != "" {
		t.line("\"attribute.project_ref\" = %s", quote(refMapping))
	}
	t.line("}\n\noidc {\nissuer_uri = \"https://${local.issuer}\"\nallowed_audiences = [var.org_id]\n}\n}\n")
	for _, x := range t.gcp {
		t.googleAccount(x)
	}
}

const projectMapping = "assertion['oidc.circleci.com/project-id']"

// subjectMapping is what an identity of the pool is called: at most 127 bytes.
func (p *Plan) subjectMapping() string {
	if p.longSubject() {
		return `assertion.org_id + "/" + assertion.sub.extract('/user/{user_id}/')`
	}
	return "assertion.sub"
}

// refMapping tells projects and their branches apart. A token of a custom webhook does not tell the branch.
const refMapping = projectMapping + ` + '@' + ('oidc.circleci.com/vcs-ref' in assertion ? assertion['oidc.circleci.com/vcs-ref'] : '')`

// members are the identities of the pool that may act as an account, up to the project's id, and what follows that.
// Images are pulled for jobs of all branches.
func (p *Plan) members(x *gcpAccount) (attribute, behind string) {
	if p.branch == "" || len(x.images) > 0 {
		return "attribute.project/", ""
	}
	return "attribute.project_ref/", "@refs/heads/" + p.branch
}

func (t *terraform) googleAccount(x *gcpAccount) {
	email := "${var." + x.id + "_service_account}"
	if x.email != "" {
		email = escape(x.email)
	}
	t.comment("Jobs "+strings.Join(x.jobs, ", ")+" of "+strings.Join(x.users.names(), ", ")+".", "The account keeps the roles that it has: they are what the key allows today.")
	t.line("resource \"google_service_account_iam_member\" %q {\nfor_each = {", x.id)
	for _, u := range x.users {
		t.line("%s = var.project_ids[%[1]s]", quote(u.Name))
	}
	t.line("}\n\nservice_account_id = \"projects/-/serviceAccounts/%s\"\nrole = \"roles/iam.workloadIdentityUser\"", email)
	attribute, behind := t.members(x)
	t.line("member = \"principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.circleci.name}/%s${each.value}%s\"\n}\n", attribute, escape(behind))
	for _, r := range x.repositories() {
		t.line("resource \"google_artifact_registry_repository_iam_member\" %q {\nproject = %s\nlocation = %s\nrepository = %s", x.id+"_"+slug(r.project+" "+r.location+" "+r.name), quote(r.project), quote(r.location), quote(r.name))
		t.line("role = \"roles/artifactregistry.reader\"\nmember = \"serviceAccount:%s\"\n}\n", email)
	}
}

// vaultRoles writes the JWT methods and their roles.
func (t *terraform) vaultRoles() {
	seen := map[string]bool{}
	for _, x := range t.vault {
		backend := slug("circleci " + x.path)
		if !seen[x.path] {
			seen[x.path] = true
			t.comment("---- Vault: the method " + x.path + ". Vault has to reach https://oidc.circleci.com.")
			t.line("\nresource \"vault_jwt_auth_backend\" %q {\npath = %s\noidc_discovery_url = \"https://${local.issuer}\"\nbound_issuer = \"https://${local.issuer}\"\n}\n", backend, quote(x.path))
		}
		t.comment("Jobs " + strings.Join(x.jobs, ", ") + " of " + strings.Join(x.users.names(), ", ") + ".")
		t.line("resource \"vault_jwt_auth_backend_role\" %q {\nbackend = vault_jwt_auth_backend.%s.path\nrole_name = %s\nrole_type = \"jwt\"\nuser_claim = \"sub\"", x.id, backend, quote(x.name))
		t.line("bound_audiences = [var.org_id]\nbound_claims = {\n\"oidc.circleci.com/project-id\" = join(\",\", %s)", lines(t.projectIDs(x.users)))
		if t.branch != "" {
			t.line("\"oidc.circleci.com/vcs-ref\" = %s", quote("refs/heads/"+t.branch))
		}
		t.line("}\ntoken_policies = var.%s_policies\ntoken_ttl = 600\ntoken_max_ttl = 900\n}\n", x.id)
	}
}

// azureCredentials writes a federated credential for each project and user: their subjects are matched exactly.
func (t *terraform) azureCredentials() {
	for _, x := range t.azure {
		t.comment("---- Azure: jobs "+strings.Join(x.jobs, ", ")+" of "+strings.Join(x.users.names(), ", ")+".",
			"A credential is for one project and one user, since its subject is matched as a whole; it cannot be limited to a branch.")
		client := "var." + x.input
		if x.client != "" {
			client = quote(x.client)
		}
		t.line("\ndata \"azuread_application\" %q {\nclient_id = %s\n}\n", x.id, client)
		t.line("resource \"azuread_application_federated_identity_credential\" %q {\nfor_each = {\nfor pair in setproduct(%s, var.azure_user_ids) :\n\"${pair[0]}/${pair[1]}\" => pair\n}\n", x.id, lines(t.projectIDs(x.users)))
		t.line("application_id = data.azuread_application.%s.id\ndisplay_name = \"circleci-${substr(sha256(\"%s/${each.key}\"), 0, 12)}\"\nissuer = \"https://${local.issuer}\"\naudiences = [var.org_id]", x.id, x.id)
		t.line("subject = \"org/${var.org_id}/project/${each.value[0]}/user/${each.value[1]}\"\n}\n")
	}
}
