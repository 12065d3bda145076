// Package flow judges fixes of credentials: it works out where the credentials of every step come from, in a config
// before and after a change, and says what has become worse.
//
// Analyze interprets each job step by step, as AWS tools and CircleCI would: environments, $BASH_ENV, profiles, setup
// steps of orbs and web identity each leave something behind that later steps see. A condition that decides about
// credentials is taken both ways. Compare lines the steps of both reports up and looks at every use of AWS: none may
// lose its credentials or get those of somebody else. Google Cloud, Azure, Vault, npm and PyPI are followed as well, by
// their command lines, the variables and files that these read, and orbs that log in.
//
// The package shares neither code nor tables with the rules that it judges, so that a mistake in one shows in the
// other. It reads the config alone: what a context holds, or a script does, is not known, and named as such.
package flow
