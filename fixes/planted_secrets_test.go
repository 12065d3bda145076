package fixes

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// plantedToken has no format, and looks random; the other ones have that of a provider.
const (
	plantedValue   = "k7Q2mV9xT4bL8sW3nR6pY1cH5dJ0fGzA"
	plantedGitHub  = "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"
	plantedWebhook = "https://hooks.slack.com/services/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"
	plantedKeyLine = "2ngb8ETDAXY5NYGsXpJ/fBZ7Ns9Y2BXAS8XFw1hrYG5UEKX6NPddQbvMYi2W412O"
	plantedContext = "planted-context"
)

// secretForm plants one secret, and says what of it may not be left.
type secretForm struct {
	plantForm
	secret string
}

var secretForms = []secretForm{
	{plantForm{"environment of a job", secretInJob(false, plantedValue)}, plantedValue},
	{plantForm{"environment of a job as a list", secretInJob(true, plantedValue)}, plantedValue},
	{plantForm{"environment of a job, provider's format", secretInJob(false, plantedGitHub)}, plantedGitHub},
	{plantForm{"environment of a job, private key", secretInJob(false, "|\n    -----BEGIN RSA PRIVATE KEY-----\n    "+plantedKeyLine+"\n    "+plantedKeyLine+"\n    -----END RSA PRIVATE KEY-----")}, plantedKeyLine},
	{plantForm{"environment of a job, address", secretInJob(false, "https://bot:"+plantedValue+"@git.planted.io/x")}, plantedValue},
	{plantForm{"environment of an executor", secretInExecutor}, plantedValue},
	{plantForm{"environment of a step", steps("- run:\n    command: ./planted\n    environment:\n      PLANTED_TOKEN: " + plantedValue)}, plantedValue},
	{plantForm{"export", steps("- run: |\n    export PLANTED_TOKEN=" + plantedValue + "\n    ./planted")}, plantedValue},
	{plantForm{"export alone", steps("- run: export PLANTED_TOKEN=" + plantedValue + "\n- run: ./planted")}, plantedValue},
	{plantForm{"prefix", steps("- run: PLANTED_TOKEN=" + plantedValue + " ./planted")}, plantedValue},
	{plantForm{"BASH_ENV", steps(`- run: echo "export PLANTED_TOKEN=` + plantedValue + `" >> $BASH_ENV`)}, plantedValue},
	{plantForm{"option", steps("- run: ./planted --planted-token " + plantedValue + " --now")}, plantedValue},
	{plantForm{"header in double quotes", steps("- run: |\n    ./planted -H \"X-Planted-Token: " + plantedValue + "\" https://planted.io")}, plantedValue},
	{plantForm{"header in single quotes", steps("- run: |\n    ./planted -H 'X-Planted-Token: " + plantedValue + "' https://planted.io")}, plantedValue},
	{plantForm{"docker login", steps("- run: docker login -u planted -p Pl4ntedPzwr")}, "Pl4ntedPzwr"},
	{plantForm{"docker login by its input", steps("- run: echo Pl4ntedPzwr | docker login -u planted --password-stdin")}, "Pl4ntedPzwr"},
	{plantForm{"address", steps("- run: git clone https://bot:" + plantedValue + "@git.planted.io/planted.git")}, plantedValue},
	{plantForm{"here-document", steps("- run: |\n    cat > planted.env \\<<END\n    PLANTED_TOKEN=" + plantedValue + "\n    END")}, plantedValue},
	{plantForm{"webhook", steps("- run: ./planted " + plantedWebhook)}, plantedWebhook},
	{plantForm{"password of an image", func(p *planting) bool {
		return p.image("- image: planted/planted:1\n  auth:\n    username: planted\n    password: Pl4ntedPzwr")
	}}, "Pl4ntedPzwr"},
	{plantForm{"environment of a job as a list of texts", func(p *planting) bool {
		j, ok := p.job()
		p.place = "job"
		return ok && !j.Node.Own("environment").Exists() && p.insert(j.Node.Entries()[j.Node.Len()-1], "environment:\n  - PLANTED_TOKEN="+plantedValue)
	}}, plantedValue},
	{plantForm{"short value", secretInJob(false, "k7Q2mV9xT4bL8s")}, "k7Q2mV9xT4bL8s"},
	{plantForm{"key file", secretInJob(false, "'"+plantedKeyJSON+"'")}, plantedKeyLine},
	{plantForm{"key file in base64", secretInJob(false, plantedBase64)}, plantedBase64},
	{plantForm{"connection string", secretInJob(false, "Server=db.planted.io;User=sa;Password="+plantedValue)}, plantedValue},
	{plantForm{"default of a parameter", func(p *planting) bool {
		return p.define("commands", "planted-work:\n  parameters:\n    planted_token:\n      type: string\n      default: "+plantedValue+"\n  steps:\n    - run: ./planted << parameters.planted_token >>") &&
			p.steps("- planted-work")
	}}, plantedValue},
	{plantForm{"argument of a command", func(p *planting) bool {
		return p.define("commands", "planted-work:\n  parameters:\n    planted_token: {type: string}\n  steps:\n    - run: ./planted << parameters.planted_token >>") &&
			p.steps("- planted-work:\n    planted_token: "+plantedValue)
	}}, plantedValue},
	{plantForm{"query", steps("- run: ./planted 'https://planted.io/hook?planted_token=" + plantedValue + "&a=b'")}, plantedValue},
	{plantForm{"JSON", steps("- run: |\n    ./planted -d '{\"planted_token\": \"" + plantedValue + "\"}' https://planted.io")}, plantedValue},
	{plantForm{"npm's settings", steps("- run: |\n    echo \"//npm.planted.io/:_authToken=" + plantedValue + "\" > ~/.npmrc")}, plantedValue},
	{plantForm{"user of curl", steps("- run: curl -u planted:" + plantedValue + " https://git.planted.io/")}, plantedValue},
	{plantForm{"key file in a script", steps("- run: |\n    echo '" + plantedKeyJSON + "' > planted.json\n    ./planted planted.json")}, plantedKeyLine},
	{plantForm{"key file in base64 in a script", steps("- run: echo " + plantedBase64 + " | base64 -d > planted.json")}, plantedBase64},
	{plantForm{"missing context", steps("- run: ./planted \"$PLANTED_TOKEN\"")}, ""},
	{plantForm{"missing context, here-document", steps("- run: |\n    cat > planted.env \\<<END\n    A=$PLANTED_TOKEN\n    END")}, ""},
	{plantForm{"missing context, in a condition", steps("- when:\n    condition: << pipeline.parameters.planted >>\n    steps:\n      - run: ./planted \"$PLANTED_TOKEN\"")}, ""},
	{plantForm{"missing context, image", func(p *planting) bool {
		return p.image("- image: planted/planted:1\n  auth:\n    username: planted\n    password: $PLANTED_TOKEN")
	}}, ""},
}

// plantedBase64 is a key file in base64.
var plantedBase64 = base64.StdEncoding.EncodeToString([]byte(`{"private_key": "-----BEGIN PRIVATE KEY-----\n` + plantedKeyLine + `\n-----END PRIVATE KEY-----\n", "type": "service_account"}`))

// reportedForms are secrets that no edit takes away: they are found.
var reportedForms = []secretForm{
	{plantForm{"token of a container", func(p *planting) bool {
		return p.image("- image: planted/planted:1\n  environment:\n    PLANTED_TOKEN: " + plantedGitHub)
	}}, plantedGitHub},
	{plantForm{"private key in a script", steps("- run: |\n    cat > planted.pem \\<<END\n    -----BEGIN RSA PRIVATE KEY-----\n    " + plantedKeyLine + "\n    " + plantedKeyLine + "\n    -----END RSA PRIVATE KEY-----\n    END")}, plantedKeyLine},
	{plantForm{"argument of an orb", withOrb("planted-orb", "planted/orb@1.2.3", "- planted-orb/work:\n    planted_token: "+plantedValue)}, plantedValue},
	{plantForm{"here-document in quotes", steps("- run: |\n    cat > planted.env \\<<'END'\n    PLANTED_TOKEN=" + plantedValue + "\n    END")}, plantedValue},
	{plantForm{"another shell", steps("- run:\n    shell: python3\n    command: login('" + plantedGitHub + "')")}, plantedGitHub},
}

// silentForms look like secrets and are none.
var silentForms = []plantForm{
	{"stand-ins", secretInJob(false, "changeme-please-1234")},
	{"reference", secretInJob(false, "$OTHER_PLANTED_TOKEN")},
	{"name of a variable", secretInJob(false, "OTHER_PLANTED_TOKEN")},
	{"path", secretInJob(false, "/run/secrets/planted_9f8e7d6c5b4a")},
	{"hash", steps("- run: echo \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  planted.tgz\" | sha256sum -c")},
	{"commit", steps("- run: git checkout 6f5da2cec255404e4fb440034d6608697a8d41be")},
	{"digest", steps("- run: docker pull planted/planted@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")},
	{"token with a wrong checksum", steps("- run: ./planted --token ghp_Ky9Pf34qY6Nb3wWD25RQ4F5ZR3qa7y3gm1IM")},
	{"address of a local service", steps("- run: psql postgres://planted:" + plantedValue + "@localhost:5432/planted")},
	{"variable", steps("- run: |\n    export PLANTED_TOKEN=\"$OTHER_TOKEN\"\n    ./planted --planted-token \"$PLANTED_TOKEN\" -H \"X-Token: ${PLANTED_TOKEN}\"")},
	{"variable in steps that do not run", func(p *planting) bool {
		return p.define("commands", "planted-work:\n  parameters:\n    live: {type: boolean, default: false}\n  steps:\n    - when:\n        condition: << parameters.live >>\n        steps:\n          - run: ./planted \"$PLANTED_TOKEN\"") &&
			p.steps("- planted-work")
	}},
	{"comment", steps("- run: |\n    # export PLANTED_TOKEN=" + plantedValue + "\n    ./planted")},
	{"variable with a default", steps("- run: ./planted \"${PLANTED_TOKEN:-none}\"")},
	{"container's password", func(p *planting) bool {
		return p.image("- image: cimg/postgres:16.1\n  environment:\n    POSTGRES_PASSWORD: " + plantedValue)
	}},
}

func secretInJob(list bool, value string) func(*planting) bool {
	return func(p *planting) bool {
		j, ok := p.job()
		p.place = "job"
		return ok && p.environment(j.Node, list, "PLANTED_TOKEN", value)
	}
}

func secretInExecutor(p *planting) bool {
	p.place = "executor"
	for _, x := range p.config.Executors() {
		if len(x.Users()) > 0 && p.environment(x.Node, false, "PLANTED_TOKEN", plantedValue) {
			return true
		}
	}
	return false
}

var secretRules = []*Rule{inlineSecret, missingContext}

// secretFacts are facts for one config: the planted context, and that the others provide nothing.
func secretFacts(c *circle.Config) *Facts {
	out := &Facts{Contexts: []ContextFact{{Name: plantedContext, Provides: []string{"*PLANTED_*", "DOCKER*", "GCLOUD_SERVICE_KEY*", "NPM_TOKEN", "GITHUB_TOKEN", "SLACK_WEBHOOK"}}}}
	for _, use := range allEntries(c) {
		for _, x := range use.Contexts() {
			out.Contexts = append(out.Contexts, ContextFact{Name: x.Name})
		}
	}
	return out
}

// minPlanted is how many configs each form has to be planted into.
const minPlanted = 20

// TestPlantedSecrets plants each form of a secret into real configs. It is found, and goes; the entries that run it get the
// context, and no others do; nothing else changes.
func TestPlantedSecrets(t *testing.T) {
	t.Parallel()
	soils := secretSoils(t)
	for _, form := range secretForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			fixed := 0
			plantEach(t, soils, form.plantForm, func(p *planting) []string {
				status, wrong := p.judgeSecret(form.secret)
				if status == Applied {
					fixed++
				}
				return wrong
			})
			if fixed < sown(minPlanted*3/4) {
				t.Errorf("%d are fixed", fixed)
			}
		})
	}
}

// TestPlantedReports plants secrets that stay: each is found where it is, with a reason, and nothing changes.
func TestPlantedReports(t *testing.T) {
	t.Parallel()
	soils := secretSoils(t)
	for _, form := range reportedForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			plantEach(t, soils, form.plantForm, func(p *planting) []string {
				x := p.try(secretRules, secretFacts(p.config))
				x.onlyWhere(p.planted)
				if len(x.Results) != 1 || x.fate != NoFix || x.Status == Changed {
					x.complain("%d findings, %s, the file is %s", len(x.Results), x.fate, x.Status)
				}
				if strings.Contains(x.reason, form.secret) {
					x.complain("the reason shows the secret")
				}
				return x.wrong
			})
		})
	}
}

// TestPlantedLookalikes plants what is no secret: nothing may be said of it.
func TestPlantedLookalikes(t *testing.T) {
	t.Parallel()
	soils := secretSoils(t)
	for _, form := range silentForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			silent(t, soils, form, secretRules, func(p *planting) *Facts { return secretFacts(p.config) })
		})
	}
}

// secretSoils are real configs of which the rules have nothing to say.
func secretSoils(t *testing.T) []*soil {
	t.Helper()
	return readSoils(t, func(s *soil) bool { return s.quiet(secretRules, secretFacts(s.config)) })
}

// goodSecretReasons are the reasons for which a planted secret may be left.
var goodSecretReasons = []*regexp.Regexp{
	regexp.MustCompile(`^no (?:workflow|job) of this file`),
	regexp.MustCompile(`takes its context from an expression$`),
	regexp.MustCompile(`shared through an anchor`),
	regexp.MustCompile(`sets [A-Z_]+ as well`),
	regexp.MustCompile(`a context sets? (?:it|the variable) in any case$`),
	regexp.MustCompile(`cannot be read as one of a POSIX shell$`), // the job's shell
	regexp.MustCompile(`^needs facts: contexts$`),                 // the usual name is in use
	regexp.MustCompile(`used where no variable is expanded$`),
}

// judgeSecret runs the rules over the planted config and says what they should not have done.
func (p *planting) judgeSecret(secret string) (status Status, wrong []string) {
	running := p.running(p.out, cmp.Or(secret, "$PLANTED_TOKEN"))
	if secret == "" && len(running) == 0 { // no entry runs it that could lack a context
		for _, r := range (&Engine{Rules: secretRules}).Run(p.out, secretFacts(p.config)).Results {
			wrong = append(wrong, "found: "+r.Message)
		}
		return Applied, wrong
	}
	x := p.try(secretRules, secretFacts(p.config))
	switch {
	case secret != "" && len(x.Results) > strings.Count(string(p.out), secret)+1:
		x.complain("%d findings", len(x.Results))
	case x.fate != Applied && !slices.ContainsFunc(goodSecretReasons, func(g *regexp.Regexp) bool { return g.MatchString(x.reason) }):
		x.complain("left for a reason that is none: %s", x.reason)
	case x.fate != Applied && x.Status == Changed && secret != "":
		x.complain("left, and the file is changed")
	}
	if x.fate != Applied {
		return x.fate, x.wrong
	}
	x.keepsFlow(p)
	if secret != "" && strings.Contains(string(x.Output), secret) {
		x.complain("the secret is still there")
	}
	for _, w := range p.compareEntries(x.Output, running) {
		x.complain("%s", w)
	}
	for _, line := range p.strayChanges(x.FileResult) {
		x.complain("text: %s", line)
	}
	x.noneLeft()
	return x.fate, x.wrong
}

// strayChanges are the lines of the patch that have nothing to do with what was planted, nor with the contexts of entries. An
// entry without arguments gets a colon, and a flow mapping a pair.
func (p *planting) strayChanges(r *FileResult) []string {
	patch, err := rewrite.Unified("x", r.Source, r.Edits)
	if err != nil {
		return []string{err.Error()}
	}
	var stray []string
	plain := strings.NewReplacer(":", "", "{", "", "}", "", "context "+plantedContext, "", " ", "", "[", "", "]", "", ",", "")
	bare := func(line string) string {
		return plain.Replace(strings.ReplaceAll(line, "context: "+plantedContext, ""))
	}
	names := map[string]bool{plantedContext: true}
	for _, use := range allEntries(p.config) {
		for _, c := range use.Contexts() {
			names[c.Name] = true
		}
	}
	gone := map[string]int{}
	lines := slices.Collect(strings.Lines(string(patch)))[2:]
	for _, l := range lines {
		if l[0] == '-' && !strings.Contains(p.added(), strings.TrimSpace(l[1:])) {
			gone[bare(strings.TrimSpace(l[1:]))]++
		}
	}
	for _, l := range lines {
		text := strings.TrimSpace(l[1:])
		switch {
		case l[0] != '+':
		case gone[bare(text)] > 0:
			gone[bare(text)]--
		case contextLine.MatchString(text) || p.rewritten(text) || names[strings.Trim(text, `- "'`)]:
		case hasPrefix(gone, bare(text)+"*"): // the alias stands behind a merge key now
		default:
			stray = append(stray, l)
		}
	}
	for l, n := range gone {
		if alone := names[l]; n > 0 && !alone && !oldContext.MatchString(l) { // the one name below the key becomes a list
			stray = append(stray, "-"+l)
		}
	}
	return stray
}

func hasPrefix(lines map[string]int, prefix string) bool {
	for l := range lines {
		if strings.HasPrefix(l, prefix) {
			return true
		}
	}
	return false
}

// contextLine is a line that gives an entry its contexts, or takes over what an anchor gave it; oldContext is one that it
// takes the place of, as strayChanges compares lines.
var (
	contextLine = regexp.MustCompile(`^(?:context:.*|<<: \*\S+|environment: (?:\{\}|\[\]))$`)
	oldContext  = regexp.MustCompile(`^context|\*`)
)

// rewritten reports whether a line is a planted one with a variable in the place of the secret.
func (p *planting) rewritten(line string) bool {
	before, after, ok := strings.Cut(line, "$")
	return ok && strings.Contains(p.added(), strings.Trim(before, `"' `)) || strings.Contains(p.added(), cmp.Or(strings.TrimPrefix(line, "- run: "), after, "?"))
}

// running are the names of the workflow entries whose job shows a text on its way: in a script, in an environment that
// reaches it, or in the login of an image.
func (p *planting) running(src []byte, text string) map[string]bool {
	file, err := rewrite.Parse(src)
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	for _, use := range allEntries(circle.New(file.Documents()[0])) {
		expression := slices.ContainsFunc(use.Contexts(), func(c circle.Context) bool { return !c.Known })
		if shows(use, text) && !expression {
			out[entryKey(use)] = true
		}
	}
	return out
}

func entryKey(use *circle.WorkflowJob) string {
	return use.Workflow.Name + "/" + use.Name() + "/" + fmt.Sprint(use.Entry.Index())
}

func shows(use *circle.WorkflowJob, text string) bool {
	has := func(envs circle.Environments) bool {
		return slices.ContainsFunc(envs.Vars(), func(x circle.Var) bool { return strings.Contains(x.Text, text) })
	}
	for _, x := range use.Flow() {
		if !x.Never && (strings.Contains(x.Step.Command().Value(), text) || has(x.Step.Environment()) || callShows(x.Step, text)) {
			return true
		}
	}
	j := use.Job()
	if j == nil {
		return false
	}
	for _, x := range j.Config().Executors() { // it may be chosen by a parameter
		if slices.Contains(x.Users(), j) && has(x.Environment()) {
			return true
		}
	}
	return has(j.EffectiveEnvironments()) || slices.ContainsFunc(j.DockerItems(), func(d *circle.DockerItem) bool {
		return strings.Contains(d.Auth().Get("password").Resolve().Value(), text)
	})
}

// callShows reports whether a call of a command gives it a text, or the command's parameters do by default.
func callShows(s *circle.Step, text string) bool {
	holds := func(value string) bool { return strings.Contains(value, text) }
	cmd := s.Callee()
	return cmd != nil && (uses(s.Args(), holds) || slices.ContainsFunc(cmd.Parameters(), func(p *circle.Parameter) bool { return uses(p.Default(), holds) }))
}

// compareEntries holds the contexts of all entries to those they had: the running ones have one more.
func (p *planting) compareEntries(output []byte, running map[string]bool) (wrong []string) {
	file, err := rewrite.Parse(output)
	if err != nil {
		return []string{err.Error()}
	}
	was := map[string][]circle.Context{}
	for _, use := range allEntries(p.config) {
		was[entryKey(use)] = use.Contexts()
	}
	for _, use := range allEntries(circle.New(file.Documents()[0])) {
		key := entryKey(use)
		want := contextNames(was[key])
		if running[key] {
			want = append(want, plantedContext)
		}
		if got := contextNames(use.Contexts()); !slices.Equal(got, want) {
			wrong = append(wrong, fmt.Sprintf("entry %s has the contexts %v, not %v", key, got, want))
		}
	}
	return wrong
}

func contextNames(list []circle.Context) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}
