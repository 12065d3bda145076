package fixes

import "testing"

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
