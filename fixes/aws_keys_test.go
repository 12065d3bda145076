package fixes

import (
	"testing"

	"cfgfix/fixes/internal/shell"
)

func TestRoleVariable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		keys identity
		want string // "" when the names give none
	}{
		{"standard names", standard, "AWS_OIDC_ROLE_ARN"},
		{"prefix", identity{id: "SANDBOX_AWS_ACCESS_KEY_ID", secret: "SANDBOX_AWS_SECRET_ACCESS_KEY"}, "SANDBOX_AWS_OIDC_ROLE_ARN"},
		{"suffix", identity{id: "AWS_ACCESS_KEY_ID_STAGING", secret: "AWS_SECRET_ACCESS_KEY_STAGING"}, "AWS_OIDC_ROLE_ARN_STAGING"},
		{"both", identity{id: "A_AWS_ACCESS_KEY_ID_B", secret: "A_AWS_SECRET_ACCESS_KEY_B"}, "A_AWS_OIDC_ROLE_ARN_B"},
		{"two prefixes", identity{id: "A_AWS_ACCESS_KEY_ID", secret: "B_AWS_SECRET_ACCESS_KEY"}, ""},
		{"other names", identity{id: "PROD_KEY", secret: "PROD_SECRET"}, ""},
		{"a literal", identity{literal: "AKIAABCDEFGHIJKLMNOP"}, "AWS_OIDC_ROLE_ARN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := tt.keys.roleVariable()
			if ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("want %q, got %q, %v", tt.want, got, ok)
			}
		})
	}
}

func TestClassifyWord(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word string
		want sourceKind
	}{
		{`$STAGING_KEY`, varSource},
		{`"${STAGING_KEY}"`, varSource},
		{`"${STAGING_KEY:?is not set}"`, varSource},
		{`${STAGING_KEY:-}`, varSource},
		{`${STAGING_KEY:-$OTHER_KEY}`, otherSource},
		{`${STAGING_KEY:0:4}`, otherSource},
		{`AKIAABCDEFGHIJKLMNOP`, literalSource},
		{`'abcdefghijklmnopqrstuvwxyz0123456789ABCD'`, literalSource},
		{`AKIAIOSFODNN7EXAMPLE`, noSource},
		{`test`, noSource},
		{`""`, noSource},
		{`'$STAGING_KEY'`, inertSource},
		{`SANDBOX_AWS_ACCESS_KEY_ID`, inertSource},
		{`$(echo $X | jq -r .AccessKeyId)`, otherSource},
		{`"a$B"`, otherSource},
		{`<< parameters.key >>`, exprSource},
		{`"${!KEY}"`, namedSource},
		{`$(eval echo \$AWS_ACCESS_KEY_ID_$ENV)`, namedSource},
		{`"$(eval "echo \$${ENV}_AWS_ACCESS_KEY_ID")"`, namedSource},
		{"`eval echo '$'${ENV}_KEY`", namedSource},
		{`$(printenv ${ENV}_AWS_ACCESS_KEY_ID)`, namedSource},
		{`$(printenv STAGING_KEY)`, otherSource},
		{`$(printenv CREDENTIALS | jq -r .AccessKeyId)`, otherSource},
		{`$${ENV}_AWS_ACCESS_KEY_ID`, namedSource},
		{`$AWS_ACCESS_KEY_ID_${ENV}`, namedSource},
		{`${!KEY:0:4}`, otherSource},
		{`$(eval "$LOGIN")`, otherSource},
	}
	for _, tt := range tests {
		script, err := shell.Parse("X=" + tt.word)
		if err != nil {
			t.Fatal(err)
		}
		if got := classifyWord(script.Calls()[0].Assigns[0].Value); got.kind != tt.want {
			t.Errorf("%s: want kind %d, got %d", tt.word, tt.want, got.kind)
		}
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	if got := redacted("AKIAABCDEFGHIJKLMNOP"); got != "AKIA…" {
		t.Errorf("want AKIA…, got %s", got)
	}
	if got := redacted("short"); got != "…" {
		t.Errorf("want …, got %s", got)
	}
}
