package fixes

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"cfgfix/rewrite"
)

// hostile are sources that are made to cost much. want is part of the error, "" where the engine has to cope.
var hostile = []struct {
	name string
	src  func() string
	want string
}{
	{"aliases of aliases, ten to the tenth strings", func() string {
		var b strings.Builder
		b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
		for i := 1; i < 10; i++ {
			fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
		}
		return b.String() + "# aws\njobs:\n  deploy:\n    environment: *a9\n    steps: *a9\n"
	}, "number of steps that a job runs is over the bound"},
	{"merges of merges", func() string {
		var b strings.Builder
		b.WriteString("m0: &m0 {AWS_ACCESS_KEY_ID: $A_KEY, AWS_SECRET_ACCESS_KEY: $A_SECRET}\n")
		for i := 1; i < 30; i++ {
			fmt.Fprintf(&b, "m%d: &m%d {<<: [*m%d, *m%d], k%d: v}\n", i, i, i-1, i-1, i)
		}
		return b.String() + "jobs:\n  deploy:\n    environment:\n      <<: *m29\n    steps: [run: aws s3 ls]\n"
	}, ""},
	{"steps of steps by aliases", func() string {
		var b strings.Builder
		b.WriteString("s0: &s0\n  - run: aws s3 ls\n  - run: aws s3 ls s3://site\n")
		for i := 1; i < 24; i++ {
			fmt.Fprintf(&b, "s%d: &s%d\n  - when: {condition: true, steps: *s%d}\n  - when: {condition: true, steps: *s%d}\n", i, i, i-1, i-1)
		}
		return b.String() + "jobs:\n  deploy:\n    steps: *s23\n"
	}, "number of steps that a job runs is over the bound"},
	{"commands that call commands twice each", func() string {
		var b strings.Builder
		b.WriteString("version: 2.1\ncommands:\n  c0:\n    steps: [run: aws s3 ls]\n")
		for i := 1; i < 30; i++ {
			fmt.Fprintf(&b, "  c%d:\n    steps: [c%d, c%d]\n", i, i-1, i-1)
		}
		return b.String() + "jobs:\n  deploy:\n    docker: [{image: cimg/base:current}]\n    steps: [c29]\n"
	}, "number of steps that a job runs is over the bound"},
	{"commands that call each other", func() string {
		return "version: 2.1\ncommands:\n  a: {steps: [b, run: aws s3 ls]}\n  b: {steps: [a, b]}\njobs:\n  deploy: {docker: [{image: x}], steps: [a, b]}\n"
	}, ""},
	{"commands in a long chain", func() string { return commandRing(20_000) + "  start:\n    docker: [{image: x}]\n    steps: [c0]\n" }, "depth of steps inside steps is over the bound"},
	{"commands in a ring", func() string { return commandRing(20_000) }, "number of places to look for users of something is over the bound"},
	{"many jobs that run many steps", func() string {
		return "version: 2.1\ncommands:\n  c:\n    steps:\n" + repeated(4000, "      - run: make part-%d\n") + "jobs:\n" + repeated(4000, "  job-%[1]d: {docker: [{image: x}], steps: [c, run: aws s3 ls]}\n")
	}, "number of steps that all jobs run is over the bound"},
	{"many findings in a job with many steps", func() string {
		return "version: 2.1\ncommands:\n" + repeated(4000, "  c%d: {steps: [run: 'export AWS_ACCESS_KEY_ID=$A AWS_SECRET_ACCESS_KEY=$B; aws s3 ls']}\n") +
			"jobs:\n  deploy:\n    docker: [{image: cimg/base:current}]\n    steps:\n" + repeated(4000, "      - c%d\n")
	}, "number of steps that are looked at for findings in their jobs is over the bound"},
	{"many variables that many jobs share", func() string {
		return "version: 2.1\nx: &shared\n" + repeated(4000, "  URL_%[1]d: https://api-%[1]d.corp.internal\n") + "jobs:\n" +
			repeated(4000, "  job-%d: {docker: [{image: x}], environment: *shared, steps: [run: 'curl $URL_%[1]d']}\n")
	}, "number of variables in the environments of all jobs is over the bound"},
	{"many variables of an executor of many jobs", func() string {
		return "version: 2.1\nexecutors:\n  e:\n    docker: [{image: x}]\n    environment:\n" + repeated(4000, "      URL_%[1]d: https://api-%[1]d.corp.internal\n") + "jobs:\n" +
			repeated(4000, "  job-%d: {executor: e, steps: [run: 'curl $URL_%[1]d']}\n")
	}, "number of variables in the environments of all jobs is over the bound"},
	{"many images that many jobs share", func() string {
		return "version: 2.1\nx: &shared\n" + repeated(4000, "  - image: registry-%[1]d.corp.internal/app\n") + "jobs:\n" +
			repeated(4000, "  job-%d: {docker: *shared, steps: [run: 'curl http://app']}\n")
	}, "number of images of all jobs is over the bound"},
	{"a script with thousands of secrets", func() string {
		return oneJob("      - run: |\n" + repeated(3000, "          curl -H 'Authorization: Bearer q7Rk2mX9vB4nT8wZ1cL6pD3s%04d' https://api.example.com\n"))
	}, ""},
	{"a script with thousands of tokens for later steps", func() string {
		return oneJob("      - run: |\n" + repeated(5000, "          echo 'export NPM_TOKEN=$NPM_TOKEN_%d' >> $BASH_ENV\n") + "          npm publish\n")
	}, ""},
	{"a secret among many words of one command", func() string {
		return oneJob("      - run: deploy" + repeated(60_000, " wordword-%05d") + " --token=q7Rk2mX9vB4nT8wZ1cL6pD3s0001\n")
	}, ""},
	{"thousands of jobs on ARM", func() string {
		return "version: 2.1\njobs:\n" + repeated(4000, "  job-%d: {docker: [{image: x}], resource_class: arm.medium, steps: [run: 'curl https://x.corp.internal']}\n")
	}, ""},
	{"an alias inside its own anchor", func() string { return "jobs: &a\n  deploy:\n    steps: [*a]\n" }, ""},
	{"a merge of itself", func() string { return "jobs:\n  deploy: &a\n    <<: *a\n    steps: [run: aws s3 ls]\n" }, ""},
	{"flow collections, 100,000 deep", func() string {
		return "jobs: " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	}, "exceeded max depth"},
	{"block mappings, 3,000 deep", func() string {
		var b strings.Builder
		for i := range 3000 {
			b.WriteString(strings.Repeat(" ", i) + "jobs:\n")
		}
		return b.String()
	}, ""},
	{"steps in conditions, 2,000 deep", func() string {
		return "jobs: {a: {steps: " + strings.Repeat("[when: {condition: x, steps: ", 2000) + "[run: aws s3 ls]" + strings.Repeat("}]", 2000) + "}}"
	}, "depth of steps inside steps is over the bound"},
	{"larger than is read", func() string { return "jobs: {}\n" + strings.Repeat("#\n", rewrite.MaxSize/2) }, "file size in bytes is over the bound"},
	{"a line of a megabyte", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: aws s3 ls " + strings.Repeat("x ", 500_000) + "\n"
	}, ""},
	{"a word of a megabyte", func() string {
		return "jobs:\n  a:\n    environment: {AWS_ACCESS_KEY_ID: " + strings.Repeat("A", 1_000_000) + "}\n    steps: [run: aws s3 ls]\n"
	}, ""},
	{"100,000 keys", func() string {
		var b strings.Builder
		b.WriteString("jobs:\n  a:\n    steps: [run: aws s3 ls]\n    environment:\n")
		for i := range 100_000 {
			fmt.Fprintf(&b, "      K%d: v\n", i)
		}
		return b.String()
	}, ""},
	{"10,000 exports in one script", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: |\n" +
			strings.Repeat("          export AWS_ACCESS_KEY_ID=$A_KEY AWS_SECRET_ACCESS_KEY=$A_SECRET\n", 10_000)
	}, ""},
	{"a shell script of parentheses", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: aws s3 ls " + strings.Repeat("$(", 20_000) + "\n"
	}, ""},
	{"a shell script of nested substitutions", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: '" + strings.Repeat("$(echo ", 3000) + "aws s3 ls" + strings.Repeat(")", 3000) + "'\n"
	}, ""},
	{"a shell script of braces and quotes", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: '" + strings.Repeat("{ \"${x:-", 5000) + "'\n"
	}, ""},
	{"here-documents without end", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: |\n" + strings.Repeat("          cat <<EOF >> $BASH_ENV\n", 5000)
	}, ""},
	{"expressions without end", func() string {
		return "jobs:\n  a:\n    steps:\n      - run: aws s3 ls " + strings.Repeat("<< ", 100_000) + "\n"
	}, ""},
	{"100,000 comments that look like suppressions", func() string {
		return "jobs:\n  a:\n    steps: [run: aws s3 ls]\n" + strings.Repeat("# cfgfix: ignore[aws-static-keys]\n", 20_000)
	}, ""},
	{"worst cases of patterns", func() string {
		return "jobs:\n  a:\n    environment:\n      KEY: " + strings.Repeat("AKIA", 100_000) + "\n      URL: https://" + strings.Repeat("a.", 100_000) +
			"internal\n      AT: x" + strings.Repeat("@", 100_000) + "\n    steps: [run: \"curl " + strings.Repeat("10.", 100_000) + "\"]\n"
	}, ""},
	{"NUL and control characters", func() string { return "jobs:\x00\x01\x02" }, "control characters"},
}

// commandRing is a config with commands that each call the next, and the last one the first, and a section for jobs.
func commandRing(n int) string {
	var b strings.Builder
	b.WriteString("version: 2.1\ncommands:\n")
	for i := range n {
		fmt.Fprintf(&b, "  c%d: {steps: [run: 'curl https://x.corp.internal', c%d]}\n", i, (i+1)%n)
	}
	return b.String() + "jobs:\n  other: {docker: [{image: x}], steps: [checkout]}\n"
}

// TestHostile shows that nothing costs without bound: a run that is not done within three minutes, or that needs more than
// 2 GB, fails. What it takes in seconds is for the benchmarks.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("parses large sources")
	}
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			src := tt.src()
			done := make(chan *FileResult, 1)
			begin := time.Now()
			go func() { done <- (&Engine{Rules: All(), Explain: true}).Run([]byte(src), nil) }()
			select {
			case r := <-done:
				runtime.ReadMemStats(&after)
				t.Logf("%d bytes: %s, %d findings, %v, %d MB allocated", len(src), r.Status, len(r.Results),
					time.Since(begin).Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
				if after.Sys > 2<<30 {
					t.Errorf("%d MB in use", after.Sys>>20)
				}
				checkHostile(t, r, src, tt.want)
			case <-time.After(3 * time.Minute):
				t.Fatal("no end within three minutes")
			}
		})
	}
}

func checkHostile(t *testing.T, r *FileResult, src, want string) {
	t.Helper()
	if want != "" {
		if r.Err == nil || !strings.Contains(r.Err.Error(), want) {
			t.Errorf("error %v, want %q", r.Err, want)
		}
		return
	}
	if r.Err != nil {
		t.Errorf("error %v", r.Err)
	}
	if r.Status == Unchanged && string(r.Output) != src {
		t.Error("an unchanged file has another text")
	}
}
