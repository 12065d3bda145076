package fixes

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSuppression(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		ids        []string
		reason     string
		fault      string
	}{
		{"one rule", "# cfgfix: ignore[internal-network] no runner yet", []string{"internal-network"}, "no runner yet", ""},
		{"several rules, one twice", "# cfgfix: ignore[ecr-image-auth,internal-network, ecr-image-auth] old", []string{"ecr-image-auth", "internal-network"}, "old", ""},
		{"no blanks", "#cfgfix:ignore[ecr-image-auth]old", []string{"ecr-image-auth"}, "old", ""},
		{"several signs", "### cfgfix: ignore[ecr-image-auth] old", []string{"ecr-image-auth"}, "old", ""},
		{"dash before the reason", "# cfgfix: ignore[ecr-image-auth] – old", []string{"ecr-image-auth"}, "old", ""},
		{"brackets in the reason", "# cfgfix: ignore[ecr-image-auth] see [1]", []string{"ecr-image-auth"}, "see [1]", ""},
		{"a rule of another version", "# cfgfix: ignore[vault-static-token] old", []string{"vault-static-token"}, "old", ""},
		{"no reason", "# cfgfix: ignore[ecr-image-auth]", []string{"ecr-image-auth"}, "", "ignore[ecr-image-auth] gives no reason, so it suppresses nothing"},
		{"punctuation for a reason", "# cfgfix: ignore[ecr-image-auth]: --", []string{"ecr-image-auth"}, "", "ignore[ecr-image-auth] gives no reason, so it suppresses nothing"},
		{"unknown rule", "# cfgfix: ignore[ecr-imageauth] old", []string{"ecr-imageauth"}, "old", `ignore[ecr-imageauth] names no rule, so it suppresses nothing; did you mean "ecr-image-auth"?`},
		{"a group", "# cfgfix: ignore[oidc] old", []string{"oidc"}, "old", "ignore[oidc] names no rule, so it suppresses nothing"},
		{"something that may be a secret", "# cfgfix: ignore[AKIA4ZT7QPLM2XVHRC5D] old", []string{"AKIA4ZT7QPLM2XVHRC5D"}, "old", "the comment names no rule, so it suppresses nothing"},
		{"the rule itself", "# cfgfix: ignore[suppression] old", []string{"suppression"}, "old", "the comment names the rule about comments, which no comment suppresses"},
		{"no brackets", "# cfgfix: ignore ecr-image-auth old", nil, "", namesNoRule},
		{"empty brackets", "# cfgfix: ignore[ , ] old", nil, "old", namesNoRule},
		{"open bracket", "# cfgfix: ignore[ecr-image-auth old", nil, "", namesNoRule},
		{"misspelled", "# cfgfix: ignores[ecr-image-auth] old", nil, "", namesNoRule},
		{"capital letters", "# cfgfix: Ignore[ecr-image-auth] old", nil, "", namesNoRule},
		{"another word", "# cfgfix: see the wiki", nil, "", ""},
		{"no word", "# cfgfix:", nil, "", ""},
		{"a sentence", "# cfgfix ignores this file", nil, "", ""},
		{"in the middle", "# note: cfgfix: ignore[ecr-image-auth] old", nil, "", ""},
		{"empty", "#", nil, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := parseSuppression(test.text)
			if diff := cmp.Diff(test.ids, s.ids); diff != "" || s.reason != test.reason || s.fault != test.fault {
				t.Errorf("reason %q, fault %q, ids (-want +got):\n%s", s.reason, s.fault, diff)
			}
		})
	}
}

func TestSuppressionFollowsTheSelection(t *testing.T) {
	t.Parallel()
	const src = `version: 2.1
jobs:
  report:
    docker: [{image: cimg/base:2026.01}]
    steps:
      - run: curl http://reports.acme.intranet/   # cfgfix: ignore[internal-network] no runner yet
      - run: make   # cfgfix: ignore[ecr-image-auth] not here
      - run: make   # cfgfix: ignore[ecr-image-auth]
`
	const (
		suppressed = "internal-network [suppressed] no runner yet"
		unused     = "suppression [applied] "
		malformed  = "suppression [manual] the form is `# cfgfix: ignore[RULE] REASON`"
	)
	for _, test := range []struct {
		name  string
		rules []*Rule
		want  []string
	}{
		{"all rules", []*Rule{ecrImageAuth, internalNetwork, suppression}, []string{suppressed, unused, malformed}},
		{"without the rule about comments", []*Rule{ecrImageAuth, internalNetwork}, []string{suppressed}},
		{"without the rule that is not met", []*Rule{internalNetwork, suppression}, []string{suppressed, malformed}},
		{"without the rule that is met", []*Rule{ecrImageAuth, suppression}, []string{unused, malformed}},
		{"alone", []*Rule{suppression}, []string{malformed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, x := range (&Engine{Rules: test.rules}).Run([]byte(src), nil).Results {
				got = append(got, x.Rule.ID+" ["+string(x.Status)+"] "+x.Why)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSuppressionInEveryLayout finds a comment's line whatever ends it, and whatever the file begins with.
func TestSuppressionInEveryLayout(t *testing.T) {
	t.Parallel()
	lines := []string{
		"# note", "jobs:", "  a:", "    docker: [{image: cimg/base:2026.01}]", "    steps:",
		"      # cfgfix: ignore[internal-network] no runner yet", "      - run: curl http://a.lan/",
	}
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r", "NEL": "\u0085", "LS": "\u2028", "PS": "\u2029"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := "\uFEFF"
			for _, line := range lines {
				src += line + end
			}
			r := (&Engine{Rules: All()}).Run([]byte(src), nil)
			if len(r.Results) != 1 || r.Results[0].Status != Suppressed || r.Status != Unchanged {
				t.Errorf("status %s (%v), results %+v", r.Status, r.Err, r.Results)
			}
		})
	}
}
