package main

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/cmd/capmon/help"
	"github.com/capmon/capmon/internal/testenv"
)

// guide has the tables of options.
const guide = "../../docs/guide.md"

var rewriteReadme = flag.Bool("rewrite-readme", false, "rewrite the tables of options in docs/guide.md (make docs)")

// optionTable is a table of options in docs/guide.md, with the name of the command
// whose options they are.
var optionTable = regexp.MustCompile(`(?s)(<!-- options of (capmon[a-z ]*): make docs -->\n\n).*?(\n<!-- end -->)`)

// The tables in docs/guide.md are made of the descriptions of the options.
func TestReadmeHasTheOptions(t *testing.T) {
	text, err := os.ReadFile(guide)
	testenv.Must(t, err)
	tables := map[string]string{}
	for _, c := range testCapmon().All() {
		tables[c.Name] = help.Table(c)
	}
	want := optionTable.ReplaceAllFunc(text, func(found []byte) []byte {
		parts := optionTable.FindSubmatch(found)
		name := string(parts[2])
		table, ok := tables[name]
		if !ok {
			t.Errorf("docs/guide.md has a table for %q, which is no command, or a second one", name)
		}
		delete(tables, name)
		return []byte(string(parts[1]) + table + string(parts[3]))
	})
	for _, name := range []string{"capmon", "capmon discover", "capmon monitor"} {
		if _, missing := tables[name]; missing {
			t.Errorf("docs/guide.md has no table of the options of %s", name)
		}
	}
	if *rewriteReadme {
		testenv.Must(t, os.WriteFile(guide, want, 0o644))
		return
	}
	if diff := cmp.Diff(string(text), string(want)); diff != "" {
		t.Errorf("the options in docs/guide.md are not those of capmon: run make docs\n%s", diff)
	}
}
