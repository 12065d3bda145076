package git

import (
	"fmt"
	"strings"
	"testing"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	const base, tree, message = "b0b0", "7ee7", "Subject\n\n- a line\nCfgfix-Base: not this one"
	commit := func(parent, tree, text string) string {
		return fmt.Sprintf("tree %s\nparent %s\nauthor A <a@b> 1 +0000\n\n%s", tree, parent, text)
	}
	sealed := seal(message, base, base, tree)
	tests := map[string]struct {
		raw  string
		want bool
	}{
		"as it was made":       {commit(base, tree, sealed), true},
		"other files":          {commit(base, "bad1", sealed), false},
		"rebased":              {commit("bad1", tree, sealed), false},
		"another message":      {commit(base, tree, "X"+sealed), false},
		"more behind the seal": {commit(base, tree, sealed+"Reviewed-by: Pat\n"), false},
		"without a seal":       {commit(base, tree, message), false},
		"a merge":              {strings.Replace(commit(base, tree, sealed), "author", "parent bad1\nauthor", 1), false},
		"empty":                {"", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ok := open("id", tt.raw)
			if ok != tt.want {
				t.Errorf("sealed: %v, want %v", ok, tt.want)
			}
			if ok && (c.Message != message || c.base != base || c.parent != base) {
				t.Errorf("%+v", c)
			}
		})
	}
}
