package setup

import (
	"testing"

	"cfgfix/fixes"
)

// manyRepos is a tree of repos, each with a role and a context of its own.
func manyRepos(n int) []Repo {
	var out []Repo
	for i := range n {
		name := itoa(i)
		out = append(out, Repo{"github.com", "acme/r" + name, []fixes.Resource{
			&fixes.AWSRole{Variable: "AWS_OIDC_ROLE_ARN", Use: fixes.Use{Contexts: []string{"c" + name}, Jobs: []string{"deploy"}, Keys: "keys"}, Calls: []fixes.AWSCall{{Words: words("s3 cp a s3://b" + name)}}},
			&fixes.RunnerClass{Name: "acme/inside"},
		}})
	}
	return out
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{250, 500, 1000} {
		repos := manyRepos(n)
		for _, f := range forms {
			b.Run(itoa(n)+f.file, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.text(New("main", repos))
				}
			})
		}
	}
}

// TestScale holds the cost of a plan to its size: twice the repos cost about twice as much.
func TestScale(t *testing.T) { // not parallel: it counts allocations
	if testing.Short() {
		t.Skip("makes many files")
	}
	for _, f := range forms {
		cost := func(n int) float64 {
			repos := manyRepos(n)
			return testing.AllocsPerRun(1, func() { f.text(New("main", repos)) })
		}
		if small, large := cost(100), cost(200); large > 2.5*small {
			t.Errorf("%s: %v allocations for 100 repos, %v for 200", f.file, small, large)
		}
	}
}
