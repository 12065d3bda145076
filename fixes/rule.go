package fixes

import "fmt"

// Severity is how bad a finding is when it is true.
type Severity int

// The severities, from the least to the worst. None is the zero value and no severity of a rule.
const (
	None Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"none", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a level as users write it: low, medium, high or critical.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if n == name && i > 0 {
			return Severity(i), nil
		}
	}
	return None, fmt.Errorf("%q is no severity: use low, medium, high or critical", name)
}

// Confidence is how often a finding is true.
type Confidence int

// The confidences. The zero value stands for the rule's own.
const (
	LowConfidence Confidence = iota + 1
	MediumConfidence
	HighConfidence
)

func (c Confidence) String() string {
	return [...]string{"", "low", "medium", "high"}[c]
}

// Safety is what a fix may do to the pipeline. The zero value is Manual: nothing is applied unless a rule argues for it.
type Safety int

// The safeties, from never applied to always applied.
const (
	Manual Safety = iota // no edit, a suggestion at most
	Unsafe               // may change what the pipeline does in a way that cannot be ruled out
	Setup                // the pipeline does the same once the prerequisites exist
	Safe                 // the pipeline does the same as before
)

func (s Safety) String() string { return [...]string{"manual", "unsafe", "setup", "safe"}[s] }

// Status is what became of a finding.
type Status string

// The statuses. Applied and Pending are the same fix, written or only previewed.
const (
	Applied    Status = "applied"
	Pending    Status = "pending"
	NeedsFacts Status = "needs-facts"
	HeldBack   Status = "held-back"
	NotChosen  Status = "not-chosen" // somebody was asked, and chose to leave it
	Conflict   Status = "conflict"
	Refused    Status = "refused"
	Suppressed Status = "suppressed"
	NoFix      Status = "manual"
)

// Rule is a check. A Rule is a constant: all state lives in the Pass.
type Rule struct {
	ID         string     // kebab-case, never reused
	Title      string     // one line, no period
	Severity   Severity   // of a finding that sets none of its own
	Confidence Confidence // of a finding that sets none of its own
	Safety     Safety     // the best its fixes can be
	Off        bool       // not run unless selected
	Since      string     // the version that brought it
	CWE        []string
	Triggers   func(*Facts) []word // a file with none of these words is not looked at; nil, or no words: all files are
	Run        func(*Pass) error   // an error means that the rule failed, not that it found something
	Explain    func(*Pass)         // tells by Note what it sees; nil when findings say it all
}
