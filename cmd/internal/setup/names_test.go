package setup

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"gopkg.in/yaml.v3"
	"mvdan.cc/sh/v3/syntax"

	"cfgfix/fixes"
)

// hostileNames try to get out of whatever they are written in. Each begins with its sign, so that it also stands first.
var hostileNames = []string{
	"\nid >pwned #", "\rid >pwned #", "\r\nid\r\n", "\u0085id >pwned #", "\u2028id >pwned #", "\u2029id >pwned #", "\v\f\tid",
	"' ; id >pwned ; '", `" ; id >pwned ; "`, "$(id >pwned)", "`id >pwned`", "${x:=$(id)}", "$x", "$((1+1))", "}; id; {", "<(id)", "!!",
	`"${file("/etc/passwd")}`, `%{ for x in ["a"] }x%{ endfor }`, "$${x}", "%%{x}", "${\"", "*/ id /*", "// id", "# id", `\`, `'\`, `"\`, `\'$(id)`, `\n$(id)`,
	"--host=https://evil.example", "-rf", "--", "\nJSON\nid >pwned\n", "JSON", "\nEOF\n", "| id", "|\n| x | y |", "a | b", "; id", "& id", "x\\", "%s%n%(x)", " azure_credential x",
	"**x** __y__ ~~z~~ [a](https://evil.example)", "<script>alert(1)</script>", "<!--", "&lt;b&gt;", "```", "``", "`", "\n```\n# x\n", "![a](b)", "https://evil.example www.evil.example a@evil.example @all #1", "1. x", "- x", "> x",
	"\x1b[31m", "\x1b]0;t\a", "\u009b31m", "\u202egnp.exe", "\u2066x\u2069", "\u200f", "\x00id", "\x7f\b\b", "\ufeffx", "\ue000id\ue001", "\ue000", "\ue001$(id)\ue000",
	": x", "{a: b}", "[x", "&a *b", "? x", "@x", "\n---\n", "\naws.role_arn: x", "'", `"`, "''", `"a" 'b'`, "{", "}", "{org_id}", "{x} ${y}", "é 日本 🚀", strings.Repeat("x", 300),
}

// misused finds what no text may show: what steers a terminal, hides or reorders text, and line ends but LF.
func misused(out []byte) string {
	if !utf8.Valid(out) {
		return "not UTF-8"
	}
	for _, r := range string(out) {
		if r != '\n' && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)) {
			return strconv.QuoteRuneToASCII(r)
		}
	}
	return ""
}

// shape counts what a text consists of, whatever the names in it.
type shape map[string]int

// shapes are those of the forms, by their endings. They fail on a text that does not parse.
var shapes = map[string]func(out []byte) (shape, error){
	".sh": shellShape, ".tf": hclShape, ".md": markdownShape, ".yml": yamlShape,
}

// shellShape is the commands by their first words, and what is expanded and redirected.
func shellShape(out []byte) (shape, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(out), "")
	if err != nil {
		return nil, err
	}
	s := shape{}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			head := ""
			if len(n.Args) > 0 {
				head = n.Args[0].Lit()
			}
			s[fmt.Sprintf("call %s %d", head, len(n.Args))]++
		case *syntax.CmdSubst, *syntax.ParamExp, *syntax.ArithmExp, *syntax.ProcSubst, *syntax.Redirect, *syntax.BinaryCmd, *syntax.Stmt, *syntax.ExtGlob, *syntax.BraceExp:
			s[fmt.Sprintf("%T", n)]++
		}
		return true
	})
	return s, nil
}

// hclShape is the blocks with their types and arguments, and what the expressions do.
func hclShape(out []byte) (shape, error) {
	file, diags := hclsyntax.ParseConfig(out, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	s := shape{}
	hclsyntax.VisitAll(file.Body.(*hclsyntax.Body), func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.Block:
			s["block "+n.Type+" "+strings.Join(n.Labels[:min(len(n.Labels), 1)], "")]++
			if n.Type == "variable" || n.Type == "output" {
				delete(s, "block "+n.Type+" "+n.Labels[0])
				s["block "+n.Type]++
			}
		case *hclsyntax.Attribute:
			s["argument "+n.Name]++
		case *hclsyntax.FunctionCallExpr:
			s["call "+n.Name]++
		case *hclsyntax.ScopeTraversalExpr:
			s["reference "+n.Traversal.RootName()]++
		case *hclsyntax.ForExpr, *hclsyntax.ConditionalExpr, *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr, *hclsyntax.TemplateJoinExpr, *hclsyntax.BinaryOpExpr:
			s[fmt.Sprintf("%T", n)]++
		}
		return nil
	})
	return s, nil
}

// markdownShape is all but the text and the code in it.
func markdownShape(out []byte) (shape, error) {
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(out))
	s := shape{}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if kind := n.Kind(); entering && kind != ast.KindText && kind != ast.KindCodeSpan && kind != ast.KindString {
			s[kind.String()]++
		}
		return ast.WalkContinue, nil
	})
	return s, err
}

// yamlShape is the collections of all documents, with the keys that no name is in.
func yamlShape(out []byte) (shape, error) {
	s := shape{}
	var count func(n *yaml.Node)
	count = func(n *yaml.Node) {
		s[fmt.Sprintf("%d %s %d", n.Kind, n.Tag, len(n.Content))]++
		for _, c := range n.Content {
			count(c)
		}
	}
	for d := yaml.NewDecoder(bytes.NewReader(out)); ; {
		var doc yaml.Node
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return s, nil
		} else if err != nil {
			return nil, err
		}
		count(&doc)
	}
}

// settled are fields whose texts the patterns of settings and of the rules leave nothing hostile in.
var settled = []string{"ARN", "Account", "Fact", "Session", "Registry", "ServiceAccount", "ProjectNumber", "Pool", "Provider", "AuthPath", "Address"}

// renamed is a copy of a value with a name behind all texts in it, but for settled ones.
func renamed(v reflect.Value, name string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Len() > 0 {
			out.SetString(v.String() + name)
		}
	case reflect.Interface:
		out.Set(renamed(v.Elem(), name))
	case reflect.Pointer:
		out.Set(renamed(v.Elem(), name).Addr())
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(renamed(v.Index(i), name))
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, renamed(v.MapIndex(key), name))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !slices.Contains(settled, v.Type().Field(i).Name) {
				out.Field(i).Set(renamed(v.Field(i), name))
			}
		}
	}
	return out
}

// inPlace puts a name into one kind of place of all repos.
type inPlace func(repos []Repo, name string) []Repo

// namePlaces are where a name may stand. Some change what the plan is about, so that only its being whole is asked for.
var namePlaces = map[string]struct {
	put  inPlace
	same bool // whatever the name, the same is made
}{
	"contexts": {eachUse(func(u *fixes.Use, name string) {
		for i := range u.Contexts {
			u.Contexts[i] += name
		}
	}), true},
	"jobs": {eachUse(func(u *fixes.Use, name string) {
		for i := range u.Jobs {
			u.Jobs[i] += name
		}
	}), true},
	"keys": {eachUse(func(u *fixes.Use, name string) { u.Keys += name }), true},
	"variables with keys": {eachUse(func(u *fixes.Use, name string) {
		for i := range u.KeyVars {
			u.KeyVars[i] += name
		}
	}), true},
	"repos": {func(repos []Repo, name string) []Repo {
		for i := range repos {
			repos[i].Name += name
		}
		return repos
	}, false}, // the slug of a name that cannot be one is asked for
	"hosts": {func(repos []Repo, name string) []Repo {
		for i := range repos {
			repos[i].Host += name
		}
		return repos
	}, false},
	"all": {func(repos []Repo, name string) []Repo {
		return renamed(reflect.ValueOf(repos), name).Interface().([]Repo)
	}, false},
}

// eachUse changes who relies on resources.
func eachUse(change func(u *fixes.Use, name string)) inPlace {
	return func(repos []Repo, name string) []Repo {
		for _, r := range repos {
			for _, x := range r.Resources {
				change(reflect.ValueOf(x).Elem().FieldByName("Use").Addr().Interface().(*fixes.Use), name)
			}
		}
		return repos
	}
}

var full = flag.Bool("full", false, "put every hostile name into every place of every case, instead of some")

// sampled is the share of the names that a place gets, the next place others.
func sampled() int {
	switch {
	case *full:
		return 1
	case testing.Short():
		return 16
	default:
		return 4
	}
}

// TestHostileNamesAreText holds every form to the same whatever the names: nothing in them is run, expanded or a block, and none
// of them steers a terminal.
func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	_, noBash := exec.LookPath("bash")
	eachArchive(t, func(t *testing.T, _ string, a *txtar.Archive) {
		branch, repos := reposOf(t, a)
		named := func(put inPlace, name string) *Plan {
			copied := renamed(reflect.ValueOf(repos), "").Interface().([]Repo)
			return New(branch, put(copied, name))
		}
		for turn, place := range slices.Sorted(maps.Keys(namePlaces)) {
			p := namePlaces[place]
			want := map[string]shape{}
			for _, f := range forms {
				want[f.file], _ = shapes[filepath.Ext(f.file)](f.text(named(p.put, "x")))
			}
			for i, name := range hostileNames {
				if (i+turn)%sampled() != 0 {
					continue
				}
				plan := named(p.put, name)
				for _, f := range forms {
					out := f.text(plan)
					got, err := shapes[filepath.Ext(f.file)](out)
					if err != nil {
						t.Fatalf("%s, %s %q: %v\n%s", f.file, place, name, err, out)
					}
					if bad := misused(out); bad != "" {
						t.Errorf("%s, %s %q: %s is in it\n%s", f.file, place, name, bad, out)
					}
					if diff := cmp.Diff(want[f.file], got); diff != "" && p.same {
						t.Errorf("%s, %s %q: (-harmless +got):\n%s\n%s", f.file, place, name, diff, out)
					} else if more := newIn(want[f.file], got); more != "" && f.file != "try.yml" {
						t.Errorf("%s, %s %q: there is %s\n%s", f.file, place, name, more, out)
					}
					if filepath.Ext(f.file) == ".sh" && noBash == nil && (*full || !testing.Short() && (i+turn)%16 == 0) {
						bashTakes(t, out)
					}
				}
			}
		}
	})
}

// newIn is something in a shape that another one has nothing of, "" for nothing.
func newIn(old, s shape) string {
	for what := range s {
		if old[what] == 0 && what != "call need 3" && what != "call : 2" {
			return what
		}
	}
	return ""
}

// bashTakes asks bash whether a script parses.
func bashTakes(t *testing.T, src []byte) {
	t.Helper()
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = bytes.NewReader(src)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, src)
	}
}

// TestSingle holds words to be what they stand for, in any locale.
func TestSingle(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	for _, locale := range []string{"C", "C.UTF-8"} {
		for _, name := range hostileNames {
			cmd := exec.Command("bash", "-c", "printf %s "+single(name))
			cmd.Env = []string{"LC_ALL=" + locale}
			got, err := cmd.Output()
			if want := strings.ReplaceAll(name, "\x00", `\x00`); err != nil || string(got) != want {
				t.Errorf("%s: %s is %q, want %q (%v)", locale, single(name), got, want, err)
			}
		}
	}
}
