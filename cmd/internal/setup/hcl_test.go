package setup

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

// TestFormatHCL asks the formatter of HCL's own library, which start-up is too short for.
func TestFormatHCL(t *testing.T) {
	t.Parallel()
	eachCase(t, func(t *testing.T, p *Plan) {
		got := p.Terraform()
		if want := hclwrite.Format(got); string(got) != string(want) {
			t.Errorf("want:\n%s\ngot:\n%s", want, got)
		}
	})
}

// TestQuote reads what quote writes with HCL's own library.
func TestQuote(t *testing.T) {
	t.Parallel()
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"${", "%{", "$", "%", "{", "}", "$${", "%%{", "\"", "\\", "\\u0041", "\n", "\r", "\t", "\x00", "\x1b[0m", "\u2028", "\u202e", "\U000e0001", "=", "#",
	}))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string { return part.Draw(t, "") + part.Draw(t, "") + part.Draw(t, "") }).Draw(t, "text")
		e, diags := hclsyntax.ParseExpression([]byte(quote(text)), "", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("quote(%q) = %s: %v", text, quote(text), diags)
		}
		if got, diags := e.Value(nil); diags.HasErrors() || !got.RawEquals(cty.StringVal(text)) {
			t.Fatalf("quote(%q) = %s, which is %#v (%v)", text, quote(text), got, diags)
		}
	})
}
