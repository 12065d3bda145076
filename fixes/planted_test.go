package fixes

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// plantedConfigs is how many real configs every form of keys is planted into.
const plantedConfigs = 40

// sown is how many of the configs that a form is for it is planted into: a quarter, all of them with -full.
func sown(all int) int {
	if *full {
		return all
	}
	return all / 4
}

// TestPlanted plants each form of long-lived keys into real configs that have none, at places that the names of the
// config and of the form decide. What was there before is known, so the result can be judged: by the flow of
// credentials, by the tree and by the text. A fix that is not made needs a reason.
func TestPlanted(t *testing.T) {
	t.Parallel()
	soils := awsSoils(t)
	table := map[string]*tally{}
	t.Run("forms", func(t *testing.T) {
		for _, form := range plantForms {
			counts := &tally{reasons: map[string]int{}}
			table[form.name] = counts
			t.Run(form.name, func(t *testing.T) {
				t.Parallel()
				form.test(t, soils, counts)
			})
		}
	})
	t.Log("\n" + show(table))
}

// test plants one form into every config that has a place for it.
func (form plantForm) test(t *testing.T, soils []*soil, counts *tally) {
	for p := range plants(soils, form, sown(plantedConfigs)) {
		counts.planted++
		fate, reason, wrong := p.judge()
		switch {
		case len(wrong) > 0:
			counts.wrong++
			t.Errorf("%s (%s): %s\nplanted:\n%s", p.name, p.place, strings.Join(wrong, "\n"), p.added())
		case fate == Applied:
			counts.fixed++
		default:
			if !slices.ContainsFunc(goodReasons, func(r *regexp.Regexp) bool { return r.MatchString(reason) }) {
				t.Errorf("%s (%s): left for a reason that is none: %s\nplanted:\n%s", p.name, p.place, reason, p.added())
			}
			counts.reasons[reason]++
		}
	}
	if counts.planted == 0 {
		t.Error("no config has a place for it")
	}
}

// goodReasons are the reasons for which a planted form may be left.
var goodReasons = []*regexp.Regexp{
	// Keys that reach one step only may not reach further when something behind it may have others.
	regexp.MustCompile(`^the keys reach one step only, and (?:a later|another) step runs .*, which may use other credentials$`),
	// One place cannot hold the roles of two identities, and names without an affix give a role no name.
	regexp.MustCompile(`^the same steps are used with several roles`),
	regexp.MustCompile(`^the step is used with several roles`),
	regexp.MustCompile(`^needs facts: aws\.role_arn$`),
	// The setup reaches later steps through bash.
	regexp.MustCompile(`whether it has bash is not (?:known|shown)$`),
	regexp.MustCompile(`^the image I (?:has no bash|is not known and no step shows bash)`),
	regexp.MustCompile(`^(?:the job's shell is|a step that calls AWS runs in) .* bash`),
	regexp.MustCompile(`^the job runs on Windows, and the setup needs bash$`),
	// The orb installs the CLI with unzip.
	regexp.MustCompile(`^the image I has no unzip, with which the orb installs the CLI`),
	regexp.MustCompile(`^nothing in the file runs this, so where it runs is not known$`),
	// A command of version 1 of the CLI may meet version 2.
	regexp.MustCompile(`its CLI is version 1, and every version with OIDC installs version 2$`),
	regexp.MustCompile("which only version 1 of the CLI has"),
	// Web identity serves the default profile for an hour.
	regexp.MustCompile(`web identity without an orb sets up no profile$`),
	regexp.MustCompile(`the token of web identity lives for an hour and is not renewed$`),
	// The steps of an anchor serve jobs without these keys.
	regexp.MustCompile(`^the steps are shared through an anchor with job .*, which does not use these keys$`),
	// Temporary keys are not masked, and need their token wherever two keys are copied.
	regexp.MustCompile(`prints the keys, and temporary ones are not masked`),
	regexp.MustCompile(`hands AWS_SECRET_ACCESS_KEY on without AWS_SESSION_TOKEN`),
	// A mapping with a key twice is not edited at all.
	regexp.MustCompile(`the mapping has a key twice$`),
}

// tally counts what became of one form.
type tally struct {
	planted, fixed, wrong int
	reasons               map[string]int // of those held back
}

func show(table map[string]*tally) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "form\tplanted\tfixed\theld back\twrong")
	for _, form := range plantForms {
		c := table[form.name]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", form.name, c.planted, c.fixed, c.planted-c.fixed-c.wrong, c.wrong)
	}
	w.Flush()
	reasons := map[string]int{}
	for _, c := range table {
		for reason, n := range c.reasons {
			reasons[reason] += n
		}
	}
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Or(reasons[b]-reasons[a], strings.Compare(a, b)) }) {
		fmt.Fprintf(&b, "%5d held back: %s\n", reasons[reason], reason)
	}
	return b.String()
}

// awsSoils are configs that have nothing to do with AWS.
func awsSoils(t *testing.T) []*soil {
	t.Helper()
	return readSoils(t, func(s *soil) bool { return !touchesAWS.Match(s.src) && s.quiet(awsRules, nil) })
}

// touchesAWS are signs that a config has credentials for AWS already, or runs where the machine has some.
var touchesAWS = regexp.MustCompile(`circleci/aws-|AWS_ACCESS_KEY|AWS_SECRET|AWS_ROLE|\.aws\b|assume-role|AWS_ENDPOINT|resource_class: *\S+/`)

var awsRules = []*Rule{awsImplicitKeys, awsStaticKeys, ecrImageAuth}

// placeKinds are the places for steps. A config without the one that is drawn gives a job's.
var placeKinds = []string{"job", "command", "when", "anchor", "matrix", "orb command", "orb job", "orb matrix"}

// plantForm is one way of bringing long-lived keys to a config. grow plants it, and returns false where that is not
// legal.
type plantForm struct {
	name string
	grow func(p *planting) bool
}

// planting is a config while something is planted into it, and after that.
type planting struct {
	*soil
	*rand.Rand
	place   string
	inserts map[int][]string // lines to write before the line at an offset
	out     []byte
	planted []rewrite.Span // of out
}

// plant is nil where the form has no place in the config.
func plant(s *soil, form plantForm) *planting {
	p := &planting{soil: s, Rand: rand.New(rand.NewPCG(seed(s.name), seed(form.name))), inserts: map[int][]string{}}
	if !form.grow(p) {
		return nil
	}
	nl := "\n"
	if bytes.Contains(s.src, []byte("\r\n")) {
		nl = "\r\n"
	}
	at := 0
	for _, offset := range slices.Sorted(maps.Keys(p.inserts)) {
		p.out = append(p.out, s.src[at:offset]...)
		start := len(p.out)
		for _, l := range p.inserts[offset] {
			p.out = append(p.out, l+nl...)
		}
		p.planted = append(p.planted, rewrite.Span{Start: start, End: len(p.out)})
		at = offset
	}
	p.out = append(p.out, s.src[at:]...)
	if f, err := rewrite.Parse(p.out); err != nil || len(f.Documents()) != 1 {
		return nil // in this layout the text means something else
	}
	return p
}

// added is the planted text.
func (p *planting) added() string {
	var b strings.Builder
	for _, s := range p.planted {
		b.Write(p.out[s.Start:s.End])
	}
	return b.String()
}

// insert writes lines before the line that an entry starts on, indented as the entry is. It is false for an entry that
// does not begin its line.
func (p *planting) insert(at rewrite.Entry, text string) bool {
	start := at.Span().Start
	line := bytes.LastIndexByte(p.src[:start], '\n') + 1
	return p.write(line, string(p.src[line:start]), text)
}

// write writes lines before the line that starts at an offset.
func (p *planting) write(line int, indent, text string) bool {
	if strings.Trim(indent, " ") != "" {
		return false
	}
	for l := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		p.inserts[line] = append(p.inserts[line], strings.TrimRight(indent+l, " "))
	}
	return true
}

// steps plants steps in one list of a kind that is drawn, the parts in order with others between them.
func (p *planting) steps(parts ...string) bool {
	var kinds []string
	for _, k := range placeKinds {
		if len(p.lists[k]) > 0 && (!strings.HasPrefix(k, "orb ") || !strings.Contains(parts[0], "planted-")) {
			kinds = append(kinds, k)
		}
	}
	p.place = kinds[p.IntN(len(kinds))]
	lists := p.lists[p.place]
	l := lists[p.IntN(len(lists))]
	return p.stepsIn(l, parts...)
}

func (p *planting) stepsIn(l *circle.StepList, parts ...string) bool {
	entries := l.Node.Entries()
	at := p.IntN(len(entries))
	for _, part := range parts {
		if !p.insert(entries[at], part) {
			return false
		}
		at += p.IntN(len(entries) - at)
	}
	return true
}

// job draws a job whose own keys stand in block style, and a step list of it.
func (p *planting) job() (*circle.Job, bool) {
	var jobs []*circle.Job
	for _, j := range p.config.Jobs() {
		if steps := j.Node.Own("steps"); j.Node.Style() == rewrite.Block && steps.Kind() == rewrite.Sequence && steps.Style() == rewrite.Block && steps.Len() > 0 {
			jobs = append(jobs, j)
		}
	}
	if len(jobs) == 0 {
		return nil, false
	}
	return jobs[p.IntN(len(jobs))], true
}

// environment plants variables in a definition: into its own environment, or a new one.
func (p *planting) environment(owner rewrite.Node, list bool, pairs ...string) bool {
	env := owner.Own("environment")
	switch {
	case owner.Style() != rewrite.Block || owner.Len() == 0:
		return false
	case !env.Exists():
		text := "environment:"
		for i := 0; i < len(pairs); i += 2 {
			text += "\n  " + pairText(list, pairs[i], pairs[i+1])
		}
		return p.insert(owner.Entries()[owner.Len()-1], text)
	case env.Style() != rewrite.Block || env.Len() == 0 || env.Kind() == rewrite.Alias:
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		if !p.insert(env.Entries()[0], pairText(env.Kind() == rewrite.Sequence, pairs[i], pairs[i+1])) {
			return false
		}
	}
	return true
}

func pairText(list bool, name, value string) string {
	if list {
		return "- " + name + ": " + value
	}
	return name + ": " + value
}

// orb declares an orb. It is false for a config that cannot use any.
func (p *planting) orb(alias, ref string) bool { return p.define("orbs", alias+": "+ref) }

// define plants an entry into a section at the top of the config, which it makes if need be. It is false for a config
// whose version has no such sections.
func (p *planting) define(section, text string) bool {
	if !p.config.Is21() || p.config.Node.Style() != rewrite.Block {
		return false
	}
	if there := p.config.Node.Own(section); there.Exists() {
		return there.Style() == rewrite.Block && there.Len() > 0 && p.insert(there.Entries()[0], text)
	}
	last := p.config.Node.Entries()[p.config.Node.Len()-1]
	return p.insert(last, section+":\n  "+strings.ReplaceAll(text, "\n", "\n  "))
}

// image plants a container as the last of a job or executor.
func (p *planting) image(text string) bool {
	p.place = "docker"
	var owners []rewrite.Node
	for _, j := range p.config.Jobs() {
		owners = append(owners, j.Node)
	}
	for _, x := range p.config.Executors() {
		owners = append(owners, x.Node)
	}
	p.Shuffle(len(owners), func(i, j int) { owners[i], owners[j] = owners[j], owners[i] })
	for _, owner := range owners {
		items := owner.Own("docker")
		next := items.Entry().Sibling(1)
		if items.Kind() != rewrite.Sequence || items.Style() != rewrite.Block || items.Len() == 0 || !next.Exists() {
			continue
		}
		first := items.Entries()[0].Span().Start
		line := bytes.LastIndexByte(p.src[:next.Span().Start], '\n') + 1
		return p.write(line, string(p.src[bytes.LastIndexByte(p.src[:first], '\n')+1:first]), text)
	}
	return false
}

const (
	plantedID     = "AKIAPLANTEDKEYID2345"
	plantedSecret = "PlantedSecretPlantedSecretPlantedSecret1"
	useStep       = "- run: aws s3 sync out s3://planted"
)

// inJob plants variables in a job and a use of them in its steps.
func inJob(list bool, id, secret string) func(*planting) bool {
	return func(p *planting) bool {
		j, ok := p.job()
		p.place = "job"
		return ok && p.environment(j.Node, list, "AWS_ACCESS_KEY_ID", id, "AWS_SECRET_ACCESS_KEY", secret) && p.stepsIn(j.Steps(), useStep)
	}
}

// inExecutor plants variables in an executor that jobs use.
func inExecutor(p *planting) bool {
	p.place = "executor"
	for _, x := range p.config.Executors() {
		if len(x.Users()) > 0 && p.environment(x.Node, false, "AWS_ACCESS_KEY_ID", plantedID, "AWS_SECRET_ACCESS_KEY", plantedSecret) {
			return true
		}
	}
	return false
}

func steps(parts ...string) func(*planting) bool {
	return func(p *planting) bool { return p.steps(parts...) }
}

// withOrb declares an orb and plants steps that use it.
func withOrb(alias, ref string, parts ...string) func(*planting) bool {
	return func(p *planting) bool { return p.orb(alias, ref) && p.steps(parts...) }
}

// cliForms are a setup step of the aws-cli orb at versions that differ.
func cliForms() []plantForm {
	var out []plantForm
	for _, version := range []string{"0.1.22", "1.3.0", "2.0.3", "3.1.1", "4.0.0", "5.4.1"} {
		ref, dash := "circleci/aws-cli@"+version, "-"
		if version >= "4" {
			dash = "_"
		}
		id, secret := "aws"+dash+"access"+dash+"key"+dash+"id", "aws"+dash+"secret"+dash+"access"+dash+"key"
		value := func(name string) string {
			if version >= "5.2" {
				return "${" + name + "}"
			}
			return name
		}
		out = append(out,
			plantForm{"F bare " + version, withOrb("planted-cli", ref, "- planted-cli/setup", useStep)},
			plantForm{"F keys " + version, withOrb("planted-cli", ref, fmt.Sprintf(
				"- planted-cli/setup:\n    %s: %s\n    %s: %s", id, value("PLANTED_AWS_ACCESS_KEY_ID"), secret, value("PLANTED_AWS_SECRET_ACCESS_KEY")), useStep)},
		)
	}
	return out
}

var plantForms = slices.Concat([]plantForm{
	{"A map", inJob(false, plantedID, plantedSecret)},
	{"A list", inJob(true, plantedID, plantedSecret)},
	{"A executor", inExecutor},
	{"B job", inJob(false, "$PLANTED_AWS_ACCESS_KEY_ID", "$PLANTED_AWS_SECRET_ACCESS_KEY")},
	{"B step", steps("- run:\n    command: aws s3 sync out s3://planted\n    environment:\n      AWS_ACCESS_KEY_ID: $AWS_ACCESS_KEY_ID_PLANTED\n      AWS_SECRET_ACCESS_KEY: $AWS_SECRET_ACCESS_KEY_PLANTED")},
	{"C one step", steps("- run: |\n    export AWS_ACCESS_KEY_ID=$PLANTED_AWS_ACCESS_KEY_ID\n    export AWS_SECRET_ACCESS_KEY=$PLANTED_AWS_SECRET_ACCESS_KEY\n    aws s3 sync out s3://planted")},
	{"C prefix", steps("- run: AWS_ACCESS_KEY_ID=$PLANTED_AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$PLANTED_AWS_SECRET_ACCESS_KEY aws s3 sync out s3://planted")},
	{"C BASH_ENV", steps("- run: |\n    echo 'export AWS_ACCESS_KEY_ID=$PLANTED_AWS_ACCESS_KEY_ID' >> $BASH_ENV\n    echo 'export AWS_SECRET_ACCESS_KEY=$PLANTED_AWS_SECRET_ACCESS_KEY' >> $BASH_ENV", useStep)},
	{"D default", steps("- run:\n    name: Configure\n    command: |\n      aws configure set aws_access_key_id $AWS_ACCESS_KEY_ID\n      aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY\n      aws configure set region eu-west-1", useStep)},
	{"D profile", steps("- run: |\n    aws configure set aws_access_key_id $PLANTED_AWS_ACCESS_KEY_ID --profile planted\n    aws configure set aws_secret_access_key $PLANTED_AWS_SECRET_ACCESS_KEY --profile planted", useStep+" --profile planted")},
	{"E here-document", steps("- run: |\n    mkdir -p ~/.aws\n    cat > ~/.aws/credentials <<END\n    [default]\n    aws_access_key_id = $AWS_ACCESS_KEY_ID\n    aws_secret_access_key = $AWS_SECRET_ACCESS_KEY\n    END", useStep)},
	{"E echo", steps("- run: |\n    mkdir -p ~/.aws\n    echo '[default]' > ~/.aws/credentials\n    echo \"aws_access_key_id = $AWS_ACCESS_KEY_ID\" >> ~/.aws/credentials\n    echo \"aws_secret_access_key = $AWS_SECRET_ACCESS_KEY\" >> ~/.aws/credentials\n    aws s3 sync out s3://planted")},
}, cliForms(), []plantForm{
	{"G get-login", steps("- run: $(aws ecr get-login --no-include-email --region us-east-1)")},
	{"G get-login-password", steps("- run: aws ecr get-login-password --region us-east-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com")},
	{"H aws-s3 3.0", withOrb("planted-s3", "circleci/aws-s3@3.0", "- planted-s3/sync:\n    from: out\n    to: s3://planted\n    aws-access-key-id: PLANTED_AWS_ACCESS_KEY_ID\n    aws-secret-access-key: PLANTED_AWS_SECRET_ACCESS_KEY")},
	{"H aws-s3 3.1.1", withOrb("planted-s3", "circleci/aws-s3@3.1.1", "- planted-s3/sync:\n    from: out\n    to: s3://planted\n    aws-access-key-id: PLANTED_AWS_ACCESS_KEY_ID\n    aws-secret-access-key: PLANTED_AWS_SECRET_ACCESS_KEY")},
	{"H aws-ecr 8.2.1", withOrb("planted-ecr", "circleci/aws-ecr@8.2.1", "- planted-ecr/build-and-push-image:\n    repo: planted\n    aws-access-key-id: PLANTED_AWS_ACCESS_KEY_ID\n    aws-secret-access-key: PLANTED_AWS_SECRET_ACCESS_KEY")},
	{"H aws-ecs 3.2.0 job", inWorkflow("planted-ecs", "circleci/aws-ecs@3.2.0", "- planted-ecs/deploy-service-update:\n    cluster: planted\n    family: planted\n    aws-access-key-id: PLANTED_AWS_ACCESS_KEY_ID\n    aws-secret-access-key: PLANTED_AWS_SECRET_ACCESS_KEY")},
	{"I serverless", steps("- run: |\n    serverless config credentials --provider aws --key $AWS_ACCESS_KEY_ID --secret $AWS_SECRET_ACCESS_KEY\n    serverless deploy")},
	{"ECR no auth", func(p *planting) bool {
		return p.image("- image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/planted:1")
	}},
	{"ECR keys", func(p *planting) bool {
		return p.image("- image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/planted:1\n  aws_auth:\n    aws_access_key_id: $AWS_ACCESS_KEY_ID\n    aws_secret_access_key: $AWS_SECRET_ACCESS_KEY")
	}},
})

// inWorkflow declares an orb and plants an entry that runs a job of it.
func inWorkflow(alias, ref, entry string) func(*planting) bool {
	return func(p *planting) bool { return p.entry(entry) && p.orb(alias, ref) }
}

// entry plants an entry into a workflow.
func (p *planting) entry(text string) bool {
	p.place = "workflow"
	for _, w := range p.config.Workflows() {
		list := w.Get("jobs")
		if list.Kind() == rewrite.Sequence && list.Style() == rewrite.Block && list.Len() > 0 {
			return p.insert(list.Entries()[p.IntN(list.Len())], text)
		}
	}
	return false
}

var plantedFacts = &Facts{ECR: ECRFacts{RoleARN: "arn:aws:iam::123456789012:role/ecr-pull"}}

// judge runs the engine. fate is that of the findings about what was planted, with the reason when they are left; wrong
// says what the run did that it should not have done.
func (p *planting) judge() (fate Status, reason string, wrong []string) {
	x := p.try(awsRules, plantedFacts)
	if x.Status != Changed {
		return x.fate, x.reason, x.wrong
	}
	x.keepsFlow(p)
	shown := regexp.MustCompile(`(?i)access.key|planted-cli/`).MatchString(p.added()) // else the keys are still where they were
	if broken, err := rewrite.Parse(withoutSetup(x.Output)); err == nil && shown && !bytes.Equal(broken.Source(), x.Output) && len(p.flow(broken)) == 0 {
		x.complain("flow: nothing is said against the output without its setup steps")
	}
	for _, line := range p.strayLines(string(x.Output)) {
		x.complain("text: %s", line)
	}
	if x.fate == Applied {
		x.noneLeft()
	}
	return x.fate, x.reason, x.wrong
}

var setupLine = regexp.MustCompile(`^( *)- (?:aws-cli[\w-]*|planted-cli)/setup:`)

// withoutSetup is a config without the setup steps of the aws-cli orb that assume a role.
func withoutSetup(src []byte) []byte {
	var out []byte
	depth := -1
	for l := range bytes.Lines(src) {
		indent := len(l) - len(bytes.TrimLeft(l, " "))
		if depth >= 0 && indent > depth && len(bytes.TrimSpace(l)) > 0 {
			continue
		}
		depth = -1
		if m := setupLine.FindSubmatch(l); m != nil {
			depth = len(m[1])
			continue
		}
		out = append(out, l...)
	}
	return out
}

func (f *Fix) needs() []Need {
	if f == nil {
		return nil
	}
	return f.Needs
}

var (
	quoted  = regexp.MustCompile("[`\"][^`\"]*[`\"]")
	numbers = regexp.MustCompile(`\b(line|step) \d+`)
	imageIn = regexp.MustCompile(`the image \S+`)
)

// inGeneral is a reason without what belongs to one file.
func inGeneral(reason string) string {
	return imageIn.ReplaceAllString(numbers.ReplaceAllString(quoted.ReplaceAllString(reason, "`…`"), "$1 N"), "the image I")
}

// insertable are the lines that a fix may bring.
var insertable = regexp.MustCompile(`^\s*(?:$|orbs:|environment:(?: \{\}| \[\])?|pre-steps:|command: \||name: AWS web identity|- run:|aws_auth:|` +
	`(?:planted-\w+|aws-cli[\w-]*): circleci/aws-[\w-]+@[\d.]+|- (?:aws-cli[\w-]*|planted-cli)/setup:?|(?:role[_-]arn|region|aws-region|profile[_-]name|oidc_role_arn|assume-web-identity|set_aws_env_vars): \S+|` +
	`umask 077|TOKEN_FILE=.*|printf '%s' .*|\{|\} >> "\$BASH_ENV"|echo "(?:unset|export) AWS_.*|- planted-[\w-]+/[\w-]+:?)\s*$`)

// strayLines are the lines of the original that are gone, and new ones that a fix has no business to write. Lines that
// were planted may go, stay or change.
func (p *planting) strayLines(output string) []string {
	planted := map[string]int{}
	for l := range strings.Lines(p.added()) {
		planted[strings.TrimSpace(l)]++
	}
	out := slices.Collect(strings.Lines(output))
	var stray []string
	extra := func(lines []string) {
		for _, l := range lines {
			if planted[strings.TrimSpace(l)] == 0 && !insertable.MatchString(strings.TrimRight(l, "\r\n")) && !p.partOfPlanted(l) {
				stray = append(stray, "new: "+strings.TrimSpace(l))
			}
		}
	}
	at := 0
	for l := range strings.Lines(string(p.src)) {
		i := slices.IndexFunc(out[at:], func(o string) bool { return strings.TrimRight(o, "\r\n") == strings.TrimRight(l, "\r\n") })
		if i < 0 {
			stray = append(stray, "gone: "+strings.TrimSpace(l))
			continue
		}
		extra(out[at : at+i])
		at += i + 1
	}
	extra(out[at:])
	return stray
}

// partOfPlanted reports whether a line is a planted one that has lost its assignments.
func (p *planting) partOfPlanted(line string) bool {
	rest := strings.TrimPrefix(strings.TrimSpace(line), "- run: ")
	return rest != "" && strings.Contains(p.added(), rest)
}
