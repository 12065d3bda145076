package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// publishToken wants packages to be published with CircleCI's OIDC token, in place of a stored token of the registry. See
// doc/publish-token.md.
var publishToken = &Rule{
	ID:         "publish-token",
	Title:      "stored token to publish a package where the registry takes CircleCI's",
	Severity:   Medium,
	Confidence: HighConfidence,
	Safety:     Setup, // the trusted publisher has to exist first
	Since:      "0.3.0",
	CWE:        []string{"CWE-522"},
	Triggers:   anyOf("npm", "twine"),
	Run:        runPublishToken,
	Explain:    explainPublish,
}

func runPublishToken(p *Pass) error {
	for _, f := range p.publish() {
		p.Report(f)
	}
	return nil
}

func publishFindings(p *Pass) []Finding {
	var out []Finding
	v := newPublishView(p)
	for _, group := range v.groups() {
		b := &publishFix{storedFix: v.newFix(group, "publish with CircleCI's token"), publish: v}
		b.gone = slices.Concat(npm.variables(), pypi.variables())
		out = append(out, b.finding(b.build()))
	}
	return out
}

// publishView is what publish-token sees of one config.
type publishView struct {
	*storedView
	facts map[*storedForm]*publishFacts
	calls map[rewrite.Node]uploads // by physical step

	installers map[*shell.Script][]*shell.Call // of installing

	// Worked out once for each unit.
	given  map[ownerPlace]givenTokens
	uses   map[publishPlace]*tokenUses
	tokens map[publishPlace][]givenToken
	owners map[publishPlace]map[string]bool // of steps that publish there with a token in sight
	orders map[*storedUnit]*stepOrder
	needs  map[publishPlace]bool // of unitNeedy

	environments     map[rewrite.Node][]*storedUnit  // of reached, once somebody asks
	stepEnvironments map[rewrite.Node][]*circle.Step // of stepsWith, once somebody asks
}

func newPublishView(p *Pass) *publishView {
	v := &publishView{
		storedView: newStoredView(p), facts: map[*storedForm]*publishFacts{}, calls: map[rewrite.Node]uploads{},
		installers: map[*shell.Script][]*shell.Call{}, orders: map[*storedUnit]*stepOrder{}, given: map[ownerPlace]givenTokens{}, uses: map[publishPlace]*tokenUses{}, tokens: map[publishPlace][]givenToken{}, owners: map[publishPlace]map[string]bool{}, needs: map[publishPlace]bool{},
	}
	if slices.ContainsFunc(v.units, v.publishesAny) {
		v.collect(v.scanStep, v.scanEnvironment)
	}
	return v
}

// publishesAny reports whether a unit publishes anything: a token alone is nothing to this rule.
func (v *publishView) publishesAny(u *storedUnit) bool {
	return slices.ContainsFunc(u.steps, func(x circle.Visit) bool { return len(v.publishings(x.Step)) > 0 })
}

// publishFacts is what is known of a form: a call that publishes, or a place that gives it its token.
type publishFacts struct {
	registry registry
	call     bool   // it publishes
	stage    bool   // for npm to hold it for a second look
	test     bool   // it publishes to PyPI's test server
	file     string // that the token is written to; "" for none
}

// registry tells the registries apart.
type registry uint8

const (
	npm registry = iota
	pypi
)

func (r registry) String() string { return [...]string{"npm", "PyPI"}[r] }

// variables are those that hold its token or login.
func (r registry) variables() []string {
	if r == npm {
		return publishTables().NPM.Variables
	}
	return publishTables().PyPI.Variables
}

// publishFix builds the fix of one owner's forms.
type publishFix struct {
	*storedFix
	publish *publishView
	parts   map[rewrite.Node][]shell.Span // of scripts, that go away
	files   map[string]bool               // that held a token, with whether something still writes them
	lost    map[string]*variableLoss      // variables that are not set any more
}

// build fills in the fix, or says why there is none.
func (b *publishFix) build() (refusal string) {
	if refusal := b.blocked(); refusal != "" {
		return refusal
	}
	b.tend()
	if refusal := b.apply(); refusal != "" {
		return refusal
	}
	b.clear()
	b.judge()
	b.noteLosses()
	for _, u := range b.units {
		b.guard(u)
		b.lower(b.variableDoubt(u))
		for _, x := range u.steps {
			b.lower(b.fileDoubt(x.Step))
		}
	}
	b.requireAll()
	return ""
}

// registries are those that the group publishes to.
func (b *publishFix) registries() []registry {
	var out []registry
	for _, f := range b.group {
		if r := b.publish.facts[f].registry; !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// guard lowers the fix's safety for what a unit might lack.
func (b *publishFix) guard(u *storedUnit) {
	if u.job != nil && onRunner(u.job) {
		b.lower(&doubt{Unsafe, "the job runs on a self-hosted runner: registries document CircleCI's token for its cloud"})
	}
	for _, r := range b.registries() {
		if r == npm {
			b.lower(b.npmDoubt(u))
			b.lower(b.callDoubt(u, Unsafe, releases, "may publish with the token as well"))
			b.lower(b.callDoubt(u, Manual, needsToken, "needs the token as well: npm takes CircleCI's only to publish"))
			b.lower(b.traceDoubt())
		} else {
			b.lower(b.twineDoubt(u))
			b.lower(b.callDoubt(u, Unsafe, releasesToPyPI, "may publish with the token as well"))
		}
	}
}

// traceDoubt says when a script that asks for npm's token prints its commands. Twine asks for its token by itself.
func (b *publishFix) traceDoubt() *doubt {
	for _, f := range b.group {
		if facts := b.publish.facts[f]; facts.call && facts.registry == npm && b.view.script(f.step).Traced() {
			return &doubt{Unsafe, "the script prints its commands, and CircleCI's token would stand in the log"}
		}
	}
	return nil
}

// npmDoubt says when the npm of a unit may not know trusted publishing from CircleCI.
func (b *publishFix) npmDoubt(u *storedUnit) *doubt {
	t := publishTables().NPM
	least, ok := t.Least, t.Node
	if slices.ContainsFunc(b.group, func(f *storedForm) bool { return b.publish.facts[f].stage }) {
		least, ok = t.LeastStage, t.NodeStage
	}
	advice := "npm takes CircleCI's token from " + least + " on (and Node.js " + t.LeastNode + "): put `npm install --global npm@^" + least + "` before it"
	node, shown := b.nodeOf(u)
	if node != "" && node.before(releaseOf(t.LeastNode)) {
		return &doubt{Manual, shown + " is too old: " + advice}
	}
	switch spec, installed := b.installedNPM(u); {
	case installed && newEnough(spec, least):
		if node == "" {
			return &doubt{Unsafe, "which Node.js the job has is not shown: " + advice}
		}
		return nil
	case installed:
		return &doubt{Manual, "the job installs npm " + spec + ", which is too old: " + advice}
	case node == "":
		return &doubt{Unsafe, "which npm the job has is not shown: " + advice}
	case !slices.ContainsFunc(ok, func(x releaseRange) bool { return x.holds(node) }):
		return &doubt{Manual, "the npm that comes with " + shown + " is too old: " + advice}
	}
	return nil
}

// callDoubt says when another call in a unit has a use for the token. name tells those calls.
func (b *publishFix) callDoubt(u *storedUnit, safety Safety, name func(*shell.Call) string, why string) *doubt {
	for _, x := range u.steps {
		script := b.view.script(x.Step)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			if shown := name(c); shown != "" {
				return &doubt{safety, shown + " in the same job " + why}
			}
		}
	}
	return nil
}

// installedNPM is the version of npm that a step of a unit asks for.
func (b *publishFix) installedNPM(u *storedUnit) (spec string, ok bool) {
	for _, x := range u.steps {
		script := b.view.script(x.Step)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			if c.Name() != "npm" || !c.Has("-g") && !c.Has("--global") && !c.Has("--location=global") {
				continue
			}
			for _, w := range c.Args() {
				if name, version, _ := strings.Cut(w.Value, "@"); name == "npm" {
					spec, ok = cmp.Or(version, "latest"), true
				}
			}
		}
	}
	return spec, ok
}

// newEnough reports whether what a package manager takes for a version is surely new enough: ranges mean their newest.
func newEnough(spec, least string) bool {
	spec = strings.TrimLeft(strings.Trim(spec, `"'`), "^~>= v")
	if spec == "latest" || strings.HasPrefix(spec, "next") || spec == "" {
		return true
	}
	return releaseRange{From: least}.holds(toolVersion(spec, least))
}

// nodeOf is the release of Node.js in a unit, by its image or an orb's step, and how it is named there.
func (b *publishFix) nodeOf(u *storedUnit) (node release, shown string) {
	t := publishTables().NPM
	for _, x := range u.steps {
		orb, command, ok := x.Step.OrbCall()
		if !ok || orb == nil || orb.Name() != t.Orb || command != "install" {
			continue
		}
		version := x.Step.Arg("node-version").Resolve().Value()
		return toolVersion(version, t.NewestNode), "Node.js " + version
	}
	image := cmp.Or(imageOf(u.unit), orbNodeImage(u.job))
	name, tag := splitImage(image)
	if !slices.Contains(t.Images, name) {
		return "", ""
	}
	return toolVersion(tag, t.NewestNode), image
}

// orbNodeImage is the image of a job that runs in the executor of the orb for Node.js, "" where its release is not given.
func orbNodeImage(j *circle.Job) string {
	if j == nil {
		return ""
	}
	t, ref := publishTables().NPM, j.ExecutorRef()
	alias, executor, _ := strings.Cut(ref.Name, "/")
	orb := j.Config().OrbByAlias(alias)
	tag, known := circle.Known(ref.Args.Get("tag").Resolve())
	if orb == nil || orb.Name() != t.Orb || executor != t.OrbExecutor || !known || tag == "" {
		return ""
	}
	return t.OrbImage + ":" + tag
}

// twineDoubt says when the twine of a unit may not know trusted publishing.
func (b *publishFix) twineDoubt(u *storedUnit) *doubt {
	t := publishTables().PyPI
	image := imageOf(u.unit)
	if name, tag := splitImage(image); slices.Contains(t.Images, name) {
		if python := toolVersion(tag, "3.14.0"); python != "" && python.before(releaseOf(t.LeastPython)) {
			return &doubt{Manual, "the Python of " + image + " is too old: trusted publishing takes twine " + t.Least + ", and that Python " + t.LeastPython}
		}
	}
	installed := false
	for _, x := range u.steps {
		script := b.view.script(x.Step)
		if script == nil {
			continue
		}
		for _, c := range script.Calls() {
			w, ok := twineInstall(c)
			if !ok {
				continue
			}
			installed = true
			if _, version, pinned := strings.Cut(w.Value, "=="); pinned && !newEnough(version, t.Least) {
				return &doubt{Manual, "the job installs twine " + version + ": trusted publishing takes " + t.Least}
			}
			if strings.Contains(w.Value, "<") || strings.Contains(w.Value, "~=") && !newEnough(strings.TrimLeft(w.Value, "twine~= "), t.Least) {
				return &doubt{Manual, "the job installs " + w.Value + ": trusted publishing takes twine " + t.Least}
			}
		}
	}
	if !installed {
		return &doubt{Unsafe, "which twine the job has is not shown: trusted publishing takes " + t.Least + ", as `pip install 'twine>=" + t.Least + "'` gives"}
	}
	return nil
}

// twineInstall is the word by which a call installs or fetches twine.
func twineInstall(c *shell.Call) (shell.Word, bool) {
	args := c.Args()
	switch {
	case slices.Contains([]string{"pipx", "uvx"}, c.Name()), c.Is("uv", "tool"):
	case slices.Contains([]string{"pip", "pip3"}, c.Name()) && c.Has("install"):
	case slices.Contains([]string{"python", "python3", "uv"}, c.Name()) && c.Has("pip") && c.Has("install"):
	default:
		return shell.Word{}, false
	}
	i := slices.IndexFunc(args, func(w shell.Word) bool {
		rest, ok := strings.CutPrefix(w.Value, "twine")
		return ok && (rest == "" || strings.ContainsAny(rest[:1], "=<>~![ @"))
	})
	if i < 0 {
		return shell.Word{}, false
	}
	return args[i], true
}

func (b *publishFix) requireAll() {
	for _, r := range b.registries() {
		if r == npm {
			b.fix.require(Prerequisite{Before, "role", "add CircleCI as a trusted publisher of the package on npmjs.com, with the organisation's, the project's and the pipeline definition's id and the VCS origin: the package has to exist already", ""})
		} else {
			for _, server := range b.servers() {
				b.fix.require(Prerequisite{Before, "role", "add CircleCI as a trusted publisher of the project on " + server + ", with the organisation's, the project's and the pipeline definition's id", ""})
			}
			b.fix.require(Prerequisite{Before, "variable", "make sure that no context and no project variable sets TWINE_USERNAME or TWINE_PASSWORD: twine would use them", ""})
		}
	}
	b.requireUsual("know that reruns with SSH get no package published: the registries refuse their tokens")
	for _, f := range b.group {
		b.requireAfter(f)
	}
	b.fix.Relies = b.publishers()
}

// servers are those of PyPI that the group publishes to, as people know them.
func (b *publishFix) servers() []string {
	var out []string
	for _, f := range b.group {
		switch facts := b.publish.facts[f]; {
		case !facts.call || facts.registry != pypi:
		case facts.test:
			out = appendNew(out, "TestPyPI")
		default:
			out = appendNew(out, "PyPI")
		}
	}
	if len(out) == 0 {
		return []string{"PyPI"}
	}
	return out
}

func (b *publishFix) requireAfter(f *storedForm) {
	facts := b.publish.facts[f]
	switch {
	case f.literal:
		b.fix.require(Prerequisite{After, "key", fmt.Sprintf("revoke the token in the file at %s now: it stays readable in the history of the repository", facts.registry), ""})
		return
	case f.secret == "":
		return
	}
	text, revoke := "delete "+f.secret+" once no other step uses it", fmt.Sprintf("revoke the token behind %s at %s: until then nothing is safer than before", f.secret, facts.registry)
	if b.publish.kept(f) {
		text, revoke = "put a token that can only read into "+f.secret+" once no other step publishes with it: the job still gets packages with it", fmt.Sprintf("revoke the old token behind %s at %s: until then nothing is safer than before", f.secret, facts.registry)
	}
	for _, u := range b.view.unitsOf(f) {
		if b.requireDeleted(u, f.secret, text) {
			b.fix.require(Prerequisite{After, "key", revoke, ""})
		}
	}
}
