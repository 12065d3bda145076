package setup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"
)

// eachCase runs a test on the plan of each case in testdata.
func eachCase(t *testing.T, test func(t *testing.T, p *Plan)) {
	t.Helper()
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			test(t, planOf(t, a))
		})
	}
}

func TestTerraformResolves(t *testing.T) {
	t.Parallel()
	eachCase(t, func(t *testing.T, p *Plan) {
		for _, fault := range unresolved(p.Terraform()) {
			t.Error(fault)
		}
	})
}

// unresolved are the faults of a file of Terraform: what does not parse, what is there twice, and what is referred to
// and is not there.
func unresolved(src []byte) []string {
	file, diags := hclsyntax.ParseConfig(src, "setup.tf", hcl.InitialPos)
	if diags.HasErrors() {
		return []string{diags.Error()}
	}
	body := file.Body.(*hclsyntax.Body)
	var faults []string
	defined := map[string]bool{}
	for _, b := range body.Blocks {
		for _, name := range addresses(b) {
			if defined[name] {
				faults = append(faults, name+" is there twice")
			}
			defined[name] = true
		}
	}
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		e, ok := n.(hclsyntax.Expression)
		if !ok {
			return nil
		}
		for _, ref := range e.Variables() {
			if name := address(ref); name != "" && !defined[name] {
				faults = append(faults, fmt.Sprintf("%s: %s is not there", ref.SourceRange(), name))
			}
		}
		return nil
	})
	slices.Sort(faults)
	return slices.Compact(faults)
}

// addresses are the names that a block defines.
func addresses(b *hclsyntax.Block) []string {
	switch b.Type {
	case "variable":
		return []string{"var." + b.Labels[0]}
	case "resource":
		return []string{strings.Join(b.Labels, ".")}
	case "data":
		return []string{"data." + strings.Join(b.Labels, ".")}
	case "provider":
		if alias, ok := b.Body.Attributes["alias"]; ok {
			v, _ := alias.Expr.Value(nil)
			return []string{b.Labels[0] + "." + v.AsString()}
		}
		return []string{"provider " + b.Labels[0]}
	case "output":
		return []string{"output " + b.Labels[0]}
	case "locals":
		var out []string
		for name := range b.Body.Attributes {
			out = append(out, "local."+name)
		}
		return out
	}
	return nil
}

// address is what a reference needs to be there, "" for what a block gives itself.
func address(ref hcl.Traversal) string {
	var parts []string
	for _, step := range ref {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			parts = append(parts, step.Name)
		case hcl.TraverseAttr:
			parts = append(parts, step.Name)
		}
	}
	switch parts[0] {
	case "each", "repo", "id", "pair", "string", "map", "set", "list":
		return ""
	case "data":
		return strings.Join(parts[:3], ".")
	}
	if len(parts) < 2 {
		return parts[0]
	}
	return strings.Join(parts[:2], ".")
}

// TestTerraformFormat asks Terraform itself.
func TestTerraformFormat(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not installed")
	}
	eachCase(t, func(t *testing.T, p *Plan) {
		file := filepath.Join(t.TempDir(), "setup.tf")
		if err := os.WriteFile(file, p.Terraform(), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("terraform", "fmt", "-check", "-diff", file)
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

var unquotedTemplate = regexp.MustCompile(`\$\{[^}]*\$\{`)

// TestHostileNames holds names to be text in Terraform: nothing in them is expanded.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/hostile.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tf := string(planOf(t, a).Terraform())
	if strings.Contains(tf, "${x}") && !strings.Contains(tf, "$${x}") || unquotedTemplate.MatchString(tf) {
		t.Errorf("a name is a template:\n%s", tf)
	}
}
