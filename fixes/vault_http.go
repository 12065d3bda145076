package fixes

import (
	"cmp"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/pattern"
	"cfgfix/fixes/internal/shell"
)

// The options by which curl gets what it sends.
var curlData = []string{"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"}

// httpLogin is a call of Vault's API that logs in with stored credentials.
func (v *vaultView) httpLogin(s *circle.Step, c *shell.Call) (*storedForm, *vaultLogin) {
	address := slices.IndexFunc(c.Args(), func(w shell.Word) bool {
		return strings.Contains(w.Value, "/v1/auth/") && loginPath.MatchString(w.Value)
	})
	if address < 0 {
		return nil, nil
	}
	url := c.Args()[address]
	var data shell.Word
	for _, option := range curlData {
		if w, ok := c.Option(option); ok {
			data = w
		}
	}
	static := slices.ContainsFunc(vaultTables().StaticMethods, func(m string) bool { return strings.Contains(url.Value, "auth/"+m) })
	if strings.Contains(data.Value, "jwt") || !static && !strings.Contains(data.Value, "secret_id") && !strings.Contains(data.Value, "password") {
		return nil, nil
	}
	login := &vaultLogin{names: data.Vars, curl: true}
	if len(data.Vars) == 0 {
		login.identity = loginPath.FindString(url.Value)
	}
	login.describe()
	f := v.form(s, c.Span, "curl logs in to Vault with stored credentials")
	if data.Static && strings.Contains(data.Value, "secret_id") {
		f.take(data.Value)
	}
	switch f.blocker = cmp.Or(inner(c, []shell.Word{url, data}), v.madeBy(s, c, login)); {
	case f.blocker != "":
	case c.Name() != "curl" || data.Text == "" || strings.HasPrefix(data.Value, "@") || strings.Contains(data.Text, "$("):
		f.blocker = "what the login sends does not stand in the call"
	}
	login.write = func(f *storedForm, role string) {
		f.edits = append(f.edits,
			replaceWord(url, loginPath.ReplaceAllString(url.Text, "auth/"+v.mount()+"/login")),
			replaceWord(data, loginBody(role)))
	}
	return f, login
}

// loginBody is what a login sends, as a word of a script.
func loginBody(role string) string {
	return `"{\"role\": \"` + role + `\", \"jwt\": \"$CIRCLE_OIDC_TOKEN_V2\"}"`
}

var tokenHeader = pattern.New(`(?i)^X-Vault-Token:\s*(.*)$`)

// header is a stored token that a script sends to Vault's API itself.
func (v *vaultView) header(s *circle.Step, script *shell.Script, c *shell.Call) (*storedForm, *vaultLogin) {
	for _, w := range c.Args() {
		m := tokenHeader.FindStringSubmatch(strings.TrimPrefix(w.Value, "--header="))
		if m == nil {
			continue
		}
		variable, literal := vaultTables().secretIn(m[1], true)
		if !literal && (variable == "" || v.made(s, c, variable)) {
			return nil, nil
		}
		f, login := v.form(s, c.Span, ""), &vaultLogin{places: true, curl: true, address: baseOf(c), like: c}
		v.describeToken(f, login, variable, literal)
		f.values = []string{m[1]}
		if f.blocker = inner(c, []shell.Word{w}); variable == vaultTokenVar {
			return f, login
		}
		login.write = func(f *storedForm, _ string) {
			option := ""
			if strings.HasPrefix(w.Value, "--header=") {
				option = "--header="
			}
			f.edits = append(f.edits, replaceWord(w, option+`"X-Vault-Token: $`+vaultTokenVar+`"`))
		}
		return f, login
	}
	return nil, nil
}

// baseOf is the address of the server that a call of the API goes to, as the script writes it.
func baseOf(c *shell.Call) string {
	for _, w := range c.Args() {
		if base, _, ok := strings.Cut(strings.Trim(w.Text, `"'`), "/v1/"); ok {
			return base
		}
	}
	return ""
}

var roleInBody = pattern.New(`"role"\s*:\s*"([^"]*)"`)
