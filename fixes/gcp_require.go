package fixes

import (
	"fmt"
	"slices"

	"cfgfix/fixes/internal/circle"
)

// require says what has to be done outside the file.
func (b *gcpFix) require() {
	add := func(when When, kind, where, format string, args ...any) {
		p := Prerequisite{when, kind, fmt.Sprintf(format, args...), where}
		if !slices.Contains(b.fix.Requires, p) {
			b.fix.Requires = append(b.fix.Requires, p)
		}
	}
	add(Before, "role", "", "create a workload identity pool in Google Cloud with an OIDC provider for CircleCI: the issuer is https://oidc.circleci.com/org/ORG_ID, "+
		"the audience ORG_ID, the mapping google.subject=assertion.sub, attribute.project=assertion['oidc.circleci.com/project-id']")
	add(Before, "role", "", "allow identities of the pool with this project's id in attribute.project to act as the service account behind %s (roles/iam.workloadIdentityUser)", b.key())
	for _, u := range b.units {
		for _, p := range b.variables(u) {
			add(p.When, p.Kind, p.Where, "%s", p.Text)
		}
		if u.job != nil && onRunner(u.job) {
			add(Before, "runner", u.name, "make sure that gcloud is on the runner and knows workload identity federation")
		}
		if image := unitImage(u); gcpTables().oldGcloud(image) {
			add(Before, "check", u.name, "make sure that the gcloud of %s knows `gcloud auth login --cred-file`: workload identity federation came in 2021", image)
		}
	}
	if len(b.files) > 0 {
		add(Before, "check", "", "set GOOGLE_CLOUD_PROJECT for programs that took the project from the key file")
	}
	add(Before, "fork", "", "know that builds of forked pull requests get no token unless the project passes secrets to them")
	add(Before, "check", "", "try it on a branch first: a job with the login and `gcloud auth print-access-token >/dev/null`")
	b.requireAfter(add)
}

// variables are those that a unit's login reads, each with the place where it has to be defined.
func (b *gcpFix) variables(u *gcpUnit) []Prerequisite {
	var out []Prerequisite
	given := b.view.p.Facts.GCP
	if slices.ContainsFunc(b.group, func(f *gcpForm) bool { return f.orb != nil }) {
		given = GCPFacts{} // the orbs read names of variables
	}
	account, _ := b.view.accountVariable(u, b.key())
	for _, f := range given.facts(account) {
		if f.value != "" {
			continue
		}
		text := fmt.Sprintf("define %s with %s", f.variable, f.means)
		if f.variable == account {
			text += " behind " + b.key()
		}
		out = append(out, Prerequisite{Before, "variable", text, u.place()})
	}
	return out
}

// requireAfter says what can go once the change is merged.
func (b *gcpFix) requireAfter(add func(when When, kind, where, format string, args ...any)) {
	for _, f := range b.group {
		if f.stored.literal || f.key.literal {
			add(After, "key", "", "delete the key in the file in Google Cloud now: it stays readable in the history of the repository")
			return
		}
	}
	for _, u := range b.units {
		for _, f := range b.group {
			name := f.key.name
			if f.stored.name != "" {
				name = f.stored.name
			}
			add(After, "variable", u.place(), "delete %s once no other step uses it", name)
		}
	}
	add(After, "key", "", "delete the service account key behind %s in Google Cloud: until then nothing is safer than before", b.key())
}

// unitImage is the image that a unit's steps run in, "" when it is not shown.
func unitImage(u *gcpUnit) string {
	var items []*circle.DockerItem
	if u.job != nil {
		items = u.job.DockerItems()
	}
	if len(items) == 0 {
		return ""
	}
	return items[0].Image().Value()
}
