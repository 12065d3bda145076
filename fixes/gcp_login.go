package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// The variables that hold what a login with workload identity needs, as CircleCI's orbs call them.
const (
	gcpNumberVar   = "GOOGLE_PROJECT_NUMBER"
	gcpPoolVar     = "OIDC_WIP_ID"
	gcpProviderVar = "OIDC_WIP_PROVIDER_ID"
	gcpAccountVar  = "OIDC_SERVICE_ACCOUNT_EMAIL"
)

// gcpLogin is what a login step is given: each a value or the expansion of a variable.
type gcpLogin struct {
	number, pool, provider, account string
	project                         string // that becomes the current one, as written; "" for none
	when                            string // of the step, when it is not the default
}

// gcpLoginName is what the new step is called.
const gcpLoginName = "GCP workload identity"

// script writes CircleCI's token to a file, makes a credential configuration that reads it, and logs gcloud and, for
// later steps, Google's libraries in with that.
func (l gcpLogin) script() string {
	project := ""
	if l.project != "" {
		project = " --project " + l.project
	}
	return strings.Join([]string{
		`umask 077`,
		`printf '%s' "$CIRCLE_OIDC_TOKEN" > "$HOME/oidc_token"`,
		`gcloud iam workload-identity-pools create-cred-config \`,
		`  "projects/` + l.number + `/locations/global/workloadIdentityPools/` + l.pool + `/providers/` + l.provider + `" \`,
		`  --service-account="` + l.account + `" \`,
		`  --credential-source-file="$HOME/oidc_token" \`,
		`  --output-file="$HOME/gcp_cred_config.json"`,
		`gcloud auth login --brief --cred-file="$HOME/gcp_cred_config.json"` + project,
		`echo "export ` + adcVar + `='$HOME/gcp_cred_config.json'" >> "$BASH_ENV"`,
		``,
	}, "\n")
}

// step is a new run step with the login.
func (l gcpLogin) step() rewrite.Value {
	pairs := []rewrite.Pair{{Key: "name", Value: rewrite.String(gcpLoginName)}}
	if l.when != "" {
		pairs = append(pairs, rewrite.Pair{Key: "when", Value: rewrite.String(l.when)})
	}
	pairs = append(pairs, rewrite.Pair{Key: "command", Value: rewrite.LiteralText(l.script())})
	return rewrite.Map(rewrite.Pair{Key: "run", Value: rewrite.Map(pairs...)})
}

// gcpFact is one fact of a login and the variable that takes its place when it is not given.
type gcpFact struct {
	key, value string // such as gcp.pool; "" when it is not given
	variable   string
	means      string // what the variable has to hold
}

// text is what stands in the login.
func (f gcpFact) text() string {
	if f.value != "" {
		return f.value
	}
	return "${" + f.variable + "}"
}

// facts are those of a login, account being the variable with the service account.
func (f *GCPFacts) facts(account string) []gcpFact {
	return []gcpFact{
		{"gcp.project_number", f.ProjectNumber, gcpNumberVar, "the number of the project that holds the workload identity pool"},
		{"gcp.pool", f.Pool, gcpPoolVar, "the id of the workload identity pool"},
		{"gcp.provider", f.Provider, gcpProviderVar, "the id of its provider"},
		{"gcp.service_account", f.ServiceAccount, account, "the address of the service account"},
	}
}

// facts are those of a login. The service account that is given serves a file with one identity.
func (v *gcpView) facts() GCPFacts {
	out := v.p.Facts.GCP
	if !v.single() {
		out.ServiceAccount = ""
	}
	return out
}

// isSingle reports whether all logins, and all pulls of images, use the same key from the same place.
func (v *gcpView) isSingle() bool {
	out, given := identities{}, v.p.Facts.GCP.ServiceAccount
	for _, u := range v.units {
		for _, f := range u.forms {
			for _, k := range f.keys() {
				out.stored(u.whose(k), u.unit)
			}
		}
		for _, x := range u.steps {
			if as := v.stepOf(x.Step).oidc; as != "" {
				out.loggedIn(as, given)
			}
		}
	}
	addGCPImages(out, v.p)
	return out.single()
}

// keys are those that a form brings to Google Cloud, or that it hands to programs.
func (f *gcpForm) keys() []givenKey {
	if f.key.known() || f.step == nil || len(f.step.handed) == 0 {
		return []givenKey{f.key}
	}
	var out []givenKey
	for _, h := range f.step.handed {
		out = append(out, h.key)
	}
	return out
}

// whose tells the keys of units apart: a variable by its name, or by what an environment of the file sets it to.
func (u *unit) whose(k givenKey) string {
	if k.name != "" {
		text, _ := u.storedIn(k.name)
		return text
	}
	return k.text
}

// gcpPlace is a place where variables are stored: the project, or a set of contexts.
type gcpPlace struct {
	unit   *unit             // one of those that take their variables from there
	keys   map[string]string // that are used there, by whose they are, with the variables named after them; "" where the name gives none
	logins bool              // steps there log in with workload identity already
}

// addPlaces sorts the units by where they take their variables from.
func (v *gcpView) addPlaces() {
	type contexts struct {
		known bool
		names string
	}
	places := map[contexts]*gcpPlace{}
	for _, u := range v.units {
		from := contexts{u.known, setOf(u.contexts)}
		at := places[from]
		if at == nil {
			at = &gcpPlace{unit: u.unit, keys: map[string]string{}}
			places[from], v.places = at, append(v.places, at)
		}
		for _, f := range u.forms {
			if name := f.key.name; f.blocker == "" && name != "" {
				at.keys[u.whose(f.key)], _ = u.accountName(name)
			}
		}
		at.logins = at.logins || slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return v.stepOf(x.Step).oidc != "" })
	}
}

// accountVariable is the variable that holds the service account in the place of a key: the usual one, or, where the
// variables of one place would have to hold several accounts, one with the prefix and suffix of the key's name. ok is
// false when the name of the key gives none. Logins that are there count as keys do: a fix may have made them.
func (v *gcpView) accountVariable(u *gcpUnit, key string) (name string, ok bool) {
	own, named := u.accountName(key)
	whose := u.whose(givenKey{name: key})
	alone, taken := true, false
	for _, p := range v.places {
		if !meet(u.unit, p.unit) {
			continue
		}
		alone = alone && !p.logins
		for other, name := range p.keys {
			alone = alone && other == whose
			taken = taken || other != whose && name == own
		}
	}
	if alone {
		return gcpAccountVar, true
	}
	return own, named && !taken
}

// accountName is the variable named after a key of a unit: after what an environment of the file copies, where one does.
func (u *unit) accountName(key string) (name string, ok bool) {
	if stored, ok := u.storedIn(key); ok {
		key = stored
	}
	return accountName(key)
}

// accountName is the variable named after a key; ok is false when the key's name is no usual one with something around.
func accountName(key string) (name string, ok bool) {
	prefix, suffix, ok := gcpTables().affixes(key)
	if !ok {
		return "", false
	}
	return prefix + gcpAccountVar + suffix, true
}

// meet reports whether two units may take their variables from the same place: no context is that of both only when
// each has some.
func meet(a, b *unit) bool {
	if !a.known || !b.known || len(a.contexts) == 0 || len(b.contexts) == 0 {
		return true
	}
	return slices.ContainsFunc(a.contexts, func(name string) bool { return slices.Contains(b.contexts, name) })
}
