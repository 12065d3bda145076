package setup

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
)

// Shell is the plan as a script of commands for bash. What is there already is left as it is, so that it can be run again.
func (p *Plan) Shell() []byte {
	s := &script{Plan: p}
	s.identityProviders()
	for _, x := range p.roles {
		s.role(x)
	}
	s.google()
	s.vaultRoles()
	s.azureCredentials()
	s.allContexts()
	s.runnerClasses()
	for _, x := range p.packages {
		s.section(x.byHand())
	}
	s.closing()
	return s.text("What the fixes of cfgfix rely on in "+strings.Join(users(p.projects).names(), ", ")+".",
		"Look it over, set the variables, and run it before the fixes are merged. What is there already is left as it is.")
}

// script writes commands.
type script struct {
	*Plan
	b strings.Builder
}

// text is the whole script: what it is, the variables and functions that its commands use, and the commands.
func (s *script) text(header ...string) []byte {
	commands := s.b.String()
	s.b.Reset()
	circle, others := functions(commands)
	s.line("#!/usr/bin/env bash")
	s.comment(header...)
	s.line("set -euo pipefail")
	if circle != "" {
		s.section("the CircleCI CLI: version 1, and 0.1 where that is installed")
		s.line(`case "$(circleci version)" in 0.1.*) legacy=1 ;; *) legacy= ;; esac`)
	}
	s.inputVariables(circle, others+commands)
	if circle+others != "" {
		s.line("")
	}
	return []byte(s.b.String() + circle + others + commands)
}

func (s *script) line(format string, args ...any) {
	fmt.Fprintf(&s.b, format, args...)
	s.b.WriteByte('\n')
}

func (s *script) comment(lines ...string) {
	for _, l := range lines {
		s.line("# %s", report.Visible(l))
	}
}

// off writes a command that is off, as a comment of one line.
func (s *script) off(format string, args ...any) { s.comment(fmt.Sprintf(format, args...)) }

func (s *script) section(title string) {
	s.line("")
	s.comment("---- " + title)
}

// single is text as one word of the shell on one line, in which nothing is expanded. Where some of it would not show, it is
// written in escapes, byte by byte so that the locale does not matter. A NUL, which no word can hold, stays an escape.
func single(text string) string {
	if report.Visible(text) == text {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == 0:
			b.WriteString(`\\x00`)
		case c == '\'' || c == '\\':
			b.Write([]byte{'\\', c})
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return "$'" + b.String() + "'"
}

// word is the name of a variable as one word of the shell.
func word(name string) string {
	if variableName().MatchString(name) {
		return name
	}
	return single(name)
}

// heredoc is text inside of a here-document or of double quotes, in which nothing is expanded.
var heredoc = strings.NewReplacer(`\`, `\\`, `$`, `\$`, "`", "\\`").Replace

// double is text inside of double quotes.
func double(text string) string { return strings.ReplaceAll(heredoc(text), `"`, `\"`) }

// env is an identifier as the name of a variable of the shell.
func env(name string) string { return strings.ToUpper(name) }

// inputVariables asks for what no config says and the commands use, all at once. The functions for the CircleCI CLI name the
// organisation by its id or by its slug: the one that the other version takes is not asked for.
func (s *script) inputVariables(circle, commands string) {
	s.section("what no config says: set these variables, or put their values here")
	s.line(`missing=
need() { if [ -z "${!1:-}" ]; then printf 'set %%s: %%s\n' "$1" "$2" >&2; missing=1; fi; }`)
	used, guards := expansions(circle+commands), map[string]string{}
	if circle != "" {
		guards["ORG_SLUG"] = `[ "$legacy" ] || `
	}
	if !expansions(commands)["ORG_ID"] {
		guards["ORG_ID"] = `[ -z "$legacy" ] || `
	}
	need := func(name, text string) {
		if used[name] {
			s.line("%sneed %s %s", guards[name], name, single(report.Visible(text)))
		}
	}
	for _, in := range s.inputs {
		switch {
		case in.none:
			s.line(": \"${%s:=}\" # %s (separated by blanks)", env(in.name), report.Visible(in.text))
		case in.list:
			need(env(in.name), in.text+" (separated by blanks)")
		default:
			need(env(in.name), in.text)
		}
	}
	for _, x := range s.projects {
		need(x.idVar(), "Id of the CircleCI project of "+x.Name+", a UUID: Project Settings > Overview")
		if slug := x.slug(); slug == "" {
			need(x.slugVar(), "Slug of the CircleCI project of "+x.Name+": Project Settings > Overview")
		} else if used[x.slugVar()] {
			s.line(": \"${%s:=%s}\" # the slug of its CircleCI project", x.slugVar(), double(slug))
		}
	}
	for _, a := range s.accounts {
		if profile := profileVar(a); profile != "" {
			need(profile, "A profile of the AWS CLI for the account "+accountName(a))
		}
	}
	need("ORG_SLUG", "Slug of the organisation for version 1 of the CircleCI CLI, such as gh/acme")
	s.line(`if [ -n "$missing" ]; then exit 2; fi`)
	if used["ISSUER"] {
		s.line(`ISSUER="oidc.circleci.com/org/$ORG_ID"`)
	}
}

// expansions are the variables that commands expand. The issuer is made of the organisation's id.
func expansions(commands string) map[string]bool {
	out := map[string]bool{}
	for _, m := range expansion().FindAllStringSubmatch(commands, -1) {
		out[m[1]] = true
	}
	out["ORG_ID"] = out["ORG_ID"] || out["ISSUER"]
	return out
}

var expansion = expression(`\$\{?([A-Z_0-9]+)`)

func (x *project) idVar() string   { return "PROJECT_ID_" + env(x.id) }
func (x *project) slugVar() string { return "PROJECT_SLUG_" + env(x.id) }

// profileVar is the variable with the profile for an account, "" for that of the credentials at hand.
func profileVar(a *account) string {
	if name := accountName(a); name != "default" {
		return "AWS_PROFILE_" + env(slug(name))
	}
	return ""
}

// functions are those that the commands call: the ones for both versions of the CircleCI CLI, and the others.
func functions(commands string) (circle, others string) {
	for _, f := range shellFunctions {
		switch {
		case !called(commands, f.name):
		case strings.Contains(f.text, "$legacy"):
			circle += f.text + "\n"
		default:
			others += f.text + "\n"
		}
	}
	return circle, others
}

// called reports whether commands call a function, be it in one that is off. In other places its name may be a part of one
// from a config.
func called(commands, name string) bool {
	return slices.ContainsFunc([]string{"\n", "\n# ", "; do "}, func(before string) bool { return strings.Contains(commands, before+name+" ") })
}

// shellFunctions hide the difference between the two programs of CircleCI, and what takes several commands. Names stand
// behind the dashes that end the options: one may begin with a dash, as an option with another server to send the token to does.
var shellFunctions = []struct{ name, text string }{
	{"context_create", `context_create() { # NAME
  if [ "$legacy" ]; then
    circleci context show --org-id "$ORG_ID" -- "$1" >/dev/null 2>&1 || circleci context create --org-id "$ORG_ID" -- "$1"
  else
    circleci context get --org "$ORG_SLUG" -- "$1" >/dev/null 2>&1 || circleci context create --org "$ORG_SLUG" -- "$1"
  fi
}`},
	{"context_set", `context_set() { # CONTEXT NAME VALUE
  if [ "$legacy" ]; then
    printf '%s' "$3" | circleci context store-secret --org-id "$ORG_ID" -- "$1" "$2"
  else
    circleci context secret set --org "$ORG_SLUG" --name "$2" --value "$3" -- "$1"
  fi
}`},
	{"context_unset", `context_unset() { # CONTEXT NAME
  if [ "$legacy" ]; then
    circleci context remove-secret --org-id "$ORG_ID" -- "$1" "$2"
  else
    circleci context secret delete --org "$ORG_SLUG" --name "$2" -- "$1"
  fi
}`},
	{"context_restrict", `context_restrict() { # CONTEXT TYPE VALUE
  if [ "$legacy" ]; then
    printf 'restrict the context %q in the web app (%s: %s): version 0.1 of the CLI cannot\n' "$1" "$2" "$3" >&2
  else
    circleci context restriction create --org "$ORG_SLUG" --type "$2" --value "$3" -- "$1" ||
      printf 'the context %q is not restricted to %s: see whether it was before\n' "$1" "$3" >&2
  fi
}`},
	{"project_set", `project_set() { # SLUG NAME VALUE
  if [ "$legacy" ]; then
    IFS=/ read -r vcs org project <<<"$1"
    printf '%s' "$3" | circleci project secret create -- "$vcs" "$org" "$project" "$2"
  else
    circleci envvar set --project "$1" -- "$2" "$3"
  fi
}`},
	{"project_unset", `project_unset() { # SLUG NAME
  if [ "$legacy" ]; then
    printf 'delete the variable %s of %s in the web app: version 0.1 of the CLI cannot\n' "$2" "$1" >&2
  else
    circleci envvar delete --project "$1" -- "$2"
  fi
}`},
	{"runner_class", `runner_class() { # CLASS DESCRIPTION
  if [ "$legacy" ]; then
    circleci runner resource-class create --generate-token -- "$1" "$2"
  else
    circleci runner resource-class create --description "$2" --generate-token -- "$1"
  fi || printf 'the resource class %q was not made: see whether it is there\n' "$1" >&2
}`},
	{"azure_credential", `azure_credential() { # APPLICATION PROJECT-ID: one credential for each user
  for user in $AZURE_USER_IDS; do
    name="circleci-${2%%-*}-${user%%-*}"
    az ad app federated-credential show --id "$1" --federated-credential-id "$name" >/dev/null 2>&1 ||
      az ad app federated-credential create --id "$1" --parameters "$(
        cat <<JSON
{
  "name": "$name",
  "issuer": "https://$ISSUER",
  "audiences": ["$ORG_ID"],
  "subject": "org/$ORG_ID/project/$2/user/$user"
}
JSON
      )"
  done
}`},
	{"retire", `retire() { # PROFILE KEY-ID: deactivates an access key of AWS, so that there is a way back
  user="$(aws ${1:+--profile "$1"} iam get-access-key-last-used --access-key-id "$2" --query UserName --output text)"
  aws ${1:+--profile "$1"} iam update-access-key --user-name "$user" --access-key-id "$2" --status Inactive
  echo "once nothing has failed for a while: aws ${1:+--profile $1 }iam delete-access-key --user-name $user --access-key-id $2" >&2
}`},
}

// aws is the AWS CLI with the credentials for an account.
func aws(a *account) string {
	if profile := profileVar(a); profile != "" {
		return `aws --profile "$` + profile + `"`
	}
	return "aws"
}

// number is the number of an account, in double quotes.
func (s *script) number(a *account) string {
	if a.number != "" {
		return a.number
	}
	return "$" + numberVar(a)
}

func numberVar(a *account) string { return "ACCOUNT_" + env(slug(accountName(a))) }

func (s *script) identityProviders() {
	for _, a := range s.accounts {
		if a.used {
			continue
		}
		s.section("CircleCI as an identity provider of the AWS account " + accountName(a))
		if a.number == "" {
			s.line(`%s="$(%s sts get-caller-identity --query Account --output text)"`, numberVar(a), aws(a))
		} else {
			s.line(`if [ "$(%s sts get-caller-identity --query Account --output text)" != %s ]; then`, aws(a), a.number)
			s.line(`  echo "\$%s is not for the account %s" >&2; exit 2; fi`, profileVar(a), a.number)
		}
		s.line("%s iam get-open-id-connect-provider \\\n  --open-id-connect-provider-arn \"arn:%s:iam::%s:oidc-provider/$ISSUER\" >/dev/null 2>&1 ||", aws(a), a.partition, s.number(a))
		s.line("  %s iam create-open-id-connect-provider --url \"https://$ISSUER\" --client-id-list \"$ORG_ID\"", aws(a))
	}
}

func (s *script) role(x *role) {
	s.section(roleTitle(x))
	s.comment("Used by " + strings.Join(x.jobs, ", ") + " in " + strings.Join(x.users.names(), ", ") + ".")
	if x.use.Tags && s.limits(x) {
		s.comment(tagsNote)
	}
	cli := aws(x.account)
	s.line("if %s iam get-role --role-name %s >/dev/null 2>&1; then", cli, single(x.name))
	s.line("  echo %s >&2", single("the role "+x.name+" is there already: see that it trusts CircleCI"))
	s.line("else")
	s.line("  %s iam create-role --role-name %s --path %s \\", cli, single(x.name), single(x.path))
	if x.session > 0 {
		s.line("    --max-session-duration %d \\", x.session)
	}
	s.line("    --assume-role-policy-document \"$(cat <<JSON\n%s\nJSON\n    )\"\nfi", s.trust(x).shell(s, x))
	if len(x.statements) > 0 {
		s.line("%s iam put-role-policy --role-name %s --policy-name what-the-configs-show \\", cli, single(x.name))
		s.line("  --policy-document \"$(cat <<JSON\n%s\nJSON\n  )\"", policyOf(x).shell(s, x))
	}
	if len(x.gaps) > 0 {
		s.comment("GAP: the configs do not show all that the role needs. Policies for it go to " + env(x.id) + "_POLICY_ARNS:")
		for _, g := range x.gaps {
			s.comment("- " + g)
		}
		s.line("for arn in $%s_POLICY_ARNS; do %s iam attach-role-policy --role-name %s --policy-arn \"$arn\"; done", env(x.id), cli, single(x.name))
	}
	if x.use.ARN == "" {
		s.line("%s=\"$(%s iam get-role --role-name %s --query Role.Arn --output text)\"", x.arnVar(), cli, single(x.name))
	}
}

func (x *role) arnVar() string { return "ROLE_ARN_" + env(x.id) }

// closing tells what the fixes wait for.
func (s *script) closing() {
	for _, x := range s.roles {
		if x.use.Fact != "" {
			s.line("echo \"give it to cfgfix: --set %s=$%s\"", double(x.use.Fact), x.arnVar())
		}
	}
}

// slugged are the projects whose variables are set.
func (p *Plan) slugged() users {
	var out users
	for _, v := range p.stored {
		if len(v.at.contexts) == 0 {
			for _, x := range v.at.projects {
				out.add(x)
			}
		}
	}
	return out
}
