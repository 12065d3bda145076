package rewrite_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cfgfix/rewrite"
)

func edit(start, end int, text string) rewrite.Edit {
	return rewrite.Edit{Span: rewrite.Span{Start: start, End: end}, New: text}
}

func TestApply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		src   string
		edits []rewrite.Edit
		want  string
	}{
		{"no edits", "abc", nil, "abc"},
		{"empty source, no edits", "", nil, ""},
		{"empty source, insertion", "", []rewrite.Edit{edit(0, 0, "x")}, "x"},
		{"replacement by longer text", "abc", []rewrite.Edit{edit(1, 2, "XYZ")}, "aXYZc"},
		{"deletion of everything", "abc", []rewrite.Edit{edit(0, 3, "")}, ""},
		{"insertion at the end", "abc", []rewrite.Edit{edit(3, 3, "d")}, "abcd"},
		{"given in reverse order", "abcd", []rewrite.Edit{edit(3, 4, "D"), edit(0, 1, "A")}, "AbcD"},
		{"insertions at one offset keep their order", "ab", []rewrite.Edit{edit(1, 1, "1"), edit(0, 0, "0"), edit(1, 1, "2")}, "0a12b"},
		{"insertion given behind the replacement that starts there", "abc", []rewrite.Edit{edit(1, 2, "B"), edit(1, 1, "<")}, "a<Bc"},
		{"insertion where a replacement ends", "abc", []rewrite.Edit{edit(2, 2, ">"), edit(1, 2, "B")}, "aB>c"},
		{"replacements that touch", "abcd", []rewrite.Edit{edit(2, 4, "Y"), edit(0, 2, "X")}, "XY"},
		{"bytes that are no UTF-8", "a\xff\x00b", []rewrite.Edit{edit(3, 4, "\xfe")}, "a\xff\x00\xfe"},
		{"CRLF and byte order mark stay", "\ufeffa: 1\r\nb: 2\r\n", []rewrite.Edit{edit(6, 7, "3")}, "\ufeffa: 3\r\nb: 2\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, edits := []byte(tt.src), slices.Clone(tt.edits)
			got, err := rewrite.Apply(src, tt.edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if string(src) != tt.src || !slices.Equal(edits, tt.edits) {
				t.Error("an argument was modified")
			}
		})
	}
}

func TestApplyCopies(t *testing.T) {
	t.Parallel()
	src := []byte("abc")
	got, err := rewrite.Apply(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	got[0] = 'X'
	if string(src) != "abc" {
		t.Errorf("the result shares memory with the source: %q", src)
	}
}

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		edits   []rewrite.Edit
		want    string
		overlap bool
	}{
		{"behind the end", []rewrite.Edit{edit(4, 5, "")}, "the edit of bytes 4-5 reaches beyond the source of 4 bytes", false},
		{"insertion behind the end", []rewrite.Edit{edit(5, 5, "x")}, "the edit of bytes 5-5 reaches beyond the source of 4 bytes", false},
		{"negative start", []rewrite.Edit{edit(-1, 2, "")}, "the edit of bytes -1-2 has no valid span", false},
		{"end before start", []rewrite.Edit{edit(3, 1, "")}, "the edit of bytes 3-1 has no valid span", false},
		{"shared byte", []rewrite.Edit{edit(1, 3, "secret"), edit(0, 2, "")}, "the edit of bytes 0-2 overlaps the edit of bytes 1-3", true},
		{"one inside the other", []rewrite.Edit{edit(0, 4, ""), edit(1, 2, "")}, "the edit of bytes 0-4 overlaps the edit of bytes 1-2", true},
		{"insertion inside a replacement", []rewrite.Edit{edit(0, 4, ""), edit(2, 2, "x")}, "the edit of bytes 0-4 overlaps the edit of bytes 2-2", true},
		{"the same replacement twice", []rewrite.Edit{edit(0, 1, "x"), edit(0, 1, "x")}, "the edit of bytes 0-1 overlaps the edit of bytes 0-1", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := rewrite.Apply([]byte("abcd"), tt.edits)
			if err == nil {
				t.Fatalf("no error, text %q", got)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if conflict := new(rewrite.ConflictError); errors.As(err, &conflict) != tt.overlap {
				t.Errorf("%T, want a conflict: %v", err, tt.overlap)
			}
		})
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	edits := []rewrite.Edit{edit(4, 5, "e"), edit(2, 4, "c"), edit(4, 4, "d1"), edit(4, 4, "d2"), edit(2, 2, "b")}
	given := slices.Clone(edits)
	got, err := rewrite.Sort(edits)
	if err != nil {
		t.Fatal(err)
	}
	want := []rewrite.Edit{edit(2, 2, "b"), edit(2, 4, "c"), edit(4, 4, "d1"), edit(4, 4, "d2"), edit(4, 5, "e")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if !slices.Equal(given, edits) {
		t.Error("the argument was modified")
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		first, second []rewrite.Edit // the first against "0123456789"
		want          []rewrite.Edit
	}{
		{"nothing and nothing", nil, nil, nil},
		{"only a first round", []rewrite.Edit{edit(5, 6, "x"), edit(1, 2, "y")}, nil, []rewrite.Edit{edit(1, 2, "y"), edit(5, 6, "x")}},
		{"only a second round", nil, []rewrite.Edit{edit(5, 6, "x"), edit(1, 2, "y")}, []rewrite.Edit{edit(1, 2, "y"), edit(5, 6, "x")}},
		{"second behind a growing first", []rewrite.Edit{edit(1, 2, "abc")}, []rewrite.Edit{edit(7, 8, "x")}, []rewrite.Edit{edit(1, 2, "abc"), edit(5, 6, "x")}},
		{"second before the first", []rewrite.Edit{edit(5, 6, "abc")}, []rewrite.Edit{edit(1, 2, "x")}, []rewrite.Edit{edit(1, 2, "x"), edit(5, 6, "abc")}},
		{"second inside the first's text", []rewrite.Edit{edit(1, 2, "abc")}, []rewrite.Edit{edit(2, 3, "XY")}, []rewrite.Edit{edit(1, 2, "aXYc")}},
		{"second takes the end of the first's text and bytes behind it", []rewrite.Edit{edit(1, 2, "abc")}, []rewrite.Edit{edit(3, 6, "X")}, []rewrite.Edit{edit(1, 4, "abX")}},
		{"second takes bytes before and the start of the first's text", []rewrite.Edit{edit(3, 3, "abc")}, []rewrite.Edit{edit(1, 4, "X")}, []rewrite.Edit{edit(1, 3, "Xbc")}},
		{"second replaces over two of the first", []rewrite.Edit{edit(1, 2, "a"), edit(4, 5, "b")}, []rewrite.Edit{edit(0, 6, "X")}, []rewrite.Edit{edit(0, 6, "X")}},
		{"second removes what the first inserted", []rewrite.Edit{edit(3, 3, "abc")}, []rewrite.Edit{edit(3, 6, "")}, nil},
		{"second removes an insertion, another stays", []rewrite.Edit{edit(3, 3, "abc"), edit(7, 8, "")}, []rewrite.Edit{edit(3, 6, "")}, []rewrite.Edit{edit(7, 8, "")}},
		{"second inserts before the first's insertion", []rewrite.Edit{edit(3, 3, "b")}, []rewrite.Edit{edit(3, 3, "a")}, []rewrite.Edit{edit(3, 3, "ab")}},
		{"second inserts behind the first's insertion", []rewrite.Edit{edit(3, 3, "a")}, []rewrite.Edit{edit(4, 4, "b")}, []rewrite.Edit{edit(3, 3, "ab")}},
		{"second inserts where the first deleted", []rewrite.Edit{edit(3, 5, "")}, []rewrite.Edit{edit(3, 3, "x")}, []rewrite.Edit{edit(3, 5, "x")}},
		{"second deletes on both sides of a deletion", []rewrite.Edit{edit(3, 5, "")}, []rewrite.Edit{edit(2, 4, "")}, []rewrite.Edit{edit(2, 6, "")}},
		{"neighbours that touch become one", []rewrite.Edit{edit(2, 3, "x"), edit(3, 3, "y"), edit(3, 4, "z")}, nil, []rewrite.Edit{edit(2, 4, "xyz")}},
		{"edits that do nothing are dropped", []rewrite.Edit{edit(2, 2, "")}, []rewrite.Edit{edit(4, 4, "")}, nil},
		{"insertion at the start", []rewrite.Edit{edit(0, 0, "b")}, []rewrite.Edit{edit(0, 0, "a")}, []rewrite.Edit{edit(0, 0, "ab")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := rewrite.Compose(tt.first, tt.second)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("edits (-want +got):\n%s", diff)
			}
			checkComposed(t, "0123456789", tt.first, tt.second)
		})
	}
}

func TestComposeErrors(t *testing.T) {
	t.Parallel()
	overlapping := []rewrite.Edit{edit(0, 2, ""), edit(1, 3, "")}
	for _, rounds := range [][2][]rewrite.Edit{{overlapping, nil}, {nil, overlapping}} {
		_, err := rewrite.Compose(rounds[0], rounds[1])
		if conflict := new(rewrite.ConflictError); !errors.As(err, &conflict) {
			t.Errorf("rounds %v: error %v, want a conflict", rounds, err)
		}
	}
}

func TestComposeProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringOfN(rapid.RuneFrom([]rune("ab\né")), 0, 30, -1).Draw(t, "a")
		first := drawEdits(t, "first", len(a))
		b := mustApply(t, a, first)
		checkComposed(t, a, first, drawEdits(t, "second", len(b)))
	})
}

func FuzzCompose(f *testing.F) {
	f.Add("", []byte{0, 0, 1}, []byte{0, 1, 0})
	f.Add("jobs:\n  a: 1\n", []byte{3, 2, 4, 0, 0, 3}, []byte{1, 6, 2, 0, 0, 5, 2, 1, 0})
	f.Fuzz(func(t *testing.T, a string, first, second []byte) {
		firstEdits := decodeEdits(len(a), first)
		checkComposed(t, a, firstEdits, decodeEdits(len(mustApply(t, a, firstEdits)), second))
	})
}

func TestTrim(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		src   string
		edits []rewrite.Edit
		want  []rewrite.Edit
	}{
		{"nothing in common", "abc", []rewrite.Edit{edit(0, 3, "xyz")}, []rewrite.Edit{edit(0, 3, "xyz")}},
		{"common start and end", "key: old # c", []rewrite.Edit{edit(0, 12, "key: new # c")}, []rewrite.Edit{edit(5, 8, "new")}},
		{"becomes an insertion", "ac", []rewrite.Edit{edit(0, 2, "abc")}, []rewrite.Edit{edit(1, 1, "b")}},
		{"becomes a deletion", "abc", []rewrite.Edit{edit(0, 3, "ac")}, []rewrite.Edit{edit(1, 2, "")}},
		{"start and end would share bytes", "aa", []rewrite.Edit{edit(0, 2, "aaa")}, []rewrite.Edit{edit(2, 2, "a")}},
		{"changes nothing", "abc", []rewrite.Edit{edit(0, 2, "ab"), edit(2, 2, ""), edit(2, 3, "x")}, []rewrite.Edit{edit(2, 3, "x")}},
		{"runes with the same first byte", "é", []rewrite.Edit{edit(0, 2, "è")}, []rewrite.Edit{edit(0, 2, "è")}},
		{"runes with the same last byte", "é", []rewrite.Edit{edit(0, 2, "ĩ")}, []rewrite.Edit{edit(0, 2, "ĩ")}},
		{"rune put behind its own first byte's twin", "aé", []rewrite.Edit{edit(0, 3, "aèé")}, []rewrite.Edit{edit(1, 1, "è")}},
		{"first byte of a rune stays, the rune not", "é", []rewrite.Edit{edit(0, 2, "\xc3x")}, []rewrite.Edit{edit(0, 2, "\xc3x")}},
		{"lone byte becomes a rune", "\xc3x", []rewrite.Edit{edit(0, 2, "é")}, []rewrite.Edit{edit(0, 2, "é")}},
		{"line ending converted", "a\r\n", []rewrite.Edit{edit(0, 3, "a\n")}, []rewrite.Edit{edit(1, 2, "")}},
		{"order of insertions that meet", "abc", []rewrite.Edit{edit(3, 3, "2"), edit(0, 3, "abc1")}, []rewrite.Edit{edit(3, 3, "1"), edit(3, 3, "2")}},
		{"edits that overlap", "abc", []rewrite.Edit{edit(0, 2, "ab"), edit(1, 3, "bc")}, []rewrite.Edit{edit(0, 2, "ab"), edit(1, 3, "bc")}},
		{"edit beyond the end", "abc", []rewrite.Edit{edit(2, 4, "c")}, []rewrite.Edit{edit(2, 4, "c")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			given := slices.Clone(tt.edits)
			got := rewrite.Trim([]byte(tt.src), tt.edits)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("edits (-want +got):\n%s", diff)
			}
			if !slices.Equal(given, tt.edits) {
				t.Error("the argument was modified")
			}
		})
	}
}

func TestTrimProperty(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aéèĩ✓✔")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		head, old, tail := text.Draw(t, "head"), text.Draw(t, "old"), text.Draw(t, "tail")
		src := head + old + tail
		edits := []rewrite.Edit{edit(len(head), len(head)+len(old), text.Draw(t, "new"))}
		trimmed := rewrite.Trim([]byte(src), edits)
		if got, want := mustApply(t, src, trimmed), mustApply(t, src, edits); got != want {
			t.Fatalf("%v gives %q, want %q", trimmed, got, want)
		}
		for _, e := range trimmed {
			if !utf8.ValidString(src[:e.Span.Start]) || !utf8.ValidString(src[e.Span.End:]) || !utf8.ValidString(e.New) {
				t.Fatalf("%v cuts a rune of %q", e, src)
			}
		}
	})
}

// failer is what *testing.T and *rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustApply(t failer, src string, edits []rewrite.Edit) string {
	t.Helper()
	out, err := rewrite.Apply([]byte(src), edits)
	if err != nil {
		t.Fatalf("apply %v: %v", edits, err)
	}
	return string(out)
}

// checkComposed holds what Compose promises for these two rounds.
func checkComposed(t failer, a string, first, second []rewrite.Edit) {
	t.Helper()
	both, err := rewrite.Compose(first, second)
	if err != nil {
		t.Fatalf("compose: %v", err)
	}
	want := mustApply(t, mustApply(t, a, first), second)
	if got := mustApply(t, a, both); got != want {
		t.Fatalf("%v gives %q, want %q", both, got, want)
	}
	for i, e := range both {
		if e.Span.Len() == 0 && e.New == "" {
			t.Fatalf("%v does nothing", e)
		}
		if i > 0 && both[i-1].Span.End >= e.Span.Start {
			t.Fatalf("%v and %v touch", both[i-1], e)
		}
	}
	kept := survivors(survivors(offsets(len(a)), first), second)
	if diff := cmp.Diff(kept, survivors(offsets(len(a)), both)); diff != "" {
		t.Fatalf("bytes of the source that no round replaced (-want +got):\n%s", diff)
	}
}

// inserted stands for a byte that comes from an edit.
const inserted = -1

func offsets(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// survivors does to the origins of bytes what Apply does to the bytes.
func survivors(origins []int, edits []rewrite.Edit) []int {
	edits, _ = rewrite.Sort(edits)
	for _, e := range slices.Backward(edits) {
		origins = slices.Replace(origins, e.Span.Start, e.Span.End, slices.Repeat([]int{inserted}, len(e.New))...)
	}
	return origins
}

// drawEdits draws edits of a text of n bytes, in any order.
func drawEdits(t *rapid.T, label string, n int) []rewrite.Edit {
	program := rapid.SliceOfN(rapid.ByteRange(0, 12), 0, 18).Draw(t, label)
	edits := decodeEdits(n, program)
	if len(edits) < 2 {
		return edits
	}
	return rapid.Permutation(edits).Draw(t, label+" order")
}

// decodeEdits reads edits of a text of n bytes off the program: three bytes say how far to go on, how much to
// replace and by which text.
func decodeEdits(n int, program []byte) []rewrite.Edit {
	texts := []string{"", "x", "a\n", "\n", "  - a\r\n", "é", "b", "\n  b: 1\n", "\r", "a: 1"}
	var edits []rewrite.Edit
	at := 0
	for step := range slices.Chunk(program, 3) {
		if len(step) < 3 {
			break
		}
		start := min(at+int(step[0]), n)
		end := min(start+int(step[1])%24, n)
		edits = append(edits, edit(start, end, strings.Repeat(texts[int(step[2])%len(texts)], 1+int(step[2])/100)))
		at = end
	}
	return edits
}

func TestShift(t *testing.T) {
	t.Parallel()
	edits := []rewrite.Edit{edit(2, 2, "++"), edit(4, 8, "new"), edit(9, 10, "")}
	tests := []struct {
		name         string
		offset, want int
	}{
		{"ahead of all edits", 1, 1},
		{"at an insertion", 2, 4},
		{"between two edits", 3, 5},
		{"at the start of a replaced span", 4, 6},
		{"inside of a replaced span", 7, 6},
		{"at its end", 8, 9},
		{"at the end of a removed span", 10, 10},
		{"behind all edits", 20, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := rewrite.Shift(edits, tt.offset); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
