package shell

import "testing"

func TestInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		script, text string
		given        bool
	}{
		{"p", "", false},
		{"p >out", "", false},
		{"p <<EOF\n$A\n\nb\nEOF", "$A\n\nb", true},
		{"p <<< \"$A\nb\"", "$A\nb", true},
		{"p < file", "", true},
		{"printf '%s\\n' \"$A\" b | p", "$A\nb", true},
		{"echo -e \"$A\\nb\" | p", "$A\nb", true},
		{"(echo $A; echo; echo b) | p", "$A\n\nb", true},
		{"cat <<EOF | p\n$A\nb\nEOF", "$A\nb", true},
		{"get | p", "", true},
		{"echo $A | tee log | p", "", true},
	} {
		script, err := Parse(test.script)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range script.Calls() {
			if c.Name() != "p" {
				continue
			}
			lines, given := script.Input(c)
			if text := (Write{Lines: lines}).Text(); text != test.text || given != test.given {
				t.Errorf("%q: Input = %q, %v; want %q, %v", test.script, text, given, test.text, test.given)
			}
		}
	}
}
