package fixes

import (
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// credentials is what a setup step is to be given. Empty fields are left out.
type credentials struct {
	role     string // an ARN, ${VARIABLE} or an expression
	region   string
	profile  string
	duration string
	// profileOnly says that the keys go to the profile alone, for programs that run on other credentials.
	profileOnly bool
	// makes is a profile that has to be there before the setup, since the environment chooses it; "" for none.
	makes string
}

// orbChoice is how a setup step is called, and what has to be done to the orbs for it.
type orbChoice struct {
	alias       string
	params      setup
	profileOnly string // the switch that keeps the keys out of the environment; "" for none
	ops         []rewrite.Op
}

// isVariable reports whether a role is given by a variable, which only some consumers expand.
func isVariable(role string) bool { return strings.HasPrefix(role, "$") }

// orbFor finds in a config, or the body of an inline orb, a declared aws-cli orb that can assume a role with CircleCI's token, raises one that differs from such
// a version in nothing else, or declares one. refusal says why none of that is possible.
func (v *awsView) orbFor(config *circle.Config, role string) (choice orbChoice, refusal string) {
	table := orbTables()[awsCLI]
	var raised *orbChoice
	for _, o := range config.Orbs() {
		if o.Name() != awsCLI || o.Parameterised() {
			continue
		}
		release := table.release(o.Version())
		if release == nil {
			continue
		}
		c := orbChoice{alias: o.Alias, params: table.Setups[release.Setup], profileOnly: release.ProfileOnly, ops: raise(o, release, role)}
		if release.OIDC && len(c.ops) == 0 {
			return c, ""
		}
		if len(c.ops) > 0 && raised == nil {
			raised = &c
		}
	}
	if raised != nil {
		return *raised, ""
	}
	return declareCLI(config)
}

// raise is the change of an orb's version that lets setup assume the role, nil when none is needed or possible.
func raise(o *circle.Orb, release *orbRelease, role string) []rewrite.Op {
	to := release.Raise
	if release.OIDC {
		if to = release.RaiseForVariable; !isVariable(role) {
			to = ""
		}
	}
	if to == "" {
		return nil
	}
	return raiseOrb(o, to)
}

// declareCLI adds an aws-cli orb of the version to use.
func declareCLI(config *circle.Config) (orbChoice, string) {
	table := orbTables()[awsCLI]
	alias, ops, refusal := declareOrb(config, awsCLI, table.Use)
	release := table.release(table.Use)
	return orbChoice{alias: alias, params: table.Setups[release.Setup], profileOnly: release.ProfileOnly, ops: ops}, refusal
}

// arguments are the parameters of a setup step: the role first, then what is kept.
func (c credentials) arguments(p setup) []rewrite.Pair {
	pairs := []rewrite.Pair{{Key: p.Role, Value: rewrite.String(c.role)}}
	add := func(key, value string) {
		if value != "" {
			pairs = append(pairs, rewrite.Pair{Key: key, Value: rewrite.String(value)})
		}
	}
	add(p.Region, c.region)
	add(p.Profile, c.profile)
	add(p.Duration, c.duration)
	return pairs
}

// orbStep is a new setup step of the orb.
func (c credentials) orbStep(o orbChoice) rewrite.Value {
	if o.params.RegionByName {
		name, ok := strings.CutPrefix(c.region, "${")
		c.region = strings.TrimSuffix(name, "}")
		if !ok {
			c.region = ""
		}
	}
	pairs := c.arguments(o.params)
	if c.profileOnly {
		pairs = append(pairs, rewrite.Pair{Key: o.profileOnly, Value: rewrite.Bool(false)})
	}
	return rewrite.Map(rewrite.Pair{Key: o.alias + "/setup", Value: rewrite.Map(pairs...)})
}

// webIdentityStep is a new step that does without an orb: the AWS tools read a token file and a role by themselves.
// Static keys in the environment would win silently, so the step unsets them. The token lives for an hour.
func (c credentials) webIdentityStep() rewrite.Value {
	role := c.role
	if name, ok := strings.CutPrefix(role, "${"); ok {
		role = "$" + strings.TrimSuffix(name, "}")
	}
	lines := []string{
		`umask 077`,
		`TOKEN_FILE="$(mktemp)"`,
		`printf '%s' "$CIRCLE_OIDC_TOKEN_V2" > "$TOKEN_FILE"`,
		`{`,
		`  echo "unset ` + strings.Join(keyVars, " ") + `"`,
		`  echo "export AWS_WEB_IDENTITY_TOKEN_FILE='$TOKEN_FILE'"`,
		`  echo "export AWS_ROLE_ARN='` + role + `'"`,
		`  echo "export AWS_ROLE_SESSION_NAME='circleci-$CIRCLE_WORKFLOW_JOB_ID'"`,
	}
	if c.region != "" {
		lines = append(lines, `  echo "export AWS_DEFAULT_REGION='`+strings.NewReplacer("${", "$", "}", "").Replace(c.region)+`'"`)
	}
	lines = append(lines, `} >> "$BASH_ENV"`, "")
	return rewrite.Map(rewrite.Pair{Key: "run", Value: rewrite.Map(
		rewrite.Pair{Key: "name", Value: rewrite.String("AWS web identity")},
		rewrite.Pair{Key: "command", Value: rewrite.LiteralText(strings.Join(lines, "\n"))},
	)})
}

// convert makes the operations that turn an aws-cli/setup with keys into one with the role.
func (v *awsView) convert(x *setupStep, c credentials) (ops []rewrite.Op, refusal string) {
	table := orbTables()[awsCLI]
	if x.keeps() {
		ops = raise(x.orb, x.release, c.role)
		edits, refusal := inPlace(x, table.Setups[x.release.Setup], c)
		return append(ops, edits...), refusal
	}
	choice, refusal := v.orbFor(x.step.Config(), c.role)
	if refusal != "" {
		return nil, refusal
	}
	if choice.alias == x.orb.Alias {
		return nil, "the orb " + x.orb.Ref() + " is not known"
	}
	moved, refusal := moveStep(x, choice, table, c)
	if x.step.Args().Len() > 0 && !x.step.Args().Within(x.step.Node) {
		return nil, "the parameters stand elsewhere, behind an anchor"
	}
	return append(choice.ops, shared(x.step.Node, moved...)...), refusal
}

// keeps reports whether the step can stay with its orb, as it is or raised.
func (x *setupStep) keeps() bool {
	return x.release != nil && (x.release.OIDC || x.release.Raise != "")
}

// inPlace replaces the key parameters of a setup step by the role.
func inPlace(x *setupStep, p setup, c credentials) (ops []rewrite.Op, refusal string) {
	if c.region != "" && p.RegionByName {
		return nil, x.orb.Ref() + " takes the region as the name of a variable: define one, and leave the region out of the settings"
	}
	c.profile = "" // that of the step stays
	args := x.step.Args()
	switch {
	case x.step.Node.Kind() == rewrite.Scalar:
		return shared(x.step.Node, rewrite.Wrap(x.step.Node, rewrite.Map(c.arguments(p)...))), ""
	case args.Len() == 0:
		for _, pair := range c.arguments(p) {
			ops = append(ops, shared(x.step.Node, rewrite.Append(x.step.Value(), pair))...)
		}
		return ops, ""
	}
	for _, pair := range c.arguments(p) {
		switch old := args.Own(pair.Key); {
		case pair.Key == p.Role && x.role != "":
		case old.Exists():
			ops = append(ops, rewrite.Replace(old, pair.Value))
		default:
			ops = append(ops, rewrite.InsertBefore(args.Entries()[0], pair))
		}
	}
	for _, e := range args.Entries() {
		if e.Name() == p.KeyID || e.Name() == p.Secret {
			ops = append(ops, rewrite.Remove(e))
		}
	}
	if only := x.release.ProfileOnly; c.profileOnly && only != "" && !args.Get(only).Exists() {
		ops = append(ops, rewrite.InsertAfter(args.Entries()[args.Len()-1], rewrite.Pair{Key: only, Value: rewrite.Bool(false)}))
	}
	return shared(args, ops...), ""
}

// moveStep makes a setup step of an old version one of another alias, with that version's parameters.
func moveStep(x *setupStep, o orbChoice, table *orbTable, c credentials) (ops []rewrite.Op, refusal string) {
	name := o.alias + "/setup"
	role := rewrite.Pair{Key: o.params.Role, Value: rewrite.String(c.role)}
	args := x.step.Args()
	if x.step.Node.Kind() == rewrite.Scalar {
		return []rewrite.Op{rewrite.Replace(x.step.Node, rewrite.Map(rewrite.Pair{Key: name, Value: rewrite.Map(role)}))}, ""
	}
	ops = append(ops, rewrite.Rename(x.step.Node.Entries()[0], name))
	if args.Len() == 0 {
		return append(ops, rewrite.Append(x.step.Value(), role)), ""
	}
	ops = append(ops, rewrite.InsertBefore(args.Entries()[0], role))
	old := table.Setups[x.release.Setup]
	for _, e := range args.Entries() {
		switch to := table.Renames[e.Name()]; {
		case e.Name() == old.KeyID || e.Name() == old.Secret || e.Name() == "skip-install-check":
			ops = append(ops, rewrite.Remove(e))
		case e.Name() == "version":
			ops = append(ops, rewrite.Remove(e))
		case to == "":
			return nil, "the parameter " + e.Name() + " has no counterpart in the version with OIDC"
		default:
			ops = append(ops, rewrite.Rename(e, to))
			if e.Name() == old.Region && old.RegionByName {
				ops = append(ops, rewrite.Replace(e.Value(), rewrite.String("${"+e.Value().Value()+"}")))
			}
		}
	}
	if c.profileOnly {
		ops = append(ops, rewrite.InsertAfter(args.Entries()[args.Len()-1], rewrite.Pair{Key: o.profileOnly, Value: rewrite.Bool(false)}))
	}
	return ops, ""
}
