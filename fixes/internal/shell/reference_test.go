package shell

import (
	"errors"
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script, want string }{
		{"alone", "x --token SECRET --y", `x --token "$V" --y`},
		{"behind an equals sign", "x --token=SECRET", `x --token="$V"`},
		{"inside a word", "curl -u bot:SECRET@h", `curl -u bot:"$V"@h`},
		{"assignment", "export A=SECRET", `export A="$V"`},
		{"double quotes", `x "a: SECRET" b`, `x "a: $V" b`},
		{"double quotes, a name follows", `x "SECRET_b"`, `x "${V}_b"`},
		{"double quotes, an index follows", `x "SECRET[0]"`, `x "${V}[0]"`},
		{"single quotes", `x 'a: SECRET b'`, `x 'a: '"$V"' b'`},
		{"single quotes, all of it", `x 'SECRET'`, `x "$V"`},
		{"single quotes, at the end", `x 'a: SECRET'`, `x 'a: '"$V"`},
		{"single quotes, at the start", `x 'SECRET:b'`, `x "$V"':b'`},
		{"here-document", "cat > f <<E\na=SECRET\nE\n", "cat > f <<E\na=$V\nE\n"},
		{"here-string", `x <<< SECRET`, `x <<< "$V"`},
		{"here-string in quotes", `x <<< "SECRET"`, `x <<< "$V"`},
		{"substitution", `y=$(x SECRET)`, `y=$(x "$V")`},
		{"loop", "for i in SECRET; do x $i; done", `for i in "$V"; do x $i; done`},
		{"here-document in quotes", "cat <<'E'\na=SECRET\nE\n", ""},
		{"inner script", `bash -c 'x SECRET'`, ""},
		{"default value", `x "${A:-SECRET}"`, ""},
		{"escapes of its own", `x $'a SECRET'`, ""},
		{"comment", "x # SECRET\n", ""},
		{"pattern", "case $x in SECRET) y ;; esac", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script, err := Parse(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			at := strings.Index(tt.script, "SECRET")
			edit, err := script.Reference(Span{at, at + len("SECRET")}, "V")
			if refused := (*RefusedError)(nil); tt.want == "" {
				if !errors.As(err, &refused) {
					t.Errorf("not refused: %v, %+v", err, edit)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := script.Apply([]Edit{edit}); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
