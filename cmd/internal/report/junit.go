package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"cfgfix/fixes"
)

// junitWriter writes a test suite for each file and a test case for each finding, which fails when something is left.
type junitWriter struct {
	Options
	out, errw io.Writer
	begun     bool
}

func newJUnit(out, errw io.Writer, o Options) Writer {
	return &junitWriter{Options: o, out: out, errw: errw}
}

func (w *junitWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	_, err := io.WriteString(w.out, xml.Header+"<testsuites name=\"cfgfix\">\n")
	return err
}

func (w *junitWriter) File(f *File) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := tellFault(w.errw, f); err != nil {
		return err
	}
	text, err := xml.MarshalIndent(w.suite(f), "  ", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s\n", text)
	return err
}

func (w *junitWriter) Close(*Summary) error {
	if err := w.begin(); err != nil {
		return err
	}
	_, err := io.WriteString(w.out, "</testsuites>\n")
	return err
}

func (w *junitWriter) suite(f *File) junitSuite {
	s := junitSuite{Name: Visible(f.Name)}
	if err := f.Result.Err; err != nil {
		s.add(junitCase{Name: "read and prove", Error: &junitOutcome{Message: faultOf(err).in(f.Name)}})
	}
	for i := range f.Result.Results {
		s.add(w.testCase(f, &f.Result.Results[i]))
	}
	if len(s.Cases) == 0 {
		s.add(junitCase{Name: "no findings"})
	}
	return s
}

func (w *junitWriter) testCase(f *File, r *fixes.Result) junitCase {
	p := problem{Result: r}
	p.start, p.end = placesOf(f, r.Span, w.DryRun)
	c := junitCase{Name: fmt.Sprintf("%s: %s", r.Rule.ID, Visible(r.Message))}
	switch r.Status {
	case fixes.Applied:
	case fixes.Suppressed:
		c.Skipped = &junitOutcome{Message: Visible(r.Why)}
	default:
		c.Failure = &junitOutcome{
			Message: p.text(), Type: Severity(&r.Finding).String(),
			Text: fmt.Sprintf("%s:%d:%d", Visible(f.Name), p.start.Line, p.start.Column),
		}
	}
	return c
}

// add adds a test case. Servers tell those of a class by their names, and show one of several with the same.
func (s *junitSuite) add(c junitCase) {
	c.Class = s.Name
	if s.names == nil {
		s.names = map[string]int{}
	}
	s.names[c.Name]++
	if n := s.names[c.Name]; n > 1 {
		c.Name += fmt.Sprintf(" (%d)", n)
	}
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`

	names map[string]int // how many test cases have a name
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitOutcome `xml:"failure"`
	Error   *junitOutcome `xml:"error"`
	Skipped *junitOutcome `xml:"skipped"`
}

type junitOutcome struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}
