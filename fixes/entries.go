package fixes

import (
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
)

// entriesOf are the contexts of each workflow entry that runs a job, where they differ.
func entriesOf(j *circle.Job) [][]string {
	if j == nil {
		return nil
	}
	var u unit
	u.addEntries(j.Uses()...)
	return u.entries
}

// orOne are the lists, or the one alone when there are none.
func orOne(lists [][]string, one []string) [][]string {
	if len(lists) == 0 {
		return [][]string{one}
	}
	return lists
}

// setOf is the same for lists with the same names, in whatever order.
func setOf(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), "\x00") }

// orNoJob are the jobs, or nil for one when there are none.
func orNoJob(jobs []*circle.Job) []*circle.Job {
	if len(jobs) == 0 {
		return []*circle.Job{nil}
	}
	return jobs
}

func jobName(j *circle.Job) []string {
	if j == nil {
		return nil
	}
	return []string{j.Name}
}
