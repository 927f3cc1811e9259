// Package page shows a report as one HTML page that needs nothing besides
// itself: for a review, a ticket, or a security team.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/capmon/capmon/cmd/capmon/terminal"
)

//go:embed page.html
var markup string

//go:embed style.css
var style string

//go:embed script.js
var script string

// Page is what a report shows, whatever it is a report of.
type Page struct {
	// Heading says in one line what was found, and State what that is worth:
	// "proven", "not proven", "not found", "observed, not proven", "traced".
	Heading, State string
	// Facts are the circumstances.
	Facts []Fact
	// Needs are the capabilities of the answer.
	Needs []Need
	// Notes are sentences about the answer.
	Notes []string
	// Matrix says which report needs what.
	Matrix *Matrix
	// Attempts are the runs of a discovery, or the one run of a trace.
	Attempts []Attempt
	// Stacks are what checks refer to.
	Stacks []Stack
	Forms  []Form
	// LeftOut says what a page of bounded size could not hold.
	LeftOut []string
}

// Fact is a circumstance.
type Fact struct{ Name, Value string }

// Need is a capability of the answer.
type Need struct {
	Cap string
	// Meaning says what the capability allows.
	Meaning string
	// Reasons say how it was seen that it is needed.
	Reasons []string
}

// Matrix says in columns which of several reports needs which capability.
type Matrix struct {
	Names []string
	Rows  []MatrixRow
}

// MatrixRow is one capability.
type MatrixRow struct {
	Cap    string
	Needed []bool
}

// Attempt is one run.
type Attempt struct {
	Number         int
	Grant, Outcome string
	Success        bool
	// Open: it is the one that decided.
	Open bool
	Tree []*Process
}

// Process is one process with those that it started.
type Process struct {
	Name     string
	PID      int
	Outcome  string
	Checks   []Check
	Children []*Process
}

// Check is a capability check and its repeats.
type Check struct {
	Cap    string
	Passed bool
	Call   string
	Count  uint64
	// Stack is the number of its stack in Page.Stacks, 0 without one.
	Stack int
	Notes []string
}

// Stack is a kernel stack, innermost first.
type Stack struct {
	Number int
	Frames []string
}

// Form is the set as it is written down somewhere.
type Form struct{ Name, Text string }

// Write writes the page.
func Write(w io.Writer, p Page) error {
	t, err := template.New("page").Funcs(template.FuncMap{"printable": printable}).Parse(markup)
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	data := struct {
		Page
		Policy string
		Style  template.CSS
		Script template.JS
	}{p, policy(), template.CSS(style), template.JS(script)}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// policy lets the page do nothing but what its own style and script do
// (Content-Security-Policy).
func policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digest(style), digest(script))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// maxText bounds what others wrote: a command line can have megabytes.
const maxText = 400

// printable bounds a text, and leaves nothing in it that steers its display.
func printable(text string) string {
	text = terminal.Printable(text)
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}
