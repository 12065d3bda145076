package shell

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	kinds := []string{Expanded: "expanded", Assigned: "assigned", Named: "named", Quoted: "quoted"}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"expansions", `echo $K "${K:-x}" ${#K}`, []string{"expanded $K", "expanded ${K:-x}", "expanded ${#K}"}},
		{"indirect and substring", `echo ${!K} ${K:0:7}`, []string{"expanded ${!K}", "expanded ${K:0:7}"}},
		{"longer names", "echo $KEY $MYK K_ xK", nil},
		{"in a here-document", "cat <<EOF\n$K K=1\nEOF\n", []string{"expanded $K", "quoted K"}},
		{"in a quoted here-document", "cat <<'EOF'\n$K\nEOF\n", []string{"quoted K"}},
		{"in single quotes", "echo 'export K=$K'", []string{"quoted K", "quoted K"}},
		{"in an inner script", "bash -c 'echo $K'", []string{"expanded $K"}},
		{"in an inner script with double quotes", `bash -c "printenv K; echo $K"`, []string{"named K", "expanded $K"}},
		{"assignments", "K=1; K=2 cmd; export K=3; export K", []string{"assigned K", "assigned K", "assigned K", "assigned K"}},
		{"loop variable", "for K in a; do :; done", []string{"assigned K"}},
		{"environment of a container", "docker run -e K -e K=$K --env=K -eK img", []string{"named K", "named K", "expanded $K", "named K", "named K"}},
		{"build argument", `docker build --build-arg "K=$K" .`, []string{"named K", "expanded $K"}},
		{"printenv and unset", "printenv K; unset K; $(printenv K)", []string{"named K", "named K", "named K"}},
		{"arithmetic", "echo $((K + 1)); ((K++)); let K=1", []string{"expanded K", "expanded K", "expanded K"}},
		{"test of a variable", "[[ -v K && $K == K ]]", []string{"named K", "expanded $K", "named K"}},
		{"part of a longer word", "aws s3://K/x a=K", []string{"quoted K", "quoted K"}},
		{"comment", "a # $K\n", nil},
		{"beside an expression", "echo $K<< parameters.x >>", nil},
		{"name of a substitution in a default", "echo ${X:-$K}", []string{"expanded $K"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range parse(t, tt.text).Mentions("K") {
				got = append(got, kinds[m.Kind]+" "+tt.text[m.Span.Start:m.Span.End])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mentions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		all        bool
		names      []string
	}{
		{"env", "env", true, nil},
		{"env behind sudo", "sudo env", true, nil},
		{"env that runs something", "env A=1 make", false, nil},
		{"printenv", "printenv", true, nil},
		{"printenv of one", "printenv K", false, []string{"K"}},
		{"export", "export", true, nil},
		{"export -p", "export -p", true, nil},
		{"export of a name", "export K", false, nil},
		{"declare -x", "declare -x", true, nil},
		{"declare -p of one", "declare -p K", false, []string{"K"}},
		{"declare of functions", "declare -f", false, nil},
		{"declare of a value", "declare -x K=1", false, nil},
		{"set", "set", true, nil},
		{"set with options", "set -e", false, nil},
		{"echo", `echo "a $K" $L $K`, false, []string{"K", "L"}},
		{"cat of a here-document", "cat <<EOF\n$K\nEOF\n", false, []string{"K"}},
		{"anything else", "aws $K", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all, names := parse(t, tt.text).Calls()[0].Prints()
			if all != tt.all {
				t.Errorf("all is %v, want %v", all, tt.all)
			}
			if diff := cmp.Diff(tt.names, names); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStdout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		to         Destination
		at         string // the file, or the next command
	}{
		{"log", "x", ToLog, ""},
		{"standard error", "x >&2", ToLog, ""},
		{"file", "x > f", ToFile, "f"},
		{"last redirection counts", "x > f > g", ToFile, "g"},
		{"both streams", "x &>> f", ToFile, "f"},
		{"both streams, old form", "x >& f", ToFile, "f"},
		{"only standard error", "x 2> f", ToLog, ""},
		{"pipe", "x | y", ToPipe, "y"},
		{"redirected before the pipe", "x > f | y", ToFile, "f"},
		{"last of a pipe", "y | x", ToLog, ""},
		{"group in a pipe", "{ x; } | y", ToPipe, "y"},
		{"pipe in a group", "{ y | x; } > f", ToFile, "f"},
		{"loop", "while a; do x; done > f", ToFile, "f"},
		{"substitution", "y $(x)", ToCapture, ""},
		{"inner script", "bash -c 'x' > f", ToFile, "f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range parse(t, tt.text).Calls() {
				if c.Name() != "x" {
					continue
				}
				out := c.Stdout()
				at := out.File.Value
				if out.Next != nil {
					at = out.Next.Name()
				}
				if out.To != tt.to || at != tt.at {
					t.Errorf("got %v %q, want %v %q", out.To, at, tt.to, tt.at)
				}
			}
		})
	}
}

func TestXtrace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       bool
	}{
		{"off", "x", false},
		{"on", "set -x; x", true},
		{"among other options", "set -euxo pipefail\nx", true},
		{"by name", "set -o xtrace\nx", true},
		{"on and off", "set -x; y; set +x; x", false},
		{"off by name", "set -x; set +o xtrace; x", false},
		{"after the call", "x; set -x", false},
		{"in a subshell only", "(set -x; y); x", false},
		{"operands", "set -- -x; x", false},
		{"shebang", "#!/bin/bash -ex\nx", true},
		{"inner script of bash -x", "bash -xc 'x'", true},
		{"option with another name", "set -o pipefail; x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, tt.text)
			for _, c := range s.Calls() {
				if c.Name() == "x" && s.Xtrace(c) != tt.want {
					t.Errorf("got %v, want %v", !tt.want, tt.want)
				}
			}
			if !strings.Contains(tt.text, "x") {
				t.Fatal("the script has no x")
			}
		})
	}
	if s := parse(t, "bash -x a.sh"); !s.Xtrace(s.Calls()[0]) {
		t.Error("bash -x does not trace")
	}
}

// checkMentions holds what is found of all names at once to what is found of each alone.
func checkMentions(t *testing.T, s *Script) {
	t.Helper()
	all := s.findMentions("")
	for name := range all {
		if !isName(name) {
			t.Errorf("%q is no name", name)
		}
	}
	for _, name := range regexp.MustCompile(`[A-Za-z_]\w*`).FindAllString(s.Text(), -1) {
		for _, name := range []string{name, name[1:]} { // behind the letter of an option
			if !isName(name) {
				continue
			}
			if diff := cmp.Diff(s.findMentions(name)[name], all[name], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q alone, and with all others in\n%s\n%s", name, s.Text(), diff)
			}
		}
	}
}

func TestMentionsOfAll(t *testing.T) {
	t.Parallel()
	for _, text := range append(slices.Clone(scripts), "env -eNAME -eX=1 --env=NAME 'NAME' \"$NAME\" $((NAME + 1)); NAME=1 read NAME <<< x\nfor NAME in a; do let NAME++; done") {
		if s, err := Parse(text); err == nil {
			checkMentions(t, s)
		}
	}
}

// TestMentionsOfMany asks for more names than are looked for alone.
func TestMentionsOfMany(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 3 * fewNames {
		fmt.Fprintf(&b, "echo $NAME_%d\n", i)
	}
	s := parse(t, b.String())
	for i := range 3 * fewNames {
		if got := s.Mentions(fmt.Sprintf("NAME_%d", i)); len(got) != 1 || got[0].Kind != Expanded {
			t.Errorf("NAME_%d: %v", i, got)
		}
	}
	if got := s.Mentions("NAME"); len(got) != 0 {
		t.Errorf("NAME: %v", got)
	}
}
