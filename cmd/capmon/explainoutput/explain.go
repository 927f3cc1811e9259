// Package explainoutput tells a person what capabilities are.
package explainoutput

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/meaning"
)

// programs.json has the programs of docs/corpus.md and docs/units.md that need
// a capability; make docs writes it.
//
//go:embed programs.json
var programsJSON []byte

// Programs are by the capability's name.
func Programs() (map[string][]string, error) {
	var programs map[string][]string
	if err := json.Unmarshal(programsJSON, &programs); err != nil {
		return nil, fmt.Errorf("read what programs need: %w", err)
	}
	return programs, nil
}

// WriteTable prints a line for each capability, the least powerful first.
func WriteTable(w io.Writer) error {
	var b strings.Builder
	for _, c := range caps.All().ByPower() {
		fmt.Fprintf(&b, "%-22s %s\n", c, firstPart(meaning.Of(c).Allows))
	}
	b.WriteString("\nThe least powerful come first. capmon explain CAP tells more of one.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// firstPart is the text up to the first semicolon or colon, for a table.
func firstPart(text string) string {
	if i := strings.IndexAny(text, ";:"); i > 0 {
		return text[:i] + "."
	}
	return text
}

// Write prints what is known of one capability.
func Write(w io.Writer, c caps.Cap) error {
	programs, err := Programs()
	if err != nil {
		return err
	}
	m := meaning.Of(c)
	var b strings.Builder
	fmt.Fprintf(&b, "%s (number %d)\n", c, uint8(c))
	part := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s\n", title)
			fill(&b, text)
		}
	}
	part("What it allows", m.Allows)
	part("How near to root", nearness(c, m))
	part("Before you grant it", m.Instead)
	if lesser := c.Lesser(); lesser != 0 {
		part("Lesser ones that the kernel may take for it", strings.Join(lesser.Names(), ", "))
	}
	part("System calls that ask for it", strings.Join(m.Calls, ", "))
	part("Kernel functions in which they do", strings.Join(m.Functions, ", "))
	part("Programs that were found to need it", strings.Join(programs[c.String()], ", "))
	_, err = io.WriteString(w, b.String())
	return err
}

// nearness says how the capability leads to root, or that no way is known, and
// where it stands among the others.
func nearness(c caps.Cap, m meaning.Meaning) string {
	text := m.Root
	if text == "" {
		text = "No way from it to root's other powers is known."
	}
	order := caps.All().ByPower()
	for i, other := range order {
		if other == c {
			text += fmt.Sprintf(" Of %d capabilities it is number %d, from the least powerful.", len(order), i+1)
		}
	}
	return text + " Sources: " + meaning.Sources + "."
}

// fill prints a text in lines of at most 76 characters, indented by two.
func fill(b *strings.Builder, text string) {
	const width = 76
	line := " "
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && line != " " {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
