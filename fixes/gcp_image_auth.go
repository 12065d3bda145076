package fixes

import (
	"cmp"
	"fmt"
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/rewrite"
)

// gcpImageAuth wants images in Google's registries to be pulled with workload identity. See doc/gcp-image-auth.md.
var gcpImageAuth = &Rule{
	ID:         "gcp-image-auth",
	Title:      "image in Google's registries pulled with a service account key",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the pool has to exist first
	Since:      "0.2.0",
	CWE:        []string{"CWE-522"},
	Triggers:   anyOf("_json_key", "gcp_auth"),
	Run:        runGCPImageAuth,
	Explain:    explainGCPImages,
}

func runGCPImageAuth(p *Pass) error {
	for _, f := range p.gcpImages() {
		p.Report(f)
	}
	return nil
}

func gcpImageFindings(p *Pass) []Finding {
	images := gcpImages(p.Config)
	var out []Finding
	if len(images) == 0 {
		return nil
	}
	v := newGCPView(p)
	for _, image := range images {
		image.given, image.single = v.facts(), v.single()
		image.among = slices.ContainsFunc(images, func(o *gcpImage) bool { return o.key != image.key })
		out = append(out, image.finding(p))
	}
	return out
}

// addGCPImages adds the identities that images are pulled with.
func addGCPImages(to identities, p *Pass) {
	for _, image := range gcpImages(p.Config) {
		for _, j := range orNoJob(p.Config.UsersOf(image.place)) {
			u := &unit{known: true}
			if j != nil {
				u.addEntries(j.Uses()...)
			}
			to.stored(image.key.text, u)
		}
	}
	eachDockerList(p.Config, func(_ *circle.Config, items []*circle.DockerItem) {
		for _, d := range items {
			if as := d.Get("gcp_auth").Resolve().Get("oidc_service_account").Resolve(); as.Exists() {
				to.loggedIn(as.Value(), p.Facts.GCP.ServiceAccount)
			}
		}
	})
}

// gcpImage is a docker item that is pulled with a service account key.
type gcpImage struct {
	item   *circle.DockerItem
	place  rewrite.Node // the mapping that the auth block is written in: the item, or one that it merges
	auth   rewrite.Node // the auth block, resolved
	key    keySource
	given  GCPFacts // those of them that are for the image
	single bool     // the file uses one service account only
	among  bool     // other images of the file are pulled with another key
}

var (
	artifactRegistry  = pattern.New(`^[a-z0-9-]+-docker\.pkg\.dev/`)
	containerRegistry = pattern.New(`^(?:[a-z]+\.)?gcr\.io/`)
)

// gcpImages are all physical docker items of the config with a key, in the order of the file.
func gcpImages(c *circle.Config) []*gcpImage {
	var out []*gcpImage
	met := map[rewrite.Node]bool{}
	eachDockerList(c, func(_ *circle.Config, items []*circle.DockerItem) {
		for _, d := range items {
			x := newGCPImage(d)
			if x != nil && !met[x.place] {
				met[x.place] = true
				out = append(out, x)
			}
		}
	})
	slices.SortStableFunc(out, func(a, b *gcpImage) int { return a.place.Span().Start - b.place.Span().Start })
	return out
}

// newGCPImage is nil for an item that is pulled by other means: the user's name tells that the password is a key.
func newGCPImage(d *circle.DockerItem) *gcpImage {
	user := d.Auth().Get("username").Resolve().Value()
	if user != "_json_key" && user != "_json_key_base64" {
		return nil
	}
	x := &gcpImage{item: d, place: d.Node, auth: d.Auth()}
	if m := d.Get("auth").Parent(); m.Kind() == rewrite.Mapping {
		x.place = m
	}
	password := x.auth.Get("password").Resolve().Value()
	if x.key = classify(password); isGCPKey(password) {
		x.key = keySource{literalSource, password}
	}
	return x
}

func (x *gcpImage) finding(p *Pass) Finding {
	f := Finding{Span: x.item.Image().Span(), Path: x.place.Path(), Owner: p.Config.Owner(x.place)}
	if f.Span.Len() == 0 || !x.item.Image().Within(x.place) {
		f.Span = x.auth.Span()
	}
	f.Message = fmt.Sprintf("the image %s is pulled with a service account key", x.name())
	if x.key.kind == literalSource {
		f.Severity, f.Secrets = Critical, givenKey{literal: true, text: x.key.text}.secrets()
		f.Message = fmt.Sprintf("the image %s is pulled with a literal service account key", x.name())
	}
	switch {
	case !x.known():
		f.NoFix = "the registry of the image is not shown"
	case x.among:
		f.NoFix = "the images of the file are pulled with several keys, and gcp.service_account names one account"
	case slices.ContainsFunc(p.Config.UsersOf(x.place), onRunner):
		f.NoFix = "whether a container runner knows gcp_auth is not documented: let the cluster's service account pull the image"
	default:
		f.Fix, f.NoFix = x.fix(p)
	}
	return f
}

// known reports whether the image is shown to be in one of Google's registries.
func (x *gcpImage) known() bool {
	image := x.item.Image().Value()
	return artifactRegistry.MatchString(image) || containerRegistry.MatchString(image)
}

// name is the image as people know it, without tag.
func (x *gcpImage) name() string {
	name, _ := splitImage(x.item.Image().Value())
	return name
}

// fix gives the image workload identity. Without one the words say what stands in the way.
func (x *gcpImage) fix(p *Pass) (*Fix, string) {
	fix := &Fix{Title: "pull the image with workload identity", Safety: Setup}
	given := x.given
	for _, f := range given.facts("") {
		if f.value != "" {
			fix.Facts = append(fix.Facts, f.key+"="+f.value)
			continue
		}
		hint := "--set " + f.key + "=VALUE: " + f.means + ", for the image " + x.name()
		if f.key == "gcp.service_account" && !x.single {
			hint = "the file uses several service accounts, so that one cannot serve them all: write gcp_auth with that of the image " + x.name() + " by hand"
		}
		fix.Needs = append(fix.Needs, Need{f.key, hint})
	}
	switch {
	case p.Facts.Circle.Server:
		fix.Safety, fix.Reason = Manual, "circleci.server is set, and gcp_auth exists on CircleCI's cloud only"
	case generated(p.File) != "":
		fix.Safety, fix.Reason = Manual, generated(p.File)
	}
	auth := x.place.Own("auth")
	if !auth.Exists() || !x.place.Own("image").Exists() {
		return nil, "the login is merged in from elsewhere"
	}
	fix.Ops = shared(x.place,
		rewrite.Rename(auth.Entry(), "gcp_auth"),
		rewrite.Replace(auth, rewrite.Map(
			rewrite.Pair{Key: "oidc_service_account", Value: rewrite.String(given.ServiceAccount)},
			rewrite.Pair{Key: "workload_identity_pool", Value: rewrite.String("projects/" + given.ProjectNumber + "/locations/global/workloadIdentityPools/" + given.Pool)},
			rewrite.Pair{Key: "workload_identity_provider", Value: rewrite.String(given.Provider)},
		)),
	)
	x.require(p, fix)
	fix.Relies = x.accounts(p)
	return fix, ""
}

// require says what has to exist, and what can go afterwards.
func (x *gcpImage) require(p *Pass, fix *Fix) {
	add := func(when When, kind, text string) {
		fix.Requires = append(fix.Requires, Prerequisite{when, kind, text, ""})
	}
	account := cmp.Or(x.given.ServiceAccount, "the service account")
	add(Before, "role", "give identities of the pool roles/iam.workloadIdentityUser on "+account+", and that account roles/artifactregistry.reader on the repository of "+x.name())
	add(Before, "role", "map google.subject in the pool's provider to less than 127 bytes: images are pulled with the second version of CircleCI's token, "+
		"whose subject may be longer; such as assertion.org_id + \"/\" + assertion.sub.extract('/user/{user_id}/')")
	if containerRegistry.MatchString(x.item.Image().Value()) {
		add(Before, "check", "try the pull of "+x.name()+" on a branch first: CircleCI documents gcp_auth for Artifact Registry, and not for gcr.io")
	}
	switch {
	case x.key.kind == literalSource:
		add(After, "key", "delete the key in the file in Google Cloud now: it stays readable in the history of the repository")
	case x.key.kind == varSource:
		add(After, "variable", "delete "+x.key.text+" once no job needs it, and the service account key in Google Cloud")
	}
}
