// Package flow judges fixes of AWS credentials: it works out where the credentials of every step come from, in a config
// before and after a change, and says what has become worse.
//
// Analyze interprets each job step by step, as AWS tools and CircleCI would: environments, $BASH_ENV, profiles, setup
// steps of orbs and web identity each leave something behind that later steps see. A condition that decides about
// credentials is taken both ways. Compare lines the steps of both reports up and looks at every use of AWS: none may
// lose its credentials or get those of somebody else.
//
// The package shares neither code nor tables with the rules that it judges, so that a mistake in one shows in the
// other. It reads the config alone: what a context holds, or a script does, is not known, and named as such.
package flow
