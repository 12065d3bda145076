package shell

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrites(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"echo", "echo 'a $b' c > f", []string{"f: a $b c ['a $b' c] echo 'a $b' c > f"}},
		{"echo that appends", `echo -n "a" >> "$F"`, []string{`$F+: a ["a"] echo -n "a" >> "$F"`}},
		{"echo with escapes", `echo -e "a\nb" > f`, []string{
			`f: a ["a\nb"] echo -e "a\nb" > f`,
			`f: b ["a\nb"] echo -e "a\nb" > f`,
		}},
		{"echo of several lines", "echo 'a\nb' > f", []string{"f: a ['a] echo 'a\nb' > f", "f: b [b'] echo 'a\nb' > f"}},
		{"printf", `printf 'k=%s\n' "$K" v > f`, []string{
			`f: k=$K ['k=%s\n' "$K" v] printf 'k=%s\n' "$K" v > f`,
			`f: k=v ['k=%s\n' "$K" v] printf 'k=%s\n' "$K" v > f`,
		}},
		{"printf with width and percent", `printf '%-5s 100%%' "$K" > f`, []string{
			`f: $K 100% ['%-5s 100%%' "$K"] printf '%-5s 100%%' "$K" > f`,
		}},
		{"printf without arguments", `printf "a\n" > f`, []string{`f: a ["a\n"] printf "a\n" > f`}},
		{"tee", "echo a | sudo tee -a f g > /dev/null", []string{
			"f+: a [a] echo a | sudo tee -a f g > /dev/null",
			"g+: a [a] echo a | sudo tee -a f g > /dev/null",
		}},
		{"tee with a here-document", "tee f <<EOF\na\nEOF\n", []string{"f: a [a\n] tee f <<EOF"}},
		{"cat", "cat <<EOF > f\n[d]\nk = $K\nEOF\necho\n", []string{
			"f: [d] [[d]\n] cat <<EOF > f",
			"f: k = $K [k = $K\n] cat <<EOF > f",
		}},
		{"cat into tee", "cat <<EOF | tee f\na\nEOF\n", []string{"f: a [a\n] cat <<EOF | tee f"}},
		{"escaped here-document", "cat \\<<EOF >> f\na\nEOF\n", []string{"f+: a [a\n] cat \\<<EOF >> f"}},
		{"tabs taken off", "cat <<-EOF > f\n\ta\n\tEOF\n", []string{"f: a [\ta\n] cat <<-EOF > f"}},
		{"here-string", "cat <<< 'a' > f", []string{"f: a ['a'] cat <<< 'a' > f"}},
		{"group", "{ echo a; echo b; } > f", []string{
			"f: a [a] echo a < { echo a; echo b; } > f",
			"f: b [b] echo b < { echo a; echo b; } > f",
		}},
		{"group into tee", "{ echo a; } | tee f", []string{"f: a [a] echo a < { echo a; } | tee f"}},
		{"loop", "for x in 1; do echo $x; done > f", []string{"f: $x [$x] echo $x < for x in 1; do echo $x; done > f"}},
		{"inner script", `sudo bash -c 'echo a > f'`, []string{"f: a [a] echo a > f"}},
		{"to the log", "echo a; echo b >&2; cat f > g", nil},
		{"through a filter", "echo a | base64 -d > f", nil},
		{"captured", "x=$(echo a) > f", nil},
		{"descriptor", "echo a 2> f", nil},
		{"cat of a file with a here-document", "cat g <<EOF > f\na\nEOF\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range parse(t, tt.text).Writes() {
				for _, l := range w.Lines {
					got = append(got, describeWrite(tt.text, w, l))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

// describeWrite is "file: line [its source] < what has the redirection", the latter unless it is what is to be removed.
func describeWrite(text string, w Write, l Line) string {
	out := w.File.Value
	if w.Append {
		out += "+"
	}
	out += ": " + l.Text + " [" + text[l.Span.Start:l.Span.End] + "] " + text[w.Stmt.Start:w.Stmt.End]
	if w.Outer != w.Stmt {
		out += " < " + text[w.Outer.Start:w.Outer.End]
	}
	return out
}

func TestBashEnv(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string
	}{
		{"single quotes", "echo 'export A=$B' >> $BASH_ENV", []string{"A=$B x ['export A=$B']"}},
		{"double quotes", `echo "export A=\"x y\"" >> "${BASH_ENV}"`, []string{`A=x y x ["export A=\"x y\""]`}},
		{"unquoted", "echo export A=$B >> $BASH_ENV", []string{"A=$B x [export A=$B]"}},
		{"printf", `printf 'export A=%s\n' "$B" >> $BASH_ENV`, []string{`A=$B x ['export A=%s\n' "$B"]`}},
		{"tee", "echo 'export A=1' | tee -a $BASH_ENV", []string{"A=1 x ['export A=1']"}},
		{"here-document", "cat >>$BASH_ENV <<EOF\nexport A=1\n# c\nexport B=$C\nEOF\n", []string{
			"A=1 x [export A=1\n]", "B=$C x [export B=$C\n]",
		}},
		{"here-document escaped for CircleCI", "cat >>\"$BASH_ENV\" \\<<EOF\nexport A=1\nEOF\n", []string{"A=1 x [export A=1\n]"}},
		{"group", "{ echo export A=1; echo B=2; } >> $BASH_ENV", []string{"A=1 x [export A=1]", "B=2 [B=2]"}},
		{"two in one text", "echo 'export A=1; export B=2 C=3' >> $BASH_ENV", []string{
			"A=1 x ['export A=1; export B=2 C=3']", "B=2 x ['export A=1; export B=2 C=3']", "C=3 x ['export A=1; export B=2 C=3']",
		}},
		{"several lines in quotes", "echo 'export A=1\nexport B=2' >> $BASH_ENV", []string{"A=1 x ['export A=1]", "B=2 x [export B=2']"}},
		{"substitution", `echo "export A=$(aws sts x)" >> $BASH_ENV`, []string{`A=$(aws sts x) x ["export A=$(aws sts x)"]`}},
		{"expression", `echo "export A=<< parameters.x >>" >> $BASH_ENV`, []string{`A=<< parameters.x >> x ["export A=<< parameters.x >>"]`}},
		{"line that does not parse beside one that does", "cat >> $BASH_ENV <<EOF\nexport A='\nexport B=2\nEOF\n", []string{"B=2 x [export B=2\n]"}},
		{"prefix of a command", "echo 'A=1 cmd' >> $BASH_ENV", nil},
		{"unset", "echo 'unset A' >> $BASH_ENV", nil},
		{"other file", "echo 'export A=1' >> f$BASH_ENV", nil},
		{"name in single quotes", "echo 'export A=1' >> '$BASH_ENV'", nil},
		{"redirected export writes nothing", "export A=1 >> $BASH_ENV", nil},
		{"source", "source $BASH_ENV", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, v := range parse(t, tt.text).BashEnv() {
				line := fmt.Sprintf("%s=%s", v.Name, v.Value.Value)
				if v.Exported {
					line += " x"
				}
				got = append(got, fmt.Sprintf("%s [%s]", line, tt.text[v.Line.Span.Start:v.Line.Span.End]))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}
