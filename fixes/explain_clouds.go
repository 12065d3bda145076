package fixes

import (
	"slices"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// explainGCP tells whose keys for Google Cloud each run of steps has.
func explainGCP(p *Pass) {
	v := newGCPView(p)
	for _, u := range v.units {
		owner := u.owner(p.Config)
		for _, f := range u.forms {
			p.Note(owner, "Google Cloud, line %d: %s", p.File.Position(f.span.Start).Line, f.message)
		}
		if len(u.forms) > 0 {
			continue
		}
		for _, x := range u.steps {
			s, line := v.stepOf(x.Step), p.File.Position(x.Step.Node.Span().Start).Line
			if s.oidc != "" {
				p.Note(owner, "Google Cloud: line %d logs in with workload identity", line)
				break
			}
			if s.text.Exists() && s.script() != nil && slices.ContainsFunc(s.script().Calls(), callsGoogle) {
				p.Note(owner, "Google Cloud: line %d works with it, and no key is in sight", line)
				break
			}
		}
	}
}

func callsGoogle(c *shell.Call) bool {
	return slices.Contains([]string{"gcloud", "gsutil", "bq"}, c.Name())
}

// explainGCPImages tells how images are pulled with a service account.
func explainGCPImages(p *Pass) {
	for _, x := range gcpImages(p.Config) {
		for _, j := range p.Config.UsersOf(x.place) {
			p.Note(p.Config.Owner(j.Key()), "image, line %d: %s is pulled with a service account key", p.File.Position(x.item.Node.Span().Start).Line, x.name())
		}
	}
}

// explainVault, explainAzure and explainPublish tell which stored secrets each run of steps is given.
func explainVault(p *Pass) {
	v := newVaultView(p)
	v.explain("Vault", v.uses)
}

func explainAzure(p *Pass) {
	v := newAzureView(p)
	v.explain("Azure", func(s *circle.Step) bool {
		script := v.script(s)
		return script != nil && slices.ContainsFunc(script.Calls(), func(c *shell.Call) bool { return c.Name() == "az" })
	})
}

func explainPublish(p *Pass) {
	v := newPublishView(p)
	v.explain("registry", func(s *circle.Step) bool { return len(v.publishings(s)) > 0 })
}

// explain tells of all forms, and of the first step of a unit that works with what they are about where there is none.
func (v *storedView) explain(about string, works func(*circle.Step) bool) {
	for _, u := range v.units {
		owner := u.owner(v.p.Config)
		for _, f := range u.forms {
			if f.message != "" {
				v.p.Note(owner, "%s, line %d: %s", about, v.p.File.Position(f.span.Start).Line, f.message)
			}
		}
		i := slices.IndexFunc(u.steps, func(x circle.Visit) bool { return works(x.Step) })
		if len(u.forms) == 0 && i >= 0 {
			v.p.Note(owner, "%s: line %d works with it, and no stored secret is in sight", about, v.p.File.Position(u.steps[i].Step.Node.Span().Start).Line)
		}
	}
}
