package help

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
)

// Table is the options of the command as a table in Markdown.
func Table(c *command.Command) string {
	b := &strings.Builder{}
	b.WriteString("| option | |\n|---|---|\n")
	for _, o := range c.Options {
		text := cell(o.Description())
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(o.Form()), text)
	}
	return b.String()
}

// cell keeps a bar from ending the cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
