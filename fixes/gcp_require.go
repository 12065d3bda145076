package fixes

import (
	"fmt"
	"slices"

	"cfgfix/fixes/internal/pattern"
)

// require says what has to be done outside the file.
func (b *gcpFix) require() {
	add := b.fix.requiref
	add(Before, "role", "", "create a workload identity pool in Google Cloud with an OIDC provider for CircleCI: the issuer is https://oidc.circleci.com/org/ORG_ID, "+
		"the audience ORG_ID, the mapping google.subject=assertion.sub, attribute.project=assertion['oidc.circleci.com/project-id']")
	for _, u := range b.units {
		add(Before, "role", "", "give identities of the pool with this project's id in attribute.project roles/iam.workloadIdentityUser on %s", b.account(u))
		for _, text := range b.variables(u) {
			b.fix.requireIn(u.places(), Before, "variable", text)
		}
		if u.job != nil && onRunner(u.job) {
			add(Before, "runner", u.name, "make sure that gcloud is on the runner and knows workload identity federation")
		}
	}
	for _, u := range b.units {
		if old := b.oldGcloud(u); old != "" {
			add(Before, "check", u.name, "make sure that %s knows `gcloud auth login --cred-file`: workload identity federation came in 2021", old)
		}
	}
	if b.path {
		add(Before, "check", "", "set GOOGLE_CLOUD_PROJECT for programs that took the project from the key file")
	}
	add(Before, "fork", "", forksGetNothing)
	add(Before, "check", "", "try it on a branch first: a job with the login and `gcloud auth print-access-token >/dev/null`")
	b.requireAfter(add)
}

// gcloudArchive is an archive or a package of one release of gcloud.
var gcloudArchive = pattern.New(`google-cloud-(?:sdk|cli)[-=](\d+\.\d+\.\d+)`)

// oldGcloud is the gcloud of a unit that may be too old for the login, by its image or by what a step installs; "" for none.
func (b *gcpFix) oldGcloud(u *gcpUnit) string {
	if image := imageOf(u.unit); gcpTables().oldImage(image) {
		return "the gcloud of " + image
	}
	for _, x := range u.steps {
		if orb, _, ok := x.Step.OrbCall(); ok && orb != nil && orb.Name() == gcpCLI {
			for _, parameter := range []string{"version", "sdk-version"} {
				if version := x.Step.Arg(parameter).Resolve().Value(); gcpTables().oldRelease(version) {
					return "the gcloud " + version + " that " + x.Step.Name + " installs"
				}
			}
		}
		if s := b.view.stepOf(x.Step); s.script() != nil {
			if m := gcloudArchive.FindStringSubmatch(s.script().Text()); m != nil && gcpTables().oldRelease(m[1]) {
				return "the gcloud " + m[1] + " that a step installs"
			}
		}
	}
	return ""
}

// account is the service account that a unit acts as, in words.
func (b *gcpFix) account(u *gcpUnit) string {
	behind := "the service account behind " + b.stored()
	if given := b.view.facts().ServiceAccount; given != "" {
		return given + ", which needs the roles of " + behind
	}
	return behind
}

// stored is where the key is stored, for people.
func (b *gcpFix) stored() string {
	out := b.key()
	for _, f := range b.group {
		switch {
		case f.key.literal || f.stored.literal:
			return "the key in the file"
		case f.stored.name != "":
			out = f.stored.name
		}
	}
	return out
}

// variables ask for those that a unit's login reads. Orbs read names of variables only, so that a fact is the value of one.
func (b *gcpFix) variables(u *gcpUnit) []string {
	var out []string
	orb := slices.ContainsFunc(b.group, func(f *gcpForm) bool { return f.orb != nil })
	account, _ := b.view.accountVariable(u, b.key())
	given := b.view.facts()
	for _, f := range given.facts(account) {
		text := fmt.Sprintf("define %s with %s", f.variable, f.means)
		switch {
		case f.value != "" && !orb, f.variable == "":
			continue
		case f.value != "":
			text = fmt.Sprintf("define %s as %s", f.variable, f.value)
		case f.variable == account:
			text += " behind " + b.stored()
		}
		out = append(out, text)
	}
	return out
}

// requireAfter says what can go once the change is merged.
func (b *gcpFix) requireAfter(add func(when When, kind, where, format string, args ...any)) {
	if slices.ContainsFunc(b.group, func(f *gcpForm) bool { return f.key.literal || f.stored.literal }) {
		add(After, "key", "", "delete the key in the file in Google Cloud now: it stays readable in the history of the repository")
		return
	}
	for _, u := range b.units {
		b.fix.requireIn(u.placesOf(b.view.p.Config, b.stored()), After, "variable", "delete "+b.stored()+" once no other step uses it")
	}
	add(After, "key", "", "delete the service account key behind %s in Google Cloud: until then nothing is safer than before", b.stored())
}
