package flow

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// cloud is a service other than AWS that jobs log in to.
type cloud string

// The clouds. Google's libraries find their credentials in other ways than its command line does.
const (
	gcloudCLI  cloud = "Google Cloud"
	googleLibs cloud = "Google's libraries"
	azure      cloud = "Azure"
	vault      cloud = "Vault"
	npm        cloud = "npm"
	pypi       cloud = "PyPI"
)

// cloudUse is one place that uses such a service, or may.
type cloudUse struct {
	cloud   cloud
	name    string // the program
	text    string // all of it
	sure    bool
	sources map[value]bool
}

// heldFile is the key under which a world keeps what a file holds.
func heldFile(path string) cloud { return cloud("file " + filePath(path)) }

// path is the path in a word, also when a variable of the script holds it.
func (s *scope) path(w shell.Word, given map[string]value) string {
	if name := variableIn(w.Value); name != "" {
		if v := s.lookup(name, given); v.origin == literal {
			return v.text
		}
	}
	return w.Value
}

// filePath is a path in one spelling.
func filePath(path string) string {
	path = strings.Trim(path, `'"`)
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = "$HOME/" + rest
	}
	return strings.TrimPrefix(strings.ReplaceAll(path, "${HOME}", "$HOME"), "./")
}

// clouds takes up what a call does to the logins of other clouds, and notes what it uses.
func (in *interpreter) clouds(c *shell.Call, number int, s *scope, given map[string]value) {
	in.files(c, s, given)
	note := func(service cloud, sure bool, v value) {
		u := in.cloudUses[number]
		if u == nil {
			u = &cloudUse{cloud: service, name: c.Name(), text: textOf(c), sure: sure, sources: map[value]bool{}}
			in.cloudUses[number] = u
		}
		u.sources[v] = true
	}
	switch c.Name() {
	case "gcloud", "gsutil", "bq":
		if !s.googleLogin(c, given) {
			note(gcloudCLI, true, s.held[gcloudCLI])
		}
	case "az":
		if !s.azureLogin(c, given) && len(c.Args()) > 0 && !strings.HasPrefix(c.Args()[0].Value, "-") {
			note(azure, true, s.held[azure])
		}
	case "vault":
		if !s.vaultLogin(c, given) && len(c.Args()) > 0 && !slices.Contains([]string{"server", "status", "version", "login"}, c.Args()[0].Value) {
			note(vault, true, s.vaultToken(given))
		}
	case "curl", "wget":
		for _, w := range c.Args() {
			if _, token, ok := strings.Cut(w.Value, "X-Vault-Token:"); ok {
				note(vault, true, textOrAssumed(shell.Word{Value: strings.TrimSpace(token), Vars: w.Vars}, s, given))
			}
		}
	case "npm":
		if v, ok := s.npmToken(c, given); ok {
			note(npm, true, v)
		}
	case "twine", "python", "python3":
		if c.Has("upload") && (c.Name() == "twine" || c.Has("twine")) {
			note(pypi, true, s.twineToken(c, given))
			return
		}
		fallthrough
	default:
		if asks := in.asks[number]; asks.uses && asks.how == likely {
			note(googleLibs, false, s.libraries(given))
		}
	}
}

// libraries is what Google's libraries find.
func (s *scope) libraries(given map[string]value) value {
	path := s.lookup("GOOGLE_APPLICATION_CREDENTIALS", given)
	if path.origin == ambient || path.missing() {
		return path
	}
	if v, ok := s.held[heldFile(path.text)]; ok {
		return v
	}
	return value{opaque, path.text}
}

// files takes up credentials that a call writes to a file: from a variable, on whatever way.
func (in *interpreter) files(c *shell.Call, s *scope, given map[string]value) {
	out := c.Stdout()
	if out.To != shell.ToFile || out.File.IsVar("BASH_ENV") {
		return
	}
	if v := s.brought(c, given); v.origin != ambient {
		s.held[heldFile(s.path(out.File, given))] = v
	}
}

// brought is the credential that reaches a call: by its words, its input, or the program that pipes into it, which may
// have logged in for it.
func (s *scope) brought(c *shell.Call, given map[string]value) value {
	for ; c != nil; c = c.Prev() {
		if v, ok := loginOutput(textOf(c), s, given); ok {
			return v
		}
		var names []string
		for _, w := range c.Args() {
			names = append(names, w.Vars...)
		}
		for _, r := range c.Redirects {
			if r.HereDoc() {
				names = append(names, r.Body.Vars...)
			} else if strings.HasPrefix(r.Op, "<") {
				names = append(names, r.Target.Vars...)
			}
		}
		names = slices.DeleteFunc(names, func(n string) bool { return n == "HOME" })
		if len(names) > 0 {
			return s.lookup(names[0], given).shown()
		}
	}
	return value{}
}

// googleLogin takes up a login of gcloud; it is false for every other call.
func (s *scope) googleLogin(c *shell.Call, given map[string]value) bool {
	file := func(option string) (value, bool) {
		w, ok := c.Option(option)
		if !ok {
			return value{}, false
		}
		if v, known := s.held[heldFile(s.path(w, given))]; known {
			return v, true
		}
		if v := s.brought(c, given); v.origin != ambient {
			return v, true
		}
		return value{opaque, w.Text}, true
	}
	switch {
	case c.Has("activate-service-account"):
		if v, ok := file("--key-file"); ok {
			s.held[gcloudCLI] = v
		}
	case c.Is("gcloud", "iam", "workload-identity-pools", "create-cred-config"):
		account, _ := c.Option("--service-account")
		if out, ok := c.Option("--output-file"); ok {
			s.held[heldFile(out.Value)] = value{federated, roleText(account.Value)}
		}
	case c.Is("gcloud", "auth", "login"):
		if v, ok := file("--cred-file"); ok {
			s.held[gcloudCLI] = v
		}
	case len(c.Args()) > 0 && slices.Contains([]string{"auth", "config", "components", "version", "info", "--version", "-v"}, c.Args()[0].Value):
	default:
		return c.Name() == "gcloud" && len(c.Args()) == 0
	}
	return true
}

// azureLogin takes up a login of az; it is false for every other call.
func (s *scope) azureLogin(c *shell.Call, given map[string]value) bool {
	if !c.Is("az", "login") {
		return c.Is("az", "logout") || c.Is("az", "version") || c.Is("az", "config") || c.Is("az", "extension")
	}
	who := ""
	for _, option := range []string{"-u", "--username"} {
		if w, ok := c.Option(option); ok {
			who = roleText(w.Value)
		}
	}
	v := value{opaque, "az login"}
	if w, ok := c.Option("--federated-token"); ok && slices.ContainsFunc(w.Vars, circleToken) {
		v = value{federated, who}
	}
	for _, option := range []string{"-p", "--password"} {
		if _, ok := c.Option(option); ok {
			v = value{variable, who}
		}
	}
	s.held[azure] = v
	return true
}

func circleToken(name string) bool { return strings.HasPrefix(name, "CIRCLE_OIDC_TOKEN") }

// vaultLogin takes up a login of Vault's program; it is false for every other call.
func (s *scope) vaultLogin(c *shell.Call, given map[string]value) bool {
	if c.Is("vault", "login") {
		if v := s.brought(c, given); v.origin != ambient {
			s.held[vault] = v
		} else {
			s.held[vault] = value{literal, "token"}
		}
		return true
	}
	return c.Is("vault", "write") && loginPath.MatchString(textOf(c))
}

// vaultToken is the token that Vault's program takes: the environment's, or that of the last login.
func (s *scope) vaultToken(given map[string]value) value {
	if v := s.lookup("VAULT_TOKEN", given); v.origin != ambient && !v.missing() {
		return v
	}
	for _, place := range []cloud{heldFile("$HOME/.vault-token"), vault} {
		if v, ok := s.held[place]; ok {
			return v
		}
	}
	return value{}
}

var (
	loginPath   = pattern.New(`auth/[^\s"']+/login`)
	roleGiven   = pattern.New(`role(?:\\?"\s*:\s*\\?"|=["']?)([^"'\s\\)]+)`)
	secretGiven = pattern.New(`(?:secret_id|password|token|role_id)(?:\\?"\s*:\s*\\?"|=["']?)([^"'\s\\)]+)`)
)

// loginOutput is the token that a login of Vault in a text puts out.
func loginOutput(text string, s *scope, given map[string]value) (value, bool) {
	if !loginPath.MatchString(text) {
		return value{}, false
	}
	if strings.Contains(text, "CIRCLE_OIDC_TOKEN") {
		role := roleGiven.FindStringSubmatch(text)
		if role == nil {
			return value{opaque, text}, true
		}
		return value{federated, roleText(role[1])}, true
	}
	for _, m := range secretGiven.FindAllStringSubmatch(text, -1) {
		if name := variableIn(m[1]); name != "" {
			return s.lookup(name, given).shown(), true
		}
	}
	return value{literal, "credentials of Vault"}, true
}

// npmToken is what npm publishes with; ok is false for a call that publishes nothing.
func (s *scope) npmToken(c *shell.Call, given map[string]value) (v value, ok bool) {
	switch {
	case c.Is("npm", "publish"), c.Is("npm", "stage", "publish"):
	case c.Is("npm", "config", "set"), c.Is("npm", "set"):
		if v := s.brought(c, given); strings.Contains(textOf(c), "_auth") {
			s.held[npm] = v
		}
		return value{}, false
	default:
		return value{}, false
	}
	for _, name := range []string{"NPM_ID_TOKEN", "NODE_AUTH_TOKEN", "NPM_TOKEN"} {
		if v := s.lookup(name, given); v.origin != ambient && !v.missing() {
			return v, true
		}
	}
	if v, ok := s.held[npm]; ok {
		return v, true
	}
	for _, w := range c.Args() {
		if strings.Contains(w.Value, "_auth") && len(w.Vars) > 0 {
			return s.lookup(w.Vars[0], given).shown(), true
		}
	}
	for _, name := range []string{"$HOME/.npmrc", ".npmrc"} {
		if v, ok := s.held[heldFile(name)]; ok {
			return v, true
		}
	}
	return value{}, true
}

// twineToken is what twine uploads with: without a login of any kind it asks for CircleCI's token.
func (s *scope) twineToken(c *shell.Call, given map[string]value) value {
	for _, option := range []string{"-p", "--password"} {
		if w, ok := c.Option(option); ok {
			return textOrAssumed(w, s, given)
		}
	}
	user, password := s.lookup("TWINE_USERNAME", given), s.lookup("TWINE_PASSWORD", given)
	if password.origin != ambient {
		return password
	}
	if v, ok := s.held[heldFile("$HOME/.pypirc")]; ok {
		return v
	}
	if user.origin != ambient || c.Has("-u") || c.Has("--username") {
		return value{ambient, "TWINE_PASSWORD"}
	}
	return value{federated, "twine"}
}

// cloudLogin takes up the login of an orb's element at another cloud.
func (e *element) cloudLogin(s *scope) {
	if e.orb == nil {
		return
	}
	name := spelled(e.name)
	switch {
	case strings.HasPrefix(e.orb.Name(), "circleci/gcp-") && slices.Contains([]string{"initialize", "setup", "init", "gcr_auth"}, name):
		s.held[gcloudCLI] = e.parameter(s, "GCLOUD_SERVICE_KEY", "gcloud-service-key", "gcloud_service_key").shown()
		s.held[heldFile("$HOME/gcloud-service-key.json")] = s.held[gcloudCLI]
		if with, _ := e.arg("use_oidc"); with == "true" {
			account, ok := e.arg("service_account_email")
			if !ok {
				account = "OIDC_SERVICE_ACCOUNT_EMAIL"
			}
			s.held[gcloudCLI] = value{federated, "${" + account + "}"}
			s.held[heldFile("$HOME/gcp_cred_config.json")] = s.held[gcloudCLI]
			s.bash["GOOGLE_APPLICATION_CREDENTIALS"] = value{literal, "$HOME/gcp_cred_config.json"}
		}
	case e.orb.Name() == "circleci/azure-cli" && strings.HasPrefix(name, "login_with"):
		who, ok := e.arg("azure-sp")
		if !ok {
			who = "AZURE_SP"
		}
		s.held[azure] = value{variable, "${" + strings.TrimPrefix(who, "$") + "}"}
	case strings.Contains(e.orb.Name(), "vault") && strings.Contains(name, "login"):
		s.held[vault] = value{opaque, e.orb.Name()}
		if v := e.parameter(s, "", "secret-id", "token", "password"); v.origin == variable || v.origin == literal {
			s.held[vault] = v
		}
	case strings.Contains(e.orb.Name(), "vault") && strings.Contains(name, "oidc"):
		s.held[vault] = value{federated, e.orb.Name()}
	}
}
