package flow

import (
	"fmt"

	"cfgfix/fixes/internal/circle"
	"cfgfix/fixes/internal/shell"
)

// Report is where every step of a config gets its credentials from.
type Report struct {
	units []*unit
	index map[string]*unit
}

// unit is what runs in one place, one step after the other: a job, a workflow entry that gives its job steps of its
// own, an orb's job, or steps that nothing runs yet.
type unit struct {
	key      string // tells it apart in a report, and finds it again in another
	where    string
	contexts string
	acts     []*act
	images   []image
	cut      bool // not all of it was looked at
}

// act is one step on its way through a unit.
type act struct {
	name   string // run, checkout, or an orb's element without the alias
	title  string
	number int    // from 1, among the steps of the unit
	text   string // the script, or the arguments
	uses   []*use
	clouds []*cloudUse
	leaks  map[string]bool
	roles  map[string]bool // those that it leaves behind and was not left before
	keeps  bool            // it leaves credentials behind
	read   []line          // of the script, once somebody asks
	named  func() bool     // of bringsKeys, once somebody asks
}

// label is how people find the step.
func (a *act) label() string {
	switch {
	case a.title != "":
		return fmt.Sprintf("step %d (%s)", a.number, a.title)
	case a.number == 0:
		return a.name
	}
	return fmt.Sprintf("step %d (%s)", a.number, a.name)
}

// image is one container of a unit.
type image struct {
	name    string
	account string // of the registry; "" when it is not ECR, or not shown
	ecr     bool
	auth    source
	other   bool // it is pulled with a user and a password
}

// The bounds of a report: the steps of all units together. What lies beyond is left out.
const maxActs = 60000

// Analyze interprets a config. Any tree will do. What it parses of scripts is kept in scripts.
func Analyze(c *circle.Config, scripts shell.Cache) *Report {
	return newAnalyzer(scripts).report(tasksOf(c))
}

// AnalyzeChange interprets two configs as far as they differ: units that are written alike, which no comparison has
// anything to say about, are left out of both reports.
func AnalyzeChange(before, after *circle.Config, scripts shell.Cache) (was, is *Report) {
	b, a := changed(tasksOf(before), tasksOf(after))
	z := newAnalyzer(scripts)
	return z.report(b), z.report(a)
}

func newAnalyzer(scripts shell.Cache) *analyzer {
	return &analyzer{scripts: scripts, programs: map[*shell.Script]*program{}}
}
