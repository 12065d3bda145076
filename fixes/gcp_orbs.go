package fixes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// orbKeyFile is where CircleCI's orbs put the key that they log in with.
const orbKeyFile = "$HOME/gcloud-service-key.json"

// gcpOrbUse is a call of an orb's command, or a workflow entry that runs an orb's job, which logs in with a key.
type gcpOrbUse struct {
	elementUse
	step *circle.Step // nil for an entry
}

// scanOrb notes a step that calls an orb.
func (v *gcpView) scanOrb(x *gcpStep) {
	orb, command, ok := x.step.OrbCall()
	if !ok || x.step.Callee() != nil {
		return
	}
	use := &gcpOrbUse{elementUse{orb: orb, node: x.step.Node, value: x.step.Value(), args: x.step.Args()}, x.step}
	if x.orb = v.orbForm(use, command, x.step.Name, func(r *orbRelease) string { return r.Commands[command] }); x.orb != nil {
		x.orb.owner, x.orb.step = x.step.Owner(), x
		return
	}
	if use.release != nil && use.release.Commands[command] == loginKeys && use.withOIDC() {
		x.oidc = cmp.Or(use.arg(use.release.Role).Value(), "workload identity")
	}
}

// scanOrbJob is the form of a workflow entry that runs an orb's job, nil when it uses no key.
func (v *gcpView) scanOrbJob(entry *circle.WorkflowJob) *gcpForm {
	orb, job, ok := entry.OrbJob()
	if !ok {
		return nil
	}
	use := &gcpOrbUse{elementUse: elementUse{orb: orb, node: entry.Node, args: entry.Args}}
	if !entry.Bare {
		use.value = entry.Key.Entry().Value()
	}
	f := v.orbForm(use, job, entry.JobName, func(r *orbRelease) string { return r.Jobs[job] })
	if f != nil {
		f.owner = v.p.Config.Owner(entry.Key)
	}
	return f
}

// orbForm is the form of an element, nil when it logs in with no key. An element that the tables do not know counts
// where the file shows its key.
func (v *gcpView) orbForm(use *gcpOrbUse, element, name string, login func(*orbRelease) string) *gcpForm {
	f := &gcpForm{node: use.node, span: use.node.Span(), orb: use}
	var table *orbTable
	if use.orb != nil {
		if table = gcpTables().orb(use.orb.Name()); table != nil {
			use.release = table.release(use.orb.Version())
		}
	}
	param := use.keyParameter()
	switch key := orbKey(use.arg(param)); {
	case key.expr && mayBeOrb(v.p.Config):
		return nil
	case key.known():
		f.take(key)
	default:
		f.key = givenKey{name: gcpKeyVar}
	}
	switch {
	case use.release == nil || login(use.release) != loginKeys:
		if !f.key.literal && !use.arg(param).Exists() {
			return nil
		}
		f.blocker = cmp.Or(f.blocker, fmt.Sprintf("whether %s can log in with workload identity is not known", name))
		if use.release == nil && table != nil {
			f.blocker = "the version of " + use.orb.Ref() + " is not known"
		}
	case use.withOIDC():
		return nil
	}
	f.message = fmt.Sprintf("%s logs in with %s", name, f.key)
	if !use.arg(param).Exists() {
		f.message = fmt.Sprintf("%s logs in with a service account key that is stored outside of the file", name)
	}
	if use.release != nil {
		f.blocker = cmp.Or(f.blocker, use.release.Manual)
	}
	if use.args.Exists() && !use.args.Within(use.node) {
		f.blocker = cmp.Or(f.blocker, "the parameters stand elsewhere, behind an anchor")
	}
	if use.step != nil {
		f.files = []string{orbKeyFile}
	}
	return f
}

// keyParameter is the parameter that names the key, of an unknown element the one of both spellings that is there.
func (x *gcpOrbUse) keyParameter() string {
	if x.release != nil && x.release.KeyID != "" {
		return x.release.KeyID
	}
	if x.arg("gcloud_service_key").Exists() {
		return "gcloud_service_key"
	}
	return "gcloud-service-key"
}

// withOIDC reports whether the element logs in with CircleCI's token already, or may: that is decided elsewhere.
func (x *gcpOrbUse) withOIDC() bool {
	use := x.arg(x.release.With)
	return x.release.OIDC && use.Exists() && use.Value() != "false"
}

// orbKey is the key that a parameter names.
func orbKey(n rewrite.Node) givenKey {
	text := strings.TrimLeft(n.Value(), "$")
	switch {
	case isGCPKey(text):
		return givenKey{literal: true, text: text}
	case envName.MatchString(text):
		return givenKey{name: text}
	case strings.Contains(text, "<<"):
		return givenKey{expr: true}
	default:
		return givenKey{}
	}
}

// moves reports whether the element is one of the old gcp-cli, whose initialize is called setup since.
func (x *gcpOrbUse) moves() bool {
	return x.release != nil && !x.release.OIDC && x.orb.Name() == gcpCLI
}

// convert gives the element workload identity in place of the key. account is the variable with the service account,
// "" for the one that the orb takes by itself.
func (x *gcpOrbUse) convert(account string) []rewrite.Op {
	release := x.release
	var ops []rewrite.Op
	if release.Raise != "" {
		ops = append(ops, raiseOrb(x.orb, release.Raise)...)
		release = gcpTables().orb(x.orb.Name()).release(release.Raise)
	}
	pairs := oidcPairs(release, account)
	entries := x.args.Entries()
	switch {
	case x.node.Kind() == rewrite.Scalar:
		return append(ops, shared(x.node, rewrite.Wrap(x.node, rewrite.Map(pairs...)))...)
	case len(entries) == 0:
		for _, p := range pairs {
			ops = append(ops, shared(x.node, rewrite.Append(x.value, p))...)
		}
		return ops
	case len(entries) == 1 && entries[0].Name() == release.KeyID:
		return append(ops, shared(x.args, inPlaceOf(entries[0], pairs)...)...)
	}
	for _, p := range pairs {
		switch old := x.args.Own(p.Key); {
		case old.Exists():
			ops = append(ops, shared(x.args, rewrite.Replace(old, p.Value))...)
		case x.orb.Name() == gcpCLI:
			ops = append(ops, shared(x.args, rewrite.InsertBefore(entries[0], p))...)
		default:
			ops = append(ops, shared(x.args, rewrite.InsertAfter(entries[len(entries)-1], p))...)
		}
	}
	for _, e := range entries {
		if e.Name() == release.KeyID {
			ops = append(ops, shared(x.args, rewrite.Remove(e))...)
		}
	}
	return ops
}

// inPlaceOf makes the only pair of a mapping the first of the given ones, and adds the others.
func inPlaceOf(e rewrite.Entry, pairs []rewrite.Pair) []rewrite.Op {
	ops := []rewrite.Op{rewrite.Rename(e, pairs[0].Key), rewrite.Replace(e.Value(), pairs[0].Value)}
	for _, p := range pairs[1:] {
		ops = append(ops, rewrite.InsertAfter(e, p))
	}
	return ops
}

// oidcPairs are the parameters that make an element log in with CircleCI's token.
func oidcPairs(release *orbRelease, account string) []rewrite.Pair {
	pairs := []rewrite.Pair{{Key: release.With, Value: rewrite.True()}}
	if account != "" {
		pairs = append(pairs, rewrite.Pair{Key: release.Role, Value: rewrite.String(account)})
	}
	return pairs
}

// move makes a step of the old gcp-cli one of the orb with that alias, which has the version to use. An installation
// right before it goes, since setup installs too; else setup is told that gcloud is there.
func (x *gcpOrbUse) move(alias, account string) (ops []rewrite.Op, refusal string) {
	table := gcpTables().orb(gcpCLI)
	pairs := oidcPairs(table.release(table.Use), account)
	if install := x.installBefore(); install != nil {
		removed, refusal := removeStep(install)
		if refusal != "" {
			return nil, refusal
		}
		ops = append(ops, removed...)
		for _, e := range install.Args().Entries() {
			pairs = append(pairs, rewrite.Pair{Key: e.Name(), Value: rewrite.String(e.Value().Resolve().Value())})
		}
	} else {
		pairs = append(pairs, rewrite.Pair{Key: "skip_install", Value: rewrite.True()})
	}
	name := alias + "/setup"
	if x.node.Kind() == rewrite.Scalar {
		return append(ops, shared(x.node, rewrite.Replace(x.node, rewrite.Map(rewrite.Pair{Key: name, Value: rewrite.Map(pairs...)})))...), ""
	}
	edits := []rewrite.Op{rewrite.Rename(x.node.Entries()[0], name)}
	entries := x.args.Entries()
	if len(entries) == 1 && entries[0].Name() == x.release.KeyID {
		return append(ops, shared(x.node, append(edits, inPlaceOf(entries[0], pairs)...)...)...), ""
	}
	for _, p := range pairs {
		if len(entries) == 0 {
			edits = append(edits, rewrite.Append(x.value, p))
		} else {
			edits = append(edits, rewrite.InsertBefore(entries[0], p))
		}
	}
	for _, e := range entries {
		switch to := table.Renames[e.Name()]; {
		case e.Name() == x.release.KeyID:
			edits = append(edits, rewrite.Remove(e))
		case to == "":
			return nil, "the parameter " + e.Name() + " has no counterpart in the version with OIDC"
		default:
			edits = append(edits, rewrite.Rename(e, to))
		}
	}
	return append(ops, shared(x.node, edits...)...), ""
}

// installBefore is the step right before this one that installs gcloud with the same orb, when setup can do the same:
// not where the step is used elsewhere too, for others may have none there. Whoever shares the list has both.
func (x *gcpOrbUse) installBefore() *circle.Step {
	s := x.step
	if s.List == nil || s.Index == 0 || len(s.Item.Aliases()) > 0 || s.Item.Kind() == rewrite.Alias {
		return nil
	}
	before := s.List.Steps()[s.Index-1]
	orb, command, ok := before.OrbCall()
	if !ok || orb != x.orb || command != "install" || !plainInstall(before) {
		return nil
	}
	return before
}

// plainInstall reports whether an installation has no parameters but those that setup has as well.
func plainInstall(s *circle.Step) bool {
	return !slices.ContainsFunc(s.Args().Fields(), func(e rewrite.Entry) bool {
		return e.Name() != "version" && e.Name() != "components" || e.Value().Resolve().Kind() != rewrite.Scalar
	})
}

// raisable reports whether the version of an orb can be raised where it is declared: nothing else of it is used than
// plain installations and the steps of forms that are fixed along with it.
func (v *gcpView) raisable(orb *circle.Orb, fixed []*gcpForm) bool {
	prefix := orb.Alias + "/"
	if orb.Node.Anchor() != "" || !orb.Node.Within(v.p.Config.Node) || !orb.Entry.Parent().Parent().Same(v.p.Config.Node) {
		return false
	}
	for s := range v.p.Config.Walk {
		o, command, ok := s.OrbCall()
		if !ok || o != orb {
			continue
		}
		converted := slices.ContainsFunc(fixed, func(f *gcpForm) bool { return f.orb != nil && f.orb.node == s.Node })
		if !converted && (command != "install" || !plainInstall(s)) {
			return false
		}
	}
	return !uses(v.p.Config.Node, func(text string) bool {
		element, ok := strings.CutPrefix(text, prefix)
		return ok && element != "install" && element != "initialize"
	})
}
