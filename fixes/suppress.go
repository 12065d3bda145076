package fixes

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// suppression wants every suppression comment to do what it seems to do: one that is not understood hides nothing, and
// one that outlived its finding would hide the next. See doc/suppression.md.
var suppression = &Rule{
	ID:         "suppression",
	Title:      "suppression comment that suppresses nothing",
	Severity:   Low,
	Confidence: HighConfidence,
	Safety:     Safe, // a comment means nothing to CircleCI
	Since:      "0.2.0",
	Run:        runSuppression,
}

// runSuppression looks at the comments of the file, which the engine has held against the findings of all other rules.
func runSuppression(p *Pass) error {
	for _, s := range p.comments {
		unused := s.unused()
		if s.fault == "" && len(unused) == 0 {
			continue
		}
		f := Finding{Span: s.span, Path: s.path, Owner: s.owner}
		f.Message = "ignore[" + strings.Join(unused, ", ") + "] meets no finding"
		switch {
		case s.fault != "":
			f.Message, f.NoFix = s.fault, "the form is `# cfgfix: ignore[RULE] REASON`"
		case s.misplaced > 0:
			f.NoFix = fmt.Sprintf("the finding begins in line %d: a comment there suppresses it", s.misplaced)
		case len(unused) < len(s.ids):
			f.NoFix = "the comment names other rules as well: take this out of its list"
		default:
			f.Fix = &Fix{Title: "remove the comment", Safety: Safe, Ops: []rewrite.Op{rewrite.RemoveComment(s.span)}}
		}
		p.Report(f)
	}
	return nil
}

// suppressionComment is a comment of the form "# cfgfix: ignore[ID, ID] REASON", or one that was meant to be.
type suppressionComment struct {
	span   rewrite.Span
	alone  bool   // on its line
	line   int    // the line it is about
	at     int    // an offset in what it is about
	path   string // of what stands there
	owner  string // of the same
	ids    []string
	reason string
	fault  string          // why it suppresses nothing
	done   map[string]bool // ids that a finding had, or that are not looked for in this run
	// misplaced is the line on which a finding begins that has a further place here; 0 for none.
	misplaced int
}

// unused are the ids that were looked for in vain.
func (s *suppressionComment) unused() []string {
	return slices.DeleteFunc(slices.Clone(s.ids), func(id string) bool { return s.done[id] })
}

// suppressionComments are those of a file with these configs, in source order.
func suppressionComments(f *rewrite.File, configs []*circle.Config) []*suppressionComment {
	if !bytes.Contains(f.Source(), []byte("cfgfix:")) {
		return nil
	}
	var out []*suppressionComment
	comments := f.Comments()
	below := &suppressionComment{}
	for _, span := range slices.Backward(comments) {
		s := parseSuppression(f.Text(span))
		s.span = span
		s.aim(f, below)
		below = s
		if s.ids != nil || s.fault != "" {
			s.locate(f.Innermost(s.at), configs)
			out = append(out, s)
		}
	}
	slices.Reverse(out)
	return out
}

// aim finds what the comment is about: the line it ends, or else the next line that is no comment alone. below is the
// comment behind it.
func (s *suppressionComment) aim(f *rewrite.File, below *suppressionComment) {
	src := f.Source()
	before := bytes.TrimRight(src[:s.span.Start], " \t")
	last, _ := utf8.DecodeLastRune(before)
	s.line = f.Position(s.span.Start).Line
	s.alone = len(before) == 0 || strings.ContainsRune(lineBreaks+"\uFEFF", last)
	switch {
	case !s.alone:
		s.at = len(before) - 1
	case below.alone && f.Position(below.span.Start).Line == s.line+1:
		s.line, s.at = below.line, below.at
	default:
		s.line++
		s.at = len(src) - len(bytes.TrimLeft(src[s.span.End:], " \t"+lineBreaks))
		if s.at == below.span.Start {
			s.at = below.at
		}
	}
}

// locate takes in what the comment is about.
func (s *suppressionComment) locate(place rewrite.Node, configs []*circle.Config) {
	s.path, s.owner = place.Path(), "file"
	for _, c := range configs {
		if place.Within(c.Node) {
			s.owner = c.Owner(place)
		}
	}
}

// lineBreaks are all characters that end a line in YAML as CircleCI reads it.
const lineBreaks = "\n\r\u0085\u2028\u2029"

const namesNoRule = "the comment names no rule in brackets, so it suppresses nothing"

// parseSuppression reads the text of a comment. One that is no suppression has neither ids nor a fault.
func parseSuppression(text string) *suppressionComment {
	s := &suppressionComment{done: map[string]bool{}}
	text, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(text, "#")), "cfgfix:")
	if !ok {
		return s
	}
	text = strings.TrimSpace(text)
	list := strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	word := text[:len(text)-len(list)]
	if nearest(word, []string{"ignore"}) == "" {
		return s
	}
	list, reason, closed := strings.Cut(list, "]")
	list, opened := strings.CutPrefix(list, "[")
	if word != "ignore" || !opened || !closed {
		s.fault = namesNoRule
		return s
	}
	for id := range strings.SplitSeq(list, ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(s.ids, id) {
			s.ids = append(s.ids, id)
		}
	}
	s.reason = strings.TrimLeft(strings.TrimSpace(reason), ":-–— ")
	s.fault = s.check()
	return s
}

// check says what keeps a comment that is well formed from suppressing, "" when nothing does.
func (s *suppressionComment) check() string {
	known := RuleIDs()
	for _, id := range s.ids {
		if id == "suppression" {
			return "the comment names the rule about comments, which no comment suppresses"
		}
		if slices.Contains(known, id) {
			continue
		}
		what := "ignore[" + id + "]"
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyz-") != "" {
			what = "the comment" // what is in the brackets is no id at all, and may be anything
		}
		if near := nearest(id, known); near != "" {
			return fmt.Sprintf("%s names no rule, so it suppresses nothing; did you mean %q?", what, near)
		}
		return what + " names no rule, so it suppresses nothing"
	}
	switch {
	case len(s.ids) == 0:
		return namesNoRule
	case s.reason == "":
		return "ignore[" + strings.Join(s.ids, ", ") + "] gives no reason, so it suppresses nothing"
	}
	return ""
}

// suppress marks the findings of a file that its comments are about, and returns those about the comments themselves.
// What a rule would find that is not run is not known: a comment about it is left in peace.
func (e *Engine) suppress(f *rewrite.File, configs []*circle.Config, found []Finding) (about []Finding, err error) {
	comments := suppressionComments(f, configs)
	if len(comments) == 0 {
		return nil, nil
	}
	byLine := map[int][]*suppressionComment{}
	for _, s := range comments {
		for _, id := range s.ids {
			s.done[id] = !e.runs(id)
		}
		if s.fault == "" {
			byLine[s.line] = append(byLine[s.line], s)
		}
	}
	for i := range found {
		found[i].meet(byLine, f, configs)
	}
	if e.runs(suppression.ID) {
		err = suppression.Run(&Pass{Rule: suppression, File: f, comments: comments, report: func(x Finding) { about = append(about, x) }})
	}
	return about, err
}

// meet suppresses the finding when a comment is about it. A comment at one of its further places is in vain, unless
// there is one at the first as well.
func (x *Finding) meet(byLine map[int][]*suppressionComment, f *rewrite.File, configs []*circle.Config) {
	id := x.Rule.ID
	for _, line := range suppressingLines(f, configs, x) {
		for _, s := range byLine[line] {
			if slices.Contains(s.ids, id) {
				x.suppressed, s.done[id] = cmp.Or(x.suppressed, s.reason), true
			}
		}
	}
	for _, further := range x.Related {
		for _, s := range byLine[f.Position(further.Span.Start).Line] {
			if slices.Contains(s.ids, id) && x.suppressed != "" {
				s.done[id] = true
			} else if slices.Contains(s.ids, id) {
				s.misplaced = f.Position(x.Span.Start).Line
			}
		}
	}
}

// suppressedIn reports whether a comment of the file is about a finding.
func suppressedIn(f *rewrite.File, c *circle.Config, x *Finding) bool {
	configs := []*circle.Config{c}
	return slices.ContainsFunc(suppressionComments(f, configs), func(s *suppressionComment) bool {
		return s.fault == "" && slices.Contains(s.ids, x.Rule.ID) && slices.Contains(suppressingLines(f, configs, x), s.line)
	})
}

func (e *Engine) runs(id string) bool {
	return slices.ContainsFunc(e.Rules, func(r *Rule) bool { return r.ID == id })
}

// suppressingLines are the lines whose comments are about a finding: where it begins, where what is around it begins,
// since no comment can stand inside a script, and where its job, executor or command does.
func suppressingLines(f *rewrite.File, configs []*circle.Config, x *Finding) []int {
	lines := []int{f.Position(x.Span.Start).Line}
	place := f.Innermost(x.Span.Start)
	for _, c := range configs {
		if !place.Within(c.Node) {
			continue
		}
		for n := place; n.Entry().Exists() && c.Owner(n) == x.Owner; n = n.Parent() {
			lines = append(lines, f.Position(n.Entry().Span().Start).Line)
		}
		if key := ownerKey(c, x.Owner); key.Exists() {
			lines = append(lines, f.Position(key.Span().Start).Line)
		}
	}
	return lines
}

// ownerKey is the key of the job, executor or command that owns a finding; absent for any other owner.
func ownerKey(c *circle.Config, owner string) rewrite.Node {
	kind, name, _ := strings.Cut(owner, ":")
	switch kind {
	case "job":
		if j := c.JobByName(name); j != nil {
			return j.Key()
		}
	case "executor":
		if x := c.ExecutorByName(name); x != nil {
			return x.Key()
		}
	case "command":
		if x := c.CommandByName(name); x != nil {
			return x.Key()
		}
	case "orb":
		alias, inner, _ := strings.Cut(name, "/")
		if o := c.OrbByAlias(alias); o != nil && o.Inline() != nil {
			return ownerKey(o.Inline(), inner)
		}
	}
	return rewrite.Node{}
}
