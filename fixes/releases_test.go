package fixes

import (
	"fmt"
	"testing"
)

// check refuses a range whose ends are no releases, or of which nothing is left.
func (x releaseRange) check() error {
	for _, end := range []string{x.From, x.Below} {
		if end != "" && string(releaseOf(end)) != "v"+end {
			return fmt.Errorf("%v: %q is no whole release", x, end)
		}
	}
	if x.From != "" && x.Below != "" && !releaseOf(x.From).before(releaseOf(x.Below)) {
		return fmt.Errorf("%v holds no release", x)
	}
	return nil
}

func TestReleases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text          string
		least, newest release
	}{
		{"1.2.3", "v1.2.3", "v1.2.3"},
		{"v20.11.1", "v20.11.1", "v20.11.1"},
		{"3.1", "v3.1.0", "v3.1.999"},
		{"24", "v24.0.0", "v24.999.999"},
		{"1.2.3-rc.1", "v1.2.3-rc.1", "v1.2.3-rc.1"},
		{"1.2.3+build", "v1.2.3", "v1.2.3"},
		{"", "", ""},
		{"vv1", "", ""},
		{"lts", "", ""},
		{"1.2.3.4", "", ""},
		{"dev:first", "", ""},
		{"<< parameters.tag >>", "", ""},
		{"99999999999999999999.1", "v99999999999999999999.1.0", "v99999999999999999999.1.999"},
	} {
		if got := releaseOf(tt.text); got != tt.least {
			t.Errorf("releaseOf(%q): want %q, got %q", tt.text, tt.least, got)
		}
		if got := newestOf(tt.text); got != tt.newest {
			t.Errorf("newestOf(%q): want %q, got %q", tt.text, tt.newest, got)
		}
	}
}

func TestReleaseRange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x    releaseRange
		text string
		want bool
	}{
		{releaseRange{"3.0.0", "4.0.0"}, "3.0.0", true},
		{releaseRange{"3.0.0", "4.0.0"}, "3.10.2", true},
		{releaseRange{"3.0.0", "4.0.0"}, "2.9.9", false},
		{releaseRange{"3.0.0", "4.0.0"}, "4.0.0", false},
		{releaseRange{"", "0.6.1"}, "0.6.0", true},
		{releaseRange{"9.0.0", ""}, "10.1.0", true},
		{releaseRange{}, "1.0.0", true},
		{releaseRange{}, "none", false},
	} {
		if got := tt.x.holds(releaseOf(tt.text)); got != tt.want {
			t.Errorf("%v.holds(%q): want %v, got %v", tt.x, tt.text, tt.want, got)
		}
	}
}
