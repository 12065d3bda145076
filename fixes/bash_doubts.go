package fixes

import (
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
	"cfgfix/rewrite"
)

// bashDoubt says when the place where a unit runs may have no bash, the only shell that reads $BASH_ENV.
func bashDoubt(u *unit) *doubt {
	if u.executor != nil && len(u.executor.DockerItems()) > 0 && u.use != nil {
		return imageDoubt(u.executor.DockerItems()[0].Image())
	}
	if u.use != nil {
		return orbJobDoubt(u.use)
	}
	if u.executor != nil {
		return nil // nothing runs in it
	}
	if u.job == nil {
		return &doubt{Unsafe, "nothing in the file runs this, so where it runs is not known"}
	}
	if onWindows(u) { // whatever shell another step has
		return &doubt{Manual, "the job runs on Windows, and the setup needs bash"}
	}
	if text, ok := circle.Known(u.job.Shell()); ok && !shell.IsBash(text) {
		if shell.Supported(text) {
			return &doubt{Unsafe, "the job's shell is " + text + ", and the setup reaches later steps through bash only"}
		}
		return &doubt{Manual, "the job's shell is " + text + ", and the setup needs bash"}
	}
	if x, ok := u.job.EffectiveEnvironments().Lookup("BASH_ENV"); ok {
		return &doubt{Unsafe, "the environment says that bash reads " + x.Text + " in the place of CircleCI's own $BASH_ENV: whether what the setup leaves there reaches later steps is not known"}
	}
	items := u.job.DockerItems()
	if u.job.ShowsBash() || u.job.CountsOnBash() && !lacksBash(items) {
		return nil
	}
	switch ref := u.job.ExecutorRef(); {
	case u.job.MacOS().Exists(), u.job.Machine().Exists():
		return nil
	case len(items) > 0:
		return imageDoubt(items[0].Image())
	case ref.Known && strings.Contains(ref.Name, "/"):
		return orbExecutorDoubt(u.job, ref.Name)
	default:
		return &doubt{Unsafe, "the job's executor is chosen elsewhere: whether it has bash is not known"}
	}
}

// orbJobDoubt judges where an orb's job runs: CircleCI's own orbs run theirs in convenience images unless told otherwise.
func orbJobDoubt(use *circle.WorkflowJob) *doubt {
	orb, _, _ := use.OrbJob()
	if use.Get("executor").Exists() || orb == nil || !strings.HasPrefix(orb.Name(), "circleci/") {
		return &doubt{Unsafe, "where the orb's job runs is not shown, so whether it has bash is not known"}
	}
	return nil
}

// lacksBash reports whether the first image is known to have no bash.
func lacksBash(items []*circle.DockerItem) bool {
	if len(items) == 0 {
		return false
	}
	has, known := hasBash(items[0].Image().Value())
	return known && !has
}

// onWindows reports whether a unit's steps run on Windows, as far as the file shows.
func onWindows(u *unit) bool {
	return u.job != nil && (windowsMachine(u.job.Machine(), u.job.ResourceClass()) || windowsExecutor(u.job.Config(), u.job.ExecutorRef().Name))
}

// windowsMachine reports whether a machine, by its image or its resource class, is one with Windows.
func windowsMachine(machine, class rewrite.Node) bool {
	text := machine.Get("image").Resolve().Value() + class.Value()
	return strings.Contains(strings.ToLower(text), "windows")
}

// windowsExecutor reports whether an executor comes from the orb for Windows.
func windowsExecutor(c *circle.Config, name string) bool {
	alias, _, _ := strings.Cut(name, "/")
	orb := c.OrbByAlias(alias)
	return orb != nil && orb.Name() == windowsOrb
}

// windowsOrb has the executors of Windows.
const windowsOrb = "circleci/windows"

func imageDoubt(image rewrite.Node) *doubt {
	name, _ := splitImage(image.Value())
	if strings.Contains(name, "<<") || strings.Contains(name, "$") {
		return &doubt{Unsafe, "the image is chosen by a parameter or variable: whether it has bash is not known"}
	}
	switch has, known := hasBash(image.Value()); {
	case !known:
		return &doubt{Unsafe, "the image " + name + " is not known and no step shows bash: the setup reaches later steps through bash only"}
	case !has:
		return &doubt{Unsafe, "the image " + name + " has no bash, and the setup reaches later steps through bash only"}
	}
	return nil
}

// orbExecutorDoubt judges an executor of an orb: CircleCI's own are convenience images, those for Windows aside.
func orbExecutorDoubt(j *circle.Job, name string) *doubt {
	alias, _, _ := strings.Cut(name, "/")
	orb := j.Config().OrbByAlias(alias)
	switch {
	case orb == nil:
	case strings.HasPrefix(orb.Name(), "circleci/"):
		return nil
	case orb.Inline() != nil:
		_, executor, _ := strings.Cut(name, "/")
		if x := orb.Inline().ExecutorByName(executor); x != nil && len(x.DockerItems()) > 0 {
			return imageDoubt(x.DockerItems()[0].Image())
		}
	}
	return &doubt{Unsafe, "the executor " + name + " is not known: whether it has bash is not shown"}
}
