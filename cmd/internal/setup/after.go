package setup

import (
	"slices"
	"strings"

	"cfgfix/cmd/internal/report"
)

// After is a script of what is left to do once the fixes are merged and have run: the old variables are deleted, the old
// keys deactivated. It is empty where no command does any of it.
func (p *Plan) After() []byte {
	asked := &Plan{projects: p.projects, accounts: p.accounts}
	asked.input(&input{name: "org_id", text: orgText})
	a := &after{Plan: p, script: &script{Plan: asked}, deleted: map[string]bool{}}
	a.access()
	a.keys()
	a.vaultTokens()
	a.clientSecrets()
	a.tokens()
	if a.script.b.Len() == 0 {
		return nil
	}
	slices.SortFunc(asked.inputs, func(x, y *input) int { return strings.Compare(x.name, y.name) })
	return a.script.text("What is left once the fixes of cfgfix in "+strings.Join(users(p.projects).names(), ", ")+" are merged and have run: until it is done,",
		"nothing is safer than before. Run it when no other project and no other job uses these variables and keys.")
}

// after writes what can go.
type after struct {
	*Plan
	script  *script
	deleted map[string]bool // variables by place
}

// access deletes and deactivates the access keys of AWS.
func (a *after) access() {
	for _, x := range a.roles {
		if len(x.keys) == 0 {
			continue
		}
		a.script.section("in place of " + strings.Join(x.keys, ", ") + ": " + roleTitle(x))
		a.unset(x.all, x.keyVars)
		keys := a.ask(x.id+"_old_key_ids", true, "Ids of the access keys behind "+strings.Join(x.keys, ", ")+" of "+x.all.String()+": aws iam list-access-keys --user-name USER")
		profile := `""`
		if name := profileVar(x.account); name != "" {
			profile = `"$` + name + `"`
		}
		a.script.line(`for key in $%s; do retire %s "$key"; done`, keys, profile)
	}
}

// ask asks for a value that the commands need, and is the variable with it.
func (a *after) ask(name string, list bool, text string) string {
	a.script.input(&input{name: name, list: list, text: text})
	return env(name)
}

// keys deletes and deactivates the keys of service accounts.
func (a *after) keys() {
	for _, x := range a.gcp {
		a.script.section("in place of " + strings.Join(x.keys, ", ") + " of " + x.all.String())
		a.unset(x.all, x.keyVars)
		email := single(x.email)
		if x.email == "" {
			email = `"$` + a.ask(x.id+"_service_account", false, "Address of the service account behind "+strings.Join(x.keys, ", ")) + `"`
		}
		keys := a.ask(x.id+"_old_key_ids", true, "Ids of the service account keys behind "+strings.Join(x.keys, ", ")+": gcloud iam service-accounts keys list --managed-by user")
		a.script.line("for key in $%s; do\n  gcloud iam service-accounts keys disable \"$key\" --iam-account %s", keys, email)
		a.script.line("  echo \"once nothing has failed for a while: gcloud iam service-accounts keys delete $key\" >&2\ndone")
	}
}

func (a *after) vaultTokens() {
	for _, x := range a.vault {
		a.script.section("Vault: " + x.all.String())
		a.unset(x.all, x.keyVars)
		a.script.comment("Revoke what these variables held: vault token revoke -accessor ACCESSOR,", "or for an AppRole vault write auth/approle/role/ROLE/secret-id-accessor/destroy secret_id_accessor=ACCESSOR")
	}
}

func (a *after) clientSecrets() {
	for _, x := range a.azure {
		a.script.section("Azure: " + x.all.String())
		a.unset(x.all, x.keyVars)
		client := single(x.client)
		if x.client == "" {
			client = `"$` + a.ask(x.input, false, "Client id of the application that the jobs "+few(x.jobs)+" log in as") + `"`
		}
		keys := a.ask(x.id+"_old_key_ids", true, "Ids of the client secrets behind "+strings.Join(x.keyVars, ", ")+": az ad app credential list")
		a.script.line(`for key in $%s; do az ad app credential delete --id %s --key-id "$key"; done`, keys, client)
	}
}

// tokens deletes those of package registries.
func (a *after) tokens() {
	for _, x := range a.packages {
		if len(x.keyVars) > 0 {
			a.script.section(x.registry + ": " + x.all.String())
			a.unset(x.all, x.keyVars)
			a.script.comment("Revoke the tokens that were in these variables at " + x.registry + ".")
		}
	}
}

// unset deletes variables where they are stored, each once.
func (a *after) unset(all places, names []string) {
	once := func(where, format string, args ...any) {
		if !a.deleted[where] {
			a.deleted[where] = true
			a.script.line(format, args...)
		}
	}
	for _, at := range all {
		for _, name := range names {
			if len(at.hidden) > 0 {
				once(at.key()+" "+name, "# %s", report.Visible("GAP: the config does not say which context is meant: delete "+name+" by hand in "+at.String()))
				continue
			}
			switch len(at.contexts) {
			case 0:
				for _, x := range at.projects {
					once(x.slugVar()+" "+name, `project_unset "$%s" %s`, x.slugVar(), word(name))
				}
			case 1:
				once(at.key()+" "+name, "context_unset %s %s", single(at.contexts[0].name), word(name))
			default:
				in := a.ask("old_"+at.choice(), false, "Name of the context that holds the old keys today: "+at.String())
				once(at.key()+" "+name, `context_unset "$%s" %s`, in, word(name))
			}
		}
	}
}
