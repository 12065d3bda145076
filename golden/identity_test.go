package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// statement is one thing that has to be right about a fix of AWS credentials, and where it is shown: cases as FOLDER/NAME
// with the status of a finding in them behind a blank, or the names of tests.
type statement struct {
	says  string
	shown []string
}

const silent = "silent" // in place of a status: the case has no findings

// identityStatements say whose keys a use has, and which role takes their place.
var identityStatements = []statement{
	{"keys are told apart by the names of their variables", []string{"aws-static-keys/identity_several_by_names applied", "aws-static-keys/export_two_identities_in_steps manual"}},
	{"the profile that keys are put under is part of whose they are", []string{"aws-static-keys/identity_roles_by_profile applied", "aws-static-keys/configure_two_profiles manual"}},
	{"the contexts of the entries that run a job are part of whose its keys are", []string{"aws-static-keys/identity_contexts applied", "aws-implicit-keys/two_jobs_two_contexts applied"}},
	{"one role for several identities is never written", []string{"aws-static-keys/identity_literal_for_several needs-facts", "aws-static-keys/env_two_literals needs-facts"}},
	{"a prefix of the key variables is kept in the name of the role's variable", []string{"aws-static-keys/export_two_lines applied"}},
	{"so is a suffix", []string{"aws-static-keys/identity_suffix applied"}},
	{"names with neither need a fact, and the message says which", []string{"aws-static-keys/identity_other_names needs-facts", "aws-static-keys/identity_other_names_with_fact applied"}},
	{"a role given as an ARN serves a file with one identity", []string{"aws-static-keys/env_facts_of_region_and_time applied"}},
	{"with several it goes only where aws.roles says so", []string{"aws-static-keys/identity_roles_by_keys applied"}},
	{"entries of aws.roles select by job, context, key or profile", []string{
		"aws-static-keys/identity_roles_by_jobs applied", "aws-static-keys/identity_roles_by_contexts applied", "aws-static-keys/roles_by_contexts_of_one_job manual",
	}},
	{"they go before every other fact", []string{"aws-static-keys/identity_roles_before_others applied"}},
	{"standard names under other contexts are one identity for a variable, which each context supplies", []string{"aws-static-keys/identity_contexts applied"}},
	{"and several for a literal role", []string{"aws-static-keys/identity_contexts_and_literal_role needs-facts", "aws-static-keys/contexts_of_one_job_literal needs-facts"}},
	{"a role that the file uses already is taken over for the same identity", []string{"aws-static-keys/identity_sibling_role applied"}},
	{"the role of staging is not given to production", []string{"aws-static-keys/identity_sibling_of_other_contexts applied"}},
	{"an image takes the role of its account first", []string{"ecr-image-auth/role_for_each_account applied", "aws-static-keys/identity_role_of_account applied"}},
	{"then one of aws.roles, then the one for all images", []string{"ecr-image-auth/roles_by_jobs applied", "ecr-image-auth/example applied"}},
	{"of two accounts, a literal role for images serves its own", []string{"ecr-image-auth/two_accounts needs-facts"}},
	{"a partition needs a role of its own", []string{"ecr-image-auth/partition_of_china needs-facts", "ecr-image-auth/partition_of_government applied", "ecr-image-auth/account_role_of_other_partition needs-facts"}},
	{"and a region that is written down", []string{"aws-static-keys/partition_of_role needs-facts", "aws-static-keys/element_role_of_other_partition needs-facts"}},
	{"the zero that an account's number begins with survives", []string{"aws-static-keys/identity_role_of_account applied"}},
}

// reachStatements say where old keys worked, and where the new ones will.
var reachStatements = []statement{
	{"exports, prefixes and the environment of a step reach one step; the setup may reach more where nothing else is", []string{
		"aws-static-keys/export_two_lines applied", "aws-static-keys/prefix_assignments applied", "aws-static-keys/env_step applied",
	}},
	{"not where a later step has another identity", []string{"aws-static-keys/export_two_identities_in_steps manual"}},
	{"nor where one runs a script that is not known", []string{"aws-static-keys/export_before_other_script manual"}},
	{"$BASH_ENV, environments of jobs and files reach the rest of the job, as the setup does", []string{
		"aws-static-keys/bash_env_echo applied", "aws-static-keys/example applied", "aws-static-keys/file_heredoc applied",
	}},
	{"keys of a profile leave a program alone that may run on others", []string{"aws-static-keys/configure_profile_beside_program applied", "aws-static-keys/configure_profile_beside_old_orb applied"}},
	{"every user of an executor, anchor or command that loses keys gets the setup, in sight of a call or not", []string{
		"aws-static-keys/place_executor_of_two_jobs applied", "aws-static-keys/place_two_jobs_of_one_anchor applied", "aws-static-keys/reach_make_only applied",
	}},
	{"the setup stands right before the first use, behind checkout and workspaces", []string{"aws-static-keys/place_behind_workspace applied"}},
	{"a use in a condition only has it there", []string{"aws-implicit-keys/in_branch_of_when applied", "aws-static-keys/element_s3_2_x_in_when applied"}},
	{"uses in two lists have one each", []string{"aws-static-keys/export_two_branches_of_when applied"}},
	{"a use that runs after a failure has it before the first step that can fail", []string{"aws-static-keys/place_after_failure applied", "aws-implicit-keys/after_failure applied"}},
	{"a command of callers that agree holds it", []string{"aws-implicit-keys/command_of_like_callers applied", "aws-static-keys/export_in_command applied"}},
	{"else it stands before the call", []string{"aws-implicit-keys/command_of_unlike_callers applied", "aws-static-keys/place_command_with_unlike_callers applied"}},
	{"two calls do not make two setups", []string{"aws-implicit-keys/command_called_twice applied"}},
	{"steps behind an alias are not extended for one user", []string{"aws-static-keys/place_shared_steps_of_other_job manual", "aws-static-keys/place_aliased_step applied"}},
	{"credentials that a workspace takes to other jobs are left to people", []string{"aws-static-keys/guard_persisted_credentials manual"}},
	{"a role that is assumed with stored keys is assumed from the session as well", []string{"aws-static-keys/assume_role applied"}},
	{"but for an hour only", []string{"aws-static-keys/assume_role_too_long manual"}},
	{"chains in files of profiles are left to people", []string{"aws-static-keys/file_role_chain_in_config manual"}},
	{"whatever copies two keys to a container gets the session token", []string{"aws-static-keys/guard_docker_run applied", "aws-static-keys/copy_docker_values applied"}},
	{"other copies hold the fix back", []string{
		"aws-static-keys/copy_docker_env_file held-back", "aws-static-keys/copy_kubernetes_literals held-back", "aws-static-keys/copy_ssh held-back", "aws-static-keys/guard_build_arg manual",
	}},
	{"so do files of the repo that the job names", []string{"TestRepoFilesHoldFixesBack", "TestRepoFilesOfWebIdentity"}},
	{"steps that run or wait for long ask for a longer session", []string{"aws-static-keys/guard_long_step applied", "aws-static-keys/guard_long_sleep applied"}},
	{"which a fact can give", []string{"aws-static-keys/env_facts_of_region_and_time applied", "aws-static-keys/element_session_duration applied"}},
}

// worseStatements say what temporary keys must not make worse.
var worseStatements = []statement{
	{"nothing prints keys that are not masked", []string{"aws-static-keys/guard_printenv held-back", "aws-static-keys/file_then_printed held-back", "aws-static-keys/cat_bash_env held-back"}},
	{"nor shows them by tracing", []string{"aws-static-keys/guard_xtrace held-back", "aws-static-keys/guard_xtrace_without_keys applied"}},
	{"nor stores them in a cache or an artifact", []string{"aws-static-keys/guard_cached_credentials manual", "aws-static-keys/guard_stored_artifact manual"}},
	{"lines that only print the removed variables go with them", []string{"aws-static-keys/configure_echo_lines applied"}},
	{"an image that is known to have no bash cannot use the setup", []string{"aws-static-keys/guard_image_without_bash held-back", "aws-static-keys/guard_alpine_tag held-back"}},
	{"nor can sh; Windows is left to people", []string{"aws-static-keys/guard_shell_sh held-back", "aws-static-keys/guard_sh_step held-back", "aws-static-keys/guard_windows manual"}},
	{"an image that is not known has to show bash", []string{"aws-static-keys/guard_unknown_image held-back", "aws-static-keys/guard_unknown_image_with_bash applied"}},
	{"copies of official images count as those, and machines have bash", []string{"aws-static-keys/guard_private_copy_of_image applied", "aws-static-keys/guard_macos applied"}},
	{"a command of version 1 of the CLI may not meet version 2", []string{
		"aws-static-keys/setup_0_1 held-back", "aws-static-keys/setup_1_x_cli_1 held-back", "aws-static-keys/login_get_login_of_old_orb held-back",
	}},
	{"a login is moved when the registry can be named", []string{"aws-static-keys/login_get_login_moved applied"}},
	{"a version 1 that stays in front does no harm", []string{"aws-static-keys/login_get_login applied", "aws-static-keys/place_behind_install_of_cli applied"}},
	{"the smallest raise of an orb goes first", []string{
		"aws-static-keys/setup_2_raised applied", "aws-static-keys/setup_3_0 applied", "aws-static-keys/element_s3_3_0_raised applied",
		"aws-static-keys/element_ecs_2_x_job_raised applied", "aws-static-keys/element_ecr_8_0_job_raised applied",
	}},
	{"with the names that the table shows", []string{"aws-static-keys/element_ecs_2_x_cluster_name applied"}},
	{"then a second alias, then another major version when it is asked for", []string{"aws-static-keys/setup_1_x_second_alias applied", "aws-static-keys/element_ecs_1_x_raised applied", "aws-static-keys/element_ecs_1_x_job held-back"}},
	{"a newer minor of a known major counts as the newest known", []string{"aws-static-keys/setup_newer_minor applied"}},
	{"arguments that a raise passes on as one word hold it back", []string{"aws-static-keys/element_s3_3_0_several_arguments held-back", "aws-static-keys/element_s3_3_0_one_argument applied"}},
	{"web identity unsets the static keys, which would win", []string{"aws-static-keys/web_identity_version_2 applied"}},
	{"its token lives for an hour", []string{"aws-static-keys/web_identity_long_step held-back"}},
	{"containers and profiles do not see it", []string{
		"aws-static-keys/copy_web_identity manual", "aws-static-keys/file_mounted_web_identity manual", "aws-static-keys/web_identity_no_profile manual",
	}},
	{"a job that uses AWS_ROLE_ARN for something else is left alone", []string{"aws-static-keys/web_identity_role_in_use manual"}},
	{"services that are not AWS are silent", []string{"aws-implicit-keys/silent_endpoint_option " + silent, "clean/localstack " + silent, "aws-static-keys/silent_sample_keys " + silent}},
	{"terraform and its like count only with evidence of AWS", []string{"aws-implicit-keys/silent_tools_without_evidence " + silent, "aws-implicit-keys/kubectl_behind_kubeconfig applied"}},
	{"a runner without keys in sight has its host's role", []string{"aws-implicit-keys/silent_on_runner " + silent, "aws-implicit-keys/silent_executor_on_runner " + silent}},
	{"a job that forks may start is held back when its keys are not in sight", []string{"aws-implicit-keys/open_to_forks held-back", "aws-implicit-keys/fork_main_only applied"}},
	{"generated files and sources of orbs are reported and left", []string{"aws-static-keys/guard_generated manual", "aws-static-keys/model_orb_source manual", "aws-static-keys/model_packed_command manual"}},
	{"sudo leaves the environment behind", []string{"aws-static-keys/file_sudo_tee_of_other_user held-back", "aws-implicit-keys/silent_sudo " + silent}},
}

// modelStatements say which shapes of a config the rules see through.
var modelStatements = []statement{
	{"inline orbs, with orbs of their own", []string{"aws-static-keys/model_inline_orb applied", "aws-static-keys/layout_orb_in_inline_orb applied", "ecr-image-auth/inline_orb applied"}},
	{"jobs of orbs with auth, and with pre-steps", []string{"aws-static-keys/element_auth_flow applied", "aws-static-keys/setup_in_auth_of_orb_job applied", "aws-implicit-keys/orb_eks_2_pre_steps applied"}},
	{"commands with parameters and several callers", []string{"aws-static-keys/export_parameter_names manual", "aws-implicit-keys/command_of_like_callers applied"}},
	{"executors with parameters", []string{"aws-static-keys/executor_by_parameter manual", "ecr-image-auth/matrix_and_parameterised_executor applied"}},
	{"anchors and merges with their users", []string{"aws-static-keys/env_anchor_merged_job applied", "aws-static-keys/env_merged_environment applied", "aws-static-keys/env_hides_merged_environment applied"}},
	{"entries of a matrix", []string{"aws-static-keys/element_matrix applied", "aws-static-keys/place_matrix_job applied"}},
	{"groups of jobs", []string{"aws-static-keys/model_job_group applied"}},
	{"configs that continue with another, and those that are continued with", []string{"aws-static-keys/model_dynamic_config applied", "aws-static-keys/model_continued_config applied"}},
	{"versions 2 and 2.0", []string{"aws-static-keys/web_identity_version_2 applied", "aws-static-keys/web_identity_long_step held-back", "aws-implicit-keys/version_2 applied"}},
	{"steps in every shape", []string{"aws-static-keys/model_step_shapes applied", "aws-static-keys/export_deploy_step applied", "aws-static-keys/place_in_steps_parameter applied"}},
}

// toldStatements say what people are told, before and after the change.
var toldStatements = []statement{
	{"which role to create, whom it trusts and what it may do", []string{"aws-static-keys/example applied"}},
	{"which variable to define in which context, or in the project", []string{"aws-static-keys/identity_contexts applied", "aws-static-keys/identity_sibling_of_other_contexts applied"}},
	{"how to try it first", []string{"aws-static-keys/example applied"}},
	{"what to delete from where, and which key to deactivate", []string{"aws-static-keys/model_job_group applied"}},
	{"that a literal key stays in the history, and that nothing is safer until then", []string{"aws-static-keys/setup_literal_key applied", "ecr-image-auth/literal_keys applied"}},
}

// TestStatements holds every statement to the cases that show it.
func TestStatements(t *testing.T) {
	t.Parallel()
	tests := testNames(t)
	for _, list := range [][]statement{identityStatements, reachStatements, worseStatements, modelStatements, toldStatements} {
		for _, s := range list {
			t.Run(s.says, func(t *testing.T) {
				t.Parallel()
				s.check(t, tests)
			})
		}
	}
}

// check holds a statement to what shows it; tests is the text of the tests in this folder.
func (s *statement) check(t *testing.T, tests string) {
	t.Helper()
	for _, place := range s.shown {
		name, status, isCase := strings.Cut(place, " ")
		switch {
		case !isCase && !strings.Contains(tests, "func "+name+"("):
			t.Errorf("there is no test %s", name)
		case isCase:
			checkShown(t, name, status)
		}
	}
}

// checkShown looks for a finding with a status in a case.
func checkShown(t *testing.T, name, status string) {
	t.Helper()
	archive, err := txtar.ParseFile(name + ".txtar")
	if err != nil {
		t.Error(err)
		return
	}
	c := &testCase{name: name, archive: archive}
	findings, _ := c.section("findings.txt")
	text := string(findings)
	if status == silent && text != "" || status != silent && !strings.Contains(text, "["+status+"]\n") {
		t.Errorf("%s is not %s:\n%s", name, status, text)
	}
}

// testNames is the text of the tests in this folder.
func testNames(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	return out.String()
}
