package workloads

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// Result is what became of one workload.
type Result struct {
	Workload
	// Status is the exit status that it would have alone.
	Status  int
	Seconds float64
	// Text is what has changed, a line each.
	Text string
}

// word says it in short.
func (r Result) word() string {
	switch r.Status {
	case exit.OK:
		return "unchanged"
	case exit.NotFound:
		return "needs more"
	case exit.Unproven:
		return "needs less"
	}
	return "failed"
}

// Worst is the exit status of all: needing more before failing, and that before
// needing less.
func Worst(results []Result) int {
	worst := exit.OK
	rank := map[int]int{exit.OK: 0, exit.Unproven: 1, exit.Failed: 2, exit.NotFound: 3}
	for _, r := range results {
		if rank[r.Status] > rank[worst] {
			worst = r.Status
		}
	}
	return worst
}

// WriteTable prints a line for each workload, and what has changed below it.
func WriteTable(w io.Writer, results []Result) error {
	width := 0
	for _, r := range results {
		width = max(width, len(r.Name))
	}
	var b strings.Builder
	for _, r := range results {
		lines := strings.Split(r.Text, "\n")
		if r.Status == exit.OK {
			lines[0] = strings.TrimPrefix(lines[0], "unchanged: ")
		}
		fmt.Fprintf(&b, "%-*s  %-10s  %s\n", width, terminal.Printable(r.Name), r.word(), terminal.Printable(lines[0]))
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "%-*s  %-10s  %s\n", width, "", "", terminal.Printable(line))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteAnnotations prints GitHub's workflow commands for what has changed. file
// is capmon.yaml as GitHub knows it, below the repository.
func WriteAnnotations(w io.Writer, file string, results []Result) error {
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, r := range results {
		if r.Status == exit.OK {
			continue
		}
		level := "error"
		if r.Status == exit.Unproven {
			level = "warning"
		}
		_, err := fmt.Fprintf(w, "::%s file=%s,line=%d,title=%s::%s\n", level, property.Replace(file), r.Line,
			property.Replace("capmon: "+r.Name+" "+r.word()), escape.Replace(r.Text))
		if err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
	}
	return nil
}

// The elements of JUnit's XML that CI systems read.
type (
	testSuite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    string   `xml:"time,attr"`
		Failure *failure `xml:"failure,omitempty"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results as a test suite. What needs less is a failure,
// too: the file is not true any more.
func WriteJUnit(w io.Writer, results []Result) error {
	suite := testSuite{Name: "capmon", Tests: len(results)}
	for _, r := range results {
		c := testCase{Class: "capmon", Name: r.Name, Time: fmt.Sprintf("%.3f", r.Seconds)}
		if r.Status != exit.OK {
			suite.Failures++
			c.Failure = &failure{r.word(), r.Text}
		}
		suite.Cases = append(suite.Cases, c)
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}
