package fixes

import (
	"testing"

	"cfgfix/fixes/internal/shell"
)

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
