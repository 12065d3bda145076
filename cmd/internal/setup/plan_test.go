package setup

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/fixes"
)

// siteResources is a role whose ARN is in a context, and a context that a fix attaches.
var siteResources = []fixes.Resource{
	&fixes.AWSRole{
		Use:      fixes.Use{Contexts: []string{"website"}, Jobs: []string{"deploy"}, Keys: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", KeyVars: []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}},
		Variable: "AWS_OIDC_ROLE_ARN",
		Calls:    []fixes.AWSCall{{Words: []string{"s3", "cp", "index.html", "s3://acme-site/"}}},
	},
	&fixes.NamedContext{Name: "new", Variables: []string{"SENTRY_TOKEN"}},
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		call []string
		want []string
		gaps []string
	}{
		"copy to a bucket":                {call: words("s3 cp a s3://b/k"), want: []string{"s3:PutObject on arn:{partition}:s3:::b/*"}},
		"copy from a bucket":              {call: words("s3 cp s3://b/k a"), want: []string{"s3:GetObject on arn:{partition}:s3:::b/*", "s3:ListBucket on arn:{partition}:s3:::b"}},
		"sync that deletes":               {call: words("s3 sync . s3://b --delete"), want: []string{"s3:DeleteObject s3:PutObject on arn:{partition}:s3:::b/*", "s3:ListBucket on arn:{partition}:s3:::b"}},
		"a directory named by a variable": {call: words("s3 sync $DIR s3://b"), want: []string{"s3:ListBucket on arn:{partition}:s3:::b", "s3:PutObject on arn:{partition}:s3:::b/*"}},
		"a bucket named by a variable":    {call: words("s3 cp x $S3_URL"), want: []string{"s3:PutObject on arn:{partition}:s3:::{site_s3_url}/*"}},
		"no bucket is shown":              {call: words("s3 cp $FROM $TO"), gaps: []string{"the bucket that `aws s3 cp` works on"}},
		"a name that is made for a run":   {call: words("cloudformation delete-stack --stack-name app-${CIRCLE_SHA1:0:7}"), want: []string{"cloudformation:DeleteStack on arn:{partition}:cloudformation:*:{account}:stack/app-*/*"}, gaps: []string{"whatever the stack holds: for `aws cloudformation delete-stack`"}},
		"options in front":                {call: words("--region eu-west-1 lambda invoke --function-name f out"), want: []string{"lambda:InvokeFunction on arn:{partition}:lambda:eu-west-1:{account}:function:f"}},
		"an option with =":                {call: words("lambda invoke --function-name=f out"), want: []string{"lambda:InvokeFunction on arn:{partition}:lambda:*:{account}:function:f"}},
		"a bucket from a variable":        {call: words("s3 rb s3://$NAME-logs/"), want: []string{"s3:DeleteBucket on arn:{partition}:s3:::{site_name_logs}"}},
		"a bucket from an expression":     {call: []string{"s3", "rb", "s3://<< parameters.bucket >>/x"}, want: []string{"s3:DeleteBucket on arn:{partition}:s3:::{site_parameters_bucket}"}},
		"an ARN for a name":               {call: words("secretsmanager get-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf"), want: []string{"secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf"}},
		"a parameter with a slash":        {call: words("ssm get-parameter --name /app/key"), want: []string{"ssm:GetParameter on arn:{partition}:ssm:*:{account}:parameter/app/key"}},
		"an operation on everything":      {call: words("ec2 describe-instances"), want: []string{"ec2:DescribeInstances on *"}},
		"no permission is needed":         {call: words("sts get-caller-identity")},
		"a service out of the table":      {call: words("braket cancel-job"), gaps: []string{"the permissions of `aws braket cancel-job`"}},
		"a service that is not shown":     {call: words("$SERVICE list"), gaps: []string{"a call of `aws` whose service is not shown"}},
		"more than the call shows":        {call: words("ecs register-task-definition --family f"), want: []string{"ecs:RegisterTaskDefinition on *"}, gaps: []string{"iam:PassRole on the task's roles: for `aws ecs register-task-definition`"}},
		"a default of an option":          {call: words("ecs update-service --service s"), want: []string{"ecs:UpdateService on arn:{partition}:ecs:*:{account}:service/default/s"}},
		"a revision":                      {call: words("ecs run-task --task-definition t:3 --cluster c"), want: []string{"ecs:RunTask on arn:{partition}:ecs:*:{account}:task-definition/t:*"}, gaps: []string{"iam:PassRole on the task's roles: for `aws ecs run-task`"}},
		"the image of a push":             {call: words("ecr pull --repository-name 123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b"), want: []string{"ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer on arn:{partition}:ecr:us-east-1:123456789012:repository/a/b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New("", []Repo{{"", "site", []fixes.Resource{&fixes.AWSRole{Variable: "AWS_OIDC_ROLE_ARN", Calls: []fixes.AWSCall{{Words: tt.call}}}}}})
			var got []string
			for _, s := range p.roles[0].statements {
				got = append(got, strings.Join(s.actions, " ")+" on "+strings.Join(s.resources, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("permissions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.gaps, p.roles[0].gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

func words(text string) []string { return strings.Fields(text) }

// TestOrder holds the plan to the same text whatever order the repos are met in.
func TestOrder(t *testing.T) {
	t.Parallel()
	repos := []Repo{
		{"github.com", "acme/b", siteResources},
		{"github.com", "acme/a", siteResources},
		{"github.com", "acme/c", []fixes.Resource{&fixes.RunnerClass{Name: "acme/x"}, &fixes.RunnerClass{Name: "acme/a"}}},
	}
	want := string(New("", repos).Terraform())
	slices.Reverse(repos)
	if diff := cmp.Diff(want, string(New("", repos).Terraform())); diff != "" {
		t.Errorf("the order shows (-want +got):\n%s", diff)
	}
}

func TestRolesAreOne(t *testing.T) {
	t.Parallel()
	role := func(variable, arn string, contexts ...string) *fixes.AWSRole {
		return &fixes.AWSRole{Variable: variable, ARN: arn, Use: fixes.Use{Contexts: contexts, Keys: "keys"}}
	}
	tests := map[string]struct {
		repos [][]fixes.Resource
		want  []string
	}{
		"one context, two repos":               {[][]fixes.Resource{{role("A", "", "c")}, {role("A", "", "c")}}, []string{"c_a"}},
		"no context, two repos":                {[][]fixes.Resource{{role("A", "")}, {role("A", "")}}, []string{"repo0_a", "repo1_a"}},
		"one ARN, two contexts":                {[][]fixes.Resource{{role("", "arn:aws:iam::123456789012:role/x", "c")}, {role("", "arn:aws:iam::123456789012:role/x", "d")}}, []string{"x"}},
		"two variables of one context":         {[][]fixes.Resource{{role("A", "", "c"), role("B", "", "c")}}, []string{"c_a", "c_b"}},
		"several contexts, one among them":     {[][]fixes.Resource{{role("A", "", "c", "d"), role("A", "", "c")}}, []string{"c_a"}},
		"several contexts, none of them alone": {[][]fixes.Resource{{role("A", "", "c", "d"), role("A", "", "e")}}, []string{"e_a", "repo0_a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var repos []Repo
			for i, r := range tt.repos {
				repos = append(repos, Repo{"", "repo" + itoa(i), r})
			}
			var got []string
			for _, x := range New("", repos).roles {
				got = append(got, x.id)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
		})
	}
}
