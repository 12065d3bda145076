package fixes

import "testing"

func TestRedacted(t *testing.T) {
	t.Parallel()
	if got := redacted("AKIAABCDEFGHIJKLMNOP"); got != "AKIA…" {
		t.Errorf("want AKIA…, got %s", got)
	}
	if got := redacted("short"); got != "…" {
		t.Errorf("want …, got %s", got)
	}
}
