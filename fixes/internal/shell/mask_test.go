package shell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"parameter with blanks", "echo << parameters.x >>", "echo __________________"},
		{"parameter without blanks", "echo <<parameters.x>>", "echo ________________"},
		{"inside a word", "a-<<parameters.x>>-b", "a-________________-b"},
		{"pipeline value in quotes", `echo "<< pipeline.git.branch >>"`, `echo "_________________________"`},
		{"comparison with a literal", `f << pipeline.number >= 5 >> x`, `f __________________________ x`},
		{"logic with strings", `f << pipeline.git.branch == "main" and "a" or "b" >>`, `f __________________________________________________`},
		{"negation", "f << not matrix.x >>", "f __________________"},
		{"section of the old syntax", "<<# parameters.x >>a<</ parameters.x >>", "___________________a___________________"},
		{"include of a packed orb", "<<include(scripts/install.sh)>>", "_______________________________"},
		{"misspelt scope", "f << parameter.x >>", "f _________________"},
		{"here-document that appends", "cat <<EOF >> file\nEOF\n", "cat <<EOF >> file\nEOF\n"},
		{"quoted here-document with tabs", "cat <<-'EOF' >> f.txt\n\tEOF\n", "cat <<-'EOF' >> f.txt\n\tEOF\n"},
		{"here-document, blank before the delimiter", "cat << eof >> a.b\neof\n", "cat << eof >> a.b\neof\n"},
		{"here-string", "f <<< word >> g", "f <<< word >> g"},
		{"here-string of an expression", "f <<< << parameters.x >>", "f <<< __________________"},
		{"here-string glued to an expression", "f <<<<<parameters.x>>", "f <<<________________"},
		{"escaped here-document", "cat \\<<EOF\nEOF\n", "cat  <<EOF\nEOF\n"},
		{"escaped here-string", `f \<<<"$x"`, `f  <<<"$x"`},
		{"escaped expression", `echo "\<< parameters.x >>"`, `echo " << parameters.x >>"`},
		{"two lines are no expression", "echo << parameters.x\n>> y", "echo << parameters.x\n>> y"},
		{"append behind an expression", "echo << parameters.x >>>> f", "echo __________________>> f"},
		{"multi-byte text around", "é<< parameters.x >>ü", "é__________________ü"},
		{"arithmetic shift", "echo $((1 << 2)) >> f", "echo $((1 << 2)) >> f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, mask(tt.text).masked); diff != "" {
				t.Errorf("mask (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzMask(f *testing.F) {
	for _, s := range scripts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := mask(text)
		if len(src.masked) != len(text) {
			t.Fatalf("length %d, want %d", len(src.masked), len(text))
		}
		hidden := make([]bool, len(text))
		for _, e := range src.exprs {
			for i := e.Start; i < e.End; i++ {
				hidden[i] = true
			}
		}
		for _, i := range src.escapes {
			hidden[i] = true
		}
		for i := range len(text) {
			if !hidden[i] && src.masked[i] != text[i] || text[i] == '\n' && src.masked[i] != '\n' {
				t.Fatalf("byte %d changed from %q to %q", i, text[i], src.masked[i])
			}
		}
		script, err := Parse(text)
		if err != nil {
			return
		}
		checkSpans(t, script)
		if len(text) < 1<<10 {
			checkMentions(t, script)
		}
		script.Writes()
		script.BashEnv()
		for _, c := range script.Calls() {
			c.Prints()
			script.Xtrace(c)
			script.Mentions(c.Name())
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		offset     int
	}{
		{"unclosed quote", "echo 'a", 5},
		{"unclosed here-document", "cat <<EOF\na\n", 4},
		{"python by shebang", "#!/usr/bin/env python3\nprint(1)\n", 0},
		{"powershell", "if ($x) { Write-Host 'a' }\nforeach ($a in $b) { }\n", 8},
		{"too large", strings.Repeat("echo a\n", maxSize/7+1), 0},
		{"too many lines", strings.Repeat("\n", maxLines+1), 0},
		{"openers to exhaust the stack", strings.Repeat("$(", 100_000), 0},
		{"deep but balanced", strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000), 0},
		{"long chain of operators", strings.Repeat("a&&", 100_000) + "a", 0},
		{"negated again and again", "[[ " + strings.Repeat("! ", 300_000) + "x ]]", -1},
		{"unary operators", "$((" + strings.Repeat("-", maxSize/2) + "1))", -1},
		{"ternaries", "$((" + strings.Repeat("a?b:", 200_000) + "1))", -1},
		{"bodies in bodies", strings.Repeat("if a;then ", 50_000) + "a;" + strings.Repeat("fi;", 50_000), -1},
		{"NUL byte", "echo \x00", 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(tt.text)
			parseErr, ok := err.(*ParseError)
			if !ok {
				t.Fatalf("error %v, want a *ParseError", err)
			}
			if tt.offset >= 0 && parseErr.Offset != tt.offset {
				t.Errorf("offset %d, want %d (%s)", parseErr.Offset, tt.offset, parseErr.Reason)
			}
		})
	}
}

func TestInterpreter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		shell                   string
		supported, bash, traces bool
	}{
		{"", true, true, false},
		{"/bin/bash -eo pipefail", true, true, false},
		{"bash", true, true, false},
		{"/usr/bin/env bash", true, true, false},
		{"/bin/bash -exo pipefail", true, true, true},
		{"bash -o xtrace", true, true, true},
		{"/bin/sh", true, false, false},
		{"sh -e", true, false, false},
		{"/bin/ash -x", true, false, true},
		{"bash.exe", true, true, false},
		{`"C:\Program Files\Git\bin\bash.exe"`, false, false, false},
		{"powershell.exe", false, false, false},
		{"cmd.exe", false, false, false},
		{"python3", false, false, false},
		{"/usr/bin/env python", false, false, false},
		{"<< parameters.shell >>", false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.shell, func(t *testing.T) {
			t.Parallel()
			got := []bool{Supported(tt.shell), IsBash(tt.shell), Traces(tt.shell)}
			if diff := cmp.Diff([]bool{tt.supported, tt.bash, tt.traces}, got); diff != "" {
				t.Errorf("supported, bash, traces (-want +got):\n%s", diff)
			}
		})
	}
}
