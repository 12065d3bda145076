package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scripts are the seeds of the fuzz targets: each form that the tables below look at closely.
var scripts = []string{
	"export A=1 && export B=2 && aws x\n",
	"cat > ~/.aws/credentials <<END\n[default]\naws_access_key_id = $K\nEND\n",
	"eval $(aws ecr get-login --no-include-email)\n",
	"if [ -n \"$A\" ]; then export B=$A; aws x; fi # done\n",
	"A=1 B='x y' sudo -E env C=3 aws s3 ls\n",
	"echo \"export A=<< parameters.x >>\" >> $BASH_ENV\n",
	"{ echo a; echo b; } | tee -a \"$BASH_ENV\"\n",
	"case $x in a) b; c;; *) d ;; esac\nf() { g; h & }\n",
	"bash -c 'export A=1; aws x'\ncat \\<<EOF >> f\nEOF\n",
	"a \\\n  && export B=1 \\\n  && c || d\n",
	"while read l; do export A=$l B=2; done < <(cat f)\n",
	"cat <<A; cat <<-B; echo `x`\na\nA\n\tb\n\tB\nexport Z",
}

func parse(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// flags writes a context down in the order of its fields.
func flags(c *Call) string {
	var out []string
	for _, f := range []struct {
		on   bool
		name string
	}{
		{c.Function != "", "function " + c.Function},
		{c.Substitution, "substitution"},
		{c.Subshell, "subshell"},
		{c.Group, "group"},
		{c.Condition, "condition"},
		{c.Conditional && !c.AfterAnd, "conditional"},
		{c.AfterAnd, "after-and"},
		{c.Background, "background"},
		{c.Negated, "negated"},
		{c.Inner, "inner"},
		{c.Pipe.Len > 0, fmt.Sprintf("pipe %d/%d", c.Pipe.Index, c.Pipe.Len)},
	} {
		if f.on {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ", ")
}

// TestOptional marks the calls of each script that may be passed over though nothing fails.
func TestOptional(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a && b | c; d || optional",
		"if a; then optional; elif b; then optional; fi; c",
		"case $A in x) optional && optional ;; esac",
		"[ -n \"$A\" ] && optional && optional $(optional)",
		"[[ -n $A ]] && { optional; b | optional; }; c",
		"cd a && { b; c; } && d",
		"! grep -q a b && optional",
		"for a in b; do optional; done",
	} {
		for _, c := range parse(t, text).Calls() {
			if c.Optional() != (c.Name() == "optional") && c.Name() != "b" {
				t.Errorf("%q: %s is optional: %t", text, c.Name(), c.Optional())
			}
		}
	}
}

func TestCallsAndContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"list on one line", "a; b & c", []string{"0 a: ", "1 b: background", "2 c: "}},
		{"and-or list", "a && b && c || d", []string{"0 a: ", "0 b: after-and", "0 c: after-and", "0 d: conditional"}},
		{"pipeline", "a | b |& c", []string{"0 a: pipe 0/3", "0 b: pipe 1/3", "0 c: pipe 2/3"}},
		{"negated", "! a", []string{"0 a: negated"}},
		{"if, elif and else", "if a; then b; elif c; then d; else e; fi", []string{
			"0 a: condition", "0 b: conditional", "0 c: condition, conditional", "0 d: conditional", "0 e: conditional",
		}},
		{"loops and case", "while a; do b; done\nfor x in $(c); do d; done\ncase $(e) in x) f;; esac", []string{
			"0 a: condition", "0 b: conditional", "1 c: substitution", "1 d: conditional", "2 e: substitution", "2 f: conditional",
		}},
		{"function", "f() { a; }\nf", []string{"0 a: function f, group", "1 f: "}},
		{"subshell and group", "(a); { b; }", []string{"0 a: subshell", "1 b: group"}},
		{"substitutions", "a $(b) `c` <(d) \"$(e)\"", []string{
			"0 a: ", "0 b: substitution", "0 c: substitution", "0 d: substitution", "0 e: substitution",
		}},
		{"substitution in a here-document", "a <<EOF\n$(b)\nEOF\n", []string{"0 a: ", "0 b: substitution"}},
		{"substitution in a test", "[[ $(a) == b ]] && c", []string{"0 a: substitution", "0 c: after-and"}},
		{"substitution in an assignment", "A=$(a) B=`b`", []string{"0 : ", "0 a: substitution", "0 b: substitution"}},
		{"eval of a substitution", "eval $(aws ecr get-login --no-include-email)", []string{"0 eval: ", "0 aws: substitution"}},
		{"group in a pipeline", "{ a; b; } | c", []string{"0 a: group, pipe 0/2", "0 b: group, pipe 0/2", "0 c: pipe 1/2"}},
		{"time", "time -p a", []string{"0 a: "}},
		{"inner script in single quotes", "bash -ec 'a; b'", []string{"0 bash: ", "0 a: inner", "0 b: inner"}},
		{"inner script in double quotes", `sudo sh -c "a $X"`, []string{"0 sh: ", "0 a: inner"}},
		{"inner script with escapes", `su ci -c "a \"b\""`, []string{"0 su: ", "0 a: inner"}},
		{"inner script by eval of words", "eval a b", []string{"0 eval: ", "0 a: inner"}},
		{"inner script in a here-document", "bash -eo pipefail <<'EOF'\na\nb $X\nEOF\n", []string{"0 bash: ", "0 a: inner", "0 b: inner"}},
		{"inner script in an expanded here-document", "sudo bash <<EOF\na $X\nEOF\n", []string{"0 bash: ", "0 a: inner"}},
		{"inner script in a here-document with a substitution", "bash <<EOF\na $(b)\nEOF\n", []string{"0 bash: ", "0 b: substitution"}},
		{"here-document for a script file", "bash a.sh <<EOF\nb\nEOF\n", []string{"0 bash: "}},
		{"script file of a shell", "bash -x a.sh -c b", []string{"0 bash: "}},
		{"inner script that does not parse", "bash -c 'a ('", []string{"0 bash: "}},
		{"expression as a command", "<< parameters.cmd >> a", []string{"0 : "}},
		{"redirection only", "> f", []string{"0 : "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range parse(t, tt.text).Calls() {
				got = append(got, fmt.Sprintf("%d %s: %s", c.Top, c.Name(), flags(c)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"plain", "aws s3 ls", "aws s3 ls"},
		{"path", "/usr/local/bin/aws s3", "aws s3"},
		{"quoted", `"aws" s3`, "aws s3"},
		{"escaped against an alias", `\aws s3`, "aws s3"},
		{"variable", "$AWS s3", " s3"},
		{"sudo with options", "sudo -E -u ci -H aws s3", "aws s3"},
		{"sudo with glued values", "sudo -uvik --user=x -- aws s3", "aws s3"},
		{"sudo with assignments", "sudo A=1 aws", "aws"},
		{"sudo that lists", "sudo -l aws", "sudo -l aws"},
		{"sudo with unknown options", "sudo $OPTS aws", " aws"},
		{"env with assignments", "env -i -- A=1 B=$X aws", "aws"},
		{"env alone", "env", "env"},
		{"env with assignments only", "env A=1", "env A=1"},
		{"chain of wrappers", "sudo env A=1 nohup timeout -k 5 10m nice -n 5 aws s3", "aws s3"},
		{"command", "command aws", "aws"},
		{"lookup by command", "command -v aws", "command -v aws"},
		{"exec", "exec -a x aws", "aws"},
		{"xargs", "xargs -r -n1 -I {} aws s3 cp {}", "aws s3 cp {}"},
		{"xargs alone", "xargs", "xargs"},
		{"program of a package", "npx --package aws-cdk cdk deploy", "cdk deploy"},
		{"program of a package by verb", "pnpm --dir infra exec cdk deploy", "cdk deploy"},
		{"program of a package behind dashes", "npm exec -- serverless deploy", "serverless deploy"},
		{"program of an environment", "poetry run aws s3", "aws s3"},
		{"package of Python that is a program", "sudo -E .venv/bin/python3 -m awscli s3 ls", "aws s3 ls"},
		{"other package of Python", "python -m pytest -q", "python -m pytest -q"},
		{"package of Python by its name", "awscli s3 ls", "awscli s3 ls"},
		{"script of a package is none", "yarn run deploy", "yarn run deploy"},
		{"retry is none", "retry 3 aws", "retry 3 aws"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parse(t, tt.text).Calls()[0]
			got := []string{c.Name()}
			for _, a := range c.Args() {
				got = append(got, a.Value)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("name and arguments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrapper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string // calls that sudo runs
	}{
		{"none", "aws s3 ls", nil},
		{"in front", "sudo -E env A=1 aws s3 ls", []string{"aws"}},
		{"as an argument", "echo sudo aws; which sudo", nil},
		{"of a shell with a script", "sudo bash -c 'aws s3 ls; make'; aws s3 ls", []string{"bash", "aws", "make"}},
		{"of a shell with a here-document", "sudo sh <<'EOF'\naws s3 ls\nEOF\n", []string{"sh", "aws"}},
		{"inside of a group", "{ sudo a; b; }", []string{"a"}},
		{"beside a substitution", "sudo tee f <<< $(a)", []string{"tee"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range parse(t, tt.text).Calls() {
				if w := c.Wrapper("sudo"); w != nil {
					got = append(got, c.Name())
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("run by sudo (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWord(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, word string
		want       Word
	}{
		{"plain", "abc", Word{Value: "abc", Static: true}},
		{"single quotes", "'a $b'", Word{Value: "a $b", Static: true}},
		{"double quotes with escapes", `"a \$b \"c\" \d"`, Word{Value: `a $b "c" \d`, Static: true}},
		{"pieces", `a"b"'c'\ d`, Word{Value: "abc d", Static: true}},
		{"ANSI-C quotes", `$'a\tb\'c\x41\101'`, Word{Value: "a\tb'cAA", Static: true}},
		{"empty", `""`, Word{Value: "", Static: true}},
		{"tilde", "~/.aws/credentials", Word{Value: "~/.aws/credentials", Static: true}},
		{"line continuation", "a\\\nb", Word{Value: "ab", Static: true}},
		{"variable", "$A", Word{Value: "$A", Vars: []string{"A"}}},
		{"variables in quotes", `"${A:-$B} $A $1"`, Word{Value: "${A:-$B} $A $1", Vars: []string{"A", "B"}}},
		{"substitution", `"x$(echo "$A")y"`, Word{Value: `x$(echo "$A")y`, Vars: []string{"A"}}},
		{"expression", "a<< parameters.x >>b", Word{Value: "a<< parameters.x >>b", Expr: true}},
		{"expression in single quotes", "'<< parameters.x >>'", Word{Value: "<< parameters.x >>", Expr: true}},
		{"expression as a name", `"$<< parameters.x >>"`, Word{Value: "$<< parameters.x >>", Vars: []string{"<< parameters.x >>"}, Expr: true}},
		{"escaped expression", `"\<< parameters.x >>"`, Word{Value: "<< parameters.x >>", Static: true}},
		{"non-ASCII", "é\"ü\"", Word{Value: "éü", Static: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Text, tt.want.Span = tt.word, Span{9, 9 + len(tt.word)}
			got := parse(t, "écho -n\t"+tt.word+" # 'c\n").Calls()[0].Words[2]
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("word (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssigns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string // NAME=value at span's text, with an "x" when exported
	}{
		{"bare", "A=1 B=$C", []string{"A=1 [A=1]", "B=$C [B=$C]"}},
		{"prefix", `A="1 2" cmd`, []string{`A=1 2 [A="1 2"] x`}},
		{"export", "export A=1 B", []string{"A=1 [A=1] x", "B= [B] x"}},
		{"un-export", "export -n A", []string{"A= [A]"}},
		{"declare with x", "declare -rx A=1; typeset -x B=2", []string{"A=1 [A=1] x", "B=2 [B=2] x"}},
		{"declare without x", "declare A=1; local B=2; readonly C=3", []string{"A=1 [A=1]", "B=2 [B=2]", "C=3 [C=3]"}},
		{"array and append", "A=(1 2) B+=3", []string{"A=(1 2) [A=(1 2)]", "B=3 [B+=3]"}},
		{"empty", "A=", []string{"A= [A=]"}},
		{"through env and sudo", "sudo X=1 env 'A=b c' B=$C cmd", []string{"X=1 [X=1] x", "A=b c ['A=b c'] x", "B=$C [B=$C] x"}},
		{"expression as a value", "A=<< parameters.x >>", []string{"A=<< parameters.x >> [A=<< parameters.x >>]"}},
		{"in an inner script", "bash -c 'export A=1'", []string{"A=1 [A=1] x"}},
		{"looks like one behind a command", "make A=1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range parse(t, tt.text).Calls() {
				for _, a := range c.Assigns {
					line := fmt.Sprintf("%s=%s [%s]", a.Name, a.Value.Value, tt.text[a.Span.Start:a.Span.End])
					if a.Exported {
						line += " x"
					}
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("assignments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatementSpan(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"semicolon", "aws x ; b", "aws x"},
		{"background", "aws x & b", "aws x &"},
		{"negated with redirections", "! aws x 2>&1 > f; b", "! aws x 2>&1 > f"},
		{"redirection in front", "> f aws x", "> f aws x"},
		{"here-document", "aws x <<EOF >f; b\na\nEOF\n", "aws x <<EOF >f"},
		{"operand", "a && aws x || b", "aws x"},
		{"pipeline element", "a | aws x | b", "aws x"},
		{"continued", "aws \\\n  x # c", "aws \\\n  x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range parse(t, tt.text).Calls() {
				if c.Name() != "aws" {
					continue
				}
				if diff := cmp.Diff(tt.want, tt.text[c.Stmt.Start:c.Stmt.End]); diff != "" {
					t.Errorf("statement (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	text := "cat 2>/dev/null >> \"$F\" <<-'EOF' <<E2\n\té $A\n\tEOF\nb $B << parameters.x >>\nE2\n"
	got := parse(t, text).Calls()[0].Redirects
	want := []Redirect{
		{FD: "2", Op: ">", Target: Word{Text: "/dev/null", Value: "/dev/null", Static: true}},
		{Op: ">>", Target: Word{Text: `"$F"`, Value: "$F", Vars: []string{"F"}}},
		{Op: "<<-", Target: Word{Text: "'EOF'", Value: "EOF", Static: true}, Body: Word{Text: "\té $A\n", Value: "é $A\n", Static: true}},
		{Op: "<<", Target: Word{Text: "E2", Value: "E2", Static: true}, Body: Word{
			Text: "b $B << parameters.x >>\n", Value: "b $B << parameters.x >>\n", Vars: []string{"B"}, Expr: true,
		}},
	}
	for i, r := range got {
		for _, w := range []Word{r.Target, r.Body} {
			if at := text[w.Span.Start:w.Span.End]; at != w.Text {
				t.Errorf("redirection %d: %q stands at %q", i, w.Text, at)
			}
		}
		got[i].Span, got[i].Target.Span, got[i].Body.Span = Span{}, Span{}, Span{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("redirections (-want +got):\n%s", diff)
	}
}

func TestOption(t *testing.T) {
	t.Parallel()
	text := `aws ecr --profile "$P" --region=eu --output= --no-include-email --role="a b" -- --last x --end`
	c := parse(t, text).Calls()[0]
	tests := []struct {
		option, value, text string
		found               bool
	}{
		{"--profile", "$P", `"$P"`, true},
		{"--region", "eu", "eu", true},
		{"--output", "", "", true},
		{"--role", "a b", `"a b"`, true},
		{"--last", "", "", false},
		{"--pro", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.option, func(t *testing.T) {
			t.Parallel()
			got, found := c.Option(tt.option)
			if found != tt.found || got.Value != tt.value || text[got.Span.Start:got.Span.End] != tt.text {
				t.Errorf("got %q at %q (%v), want %q at %q (%v)", got.Value, text[got.Span.Start:got.Span.End], found, tt.value, tt.text, tt.found)
			}
		})
	}
	if !c.Has("--no-include-email") || c.Has("--region") || !c.Is("aws", "ecr") || c.Is("aws", "s3") {
		t.Error("Has or Is is wrong")
	}
}

func TestNeighbours(t *testing.T) {
	t.Parallel()
	calls := parse(t, "a | { b; $(c); } | d\n").Calls()
	names := func(c *Call) string {
		out := ""
		for _, n := range []*Call{c.Prev(), c.Next()} {
			if n == nil {
				out += "-"
			} else {
				out += n.Name()
			}
		}
		return out
	}
	var got []string
	for _, c := range calls {
		got = append(got, c.Name()+names(c))
	}
	if diff := cmp.Diff([]string{"a--", "bad", "ad", "c--", "d--"}, got); diff != "" {
		t.Errorf("neighbours (-want +got):\n%s", diff)
	}
}

func TestIsAWS(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"aws ecr get-login":                               true,
		"aws --region r --debug ecr get-login":            true,
		"aws ecr --region=r get-login --no-include-email": true,
		"aws ecr":                     false,
		"aws --profile ecr get-login": false,
		"aws --cli-binary-format base64 ecr get-login": true,
		"aws": false,
		"aws-vault exec site -- aws ecr get-login":         false,
		"sudo aws --region r ecr get-login --region other": true,
	} {
		script, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := script.Calls()[0].IsAWS("ecr", "get-login"); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestOperands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aws configure set region us-east-1":                "configure set region us-east-1",
		"aws --profile site configure set --debug region r": "configure set region r",
		"aws configure set --profile=site region r":         "configure set region r",
		"aws configure --profile":                           "configure",
	} {
		script, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range script.Calls()[0].Operands("--profile") {
			got = append(got, w.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
