package fixes

import (
	"fmt"
	"slices"
	"testing"
)

func TestOrbTables(t *testing.T) {
	t.Parallel()
	for name, table := range orbTables() {
		for i := range table.Releases {
			r := &table.Releases[i]
			if err := r.check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if r.Raise != "" && (table.release(r.Raise) == nil || !table.release(r.Raise).OIDC) {
				t.Errorf("%s: %s is raised to %s, which has no OIDC", name, r.releaseRange, r.Raise)
			}
			if r.Setup != "" && table.Setups[r.Setup].Role == "" {
				t.Errorf("%s: %s has the unknown setup %q", name, r.releaseRange, r.Setup)
			}
			for _, elements := range []map[string]string{r.Commands, r.Jobs} {
				for element, login := range elements {
					if login != loginKeys && login != loginEnvironment && login != loginAuth && login != loginOptional {
						t.Errorf("%s: %s logs in by %q", name, element, login)
					}
				}
			}
		}
		for _, version := range withMinors(table.Newest) {
			if table.release(version) == nil {
				t.Errorf("%s: no release holds %s", name, version)
			}
		}
	}
}

// withMinors are versions, and all that float over the patches of a minor before them.
func withMinors(versions []string) []string {
	out := slices.Clone(versions)
	for _, version := range versions {
		var major, minors int
		if _, err := fmt.Sscanf(version, "%d.%d.", &major, &minors); err != nil {
			panic(err)
		}
		for minor := range minors + 1 {
			out = append(out, fmt.Sprintf("%d.%d", major, minor))
		}
	}
	return out
}

func TestOrbRelease(t *testing.T) {
	t.Parallel()
	cli := orbTables()[awsCLI]
	tests := []struct {
		name, version string
		want          releaseRange
	}{
		{"exact", "2.1.0", releaseRange{"2.0.0", "3.1.0"}},
		{"the first with OIDC", "3.1.0", releaseRange{"3.1.0", "3.1.1"}},
		{"minor that floats over patches", "3.1", releaseRange{"3.1.1", "4.0.0"}},
		{"first minor that floats over patches", "4.0", releaseRange{"4.0.0", "4.1.0"}},
		{"minor with a patch that was taken back", "5.1", releaseRange{"5.1.4", "5.2.0"}},
		{"major that floats", "3", releaseRange{"3.1.1", "4.0.0"}},
		{"newest minor", "5.4", releaseRange{"5.2.0", ""}},
		{"newer than the table, known major", "5.9.2", releaseRange{"5.2.0", ""}},
		{"volatile", "volatile", releaseRange{"5.2.0", ""}},
		{"first of all", "0.1.19", releaseRange{"", "1.0.0"}},
		{"unknown major", "6.0.0", releaseRange{}},
		{"development version", "dev:first", releaseRange{}},
		{"expression", "<< pipeline.parameters.v >>", releaseRange{}},
		{"nothing", "", releaseRange{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got releaseRange
			if r := cli.release(tt.version); r != nil {
				got = r.releaseRange
			}
			if got != tt.want {
				t.Errorf("release(%q): want %v, got %v", tt.version, tt.want, got)
			}
		})
	}
}

func TestHasBash(t *testing.T) {
	t.Parallel()
	tests := []struct {
		image      string
		has, known bool
	}{
		{"cimg/aws:2025.01", true, true},
		{"circleci/golang:1.14-stretch", true, true},
		{"python:3.12", true, true},
		{"python:3.12-alpine", false, true},
		{"node:22-alpine3.20@sha256:00", false, true},
		{"528451384384.dkr.ecr.us-west-2.amazonaws.com/circleci-golang:1.13", true, true},
		{"localhost:5000/acme/ruby", true, true},
		{"hashicorp/terraform:1.9", false, true},
		{"alpine", false, true},
		{"acme/tools:3", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		if has, known := hasBash(tt.image); has != tt.has || known != tt.known {
			t.Errorf("hasBash(%q): want %v, %v, got %v, %v", tt.image, tt.has, tt.known, has, known)
		}
	}
}
