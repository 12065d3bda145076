package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// ecrImageAuth wants images in ECR to be pulled with a role. Without aws_auth CircleCI takes the project's stored keys.
// See doc/ecr-image-auth.md.
var ecrImageAuth = &Rule{
	ID:         "ecr-image-auth",
	Title:      "image in ECR pulled with long-lived keys",
	Severity:   High,
	Confidence: HighConfidence,
	Safety:     Setup, // the role has to exist first
	Since:      "0.1.0",
	CWE:        []string{"CWE-522"},
	Triggers:   anyOf(".dkr.ecr", "aws_auth"),
	Run:        runECRImageAuth,
	Explain:    explainImages,
}

func runECRImageAuth(p *Pass) error {
	images := ecrImages(p.Config)
	shares := ecrShares(p, images)
	for _, image := range images {
		image.share = shares[image.auth]
		if image.done {
			continue
		}
		if f, ok := image.finding(p, images); ok {
			p.Report(f)
		}
	}
	return nil
}

// ecrImage is a docker item that is pulled from ECR, or has aws_auth.
type ecrImage struct {
	item    *circle.DockerItem
	place   rewrite.Node // the mapping that the image is written in: the item, or one that it merges
	config  *circle.Config
	account string // 12 digits; "" when the host is not shown
	region  string
	auth    rewrite.Node // the aws_auth block, resolved
	login   rewrite.Node // an auth block with a token of get-login-password
	done    bool         // it has a role and nothing else; it still tells which accounts the file uses
	keys    identity     // of the aws_auth block, or the project's
	share   *ecrShare    // of the aws_auth block; nil without one
}

// ecrImages are all physical docker items of the config that matter here, in the order of the file.
func ecrImages(c *circle.Config) []*ecrImage {
	var out []*ecrImage
	met := map[rewrite.Node]bool{}
	add := func(c *circle.Config, items []*circle.DockerItem) {
		for _, d := range items {
			x := newECRImage(c, d)
			if x != nil && !met[x.place] {
				met[x.place] = true
				out = append(out, x)
			}
		}
	}
	eachDockerList(c, add)
	slices.SortStableFunc(out, func(a, b *ecrImage) int { return a.item.Node.Span().Start - b.item.Node.Span().Start })
	return out
}

// newECRImage is nil for an item of another registry, and for one that logs in by other means.
func newECRImage(c *circle.Config, d *circle.DockerItem) *ecrImage {
	x := &ecrImage{item: d, place: d.Node, config: c, auth: d.AWSAuth(), keys: standard}
	if m := d.Image().Parent(); m.Kind() == rewrite.Mapping && !d.Node.Own("image").Exists() && !d.Node.Own("aws_auth").Exists() {
		x.place = m
	}
	image := d.Image().Value()
	if m := ecrHost.FindStringSubmatch(image); m != nil {
		x.account, x.region = m[1], m[2]
	}
	isECR := strings.Contains(image, ".dkr.ecr.") || strings.Contains(image, ".dkr.ecr-fips.")
	switch {
	case x.auth.Kind() == rewrite.Mapping:
		if !x.auth.Get("aws_access_key_id").Exists() && !x.auth.Get("aws_secret_access_key").Exists() {
			x.done = true
			return x
		}
		x.keys = authIdentity(x.auth)
	case x.auth.Exists() && !x.auth.IsNull() || !isECR:
		return nil
	case d.Auth().Exists():
		if d.Auth().Get("username").Resolve().Value() != "AWS" {
			return nil
		}
		x.login = d.Auth()
	}
	return x
}

// authIdentity is whose keys an aws_auth block has. Its values are expanded from project and context variables.
func authIdentity(auth rewrite.Node) identity {
	var d identity
	for i, key := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		switch s := classify(auth.Get(key).Resolve().Value()); {
		case s.kind == literalSource:
			d.literal = cmp.Or(d.literal, s.text)
		case s.kind == varSource && i == 0:
			d.id = s.text
		case s.kind == varSource:
			d.secret = s.text
		}
	}
	return d
}

// users are the jobs that run in the image.
func (x *ecrImage) users(c *circle.Config) []*circle.Job { return c.UsersOf(x.place) }

func (x *ecrImage) finding(p *Pass, all []*ecrImage) (Finding, bool) {
	f := Finding{Span: x.item.Image().Span(), Path: x.place.Path(), Owner: p.Config.Owner(x.place)}
	if f.Span.Len() == 0 {
		f.Span = x.auth.Span()
	}
	users := x.users(p.Config)
	runner := slices.ContainsFunc(users, mayRunOnRunner)
	cloud := slices.ContainsFunc(users, func(j *circle.Job) bool { return !onRunner(j) })
	switch {
	case x.keys.isLiteral():
		f.Severity = Critical
		f.Message = fmt.Sprintf("the image %s is pulled with %s", x.name(), x.keys)
	case x.auth.Kind() == rewrite.Mapping:
		f.Message = fmt.Sprintf("the image %s is pulled with long-lived AWS keys", x.name())
	case x.login.Exists():
		f.Message = fmt.Sprintf("the image %s is pulled with a stored login token, which some other job renews with long-lived keys", x.name())
	case runner && !cloud:
		return f, false // the cluster's own role can pull
	default:
		f.Message = fmt.Sprintf("the image %s has no aws_auth, so it is pulled with the project's AWS keys", x.name())
	}
	if runner && cloud {
		f.NoFix = "the image is used on a container runner too, which cannot use oidc_role_arn"
		return f, true
	}
	if runner {
		f.NoFix = "a container runner cannot use oidc_role_arn: let the cluster's service account pull the image"
		return f, true
	}
	f.Fix, f.NoFix = x.fix(p, all)
	return f, true
}

// name is the image as people know it, without tag.
func (x *ecrImage) name() string {
	name, _ := splitImage(x.item.Image().Value())
	return name
}

// fix gives the image a role. Without one the words say what stands in the way.
func (x *ecrImage) fix(p *Pass, all []*ecrImage) (*Fix, string) {
	fix := &Fix{Title: "pull the image with a role", Safety: Setup}
	role, fact, need := x.role(p, all)
	if refusal := x.share.refusal(role); refusal != "" {
		return nil, refusal
	}
	switch {
	case p.Facts.Circle.Server:
		fix.Safety, fix.Reason = Manual, "circleci.server is set, and oidc_role_arn exists on CircleCI's cloud only"
	case generated(p.File) != "":
		fix.Safety, fix.Reason = Manual, generated(p.File)
	case need != nil:
		fix.Needs = []Need{*need}
	case fact != "":
		fix.Facts = []string{fact}
	}
	ops, refusal := x.ops(role)
	if refusal != "" {
		return nil, refusal
	}
	fix.Ops = ops
	x.require(p.Config, role, fix)
	fix.Relies = x.roles(p.Config, role, fact, need)
	return fix, ""
}

// ecrShare is what the images with one auth block, which an anchor shares, have in common or not.
type ecrShare struct {
	merging  *ecrImage // an image that merges the block into its own
	onRunner *ecrImage
	roles    []string    // the first two roles that differ, with an image for each
	images   []*ecrImage // in their order
}

// ecrShares are the images by the auth blocks that theirs are made of.
func ecrShares(p *Pass, all []*ecrImage) map[rewrite.Node]*ecrShare {
	out := map[rewrite.Node]*ecrShare{}
	for _, x := range all {
		role, _, _ := x.role(p, all)
		for _, e := range x.auth.Fields() {
			s := out[e.Parent()]
			if s == nil {
				s = &ecrShare{}
				out[e.Parent()] = s
			}
			s.add(p.Config, e.Parent(), x, role)
		}
	}
	return out
}

func (s *ecrShare) add(c *circle.Config, block rewrite.Node, x *ecrImage, role string) {
	if s.merging == nil && x.auth != block {
		s.merging = x
	}
	if s.onRunner == nil && slices.ContainsFunc(x.users(c), onRunner) {
		s.onRunner = x
	}
	if len(s.roles) < 2 && !slices.Contains(s.roles, role) {
		s.roles, s.images = append(s.roles, role), append(s.images, x)
	}
}

// refusal is why the block stays as it is for an image that would get a role: it would not be right for all with it.
func (s *ecrShare) refusal(role string) string {
	switch {
	case s == nil:
		return ""
	case s.merging != nil:
		return "the image " + s.merging.name() + " merges the aws_auth block into its own"
	case s.onRunner != nil:
		return "the aws_auth block is shared with the image " + s.onRunner.name() + " on a container runner, which cannot use oidc_role_arn"
	}
	for i, other := range s.roles {
		if other != role {
			return "the aws_auth block is shared with the image " + s.images[i].name() + ", for which the role is not the same"
		}
	}
	return ""
}

// roles are the roles that pull the image: one, or where a variable holds it one for each set of contexts of the jobs.
func (x *ecrImage) roles(c *circle.Config, role, fact string, need *Need) []Resource {
	if own := x.auth.Get("oidc_role_arn").Resolve(); own.Exists() {
		role = own.Value()
	}
	var out []Resource
	for _, j := range orNoJob(x.users(c)) {
		for _, contexts := range x.stores(role, j) {
			r := &AWSRole{Use: x.keys.use(contexts, jobName(j)...), Account: x.account, Region: x.region, Images: []string{x.item.Image().Value()}}
			switch {
			case need != nil:
				r.Fact = need.Key
			case roleARN.MatchString(role):
				r.ARN, r.Existing = role, fact == ""
			case namesVariable(role):
				r.Variable = strings.Trim(role, "${}")
			default:
				continue // an expression: the file says elsewhere which role that is
			}
			out = append(out, r)
		}
	}
	return out
}

// namesVariable reports whether a role is the expansion of one variable.
func namesVariable(role string) bool {
	return isVariable(role) && envName.MatchString(strings.Trim(role, "${}"))
}

// stores are the contexts, for each workflow entry of a job, that may hold the keys of the image or its role. Without a
// variable that the file shows these are the project's.
func (x *ecrImage) stores(role string, j *circle.Job) [][]string {
	if !namesVariable(role) && (x.auth.Kind() != rewrite.Mapping || x.keys.isLiteral()) {
		return [][]string{nil}
	}
	return orOne(entriesOf(j), nil)
}

// role is the role for the image: that of its account, one that aws.roles gives its users, or ecr.role_arn; "" where one
// stands beside the keys already.
func (x *ecrImage) role(p *Pass, all []*ecrImage) (role, fact string, need *Need) {
	if x.auth.Get("oidc_role_arn").Exists() {
		return "", "", nil
	}
	facts := p.Facts
	if arn := facts.AWS.Accounts[x.account]; arn != "" && x.account != "" && x.inPartition(arn) {
		return arn, "aws.accounts." + x.account + ".role_arn=" + arn, nil
	}
	for i := range facts.AWS.Roles {
		r := &facts.AWS.Roles[i]
		users := x.users(p.Config)
		if len(users) > 0 && !slices.ContainsFunc(users, func(j *circle.Job) bool {
			contexts, _ := j.Contexts()
			return !r.matches(x.keys, &unit{job: j}, contexts)
		}) {
			return r.RoleARN, fmt.Sprintf("aws.roles[%d].role_arn=%s", i, r.RoleARN), nil
		}
	}
	if arn := facts.ECR.RoleARN; arn != "" && x.serves(arn, all) {
		return arn, "ecr.role_arn=" + arn, nil
	}
	switch {
	case x.account == "" && facts.ECR.RoleARN != "":
		return "", "", &Need{"ecr.role_arn", "the one given serves its own account, and the file shows several and not that of this image: give its jobs a role in the list aws.roles of the settings file"}
	case x.account == "":
		return "", "", &Need{"ecr.role_arn", "--set ecr.role_arn=arn:aws:iam::ACCOUNT:role/NAME, a role of the account that the image is in"}
	}
	key := "aws.accounts." + x.account + ".role_arn"
	return "", "", &Need{key, fmt.Sprintf("--set %s=arn:aws:iam::%s:role/NAME", key, x.account)}
}

// serves reports whether ecr.role_arn is right for the image. A variable is taken at its word; a literal serves the
// images of its own account, and of any account while the file shows only one account and one identity: a role that an
// image has already, by a fix perhaps, is another one. Its partition must be the image's.
func (x *ecrImage) serves(arn string, all []*ecrImage) bool {
	m := roleARN.FindStringSubmatch(arn)
	if m == nil {
		return true
	}
	if !x.inPartition(arn) {
		return false
	}
	if x.account == m[2] {
		return true
	}
	for _, o := range all {
		if o.account != x.account || !o.done && !o.keys.sameKeys(x.keys) || o.done && o.auth.Get("oidc_role_arn").Resolve().Value() != arn {
			return false
		}
	}
	return true
}

// inPartition reports whether a literal role is of the image's partition. A variable is taken at its word.
func (x *ecrImage) inPartition(arn string) bool {
	m := roleARN.FindStringSubmatch(arn)
	return m == nil || x.account == "" || m[1] == Partition(x.region)
}

// ops puts the role in place of the keys, or an aws_auth block below the image.
func (x *ecrImage) ops(role string) (ops []rewrite.Op, refusal string) {
	pair := rewrite.Pair{Key: "oidc_role_arn", Value: rewrite.String(role)}
	block := rewrite.Pair{Key: "aws_auth", Value: rewrite.Map(pair)}
	item := x.place
	switch {
	case x.auth.IsNull() && item.Own("aws_auth").Exists():
		return shared(item, rewrite.Append(item.Own("aws_auth"), pair)), ""
	case x.auth.IsNull():
		return nil, "aws_auth is merged in from elsewhere"
	case x.auth.Exists():
		entries := x.auth.Entries()
		if !x.auth.Own("oidc_role_arn").Exists() {
			ops = append(ops, rewrite.InsertBefore(entries[0], pair))
		}
		for _, e := range entries {
			if e.Name() == "aws_access_key_id" || e.Name() == "aws_secret_access_key" {
				ops = append(ops, rewrite.Remove(e))
			}
		}
		if len(ops) == 0 || !x.auth.Own("oidc_role_arn").Exists() && len(ops) < 2 {
			return nil, "the keys are merged in from elsewhere"
		}
		return shared(x.auth, ops...), ""
	case item.Kind() != rewrite.Mapping || !item.Own("image").Exists():
		return nil, "the image is merged in from elsewhere"
	default:
		ops = []rewrite.Op{rewrite.InsertAfter(item.Own("image").Entry(), block)}
		if x.login.Exists() {
			if !item.Own("auth").Exists() {
				return nil, "the login is merged in from elsewhere"
			}
			ops = append(ops, rewrite.Remove(item.Own("auth").Entry()))
		}
		return shared(item, ops...), ""
	}
}

// require says what has to exist, and what can go afterwards.
func (x *ecrImage) require(c *circle.Config, role string, fix *Fix) {
	add := fix.requiref
	account := "the account of the registry"
	if x.account != "" {
		account = "account " + x.account
	}
	add(Before, "role", account, "create %s to pull images: it trusts CircleCI's OIDC provider for this "+
		"organisation and project, and may use ecr:GetAuthorizationToken on *, and ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository", roleToCreate(role))
	if x.keys.isLiteral() {
		add(After, "key", "", "deactivate %s in IAM now and delete it then: it stays readable in the history of the repository, and until then nothing is safer than before", x.keys)
	}
	for _, j := range orNoJob(x.users(c)) {
		for _, contexts := range x.stores(role, j) {
			if namesVariable(role) {
				add(Before, "variable", placeName(contexts), "define %s with the ARN of the role that pulls %s", strings.Trim(role, "${}"), x.name())
			}
			if x.keys.id != "" {
				add(After, "variable", placeName(contexts), "delete %s once no job needs them, and the access key in IAM", x.keys)
			}
		}
	}
}
