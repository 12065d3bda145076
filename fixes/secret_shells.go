package fixes

import (
	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// powerShell runs the steps of a job on Windows that says nothing else.
const powerShell = "powershell.exe"

// foreignShell is the shell of a job that runs the step and is none of POSIX, "" for none. A shell of the step itself
// counts in all of them.
func foreignShell(s *circle.Step) string {
	if s.Shell().Exists() {
		return ""
	}
	for _, j := range s.Jobs() {
		if text := foreignShellOf(j); text != "" {
			return text
		}
	}
	return ""
}

// foreignShell is the same for the jobs of the entries that run the secret.
func (b *secretFix) foreignShell() string {
	for _, use := range b.entries {
		if j := use.Job(); j != nil && foreignShellOf(j) != "" {
			return foreignShellOf(j)
		}
	}
	return ""
}

// foreignShellOf is a shell that a job gives its steps and that is none of POSIX, "" for none.
func foreignShellOf(j *circle.Job) string {
	for _, text := range shellsOf(j) {
		if !shell.Supported(text) {
			return text
		}
	}
	return ""
}

// shellsOf are the shells that a job gives its steps, as far as the file shows: its own, the one that the executor has or
// is given, or that of Windows.
func shellsOf(j *circle.Job) []string {
	ref, written := j.ExecutorRef(), j.Shell()
	if !written.Exists() {
		written = ref.Args.Get("shell")
	}
	if written.Exists() {
		texts, _ := j.Values(written)
		return texts
	}
	if onWindows(&unit{job: j}) {
		return []string{powerShell}
	}
	if ref.Known {
		return nil
	}
	var out []string
	names, _ := j.Values(ref.Node)
	for _, name := range names { // that a parameter may choose
		out = append(out, executorShell(j.Config(), name))
	}
	return out
}

// executorShell is the shell that an executor gives its jobs, "" for the usual one.
func executorShell(c *circle.Config, name string) string {
	x := c.ExecutorByName(name)
	if x != nil && x.Shell().Exists() {
		text, _ := circle.Known(x.Shell())
		return text
	}
	if windowsExecutor(c, name) || x != nil && windowsMachine(x.Machine(), x.ResourceClass()) {
		return powerShell
	}
	return ""
}

// notPOSIX says why a script is not edited.
func notPOSIX(name string) string {
	return "the script is run by " + name + ", which refers to variables in its own way"
}
