package fixes

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cfgfix/fixes/internal/circle"
	"cfgfix/rewrite"
)

// layout is a way to write a config anew that leaves its meaning as it is. write returns nil where it cannot, and a text
// that means something else where it meets a shape that it does not know: whoever calls it compares the meanings.
type layout struct {
	name  string
	write func(*sample, *rewrite.File) []byte
	back  func(string) string // takes the new names out of what is said and written; nil when there are none
	not   []string            // samples whose fix reaches over what becomes another owner's
}

var layouts = []layout{
	{name: "CRLF", write: withCRLF},
	{name: "comments everywhere", write: withComments},
	{name: "indented anew", write: indentedAnew},
	{name: "quoted keys", write: withQuotedKeys},
	{name: "small collections in flow", write: withFlow},
	{name: "renamed jobs", write: withRenamedJobs, back: func(s string) string { return strings.ReplaceAll(s, renamed, "") }},
	{name: "jobs in reverse", write: withJobsReversed, back: withoutJobNames, not: []string{
		"inline-secret/gcp_keys.txtar", // variables for several values are numbered in the order of the file
		"inline-secret/several_values_numbered.txtar",
	}},
	{name: "jobs behind anchors", write: behindAnchors(""), back: backFromAnchors},
	{name: "steps behind anchors", write: behindAnchors("steps"), back: backFromAnchors, not: []string{
		"gcp-static-keys/libraries_only_unsafe.txtar", // a variable of the job goes with the key file of its own steps only
		"internal-network/images_to_machine.txtar",    // a step of Docker goes with the move of a job from its own steps only
		"inline-secret/gcp_keys.txtar",                // as in reverse
	}},
	{name: "environments behind anchors", write: behindAnchors("environment"), back: backFromAnchors, not: []string{
		"gcp-static-keys/libraries_only_unsafe.txtar",
	}},
}

// eachNode visits a node and all that stands in it as written, keys before their values.
func eachNode(n rewrite.Node, visit func(rewrite.Node)) {
	if !n.Exists() {
		return
	}
	visit(n)
	for _, e := range n.Entries() {
		eachNode(e.Key(), visit)
		eachNode(e.Value(), visit)
	}
}

func withCRLF(_ *sample, f *rewrite.File) []byte {
	if !lineEnds(f.Source(), "\n") {
		return nil
	}
	return bytes.ReplaceAll(f.Source(), []byte("\n"), []byte("\r\n"))
}

// withComments writes a comment above each line and another one at its end, but for lines in the midst of a scalar and
// those that end with a comment.
func withComments(_ *sample, f *rewrite.File) []byte {
	src := f.Source()
	if !lineEnds(src, "\n") {
		return nil
	}
	inScalar, commented := map[int]bool{}, map[int]bool{} // by the offset of a line's end
	for _, doc := range f.Documents() {
		eachNode(doc, func(n rewrite.Node) {
			span, block := n.Span(), n.Style() == rewrite.Literal || n.Style() == rewrite.Folded
			for i := span.Start; n.Kind() == rewrite.Scalar && i < len(src) && (i < span.End || block && i == span.End); i++ {
				inScalar[i] = src[i] == '\n'
			}
		})
	}
	for _, c := range f.Comments() {
		commented[c.End] = true
	}
	var out []byte
	at, free := 0, true // whether a comment may stand above the line
	for i, line := range bytes.SplitAfter(src, []byte("\n")) {
		text := bytes.TrimRight(line, "\n")
		end := at + len(text)
		code := bytes.TrimLeft(text, " ")
		ordinary := len(bytes.TrimSpace(code)) > 0 && code[0] != '%' && code[0] != '\t' && code[0] != '#' && !bytes.HasPrefix(code, []byte("\uFEFF"))
		if ordinary && free {
			out = fmt.Appendf(out, "%s# above %d\n", text[:len(text)-len(code)], i)
		}
		out = append(out, text...)
		if ordinary && !inScalar[end] && !commented[end] {
			out = fmt.Appendf(out, " # behind %d", i)
		}
		out = append(out, line[len(text):]...)
		at, free = at+len(line), !inScalar[end]
	}
	return out
}

// indentedAnew doubles the steps of indentation.
func indentedAnew(_ *sample, f *rewrite.File) []byte {
	src := f.Source()
	if !lineEnds(src, "\n") {
		return nil
	}
	lines := bytes.SplitAfter(src, []byte("\n"))
	shift := make([]int, len(lines)+1)
	line := func(offset int) int { return f.Position(offset).Line - 1 }
	var visit func(n rewrite.Node, by int)
	visit = func(n rewrite.Node, by int) {
		for l := line(n.Span().Start); l <= line(n.Span().End); l++ {
			shift[l] = by
		}
		for _, e := range n.Entries() {
			v := e.Value()
			if n.Style() != rewrite.Block || v.Span() == (rewrite.Span{}) {
				continue
			}
			visit(v, by+stepTo(f, e))
		}
	}
	for _, doc := range f.Documents() {
		visit(doc, 0)
	}
	for _, c := range slices.Backward(f.Comments()) { // those alone stay with the line below
		if l := line(c.Start); bytes.HasPrefix(bytes.TrimLeft(lines[l], " "), []byte("#")) {
			shift[l] = shift[l+1]
		}
	}
	var out []byte
	for i, l := range lines {
		if len(bytes.TrimSpace(l)) > 0 {
			out = append(out, strings.Repeat(" ", shift[i])...)
		}
		out = append(out, l...)
	}
	return out
}

// stepTo is how many columns deeper than its entry a value stands that begins below the line of the entry.
func stepTo(f *rewrite.File, e rewrite.Entry) int {
	v := e.Value()
	start := v.Span().Start
	if v.Style() == rewrite.Block && v.Len() > 0 {
		start = v.Entries()[0].Span().Start // behind an anchor
	}
	above, below := f.Position(e.Span().Start), f.Position(start)
	if above.Line == below.Line {
		return 0
	}
	return max(0, below.Column-above.Column)
}

// plainName are keys that are texts without quotes too.
var plainName = regexp.MustCompile(`^[A-Za-z_][\w./@+-]*$`)

// withQuotedKeys puts all keys in quotes, but for those that are no texts without them.
func withQuotedKeys(_ *sample, f *rewrite.File) []byte {
	var edits []rewrite.Edit
	for _, doc := range f.Documents() {
		eachNode(doc, func(n rewrite.Node) {
			for _, e := range n.Entries() {
				if k := e.Key(); k.Style() == rewrite.Plain && k.Tag() == "!!str" && plainName.MatchString(f.Text(k.Span())) {
					edits = append(edits, rewrite.Edit{Span: k.Span(), New: `"` + k.Value() + `"`})
				}
			}
		})
	}
	return applied(f, edits)
}

// applied is the source with the edits, nil when there are none.
func applied(f *rewrite.File, edits []rewrite.Edit) []byte {
	if len(edits) == 0 {
		return nil
	}
	out, err := rewrite.Apply(f.Source(), edits)
	if err != nil {
		return nil
	}
	return out
}

// flowSmall is how many entries a collection has at most that withFlow writes on one line.
const flowSmall = 4

func withFlow(_ *sample, f *rewrite.File) []byte {
	var edits []rewrite.Edit
	comments := f.Comments()
	for _, doc := range f.Documents() {
		eachNode(doc, func(n rewrite.Node) {
			text, ok := inFlow(f, n)
			span := n.Span()
			if key := n.Entry().Key(); ok && key.Exists() {
				colon := key.Span().End + bytes.IndexByte(f.Source()[key.Span().End:], ':')
				span.Start, text = colon+1, " "+text
			}
			if inside := func(c rewrite.Span) bool { return c.Start >= span.Start && c.Start < span.End }; ok && !slices.ContainsFunc(comments, inside) {
				edits = append(edits, rewrite.Edit{Span: span, New: text})
			}
		})
	}
	return applied(f, edits)
}

// inFlow is a block collection of a few scalars on one line each, in flow style.
func inFlow(f *rewrite.File, n rewrite.Node) (string, bool) {
	if n.Style() != rewrite.Block || n.Len() == 0 || n.Len() > flowSmall || !n.Entry().Exists() || n.Span().Start != n.Entries()[0].Span().Start {
		return "", false
	}
	var parts []string
	for _, e := range n.Entries() {
		text := f.Text(e.Value().Span())
		if k := e.Key(); k.Exists() {
			text = f.Text(k.Span()) + ": " + text
		}
		if e.Value().Kind() != rewrite.Scalar || e.Value().Span() == (rewrite.Span{}) || strings.ContainsAny(text, ",[]{}\n|>") {
			return "", false
		}
		parts = append(parts, text)
	}
	if n.Kind() == rewrite.Sequence {
		return "[" + strings.Join(parts, ", ") + "]", true
	}
	return "{" + strings.Join(parts, ", ") + "}", true
}

// renamed is what the names of renamed jobs end with.
const renamed = "-qx7"

// withRenamedJobs renames all jobs and what refers to them. Names that the settings hold stay: they mean these jobs. So
// does build, which runs by its name where there are no workflows.
func withRenamedJobs(s *sample, f *rewrite.File) []byte {
	var edits []rewrite.Edit
	for _, doc := range f.Documents() {
		if !circle.IsConfig(doc) {
			continue
		}
		names := map[string]bool{}
		for _, e := range doc.Own("jobs").Entries() {
			name := e.Name()
			names[name] = plainName.MatchString(name) && name != "build" && !strings.Contains(s.settings, name)
			if names[name] {
				edits = append(edits, renaming(e.Key()))
			}
		}
		clash := false // the name of an entry is that of a job, and which one is required is not for a test to say
		for _, key := range []string{"workflows", "job-groups"} {
			eachNode(doc.Own(key), func(n rewrite.Node) {
				clash = clash || names[n.Own("name").Value()]
				if names[n.Value()] && refersToJob(n) {
					edits = append(edits, renaming(n))
				}
			})
		}
		if clash {
			return nil
		}
	}
	return applied(f, edits)
}

func renaming(n rewrite.Node) rewrite.Edit {
	text := n.File().Text(n.Span())
	return rewrite.Edit{Span: n.Span(), New: strings.Replace(text, n.Value(), n.Value()+renamed, 1)}
}

// inJobList are the places in workflows and groups that name a job: the entries, and what they require.
var inJobList = regexp.MustCompile(`^(?:workflows|job-groups)\.[^.]+\.jobs\[\d+\](\.[^.]+\.requires\[\d+\])?$`)

// refersToJob reports whether a scalar, a key among them, is the name of a job.
func refersToJob(n rewrite.Node) bool {
	if e := n.Entry(); e.Key().Same(n) {
		return inJobList.MatchString(e.Parent().Path())
	}
	return inJobList.MatchString(n.Path())
}

// withJobsReversed writes the jobs in the reverse order, each with the comments and blank lines above it.
func withJobsReversed(_ *sample, f *rewrite.File) []byte {
	src := f.Source()
	if len(f.Documents()) != 1 || !lineEnds(src, "\n") {
		return nil
	}
	jobs := f.Documents()[0].Own("jobs")
	if jobs.Style() != rewrite.Block || jobs.Len() < 2 {
		return nil
	}
	var parts []string
	from := jobTop(src, jobs.Entries()[0])
	start := from
	for _, e := range jobs.Entries()[1:] {
		top := jobTop(src, e)
		parts = append(parts, string(src[start:top]))
		start = top
	}
	end := len(src)
	if next := jobs.Entry().Sibling(1); next.Exists() {
		end = jobTop(src, next)
	}
	parts = append(parts, strings.TrimSuffix(string(src[start:end]), "\n")+"\n")
	slices.Reverse(parts)
	return slices.Concat(src[:from], []byte(strings.Join(parts, "")), src[end:])
}

// jobTop is where the line of an entry begins, or the first of the comments and blank lines above it.
func jobTop(src []byte, e rewrite.Entry) int {
	top := bytes.LastIndexByte(src[:e.Span().Start], '\n') + 1
	for top > 0 {
		above := bytes.LastIndexByte(src[:top-1], '\n') + 1
		if text := bytes.TrimSpace(src[above:top]); len(text) > 0 && text[0] != '#' {
			break
		}
		top = above
	}
	return top
}

// jobNamesIn are names of jobs in messages, where the first of several is named, or all of them, in their order.
var jobNamesIn = regexp.MustCompile(`\bjob [\w-]+(?:, job [\w-]+)*`)

func withoutJobNames(s string) string { return jobNamesIn.ReplaceAllString(s, "jobs") }

// movedName is what the definitions begin with that values are moved to.
const movedName = "x-moved-"

// behindAnchors moves values of jobs, or the jobs as a whole, to definitions above them. Their lines stay as they are.
// A value with an anchor inside stays: what is found at that would belong to the anchor then, and no longer to the job.
// So does what a comment suppresses, which would mean a place without findings then, and a part of a job that does not
// hold all places of a finding: it would have another owner than the rest.
func behindAnchors(key string) func(*sample, *rewrite.File) []byte {
	return func(s *sample, f *rewrite.File) []byte {
		if len(f.Documents()) != 1 || !lineEnds(f.Source(), "\n") || bytes.Contains(f.Source(), []byte("cfgfix:")) {
			return nil
		}
		found := s.run(s.src).Results
		jobs := f.Documents()[0].Own("jobs")
		var edits []rewrite.Edit
		var definitions strings.Builder
		for _, job := range jobs.Entries() {
			v := job.Value()
			if key != "" {
				v = v.Own(key)
			}
			if !movable(f, job, v) || slices.ContainsFunc(found, func(r Result) bool { return r.crosses(v.Span()) }) {
				continue
			}
			line := v.Span().Start - f.Position(v.Span().Start).Column + 1
			colon := v.Entry().Key().Span().End
			end := v.Span().End + len(f.Source()[v.Span().End:]) // with the comment behind it
			if i := bytes.IndexByte(f.Source()[v.Span().End:], '\n'); i >= 0 {
				end = v.Span().End + i
			}
			edits = append(edits, rewrite.Edit{Span: rewrite.Span{Start: colon, End: end}, New: ": *" + movedName + job.Name()})
			fmt.Fprintf(&definitions, "%s%s: &%[1]s%[2]s\n%[3]s\n", movedName, job.Name(), f.Text(rewrite.Span{Start: line, End: end}))
		}
		if len(edits) == 0 || jobs.Style() != rewrite.Block || f.Position(jobs.Entry().Span().Start).Column != 1 {
			return nil
		}
		at := jobTop(f.Source(), jobs.Entry())
		return applied(f, append(edits, rewrite.Edit{Span: rewrite.Span{Start: at, End: at}, New: definitions.String()}))
	}
}

// crosses reports whether some places of a finding are inside a span and others are not.
func (r Result) crosses(s rewrite.Span) bool {
	inside := 0
	for _, x := range r.Related {
		if x.Span.Start >= s.Start && x.Span.End <= s.End {
			inside++
		}
	}
	if r.Span.Start >= s.Start && r.Span.End <= s.End {
		inside++
	}
	return inside > 0 && inside <= len(r.Related)
}

// movable reports whether the lines of a value can stand elsewhere.
func movable(f *rewrite.File, job rewrite.Entry, v rewrite.Node) bool {
	anchored := false
	eachNode(v, func(n rewrite.Node) { anchored = anchored || n.Anchor() != "" })
	return !anchored && plainName.MatchString(job.Name()) && !strings.ContainsAny(job.Name(), "./@+") && v.Style() == rewrite.Block && v.Len() > 0 &&
		v.Span().Start == v.Entries()[0].Span().Start && f.Position(v.Span().Start).Line > f.Position(v.Entry().Span().Start).Line &&
		strings.TrimSpace(f.Text(rewrite.Span{Start: v.Entry().Key().Span().End, End: v.Span().Start})) == ":"
}

// ownerByAnchor is an owner that is what was moved from a job.
var ownerByAnchor = regexp.MustCompile(`anchor:` + movedName)

// backFromAnchors takes the owners back to their jobs. An environment that loses all it has goes, but stays as an empty
// one where an alias means it.
func backFromAnchors(s string) string {
	return strings.ReplaceAll(ownerByAnchor.ReplaceAllString(s, "job:"), `"environment": {}, `, "")
}
