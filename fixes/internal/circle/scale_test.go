package circle

import (
	"fmt"
	"strings"
	"testing"
)

// Each source would take ages if a shared place were read once per path that leads to it.
func TestScale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		src  func() string
	}{
		{"step lists nested by alias, doubled 60 times", func() string {
			return doubled("[checkout]", "[{when: {steps: *%[3]s}}, {unless: {steps: *%[3]s}}]") + "jobs: {j: {steps: *x60}}\n"
		}},
		{"commands that call the one before twice", func() string {
			var b strings.Builder
			b.WriteString("jobs: {j: {steps: [c60]}}\ncommands:\n  c0: {steps: [checkout]}\n")
			for i := 1; i <= 60; i++ {
				fmt.Fprintf(&b, "  c%d: {steps: [c%d, c%d]}\n", i, i-1, i-1)
			}
			return b.String()
		}},
		{"inline orbs nested by alias", func() string {
			return doubled("{commands: {c: {steps: [checkout]}}}", "{orbs: {a: *%[3]s, b: *%[3]s}}") + "orbs: {o: *x60}\n"
		}},
		{"environment lists nested by alias", func() string {
			return doubled("{A: b}", "[*%[3]s, *%[3]s]") + "jobs: {j: {environment: *x60}}\n"
		}},
		{"one environment merged by 1000 jobs", func() string {
			var b strings.Builder
			b.WriteString("env: &env\n")
			for i := range 1000 {
				fmt.Fprintf(&b, "  V%d: x\n", i)
			}
			b.WriteString("jobs:\n")
			for i := range 1000 {
				fmt.Fprintf(&b, "  j%d: {environment: {<<: *env}}\n", i)
			}
			return b.String()
		}},
		{"one defaults mapping merged by 5000 jobs", func() string {
			var b strings.Builder
			b.WriteString("defaults: &defaults {docker: [{image: i}], steps: [checkout], environment: {A: b}}\njobs:\n")
			for i := range 5000 {
				fmt.Fprintf(&b, "  j%d: {<<: *defaults}\n", i)
			}
			return b.String()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			exercise(t, parse(t, tt.src()))
		})
	}
}

// doubled are the anchors x0 to x60, of which each uses the one before as the form says.
func doubled(first, form string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "x0: &x0 %s\n", first)
	for i := 1; i <= 60; i++ {
		fmt.Fprintf(&b, "x%d: &x%d "+form+"\n", i, i, fmt.Sprintf("x%d", i-1))
	}
	return b.String()
}
