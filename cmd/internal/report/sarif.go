package report

import (
	"fmt"
	"io"
	"strings"

	"cfgfix/fixes"
	"cfgfix/rewrite"
)

// sarifWriter writes a SARIF 2.1.0 log of one run. The results are streamed; errors about files are kept for the end.
type sarifWriter struct {
	Options
	out, errw io.Writer
	results   list
	index     map[string]int // of the rules, by id
	faults    []sarifNotification
	begun     bool
}

func newSARIF(out, errw io.Writer, o Options) Writer {
	return &sarifWriter{Options: o, out: out, errw: errw, results: list{out: out, encode: encode}}
}

func (w *sarifWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	w.index = map[string]int{}
	driver := sarifDriver{Name: "cfgfix", Version: w.Version}
	for i, r := range fixes.All() {
		w.index[r.ID] = i
		driver.Rules = append(driver.Rules, newSARIFRule(r))
	}
	tool, err := encode(sarifTool{driver})
	if err != nil {
		return err
	}
	// Columns and lines are those of rewrite.Position.
	_, err = fmt.Fprintf(w.out, `{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json","runs":[{"tool":%s,`+
		`"columnKind":"unicodeCodePoints","newlineSequences":["\r\n","\n","\r","\u0085","\u2028","\u2029"],"results":[`, tool)
	return err
}

func (w *sarifWriter) File(f *File) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := f.Result.Err; err != nil {
		w.faults = append(w.faults, newSARIFNotification(f.Name, faultOf(err)))
	}
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	prints := fingerprints{}
	for i := range f.Result.Results {
		r := &f.Result.Results[i]
		print := prints.of(f.Name, r)
		if r.Status == fixes.Applied {
			continue
		}
		if err := w.results.add(w.result(f, r, print)); err != nil {
			return err
		}
	}
	return nil
}

func (w *sarifWriter) Close(*Summary) error {
	if err := w.begin(); err != nil {
		return err
	}
	invocations, err := encode([]sarifInvocation{{ExecutionSuccessful: len(w.faults) == 0, Notifications: w.faults}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "\n],\"invocations\":%s}]}\n", invocations)
	return err
}

func (w *sarifWriter) result(f *File, r *fixes.Result, print string) sarifResult {
	p := problem{Result: r}
	p.start, p.end = placesOf(f, r.Span, w.DryRun)
	o := sarifResult{
		RuleID: r.Rule.ID, RuleIndex: w.index[r.Rule.ID], Level: sarifLevel(Severity(&r.Finding)),
		Message:      sarifText{p.text()},
		Locations:    []sarifLocation{{Physical: sarifPlace(f.Name, p.start, p.end)}},
		Fingerprints: map[string]string{"cfgfix/v1": print},
		Properties: sarifProperties{
			Severity: Severity(&r.Finding).String(), Confidence: confidence(&r.Finding).String(), Status: r.Status,
		},
	}
	if r.Path != "" || r.Owner != "" {
		o.Locations[0].Logical = []sarifLogical{{Name: Visible(r.Owner), Path: Visible(r.Path), Kind: "member"}}
	}
	for i, rel := range r.Related {
		start, end := placesOf(f, rel.Span, w.DryRun)
		o.Related = append(o.Related, sarifLocation{ID: i + 1, Physical: sarifPlace(f.Name, start, end), Message: &sarifText{Visible(rel.Message)}})
	}
	if r.Status == fixes.Suppressed {
		o.Suppressions = []sarifSuppression{{Kind: "inSource", Justification: Visible(r.Why)}}
	}
	if edits := ownEdits(f, r, w.DryRun); len(edits) > 0 {
		o.Fixes = []sarifFix{newSARIFFix(f, r, edits)}
	}
	return o
}

func newSARIFFix(f *File, r *fixes.Result, edits []rewrite.Edit) sarifFix {
	change := sarifChange{Artifact: sarifArtifact{uri(f.Name)}}
	for _, e := range edits {
		start, end := placesOf(f, e.Span, true)
		replacement := sarifReplacement{Deleted: sarifRegionOf(start, end)}
		if e.New != "" {
			replacement.Inserted = &sarifText{e.New}
		}
		change.Replacements = append(change.Replacements, replacement)
	}
	title := fmt.Sprintf("%s (%s)", Visible(r.Fix.Title), r.Fix.Safety)
	return sarifFix{sarifText{title}, []sarifChange{change}}
}

func sarifPlace(name string, start, end place) *sarifPhysical {
	region := sarifRegionOf(start, end)
	return &sarifPhysical{sarifArtifact{uri(name)}, &region}
}

func sarifRegionOf(start, end place) sarifRegion {
	return sarifRegion{start.Line, start.Column, end.Line, end.Column}
}

func newSARIFNotification(name string, at fault) sarifNotification {
	p := &sarifPhysical{Artifact: sarifArtifact{uri(name)}}
	if at.line > 0 {
		p.Region = &sarifRegion{StartLine: at.line, StartColumn: at.column}
	}
	return sarifNotification{Level: "error", Message: sarifText{Visible(at.what)}, Locations: []sarifLocation{{Physical: p}}}
}

func newSARIFRule(r *fixes.Rule) sarifRule {
	o := sarifRule{
		ID: r.ID, Short: sarifText{r.Title},
		Default:    sarifDefault{Level: sarifLevel(r.Severity), Enabled: !r.Off},
		Properties: sarifRuleProperties{Precision: precision(r.Confidence), Score: score(r.Severity), Tags: []string{"security"}},
	}
	for _, cwe := range r.CWE {
		o.Properties.Tags = append(o.Properties.Tags, "external/cwe/"+strings.ToLower(cwe))
	}
	if why := docSection(r.ID, "Why it matters"); why != "" {
		o.Full = &sarifText{why}
	}
	return o
}

// docSection is a section of a rule's page.
func docSection(id, title string) string {
	page, _ := fixes.Doc(id)
	_, text, found := strings.Cut(page, "\n## "+title+"\n")
	if !found {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return strings.TrimSpace(text)
}

func sarifLevel(s fixes.Severity) string {
	switch s {
	case fixes.Critical, fixes.High:
		return "error"
	case fixes.Medium:
		return "warning"
	default:
		return "note"
	}
}

// score is a severity as GitHub's code scanning reads it: from 9.0 critical, from 7.0 high, from 4.0 medium.
func score(s fixes.Severity) string {
	return [...]string{fixes.None: "0.0", fixes.Low: "3.0", fixes.Medium: "5.5", fixes.High: "8.0", fixes.Critical: "9.5"}[s]
}

// precision is a confidence in the words of code scanning.
func precision(c fixes.Confidence) string {
	return [...]string{0: "medium", fixes.LowConfidence: "low", fixes.MediumConfidence: "medium", fixes.HighConfidence: "high"}[c]
}

// The objects of SARIF that are in use, with the names that the standard gives them.
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string              `json:"id"`
		Short      sarifText           `json:"shortDescription"`
		Full       *sarifText          `json:"fullDescription,omitempty"`
		Default    sarifDefault        `json:"defaultConfiguration"`
		Properties sarifRuleProperties `json:"properties"`
	}
	sarifDefault struct {
		Level   string `json:"level"`
		Enabled bool   `json:"enabled"`
	}
	sarifRuleProperties struct {
		Precision string   `json:"precision"`
		Score     string   `json:"security-severity"`
		Tags      []string `json:"tags"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Fixes        []sarifFix         `json:"fixes,omitempty"`
		Properties   sarifProperties    `json:"properties"`
	}
	sarifProperties struct {
		Severity   string       `json:"severity"`
		Confidence string       `json:"confidence,omitempty"`
		Status     fixes.Status `json:"status"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"name,omitempty"`
		Path string `json:"fullyQualifiedName,omitempty"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification,omitempty"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted *sarifText  `json:"insertedContent,omitempty"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
)
