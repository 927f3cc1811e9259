package unit

import (
	"fmt"
	"os"
	"strings"

	systemd "github.com/coreos/go-systemd/v22/unit"
)

// assignment is one "Key=Value" of a unit file.
type assignment struct {
	section, key, value string
	file                string
}

// readFile reads the assignments of one file.
func readFile(file string) ([]assignment, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, cause(err))
	}
	return parse(file, string(text))
}

// parse reads the text of a unit file.
func parse(file, text string) ([]assignment, error) {
	options, err := systemd.DeserializeOptions(strings.NewReader(withoutInnerComments(text)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	assignments := make([]assignment, 0, len(options))
	for _, o := range options {
		assignments = append(assignments, assignment{o.Section, o.Name, joined(o.Value), file})
	}
	return assignments, nil
}

// withoutInnerComments removes the comments between continued lines, which
// systemd skips (config_parse in src/shared/conf-parser.c) and go-systemd
// takes for the end of the value. A line that is only white space ends a
// value, for both.
func withoutInnerComments(text string) string {
	var kept strings.Builder
	continued := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		comment := strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";")
		if comment && continued {
			continue
		}
		kept.WriteString(line)
		continued = !comment && strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
	}
	return kept.String()
}

// joined makes one line of continued ones: a backslash at the end of a line is
// replaced by a blank (systemd.syntax(7)).
func joined(value string) string {
	return strings.TrimSpace(strings.TrimSuffix(strings.ReplaceAll(value, "\\\n", " "), `\`))
}
