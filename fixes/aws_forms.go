package fixes

import (
	"fmt"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// formKind tells the ways apart in which a config brings long-lived keys to AWS tools. The letters are the order in
// which the documentation lists them.
type formKind byte

const (
	environmentForm formKind = 'A' // variables in an environment
	exportForm      formKind = 'C' // assignments in a script
	configureForm   formKind = 'D' // aws configure set, or aws configure with its answers
	fileForm        formKind = 'E' // a credentials file
	setupForm       formKind = 'F' // aws-cli/setup without a role
	ambientForm     formKind = 'G' // a login or role change in shell that reads keys from outside of the file
	elementForm     formKind = 'H' // a step or job of an orb that logs in with keys
	toolForm        formKind = 'I' // options of a tool
	literalForm     formKind = 'J' // a key and its secret in any other text
	implicitForm    formKind = 'K' // any other call of AWS that reads keys from outside of the file
)

// shown reports whether the file itself names the keys, or a step that stores them.
func (k formKind) shown() bool { return k != ambientForm && k != implicitForm }

// keyForm is one place where long-lived keys are brought to AWS tools.
type keyForm struct {
	kind    formKind
	owner   string
	span    rewrite.Span
	node    rewrite.Node // the mapping, scalar or step that span is in
	step    *circle.Step // nil for the environment of a job or executor
	keys    identity
	literal bool
	from    string // where the keys come from when no variable or key is shown
	message string
	blocker string              // why the form cannot be taken away by an edit
	remove  []rewrite.Entry     // of an environment: the entries to remove
	parts   []shell.Span        // of a script: the statements and assignments to remove
	setup   *setupStep          // of an aws-cli/setup
	region  string              // the region that goes away with the form, as written
	use     *circle.WorkflowJob // of an orb's job
	element *elementUse         // of an elementForm, or an implicitForm of an orb
	values  []rewrite.Node      // of a setup or an element: what the key parameters are given
	spare   []*circle.Parameter // whose defaults name the keys
	stays   bool                // the keys reach the steps behind, by a profile or $BASH_ENV
	root    bool                // the keys are given to another user or to an empty environment, by sudo or env
}

// stepFacts is what a physical step shows about AWS.
type stepFacts struct {
	read     func() *shell.Script // nil for a step without a script
	runs     func() string        // the command of unknown
	leaves   func() bool          // leavesCredentials; nil like read
	text     rewrite.Node         // the script's scalar
	setup    *setupStep
	forms    []*keyForm
	assumes  bool // the step leaves temporary credentials of CircleCI's own identity behind
	supplies bool // it leaves such keys behind, or a file of credentials: see supplied
	uses     bool // it calls AWS by itself, in sight
	v1Only   bool // it calls what only version 1 of the CLI has
	// userInstall says that the step installs the CLI for the user alone, where an installation for all may come before it.
	userInstall bool
}

// script is the step's script, nil for a step without one that can be read. Most have nothing to do with AWS, and are read
// only when a job's keys are looked into.
func (f *stepFacts) script() *shell.Script {
	if f.read == nil {
		return nil
	}
	return f.read()
}

// supplied reports whether the step leaves keys behind that are not this file's business.
func (f *stepFacts) supplied() bool { return f.supplies || f.leaves != nil && f.leaves() }

// unknown is a command of the step that may run anything, such as a script of the repository; "" for none.
func (f *stepFacts) unknown() string {
	if f.runs == nil {
		return ""
	}
	return f.runs()
}

// scanEnvironment finds keys in one physical environment.
func (v *awsView) scanEnvironment(env *circle.Environment, step *circle.Step) *keyForm {
	f := &keyForm{kind: environmentForm, node: env.Node, step: step}
	var sources [2]keySource
	var handed terraformKeys
	for _, x := range env.Vars() {
		i, terraform := keyIndex(x.Name)
		if i < 0 {
			continue
		}
		if terraform {
			handed.add(i, x.Name, classify(x.Text))
			continue
		}
		f.remove = append(f.remove, x.Entry)
		if i > 1 {
			continue
		}
		sources[i] = classify(x.Text)
		if x.Value.IsNull() {
			sources[i] = keySource{}
		}
		if f.span.Len() == 0 {
			f.span = x.Entry.Span()
		}
	}
	if handed.ofAWS() {
		f.blocker = terraformDecides
		for i := range sources {
			if sources[i].kind == noSource {
				sources[i] = handed.sources[i]
			}
		}
		if f.span.Len() == 0 {
			f.span = env.Vars()[slices.IndexFunc(env.Vars(), func(x circle.Var) bool { return x.Name == handed.first })].Entry.Span()
		}
	}
	if !f.describe(sources, "") || foreignEndpoint(env.Vars()) {
		return nil
	}
	f.owner = v.config.Owner(env.Node)
	f.message = fmt.Sprintf("the environment sets AWS keys from %s", f.origin())
	return f
}

// describe takes the identity from the sources of both keys. It is false when they are no long-lived keys.
func (f *keyForm) describe(sources [2]keySource, profile string) bool {
	f.keys.profile = profile
	for i, s := range sources {
		sources[i] = f.settle(s)
	}
	id, secret := sources[0], sources[1]
	if id.kind == noSource && secret.kind == noSource || id.kind == otherSource || id.kind == noSource && secret.kind == otherSource {
		return false
	}
	for i, s := range sources {
		switch s.kind {
		case literalSource:
			f.literal = true
			if i == 0 || f.keys.literal == "" {
				f.keys.literal = s.text
			}
		case inertSource:
			f.from = "a text that is no key"
			f.blocker = "the value is no key: the job runs on other credentials, and a role would be a guess"
		case exprSource:
			f.from = "an expression"
			f.blocker = "the value is an expression: whose keys these are is known only when the pipeline is compiled"
		case namedSource:
			f.from = "variables whose names are put together"
			f.blocker = "the script puts the names of the variables together: whose keys these are is known only when it runs"
		}
	}
	if f.literal {
		return true
	}
	if id.kind == varSource {
		f.keys.id = id.text
	}
	if secret.kind == varSource {
		f.keys.secret = secret.text
	}
	if f.keys.id == "" && f.blocker == "" {
		f.keys.id = f.keys.secret
		f.blocker = oneKey
	}
	return true
}

// settle is the variable that a key parameter names wherever the form's step runs, or else the source as it is.
func (f *keyForm) settle(s keySource) keySource {
	if s.kind != exprSource || f.step == nil || len(f.values) == 0 {
		return s
	}
	text, parameters, known := f.step.Settled(s.text)
	settled := keyParameter(text)
	if !known || settled.kind != varSource {
		return s
	}
	f.spare = append(f.spare, parameters...)
	return settled
}

// origin says in words where the keys come from.
func (f *keyForm) origin() string {
	if f.literal || f.keys.id != "" {
		return f.keys.String()
	}
	return f.from
}

// foreignEndpoint reports whether an environment points AWS tools at a service that is not AWS.
func foreignEndpoint(vars []circle.Var) bool {
	for _, x := range vars {
		if strings.HasPrefix(x.Name, "AWS_ENDPOINT_URL") && x.Text != "" && !atAWS(x.Text) {
			return true
		}
	}
	return false
}
