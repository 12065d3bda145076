package rewrite_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cfgfix/rewrite"
)

// replaceOnce edits the one place where old stands in src.
func replaceOnce(t *testing.T, src, old, text string) rewrite.Edit {
	t.Helper()
	if strings.Count(src, old) != 1 {
		t.Fatalf("%q stands %d times in the source", old, strings.Count(src, old))
	}
	start := strings.Index(src, old)
	return edit(start, start+len(old), text)
}

const twelveLines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"

// unifiedTests are edits and the patches that show them.
var unifiedTests = []struct {
	name  string
	src   string
	edits [][2]string // text that stands once in src, and its replacement
	want  string      // behind the two header lines
}{
	{"no edits", "a\n", nil, ""},
	{"edit that changes nothing", "a\n", [][2]string{{"a", "a"}}, ""},
	{"one edit in the middle", twelveLines, [][2]string{{"6", "six"}}, "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n"},
	{"two edits on one line", "a b c\n", [][2]string{{"a", "A"}, {"c", "C"}}, "@@ -1 +1 @@\n-a b c\n+A b C\n"},
	{"edits on neighbouring lines", "a\nb\nc\n", [][2]string{{"a", "A"}, {"b", "B"}}, "@@ -1,3 +1,3 @@\n-a\n-b\n+A\n+B\n c\n"},
	{
		"six unchanged lines between: one hunk", twelveLines,
		[][2]string{{"3", "three"}, {"\n10", "\nten"}},
		"@@ -1,12 +1,12 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n",
	},
	{
		"seven unchanged lines between: two hunks", twelveLines,
		[][2]string{{"3", "three"}, {"11", "eleven"}},
		"@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+three\n 4\n 5\n 6\n@@ -8,5 +8,5 @@\n 8\n 9\n 10\n-11\n+eleven\n 12\n",
	},
	{
		"far apart, line numbers shift behind the first", twelveLines,
		[][2]string{{"2\n3\n", "2\nx\ny\n3\n"}, {"11\n", ""}},
		"@@ -1,5 +1,7 @@\n 1\n 2\n+x\n+y\n 3\n 4\n 5\n@@ -8,5 +10,4 @@\n 8\n 9\n 10\n-11\n 12\n",
	},
	{"insertion before the first line", "a\nb\n", [][2]string{{"a\n", "x\na\n"}}, "@@ -1,2 +1,3 @@\n+x\n a\n b\n"},
	{"deletion of the first line", "a\nb\n", [][2]string{{"a\n", ""}}, "@@ -1,2 +1 @@\n-a\n b\n"},
	{"line added at the end", "a\nb\n", [][2]string{{"b\n", "b\nx\n"}}, "@@ -1,2 +1,3 @@\n a\n b\n+x\n"},
	{"lines joined", "a\nb\nc\n", [][2]string{{"a\nb", "ab"}}, "@@ -1,3 +1,2 @@\n-a\n-b\n+ab\n c\n"},
	{"line split", "ab\nc\n", [][2]string{{"ab", "a\nb"}}, "@@ -1,2 +1,3 @@\n-ab\n+a\n+b\n c\n"},
	{"a replaced block keeps its equal lines", "a\nb\nc\n", [][2]string{{"a\nb\nc\n", "x\na\nb\ny\n"}}, "@@ -1,3 +1,4 @@\n+x\n a\n b\n-c\n+y\n"},

	{"last line changed, no final newline", "a\nb", [][2]string{{"b", "x"}}, "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+x\n\\ No newline at end of file\n"},
	{"line added behind no final newline", "a", [][2]string{{"a", "a\nb"}}, "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"},
	{"last line deleted, no final newline", "a\nb", [][2]string{{"\nb", ""}}, "@@ -1,2 +1 @@\n-a\n-b\n\\ No newline at end of file\n+a\n\\ No newline at end of file\n"},
	{"context without a final newline", "a\nb", [][2]string{{"a", "x"}}, "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
	{"final newline added", "a\nb", [][2]string{{"b", "b\n"}}, "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
	{"final newline removed", "a\nb\n", [][2]string{{"b\n", "b"}}, "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n"},

	{"emptied", "a\nb\n", [][2]string{{"a\nb\n", ""}}, "@@ -1,2 +0,0 @@\n-a\n-b\n"},
	{"emptied, no final newline", "a", [][2]string{{"a", ""}}, "@@ -1 +0,0 @@\n-a\n\\ No newline at end of file\n"},
	{"only a newline", "\n", [][2]string{{"\n", ""}}, "@@ -1 +0,0 @@\n-\n"},

	{"CRLF", "a\r\nb\r\n", [][2]string{{"b", "x"}}, "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n"},
	{"CRLF made LF", "a\r\n", [][2]string{{"\r", ""}}, "@@ -1 +1 @@\n-a\r\n+a\n"},
	{"carriage returns, NEL and LS end no line", "a\rb\u0085c\u2028d\ne\n", [][2]string{{"d", "x"}}, "@@ -1,2 +1,2 @@\n-a\rb\u0085c\u2028d\n+a\rb\u0085c\u2028x\n e\n"},
	{"lines that look like headers", "-- a\n++ b\n", [][2]string{{"-- a\n", ""}, {"++ b", "++ c"}}, "@@ -1,2 +1 @@\n--- a\n-++ b\n+++ c\n"},
	{"bytes that are no UTF-8", "\xff\n", [][2]string{{"\xff", "\xfe"}}, "@@ -1 +1 @@\n-\xff\n+\xfe\n"},
}

func TestUnified(t *testing.T) {
	t.Parallel()
	for _, tt := range unifiedTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var edits []rewrite.Edit
			for _, e := range tt.edits {
				edits = append(edits, replaceOnce(t, tt.src, e[0], e[1]))
			}
			want := tt.want
			if want != "" {
				want = "--- a/c.yml\n+++ b/c.yml\n" + want
			}
			if diff := cmp.Diff(want, unified(t, "c.yml", tt.src, edits)); diff != "" {
				t.Errorf("patch (-want +got):\n%s", diff)
			}
		})
	}
}

// Among equal lines only the place of the edit can tell where the change is.
func TestUnifiedPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		src  string
		edit rewrite.Edit
		want string
	}{
		{"new content", "", edit(0, 0, "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"new content without a final newline", "", edit(0, 0, "a"), "@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"},
		{"insertion at the start of equal lines", "a\na\na\n", edit(0, 0, "a\n"), "@@ -1,3 +1,4 @@\n+a\n a\n a\n a\n"},
		{"insertion between equal lines", "a\na\na\n", edit(2, 2, "a\n"), "@@ -1,3 +1,4 @@\n a\n+a\n a\n a\n"},
		{"insertion behind equal lines", "a\na\na\n", edit(6, 6, "a\n"), "@@ -1,3 +1,4 @@\n a\n a\n a\n+a\n"},
		{"insertion behind the text of a line", "a\na\na\n", edit(3, 3, "\na"), "@@ -1,3 +1,4 @@\n a\n a\n+a\n a\n"},
		{"deletion of one of equal lines", "a\na\na\n", edit(2, 4, ""), "@@ -1,3 +1,2 @@\n a\n-a\n a\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := "--- a/c.yml\n+++ b/c.yml\n" + tt.want
			if diff := cmp.Diff(want, unified(t, "c.yml", tt.src, []rewrite.Edit{tt.edit})); diff != "" {
				t.Errorf("patch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnifiedMovesThatCancel(t *testing.T) {
	t.Parallel()
	edits := []rewrite.Edit{edit(0, 2, ""), edit(8, 8, "a\n")}
	if got := unified(t, "c.yml", "a\na\na\na\n", edits); got != "" {
		t.Errorf("the text stays the same, the patch is\n%s", got)
	}
}

func TestUnifiedErrors(t *testing.T) {
	t.Parallel()
	for _, edits := range [][]rewrite.Edit{{edit(0, 5, "")}, {edit(0, 2, ""), edit(1, 2, "")}} {
		if got, err := rewrite.Unified("c.yml", []byte("a\n"), edits); err == nil {
			t.Errorf("edits %v: no error, patch\n%s", edits, got)
		}
	}
}

// Two edits that make one line of the new text are shown together, however long the line is.
func TestUnifiedOneLongLine(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"", "\n", "a", "a\nb"} {
		edits := []rewrite.Edit{edit(len(src), len(src), strings.Repeat("x", 10_000)), edit(len(src), len(src), "y")}
		if got := applyPatch(t, src, unified(t, "c.yml", src, edits)); got != mustApply(t, src, edits) {
			t.Errorf("%q: the patch gives another text", src)
		}
	}
}

func TestUnifiedLargeEdit(t *testing.T) {
	t.Parallel()
	const count = 20_000
	src := numberedLines(count)
	lastChanged := strings.Replace(src, "line 19999", "row 19999", 1)
	tests := []struct {
		name    string
		text    string
		changed int // lines
	}{
		{"only what differs counts", lastChanged, 2},
		{"too many lines to compare: replaced as a whole", "first\n" + lastChanged, count + count + 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			patch := unified(t, "c.yml", src, []rewrite.Edit{edit(0, len(src), tt.text)})
			if got := applyPatch(t, src, patch); got != tt.text {
				t.Error("the patch does not give the new text")
			}
			if got := changedLines(patch); got != tt.changed {
				t.Errorf("%d changed lines, want %d", got, tt.changed)
			}
		})
	}
}

var headerNames = []struct{ name, path, want string }{
	{"plain", ".circleci/config.yml", "a/.circleci/config.yml"},
	{"blank", "my app/config.yml", "a/my app/config.yml\t"},
	{"blanks side by side", "a  b.yml", "a/a  b.yml\t"},
	{"blank at the start", " a.yml", "a/ a.yml\t"},
	{"blank at the end", "config ", `"a/config "`},
	{"date behind a blank", "a 2020-01-01 10:00:00", "a/a 2020-01-01 10:00:00\t"},
	{"UTF-8", "straße/日本.yml", "a/straße/日本.yml"},
	{"tab", "a\tb.yml", `"a/a\tb.yml"`},
	{"newline", "a\nb.yml", `"a/a\nb.yml"`},
	{"quote", `a"b.yml`, `"a/a\"b.yml"`},
	{"backslash", `a\b.yml`, `"a/a\\b.yml"`},
	{"control characters", "a\x01\a\r\x7f.yml", `"a/a\001\a\r\177.yml"`},
	{"no UTF-8", "a\xff.yml", `"a/a\377.yml"`},
	{"blank and quote", `a "b".yml`, `"a/a \"b\".yml"`},
}

func TestUnifiedNames(t *testing.T) {
	t.Parallel()
	for _, tt := range headerNames {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header, _, _ := strings.Cut(unified(t, tt.path, "a\n", []rewrite.Edit{edit(0, 1, "b")}), "@@")
			want := "--- " + tt.want + "\n+++ " + strings.Replace(tt.want, "a/", "b/", 1) + "\n"
			if diff := cmp.Diff(want, header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

// The programs that people apply patches with must read ours.
func TestUnifiedTools(t *testing.T) {
	t.Parallel()
	for _, tool := range [][]string{
		{"git", "apply", "-p1", "-"},
		{"patch", "-p1", "-s", "-f", "-F0"},
	} {
		t.Run(tool[0], func(t *testing.T) {
			t.Parallel()
			needTool(t, tool[0])
			random := rand.New(rand.NewPCG(1, 2))
			for i := range 60 {
				src, edits := randomCase(random)
				applyWith(t, tool, fmt.Sprintf("config %d.yml", i), src, edits)
			}
			for _, n := range headerNames {
				applyWith(t, tool, n.path, "a\n", []rewrite.Edit{edit(0, 1, "b")})
			}
		})
	}
}

func needTool(t *testing.T, name string) {
	t.Helper()
	version, err := exec.Command(name, "--version").Output()
	if err != nil {
		t.Skipf("%s does not run here: %v", name, err)
	}
	if name == "patch" && !bytes.Contains(version, []byte("GNU")) {
		t.Skip("patch is not GNU patch")
	}
}

// applyWith lets the tool apply the patch to a file and compares the bytes.
func applyWith(t *testing.T, tool []string, name, src string, edits []rewrite.Edit) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Logf("no file can have the name %q here: %v", name, err)
		return
	}
	patch := unified(t, name, src, edits)
	if patch == "" {
		return
	}
	cmd := exec.Command(tool[0], tool[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C")
	cmd.Stdin = strings.NewReader(patch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s\npatch:\n%q", tool[0], err, out, patch)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\npatch:\n%q", err, patch)
	}
	if want := mustApply(t, src, edits); string(got) != want {
		t.Fatalf("%s gives %q, want %q\npatch:\n%q", tool[0], got, want, patch)
	}
}

// randomCase makes a text with many equal lines and edits of it. Empty sides, CRLF and a missing final newline are
// common; some texts mix line ends or begin with a byte order mark, and some lines hold what ends a line in YAML only.
func randomCase(random *rand.Rand) (string, []rewrite.Edit) {
	pool := []string{"a", "b", "  - run: x", "", "é", "\tc", "key: value", "x\ry", "n\u0085l\u2028"}
	endings := [][]string{{"\n"}, {"\r\n"}, {"\n", "\r\n"}}[random.IntN(3)]
	var b strings.Builder
	if random.IntN(8) == 0 {
		b.WriteString("\ufeff")
	}
	for range random.IntN(40) {
		b.WriteString(pool[random.IntN(len(pool))] + endings[random.IntN(len(endings))])
	}
	src := b.String()
	if random.IntN(3) == 0 {
		src = strings.TrimRight(src, "\r\n")
	}
	switch random.IntN(10) {
	case 0:
		return src, []rewrite.Edit{edit(0, len(src), "")}
	case 1:
		return "", []rewrite.Edit{edit(0, 0, src)}
	}
	program := make([]byte, 3*(1+random.IntN(6)))
	for i := range program {
		program[i] = byte(random.IntN(100))
	}
	return src, decodeEdits(len(src), program)
}

// The number of changed lines is the least there can be when one edit replaces everything.
func TestUnifiedMinimal(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		src, edits := randomCase(random)
		dst := mustApply(t, src, edits)
		a, b := splitLines(src), splitLines(dst)
		want := len(a) + len(b) - 2*longestCommon(a, b)
		patch := unified(t, "c.yml", src, []rewrite.Edit{edit(0, len(src), dst)})
		if got := changedLines(patch); got != want {
			t.Fatalf("%d changed lines, want %d\npatch:\n%q", got, want, patch)
		}
	}
}

func changedLines(patch string) int {
	header := strings.Count(patch, "--- a/") + strings.Count(patch, "+++ b/")
	return len(regexp.MustCompile(`(?m)^[-+]`).FindAllString(patch, -1)) - header
}

func longestCommon(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

func FuzzDiff(f *testing.F) {
	f.Add("", []byte{0, 0, 2})
	f.Add("a\r\nb\r\nc", []byte{2, 3, 4, 0, 1, 7})
	f.Add(strings.Repeat("a\n", 20), []byte{3, 2, 2, 30, 2, 0})
	f.Add("\n", bytes.Repeat([]byte{0, 0, 209}, 700)) // one long line of many edits
	f.Fuzz(func(t *testing.T, src string, program []byte) {
		edits := decodeEdits(len(src), program)
		want := mustApply(t, src, edits)
		patch := unified(t, "c.yml", src, edits)
		if (patch == "") != (src == want) {
			t.Fatalf("%q to %q: patch %q", src, want, patch)
		}
		if got := applyPatch(t, src, patch); got != want {
			t.Fatalf("patch gives %q, want %q\npatch:\n%q", got, want, patch)
		}
	})
}

func unified(t *testing.T, name, src string, edits []rewrite.Edit) string {
	t.Helper()
	patch, err := rewrite.Unified(name, []byte(src), edits)
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$`)

// applyPatch applies a unified diff and forgives nothing: every number and every context line must be right.
func applyPatch(t *testing.T, src, patch string) string {
	t.Helper()
	if patch == "" {
		return src
	}
	in := splitLines(patch)
	if len(in) < 3 || in[0] != "--- a/c.yml\n" || in[1] != "+++ b/c.yml\n" {
		t.Fatalf("header of %q", patch)
	}
	in = in[2:]
	old := splitLines(src)
	var out []string
	done := 0
	for len(in) > 0 {
		m := hunkHeader.FindStringSubmatch(in[0])
		if m == nil {
			t.Fatalf("hunk header %q", in[0])
		}
		in = in[1:]
		oldStart, oldCount := hunkNumbers(m[1], m[2])
		newStart, newCount := hunkNumbers(m[3], m[4])
		out = append(out, old[done:oldStart]...)
		if len(out) != newStart || oldStart < done {
			t.Fatalf("hunk %q starts at the wrong line, behind %d old and %d new ones", m[0], done, len(out))
		}
		done = oldStart
		for len(in) > 0 && in[0][0] != '@' {
			mark, line := in[0][0], in[0][1:]
			in = in[1:]
			if len(in) > 0 && in[0] == "\\ No newline at end of file\n" {
				line = strings.TrimSuffix(line, "\n")
				in = in[1:]
			}
			if mark == ' ' || mark == '-' {
				if done >= len(old) || old[done] != line {
					t.Fatalf("hunk %q: line %d is not %q", m[0], done+1, line)
				}
				done++
			}
			if mark == ' ' || mark == '+' {
				out = append(out, line)
			}
		}
		if done-oldStart != oldCount || len(out)-newStart != newCount {
			t.Fatalf("hunk %q has %d old and %d new lines", m[0], done-oldStart, len(out)-newStart)
		}
	}
	return strings.Join(append(out, old[done:]...), "")
}

// hunkNumbers reads one side of a hunk header: how many lines come before the hunk, and how many are in it.
func hunkNumbers(start, count string) (before, n int) {
	before, _ = strconv.Atoi(start)
	if n = 1; count != "" {
		n, _ = strconv.Atoi(count)
	}
	if n > 0 {
		before--
	}
	return before, n
}

func splitLines(text string) []string { return slices.Collect(strings.Lines(text)) }

func numberedLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d: the quick brown fox\n", i)
	}
	return b.String()
}

func BenchmarkUnified(b *testing.B) {
	for _, lines := range []int{2_000, 20_000} {
		src := []byte(numberedLines(lines))
		for _, count := range []int{1, 5, 50} {
			var edits []rewrite.Edit
			for i := range count {
				at := bytes.Index(src, fmt.Appendf(nil, "line %d:", (2*i+1)*lines/(2*count)))
				edits = append(edits, edit(at, at+4, "row"))
			}
			b.Run(fmt.Sprintf("lines=%d/edits=%d", lines, count), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := rewrite.Unified("config.yml", src, edits); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
