package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cfgfix/rewrite"
)

// snippet is a script that a fix has written or changed, from the output of a case.
type snippet struct {
	from string // the case
	name string // of the step; "" for none
	text string
	own  bool // all of it is the fix's
}

// loginSteps are the steps that fixes add, by their names.
var loginSteps = []string{"AWS profile", "AWS web identity", "GCP workload identity", "Vault login (OIDC)", "Azure login (OIDC)"}

// snippets are the scripts of all cases that a fix has written or changed.
func snippets(t *testing.T) []snippet {
	t.Helper()
	var out []snippet
	for _, c := range readCases(t) {
		config, want := c.files(t)
		before := scriptsIn(t, config)
		for _, s := range scriptsIn(t, want) {
			if slices.ContainsFunc(before, func(b snippet) bool { return b.text == s.text }) {
				continue
			}
			named := func(b snippet) bool { return b.name == s.name }
			s.from, s.own = c.name, s.name != "" && !slices.ContainsFunc(before, named)
			out = append(out, s)
		}
	}
	if len(out) < 100 {
		t.Fatalf("only %d scripts are written by fixes", len(out))
	}
	return out
}

// scriptsIn are the scripts of the run steps in a config, wherever they stand.
func scriptsIn(t *testing.T, src []byte) []snippet {
	t.Helper()
	f, err := rewrite.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	var out []snippet
	var look func(n rewrite.Node)
	look = func(n rewrite.Node) {
		for _, e := range n.Entries() {
			value := e.Value()
			if e.Name() == "run" && value.Kind() == rewrite.Scalar {
				out = append(out, snippet{text: value.Value()})
			} else if e.Name() == "run" && value.Own("command").Exists() && value.Own("shell").Value() == "" {
				out = append(out, snippet{name: value.Own("name").Value(), text: value.Own("command").Value()})
			}
			look(value)
		}
	}
	for _, doc := range f.Documents() {
		look(doc)
	}
	return out
}

// The values that scripts are run with: with blanks and characters that a shell takes for its own where they may have some.
const (
	tokenV1    = "first version * of $the 'token"
	tokenV2    = "second version * of $the 'token"
	vaultToken = "hvs.answer-of-the-server"
)

// bench runs scripts: a home, a folder with the stand-ins, and a server of Vault that checks what it is asked.
type bench struct {
	home, bin, calls, bashEnv string
	server                    *httptest.Server
	logins                    []string // what the server was asked
	more                      []string // variables that scripts have besides those that they name
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	dir := t.TempDir()
	b := &bench{home: filepath.Join(dir, "the home"), bin: filepath.Join(dir, "bin"), calls: filepath.Join(dir, "calls"), bashEnv: filepath.Join(dir, "bash env")}
	self, err := os.Executable()
	for _, folder := range []string{b.home, b.bin} {
		err = errors.Join(err, os.Mkdir(folder, 0o755))
	}
	for name := range standIns {
		err = errors.Join(err, os.Symlink(self, filepath.Join(b.bin, name)))
	}
	for _, name := range utilities {
		if program, missing := exec.LookPath(name); missing == nil {
			err = errors.Join(err, os.Symlink(program, filepath.Join(b.bin, name)))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(http.HandlerFunc(b.answer))
	t.Cleanup(b.server.Close)
	return b
}

// answer is Vault's to a login with CircleCI's token. Whatever else is asked is refused.
func (b *bench) answer(w http.ResponseWriter, r *http.Request) {
	var body map[string]string
	err := json.NewDecoder(r.Body).Decode(&body)
	b.logins = append(b.logins, fmt.Sprintf("%s %v", r.URL.Path, body))
	login := regexp.MustCompile(`^/v1/auth/[a-z/-]+/login$`).MatchString(r.URL.Path)
	if err != nil || !login || r.Method != http.MethodPost && r.Method != http.MethodPut || len(body) != 2 || body["jwt"] != tokenV2 || body["role"] == "" {
		if r.Method == http.MethodGet {
			fmt.Fprintln(w, `{"data": {}}`)
			return
		}
		http.Error(w, "permission denied", http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, `{"auth": {"client_token": %q}}`, vaultToken)
}

// outcome is what a script did.
type outcome struct {
	err    error
	output string
	calls  []called
}

// run runs a script as CircleCI does: in a shell of its own that ends with the first failure. fail is the number of the
// call that is to fail, -1 for none.
func (b *bench) run(t *testing.T, script string, fail int) outcome {
	t.Helper()
	for _, name := range []string{b.calls, b.bashEnv} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(filepath.Dir(b.calls), "script.sh")
	// Addresses are those of the server, and what runs programs of the repository does nothing.
	script = regexp.MustCompile(`https://vault[a-z0-9.:-]*`).ReplaceAllLiteralString(script, b.server.URL)
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-eo", "pipefail", file)
	cmd.Dir = b.home
	cmd.Env = append(b.variables(script), callsVar+"="+b.calls, failVar+"="+map[bool]string{true: fmt.Sprint(fail)}[fail >= 0])
	cmd.Env = append(cmd.Env, b.more...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	o := outcome{err: cmd.Run(), output: output.String()}
	recorded, err := os.ReadFile(b.calls)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(recorded) {
		var c called
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		o.calls = append(o.calls, c)
	}
	return o
}

var mentioned = regexp.MustCompile(`\$\{?([A-Z][A-Z0-9_]*)`)

// variables are the environment of a script: each variable that it names has a value with blanks in it.
func (b *bench) variables(script string) []string {
	env := []string{"PATH=" + b.bin, "HOME=" + b.home, "BASH_ENV=" + b.bashEnv, "CIRCLE_OIDC_TOKEN=" + tokenV1, "CIRCLE_OIDC_TOKEN_V2=" + tokenV2, "VAULT_ADDR=" + b.server.URL, "SERVER=" + b.server.URL}
	known := []string{"PATH", "HOME", "BASH_ENV", "CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "VAULT_ADDR", "SERVER"}
	for _, m := range mentioned.FindAllStringSubmatch(script, -1) {
		if !slices.Contains(known, m[1]) && !strings.Contains(script, m[1]+"=\"$(") && !strings.Contains(script, "\n"+m[1]+"=") {
			known = append(known, m[1])
			env = append(env, m[1]+"=value of "+m[1])
		}
	}
	return env
}

// later is what a later step finds in a variable.
func (b *bench) later(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", `printf '%s' "${`+name+`-nothing}"`)
	cmd.Env = []string{"BASH_ENV=" + b.bashEnv, "HOME=" + b.home}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("a later step fails: %v\n%s", err, out)
	}
	return string(out)
}

// TestLoginSteps runs the steps that fixes add: with all that they need they do their work, and when a program fails they
// fail, before the next one is called.
func TestLoginSteps(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs some hundred programs")
	}
	seen := map[string]int{}
	done := map[string]bool{}
	for _, s := range snippets(t) {
		if !s.own || done[s.text] || strings.Contains(s.text, "<<") {
			continue
		}
		done[s.text] = true
		seen[s.name]++
		t.Run(s.from+"/"+s.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := b.run(t, s.text, -1)
			if o.err != nil {
				t.Fatalf("%v\n%s\n%s", o.err, s.text, o.output)
			}
			b.check(t, s, o)
			for i := range o.calls {
				if failed := b.run(t, s.text, i); failed.err == nil || len(failed.calls) > i+1+strings.Count(s.text, "| jq") {
					t.Errorf("call %d (%s) fails, and the step goes on (%v, %d calls):\n%s", i, o.calls[i].Name, failed.err, len(failed.calls), s.text)
				}
			}
		})
	}
	for name := range seen {
		if !slices.Contains(loginSteps, name) {
			t.Errorf("nothing is known of what the step %q is to do", name)
		}
	}
	for _, name := range loginSteps {
		if seen[name] == 0 {
			t.Errorf("no case has a step %q", name)
		}
	}
}

// check looks at what a login step did.
func (b *bench) check(t *testing.T, s snippet, o outcome) {
	t.Helper()
	if strings.Contains(o.output, tokenV1) || strings.Contains(o.output, tokenV2) || strings.Contains(o.output, vaultToken) {
		t.Errorf("a token is in the log:\n%s", o.output)
	}
	switch s.name {
	case "AWS profile":
		b.run(t, s.text, -1) // a second time changes nothing
		config, err := os.ReadFile(filepath.Join(b.home, ".aws", "config"))
		if section := regexp.MustCompile(`\[[^\]]+\]`).FindString(s.text); err != nil || strings.TrimSpace(string(config)) != section {
			t.Errorf("the configuration is %q (%v), want %s alone", config, err, section)
		}
	case "AWS web identity":
		b.holds(t, b.later(t, "AWS_WEB_IDENTITY_TOKEN_FILE"), tokenV2)
		if role := b.later(t, "AWS_ROLE_ARN"); role == "nothing" || strings.Contains(role, "$") {
			t.Errorf("a later step has the role %q", role)
		}
		if id := b.later(t, "AWS_ACCESS_KEY_ID"); id != "nothing" {
			t.Errorf("a later step has the key %q", id)
		}
	case "GCP workload identity":
		b.holds(t, filepath.Join(b.home, "oidc_token"), tokenV1)
		config := filepath.Join(b.home, "gcp_cred_config.json")
		if path := b.later(t, "GOOGLE_APPLICATION_CREDENTIALS"); path != config {
			t.Errorf("a later step has the file %q", path)
		}
		wantCalls(t, o, "gcloud iam workload-identity-pools create-cred-config", "gcloud auth login --brief --cred-file="+config)
		if args := o.calls[0].Args; !slices.Contains(args, "--credential-source-file="+filepath.Join(b.home, "oidc_token")) || !strings.HasPrefix(args[3], "projects/") {
			t.Errorf("the configuration is made of %q", args)
		}
	case "Vault login (OIDC)":
		if len(b.logins) != 1 {
			t.Errorf("the server was asked %q", b.logins)
		}
		if token := b.later(t, "VAULT_TOKEN"); token != vaultToken {
			t.Errorf("a later step has the token %q", token)
		}
	case "Azure login (OIDC)":
		wantCalls(t, o, "az login --service-principal")
		checkAzure(t, o.calls[0])
	}
}

// holds checks a file that holds a token: nobody else may read it.
func (b *bench) holds(t *testing.T, name, token string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil || string(text) != token {
		t.Errorf("the token's file holds %q (%v)", text, err)
		return
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file has the mode %v (%v)", info.Mode(), err)
	}
}

func wantCalls(t *testing.T, o outcome, want ...string) {
	t.Helper()
	var got []string
	for _, c := range o.calls {
		got = append(got, c.Name+" "+strings.Join(c.Args, " "))
	}
	if !slices.EqualFunc(want, got, func(w, g string) bool { return strings.HasPrefix(g, w) }) {
		t.Errorf("want the calls %q, got %q", want, got)
	}
}

// checkAzure checks a login: the token whole, and no password.
func checkAzure(t *testing.T, c called) {
	t.Helper()
	i := slices.Index(c.Args, "--federated-token")
	if i < 0 || i+1 >= len(c.Args) || c.Args[i+1] != tokenV1 {
		t.Errorf("az gets no token, or not all of it: %q", c.Args)
	}
	if slices.ContainsFunc(c.Args, func(a string) bool { return a == "-p" || strings.HasPrefix(a, "--password") }) {
		t.Errorf("az gets a password: %q", c.Args)
	}
}

// TestChangedScripts runs the scripts in which fixes have put a login in the place of another.
func TestChangedScripts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs some hundred programs")
	}
	ran := map[string]int{}
	for _, s := range snippets(t) {
		rule, _, _ := strings.Cut(s.from, "/")
		if s.own || strings.Contains(s.text, "<<") && !strings.Contains(s.text, "<<E") || !slices.Contains([]string{"azure-static-secret", "publish-token", "vault-static-token"}, rule) {
			continue
		}
		ran[rule]++
		t.Run(s.from, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := b.run(t, s.text, -1)
			for _, c := range o.calls {
				b.checkCall(t, c)
			}
			if len(o.calls) == 0 && (o.err != nil || !strings.Contains(s.text, "BASH_ENV")) {
				t.Errorf("the script calls nothing (%v):\n%s\n%s", o.err, s.text, o.output)
			}
			for _, login := range b.logins {
				if strings.Contains(login, "login") && (!strings.Contains(login, "jwt:"+tokenV2) || !strings.Contains(login, "role:")) {
					t.Errorf("the server was asked %s", login)
				}
			}
		})
	}
	for rule, least := range map[string]int{"azure-static-secret": 4, "publish-token": 8, "vault-static-token": 4} {
		if ran[rule] < least {
			t.Errorf("%d scripts of %s are run, want %d or more", ran[rule], rule, least)
		}
	}
}

// checkCall checks one call of a client that fixes are about.
func (b *bench) checkCall(t *testing.T, c called) {
	t.Helper()
	switch {
	case c.Name == "az" && len(c.Args) > 0 && c.Args[0] == "login":
		checkAzure(t, c)
	case c.Name == "npm" && slices.Contains(c.Args, "publish"):
		if got := c.Env["NPM_ID_TOKEN"]; got != "token for npm:registry.npmjs.org" {
			t.Errorf("npm publishes with the token %q", got)
		}
	case (c.Name == "twine" || strings.HasPrefix(c.Name, "python")) && slices.Contains(c.Args, "upload"):
		if toOtherIndex(c) {
			return
		}
		if c.Env["TWINE_PASSWORD"] != "" || slices.Contains(c.Args, "-p") || slices.Contains(c.Args, "-u") {
			t.Errorf("twine gets a token: %q %v", c.Args, c.Env)
		}
	case c.Name == "vault" && len(c.Args) > 0 && c.Args[0] == "write":
		if !slices.Contains(c.Args, "jwt="+tokenV2) {
			t.Errorf("vault gets no token, or not all of it: %q", c.Args)
		}
	}
}

// toOtherIndex reports whether twine uploads to another index than PyPI's, which takes a password.
func toOtherIndex(c called) bool {
	return c.Env["TWINE_REPOSITORY_URL"] != "" || slices.ContainsFunc(c.Args, func(a string) bool {
		return strings.HasPrefix(a, "--repository") || a == "-r"
	})
}

// TestWrittenScriptsParse has bash read every script that a fix has written or changed.
func TestWrittenScriptsParse(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs some hundred programs")
	}
	newBench(t) // there is a bash
	for _, s := range snippets(t) {
		if strings.Contains(strings.ReplaceAll(s.text, `\\<<`, ""), "<< ") {
			continue // it holds an expression of CircleCI
		}
		cmd := exec.Command("bash", "-n")
		cmd.Stdin = strings.NewReader(strings.ReplaceAll(s.text, `\\<<`, "<<"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", s.from, err, out, s.text)
		}
	}
}

// shellcheckFinding is the line and the code of a finding of shellcheck.
var shellcheckFinding = regexp.MustCompile(`(?m)^-:(\d+):.*\[(SC\d+)\]$`)

// TestShellcheck holds the lines that fixes write into scripts to what shellcheck asks for. Of the steps that they add that
// is all; in a script that they change it is no new kind of finding.
func TestShellcheck(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is not installed: the Debian package of that name has it")
	}
	if testing.Short() {
		t.Skip("it runs shellcheck on some hundred scripts")
	}
	for _, c := range readCases(t) {
		if rule, _, _ := strings.Cut(c.name, "/"); c.index("want.yml") < 0 || rule == "suppression" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, want := c.files(t)
			var lines, known []string
			for _, s := range scriptsIn(t, config) {
				lines = append(lines, strings.Split(s.text, "\n")...)
				for code := range shellcheck(t, s.text, nil) {
					known = append(known, code)
				}
			}
			for _, s := range scriptsIn(t, want) {
				for code, line := range shellcheck(t, s.text, lines) {
					if slices.Contains(loginSteps, s.name) || !slices.Contains(known, code) {
						t.Errorf("shellcheck says %s of this line: %s", code, line)
					}
				}
			}
		})
	}
}

// shellcheck gives the kinds of findings in a script with a line for each, those of known lines aside.
func shellcheck(t *testing.T, script string, known []string) map[string]string {
	t.Helper()
	script = strings.ReplaceAll(script, `\<<`, "<<") // as CircleCI reads it
	if strings.Contains(script, "<<") && !regexp.MustCompile(`<<-?['"]?[A-Z]`).MatchString(script) {
		return nil // it holds an expression of CircleCI
	}
	// SC2153 guesses that a variable of a context is another one, misspelt. SC2174 is about directories above one that mkdir -p
	// makes, and the home is there.
	cmd := exec.Command("shellcheck", "--shell=bash", "--format=gcc", "--exclude=SC2153,SC2174", "-")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	found := map[string]string{}
	lines := strings.Split(script, "\n")
	for _, m := range shellcheckFinding.FindAllStringSubmatch(string(out), -1) {
		number, _ := strconv.Atoi(m[1])
		if line := lines[number-1]; !slices.Contains(known, line) {
			found[m[2]] = line
		}
	}
	return found
}
