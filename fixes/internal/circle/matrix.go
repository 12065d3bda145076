package circle

import (
	"maps"
	"slices"
	"strings"

	"cfgfix/rewrite"
)

// Matrix is the matrix of the entry, resolved; absent for none.
func (u *WorkflowJob) Matrix() rewrite.Node { return u.Get("matrix").Resolve() }

// maxMatrix is how many jobs CircleCI makes of a matrix at most.
const maxMatrix = 128

// ContextLists are the names of the contexts for each job that the entry makes: several where its matrix says which contexts.
// known is false when a name holds another expression; it stands as it is written then.
func (u *WorkflowJob) ContextLists() (lists [][]string, known bool) {
	written := []string{}
	var params []string
	known = true
	for _, c := range u.Contexts() {
		written = append(written, c.Name)
		for _, x := range Expressions(c.Name) {
			param, ok := strings.CutPrefix(x.Body, "matrix.")
			known = known && ok
			if !slices.Contains(params, param) {
				params = append(params, param)
			}
		}
	}
	if !known || len(params) == 0 {
		return [][]string{written}, known
	}
	jobs, ok := u.matrixJobs(params)
	if !ok {
		return [][]string{written}, false
	}
	for _, job := range jobs {
		names := job.in(written)
		if !slices.ContainsFunc(lists, func(o []string) bool { return slices.Equal(o, names) }) {
			lists = append(lists, names)
		}
	}
	return lists, true
}

// matrixJob is what one job of a matrix gives to parameters.
type matrixJob map[string]string

// matrixJobs are the jobs that a matrix makes, as far as some parameters tell them apart. It is not ok when the file does
// not show that. Which jobs are left out is told by all parameters.
func (u *WorkflowJob) matrixJobs(params []string) (jobs []matrixJob, ok bool) {
	excluded := u.Matrix().Get("exclude").Resolve()
	if excluded.Exists() {
		for _, e := range u.Matrix().Get("parameters").Resolve().Fields() {
			if !slices.Contains(params, e.Name()) {
				params = append(params, e.Name())
			}
		}
	}
	jobs = []matrixJob{{}}
	for _, param := range params {
		values, ok := u.matrixValues(param)
		if !ok || len(jobs)*len(values) > maxMatrix {
			return nil, false
		}
		jobs = withValues(jobs, param, values)
	}
	if excluded.Exists() {
		return leaveOut(jobs, excluded)
	}
	return jobs, true
}

// leaveOut takes the jobs that a matrix excludes out of its jobs. It is not ok when one of those does not say the value of
// each parameter, or when no job is left.
func leaveOut(jobs []matrixJob, excluded rewrite.Node) (left []matrixJob, ok bool) {
	if excluded.Kind() != rewrite.Sequence {
		return nil, false
	}
	left = slices.Clone(jobs)
	for _, e := range excluded.Entries() {
		out := matrixJob{}
		for _, field := range e.Value().Resolve().Fields() {
			text, known := Known(field.Value())
			if _, declared := jobs[0][field.Name()]; !known || !declared {
				return nil, false
			}
			out[field.Name()] = text
		}
		if len(out) != len(jobs[0]) {
			return nil, false
		}
		left = slices.DeleteFunc(left, func(job matrixJob) bool { return maps.Equal(job, out) })
	}
	return left, len(left) > 0
}

// matrixValues are the values of a parameter of the matrix, when they stand there.
func (u *WorkflowJob) matrixValues(param string) (values []string, ok bool) {
	list := u.Matrix().Get("parameters").Get(param).Resolve()
	if list.Kind() != rewrite.Sequence || list.Len() == 0 {
		return nil, false
	}
	for _, e := range list.Entries() {
		text, known := Known(e.Value())
		if !known {
			return nil, false
		}
		values = append(values, text)
	}
	return values, true
}

// withValues are the jobs once for each value of one more parameter.
func withValues(jobs []matrixJob, param string, values []string) []matrixJob {
	var out []matrixJob
	for _, job := range jobs {
		for _, value := range values {
			more := maps.Clone(job)
			more[param] = value
			out = append(out, more)
		}
	}
	return out
}

// in are names as they are in the job.
func (job matrixJob) in(names []string) []string {
	var out []string
	for _, name := range names {
		for _, x := range slices.Backward(Expressions(name)) {
			name = name[:x.Start] + job[strings.TrimPrefix(x.Body, "matrix.")] + name[x.End:]
		}
		out = append(out, name)
	}
	return out
}
