package setup

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"cfgfix/cmd/internal/report"
	"cfgfix/fixes"
)

//go:embed actions.json
var actionsJSON []byte

// actionTable says which permissions calls of the AWS CLI and elements of orbs need.
type actionTable struct {
	Services      map[string]*service
	BucketActions []string                         // that are allowed on a bucket, not on what is in it
	Elements      map[string]map[string][][]string // by orb and element: the calls that it amounts to
	Harmless      []string                         // commands that do not call AWS, as a rule
}

// service is one command of the AWS CLI.
type service struct {
	Prefix     string   // of its actions, when it is not the command's own name
	Resources  []string // what its operations work on: ARNs with the options that name it
	Operations map[string]*operation
	Options    map[string][]string // actions that an option asks for
	Gap        string
}

// operation is one of a service whose permissions are not simply called like it.
type operation struct {
	Actions, Resources []string
	Source, Target     []string            // of what copies between S3 and elsewhere
	None               []string            // without arguments
	Options            map[string][]string // actions that an option asks for
	Gap                string              // what else it needs, which no config shows
}

var actions = sync.OnceValue(func() *actionTable {
	t := new(actionTable)
	if err := json.Unmarshal(actionsJSON, t); err != nil {
		panic("actions.json: " + err.Error())
	}
	return t
})

// statement allows actions on resources. A name in braces is that of an input, or account or partition.
type statement struct{ actions, resources []string }

// permits collects what a role may do.
type permits struct {
	plan      *Plan
	role      *role
	resources map[string][]string // actions by resource
	gaps      map[string][]string // jobs by what is not shown
}

// permit fills in what a role may do, from what its uses show, and what they do not show.
func (p *Plan) permit(x *role) {
	w := &permits{p, x, map[string][]string{}, map[string][]string{}}
	for _, u := range x.uses {
		for _, image := range u.Images {
			w.image(image)
		}
		for _, c := range u.Calls {
			w.call(c.Words, u)
		}
		for _, e := range u.Elements {
			w.element(e, u)
		}
		for _, title := range u.Hidden {
			if !slices.Contains(actions().Harmless, title) {
				w.gap("what `"+title+"` does", u)
			}
		}
	}
	byActions := map[string]*statement{}
	for _, resource := range slices.Sorted(maps.Keys(w.resources)) {
		key := strings.Join(w.resources[resource], " ")
		if byActions[key] == nil {
			byActions[key] = &statement{actions: w.resources[resource]}
		}
		byActions[key].resources = append(byActions[key].resources, resource)
	}
	for _, key := range slices.Sorted(maps.Keys(byActions)) {
		x.statements = append(x.statements, *byActions[key])
	}
	for _, what := range slices.Sorted(maps.Keys(w.gaps)) {
		text := what
		if jobs := w.gaps[what]; len(jobs) > 0 {
			text += " (" + strings.Join(jobs, ", ") + ")"
		}
		x.gaps = append(x.gaps, text)
	}
}

func (w *permits) allow(resource string, actions ...string) {
	if len(actions) > 0 {
		w.resources[resource] = addTo(w.resources[resource], actions...)
	}
}

func (w *permits) gap(what string, u fixes.AWSRole) { w.gaps[what] = addTo(w.gaps[what], u.Jobs...) }

// image lets the role pull an image, which CircleCI does before the job begins.
func (w *permits) image(image string) {
	w.allow("*", "ecr:GetAuthorizationToken")
	if i := strings.LastIndexAny(image, "@:"); i > strings.LastIndexByte(image, '/') {
		image, _, _ = strings.Cut(image[:i], "@")
	}
	w.allow(w.repository(image, "*"), "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
}

var registry = expression(`^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(.+)$`)

// repository is the ARN of an image's repository, or of one by that name.
func (w *permits) repository(image, region string) string {
	number := "{account}"
	if m := registry().FindStringSubmatch(image); m != nil {
		number, region, image = m[1], m[2], m[3]
	} else if _, name, ok := strings.Cut(image, ".amazonaws.com/"); ok {
		image = name
	}
	return "arn:{partition}:ecr:" + region + ":" + number + ":repository/" + w.known(image, "the name of the ECR repository")
}

// element lets the role do what an orb's element does.
func (w *permits) element(e fixes.OrbElement, u fixes.AWSRole) {
	calls, known := actions().Elements[e.Orb][strings.ReplaceAll(e.Name, "-", "_")]
	if !known {
		w.gap("what "+e.Orb+"/"+e.Name+" does", u)
		return
	}
	for _, words := range calls {
		filled := make([]string, len(words))
		for i, word := range words {
			filled[i] = word
			if names, ok := strings.CutPrefix(word, "{"); ok {
				filled[i] = argument(e.Args, strings.TrimSuffix(names, "}"))
			}
		}
		w.call(filled, u)
	}
}

// argument is the first of some arguments that is given, whether its name is written with dashes or underscores. One
// that is not given is unknown: it stands as the expansion of itself.
func argument(args map[string]string, names string) string {
	for name := range strings.SplitSeq(names, "|") {
		for _, spelled := range []string{name, strings.ReplaceAll(name, "_", "-")} {
			if text := args[spelled]; text != "" {
				return text
			}
		}
	}
	first, _, _ := strings.Cut(names, "|")
	return "$" + first
}

// call lets the role do what a call of the AWS CLI does.
func (w *permits) call(words []string, u fixes.AWSRole) {
	c, ok := parseCall(words)
	if !ok {
		w.gap("a call of `aws` whose service is not shown", u)
		return
	}
	title := "`aws " + c.service + " " + c.operation + "`"
	s := actions().Services[c.service]
	switch {
	case s == nil:
		w.gap("the permissions of "+title, u)
		return
	case s.Gap != "":
		w.gap(s.Gap, u)
	}
	op := s.Operations[c.operation]
	if op != nil && op.Gap != "" {
		w.gap(op.Gap+": for "+title, u)
	}
	switch {
	case op != nil && (op.Source != nil || op.Target != nil):
		w.copy(c, s, op, u)
	case op != nil && op.Actions != nil:
		resources := s.Resources
		if op.Resources != nil {
			resources = op.Resources
		}
		w.operate(c, resources, op.Actions)
	case c.operation == "wait":
		w.gap("the permissions of "+title+" "+c.first(), u)
	default:
		prefix := c.service
		if s.Prefix != "" {
			prefix = s.Prefix
		}
		w.operate(c, s.Resources, []string{prefix + ":" + pascal(c.operation)})
	}
}

// pascal is an operation as the CLI spells it, such as list-buckets, as IAM does. IAM does not tell cases apart.
func pascal(operation string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(operation, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// operate allows actions on what the options of a call name, on everything when they name nothing.
func (w *permits) operate(c call, resources, actions []string) {
	found := false
	for _, template := range resources {
		if arn, ok := w.fill(template, c); ok {
			found = true
			w.bucketOr(arn, actions)
		}
	}
	if !found {
		w.allow("*", actions...)
	}
}

// bucketOr allows actions on a resource. Of a bucket some are allowed on the bucket and some on what is in it.
func (w *permits) bucketOr(arn string, list []string) {
	if !strings.HasPrefix(arn, "arn:{partition}:s3:::") {
		w.allow(arn, list...)
		return
	}
	for _, a := range list {
		if slices.Contains(actions().BucketActions, a) || strings.Contains(a, "Bucket") {
			w.allow(arn, a)
		} else {
			w.allow(arn+"/*", a)
		}
	}
}

// copy allows what a command of aws s3 does with the buckets that its arguments name.
func (w *permits) copy(c call, s *service, op *operation, u fixes.AWSRole) {
	if len(c.args) == 0 {
		w.allow("*", op.None...)
		return
	}
	target := slices.Sorted(slices.Values(op.Target))
	for _, options := range []map[string][]string{s.Options, op.Options} {
		for _, name := range slices.Sorted(maps.Keys(options)) {
			if c.has(name) {
				target = addTo(target, options[name]...)
			}
		}
	}
	found := false
	for i, word := range c.args[:min(len(c.args), 2)] {
		name, ok := bucketIn(word)
		if !ok {
			continue
		}
		found = true
		list := target
		if i == 0 && op.Source != nil {
			list = op.Source
		}
		w.bucketOr("arn:{partition}:s3:::"+w.known(name, "the name of the S3 bucket"), list)
	}
	if !found {
		w.gap("the bucket that `aws s3 "+c.operation+"` works on", u)
	}
}

// bucketIn is the bucket that an argument names. A variable may hold a bucket or a path: its name tells.
func bucketIn(word string) (name string, ok bool) {
	if rest, ok := strings.CutPrefix(word, "s3://"); ok {
		return bucketOf(rest), true
	}
	upper := strings.ToUpper(word)
	return word, !plain(word) && (strings.Contains(upper, "BUCKET") || strings.Contains(upper, "S3"))
}

// bucketOf is the bucket of what follows s3:// in an argument. Slashes inside of an expression do not end it.
func bucketOf(rest string) string {
	if strings.HasPrefix(rest, "<<") {
		if i := strings.Index(rest, ">>"); i >= 0 {
			tail, _, _ := strings.Cut(rest[i+2:], "/")
			return rest[:i+2] + tail
		}
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

var placeholder = expression(`\{(--[^}]+)\}`)

// fill puts what the options of a call name into an ARN. It is false when an option is not given.
func (w *permits) fill(template string, c call) (arn string, ok bool) {
	ok = true
	arn = placeholder().ReplaceAllStringFunc(template, func(hole string) string {
		for name := range strings.SplitSeq(hole[1:len(hole)-1], "|") {
			text, given := name, !strings.HasPrefix(name, "--")
			if !given {
				text, given = c.options[name]
			}
			if given {
				return w.named(c, text, name)
			}
		}
		ok = false
		return ""
	})
	if i := strings.LastIndex(arn, "arn:"); i > 0 { // the option gave an ARN, and not a name
		arn = strings.TrimSuffix(arn[i:], "-*")
	}
	arn = strings.ReplaceAll(arn, "parameter//", "parameter/")
	return strings.ReplaceAll(arn, "{region}", w.region(c)), ok
}

// named is what an option names, as part of an ARN.
func (w *permits) named(c call, text, option string) string {
	if c.service == "ecr" {
		arn := w.repository(text, "{region}")
		if registry().MatchString(text) {
			return arn
		}
		return arn[strings.Index(arn, "repository/")+len("repository/"):]
	}
	if option == "--bucket" || option == "--s3-bucket" {
		return w.known(text, "the name of the S3 bucket")
	}
	if i := strings.LastIndexByte(text, ':'); option == "--task-definition" && i > 0 && !strings.HasPrefix(text, "arn:") {
		text = text[:i] // the revision
	}
	return w.known(text, strings.ReplaceAll(strings.Trim(option, "-"), "-", " ")+" of `aws "+c.service+" "+c.operation+"`")
}

// region is the region of a call where it is shown, else any.
func (w *permits) region(c call) string {
	if r, given := c.options["--region"]; given && plain(r) {
		return r
	}
	if len(w.role.regions) == 1 && w.role.use.Account == "" {
		return w.role.regions[0]
	}
	return "*"
}

// plain reports whether a text is what it is: nothing expands it, no policy takes it for a pattern, and all of it shows.
func plain(text string) bool {
	return !strings.ContainsAny(text, "$`<>*?{}\"'\\ ") && report.Visible(text) == text
}

// known is a name where it is shown. What the shell or CircleCI puts into a part of it stands as *, since that may differ
// from run to run; a name of which nothing is shown is an input.
func (w *permits) known(name, what string) string {
	if plain(name) && name != "" {
		return name
	}
	if pattern := expanded().ReplaceAllString(name, "*"); plainPattern().MatchString(pattern) {
		return pattern
	}
	in := w.plan.input(&input{
		name: strings.Trim(w.role.id+"_"+slug(name), "_"),
		text: strings.ToUpper(what[:1]) + what[1:] + " that the jobs " + few(w.role.jobs) + " call " + strings.Join(strings.Fields(name), " "),
	})
	return "{" + in.name + "}"
}

var (
	expanded     = expression(`<<[^<>]*>>|\$\{[A-Za-z_0-9]+[^{}]*\}|\$[A-Za-z_0-9]+`)
	plainPattern = expression(`^[A-Za-z0-9][\w.-]{2,}\*[\w./*-]*$`) // begins with what tells it from others
)

// few are the first of some names, for people.
func few(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// fillIn makes text of a resource: what stands as it is, and what the names in braces stand for.
func fillIn(resource string, text, named func(string) string) string {
	var b strings.Builder
	for resource != "" {
		plain, rest, found := strings.Cut(resource, "{")
		b.WriteString(text(plain))
		if !found {
			break
		}
		name, behind, _ := strings.Cut(rest, "}")
		b.WriteString(named(name))
		resource = behind
	}
	return b.String()
}
