package fixes

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestTriggers shows that leaving out rules whose words a source lacks changes no result: over a third of
// the golden cases, and of the corpus where it is there, and over all of them with -full.
func TestTriggers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs all rules on thousands of sources")
	}
	sources := map[string][]byte{}
	cases, err := filepath.Glob("../golden/*/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, path := range cases {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			sources[path+"/"+f.Name] = f.Data
		}
	}
	configs, _ := filepath.Glob("../../shared/corpus/configs/*")
	for _, path := range configs {
		if sources[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	facts := &Facts{Contexts: []ContextFact{{Name: "all", Provides: []string{"*"}}}, Runner: RunnerFacts{ResourceClass: "acme/linux"}}
	routed := *facts
	routed.Network.Internal = []string{"*.acme.example"}
	left := 0
	for name, src := range sources {
		if !*full && seed(name)%3 != 0 {
			continue
		}
		for _, facts := range []*Facts{facts, &routed} {
			with, without := Engine{Rules: All()}, Engine{Rules: All(), untriggered: true}
			left += len(All()) - len(with.triggered(src, facts))
			if diff := cmp.Diff(summaryOf(without.Run(src, facts)), summaryOf(with.Run(src, facts))); diff != "" {
				t.Errorf("%s: with triggers (+) another result than without (-):\n%s", name, diff)
			}
		}
	}
	t.Logf("%d sources: on average %.1f of %d rules were left out", len(sources), float64(left)/float64(2*len(sources)), len(All()))
	if left == 0 {
		t.Error("no source lacks the words of any rule: the test shows nothing")
	}
}

func summaryOf(r *FileResult) []string {
	out := []string{string(r.Status), string(r.Output)}
	for _, x := range r.Results {
		out = append(out, x.Key()+" "+string(x.Status)+" "+x.Why)
	}
	return out
}

// TestMayHoldSecret shows the same for scripts, put together at random: of those that are read no closer, none has a
// finding.
func TestMayHoldSecret(t *testing.T) {
	t.Parallel()
	parts := [][]string{
		{"", "export ", "echo ", "echo \"", "curl -H '", "curl -u ", "docker login -p ", "mysql -h git.acme.com -p", "openssl enc -pass pass:", "cf auth me ", "tool ", "cat > ~/.netrc <<EOF\n", "tee -a .npmrc <<< \"", "git clone https://"},
		{"token", "PASSWORD", "APP_API_KEY", "--token", "--password-stdin", "_authToken", "sonar.login", "X-Api-Key", "Authorization", "machine h login ci password", "x-access-token"},
		{"", "\"", "\\\"", " "},
		{"=", "=", ":", ": ", " ", "", "+=", " = ", " \\\n"},
		{"", "\"", "'", "'\"", "\\\"", "Bearer ", "basic ", "Token '\""},
		{
			"$SITE_TOKEN", "${SITE_TOKEN}", "${SITE_TOKEN:-", "<< parameters.token >>", "$K3YA1B9C3D7E5F6G7H2", "$2y$10$", "true", "",
			"K3yA1b9C3d7E5f6G7h2", "k3yA1b9C3d7E", "Summer-2026", "c2l0ZTpLM3lBMWI5QzNkN0U1ZjZHN2gy", "glpat-K3yA1b9C3d7E5f6G7h2x", "ci:K3yA1b9C3d7E",
			`{"auths": {"git.acme.com": {"auth": "c2l0ZTpTdW1tZXI="}}}`,
			"-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("K3yA1b9C3d7E", 8) + "\n-----END RSA PRIVATE KEY-----",
		},
		{"", "k3yA1b9C3d7E", "$SITE_TOKEN", "}", "@git.acme.com", "@git.acme.com/"},
		{"", "\"", "'", "\"'", "\\\"", "\nEOF\n", "\" > .pypirc", " https://git.acme.com", ";", "&x=1"},
	}
	random := rand.New(rand.NewPCG(3, 4))
	left, found := 0, 0
	tries := 60_000
	if testing.Short() {
		tries = 15_000
	}
	for range tries {
		script := ""
		for _, choices := range parts {
			if random.IntN(2) == 0 || choices[0] != "" {
				script += choices[random.IntN(len(choices))]
			}
		}
		if secretTables().mayHoldSecret(script) {
			found++
			continue
		}
		left++
		src := []byte("version: 2.1\njobs:\n  a:\n    docker: [{image: cimg/base:2026.01}]\n    steps:\n      - run: " + strconv.Quote(script) + "\n")
		engine := Engine{Rules: []*Rule{inlineSecret}, untriggered: true}
		if r := engine.Run(src, nil); len(r.Results) > 0 {
			t.Errorf("%q may not hold a secret, but %s", script, r.Results[0].Message)
		}
	}
	if left < 1000 || found < 1000 {
		t.Errorf("%d scripts would be left out and %d read: the test shows little", left, found)
	}
}
