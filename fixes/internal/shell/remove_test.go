package shell

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// marked returns the script without the marks «...», and the spans that they enclose.
func marked(text string) (script string, spans []Span) {
	var b strings.Builder
	start := 0
	for _, r := range text {
		switch r {
		case '«':
			start = b.Len()
		case '»':
			spans = append(spans, Span{start, b.Len()})
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), spans
}

func TestRemove(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		// Statements alone on their lines.
		{"first line", "«export A=1»\naws x\n", "aws x\n"},
		{"last line", "aws x\n  «export A=1»\n", "aws x\n"},
		{"last line without a line break", "aws x\n«export A=1»", "aws x"},
		{"everything", "«export A=1»\n«export B=2»\n", ""},
		{"neighbours", "a\n«b»\n«c»\nd\n", "a\nd\n"},
		{"comment behind it", "a\n«b»  # why b\nc\n", "a\nc\n"},
		{"comment above and blank lines", "a\n\n# why b\n«b»\n\nc\n", "a\n\n# why b\n\nc\n"},
		{"comments with quotes", "a # don't\n«b» # \"b\nc # it's\n", "a # don't\nc # it's\n"},
		{"semicolon at the end", "a;\n«b»;\nc\n", "a;\nc\n"},
		{"background", "a\n«b &»\nc\n", "a\nc\n"},
		{"tabs", "if a; then\n\t«b»\n\tc\nfi\n", "if a; then\n\tc\nfi\n"},
		{"continued over lines", "a\n«b \\\n  --c \\\n  --d»\ne\n", "a\ne\n"},
		{"multi-line quotes", "a\n«b 'x\ny' \"z\n\"»\nc\n", "a\nc\n"},
		{"non-ASCII around", "echo é\n«b ü»\nécho ß\n", "echo é\nécho ß\n"},
		{"whole pipeline", "a\n«echo x | tee -a $BASH_ENV»\nb\n", "a\nb\n"},
		{"whole if", "a\n«if b; then\n  c\nfi»\nd\n", "a\nd\n"},
		{"whole group with a redirection", "«{\n  echo a\n} >> $BASH_ENV»\nb\n", "b\n"},
		{"whole and-or list", "a\n«b && c || d» # e\nf\n", "a\nf\n"},
		{"expression in it", "a\n«b << parameters.x >> \"<< parameters.y >>\"»\nc << parameters.z >>\n", "a\nc << parameters.z >>\n"},

		// Here-documents.
		{"here-document", "mkdir a\n«cat > f <<EOF»\nx $A\nEOF\nb\n", "mkdir a\nb\n"},
		{"here-document, no line break at the end", "a\n«cat > f <<EOF»\nx\nEOF", "a"},
		{"here-document with tabs", "«cat <<-'E' > f»\n\tx\n\tE\nb\n", "b\n"},
		{"here-document escaped for CircleCI", "«cat \\<<E > f»\nx\nE\nb\n", "b\n"},
		{"empty here-document", "«cat > f <<EOF»\nEOF\nb\n", "b\n"},
		{"here-document of another", "cat > f <<EOF; «b»\nx\nEOF\nc\n", "cat > f <<EOF\nx\nEOF\nc\n"},
		{"here-document of the one that goes", "«cat > f <<EOF»; b\nx\nEOF\nc\n", "b\nc\n"},
		{"here-document in an and-or list", "«cat > f <<EOF» && b\nx\nEOF\nc\n", "b\nc\n"},
		{"two here-documents, one goes", "«cat <<A»; cat <<B\na\nA\nb\nB\n", "cat <<B\nb\nB\n"},
		{"here-documents of one line, one empty", "cat <<A & «cat <<B»\nA\nb\nB\nc\n", "cat <<A &\nA\nc\n"},
		{"escaped here-document without a command", "a\n«\\<<E»\nE\nb\n", "a\nb\n"},
		{"line of a here-document", "cat > f <<EOF\n[d]\n«k = $A\n»r = x\nEOF\n", "cat > f <<EOF\n[d]\nr = x\nEOF\n"},
		{"lines around an expansion", "cat > f <<EOF\n«a\n»$B\n«c $D\n»EOF\n", "cat > f <<EOF\n$B\nEOF\n"},

		// Lists on one line.
		{"first of a line", "«a»; b; c\n", "b; c\n"},
		{"middle of a line", "a; «b»; c\n", "a; c\n"},
		{"end of a line", "a; «b»\n", "a\n"},
		{"end of a line with semicolon and comment", "a; «b»; # c\n", "a # c\n"},
		{"behind a background job", "a & «b»\n", "a &\n"},
		{"two of three", "«a»; «b»; c\n", "c\n"},
		{"ends of the line", "«a»; b; «c»\n", "b\n"},
		{"all of a line", "«a»; «b»\nc\n", "c\n"},
		{"line that another statement ends on", "if a; then\n  b\nfi; «c»\n", "if a; then\n  b\nfi\n"},
		{"in a body, last before the closing word", "if a; then b; «c»; fi\n", "if a; then b; fi\n"},
		{"in a body, first behind the opening word", "if a; then «b»; c; fi\n", "if a; then c; fi\n"},
		{"in a body, behind the opening word on its line", "if a; then «b»\n  c\nfi\n", "if a; then\n  c\nfi\n"},
		{"in a subshell", "(a; «b»)\n", "(a)\n"},
		{"in a group", "{ a; «b»; }\n", "{ a; }\n"},
		{"background in a group", "{ a; «b &» }\n", "{ a; }\n"},
		{"in a group, own line before the brace", "{ a\n  «b»; }\n", "{ a\n  }\n"},
		{"in a case", "case $x in a) b; «c»;; *) «d»; e ;; esac\n", "case $x in a) b;; *) e ;; esac\n"},
		{"in a function", "f() {\n  «export A=1»\n  aws x\n}\n", "f() {\n  aws x\n}\n"},
		{"in a loop", "for x in 1 2; do\n  «export A=$x»\n  aws x\ndone\n", "for x in 1 2; do\n  aws x\ndone\n"},
		{"in a group in a pipeline", "{ echo a; «echo b»; } | tee f\n", "{ echo a; } | tee f\n"},
		{"continued to a second line", "a; \\\n  «b»\n", "a\n"},

		// And-or lists.
		{"start of an and list", "«export A=1» && aws x\n", "aws x\n"},
		{"first two of an and list", "«export A=1» && «export B=2» && aws x\n", "aws x\n"},
		{"end of an and list", "cd x && «export A=1»\n", "cd x\n"},
		{"middle of an and list", "cd x && «export A=1» && aws x\n", "cd x && aws x\n"},
		{"scattered", "«a» && b && «c» && d && «e»\n", "b && d\n"},
		{"all of an and list", "a\n«export A=1» && «export B=2»\nb\n", "a\nb\n"},
		{"and list before an or", "cd x && «export A=1» || exit 1\n", "cd x || exit 1\n"},
		{"first before and, then or", "«export A=1» && aws x || true\n", "aws x || true\n"},
		{"operators at the ends of lines", "«export A=1» &&\n  «export B=2» &&\n  aws x\n", "aws x\n"},
		{"operators at the ends of lines, middle", "cd x &&\n  «export A=1» &&\n  aws x\n", "cd x &&\n  aws x\n"},
		{"operators at the ends of lines, last", "cd x &&\n  aws x &&\n  «export A=1»\nb\n", "cd x &&\n  aws x\nb\n"},
		{"end that waits for a failure", "a\n«b» || exit 1\nc\n", "a\nc\n"},
		{"end with words about it", "a\n«b» || { echo \"no b\" >&2; exit 2; }\nc\n", "a\nc\n"},
		{"end of a function", "f() {\n  «a» || return 1\n  b\n}\n", "f() {\n  b\n}\n"},
		{"end behind a pipeline", "«echo x | a» || exit 1; b\n", "b\n"},
		{"end in the middle of a list", "«a» || exit 1 && b\n", "b\n"},
		{"ends of several", "«a» || exit 1\n«b» && «c» || exit 1\nd || exit 1\n", "d || exit 1\n"},
		{"operators behind backslashes", "cd x \\\n  && «export A=1» \\\n  && aws x\n", "cd x \\\n  && aws x\n"},
		{"operators behind backslashes, first", "«export A=1» \\\n  && cd x \\\n  && aws x\n", "cd x \\\n  && aws x\n"},
		{"list in the background", "«export A=1» && aws x &\nb\n", "aws x &\nb\n"},
		{"list beside others on the line", "a; «b» && c; d\n", "a; c; d\n"},
		{"group in a list", "a && { «b»; c; }\n", "a && { c; }\n"},

		{"operator behind a glued backslash", "cd x\\\n && «export A=1»\n", "cd x\n"},

		// Assignments.
		{"one of an export, first", "export «A=1» B=2 C=3\n", "export B=2 C=3\n"},
		{"one of an export, middle", "export A=1 «B=2»  C=3\n", "export A=1 C=3\n"},
		{"one of an export, last", "export A=1 B=2 «C=3» # c\n", "export A=1 B=2 # c\n"},
		{"last two of an export", "export A=1 «B=2» «C=3»\n", "export A=1\n"},
		{"last three of an export", "export A=1 «B=2» «C=3» «D=4»; x\n", "export A=1; x\n"},
		{"all of an export", "export «A=1» «B=2»\naws x\n", "aws x\n"},
		{"all of an export with options", "declare -x «A=1»\naws x\n", "aws x\n"},
		{"all of a redirected export", "export «A=1» >> $BASH_ENV\naws x\n", "aws x\n"},
		{"names of an export", "export «A» B «C»\n", "export B\n"},
		{"prefixes", "«A=1» «B=\"x y\"» C=3 aws x\n", "C=3 aws x\n"},
		{"all prefixes", "«A=1» «B=2» aws x\n", "aws x\n"},
		{"prefixes on lines of their own", "«A=1» \\\n«B=2» \\\n  aws x\n", "aws x\n"},
		{"bare assignments", "A=1 «B=2»\n", "A=1\n"},
		{"all bare assignments", "«A=1» «B=2»; x\n", "x\n"},
		{"through env", "env «A=1» B=2 aws x\n", "env B=2 aws x\n"},
		{"prefix in a pipeline", "a | «A=1» b\n", "a | b\n"},
		{"prefix in a condition", "if «A=1» b; then c; fi\n", "if b; then c; fi\n"},
		{"prefix in a substitution", "x=$(«A=1» aws y)\n", "x=$(aws y)\n"},
		{"export with a continuation", "export A=1 \\\n  «B=2»\nx\n", "export A=1\nx\n"},
		{"assignment with a redirection", "a; «A=1» > f\n", "a; > f\n"},
		{"exports in an and list", "export «A=1» && export «B=2» && aws x\n", "aws x\n"},
		{"statement inside one that goes", "«{ a; «b»; }»\nc\n", "c\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, spans := marked(tt.text)
			if tt.name == "statement inside one that goes" {
				text, spans = "{ a; b; }\nc\n", []Span{{5, 6}, {0, 9}}
			}
			s := parse(t, text)
			edits, err := s.Remove(spans...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.Apply(edits)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRemoveRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       Reason
	}{
		{"only statement of an if", "if a; then «b»; fi", ReasonOnly},
		{"both statements of a loop", "while a; do «b»; «c»; done", ReasonOnly},
		{"only statement of a function", "f() { «b»; }", ReasonOnly},
		{"body of a function", "f() «{ b; }»", ReasonOnly},
		{"only statement of a subshell", "(«b»)", ReasonOnly},
		{"only statement of a case", "case $x in a) «b»;; esac", ReasonOnly},
		{"only list of a group", "{ «a» && «b»; }", ReasonOnly},
		{"only export of a group", "{ export «A=1»; }", ReasonOnly},
		{"what is timed", "time «a»", ReasonOnly},
		{"pipeline", "a | «b»", ReasonPipeline},
		{"export in a pipeline", "export «A=1» | b", ReasonPipeline},
		{"substitution", "x=$(«export A=1»; b)", ReasonSubstitution},
		{"backquotes", "x=`«a»; b`", ReasonSubstitution},
		{"process substitution", "x < <(«a»; b)", ReasonSubstitution},
		{"condition of an if", "if «a»; b; then c; fi", ReasonCondition},
		{"condition of a loop", "until «a» && b; do c; done", ReasonCondition},
		{"negated", "«! a»; b", ReasonNegated},
		{"left of or", "«export A=1» || b", ReasonOr},
		{"left of an end that is no failure", "«a» || exit 0", ReasonOr},
		{"left of an end with the status of what went before", "«a» || { echo no; exit; }", ReasonOr},
		{"left of an end that leaves something", "«a» || { b; exit 1; }", ReasonOr},
		{"left of an end that is said to a file", "«a» || { echo no > f; exit 1; }", ReasonOr},
		{"left of an end, then or", "«a» || exit 1 || b", ReasonOr},
		{"right of or, then an end", "a || «b» || exit 1", ReasonOr},
		{"right of or", "a || «export A=1»", ReasonOr},
		{"right of or, then and", "a || «export A=1» && b", ReasonOr},
		{"first two, then or", "«a» && «b» || c", ReasonOr},
		{"assignment before a word like an option", "sudo «A=1» -0", ReasonCommand},
		{"only a test left", "[ -n \"$A\" ] && «export B=$A»", ReasonTest},
		{"only a lookup left", "a && command -v b && «export B=$A»", ReasonTest},
		{"comment between operands", "a && # why\n  «b» && c", ReasonComment},
		{"here-document between operands", "cat <<EOF &&\nx\nEOF\n«b»\n", ReasonHereDocument},
		{"inner script", "bash -c '«a»; b'", ReasonInner},
		{"assignment in an inner script", "bash -c 'export «A=1» B=2'", ReasonInner},
		{"all lines of a here-document", "cat <<EOF > f\n«a\n»«b\n»EOF\n", ReasonAllLines},
		{"prefix that keeps a word from being reserved", "«A=» do", ReasonUnproven},
		{"comment that would become a shebang", "«a»;#!/usr/bin/python\nb", ReasonUnproven},
		{"part of a line", "cat <<EOF > f\na «b\n»EOF\n", ReasonUnknown},
		{"part of a word", "aws «x»", ReasonUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, spans := marked(tt.text)
			_, err := parse(t, text).Remove(spans...)
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("error %v, want a *RefusedError", err)
			}
			if refused.Reason != tt.want {
				t.Errorf("reason %q, want %q", refused.Reason, tt.want)
			}
		})
	}
}

func TestLeftover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       Leftover
	}{
		{"nothing", "«a»\n", LeftNothing},
		{"blank lines", "\n«a»\n\n", LeftNothing},
		{"comments", "# a\n«a»\n", LeftComments},
		{"shebang and options", "#!/bin/bash\nset -euo pipefail\nset -x\n«a»\ntrue\n", LeftInert},
		{"set that may run something", "set -e $(b)\n«a»\n", LeftCode},
		{"options with a redirection", "set -x > f\n«a»\n", LeftCode},
		{"code", "set -e\n«a»\nb\n", LeftCode},
		{"assignment", "«a»\nA=1\n", LeftCode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, spans := marked(tt.text)
			s := parse(t, text)
			edits, err := s.Remove(spans...)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.Leftover(edits); got != tt.want || err != nil {
				t.Errorf("got %v (%v), want %v", got, err, tt.want)
			}
		})
	}
}
