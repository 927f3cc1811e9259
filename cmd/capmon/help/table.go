package help

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
)

// Table is the options of the command as a table in Markdown.
func Table(c *command.Command) string {
	b := &strings.Builder{}
	b.WriteString("| option | |\n|---|---|\n")
	for _, o := range c.Options {
		text := optionName.ReplaceAllString(o.Description(), "$1`$2`")
		text = document.ReplaceAllString(text, "[$0]($1)") // from docs/ on
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(o.Form()), cell(text))
	}
	return b.String()
}

var (
	optionName = regexp.MustCompile(`(^|[ (])(--?[a-z][a-z0-9=-]*)`)
	document   = regexp.MustCompile(`docs/([a-z.]*\.json)`)
)

// cell keeps a bar from ending the cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
